"""How long an evaluator waits for the first figure of notebook 3: a cold kernel, its cells one after another.

    python -m benchmarks.first_figure [starts]

Prints seconds from the request for a kernel to the first picture, and the kernel's processor time by then; the median of
``starts`` cold starts (3). The files that Python compiles are there already, as after the first start ever.
"""

import sys
import time
from pathlib import Path
from statistics import median

import nbformat
from jupyter_client.manager import KernelManager

NOTEBOOK = Path("notebooks/3_statutory_outcomes.ipynb")
PROCESSOR_TIME = "import time; print(time.process_time())"


def first_figure() -> tuple[float, float]:
    """Return seconds to the first picture of the notebook and the processor time of the kernel by then."""
    manager = KernelManager(kernel_name="python3")
    began = time.perf_counter()
    manager.start_kernel(cwd=str(NOTEBOOK.parent))
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
            if cell.cell_type != "code":
                continue
            seen: list[float] = []

            def look(message: dict, seen: list[float] = seen) -> None:
                if any(kind.startswith("image/") for kind in message["content"].get("data", {})):
                    seen.append(time.perf_counter())

            reply = client.execute_interactive(cell.source, output_hook=look, timeout=120)
            if reply["content"]["status"] != "ok":
                raise SystemExit(reply["content"]["evalue"])
            if seen:
                printed: list[str] = []
                client.execute_interactive(PROCESSOR_TIME, output_hook=lambda m: printed.append(m["content"].get("text", "")))
                return seen[0] - began, float("".join(printed))
        raise SystemExit(f"{NOTEBOOK} showed no picture")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    starts = [first_figure() for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 3)]
    waited, used = (median(each) for each in zip(*starts, strict=True))
    print(f"first figure after {waited:.1f} s; processor time of the kernel {used:.1f} s ({len(starts)} cold starts)")
