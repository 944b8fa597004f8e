"""The last task of a study's run: what moved, and the pages; done in a worker, so that other studies go on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stepdown.faults import Refused
from stepdown.params import Study
from stepdown.params.runs import FILES, Format, RunSettings
from stepdown.release.moved import (
    Change,
    changes_page,
    compared,
    headlines,
    meanings,
    nothing_moved,
    warnings_of,
    write_changes,
)
from stepdown.run.jobs import Status


@dataclass(frozen=True, slots=True)
class PagesTask:
    """What is needed to finish a run. folder: the staging run folder.  previous: the last whole run, or None.

    pages: whether pages are asked for at all.  formats: what they are made as.
    """

    folder: Path
    root: Path
    title: str
    study: Study | None
    run: RunSettings
    facts: Mapping[str, Any]
    previous: Path | None
    previous_inputs: Mapping[str, str]
    pages: bool
    formats: tuple[Format, ...]


@dataclass(frozen=True, slots=True)
class PagesMade:
    """What moved, messages for the user, and the trouble ("" for none) worded without a record's value."""

    moved: dict[str, Any]
    messages: tuple[str, ...] = ()
    trouble: str = ""
    full_disk: bool = False


def make_pages(task: PagesTask) -> PagesMade:
    """Compare the run with the last one, make its pages, and return what came of it; never raises for their faults."""
    return _told(lambda: PagesMade(_moved(task), tuple(_released(task))))


def make_plan(task: PagesTask) -> PagesMade:
    """Decide what may be shown of all tables of a first pass together; never raises for its faults."""
    return _told(lambda: PagesMade({}, tuple(_planned(task))))


def _planned(task: PagesTask) -> list[str]:
    from stepdown.release.planning import plan_run

    if task.study is None:
        raise LookupError("only a study's tables are cleared together")
    return plan_run(task.folder, task.study, task.facts, task.previous)


def _told(work: Callable[[], PagesMade]) -> PagesMade:
    try:
        return work()
    except Refused as refused:
        return PagesMade({}, trouble=refused.worded())
    except OSError as error:
        return PagesMade({}, trouble=f"{type(error).__name__}: {error.strerror}", full_disk=True)
    except Exception as error:  # noqa: BLE001 (a run that cannot be finished is kept for the evaluator, not lost)
        return PagesMade({}, trouble=f"{type(error).__name__} at {place_of(error)}")


def place_of(error: BaseException) -> str:
    """Return the file and line where an error was raised, without its message."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno}" if trace else "?"


def _released(task: PagesTask) -> list[str]:
    if not task.pages:
        return []
    if taken_over(task.facts, task.previous, task.formats):
        kept = (Path(str(task.previous)) / part for part in ("release", "restricted/preview", "restricted"))
        for old in sorted(file for part in kept for file in _of_the_whole(part)):
            new = task.folder / old.relative_to(Path(str(task.previous)))
            if old.is_file() and not new.exists():
                new.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(old, new)
        return []
    from stepdown.release.building import build_release, point_to_release

    point_to_release(task.folder)
    return build_release(task.folder, task.study, task.facts, formats=task.formats, previous=task.previous)


def _of_the_whole(part: Path) -> list[Path]:
    """Return what a run has in a folder that no single notebook wrote."""
    return (
        sorted(part.rglob("*")) if part.name != "restricted" else [part / "plan.json", part / "disclosure_applied.yaml"]
    )


def taken_over(facts: Mapping[str, Any], previous: Path | None, formats: Collection[Format]) -> bool:
    """Return whether the last run's release stands for this one: no notebook ran, and it is there in every format."""
    ran = any(notebook["status"] == Status.OK for notebook in facts["notebooks"])
    if ran or previous is None:
        return False
    return all((previous / "release" / FILES[each]).is_file() for each in {"html", *formats})


def _moved(task: PagesTask) -> dict[str, Any]:
    account = nothing_moved(task.previous.name if task.previous else None)
    changes: list[Change] = []
    if task.previous is not None:
        about = meanings(task.previous) | meanings(task.folder)
        changes = compared(task.previous, task.folder, "restricted", about)
        cleared = compared(task.previous, task.folder, "release", about)
        account |= {
            "cells": sum(change.kind == "changed" for change in changes),
            "rows": sum(change.kind.startswith("row") for change in changes),
            "tables": sorted({change.table for change in changes}),
            "inputs": _input_changes(task),
            "headlines": headlines(cleared, about, task.run.headline),
            "warnings": warnings_of(changes, cleared, task.run),
        }
    write_changes(task.folder / "restricted" / "changes.csv", changes)
    page = changes_page(task.title, changes, account)
    (task.folder / "restricted" / "changes.html").write_text(page, encoding="utf-8")
    return account


def _input_changes(task: PagesTask) -> list[dict[str, str]]:
    """Return the inputs that are not as they were at the last whole run."""
    if task.previous is None:
        return []
    before, now = task.previous_inputs, {item["file"]: item["sha256"] for item in task.facts["inputs"]}
    kinds = {
        file: "added" if file not in before else "removed" if file not in now else "changed"
        for file in sorted({*now, *before})
        if before.get(file) != now.get(file)
    }
    return [{"file": file, "kind": kind} for file, kind in kinds.items()]
