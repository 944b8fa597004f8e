"""Runs one notebook with papermill and says truthfully how it ended.

papermill injects the parameters; the engine here walks the cells, keeps its own account of what happened, and leaves an
executed notebook that names no place on this machine.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import time
from pathlib import Path
from typing import Any

from stepdown.run.jobs import Account, Job, Lost, Outcome, Status, file_of, place_of, signal_name, walk, worded, write

_START_SECONDS = 40


def run_notebook(job: Job) -> Outcome:
    """Run a notebook and write it, executed, to ``restricted/notebooks/``; never raises for its faults.

    A stock kernel that does not start is tried once more.
    """
    started = time.monotonic()
    os.environ.update(
        {
            "STEPDOWN_PRIVATE": job.private,
            "IPYTHONDIR": str(Path(job.private) / "ipython"),  # nobody's start-up files, nobody's history
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "PYTHONHASHSEED": "0",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
    )
    account = _attempt(job, started)
    if account.status is Status.KERNEL_DIED and account.cell is None:
        account = _attempt(job, started)
    try:
        write(account)
    except OSError as error:
        account.status, account.trouble = Status.FAILED, worded(type(error).__name__, str(error), "", job)
    place_of(job).unlink(missing_ok=True)
    return Outcome(
        study=job.study,
        notebook=job.notebook,
        status=account.status,
        seconds=round(time.monotonic() - started, 3),
        cell=account.cell if account.status is not Status.OK else None,
        trouble=account.trouble,
        cells=tuple(account.cells),
        forked=not job.isolated,
    )


def _attempt(job: Job, started: float) -> Account:
    import papermill
    from papermill.engines import papermill_engines
    from papermill.exceptions import PapermillExecutionError
    from papermill.log import logger

    logger.setLevel("CRITICAL")
    account = Account(job, deadline=started + job.limit_seconds)
    papermill_engines.register("stepdown", _engine_with(account))
    try:
        papermill.execute_notebook(
            job.file.replace("{", "{{").replace("}", "}}"),
            None,
            parameters=job.parameters,
            engine_name="stepdown",
            kernel_name="python3",
            language="python",
            progress_bar=False,
            request_save_on_cell_execute=False,
            cwd=job.root,
            start_timeout=min(_START_SECONDS, math.ceil(job.limit_seconds)),
        )
    except PapermillExecutionError as error:  # the account holds it already, unless the cell was allowed to raise
        if account.status is Status.OK:
            account.cell = error.exec_count
            account.ended(Status.FAILED, error.ename, error.evalue, tuple(error.traceback))
    except Exception as error:  # noqa: BLE001 (a worker reports whatever happened; nothing may pass as "ok")
        if account.status is Status.OK:
            account.ended(Status.KERNEL_DIED, type(error).__name__, "")
    if account.trouble is not None:
        raw = account.trouble
        account.trouble = worded(raw.error, raw.message, "\n".join(raw.places), job)
    return account


def _engine_with(account: Account) -> Any:
    """Return a papermill engine that writes into ``account``."""
    from papermill.engines import Engine

    class TruthfulEngine(Engine):
        """Runs the notebook in this process, or in a stock kernel."""

        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, start_timeout: int = 60, **_: Any) -> Any:
            account.notebook = nb_man.nb
            if account.job.isolated:
                from stepdown.run.shells import run_in_stock_kernel

                return run_in_stock_kernel(nb_man, account, start_timeout)
            from stepdown.run.shells import begin_shell
            from stepdown.run.workers import memory_held

            with memory_held(account.job.memory_bytes):
                walk(nb_man, account, begin_shell(account.job.private).run_one)
            return nb_man.nb

    return TruthfulEngine


def lost_outcome(job: Job, lost: Lost) -> Outcome:
    """Return the outcome of a notebook whose process ended without a result, and mark where in the notebook."""
    account = Account(job, 0.0)
    with contextlib.suppress(OSError, ValueError):
        import nbformat

        account.cell, account.cells = json.loads(place_of(job).read_text(encoding="utf-8"))
        account.notebook = nbformat.read(file_of(job), as_version=4)
    if lost.late:
        account.ended(Status.TIMED_OUT, "TimedOut", "the notebook passed its time limit")
    else:
        account.ended(Status.KERNEL_DIED, "KernelDied", f"the notebook's process was ended {signal_name(lost.code)}")
    with contextlib.suppress(OSError):
        write(account)
        place_of(job).unlink(missing_ok=True)
    seconds = job.limit_seconds if lost.late else 0.0
    return Outcome(
        job.study, job.notebook, account.status, seconds, account.cell, account.trouble, tuple(account.cells), True
    )
