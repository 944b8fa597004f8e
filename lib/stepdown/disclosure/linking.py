"""Which counts of different tables are one and the same, or sums of one another.

An outsider lays the tables of a release side by side. Three kinds of link are followed:
1. the same place: two tables with a count of the same name for the same values of the same key columns;
2. the same numbers: a count for each group in one table that equals, for every group, a count, or what is left of a
   total, in another. Such an equality is hardly ever chance, and if it is, the audit is stricter than it need be;
3. movement on the ladder: who moved up, down or stayed, as sums of the flow between statuses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from stepdown.disclosure.counts import Cell, Place, Relation, row_groups
from stepdown.tables import AggregateTable, Role

_FEWEST = 2
"""Numbers that must agree (one a group) before two series count as the same."""

_ENDS = ("_programme", "_comparison")

Sum = tuple[tuple[tuple[int, Place], ...], int]
"""A count as coefficient × cell summed, and a constant added."""


@dataclass(frozen=True, slots=True)
class Series:
    """The same count for each group: its values, and how each is made of cells."""

    table: str
    unit: str
    values: tuple[int, ...]
    sums: tuple[Sum, ...]


def links(tables: Sequence[AggregateTable], cells: Mapping[Place, Cell]) -> list[Relation]:
    """Return the relations between counts of different tables."""
    return [*_same_places(tables, cells), *_same_numbers(tables, cells), *_ladder(tables, cells)]


def _same_places(tables: Sequence[AggregateTable], cells: Mapping[Place, Cell]) -> Iterator[Relation]:
    known: dict[tuple[object, ...], Place] = {}
    for table in tables:
        keys = sorted(table.keys())
        if "group" not in keys:
            continue
        for row, values in enumerate(table.frame[keys].astype("str").itertuples(index=False, name=None)):
            for name in table.columns:
                place = (table.name, row, name)
                if place not in cells:
                    continue
                other = known.setdefault((name, tuple(keys), values), place)
                if other[0] != place[0] and cells[other].value == cells[place].value:
                    yield Relation(((1, other), (-1, place)))


def _same_numbers(tables: Sequence[AggregateTable], cells: Mapping[Place, Cell]) -> Iterator[Relation]:
    found: dict[tuple[str, tuple[int, ...]], list[Series]] = {}
    for table in tables:
        for series in _series(table, cells):
            found.setdefault((series.unit, series.values), []).append(series)
    for same in found.values():
        for one, other in combinations(same, 2):
            if one.table != other.table:
                for (left, plus), (right, minus) in zip(one.sums, other.sums, strict=True):
                    terms = [*left, *((-factor, place) for factor, place in right)]
                    yield Relation(tuple(terms), minus - plus)


def _series(table: AggregateTable, cells: Mapping[Place, Cell]) -> Iterator[Series]:
    """Yield each count of a table for all groups, and what is left of its total without it."""
    seen: set[tuple[str, tuple[int, ...]]] = set()
    for unit, places in [*_by_group(table), *_by_ending(table)]:
        if len(places) < _FEWEST or any(place not in cells for place in places):
            continue
        values = tuple(cells[place].value for place in places)
        if any(values) and (unit, values) not in seen:
            seen.add((unit, values))
            yield Series(table.name, unit, values, tuple((((1, place),), 0) for place in places))
        rest = [_rest_of(table, place, cells) for place in places]
        if all(rest):
            left = tuple(amount for amount, _ in rest if amount is not None)
            if any(left) and (unit, left) not in seen:
                seen.add((unit, left))
                yield Series(table.name, unit, left, tuple(made for _, made in rest))


def _by_group(table: AggregateTable) -> Iterator[tuple[str, list[Place]]]:
    """Yield the places of a count, one a group, where the group is a key column."""
    keys = table.keys()
    if "group" not in keys:
        return
    groups = list(dict.fromkeys(table.frame["group"]))
    others = [name for name in keys if name != "group"]
    order = table.frame["group"].reset_index(drop=True)
    for rows in row_groups(table.frame, others):
        if [order[row] for row in rows] == groups:
            for name, column in table.columns.items():
                if column.role in (Role.COUNT, Role.BASE):
                    yield column.unit, [(table.name, row, name) for row in rows]


def _by_ending(table: AggregateTable) -> Iterator[tuple[str, list[Place]]]:
    """Yield the places of a count, one a group, where the groups are columns side by side."""
    for name, column in table.columns.items():
        pair = name.removesuffix(_ENDS[0]) + _ENDS[1]
        if name.endswith(_ENDS[0]) and pair in table.columns and column.role in (Role.COUNT, Role.BASE):
            for row in range(len(table.frame)):
                yield column.unit, [(table.name, row, name), (table.name, row, pair)]


def _rest_of(table: AggregateTable, place: Place, cells: Mapping[Place, Cell]) -> tuple[int, Sum]:
    """Return what is left of a declared total without one of its counts, and how it is made; (0, …) when none is."""
    for sums in table.adds_up:
        if sums.column != place[2]:
            continue
        rows = next(rows for rows in row_groups(table.frame, sums.within) if place[1] in rows)
        others = [(table.name, row, sums.column) for row in rows if row != place[1]]
        if others and all(other in cells for other in others):
            return sum(cells[other].value for other in others), (tuple((1, other) for other in others), 0)
    return 0, ((), 0)


def _ladder(tables: Sequence[AggregateTable], cells: Mapping[Place, Cell]) -> Iterator[Relation]:
    """Yield the sums of the flow between statuses that the tables of movement print."""
    by_name = {table.name: table for table in tables}
    flow = by_name.get("transitions")
    if flow is None:
        return
    frame = flow.frame.reset_index(drop=True)
    rank = {status: i for i, status in enumerate(dict.fromkeys(frame["status_before"]))}
    before, after = frame["status_before"].map(rank), frame["status_after"].map(rank)
    moves = {"higher": after > before, "lower": after < before, "same": after == before}
    pairs: list[tuple[pd.Series, Place]] = []
    if "movement" in by_name:
        pairs += _movement(by_name["movement"], frame, moves, before)
    if "like_for_like" in by_name:
        pairs += _like_for_like(by_name["like_for_like"], frame, moves)
    for pick, place in pairs:
        parts = [(flow.name, int(row), "children") for row in frame.index[pick]]
        if place not in cells or any(part not in cells for part in parts):
            continue
        if sum(cells[part].value for part in parts) == cells[place].value:
            yield Relation((*((1, part) for part in parts), (-1, place)))


def _movement(
    table: AggregateTable, flow: pd.DataFrame, moves: Mapping[str, pd.Series], before: pd.Series
) -> list[tuple[pd.Series, Place]]:
    """Return which flows make each count of ``movement``."""
    picks = {
        "escalated": moves["higher"],
        "de_escalated": moves["lower"],
        "same": moves["same"],
        "at_risk_up": before < before.max(),
        "at_risk_down": before > 0,
    }
    return [
        (pick & (flow["group"] == group), (table.name, row, name))
        for row, group in enumerate(table.frame["group"])
        for name, pick in picks.items()
    ]


def _like_for_like(
    table: AggregateTable, flow: pd.DataFrame, moves: Mapping[str, pd.Series]
) -> list[tuple[pd.Series, Place]]:
    """Return which flows make each count of ``like_for_like``, whose groups stand side by side."""
    groups = dict(zip(_ENDS, dict.fromkeys(flow["group"]), strict=True))
    pairs = []
    for row, (status, event) in enumerate(zip(table.frame["status_before"], table.frame["event"], strict=True)):
        move = next((pick for name, pick in moves.items() if name in str(event)), None)
        for ending, group in groups.items():
            mine = (flow["status_before"] == status) & (flow["group"] == group)
            pairs.append((mine, (table.name, row, f"n{ending}")))
            if move is not None:
                pairs.append((mine & move, (table.name, row, f"events{ending}")))
    return pairs


def described(table: AggregateTable, place: Place) -> dict[str, str]:
    """Return the key values of the row in which a count stands."""
    row = table.frame[table.keys()].iloc[place[1]]
    return {str(name): str(value) for name, value in row.items() if not pd.isna(value)}
