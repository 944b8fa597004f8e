"""Who is in the study, who is out and why; the counts of the flow add up.

Every analysis begins from :func:`select`. A child whose window the data does not cover is never counted as
having had no care: what happens to it is the study's setting ``unobservable``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from stepdown.contracts import StudyRecords
from stepdown.faults import Refused, refuse
from stepdown.measures import PERIODS
from stepdown.numbers import digits
from stepdown.params import Study
from stepdown.statuses import overlap_faults
from stepdown.tables import AddsUp, AggregateTable, Column, Role
from stepdown.windows import Observed, Periods, Sight, after, age_on, before, observe

IN_RECORDS, ANALYSED = "In the records", "Analysed"

REASONS = {
    str(Sight.NOT_YET_BORN): "Not yet born when the period began",
    str(Sight.TURNED_18): "Turned 18 before the period ended",
    str(Sight.NOT_OBSERVABLE): "The extract begins after the period did",
    str(Sight.TOO_RECENT): "Too recent: the extract ends before the period does",
    str(Sight.OBSERVABLE): "Observable",
}
"""What a reader is told for each reason."""

AS_PUBLISHED = "; counted anyway, as the report did"
DAYS_AT_RISK = "; analysed on the days covered, scaled to the whole period"
"""What a reader is told of a child who is analysed although its period is not wholly observable."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """The children who are analysed, with their periods.

    children: one row per child, in the order of the records, index 0 … n-1.
    before, after: their :class:`~stepdown.windows.Periods`.  seen_before, seen_after: what the data shows of them.
    flow: the participant flow.  observability: how many children each period can be observed for, and why not.
    """

    children: pd.DataFrame
    before: Periods
    after: Periods
    seen_before: Observed
    seen_after: Observed
    flow: AggregateTable
    observability: AggregateTable


def select(study: Study, records: StudyRecords) -> Cohort:
    """Return the cohort of a study.

    Under ``as_published`` a child counts who was unborn or 18 for part of a period, as a report may have counted it;
    a period that the extract itself does not cover counts under no setting.
    Raises Refused when nobody is left in a group, or when the follow-up of the two groups differs by more than
    the study allows.
    """
    refuse(overlap_faults(study, records))
    everyone = records.children.reset_index(drop=True)
    included = everyone[everyone["exclusion_reason"].isna()].reset_index(drop=True)
    months = study.settings.window_months
    seen = {period: _seen(study, included, period, months) for period in PERIODS}
    asked = {period: _asked(study, included, period, months, seen[period]) for period in PERIODS}
    if study.settings.unobservable == "days_at_risk":
        kept = (seen["before"].days_at_risk > 0) & (seen["after"].days_at_risk > 0)
    else:
        kept = asked["before"].observable & asked["after"].observable
    _refuse_empty_group(study, included[kept])
    _refuse_unequal_follow_up(study, included, asked)
    children = included[kept].reset_index(drop=True)
    first, last = _periods(children, "before", months), _periods(children, "after", months)
    return Cohort(
        children=children,
        before=first,
        after=last,
        seen_before=_seen(study, children, "before", months),
        seen_after=_seen(study, children, "after", months),
        flow=participant_flow(study, everyone, included, kept, asked),
        observability=observability(study, included),
    )


def age_at_start(children: pd.DataFrame) -> pd.Series:
    """Return age in completed years on start_date (from birth_date, else age_years; NaN when unknown, -1 unborn)."""
    born = children["birth_date"].to_numpy()
    age = pd.Series(age_on(born, children["start_date"].to_numpy()), index=children.index, dtype="float64")
    return age.where(children["birth_date"].notna(), np.floor(children["age_years"]))


def _periods(children: pd.DataFrame, period: str, months: int) -> Periods:
    start, end = children["start_date"].to_numpy(), children["end_date"].to_numpy()
    return before(start, months) if period == "before" else after(end, months)


def _seen(study: Study, children: pd.DataFrame, period: str, months: int) -> Observed:
    data = study.settings.data
    return observe(
        _periods(children, period, months),
        last_date=np.datetime64(data.last_date),
        first_date=None if data.first_date is None else np.datetime64(data.first_date),
        birth_date=children["birth_date"].to_numpy(),
    )


def _asked(study: Study, children: pd.DataFrame, period: str, months: int, seen: Observed) -> Observed:
    """Return what must be observable for a child to be analysed: under ``as_published``, the extract's reach alone."""
    if study.settings.unobservable == "as_published":
        return _seen(study, children.assign(birth_date=pd.NaT), period, months)
    return seen


def participant_flow(
    study: Study, everyone: pd.DataFrame, included: pd.DataFrame, kept: np.ndarray, seen: dict[str, Observed]
) -> AggregateTable:
    """Return the participant flow: one row is a group × step; the exclusions add up to the difference."""
    reason = np.where(seen["before"].observable, "after: " + seen["after"].reason, "before: " + seen["before"].reason)
    families, rows = included["family_id"], []
    for label in study.settings.groups.labels():
        mine, chosen = everyone[everyone["group"] == label], (included["group"] == label).to_numpy()
        rows.append(_step(label, IN_RECORDS, "", mine["family_id"]))
        for why, left_out in mine["family_id"].groupby(mine["exclusion_reason"]):
            rows.append(
                _step(label, "Excluded", study.settings.exclusion_reasons.get(str(why), "Other reason"), left_out)
            )
        for why in sorted(set(reason[chosen & ~kept])):
            period, sight = why.split(": ", 1)
            text = f"{REASONS[sight]} ({period})"
            rows.append(_step(label, "Not observable", text, families[chosen & ~kept & (reason == why)]))
        rows.append(_step(label, ANALYSED, "", families[chosen & kept]))
    columns = {
        "group": Column("Group", Role.KEY),
        "step": Column("Step", Role.KEY),
        "reason": Column("Reason", Role.KEY),
        "children": Column("Children", Role.COUNT, "children", 0),
        "families": Column("Families", Role.COUNT, "families", 0),
    }
    sums = AddsUp("children", ("group",))
    return AggregateTable.of_rows("participant_flow", "group × step of the participant flow", columns, rows, sums)


def _step(label: str, step: str, reason: str, families: pd.Series) -> tuple[str, str, str, int, int]:
    return label, step, reason, len(families), families.nunique()


def observability(study: Study, included: pd.DataFrame) -> AggregateTable:
    """Return for how many children each period can be observed: one row is a group × window × reason.

    Columns: group, window ("6 months after"), window_months, period, reason, children, observable (true or false).
    """
    lengths: Sequence[int] = sorted({study.settings.window_months, *study.settings.longer_windows_months})
    sights = {(months, period): _sights(study, included, period, months) for months in lengths for period in PERIODS}
    order = [str(sight) for sight in Sight]
    rows = []
    for label in study.settings.groups.labels():
        mine = (included["group"] == label).to_numpy()
        for (months, period), (reason, analysed) in sights.items():
            counts = Counter(zip(reason[mine], analysed[mine], strict=True))
            for why, how in sorted(counts, key=lambda key: (order.index(key[0]), key[1])):
                told, window = REASONS.get(why, why) + how, f"{months} months {period}"
                rows.append((label, window, months, period, told, counts[why, how], why == str(Sight.OBSERVABLE)))
    columns = {
        "group": Column("Group", Role.KEY),
        "window": Column("Window", Role.KEY),
        "window_months": Column("Months", Role.KEY, "months", 0),
        "period": Column("Period", Role.KEY),
        "reason": Column("What the data shows", Role.KEY),
        "children": Column("Children", Role.COUNT, "children", 0),
        "observable": Column("Observable", Role.OPEN),
    }
    sums = AddsUp("children", ("group", "window"))
    return AggregateTable.of_rows("observability", "group × window × reason", columns, rows, sums)


def _sights(study: Study, included: pd.DataFrame, period: str, months: int) -> tuple[np.ndarray, np.ndarray]:
    """Return of each child what the data shows, and how it is analysed all the same (blank: it is not)."""
    seen = _seen(study, included, period, months)
    asked = _asked(study, included, period, months, seen)
    reason = np.where(asked.observable, seen.reason, asked.reason)
    analysed = np.full(len(included), "", dtype=object)
    if months == study.settings.window_months:
        if study.settings.unobservable == "as_published":
            analysed[asked.observable & ~seen.observable] = AS_PUBLISHED
        elif study.settings.unobservable == "days_at_risk":
            analysed[(seen.days_at_risk > 0) & ~seen.observable] = DAYS_AT_RISK
    return reason, analysed


def _refuse_empty_group(study: Study, analysed: pd.DataFrame) -> None:
    counts = analysed["group"].value_counts()
    for label in study.settings.groups.labels():
        if counts.get(label, 0) == 0:
            raise Refused.for_one(
                f"{study.file.name}, group {label}",
                "no child whom the data cover for the whole of both periods",
                "at least one child in each group",
                "a window that the data do not cover is never counted as zero (docs/methods.md, Periods)",
                "shorten window_months, extend the extract (data.last_date), or correct the groups' labels",
            )


def _refuse_unequal_follow_up(study: Study, included: pd.DataFrame, seen: dict[str, Observed]) -> None:
    settings = study.settings
    if settings.unobservable == "days_at_risk":
        return
    for period in PERIODS:
        length = _periods(included, period, settings.window_months).days
        share = pd.Series(seen[period].days_at_risk / np.maximum(length, 1))
        by_group = share.groupby(included["group"].to_numpy()).mean()
        gap = float(by_group.max() - by_group.min())
        if gap > settings.follow_up_gap_allowed:
            shares = ", ".join(f"{label} {digits(100 * by_group[label])}%" for label in settings.groups.labels())
            raise Refused.for_one(
                f"{study.file.name}, the {settings.window_months} months {period}",
                f"groups that the data cover for different lengths of time ({shares} of the child-days)",
                f"a difference of at most {settings.follow_up_gap_allowed:.0%} (follow_up_gap_allowed)",
                "groups are compared over equal follow-up only (docs/methods.md, Periods)",
                "shorten window_months, extend the extract, or set unobservable: days_at_risk",
            )
