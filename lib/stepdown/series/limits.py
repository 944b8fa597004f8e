"""Control charts: centre and limits by the kind of data, and the points that chance alone seldom gives.

Which chart is used follows from the data and never from taste: a measurement, or a count without a denominator, XmR
with the rules of NHS Making Data Count; parts of a whole p, a count with an exposure u, both with Laney's correction;
fewer than about five events a period exact Poisson limits; rarer still the time between events (t) or the cases
between them (g).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FEWEST_POINTS = 12
"""Points that limits need; with fewer a series is drawn without them."""

RUN = 7
"""Points on one side of the centre, or steps in one direction, that count as special."""

Baseline = int | slice | None
"""Points that centre and limits rest on: so many of the first, a stretch, or (None) all."""


def _within(baseline: Baseline) -> slice:
    return baseline if isinstance(baseline, slice) else slice(baseline)


@dataclass(frozen=True, slots=True)
class Limits:
    """A control chart of n points.

    y: (n,) what is drawn.  centre, lower, upper: (n,).  chart: its name.
    """

    chart: str
    y: Floats
    centre: Floats
    lower: Floats
    upper: Floats


def xmr(y: ArrayLike, baseline: Baseline = None) -> Limits:
    """Return the XmR chart: mean ± 2.66 average moving ranges, ranges of 3.267 averages or more dropped once.

    baseline: as in :data:`Baseline`. As NHS England's Making Data Count.
    """
    values = np.asarray(y, dtype=np.float64)
    base = values[_within(baseline)]
    ranges = np.abs(np.diff(base))
    kept = ranges[ranges < 3.267 * ranges.mean()] if len(ranges) and ranges.mean() > 0 else ranges
    reach = 2.66 * kept.mean() if len(kept) else 0.0
    centre = np.full(len(values), base.mean())
    return Limits("XmR", values, centre, centre - reach, centre + reach)


def proportions(part: ArrayLike, whole: ArrayLike, baseline: Baseline = None, laney: bool = True) -> Limits:
    """Return the p chart of parts of a whole, or with ``laney`` the p' chart (Laney 2002, doi 10.1081/QEN-120006555).

    With wholes in the thousands plain limits leave nearly every point outside: what varies is then more than sampling.
    """
    r, n = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    y = r / n
    centre = r[_within(baseline)].sum() / n[_within(baseline)].sum()
    sigma = np.sqrt(centre * (1 - centre) / n)
    return _three_sigma("p", y, centre, sigma, baseline, laney, highest=1.0)


def rates(count: ArrayLike, exposure: ArrayLike, baseline: Baseline = None, laney: bool = True) -> Limits:
    """Return the u chart of counts over an exposure, with ``laney`` the u' chart; with exposure 1 it is a c chart."""
    x, e = np.asarray(count, dtype=np.float64), np.asarray(exposure, dtype=np.float64)
    y = x / e
    centre = x[_within(baseline)].sum() / e[_within(baseline)].sum()
    return _three_sigma("u", y, centre, np.sqrt(centre / e), baseline, laney)


def _three_sigma(
    chart: str, y: Floats, centre: float, sigma: Floats, baseline: Baseline, laney: bool, highest: float = np.inf
) -> Limits:
    if laney:
        z = (y - centre) / np.where(sigma > 0, sigma, 1.0)
        between = (
            np.abs(np.diff(z[_within(baseline)])).mean() / 1.128
        )  # spread of z from point to point; 1: sampling alone
        sigma = sigma * between
        chart += "'"
    middle = np.full(len(y), centre)
    return Limits(chart, y, middle, np.maximum(middle - 3 * sigma, 0.0), np.minimum(middle + 3 * sigma, highest))


def rare_counts(count: ArrayLike, baseline: Baseline = None) -> Limits:
    """Return the c chart of few events a period with exact Poisson limits, as far out as three standard errors."""
    x = np.asarray(count, dtype=np.float64)
    mean = x[_within(baseline)].mean()
    tail = stats.norm.sf(3)
    centre = np.full(len(x), mean)
    low, high = stats.poisson.ppf(tail, mean), stats.poisson.ppf(1 - tail, mean)
    return Limits("c", x, centre, np.full(len(x), max(low, 0.0)), np.full(len(x), high))


def cases_between(cases: ArrayLike) -> Limits:
    """Return the g chart of cases between rare events: the line is the median, the limits rest on the mean."""
    y = np.asarray(cases, dtype=np.float64)
    mean = y.mean()
    reach = 3 * np.sqrt(mean * (mean + 1))
    full = np.ones(len(y))
    return Limits("g", y, full * np.median(y), full * max(mean - reach, 0.0), full * (mean + reach))


def days_between(days: ArrayLike) -> Limits:
    """Return the t chart of days between rare events: XmR on days^(1/3.6) (Nelson 1994), brought back to days."""
    scaled = xmr(np.asarray(days, dtype=np.float64) ** (1 / 3.6))
    back = [np.maximum(values, 0.0) ** 3.6 for values in (scaled.y, scaled.centre, scaled.lower, scaled.upper)]
    return Limits("t", *back)


def special(chart: Limits) -> list[str]:
    """Return for each point why it is special, "" for common cause: outside, trend, near the limits, shift.

    outside: beyond a limit.  trend: one of seven points that each rise or each fall.  near: one of two in three points
    beyond two thirds of the way to the same limit, all three on the same side.  shift: one of seven on one side of the
    centre. A point has the first of them that holds, as NHS Making Data Count has it.
    """
    n, rounding = len(chart.y), 1e-9 * np.abs(chart.y)  # the mean of equal values is not that value to the last bit
    y = np.where(np.abs(chart.y - chart.centre) <= rounding, chart.centre, chart.y)
    out = (y > chart.upper + rounding) | (y < chart.lower - rounding)
    side = np.sign(y - chart.centre)
    shift = _runs(side)
    trend = _trend(y)
    near = _two_of_three(replace(chart, y=y), side, out)
    words = (("outside", out), ("trend", trend), ("near", near), ("shift", shift))
    return [next((word for word, found in words if found[i]), "") for i in range(n)]


def _runs(side: Floats) -> Bools:
    found = np.zeros(len(side), dtype=bool)
    start = 0
    for i in range(1, len(side) + 1):
        if i == len(side) or side[i] != side[start]:
            if i - start >= RUN and side[start] != 0:
                found[start:i] = True
            start = i
    return found


def _trend(y: Floats) -> Bools:
    """Return the points of runs of seven that each rise or each fall (six steps in one direction)."""
    found = np.zeros(len(y), dtype=bool)
    steps = np.sign(np.diff(y))
    for i in range(len(y) - RUN + 1):
        window = steps[i : i + RUN - 1]
        if window[0] != 0 and (window == window[0]).all():
            found[i : i + RUN] = True
    return found


def _two_of_three(chart: Limits, side: Floats, out: Bools) -> Bools:
    high = (chart.y > chart.centre + (chart.upper - chart.centre) * 2 / 3) & ~out
    low = (chart.y < chart.centre - (chart.centre - chart.lower) * 2 / 3) & ~out
    found = np.zeros(len(side), dtype=bool)
    for i in range(len(side) - 2):
        three = slice(i, i + 3)
        if (side[three] == side[i]).all():
            for beyond in (high[three], low[three]):
                if beyond.sum() >= 2:
                    found[three] |= beyond
    return found


def better_or_worse(reasons: Sequence[str], chart: Limits, better: str) -> str:
    """Return what the latest point says: "common cause", or a special cause for better, for worse, or either way."""
    if not reasons or not reasons[-1]:
        return "common cause"
    if better == "neither":
        return "special cause"
    up = chart.y[-1] > chart.centre[-1]
    if reasons[-1] == "trend":
        up = chart.y[-1] > chart.y[-2]
    return "special cause, improving" if up == (better == "higher") else "special cause, worsening"


def assurance(chart: Limits, target: float, better: str) -> str:
    """Return whether chance alone decides if a target is met: "met as a rule", "missed as a rule", "met by chance"."""
    low, high = chart.lower[-1], chart.upper[-1]
    if better == "higher":
        return "met as a rule" if low >= target else "missed as a rule" if high < target else "met or missed by chance"
    return "met as a rule" if high <= target else "missed as a rule" if low > target else "met or missed by chance"
