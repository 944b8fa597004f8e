"""Charts of balance, of the bracket and of time to re-referral; drawn from cleared tables only.

Each title is a sentence made from the numbers, and falls back to plain words where a number is hidden.
"""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes

from stepdown.disclosure import ClearedTable
from stepdown.effects import DIFFERENCE_IN_DIFFERENCES, IN_SHORT, LAGGED_OUTCOME
from stepdown.effects.wording import directions
from stepdown.measures import STATUSES, measured, of_column, sentence_case
from stepdown.numbers import digits, whole_percent
from stepdown.show import style
from stepdown.show.marks import INK, cells, cleared_only, in_order, legend_mark, words_at
from stepdown.show.style import Figure

ENDS = {
    DIFFERENCE_IN_DIFFERENCES: (IN_SHORT[DIFFERENCE_IN_DIFFERENCES], "o", style.METHODS[0]),
    LAGGED_OUTCOME: (IN_SHORT[LAGGED_OUTCOME], "s", style.METHODS[1]),
}
"""Estimators of the bracket: short condition, marker, colour."""


@style.drawn
def bracket_forest(table: ClearedTable, published: ClearedTable | None = None, *, unit: str = "days") -> Figure:
    """Return both ends of the bracket of each outcome with their intervals, around the line of no difference.

    table: ``effects``; where the study counts whole spells ``effects_inside``, and published is ``effects``: its count
    stands below, pale. Only the outcomes counted in ``unit`` (a chart has one scale). Ends that are hidden or could not
    be had are written, not drawn.

    >>> gate = effects.overlap_gate(children, options)
    >>> bracket_forest(book.clear(effects.effects_table(children, options, gate))).title
    'How far the groups differ in days depends on what would have happened without the programme'
    """
    cleared_only(table)
    outcomes = list(dict.fromkeys(table.frame.loc[table.frame["unit"] == unit, "outcome"].astype("str")))
    counts = [table] if published is None else [table, published]
    with style.applied():
        fig, axes = style.new_figure(height=1.9 + (0.17 + 0.81 * len(counts)) * len(outcomes))
        place, ticks = 0.0, []
        for outcome in outcomes:
            ticks.append((place + len(counts) - 0.5, measured(outcome).title))
            for counted in counts:
                for estimator in ENDS:
                    row = counted.where(outcome=outcome, estimator=estimator)
                    _interval(axes, row, estimator, place, pale=counted is published)
                    place += 1
            place += 0.6
        axes.axvline(0, color=INK, linewidth=1)
        axes.set_yticks([y for y, _ in ticks], [style.wrapped(label, 14) for _, label in ticks])
        axes.set_ylim(place - 0.9, -0.8)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x")
        low, high = axes.get_xlim()
        axes.set_xlim(min(low, -0.15 * (high - low)), max(high, 0.15 * (high - low)))
        less, more = directions(unit)
        axes.set_xlabel(f"Difference in {unit} per child (95% interval)\n← {less} in the programme group     {more} →")
        marks = [legend_mark(short, shape, colour, colour) for short, shape, colour in ENDS.values()]
        if published is not None:
            marks.append(
                legend_mark("hollow: as published, including days outside the window", "o", "white", style.METHODS[0])
            )
        axes.legend(handles=marks, loc="lower left", bbox_to_anchor=(-0.32, 1.0), ncols=1, borderaxespad=0.2)
    title = _bracket_title(table, outcomes, unit)
    alt = _bracket_in_words(table, outcomes, unit, f"Forest plot. {title}.")
    if published is not None:
        alt += _bracket_in_words(published, outcomes, unit, " As published, including days outside the window:")
    return style.finished(fig, axes, title=title, alt=alt)


def _interval(axes: Axes, row: ClearedTable, estimator: str, place: float, *, pale: bool = False) -> None:
    _, shape, colour = ENDS[estimator]
    estimate, low, high = (float(row.numbers(name).iloc[0]) for name in ("estimate", "ci_low", "ci_high"))
    if math.isnan(estimate):
        mark = str(row.marks["estimate"].iloc[0])
        words_at(axes, f"not shown ({mark})" if mark else "not estimable", (0, place), (6, 0), va="center")
        return
    if not math.isnan(low):
        axes.plot([low, high], [place, place], color=colour, linewidth=1 if pale else 2.2, solid_capstyle="butt")
    face = "white" if pale else colour
    axes.scatter(estimate, place, s=48, marker=shape, facecolor=face, edgecolor=colour, zorder=3)
    text = f"{_signed(estimate)} ({_signed(low)} to {_signed(high)})" if not math.isnan(low) else _signed(estimate)
    middle = estimate if math.isnan(low) else (low + high) / 2
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85}
    words_at(axes, text, (middle, place), (0, 6), ha="center", bbox=behind)


@style.drawn
def kaplan_meier(table: ClearedTable) -> Figure:
    """Return the share re-referred by day, one panel a group, with its interval; below the days, who is still followed.

    table: ``re_referral_survival``.

    >>> kaplan_meier(book.clear(effects.re_referral_survival_table(children, options))).title
    '0% of the IFP group and 5% of the Comparison group had been referred again by day 183'
    """
    cleared_only(table)
    groups = in_order(table, "group")
    days = sorted(table.numbers("day").unique())
    ways = {"nrows": len(groups)} if style.is_narrow() else {"ncols": len(groups)}
    with style.applied():
        fig, axes = style.new_figure(
            height=2.6 * len(groups) if style.is_narrow() else 3.6, sharey=True, squeeze=False, **ways
        )
        for place, (axis, group) in enumerate(zip(axes.flat, groups, strict=True)):
            _risk_line(axis, table.where(group=group), group, place)
            axis.set_xlim(0, days[-1])
            axis.grid(axis="y")
        axes[0, 0].set_ylim(bottom=0, top=max(axes[0, 0].get_ylim()[1], 5))
        fig.supylabel("Children re-referred (%)", fontsize=11)
        fig.supxlabel(
            "\n".join(
                style.wrapped(words, 60, narrow=34)
                for words in ("Days since the end of support (band: 95% interval);", "below: children still followed")
            ),
            fontsize=11,
        )
    title = _survival_title(table, groups, days[-1])
    return style.finished(fig, axes[0, 0], title=title, alt=_survival_in_words(table, groups, title))


def _risk_line(axes: Axes, rows: ClearedTable, group: str, place: int) -> None:
    day, risk = rows.numbers("day").to_numpy(), rows.numbers("percent_re_referred").to_numpy()
    low, high = rows.numbers("ci_low").to_numpy(), rows.numbers("ci_high").to_numpy()
    colour, dashes = style.SERIES[place], ("-", (0, (4, 2)))[place % 2]
    axes.plot(day, risk, color=colour, linestyle=dashes, linewidth=2.2, marker="os"[place % 2], markersize=4.5,
              clip_on=False, zorder=3)  # fmt: skip
    axes.fill_between(day, low, high, color=colour, alpha=0.16, linewidth=0)
    axes.set_title(group, fontsize=11.5)
    followed = cells(rows, "at_risk")
    shown = sorted({0, len(day) // 3, 2 * len(day) // 3, len(day) - 1})
    axes.set_xticks([day[i] for i in shown], [f"{day[i]:.0f}\n{followed[i]}" for i in shown])


_CLEAR = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.9}
"""Behind a number that may stand on a line."""


@style.drawn
def love_plot(table: ClearedTable, *, labels: dict[str, str] | None = None) -> Figure:
    """Return the standardised differences before, with the band that chance alone would give.

    table: ``balance``. One mark a characteristic, and one a category of the highest status (of other characteristics
    only the difference over all categories); a second, hollow mark where there are weights.

    >>> love_plot(book.clear(effects.balance_table(children, options))).title
    'The groups differed before by more than chance on 5 of 9 characteristics'
    """
    cleared_only(table)
    whole_only = table.frame["category"].isin(["", "all categories"]) | (table.frame["variable"] == "highest_before")
    rows = [i for i in range(len(table.frame)) if whole_only.iloc[i] and not math.isnan(table.numbers("smd").iloc[i])]
    smd, weighted = table.numbers("smd"), table.numbers("smd_weighted")
    band = float(table.numbers("chance_high").dropna().iloc[0]) if rows else 0.0
    names = [_variable(table, i, labels or {}) for i in rows]
    with style.applied():
        fig, axes = style.new_figure(height=1.7 + 0.34 * len(rows))
        axes.axvspan(-band, band, color="#E9EDF2", label=f"what chance alone would give (±{digits(band, 2)})")
        axes.axvline(0, color=INK, linewidth=1)
        places = np.arange(len(rows))
        axes.scatter(smd.iloc[rows], places, s=44, color=style.DARK, zorder=3, label="a characteristic before")
        if weighted.notna().any():
            axes.scatter(weighted.iloc[rows], places, s=44, facecolor="white", edgecolor=style.MID, linewidth=1.6,
                         marker="s", zorder=3, label="after weighting")  # fmt: skip
        for place, i in enumerate(rows):
            words_at(
                axes, _signed(smd.iloc[i], 2), (smd.iloc[i], place), (0, 6), ha="center", fontsize=8.5, bbox=_CLEAR
            )
        axes.set_yticks(places, names)
        axes.set_ylim(len(rows) - 0.4, -0.9)
        axes.margins(x=0.12)
        axes.set_xlabel("Standardised difference (standard deviations)\n← lower in the programme group     higher →")
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x")
        style.legend_above(axes, columns=1)
    whole = [i for i in rows if table.frame["category"].iloc[i] in ("", "all categories")]
    apart = sum(abs(smd.iloc[i]) > band for i in whole)
    title = (
        f"The groups differed before by more than chance on {apart} of {len(whole)} characteristics"
        if apart
        else f"On none of {len(whole)} characteristics did the groups differ before by more than chance"
    )
    words = f"Dot plot. {title}. " + " ".join(
        f"{name.replace(chr(10), ' ').strip()}: {_signed(smd.iloc[i], 2)}." for name, i in zip(names, rows, strict=True)
    )
    return style.finished(fig, axes, title=title, alt=words)


# --- words and numbers


def _signed(value: float, decimals: int | None = None) -> str:
    return digits(value, (0 if abs(value) >= 10 else 1 if abs(value) >= 1 else 2) if decimals is None else decimals)


def _variable(table: ClearedTable, row: int, labels: dict[str, str]) -> str:
    variable, category = str(table.frame["variable"].iloc[row]), str(table.frame["category"].iloc[row])
    name = labels.get(variable, sentence_case(of_column(variable).short))
    if category in ("", "all categories"):
        return style.wrapped(name, 24)
    part = STATUSES[category].short.lower() if category in STATUSES else category
    return style.wrapped(f"{name}: {part}", 24)


def _bracket_title(table: ClearedTable, outcomes: list[str], unit: str) -> str:
    apart = []
    for outcome in outcomes:
        rows = [table.where(outcome=outcome, estimator=estimator) for estimator in ENDS]
        first, second = (float(row.numbers("estimate").iloc[0]) for row in rows)
        lows, highs = ([float(row.numbers(n).iloc[0]) for row in rows] for n in ("ci_low", "ci_high"))
        apart.append(not (lows[0] <= second <= highs[0] or lows[1] <= first <= highs[1]))
    if any(apart):
        return f"How far the groups differ in {unit} depends on what would have happened without the programme"
    return f"Both ways of comparing the groups give a similar difference in {unit}"


def _bracket_in_words(table: ClearedTable, outcomes: list[str], unit: str, lead: str) -> str:
    parts = [lead]
    for outcome in outcomes:
        for estimator, (condition, _, _) in ENDS.items():
            row = table.where(outcome=outcome, estimator=estimator)
            figures = [cells(row, name)[0] for name in ("estimate", "ci_low", "ci_high")]
            parts.append(
                f"{measured(outcome).title}, {condition}: {figures[0]} {unit} per child ({figures[1]} to {figures[2]})."
            )
    return " ".join(parts)


def _survival_title(table: ClearedTable, groups: list[str], day: float) -> str:
    ends = [table.value("percent_re_referred", group=group, day=day) for group in groups]
    if any(math.isnan(end) for end in ends):
        return f"Children referred again in the {day:.0f} days after, by group"
    shares = " and ".join(f"{whole_percent(end)} of the {group} group" for end, group in zip(ends, groups, strict=True))
    return f"{sentence_case(shares)} had been referred again by day {day:.0f}"


def _survival_in_words(table: ClearedTable, groups: list[str], title: str) -> str:
    parts = [f"Lines of the share re-referred by day. {title}."]
    for group in groups:
        rows = table.where(group=group)
        days, shares = cells(rows, "day"), cells(rows, "percent_re_referred")
        parts.append(f"{group}: " + ", ".join(f"day {d} {s}" for d, s in zip(days, shares, strict=True)) + ".")
    return " ".join(parts)
