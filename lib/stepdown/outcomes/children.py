"""Outcomes child by child: what a child's records come to in the periods before and after.

Statuses are Child in Need (CIN), Child Protection plan (CP) and Child Looked After (CLA). The definitions of
days, episodes and periods are in :mod:`stepdown.windows`, once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from stepdown.cohort import Cohort, age_at_start, select
from stepdown.contracts import StudyRecords, known_tables
from stepdown.measures import NONE, PERIODS, counters
from stepdown.params import Study
from stepdown.statuses import spells_by_status
from stepdown.windows import (
    Spells,
    count_in,
    days_in,
    events_in,
    first_event_after,
    follow_up_days,
    highest_in,
    new_in,
    positions,
    status_on,
)


@dataclass(frozen=True, slots=True)
class ChildOutcomes:
    """Outcomes child by child (record level: never shown).

    frame: one row per child who is analysed, with child_id, family_id, group, in_programme, age_years,
    sibling_group_size, ethnic_group (text, missing when not known), n_issues (NaN without an issues table),
    window_days_<period>, observable_<period>, days_at_risk_<period>, and for each status (cin, cp, cla) and period
    days_, clipped_days_, episodes_, new_episodes_ and any_<status>_<period>; also highest_<period> (0 none … 3 CLA),
    highest_at_start and highest_at_end (status on the last day before support and on the first day after it),
    referrals_<period>, any_referral_<period>, referrals_without_index_<period>, days_to_referral (NaN: none seen),
    follow_up_days.
    days_ is by the study's day_count; clipped_days_ always inside the window. Under ``unobservable: days_at_risk``
    everything is counted on the days that the data covers, and days are scaled to the whole window. Measures that a
    room or an evaluator declared with a counter follow, <name>_before and <name>_after (NaN: not measured).
    ladder: the statuses from least to most intensive.
    """

    frame: pd.DataFrame
    cohort: Cohort
    ladder: tuple[str, ...]
    groups: tuple[str, str]

    def statuses(self) -> tuple[str, ...]:
        """Return all statuses, none first."""
        return (NONE, *self.ladder)

    def longest_window(self) -> int:
        """Return the most days that any child's window holds."""
        return int(self.frame[[f"window_days_{period}" for period in PERIODS]].to_numpy().max())


def child_outcomes(study: Study, records: StudyRecords) -> ChildOutcomes:
    """Return the outcomes of every child who is analysed; raises Refused as :func:`stepdown.cohort.select` does."""
    cohort = select(study, records)
    settings = study.settings
    children = cohort.children
    spells = spells_by_status(study, records, children)
    columns: dict[str, object] = {
        "child_id": children["child_id"],
        "family_id": children["family_id"],
        "group": children["group"],
        "in_programme": children["group"] == settings.groups.programme.label,
        "age_years": age_at_start(children),
        "sibling_group_size": children["sibling_group_size"],
        "ethnic_group": ethnic_group(study, children["ethnicity_code"]),
        "n_issues": _number_of_issues(records, children),
    }
    for period in PERIODS:
        columns |= _period_columns(study, cohort, spells, period)
    columns |= _status_at_edges(study, cohort, spells)
    columns |= _referral_columns(study, cohort, records)
    known_tables()  # the rooms that have tables of their own declare their measures
    for counted in counters():
        columns |= counted(study, records, cohort)
    return ChildOutcomes(pd.DataFrame(columns), cohort, settings.ladder, settings.groups.labels())


def ethnic_group(study: Study, codes: pd.Series) -> pd.Series:
    """Return the ethnic group of each ethnicity code (the code's own label where it is in no group; missing: NA)."""
    profile = study.settings.profile
    group_of = {code: label for label, members in profile.ethnicity_groups.items() for code in members}
    unknown = {code for code, label in profile.ethnicity.items() if is_unknown(label)}
    labels = {code: group_of.get(code, label) for code, label in profile.ethnicity.items() if code not in unknown}
    return codes.map(labels).astype("str")


def is_unknown(label: str) -> bool:
    """Return whether a category's label says that the category is not known."""
    return any(word in label.lower() for word in ("unknown", "not stated", "unavailable", "not known"))


def _number_of_issues(records: StudyRecords, children: pd.DataFrame) -> np.ndarray:
    if records.issues.empty:
        return np.full(len(children), np.nan)
    child = positions(children["child_id"], records.issues["child_id"])
    return np.bincount(child[child >= 0], minlength=len(children)).astype("float64")


def _period_columns(study: Study, cohort: Cohort, spells: dict[str, Spells], period: str) -> dict[str, object]:
    periods = getattr(cohort, period)
    seen = getattr(cohort, f"seen_{period}")
    settings = study.settings
    columns: dict[str, object] = {
        f"window_days_{period}": periods.days,
        f"observable_{period}": seen.observable,
        f"days_at_risk_{period}": seen.days_at_risk,
    }
    scale = 1.0
    if settings.unobservable == "days_at_risk":
        scale = periods.days / np.maximum(seen.days_at_risk, 1)
        periods = seen.covered
    for status, mine in spells.items():
        name = f"{status.lower()}_{period}"
        columns[f"days_{name}"] = days_in(periods, mine, rule=settings.day_count) * scale
        columns[f"clipped_days_{name}"] = days_in(periods, mine, rule="clipped") * scale
        columns[f"episodes_{name}"] = count_in(periods, mine)
        columns[f"new_episodes_{name}"] = new_in(periods, mine)
        columns[f"any_{name}"] = count_in(periods, mine) > 0
    columns[f"highest_{period}"] = highest_in(periods, spells, settings.ladder)
    return columns


def _status_at_edges(study: Study, cohort: Cohort, spells: dict[str, Spells]) -> dict[str, object]:
    edges = {
        "highest_at_start": cohort.before.end - np.timedelta64(1, "D"),
        "highest_at_end": cohort.after.start,
    }
    columns: dict[str, object] = {}
    for name, dates in edges.items():
        highest = np.zeros(len(cohort.children), dtype=np.int64)
        for rung, status in enumerate(study.settings.ladder, 1):
            highest[status_on(spells[status], dates)] = rung
        columns[name] = highest
    return columns


def _referral_columns(study: Study, cohort: Cohort, records: StudyRecords) -> dict[str, np.ndarray]:
    referrals = records.referrals
    row = positions(cohort.children["child_id"], referrals["child_id"])
    mine = row >= 0
    child, dates = row[mine], referrals["referral_date"].to_numpy()[mine]
    index = referrals["is_index"].fillna(False).to_numpy(dtype=bool)[mine]
    columns: dict[str, np.ndarray] = {}
    at_risk = study.settings.unobservable == "days_at_risk"
    for period in PERIODS:
        periods = getattr(cohort, f"seen_{period}").covered if at_risk else getattr(cohort, period)
        columns[f"referrals_{period}"] = events_in(periods, child, dates)
        columns[f"any_referral_{period}"] = columns[f"referrals_{period}"] > 0
        columns[f"referrals_without_index_{period}"] = events_in(periods, child, dates, exclude=index)
    start = cohort.after.start
    followed = follow_up_days(
        start,
        last_date=np.datetime64(study.settings.data.last_date),
        birth_date=cohort.children["birth_date"].to_numpy(),
    )
    wait = (first_event_after(start, child, dates) - start).astype("float64")
    wait[np.isnat(first_event_after(start, child, dates))] = np.nan
    columns["days_to_referral"] = np.where(wait < followed, wait, np.nan)
    columns["follow_up_days"] = followed
    return columns
