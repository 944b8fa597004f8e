"""Calendar arithmetic on whole days: months, birthdays and ages, for whole arrays at once.

All dates are ``datetime64[D]``; NaT (unknown) goes in and comes out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Dates = npt.NDArray[np.datetime64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

DAY = np.timedelta64(1, "D")
NAT = np.iinfo(np.int64).min
"""NaT as a whole number."""

_TICKS_A_DAY = {"M8[s]": 86_400, "M8[ms]": 86_400_000, "M8[us]": 86_400_000_000, "M8[ns]": 86_400_000_000_000}


def as_dates(values: Any) -> Dates:
    """Return dates, date-times or ISO text as an array of ``datetime64[D]`` of the same shape."""
    given = np.asarray(values)
    per_day = _TICKS_A_DAY.get(given.dtype.str[1:])
    if per_day is None:
        return given.astype("datetime64[D]", copy=False)
    ticks = given.view(np.int64)
    days = ticks // per_day  # NumPy's own conversion takes ten times as long
    days[ticks == NAT] = NAT
    dates: Dates = days.view("datetime64[D]")
    return dates


def day_numbers(values: Any) -> Whole:
    """Return dates as whole days since 1 January 1970 (NaT: the smallest int64)."""
    return as_dates(values).view(np.int64)


def add_months(dates: Any, months: Any) -> Dates:
    """Return each date moved by a number of calendar months; the two broadcast against each other.

    A date whose day the month reached does not have lands on that month's last day: 31 August plus six months
    is 28 February (29 in a leap year).  So adding 6 months twice is not always adding 12: every length is
    counted from the anchor date, never from another result.  ``months`` may be negative.
    """
    days, step = as_dates(dates), np.asarray(months, dtype=np.int64)
    known = days[~np.isnat(days)] if days.size > 1000 and step.ndim == 0 else days[:0]
    if known.size and 4 * int((known.max() - known.min()).astype(np.int64)) < known.size:
        return _moved_by_table(days, known.min(), known.max(), step)
    return _moved(days, step)


def _moved_by_table(days: Dates, first: np.datetime64, last: np.datetime64, months: Whole) -> Dates:
    """Move each calendar day once and look the dates up: there are far more children than days."""
    table = np.append(_moved(np.arange(first, last + DAY), months), np.datetime64("NaT"))
    place = np.where(np.isnat(days), table.size - 1, (days - first).view(np.int64))
    moved: Dates = table[place]
    return moved


def _moved(days: Dates, months: Whole) -> Dates:
    month = days.astype("datetime64[M]")
    reached = month + months.astype("timedelta64[M]")
    first = reached.astype("datetime64[D]")
    last = (reached + np.timedelta64(1, "M")).astype("datetime64[D]") - DAY
    moved: Dates = np.minimum(first + (days - month.astype("datetime64[D]")), last)
    return moved


def birthday(birth: Any, age: int) -> Dates:
    """Return the date on which a child born on ``birth`` attains ``age`` years.

    A child born on 29 February attains an age on 1 March of a year without that day: the anniversary has not
    begun on 28 February (Family Law Reform Act 1969, s. 9(1): an age is attained at the commencement of the
    relevant anniversary of the date of birth).  Unknown (NaT) stays unknown.
    """
    born = as_dates(birth)
    reached = add_months(born, 12 * age)
    short = _day_of_month(reached) < _day_of_month(born)
    attained: Dates = np.where(short, reached + DAY, reached)
    return attained


def age_on(birth: Any, dates: Any) -> Whole:
    """Return age in completed years on each date; -1 before birth or where a date is unknown."""
    born, day = np.broadcast_arrays(as_dates(birth), as_dates(dates))
    known = ~(np.isnat(born) | np.isnat(day))
    safe_born = np.where(known, born, np.datetime64(0, "D"))
    safe_day = np.where(known, day, np.datetime64(0, "D"))
    months_old = safe_day.astype("datetime64[M]").view(np.int64) - safe_born.astype("datetime64[M]").view(np.int64)
    months_old = months_old - (_day_of_month(safe_day) < _day_of_month(safe_born))
    years: Whole = np.where(known & (safe_day >= safe_born), months_old // 12, -1)
    return years


def _day_of_month(dates: Dates) -> Whole:
    number: Whole = (dates - dates.astype("datetime64[M]").astype("datetime64[D]")).view(np.int64)
    return number
