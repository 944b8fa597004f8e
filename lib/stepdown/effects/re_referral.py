"""Time to the next referral: Kaplan-Meier, risk by a day set in advance, and restricted mean time without one.

A child whose follow-up ends (extract, 18th birthday) is censored there, never counted as "not re-referred". The
clock of each group starts at the end of its support or assessment, which are not the same moment. No hazard ratio
is given: with few events it is unstable and with none it does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight

from stepdown.effects.comparison import Bools, Floats, Integers, group_labels
from stepdown.effects.estimates import NAN, t_interval
from stepdown.effects.like_for_like import risk_difference
from stepdown.params.effects import EffectSettings
from stepdown.tables import AggregateTable, Column, Role


@dataclass(frozen=True, slots=True)
class Waiting:
    """Time to the next referral of n children.

    days: float (n,), to the end of the day of the first referral after, or to the end of follow-up.
    referred: bool (n,).  family: whole numbers (n,) from 0.
    """

    days: Floats
    referred: Bools
    family: Integers


@dataclass(frozen=True, slots=True)
class RiskAt:
    """Kaplan-Meier risk of a referral by a day. at_risk: still followed and not referred at the start of that day.

    ci_low, ci_high: log-log interval; with no event, nought and the exact (Clopper-Pearson) upper end among the
    children followed to that day.
    """

    day: int
    at_risk: int
    events: int
    risk: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True, slots=True)
class RiskChange:
    """A difference in risk with its interval. method: "Newcombe" (shares) or "Kaplan-Meier" (some were censored)."""

    difference: float
    ci_low: float
    ci_high: float
    method: str


def waiting(frame: pd.DataFrame) -> Waiting:
    """Return the waiting times of the children in the frame who were followed for at least one day.

    A referral on the first day of the period after has days_to_referral 0 and falls within 1 day.
    """
    followed = frame.loc[frame["follow_up_days"] > 0]
    wait = followed["days_to_referral"].to_numpy(dtype=np.float64)
    referred = np.isfinite(wait)
    days = np.where(referred, wait + 1, followed["follow_up_days"].to_numpy(dtype=np.float64))
    return Waiting(days, referred, pd.factorize(followed["family_id"])[0].astype(np.int64))


def risk_by(data: Waiting, day: int, *, level: float = 0.95) -> RiskAt:
    """Return the Kaplan-Meier risk of a referral by ``day`` with its log-log interval."""
    at_risk = int((data.days >= day).sum())
    events = int((data.referred & (data.days <= day)).sum())
    if events == 0:
        upper = 1 - (0.5 - level / 2) ** (1 / at_risk) if at_risk and day else 0.0 if not day else 1.0
        return RiskAt(day, at_risk, 0, 0.0, 0.0, upper)
    curve = SurvfuncRight(data.days, data.referred.astype(np.float64))
    last = int(np.searchsorted(curve.surv_times, day, side="right")) - 1
    survival, se = float(curve.surv_prob[last]), float(curve.surv_prob_se[last])
    if survival <= 0:
        return RiskAt(day, at_risk, events, 1.0, NAN, NAN)
    reach = np.exp(stats.norm.ppf(0.5 + level / 2) * se / (survival * np.log(survival)))
    ends = sorted((1 - float(survival**reach), 1 - float(survival ** (1 / reach))))
    return RiskAt(day, at_risk, events, 1 - survival, ends[0], ends[1])


def restricted_mean(data: Waiting, tau: float) -> tuple[float, float]:
    """Return the mean time without a referral up to ``tau`` days, and its standard error.

    The area under the Kaplan-Meier curve (Royston & Parmar 2013, doi 10.1186/1471-2288-13-152); the standard
    error is Greenwood's and takes children as independent.
    """
    curve = SurvfuncRight(data.days, data.referred.astype(np.float64))
    early = curve.surv_times <= tau
    times = np.concatenate([[0.0], curve.surv_times[early], [tau]])
    survival = np.concatenate([[1.0], curve.surv_prob[early]])
    slices = np.diff(times) * survival
    beyond = slices[::-1].cumsum()[::-1][1:]
    events, at_risk = curve.n_events[early], curve.n_risk[early]
    rest = at_risk - events
    spread = np.where(rest > 0, beyond**2 * events / np.where(rest > 0, at_risk * rest, 1.0), 0.0)
    return float(slices.sum()), float(np.sqrt(spread.sum()))


@dataclass(frozen=True, slots=True)
class WaitingDifference:
    """Difference in restricted mean time without a referral, programme minus comparison, in days.

    tau: the day used (cut to what both groups were followed for).  se, ci_low, ci_high, p_value: family jackknife
    with t on (families - 1); NaN where a group has no event, since nothing then says how far its mean may be off.
    se_independent: Greenwood's, children taken as independent.
    """

    tau: int
    mean_programme: float
    mean_comparison: float
    difference: float
    se: float
    se_independent: float
    ci_low: float
    ci_high: float
    p_value: float


def waiting_difference(
    programme: Waiting, comparison: Waiting, *, tau_days: int, level: float = 0.95
) -> WaitingDifference:
    """Return the difference in restricted mean time without a referral up to ``tau_days``."""
    tau = int(min(tau_days, programme.days.max(), comparison.days.max()))
    first, first_se = restricted_mean(programme, tau)
    second, second_se = restricted_mean(comparison, tau)
    se = float(np.hypot(_jackknife_se(programme, tau), _jackknife_se(comparison, tau)))
    n_families = len(np.unique(programme.family)) + len(np.unique(comparison.family))
    low, high, p_value = t_interval(first - second, se, n_families - 1, level)
    independent = float(np.hypot(first_se, second_se))
    return WaitingDifference(tau, first, second, first - second, se, independent, low, high, p_value)


def _jackknife_se(data: Waiting, tau: float) -> float:
    """Return the jackknife standard error of the restricted mean, leaving out one family at a time."""
    families = np.unique(data.family)
    if len(families) < 2:
        return NAN
    if not (data.referred & (data.days <= tau)).any():
        return NAN
    whole, _ = restricted_mean(data, tau)
    left = np.empty(len(families))
    for place, family in enumerate(families):
        kept = data.family != family
        left[place], _ = restricted_mean(Waiting(data.days[kept], data.referred[kept], data.family[kept]), tau)
    count = len(families)
    return float(np.sqrt((count - 1) / count * ((left - whole) ** 2).sum()))


def re_referral_survival_table(frame: pd.DataFrame, settings: EffectSettings) -> AggregateTable:
    """Return ``re_referral_survival``: one row is a group on a day after the end of support or assessment.

    Days run from 0 in steps of ``survival_step_days`` and end at ``tau_days``; no step is shorter than half a step. A
    day that nobody in the group was followed to has no row.

    >>> re_referral_survival_table(children, options).frame[["group", "day", "at_risk"]].head(2)
      group  day  at_risk
    0   IFP    0       78
    1   IFP   30       78
    """
    step, tau = settings.survival_step_days, settings.tau_days
    days = [*range(0, max(tau - step // 2, 1), step), tau]
    rows = []
    for label in group_labels(frame):
        data = waiting(frame.loc[frame["group"] == label])
        for day in days:
            found = risk_by(data, day, level=settings.confidence_level)
            if found.at_risk or found.events == len(data.days):
                rows.append(
                    {
                        "group": label,
                        "day": day,
                        "at_risk": found.at_risk,
                        "re_referred": found.events,
                        "percent_re_referred": 100 * found.risk,
                        "ci_low": 100 * found.ci_low,
                        "ci_high": 100 * found.ci_high,
                    }
                )
    rests = ("re_referred", "at_risk")
    columns = {
        "group": Column("Group", Role.KEY, about="Label of the group in the study file."),
        "day": Column("Day", Role.KEY, "days", 0, about="Days since the end of support or assessment."),
        "at_risk": Column("Still followed", Role.COUNT, "children", 0, about="Followed and not yet re-referred."),
        "re_referred": Column("Re-referred by then", Role.COUNT, "children", 0, about="Since day 0."),
        "percent_re_referred": Column("Share re-referred", Role.DERIVED, "%", 1, rests, "Kaplan-Meier."),
        "ci_low": Column("from", Role.DERIVED, "%", 1, rests, "Log-log interval, lower end."),
        "ci_high": Column("to", Role.DERIVED, "%", 1, rests, "Log-log interval, upper end."),
    }
    return AggregateTable("re_referral_survival", "group on a day", pd.DataFrame(rows, columns=list(columns)), columns)


def risk_difference_by(programme: Waiting, comparison: Waiting, day: int, *, level: float = 0.95) -> RiskChange:
    """Return the difference in the risk of a referral by ``day``, programme minus comparison.

    When every child was followed to the day or referred before, the difference of two shares with Newcombe's interval.
    Otherwise the difference of the two Kaplan-Meier risks, with the interval put together from theirs in the same way
    (MOVER: Zou & Donner 2008, doi 10.1002/sim.3095); NaN where one of those cannot be had.
    """
    arms = (programme, comparison)
    if all((arm.referred | (arm.days >= day)).all() for arm in arms):
        shares = [(int((arm.referred & (arm.days <= day)).sum()), len(arm.days)) for arm in arms]
        found = risk_difference(shares[0], shares[1], level=level)
        return RiskChange(found.difference, found.ci_low, found.ci_high, "Newcombe")
    first, second = (risk_by(arm, day, level=level) for arm in arms)
    return RiskChange(*mover(first, second), "Kaplan-Meier")


def mover(first: RiskAt, second: RiskAt) -> tuple[float, float, float]:
    """Return the difference of two risks with the interval that their own intervals make (MOVER)."""
    difference = first.risk - second.risk
    low = difference - float(np.hypot(first.risk - first.ci_low, second.ci_high - second.risk))
    high = difference + float(np.hypot(first.ci_high - first.risk, second.risk - second.ci_low))
    return difference, low, high


def re_referral_table(frame: pd.DataFrame, settings: EffectSettings) -> AggregateTable:
    """Return ``re_referral``: one row, the difference between the groups in re-referral up to ``tau_days``.

    >>> re_referral_table(children, options).frame[["tau_days", "events_programme", "events_comparison"]]
       tau_days  events_programme  events_comparison
    0       183                 0                  6
    """
    level = settings.confidence_level
    arms = [waiting(frame.loc[frame["group"] == label]) for label in group_labels(frame)]
    found = waiting_difference(arms[0], arms[1], tau_days=settings.tau_days, level=level)
    events = [int((arm.referred & (arm.days <= found.tau)).sum()) for arm in arms]
    risk = risk_difference_by(arms[0], arms[1], found.tau, level=level)
    row = {
        "tau_days": found.tau,
        "n_programme": len(arms[0].days),
        "events_programme": events[0],
        "n_comparison": len(arms[1].days),
        "events_comparison": events[1],
        "risk_difference": 100 * risk.difference,
        "risk_ci_low": 100 * risk.ci_low,
        "risk_ci_high": 100 * risk.ci_high,
        "risk_method": risk.method,
        "mean_days_programme": found.mean_programme,
        "mean_days_comparison": found.mean_comparison,
        "mean_difference": found.difference,
        "se": found.se,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "p_value": found.p_value,
        "few_events": min(events) < settings.min_events,
    }
    return AggregateTable("re_referral", "study", pd.DataFrame([row]), _difference_columns())


def _difference_columns() -> dict[str, Column]:
    both = ("events_programme", "events_comparison")
    mean = "Restricted mean days without a referral."
    interval = "Family jackknife, t."
    return {
        "tau_days": Column("By day", Role.OPEN, "days", 0, about="Set in advance; cut to what both were followed for."),
        "n_programme": Column("Programme, children", Role.BASE, "children", 0, about="Followed at least a day."),
        "events_programme": Column("Programme, re-referred", Role.COUNT, "children", 0, about="By that day."),
        "n_comparison": Column("Comparison, children", Role.BASE, "children", 0, about="Followed at least a day."),
        "events_comparison": Column("Comparison, re-referred", Role.COUNT, "children", 0, about="By that day."),
        "risk_difference": Column("Difference in shares", Role.DERIVED, "%", 1, both, "Programme minus comparison."),
        "risk_ci_low": Column("from", Role.DERIVED, "%", 1, both, "Lower end of the interval."),
        "risk_ci_high": Column("to", Role.DERIVED, "%", 1, both, "Upper end of the interval."),
        "risk_method": Column("By", Role.OPEN, about="Newcombe: two shares. Kaplan-Meier: some were censored."),
        "mean_days_programme": Column("Programme, days without", Role.DERIVED, "days", 1, both, mean),
        "mean_days_comparison": Column("Comparison, days without", Role.DERIVED, "days", 1, both, mean),
        "mean_difference": Column("Difference in days", Role.DERIVED, "days", 1, both, "Programme minus comparison."),
        "se": Column("Standard error", Role.DERIVED, "days", 2, both, interval),
        "ci_low": Column("days from", Role.DERIVED, "days", 1, both, interval),
        "ci_high": Column("days to", Role.DERIVED, "days", 1, both, interval),
        "p_value": Column("p value", Role.DERIVED, "p", 3, both, interval),
        "few_events": Column("Few events", Role.DERIVED, "", None, both, "Fewer than the study's min_events."),
    }
