"""Charts of what happened month by month; drawn from cleared tables only.

Time runs from left to right: the months before support, a grey gap for the support itself, the months after it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from stepdown.disclosure import ClearedTable
from stepdown.measures import NONE, STATUSES, measured
from stepdown.numbers import MINUS, digits, signed, whole_percent
from stepdown.show import style
from stepdown.show.marks import INK, cleared_only, in_order
from stepdown.show.style import Figure

GAP = 1.6
"""Width of the grey gap, in months: support takes as long as it takes."""
APART = "not shown apart"


@style.drawn
def status_areas(table: ClearedTable) -> Figure:
    """Return the share of children at each highest status as stacked areas, the groups side by side.

    table: ``months``. Statuses whose numbers are hidden in a period are one hatched area there: what is left of all.
    Below, the number of children who could be observed.

    >>> status_areas(book.clear(months.months_table(by_month))).title
    'Children with a status (months 12 before, 1 before, 12 after): ...'
    """
    cleared_only(table)
    groups, statuses = in_order(table, "group"), in_order(table, "status")[::-1]
    with style.applied():
        fig, axes = style.new_figure(
            height=4.6, nrows=2, ncols=len(groups), squeeze=False, sharex=True, sharey="row",
            gridspec_kw={"height_ratios": [4, 1]},
        )  # fmt: skip
        for column, group in enumerate(groups):
            mine = table.where(group=group)
            _areas(axes[0, column], mine, statuses)
            _observed(axes[1, column], mine)
            axes[0, column].set_title(style.wrapped(group, 24), fontsize=11)
            axes[1, column].set_xlabel(_axis_words(table))
        axes[0, 0].set_ylabel("Share of children observed")
        axes[1, 0].set_ylabel("Children\nobserved", fontsize=9, rotation=0, ha="right", va="center")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        for axis in axes[0, 1:]:
            more = [pair for pair in zip(*axis.get_legend_handles_labels(), strict=True) if pair[1] not in labels]
            handles, labels = [*handles, *(h for h, _ in more)], [*labels, *(name for _, name in more)]
        fig.legend(handles[::-1], labels[::-1], loc="outside lower center", ncols=min(len(labels), 4), fontsize=9.5)
    title = _areas_title(table, groups)
    return style.finished(fig, axes[0, 0], title=title, alt=_areas_in_words(table, groups, statuses, title))


def _areas(axes: Axes, mine: ClearedTable, statuses: Sequence[str]) -> None:
    periods = in_order(mine, "period")
    size = mine.where(status=statuses[0]).numbers("children_observed").to_numpy()
    shares = np.array([mine.where(status=status).numbers("children").to_numpy() for status in statuses]) / size * 100
    hidden = 100 - np.nansum(shares, axis=0)
    hidden = np.where(np.isnan(shares).any(axis=0), hidden, 0.0)
    layers = [
        (style.LADDER[status], STATUSES[status].short, share) for status, share in zip(statuses, shares, strict=True)
    ]
    if hidden.any():
        layers.insert(0, ("#B8BEC6", APART.capitalize(), hidden))
    for side in _sides(periods):
        base = np.zeros(len(side))
        edges = _edges([periods[i] for i in side])
        for colour, name, share in layers:
            top = base + np.nan_to_num(share[side])
            low, high = np.append(base, base[-1]), np.append(top, top[-1])
            label = name if side[0] == 0 else None
            hatch = "////" if name == APART.capitalize() else None
            axes.fill_between(
                edges, low, high, step="post", color=colour, label=label, linewidth=0.0, hatch=hatch, edgecolor="white"
            )
            base = top
    axes.set_ylim(0, 100)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0f}%")
    _time(axes, periods)


def _observed(axes: Axes, mine: ClearedTable) -> None:
    periods = in_order(mine, "period")
    sizes = mine.where(status=NONE).numbers("children_observed").to_numpy()
    for side in _sides(periods):
        edges = _edges([periods[i] for i in side])
        axes.fill_between(edges, 0, np.append(sizes[side], sizes[side][-1]), step="post", color="#8A94A0", linewidth=0)
    axes.set_ylim(0, max(float(np.nanmax(sizes, initial=1)) * 1.25, 1))
    for place in (0, len(periods) - 1):
        edge, where = (_spans(periods[place])[0], "left") if place == 0 else (_spans(periods[place])[1], "right")
        if math.isfinite(sizes[place]):
            axes.text(edge, sizes[place], f"{sizes[place]:.0f}", ha=where, va="bottom", fontsize=9.5)
    axes.set_yticks([])
    _time(axes, periods)


@style.drawn
def month_lines(table: ClearedTable) -> Figure:
    """Return the headline outcome by period, one line a group, with intervals.

    table: ``month_days``.

    >>> month_lines(book.clear(months.month_days_table(by_month))).title
    'Days on a child protection plan per child per month: month 1 before → 12 after, ...'
    """
    cleared_only(table)
    groups, periods = in_order(table, "group"), in_order(table, "period")
    name = measured(str(table.frame["outcome"].iloc[0]))
    with style.applied():
        fig, axes = style.new_figure(height=3.6)
        for place, group in enumerate(groups):
            mine, colour, shape = table.where(group=group), style.SERIES[place], "os^D"[place % 4]
            mean, low, high = (mine.numbers(column).to_numpy() for column in ("mean", "ci_low", "ci_high"))
            for side in _sides(periods):
                x = np.array([np.mean(_spans(periods[i])) for i in side])
                axes.fill_between(x, low[side], high[side], color=colour, alpha=0.18, linewidth=0)
                label = group if side[0] == 0 else None
                axes.plot(x, mean[side], marker=shape, markersize=4, color=colour, linewidth=1.8, label=label)
        axes.set_ylim(bottom=0)
        axes.set_ylabel(style.wrapped(f"{name.title} per child per month", 30))
        axes.set_xlabel(_axis_words(table))
        axes.grid(axis="y")
        _time(axes, periods)
        style.legend_above(axes)
    title = f"{name.title} per child per month: {_ends_in_words(table, groups, 'mean')}"
    alt = f"Line chart with 95% intervals. {title}. {_every_period(table, groups)}"
    return style.finished(fig, axes, title=title, alt=alt)


@style.drawn
def event_plot(table: ClearedTable, p_before: float) -> Figure:
    """Return programme minus comparison by period: each with its own interval, and a band that holds for all at once.

    table: ``event_study``.  p_before: of the joint test of the periods before (NaN: none).

    >>> event_plot(book.clear(months.event_study_table(by_month)), 0.4).title
    'Days on a child protection plan: programme minus comparison, ... (months before: p = 0.400)'
    """
    cleared_only(table)
    periods = in_order(table, "period")
    name = measured(str(table.frame["outcome"].iloc[0]))
    names = ("estimate", "ci_low", "ci_high", "band_low", "band_high")
    estimate, low, high, band_low, band_high = (table.numbers(column).to_numpy() for column in names)
    with style.applied():
        fig, axes = style.new_figure(height=3.6)
        for side in _sides(periods):
            x = np.array([np.mean(_spans(periods[i])) for i in side])
            axes.fill_between(x, band_low[side], band_high[side], color=style.LIGHT, alpha=0.55, linewidth=0)
            axes.vlines(x, low[side], high[side], color=style.DARK, linewidth=1.6)
            faces = ["white" if table.frame["reference"].iloc[i] else style.DARK for i in side]
            axes.scatter(x, estimate[side], s=26, color=faces, edgecolor=style.DARK, linewidth=1.3, zorder=3)
        axes.axhline(0, color=INK, linewidth=1)
        axes.set_ylabel(style.wrapped(f"Difference in {name.unit or name.short} per child per month", 28))
        axes.set_xlabel(
            f"{_axis_words(table)}\nHollow: reference. Bar: 95% interval.\nBand: 95% for all at once (sup-t)."
        )
        axes.grid(axis="y")
        _time(axes, periods)
    tested = "not tested" if math.isnan(p_before) else f"p = {digits(p_before, 3)}"
    title = f"{name.title}: programme minus comparison, against before (months before: {tested})"
    parts = [
        f"{period}: {signed(e, 1)} ({signed(a, 1)} to {signed(b, 1)})"
        if math.isfinite(a)
        else f"{period}: {signed(e, 1)}"
        for period, e, a, b in zip(periods, estimate, low, high, strict=True)
        if math.isfinite(e)
    ]
    return style.finished(fig, axes, title=title, alt=f"Event study. {title}. {'; '.join(parts)}.")


def _spans(period: str) -> tuple[float, float]:
    """Return where a period begins and ends on the axis; the time of support is ``GAP`` wide."""
    ends = [int(part) for part in period.split() if part.isdigit()]
    if period.endswith("before"):
        return float(-max(ends)), 1.0 - min(ends)
    return GAP + min(ends) - 1, GAP + max(ends)


def _edges(periods: Sequence[str]) -> np.ndarray:
    return np.array([*(_spans(period)[0] for period in periods), _spans(periods[-1])[1]])


def _sides(periods: Sequence[str]) -> list[list[int]]:
    """Return the places of the periods before and of those after."""
    before = [i for i, period in enumerate(periods) if period.endswith("before")]
    return [side for side in (before, [i for i in range(len(periods)) if i not in before]) if side]


def _time(axes: Axes, periods: Sequence[str]) -> None:
    """Draw the gap and name some of the periods."""
    axes.axvspan(0, GAP, color="#D5D9DE", linewidth=0)
    axes.set_xlim(_spans(periods[0])[0], _spans(periods[-1])[1])
    shown = sorted({i for side in _sides(periods) for i in (side[0], side[len(side) // 2], side[-1])})
    places = [float(np.mean(_spans(periods[i]))) for i in shown]
    axes.set_xticks(
        places, [f"{MINUS if p < 0 else ''}{_farthest(periods[i])}" for i, p in zip(shown, places, strict=True)]
    )


def _farthest(period: str) -> int:
    return max(int(part) for part in period.split() if part.isdigit())


def _axis_words(table: ClearedTable) -> str:
    by = "" if table.frame["unit"].iloc[0] == "month" else f", by {table.frame['unit'].iloc[0]}"
    return f"Months before and after{by}"


def _with_status(table: ClearedTable, group: str, period: str) -> float:
    none = table.where(group=group, period=period, status=NONE)
    return 100 - none.value("percent")


def _areas_title(table: ClearedTable, groups: Sequence[str]) -> str:
    periods = in_order(table, "period")
    before, after = _sides(periods)[0], _sides(periods)[-1]
    parts = []
    for group in groups:
        values = [_with_status(table, group, periods[i]) for i in (before[0], before[-1], after[-1])]
        if any(math.isnan(value) for value in values):
            return "Highest status of the children, by time before and after"
        parts.append(f"{group} {' → '.join(whole_percent(value) for value in values)}")
    unit, ends = table.frame["unit"].iloc[0], [periods[i] for i in (before[0], before[-1], after[-1])]
    return f"Children with a status ({unit}s {', '.join(ends)}): {'; '.join(parts)}"


def _areas_in_words(table: ClearedTable, groups: Sequence[str], statuses: Sequence[str], title: str) -> str:
    periods = in_order(table, "period")
    sides = _sides(periods)
    shown = dict.fromkeys(i for side in sides for i in (side[0], side[-1]))
    parts = [f"Stacked areas, by {table.frame['unit'].iloc[0]}. {title}."]
    for group in groups:
        for place in shown:
            here = table.where(group=group, period=periods[place])
            size = here.numbers("children_observed").iloc[0]
            shares = [
                f"{STATUSES[status].short.lower()} {whole_percent(here.value('percent', status=status)) or 'not shown'}"
                for status in statuses
            ]
            who = f"{size:.0f} children observed" if math.isfinite(size) else "number observed not shown"
            parts.append(f"{group}, {periods[place]}: {', '.join(shares)} ({who}).")
    return " ".join(parts)


def _ends_in_words(table: ClearedTable, groups: Sequence[str], column: str) -> str:
    periods = in_order(table, "period")
    before, after = _sides(periods)[0], _sides(periods)[-1]
    parts = []
    for group in groups:
        values = [table.value(column, group=group, period=periods[side[-1]]) for side in (before, after)]
        told = " → ".join("not shown" if math.isnan(v) else digits(v, 1) for v in values)
        parts.append(f"{group} {told}")
    unit = table.frame["unit"].iloc[0]
    return f"{unit} {periods[before[-1]]} → {periods[after[-1]]}, " + "; ".join(parts)


def _every_period(table: ClearedTable, groups: Sequence[str]) -> str:
    said = []
    for group in groups:
        mine = table.where(group=group)
        pairs = zip(in_order(mine, "period"), mine.numbers("mean"), strict=True)
        said.append(f"{group}: " + ", ".join(f"{p} {digits(v, 1)}" for p, v in pairs if math.isfinite(v)))
    return ". ".join(said) + "."
