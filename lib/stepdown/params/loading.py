"""Reads a YAML parameter file into a frozen model, or words every fault in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from stepdown.faults import Fault, Refused, nearest, shortened
from stepdown.limits import FAULTS_OF_A_KIND, YAML_BYTES, YAML_DEPTH
from stepdown.params.base import STAY_INSIDE, unseen

Model = TypeVar("Model", bound=BaseModel)

RULE = (
    "the model of the parameter file (docs/settings.md for a study, docs/returns.md for an import, "
    "docs/your_own_data.md, step 6, for an audit)"
)
_KINDS = {
    "dict": "settings",
    "list": "a list",
    "tuple": "a list",
    "str": "text",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "date": "a date",
    "NoneType": "blank",
}


OPEN = "???"
"""Stands in a parameter file that Stepdown wrote, where a person has to write."""


class _StrictLoader(yaml.SafeLoader):
    """Reads plain words as YAML 1.2 does, and refuses a key that stands twice.

    PyYAML alone reads ``NO`` as false, ``007`` as 7 and ``12:30:00`` as 45000. Here only ``true`` and ``false``
    are booleans, only plain decimal numbers are numbers, ISO dates are dates, and all else stays text.
    """

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose one part of the file; a part that points to another (and so could hold itself) is refused."""
        mark = self.peek_event().start_mark
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "a reference to another part (*name)", mark)
        self.depth += 1
        if self.depth > YAML_DEPTH:
            raise yaml.composer.ComposerError(None, None, f"parts more than {YAML_DEPTH} deep in each other", mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        value = super().construct_scalar(node)
        hidden = [mark for mark in str(value) if mark == "\r" or unseen(mark)]
        if hidden:
            raise yaml.constructor.ConstructorError(
                None, None, f"an invisible character, U+{ord(hidden[0]):04X}", node.start_mark
            )
        return value

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(None, None, "a name that is a list", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the name {key!r} appears twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


for _tag, _pattern, _first in (
    ("bool", r"^(?:true|false)$", "tf"),
    ("int", r"^-?(?:0|[1-9][0-9]*)$", "-0123456789"),
    ("float", r"^-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?$", "-0123456789"),
    ("null", r"^(?:null|~|)$", ["n", "~", ""]),
    ("timestamp", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "0123456789"),
):
    _StrictLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def find_file(path: str | Path, *, what: str = "parameter file") -> Path:
    """Return ``path`` as an absolute path, looked for here and then in each folder above.

    A notebook runs in notebooks/, papermill where it is called: both find ``params/slough_ifp.yaml``.
    Raises Refused when there is no such file.

    >>> find_file("params/plan.yaml").name
    'plan.yaml'
    """
    given = Path(path)
    candidates = [given] if given.is_absolute() else [folder / given for folder in (Path.cwd(), *Path.cwd().parents)]
    for candidate in candidates:
        if candidate.is_file():
            return candidate.resolve()
    siblings = sorted(p.name for c in candidates if c.parent.is_dir() for p in c.parent.glob("*.y*ml"))
    raise Refused.for_one(
        where=str(given),
        found=f"no such {what}{nearest(given.name, siblings)}",
        allowed="an existing file" + (f" ({', '.join(siblings[:12])})" if siblings else ""),
        rule="a run begins from one parameter file per study",
        remedy="give the path from the project root, such as params/slough_ifp.yaml",
    )


def project_root(params_file: Path) -> Path:
    """Return the folder that paths in a parameter file are relative to: the one that holds its folder."""
    return params_file.parent.parent


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_RESERVED = {"failed", "latest", "index"}


def study_name(params_file: Path) -> str:
    """Return the name that a parameter file gives its study: the folder in outputs/; raises Refused for any other."""
    name = params_file.stem
    if _NAME.fullmatch(name) and name.lower() not in _RESERVED:
        return name
    raise Refused.for_one(
        f"the name of the parameter file, {ascii(params_file.name)}",
        "a name that cannot be a study's" if name.lower() not in _RESERVED else "a name that the outputs folder uses",
        f"letters a to z, digits, hyphen and underscore, at most 64; not {', '.join(sorted(_RESERVED))}",
        "a study's name is the name of its folder in outputs/ and stands on its pages",
        "rename the file, such as params/my_study.yaml",
    )


def outside(root: Path, file: Path) -> Fault | None:
    """Return the fault of a study's file that lies outside the project, by a link or a path; None when it is inside."""
    if file.resolve().is_relative_to(root.resolve()):
        return None
    shown = file.relative_to(root).as_posix() if file.is_relative_to(root) else file.name
    return Fault(
        where=f"the file {ascii(shown)[1:-1]}",
        found="a file outside the project folder" + (", through a link" if file.is_relative_to(root) else ""),
        allowed="files inside the folder that holds params/",
        rule="what a run was made from is named by its path in the project and hashed (docs/your_own_data.md)",
        remedy=STAY_INSIDE,
    )


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file; raises Refused when it cannot be read or is not a mapping."""
    where, found = path.name, "no settings (the file is empty or a list)"
    remedy = "correct the file at that place, then run the check again"
    try:
        if path.stat().st_size > YAML_BYTES:
            raise ValueError(f"{path.stat().st_size / 1e6:,.1f} MB, of at most {YAML_BYTES / 1e6:g} MB")
        text = path.read_text(encoding="utf-8-sig")
        _refuse_open(path, text)
        loaded = deepcopy(_parsed(text))
        if isinstance(loaded, dict):
            return loaded
    except UnicodeDecodeError as error:
        where = f"{path.name}, line {len(error.object[: error.start].splitlines()) or 1}"
        found = "a letter that is not UTF-8, or a file that is no parameter file"
        remedy = "give the path of a .yaml file, saved as UTF-8 (in Notepad: Save as, Encoding)"
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        where, found = f"{path.name}{line}", f"YAML that cannot be read: {error.problem}"
    except (ValueError, OSError) as error:
        found = f"YAML that cannot be read: {error}"
    raise Refused.for_one(where, found, "one YAML mapping in UTF-8", RULE, remedy)


@lru_cache(maxsize=32)  # a study's file is asked for its kind first, then for its settings; tariffs by every study
def _parsed(text: str) -> Any:
    return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 (a SafeLoader)


def _refuse_open(path: Path, text: str) -> None:
    """Refuse a file in which ??? still stands for what only a person can write."""
    places = [number for number, line in enumerate(text.splitlines(), 1) if OPEN in re.sub(r"(^|\s)#.*", "", line)]
    if places:
        raise Refused.for_one(
            where=f"{path.name}, {'line' if len(places) == 1 else 'lines'} {', '.join(map(str, places))}",
            found=f"{OPEN}, where only you can say what to write",
            allowed="what the comment beside it describes",
            rule=RULE,
            remedy=f"write it in place of {OPEN}, then run the check again",
        )


def load(path: str | Path, model: type[Model]) -> Model:
    """Return the settings in the YAML file at ``path``; raises Refused with every fault of the file."""
    file = find_file(path)
    return build(read_yaml(file), model, where=file.name)


def build(settings: dict[str, Any], model: type[Model], *, where: str) -> Model:
    """Return ``model`` from a mapping; raises Refused with every fault, ``where`` naming the file."""
    try:
        return model.model_validate(_lists_as_tuples(settings))
    except ValidationError as error:
        raise Refused(_faults(error, model, where)) from None


def _faults(error: ValidationError, model: type[BaseModel], where: str) -> list[Fault]:
    """Return the faults of a file; of those of one kind in one place the first few, and the number of the others."""
    faults, kinds = [], Counter[tuple[str, Any]]()
    told = error.errors(include_url=False)
    inside = {item["loc"][:i] for item in told for i in range(len(item["loc"]))}
    for item in told:
        if item["type"] == "too_short" and item["loc"] in inside:
            continue  # a list whose entries are refused is not short besides
        kind = item["type"], item["loc"][:-1]
        kinds[kind] += 1
        if kinds[kind] <= FAULTS_OF_A_KIND:
            faults.append(_fault(item, model, where))
    for (_, place), number in kinds.items():
        if number > FAULTS_OF_A_KIND:
            at = ".".join(map(str, place)) or "the file as a whole"
            found = f"{number - FAULTS_OF_A_KIND:,} more faults of the kind that is shown"
            faults.append(Fault(f"{where}, {at}", found, "names and values as described", RULE, "correct the first"))
    return faults


def _lists_as_tuples(value: Any) -> Any:
    """Return the value with its lists as tuples: a frozen model holds tuples, YAML gives lists."""
    if isinstance(value, dict):
        return {name: _lists_as_tuples(inner) for name, inner in value.items()}
    return tuple(_lists_as_tuples(inner) for inner in value) if isinstance(value, list) else value


def _fault(item: Any, model: type[BaseModel], where: str) -> Fault:
    place = ".".join(shortened(str(part)) for part in item["loc"]) or "the file as a whole"
    name = str(item["loc"][-1]) if item["loc"] else ""
    kind, message = item["type"], str(item["msg"]).removeprefix("Value error, ")
    if kind == "extra_forbidden":
        known = _names_at(model, item["loc"][:-1])
        return Fault(
            where=f"{where}, {place}",
            found=f"an unknown setting: {shortened(name)!r}{nearest(name, known)}",
            allowed=", ".join(sorted(known)) or "no setting here",
            rule=RULE,
            remedy="correct the name, or remove the line",
        )
    if kind == "missing":
        return Fault(
            where=f"{where}, {place}",
            found="the setting is missing",
            allowed="a value; nothing is assumed in its place",
            rule=RULE,
            remedy=f"add {name}",
        )
    if kind in _OWN_WORDS:
        message = _OWN_WORDS[kind].format(**item.get("ctx", {}))
    value = item.get("input")
    called = _KINDS.get(type(value).__name__, type(value).__name__)
    given = repr(value) if isinstance(value, str) else "no value" if value is None else str(value)
    holds_more = isinstance(value, dict | list | tuple)
    remedy = "correct the value"
    if isinstance(value, str) and kind.split("_")[0] in ("int", "float", "bool", "date"):
        remedy += "; remove its quotation marks, if it has any"
    elif kind == "string_type":
        remedy += "; put text that YAML could read as a number or a date in quotation marks"
    return Fault(
        where=f"{where}, {place}",
        found=f"{called} that cannot be used here" if holds_more else f"{shortened(given)} ({called})",
        allowed=message.removeprefix("Input should be "),
        rule=RULE,
        remedy=remedy,
    )


_OWN_WORDS = {
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "date_from_datetime_parsing": "a date such as 2020-03-31",
    "date_parsing": "a date such as 2020-03-31",
    "date_type": "a date such as 2020-03-31",
    "tuple_type": "a list",
    "dict_type": "settings, one on each line",
    "model_type": "settings, one on each line",
    "literal_error": "{expected}",
    "too_short": "at least {min_length} of them",
    "too_long": "at most {max_length} of them",
}
"""What may stand there, by the kind of fault; other kinds are worded where they are found."""


def _names_at(model: type[BaseModel], place: Iterable[Any]) -> set[str]:
    """Return the setting names that the model knows at a place (a path of names and list positions)."""
    models: list[type[BaseModel]] = [model]
    for part in place:
        if isinstance(part, int):
            continue
        inner = [m.model_fields[part].annotation for m in models if part in m.model_fields]
        if inner:
            models = [found for annotation in inner for found in _models_in(annotation)]
    return {name for found in models for name in found.model_fields}


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models_in(part)]
