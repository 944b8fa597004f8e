"""The cells of notebooks as plain Python: what they work out, without what a run does around it.

python -m benchmarks.cells params/slough_ifp.yaml study 1_cohort_profile    # prints the seconds inside the cells
"""

from __future__ import annotations

import ast
import os
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as the workers of a run have it, before numpy is loaded

import nbformat
from stepdown.show import Figure

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ("0_data_quality", "1_cohort_profile", "3_statutory_outcomes", "4_cost_benefit")
"""Those that grow with the number of children."""


def _not_laid_out(fig, axes, *, title: str, alt: str) -> Figure:
    return Figure(fig=fig, alt=alt, title=title)


def do(params: str, names: Sequence[str], parameter: str = "study") -> dict[str, float]:
    """Do what the cells of notebooks do; return the processor seconds of this thread in each of their statements.

    Charts are not laid out or saved: they do not grow.
    """
    taken: dict[str, float] = defaultdict(float)
    chart = mock.patch("stepdown.workbook.Book.chart")
    with mock.patch("IPython.display.display"), chart, mock.patch("stepdown.show.style.finished", _not_laid_out):
        for name in names:
            space = {"__name__": "__main__"}
            for cell in nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4).cells:
                for statement in ast.parse(cell.source).body if cell.cell_type == "code" else ():
                    work = compile(ast.Module([statement], []), f"cell of {name}", "exec")
                    begun = time.thread_time()
                    exec(work, space)
                    taken[f"{name}: {ast.unparse(statement)}"] += time.thread_time() - begun
                if "parameters" in cell.metadata.get("tags", []):
                    space[parameter] = params
    return taken


if __name__ == "__main__":
    begun = time.process_time()
    do(sys.argv[1], sys.argv[3:], sys.argv[2])
    print(time.process_time() - begun)
