"""Kernels forked from a warm server, through jupyter_client's own provisioner interface.

A stock kernel spends most of a short notebook's time on importing libraries. The server
(:mod:`stepdown.run.kernel_process`) imports them once a command; a forked kernel has them at once.
Linux only; any failure falls back to a stock kernel, which differs only in being slower.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

SCRIPT = Path(__file__).with_name("kernel_process.py")
SERVER = "STEPDOWN_KERNEL_SERVER"
"""Environment variable that holds the path of the server's socket; unset or empty: stock kernels."""

_PATIENCE = 20.0


class ForkedKernel:
    """A kernel that the server forked, with the part of ``subprocess.Popen`` that LocalProvisioner uses."""

    stdin = stdout = stderr = None

    def __init__(self, path: str, request: Mapping[str, Any]) -> None:
        self.returncode: int | None = None
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._connection.settimeout(_PATIENCE)
        self._connection.connect(path)
        self._connection.sendall(json.dumps(dict(request)).encode() + b"\n")
        self._rest = b""
        self.pid = int(self._message()["pid"])
        self._connection.setblocking(False)

    def _message(self) -> dict[str, int]:
        while b"\n" not in self._rest:
            received = self._connection.recv(4096)
            if not received:
                raise ConnectionError("the kernel server ended")
            self._rest += received
        line, self._rest = self._rest.split(b"\n", 1)
        message: dict[str, int] = json.loads(line)
        return message

    def poll(self) -> int | None:
        """Return the exit code (negative: a signal), or None while the kernel runs."""
        if self.returncode is None:
            try:
                self.returncode = self._message()["returncode"]
            except BlockingIOError:
                return None
            except OSError:  # the server is gone, and with it every kernel of it
                self.returncode = -signal.SIGKILL
            self._connection.close()
        return self.returncode

    def wait(self) -> int:
        """Return the exit code of a kernel that has ended."""
        code = self.poll()
        return 0 if code is None else code

    def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel."""
        if self.poll() is None:
            os.kill(self.pid, signum)

    def kill(self) -> None:
        """Kill the kernel."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)


class ForkedProvisioner(LocalProvisioner):
    """Provisioner ``stepdown-forked``: asks the warm server for a kernel, or starts a stock one."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel; ``cmd`` is the stock command, whose last arguments go to a forked kernel too."""
        for name in ("stdout", "stderr"):  # what a kernel says outside its cells could hold a record's value
            kwargs[name] = kwargs.get(name) or subprocess.DEVNULL
        path = os.environ.get(SERVER, "")
        if not path or "kernel" not in cmd:
            return await super().launch_kernel(cmd, **kwargs)
        request = {
            "arguments": cmd[cmd.index("kernel") + 1 :],
            "env": dict(kwargs.get("env") or os.environ),
            "cwd": str(kwargs.get("cwd") or Path.cwd()),
        }
        try:
            forked = ForkedKernel(path, request)
        except (OSError, ValueError, KeyError):
            return await super().launch_kernel(cmd, **kwargs)
        self.process = forked  # type: ignore[assignment]
        self.pid = self.pgid = forked.pid
        return self.connection_info


def start_server(path: str, log: Path | None = None) -> subprocess.Popen[bytes] | None:
    """Start the server that listens at ``path``; returns None where it cannot be (then kernels are stock ones)."""
    if sys.platform != "linux":
        return None
    environment = {
        **os.environ,
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONHASHSEED": "0",
        "STEPDOWN_PARENT": str(os.getpid()),
    }
    try:
        return subprocess.Popen(
            [sys.executable, str(SCRIPT), "serve", path],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return None


def stop_server(server: subprocess.Popen[bytes] | None) -> None:
    """End the server and every kernel that it forked."""
    if server is not None:
        server.kill()
        server.wait()
