"""Charts of a trial and of spending; drawn from cleared tables only."""

from __future__ import annotations

import math

from stepdown.disclosure import ClearedTable
from stepdown.effects.wording import directions, fewer, interval
from stepdown.numbers import as_pounds, signed
from stepdown.show import style
from stepdown.show.marks import INK, cleared_only, legend_mark, rows_down, short_pounds, words_at
from stepdown.show.style import Figure

ALLOCATED, TOOK = "As allocated", "Those who take it up"


@style.drawn
def trial_forest(effect: ClearedTable, compliers: ClearedTable) -> Figure:
    """Return the primary outcome as allocated and for those who take the programme up, with intervals around nought.

    tables: ``trial_effect``, ``trial_compliers``.

    >>> from stepdown import trials
    >>> found = trials.trial_of(trial_book.study, trial_book.records, trial_book.outcomes)
    >>> tables = trials.trial_effect_table(found), trials.trial_compliers_table(found)
    >>> trial_forest(*(trial_book.clear(table) for table in tables)).title
    'Days as a child in need: as allocated, 20.7 days fewer per child'
    """
    cleared_only(effect, compliers)
    unit = str(effect.frame["unit"].iloc[0])
    rows = [(ALLOCATED, effect, "o", style.DARK), (TOOK, compliers, "s", style.MID)]
    said, drawn = [], []
    for label, table, _, _ in rows:
        number, low, high = (float(table.numbers(name).iloc[0]) for name in ("estimate", "ci_low", "ci_high"))
        drawn.append((number, low, high))
        words = "not shown" if math.isnan(number) else f"{fewer(number, unit)} ({interval(low, high, unit)})"
        said.append(f"{label}: {words}.")
    with style.applied():
        fig, axes = style.new_figure(height=2.6)
        for place, ((number, low, high), (_, _, shape, colour)) in enumerate(zip(drawn, rows, strict=True)):
            if math.isnan(number):
                words_at(axes, "not shown", (0, place), (6, 0), va="center")
                continue
            axes.plot([low, high], [place, place], color=colour, linewidth=2.4, solid_capstyle="butt")
            axes.scatter(number, place, s=52, marker=shape, color=colour, zorder=3)
            text = f"{signed(number, 1)} ({signed(low, 1)} to {signed(high, 1)})" if low < high else signed(number, 1)
            words_at(axes, text, (number, place), (0, 8), ha="center")
        axes.axvline(0, color=INK, linewidth=1)
        rows_down(axes, [label for label, *_ in rows], 14, 0.5, 0.8)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x")
        left, right = axes.get_xlim()
        axes.set_xlim(min(left, -0.2 * (right - left)), max(right, 0.2 * (right - left)))
        less, more = directions(unit)
        axes.set_xlabel(f"Difference in {unit} per child (95% interval)\n← {less} in the intervention arm     {more} →")
    outcome = str(effect.frame["measure"].iloc[0])
    first = drawn[0][0]
    title = f"{outcome}: not shown" if math.isnan(first) else f"{outcome}: as allocated, {fewer(first, unit)} per child"
    return style.finished(fig, axes, title=title, alt=f"Dot plot. {title}. {' '.join(said)}")


@style.drawn
def volume_and_price(table: ClearedTable) -> Figure:
    """Return the change of spending on each item and year, by number of children and by cost per child.

    table: ``spending``.

    >>> from stepdown.costs.spending import spending_table
    >>> volume_and_price(trial_book.clear(spending_table(trial_book.study, trial_book.records))).title
    'What changed spending: the number of children and the cost per child'
    """
    cleared_only(table)
    parts = (
        ("by_volume", "by number of children", style.LIGHT),
        ("by_price", "by cost per child", style.DARK),
    )
    changed = table.frame["change"].notna().to_numpy()
    names = [f"{row.item}, {row.financial_year}" for row in table.frame[changed].itertuples()]
    said = []
    with style.applied():
        fig, axes = style.new_figure(height=1.7 + 0.62 * max(len(names), 1))
        for place, (column, label, colour) in enumerate(parts):
            numbers = table.numbers(column)[changed].to_list()
            places = [row + (place - 0.5) * 0.38 for row in range(len(names))]
            axes.barh(places, numbers, height=0.34, color=colour, label=label, edgecolor=INK, linewidth=0.4)
            told = ", ".join(f"{name} {as_pounds(number)}" for name, number in zip(names, numbers, strict=True))
            said.append(f"{label.capitalize()}: {told}.")
        axes.axvline(0, color=INK, linewidth=1)
        rows_down(axes, names, 20, 0.4, 0.6)
        axes.xaxis.set_major_formatter(short_pounds)
        axes.grid(axis="x")
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("Change on the year before, in constant prices")
        marks = [legend_mark(label, "s", colour, INK) for _, label, colour in parts]
        axes.legend(handles=marks, loc="lower left", bbox_to_anchor=(-0.3, 1.0), ncols=1, borderaxespad=0.2)
    title = "What changed spending: the number of children and the cost per child"
    return style.finished(fig, axes, title=title, alt=f"Bar chart. {title}. {' '.join(said)}")
