"""What the command line asked for, checked: parameter files, notebooks and overrides, before anything begins."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stepdown.faults import Fault, Refused
from stepdown.run.folders import latest_run
from stepdown.run.kinds import Subject, is_book, load_subject, notebooks_of
from stepdown.run.parameters import check_overrides, split_overrides
from stepdown.run.planning import Plan, planned


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for.

    files: parameter files.  outputs: folder of all runs (None: outputs/ in each file's project root).
    notebooks: folder of the notebooks (None: found from the file's root, from here, or beside the library).
    overrides: ``name=value`` texts.  cluster: address of a Dask scheduler ("": processes of this machine).
    pages: whether the pages for readers are made; tables always are.
    """

    files: tuple[str, ...]
    force: bool = False
    isolated: bool = False
    workers: int = 2
    outputs: Path | None = None
    notebooks: Path | None = None
    cluster: str = ""
    overrides: tuple[str, ...] = ()
    pages: bool = True


def subjects_of(request: Request) -> list[Subject]:
    """Return every parameter file, validated; raises Refused once with the faults of all of them.

    Books that studies share are passed over, so that ``params/*.yaml`` can be given.
    """
    typed: dict[str, str] = split_overrides(request.overrides)
    faults: list[Fault] = []
    subjects: list[Subject] = []
    for path in request.files:
        try:
            if not is_book(path):
                subjects.append(load_subject(path, _for_settings(typed)))
        except Refused as refused:
            faults += refused.faults
    if not subjects and not faults:
        faults.append(_only_books(request.files))
    names = [subject.name for subject in subjects]
    faults += [_twice(name) for name in sorted({name for name in names if names.count(name) > 1})]
    if faults:
        raise Refused(faults)
    return subjects


def _for_settings(overrides: dict[str, str]) -> dict[str, object]:
    """Return the overrides that a study's settings know too, so that they are validated before anything runs."""
    months = overrides.get("window_months", "")
    return {"window_months": int(months)} if months.isdecimal() and int(months) else {}


def _only_books(files: tuple[str, ...]) -> Fault:
    return Fault(
        where="command line",
        found=f"only books that studies share: {', '.join(files)}",
        allowed="at least one study, audit or published case",
        rule="stepdown.run.kinds",
        remedy="name a study's file, such as params/slough_ifp.yaml",
    )


def _twice(name: str) -> Fault:
    return Fault(
        where="command line",
        found=f"two parameter files of the name {name}",
        allowed="one file a name: the name is the folder in outputs/",
        rule="outputs/<study>/<run_id>/",
        remedy="name each file once, or rename one",
    )


def plans_of(request: Request) -> list[Plan]:
    """Return what each file's run will do; raises Refused once with every fault of files, notebooks and overrides."""
    faults: list[Fault] = []
    plans = []
    for subject in subjects_of(request):
        try:
            notebooks = notebooks_of(subject.kind, _notebook_folder(subject, request))
            overrides = check_overrides(split_overrides(request.overrides), notebooks)
        except Refused as refused:
            faults += [fault for fault in refused.faults if fault not in faults]
            continue
        previous = latest_run(folder_of(subject, request))
        plans.append(planned(subject, notebooks, overrides, previous, force=request.force))
    if faults:
        raise Refused(faults)
    return plans


def folder_of(subject: Subject, request: Request) -> Path:
    """Return the folder of all runs of one file."""
    return (request.outputs or subject.root / "outputs").resolve() / subject.name


def _notebook_folder(subject: Subject, request: Request) -> Path:
    here = Path.cwd()
    beside = Path(__file__).resolve().parents[3]
    given = [request.notebooks] if request.notebooks else []
    places = given or [root / "notebooks" for root in (subject.root, here, *here.parents, beside)]
    return next((place for place in places if place.is_dir() and any(place.glob("*.ipynb"))), places[0]).resolve()
