"""Which counts to hide: the small ones first, then as few others as keep the small ones from being worked out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from stepdown.disclosure.counts import Cell, Place, Relation
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
    *,
    rounding_base: int = 1,
) -> dict[Place, Interval]:
    """Return the small counts that an outsider can narrow down below the threshold, with the interval derived."""
    found = intervals(cells, relations, hidden, small(cells, threshold), rounding_base=rounding_base)
    return {place: interval for place, interval in found.items() if not is_protected(interval, threshold)}


def to_hide(
    cells: Mapping[Place, Cell],
    relations: Sequence[Relation],
    threshold: int,
    *,
    secondary: bool,
    already: Iterable[Place] = (),
    rounding_base: int = 1,
) -> tuple[set[Place], dict[Place, Interval]]:
    """Return the counts to hide, and those that stay exposed because nothing is left to hide.

    Greedy and deterministic: for the first exposed count, the smallest count that shares a sum with it is hidden,
    sizes of groups and zeros only when nothing else is left; then all intervals are derived again.
    """
    hidden = {place for place in small(cells, threshold) if cells[place].shown_anywhere} | set(already)
    if not secondary:
        return hidden, {}
    given_up: dict[Place, Interval] = {}
    while True:
        open_still = {
            place: interval
            for place, interval in exposed(cells, relations, hidden, threshold, rounding_base=rounding_base).items()
            if place not in given_up
        }
        if not open_still:
            return hidden, given_up
        place = next(iter(open_still))
        best = _next_to_hide(cells, relations, hidden, place)
        if best is None:
            given_up[place] = open_still[place]
        else:
            hidden |= _copies(relations, best)


def _next_to_hide(
    cells: Mapping[Place, Cell], relations: Sequence[Relation], hidden: set[Place], exposed_place: Place
) -> Place | None:
    """Return the shown count that costs least to hide, among those that share a sum with hidden neighbours."""
    margins = {place for relation in relations for factor, place in relation.terms if factor < 0}
    reach = {exposed_place}
    prices: dict[Place, tuple[bool, bool, int, bool, int]] = {}
    for step in range(3):
        near = [{place for _, place in relation.terms} for relation in relations]
        reach = reach.union(*(places for places in near if reach & places))
        for place in reach:
            if place not in hidden and cells[place].shown_anywhere:
                prices.setdefault(place, _price(cells[place], place in margins, step))
    return min(prices, key=lambda place: (prices[place], place), default=None)


def _price(cell: Cell, margin: bool, step: int) -> tuple[bool, bool, int, bool, int]:
    """Return what it costs to hide a count.

    Sizes of groups cost most, then margins (other tables have them), then counts further off, then zeros.
    """
    return cell.total, margin, step, cell.value == 0, cell.value


def _copies(relations: Sequence[Relation], place: Place) -> set[Place]:
    """Return a count with those that are the same by a relation of two: they are hidden together."""
    found = {place}
    grown = True
    while grown:
        grown = False
        for relation in relations:
            places = {p for _, p in relation.terms}
            same = len(places) == 2 and relation.constant == 0 and sorted(f for f, _ in relation.terms) == [-1, 1]
            if same and places & found and not places <= found:
                found |= places
                grown = True
    return found
