"""How far the groups differ: both ends of every outcome's bracket, said and drawn."""

from __future__ import annotations

from typing import Any

from stepdown import effects
from stepdown.disclosure import ClearedTable
from stepdown.effects import OverlapGate, sentences
from stepdown.effects.bracketing import AFTER_ONLY
from stepdown.numbers import joined
from stepdown.show import effect_charts
from stepdown.workbook import Book


def how_far_apart(book: Book, gate: OverlapGate) -> ClearedTable:
    """Say and show both ends of the bracket of every outcome; return the table ``effects``, to show what it rests on.

    Where the study counts whole spells, days inside the window lead, and the published count stands beside them.

    >>> table = sections.how_far_apart(book, effects.overlap_gate(book.children, book.settings.effects))
    Forest plot. ...
    Days on a child protection plan, IFP against Comparison: 59.7 days fewer ...
    """
    children, settings, groups = book.children, book.settings, book.settings.groups.labels()
    options, whole = settings.effects, settings.day_count == "whole_spell"
    table = book.clear(effects.effects_table(children, options, gate))
    agreement = effects.bracket_agreement_table(children, options)
    led: ClearedTable = table
    counted: tuple[Any, ...] = ()
    if whole:
        book.clear(agreement)
        agreement = effects.bracket_agreement_inside_table(children, options)
        led, counted = book.clear(effects.effects_inside_table(children, options)), (table.frame, settings.report)
    book.chart(effect_charts.bracket_forest(led, table if whole else None), name="bracket")
    book.tell(led, sentences.bracket_sentence, options.headline, groups, *counted, limit=sentences.BRACKET_LIMIT)
    book.table(side_by_side(led), "Programme minus comparison, per child, by outcome", notes=few(led), folded=True)
    ends = book.clear(agreement).where(outcome=options.headline)
    book.tell(ends, sentences.agreement_sentences)
    return table


SIDES = {
    effects.DIFFERENCE_IN_DIFFERENCES: "If both groups would have changed alike",
    effects.LAGGED_OUTCOME: "If children alike before would be alike after",
    AFTER_ONLY: "Difference after only",
}
"""Estimators that a page shows, and the heading of each; the table that can be downloaded has all."""


def side_by_side(table: ClearedTable) -> ClearedTable:
    """Return the estimates of each outcome in one row: both ends of the bracket, and the difference after.

    table: ``effects`` or ``effects_inside``.
    """
    chosen = table.where(estimator=list(SIDES))
    wide = chosen.spread("estimator", values=["estimate", "ci_low", "ci_high"], labels=SIDES)
    return wide.only([name for name in wide.columns if name != "outcome"])


def few(table: ClearedTable) -> list[str]:
    """Return a note for each caution of the table, with the outcomes that it is about."""
    told: dict[str, list[str]] = {}
    for row in table.where(estimator=list(SIDES)).frame.to_dict("records"):
        for note in filter(None, str(row["note"]).split("; ")):
            if row["measure"] not in told.setdefault(note, []):
                told[note].append(str(row["measure"]))
    return [f"{joined(names)}: {note}." for note, names in told.items()]
