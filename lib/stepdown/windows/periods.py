"""Periods before and after a child's dates: half-open, in calendar months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from stepdown.windows.dates import DAY, Dates, Whole, add_months, as_dates, day_numbers

Edges = npt.NDArray[np.integer[Any]]
_NEVER_STARTS = 2**31 - 1
_ALREADY_OVER = -(2**31)


@dataclass(frozen=True, slots=True)
class Periods:
    """One period a child, or several a child.

    start, end: ``datetime64[D]`` of shape (children,) or (children, windows); the period runs from ``start``
    up to, not including, ``end``.  Both are NaT for a child without the date that the period hangs on.
    Raises ValueError when the shapes differ, one of the two is NaT alone, or an end is before its start.
    """

    start: Dates
    end: Dates
    edges: Edges = field(init=False, repr=False)
    """Start and end as day numbers, of shape (children, windows, 2): a child's lie together, for one look-up a record.

    A period that is empty or unknown is given as one that nothing can touch.
    """

    def __post_init__(self) -> None:
        if self.start.shape != self.end.shape or self.start.ndim not in (1, 2):
            raise ValueError(f"periods: start has shape {self.start.shape}, end {self.end.shape}")
        if not np.array_equal(np.isnat(self.start), np.isnat(self.end)):
            raise ValueError("periods: a start and its end must both be known or both be unknown")
        if bool(np.any(self.end < self.start)):
            raise ValueError("periods: an end is before its start")
        object.__setattr__(self, "edges", _edges(self.start, self.end))

    @property
    def n_children(self) -> int:
        """Number of children (rows)."""
        return int(self.start.shape[0])

    @property
    def days(self) -> Whole:
        """Length of each period in days; 0 where it is unknown (NaT)."""
        length: Whole = (self.end - self.start).view(np.int64)
        return np.where(np.isnat(self.start), 0, length)


def _edges(start: Dates, end: Dates) -> Edges:
    hollow = ~(end > start)
    first, last = np.where(hollow, _NEVER_STARTS, day_numbers(start)), np.where(hollow, _ALREADY_OVER, day_numbers(end))
    small = first.min(initial=0) >= _ALREADY_OVER and last.max(initial=0) <= _NEVER_STARTS
    edges = np.empty((*start.shape, 2), dtype=np.int32 if small else np.int64)
    edges[..., 0], edges[..., 1] = first, last
    return edges if start.ndim == 2 else edges[:, None]


def before(start_date: Any, months: int | Sequence[int]) -> Periods:
    """Return the ``months`` calendar months up to, not including, each child's ``start_date``.

    months: one length (result of shape (children,)) or several (shape (children, lengths)).
    """
    anchor, lengths = _anchored(start_date, months)
    first = add_months(anchor, -lengths)
    return Periods(first, np.broadcast_to(anchor, first.shape).copy())


def after(end_date: Any, months: int | Sequence[int]) -> Periods:
    """Return the ``months`` calendar months that begin on the day after each child's ``end_date``.

    The months are counted from that first day: support that ends on 30 August gives a period that begins on
    31 August, and six months from there end with 27 February (28 February is not included).
    tests/cases/periods.csv lists the cases.  months: as in :func:`before`.
    """
    anchor, lengths = _anchored(as_dates(end_date) + DAY, months)
    last = add_months(anchor, lengths)
    return Periods(np.broadcast_to(anchor, last.shape).copy(), last)


def _anchored(dates: Any, months: int | Sequence[int]) -> tuple[Dates, Whole]:
    anchor = as_dates(dates)
    lengths = np.asarray(months, dtype=np.int64)
    if anchor.ndim != 1 or lengths.ndim > 1:
        raise ValueError("periods: give one date per child, and one length or a list of lengths")
    if bool(np.any(lengths < 1)):
        raise ValueError("periods: a length is at least one month")
    return (anchor, lengths) if lengths.ndim == 0 else (anchor[:, None], lengths)
