"""The types of parameter file that can be run, how each is told, and which notebooks it runs.

A file's type is told by its top-level names. A notebook belongs to the type whose parameter its ``parameters`` cell
has: ``study`` for a study with records, ``audit`` for the audit of a published report, ``case`` for a published case
that has totals but no records. A study without children's records (questionnaires, surveys, a trial) has ``study`` too,
and runs notebook 9 alone. So a notebook of one's own joins a type by declaring that parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stepdown.faults import Fault, Refused
from stepdown.params import Study, find_file, load_people, load_study, project_root, read_yaml, study_name
from stepdown.params.people import PARTS
from stepdown.params.runs import RunSettings
from stepdown.run.parameters import Notebook, read_notebook


@dataclass(frozen=True, slots=True)
class Need:
    """What a notebook needs of a study: one of these sections of its file, and a table with a row ("": none)."""

    sections: tuple[str, ...] = ()
    table: str = ""


@dataclass(frozen=True, slots=True)
class SubjectType:
    """A type of parameter file.

    parameter: the notebook parameter that takes the file.  told_by: top-level names, any of which tells the type.
    needs: what single notebooks need, by name.  only: the notebooks that it runs (empty: all that take the parameter).
    """

    name: str
    parameter: str
    told_by: frozenset[str]
    needs: Mapping[str, Need] = field(default_factory=dict)
    only: frozenset[str] = frozenset()


PEOPLE_NOTEBOOK = "9_people_and_delivery"
STUDY = SubjectType(
    name="study",
    parameter="study",
    told_by=frozenset({"groups", "window_months", "profile"}),
    needs={
        "2_case_file_review": Need(("review",), "case_files"),
        "4_cost_benefit": Need(("costs",)),
        PEOPLE_NOTEBOOK: Need(PARTS),
    },
)
AUDIT = SubjectType(name="audit", parameter="audit", told_by=frozenset({"relations", "audit", "checks"}))
PUBLISHED_CASE = SubjectType(name="published case", parameter="case", told_by=frozenset({"case", "published_case"}))
AREA = SubjectType(name="area study", parameter="area", told_by=frozenset({"area"}))
MONITORING = SubjectType(name="monitoring study", parameter="monitoring", told_by=frozenset({"monitoring"}))
PEOPLE = SubjectType("study without children's records", "study", frozenset(PARTS), only=frozenset({PEOPLE_NOTEBOOK}))
TYPES = (STUDY, AUDIT, PUBLISHED_CASE, AREA, MONITORING, PEOPLE)
_BOOKS = frozenset({"as_of", "entries", "bands", "items", "scales", "frameworks", "share_with_status"})
"""Top-level names that tell a book: unit costs, deflator, discount rates, an audit tool, a scoring key, a plan."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One parameter file that is to be run.

    name: name of the file without its ending, and of its folder in outputs/.  root: the project root.
    study: the validated study, with or without children's records; None for the other types, whose own notebook
    validates the file.
    settings: all settings as resolved, in JSON types.
    """

    name: str
    type: SubjectType
    file: Path
    root: Path
    title: str
    settings: dict[str, Any]
    run: RunSettings
    study: Study | None = None

    def shown_file(self) -> str:
        """Return the parameter file's path relative to the project root."""
        return self.file.relative_to(self.root).as_posix()


def type_of(names: set[str], where: str) -> SubjectType:
    """Return the type that a file's top-level names tell; raises Refused when they tell none."""
    for type_ in TYPES:
        if type_.told_by & names:
            return type_
    brings_in = {"returns", "programme"} <= names
    remedy = "run the file of a study, an audit or a published case; files that studies share are not run"
    raise Refused(
        [
            Fault(
                where=where,
                found=f"a file of no known kind (its names: {', '.join(sorted(names)[:8])})",
                allowed="; ".join(f"{type_.name}: has {' or '.join(sorted(type_.told_by))}" for type_ in TYPES),
                rule="stepdown.run.subjects",
                remedy=f"import the returns first: stepdown import params/{where} --look" if brings_in else remedy,
            )
        ]
    )


def is_book(path: str | Path) -> bool:
    """Return whether a file is a book that studies share, which is not run by itself."""
    names = set(read_yaml(find_file(path)))
    return bool(names & _BOOKS) and not any(type_.told_by & names for type_ in TYPES)


def load_subject(path: str | Path, overrides: Mapping[str, object]) -> Subject:
    """Return the parameter file at ``path``, validated; raises Refused with every fault of it."""
    file = find_file(path)
    content = read_yaml(file)
    type_ = type_of(set(content), file.name)
    if type_ in (STUDY, PEOPLE):
        study = load_study(file, **overrides) if type_ is STUDY else load_people(file)
        return Subject(
            name=study.name,
            type=type_,
            file=file,
            root=study.root,
            title=study.settings.title,
            settings=study.settings.model_dump(mode="json"),
            run=study.settings.run,
            study=study,
        )
    title = str(content.get("title", file.stem))
    return Subject(study_name(file), type_, file, project_root(file), title, _plain(content), RunSettings())


def _plain(value: Any) -> Any:
    """Return YAML values in JSON types (dates as ISO text)."""
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def notebooks_of(type_: SubjectType, folder: Path) -> list[Notebook]:
    """Return the notebooks that a type runs, in the order of their names."""
    if not folder.is_dir():
        raise Refused([_no_notebooks(folder.name, "no such folder")])
    found = [read_notebook(file) for file in sorted(folder.glob("*.ipynb"))]
    chosen = [n for n in found if n.takes(type_.parameter) and (not type_.only or n.name in type_.only)]
    if not chosen:
        raise Refused([_no_notebooks(folder.name, f"no notebook with the parameter {type_.parameter!r}")])
    return chosen


def _no_notebooks(where: str, found: str) -> Fault:
    return Fault(
        where=f"the notebooks' folder {where}/",
        found=found,
        allowed="notebooks whose parameters cell names study, audit, case, area or monitoring",
        rule="stepdown.run.subjects",
        remedy="run from the project root, or name the folder with --notebooks",
    )
