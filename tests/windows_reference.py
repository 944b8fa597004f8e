"""The slow and obvious reference for the windows core: sets of days, one child at a time, no arithmetic to trust."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

Spell = tuple[date, date]
ONE = timedelta(days=1)


@dataclass(frozen=True)
class Expected:
    days_clipped: int
    days_whole_spell: int
    episodes: int
    new_episodes: int


def days_of(start: date, end: date) -> set[date]:
    return {start + ONE * i for i in range((end - start).days)}


def episodes_of(spells: list[Spell]) -> list[Spell]:
    """Runs of days without a gap; and the spells without days that touch no run."""
    held = set().union(*(days_of(*spell) for spell in spells)) if spells else set()
    runs = []
    for day in held:
        if day - ONE not in held:
            end = day
            while end in held:
                end += ONE
            runs.append((day, end))
    dayless = {start for start, end in spells if start == end}
    runs += [(day, day) for day in dayless if day not in held and day - ONE not in held]
    return sorted(runs)


def expected(spells: list[Spell], start: date, end: date) -> Expected:
    """What one child's spells of one status come to in one period."""
    period = days_of(start, end)
    clipped = whole = episodes = new = 0
    for run in episodes_of(spells):
        days = days_of(*run)
        inside = days & period
        if inside or (not days and run[0] in period):
            episodes += 1
            whole += len(days)
        clipped += len(inside)
        new += run[0] in period
    return Expected(clipped, whole, episodes, new)


def as_arrays(children: list[list[Spell]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spells of several children as child, start and end columns."""
    rows = [(i, start, end) for i, spells in enumerate(children) for start, end in spells]
    child = np.array([row[0] for row in rows], dtype=np.int64)
    return (
        child,
        np.array([row[1] for row in rows], dtype="datetime64[D]"),
        np.array([row[2] for row in rows], dtype="datetime64[D]"),
    )


def plain_months(day: date, months: int) -> date:
    """Step month by month on a calendar page: the same day, or the last one that the month has."""
    year, month = day.year, day.month
    for _ in range(abs(months)):
        month += 1 if months > 0 else -1
        if month == 13:
            year, month = year + 1, 1
        if month == 0:
            year, month = year - 1, 12
    for number in range(day.day, 0, -1):
        try:
            return date(year, month, number)
        except ValueError:
            continue
    raise ValueError(day)
