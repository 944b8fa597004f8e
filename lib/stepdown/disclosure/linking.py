"""All counts of a release as one set: what each counts, and so which are the same, sums or parts of one another.

Tables of the house say what their counts count (:mod:`stepdown.disclosure.definitions`); links between those follow.
For any other table two kinds of link are followed, as an outsider would who lays the tables side by side:
1. the same place: two tables with a count of the same name for the same values of the same key columns;
2. the same numbers: a count for each group in one table that equals, for every group, a count, or what is left of a
   total, in another. Such an equality is hardly ever chance, and if it is, the audit is stricter than it need be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from stepdown.disclosure.counts import Cell, Place, Relation, counts_of, row_groups
from stepdown.disclosure.definitions import definitions
from stepdown.disclosure.system import System, is_same
from stepdown.disclosure.underlying import Definitions
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


def assembled(
    tables: Sequence[AggregateTable],
    left_out: Collection[str] = (),
    broad: Mapping[str, Sequence[str]] | None = None,
) -> tuple[dict[Place, Cell], list[Relation]]:
    """Return every count of the tables, with the cells of the underlying tables, and every sum that holds of them.

    left_out: tables that are not released; their counts are to be protected all the same.  broad: as in definitions.
    """
    cells, relations, meant = _counted(tables, left_out, broad)
    relations += [r for r in meant.relations if all(place in cells for _, place in r.terms)]
    relations += _same_places(tables, cells, meant.known)
    relations += _same_numbers(tables, cells, meant.known)
    return cells, _true(cells, relations)


def number_of_counts(tables: Sequence[AggregateTable]) -> int:
    """Return how many counts above nought the tables show."""
    return sum(cell.shown_anywhere and cell.value > 0 for cell in _counted(tables)[0].values())


def _counted(
    tables: Sequence[AggregateTable],
    left_out: Collection[str] = (),
    broad: Mapping[str, Sequence[str]] | None = None,
) -> tuple[dict[Place, Cell], list[Relation], Definitions]:
    """Return every count, the sums inside a table, and what the counts are by definition."""
    meant = definitions(tables, broad)
    cells: dict[Place, Cell] = {}
    relations: list[Relation] = []
    for table in tables:
        own, sums = counts_of(table, known=table.name in meant.known)
        cells |= own if table.name not in left_out else {p: replace(c, shown_anywhere=False) for p, c in own.items()}
        relations += [r for r in sums if r.constant == 0 or not all(place in meant.defined for _, place in r.terms)]
    by_name = {table.name: table for table in tables}
    for place in sorted(meant.defined - set(cells)):
        value = pd.to_numeric(by_name[place[0]].frame[place[2]], errors="coerce").iloc[place[1]]
        if value >= 0 and float(value).is_integer():
            cells[place] = Cell(place, int(value), shown_anywhere=place[0] not in left_out)
    known = {place[0] for place in meant.defined}  # tables of which it is known what a size of a whole group is
    cells |= {p: replace(c, total=p in meant.sizes) for p, c in cells.items() if p[0] in known}
    cells |= meant.cells
    return cells, relations, meant


def _true(cells: Mapping[Place, Cell], relations: Sequence[Relation]) -> list[Relation]:
    """Return the relations that can all be true of the counts as they are.

    A count that is not quite what its definition says (a spell without days, a child of two windows) would make an
    outsider's sums contradict one another; such a definition is not used.
    """
    kept = [r for r in relations if not is_same(r) or _agree(cells, r)]
    system = System(cells, kept)
    if not system.rows.shape[0]:
        return kept
    from scipy.optimize import linprog
    from scipy.sparse import eye_array, hstack

    count, width = system.rows.shape
    more = hstack([system.rows, eye_array(count), -eye_array(count)]).tocsr()
    aim = np.concatenate([np.zeros(width), np.ones(2 * count)])
    low, high = system.bounds(set())
    box = np.vstack([np.column_stack([low, high]), np.tile([0.0, np.inf], (2 * count, 1))])
    found = linprog(aim, A_eq=more, b_eq=system.sides, bounds=box, method="highs")
    if found.x is None or found.fun < 0.5:
        return kept
    wrong = {int(i) for i in np.flatnonzero((found.x[width : width + count] + found.x[width + count :]) > 1e-6)}
    lines = system.lines(kept)
    return [relation for relation, line in zip(kept, lines, strict=True) if line not in wrong]


def _agree(cells: Mapping[Place, Cell], relation: Relation) -> bool:
    values = {cells[place].value for _, place in relation.terms if cells[place].shown_anywhere}
    return len(values) <= 1


def _same_places(tables: Sequence[AggregateTable], cells: Mapping[Place, Cell], meant: set[str]) -> Iterator[Relation]:
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
                if (
                    other[0] != place[0]
                    and not {other[0], place[0]} <= meant
                    and cells[other].value == cells[place].value
                ):
                    yield Relation(((1, other), (-1, place)))


def _same_numbers(tables: Sequence[AggregateTable], cells: Mapping[Place, Cell], meant: set[str]) -> Iterator[Relation]:
    found: dict[tuple[str, tuple[int, ...]], list[Series]] = {}
    for table in tables:
        for series in _series(table, cells):
            found.setdefault((series.unit, series.values), []).append(series)
    for same in found.values():
        for one, other in combinations(same, 2):
            if one.table == other.table or {one.table, other.table} <= meant:
                continue
            for (left, plus), (right, minus) in zip(one.sums, other.sums, strict=True):
                terms = [*left, *((-factor, place) for factor, place in right)]
                yield Relation(tuple(terms), minus - plus)


def _series(table: AggregateTable, cells: Mapping[Place, Cell]) -> Iterator[Series]:
    """Yield each count of a table for all groups, and what is left of its total without it."""
    seen: set[tuple[str, tuple[int, ...]]] = set()
    sums = [(total.column, _rows_together(table, total.within)) for total in table.adds_up]
    for unit, places in [*_by_group(table), *_by_ending(table)]:
        if len(places) < _FEWEST or any(place not in cells for place in places):
            continue
        values = tuple(cells[place].value for place in places)
        if any(values) and (unit, values) not in seen:
            seen.add((unit, values))
            yield Series(table.name, unit, values, tuple((((1, place),), 0) for place in places))
        rest = [_rest_of(place, [rows for column, rows in sums if column == place[2]], cells) for place in places]
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


def _rows_together(table: AggregateTable, within: Sequence[str]) -> dict[int, list[int]]:
    """Return the rows that each row adds up with."""
    return {row: rows for rows in row_groups(table.frame, within) for row in rows}


def _rest_of(place: Place, sums: Sequence[Mapping[int, list[int]]], cells: Mapping[Place, Cell]) -> tuple[int, Sum]:
    """Return what is left of a declared total without one of its counts, and how it is made; (0, …) when none is."""
    name, row, column = place
    for together in sums:
        others = [(name, other, column) for other in together[row] if other != row]
        if others and all(other in cells for other in others):
            return sum(cells[other].value for other in others), (tuple((1, other) for other in others), 0)
    return 0, ((), 0)


def described(table: AggregateTable, place: Place) -> dict[str, str]:
    """Return the key values of the row in which a count stands."""
    names = table.keys()
    values = [table.frame[name].iloc[place[1]] for name in names]
    return {name: str(value) for name, value in zip(names, values, strict=True) if not pd.isna(value)}
