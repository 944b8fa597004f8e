"""A chart of ranges: for each row, from the lowest to the highest, with the printed figure as a line."""

from __future__ import annotations

from matplotlib.ticker import MaxNLocator

from stepdown.disclosure import ClearedTable
from stepdown.show import style
from stepdown.show.figure import Figure
from stepdown.show.numbers import as_pounds


def headline_ranges(table: ClearedTable, *, headline: str, title: str) -> Figure:
    """Return the range of one headline in each scenario, in pounds (columns as in ``headline_sensitivity``).

    A scenario that gives one figure is a dot, one that gives a range is a bar; the dashed line is the printed figure.
    """
    if not isinstance(table, ClearedTable):
        raise TypeError(f"a chart is drawn from a ClearedTable, not from a {type(table).__name__}")
    rows = table.where(headline=headline).frame
    names = [str(name) for name in rows["scenario"]]
    lows, highs = ([float(value) for value in rows[column]] for column in ("lowest_gbp", "highest_gbp"))
    published = float(rows["published_gbp"].iloc[0])
    with style.applied():
        fig, axes = style.new_figure(height=1.4 + 0.55 * len(names))
        for place, (low, high) in enumerate(zip(lows, highs, strict=True)):
            if high - low < 1:
                axes.plot([low], [place], marker="o", markersize=7, color="0.15")
            else:
                axes.barh(place, high - low, left=low, height=0.5, color="0.6", edgecolor="0.15")
        axes.axvline(published, linestyle="--", linewidth=1.2, color="0.15")
        axes.set_yticks(range(len(names)), [style.wrapped(name, 34) for name in names])
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.set_xlim(min(0.0, *lows), max(highs) * 1.05)
        axes.set_xlabel(f"{headline}, £ thousand (dashed line: as printed, {as_pounds(published)})")
        axes.xaxis.set_major_locator(MaxNLocator(6))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value / 1000:,.0f}")
        axes.grid(axis="x")
    words = "; ".join(
        f"{name}: {as_pounds(low)}" + ("" if high - low < 1 else f" to {as_pounds(high)}")
        for name, low, high in zip(names, lows, highs, strict=True)
    )
    return style.finished(fig, axes, title=title, alt=f"{title} Printed: {as_pounds(published)}. {words}.")
