"""Processes of this machine, one a task: the processes are pebble's, the fork server multiprocessing's.

A task whose process ends without a result is a result too. No process outlives the runner, however that ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, TimeoutError, wait
from multiprocessing import forkserver
from pathlib import Path
from typing import Any, Protocol

from pebble import ProcessExpired
from pebble.concurrent import process

from stepdown.run.jobs import Lost

_PR_SET_PDEATHSIG = 1


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


def die_with(parent: int, by: signal.Signals = signal.SIGKILL) -> None:
    """Ask Linux to send this process a signal when its parent ends, so that nothing outlives a killed runner."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, by)
    if os.getppid() != parent:  # it ended before we asked
        os._exit(1)


@contextlib.contextmanager
def memory_held(limit_bytes: int | None) -> Iterator[None]:
    """Hold this process to a number of bytes (None: to none)."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    if limit_bytes:
        resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _start_server(*, warm: bool) -> None:
    """Start the fork server from this thread: it ends with it, and what it forks ends with the server."""
    forkserver.set_forkserver_preload(["stepdown.run.warm" if warm else "stepdown.run.shells"])
    before = dict(os.environ)
    os.environ.update(PYTHONHASHSEED="0", MPLBACKEND="module://matplotlib_inline.backend_inline")
    os.environ.update(ONE_THREAD)
    os.environ[_RUNNER] = str(os.getpid())
    try:
        forkserver.ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(before)


def _begun(groups: str, function: Callable[[Any], Any], argument: Any) -> Any:
    """Do a task in a worker: a process in a group of its own, which ends with it and with the fork server."""
    die_with(_IMPORTED_BY)
    os.setsid()
    (Path(groups) / str(os.getpid())).touch()
    return function(argument)


class LocalProcesses:
    """Runs each task in a new process, a few at a time; no lock is shared that a killed one could hold."""

    def __init__(self, workers: int, private: str, *, warm: bool = True) -> None:
        """Take the number of tasks at a time, a folder to work in, and whether the libraries are loaded beforehand."""
        self._groups = Path(private) / "groups"
        self._groups.mkdir(exist_ok=True)
        self._size = max(1, workers)
        self._waiting: deque[tuple[str, Callable[[Any], Any], Any, float]] = deque()
        self._names: dict[Future[Any], str] = {}
        self._warm = warm
        if warm:
            _start_server(warm=True)

    def submit(
        self, name: str, function: Callable[[Any], Any], argument: Any, limit_seconds: float, *, next_up: bool = False
    ) -> None:
        """Take a task and start it as soon as a worker is free. next_up: before all that wait."""
        (self._waiting.appendleft if next_up else self._waiting.append)((name, function, argument, limit_seconds))
        self._start()

    def _start(self) -> None:
        while self._waiting and len(self._names) < self._size:
            name, function, argument, limit = self._waiting.popleft()
            try:
                future = self._started(function, argument, limit)
            except (OSError, EOFError) as error:
                future = Future()
                future.set_exception(error)
            self._names[future] = name

    def _started(self, function: Callable[[Any], Any], argument: Any, limit: float) -> Future[Any]:
        until = time.monotonic() + _SERVER_SECONDS
        while True:
            _start_server(warm=self._warm)
            task = functools.partial(_begun, str(self._groups), function)
            context = multiprocessing.get_context("forkserver")
            # pebble reads ``context``; its signature says mp_context, and by that name it would fork this process
            start = process(name=_WORKER, daemon=False, timeout=limit, context=context)  # type: ignore[call-overload]
            try:
                return start(task)(argument)
            except (ConnectionError, EOFError):
                # the fork server was killed: its sockets close a moment before it can be seen to have ended
                if time.monotonic() > until:
                    raise
                time.sleep(0.01)

    def next_done(self, timeout: float) -> tuple[str, Any] | None:
        """Return the next result (Lost when the process ended without one), or None after ``timeout`` seconds."""
        if not self._names:
            time.sleep(timeout)
            return None
        for future in wait(self._names, timeout, FIRST_COMPLETED).done:
            name, result = self._names.pop(future), self._result(future)
            self._start()
            return name, result
        return None

    def _result(self, future: Future[Any]) -> Any:
        try:
            return future.result()
        except TimeoutError:
            self._end_groups()
            return Lost(None, late=True)
        except ProcessExpired as expired:
            self._end_groups()
            return Lost(expired.exitcode)
        except Exception:  # noqa: BLE001 (what a worker raises is its end: it may hold a record's value)
            return Lost(None)

    def running(self) -> tuple[str, ...]:
        """Return the names of the tasks in a process."""
        return tuple(self._names.values())

    def _end_groups(self, *, everything: bool = False) -> None:
        """Kill what ended workers, or all of them, have left running."""
        for file in self._groups.glob("*"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if not everything:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(file.name), 0)
                        continue
                os.killpg(int(file.name), signal.SIGKILL)
            file.unlink(missing_ok=True)

    def stop(self) -> None:
        """Kill every worker and what it started."""
        self._waiting.clear()
        self._end_groups(everything=True)
        for worker in multiprocessing.active_children():
            if worker.name == _WORKER:
                worker.kill()
                worker.join()
        self._end_groups(everything=True)
        self._names.clear()


ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""One thread of linear algebra a worker: the workers fill the cores, and sums do not hang on how many there are."""

_SERVER_SECONDS = 10.0
_WORKER = "stepdown worker"
_RUNNER = "STEPDOWN_RUNNER"
_IMPORTED_BY = os.getpid()  # a worker is forked by the server that has imported this
if os.environ.get(_RUNNER) == str(os.getppid()):  # in the fork server, which imports this before it forks
    die_with(os.getppid())
