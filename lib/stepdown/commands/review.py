"""``stepdown review sample | template | collect``: a case-file review, from the register to the answers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stepdown.faults import Fault, Refused, refuse

if TYPE_CHECKING:
    import pandas as pd

    from stepdown.params import Study
    from stepdown.params.review import AuditTool, ReviewSettings, SamplePlan
    from stepdown.review.sampling import Sample

REFUSED = 2
"""Exit code for an input that is refused."""

_RULE = "docs/case_file_review.md"


@click.group(name="review")
def review_command() -> None:
    """Case-file review: draw the sample, write the reviewers' workbooks, collect the answers."""


@review_command.command(name="sample")
@click.argument("params", type=click.Path())
@click.option("--force", is_flag=True, help="Draw again although a sample is there (reviewers may have begun on it).")
def sample_command(params: str, force: bool) -> None:
    """Draw the sample of files that PARAMS plans from its register."""
    _answering(lambda: _sample(params, force))


@review_command.command(name="template")
@click.argument("params", type=click.Path())
@click.option("--force", is_flag=True, help="Write over workbooks that are there.")
def template_command(params: str, force: bool) -> None:
    """Write one Excel workbook for each reviewer of the sample."""
    _answering(lambda: _template(params, force))


@review_command.command(name="collect")
@click.argument("params", type=click.Path())
@click.option("--workbooks", type=click.Path(), help="Folder of the filled workbooks (default: <folder>/filled).")
@click.option("--reveal", is_flag=True, help="Also show the offending values (on your own screen only).")
def collect_command(params: str, workbooks: str | None, reveal: bool) -> None:
    """Read the filled workbooks, or name every fault in them by file, sheet and cell."""
    _answering(lambda: _collect(params, workbooks), reveal=reveal)


def _answering(work: Callable[[], None], *, reveal: bool = False) -> None:
    try:
        work()
    except Refused as refused:
        click.echo(refused.worded(reveal=reveal, before=True), err=True)
        sys.exit(REFUSED)


def _plan(params: str) -> tuple[Study, ReviewSettings, SamplePlan, Path]:
    from stepdown.params import load_study

    study = load_study(params)
    review = study.settings.review
    if review is None or review.sample is None:
        raise Refused(
            [
                Fault(
                    f"{study.file.name}, review.sample",
                    "the study does not plan a sample",
                    "register_file, folder, reviewers and strata",
                    _RULE,
                    "add the section review.sample to the study's parameter file",
                )
            ]
        )
    return study, review, review.sample, study.path(review.sample.folder)


def _tool(study: Study, review: ReviewSettings) -> AuditTool:
    from stepdown.params import load
    from stepdown.params.review import AuditTool

    return load(study.path(review.audit_tool), AuditTool)


def _sample(params: str, force: bool) -> None:
    import pandas as pd

    from stepdown.params import find_file
    from stepdown.review.sampling import draw

    study, _, plan, folder = _plan(params)
    target = folder / "sample.csv"
    _not_there([] if force else [target], "a sample", "--force draws again; reviewers may have begun on this one")
    register = pd.read_csv(
        find_file(study.path(plan.register_file), what="register"),
        dtype="str",
        keep_default_na=False,
        encoding="utf-8-sig",
    )
    sample = draw(register, plan, study.settings.seed)
    folder.mkdir(parents=True, exist_ok=True)
    sample.frame.to_csv(target, index=False, lineterminator="\n")
    files, to_read = sample.frame["file_id"].nunique(), len(sample.frame)
    click.echo(f"{files} files drawn with seed {study.settings.seed}; {to_read - files} of them are read twice.")
    for reviewer in sample.reviewers():
        click.echo(f"  {reviewer}: {len(sample.files_of(reviewer))} files")
    click.echo(f"Sample: {_shown(target, study)}. It names the periods: do not show it to the reviewers.")


def _template(params: str, force: bool) -> None:
    from stepdown.review.spreadsheets import write_answer_sheets

    study, review, _, folder = _plan(params)
    sample, tool = _read_sample(folder), _tool(study, review)
    target = folder / "blank"
    paths = {reviewer: target / f"{study.name}_{reviewer}.xlsx" for reviewer in sample.reviewers()}
    _not_there([] if force else list(paths.values()), "a workbook", "--force writes over it")
    target.mkdir(parents=True, exist_ok=True)
    for reviewer, path in paths.items():
        write_answer_sheets(path, tool, reviewer, sample.files_of(reviewer))
        click.echo(f"{_shown(path, study)}: {len(sample.files_of(reviewer))} files, {len(tool.items)} questions")


def _collect(params: str, workbooks: str | None) -> None:
    from stepdown.review.collect import collect
    from stepdown.run.folders import write_text

    study, review, _, folder = _plan(params)
    source = Path(workbooks) if workbooks else folder / "filled"
    paths = [
        path for path in sorted(source.glob("*")) if path.is_file() and not path.name.startswith(("~$", ".", "README"))
    ]
    if not paths:
        raise Refused(
            [
                Fault(
                    _shown(source, study),
                    "no workbook",
                    "the filled .xlsx workbooks",
                    _RULE,
                    "put them into this folder",
                )
            ]
        )
    collected = collect(paths, _tool(study, review), _read_sample(folder))
    answers = study.path(study.settings.data.folder) / study.settings.data.files.get("case_files", "case_files.csv")
    notes = folder / "restricted" / "case_file_notes.csv"
    notes.parent.mkdir(parents=True, exist_ok=True)
    rows = _with_agreed_answers(collected.case_files, answers, review.agreed_by, _shown(answers, study))
    write_text(answers, rows.to_csv(index=False, lineterminator="\n"))
    write_text(notes, collected.notes.to_csv(index=False, lineterminator="\n"))
    click.echo(f"{len(rows)} answers on {rows['file_id'].nunique()} files: {_shown(answers, study)}")
    click.echo(f"{len(collected.notes)} notes, restricted and never released: {_shown(notes, study)}")


def _with_agreed_answers(rows: pd.DataFrame, answers: Path, agreed_by: str | None, shown: str) -> pd.DataFrame:
    """Return the collected rows with those that were agreed afterwards and added by hand; refuse to lose any other."""
    import pandas as pd

    if not answers.is_file():
        return rows
    before = pd.read_csv(answers, dtype="str", keep_default_na=False)
    added = before[~before["reviewer_id"].isin(set(rows["reviewer_id"]))]
    strangers = int((added["reviewer_id"] != (agreed_by or "")).sum())
    if strangers:
        raise Refused(
            [
                Fault(
                    f"{shown}, {strangers} rows",
                    "answers by somebody who filled in none of these workbooks; collecting would lose them",
                    "answers by these reviewers, and by the reviewer that review.agreed_by names",
                    _RULE,
                    "name that reviewer in review.agreed_by, or move the file away if it is of another round",
                )
            ]
        )
    if added.empty:
        return rows
    return pd.concat([rows.astype("str"), added.reindex(columns=rows.columns)], ignore_index=True)


def _read_sample(folder: Path) -> Sample:
    import pandas as pd

    from stepdown.review.sampling import Sample

    file = folder / "sample.csv"
    if not file.is_file():
        raise Refused(
            [
                Fault(
                    file.name, "no sample yet", "sample.csv in the review's folder", _RULE, "run stepdown review sample"
                )
            ]
        )
    frame = pd.read_csv(file, dtype="str", keep_default_na=False)
    return Sample(frame.astype({"files_in_register": "int64", "files_drawn": "int64", "place_in_workbook": "int64"}))


def _not_there(paths: list[Path], what: str, remedy: str) -> None:
    refuse(
        [
            Fault(path.name, f"{what} that already exists", "a new file", _RULE, remedy)
            for path in paths
            if path.exists()
        ]
    )


def _shown(path: Path, study: Study) -> str:
    return str(path.relative_to(study.root)) if path.is_relative_to(study.root) else str(path)
