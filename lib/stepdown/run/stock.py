"""Stock kernels, for ``--isolated``: started from nothing, over sockets that nobody else can meet.

Kernels that start at the same moment over TCP can take each other's port (1 in 300 measured), and plain ipc names its
sockets in the working folder, so that kernels share them. Each kernel here has a folder of its own for its sockets.
"""

from __future__ import annotations

import functools
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient

from stepdown.run.account import Account, signal_name, walk
from stepdown.run.jobs import Status
from stepdown.run.workers import die_with

_LONGEST = 90
"""A Unix socket's path holds 107 bytes; room is left for the name of the socket."""


class PrivateKernelManager(AsyncKernelManager):
    """Starts a kernel of this environment, whatever kernel the notebook names, over sockets in a private folder."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.private = tempfile.mkdtemp(prefix="k", dir=os.environ.get("STEPDOWN_PRIVATE") or None)
        self.connection_file = str(Path(self.private) / "kernel.json")
        if len(self.private) < _LONGEST:
            self.transport = "ipc"
            self.ip = str(Path(self.private) / "s")
        self._kernel_spec = KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name="Python 3 (ipykernel)",
            language="python",
        )

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart=restart)
        if not restart:
            shutil.rmtree(self.private, ignore_errors=True)

    cleanup_resources = _async_cleanup_resources


class StockClient(PapermillNotebookClient):
    """Walks the cells within one time limit and writes down what happens."""

    account: Account

    def papermill_execute_cells(self) -> None:
        """Run the cells in order until one does not end well."""
        walk(self.nb_man, self.account, self._one)

    def _one(self, cell: Any, index: int) -> None:
        self.timeout = max(1, math.ceil(self.account.deadline - time.monotonic()))
        try:
            self.execute_cell(cell, index)
        except CellTimeoutError:
            self._ended(Status.TIMED_OUT, "TimedOut", "the notebook passed its time limit")
            raise
        except DeadKernelError:
            code = run_sync(self.km.provisioner.poll)() if self.km and self.km.provisioner else None
            self._ended(Status.KERNEL_DIED, "KernelDied", f"the notebook's process was ended {signal_name(code)}")
            raise

    def _ended(self, status: Status, name: str, message: str) -> None:
        self.account.ended(status, name, message)
        self.shutdown_kernel = "immediate"


def _begin(parent: int, memory_bytes: int | None) -> None:
    die_with(parent)
    if memory_bytes:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def run_in_stock_kernel(nb_man: Any, account: Account, start_timeout: int) -> Any:
    """Run a notebook's cells in a kernel of its own; what the kernel says outside its cells goes nowhere."""
    client = StockClient(
        nb_man, startup_timeout=start_timeout, kernel_name="python3", kernel_manager_class=PrivateKernelManager
    )
    client.account = account
    return client.execute(
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=functools.partial(_begin, os.getpid(), account.job.memory_bytes),
    )
