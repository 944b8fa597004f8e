"""Which counts to hide: the small ones first, then as few others as keep the small ones from being worked out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stepdown.disclosure.counts import Cell, Place, Relation, components
from stepdown.disclosure.hiding import NEVER, Hidden, Search
from stepdown.disclosure.intervals import hidden_numbers, intervals
from stepdown.disclosure.system import Interval, System, hides_zeros, is_same

_NEAR = 1e-6
_ZERO, _SIZE, _MARGIN = 1e3, 1e6, 1.0
_TRIES, _FAR = 3, 4


def small(cells: Mapping[Place, Cell], threshold: int) -> list[Place]:
    """Return the counts from 1 to the threshold, in the order of the table."""
    return [place for place, cell in cells.items() if 1 <= cell.value <= threshold]


def is_protected(interval: Interval, threshold: int) -> bool:
    """Say whether an interval tells no more than the symbol does: anything from 1 to the threshold may be true."""
    low, high = interval
    return low <= 1 + _NEAR and high >= threshold - _NEAR


def exposed(
    cells: Mapping[Place, Cell],
    relations: Sequence[Relation],
    hidden: Iterable[Place],
    threshold: int,
    asked: Iterable[Place] | None = None,
    *,
    rounding_base: int = 1,
    whole: bool = False,
) -> dict[Place, Interval]:
    """Return the small counts that an outsider can narrow down below the threshold, with the interval derived.

    asked: only these are looked at (None: all).  whole: in whole numbers.
    """
    wanted = small(cells, threshold) if asked is None else asked
    blank = [p for p in hidden if p in cells]
    found = intervals(cells, relations, blank, wanted, rounding_base=rounding_base, whole=whole)
    return {place: interval for place, interval in found.items() if not is_protected(interval, threshold)}


@dataclass(frozen=True, slots=True)
class Costs:
    """What hiding costs a reader.

    spare: zeros and sizes of groups are never hidden (with ``zeros`` only sizes are not).
    worth: of a cell of each table (1 where it is not named).
    free: places that are hidden already, or were last month.  seconds: for the exact way, for each set of counts.
    zeros_hidden: the release hides zeros too, and says so.
    """

    spare: bool = False
    worth: Mapping[str, float] | None = None
    free: frozenset[Place] = frozenset()
    seconds: float = 2.0
    zeros_hidden: bool = False
    zeros: bool = False


def to_hide(
    cells: Mapping[Place, Cell],
    relations: Sequence[Relation],
    threshold: int,
    *,
    secondary: bool,
    already: Iterable[Place] = (),
    rounding_base: int = 1,
    costs: Costs | None = None,
    ways: set[str] | None = None,
    solved: dict[object, Hidden] | None = None,
) -> tuple[set[Place], dict[Place, Interval]]:
    """Return the counts to hide, and those that stay exposed because nothing is left to hide.

    Deterministic. Sizes of groups and zeros are hidden only when nothing else is left. ways: takes in how each set of
    counts was solved.  solved: what was found for the same set before.
    """
    hidden = {place for place in small(cells, threshold) if cells[place].shown_anywhere} | set(already)
    if not secondary:
        return hidden, {}
    search = _Whole(
        cells,
        relations,
        threshold,
        rounding_base,
        costs or Costs(),
        set() if ways is None else ways,
        {} if solved is None else solved,
    )
    found, given_up = search.find(hidden)
    for _ in range(_TRIES if given_up and not search.costs.zeros_hidden else 0):
        zeros = search.zeros_near(given_up, hidden)
        if not zeros:
            break
        hidden |= zeros  # now a symbol may be a zero: two of them no longer add up to two or more
        found, given_up = search.find(hidden)
        if not given_up:
            break
    return found, given_up


@dataclass(frozen=True, slots=True)
class _Whole:
    """All counts of a release, searched one connected set at a time."""

    cells: Mapping[Place, Cell]
    relations: Sequence[Relation]
    threshold: int
    base: int
    costs: Costs
    ways: set[str]
    solved: dict[object, Hidden]

    def find(self, begin: set[Place]) -> tuple[set[Place], dict[Place, Interval]]:
        cells, hidden = self.cells, set(begin)
        loose, margins = self.costs.zeros_hidden or hides_zeros(cells, begin), _margins(cells, self.relations)
        given_up: dict[Place, Interval] = {}
        for places, own in components(self.relations, [p for p in cells if p in begin or not self._stays(cells[p])]):
            if not any(1 <= cells[place].value <= self.threshold for place in places):
                continue
            held = {place for relation in own for _, place in relation.terms} | set(places)
            part = {place: cells[place] for place in cells if place in held}
            system = System(part, own, self.base, zeros_hidden=loose)
            found = self._solved(system, own, hidden, margins)
            self.ways.add(found.way)
            for at in found.unknowns:
                hidden |= {place for place in system.members[at] if cells[place].shown_anywhere}
            given_up |= {system.members[at][0]: interval for at, interval in found.exposed.items()}
        return hidden, given_up

    def _solved(self, system: System, relations: Sequence[Relation], hidden: set[Place], margins: set[Place]) -> Hidden:
        """Return what to hide in one connected set; what was found before for the same set is not looked for again."""
        part = system.cells
        first = frozenset(hidden_numbers(system, hidden | {p for p in part if not part[p].shown_anywhere}))
        prices = _prices(system, self.costs, margins)
        key = (tuple(part.values()), tuple(relations), first, tuple(prices), tuple(system.least))
        if key not in self.solved:
            targets = sorted({system.of[place] for place in small(part, self.threshold)} & first)
            search = Search(system, targets, prices, self.threshold)
            self.solved[key] = search.find(first, self.costs.seconds)
        return self.solved[key]

    def _stays(self, cell: Cell) -> bool:
        return self.costs.spare and cell.shown_anywhere and ((cell.value == 0 and not self.costs.zeros) or cell.total)

    def zeros_near(self, given_up: Iterable[Place], hidden: set[Place]) -> set[Place]:
        """Return for each exposed count a shown zero that is fewest sums away."""
        near: dict[Place, set[Place]] = {}
        for relation in self.relations:
            places = {place for _, place in relation.terms}
            for place in places:
                near.setdefault(place, set()).update(places)
        found: set[Place] = set()
        for place in given_up:
            reach = {place}
            for _ in range(_FAR):
                reach = reach.union(*(near.get(other, set()) for other in reach))
                zeros = [p for p in reach if self.cells[p].value == 0 and self.cells[p].shown_anywhere]
                if zeros:
                    found |= set() if set(zeros) & (found | hidden) else {min(zeros)}
                    break
        return found


def _margins(cells: Mapping[Place, Cell], relations: Sequence[Relation]) -> set[Place]:
    """Return the printed counts that are sums of printed counts: other tables have them too."""
    printed = [r for r in relations if all(cells[place].shown_anywhere for _, place in r.terms) and not is_same(r)]
    return {place for relation in printed for factor, place in relation.terms if factor < 0}


def _prices(system: System, costs: Costs, margins: set[Place]) -> np.ndarray:
    """Return what it costs to hide each unknown: its places by the worth of their tables, the large ones more."""
    worth = costs.worth or {}
    prices = np.zeros(len(system.members))
    for at, places in enumerate(system.members):
        shown = [system.cells[place] for place in places if system.cells[place].shown_anywhere]
        if not shown:
            prices[at] = NEVER
            continue
        for cell in shown:
            if costs.spare and (cell.total or (cell.value == 0 and not costs.zeros)):
                prices[at] = NEVER
            price = worth.get(cell.place[0], 1.0) * (1 + np.log1p(abs(cell.value)) / 20)
            price += (_SIZE if cell.total else 0) + (_ZERO if cell.value == 0 else 0)
            price += _MARGIN if cell.place in margins else 0
            prices[at] += price / 1e3 if cell.place in costs.free else price
    return prices
