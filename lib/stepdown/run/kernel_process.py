"""What runs in a kernel's own process: a stock kernel, or the server that forks warm ones.

This file is run by its path and imports nothing of Stepdown, so that a kernel never holds a stale copy of the project.

    python kernel_process.py kernel -f CONNECTION_FILE …      a kernel started from nothing
    python kernel_process.py serve SOCKET                     a server that forks kernels on request

The server imports the heavy libraries once, then forks. Conditions that keep a forked kernel the same as a stock one:
nothing of the project is imported; matplotlib's inline backend is named but not imported (otherwise figures vanish);
``random`` and NumPy are seeded afresh in the child; there is exactly one Python thread before the fork.

One connection is one kernel. The client sends one JSON line (arguments, environment, working folder); the server
answers ``{"pid": …}`` and, when the kernel ends, ``{"returncode": …}``. A connection that closes takes its kernel
with it.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import threading
from typing import Any, NoReturn

WARM = (
    "numpy",
    "pandas",
    "matplotlib.pyplot",
    "seaborn",
    "scipy.stats",
    "statsmodels.api",
    "statsmodels.formula.api",
    "pydantic",
    "yaml",
    "jinja2",
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "IPython.core.completer",
)
"""Libraries of the stack that the server imports beforehand; one that is not installed is passed over."""

_PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    """Ask Linux to kill this process when its parent ends, so that no kernel outlives a killed runner."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent and os.getppid() != parent:  # it ended before we asked
        os._exit(1)


def limit_memory() -> None:
    """Hold the process to the number of bytes in STEPDOWN_MEMORY_BYTES, where it is set."""
    given = os.environ.get("STEPDOWN_MEMORY_BYTES", "")
    if given:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (int(given), int(given)))


def kernel(arguments: list[str]) -> None:
    """Run an IPython kernel with the arguments of ``ipykernel_launcher``."""
    limit_memory()
    from ipykernel import kernelapp

    sys.argv = ["ipykernel_launcher", *arguments]
    kernelapp.launch_new_instance(argv=arguments)


def warm() -> None:
    """Import what notebooks need; raises RuntimeError when an import has started a thread."""
    for name in WARM:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    if threading.active_count() != 1:
        raise RuntimeError("a library started a thread at import: forking would not be safe")
    gc.collect()
    gc.freeze()


def _be_kernel(request: dict[str, Any], parent: int) -> NoReturn:
    """Become the kernel: in the child, never returns."""
    code = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        die_with(parent)
        os.environ.clear()
        os.environ.update(request["env"])
        os.chdir(request["cwd"])
        import random

        import numpy as np

        random.seed()
        np.random.seed()  # noqa: NPY002 (the legacy global state is what has to differ from one child to the next)
        kernel(request["arguments"])
        code = 0
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except BaseException:  # noqa: BLE001 (a forked child must never return into the server's loop)
        code = 1
    finally:
        os._exit(code)


class Server:
    """Forks one kernel a connection, reports how each ended, and ends with the process that started it."""

    def __init__(self, path: str) -> None:
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen(64)
        self.connections: dict[int, socket.socket] = {}
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.woken, wakes = socket.socketpair()
        self.woken.setblocking(False)
        wakes.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakes.fileno())
        self.wakes = wakes
        self.selector.register(self.woken, selectors.EVENT_READ)

    def serve(self) -> None:
        """Answer until the process is ended."""
        while True:
            for key, _ in self.selector.select(timeout=1.0):
                if key.fileobj is self.listener:
                    self._accept()
                elif key.fileobj is self.woken:
                    self.woken.recv(4096)
                else:
                    self._closed(key.data)
            self._reap()

    def _accept(self) -> None:
        connection, _ = self.listener.accept()
        with connection.makefile("rb") as stream:
            line = stream.readline()
        if not line:
            connection.close()
            return
        request, parent = json.loads(line), os.getpid()
        pid = os.fork()
        if pid == 0:
            self.listener.close()
            connection.close()
            for other in self.connections.values():
                other.close()
            _be_kernel(request, parent)
        self.connections[pid] = connection
        self.selector.register(connection, selectors.EVENT_READ, data=pid)
        self._tell(pid, {"pid": pid})

    def _tell(self, pid: int, message: dict[str, int]) -> None:
        try:
            self.connections[pid].sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            return

    def _closed(self, pid: int) -> None:
        """The client is gone: so must its kernel be."""
        connection = self.connections.get(pid)
        if connection is None:
            return
        self.selector.unregister(connection)
        try:
            os.killpg(pid, signal.SIGKILL)
        except OSError:
            return

    def _reap(self) -> None:
        while self.connections:
            try:
                pid, state = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._tell(pid, {"returncode": os.waitstatus_to_exitcode(state)})
            connection = self.connections.pop(pid)
            if connection.fileno() in self.selector.get_map():
                self.selector.unregister(connection)
            connection.close()


def main(arguments: list[str]) -> None:
    """Run as a kernel or as the server."""
    sys.path[:] = [place for place in sys.path if place != os.path.dirname(os.path.abspath(__file__))]
    die_with(int(os.environ.get("STEPDOWN_PARENT", "0")))
    if arguments[0] == "kernel":
        kernel(arguments[1:])
        return
    server = Server(arguments[1])  # listens first: a request waits until the libraries are there
    warm()
    server.serve()


if __name__ == "__main__":
    main(sys.argv[1:])
