"""Which numbers of files off the scale fit the coefficients of agreement of two reviewers, as they are printed.

Gwet's AC1 tells the sum of squares of how often each answer was given, AC2 the same on the scale no < partial < yes.
All ways in which two reviewers can share out their answers are gone through.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from attacker.reading import Row, half_unit, number

DISTANT = {"linear": 0.5, "quadratic": 0.75}


def off_scale_range(row: Row) -> tuple[int, int] | None:
    """Return the least and most files off the scale that fit a row of ``agreement``; None where nothing can be told."""
    files, raters = number(row.get("files")), number(row.get("raters"))
    if files is None or raters != 2 or number(row.get("ac1")) is None and number(row.get("ac2")) is None:
        return None
    size = int(files)
    by_all = _by_all_answers(row, size)
    left = [k for k in range(size) if k in by_all and any(_fits_scale(row, size - k, w) for w in DISTANT.values())]
    return (left[0], left[-1]) if left else None


def _by_all_answers(row: Row, size: int) -> set[int]:
    """Return the numbers of files off the scale that AC1 and the raw agreement leave open."""
    agree, ac1 = number(row.get("agreement")), number(row.get("ac1"))
    if agree is None or ac1 is None:
        return set(range(size + 1))
    same = [k for k in range(size + 1) if abs(k / size - agree) <= half_unit(row["agreement"])]
    apart = number(row.get("apart"))
    same = [k for k in same if apart is None or size - k == int(apart)]
    shares = np.array([s for s in product(range(2 * size + 1), repeat=3) if sum(s) <= 2 * size])
    off = 2 * size - shares.sum(axis=1)
    p = np.column_stack([shares, off]) / (2 * size)
    chance = (p * (1 - p)).sum(axis=1) / 3
    found: set[int] = set()
    for k in same:
        value = (k / size - chance) / (1 - chance)
        times_off = np.unique(off[np.abs(value - ac1) <= half_unit(row["ac1"])])
        for times in times_off:  # both say so, or one of them: at most as many as they differ on
            found |= {n for n in range(-(-int(times) // 2), int(times) + 1) if 2 * n - times <= size - k}
    return found


def _fits_scale(row: Row, files: int, near: float) -> bool:
    """Return whether AC2 can be as printed with so many files on the scale."""
    ac2 = number(row.get("ac2"))
    if ac2 is None or not files:
        return True
    shares = np.array([s for s in product(range(2 * files + 1), repeat=2) if sum(s) <= 2 * files])
    p = np.column_stack([shares, 2 * files - shares.sum(axis=1)]) / (2 * files)
    weights = 3 + 4 * near
    chance = weights / 6 * (p * (1 - p)).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        for far, close in product(range(files + 1), repeat=2):
            if far + close <= files:
                agree = (files - far - close + near * close) / files
                if np.any(np.abs((agree - chance) / (1 - chance) - ac2) <= half_unit(row["ac2"])):
                    return True
    return False
