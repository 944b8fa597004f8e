"""Events on a date, such as referrals: how many in a period, and the first one after a date."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepdown.windows.counting import beside_records, check_children, per_child
from stepdown.windows.dates import Dates, Whole, as_dates, day_numbers
from stepdown.windows.periods import Periods

_NEVER = np.iinfo(np.int64).max


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
    known = origin != np.iinfo(np.int64).min
    later = (day >= origin[who]) & known[who]
    np.minimum.at(first, who[later], day[later])
    first[first == _NEVER] = np.iinfo(np.int64).min
    return first.view("datetime64[D]")


def _kept(child: Any, dates: Any, exclude: Any) -> tuple[Whole, Whole]:
    who, day = np.asarray(child, dtype=np.int64), as_dates(dates)
    if who.shape != day.shape or who.ndim != 1:
        raise ValueError("events: child and dates must be arrays of one length")
    kept = ~np.isnat(day)
    if exclude is not None:
        kept &= ~np.asarray(exclude, dtype=bool)
    return who[kept], day_numbers(day[kept])
