"""The cells of notebooks as plain Python: what they work out, without what a run does around it.

python -m benchmarks.cells params/slough_ifp.yaml study 1_cohort_profile    # prints the seconds inside the cells
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

import nbformat
from stepdown.show import Figure

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ("0_data_quality", "1_cohort_profile", "3_statutory_outcomes", "4_cost_benefit")
"""Those that grow with the number of children."""


def _not_laid_out(fig, axes, *, title: str, alt: str) -> Figure:
    return Figure(fig=fig, alt=alt, title=title)


def do(params: str, names: Sequence[str], parameter: str = "study") -> None:
    """Do what the cells of notebooks do; charts are not drawn, they do not grow."""
    chart = mock.patch("stepdown.workbook.Book.chart")
    with mock.patch("IPython.display.display"), chart, mock.patch("stepdown.show.style.finished", _not_laid_out):
        for name in names:
            space = {"__name__": "__main__"}
            for cell in nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4).cells:
                if cell.cell_type == "code":
                    exec(compile(cell.source, f"cell of {name}", "exec"), space)
                    if "parameters" in cell.metadata.get("tags", []):
                        space[parameter] = params


if __name__ == "__main__":
    begun = time.process_time()
    do(sys.argv[1], sys.argv[3:], sys.argv[2])
    print(time.process_time() - begun)
