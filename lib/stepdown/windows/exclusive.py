"""Statuses that run together: the days of one status on which a higher one runs, and the spells without those days."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stepdown.windows.dates import day_numbers
from stepdown.windows.spells import Spells, merge_spells


def take_away(spells: Spells, others: Sequence[Spells]) -> Spells:
    """Return the spells without the days on which one of ``others`` runs; what is left of each may be several pieces.

    A spell without days (start == end) stays, unless that day lies in one of the others.
    """
    above = merge_spells(
        np.concatenate([other.child for other in others]),
        np.concatenate([other.start for other in others]),
        np.concatenate([other.end for other in others]),
    )
    child = np.concatenate([spells.child, spells.child, above.child, above.child])
    day = np.concatenate([day_numbers(part) for part in (spells.start, spells.end, above.start, above.end)])
    n, m = len(spells), len(above)
    inside = np.concatenate([np.ones(n), -np.ones(n), np.zeros(2 * m)])
    over = np.concatenate([np.zeros(2 * n), np.ones(m), -np.ones(m)])
    order = np.lexsort((day, child))
    child, day = child[order], day[order]
    left = (np.cumsum(inside[order]) > 0) & (np.cumsum(over[order]) == 0)
    pieces = np.flatnonzero(left[:-1] & (child[1:] == child[:-1]) & (day[1:] > day[:-1]))
    bare = (spells.start == spells.end) & ~_lies_in(spells, above)
    return merge_spells(
        np.concatenate([child[pieces], spells.child[bare]]),
        np.concatenate([day[pieces], day_numbers(spells.start[bare])]).view("datetime64[D]"),
        np.concatenate([day[pieces + 1], day_numbers(spells.end[bare])]).view("datetime64[D]"),
    )


def _lies_in(spells: Spells, above: Spells) -> np.ndarray:
    """Say of each spell whether its first day lies in one of ``above``."""
    if not len(above) or not len(spells):
        return np.zeros(len(spells), dtype=bool)
    first, starts = day_numbers(spells.start), day_numbers(above.start)
    low = min(int(first.min()), int(starts.min()))
    width = max(int(first.max()), int(starts.max())) - low + 1
    place = np.searchsorted(above.child * width + starts - low, spells.child * width + first - low, side="right") - 1
    near = np.maximum(place, 0)
    return (place >= 0) & (above.child[near] == spells.child) & (spells.start < above.end[near])
