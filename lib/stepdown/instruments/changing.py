"""Change between entry and exit: intervals, reliable change, and what those not seen again could do to it."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from stepdown.numbers import beyond_rounding
from stepdown.params.scoring import Norm, Reliability

Floats = NDArray[np.float64]
NAN = float("nan")
RELIABLE = 1.96
"""Standard errors of a difference beyond which a change is called reliable (Jacobson and Truax 1991)."""


@dataclass(frozen=True, slots=True)
class Change:
    """Exit minus entry of those measured both times.

    n: people.  entry, exit, mean, sd: means, and mean and spread of the change.  low, high: interval of the mean change
    by t.  srm: standardised response mean (mean ÷ sd).  p: of no change, by t; of a yes/no question by McNemar's exact
    test.
    """

    n: int
    entry: float
    exit: float
    mean: float
    sd: float
    low: float
    high: float
    srm: float
    p: float


def change(entry: Floats, exit: Floats, level: float, *, yes_no: bool = False) -> Change:
    """Return the change of paired scores; an interval needs two people who changed differently."""
    from scipy import stats

    entry, exit = np.asarray(entry, dtype=np.float64), np.asarray(exit, dtype=np.float64)
    moved, n = exit - entry, len(entry)
    if not n:
        return Change(0, *[NAN] * 8)
    mean, sd = float(moved.mean()), beyond_rounding(float(moved.std(ddof=1)), [entry, exit]) if n > 1 else NAN
    half = float(stats.t.ppf((1 + level) / 2, n - 1)) * sd / sqrt(n) if sd > 0 else NAN
    if yes_no:
        up, down = int((moved > 0).sum()), int((moved < 0).sum())
        p = float(stats.binomtest(up, up + down).pvalue) if up + down else 1.0
    else:
        p = float(2 * stats.t.sf(abs(mean) / (sd / sqrt(n)), n - 1)) if sd > 0 else NAN
    srm = mean / sd if sd > 0 else NAN
    return Change(n, float(entry.mean()), float(exit.mean()), mean, sd, mean - half, mean + half, srm, p)


@dataclass(frozen=True, slots=True)
class ReliableChange:
    """Jacobson and Truax (1991). se: of one measurement.  s_diff: of a difference.  points: least reliable change."""

    se: float
    s_diff: float
    points: float


def reliable_change(row: Reliability) -> ReliableChange:
    """Return how large a change must be to be more than the questionnaire's own error."""
    se = row.sd * sqrt(1 - row.reliability)
    return ReliableChange(se, se * sqrt(2), RELIABLE * se * sqrt(2))


def cut_offs(dysfunctional: Norm, functional: Norm) -> tuple[float, float, float]:
    """Return the cut-offs a, b and c between people with and without a difficulty (Jacobson and Truax 1991).

    a: two standard deviations from the first towards the second.  b: two from the second towards the first.
    c: where a score is as far from one as from the other in their own standard deviations.
    """
    (with_, sd_with), (without, sd_without) = dysfunctional, functional
    way = 1 if without > with_ else -1
    middle = (sd_with * without + sd_without * with_) / (sd_with + sd_without)
    return with_ + way * 2 * sd_with, without - way * 2 * sd_without, middle


def bounds(moved: Floats, lost: Floats, ends: tuple[float, float]) -> dict[str, float]:
    """Return the mean change of all, by what is assumed of those not seen again.

    moved: change of those measured both times.  lost: entry scores of the others.  ends: worst and best end of the
    scale.  Keys: complete_case (the others left out), no_change, worst, best (each at that end of the scale).
    """
    everybody = len(moved) + len(lost)
    if not len(moved):
        return dict.fromkeys(("complete_case", "no_change", "worst", "best"), NAN)
    worst, best = ((end - lost).sum() for end in ends)
    return {
        "complete_case": float(moved.mean()),
        "no_change": float(moved.sum() / everybody),
        "worst": float((moved.sum() + worst) / everybody),
        "best": float((moved.sum() + best) / everybody),
    }


def better_shares(better: int, seen: int, lost: int) -> dict[str, float]:
    """Return the share that is better: of those seen, and of all if nobody lost is better, or everybody."""
    everybody = seen + lost
    return {
        "complete_case": better / seen if seen else NAN,
        "worst": better / everybody if everybody else NAN,
        "best": (better + lost) / everybody if everybody else NAN,
    }


def difference(first: Floats, second: Floats, level: float) -> tuple[float, float, float]:
    """Return the difference of two means, second minus first, with Welch's interval (NaN where one has under two)."""
    from scipy import stats

    sizes = np.array([len(first), len(second)])
    if sizes.min() < 2:
        return NAN, NAN, NAN
    of_mean = np.array([beyond_rounding(own.std(ddof=1), own) ** 2 for own in (first, second)]) / sizes
    apart, variance = float(second.mean() - first.mean()), float(of_mean.sum())
    if not variance:
        return apart, NAN, NAN
    df = variance**2 / (of_mean**2 / (sizes - 1)).sum()
    half = float(stats.t.ppf((1 + level) / 2, df)) * sqrt(variance)
    return apart, apart - half, apart + half
