"""Everything that an outsider knows of a release, as one linear system: unknown counts, sums, and bounds.

Each unknown is a count, printed in one place or in several, or a cell of the underlying table of children that is never
printed. What is shown fixes an unknown; a symbol says only that it is at least one (zeros are shown).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from stepdown.disclosure.counts import Cell, Place, Relation, roots

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult

Interval = tuple[float, float]
_INFEASIBLE, _UNBOUNDED = 2, 3
_NEAR = 1e-6


@dataclass(frozen=True, slots=True)
class Bound:
    """The most (or least) that an unknown can be.

    value: ±inf where nothing bounds it.  point: the values of all unknowns that reach it (None when unbounded).
    prices: how much the bound would move with each unknown's own bounds.
    """

    value: float
    point: NDArray[np.float64] | None
    prices: NDArray[np.float64] | None


class System:
    """The linear system of one set of counts that sums connect.

    base: what shown counts are rounded to.  zeros_hidden: the release hides a zero somewhere, so a symbol may be one.
    """

    def __init__(
        self, cells: Mapping[Place, Cell], relations: Sequence[Relation], base: int = 1, *, zeros_hidden: bool = False
    ) -> None:
        self.cells, self.base = cells, base
        self.of, self.members = _classes(cells, relations)
        self.least = np.array([0.0 if zeros_hidden else _least(cells, places) for places in self.members])
        self.low, self.high = _shown(cells, self.members, base)
        self.rows, self.sides = _rows(relations, self.of, len(self.members))
        self._points = np.empty((0, len(self.members)))

    def lines(self, relations: Sequence[Relation]) -> list[int | None]:
        """Return the row of each relation (None: it says nothing)."""
        found: dict[tuple[tuple[int, int], ...], int] = {}
        lines = [_line(relation, self.of) for relation in relations]
        for line in lines:
            if line:
                found.setdefault(line, len(found))
        return [found.get(line) for line in lines]

    def bounds(self, hidden: Collection[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the least and most of each unknown, when the unknowns ``hidden`` are not shown."""
        low, high = self.low.copy(), self.high.copy()
        at = list(hidden)
        low[at], high[at] = self.least[at], np.inf
        return low, high

    def bound(self, at: int, hidden: Collection[int], *, most: bool, whole: bool = False) -> Bound:
        """Return the most or the least that an unknown can be; ``whole``: in whole numbers.

        Raises ArithmeticError when the sums contradict one another.
        """
        low, high = self.bounds(hidden)
        if not self.rows.shape[0]:
            value = high[at] if most else low[at]
            return Bound(float(value), None, None)
        sign = -1.0 if most else 1.0
        aim = np.zeros(len(self.members))
        aim[at] = sign
        found = self._solved(aim, low, high, whole=whole)
        if found.status == _UNBOUNDED:
            return Bound(-sign * np.inf, None, None)
        if found.x is None:
            raise ArithmeticError("the sums of the tables contradict one another; no interval can be derived")
        prices = None if whole else sign * (found.lower.marginals + found.upper.marginals)
        return Bound(sign * float(found.fun), np.round(found.x) if whole else found.x, prices)

    def reaches(self, at: int, hidden: Collection[int], value: float, *, most: bool) -> bool:
        """Say whether whole numbers fit in which an unknown is at least (``most``), or at most, ``value``."""
        if self._seen_whole(at, hidden, value, most):
            return True
        low, high = self.bounds(hidden)
        if most:
            low[at] = max(low[at], value)
        else:
            high[at] = min(high[at], value)
        if low[at] > high[at]:
            return False
        found = self._solved(np.zeros(len(low)), low, high, whole=True)
        if found.x is not None:
            self.keep(found.x)
        return found.x is not None

    def keep(self, point: NDArray[np.float64]) -> None:
        """Keep a point of whole numbers that fits the sums, so that it need not be looked for again."""
        whole = np.round(point)
        if np.abs(point - whole).max() < _NEAR:
            self._points = np.vstack([self._points[-300:], whole])

    def _seen_whole(self, at: int, hidden: Collection[int], value: float, most: bool) -> bool:
        low, high = self.bounds(hidden)
        far = self._points[:, at] >= value if most else self._points[:, at] <= value
        some = self._points[far]
        return bool(len(some)) and bool(((some >= low) & (some <= high)).all(axis=1).any())

    def _solved(
        self, aim: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64], *, whole: bool
    ) -> OptimizeResult:
        from scipy.optimize import Bounds, LinearConstraint, linprog, milp

        for presolve in (True, False):  # HiGHS's presolve at times calls a programme infeasible that is not
            if whole:
                found = milp(
                    aim,
                    integrality=np.ones(len(aim)),
                    bounds=Bounds(low, high),
                    constraints=LinearConstraint(self.rows, self.sides, self.sides),
                    options={"time_limit": 5.0, "presolve": presolve},
                )
            else:
                box, how = np.column_stack([low, high]), {"presolve": presolve}
                found = linprog(aim, A_eq=self.rows, b_eq=self.sides, bounds=box, method="highs", options=how)
            if found.status != _INFEASIBLE:
                break
        return found

    def neighbours(self, at: int, hidden: Collection[int], prices: NDArray[np.float64]) -> list[int]:
        """Return the shown unknowns that can be hidden and are fewest sums away from one."""
        reach = np.zeros(len(self.members))
        reach[at] = 1.0
        pattern = abs(self.rows)
        while True:
            wider = ((pattern.T @ (pattern @ reach)) > 0).astype("float64")
            wider[at] = 1.0
            near = [int(i) for i in np.flatnonzero(wider) if np.isfinite(prices[i]) and i not in hidden]
            if near or (wider > 0).sum() == (reach > 0).sum():
                return near
            reach = wider


def _classes(cells: Mapping[Place, Cell], relations: Sequence[Relation]) -> tuple[dict[Place, int], list[list[Place]]]:
    """Return the number of each place's unknown, and the places of each: the same count in several places is one."""
    same = (relation.terms for relation in relations if is_same(relation))
    root = roots(cells, ((one, other) for (_, one), (_, other) in same))
    number: dict[Place, int] = {}
    members: list[list[Place]] = []
    of: dict[Place, int] = {}
    for place in cells:
        top = root(place)
        if top not in number:
            number[top] = len(members)
            members.append([])
        of[place] = number[top]
        members[number[top]].append(place)
    return of, members


def same_counts(places: Iterable[Place], cells: Mapping[Place, Cell], relations: Sequence[Relation]) -> set[Place]:
    """Return every place in which one of the counts is printed."""
    of, members = _classes(cells, relations)
    return {p for at in {of[place] for place in places} for p in members[at] if cells[p].shown_anywhere}


def is_same(relation: Relation) -> bool:
    """Say whether a relation makes two places one count."""
    return relation.constant == 0 and sorted(factor for factor, _ in relation.terms) == [-1, 1]


def hides_zeros(cells: Mapping[Place, Cell], hidden: Iterable[Place]) -> bool:
    """Say whether a symbol of the release stands in place of a zero, so that any of them may."""
    return any(cells[place].value == 0 and cells[place].shown_anywhere for place in hidden if place in cells)


def _least(cells: Mapping[Place, Cell], places: Sequence[Place]) -> float:
    """Return 1 where a symbol stands in place of the count: zeros are shown."""
    return float(any(cells[place].shown_anywhere and cells[place].value > 0 for place in places))


def as_printed(cell: Cell, base: int) -> int:
    """Return a count as it is printed: rounded half up to the base, sizes of groups as they are."""
    return cell.value if base == 1 or cell.total else (2 * cell.value + base) // (2 * base) * base


def _shown(
    cells: Mapping[Place, Cell], members: Sequence[Sequence[Place]], base: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the least and most of each unknown when all that can be shown is shown."""
    low, high = np.zeros(len(members)), np.full(len(members), np.inf)
    for at, places in enumerate(members):
        for cell in (cells[place] for place in places if cells[place].shown_anywhere):
            printed, loose = as_printed(cell, base), 0.0 if base == 1 or cell.total else base / 2
            low[at], high[at] = max(low[at], printed - loose), min(high[at], printed + loose)
    return low, high


def _rows(relations: Iterable[Relation], of: Mapping[Place, int], width: int) -> tuple[csr_array, NDArray[np.float64]]:
    """Return the sums as a sparse matrix over the unknowns and its right side, each sum once."""
    lines: dict[tuple[tuple[int, int], ...], int] = {}
    for relation in relations:
        if line := _line(relation, of):
            lines.setdefault(line, relation.constant)
    entries = [(row, at, factor) for row, line in enumerate(lines) for at, factor in line]
    rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
    matrix = csr_array((np.array(values, dtype="float64"), (rows, columns)), shape=(len(lines), width))
    return matrix, np.array(list(lines.values()), dtype="float64")


def _line(relation: Relation, of: Mapping[Place, int]) -> tuple[tuple[int, int], ...]:
    terms: dict[int, int] = {}
    for factor, place in relation.terms:
        terms[of[place]] = terms.get(of[place], 0) + factor
    return tuple(sorted((at, factor) for at, factor in terms.items() if factor))
