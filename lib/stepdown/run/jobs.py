"""One notebook to run: what is asked of a worker, what happens while it runs, how it went; and the exit codes.

Jobs and outcomes are plain values that travel to any worker and back. The status is what the runner saw, never what
papermill wrote into the notebook: a killed kernel leaves "completed" in every cell of papermill's output, and
``sys.exit(0)`` half-way ends papermill with exit code 0. The notebook is written after each cell with its place beside
it: so it is known where a process ended that was killed.
"""

from __future__ import annotations

import contextlib
import json
import re
import signal
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from pathlib import Path
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


_TELLING = {
    *("NameError", "ImportError", "ModuleNotFoundError", "SyntaxError", "IndentationError", "ZeroDivisionError"),
    *("MemoryError", "NotImplementedError", "Refused", "SystemExit", "RecursionError"),
    *("TimedOut", "KernelDied"),
}
"""Errors whose message is about code or about our own wording: it cannot hold a value from a record."""
_FULL = re.compile(r"^\[Errno (?:27|28|30|122)\] [A-Za-z -]+")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_PLACE = re.compile(
    r"File (?P<file>[^\n:]+?):(?P<line>\d+),? in (?P<name>\w+)|Cell In\[(?P<cell>\d+)\], line (?P<at>\d+)"
)


@dataclass(slots=True)
class Account:
    """What the engine saw, while it happens."""

    job: Job
    deadline: float
    cell: int | None = None
    cells: list[float] = field(default_factory=list)
    status: Status = Status.OK
    trouble: Trouble | None = None
    notebook: Any = None

    def ended(self, status: Status, name: str, message: str, traceback: tuple[str, ...] = ()) -> None:
        """Note that the notebook did not end well."""
        self.status, self.trouble = status, Trouble(name, message, traceback)


def walk(nb_man: Any, account: Account, run_cell: Callable[[Any, int], None]) -> None:
    """Run the cells in order until one does not end well, and write down what happens."""
    from nbclient.exceptions import CellExecutionError

    number = 0
    for index, cell in enumerate(nb_man.nb.cells):
        if cell.cell_type == "code":
            number += 1
            account.cell = number
            with contextlib.suppress(OSError):  # a full disk is told by the cell, or at the end
                _put(json.dumps(nb_man.nb, default=str), account.job)  # read again only where the process is killed
                place_of(account.job).write_text(json.dumps([number, account.cells]), encoding="utf-8")
        started = time.monotonic()
        nb_man.cell_start(cell, index)
        try:
            run_cell(cell, index)
        except CellExecutionError as error:
            nb_man.cell_exception(nb_man.nb.cells[index], cell_index=index, exception=error)
            account.ended(Status.FAILED, error.ename, error.evalue, (error.traceback,))
            break
        finally:
            if cell.cell_type == "code":
                account.cells.append(round(time.monotonic() - started, 3))
            nb_man.cell_complete(nb_man.nb.cells[index], cell_index=index)


def place_of(job: Job) -> Path:
    """Return the file that holds the number of the code cell that is being run."""
    return Path(job.folder) / ".place"


def worded(error: str, message: str, traceback: str, job: Job) -> Trouble:
    """Return an error as it may stand in a log: its message only where that cannot hold a record's value."""
    full = _FULL.match(message)
    shown = full.group(0) if full else message if error in _TELLING else ""
    return Trouble(
        error=error,
        message=without_places(shown, job)[:4000],
        places=_places(_ANSI.sub("", traceback), job),
        full_disk=bool(full),
    )


def _places(traceback: str, job: Job) -> tuple[str, ...]:
    found = []
    for match in _PLACE.finditer(traceback):
        if match["cell"]:
            found.append(f"cell {match['cell']}, line {match['at']}")
        else:
            name = without_places(match["file"].strip(), job)
            found.append(f"{name}, line {match['line']}, in {match['name']}")
    return tuple(found[-6:])


def without_places(text: str, job: Job) -> str:
    """Return a text without the paths of this machine."""
    for path, name in (
        (job.folder, job.shown_as),
        (job.root + "/", ""),
        (job.root, "."),
        (str(Path(__file__).parents[2]), "lib"),
        (sys.prefix, "<environment>"),
        (sys.base_prefix, "<python>"),
        (job.private or "\0", "<private>"),
        (str(Path.home()) + "/", "~/") if str(Path.home()) != "/" else ("\0", ""),
    ):
        text = text.replace(path, name)
    return re.sub(r"/\S*ipykernel_\d+/(\d+)\.py", r"<cell \1>", text)


def file_of(job: Job) -> Path:
    """Return where the executed notebook is written."""
    return Path(job.folder) / "restricted" / "notebooks" / f"{job.notebook}.ipynb"


def write(account: Account) -> None:
    """Write the executed notebook, with the trouble in the cell where it ended and without this machine's paths."""
    import nbformat

    notebook, job = account.notebook, account.job
    if notebook is None:
        return
    if account.status in (Status.KERNEL_DIED, Status.TIMED_OUT):
        _mark(account)
    content = json.loads(nbformat.writes(notebook))
    about = content["metadata"].setdefault("papermill", {})
    about["input_path"], about["output_path"] = Path(job.file).name, f"{job.notebook}.ipynb"
    _put(json.dumps(_cleaned(content, job), ensure_ascii=False, indent=1) + "\n", job)


def _put(text: str, job: Job) -> None:
    file_of(job).parent.mkdir(parents=True, exist_ok=True)
    beside = file_of(job).with_suffix(".part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file_of(job))


def _cleaned(value: Any, job: Job) -> Any:
    if isinstance(value, str):
        return without_places(value, job) if "/" in value else value
    if isinstance(value, list):
        return [_cleaned(inner, job) for inner in value]
    if isinstance(value, dict):
        return {name: inner if name.startswith("image/") else _cleaned(inner, job) for name, inner in value.items()}
    return value


def _mark(account: Account) -> None:
    """Write the end of a notebook into its cell: papermill itself would leave no trace of a kernel that died."""
    import nbformat

    cells = [cell for cell in account.notebook.cells if cell.cell_type == "code"]
    if not cells:
        return
    cell = cells[min(max((account.cell or 1) - 1, 0), len(cells) - 1)]
    text = account.trouble.message if account.trouble else ""
    name = account.trouble.error if account.trouble else str(account.status)
    if not any(output.output_type == "error" for output in cell.outputs):
        cell.outputs.append(nbformat.v4.new_output("error", ename=name, evalue=text, traceback=[f"{name}: {text}"]))


def signal_name(code: int | None) -> str:
    """Word how a kernel ended: the signal, or its exit code."""
    if code is None:
        return "for no known reason"
    if code >= 0:
        return f"with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"by {name}" + (" (as when the machine runs out of memory)" if -code == signal.SIGKILL else "")
