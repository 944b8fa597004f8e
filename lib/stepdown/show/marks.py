"""What every chart reads from a cleared table, and the marks that charts share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from stepdown.disclosure import ClearedTable
from stepdown.numbers import MINUS, as_shown, digits
from stepdown.show import style

INK, GREY = "#1B1F24", "#5A6470"
"""The lines of nought and of other fixed values."""


def cleared_only(*tables: ClearedTable) -> None:
    """Raise TypeError for anything but a cleared table."""
    for table in tables:
        if not isinstance(table, ClearedTable):
            raise TypeError(f"a chart is drawn from a ClearedTable, not from a {type(table).__name__}")


def in_order(table: ClearedTable, column: str) -> list[str]:
    """Return the values of a key column, each once, in the order of the table."""
    return [str(item) for item in dict.fromkeys(table.frame[column])]


def cells(table: ClearedTable, column: str) -> list[str]:
    """Return what stands in each cell: the number as shown, or its symbol."""
    pairs = zip(table.frame[column], table.marks[column], strict=True)
    return [f"[{mark}]" if mark else as_shown(value, table.columns[column]) for value, mark in pairs]


def is_number(text: str) -> bool:
    """Return whether a cell's text is a number and not a symbol."""
    return bool(text) and text[0].isdigit()


def short_pounds(value: float, _: object = None) -> str:
    """Return pounds for an axis: £0, £250k, −£1.2m."""
    sign, size = MINUS if value < 0 else "", abs(value)
    if size >= 999_500:
        return f"{sign}£{size / 1e6:.2g}m"
    return f"{sign}£{digits(size / 1e3)}k" if size >= 10_000 else f"{sign}£{digits(size)}"


def words_at(axes: Axes, text: str, at: tuple[float, float], offset: tuple[float, float], **how: Any) -> None:
    """Write a text so many points away from a mark."""
    axes.annotate(text, at, xytext=offset, textcoords="offset points", **{"fontsize": 9.5, **how})


def rows_down(axes: Axes, names: Sequence[str], width: int, below: float = 0.4, above: float = 0.6, **how: Any) -> None:
    """Name the rows of a chart, the first on top, each wrapped at ``width`` characters."""
    axes.set_yticks(range(len(names)), [style.wrapped(name, width) for name in names], **how)
    axes.set_ylim(len(names) - below, -above)
    axes.tick_params(axis="y", length=0)


def legend_mark(label: str, shape: str, face: str, edge: str) -> Line2D:
    """Return one entry of a legend: a marker without a line."""
    look = {"marker": shape, "markersize": 7, "markerfacecolor": face, "markeredgecolor": edge, "markeredgewidth": 1.5}
    return Line2D([], [], linestyle="", label=style.wrapped(label, 60, narrow=30), **look)
