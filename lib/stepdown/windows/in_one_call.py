"""Six outcomes in two windows for a whole population in one call, from columns held in memory.

:mod:`stepdown.windows.on_disk` gives the same from Parquet files that do not fit into memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from stepdown.measures import LADDER, PERIODS
from stepdown.windows.counting import DayRule, days_and_episodes, events_in
from stepdown.windows.dates import DAY, Dates, Whole, add_months, as_dates
from stepdown.windows.ids import Register, positions
from stepdown.windows.periods import Periods
from stepdown.windows.spells import Spells, close_spells, merge_by_status, merge_spells

_THREADS = 2


def tally_columns(ladder: Sequence[str] = LADDER) -> list[str]:
    """Return the columns of a tally, in order: each outcome before and after."""
    outcomes = [f"days_{status.lower()}" for status in ladder] + ["episodes", "highest", "referrals"]
    return [f"{outcome}_{period}" for period in PERIODS for outcome in outcomes]


def tally(
    children: Any,
    spells: Any,
    referrals: Any,
    *,
    months: int,
    last_date: Any,
    ladder: Sequence[str] = LADDER,
    rule: DayRule = "clipped",
) -> dict[str, Whole]:
    """Return six outcomes in the periods before and after, one value per child, in the order of ``children``.

    children: columns child_id, start_date, end_date.  spells: child_id, status, start_date, end_date (NaT: open).
    referrals: child_id, referral_date, is_index (an index referral is not counted).  Each is a DataFrame or a
    mapping of columns.  status is a name of ``ladder`` or its place there (0 for the lowest).
    last_date: the data's last date.  rule: see :func:`stepdown.windows.days_in`.

    Columns, each followed by _before or _after: days_<status> (days), episodes (merged spells of any status),
    highest (0 none, 1 the lowest of the ladder …), referrals (without the index referral).
    Raises ValueError for a spell or referral of a child that ``children`` does not have, or an unknown status.
    """
    windows, register = _before_and_after(children, months), Register(children["child_id"])

    def sent() -> Whole:
        child = rows_of(register, referrals["child_id"], "referral")
        return events_in(windows, child, referrals["referral_date"], exclude=referrals["is_index"])

    with ThreadPoolExecutor(_THREADS) as pool:  # NumPy holds no lock while it looks up, sorts and adds up
        referred = pool.submit(sent)
        who, place = rows_of(register, spells["child_id"], "spell"), _places(spells["status"], ladder)
        start, end = as_dates(spells["start_date"]), close_spells(spells["end_date"], last_date)
        if not who.shape == place.shape == start.shape == end.shape:
            raise ValueError("spells: child, status, start and end must be arrays of one length")

        def held(rung: int) -> tuple[Whole, Whole]:
            mine = np.flatnonzero(place == rung)
            return days_and_episodes(windows, merge_spells(who[mine], start[mine], end[mine]), rule)

        by_status = list(pool.map(held, range(len(ladder))))
    episodes: Whole = np.zeros(windows.start.shape, dtype=np.int64, order="F")
    highest: Whole = np.zeros(windows.start.shape, dtype=np.int64, order="F")
    found: dict[str, Whole] = {}
    for rung, (status, (days, count)) in enumerate(zip(ladder, by_status, strict=True), 1):
        found[f"days_{status.lower()}"] = days
        episodes += count
        highest[count > 0] = rung
    found |= {"episodes": episodes, "highest": highest, "referrals": referred.result()}
    return {
        f"{outcome}_{period}": np.ascontiguousarray(values[:, i])
        for i, period in enumerate(PERIODS)
        for outcome, values in found.items()
    }


def _before_and_after(children: Any, months: int) -> Periods:
    start, first_after = as_dates(children["start_date"]), as_dates(children["end_date"]) + DAY
    opens: Dates = np.stack([add_months(start, -months), first_after]).T
    return Periods(opens, np.stack([start, add_months(first_after, months)]).T)


def merged_by_status(register: Register, spells: Any, last_date: Any, ladder: Sequence[str]) -> tuple[Spells, ...]:
    """Return the merged spells of each status of ``ladder``; ``spells`` as :func:`tally` takes them."""
    return merge_by_status(
        rows_of(register, spells["child_id"], "spell"),
        _places(spells["status"], ladder),
        spells["start_date"],
        close_spells(spells["end_date"], last_date),
        len(ladder),
    )


def rows_of(register: Register, records: Any, what: str) -> Whole:
    """Return the child's row of each record; raises ValueError for a child who is not among the children."""
    rows = register.rows(records)
    if rows.size and rows.min() < 0:
        raise ValueError(f"{int((rows < 0).sum()):,} {what}(s) of a child that is not among the children")
    return rows


def _places(status: Any, ladder: Sequence[str]) -> Whole:
    numbers = getattr(status, "dtype", None) is not None and status.dtype.kind in "iu"
    places = np.asarray(status, dtype=np.int64) if numbers else positions(list(ladder), status)
    if places.size and (places.min() < 0 or places.max() >= len(ladder)):
        raise ValueError(f"a status is not on the ladder {list(ladder)}")
    return places
