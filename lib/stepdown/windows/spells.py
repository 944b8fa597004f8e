"""Spells at a status: closing the open ones, and the union of those that overlap or touch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stepdown.windows.dates import DAY, Dates, Whole, as_dates, day_numbers


@dataclass(frozen=True, slots=True)
class Spells:
    """Merged spells of one status: what :func:`merge_spells` gives.

    child: row number of the child (0 is the first child of the periods that the spells are set against).
    start, end: ``datetime64[D]``, end not included; start == end is an episode without days.
    Sorted by child and start; spells of one child neither overlap nor touch.
    Raises ValueError when they do, or when an end is before its start.
    """

    child: Whole
    start: Dates
    end: Dates

    def __post_init__(self) -> None:
        if not (self.child.shape == self.start.shape == self.end.shape) or self.child.ndim != 1:
            raise ValueError("spells: child, start and end must be arrays of one length")
        check_spells(self.start, self.end)
        step = np.diff(self.child)
        if bool(np.any(step < 0)) or bool(np.any((step == 0) & (self.start[1:] <= self.end[:-1]))):
            raise ValueError("spells: not merged; use merge_spells")

    def __len__(self) -> int:
        return int(self.child.size)


def close_spells(end: Any, last_date: Any) -> Dates:
    """Return the end dates with every open spell (NaT) ended on the day after the data's last date.

    An end is not included in its spell, so an open spell has its last counted day on ``last_date``.
    """
    ends = as_dates(end)
    return np.where(np.isnat(ends), as_dates(last_date) + DAY, ends)


def check_spells(start: Dates, end: Dates) -> None:
    """Raise ValueError when an end is before its start, or a date is unknown."""
    if not bool(np.all(start <= end)):
        raise ValueError("spells: an end is before its start, or a date is unknown")


def merge_spells(child: Any, start: Any, end: Any) -> Spells:
    """Return the union of the spells of one status, child by child.

    child: whole numbers from 0.  start, end: dates, end not included, no NaT (see :func:`close_spells`).
    Spells that overlap or touch (one starts on the day on which the other ends) become one.  A spell without
    days (start == end) is kept as an episode unless it lies inside, or at an edge of, another.  Row order and
    duplicates make no difference.
    Raises ValueError for a negative child, an unknown date, or an end before its start.
    """
    who = np.asarray(child, dtype=np.int64)
    first, last = day_numbers(start), day_numbers(end)
    if not (who.shape == first.shape == last.shape) or who.ndim != 1:
        raise ValueError("spells: child, start and end must be arrays of one length")
    if who.size == 0:
        return Spells(who, first.view("datetime64[D]"), last.view("datetime64[D]"))
    check_spells(first.view("datetime64[D]"), last.view("datetime64[D]"))
    if who.min() < 0:
        raise ValueError("spells: a child's number is negative; every spell needs its child")
    base = int(first.min())
    who, first, last = _in_order(who, first - base, last - base)
    return _union(who, first, last, base)


def _in_order(who: Whole, first: Whole, last: Whole) -> tuple[Whole, Whole, Whole]:
    """Sort by child, start, end; as one 64-bit number where the three fit into it, which is much faster."""
    length = last - first
    start_bits, length_bits = int(first.max()).bit_length(), int(length.max()).bit_length()
    if int(who.max()).bit_length() + start_bits + length_bits > 63:
        order = np.lexsort((last, first, who))
        return who[order], first[order], last[order]
    key = who << start_bits  # in place from here: a million children have no room to spare in the processor's memory
    key |= first
    key <<= length_bits
    key |= length
    key.sort()
    last = key & ((1 << length_bits) - 1)
    key >>= length_bits
    first = key & ((1 << start_bits) - 1)
    key >>= start_bits
    last += first
    return key, first, last


def _union(who: Whole, first: Whole, last: Whole, base: int) -> Spells:
    """Join sorted spells: one begins a new run when it starts after all earlier ends of its child.

    The latest end so far is a running maximum; with the child's number in the high bits it starts afresh.
    """
    bits = int(last.max()).bit_length()
    if int(who.max()).bit_length() + bits > 63:
        raise ValueError("spells: too many children for the span of dates")
    high = who << bits
    latest = high | last
    np.maximum.accumulate(latest, out=latest)
    high |= first
    opens: npt.NDArray[np.bool_] = np.empty(who.size, dtype=bool)
    opens[0] = True
    np.greater(high[1:], latest[:-1], out=opens[1:])
    begins = np.flatnonzero(opens)
    closes = np.append(begins[1:], who.size) - 1
    end = (latest[closes] & ((1 << bits) - 1)) + base
    return Spells(who[begins], (first[begins] + base).view("datetime64[D]"), end.view("datetime64[D]"))
