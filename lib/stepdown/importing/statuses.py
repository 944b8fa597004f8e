"""Spells of one child set against each other: overlapping ones are one, and need gives way to a plan and to care."""

from __future__ import annotations

from collections.abc import Sequence

from stepdown.importing.care_spells import Spell


def joined(spells: Sequence[Spell]) -> list[Spell]:
    """Return spells of one status with overlapping ones as one; spells that only touch stay two."""
    out: list[Spell] = []
    for spell in sorted(spells):
        if out and (spell.start < out[-1].end or spell.start == out[-1].start):
            out[-1] = out[-1]._replace(end=max(out[-1].end, spell.end))
        else:
            out.append(spell)
    return out


def exclusive(need: Sequence[Spell], above: Sequence[Spell]) -> list[Spell]:
    """Return spells of need without the days on which a higher status runs.

    A case that opens and closes on one day has no days and stays, unless that day lies inside a higher status.
    """
    pieces = list(need)
    for higher in above:
        pieces = [piece for spell in pieces for piece in _without(spell, higher)]
    return sorted(pieces)


def _without(spell: Spell, higher: Spell) -> list[Spell]:
    if spell.start == spell.end:
        return [] if higher.start <= spell.start < higher.end else [spell]
    if higher.start >= spell.end or higher.end <= spell.start or higher.start == higher.end:
        return [spell]
    first, second = spell._replace(end=higher.start), spell._replace(start=higher.end)
    return [piece for piece in (first, second) if piece.start < piece.end]


def cut_at_death(spells: Sequence[Spell], death: int) -> list[Spell]:
    """Return the spells, each that runs past the day of death ending on it."""
    return [spell._replace(end=death) if spell.start <= death < spell.end else spell for spell in spells]


def days_together(plans: Sequence[Spell], care: Sequence[Spell], last: int) -> int:
    """Return the days, up to ``last`` (not counted), on which both a plan and care run."""
    return sum(max(0, min(p.end, c.end, last) - max(p.start, c.start)) for p in plans for c in care)
