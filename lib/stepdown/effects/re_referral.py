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

from stepdown.effects.comparison import Bools, Floats, Integers, group_labels
from stepdown.effects.estimates import NAN, t_interval
from stepdown.effects.family_shares import (
    FEWEST_FAMILIES,
    TOO_FEW,
    Shares,
    correlation_within,
    family_risk_difference,
)
from stepdown.params.effects import EffectSettings
from stepdown.tables import AggregateTable, Column, Role

CENSORED = "Kaplan-Meier"
"""How shares are had where some children were not followed to the day."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Time to the next referral of n children.

    days: float (n,), to the end of the day of the first referral after, or to the end of follow-up.
    referred: bool (n,).  family: whole numbers (n,) from 0.  longest: days that the data follow the longest-followed
    child, referred or not; 0 where only ``days`` say it.
    """

    days: Floats
    referred: Bools
    family: Integers
    longest: float = 0.0

    @property
    def known_to(self) -> float:
        """The last day on which the share without a referral is known: if all left were referred it stays nought."""
        last = float(self.days.max(initial=0.0))
        ended = bool(self.referred[self.days == last].all())
        return max(last, self.longest) if ended else last

    def by(self, day: int) -> Shares:
        """Return who was referred by ``day``, of the children of whom that is known."""
        seen = self.referred & (self.days <= day)
        known = seen | (self.days >= day)
        return Shares(seen[known], self.family[known])


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
    follow_up = followed["follow_up_days"].to_numpy(dtype=np.float64)
    family = pd.factorize(followed["family_id"])[0].astype(np.int64)
    return Waiting(np.where(referred, wait + 1, follow_up), referred, family, float(follow_up.max(initial=0.0)))


def risk_by(data: Waiting, day: int, *, level: float = 0.95, correlation: float | None = None) -> RiskAt:
    """Return the Kaplan-Meier risk of a referral by ``day`` with its log-log interval, families taken together.

    The squared standard error is multiplied by the design effect of the children's families, with Student's t where
    there are siblings; ``correlation`` within families is estimated from the data when it is not given. Fewer than
    FEWEST_FAMILIES: no interval.
    """
    at_risk = int((data.days >= day).sum())
    by_then = data.by(day)
    events, families = int(by_then.had.sum()), len(np.unique(data.family))
    if families < FEWEST_FAMILIES:
        return RiskAt(day, at_risk, events, _survival(data, day)[0], NAN, NAN)
    everyone = Shares(data.referred, data.family)
    within = correlation_within(by_then) if correlation is None else correlation
    effect = len(data.days) / everyone.worth(within)
    if events == 0:
        upper = 1 - (0.5 - level / 2) ** (effect / at_risk) if at_risk and day else 0.0 if not day else 1.0
        return RiskAt(day, at_risk, 0, 0.0, 0.0, upper)
    risk, se = _survival(data, day)
    if risk >= 1:
        return RiskAt(day, at_risk, events, 1.0, NAN, NAN)
    alone = everyone.sizes.max() == 1
    width = stats.norm.ppf(0.5 + level / 2) if alone else stats.t.ppf(0.5 + level / 2, families - 1)
    survival = 1 - risk
    reach = np.exp(width * np.sqrt(effect) * se / (survival * np.log(survival)))
    ends = sorted((1 - float(survival**reach), 1 - float(survival ** (1 / reach))))
    return RiskAt(day, at_risk, events, risk, ends[0], ends[1])


def _survival(data: Waiting, day: int) -> tuple[float, float]:
    """Return the Kaplan-Meier risk by ``day`` and its standard error by Greenwood, children taken as independent."""
    if not (data.referred & (data.days <= day)).any():
        return 0.0, 0.0
    from statsmodels.duration.survfunc import SurvfuncRight

    curve = SurvfuncRight(data.days, data.referred.astype(np.float64))
    last = int(np.searchsorted(curve.surv_times, day, side="right")) - 1
    return max(0.0, 1 - float(curve.surv_prob[last])), float(curve.surv_prob_se[last])


def restricted_mean(data: Waiting, tau: float) -> tuple[float, float]:
    """Return the mean time without a referral up to ``tau`` days, and its standard error.

    The area under the Kaplan-Meier curve (Royston & Parmar 2013, doi 10.1186/1471-2288-13-152); the standard
    error is Greenwood's and takes children as independent.
    """
    from statsmodels.duration.survfunc import SurvfuncRight

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
    tau = int(min(tau_days, programme.known_to, comparison.known_to))
    if not (len(programme.days) and len(comparison.days)):
        return WaitingDifference(tau, *[NAN] * 8)
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
    left = _without_each_family(data, tau)
    count = len(families)
    return float(np.sqrt((count - 1) / count * ((left - whole) ** 2).sum()))


_AT_A_TIME = 16_384
"""Families left out together: the tables of their own days then take some tens of megabytes."""


def _without_each_family(data: Waiting, tau: float) -> Floats:
    """Return the restricted mean without each family in turn: its own counts are taken from those of all."""
    early = data.referred & (data.days <= tau)
    times = np.unique(data.days[early])
    widths = np.diff(np.concatenate([times, [tau]]))
    place = np.unique(data.family, return_inverse=True)[1]
    order = np.argsort(place, kind="stable")
    place, early, days = place[order], early[order], data.days[order]
    when, gone = np.searchsorted(times, days), np.searchsorted(times, days, side="right")
    all_events = np.bincount(when[early], minlength=len(times))
    all_at_risk = len(days) - np.bincount(gone, minlength=len(times) + 1)[:-1].cumsum()
    parts = []
    for first in range(0, int(place[-1]) + 1, _AT_A_TIME):
        mine = slice(*np.searchsorted(place, [first, first + _AT_A_TIME]))
        families = int(place[mine][-1]) - first + 1
        events, left = np.zeros((families, len(times))), np.zeros((families, len(times) + 1))
        row, had = place[mine] - first, early[mine]
        np.add.at(events, (row[had], when[mine][had]), 1.0)
        np.add.at(left, (row, gone[mine]), 1.0)
        own = left.sum(axis=1)[:, None] - left[:, :-1].cumsum(axis=1)
        rest = all_at_risk - own
        hazard = np.divide(all_events - events, rest, out=np.zeros_like(rest), where=rest > 0)
        parts.append(times[0] + np.cumprod(1 - hazard, axis=1) @ widths)
    return np.concatenate(parts)


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
    labels = group_labels(frame)
    arms = [waiting(frame.loc[frame["group"] == label]) for label in labels]
    within = {day: correlation_within(*(arm.by(day) for arm in arms)) for day in days}
    for label, data in zip(labels, arms, strict=True):
        for day in days:
            found = risk_by(data, day, level=settings.confidence_level, correlation=within[day])
            if len(data.days) and (found.at_risk or day <= data.known_to):
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
        "ci_low": Column("from", Role.DERIVED, "%", 1, rests, "Log-log, siblings taken together, lower."),
        "ci_high": Column("to", Role.DERIVED, "%", 1, rests, "Log-log, siblings taken together, upper."),
    }
    return AggregateTable.of_rows("re_referral_survival", "group on a day", columns, rows)


def risk_difference_by(programme: Waiting, comparison: Waiting, day: int, *, level: float = 0.95) -> RiskChange:
    """Return the difference in the risk of a referral by ``day``, programme minus comparison.

    When every child was followed to the day or referred before, the difference of two shares with Newcombe's interval,
    families taken together. Otherwise the difference of the two Kaplan-Meier risks, with the interval put together from
    theirs in the same way (MOVER: Zou & Donner 2008, doi 10.1002/sim.3095); NaN where one of those cannot be had.
    """
    arms = (programme, comparison)
    if not (len(programme.days) and len(comparison.days)):
        return RiskChange(NAN, NAN, NAN, "no child of one group was followed for a day")
    shares = [arm.by(day) for arm in arms]
    if all(len(share.had) == len(arm.days) for share, arm in zip(shares, arms, strict=True)):
        found = family_risk_difference(shares[0], shares[1], level=level)
        return RiskChange(found.difference, found.ci_low, found.ci_high, found.method)
    within = correlation_within(*shares)
    first, second = (risk_by(arm, day, level=level, correlation=within) for arm in arms)
    few = min(len(np.unique(arm.family)) for arm in arms) < FEWEST_FAMILIES
    return RiskChange(*mover(first, second), TOO_FEW if few else CENSORED)


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
    return AggregateTable.of_rows("re_referral", "study", _difference_columns(), [row])


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
        "risk_method": Column("By", Role.OPEN, about="How the interval was made, or why there is none."),
        "mean_days_programme": Column("Programme, days without", Role.DERIVED, "days", 1, both, mean),
        "mean_days_comparison": Column("Comparison, days without", Role.DERIVED, "days", 1, both, mean),
        "mean_difference": Column("Difference in days", Role.DERIVED, "days", 1, both, "Programme minus comparison."),
        "se": Column("Standard error", Role.DERIVED, "days", 2, both, interval),
        "ci_low": Column("days from", Role.DERIVED, "days", 1, both, interval),
        "ci_high": Column("days to", Role.DERIVED, "days", 1, both, interval),
        "p_value": Column("p value", Role.DERIVED, "p", 3, both, interval),
        "few_events": Column("Few events", Role.DERIVED, "", None, both, "Fewer than the study's min_events."),
    }
