"""Difference in differences and lagged-outcome adjustment, side by side and never averaged.

Ding & Li (2019, Political Analysis 27:605-615, doi 10.1017/pan.2019.25): when either assumption holds, the two
bracket the truth. With two periods neither assumption can be tested, so the workbook prints both with what would
have to be true. Standard errors are clustered on family by the jackknife-type CRV3 estimator with Student's t on
(families - 1) degrees of freedom, which holds its level with few families (MacKinnon, Nielsen & Webb 2023,
doi 10.1002/jae.2969).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stepdown.effects.comparison import Comparison, Floats, Integers
from stepdown.effects.estimates import NAN, Estimate, estimate_of, t_interval
from stepdown.numbers import beyond_rounding
from stepdown.params.effects import AFTER_ONLY, BRACKET, DIFFERENCE_IN_DIFFERENCES, LAGGED_OUTCOME

CONDITIONS = {
    DIFFERENCE_IN_DIFFERENCES: (
        "without the programme, both groups would have changed by the same amount from before to after"
    ),
    LAGGED_OUTCOME: (
        "without the programme, children of both groups who were alike before would have been alike after, "
        "on average and along a straight line"
    ),
    AFTER_ONLY: "the two groups were alike before, so that without the programme they would have been alike after",
}
"""What must be true for each estimator's figure to be the effect of the programme."""

IN_SHORT = {
    DIFFERENCE_IN_DIFFERENCES: "if both groups would have changed alike",
    LAGGED_OUTCOME: "if children alike before would have been alike after",
}
"""The same conditions in a few words, for sentences and charts; the table beside them gives them whole."""

ESTIMATORS = (*BRACKET, AFTER_ONLY)

ONE_FAMILY = "rests on a single family: without it there is no estimate, so no interval can be given"
TOO_FEW_FAMILIES = "fewer than two families in one of the groups: no interval can be given"
ALL_ALIKE_BEFORE = "not estimable: what the children had before tells which group they are in"
FEW_FAMILIES = "few families in one of the groups"
NOTHING_COUNTED = "no child of either group has any of it, before or after: nothing to estimate"


def design(compared: Comparison, estimator: str) -> tuple[Floats, Floats]:
    """Return the response (n,) and the design matrix (n, k) of an estimator; column 1 is the group.

    Raises ValueError for an estimator that is not one of ESTIMATORS. The value before enters as a column only where
    it varies (a constant one carries nothing, and the adjustment is then the difference after only).
    """
    columns = [np.ones(compared.n_children), compared.programme.astype(np.float64)]
    if estimator == DIFFERENCE_IN_DIFFERENCES:
        return compared.after - compared.before, np.column_stack(columns)
    if estimator == LAGGED_OUTCOME:
        if compared.n_children and np.ptp(compared.before) > 0:
            columns.append(compared.before)
        return compared.after, np.column_stack(columns)
    if estimator == AFTER_ONLY:
        return compared.after, np.column_stack(columns)
    raise ValueError(f"{estimator!r} is not one of {ESTIMATORS}")


def bracket(compared: Comparison, *, level: float = 0.95) -> tuple[Estimate, Estimate]:
    """Return both ends of the bracket: difference in differences, then lagged-outcome adjustment.

    Works on any quantity that is counted before and after (days, referrals, pounds). Never average the two.
    """
    return (
        estimated(compared, DIFFERENCE_IN_DIFFERENCES, level=level),
        estimated(compared, LAGGED_OUTCOME, level=level),
    )


def estimated(compared: Comparison, estimator: str, *, level: float = 0.95) -> Estimate:
    """Return programme minus comparison by one estimator, clustered on family (CRV3, t with families - 1).

    Where there is no interval (too few families, one family that carries it all, nothing counted) the figures
    are NaN and ``note`` says why; a group without children gives no estimate at all.
    """
    response, matrix = design(compared, estimator)
    note, estimate, se = "", NAN, NAN
    if min(compared.families_by_group()) < 1:
        note = "one of the groups has no child"
    elif compared.n_with_any() == 0:
        note, estimate = NOTHING_COUNTED, 0.0
    else:
        estimate = coefficient(response, matrix)
        if np.isnan(estimate):
            note = ALL_ALIKE_BEFORE
        elif min(compared.families_by_group()) < 2:
            note = TOO_FEW_FAMILIES
        else:
            se = clustered_se(response, matrix, compared.family)
            note = ONE_FAMILY if np.isnan(se) else ""
    condition = CONDITIONS[estimator]
    return estimate_of(compared, estimator, estimate, se, level=level, condition=condition, note=note)


@dataclass(frozen=True, slots=True)
class EndsApart:
    """How far the two ends of the bracket are apart: difference in differences minus lagged-outcome adjustment.

    The interval is from the family jackknife of that difference. Where it excludes nought the two conditions cannot
    both be true (or neither is), and the data cannot say which; where it includes nought the data do not show that the
    answer hangs on the choice. NaN where a family carries an end alone.
    """

    difference: float
    se: float
    ci_low: float
    ci_high: float
    p_value: float


def ends_apart(compared: Comparison, *, level: float = 0.95) -> EndsApart:
    """Return how far apart the two ends of the bracket are, with the family jackknife's interval."""
    if min(compared.families_by_group()) < 1:
        return EndsApart(NAN, NAN, NAN, NAN, NAN)
    whole, left = [], []
    for estimator in BRACKET:
        response, matrix = design(compared, estimator)
        whole.append(coefficient(response, matrix))
        left.append(without_each_family(response, matrix, compared.family))
    difference, count = whole[0] - whole[1], compared.n_families
    spread = ((left[0] - left[1] - difference) ** 2).sum()
    se = beyond_rounding(float(np.sqrt((count - 1) / count * spread)), [compared.before, compared.after])
    low, high, p_value = t_interval(difference, se, count - 1, level)
    return EndsApart(difference, se, low, high, p_value)


def coefficient(response: Floats, matrix: Floats) -> float:
    """Return the group's coefficient by least squares; NaN where the columns cannot be told apart."""
    told = _well_conditioned((matrix.T @ matrix)[None])[0]
    return float(np.linalg.lstsq(matrix, response, rcond=None)[0][1]) if told else NAN


def clustered_se(response: Floats, matrix: Floats, family: Integers) -> float:
    """Return the CRV3 standard error of the group's coefficient, the family jackknife: NaN where one carries it alone.

    From each family's own sums of cross products, so that its cost grows with the children and not with children times
    families (MacKinnon, Nielsen & Webb 2023, section 3; statsmodels' "cluster-crv3" fits every family anew).
    """
    whole = coefficient(response, matrix)
    left = without_each_family(response, matrix, family)
    return beyond_rounding(float(np.sqrt((len(left) - 1) / len(left) * ((left - whole) ** 2).sum())), response)


def without_each_family(response: Floats, matrix: Floats, family: Integers) -> Floats:
    """Return the group's coefficient without each family in turn, shape (families,); NaN where it is not defined."""
    n_families = int(family.max()) + 1
    cross, moment = _sums_by_family(response, matrix, family, n_families)
    rest = cross.sum(axis=0) - cross
    found = np.full(n_families, np.nan)
    defined = _well_conditioned(rest)
    solved = np.linalg.solve(rest[defined], (moment.sum(axis=0) - moment)[defined][..., None])
    found[defined] = solved[:, 1, 0]
    return found


def _sums_by_family(response: Floats, matrix: Floats, family: Integers, n_families: int) -> tuple[Floats, Floats]:
    columns = matrix.T
    cross = [[np.bincount(family, one * other, n_families) for other in columns] for one in columns]
    moment = [np.bincount(family, one * response, n_families) for one in columns]
    return np.ascontiguousarray(np.array(cross).transpose(2, 0, 1)), np.ascontiguousarray(np.transpose(moment))


def _well_conditioned(cross: Floats) -> np.ndarray:
    """Return which of the stacked cross-product matrices can be inverted, whatever the units of their columns."""
    scale = np.sqrt(np.einsum("gii->gi", cross))
    safe = np.where(scale > 0, scale, 1.0)
    scaled = cross / (safe[:, :, None] * safe[:, None, :])
    # the eigenvalues add up to k: the lowest is no less than the determinant over the most that the others can make
    k = cross.shape[1]
    good = np.linalg.det(scaled) > 1e-9 * (k / max(k - 1, 1)) ** (k - 1)
    good[~good] = np.linalg.eigvalsh(scaled[~good])[:, 0] > 1e-10
    return (scale > 0).all(axis=1) & good
