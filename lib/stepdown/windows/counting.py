"""What a child's spells and events come to in a period: days, episodes, new episodes, referrals, the status on a date.

Every function takes merged :class:`Spells` and gives an array of the shape of the periods, one row per child.
A spell is *in* a period when it has at least one day there, or, when it has no days, starts there.
A period that is unknown (NaT) holds nothing; whether a child can be seen at all, :func:`observe` says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from stepdown.windows.dates import NAT, Dates, Flags, Whole, as_dates, day_numbers
from stepdown.windows.periods import Edges, Periods
from stepdown.windows.spells import Spells

DayRule = Literal["clipped", "whole_spell"]
_NEVER = np.iinfo(np.int64).max


def days_in(periods: Periods, spells: Spells, rule: DayRule = "clipped") -> Whole:
    """Return days at the status.

    clipped: days inside the period only; never more than its length.
    whole_spell: every day of each spell that is in the period, also the days outside it.
    """
    return _days(periods, spells, rule, beside_records(periods, spells.child))


def count_in(periods: Periods, spells: Spells) -> Whole:
    """Return the number of episodes (merged spells) in the period."""
    return _episodes(periods, spells, beside_records(periods, spells.child))


def days_and_episodes(periods: Periods, spells: Spells, rule: DayRule = "clipped") -> tuple[Whole, Whole]:
    """Return :func:`days_in` and :func:`count_in`, with the periods laid beside the records once."""
    beside = beside_records(periods, spells.child)
    return _days(periods, spells, rule, beside), _episodes(periods, spells, beside)


def _days(periods: Periods, spells: Spells, rule: DayRule, beside: Sequence[tuple[Edges, Edges]]) -> Whole:
    if rule not in ("clipped", "whole_spell"):
        raise ValueError(f"days_in: no day rule {rule!r}; there are 'clipped' and 'whole_spell'")
    start, end = day_numbers(spells.start), day_numbers(spells.end)

    def days(first: Edges, last: Edges) -> Whole:
        inside = np.minimum(end, last)
        inside -= np.maximum(start, first)
        if rule == "clipped":
            return np.maximum(inside, 0, out=inside)
        return np.where(inside > 0, end - start, 0)

    return per_child(periods, spells.child, [days(*pair) for pair in beside])


def _episodes(periods: Periods, spells: Spells, beside: Sequence[tuple[Edges, Edges]]) -> Whole:
    start, end = day_numbers(spells.start), day_numbers(spells.end)
    reach = np.maximum(end, start + 1)
    return per_child(periods, spells.child, [(start < last) & (reach > first) for first, last in beside])


def any_in(periods: Periods, spells: Spells) -> Flags:
    """Return whether the child had the status in the period."""
    return count_in(periods, spells) > 0


def new_in(periods: Periods, spells: Spells) -> Whole:
    """Return the number of episodes (merged spells) that start in the period."""
    start = day_numbers(spells.start)
    inside = [(start >= first) & (start < last) for first, last in beside_records(periods, spells.child)]
    return per_child(periods, spells.child, inside)


def status_on(spells: Spells, dates: Any) -> Flags:
    """Return whether each child had the status on a date.

    dates: one a child, shape (children,) or (children, dates).  NaT gives False, as does a spell's end date.
    """
    day = as_dates(dates)
    held = np.zeros(day.shape, dtype=bool)
    check_children(day.shape[0], spells.child)
    asked = day[:, None] if day.ndim == 1 else day
    answer = held[:, None] if day.ndim == 1 else held
    for column in range(asked.shape[1]):
        on = asked[:, column][spells.child]
        answer[spells.child[(spells.start <= on) & (on < spells.end)], column] = True
    return held


def highest_in(periods: Periods, spells: Mapping[str, Spells], ladder: Sequence[str]) -> Whole:
    """Return the highest status in the period: 0 none, 1 the lowest of ``ladder``, and so on.

    ladder: the statuses from least to most intensive.  Raises ValueError when it lacks one of ``spells``.
    """
    check_ladder(spells, ladder)
    highest: Whole = np.zeros(periods.start.shape, dtype=np.int64)
    for rung, status in enumerate(ladder, 1):
        if status in spells:
            highest[any_in(periods, spells[status])] = rung
    return highest


def check_ladder(spells: Mapping[str, Spells], ladder: Sequence[str]) -> None:
    """Raise ValueError when there are spells of a status that the ladder lacks."""
    unknown = sorted(set(spells) - set(ladder))
    if unknown:
        raise ValueError(f"statuses {unknown} are not on the ladder {list(ladder)}")


def beside_records(periods: Periods, child: Whole) -> list[tuple[Edges, Edges]]:
    """Return, window by window, the period's start and end beside each record."""
    check_children(periods.n_children, child)
    beside = periods.edges.take(child, axis=0)
    return [(beside[:, i, 0], beside[:, i, 1]) for i in range(beside.shape[1])]


def near(periods: Periods, child: Whole, first: Dates, last: Dates) -> Flags:
    """Return which records reach into, or touch, one of their child's periods.

    The others neither have a day there nor join two that have: without them every count of :func:`days_in` (clipped),
    :func:`count_in` and :func:`events_in` is the same.
    """
    begins, ends = day_numbers(first), day_numbers(last)
    found: Flags = np.zeros(child.size, dtype=bool)
    for opens, closes in beside_records(periods, child):
        found |= (begins <= closes) & (ends >= opens)
    return found


def check_children(n_children: int, child: Whole) -> None:
    """Raise ValueError when a record's child is not among the children."""
    if child.size and (child.min() < 0 or child.max() >= n_children):
        raise ValueError(f"a record's child number is outside 0 … {n_children - 1}")


def per_child(periods: Periods, child: Whole, amounts: Sequence[np.ndarray]) -> Whole:
    """Add the amounts up, child by child; there is one array of them a window."""
    total: Whole = np.zeros(periods.start.shape, dtype=np.int64, order="F")  # a window is written and read by itself
    columns = [total] if total.ndim == 1 else [total[:, i] for i in range(total.shape[1])]
    for column, amount in zip(columns, amounts, strict=True):
        np.add.at(column, child, amount.astype(np.int64, copy=False))
    return total


def events_in(periods: Periods, child: Any, dates: Any, exclude: Any = None) -> Whole:
    """Return the number of events in each period; a period's end date is outside it.

    child: row number of the child, one an event.  dates: one an event; NaT is in no period.
    exclude: True for events not to be counted (the index referral, which led to the programme itself).
    """
    who, day = _kept(child, dates, exclude)
    inside = [(day >= first) & (day < last) for first, last in beside_records(periods, who)]
    return per_child(periods, who, inside)


def first_event_after(from_date: Any, child: Any, dates: Any, exclude: Any = None) -> Dates:
    """Return the date of each child's first event on or after ``from_date``; NaT when there is none.

    from_date: one a child; for re-referral, the first day of the period after.
    """
    origin = day_numbers(from_date)
    who, day = _kept(child, dates, exclude)
    check_children(origin.size, who)
    first: Whole = np.full(origin.size, _NEVER, dtype=np.int64)
    known = origin != NAT
    later = (day >= origin[who]) & known[who]
    np.minimum.at(first, who[later], day[later])
    first[first == _NEVER] = NAT
    return first.view("datetime64[D]")


def _kept(child: Any, dates: Any, exclude: Any) -> tuple[Whole, Whole]:
    who, day = np.asarray(child, dtype=np.int64), as_dates(dates)
    if who.shape != day.shape or who.ndim != 1:
        raise ValueError("events: child and dates must be arrays of one length")
    kept = ~np.isnat(day)
    if exclude is not None:
        kept &= ~np.asarray(exclude, dtype=bool)
    return who[kept], day_numbers(day[kept])
