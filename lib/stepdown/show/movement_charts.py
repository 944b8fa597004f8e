"""Charts of movement between statuses and of days before and after; drawn from cleared tables only.

Each title is a sentence made from the numbers, and falls back to plain words where a number is hidden.
"""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from stepdown.disclosure import ClearedTable
from stepdown.measures import PERIODS, STATUSES, of_column
from stepdown.numbers import digits, joined, whole_percent
from stepdown.show import style
from stepdown.show.marks import GREY, cells, cleared_only, in_order, is_number, legend_mark, words_at
from stepdown.show.style import Figure


@style.drawn
def status_flow(table: ClearedTable) -> Figure:
    """Return the flow between statuses as one heatmap a group: children and per cent of the row.

    table: ``transitions``. Rows are the highest status before, columns the highest status after.
    """
    cleared_only(table)
    groups = in_order(table, "group")
    statuses = in_order(table, "status_before")
    with style.applied():
        fig, axes = style.new_figure(height=0.9 + 2.75 * len(groups), panels=len(groups), squeeze=False)
        for axis, group in zip(axes[:, 0], groups, strict=True):
            _heatmap(axis, table.where(group=group), statuses)
            axis.set_title(group, fontsize=11.5)
        if table.frame["children"].isna().any():
            axes[-1, 0].annotate(style.wrapped(_symbols_in_words(table), 66), (0, 0), xytext=(-70, -62), fontsize=9,
                                 xycoords="axes fraction", textcoords="offset points", va="top")  # fmt: skip
    title = _movement_title(table, groups, statuses)
    return style.finished(fig, axes[0, 0], title=title, alt=_flow_in_words(table, title))


def _heatmap(axes: Axes, table: ClearedTable, statuses: list[str]) -> None:
    import seaborn as sns

    shape = (len(statuses), len(statuses))
    counts, shares = cells(table, "children"), cells(table, "percent_of_row")
    per_cents = table.numbers("percent_of_row").to_numpy()
    texts = [
        f"{count}\n{whole_percent(per_cent)}" if count not in ("0", "") and is_number(share) else count
        for count, share, per_cent in zip(counts, shares, per_cents, strict=True)
    ]
    names = [style.wrapped(_short(item), 11) for item in statuses]
    sns.heatmap(
        np.nan_to_num(per_cents.reshape(shape)),
        ax=axes,
        vmin=0,
        vmax=100,
        cmap=_pale_to_dark(),
        annot=np.array(texts).reshape(shape),
        fmt="",
        cbar=False,
        linewidths=2,
        linecolor="white",
        xticklabels=names,
        yticklabels=names,
    )
    axes.tick_params(length=0, rotation=0)
    axes.set_xlabel(of_column("highest_after").title)
    axes.set_ylabel(of_column("highest_before").title)


def _short(status: str) -> str:
    """Return what a status is called on an axis; one that stands for two has both names."""
    first, *others = (STATUSES[part].short for part in status.split(" or "))
    return " or ".join([first, *(other.lower() for other in others)])


def _pale_to_dark() -> LinearSegmentedColormap:
    """Return the colour map from pale to the house's dark blue, also told apart in grey."""
    return LinearSegmentedColormap.from_list("stepdown", ["#F3F6F9", style.LIGHT, "#3F7CAC", style.DARK])


HIDDEN_AT_MOST = 1 / 3
"""Share of hidden cells above which a chart of flows would be a field of symbols."""


def flow_charts(table: ClearedTable) -> dict[str, Figure]:
    """Return the chart of the flow between statuses by name; none where more than a third of its cells are hidden.

    table: ``transitions``.

    >>> list(flow_charts(book.clear(outcomes.transitions(found))))
    ['status_flow']
    """
    cleared_only(table)
    hidden = float((table.marks["children"] != "").mean())
    return {} if hidden > HIDDEN_AT_MOST else {"status_flow": status_flow(table)}


@style.drawn
def before_after(table: ClearedTable, *, value: str = "mean_days_per_child", headline: str = "CP") -> Figure:
    """Return days per child before and after as two marks joined by a line: one row per status in a group.

    table: ``statutory_status``. Hidden numbers are not drawn; their symbol stands in their place.

    >>> before_after(book.clear(outcomes.statutory_status(found))).title
    'Days on a child protection plan, on average: fell from 86 to 3 in the IFP group and rose from 3 to 26 in the ...'
    """
    cleared_only(table)
    groups, statuses = in_order(table, "group"), in_order(table, "status")
    with style.applied():
        fig, axes = style.new_figure(height=1.5 + (0.42 * len(groups) + 0.32) * len(statuses))
        place, ticks = 0.0, []
        for status in statuses:
            axes.text(0.0, place - 0.72, f" {STATUSES[status].short}", fontweight="bold", va="center",
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})  # fmt: skip
            for colour, group in zip(style.SERIES, groups, strict=False):
                _dumbbell(axes, table.where(group=group, status=status), value, place, colour)
                ticks.append((place, group))
                place += 1
            place += 0.9
        axes.set_yticks([y for y, _ in ticks], [style.wrapped(label, 18) for _, label in ticks])
        axes.set_ylim(place - 1.3, -1.2)
        axes.set_xlabel("Days per child in the period (mean over all children)")
        axes.grid(axis="x")
        axes.tick_params(axis="y", length=0, pad=8)
        axes.spines["left"].set_visible(False)
        axes.set_xlim(left=0, right=max(axes.get_xlim()[1] * 1.12, 1))
        marks = [legend_mark("before", "o", "white", GREY), legend_mark("after", "o", GREY, GREY)]
        axes.legend(handles=marks, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, borderaxespad=0.2)
    title = _change_title(table, groups, value, headline)
    return style.finished(fig, axes, title=title, alt=_before_after_in_words(table, groups, statuses, value, title))


@style.drawn
def days_strip(table: ClearedTable, *, headline: str = "CP") -> Figure:
    """Return each child's days inside the window as a point, by status and period, with the mean of each group.

    table: ``days_of_children``, of which nothing is hidden. A child without days is a point at 0, and in the mean.
    """
    import seaborn as sns

    cleared_only(table)
    groups, statuses = in_order(table, "group"), in_order(table, "status")
    each = table.frame.loc[table.frame.index.repeat(table.numbers("children").astype(int))]
    each = each.assign(days=each["days"].astype(float), row=each["status"].astype(str) + each["period"].astype(str))
    rows = [status + period for status in statuses for period in PERIODS]
    how = {"y": "row", "order": rows, "hue": "group", "hue_order": groups, "dodge": True, "legend": False}
    colours = list(style.SERIES[: len(groups)])
    with style.applied():
        fig, axes = style.new_figure(height=1.6 + 0.62 * len(rows))
        sns.stripplot(each, x="days", **how, palette=colours, jitter=False, alpha=0.45, size=3.6, ax=axes)
        for points in axes.collections:  # fixed steps, not by chance: the same numbers give the same picture
            at = np.asarray(points.get_offsets())
            points.set_offsets(np.c_[at[:, 0], at[:, 1] + 0.26 * ((np.arange(len(at)) * 0.618) % 1 - 0.5)])
        sns.pointplot(each, x="days", **(how | {"dodge": 0.4}), palette=["black"] * len(groups), errorbar=None,
                      linestyle="none", markers="D", markersize=6, zorder=5, ax=axes)  # fmt: skip
        names = [f"{STATUSES[status].short}, {period}" for status in statuses for period in PERIODS]
        axes.set_yticks(range(len(rows)), [style.wrapped(name, 24, narrow=11) for name in names])
        axes.set(xlabel="Days inside the window (a point is a child)", ylabel="")
        axes.grid(axis="x")
        for colour, shape, label in zip([*colours, "black"], "ooD", [*groups, "mean"], strict=True):
            axes.plot([], [], shape, color=colour, label=label)
        style.legend_above(axes, 3)
    title, words = _strip_in_words(each, groups, statuses, headline)
    return style.finished(fig, axes, title=title, alt=f"Strip of points, one a child. {title}. {words}")


def _strip_in_words(each: pd.DataFrame, groups: list[str], statuses: list[str], headline: str) -> tuple[str, str]:
    """Return the title (who had days of the headline's status after) and each row in words."""
    told, words = [], []
    for status, period, group in product(statuses, PERIODS, groups):
        days = each.loc[(each["row"] == status + period) & (each["group"] == group), "days"]
        some = f"{(days > 0).sum()} of {len(days)}"
        told += [f"{some} {group} children"] if (status, period) == (headline, "after") else []
        words.append(
            f"{STATUSES[status].short}, {period}, {group}: {some} had any, {digits(days.mean(), 1)} on average"
        )
    return f"After, {joined(told)} had days {STATUSES[headline].held}", f"{'; '.join(words)}."


def _dumbbell(axes: Axes, rows: ClearedTable, value: str, place: float, colour: str) -> None:
    ends = [rows.value(value, period=period) for period in PERIODS]
    texts = [cells(rows.where(period=period), value)[0] for period in PERIODS]
    if not any(math.isnan(end) for end in ends):
        axes.plot(ends, [place, place], color="#8A94A0", linewidth=1.6, zorder=1)
    for end, face in zip(ends, ("white", colour), strict=True):
        if not math.isnan(end):
            axes.scatter(end, place, s=46, color=face, edgecolor=colour, linewidth=1.5, zorder=2, clip_on=False)
    reached = [end for end in ends if not math.isnan(end)]
    words_at(axes, f"{texts[0]} → {texts[1]}", (max(reached, default=0.0), place), (8, 0), va="center")


def _movement_title(table: ClearedTable, groups: list[str], statuses: list[str]) -> str:
    rank = {name: i for i, name in enumerate(statuses)}
    parts = []
    for group in groups:
        mine = table.where(group=group)
        count = mine.numbers("children")
        if count.isna().any() or count.sum() == 0:
            return "How children's highest status moved from before to after, by group"
        step = mine.frame["status_after"].map(rank).astype(int) - mine.frame["status_before"].map(rank).astype(int)
        down, up = count[step.to_numpy() < 0].sum(), count[step.to_numpy() > 0].sum()
        parts.append(f"{group}: {down:.0f} of {count.sum():.0f} children moved down, {up:.0f} up")
    return "; ".join(parts)


def _symbols_in_words(table: ClearedTable) -> str:
    used = set(table.marks["children"])
    return " ".join(f"[{symbol}]: {meaning}." for symbol, meaning in table.symbols.items() if symbol in used)


def _flow_in_words(table: ClearedTable, title: str) -> str:
    parts = [f"Grid of the highest status before and after. {title}."]
    frame, shown = table.frame, cells(table, "children")
    for place, count in enumerate(shown):
        if count not in ("0", ""):
            row = frame.iloc[place]
            parts.append(f"{row['group']}, {row['status_before']} to {row['status_after']}: {count}.")
    return " ".join([*parts, _symbols_in_words(table)]).strip()


def _change_title(table: ClearedTable, groups: list[str], value: str, status: str) -> str:
    parts = []
    for group in groups:
        rows = table.where(group=group, status=status)
        first, last = (rows.value(value, period=period) for period in PERIODS)
        if math.isnan(first) or math.isnan(last):
            return "Days per child at each status, before and after, in both groups"
        verb, shown = "fell" if last < first else "rose", (digits(first), digits(last))
        moved = f"stayed at {shown[0]}" if shown[0] == shown[1] else f"{verb} from {shown[0]} to {shown[1]}"
        parts.append(f"{moved} in the {group} group")
    return f"Days {STATUSES[status].held}, on average: {joined(parts)}"


def _before_after_in_words(table: ClearedTable, groups: list[str], statuses: list[str], value: str, title: str) -> str:
    parts = [f"Dot plot of before and after. {title}."]
    for status in statuses:
        for group in groups:
            rows = table.where(group=group, status=status)
            first, last = (cells(rows.where(period=period), value)[0] for period in PERIODS)
            parts.append(f"{STATUSES[status].short}, {group}: {first} before, {last} after.")
    return " ".join(parts)
