"""The measure of growth (benchmarks/growth.py) sees a square of the number of children, and lets a line pass."""

from pathlib import Path

import numpy as np

from benchmarks.growth import LARGE, SMALL, profiled, too_steep


def lines(children: int) -> None:
    for _ in range(children):
        np.add.reduce(np.ones(10_000), axis=None)


def pairs(children: int) -> None:
    lines(children * children // 1_500)


def test_a_square_is_seen_and_a_line_is_not():
    for work, seen in ((lines, False), (pairs, True)):
        small, large = (
            profiled(lambda work=work, size=size: work(size), Path(__file__).parent) for size in (SMALL, LARGE)
        )
        small, large = ({f"step {n}": t for n, t in found.items()} for found in (small, large))
        assert ("step test_growth.lines" in too_steep(small, large)) == seen
