"""How far the groups differ: both ends of every outcome's bracket, said and drawn."""

from __future__ import annotations

from typing import Any

from stepdown import effects
from stepdown.disclosure import ClearedTable
from stepdown.effects import OverlapGate, sentences
from stepdown.show import effect_charts
from stepdown.workbook import Book


def how_far_apart(book: Book, gate: OverlapGate) -> ClearedTable:
    """Say and show both ends of the bracket of every outcome; return the table ``effects``, to show what it rests on.

    Where the study counts whole spells, days inside the window lead, and the published count stands beside them.

    >>> table = sections.how_far_apart(book, effects.overlap_gate(book.children, book.settings.effects))
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
        agreement = effects.bracket_agreement_table(children, options, inside=True)
        led, counted = book.clear(effects.effects_inside_table(children, options)), (table.frame, settings.report)
    book.tell(led, sentences.bracket_sentence, options.headline, groups, *counted, limit=sentences.BRACKET_LIMIT)
    book.tell(led, sentences.bracket_sentences, groups, options.headline, *counted)
    book.chart(effect_charts.bracket_forest(led, table if whole else None), name="bracket")
    book.tell(agreement, sentences.agreement_sentences)
    return table
