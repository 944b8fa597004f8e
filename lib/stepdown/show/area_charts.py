"""Charts of an area page: the council among its neighbours, every authority as a placebo, and the funnel."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from stepdown.disclosure import ClearedTable
from stepdown.numbers import digits
from stepdown.show import style
from stepdown.show.style import Figure

_FAINT = "#C9D0D8"


@style.drawn
def among_neighbours(
    rates: ClearedTable, neighbours: ClearedTable, measure: str, council: str, after: tuple[int, int], unit: str
) -> Figure:
    """Return one measure's rates: the council with its interval, each neighbour faint, their mean, and England.

    rates, neighbours: ``area_rates`` and ``area_neighbours``.  after: first and last year of the period after.

    >>> rates, near = book.clear(areas.rates_table(area)), book.clear(areas.neighbour_rates_table(area))
    >>> name, unit = area.labels()[0]
    >>> among_neighbours(rates, near, name, council, (2021, 2023), unit).title
    'Authority 001: child protection plans at 31 March fell from 47.8 (2010) to 34.4 (2024)'
    """
    own, others = (table.where(measure=measure).frame.astype({"year": int}) for table in (rates, neighbours))
    country = rates.columns["england"].label
    with style.applied():
        fig, axes = style.new_figure(height=3.9)
        axes.axvspan(after[0] - 0.5, after[1] + 0.5, color="#F3F5F8", zorder=0)
        for _, rows in others.groupby("authority"):
            axes.plot(rows["year"], rows["rate"], color=_FAINT, linewidth=0.9, zorder=1)
        axes.fill_between(own["year"], own["rate_low"], own["rate_high"], color=style.LIGHT, alpha=0.5, linewidth=0)
        lines = ((council, "rate", style.DARK, "-", 2.6), ("neighbours' mean", "neighbours", style.MID, "--", 2.0),
                 (country, "england", "#3D3D3D", ":", 1.8))  # fmt: skip
        for name, column, colour, dash, width in (line for line in lines if own[line[1]].notna().any()):
            axes.plot(own["year"], own[column], dash, color=colour, linewidth=width, label=name,
                      marker="o" if column == "rate" else "", markersize=4.5)  # fmt: skip
        axes.set_ylim(bottom=0)
        years = [int(year) for year in own["year"]]
        axes.set_xticks(years[:: max(1, len(years) // 7)])
        axes.set_xlabel("Year ending 31 March; shaded: the period after")
        axes.set_ylabel(f"Rate ({unit})")
        axes.grid(axis="y")
        style.legend_above(axes, columns=3)
    title = _trend_title(own, council, measure)
    return style.finished(
        fig, axes, title=title, alt=_trend_alt(own, council, country, title, others["authority"].nunique())
    )


def _trend_title(own: pd.DataFrame, council: str, measure: str) -> str:
    seen = own.dropna(subset=["rate"])
    head = f"{council}: {measure[:1].lower()}{measure[1:]}"
    if seen.empty:
        return f"{head}, no figure published"
    first, last = seen.iloc[0], seen.iloc[-1]
    before, now = (digits(row["rate"], 1) for row in (first, last))
    if before == now:
        return f"{head} stood at {now} in {int(first['year'])} and in {int(last['year'])}"
    word = "fell" if last["rate"] < first["rate"] else "rose"
    return f"{head} {word} from {before} ({int(first['year'])}) to {now} ({int(last['year'])})"


def _trend_alt(own: pd.DataFrame, council: str, country: str, title: str, n_neighbours: int) -> str:
    parts = []
    for _, row in own.iterrows():
        values = [
            f"{name} {digits(row[column], 1)}"
            for name, column in ((council, "rate"), ("neighbours' mean", "neighbours"), (country, "england"))
            if pd.notna(row[column])
        ]
        parts.append(f"{int(row['year'])}: {', '.join(values)}")
    return f"Line chart with {n_neighbours} neighbours as faint lines. {title}. {'; '.join(parts)}."


@style.drawn
def placebo_strip(table: ClearedTable, council: str) -> Figure:
    """Return every authority's change against its own neighbours as a strip a measure, the council marked.

    >>> placebo_strip(book.clear(areas.placebo_table(area)), council).title
    'Authority 001 among all authorities, each compared with its own neighbours'
    """
    measures = list(dict.fromkeys(table.frame["measure"]))
    with style.applied():
        fig, panels = style.new_figure(height=1.0 + 1.35 * len(measures), panels=len(measures), squeeze=False)
        words = [_strip(axes, table.where(measure=name).frame, name, council)
                 for axes, name in zip(panels[:, 0], measures, strict=True)]  # fmt: skip
        panels[-1, 0].set_xlabel("Change against its own neighbours (rate after − rate before, less theirs)")
    title = f"{council} among all authorities, each compared with its own neighbours"
    return style.finished(fig, panels[0, 0], title=title, alt=f"Strip of points. {title}. {' '.join(words)}")


def _strip(axes: Axes, rows: pd.DataFrame, name: str, council: str) -> str:
    """Draw one measure's strip with seaborn; return it in words."""
    import seaborn as sns

    mine = rows["is_council"].astype(bool)
    sns.swarmplot(x=rows.loc[~mine, "difference"], ax=axes, color="#7F8B97", size=3.6)  # a strip jitters by chance
    own = float(rows.loc[mine, "difference"].iloc[0])
    axes.plot([own], [0], marker="D", color=style.MID, markeredgecolor="black", markersize=9, zorder=5)
    right = own > rows["difference"].median()
    axes.annotate(f"{council} {digits(own, 1)}", (own, 0), xytext=(-4 if right else 4, 16), textcoords="offset points",
                  ha="right" if right else "left", fontsize=10, zorder=6)  # fmt: skip
    axes.axvline(0, color="#5A6470", linewidth=0.8)
    axes.set(yticks=[], xlabel="", ylabel="")
    axes.set_title(name, fontsize=11, fontweight="normal", pad=4)
    axes.spines["left"].set_visible(False)
    low, middle, high = rows["difference"].quantile([0.025, 0.5, 0.975])
    return (
        f"{name}: {len(rows)} authorities, the middle one at {digits(middle, 1)}, 95% of them between {digits(low, 1)} "
        f"and {digits(high, 1)}; {council} at {digits(own, 1)}."
    )


@style.drawn
def funnel(points: ClearedTable, measure: str, council: str, unit: str) -> Figure:
    """Return the funnel of all authorities in the last year, with limits widened for what sets councils apart.

    >>> name, unit = area.labels()[0]
    >>> funnel(book.clear(areas.funnel_points_table(area)), name, council, unit).title
    'Authority 001 lies inside the widened limits for child protection plans at 31 March'
    """
    rows = points.where(measure=measure).frame.sort_values("population")
    mine = rows["is_council"].astype(bool)
    with style.applied():
        fig, axes = style.new_figure(height=3.6)
        axes.fill_between(rows["population"], rows["low"], rows["high"], color=style.LIGHT, alpha=0.35, linewidth=0,
                          label="99.8% of authorities, widened limits")  # fmt: skip
        axes.scatter(rows.loc[~mine, "population"], rows.loc[~mine, "rate"], s=16, color="#7F8B97", label="authorities")
        axes.scatter(rows.loc[mine, "population"], rows.loc[mine, "rate"], s=80, marker="D", color=style.MID,
                     edgecolor="black", zorder=5, label=council)  # fmt: skip
        axes.set_xscale("log")
        axes.set_ylim(bottom=0)
        ticks = [tick for tick in (3_000, 10_000, 30_000, 100_000, 300_000)
                 if rows["population"].min() * 0.7 <= tick <= rows["population"].max() * 1.4]  # fmt: skip
        axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks], rotation=0)
        axes.minorticks_off()
        axes.set_xlabel("Children aged 0 to 17 (log scale)")
        axes.set_ylabel(f"Rate ({unit})")
        style.legend_above(axes, columns=2)
    own = rows[mine].iloc[0]
    where = "inside" if own["low"] <= own["rate"] <= own["high"] else "outside"
    outside = int(((rows["rate"] < rows["low"]) | (rows["rate"] > rows["high"])).sum())
    title = f"{council} lies {where} the widened limits for {measure[:1].lower()}{measure[1:]}"
    alt = (
        f"Funnel chart. {title}: rate {digits(own['rate'], 1)}, limits {digits(own['low'], 1)} to "
        f"{digits(own['high'], 1)} at {digits(own['population'])} children. "
        f"{outside} of {len(rows)} authorities lie outside."
    )
    return style.finished(fig, axes, title=title, alt=alt)
