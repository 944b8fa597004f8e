"""Which counts to hide: the small ones first, then as few others as keep the small ones from being worked out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from stepdown.disclosure.counts import Cell, Place, Relation, components
from stepdown.disclosure.intervals import Interval, intervals

_NEAR = 1e-6


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
) -> dict[Place, Interval]:
    """Return the small counts that an outsider can narrow down below the threshold, with the interval derived.

    asked: only these are looked at (None: all).
    """
    wanted = small(cells, threshold) if asked is None else asked
    found = intervals(cells, relations, [p for p in hidden if p in cells], wanted, rounding_base=rounding_base)
    return {place: interval for place, interval in found.items() if not is_protected(interval, threshold)}


def to_hide(
    cells: Mapping[Place, Cell],
    relations: Sequence[Relation],
    threshold: int,
    *,
    secondary: bool,
    already: Iterable[Place] = (),
    rounding_base: int = 1,
    spare_totals: bool = False,
) -> tuple[set[Place], dict[Place, Interval]]:
    """Return the counts to hide, and those that stay exposed because nothing is left to hide.

    Greedy and deterministic: for the first exposed count, the smallest count that shares a sum with it is hidden,
    sizes of groups and zeros only when nothing else is left; then all intervals are derived again.
    spare_totals: sizes of groups are never hidden.
    """
    hidden = {place for place in small(cells, threshold) if cells[place].shown_anywhere} | set(already)
    if not secondary:
        return hidden, {}
    same = _same_counts(relations)
    sizes = {place for place, cell in cells.items() if any(cells[p].total for p in same.get(place, {place}))}
    prices = _Prices(cells, relations, sizes, spare_totals)
    given_up: dict[Place, Interval] = {}
    for places, own in components(relations, cells):
        part = {place: cells[place] for place in places}
        for place in small(part, threshold):  # hiding more never exposes what is protected, so one pass will do
            while place in (found := exposed(part, own, hidden, threshold, [place], rounding_base=rounding_base)):
                best = prices.next_to_hide(hidden, place)
                if best is None:
                    given_up |= found
                    break
                hidden |= same.get(best, {best})
    return hidden, given_up


class _Prices:
    """What it costs a reader to hide a count, and which one to hide next."""

    def __init__(
        self, cells: Mapping[Place, Cell], relations: Sequence[Relation], sizes: set[Place], spare_sizes: bool
    ) -> None:
        self.cells, self.sizes, self.spare_sizes = cells, sizes, spare_sizes
        printed = [r for r in relations if all(cells[place].shown_anywhere for _, place in r.terms)]
        self.margins = {place for relation in printed for factor, place in relation.terms if factor < 0}
        self.near: dict[Place, set[Place]] = {}
        for relation in relations:
            places = {place for _, place in relation.terms}
            for place in places:
                self.near.setdefault(place, set()).update(places)

    def next_to_hide(self, hidden: set[Place], exposed_place: Place) -> Place | None:
        """Return the shown count that costs least to hide among those that sums connect with an exposed one."""
        reach = {exposed_place}
        prices: dict[Place, tuple[bool, bool, int, bool, int]] = {}
        for step in range(3):
            reach = reach.union(*(self.near.get(place, set()) for place in reach))
            for place in reach - hidden:
                if self.cells[place].shown_anywhere and not (self.spare_sizes and place in self.sizes):
                    prices.setdefault(place, self._price(place, step))
        return min(prices, key=lambda place: (prices[place], place), default=None)

    def _price(self, place: Place, step: int) -> tuple[bool, bool, int, bool, int]:
        """Sizes of groups cost most, then margins (other tables have them), then counts further off, then zeros."""
        value = self.cells[place].value
        return place in self.sizes, place in self.margins, step, value == 0, value


def _same_counts(relations: Sequence[Relation]) -> dict[Place, set[Place]]:
    """Return, for each count that stands in several places, all of them: they are hidden together or not at all."""
    found: dict[Place, set[Place]] = {}
    for relation in relations:
        if relation.constant == 0 and sorted(factor for factor, _ in relation.terms) == [-1, 1]:
            (_, one), (_, other) = relation.terms
            together = found.get(one, {one}) | found.get(other, {other})
            for place in together:
                found[place] = together
    return found
