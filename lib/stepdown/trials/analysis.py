"""The numbers of a trial: intention to treat first, then those who took it up, and tests of subgroups.

Children of one cluster are not independent. Below ``few`` clusters the clusters' means are compared (Hayes & Moulton
2017, Cluster Randomised Trials, chapter 10): each counts once, and the t distribution holds with few of them. Otherwise
children are compared, with the CR1 standard error and t on clusters less two. Arrays in, :class:`Effect` out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from stepdown.effects.comparison import Bools, Floats, Integers
from stepdown.effects.estimates import NAN, t_interval
from stepdown.effects.family_shares import Shares, correlation_within
from stepdown.numbers import beyond_rounding

CLUSTER_MEANS = "the means of clusters, by a t test"
CLUSTERED = "children, with each cluster taken together"
ONE_BY_ONE = "children, each by itself"
TOO_FEW = "not calculated: fewer than two clusters in an arm"
NO_SPREAD = "not calculated: the numbers do not separate the arms"
TWO_SIDED = (
    "not calculated: some of the comparison arm had the programme; set non_compliance: two_sided if they could "
    "choose it"
)
NOT_KNOWN = "not calculated: for some it is not known whether they had the programme"


@dataclass(frozen=True, slots=True)
class Effect:
    """A difference between the arms, intervention less comparison; NaN where it cannot be had, and ``note`` says why.

    clusters: in the two arms, those that were compared.  icc: correlation within clusters inside the arms.
    """

    estimate: float
    se: float = NAN
    df: float = NAN
    ci_low: float = NAN
    ci_high: float = NAN
    p_value: float = NAN
    icc: float = NAN
    clusters: tuple[int, int] = (0, 0)
    method: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Arms:
    """The n children of a trial that are analysed.

    treated: bool (n,), in the intervention arm as allocated.  cluster: whole numbers (n,); None: each by itself.
    before: the outcome before, which is adjusted for (None, or without spread: it is not).
    few: below this many clusters that were allocated whole, their means are compared.
    """

    treated: Bools
    cluster: Integers | None = None
    before: Floats | None = None
    few: int = 30
    level: float = 0.95

    @property
    def sides(self) -> tuple[Bools, Bools]:
        """Who is in the intervention arm, and who in the comparison arm."""
        return self.treated, ~self.treated


def intention_to_treat(after: Floats, arms: Arms) -> Effect:
    """Return the difference between the arms as allocated (ANCOVA where there is a value before).

    >>> arms = Arms(np.repeat([True, False], 4))
    >>> intention_to_treat(np.array([3.0, 4, 5, 4, 6, 7, 8, 7]), arms).estimate
    -3.0
    """
    return _effect(after, arms)


def compliers(after: Floats, took: Floats, arms: Arms, *, two_sided: bool = False, least: float = 0.1) -> Effect:
    """Return the effect on those who take the programme up when it is offered and not otherwise (CACE).

    took: 1 had the programme, 0 had not, NaN not known.  It is the difference between the arms divided by that in
    uptake, which is two-stage least squares with the allocation as instrument; so is the standard error: that of
    what the programme leaves unexplained, divided by the difference in uptake.
    Not computed where uptake differs by less than ``least``.
    """
    if np.isnan(took).any():
        return Effect(NAN, note=NOT_KNOWN)
    if took[~arms.treated].any() and not two_sided:
        return Effect(NAN, note=TWO_SIDED)
    uptake = _effect(took, arms)
    if not uptake.estimate >= least:
        return Effect(NAN, note=uptake.note or f"not calculated: uptake differs by less than {least:.0%}")
    estimate = _effect(after, arms).estimate / uptake.estimate
    left = _effect(after - estimate * took, arms)
    se = left.se / uptake.estimate
    ends = t_interval(estimate, se, left.df, arms.level)
    return replace(left, estimate=estimate, se=se, ci_low=ends[0], ci_high=ends[1], p_value=ends[2], icc=NAN)


def interaction(after: Floats, inside: Bools, arms: Arms) -> Effect:
    """Return by how much the effect inside a subgroup differs from the effect on the others.

    With few clusters, each cluster's own difference between the subgroup and the others is compared.
    """
    if _by_means(arms):
        parts = [_means(values, arms, inside) for values in (after, after if arms.before is None else arms.before)]
        both = np.isfinite(parts[0])
        own = Arms(_means(arms.treated.astype(np.float64), arms)[both] > 0, None, parts[1][both], arms.few, arms.level)
        found = _effect(parts[0][both], own if arms.before is not None else replace(own, before=None))
        return replace(found, method=CLUSTER_MEANS, icc=NAN)
    sub = inside.astype(np.float64)
    return replace(_effect(after, arms, np.column_stack([arms.treated * sub, sub])), icc=NAN)


def cluster_sizes(arms: Arms) -> tuple[int, int]:
    """Return how many clusters are in the intervention and in the comparison arm (children where there is none)."""
    if arms.cluster is None:
        return int(arms.treated.sum()), int((~arms.treated).sum())
    return len(np.unique(arms.cluster[arms.treated])), len(np.unique(arms.cluster[~arms.treated]))


def _effect(response: Floats, arms: Arms, more: Floats | None = None) -> Effect:
    """Return the coefficient of the arm; with ``more`` columns (a subgroup) that of their first."""
    sizes = cluster_sizes(arms)
    if min(sizes) < 2:
        return Effect(NAN, clusters=sizes, note=TOO_FEW)
    before, treated, cluster = arms.before, arms.treated.astype(np.float64), arms.cluster
    method, icc = ONE_BY_ONE if cluster is None else CLUSTERED, NAN
    if cluster is not None:
        icc = _icc(response, arms)
    if _by_means(arms) and more is None:
        response, treated = _means(response, arms), _means(treated, arms)
        before = None if before is None else _means(before, arms)
        cluster, method = None, CLUSTER_MEANS
    columns = [np.ones_like(treated), treated]
    columns += [before] if before is not None and np.ptp(before) > 0 else []
    matrix = np.column_stack([*columns, *([] if more is None else [more])])
    estimate, se, df = least_squares(response, matrix, 1 if more is None else len(columns), cluster)
    ends = t_interval(estimate, se, df, arms.level)
    note = "" if se > 0 else NO_SPREAD
    return Effect(estimate, se, df, *ends, icc=icc, clusters=sizes, method=method, note=note)


def least_squares(
    response: Floats, matrix: Floats, place: int, cluster: Integers | None = None
) -> tuple[float, float, float]:
    """Return a coefficient of ordinary least squares, its standard error and degrees of freedom.

    cluster: for the CR1 standard error, clusters less two degrees of freedom; None: as if each were independent.
    NaN where the columns cannot be told apart or nothing is left over.
    """
    n, k = matrix.shape
    if n <= k or np.linalg.matrix_rank(matrix) < k:
        return NAN, NAN, NAN
    bread = np.linalg.inv(matrix.T @ matrix)
    found = bread @ (matrix.T @ response)
    left = response - matrix @ found
    if cluster is None:
        se = float(np.sqrt(bread[place, place] * (left @ left) / (n - k)))
        return float(found[place]), beyond_rounding(se, response), float(n - k)
    names, which = np.unique(cluster, return_inverse=True)
    scores = np.zeros((len(names), k))
    np.add.at(scores, which, matrix * left[:, None])
    meat = scores.T @ scores * len(names) / (len(names) - 1) * (n - 1) / (n - k)
    se = float(np.sqrt((bread @ meat @ bread)[place, place]))
    return float(found[place]), beyond_rounding(se, response), float(len(names) - 2)


def _by_means(arms: Arms) -> bool:
    """Say whether clusters are compared: there are few, and each is in one arm."""
    if arms.cluster is None:
        return False
    sizes = cluster_sizes(arms)
    return sum(sizes) < arms.few and sum(sizes) == len(np.unique(arms.cluster))


def _means(values: Floats, arms: Arms, inside: Bools | None = None) -> Floats:
    """Return each cluster's mean; with ``inside`` the mean inside less that of the others (NaN: not both there)."""
    which = np.unique(np.asarray(arms.cluster), return_inverse=True)[1]

    def mean(some: Bools) -> Floats:
        size = np.bincount(which, some.astype(np.float64))
        total = np.bincount(which, np.where(some, values, 0.0))
        return np.divide(total, size, out=np.full(len(size), np.nan), where=size > 0)

    return mean(np.ones(len(which), dtype=np.bool_)) if inside is None else mean(inside) - mean(~inside)


def _icc(response: Floats, arms: Arms) -> float:
    cluster = arms.cluster if arms.cluster is not None else np.arange(len(response))
    own = [Shares(response[side], cluster[side]) for side in (arms.treated, ~arms.treated)]
    return correlation_within(*own)
