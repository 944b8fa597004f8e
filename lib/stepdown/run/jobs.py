"""One notebook to run and how it went: plain values that travel to any worker and back."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from stepdown.run.status import Status


@dataclass(frozen=True, slots=True)
class Job:
    """One notebook to run.

    study: name of the study.  notebook: name (file stem).  file: the notebook, absolute.
    parameters: what is injected.  folder: the staging run folder, absolute.  shown_as: the run folder's later name,
    relative to the project root.  root: the project root; the kernel's working folder.
    limit_seconds: time limit of the whole notebook.  memory_bytes: limit of the kernel's address space (None: none).
    server: socket of the server that forks kernels ("": stock kernels).  sockets: folder for the kernel's sockets.
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
    server: str = ""
    sockets: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the job as JSON types."""
        return asdict(self)


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
class Outcome:
    """How one notebook went.

    seconds: wall time.  cell: number of the code cell (from 1) where it ended, when it did not end well.
    cells: seconds of each code cell.  forked: whether the kernel was forked from the warm server.
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


def outcome_from(values: dict[str, Any]) -> Outcome:
    """Return an outcome from the JSON types that ``asdict`` gives."""
    trouble = values.get("trouble")
    return Outcome(
        **{
            **values,
            "status": Status(values["status"]),
            "cells": tuple(values["cells"]),
            "trouble": Trouble(**{**trouble, "places": tuple(trouble["places"])}) if trouble else None,
        }
    )
