"""Runs one notebook with papermill and says truthfully how it ended.

papermill injects the parameters and walks the cells; the engine here keeps its own account of what happened, holds the
whole notebook to one time limit, and leaves an executed notebook that names no place on this machine.
"""

from __future__ import annotations

import json
import math
import os
import re
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stepdown.run.jobs import Job, Outcome, Trouble
from stepdown.run.status import Status

_START_SECONDS = 40
_TELLING = {
    *("NameError", "ImportError", "ModuleNotFoundError", "SyntaxError", "IndentationError", "ZeroDivisionError"),
    *("MemoryError", "NotImplementedError", "Refused", "SystemExit", "RecursionError"),
}
"""Errors whose message is about code or about our own wording: it cannot hold a value from a record."""
_FULL = re.compile(r"^\[Errno (?:28|30|122)\] [A-Za-z -]+")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_PLACE = re.compile(
    r"File (?P<file>[^\n:]+?):(?P<line>\d+),? in (?P<name>\w+)|Cell In\[(?P<cell>\d+)\], line (?P<at>\d+)"
)


@dataclass(slots=True)
class _Account:
    """What the engine saw, while it happens."""

    deadline: float
    cell: int | None = None
    cells: list[float] = field(default_factory=list)
    status: Status = Status.OK
    trouble: Trouble | None = None
    forked: bool = False
    notebook: Any = None


def run_notebook(job: Job) -> Outcome:
    """Run a notebook and write it, executed, to ``restricted/notebooks/``; never raises for its faults.

    A kernel that does not start is tried once more, as a stock one.
    """
    started = time.monotonic()
    _set_environment(job)
    account = _attempt(job, started)
    if account.status is Status.KERNEL_DIED and account.cell is None:
        os.environ["STEPDOWN_KERNEL_SERVER"] = ""
        account = _attempt(job, started)
    _write(account.notebook, account, job)
    return Outcome(
        study=job.study,
        notebook=job.notebook,
        status=account.status,
        seconds=round(time.monotonic() - started, 3),
        cell=account.cell if account.status is not Status.OK else None,
        trouble=account.trouble,
        cells=tuple(account.cells),
        forked=account.forked,
    )


def _set_environment(job: Job) -> None:
    home = Path(job.sockets) / "ipython"
    os.environ.update(
        {
            "STEPDOWN_KERNEL_SERVER": job.server,
            "STEPDOWN_SOCKETS": job.sockets,
            "STEPDOWN_PARENT": str(os.getpid()),
            "STEPDOWN_MEMORY_BYTES": str(job.memory_bytes or ""),
            "JUPYTER_DEFAULT_PROVISIONER_NAME": "stepdown-forked",
            "IPYTHONDIR": str(home),  # nobody's start-up files, nobody's history
            "PYTHONHASHSEED": "0",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
    )


def _attempt(job: Job, started: float) -> _Account:
    import papermill
    from papermill.engines import papermill_engines
    from papermill.exceptions import PapermillExecutionError
    from papermill.log import logger

    from stepdown.run.engine import engine_with

    logger.setLevel("CRITICAL")
    account = _Account(deadline=started + job.limit_seconds)
    papermill_engines.register("stepdown", engine_with(account))
    try:
        papermill.execute_notebook(
            job.file.replace("{", "{{").replace("}", "}}"),
            None,
            parameters=job.parameters,
            engine_name="stepdown",
            progress_bar=False,
            request_save_on_cell_execute=False,
            cwd=job.root,
            start_timeout=min(_START_SECONDS, math.ceil(job.limit_seconds)),
        )
    except PapermillExecutionError as error:  # the account holds it already, unless the cell was allowed to raise
        if account.status is Status.OK:
            account.status, account.cell = Status.FAILED, error.exec_count
            account.trouble = worded(error.ename, error.evalue, "\n".join(error.traceback), job)
    except Exception as error:  # noqa: BLE001 (a worker reports whatever happened; nothing may pass as "ok")
        if account.status is Status.OK:
            account.status, account.trouble = Status.KERNEL_DIED, Trouble(type(error).__name__)
    if account.trouble is not None:
        raw = account.trouble
        account.trouble = worded(raw.error, raw.message, "\n".join(raw.places), job)
    return account


def worded(error: str, message: str, traceback: str, job: Job) -> Trouble:
    """Return an error as it may stand in a log: its message only where that cannot hold a record's value."""
    full = _FULL.match(message)
    shown = full.group(0) if full else message if error in _TELLING or error.startswith("stepdown: ") else ""
    return Trouble(
        error=error.removeprefix("stepdown: "),
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
        (job.sockets or "\0", "<sockets>"),
        (str(Path.home()) + "/", "~/") if str(Path.home()) != "/" else ("\0", ""),
    ):
        text = text.replace(path, name)
    return re.sub(r"/\S*ipykernel_\d+/(\d+)\.py", r"<cell \1>", text)


def _write(notebook: Any, account: _Account, job: Job) -> None:
    """Write the executed notebook, with the trouble in the cell where it ended and without this machine's paths."""
    import nbformat

    if notebook is None:
        return
    if account.status in (Status.KERNEL_DIED, Status.TIMED_OUT):
        _mark(notebook, account)
    about = notebook.metadata.get("papermill", {})
    about["input_path"], about["output_path"] = Path(job.file).name, f"{job.notebook}.ipynb"
    content = json.loads(nbformat.writes(notebook))
    file = Path(job.folder) / "restricted" / "notebooks" / f"{job.notebook}.ipynb"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(_cleaned(content, job), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _cleaned(value: Any, job: Job) -> Any:
    if isinstance(value, str):
        return without_places(value, job) if "/" in value else value
    if isinstance(value, list):
        return [_cleaned(inner, job) for inner in value]
    if isinstance(value, dict):
        return {name: inner if name == "image/png" else _cleaned(inner, job) for name, inner in value.items()}
    return value


def _mark(notebook: Any, account: _Account) -> None:
    """Write the end of a notebook into its cell: papermill itself would leave no trace of a kernel that died."""
    import nbformat

    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
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
