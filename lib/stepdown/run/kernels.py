"""Kernels whose sockets nobody else can meet.

Kernels that start at the same moment over TCP can take each other's port (1 in 300 measured), and plain ipc names its
sockets in the working folder, so that kernels share them. Each kernel here has a folder of its own for its sockets.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from stepdown.run.forked import SCRIPT

_LONGEST = 90
"""A Unix socket's path holds 107 bytes; room is left for the name of the socket."""


class PrivateKernelManager(AsyncKernelManager):
    """Starts a kernel of this environment, whatever kernel the notebook names, over sockets in a private folder."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.private = tempfile.mkdtemp(prefix="k", dir=os.environ.get("STEPDOWN_SOCKETS") or None)
        self.connection_file = str(Path(self.private) / "kernel.json")
        if len(self.private) < _LONGEST and sys.platform != "win32":
            self.transport = "ipc"
            self.ip = str(Path(self.private) / "s")
        self._kernel_spec = KernelSpec(
            argv=[sys.executable, str(SCRIPT), "kernel", "-f", "{connection_file}"],
            display_name="Python 3 (ipykernel)",
            language="python",
        )

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart=restart)
        if not restart:
            shutil.rmtree(self.private, ignore_errors=True)

    cleanup_resources = _async_cleanup_resources
