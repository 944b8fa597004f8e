"""What a notebook's ``parameters`` cell declares, read by ``ast``, and values checked against it.

papermill reads that cell with regular expressions, only warns about a name that it does not find, and reads
``-p`` values as YAML (``NO`` is false, ``007`` is 7, ``12:30:00`` is 45000). Here an unknown name or a value that does
not fit its annotation is refused before a kernel starts, and only canonical JSON types reach a notebook.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stepdown.faults import Fault, Refused, nearest

Value = str | int | float | bool | None
RULE = "the notebook's parameters cell, which is read before anything starts"
_TYPES = ("str", "int", "float", "bool", "None")
_PATTERNS = {
    "int": re.compile(r"[-+]?(0|[1-9][0-9]*)"),
    "float": re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?"),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One name in a ``parameters`` cell: the types that its annotation allows, and its default."""

    name: str
    types: tuple[str, ...]
    default: Value


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook file as the runner knows it: its name (file stem), where it is, what it can be given, its source.

    cells: (cell type, source) of each cell in order; outputs are no part of it.
    """

    name: str
    file: Path
    parameters: tuple[Parameter, ...]
    cells: tuple[tuple[str, str], ...]

    def takes(self, name: str) -> bool:
        """Return whether the notebook has a parameter of that name."""
        return any(parameter.name == name for parameter in self.parameters)


def read_notebook(file: Path) -> Notebook:
    """Return what the runner needs to know of a notebook; raises Refused when it cannot be run with parameters."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        cells = [(cell["cell_type"], _text(cell["source"]), _tags(cell)) for cell in content["cells"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Refused([_fault(file.name, f"no notebook that can be read ({type(error).__name__})")]) from None
    tagged = [source for kind, source, tags in cells if kind == "code" and "parameters" in tags]
    if len(tagged) != 1:
        raise Refused([_fault(file.name, f"{len(tagged)} code cells tagged parameters")])
    return Notebook(
        name=file.stem,
        file=file,
        parameters=_declared(tagged[0], file.name),
        cells=tuple((kind, source) for kind, source, _ in cells),
    )


def _text(source: Any) -> str:
    return "".join(source) if isinstance(source, list) else str(source)


def _tags(cell: Mapping[str, Any]) -> Sequence[str]:
    tags: Sequence[str] = cell.get("metadata", {}).get("tags", [])
    return tags


def _fault(where: str, found: str, allowed: str = "", remedy: str = "") -> Fault:
    return Fault(
        where=where,
        found=found,
        allowed=allowed or "one code cell tagged parameters that holds typed literals only, such as: months: int = 6",
        rule=RULE,
        remedy=remedy or "correct the notebook's parameters cell",
    )


def _declared(source: str, where: str) -> tuple[Parameter, ...]:
    try:
        body = ast.parse(source).body
    except SyntaxError as error:
        raise Refused(
            [_fault(f"{where}, parameters cell, line {error.lineno}", "Python that cannot be read")]
        ) from None
    parameters, faults = [], []
    for statement in body:
        found = _one(statement)
        if found is None:
            faults.append(
                _fault(f"{where}, parameters cell, line {statement.lineno}", "something other than a typed literal")
            )
        else:
            parameters.append(found)
    if faults:
        raise Refused(faults)
    return tuple(parameters)


def _one(statement: ast.stmt) -> Parameter | None:
    """Return the parameter that a statement declares; None when it is no annotated literal."""
    if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
        return None
    annotation = ast.unparse(statement.annotation).strip("'\"")
    types = tuple(part.strip() for part in annotation.split("|"))
    if statement.value is None or any(part not in _TYPES for part in types):
        return None
    try:
        default = ast.literal_eval(statement.value)
    except ValueError:
        return None
    return Parameter(statement.target.id, types, default) if _fits(default, types) else None


def _fits(value: Any, types: Sequence[str]) -> bool:
    kind = "None" if value is None else type(value).__name__
    return kind in types or (kind == "int" and "float" in types)


def from_text(text: str, parameter: Parameter) -> Value:
    """Return a value typed on the command line as its annotation says; raises ValueError if it does not fit.

    ``none`` is None where the annotation allows it; a text is taken as it stands.
    """
    if "None" in parameter.types and text in ("none", "None", "null"):
        return None
    if "bool" in parameter.types and text in ("true", "True", "false", "False"):
        return text.lower() == "true"
    if "int" in parameter.types and _PATTERNS["int"].fullmatch(text):
        return int(text)
    if "float" in parameter.types and _PATTERNS["float"].fullmatch(text):
        return float(text)
    if "str" in parameter.types:
        return text
    raise ValueError(text)


def split_overrides(given: Sequence[str]) -> dict[str, str]:
    """Return ``name=value`` texts as a mapping; raises Refused for one without a name or a name that stands twice."""
    overrides: dict[str, str] = {}
    faults = []
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier() or name in overrides:
            found = f"{text!r}" + (", a name that appears twice" if name in overrides else "")
            faults.append(_fault("command line, -p", found, "name=value, each name once", "correct the -p option"))
        overrides[name] = value
    if faults:
        raise Refused(faults)
    return overrides


def check_overrides(overrides: Mapping[str, str], notebooks: Sequence[Notebook]) -> dict[str, dict[str, Value]]:
    """Return the typed overrides of each notebook, by its name.

    An override goes to every notebook that has its name. Raises Refused, with the nearest known name, for one that
    no notebook has, and for a value that does not fit a notebook's annotation.
    """
    own = {"study", "audit", "output", "case"}
    known = {p.name for notebook in notebooks for p in notebook.parameters} - own
    faults = [
        _fault(
            f"command line, -p {name}",
            f"a parameter that no notebook of this study can be given: {name!r}{nearest(name, known)}",
            ", ".join(sorted(known)) or "no parameter",
            "correct the name",
        )
        for name in overrides
        if name not in known
    ]
    typed: dict[str, dict[str, Value]] = {notebook.name: {} for notebook in notebooks}
    for notebook in notebooks:
        for parameter in notebook.parameters:
            if parameter.name not in overrides or parameter.name in own:
                continue
            try:
                typed[notebook.name][parameter.name] = from_text(overrides[parameter.name], parameter)
            except ValueError:
                faults.append(
                    _fault(
                        f"command line, -p {parameter.name}, for {notebook.file.name}",
                        f"{overrides[parameter.name]!r}",
                        " or ".join(parameter.types),
                        "correct the value",
                    )
                )
    if faults:
        raise Refused(faults)
    return typed
