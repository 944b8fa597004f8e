"""What a command asks for, checked before anything begins, and what each study's run will do, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stepdown.faults import Fault, Refused, refuse
from stepdown.params.runs import FILES, Format
from stepdown.run.fingerprints import digest_file, named_files, notebook_parts, what_changed
from stepdown.run.folders import MANIFEST, latest_run
from stepdown.run.jobs import Status
from stepdown.run.parameters import Notebook, check_overrides, read_notebook, split_overrides
from stepdown.run.subjects import Need, Subject, is_book, load_subject, notebooks_of

if TYPE_CHECKING:
    from stepdown.contracts import StudyRecords
    from stepdown.params import Study


@dataclass(frozen=True, slots=True)
class Step:
    """One notebook of a run: RUN it (status None), take it over (UNCHANGED), or leave it (NOT_ASKED, NO_DATA).

    parameters: what is injected, without ``output``.  parts: the hashes that its result depends on.
    reason: why it runs or does not, in words.
    """

    notebook: Notebook
    parameters: dict[str, Any]
    parts: dict[str, str]
    status: Status | None
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps of one study, hash and bytes of each input (by path from the project root), and the last whole run."""

    subject: Subject
    steps: tuple[Step, ...]
    inputs: dict[str, str]
    sizes: dict[str, int]
    parameters_sha256: str
    previous: Path | None
    previous_manifest: dict[str, Any]

    def to_run(self) -> tuple[Step, ...]:
        """Return the steps whose notebook has to run."""
        return tuple(step for step in self.steps if step.status is None)


def read_manifest(run: Path | None) -> dict[str, Any]:
    """Return the manifest of a run; empty without one, or when it cannot be read."""
    if run is None:
        return {}
    try:
        manifest = json.loads((run / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def input_hashes(subject: Subject) -> dict[str, str]:
    """Return the SHA-256 of every file that the parameter file names, by its path from the project root."""
    folder = subject.study.settings.data.folder if subject.study else ""
    files = named_files(subject.root, subject.settings, folder)
    return {file.relative_to(subject.root).as_posix(): digest_file(file) for file in files}


def changed_since(plan: Plan) -> list[str]:
    """Return the files that a run was planned with and that are no longer as they were then."""
    changed = set()
    try:
        now = input_hashes(plan.subject)
        changed = {file for file in {*now, *plan.inputs} if now.get(file) != plan.inputs.get(file)}
    except Refused as refused:
        changed = {fault.where for fault in refused.faults}
    except OSError as error:
        changed = {Path(str(error.filename)).name}
    for file, same in (
        (plan.subject.file, lambda file: digest_file(file) == plan.parameters_sha256),
        *((s.notebook.file, lambda f, s=s: read_notebook(f).cells == s.notebook.cells) for s in plan.steps),
    ):
        try:
            kept = same(file)
        except (OSError, Refused):
            kept = False
        changed |= set() if kept else {file.name}
    return sorted(changed)


def planned(
    subject: Subject,
    notebooks: Sequence[Notebook],
    overrides: Mapping[str, Mapping[str, Any]],
    previous: Path | None,
    *,
    force: bool,
) -> Plan:
    """Return what a run of the subject will do."""
    inputs, manifest = input_hashes(subject), read_manifest(previous)
    before = {entry["name"]: entry for entry in manifest.get("notebooks", [])}
    steps = []
    for notebook in notebooks:
        parameters = {subject.type.parameter: subject.shown_file(), **overrides.get(notebook.name, {})}
        parts = notebook_parts(notebook, parameters, subject.file, inputs)
        need = subject.type.needs.get(notebook.name, Need())
        status: Status | None
        if need.sections and not any(subject.settings.get(name) for name in need.sections):
            status, reason = Status.NOT_ASKED, f"the file has no section {', '.join(map(repr, need.sections))}"
        else:
            status, reason = _status(before.get(notebook.name), parts, previous, force)
        steps.append(Step(notebook, parameters, parts, status, reason))
    sizes = {file: (subject.root / file).stat().st_size for file in inputs}
    return Plan(subject, tuple(_together(subject, steps)), inputs, sizes, digest_file(subject.file), previous, manifest)


def _together(subject: Subject, steps: Sequence[Step]) -> list[Step]:
    """Return the steps; where numbers are hidden, all notebooks run when one does: tables are cleared together."""
    hides = subject.study is not None and subject.study.settings.disclosure.method != "none"
    if not hides or all(step.status is not None for step in steps):
        return list(steps)
    again = "its tables are cleared together with the others'"
    return [replace(s, status=None, reason=again) if s.status is Status.UNCHANGED else s for s in steps]


def _status(
    entry: Mapping[str, Any] | None, parts: Mapping[str, str], previous: Path | None, force: bool
) -> tuple[Status | None, str]:
    if entry is None or previous is None:
        return None, "first run"
    if force:
        return None, "--force"
    if entry["status"] == Status.NO_DATA and not what_changed(entry["parts"], parts):
        return Status.NO_DATA, entry["reason"]
    if entry["status"] not in (Status.OK, Status.UNCHANGED):
        return None, "it has no result yet"
    changed = what_changed(entry["parts"], parts)
    if changed:
        return None, changed
    for output in entry["outputs"]:
        file = previous / output["file"]
        if not file.is_file() or digest_file(file) != output["sha256"]:
            return None, "the last run's files were changed"
    return Status.UNCHANGED, f"as in {previous.name}"


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for.

    files: parameter files.  outputs: folder of all runs (None: outputs/ in each file's project root).
    notebooks: folder of the notebooks (None: found from the file's root, from here, or beside the library).
    overrides: ``name=value`` texts.  cluster: address of a Dask scheduler ("": processes of this machine).
    pages: whether the pages for readers are made; tables always are.  formats: what else a release is made as (empty:
    as each file says).
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
    formats: tuple[Format, ...] = ()


def formats_of(text: str) -> tuple[Format, ...]:
    """Return the formats that a list with commas names; raises Refused for one that is not made."""
    named = [name for name in text.replace(" ", "").lower().split(",") if name]
    unknown = [name for name in named if name not in FILES]
    if unknown:
        raise Refused(
            [
                Fault(
                    where="--formats",
                    found=f"not known: {', '.join(unknown)}",
                    allowed=", ".join(FILES),
                    rule="stepdown.params.runs, Format",
                    remedy=f"write for example --formats {','.join(FILES)}",
                )
            ]
        )
    return tuple(each for each in FILES if each in named)


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
        rule="stepdown.run.subjects",
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
            notebooks = notebooks_of(subject.type, _notebook_folder(subject, request))
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


def refuse_beyond_tables(study: Study, records: StudyRecords) -> None:
    """Raise what a notebook would refuse of costs and spending, whose rules need more than their own table."""
    from stepdown.costs import cost_faults

    refuse(cost_faults(study, records.programme_costs))
    if study.settings.spending is not None and "log" in records.files:
        from stepdown.costs.spending import spending_table

        spending_table(study, records)


def rows_and_gaps(plan: Plan) -> tuple[dict[str, int], dict[str, str], StudyRecords | None]:
    """Return the rows read by table, the notebooks without data with the reason, and the records; raises Refused.

    Data that are as they were at the last whole run were valid then and are not read again.
    """
    subject = plan.subject
    if subject.study is None:
        return {}, {}, None
    records = None
    if not plan.to_run() and plan.previous_manifest.get("rows"):
        rows = {table: int(count["read"]) for table, count in plan.previous_manifest["rows"].items()}
    else:
        from stepdown.contracts import read_study

        records = read_study(subject.study)
        refuse_beyond_tables(subject.study, records)
        rows = dict(records.rows_read)
    gaps = {}
    for step in plan.to_run():
        table = subject.type.needs.get(step.notebook.name, Need()).table
        if table and not rows.get(table):
            gaps[step.notebook.name] = f"the table {table} has no rows"
    return rows, gaps, records
