"""What the points of monitoring count: events and children by month or quarter, and how series hang together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import pandas as pd

from stepdown.disclosure.counts import Place
from stepdown.disclosure.underlying import Definitions, rows_of
from stepdown.tables import AggregateTable

_FEWEST = 4
"""Periods in which one series must be the sum of another before it counts as such."""


@dataclass(frozen=True, slots=True)
class _Point:
    first: pd.Timestamp
    last: pd.Timestamp
    value: int
    place: Place


def points(table: AggregateTable, found: Definitions, small: int = 5) -> None:
    """Define the table ``series_points``.

    What a part leaves of its whole is a count too; all periods of a series have a sum that somebody knows (the rows of
    the records, a yearly figure); and a series can be the sum of another, by month or by quarter: the referrals of
    which some are repeated are the series of referrals. small: numbers up to it are equal by chance.
    """
    found.known.add(table.name)
    series: dict[tuple[str, str], list[_Point]] = {}
    for row, v in rows_of(table.frame.reset_index(drop=True)):
        for column in ("count", "out_of"):
            if float(v[column]) >= 0 and float(v[column]).is_integer():
                first, last = pd.Timestamp(v["first_day"]), pd.Timestamp(v["last_day"])
                point = _Point(first, last, int(v[column]), (table.name, row, column))
                series.setdefault((str(v["series"]), column), []).append(point)
        if v["count"] <= v["out_of"] and float(v["out_of"]).is_integer():
            found.others((table.name, row, "count"), v["count"], "out_of", v["out_of"])
    for own in series.values():
        found.sums([(1, point.place) for point in own], sum(point.value for point in own))
    for finer, coarser in permutations(series.values(), 2):
        tiles = list(_tiles(finer, coarser))
        if len(tiles) >= _FEWEST and all(sum(p.value for p in parts) == whole.value for whole, parts in tiles):
            for whole, parts in tiles if max(whole.value for whole, _ in tiles) > small else ():
                found.sums([*((1, part.place) for part in parts), (-1, whole.place)])


def _tiles(finer: list[_Point], coarser: list[_Point]) -> Iterator[tuple[_Point, list[_Point]]]:
    """Yield each period of one series with the periods of another that fill it."""
    for whole in coarser:
        parts = [point for point in finer if whole.first <= point.first and point.last <= whole.last]
        days = [(point.last - point.first) / np.timedelta64(1, "D") + 1 for point in parts]
        if parts and sum(days) == (whole.last - whole.first) / np.timedelta64(1, "D") + 1:
            yield whole, parts
