"""Shares of children when brothers and sisters go together: a group counts as the number of children that it is worth.

The correlation within families is estimated from both groups together (analysis of variance; Donner & Klar 2000,
chapter 1), each group's number is divided by its design effect (Rao & Scott 1992, doi 10.2307/2532311), and the
interval of that many independent children is taken with Student's t on (families - 2) degrees of freedom. With one
child a family this is Newcombe's interval and Fisher's test as they stand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from stepdown.effects.comparison import Bools, Floats, Integers
from stepdown.effects.estimates import NAN
from stepdown.proportions import clopper_pearson, fisher, newcombe

FEWEST_FAMILIES = 5
"""Fewer families than this in a group and a share of it has no interval and no test."""

TOO_FEW = f"no interval: fewer than {FEWEST_FAMILIES} families in a group"
ONE_CHILD_EACH = "Newcombe"
SIBLINGS = "siblings taken together, Newcombe"


@dataclass(frozen=True, slots=True)
class Shares:
    """Which of the n children of one group had it.  had: bool (n,), or how much.  family: whole numbers (n,)."""

    had: Bools | Floats
    family: Integers

    @property
    def sizes(self) -> Integers:
        """Children in each family."""
        return np.unique(self.family, return_counts=True)[1]

    @property
    def share(self) -> float:
        """Share of the children who had it; NaN for no child."""
        return float(self.had.mean()) if len(self.had) else NAN

    def worth(self, correlation: float) -> float:
        """Return the number of independent children that the group is worth."""
        largest = float((self.sizes**2).sum() / max(len(self.had), 1))
        return len(self.had) / (1 + (largest - 1) * correlation)


@dataclass(frozen=True, slots=True)
class RiskDifference:
    """Two shares and their difference, first minus second.

    ci_low, ci_high: Newcombe's hybrid score interval (1998, method 10), which is the statement of uncertainty.
    p_value: Fisher's exact test, two-sided, as a footnote; it can disagree with the interval at the edge. With
    siblings Rao and Scott's test.
    first_low … second_high: Clopper-Pearson exact intervals of the two shares (Korn & Graubard 1998 with siblings).
    method: how, or why there is none.
    """

    difference: float
    ci_low: float
    ci_high: float
    p_value: float
    first_low: float
    first_high: float
    second_low: float
    second_high: float
    method: str = ONE_CHILD_EACH


def risk_difference(first: tuple[int, int], second: tuple[int, int], *, level: float = 0.95) -> RiskDifference:
    """Return the difference between two shares of independent children, each (children with it, children in all)."""
    (a, n), (b, m) = first, second
    ends = (*newcombe(first, second, level), fisher(first, second))
    return RiskDifference(a / n - b / m, *ends, *clopper_pearson(a, n, level), *clopper_pearson(b, m, level))


def family_risk_difference(first: Shares, second: Shares, *, level: float = 0.95) -> RiskDifference:
    """Return the difference between two shares, children of one family taken together.

    Fewer than FEWEST_FAMILIES in a group: no interval and no test, and ``method`` says so.
    """
    difference = first.share - second.share
    if min(len(first.sizes), len(second.sizes)) < FEWEST_FAMILIES:
        return RiskDifference(difference, NAN, NAN, NAN, NAN, NAN, NAN, NAN, TOO_FEW)
    if max(first.sizes.max(), second.sizes.max()) == 1:
        counts = [(int(arm.had.sum()), len(arm.had)) for arm in (first, second)]
        return risk_difference(counts[0], counts[1], level=level)
    correlation = correlation_within(first, second)
    df = len(first.sizes) + len(second.sizes) - 2
    reach = float(stats.t.ppf(0.5 + level / 2, df))
    n, m = first.worth(correlation), second.worth(correlation)
    p, q = first.share, second.share
    (p_low, p_high), (q_low, q_high) = score_interval(p, n, reach), score_interval(q, m, reach)
    pooled = (p * n + q * m) / (n + m)
    spread = float(np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m)))
    return RiskDifference(
        difference,
        max(-1.0, difference - float(np.hypot(p - p_low, q_high - q))),
        min(1.0, difference + float(np.hypot(p_high - p, q - q_low))),
        float(2 * stats.t.sf(abs(difference) / spread, df)) if spread > 0 else 1.0,
        *clopper_pearson(p * n, n, level),
        *clopper_pearson(q * m, m, level),
        method=SIBLINGS,
    )


def correlation_within(*groups: Shares) -> float:
    """Return the correlation within families, 0 to 1; 1 where every child or no child had it, since nothing shows it.

    Groups in which no family has two children give 0: then there is nothing to correlate.
    """
    between = within = df_between = df_within = spare = 0.0
    for group in groups:
        place = np.unique(group.family, return_inverse=True)[1]
        size = np.bincount(place).astype(np.float64)
        had = np.bincount(place, weights=group.had)
        between += float((size * (had / size - group.share) ** 2).sum())
        within += float((group.had.astype(np.float64) ** 2).sum() - (had**2 / size).sum())
        df_between, df_within = df_between + len(size) - 1, df_within + size.sum() - len(size)
        spare += float(size.sum() - (size**2).sum() / size.sum()) if len(size) else 0.0
    if df_within == 0:
        return 0.0
    if df_between == 0 or between + within <= 0:
        return 1.0
    typical, mean_between, mean_within = spare / df_between, between / df_between, within / df_within
    return float(np.clip((mean_between - mean_within) / (mean_between + (typical - 1) * mean_within), 0, 1))


def share_interval(group: Shares, *, level: float = 0.95) -> tuple[float, float]:
    """Return Wilson's interval of one share, children of one family taken together; NaN below FEWEST_FAMILIES."""
    families = len(group.sizes)
    if families < FEWEST_FAMILIES:
        return NAN, NAN
    reach = stats.norm.ppf(0.5 + level / 2) if group.sizes.max() == 1 else stats.t.ppf(0.5 + level / 2, families - 1)
    return score_interval(group.share, group.worth(correlation_within(group)), float(reach))


def score_interval(share: float, number: float, reach: float) -> tuple[float, float]:
    """Return Wilson's score interval of a share of ``number`` children, ``reach`` standard errors wide."""
    squared = reach**2
    middle = (share + squared / (2 * number)) / (1 + squared / number)
    half = reach * np.sqrt(share * (1 - share) / number + squared / (4 * number**2)) / (1 + squared / number)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))
