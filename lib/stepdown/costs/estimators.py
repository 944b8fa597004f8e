"""The saving per child under each estimator, in closed form from sums, for one set of sums or for many at once.

The same functions serve the observed groups (one row of sums) and every resample (one row a draw), so that a bootstrap
is a matrix product and never a loop over children. ``ancova`` is the least-squares coefficient of the group in
after ~ group + before (pooled within-group slope; Frison & Pocock 1992, doi 10.1002/sim.4780111304), ``did`` the
difference of mean changes; the two bracket the truth when one of their assumptions holds (Ding & Li 2019,
doi 10.1017/pan.2019.25).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stepdown.costs.volumes import Floats, Volumes, upper_pairs
from stepdown.params.effects import AFTER_ONLY, DIFFERENCE_IN_DIFFERENCES, LAGGED_OUTCOME, OWN_CHANGE, Estimator

ESTIMATOR_WORDS: dict[str, str] = {
    DIFFERENCE_IN_DIFFERENCES: "comparing the changes",
    LAGGED_OUTCOME: "comparing children with as much care before",
    AFTER_ONLY: "comparing the groups after only",
    OWN_CHANGE: "with no comparison group",
}
"""What a sentence calls each estimator."""


@dataclass(frozen=True, slots=True)
class CostMoments:
    """Sums of per-child cost in one group, one entry a draw: n, x (before), y (after), xx and xy."""

    n: Floats
    x: Floats
    y: Floats
    xx: Floats
    xy: Floats


def cost_moments(sums: Floats, tariffs: Floats) -> CostMoments:
    """Return the moments of per-child cost from D × P sums and D × K (or K) unit costs, £ per unit.

    Sums without the products of volumes (P = 1 + 2K) leave xx and xy NaN: only ``ancova`` needs them.
    """
    sums = np.atleast_2d(sums)
    tariffs = np.atleast_2d(tariffs)
    k = tariffs.shape[1]
    rows, columns = upper_pairs(k)
    pairs = len(rows)
    before, after = sums[:, 1 : 1 + k], sums[:, 1 + k : 1 + 2 * k]
    x, y = _row_sums(before, tariffs), _row_sums(after, tariffs)
    if sums.shape[1] == 1 + 2 * k:
        return CostMoments(sums[:, 0], x, y, np.full(len(x), np.nan), np.full(len(x), np.nan))
    squares, crosses = sums[:, 1 + 2 * k : 1 + 2 * k + pairs], sums[:, 1 + 2 * k + pairs :]
    double = np.where(rows == columns, 1.0, 2.0)
    cross_weights = (tariffs[:, :, None] * tariffs[:, None, :]).reshape(len(tariffs), -1)
    return CostMoments(
        n=sums[:, 0],
        x=x,
        y=y,
        xx=_row_sums(squares, double * tariffs[:, rows] * tariffs[:, columns]),
        xy=_row_sums(crosses, cross_weights),
    )


def _row_sums(values: Floats, weights: Floats) -> Floats:
    """Return D sums of values × weights; weights of one row serve every draw."""
    return np.asarray(np.einsum("dk,dk->d", values, np.broadcast_to(weights, values.shape)))


def saving_per_child(estimator: Estimator, programme: CostMoments, comparison: CostMoments) -> Floats:
    """Return the saving per programme child (£; positive: the programme group cost less), one a draw.

    ancova with no spread before in either group has no slope; the difference after only is returned then.  What is
    left by rounding where two sums cancel is nought.
    """
    means = [total / group.n for group in (programme, comparison) for total in (group.x, group.y)]
    found = _saving(estimator, programme, comparison, *means)
    return np.where(np.abs(found) <= 1e-12 * sum(np.abs(mean) for mean in means), 0.0, found)


def _saving(estimator: Estimator, programme: CostMoments, comparison: CostMoments, *means: Floats) -> Floats:
    x1, y1, x0, y0 = means
    if estimator == "before_after":
        return x1 - y1
    if estimator == "after_only":
        return y0 - y1
    if estimator == "did":
        return (y0 - x0) - (y1 - x1)
    spread = programme.xx - programme.x * x1 + comparison.xx - comparison.x * x0
    together = programme.xy - programme.x * y1 + comparison.xy - comparison.x * y0
    flat = spread <= 1e-9 * (programme.xx + comparison.xx + 1e-300)
    slope = np.where(flat, 0.0, together / np.where(flat, 1.0, spread))
    return (y0 - y1) - slope * (x0 - x1)


def without_each(estimator: Estimator, programme: Floats, comparison: Floats, tariffs: Floats) -> tuple[Floats, Floats]:
    """Return the saving per child without each row of the programme group's sums in turn, then of the comparison's.

    programme, comparison: rows × P sums, a row a child or a family.  NaN where no row of a group is left.
    """
    groups = (programme, comparison)
    totals = [rows.sum(axis=0) for rows in groups]
    found = []
    for place, rows in enumerate(groups):
        left = totals[place] - rows
        pair = [cost_moments(total, tariffs) for total in totals]
        pair[place] = cost_moments(np.where(left[:, :1] > 0, left, np.nan), tariffs)
        found.append(saving_per_child(estimator, *pair))
    return found[0], found[1]


def observed_saving(data: Volumes, tariffs: Floats, estimator: Estimator) -> float:
    """Return the saving per programme child (£) in the observed groups.

    tariffs: K unit costs, £ per unit, in the order of ``data.measures``.  With tariffs of one for a single measure
    and nought for the others the result is that measure's own effect with its sign turned (days saved per child).
    """
    programme, comparison = (cost_moments(total, tariffs) for total in data.totals)
    return float(saving_per_child(estimator, programme, comparison)[0])
