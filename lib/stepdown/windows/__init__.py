"""The numeric core: periods, spells, and what is counted of one in the other.

NumPy arrays go in and come out; one row is a child, and records point to their child by row number
(:func:`positions` finds it from ids).  The order of work::

    child   = positions(children_id, spell_child_id)          # ids → row numbers, once
    spells  = merge_spells(child, start, close_spells(end, last_date))
    period  = after(end_date, months=6)                       # or months=[6, 12, 18, 24]
    days    = days_in(period, spells, rule="clipped")         # also any_in, new_in, count_in, highest_in
    covered = observe(period, last_date=last_date, birth_date=birth)   # what must not be counted as zero

Month by month: ``period = around(start_date, end_date, before=12, after=12)``, and then as above.

A whole population in one call: :func:`stepdown.windows.in_one_call.tally`, month by month
:func:`stepdown.windows.months.tally_months`; from Parquet files of any size:
:func:`stepdown.windows.on_disk.tally_files`, and with the sight of each period
:func:`stepdown.windows.on_disk.seen_tally_files` (``stepdown windows``). They are apart, so that
a study does not load DuckDB.

The rules are in docs/methods.md and, case by case, in tests/cases/periods.csv and tests/cases/days.csv.
"""

from stepdown.windows.counting import (
    DayRule,
    any_in,
    count_in,
    days_in,
    events_in,
    first_event_after,
    highest_in,
    new_in,
    status_on,
)
from stepdown.windows.dates import add_months, age_on, birthday
from stepdown.windows.exclusive import take_away
from stepdown.windows.ids import Register, positions
from stepdown.windows.months import around, month_numbers, tally_months
from stepdown.windows.observing import ADULT_AGE, Observed, Sight, follow_up_days, observe
from stepdown.windows.periods import Periods, after, before
from stepdown.windows.spells import Spells, close_spells, merge_spells
