"""Intervals of a published count, the ratio of two years, and the funnel of all authorities.

They treat the children of an authority as independent of each other. Siblings, thresholds and policy make them too
narrow, so no claim about one council rests on them: see :mod:`stepdown.areas.comparing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]
LEVEL = 0.95
FUNNEL_TAIL = 0.001
"""Share beyond each outer limit of a funnel: 99.8% lie between them."""


def count_interval(count: ArrayLike, how: Literal["exact", "byar"] = "exact") -> tuple[Floats, Floats]:
    """Return the 95% limits of Poisson counts (arrays of any shape; NaN where the count is missing).

    exact: Garwood (1936), as R's poisson.test.  byar: Byar's approximation, as in public health practice
    (Breslow and Day 1987, volume II, page 69), for counts of 10 or more; below that the exact limits.

    >>> low, high = count_interval([1253])
    >>> [round(float(x[0]), 1) for x in (low, high)]
    [1184.6, 1324.3]
    """
    x = np.asarray(count, dtype=np.float64)
    tail = (1 - LEVEL) / 2
    low = np.where(x > 0, stats.chi2.ppf(tail, 2 * np.where(x > 0, x, 1)) / 2, 0.0)
    high = stats.chi2.ppf(1 - tail, 2 * (x + 1)) / 2
    if how == "byar":
        b_low, b_high = _byar(x)
        low, high = np.where(x >= 10, b_low, low), np.where(x >= 10, b_high, high)
    return np.where(np.isnan(x), np.nan, low), np.where(np.isnan(x), np.nan, high)


def _byar(x: Floats) -> tuple[Floats, Floats]:
    z = stats.norm.ppf((1 + LEVEL) / 2)
    safe = np.where(x > 0, x, 1.0)
    low = x * (1 - 1 / (9 * safe) - z / (3 * np.sqrt(safe))) ** 3
    return low, (x + 1) * (1 - 1 / (9 * (x + 1)) + z / (3 * np.sqrt(x + 1))) ** 3


@dataclass(frozen=True, slots=True)
class Ratio:
    """Rate of a later year over that of an earlier one, with exact 95% limits and two-sided p value."""

    ratio: float
    low: float
    high: float
    p: float


def ratio_of_years(earlier: tuple[float, float], later: tuple[float, float]) -> Ratio:
    """Return the ratio of two years' rates, each given as (count, population), as if children were independent.

    Conditional on the total the later count is binomial, which gives exact limits (as R's poisson.test of two counts).
    Raises ValueError when both counts are 0: there is no ratio.

    >>> leeds = ratio_of_years((1373, 156568), (1253, 164634))
    >>> round(leeds.ratio, 3), round(leeds.p, 4)
    (0.868, 0.0003)
    """
    (x0, n0), (x1, n1) = earlier, later
    if x0 + x1 <= 0:
        raise ValueError("a ratio of two years needs at least one count above 0")
    share = n1 / (n0 + n1)
    test = stats.binomtest(int(x1), int(x0 + x1), share)
    limits = test.proportion_ci(LEVEL, method="exact")
    low, high = (p / (1 - p) * n0 / n1 if p < 1 else float("inf") for p in (limits.low, limits.high))
    return Ratio(x1 / n1 / (x0 / n0) if x0 else float("inf"), low, high, float(test.pvalue))


@dataclass(frozen=True, slots=True)
class Funnel:
    """All authorities' rates of one year against the rate of all of them together.

    rate: of all together, per person.  z: (n,) square-root z score of each authority.  dispersion: mean of the
    winsorised z²; about 1 where only chance in the counts sets authorities apart.  outside_plain: (n,) whether the
    count lies outside the 99.8% limits of a Poisson count.
    """

    rate: float
    z: Floats
    dispersion: float
    outside_plain: NDArray[np.bool_]

    @property
    def adjusted(self) -> Floats:
        """Z scores with limits widened for what sets authorities apart besides chance."""
        return self.z / np.sqrt(max(self.dispersion, 1.0))

    @property
    def outside(self) -> NDArray[np.bool_]:
        """Whether each authority lies outside the widened 99.8% limits (n,)."""
        return np.abs(self.adjusted) > stats.norm.ppf(1 - FUNNEL_TAIL)


def funnel(count: ArrayLike, population: ArrayLike, winsorised: float = 0.1) -> Funnel:
    """Return the funnel of n authorities (Spiegelhalter 2005, doi 10.1002/sim.1970: overdispersed, multiplicative).

    Plain Poisson limits leave most authorities outside, because councils differ in need and practice; the dispersion
    is estimated with the outermost ``winsorised`` share at each end drawn in.
    """
    x, n = np.asarray(count, dtype=np.float64), np.asarray(population, dtype=np.float64)
    rate = x.sum() / n.sum()
    z = 2 * (np.sqrt(x) - np.sqrt(rate * n))
    inner = np.clip(z, *np.quantile(z, [winsorised, 1 - winsorised]))
    plain = stats.poisson.ppf([[FUNNEL_TAIL], [1 - FUNNEL_TAIL]], rate * n)
    return Funnel(float(rate), z, float(np.mean(inner**2)), (x < plain[0]) | (x > plain[1]))
