"""The two places where a notebook's cells run: IPython's own shell in this process, or a stock kernel (``--isolated``).

One process runs one notebook, so nothing is shared between two. A kernel sends what a cell shows through sockets to
its client; the shell here writes the same outputs straight into the notebook. Stock kernels that start at the same
moment over TCP can take each other's port (1 in 300 measured), and plain ipc names its sockets in the working folder,
so that kernels share them: each kernel here has a folder of its own for its sockets.
"""

from __future__ import annotations

import functools
import io
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from binascii import b2a_base64
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from traitlets.config import Config

from stepdown.run.jobs import Account, Status, signal_name, walk
from stepdown.run.workers import die_with


class _Publisher(DisplayPublisher):
    """Takes what a cell displays."""

    def publish(
        self,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        source: object = None,
        *,
        transient: Mapping[str, str] | None = None,
        update: bool = False,
        **_: Any,
    ) -> None:
        """Add an output, or change those that were shown under the same display id."""
        self._validate_data(data, metadata)
        shown, named = _output("display_data", data, metadata), (transient or {}).get("display_id")
        if update:
            for earlier in self.shell.named[named]:
                earlier.update(data=shown.data, metadata=shown.metadata)
            return
        self.shell.add(shown)
        if named:
            self.shell.named[named].append(shown)

    def clear_output(self, wait: bool = False) -> None:
        """Take back what the cell has shown, at once or when it shows more."""
        self.shell.to_clear = True
        if not wait:
            self.shell.cleared()


class _ResultHook(DisplayHook):
    """Takes the value at the end of a cell."""

    def write_output_prompt(self) -> None:
        """Write none."""

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        """Add the value as the cell's result."""
        shown = _output("execute_result", format_dict, md_dict)
        shown["execution_count"] = self.prompt_count
        self.shell.add(shown)  # type: ignore[union-attr]

    def finish_displayhook(self) -> None:
        """Print nothing."""


def _output(kind: str, data: Mapping[str, Any], metadata: Mapping[str, Any] | None) -> Any:
    plain = {
        mime: b2a_base64(value, newline=False).decode() if isinstance(value, bytes) else value
        for mime, value in data.items()
    }
    return nbformat.v4.new_output(kind, plain, metadata=dict(metadata or {}))


class _Stream(io.TextIOBase):
    """Standard output or error of a cell."""

    encoding = "utf-8"

    def __init__(self, name: str, shell: NotebookShell) -> None:
        self._name, self._shell = name, shell

    def writable(self) -> bool:
        """Return that it can be written to."""
        return True

    def write(self, text: str) -> int:
        """Add the text to the cell's outputs, to the last one when that is of the same stream."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        last = self._shell.outputs[-1] if self._shell.outputs and not self._shell.to_clear else None
        if last is not None and last.get("name") == self._name:
            last.text += text
        elif text:
            self._shell.add(nbformat.v4.new_output("stream", name=self._name, text=text))
        return len(text)


class NotebookShell(InteractiveShell):
    """IPython's shell for the cells of one notebook."""

    system = InteractiveShell.system_piped

    def __init__(self, **settings: Any) -> None:
        self.outputs: list[Any] = []
        self.named: defaultdict[str | None, list[Any]] = defaultdict(list)
        self.to_clear = False
        super().__init__(display_pub_class=_Publisher, displayhook_class=_ResultHook, **settings)

    def add(self, output: Any) -> None:
        """Add an output to the cell that runs."""
        self.cleared()
        self.outputs.append(output)

    def cleared(self) -> None:
        """Take back the cell's outputs where that was asked for."""
        if self.to_clear:
            self.outputs.clear()
            self.to_clear = False

    def _showtraceback(self, etype: type[BaseException], evalue: BaseException, stb: list[str]) -> None:
        lines = [str(line) for line in stb]
        self.add(nbformat.v4.new_output("error", ename=etype.__name__, evalue=str(evalue), traceback=lines))

    def run_one(self, cell: Any, _index: int) -> None:
        """Run a cell as nbclient would; raises CellExecutionError when it does not end well."""
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or not cell.source.strip() or "skip-execution" in tags:
            return
        cell.outputs = self.outputs = []
        cell.execution_count = self.execution_count
        result = self.run_cell(cell.source, store_history=True)
        error = result.error_before_exec or result.error_in_exec or (SystemExit() if self.exit_now else None)
        if error is None or "raises-exception" in tags:
            return
        shown = next((o for o in reversed(self.outputs) if o.output_type == "error"), None)
        trace = "\n".join(shown.traceback) if shown else ""
        raise CellExecutionError(trace, type(error).__name__, str(error))


def begin_shell(private: str) -> NotebookShell:
    """Return the shell of this process: nobody's start-up files, no history, and only a cell's outputs are seen."""
    settings = Config({"HistoryManager": {"enabled": False, "hist_file": ":memory:"}})
    shell: NotebookShell = NotebookShell.instance(ipython_dir=str(Path(private) / "ipython"), config=settings)
    nowhere = os.open(os.devnull, os.O_WRONLY)  # what a library prints past Python could hold a record's value
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    sys.stdout, sys.stderr = _Stream("stdout", shell), _Stream("stderr", shell)
    if "" not in sys.path:
        sys.path.insert(0, "")
    if "numpy" in sys.modules:  # the state that all forked workers begin with
        sys.modules["numpy"].random.seed()
    return shell


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
