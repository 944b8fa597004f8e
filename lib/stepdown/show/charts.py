"""Charts that any notebook may use: bars by category, and bars before and after. Drawn from cleared tables only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from stepdown.disclosure import ClearedTable
from stepdown.show import style
from stepdown.show.figure import Figure
from stepdown.show.numbers import as_shown
from stepdown.tables import Column


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
    """
    if not isinstance(table, ClearedTable):
        raise TypeError(f"a chart is drawn from a ClearedTable, not from a {type(table).__name__}")
    called = dict(labels or {})
    categories = [str(item) for item in dict.fromkeys(table.frame[category])]
    names = [str(item) for item in dict.fromkeys(table.frame[series])] if series else [value]
    with style.applied():
        fig, axes = style.new_figure(height=1.3 + len(categories) * (0.16 + 0.25 * len(names)))
        colours = style.colours_for(names)
        for position, name in enumerate(names):
            _bar_set(axes, table, category, value, series, name, position, names, categories, colours[name], called)
        axes.set_yticks(range(len(categories)), [style.wrapped(called.get(item, item), 22) for item in categories])
        axes.set_ylim(len(categories) - 0.45, -0.55)
        axes.set_xlabel(axis_label or _with_unit(table.columns[value]))
        axes.grid(axis="x")
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.set_xlim(left=min(0.0, axes.get_xlim()[0]), right=axes.get_xlim()[1] * 1.12)
        if series:
            style.legend_above(axes, columns=2 if len(names) <= 2 or max(map(len, names)) > 10 else 3)
    words = alt or _in_words(table, category, value, series, names, categories, called, title)
    return style.finished(fig, axes, title=title, alt=words)


def _bar_set(
    axes: Axes,
    table: ClearedTable,
    category: str,
    value: str,
    series: str | None,
    name: str,
    position: int,
    names: Sequence[str],
    categories: Sequence[str],
    colour: str,
    called: Mapping[str, str],
) -> None:
    """Draw the bars of one series, each with its number at its end."""
    rows = table.where(**{series: name}) if series else table
    numbers = dict(zip(rows.frame[category].astype("str"), rows.numbers(value), strict=True))
    shown = dict(zip(rows.frame[category].astype("str"), _labels(rows, value), strict=True))
    height = 0.8 / len(names)
    places = np.arange(len(categories)) + (position - (len(names) - 1) / 2) * height
    lengths = np.array([numbers.get(item, np.nan) for item in categories])
    axes.barh(
        places,
        np.nan_to_num(lengths),
        height=height * 0.92,
        color=colour,
        label=called.get(name, name),
        hatch=style.HATCHES[position % len(style.HATCHES)],
        edgecolor="white",
        linewidth=0.4,
    )
    for place, length, item in zip(places, np.nan_to_num(lengths), categories, strict=True):
        axes.annotate(
            shown.get(item, ""),
            (max(length, 0.0), place),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=9.5,
        )


def _with_unit(column: Column) -> str:
    return f"{column.label} ({column.unit})" if column.unit and column.unit not in column.label else column.label


def _labels(table: ClearedTable, value: str) -> list[str]:
    """Return what stands beside each mark: the number as shown, or its symbol."""
    column = table.columns[value]
    pairs = zip(table.frame[value], table.marks[value], strict=True)
    return [mark or as_shown(number, column) for number, mark in pairs]


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
            text = "; ".join(_labels(rows, value)) or "no value"
            parts.append(f"{called.get(name, name)} {text}" if series else text)
        sentences.append(f"{called.get(item, item)}: {', '.join(parts)}.")
    return " ".join(sentences)
