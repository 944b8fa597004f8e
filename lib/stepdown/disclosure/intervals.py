"""What an outsider can work out: the least and the most that each hidden count can be, by linear programming."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from stepdown.disclosure.counts import Cell, Place, Relation, components
from stepdown.disclosure.system import Interval, System, hides_zeros


def intervals(
    cells: Mapping[Place, Cell],
    relations: Sequence[Relation],
    hidden: Iterable[Place],
    wanted: Iterable[Place],
    *,
    rounding_base: int = 1,
    whole: bool = False,
) -> dict[Place, Interval]:
    """Return the interval that can be derived for each hidden count in ``wanted``.

    An outsider knows the shown counts, the relations, and that a hidden count is not below zero; that it is at least
    one where it is printed as a symbol (zeros are shown), unless the release hides a zero too. rounding_base: shown
    counts, but not sizes of groups, are rounded to it. The bounds are those of real numbers, which hold for whole
    numbers too; ``whole`` gives the bounds of whole numbers, which can be narrower.
    """
    hidden = set(hidden)
    loose = hides_zeros(cells, hidden)
    unknown = hidden | {place for place, cell in cells.items() if not cell.shown_anywhere}
    targets = [place for place in wanted if place in unknown]
    found: dict[Place, Interval] = {}
    for places, own in components(relations, unknown):
        asked = [place for place in targets if place in set(places)]
        if not asked:
            continue
        held = {place for relation in own for _, place in relation.terms} | set(places)
        system = System(
            {place: cells[place] for place in cells if place in held}, own, rounding_base, zeros_hidden=loose
        )
        blank = hidden_numbers(system, unknown)
        for place in asked:
            at = system.of[place]
            ends = (system.bound(at, blank, most=most, whole=whole).value for most in (False, True))
            found[place] = (next(ends), next(ends))
    return found


def hidden_numbers(system: System, unknown: Iterable[Place]) -> set[int]:
    """Return the unknowns of a system that are shown nowhere: every place of the count is hidden."""
    unknown = set(unknown)
    return {at for at, places in enumerate(system.members) if unknown.issuperset(places)}
