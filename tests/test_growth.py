"""No step of the notebooks for statuses and costs grows faster than the number of children; and a square is seen."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.growth import MOST, SIZES, exponents


@pytest.mark.parametrize(("power", "seen"), [(1.0, False), (1.1, False), (1.3, True), (2.0, True)])
def test_growth_is_told_from_what_every_study_takes(power, seen):
    taken = [{"step": 0.4 + 2.0 * (size / SIZES[-1]) ** power} for size in SIZES]
    assert (exponents(SIZES, taken)["step"] > MOST) == seen


def test_no_step_grows_faster_than_the_children():
    """Judge: a clock. Processor time of each statement of notebooks 0, 1, 3 and 4 at three sizes, in one process."""
    words = [sys.executable, "-m", "benchmarks.growth"]
    done = subprocess.run(words, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    assert done.stdout.count("3_statutory_outcomes") >= 3, done.stderr  # long enough to be told
    assert done.returncode == 0, done.stdout
