"""The spells of each status, and the days on which two of them run together.

A case of need (CIN) runs on under a protection plan and in care; counted at both, such a day is counted, and priced,
twice. A study says what becomes of these days (``overlaps``): ``exclusive`` takes them off the need, ``both`` keeps
them. A plan and care that run together are both kept under either.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from stepdown.contracts import StudyRecords
from stepdown.faults import Fault
from stepdown.params import Study
from stepdown.tables import AggregateTable, Column, Role
from stepdown.windows import Spells, close_spells, merge_spells, positions, take_away

NEED = "CIN"


def spells_by_status(study: Study, records: StudyRecords, children: pd.DataFrame) -> dict[str, Spells]:
    """Return the merged spells of each status for the rows of ``children``, by the study's ``overlaps``."""
    spells = _as_recorded(study, records, children)
    above = [spells[status] for status in spells if status != NEED]
    if study.settings.overlaps == "exclusive" and NEED in spells and above:
        spells[NEED] = take_away(spells[NEED], above)
    return spells


def overlaps(study: Study, records: StudyRecords) -> AggregateTable:
    """Return the days on which two statuses run together: one row is a pair of statuses, over all that was recorded.

    Columns: statuses, children, days, treatment. Pairs that never run together do not stand.

    >>> len(overlaps(book.study, book.records).frame)
    0
    """
    rows, largest = [], []
    for pair, days in _together(study, records).items():
        need = NEED in pair and study.settings.overlaps == "exclusive"
        treatment = "counted at the higher status only" if need else "counted at each of the two"
        rows.append((" and ".join(pair), int((days > 0).sum()), int(days.sum()), treatment))
        largest.append(float(100 * days.max() / days.sum()))
    columns = {
        "statuses": Column("Statuses", Role.KEY),
        "children": Column("Children", Role.COUNT, "children", 0),
        "days": Column("Days together", Role.TOTAL, "days", 0, ("children",)),
        "treatment": Column("How it is treated", Role.OPEN),
    }
    frame = pd.DataFrame(rows, columns=list(columns))
    return AggregateTable("overlaps", "pair of statuses", frame, columns, largest_percent={"days": tuple(largest)})


def overlap_faults(study: Study, records: StudyRecords) -> list[Fault]:
    """Return a fault where costs would price days of need twice and the study does not say whether they should."""
    settings = study.settings
    if settings.costs is None or settings.overlaps is not None:
        return []
    twice = [pair for pair in _together(study, records) if NEED in pair]
    if not twice:
        return []
    return [
        Fault(
            where=f"{study.file.name}, overlaps",
            found=f"days in need that are also days at a higher status ({', '.join('+'.join(p) for p in twice)})",
            allowed="overlaps: exclusive (such days count at the higher status only), or both (they count at each)",
            rule="with costs a day that stands at two statuses is priced twice (docs/methods.md, Days)",
            remedy="add overlaps to the study file; notebook 0 lists these days",
        )
    ]


def _as_recorded(study: Study, records: StudyRecords, children: pd.DataFrame) -> dict[str, Spells]:
    row = positions(children["child_id"], records.spells["child_id"])
    mine = row >= 0
    last_date = np.datetime64(study.settings.data.last_date)
    start = records.spells["start_date"].to_numpy()
    end = close_spells(records.spells["end_date"].to_numpy(), last_date)
    status = records.spells["status"].to_numpy()
    return {
        rung: merge_spells(row[pick], start[pick], end[pick])
        for rung in study.settings.ladder
        for pick in [mine & (status == rung)]
    }


def _together(study: Study, records: StudyRecords) -> dict[tuple[str, str], np.ndarray]:
    """Return each child's days at both of two statuses, by pair, where there are any."""
    spells = _as_recorded(study, records, records.children)
    n = len(records.children)
    days = {}
    for pair in combinations(spells, 2):
        lower, higher = (spells[status] for status in pair)
        both = _days(lower, n) - _days(take_away(lower, [higher]), n)
        if both.any():
            days[pair] = both
    return days


def _days(spells: Spells, n: int) -> np.ndarray:
    return np.bincount(spells.child, (spells.end - spells.start).astype(np.int64), minlength=n)
