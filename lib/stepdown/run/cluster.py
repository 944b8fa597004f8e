"""Sends notebooks to an existing Dask cluster. Nothing else imports this module, and Dask stays optional.

The cluster's machines see the same folders under the same paths and have the same environment.

    python -m stepdown.run.cluster      a job as JSON on standard input, its outcome as JSON on standard output
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from stepdown.faults import Fault, Refused
from stepdown.run.executing import lost_outcome, run_notebook
from stepdown.run.jobs import Job, Lost, Outcome, Status, Trouble
from stepdown.run.workers import ONE_THREAD, die_with


def _no_cluster(address: str, error: str) -> Fault:
    return Fault(
        where=f"command line, --cluster {address}",
        found=f"no Dask scheduler that can be reached ({error})",
        allowed="the address of a running Dask scheduler, such as tcp://10.0.0.5:8786; the package distributed",
        rule="docs/scheduling.md, Many studies on many machines",
        remedy="start the cluster first, or leave --cluster out; pip install 'stepdown[cluster]'",
    )


def run_elsewhere(values: dict[str, Any]) -> dict[str, Any]:
    """Run a notebook in a new process of a cluster's worker, within its time limit; takes and returns JSON types."""
    job = Job(**values)
    words = [sys.executable, "-m", "stepdown.run.cluster", str(os.getpid())]
    with subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, **ONE_THREAD},
    ) as process:
        try:
            said, _ = process.communicate(json.dumps(values).encode(), timeout=job.limit_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return asdict(lost_outcome(job, Lost(None, late=True)))
    if process.returncode != 0:
        return asdict(lost_outcome(job, Lost(process.returncode)))
    result: dict[str, Any] = json.loads(said.splitlines()[-1])
    return result


class DaskCluster:
    """Sends notebooks to an existing Dask cluster; it, not we, says how many run at once."""

    def __init__(self, address: str) -> None:
        try:
            import distributed

            self._client = distributed.Client(address, timeout="10s", set_as_default=False)
        except (ImportError, OSError, ValueError) as error:
            raise Refused([_no_cluster(address, type(error).__name__)]) from None
        self._futures: dict[Any, str] = {}

    def submit(self, name: str, function: Callable[[Any], Any], argument: Any, limit_seconds: float) -> None:
        """Send a task; only notebooks (:class:`Job`) are sent."""
        del function, limit_seconds  # the worker holds the limit itself
        self._futures[self._client.submit(run_elsewhere, asdict(argument), pure=False, retries=0)] = name

    def next_done(self, timeout: float) -> tuple[str, Any] | None:
        """Return the next result, or None when none is there within ``timeout`` seconds."""
        until = time.monotonic() + timeout
        while True:
            for future, name in list(self._futures.items()):
                if future.done():
                    del self._futures[future]
                    return name, _outcome_from(future.result()) if future.status == "finished" else Lost(None)
            if time.monotonic() > until:
                return None
            time.sleep(0.05)

    def running(self) -> tuple[str, ...]:
        """Return the names of all tasks that are not done."""
        return tuple(self._futures.values())

    def stop(self) -> None:
        """Take back what has not run and close the connection."""
        self._client.cancel(list(self._futures))
        self._futures.clear()
        self._client.close()


def _outcome_from(values: dict[str, Any]) -> Outcome:
    trouble = values.get("trouble")
    return Outcome(
        **{
            **values,
            "status": Status(values["status"]),
            "cells": tuple(values["cells"]),
            "trouble": Trouble(**{**trouble, "places": tuple(trouble["places"])}) if trouble else None,
        }
    )


def main() -> None:
    """Run the job on standard input, in a child; when the worker that started this ends, all of its group ends.

    A worker may be killed, and with it only what it started itself. So this process waits and does nothing else: it
    takes the signal at once, and takes with it the notebook and whatever the notebook has started.
    """
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGKILL))
    die_with(int(sys.argv[1]), signal.SIGTERM)
    waiting = os.getpid()
    child = os.fork()
    if child:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code < 0:  # ended by a signal: so does this process, for the worker to see by which
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(waiting, -code)
        sys.exit(code)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    die_with(waiting)
    job, answer = Job(**json.load(sys.stdin)), os.fdopen(os.dup(1), "w")
    with tempfile.TemporaryDirectory(prefix="stepdown-") as private:
        outcome = run_notebook(replace(job, private=private))
    answer.write("\n" + json.dumps(asdict(outcome)) + "\n")
    answer.flush()


if __name__ == "__main__":
    main()
