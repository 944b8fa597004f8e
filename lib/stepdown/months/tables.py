"""The tables of what happened month by month: who held which status, mean days, the event study, and honest trends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from stepdown.contracts import StudyRecords
from stepdown.effects.comparison import Bools
from stepdown.effects.estimates import NAN
from stepdown.measures import measured
from stepdown.months.event_study import EventStudy, event_study, mean_by_period
from stepdown.months.lasting import MONTH, sizes_columns
from stepdown.months.panel import UNITS, Panel, finest, held, panels, with_any
from stepdown.months.trends import Smooth, largest_change_of_slope
from stepdown.outcomes import ChildOutcomes
from stepdown.params import Study
from stepdown.tables import AddsUp, AggregateTable, Column, Role

_PERIOD = {
    "period": Column("Period", Role.KEY, about="Months before support (below 0) or after it (above 0)."),
    "unit": Column("Unit", Role.OPEN, about="What one period is: a month, or a quarter where numbers are small."),
}
ALIKE, STRAIGHT, BENT = "moved alike", "line goes on", "slope changes"
"""What would have happened to the difference between the groups without the programme."""
SHARES_OF_LARGEST = (0.05, 0.1, 0.25, 1.0)
"""The M that are shown, as parts of the largest change of slope seen before."""


@dataclass(frozen=True, slots=True)
class ByMonth:
    """What the tables are made from (record level: never shown).

    areas: the panel of statuses.  days: that of the headline outcome; None where it is not counted by day, or where a
    group has too few children with any of it in some quarter.  fewest: the largest number that is hidden (0: none is).
    """

    study: Study
    outcomes: ChildOutcomes
    areas: Panel
    days: Panel | None
    fewest: int

    @property
    def level(self) -> float:
        """Confidence level of every interval."""
        return self.study.settings.effects.confidence_level

    @property
    def headline(self) -> str:
        """The outcome that the event study is about."""
        return self.study.settings.effects.headline


def by_month(study: Study, records: StudyRecords, outcomes: ChildOutcomes) -> ByMonth:
    """Return the panels of a study, each in months, or in quarters where a month has a number that must be hidden."""
    policy, choices = study.settings.disclosure, panels(study, records, outcomes.cohort)
    fewest = policy.threshold if policy.method == "suppress" else 0
    statuses = len(outcomes.statuses())
    areas = finest(choices, lambda each: held(each, statuses), fewest) or choices[-1]
    both_sides = [each for each in choices if each.value is not None and 0 < each.before.sum() < each.before.size]
    days = finest(both_sides, with_any, fewest)
    return ByMonth(study, outcomes, areas, days, fewest)


def months_table(given: ByMonth) -> AggregateTable:
    """Return ``months``: one row is a group × period × highest status, of the children observed in that period."""
    own, names = given.areas, given.outcomes.statuses()
    counts = held(own, len(names))
    rows = []
    for side, label in enumerate(given.outcomes.groups):
        for place, period in enumerate(own.labels()):
            size = int(counts[side, place].sum())
            for rung, status in enumerate(names):
                count = int(counts[side, place, rung])
                share = 100 * count / size if size else NAN
                rows.append((label, period, UNITS[own.step], status, size, count, share))
    columns = {
        "group": Column("Group", Role.KEY),
        **_PERIOD,
        "status": Column(measured("highest").title, Role.KEY, about="In the period."),
        "children_observed": Column("Children observed", Role.BASE, "children", 0, about="In the whole period."),
        "children": Column("Children", Role.COUNT, "children", 0),
        "percent": Column("Share", Role.DERIVED, "%", 1, ("children", "children_observed")),
    }
    sums = AddsUp("children", ("group", "period"), "children_observed")
    return AggregateTable.of_rows("months", "group × period × highest status", columns, rows, sums)


def month_days_table(given: ByMonth) -> AggregateTable:
    """Return ``month_days``: one row is a group × period; the mean of the headline outcome, per child per month."""
    rows = []
    for side, label in enumerate(given.outcomes.groups if given.days else ()):
        own = given.days or given.areas
        arm = own.programme if side == 0 else ~own.programme
        family = pd.factorize(own.family[arm])[0]
        value = _a_month(own, given.headline)
        ends = mean_by_period(value[arm], own.seen[arm], family, given.level)
        for place, period in enumerate(own.labels()):
            size = int(own.sizes(arm)[place])
            rows.append((label, period, UNITS[own.step], given.headline, size, *(end[place] for end in ends)))
    rests = ("children_observed",)
    columns = {
        "group": Column("Group", Role.KEY),
        **_PERIOD,
        "outcome": Column("Outcome", Role.OPEN, about="What is counted, inside the period."),
        "children_observed": Column("Children observed", Role.BASE, "children", 0, about="In the whole period."),
        "mean": Column("Mean", Role.DERIVED, "", 2, rests, "Per child per month."),
        "ci_low": Column("from", Role.DERIVED, "", 2, rests, "Clustered on family."),
        "ci_high": Column("to", Role.DERIVED, "", 2, rests, "Clustered on family."),
    }
    return AggregateTable.of_rows("month_days", "group × period", columns, rows)


def event_study_table(given: ByMonth) -> AggregateTable:
    """Return ``event_study``: one row is a period; programme minus comparison against the reference."""
    rows = []
    if given.days:
        own, reference = given.days, reference_of(given)
        found = studied(given, reference)
        ends = (*found.intervals(given.level), *found.band(given.level, seed=given.study.settings.seed))
        for place, period in enumerate(own.labels()):
            numbers = (found.estimate[place], *(end[place] for end in ends))
            sizes = [int(own.sizes(arm)[place]) for arm in (own.programme, ~own.programme)]
            rows.append((period, UNITS[own.step], given.headline, bool(reference[place]), *numbers, *sizes))
    rests = ("n_programme", "n_comparison")
    columns = {
        **_PERIOD,
        "outcome": Column("Outcome", Role.OPEN, about="What is counted, inside the period."),
        "reference": Column("Reference", Role.OPEN, about="Whether the period is one that the others are set against."),
        "estimate": Column("Estimate", Role.DERIVED, "", 2, rests, "Programme minus comparison, per child per month."),
        "ci_low": Column("from", Role.DERIVED, "", 2, rests, "Of this period alone, clustered on family."),
        "ci_high": Column("to", Role.DERIVED, "", 2, rests, "Of this period alone, clustered on family."),
        "band_low": Column("band, from", Role.DERIVED, "", 2, rests, "Of all periods at once (sup-t)."),
        "band_high": Column("band, to", Role.DERIVED, "", 2, rests, "Of all periods at once (sup-t)."),
        **sizes_columns("Observed in the period."),
    }
    return AggregateTable.of_rows("event_study", "period", columns, rows)


def trends_table(given: ByMonth) -> AggregateTable:
    """Return ``trends``: one row is an assumption on the difference without the programme; the average effect after.

    p_before: the joint test that the periods before lie at their reference.  breakdown: the least M at which the
    interval reaches zero.  largest_before: the largest change of slope from one period before to the next.
    """
    rows = [*_assumptions(given)] if given.days else []
    rests = ("n_programme", "n_comparison")
    columns = {
        "assumption": Column("Without the programme", Role.KEY, about="What the difference would have done."),
        "m": Column("M", Role.KEY, "", 2, about="Most that its slope changes from a period to the next."),
        "unit": _PERIOD["unit"],
        "outcome": Column("Outcome", Role.OPEN, about="What is counted, per child per month."),
        "estimate": Column(
            "Average after", Role.DERIVED, "", 2, rests, "Programme minus comparison, per child per month."
        ),
        "ci_low": Column("from", Role.DERIVED, "", 2, rests, "Of the average after."),
        "ci_high": Column("to", Role.DERIVED, "", 2, rests, "Of the average after."),
        "p_before": Column("p, periods before", Role.DERIVED, "p", 3, rests, "Joint test (Hotelling)."),
        "breakdown": Column("Breakdown M", Role.DERIVED, "", 2, rests, "At which the interval reaches zero."),
        "largest_before": Column("Largest change of slope before", Role.DERIVED, "", 2, rests, "With chance."),
        "periods_of_support": Column(
            "Periods of support", Role.OPEN, "", 0, about="Mean length, over which it may change too."
        ),
        **sizes_columns("Observed in the first period after."),
    }
    return AggregateTable.of_rows("trends", "assumption on the difference without the programme", columns, rows)


def reference_of(given: ByMonth) -> Bools:
    """Return which periods the others are set against, by the study's ``months.reference``."""
    own, settings = given.days or given.areas, given.study.settings
    last = own.before & (own.numbers == own.numbers[own.before].max())
    if settings.months.reference == "month":
        return last
    return own.before & (own.numbers >= -settings.window_months) | last


def studied(given: ByMonth, reference: Bools) -> EventStudy:
    """Return the event study of the headline outcome, per child per month."""
    own = given.days or given.areas
    return event_study(_a_month(own, given.headline), own.seen, own.programme, own.family, reference)


def _a_month(own: Panel, headline: str) -> np.ndarray:
    """Return the outcome a month: of a quarter its third; a share stays as it is."""
    value = own.value if own.value is not None else np.zeros_like(own.highest, dtype=np.float64)
    return value if own.step == 1 or measured(headline).kind == "flag" else value / own.step


def _assumptions(given: ByMonth) -> Iterator[tuple[object, ...]]:
    own = given.days or given.areas
    found = studied(given, reference_of(given))
    p_before = found.joint(own.before)[2]
    support = periods_of_support(given)
    unit = UNITS[own.step]
    sizes = [int(own.sizes(arm)[own.before.sum()]) for arm in (own.programme, ~own.programme)]
    smooth, breakdown, largest = smooth_of(given, support), NAN, NAN
    if smooth:
        breakdown, largest = smooth.breakdown(), largest_change_of_slope(smooth.before)
    tail = (p_before, breakdown, largest, support, *sizes)
    yield (ALIKE, NAN, unit, given.headline, *found.average(~own.before, given.level), *tail)
    for share in (0.0, *SHARES_OF_LARGEST):
        if smooth is None:
            return
        one = smooth.interval(share * largest)
        name = STRAIGHT if share == 0 else BENT
        yield (name, one.m, unit, given.headline, one.estimate, one.ci_low, one.ci_high, *tail)


def periods_of_support(given: ByMonth) -> int:
    """Return the mean length of support in whole periods: the line before is drawn on through it."""
    cohort, own = given.outcomes.cohort, given.days or given.areas
    days = (cohort.after.start - cohort.before.end).astype("timedelta64[D]").astype(np.float64)
    return round(float(days.mean()) / MONTH / own.step)


def smooth_of(given: ByMonth, support: int) -> Smooth | None:
    """Return the problem of honest trends, the last period before being 0; None without two others before it."""
    own = given.days or given.areas
    last = own.before & (own.numbers == own.numbers[own.before].max())
    return widened(studied(given, last), own.before, support, level=given.level)


def widened(found: EventStudy, before: Bools, support: int, *, level: float = 0.95) -> Smooth | None:
    """Return the problem of honest trends of an event study whose reference is the last period before.

    The weights are chosen by a covariance that is itself estimated from the families, which makes intervals too short:
    at 75 + 113 children 89 of 100 held the truth. So the covariance is widened as in covariance adjustment (Rao 1965,
    Biometrika 52:447-458): once for what the choice hides, once for what it costs. None where it cannot be had.
    """
    first, then = np.flatnonzero(before)[:-1], np.flatnonzero(~before)
    places = np.concatenate([first, then])
    covariance = found.covariance[np.ix_(places, places)]
    df, chosen = float(found.df.min()), len(first) - 1
    if chosen < 1 or df <= chosen + 1 or not np.isfinite(covariance).all():
        return None
    if np.linalg.matrix_rank(covariance[: len(first), : len(first)]) < len(first):
        return None
    factor = (df / (df - chosen)) ** 2
    return Smooth.with_gap(found.estimate[first], found.estimate[then], factor * covariance, support, level=level)
