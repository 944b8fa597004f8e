"""The papermill engine that keeps a true account of a notebook's run."""

from __future__ import annotations

import math
import time
from typing import Any

from jupyter_core.utils import run_sync
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine

from stepdown.run.executing import _Account, signal_name
from stepdown.run.forked import ForkedKernel
from stepdown.run.jobs import Trouble
from stepdown.run.kernels import PrivateKernelManager
from stepdown.run.status import Status


class _Client(PapermillNotebookClient):
    """Walks the cells within one time limit and writes down what happens."""

    account: _Account

    def papermill_execute_cells(self) -> None:
        """Run the cells in order until one does not end well."""
        code_cells = 0
        process = getattr(getattr(self.km, "provisioner", None), "process", None)
        self.account.forked = isinstance(process, ForkedKernel)
        for index, cell in enumerate(self.nb.cells):
            code_cells += cell.cell_type == "code"
            if cell.cell_type == "code":
                self.account.cell = code_cells
            started = time.monotonic()
            self.timeout = max(1, math.ceil(self.account.deadline - started))
            self.nb_man.cell_start(cell, index)
            try:
                self.execute_cell(cell, index)
            except CellExecutionError as error:
                self.nb_man.cell_exception(self.nb.cells[index], cell_index=index, exception=error)
                self._failed(error)
                break
            except CellTimeoutError:
                self._ended(Status.TIMED_OUT, "TimedOut", "the notebook passed its time limit")
                raise
            except DeadKernelError:
                code = run_sync(self.km.provisioner.poll)() if self.km and self.km.provisioner else None
                self._ended(Status.KERNEL_DIED, "KernelDied", f"the notebook's process was ended {signal_name(code)}")
                raise
            finally:
                if cell.cell_type == "code":
                    self.account.cells.append(round(time.monotonic() - started, 3))
                self.nb_man.cell_complete(self.nb.cells[index], cell_index=index)

    def _failed(self, error: CellExecutionError) -> None:
        self.account.status = Status.FAILED
        self.account.trouble = Trouble(error.ename, error.evalue, (error.traceback,))

    def _ended(self, status: Status, name: str, message: str) -> None:
        self.account.status = status
        self.account.trouble = Trouble(f"stepdown: {name}", message)
        self.shutdown_kernel = "immediate"


def engine_with(account: _Account) -> type[NBClientEngine]:
    """Return a papermill engine that writes into ``account``."""

    class TruthfulEngine(NBClientEngine):
        """Runs the notebook in a private kernel."""

        @classmethod
        def execute_managed_notebook(
            cls, nb_man: Any, kernel_name: str, log_output: bool = False, start_timeout: int = 60, **_: Any
        ) -> Any:
            account.notebook = nb_man.nb
            client = _Client(
                nb_man,
                startup_timeout=start_timeout,
                kernel_name=kernel_name,
                log_output=log_output,
                kernel_manager_class=PrivateKernelManager,
            )
            client.account = account
            return client.execute()

    return TruthfulEngine
