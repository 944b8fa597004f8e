"""What an outsider can work out: the least and the most that each hidden count can be, by linear programming."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stepdown.disclosure.counts import Cell, Place, Relation, components

Interval = tuple[float, float]


def intervals(
    cells: Mapping[Place, Cell],
    relations: Sequence[Relation],
    hidden: Iterable[Place],
    wanted: Iterable[Place],
    *,
    rounding_base: int = 1,
) -> dict[Place, Interval]:
    """Return the interval that can be derived for each hidden count in ``wanted``.

    An outsider knows the shown counts, the relations, and that a hidden count is not below zero; that it is at least
    one where it is printed as a symbol (zeros are shown). rounding_base: shown counts, but not sizes of groups, are
    rounded to it. The bounds are those of real numbers, which hold for whole numbers too.
    """
    unknown = set(hidden) | {place for place, cell in cells.items() if not cell.shown_anywhere}
    targets = [place for place in wanted if place in unknown]
    found: dict[Place, Interval] = {}
    for places, own in components(relations, unknown):
        asked = [place for place in targets if place in set(places)]
        if asked:
            found |= _one_set(cells, places, own, asked, rounding_base)
    return found


def _least(cell: Cell) -> float:
    return 1.0 if cell.shown_anywhere and cell.value > 0 else 0.0


def as_printed(cell: Cell, base: int) -> int:
    """Return a count as it is printed: rounded half up to the base, sizes of groups as they are."""
    return cell.value if base == 1 or cell.total else (2 * cell.value + base) // (2 * base) * base


def _one_set(
    cells: Mapping[Place, Cell], places: list[Place], relations: list[Relation], asked: list[Place], base: int
) -> dict[Place, Interval]:
    if not relations:
        return {place: (_least(cells[place]), float("inf")) for place in asked}
    rows, known, loose = _system(cells, places, relations, base)
    if len(rows) == 1 and (rows[0] >= 0).all() and not loose.any():
        return _one_sum(cells, places, rows[0], float(known[0]), asked)
    return _by_programming(cells, places, rows, known, loose * base / 2, asked)


def _system(
    cells: Mapping[Place, Cell], places: list[Place], relations: list[Relation], base: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the relations as a matrix over the unknowns, its right side, and how many rounded counts are in each."""
    position = {place: i for i, place in enumerate(places)}
    lines: dict[tuple[float, ...], tuple[float, float]] = {}
    for relation in relations:
        line, right, rounded = np.zeros(len(places)), float(relation.constant), 0
        for factor, place in relation.terms:
            if place in position:
                line[position[place]] += factor
            else:
                right -= factor * as_printed(cells[place], base)
                rounded += base > 1 and not cells[place].total
        if line.any():
            if line[line != 0].max() < 0:
                line, right = -line, -right
            lines.setdefault(tuple(line), (right, rounded))
    rows = np.array(list(lines), dtype="float64").reshape(len(lines), len(places))
    sides = np.array(list(lines.values()), dtype="float64").reshape(len(lines), 2)
    return rows, sides[:, 0], sides[:, 1]


def _one_sum(
    cells: Mapping[Place, Cell], places: list[Place], row: NDArray[np.float64], total: float, asked: list[Place]
) -> dict[Place, Interval]:
    """Return intervals where one sum is all that is known: no programming is needed."""
    least = np.array([_least(cells[place]) for place in places])
    spent = float(row @ least)
    found = {}
    for place in asked:
        i = places.index(place)
        if row[i] == 0:
            found[place] = (float(least[i]), float("inf"))
            continue
        most = (total - spent) / row[i] + least[i]
        alone = np.count_nonzero(row) == 1
        found[place] = (most if alone else float(least[i]), most)
    return found


def _by_programming(
    cells: Mapping[Place, Cell],
    places: list[Place],
    rows: NDArray[np.float64],
    known: NDArray[np.float64],
    loose: NDArray[np.float64],
    asked: list[Place],
) -> dict[Place, Interval]:
    from scipy.optimize import linprog

    bounds = [(_least(cells[place]), None) for place in places]
    exact = loose == 0
    limits = np.vstack([rows[~exact], -rows[~exact]])
    sides = np.concatenate([known[~exact] + loose[~exact], loose[~exact] - known[~exact]])
    how = {
        "A_eq": rows[exact] if exact.any() else None,
        "b_eq": known[exact] if exact.any() else None,
        "A_ub": limits if len(limits) else None,
        "b_ub": sides if len(sides) else None,
        "bounds": bounds,
        "method": "highs",
    }
    found = {}
    for place in asked:
        aim = np.zeros(len(places))
        aim[places.index(place)] = 1.0
        low, high = linprog(aim, **how), linprog(-aim, **how)
        if low.status not in (0, 3) or high.status not in (0, 3):
            raise ArithmeticError("the sums of the tables contradict one another; no interval can be derived")
        found[place] = (
            float(low.fun) if low.status == 0 else float("-inf"),
            float(-high.fun) if high.status == 0 else float("inf"),
        )
    return found
