"""Series from a study's own records, by month and group, with the definitions that the outcomes have.

A status on a day, a spell that is still open, and an event are counted by :mod:`stepdown.windows`, as on every page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from stepdown.contracts import StudyRecords
from stepdown.params import Study
from stepdown.windows import Spells, close_spells, merge_spells, positions, status_on


@dataclass(frozen=True, slots=True)
class _Sources:
    group: np.ndarray
    spells: dict[str, Spells]
    ladder: tuple[str, ...]
    child: np.ndarray
    referred: np.ndarray
    index: np.ndarray
    start: np.ndarray


def record_series(study: Study, records: StudyRecords, names: list[str], first: date, last: date) -> pd.DataFrame:
    """Return the series ``names`` of every group by month, one row per period × series × group.

    Columns as in the table ``series``, and group. Months begin with the month of ``first`` and end with the last one
    that ``last`` and the data's last date cover whole. A month that the data does not cover is not there.
    """
    end = min(pd.Timestamp(last), pd.Timestamp(study.settings.data.last_date))
    months = pd.period_range(pd.Timestamp(first), end, freq="M")
    months = months[[month.end_time.normalize() <= end for month in months]]
    sources = _sources(study, records)
    rows = []
    for group in study.settings.groups.labels():
        mine = sources.group == group
        for month in months:
            day = np.datetime64(month.end_time.date())
            before = np.datetime64((month - 1).end_time.date())
            for name in names:
                value, above, below = _counted(name, sources, mine, before, day)
                rows.append((name, group, month.start_time, month.end_time.normalize(), value, above, below))
    columns = ["series_id", "group", "period_start", "period_end", "value", "numerator", "denominator"]
    return pd.DataFrame(rows, columns=columns).assign(symbol="", definition_id="")


def _sources(study: Study, records: StudyRecords) -> _Sources:
    children = records.children
    row = positions(children["child_id"], records.spells["child_id"])
    start = records.spells["start_date"].to_numpy()
    closed = close_spells(records.spells["end_date"].to_numpy(), np.datetime64(study.settings.data.last_date))
    status = records.spells["status"].to_numpy()
    spells: dict[str, Spells] = {
        str(rung): merge_spells(row[pick], start[pick], closed[pick])
        for rung in study.settings.ladder
        for pick in [(row >= 0) & (status == rung)]
    }
    referrals = records.referrals.drop_duplicates(["child_id", "referral_date"])
    child = positions(children["child_id"], referrals["child_id"])
    known = child >= 0
    return _Sources(
        children["group"].to_numpy(),
        spells,
        study.settings.ladder,
        child[known],
        referrals["referral_date"].to_numpy().astype("datetime64[D]")[known],
        referrals["is_index"].fillna(False).to_numpy(dtype=bool)[known],
        children["start_date"].to_numpy().astype("datetime64[D]"),
    )


def _counted(
    name: str, sources: _Sources, mine: np.ndarray, before: np.datetime64, day: np.datetime64
) -> tuple[float, float, float]:
    """Return (value, numerator, denominator) of one series of one group in the month after ``before`` up to ``day``."""
    nan = float("nan")
    if name == "open_plans":
        return nan, float((_held(sources, "CP", day) & mine).sum()), nan
    if name == "escalations":
        return nan, float(((_highest(sources, day) > _highest(sources, before)) & mine).sum()), nan
    inside = (sources.referred > before) & (sources.referred <= day) & mine[sources.child]
    if name == "referrals":
        return nan, float(inside.sum()), nan
    if name == "rereferrals":
        again = [_referred_before(sources, int(i)) for i in np.flatnonzero(inside)]
        return nan, float(sum(again)), float(inside.sum())
    started = mine & (sources.start > before) & (sources.start <= day)
    waits = [
        int((sources.start[c] - d).astype(int))
        for c, d in zip(sources.child[sources.index], sources.referred[sources.index], strict=True)
        if started[c] and d <= sources.start[c]
    ]
    return (float(np.mean(waits)) if waits else nan), nan, float(len(waits))


def _held(sources: _Sources, status: str, day: np.datetime64) -> np.ndarray:
    if status not in sources.spells:
        return np.zeros(len(sources.group), dtype=bool)
    return status_on(sources.spells[status], np.full(len(sources.group), day))


def _highest(sources: _Sources, day: np.datetime64) -> np.ndarray:
    rung = np.zeros(len(sources.group), dtype=np.int64)
    for i, status in enumerate(sources.ladder, 1):
        rung[_held(sources, status, day)] = i
    return rung


def _referred_before(sources: _Sources, i: int) -> bool:
    """Return whether the child of a referral was referred in the 12 months before it, that day not counted."""
    day = sources.referred[i]
    year_before = np.datetime64((pd.Timestamp(day) - pd.DateOffset(months=12)).date())
    same = sources.child == sources.child[i]
    return bool((same & (sources.referred >= year_before) & (sources.referred < day)).any())
