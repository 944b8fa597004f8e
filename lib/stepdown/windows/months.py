"""Calendar months around support: counted back from ``start_date`` and on from ``end_date``, the time between left out.

Month −1 is the calendar month that ends on the day before ``start_date``, month 1 the one that begins on the day after
``end_date``. There is no month 0. Every edge is counted from the anchor date, never from another edge, so months
neither overlap nor leave a day between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from stepdown.measures import LADDER
from stepdown.windows.dates import DAY, NAT, Dates, Flags, Whole, add_months, as_dates, birthday, day_numbers
from stepdown.windows.ids import Register
from stepdown.windows.in_one_call import THREADS, Near, Tables, before_and_after, near_records
from stepdown.windows.observing import ADULT_AGE
from stepdown.windows.periods import Periods
from stepdown.windows.spells import Spells, merge_spells

_UNKNOWN = np.int32(2**30)
Small = npt.NDArray[np.int32]
Edges = list[Small]
"""Day numbers of the edges of adjoining months, one array per place, one value per child."""


def month_numbers(before: int = 12, after: int = 12) -> Whole:
    """Return the numbers of the months: −before … −1, 1 … after.

    >>> month_numbers(2, 3).tolist()
    [-2, -1, 1, 2, 3]
    """
    if before < 1 or after < 1:
        raise ValueError("months: at least one on each side")
    return np.concatenate([np.arange(-before, 0), np.arange(1, after + 1)])


def around(start_date: Any, end_date: Any, before: int = 12, after: int = 12, *, step: int = 1) -> Periods:
    """Return the months around each child's support, of shape (children, months), in the order of their numbers.

    step: months that one period has (3: quarters); ``before`` and ``after`` are whole multiples of it.
    A child without the date has unknown (NaT) months on that side.  With these periods every function of the core
    works month by month; :func:`stepdown.windows.observe` says which months the data covers.
    """
    month_numbers(before, after)
    if before % step or after % step:
        raise ValueError(f"months: {before} before and {after} after are no whole number of periods of {step}")
    sides = [
        add_months(as_dates(anchor)[:, None], np.arange(low, high + 1, step))
        for anchor, low, high in ((start_date, -before, 0), (as_dates(end_date) + DAY, 0, after))
    ]
    opens, closes = ([side[:, cut] for side in sides] for cut in (slice(None, -1), slice(1, None)))
    return Periods(np.concatenate(opens, axis=1), np.concatenate(closes, axis=1))


def tally_months(
    children: Any,
    spells: Any,
    referrals: Any,
    *,
    last_date: Any,
    first_date: Any = None,
    before: int = 12,
    after: int = 12,
    ladder: Sequence[str] = LADDER,
) -> dict[str, np.ma.MaskedArray[Any, Any]]:
    """Return the outcomes of a whole population month by month: arrays (children, months), in their order.

    children, spells, referrals, ladder: as :func:`stepdown.windows.in_one_call.tally` takes them; ``children`` may have
    birth_date.  last_date, first_date: how far the data reaches, as in :func:`observe`.

    days_<status>: days inside the month.  highest: 0 none, 1 the lowest of the ladder …  referrals: without the index
    referral.  A month that the data does not cover, or in which the child is unborn or 18, is masked: it is missing,
    never zero.  So ``(~found["highest"].mask).sum(axis=0)`` is the number of children observed in each month.
    """
    n, numbers = len(children["child_id"]), month_numbers(before, after)
    highest = np.zeros((numbers.size, n), dtype=np.int8)
    days = [np.zeros((numbers.size, n), dtype=np.uint8) for _ in ladder]
    referred = np.zeros((numbers.size, n), dtype=np.uint16)
    with ThreadPoolExecutor(THREADS) as pool:  # NumPy holds no lock while it looks up, sorts and compares
        sides = list(pool.map(_side, _anchors(children, before, after)))
        tables = Tables(Register(children["child_id"]), spells, referrals, last_date, ladder)
        by_status, sent = near_records(pool, tables, before_and_after(children, before, after))
        merged = list(pool.map(lambda status: merge_spells(*status), by_status))

        def count(side: tuple[int, Edges]) -> None:
            for rung, (held, its_days) in enumerate(zip(merged, days, strict=True), 1):
                for row, mine, who, having in _each_month(side, held):
                    np.add.at(its_days[row], who, mine)
                    highest[row, having] = rung
            _count_referrals(side, sent, referred)

        list(pool.map(count, sides))
    found: dict[str, npt.NDArray[Any]] = {
        f"days_{status.lower()}": its for status, its in zip(ladder, days, strict=True)
    }
    found |= {"highest": highest, "referrals": referred}
    mask = _unseen(sides, children, last_date, first_date)
    return {name: np.ma.MaskedArray(values.T, mask=mask.T) for name, values in found.items()}


def _anchors(children: Any, before: int, after: int) -> list[tuple[int, Dates, range]]:
    """Return of each side the row of its first month, the dates that its months are counted from, and the steps."""
    start, first_after = as_dates(children["start_date"]), as_dates(children["end_date"]) + DAY
    return [(0, start, range(-before, 1)), (before, first_after, range(after + 1))]


def _side(anchor: tuple[int, Dates, range]) -> tuple[int, Edges]:
    """Return the row of the side's first month, and the edges of its months."""
    row, dates, steps = anchor
    return row, [_small(add_months(dates, step)) for step in steps]


def _small(dates: Any) -> Small:
    days = day_numbers(dates)
    return np.where(days == NAT, _UNKNOWN, days).astype(np.int32)


def _unseen(sides: list[tuple[int, Edges]], children: Any, last_date: Any, first_date: Any) -> Flags:
    """Return (months, children): True where a month is not wholly covered by the data and by life before 18."""
    stop = int(day_numbers(as_dates(last_date) + DAY))
    born = children.get("birth_date")
    begins: Any = np.int32(-_UNKNOWN) if first_date is None else np.int32(day_numbers(first_date))
    ends: Any = np.int32(stop)
    if born is not None:
        birth, adult = day_numbers(as_dates(born)), day_numbers(birthday(as_dates(born), ADULT_AGE))
        begins = np.maximum(begins, np.where(birth == NAT, begins, birth).astype(np.int32))
        ends = np.minimum(ends, np.where(adult == NAT, ends, adult).astype(np.int32))
    rows = [(low < begins) | (high > ends) for _, edges in sides for low, high in _pairs(edges)]
    return np.stack(rows)


def _pairs(edges: Edges) -> Iterator[tuple[Small, Small]]:
    return zip(edges, edges[1:], strict=False)


def _each_month(side: tuple[int, Edges], held: Spells) -> Iterator[tuple[int, npt.NDArray[np.uint8], Whole, Whole]]:
    """Yield each month's row, the days of each spell in it and its child, and the children who had the status there."""
    first, edges = side
    start, end = _small(held.start), _small(held.end)
    near = np.flatnonzero((start < edges[-1][held.child]) & (end >= edges[0][held.child]))
    who, begins, closes = held.child[near], start[near], end[near]
    bare = begins == closes
    low = edges[0][who]
    for step, edge in enumerate(edges[1:]):
        high = edge[who]
        inside = np.minimum(closes, high) - np.maximum(begins, low)
        had = (inside > 0) | (bare & (begins >= low) & (begins < high))
        yield first + step, np.maximum(inside, 0).astype(np.uint8), who, who[had]
        low = high


def _count_referrals(side: tuple[int, Edges], sent: Near, counts: npt.NDArray[np.uint16]) -> None:
    (first, edges), child, day = side, sent[0], _small(sent[1])
    near = np.flatnonzero((day >= edges[0][child]) & (day < edges[-1][child]))
    who, on = child[near], day[near]
    for step, (low, high) in enumerate(_pairs(edges)):
        inside = (on >= low[who]) & (on < high[who])
        np.add.at(counts[first + step], who, inside.astype(np.uint16))
