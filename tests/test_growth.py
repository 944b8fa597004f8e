"""No step of a notebook grows faster than the number of children, so that England is a hundred Sloughs and no more."""

from __future__ import annotations

import cProfile
import math
import pstats
import time
from pathlib import Path
from unittest import mock

import nbformat
import numpy as np
import pytest
from stepdown.workbook import Book

from benchmarks.whole_study import NOTEBOOKS, ROOT, study_of

SMALL, LARGE = 3_000, 24_000
LIBRARY = str(ROOT / "lib" / "stepdown")
MOST_OF_A_STEP = 1.15
MOST_INSIDE = 1.5  # a small function's own growth: memory that no longer fits the cache adds to it, a square doubles it
SECONDS_THAT_COUNT = 0.2


def profiled(work) -> dict[str, float]:
    """Return the processor time of each function of the library, "step " before those that a notebook calls."""
    profile = cProfile.Profile(time.process_time)
    profile.runcall(work)
    found: dict[str, float] = {}
    for (file, _, name), (*_, taken, callers) in pstats.Stats(profile).stats.items():
        if file.startswith(LIBRARY):
            asked = any(Path(by[0]).name.startswith("cell of") or "sections" in by[0] for by in callers)
            found[f"{'step ' * asked}{Path(file).stem}.{name}"] = taken
    return found


def notebooks_of(params):
    """Do what the cells of notebooks 0, 1, 3 and 4 do; charts are not drawn, they do not grow."""
    with mock.patch("IPython.display.display"), mock.patch.object(Book, "chart"):
        for name in NOTEBOOKS:
            space = {"__name__": "__main__"}
            for cell in nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4).cells:
                if cell.cell_type == "code":
                    exec(compile(cell.source, f"cell of {name}", "exec"), space)
                    if "parameters" in cell.metadata.get("tags", []):
                        space |= {"study": str(params)}


def too_steep(small: dict[str, float], large: dict[str, float]) -> dict[str, float]:
    """Return the exponent of each function that grows faster than it may."""
    steep = {}
    for name, taken in large.items():
        power = math.log(taken / small[name]) / math.log(LARGE / SMALL) if small.get(name) else 0.0
        if taken > SECONDS_THAT_COUNT and power > (MOST_OF_A_STEP if name.startswith("step ") else MOST_INSIDE):
            steep[name] = round(power, 2)
    return steep


@pytest.mark.slow
def test_every_step_grows_no_faster_than_the_number_of_children(tmp_path, monkeypatch):
    """Judge: processor time at two sizes. What looks too steep is measured again, for the least of both."""
    monkeypatch.chdir(ROOT)
    small, large = (study_of(size, tmp_path / str(size)) for size in (SMALL, LARGE))
    notebooks_of(ROOT / "params" / "millbrook.yaml")  # what is imported or kept at first use is no growth
    least = [profiled(lambda study=study: notebooks_of(study)) for study in (small, large)]
    assert sum(name.startswith("step ") for name in least[1]) > 40
    if too_steep(*least):
        again = [profiled(lambda study=study: notebooks_of(study)) for study in (small, large)]
        least = [{n: min(t, new.get(n, t)) for n, t in old.items()} for old, new in zip(least, again, strict=True)]
    assert not too_steep(*least)


def test_a_quadratic_function_is_seen_beside_what_does_not_grow(monkeypatch):
    """The test of the test: pairs of children, in a step that takes its time whatever the size."""

    def pairs(children: int) -> None:
        np.add.reduce(np.ones((2_000, 10_000)), axis=None)
        for _ in range(children // 100):
            np.add.reduce(np.ones(children * 100), axis=None)

    monkeypatch.setattr("test_growth.LIBRARY", str(Path(__file__).parent))
    small, large = (profiled(lambda size=size: pairs(size)) for size in (SMALL, LARGE))
    assert "test_growth.pairs" in too_steep(small, large)
