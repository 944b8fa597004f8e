"""Each child month by month (record level: never shown): highest status, the headline outcome, and who is observed.

A month that the data does not cover is missing for that child, never zero. So that nobody can be told from a
number that falls by a few from one month to the next, children who leave the records do so in steps: see
:func:`in_steps`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from stepdown.cohort import Cohort
from stepdown.contracts import StudyRecords
from stepdown.effects.comparison import Bools, Floats, Integers
from stepdown.measures import measured
from stepdown.params import Study
from stepdown.statuses import spells_by_status
from stepdown.windows import (
    Periods,
    Spells,
    any_in,
    around,
    count_in,
    days_in,
    events_in,
    highest_in,
    month_numbers,
    observe,
    positions,
)

UNITS = {1: "month", 3: "quarter"}
"""What a period of so many months is called."""


@dataclass(frozen=True, slots=True)
class Panel:
    """The children who are analysed, period by period.

    step: months in a period (1 or 3).  numbers: of each period's month farthest from support, shape (periods,).
    highest: 0 none … 3 CLA, (children, periods).  value: the headline outcome, (children, periods); None where it is
    not counted by day.  seen: bool (children, periods).  programme, family: (children,).
    """

    step: int
    numbers: Integers
    highest: Integers
    value: Floats | None
    seen: Bools
    programme: Bools
    family: Integers

    def labels(self) -> list[str]:
        """Return what each period is called: "12 before", "1 after"; of a quarter "12 to 10 before", "1 to 3 after"."""
        found = []
        for number in self.numbers.tolist():
            far, near = abs(number), abs(number) - self.step + 1
            ends = (far, near) if number < 0 else (near, far)
            side = "before" if number < 0 else "after"
            found.append(f"{far} {side}" if far == near else f"{ends[0]} to {ends[1]} {side}")
        return found

    @property
    def before(self) -> Bools:
        """Which periods lie before support."""
        return self.numbers < 0

    def sizes(self, arm: Bools) -> Integers:
        """Return how many of ``arm`` are observed in each period."""
        return self.seen[arm].sum(axis=0)


def panel(study: Study, records: StudyRecords, cohort: Cohort, *, step: int = 1) -> Panel:
    """Return the panel of a study in periods of ``step`` months, over the months that its file asks for.

    Of the months that are no whole number of periods, the farthest are left out.
    """
    asked = study.settings.months
    children = cohort.children
    before, after = asked.before // step * step, asked.after // step * step
    dates = children["start_date"].to_numpy(), children["end_date"].to_numpy()
    periods = around(*dates, before, after, step=step)
    numbers = month_numbers(before, after)
    outer = (numbers < 0) & (numbers % step == 0) | (numbers > 0) & (numbers % step == 0)
    spells = spells_by_status(study, records, children)
    value = values_in(study.settings.effects.headline, periods, spells, records, children)
    return Panel(
        step=step,
        numbers=numbers[outer],
        highest=highest_in(periods, spells, study.settings.ladder),
        value=value,
        seen=observed(study, cohort)[numbers[outer]],
        programme=(children["group"] == study.settings.groups.programme.label).to_numpy(dtype=np.bool_),
        family=pd.factorize(children["family_id"])[0].astype(np.int64),
    )


@dataclass(frozen=True, slots=True)
class Sighted:
    """Who is observed in each month, children leaving in steps. numbers: of the months.  seen: (children, months)."""

    numbers: Integers
    seen: Bools

    def __getitem__(self, wanted: Integers) -> Bools:
        """Return the flags of the months of these numbers, (children, wanted)."""
        place = {int(number): i for i, number in enumerate(self.numbers)}
        return self.seen[:, [place[int(number)] for number in np.atleast_1d(wanted)]]


def observed(study: Study, cohort: Cohort) -> Sighted:
    """Return who is observed in each month out to the longest that the study asks for, group by group in steps."""
    settings, children = study.settings, cohort.children
    reach = max(settings.months.after, *settings.months.lasting)
    periods = around(children["start_date"].to_numpy(), children["end_date"].to_numpy(), settings.months.before, reach)
    first_date = settings.data.first_date
    seen = observe(
        periods,
        last_date=np.datetime64(settings.data.last_date),
        first_date=None if first_date is None else np.datetime64(first_date),
        birth_date=children["birth_date"].to_numpy(),
    ).observable
    numbers = month_numbers(settings.months.before, reach)
    fewest = settings.disclosure.threshold if settings.disclosure.method == "suppress" else 0
    result = np.zeros_like(seen)
    for label in settings.groups.labels():
        mine = (children["group"] == label).to_numpy(dtype=np.bool_)
        for side in (np.flatnonzero(numbers < 0)[::-1], np.flatnonzero(numbers > 0)):
            result[np.ix_(mine, side)] = in_steps(seen[np.ix_(mine, side)], fewest, seed=settings.seed)
    return Sighted(numbers, result)


def in_steps(seen: Bools, fewest: int, *, seed: int) -> Bools:
    """Return who is observed such that the number falls by nought or by more than ``fewest`` from period to period.

    seen: (children, periods), from support outwards; who is out stays out.  Children who leave are left out from the
    first of the periods in which, together with those who leave in the next ones, they are enough; if too few leave
    in all, others are left out with them by lot. A number of 1 to ``fewest`` children is not observed at all.
    """
    kept = np.logical_and.accumulate(seen, axis=1)
    sizes, level, at = kept.sum(axis=0), len(seen), 0
    result = np.zeros_like(seen)
    if level <= fewest:
        return result
    while at < kept.shape[1]:
        if sizes[at] == level:
            result[:, at] = result[:, at - 1] if at else kept[:, at]
            at += 1
            continue
        enough = np.flatnonzero(level - sizes[at:] > fewest)
        stop = at + int(enough[0]) if enough.size else kept.shape[1] - 1
        group = kept[:, stop].copy()
        if not enough.size:
            inside = np.flatnonzero(group)
            more = min(fewest + 1 - (level - len(inside)), len(inside))
            group[np.random.default_rng(seed).permutation(inside)[:more]] = False
        if group.sum() <= fewest:
            group[:] = False
        result[:, at : stop + 1] = group[:, None]
        level, at = int(sizes[stop]), stop + 1
    return result


def values_in(
    outcome: str, periods: Periods, spells: dict[str, Spells], records: StudyRecords, children: pd.DataFrame
) -> Floats | None:
    """Return an outcome in each period (days inside it), or None where it is not counted by day."""
    measure = measured(outcome)
    mine = spells.get(measure.status)
    if outcome == "referrals":
        row = positions(children["child_id"], records.referrals["child_id"])
        dates = records.referrals["referral_date"].to_numpy()
        return events_in(periods, row[row >= 0], dates[row >= 0]).astype(np.float64)
    if mine is None or measure.kind not in ("days", "count", "flag"):
        return None
    counted = {"days": days_in, "count": count_in, "flag": any_in}[measure.kind](periods, mine)
    return np.asarray(counted, dtype=np.float64)


def panels(study: Study, records: StudyRecords, cohort: Cohort) -> list[Panel]:
    """Return the panel in months and, where the months asked for hold one, in quarters."""
    asked = study.settings.months
    steps = [step for step in UNITS if min(asked.before, asked.after) >= step]
    return [_both_seen(panel(study, records, cohort, step=step)) for step in steps]


def finest(choices: Sequence[Panel], counts: Callable[[Panel], Integers], fewest: int) -> Panel | None:
    """Return the finest panel of which no count is from 1 to ``fewest``; None when there is none."""
    for each in choices:
        found = counts(each)
        if not ((found >= 1) & (found <= fewest)).any():
            return each
    return None


def held(given: Panel, n_statuses: int) -> Integers:
    """Return how many of the observed children had each highest status: (groups, periods, statuses)."""
    arms = (given.programme, ~given.programme)
    return np.array(
        [[(given.seen[arm] & (given.highest[arm] == rung)).sum(axis=0) for rung in range(n_statuses)] for arm in arms]
    ).transpose(0, 2, 1)


def with_any(given: Panel) -> Integers:
    """Return how many of the observed children had any of the headline outcome: (groups, periods)."""
    if given.value is None:
        return np.zeros((2, 0), dtype=np.int64)
    any_of_it = given.seen & (given.value != 0)
    return np.array([any_of_it[arm].sum(axis=0) for arm in (given.programme, ~given.programme)])


def _both_seen(given: Panel) -> Panel:
    """Return the panel without the periods in which nobody of a group is observed."""
    kept = (given.sizes(given.programme) > 0) & (given.sizes(~given.programme) > 0)
    return replace(
        given,
        numbers=given.numbers[kept],
        highest=given.highest[:, kept],
        value=None if given.value is None else given.value[:, kept],
        seen=given.seen[:, kept],
    )
