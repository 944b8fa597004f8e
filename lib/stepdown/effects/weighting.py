"""Comparisons that reweight the comparison group: entropy balancing and doubly robust difference in differences.

Both are only for groups that pass the overlap gate, and both say so when they do not converge.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from stepdown.effects.bracketing import ONE_FAMILY, TOO_FEW_FAMILIES, clustered_se
from stepdown.effects.comparison import Bools, Comparison, Floats, Integers, comparison_of, with_values
from stepdown.effects.estimates import NAN, Estimate, estimate_of
from stepdown.measures import of_column
from stepdown.numbers import digits
from stepdown.params.effects import EffectSettings

ENTROPY_BALANCING = "entropy balancing"
DOUBLY_ROBUST = "doubly robust difference in differences"

CONDITIONS = {
    ENTROPY_BALANCING: (
        "without the programme, children of both groups who were alike on everything that the weights balance "
        "would have been alike after"
    ),
    DOUBLY_ROBUST: (
        "without the programme, children of both groups who were alike on everything adjusted for (not on days or "
        "status before) would have changed by the same amount, and the model of either the group or the change is right"
    ),
}

GATE_SHUT = "not estimable by weighting: the groups overlap too little, or are too few"
NOT_BALANCED = "did not converge: no weights make the comparison group like the programme group"
NO_PROPENSITY = "did not converge: the model of who is in the programme group separates the groups"

_TOLERANCE = 1e-8
_MOST_STEPS = 200
_NEARLY_CERTAIN = 1e-6


@dataclass(frozen=True, slots=True)
class EntropyBalance:
    """Weights for the comparison children that make their means equal to the programme group's.

    weights: float (n comparison children,), they add up to 1.  converged: whether the means are equal, within
    1e-8 standard deviations.  worst_gap: largest remaining gap in means, in standard deviations.
    effective_sample_size: Kish's, in children.
    """

    weights: Floats
    converged: bool
    worst_gap: float
    effective_sample_size: float


def entropy_balance(covariates: Floats, programme: Bools) -> EntropyBalance:
    """Return entropy-balancing weights (Hainmueller 2012, doi 10.1093/pan/mpr025) on the means of the covariates.

    covariates: (n, k).  programme: (n,).  Newton's method on the dual with step halving. Where the programme
    group's means lie outside what the comparison group can reach there are no weights: ``converged`` is False.
    """
    kept = covariates[:, independent_columns(covariates)]
    spread = kept.std(axis=0)
    gap = (kept[~programme] - kept[programme].mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    multiplier = np.zeros(gap.shape[1])
    for _ in range(_MOST_STEPS):
        weights = _tilted(gap, multiplier)
        slope = weights @ gap
        if np.abs(slope).max(initial=0.0) < _TOLERANCE:
            break
        curve = (gap * weights[:, None]).T @ gap - np.outer(slope, slope)
        step = np.linalg.lstsq(curve, -slope, rcond=1e-12)[0]
        multiplier = _shorter_step(gap, multiplier, step)
    weights = _tilted(gap, multiplier)
    worst = float(np.abs(weights @ gap).max(initial=0.0))
    return EntropyBalance(weights, worst < _TOLERANCE, worst, float(1 / (weights**2).sum()))


def _tilted(gap: Floats, multiplier: Floats) -> Floats:
    score = gap @ multiplier
    raised = np.exp(score - score.max())
    return np.asarray(raised / raised.sum())


def _potential(gap: Floats, multiplier: Floats) -> float:
    score = gap @ multiplier
    top = float(score.max())
    return top + float(np.log(np.exp(score - top).sum()))


def _shorter_step(gap: Floats, multiplier: Floats, step: Floats) -> Floats:
    """Return the multiplier after a step that is halved until the potential falls."""
    now = _potential(gap, multiplier)
    for _ in range(40):
        if _potential(gap, multiplier + step) <= now:
            return multiplier + step
        step = step / 2
    return multiplier


def independent_columns(covariates: Floats) -> list[int]:
    """Return the columns that are neither constant nor a combination of those before them."""
    kept: list[int] = []
    basis: Floats = np.empty((len(covariates), covariates.shape[1] + 1), order="F")
    basis[:, 0] = 1 / np.sqrt(max(len(covariates), 1))
    for column in range(covariates.shape[1]):
        before = basis[:, : len(kept) + 1]
        values = covariates[:, column] - covariates[:, column].mean()
        size = np.linalg.norm(values)
        rest = values - before @ (before.T @ values)
        if size > 0 and np.linalg.norm(rest) > 1e-8 * size:
            kept.append(column)
            basis[:, len(kept)] = rest / np.linalg.norm(rest)
    return kept


def doubly_robust(change: Floats, covariates: Floats, programme: Bools, family: Integers) -> tuple[float, float]:
    """Return doubly robust difference in differences and its standard error, clustered on family.

    Sant'Anna & Zhao (2020, doi 10.1016/j.jeconom.2020.06.003), the panel estimator with a logit model of the
    group and a least-squares model of the change; the influence function is added up within families, with the
    factor families / (families - 1). NaN for both when the logit model does not converge or some child's group is
    all but certain from the covariates.
    """
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    n_children = len(change)
    matrix = np.column_stack([np.ones(n_children), covariates[:, independent_columns(covariates)]])
    treated = programme.astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PerfectSeparationWarning)  # told apart just below
        fitted = sm.GLM(treated, matrix, family=sm.families.Binomial()).fit(maxiter=100, tol=1e-10)
    chance = np.asarray(fitted.fittedvalues, dtype=np.float64)
    if not fitted.converged or min(chance.min(), 1 - chance.max()) < _NEARLY_CERTAIN:
        return NAN, NAN
    untreated = 1 - treated
    # the change is modelled on comparison children alone: it must say how programme children would have changed without
    # the programme, so a child who had it may not teach it
    outcome_bread = np.linalg.pinv((matrix * untreated[:, None]).T @ matrix / n_children)
    slope = outcome_bread @ (matrix.T @ (untreated * change) / n_children)
    left = change - matrix @ slope
    # by the odds, comparison children are made to stand for the programme group, not for both groups: the effect sought
    # is that on those who had the programme. What the outcome model misses is all that the weights still have to carry,
    # which is why one of the two models may be wrong
    odds = chance * untreated / (1 - chance)
    mean_treated, mean_odds = treated.mean(), odds.mean()
    for_treated, for_compared = (treated * left).mean() / mean_treated, (odds * left).mean() / mean_odds
    # the slope and the chances are themselves estimated: without these two parts the standard error would count them as
    # known (Theorem A.1 of the paper); both are averages over children, so they add up within a family like the rest
    outcome_part = (untreated * left)[:, None] * matrix @ outcome_bread
    group_bread = np.linalg.pinv((matrix * (chance * (1 - chance))[:, None]).T @ matrix / n_children)
    group_part = (treated - chance)[:, None] * matrix @ group_bread
    of_treated = treated * (left - for_treated) - outcome_part @ (matrix * treated[:, None]).mean(axis=0)
    of_compared = (
        odds * (left - for_compared)
        + group_part @ (matrix * (odds * (left - for_compared))[:, None]).mean(axis=0)
        - outcome_part @ (matrix * odds[:, None]).mean(axis=0)
    )
    influence = of_treated / mean_treated - of_compared / mean_odds
    by_family = np.bincount(family, weights=influence)
    n_families = len(by_family)
    variance = (by_family**2).sum() / n_children**2 * n_families / (n_families - 1)
    return float(for_treated - for_compared), float(np.sqrt(variance))


def weighted_estimates(
    frame: pd.DataFrame, outcome: str, settings: EffectSettings, *, gate_passed: bool
) -> tuple[Estimate, Estimate]:
    """Return entropy balancing and doubly robust difference in differences of one outcome.

    Behind the gate: when it is shut both rows are NaN and say so. Entropy balancing uses the study's ``weight_on``.
    Doubly robust difference in differences uses ``robust_on``, without outcomes of the period before: weights on
    those would lean on the assumption of the other end of the bracket (Daw & Hatfield 2018, doi
    10.1111/1475-6773.12993). An estimate that cannot be had is NaN, and its note says why.
    """
    compared = comparison_of(frame, outcome)
    if not gate_passed or min(compared.families_by_group()) < 2:
        why = TOO_FEW_FAMILIES if gate_passed else GATE_SHUT
        return (
            _row(compared, ENTROPY_BALANCING, NAN, NAN, why, settings),
            _row(compared, DOUBLY_ROBUST, NAN, NAN, why, settings),
        )
    children = with_values(frame, outcome)
    estimate, se, note = _balanced(children, compared, settings)
    robust, robust_se, robust_note = _robust(children, compared, settings)
    return (
        _row(compared, ENTROPY_BALANCING, estimate, se, note, settings),
        _row(compared, DOUBLY_ROBUST, robust, robust_se, robust_note, settings),
    )


def _balanced(children: pd.DataFrame, compared: Comparison, settings: EffectSettings) -> tuple[float, float, str]:
    note = _cannot(children, settings.weight_on)
    if note:
        return NAN, NAN, note
    balance = entropy_balance(covariates_of(children, settings.weight_on), compared.programme)
    if not balance.converged:
        return NAN, NAN, NOT_BALANCED
    estimate, se = _weighted_difference(compared, balance.weights)
    size = f"effective sample size of the comparison group {digits(balance.effective_sample_size)}"
    return estimate, se, f"{size}; {ONE_FAMILY}" if np.isnan(se) else size


def _robust(children: pd.DataFrame, compared: Comparison, settings: EffectSettings) -> tuple[float, float, str]:
    values = children[list(settings.robust_on)].astype("float64")
    unknown = values.isna()
    # children of unknown value are a group of their own: with its mark adjusted for, what fills the gap does not matter
    covariates = np.column_stack([values.fillna(0.0), unknown])
    estimate, se = doubly_robust(compared.after - compared.before, covariates, compared.programme, compared.family)
    if np.isnan(estimate):
        return estimate, se, NO_PROPENSITY
    names = [of_column(name).title.lower() for name in settings.robust_on if unknown[name].any()]
    return estimate, se, f"children with unknown {' or '.join(names)} are a group of their own" if names else ""


def _cannot(children: pd.DataFrame, names: tuple[str, ...]) -> str:
    """Return why weights on these columns cannot be had for these children; nothing where they can."""
    missing = [of_column(name).title.lower() for name in names if children[name].isna().any()]
    return f"not estimable: some children have no {' or '.join(missing)}" if missing else ""


def covariates_of(frame: pd.DataFrame, names: tuple[str, ...]) -> Floats:
    """Return covariates (n, k) as numbers; raises ValueError when one has a missing value."""
    values = frame[list(names)].astype("float64").to_numpy()
    if not np.isfinite(values).all():
        raise ValueError(f"effects.weight_on: a missing value in one of {list(names)}")
    return values


def _weighted_difference(compared: Comparison, weights: Floats) -> tuple[float, float]:
    """Return the difference after only, with weights on the comparison children taken as given (CRV3)."""
    full = np.ones(compared.n_children)
    full[~compared.programme] = weights * compared.programme.sum()
    root = np.sqrt(full)
    matrix = np.column_stack([root, root * compared.programme])
    response = root * compared.after
    estimate = float(np.linalg.lstsq(matrix, response, rcond=None)[0][1])
    return estimate, clustered_se(response, matrix, compared.family)


def _row(
    compared: Comparison, estimator: str, estimate: float, se: float, note: str, settings: EffectSettings
) -> Estimate:
    level, condition = settings.confidence_level, CONDITIONS[estimator]
    return estimate_of(compared, estimator, estimate, se, level=level, condition=condition, note=note)
