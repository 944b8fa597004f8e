"""Who runs the notebooks: processes of this machine, or an existing Dask cluster.

An executor takes tasks by name and hands back each result when it is there. A worker that dies is a result too.
"""

from __future__ import annotations

import json
import multiprocessing
import multiprocessing.connection
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

from stepdown.faults import Fault, Refused
from stepdown.run.jobs import Job, Outcome, Trouble, outcome_from
from stepdown.run.kernel_process import die_with
from stepdown.run.status import Status

_GRACE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Lost:
    """A worker that ended without a result: by which signal or exit code, or past its time limit."""

    code: int | None
    late: bool = False


class Executor(Protocol):
    """Runs tasks somewhere."""

    def submit(self, name: str, function: Callable[[Any], Any], argument: Any, limit_seconds: float) -> None:
        """Take a task; ``name`` comes back with its result."""

    def next_done(self, timeout: float) -> tuple[str, Any] | None:
        """Return the name and result of a task that has ended, or None when none has within ``timeout`` seconds."""

    def running(self) -> tuple[str, ...]:
        """Return the names of the tasks that are being worked on."""

    def stop(self) -> None:
        """End every task at once."""


@dataclass(slots=True)
class _Working:
    name: str
    process: BaseProcess
    pipe: Connection
    until: float


def _in_child(function: Callable[[Any], Any], argument: Any, pipe: Connection, parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the runner decides what it means
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    die_with(parent)
    pipe.send(function(argument))
    pipe.close()


class LocalProcesses:
    """Forks one process a task, a few at a time. No thread: a fork in a threaded process could hang."""

    def __init__(self, workers: int, *, spawn: bool = False) -> None:
        """Take the number of tasks at a time; ``spawn`` where this process has threads (a cluster's client has)."""
        self._workers = max(1, workers)
        self._context: Any = multiprocessing.get_context("spawn" if spawn else "fork")
        self._waiting: deque[tuple[str, Callable[[Any], Any], Any, float]] = deque()
        self._working: list[_Working] = []

    def submit(self, name: str, function: Callable[[Any], Any], argument: Any, limit_seconds: float) -> None:
        """Take a task and start it as soon as a worker is free."""
        self._waiting.append((name, function, argument, limit_seconds))
        self._start()

    def _start(self) -> None:
        while self._waiting and len(self._working) < self._workers:
            name, function, argument, limit = self._waiting.popleft()
            mine, theirs = self._context.Pipe(duplex=False)
            process = self._context.Process(
                target=_in_child, args=(function, argument, theirs, os.getpid()), daemon=False, name=name
            )
            process.start()
            theirs.close()
            self._working.append(_Working(name, process, mine, time.monotonic() + limit + _GRACE_SECONDS))

    def next_done(self, timeout: float) -> tuple[str, Any] | None:
        """Return the next result, or None when none is there within ``timeout`` seconds."""
        multiprocessing.connection.wait(
            [w.pipe for w in self._working] + [w.process.sentinel for w in self._working], timeout
        )
        for working in self._working:
            found = self._result(working)
            if found is not None:
                self._working.remove(working)
                working.pipe.close()
                self._start()
                return working.name, found
        return None

    def _result(self, working: _Working) -> Any:
        """Return a worker's result, Lost when it ended without one, or None while it works."""
        if working.pipe.poll():
            try:
                result = working.pipe.recv()
            except (EOFError, OSError):
                working.process.join()
                return Lost(working.process.exitcode)
            working.process.join(5)
            return result
        if not working.process.is_alive():
            return Lost(working.process.exitcode)
        if time.monotonic() > working.until:
            working.process.kill()
            working.process.join()
            return Lost(None, late=True)
        return None

    def running(self) -> tuple[str, ...]:
        """Return the names of the tasks in a process."""
        return tuple(working.name for working in self._working)

    def stop(self) -> None:
        """Kill every worker; the kernels go with them."""
        self._waiting.clear()
        for working in self._working:
            working.process.kill()
        for working in self._working:
            working.process.join()
        self._working.clear()


def _no_cluster(address: str, error: str) -> Fault:
    return Fault(
        where=f"command line, --cluster {address}",
        found=f"no Dask scheduler that can be reached ({error})",
        allowed="the address of a running Dask scheduler, such as tcp://10.0.0.5:8786; the package distributed",
        rule="docs/scheduling.md, Many studies on many machines",
        remedy="start the cluster first, or leave --cluster out; pip install 'stepdown[cluster]'",
    )


def run_elsewhere(values: dict[str, Any]) -> dict[str, Any]:
    """Run a notebook in a new process of a cluster's worker; takes and returns JSON types.

    The cluster's machines see the same folders under the same paths and have the same environment.
    """
    done = subprocess.run(
        [sys.executable, "-m", "stepdown.run.worker"],
        input=json.dumps(values).encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        return asdict(lost_outcome(Job(**values), Lost(done.returncode)))
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
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
        self._futures[self._client.submit(run_elsewhere, argument.as_dict(), pure=False, retries=0)] = name

    def next_done(self, timeout: float) -> tuple[str, Any] | None:
        """Return the next result, or None when none is there within ``timeout`` seconds."""
        until = time.monotonic() + timeout
        while True:
            for future, name in list(self._futures.items()):
                if future.done():
                    del self._futures[future]
                    return name, outcome_from(future.result()) if future.status == "finished" else Lost(None)
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


def lost_outcome(job: Job, lost: Lost) -> Outcome:
    """Return the outcome of a notebook whose worker ended without a result."""
    from stepdown.run.executing import signal_name

    if lost.late:
        trouble = Trouble("TimedOut", "the notebook passed its time limit and did not answer")
        return Outcome(job.study, job.notebook, Status.TIMED_OUT, job.limit_seconds, trouble=trouble)
    trouble = Trouble("WorkerDied", f"the process that ran the notebook was ended {signal_name(lost.code)}")
    return Outcome(job.study, job.notebook, Status.KERNEL_DIED, trouble=trouble)
