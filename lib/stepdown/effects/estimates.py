"""One estimate of a difference between the groups, with its interval and the condition under which it is right."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from scipy import stats

from stepdown import proportions
from stepdown.effects.comparison import Comparison

NAN = float("nan")
POWER = 0.8
"""Share of studies in which a difference is to be found, where the smallest one is asked for."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Programme group minus comparison group, in the unit of the outcome; below zero is fewer days.

    estimate, se, ci_low, ci_high, p_value, p_holm: NaN where it cannot be had; ``note`` then says why.
    n_children, n_families: behind the estimate.  n_with_any: children with any of the outcome.
    condition: what must be true for the estimate to be the effect of the programme.
    """

    outcome: str
    estimator: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p_value: float
    n_children: int
    n_families: int
    n_with_any: int
    condition: str
    note: str = ""
    p_holm: float = NAN


def t_interval(estimate: float, se: float, df: float, level: float) -> tuple[float, float, float]:
    """Return the lower and upper end of the interval and the two-sided p value from Student's t.

    A standard error of zero or NaN gives NaN for all three: such an interval would be a claim of certainty.
    """
    if not (math.isfinite(se) and se > 0 and df > 0):
        return NAN, NAN, NAN
    reach = float(stats.t.ppf(0.5 + level / 2, df)) * se
    return estimate - reach, estimate + reach, float(2 * stats.t.sf(abs(estimate / se), df))


def smallest_detectable(se: float, df: float, level: float, power: float = POWER) -> float:
    """Return the smallest true difference that a two-sided t test finds in ``power`` of studies like this one.

    Bloom (1995, Evaluation Review 19:547-556, doi 10.1177/0193841X9501900504). NaN without a standard error.
    """
    if not (math.isfinite(se) and se > 0 and df > 0):
        return NAN
    return se * float(stats.t.ppf(0.5 + level / 2, df) + stats.t.ppf(power, df))


def estimate_of(
    compared: Comparison, estimator: str, estimate: float, se: float, *, level: float, condition: str, note: str = ""
) -> Estimate:
    """Return an estimate of a comparison with its t interval, families less one being the degrees of freedom."""
    low, high, p_value = t_interval(estimate, se, compared.n_families - 1, level)
    return Estimate(
        outcome=compared.outcome,
        estimator=estimator,
        estimate=estimate,
        se=se,
        ci_low=low,
        ci_high=high,
        p_value=p_value,
        n_children=compared.n_children,
        n_families=compared.n_families,
        n_with_any=compared.n_with_any(),
        condition=condition,
        note=note,
    )


def holm(estimates: list[Estimate]) -> list[Estimate]:
    """Return the estimates with ``p_holm``: Holm (1979) over the outcomes, within each estimator.

    An outcome that could not be estimated does not count among the tests.
    """
    adjusted: dict[int, float] = {}
    for estimator in {item.estimator for item in estimates}:
        places = [i for i, e in enumerate(estimates) if e.estimator == estimator]
        adjusted |= dict(zip(places, proportions.holm([estimates[i].p_value for i in places]), strict=True))
    return [replace(item, p_holm=adjusted[i]) for i, item in enumerate(estimates)]


def e_value(risk_ratio: float) -> float:
    """Return the E-value of a risk ratio (VanderWeele & Ding 2017, doi 10.7326/M16-2607).

    It is a property of the estimate, not evidence: how strongly an unmeasured cause would have to be linked with
    both group and outcome to make the whole ratio. NaN for a ratio that is not above zero.
    """
    if not (math.isfinite(risk_ratio) and risk_ratio > 0):
        return NAN
    ratio = max(risk_ratio, 1 / risk_ratio)
    return ratio + math.sqrt(ratio * (ratio - 1))
