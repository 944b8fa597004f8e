"""How long an evaluator waits for the first figure of notebook 3: a cold kernel, its cells one after another.

    python -m benchmarks.first_figure [starts]

Prints seconds from the request for a kernel to the first picture, and the kernel's processor time by then: the median
of so many cold starts (3). What Python compiles is there already, as after the very first start.
"""

import sys
import time
from pathlib import Path
from statistics import median

import nbformat
from jupyter_client.manager import KernelManager

NOTEBOOK = Path("notebooks/3_statutory_outcomes.ipynb")


def first_figure() -> tuple[float, float]:
    """Return seconds to the first picture of the notebook and the processor time of the kernel by then."""
    began, manager = time.perf_counter(), KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(NOTEBOOK.parent))
    client = manager.client()
    client.start_channels()
    shown: list[float] = []
    printed: list[str] = []

    def look(message: dict) -> None:
        if any(kind.startswith("image/") for kind in message["content"].get("data", {})):
            shown.append(time.perf_counter() - began)
        printed.append(message["content"].get("text", ""))

    try:
        client.wait_for_ready(timeout=60)
        for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
            if cell.cell_type == "code" and not shown:
                reply = client.execute_interactive(cell.source, output_hook=look, timeout=120)
                assert reply["content"]["status"] == "ok", reply["content"]["evalue"]
        printed.clear()
        client.execute_interactive("import time; print(time.process_time())", output_hook=look)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return shown[0], float("".join(printed))


if __name__ == "__main__":
    starts = [first_figure() for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 3)]
    waited, used = (median(each) for each in zip(*starts, strict=True))
    print(f"first figure after {waited:.1f} s; processor time of the kernel {used:.1f} s ({len(starts)} cold starts)")
