"""Charts of a monitoring page: one panel a series, and small multiples of all of them."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from stepdown.disclosure import ClearedTable
from stepdown.numbers import digits, written
from stepdown.series import Analysed
from stepdown.show import style
from stepdown.show.style import Figure

_MARKS = {
    "outside": ("D", "outside"),
    "trend": ("^", "rising or falling run"),
    "near": ("s", "near a limit"),
    "shift": ("v", "one-sided run"),
}


@style.drawn
def panel(drawn: ClearedTable, each: Analysed) -> Figure:
    """Return one series: points, centre, limits, target as a line of its own, events, and special points by shape.

    >>> panel(book.clear(series.drawn_table(each_series)), each_series[0]).title
    'Days to the assessment: 30.2 in Mar 2024, 24 of 60 points more than chance'
    """
    rows = drawn.where(series=each.name).frame
    with style.applied():
        fig, axes = style.new_figure(height=3.6)
        days, values = pd.to_datetime(rows["first_day"]), rows["value"].astype("float64")
        _lines(axes, rows, days)
        axes.plot(days, values, "-o", color=style.DARK, linewidth=1.3, markersize=3.8, zorder=3)
        for reason, (mark, label) in _MARKS.items():
            mine = (rows["special"] == reason).to_numpy()
            if mine.any():
                axes.plot(
                    days[mine],
                    values[mine],
                    mark,
                    color=style.MID,
                    markeredgecolor="black",
                    markersize=8,
                    linestyle="",
                    label=label,
                    zorder=4,
                )
        reach = axes.get_xlim()
        _events(axes, each)
        for broken in each.item.breaks:
            axes.axvspan(np.datetime64(broken.first), np.datetime64(broken.last), color="#EEE6DA", zorder=0)
        axes.set_xlim(reach)  # an event or a break beyond the data stands in words only
        axes.set_ylabel(each.item.unit)
        axes.grid(axis="y")
        _dates(axes, days, values)
        _base(axes, values)
        if each.item.decimals == 0:
            axes.yaxis.get_major_locator().set_params(integer=True)
        if axes.get_legend_handles_labels()[0]:
            style.legend_above(axes, columns=3)
    title = _title(each)
    return style.finished(fig, axes, title=title, alt=_alt(each, rows, title))


def _lines(axes: Axes, rows: pd.DataFrame, days: pd.Series) -> None:
    if rows["centre"].notna().any():
        axes.fill_between(
            days,
            rows["lower"].astype("float64"),
            rows["upper"].astype("float64"),
            color=style.LIGHT,
            alpha=0.35,
            linewidth=0,
            label="chance alone",
        )
        axes.plot(days, rows["centre"].astype("float64"), color="#5A6470", linewidth=1.0)
    if rows["target"].notna().any():
        axes.plot(days, rows["target"].astype("float64"), "--", color="#801650", linewidth=1.4, label="target")


def _events(axes: Axes, each: Analysed) -> None:
    """Draw the events as lines with their labels: one that follows closely stands lower, one at the end to the left."""
    first, last = axes.get_xlim()
    row, before = 0, first - last
    for event in sorted(each.item.events, key=lambda event: event.on):
        place = float(mdates.date2num(event.on))
        row = row + 1 if place - before < 0.3 * (last - first) else 0
        before, late = place, place > first + 0.75 * (last - first)
        axes.axvline(place, color="#3D3D3D", linestyle="-.", linewidth=1.0)
        axes.annotate(
            style.wrapped(event.label, 18),
            (place, 0.99 - 0.15 * row),
            xycoords=("data", "axes fraction"),
            xytext=(-3 if late else 3, 0),
            textcoords="offset points",
            ha="right" if late else "left",
            va="top",
            fontsize=9,
            annotation_clip=True,
        )


def _dates(axes: Axes, days: pd.Series, values: pd.Series) -> None:
    if values.notna().sum() < 2:  # a point has no range to choose the ticks from
        axes.set_xlim(days.min() - pd.Timedelta(days=90), days.max() + pd.Timedelta(days=90))
    locator = mdates.AutoDateLocator(minticks=2 if style.is_narrow() else 3, maxticks=3 if style.is_narrow() else 6)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator, show_offset=False))


def _base(axes: Axes, values: pd.Series) -> None:
    """Begin at nought where that wastes less than half of the picture."""
    if values.notna().any() and values.min() >= 0 and values.min() < 0.6 * values.max():
        axes.set_ylim(bottom=0)


@style.drawn
def small_multiples(drawn: ClearedTable, series: Sequence[Analysed]) -> Figure:
    """Return all series as small panels of one size, each with its centre, limits and special points.

    >>> small_multiples(book.clear(series.drawn_table(each_series)), each_series).title
    'All 11 series; diamonds are more than chance'
    """
    columns = 2
    with style.applied():
        rows = -(-len(series) // columns)
        fig, axes = style.new_figure(height=0.6 + 1.35 * rows, nrows=rows, ncols=columns, squeeze=False)
        for place, each in zip(axes.flat, series, strict=False):
            points = drawn.where(series=each.name).frame
            days, values = pd.to_datetime(points["first_day"]), points["value"].astype("float64")
            _lines(place, points, days)
            place.plot(days, values, color=style.DARK, linewidth=1.1, marker=".", markersize=2.5)
            special = (points["special"] != "").to_numpy()
            place.plot(days[special], values[special], "D", color=style.MID, markeredgecolor="black", markersize=3.5)
            place.set_title(style.wrapped(each.name, 34), fontsize=9, fontweight="normal", pad=3)
            place.tick_params(labelsize=8)
            _dates(place, days, values)
            _base(place, values)
        for place in axes.flat[len(series) :]:
            place.set_visible(False)
    title = (
        f"{'All ' if len(series) > 1 else ''}{written(len(series), 'series', 'series')}; diamonds are more than chance"
    )
    title = title[:1].upper() + title[1:]
    words = " ".join(f"{each.name}: {latest(each)}." for each in series)
    return style.finished(fig, axes[0, 0], title=title, alt=f"Small line charts. {title}. {words}")


def _title(each: Analysed) -> str:
    return f"{each.name}: {latest(each)}"


def latest(each: Analysed) -> str:
    """Return the last known value of a series, when it was, and how many points are more than chance."""
    known = each.points[each.points["value"].notna()]
    if known.empty:
        return "no value can be shown"
    last = known.iloc[-1]
    when = str(last["period"])
    on = "in" if not when[0].isdigit() else "from" if " to " in when else "on"  # Mar 2020, 1 Apr to 29 Sep, 31 Mar
    text = f"{digits(float(last['value']), each.item.decimals)} {on} {when}"
    if each.chart is None:
        return text
    marked = sum(map(bool, each.latest_reasons))
    return f"{text}, {'no point' if not marked else f'{marked} of {len(each.latest_reasons)} points'} more than chance"


def _alt(each: Analysed, rows: pd.DataFrame, title: str) -> str:
    shown = [
        f"{period} {digits(float(value), each.item.decimals)}" if pd.notna(value) else f"{period} not shown"
        for period, value in zip(each.points["period"], rows["value"], strict=True)
    ]
    limits = ""
    if each.chart is not None:
        low, high = (digits(float(side[-1]), each.item.decimals) for side in (each.chart.lower, each.chart.upper))
        limits = f" Limits {low} to {high}, centre {digits(float(each.chart.centre[-1]), each.item.decimals)}."
    target = rows["target"].dropna()
    goal = f" Target {digits(float(target.iloc[-1]), each.item.decimals)}." if len(target) else ""
    return f"Line chart. {title}.{limits}{goal} {'; '.join(shown)}."
