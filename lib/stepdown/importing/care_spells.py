"""Spells of care from the episodes of the looked-after return, of one child (docs/returns.md, spells of care).

A V4 row is an agreement of months, of which few days are care; a V3 row is one short break. Neither is being looked
after in the department's statistics, so both are set aside before anything is joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from stepdown.importing.rows import SHORT_BREAKS, CareRow

START_PUT_RIGHT_DAYS = 31


class Spell(NamedTuple):
    """A spell of one child at one status. end: the day on which it ended, not itself counted; OPEN if it did not."""

    start: int
    end: int
    status: str


OPEN = 4_000_000
"""A day after every other: the end of a spell that is still open."""


@dataclass
class Care:
    """What the episodes of one child come to. doubts: (name, detail) for the restricted lists."""

    spells: list[Spell] = field(default_factory=list)
    fates: list[tuple[CareRow, str]] = field(default_factory=list)
    doubts: list[tuple[str, str]] = field(default_factory=list)
    gap_days: int = 0
    contradictory: bool = False


def care_of(rows: Sequence[CareRow], returns: Sequence[int], count_v3: bool) -> Care:
    """Return the spells of care of one child.

    rows: its episodes, one for each DECOM, as the newest return has them.  returns: the last day of each year's return.
    count_v3: whether a single short break (V3) counts as care.
    """
    care = Care()
    kept: list[CareRow] = []
    for row in sorted(rows, key=lambda row: row.start):
        if row.end and row.end < row.start:
            care.contradictory = True
            care.doubts.append(("contradictory dates", "episode of care that ends before it begins"))
            care.fates.append((row, "left out: dates contradict each other"))
        elif row.legal == "V3" and count_v3:
            care.spells.append(Spell(row.start, row.end or _unclosed(row, returns), "CLA"))
            care.fates.append((row, "used: a single short break (V3), counted as care"))
        elif row.legal in SHORT_BREAKS:
            care.fates.append((row, f"left out: short break ({row.legal})"))
        elif _put_right(row, rows):
            care.doubts.append(("start of care put right", "the earlier of two starts is dropped"))
            care.fates.append((row, "left out: its start was put right in a later return"))
        else:
            kept.append(row)
            care.fates.append((row, "used: care"))
    _join(kept, returns, care)
    return care


def _put_right(row: CareRow, rows: Sequence[CareRow]) -> bool:
    """Whether a later return has this row under another start: alike, at most 31 days apart, and this one not there."""
    alike = (row.rne, row.legal, row.place)
    return not row.end and any(
        other.first_day > row.day
        and 0 < abs(other.start - row.start) <= START_PUT_RIGHT_DAYS
        and (other.rne, other.legal, other.place) == alike
        for other in rows
    )


def _unclosed(row: CareRow, returns: Sequence[int]) -> int:
    """Return the end of a row without DEC: open in the newest return, else the day after its own return."""
    return OPEN if row.day >= returns[-1] else row.day + 1


def _join(rows: Sequence[CareRow], returns: Sequence[int], care: Care) -> None:
    """Join consecutive episodes into spells: X1 goes on, any other end ends, and a missing end is looked into."""
    start = end = 0
    for place, row in enumerate(rows):
        start = start or row.start
        following = rows[place + 1] if place + 1 < len(rows) else None
        goes_on = following is not None and following.rne != "S"
        if row.end:
            row_end = row.end
            on = row.rec == "X1" and following is not None and (goes_on or following.start <= row.end)
            if row.rec == "X1" and following is None and row.day + 1 > row.end:
                care.doubts.append(("care went on (X1) and no episode follows", "taken as ended on that day"))
        else:
            row_end, on = _unclosed(row, returns), goes_on
            if not on and row_end != OPEN:
                care.doubts.append(("vanished", "open in a looked-after return, in no later one"))
        if on and following is not None:
            if following.start > row_end:
                care.gap_days += following.start - row_end
                care.doubts.append(("gap in care bridged", f"{following.start - row_end} days"))
            row_end = row.end or following.start
        end = max(end, row_end)
        if not on:
            care.spells.append(Spell(start, end, "CLA"))
            start = end = 0
