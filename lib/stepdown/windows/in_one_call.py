"""Six outcomes in two windows for a whole population in one call, from columns held in memory.

:mod:`stepdown.windows.on_disk` gives the same from Parquet files that do not fit into memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from stepdown.measures import LADDER, PERIODS
from stepdown.windows.counting import DayRule, days_and_episodes, events_in, near
from stepdown.windows.dates import DAY, Dates, Whole, add_months, as_dates
from stepdown.windows.ids import Register, positions
from stepdown.windows.periods import Periods
from stepdown.windows.spells import check_spells, close_spells, merge_spells

THREADS = 2
_AT_ONCE = 1 << 17


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
    windows, register = before_and_after(children, months, months), Register(children["child_id"])
    with ThreadPoolExecutor(THREADS) as pool:  # NumPy holds no lock while it looks up, sorts and adds up
        tables = Tables(register, spells, referrals, last_date, ladder)
        by_status, sent = near_records(pool, tables, windows, every_spell=rule != "clipped")

        def held(status: Near) -> tuple[Whole, Whole]:
            return days_and_episodes(windows, merge_spells(*status), rule)

        referred = pool.submit(events_in, windows, *sent)
        counted = list(pool.map(held, by_status))
    episodes: Whole = np.zeros(windows.start.shape, dtype=np.int64, order="F")
    highest: Whole = np.zeros(windows.start.shape, dtype=np.int64, order="F")
    found: dict[str, Whole] = {}
    for rung, (status, (days, count)) in enumerate(zip(ladder, counted, strict=True), 1):
        found[f"days_{status.lower()}"] = days
        episodes += count
        np.copyto(highest, rung, where=count > 0)
    found |= {"episodes": episodes, "highest": highest, "referrals": referred.result()}
    return {
        f"{outcome}_{period}": values[:, i] for i, period in enumerate(PERIODS) for outcome, values in found.items()
    }


def before_and_after(children: Any, months_before: int, months_after: int) -> Periods:
    """Return one period before each child's start_date and one that begins on the day after its end_date."""
    start, first_after = as_dates(children["start_date"]), as_dates(children["end_date"]) + DAY
    opens: Dates = np.stack([add_months(start, -months_before), first_after]).T
    return Periods(opens, np.stack([start, add_months(first_after, months_after)]).T)


Near = tuple[Any, ...]
"""Columns of the records that may count: of spells child, start, end; of referrals child, date."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The records of a population as :func:`tally` takes them, with the children's ids made ready."""

    register: Register
    spells: Any
    referrals: Any
    last_date: Any
    ladder: Sequence[str]


def near_records(
    pool: ThreadPoolExecutor, tables: Tables, periods: Periods, *, every_spell: bool = False
) -> tuple[list[Near], Near]:
    """Return the spells of each status, and the referrals but for the index referral, that are near a period.

    See :func:`stepdown.windows.counting.near`; ``every_spell``: spells that are not near as well. Some records at a
    time, so that what is worked out for them stays in the processor's own memory.
    """
    ids, status, starts, ends = _columns(tables.spells, "spells", "child_id", "status", "start_date", "end_date")
    sent_for, sent_on, is_index = _columns(tables.referrals, "referrals", "child_id", "referral_date", "is_index")
    looked_up = pool.submit(rows_of, tables.register, sent_for, "referral")
    placed = pool.submit(_places, status, tables.ladder)
    child, place = rows_of(tables.register, ids, "spell"), placed.result()
    starts, ends = np.asarray(starts), np.asarray(ends)

    def spells_near(some: slice) -> list[Near]:
        who, start, end = child[some], as_dates(starts[some]), close_spells(ends[some], tables.last_date)
        check_spells(start, end)
        kept = every_spell | near(periods, who, start, end)
        by_status = [np.flatnonzero(kept & (place[some] == rung)) for rung in range(len(tables.ladder))]
        return [(who[mine], start[mine], end[mine]) for mine in by_status]

    held = pool.map(spells_near, _parts(child.size))
    sender, sent_on, counts = looked_up.result(), np.asarray(sent_on), ~np.asarray(is_index, dtype=bool)

    def referrals_near(some: slice) -> list[Near]:
        who, day = sender[some], as_dates(sent_on[some])
        kept = np.flatnonzero(counts[some] & near(periods, who, day, day))
        return [(who[kept], day[kept])]

    sent = pool.map(referrals_near, _parts(sender.size))
    return _joined(held), _joined(sent)[0]


def _columns(table: Any, what: str, *names: str) -> list[Any]:
    columns = [table[name] for name in names]
    if len({len(column) for column in columns}) > 1:
        raise ValueError(f"{what}: {', '.join(names)} must be arrays of one length")
    return columns


def _parts(size: int) -> list[slice]:
    return [slice(at, at + _AT_ONCE) for at in range(0, max(size, 1), _AT_ONCE)]


def _joined(parts: Iterable[list[Near]]) -> list[Near]:
    return [tuple(np.concatenate(column) for column in zip(*mine, strict=True)) for mine in zip(*parts, strict=True)]


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
