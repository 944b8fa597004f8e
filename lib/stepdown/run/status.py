"""How a notebook and a run ended, and the exit code that tells a scheduler so.

The status is what the runner saw, never what papermill wrote into the notebook: a killed kernel leaves
"completed" in every cell of papermill's output, and ``sys.exit(0)`` half-way ends papermill with exit code 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, StrEnum


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
