"""Two samples of ordered answers (no < partial < yes): an exact rank test with ties, and how often one is higher."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np


@dataclass(frozen=True, slots=True)
class OrderedContrast:
    """A contrast of two ordered samples.

    p_exact: two-sided exact Mann–Whitney p value with ties.  superiority: P(later > earlier) + ½ P(equal), from
    0 to 1, ½ for no difference.  low, high: Brunner–Munzel's interval for it (NaN where it has no variance).
    """

    p_exact: float
    superiority: float
    low: float
    high: float


def contrast(later: Sequence[int], earlier: Sequence[int], confidence: float) -> OrderedContrast:
    """Return the contrast of two ordered samples; counts by category, from lowest to highest.

    later, earlier: number of files in each category (no, partial, yes). Same length.
    """
    if not sum(later) or not sum(earlier):
        return OrderedContrast(*[float("nan")] * 4)
    return OrderedContrast(
        exact_mann_whitney(later, earlier), superiority(later, earlier), *brunner_munzel(later, earlier, confidence)
    )


def superiority(later: Sequence[int], earlier: Sequence[int]) -> float:
    """Return the share of (later, earlier) pairs in which the later file is higher, a tie counting half."""
    below = np.concatenate([[0], np.cumsum(earlier)[:-1]])
    wins = np.dot(later, below) + np.dot(later, earlier) / 2
    return float(wins / (sum(later) * sum(earlier)))


def exact_mann_whitney(later: Sequence[int], earlier: Sequence[int]) -> float:
    """Return the two-sided p value of the Mann–Whitney test from its exact distribution given the ties.

    Every way of choosing which files are "later" is as likely under no difference. The p value is the share of
    ways in which the rank sum lies at least as far from its mean as the one observed. scipy's
    ``mannwhitneyu(method="exact")`` leaves ties out of account, so it is not used.
    """
    totals = [a + b for a, b in zip(later, earlier, strict=True)]
    n, total = sum(later), sum(totals)
    doubled = [2 * sum(totals[:k]) + totals[k] + 1 for k in range(len(totals))]  # twice the mid-rank
    ways: dict[tuple[int, int], int] = {(0, 0): 1}
    for size, rank in zip(totals, doubled, strict=True):
        grown: dict[tuple[int, int], int] = {}
        for (drawn, rank_sum), count in ways.items():
            for taken in range(min(size, n - drawn) + 1):
                key = (drawn + taken, rank_sum + taken * rank)
                grown[key] = grown.get(key, 0) + count * comb(size, taken)
        ways = grown
    middle = n * (total + 1)
    observed = sum(count * rank for count, rank in zip(later, doubled, strict=True))
    as_far = sum(
        count for (drawn, s), count in ways.items() if drawn == n and abs(s - middle) >= abs(observed - middle)
    )
    return as_far / comb(total, n)


def brunner_munzel(later: Sequence[int], earlier: Sequence[int], confidence: float) -> tuple[float, float]:
    """Return Brunner and Munzel's interval for the superiority, kept within 0 and 1.

    Brunner & Munzel (2000), Biometrical Journal 42:17-25. (NaN, NaN) where either sample has fewer than two files
    or the samples do not overlap: the interval then has no variance to stand on.
    """
    from statsmodels.stats.nonparametric import rank_compare_2indep

    if sum(later) < 2 or sum(earlier) < 2:
        return float("nan"), float("nan")
    samples = [np.repeat(np.arange(len(counts)), counts) for counts in (later, earlier)]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        result = rank_compare_2indep(*samples)
        low, high = result.conf_int(alpha=1 - confidence)
    if not np.isfinite([low, high]).all() or low == high:
        return float("nan"), float("nan")
    return max(0.0, float(low)), min(1.0, float(high))
