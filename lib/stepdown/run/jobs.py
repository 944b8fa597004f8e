"""One notebook to run and how it went, as plain values that travel to any worker and back; and the exit codes.

The status is what the runner saw, never what papermill wrote into the notebook: a killed kernel leaves
"completed" in every cell of papermill's output, and ``sys.exit(0)`` half-way ends papermill with exit code 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from typing import Any


class Status(StrEnum):
    """How one notebook ended.

    OK: every cell ran.  UNCHANGED: nothing that it depends on changed, so the last run's outputs were taken over.
    NOT_ASKED: the study file has no section for it.  NO_DATA: it was asked for and the table that it needs is empty.
    FAILED: a cell raised an error or ended the notebook early.  TIMED_OUT: it passed its time limit.
    KERNEL_DIED: its process was killed or crashed.  NOT_RUN: the run was stopped before its turn.
    """

    OK = "ok"
    UNCHANGED = "unchanged"
    NOT_ASKED = "not asked for"
    NO_DATA = "no data"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    KERNEL_DIED = "kernel died"
    NOT_RUN = "not run"

    @property
    def whole(self) -> bool:
        """Return whether a run with a notebook that ended so may be published."""
        return self in _WHOLE


_WHOLE = frozenset({Status.OK, Status.UNCHANGED, Status.NOT_ASKED, Status.NO_DATA})


@dataclass(frozen=True, slots=True)
class Job:
    """One notebook to run.

    study: name of the study.  notebook: name (file stem).  file: the notebook, absolute.
    parameters: what is injected.  folder: the staging run folder, absolute.  shown_as: the run folder's later name,
    relative to the project root.  root: the project root; the working folder.
    limit_seconds: time limit of the whole notebook.  memory_bytes: limit of the address space (None: none).
    isolated: run the cells in a stock kernel instead of the worker's own shell.  private: folder for what the shell or
    the kernel keeps while it works.
    """

    study: str
    notebook: str
    file: str
    parameters: dict[str, Any]
    folder: str
    shown_as: str
    root: str
    limit_seconds: float
    memory_bytes: int | None = None
    isolated: bool = False
    private: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong, worded without any value from a record.

    error: kind of error (``KeyError``).  message: its message where it cannot hold a record's value, else "".
    places: where it was raised, innermost last ("lib/stepdown/costs/net.py, line 40, in net_cost").
    full_disk: the error says that nothing can be written.
    """

    error: str
    message: str = ""
    places: tuple[str, ...] = ()
    full_disk: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """A worker that ended without a result: by which signal or exit code, or past its time limit."""

    code: int | None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one notebook went.

    seconds: wall time.  cell: number of the code cell (from 1) where it ended, when it did not end well.
    cells: seconds of each code cell.  forked: whether it ran in a forked worker, not a stock kernel.
    reason: why it was not run, or why it was run again.
    """

    study: str
    notebook: str
    status: Status
    seconds: float = 0.0
    cell: int | None = None
    trouble: Trouble | None = None
    cells: tuple[float, ...] = field(default=())
    forked: bool = False
    reason: str = ""

    def because(self, reason: str) -> Outcome:
        """Return the outcome with its reason."""
        return replace(self, reason=reason)


class Exit(IntEnum):
    """The exit codes of ``stepdown run``; docs/scheduling.md prints this table."""

    OK = 0
    UNFORESEEN = 1
    REFUSED = 2
    FAILED = 3
    TIMED_OUT = 4
    KERNEL_DIED = 5
    NO_DATA = 6
    MOVED = 7
    LOCKED = 8
    NOT_WRITTEN = 9
    INTERRUPTED = 130
    TERMINATED = 143


_BY_GRAVITY = (
    Exit.TERMINATED,
    Exit.INTERRUPTED,
    Exit.UNFORESEEN,
    Exit.REFUSED,
    Exit.NOT_WRITTEN,
    Exit.KERNEL_DIED,
    Exit.TIMED_OUT,
    Exit.FAILED,
    Exit.LOCKED,
    Exit.NO_DATA,
    Exit.MOVED,
    Exit.OK,
)

_OF_STATUS = {
    Status.FAILED: Exit.FAILED,
    Status.TIMED_OUT: Exit.TIMED_OUT,
    Status.KERNEL_DIED: Exit.KERNEL_DIED,
    Status.NO_DATA: Exit.NO_DATA,
    Status.NOT_RUN: Exit.UNFORESEEN,
}


def exit_of(status: Status) -> Exit:
    """Return the exit code of a notebook's status."""
    return _OF_STATUS.get(status, Exit.OK)


def gravest(codes: Iterable[Exit]) -> Exit:
    """Return the exit code that a run of several notebooks and studies ends with: the gravest of theirs."""
    found = set(codes)
    return next((code for code in _BY_GRAVITY if code in found), Exit.OK)
