"""Which children the data can show in a period.  A period that cannot be seen is never a zero."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from stepdown.windows.dates import DAY, Dates, Flags, Whole, as_dates, birthday
from stepdown.windows.periods import Periods

ADULT_AGE = 18
"""Age at which a child leaves children's social care records and is no longer observed."""


class Sight(StrEnum):
    """Why a child can be observed in a period, or cannot; of several reasons the first is given."""

    NO_DATE = "no date"
    NOT_YET_BORN = "not yet born"
    TURNED_18 = "turned 18"
    NOT_OBSERVABLE = "not observable"
    TOO_RECENT = "too recent"
    OBSERVABLE = "observable"


@dataclass(frozen=True, slots=True)
class Observed:
    """What the data can show of each child in each period; arrays of the shape of the periods.

    observable: every day of the period is covered by the data and by the child's life before 18.
    reason: one of :class:`Sight`, as text.
        no date: the child has no date to hang the period on.
        not yet born: born after the period began.
        turned 18: the 18th birthday is before the period ends.
        not observable: the extract begins after the period did.
        too recent: the extract ends before the period does.
    days_at_risk: days of the period in which the child was born, under 18 and covered by the extract.
    covered: the part of the period that those days make up (empty where there are none).  A rate per day at risk
        has its numerator from here, ``days_in(observed.covered, …)``: days after an 18th birthday are in neither.
    """

    observable: Flags
    reason: npt.NDArray[np.str_]
    days_at_risk: Whole
    covered: Periods


def observe(periods: Periods, *, last_date: Any, first_date: Any = None, birth_date: Any = None) -> Observed:
    """Return which child-periods the data covers, why not, and the days at risk.

    last_date: the last day that the extract covers.
    first_date: the first day; None when all earlier spells are in the extract.
    birth_date: one a child; unknown (NaT) or None counts as born and under 18.
    """
    start, end = periods.start, periods.end
    stop = as_dates(last_date) + DAY
    begin = as_dates("NaT" if first_date is None else first_date)
    born = as_dates(np.full(periods.n_children, "NaT", "datetime64[D]") if birth_date is None else birth_date)
    if born.shape != (periods.n_children,):
        raise ValueError(f"observe: {born.size} birth dates for {periods.n_children} children")
    born = born if start.ndim == 1 else born[:, None]
    adult = birthday(born, ADULT_AGE)
    checks = [
        (Sight.NO_DATE, np.isnat(start)),
        (Sight.NOT_YET_BORN, born > start),
        (Sight.TURNED_18, adult < end),
        (Sight.NOT_OBSERVABLE, begin > start),
        (Sight.TOO_RECENT, stop < end),
    ]
    truths = [np.broadcast_to(truth, start.shape) for _, truth in checks]
    reason = np.select(truths, [str(sight) for sight, _ in checks], default=str(Sight.OBSERVABLE))
    seen_from = np.fmax(np.fmax(start, born), begin)
    seen_to = np.fmin(np.fmin(end, adult), stop)
    hidden = np.isnat(start)
    seen_from = np.where(hidden, start, seen_from)
    seen_to = np.where(hidden, start, np.maximum(seen_from, seen_to))
    covered = Periods(seen_from, seen_to)
    return Observed(reason == str(Sight.OBSERVABLE), reason, covered.days, covered)


def follow_up_days(from_date: Any, *, last_date: Any, birth_date: Any = None) -> Whole:
    """Return the days from ``from_date`` on, that day included, to the extract's end or the 18th birthday.

    from_date: one a child, such as the first day of the period after.  NaT, or a date after the extract, gives 0.
    """
    first: Dates = as_dates(from_date)
    stop: Dates = np.broadcast_to(as_dates(last_date) + DAY, first.shape)
    if birth_date is not None:
        stop = np.fmin(stop, birthday(birth_date, ADULT_AGE))
    days: Whole = np.where(np.isnat(first), 0, np.maximum((stop - first).view(np.int64), 0))
    return days
