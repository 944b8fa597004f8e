"""Charts that any notebook may use: bars by category, and ranges of a headline. Drawn from cleared tables only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.ticker import MaxNLocator

from stepdown.disclosure import ClearedTable
from stepdown.numbers import as_pounds, as_words, digits
from stepdown.show import style
from stepdown.show.marks import cells, cleared_only, in_order, rows_down, words_at
from stepdown.show.style import Figure
from stepdown.tables import Column


@style.drawn
def bars(
    table: ClearedTable,
    *,
    category: str,
    value: str,
    title: str,
    series: str | None = None,
    labels: Mapping[str, str] | None = None,
    axis_label: str | None = None,
    alt: str | None = None,
) -> Figure:
    """Return horizontal bars of ``value``: one group of bars for each ``category``, one bar for each ``series``.

    category, series: key columns.  labels: what to call a category or a series.  axis_label: with its unit.
    alt: text alternative; made from the numbers when it is not given.
    A suppressed number is drawn as its symbol where the bar would begin.

    >>> age = book.clear(describe.profile(book.study, cohort)).of(variable="age")
    >>> bars(age, category="category", value="percent", series="group", title="How old they were").title
    'How old they were'
    """
    cleared_only(table)
    called = dict(labels or {})
    categories, names = in_order(table, category), in_order(table, series) if series else [value]
    with style.applied():
        fig, axes = style.new_figure(height=1.3 + len(categories) * (0.16 + 0.25 * len(names)))
        colours = style.colours_for(names)
        for position, name in enumerate(names):
            rows = table.where(**{series: name}) if series else table
            numbers = dict(zip(rows.frame[category].astype("str"), rows.numbers(value), strict=True))
            shown = dict(zip(rows.frame[category].astype("str"), cells(rows, value), strict=True))
            height = 0.8 / len(names)
            places = np.arange(len(categories)) + (position - (len(names) - 1) / 2) * height
            lengths = np.nan_to_num(np.array([numbers.get(item, np.nan) for item in categories]))
            hatch = style.HATCHES[position % len(style.HATCHES)]
            look = {"color": colours[name], "hatch": hatch, "edgecolor": "white", "linewidth": 0.4}
            axes.barh(places, lengths, height=height * 0.92, label=called.get(name, name), **look)
            for place, length, item in zip(places, lengths, categories, strict=True):
                words_at(axes, shown.get(item, ""), (max(length, 0.0), place), (3, 0), va="center")
        rows_down(axes, [called.get(item, as_words(item)) for item in categories], 22, 0.45, 0.55)
        axes.set_xlabel(axis_label or _with_unit(table.columns[value]))
        axes.grid(axis="x")
        axes.spines["left"].set_visible(False)
        axes.set_xlim(left=min(0.0, axes.get_xlim()[0]), right=axes.get_xlim()[1] * 1.12)
        if series:
            style.legend_above(axes, columns=2 if len(names) <= 2 or max(map(len, names)) > 10 else 3)
    words = alt or _in_words(table, category, value, series, names, categories, called, title)
    return style.finished(fig, axes, title=title, alt=words)


def _with_unit(column: Column) -> str:
    return f"{column.label} ({column.unit})" if column.unit and column.unit not in column.label else column.label


def _in_words(
    table: ClearedTable,
    category: str,
    value: str,
    series: str | None,
    names: Sequence[str],
    categories: Sequence[str],
    called: Mapping[str, str],
    title: str,
) -> str:
    """Return the chart's numbers as sentences, one a category."""
    sentences = [f"Bar chart. {title.rstrip('.')}."]
    for item in categories:
        parts = []
        for name in names:
            rows = table.where(**({category: item, series: name} if series else {category: item}))
            text = "; ".join(cells(rows, value)) or "no value"
            parts.append(f"{called.get(name, name)} {text}" if series else text)
        sentences.append(f"{called.get(item, as_words(item))}: {', '.join(parts)}.")
    return " ".join(sentences)


@style.drawn
def headline_ranges(table: ClearedTable, *, headline: str, title: str, marked: str = "") -> Figure:
    """Return the range of one headline in each scenario, in pounds (columns as in ``headline_sensitivity``).

    A scenario that gives one figure is a dot, one that gives a range is a bar; the dashed line is the printed figure.
    marked: the scenario that the title tells, in the house's dark blue.

    >>> table = book.clear(audit.sensitivity_table(result))
    >>> headline_ranges(table, headline="IFP net cost", title="What it can be").alt[:59]
    'What it can be. Printed: £307,335. every figure as publishe'
    """
    cleared_only(table)
    rows = table.where(headline=headline).frame
    names = [str(name) for name in rows["scenario"]]
    lows, highs = ([float(value) for value in rows[column]] for column in ("lowest_gbp", "highest_gbp"))
    published = float(rows["published_gbp"].iloc[0])
    with style.applied():
        fig, axes = style.new_figure(height=1.4 + 0.55 * len(names))
        for place, (name, low, high) in enumerate(zip(names, lows, highs, strict=True)):
            if high - low < 1:
                axes.plot([low], [place], marker="o", markersize=7, color="0.15")
            else:
                colour = style.DARK if name == marked else "0.8"
                axes.barh(place, high - low, left=low, height=0.5, color=colour, edgecolor="0.15")
        axes.axvline(published, linestyle="--", linewidth=1.2, color="0.15")
        rows_down(axes, names, 34)
        axes.set_xlim(min(0.0, *lows), max(highs) * 1.05)
        axes.set_xlabel(f"{headline}, £ thousand (dashed line: as printed, {as_pounds(published)})")
        axes.xaxis.set_major_locator(MaxNLocator(6))
        axes.xaxis.set_major_formatter(lambda value, _: digits(value / 1000))
        axes.grid(axis="x")
    words = "; ".join(
        f"{name}: {as_pounds(low)}" + ("" if high - low < 1 else f" to {as_pounds(high)}")
        for name, low, high in zip(names, lows, highs, strict=True)
    )
    return style.finished(fig, axes, title=title, alt=f"{title.rstrip('.')}. Printed: {as_pounds(published)}. {words}.")
