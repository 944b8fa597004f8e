"""Does it last: the same comparison at several lengths after support, each for the children followed so long."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from stepdown.contracts import StudyRecords
from stepdown.effects.bracketing import bracket
from stepdown.effects.comparison import Bools, Floats, compare
from stepdown.effects.estimates import NAN
from stepdown.measures import measured, of_column
from stepdown.months.panel import observed, values_in
from stepdown.outcomes import ChildOutcomes
from stepdown.params import Study
from stepdown.statuses import spells_by_status
from stepdown.tables import AggregateTable, Column, Role
from stepdown.windows import after, before

MONTH = 30.4375
"""Days of a month, to set periods of different lengths side by side."""
TOO_FEW = "too few children with any"
NOBODY = "too few children were followed so long"
KNOWN = ("age_years", "sibling_group_size", "n_issues")


def followed(study: Study, outcomes: ChildOutcomes) -> dict[int, Bools]:
    """Return who is followed for so many months after, by number of months; 0 is everybody who is analysed."""
    sighted, lengths = observed(study, outcomes.cohort), sorted(study.settings.months.lasting)
    everybody = np.ones(len(outcomes.frame), dtype=np.bool_)
    return {0: everybody} | {months: sighted[np.array([months])][:, 0] for months in lengths}


def rates(study: Study, records: StudyRecords, outcomes: ChildOutcomes) -> tuple[Floats, dict[int, Floats]] | None:
    """Return the headline outcome a month before, and a month of each length after; None where it has no days."""
    children, settings = outcomes.cohort.children, study.settings
    spells = spells_by_status(study, records, children)
    start, end = children["start_date"].to_numpy(), children["end_date"].to_numpy()
    found = []
    for periods in (before(start, settings.window_months), *(after(end, m) for m in sorted(settings.months.lasting))):
        value = values_in(settings.effects.headline, periods, spells, records, children)
        if value is None:
            return None
        flag = measured(settings.effects.headline).kind == "flag"
        found.append(value if flag else value / np.maximum(periods.days, 1) * MONTH)
    return found[0], dict(zip(sorted(settings.months.lasting), found[1:], strict=True))


def lasting_table(study: Study, records: StudyRecords, outcomes: ChildOutcomes, fewest: int) -> AggregateTable:
    """Return ``lasting``: one row is a length after support by one end of the bracket; per child and month.

    fewest: a group in which 1 to so many children have any of the outcome is not estimated.
    """
    settings, frame = study.settings, outcomes.frame
    programme, family = frame["in_programme"].to_numpy(dtype=np.bool_), frame["family_id"].to_numpy()
    found = rates(study, records, outcomes)
    rows = []
    for months, seen in followed(study, outcomes).items():
        if months and found:
            first, then = found[0][seen], found[1][months][seen]
            sizes = int(programme[seen].sum()), int((~programme[seen]).sum())
            note = NOBODY if min(sizes) == 0 else TOO_FEW if _few(first + then, programme[seen], fewest) else ""
            level, headline = settings.effects.confidence_level, settings.effects.headline
            compared = compare(first, then, programme[seen], family[seen], outcome=headline)
            for item in bracket(compared, level=level):
                hide = bool(note)
                numbers = (NAN, NAN, NAN) if hide else (item.estimate, item.ci_low, item.ci_high)
                rows.append((months, item.estimator, headline, *numbers, *sizes, note or item.note))
    rests = ("n_programme", "n_comparison")
    columns = {
        "months": Column("Months after", Role.KEY, "months", 0),
        "estimator": Column("Estimator", Role.KEY),
        "outcome": Column("Outcome", Role.OPEN, about="What is counted, per child per month."),
        "estimate": Column("Estimate", Role.DERIVED, "", 2, rests, "Programme minus comparison, per child per month."),
        "ci_low": Column("from", Role.DERIVED, "", 2, rests, "Clustered on family."),
        "ci_high": Column("to", Role.DERIVED, "", 2, rests, "Clustered on family."),
        **sizes_columns("Followed so long."),
        "note": Column("Note", Role.OPEN),
    }
    return AggregateTable.of_rows("lasting", "length after support by one estimator", columns, rows)


def followed_table(study: Study, records: StudyRecords, outcomes: ChildOutcomes, fewest: int) -> AggregateTable:
    """Return ``followed``: one row is a group × length after support × characteristic; those followed against all.

    difference: the mean of those followed less that of all who are analysed, in standard deviations of all.
    """
    frame, found = outcomes.frame, rates(study, records, outcomes)
    rows = []
    sets = followed(study, outcomes)
    for label in outcomes.groups:
        mine = (frame["group"] == label).to_numpy(dtype=np.bool_)
        for name, title, value in _characteristics(study, frame, found[0] if found else None):
            last, everybody = mine, value[mine]
            spread = float(np.nanstd(everybody, ddof=1)) if np.isfinite(everybody).sum() > 1 else NAN
            for months, seen in sets.items():
                here = mine & seen
                parts = [value[here], value[last & ~here]]
                last = here
                told = here.any() and not (name == "headline" and any(_from_few(part, fewest) for part in parts))
                mean = float(np.nanmean(value[here])) if told and np.isfinite(value[here]).any() else NAN
                apart = (mean - float(np.nanmean(everybody))) / spread if spread > 0 else NAN
                rows.append((label, months, title, int(here.sum()), mean, apart))
    rests = ("children",)
    columns = {
        "group": Column("Group", Role.KEY),
        "months": Column("Months after", Role.KEY, "months", 0, about="0: all who are analysed."),
        "characteristic": Column("Characteristic", Role.KEY),
        "children": Column("Children", Role.BASE, "children", 0, about="Followed so long."),
        "mean": Column("Mean", Role.DERIVED, "", 1, rests, "Of those followed so long."),
        "difference": Column(
            "Apart from all", Role.DERIVED, "", 2, rests, "Mean less that of all, in standard deviations of all."
        ),
    }
    return AggregateTable.of_rows("followed", "group × length after support × characteristic", columns, rows)


def sizes_columns(about: str) -> dict[str, Column]:
    """Return the columns of how many children of each group stand behind a row."""
    return {
        "n_programme": Column("Programme, children", Role.BASE, "children", 0, about=about),
        "n_comparison": Column("Comparison, children", Role.BASE, "children", 0, about=about),
    }


def _characteristics(study: Study, frame: pd.DataFrame, headline: Floats | None) -> Iterator[tuple[str, str, Floats]]:
    for name in KNOWN:
        values = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
        if np.isfinite(values).any():
            yield name, of_column(name).title, values
    if headline is not None:
        yield "headline", f"{measured(study.settings.effects.headline).title}, a month before", headline


def _few(total: Floats, programme: Bools, fewest: int) -> bool:
    return any(_from_few(total[arm], fewest) for arm in (programme, ~programme))


def _from_few(values: Floats, fewest: int) -> bool:
    return bool(1 <= np.count_nonzero(values) <= fewest)
