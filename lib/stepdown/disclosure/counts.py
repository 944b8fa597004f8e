"""The counts of a table as unknowns and the sums that an outsider knows to hold between them.

A table's counts become :class:`Cell` s; a sum becomes a :class:`Relation`: coefficients times cells equal a constant.
Sums are taken from what the table declares (``adds_up``) and are also found in the numbers themselves: where several
count columns of a row always add up to another, an outsider will notice, so it is treated as known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from stepdown.tables import AggregateTable, Role

Place = tuple[str, int, str]
"""Where a count stands: table, row, column. A complement stands in the row and column "<column> not"."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One count.

    place: where it stands.  value: the true count.  shown_anywhere: False for a count that is never printed, such as
    the children who do not have a status, which an outsider gets by subtraction.  total: a size of a group.
    """

    place: Place
    value: int
    shown_anywhere: bool = True
    total: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """A sum that holds: the sum of coefficient × cell over ``terms`` is ``constant``."""

    terms: tuple[tuple[int, Place], ...]
    constant: int = 0


def counts_of(table: AggregateTable, *, known: bool = False) -> tuple[dict[Place, Cell], list[Relation]]:
    """Return the counts of a table by place, and every sum between them that an outsider may use.

    known: what the table counts is defined elsewhere; sums that only happen to hold are not looked for.
    """
    numbers = {
        name: pd.to_numeric(table.frame[name], errors="coerce").to_numpy(dtype="float64")
        for name, column in table.columns.items()
        if column.role in (Role.COUNT, Role.BASE)
    }
    cells = {
        (table.name, row, name): Cell((table.name, row, name), int(value), total=table.columns[name].role is Role.BASE)
        for name, values in numbers.items()
        for row, value in enumerate(values)
        if np.isfinite(value) and value >= 0 and float(value).is_integer()
    }
    relations = [*_declared(table, cells), *(() if known else _along_rows(table, numbers, cells))]
    for place, cell, total in [*_complements(table, cells), *_left_out(table, cells), *_steps(table, cells)]:
        cells[cell.place] = cell
        relations.append(Relation(((1, place), (1, cell.place), (-1, total))))
    return cells, relations


def _declared(table: AggregateTable, cells: dict[Place, Cell]) -> Iterator[Relation]:
    """Yield the sums that the table declares, where they hold; repeated totals are one and the same count."""
    for sums in table.adds_up:
        if sums.column not in table.columns or table.columns[sums.column].role not in (Role.COUNT, Role.BASE):
            continue
        for rows in row_groups(table.frame, sums.within):
            places = [(table.name, row, sums.column) for row in rows]
            if any(place not in cells for place in places):
                continue
            # a declared sum that its rows do not reach (not every child has a row) is not one that an outsider can use:
            # taken as a relation it would be false, and a number would be held to be safe that is not
            reached = sum(cells[place].value for place in places)
            terms = tuple((1, place) for place in places)
            totals = [(table.name, row, sums.total) for row in rows] if sums.total else []
            if not totals:
                yield Relation(terms, reached)
            elif all(place in cells and cells[place].value == reached for place in totals):
                yield Relation((*terms, (-1, totals[0])))
                yield from (Relation(((1, totals[0]), (-1, other))) for other in totals[1:])


def row_groups(frame: pd.DataFrame, within: Sequence[str]) -> list[list[int]]:
    """Return the row numbers of each group of rows with the same values in ``within`` (all rows when it is empty)."""
    if not within:
        return [list(range(len(frame)))]
    codes = [pd.factorize(frame[name], use_na_sentinel=False)[0].tolist() for name in within]
    groups: dict[tuple[int, ...], list[int]] = {}
    for row, values in enumerate(zip(*codes, strict=True)):
        groups.setdefault(values, []).append(row)
    return list(groups.values())


def _along_rows(table: AggregateTable, numbers: dict[str, np.ndarray], cells: dict[Place, Cell]) -> Iterator[Relation]:
    """Yield sums of two to four columns that equal another column in every row."""
    names = [name for name, values in numbers.items() if len(values) > 1 and np.isfinite(values).all()]
    for total in names:
        others = [name for name in names if name != total and table.columns[name].role is Role.COUNT]
        for size in (2, 3, 4):
            for parts in combinations(others, size):
                if any(not numbers[part].any() for part in parts):
                    continue  # a column of noughts goes into any sum: it would tie columns together by chance
                if np.array_equal(sum(numbers[part] for part in parts), numbers[total]):
                    for row in range(len(numbers[total])):
                        terms = tuple((1, (table.name, row, part)) for part in parts)
                        yield Relation((*terms, (-1, (table.name, row, total))))


def _complements(table: AggregateTable, cells: dict[Place, Cell]) -> list[tuple[Place, Cell, Place]]:
    """Return for each count the rest of the size that stands beside it: 77 of 78 with a status says 1 without."""
    found = []
    for count, column in table.columns.items():
        size = _size_of(table, count) if column.role is Role.COUNT else ""
        for row in range(len(table.frame)) if size else ():
            part, whole = (table.name, row, count), (table.name, row, size)
            if part in cells and whole in cells and cells[whole].value >= cells[part].value:
                rest = (table.name, row, f"{count} not")
                value = cells[whole].value - cells[part].value
                found.append((part, Cell(rest, value, shown_anywhere=False), whole))
    return found


def _size_of(table: AggregateTable, count: str) -> str:
    """Return the size that a count is a part of: the only one of its unit, or the one of the same group; "" if none."""
    unit = table.columns[count].unit
    sizes = [name for name, c in table.columns.items() if c.role is Role.BASE and c.unit == unit]
    same = [name for name in sizes if name.rsplit("_", 1)[-1] == count.rsplit("_", 1)[-1]]
    return sizes[0] if len(sizes) == 1 else same[0] if len(same) == 1 else ""


def _left_out(table: AggregateTable, cells: dict[Place, Cell]) -> Iterator[tuple[Place, Cell, Place]]:
    """Yield for each size of a group how many it lacks of the largest size that the table gives for that group.

    Where 372 children have a known age and 375 a known family, an outsider knows that 3 ages are not known.
    """
    keys = ["group"] if "group" in table.columns and table.columns["group"].role is Role.KEY else []
    for name, column in table.columns.items():
        if column.role is not Role.BASE or column.unit != "children":
            continue
        for rows in row_groups(table.frame, keys):
            places = [(table.name, row, name) for row in rows if (table.name, row, name) in cells]
            if places:
                most = max(places, key=lambda place: cells[place].value)
                for place in places:
                    lacking = cells[most].value - cells[place].value
                    if lacking:
                        rest = Cell((table.name, place[1], f"{name} lacking"), lacking, shown_anywhere=False)
                        yield place, rest, most


_TIME = ("day", "days", "month", "months", "week", "weeks", "time")


def _steps(table: AggregateTable, cells: dict[Place, Cell]) -> Iterator[tuple[Place, Cell, Place]]:
    """Yield how much a count that only grows, or only shrinks, over time does so between two rows.

    A curve of children referred again, or of children still at risk, is thinned in this way: where fewer than the
    threshold were added since the last point, a point is hidden.
    """
    time = next((name for name in _TIME if name in table.columns and table.columns[name].role is Role.KEY), None)
    if time is None:
        return
    keys = table.keys()
    others = [name for name in keys if name != time]
    order = pd.to_numeric(table.frame[time], errors="coerce").reset_index(drop=True)
    for name, column in table.columns.items():
        if column.role is not Role.COUNT:
            continue
        for rows in row_groups(table.frame, others):
            places = [(table.name, row, name) for row in sorted(rows, key=lambda row: order[row])]
            if len(places) < 3 or any(place not in cells for place in places):
                continue
            grown = np.diff([cells[place].value for place in places])
            if not ((grown >= 0).all() or (grown <= 0).all()):
                continue
            for one, other in zip(places, places[1:], strict=False):
                low, high = sorted((one, other), key=lambda place: cells[place].value)
                step = cells[high].value - cells[low].value
                yield low, Cell((table.name, other[1], f"{name} since"), step, shown_anywhere=False), high


def roots(places: Iterable[Place], together: Iterable[tuple[Place, Place]]) -> Callable[[Place], Place]:
    """Return the function from a place to the one that stands for all that hang together with it by the pairs."""
    parent = {place: place for place in places}

    def root(place: Place) -> Place:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for one, other in together:
        parent[root(other)] = root(one)
    return root


def components(relations: Sequence[Relation], unknown: Iterable[Place]) -> list[tuple[list[Place], list[Relation]]]:
    """Return the unknowns in sets that share relations: what is learnt of one says nothing of another set."""
    unknown = list(dict.fromkeys(unknown))
    known = set(unknown)
    inside = [[place for _, place in relation.terms if place in known] for relation in relations]
    root = roots(unknown, ((own[0], other) for own in inside for other in own[1:]))
    sets: dict[Place, tuple[list[Place], list[Relation]]] = {}
    for place in unknown:
        sets.setdefault(root(place), ([], []))[0].append(place)
    for relation, own in zip(relations, inside, strict=True):
        if own:
            sets[root(own[0])][1].append(relation)
    return list(sets.values())
