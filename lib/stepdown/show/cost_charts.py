"""Charts of the cost-benefit analysis: savings against the cost, months needed, tornado, plane, acceptability curve.

Each is drawn from cleared tables only and says in its title what it shows. Money on an axis is in thousands of pounds
where that reads better; the two ends of the bracket differ in colour, in line and in mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from stepdown.costs.estimators import ESTIMATOR_WORDS
from stepdown.costs.sentences import interval_end
from stepdown.costs.uncertainty import INSIDE
from stepdown.disclosure import ClearedTable
from stepdown.measures import sentence_case
from stepdown.numbers import as_pounds, digits, rounded_pounds, whole_percent
from stepdown.params.effects import BRACKET
from stepdown.show import style
from stepdown.show.marks import GREY, INK, cleared_only, rows_down, short_pounds, words_at
from stepdown.show.style import Figure

_LOOKS: dict[str, dict[str, Any]] = {
    BRACKET[0]: {"color": style.METHODS[0], "marker": "o", "linestyle": "-"},
    BRACKET[1]: {"color": style.METHODS[1], "marker": "^", "linestyle": "--"},
}
_CALLED = {end: sentence_case(ESTIMATOR_WORDS[end]) for end in BRACKET}
_CLEAR = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.8}
MOST_MONTHS = 24
"""How far a saving is drawn on: beyond it the title says what it would take."""

HIDDEN = "The numbers behind this chart are hidden or undefined: too few children or families."


def money_axis(axes: Axes, which: str) -> None:
    """Write pounds along an axis, with a grid."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_formatter(FuncFormatter(short_pounds))
    axes.grid(axis=which)
    if which == "x":
        axes.locator_params(axis="x", nbins=5)


@style.drawn
def empty(title: str) -> Figure:
    """Return a chart that says that its numbers are hidden."""
    with style.applied():
        fig, axes = style.new_figure(height=1.6)
        axes.axis("off")
        axes.text(0.5, 0.5, style.wrapped(HIDDEN, 40), ha="center", va="center", transform=axes.transAxes)
    return style.finished(fig, axes, title=title, alt=f"{title}. {HIDDEN}")


@style.drawn
def savings_chart(table: ClearedTable) -> Figure:
    """Return savings with their intervals against the programme's cost (saving + net cost), days inside the window.

    table: saving_bracket.

    >>> savings_chart(book.clear(costs.saving_bracket_table(inputs))).title
    'However the groups are compared, the saving stays below what was spent'
    """
    cleared_only(table)
    inside, columns = table.where(days=INSIDE), ("saving_gbp", "saving_low_gbp", "saving_high_gbp")
    rows = {end: tuple(inside.value(c, estimator=end) for c in columns) for end in BRACKET}
    cost = sum(inside.value(c, estimator=BRACKET[0]) for c in ("saving_gbp", "net_cost_gbp"))
    if np.isnan([cost, *np.ravel(list(rows.values()))]).any():
        return empty("Savings and cost")
    lows, highs = [row[1] for row in rows.values()], [row[2] for row in rows.values()]
    title = _savings_title(lows, highs, cost)
    words = []
    with style.applied():
        fig, axes = style.new_figure(height=1.75 + 0.6 * len(rows))
        for place, (end, (estimate, low, high)) in enumerate(rows.items()):
            look = {name: _LOOKS[end][name] for name in ("color", "marker")}
            axes.plot([low, high], [place, place], color=look["color"], linewidth=2.6, solid_capstyle="butt")
            axes.plot(estimate, place, markersize=9, linestyle="none", **look)
            said = rounded_pounds(estimate, cost) if estimate >= 0 else f"cost {rounded_pounds(-estimate, cost)} more"
            at = estimate if estimate >= 0 else low  # the longer text needs the room
            words_at(axes, said, (at, place), (0, 8), bbox=_CLEAR)
            ends = f"{interval_end(low, cost)} to {interval_end(high, cost)}"
            words.append(f"{_CALLED[end]}: {said}, interval {ends}.")
        axes.axvline(0, color=GREY, linewidth=0.9)
        axes.axvline(cost, color=INK, linewidth=2, linestyle=(0, (6, 2)))
        rows_down(axes, [_CALLED[end] for end in rows], 26, 0.3, 0.9)
        called = f"cost {rounded_pounds(cost)}"
        axes.text(cost, -0.6, f"{called} ", ha="right", va="center", fontsize=10, fontweight="bold")
        low, high = min(0.0, *lows), max(cost, *highs)
        axes.set_xlim(low - 0.04 * (high - low), high + (0.06 if high == cost else 0.25) * (high - low))
        axes.set_xlabel("Saving, with its 95% interval (£)")
        money_axis(axes, "x")
    alt = f"Marks with intervals. {title}. {' '.join(words)} The programme {called}."
    return style.finished(fig, axes, title=title, alt=alt)


def _savings_title(lows: Sequence[float], highs: Sequence[float], cost: float) -> str:
    if max(highs) < cost:
        return "However the groups are compared, the saving stays below what was spent"
    if min(lows) > cost:
        return "However the groups are compared, the saving is more than what was spent"
    return "The saving may or may not cover what was spent: an interval reaches it"


@style.drawn
def months_chart(table: ClearedTable, observed: int = MOST_MONTHS) -> Figure:
    """Return net cost by how many months the saving lasts, one line an end of the bracket.

    table: net_cost_by_months.  observed: months that were followed; what lies beyond is drawn dashed, to 24 months.

    >>> months_chart(book.clear(costs.net_cost_by_months_table(inputs)), book.settings.window_months).title
    'By one comparison a saving of 29 months covers what was spent; by the other not even one of 120 months'
    """
    cleared_only(table)
    if table.frame["net_cost_gbp"].isna().all():
        return empty("Net cost by how long the saving lasts")
    crossings: dict[str, float | None] = {}
    begins: dict[str, tuple[float, float]] = {}
    with style.applied():
        fig, axes = style.new_figure(height=4.0)
        for end in BRACKET:
            rows = table.where(estimator=end)
            months, net = rows.numbers("months").to_numpy(), rows.numbers("net_cost_gbp").to_numpy()
            crossings[end] = _crossing(months, net)
            beyond = (months >= observed) & (months <= MOST_MONTHS)
            look = {"color": _LOOKS[end]["color"], "linewidth": 2.4}
            mark = {"marker": _LOOKS[end]["marker"], "markersize": 8, "markevery": [0]}
            axes.plot(months[beyond], net[beyond], linestyle=(0, (3, 2)), label=_CALLED[end], **look, **mark)
            begins[end] = (float(months[0]), float(net[0]))
            _mark_crossing(axes, end, crossings[end] if (crossings[end] or 0) <= MOST_MONTHS else None)
        if not style.is_narrow():
            for place, (month, amount) in enumerate(sorted(begins.values(), key=lambda at: at[1])):
                text, va = rounded_pounds(amount), ("top", "bottom")[place]
                words_at(axes, text, (month, amount), (-8, 0), ha="right", va=va, fontsize=10)
        if observed < MOST_MONTHS:
            axes.axvspan(0, observed, color="#E9EDF2", zorder=0, label=f"the {observed} months that were followed")
        axes.axhline(0, color=INK, linewidth=1.3)
        axes.margins(y=0.12)
        axes.set_xlim(left=0, right=MOST_MONTHS + 1)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=7, integer=True))
        axes.set_xlabel("Months that the saving lasts")
        axes.set_ylabel("Net cost (£)")
        money_axis(axes, "y")
        style.legend_above(axes, columns=1)
    last = float(table.numbers("months").max())
    found = [month for month in crossings.values() if month is not None]
    title = _months_title(found, last)
    words = " ".join(
        f"{_CALLED[end]}: £0 is {f'reached after {digits(m)}' if m else f'not reached in {digits(last)}'} months."
        for end, m in crossings.items()
    )
    alt = f"Line chart. {title}. {words} Below £0 the programme pays for itself."
    return style.finished(fig, axes, title=title, alt=alt)


def _mark_crossing(axes: Axes, end: str, month: float | None) -> None:
    if month is None:
        return
    look = _LOOKS[end]
    axes.plot(month, 0, marker=look["marker"], color=look["color"], markersize=10)
    side, right, up = ("right", -8, -16) if end == BRACKET[0] else ("left", 6, 9)
    text = f"{digits(month)} months"
    words_at(axes, text, (month, 0), (right, up), ha=side, fontsize=11, fontweight="bold", color=look["color"])


def _months_title(found: Sequence[float], last: float) -> str:
    if not found:
        return f"The saving would not cover what was spent even if it lasted {digits(last)} months"
    low, high = digits(min(found)), digits(max(found))
    span = low if low == high else f"{low} to {high}"
    if len(found) < len(BRACKET):
        other = f"by the other not even one of {digits(last)} months"
        return f"By one comparison a saving of {span} months covers what was spent; {other}"
    return f"To cover what was spent, the saving would have to last {span} months"


def _crossing(months: np.ndarray, net: np.ndarray) -> float | None:
    """Return where a falling line meets nought, between its points; None when it does not."""
    below = np.flatnonzero(net <= 0)
    if not len(below):
        return None
    i = int(below[0])
    if i == 0:
        return float(months[0])
    return float(months[i - 1] + net[i - 1] / (net[i - 1] - net[i]) * (months[i] - months[i - 1]))


@style.drawn
def tornado_chart(table: ClearedTable, *, most: int = 9) -> Figure:
    """Return the net cost between the ends of each input, widest first.  table: tornado; most: bars shown.

    >>> tornado_chart(book.clear(costs.tornado_table(inputs))).title
    'No single input turns the answer; the widest is “children in each family who gain as the sampled child did”'
    """
    cleared_only(table)
    rows = table.frame.assign(low=table.numbers("net_low_gbp"), high=table.numbers("net_high_gbp"))
    rows = rows[rows["low"].notna() & rows["high"].notna()].assign(width=rows["low"] - rows["high"])
    rows = rows.sort_values("width", kind="stable").head(most).reset_index(drop=True)
    if rows.empty:
        return empty("What the net cost depends on")
    title = _tornado_title(rows)
    base = float(table.numbers("base_net_gbp").iloc[0])
    with style.applied():
        fig, axes = style.new_figure(height=1.5 + 0.66 * len(rows))
        for place, row in enumerate(rows.to_dict("records")):
            turns = row["low"] < 0 < row["high"]
            colour, edge, hatch = (style.DARK, "white", "///") if turns else (style.LIGHT, style.DARK, "")
            look = {"color": colour, "hatch": hatch, "edgecolor": edge, "linewidth": 0.6}
            axes.barh(place, row["high"] - row["low"], left=row["low"], height=0.5, **look)
            for end, side, right in (("low", "right", -5), ("high", "left", 5)):
                words_at(axes, short_pounds(row[end]), (row[end], place), (right, 0), ha=side, va="center", bbox=_CLEAR)
        axes.axvline(base, color=GREY, linewidth=1.2, linestyle=":")
        axes.axvline(0, color=INK, linewidth=1.8)
        rows_down(axes, [str(name) for name in rows["shown_as"]], 27, 0.3, 0.7, fontsize=10)
        low, high = min(0.0, float(rows["low"].min())), max(0.0, float(rows["high"].max()))
        room = (0.5 if style.is_narrow() else 0.32) * (high - low)  # for the number beside the longest bar
        axes.set_xlim(min(0.0, float(rows["low"].min()) - room), high + 0.26 * (high - low))
        axes.set_xlabel("Net cost (£); left of £0 the programme pays\nfor itself (dark, hatched bars reach there)")
        money_axis(axes, "x")
    words = " ".join(
        f"{r['shown_as']}: {rounded_pounds(r['low'])} ({r['low_at']}) to {rounded_pounds(r['high'])} ({r['high_at']})."
        for _, r in rows.iterrows()
    )
    alt = f"Bars, one an input, widest first. {title}. The analysis gives {rounded_pounds(base)}. {words}"
    return style.finished(fig, axes, title=title, alt=alt)


def _tornado_title(rows: pd.DataFrame) -> str:
    turning = int(((rows["low"] < 0) & (rows["high"] > 0)).sum())
    first = str(rows["shown_as"].iloc[0])
    if not turning:
        return f"No single input turns the answer; the widest is “{first[0].lower()}{first[1:]}”"
    words = {1: "One input", 2: "Two inputs", 3: "Three inputs"}.get(turning, f"{turning} inputs")
    return f"{words} could turn the answer, {'each ' if turning > 1 else ''}moved alone"


@style.drawn
def plane_chart(table: ClearedTable) -> Figure:
    """Return the cost-effectiveness plane: one mark a simulated repeat.  table: cost_plane.

    >>> plane_chart(book.clear(costs.plane_table(inputs))).title
    'None of the 1,000 repeats drawn here falls below £0, where it pays for itself'
    """
    cleared_only(table)
    if table.frame["net_cost_per_child_gbp"].isna().all():
        return empty("Days avoided and net cost for each child")
    below = float((table.numbers("net_cost_per_child_gbp") < 0).mean())
    share = "None" if below == 0 else "Few" if below < 0.05 else "Some" if below < 0.5 else "Most"
    falls = "falls" if share == "None" else "fall"
    # the chart draws some of the repeats, so its title speaks of those; the table of the bracket speaks of all
    title = f"{share} of the {len(table.frame):,} repeats drawn here {falls} below £0, where it pays for itself"
    sentences = []
    with style.applied():
        fig, axes = style.new_figure(height=4.4)
        for estimator in BRACKET:
            rows = table.where(estimator=estimator)
            days, cost = rows.numbers("days_avoided_per_child"), rows.numbers("net_cost_per_child_gbp")
            colour, shape = _LOOKS[estimator]["color"], _LOOKS[estimator]["marker"]
            face = colour if estimator == BRACKET[0] else "none"
            look = {"facecolors": face, "edgecolors": colour, "linewidths": 0.6, "alpha": 0.55}
            axes.scatter(days, cost, s=14, marker=shape, label=_CALLED[estimator], **look)
            sentences.append(
                f"{_CALLED[estimator]}: days avoided per child mostly {digits(days.quantile(0.05))} to "
                f"{digits(days.quantile(0.95))}, net cost per child mostly {as_pounds(cost.quantile(0.05))} to "
                f"{as_pounds(cost.quantile(0.95))}; below £0 in {digits(100 * (cost < 0).mean())}% of the marks."
            )
        axes.axhline(0, color=INK, linewidth=1.6)
        axes.axvline(0, color=INK, linewidth=1.0)
        low, high = axes.get_ylim()
        axes.set_ylim(min(low, -0.18 * (high - min(low, 0))), high)
        left, right = axes.get_xlim()
        axes.set_xlim(min(left, -0.06 * right), right)
        below_line = {"xycoords": ("axes fraction", "data"), "ha": "right", "fontsize": 10, "bbox": _CLEAR}
        words_at(axes, "below this line it pays for itself", (0.99, 0), (0, -13), **below_line)
        axes.set_xlabel("Days of statutory care avoided per child")
        axes.set_ylabel("Net cost per child (£)")
        money_axis(axes, "y")
        axes.grid(axis="x")
        style.legend_above(axes, columns=1)
    alt = f"Scatter of simulated repeats. {title}. {' '.join(sentences)}"
    return style.finished(fig, axes, title=title, alt=alt)


@style.drawn
def acceptability_chart(table: ClearedTable) -> Figure:
    """Return the acceptability curve: chance that the programme is worth it by the worth of a day.

    table: acceptability.

    >>> acceptability_chart(book.clear(costs.acceptability_table(inputs))).title
    'An even chance of being worth it needs £55 a day avoided, or more than £200'
    """
    cleared_only(table)
    if table.frame["probability_worth_it"].isna().all():
        return empty("The chance of being worth it")
    sentences, halves = [], []
    with style.applied():
        fig, axes = style.new_figure(height=3.7)
        for estimator in BRACKET:
            rows = table.where(estimator=estimator)
            worth, chance = rows.numbers("willingness_gbp"), rows.numbers("probability_worth_it") * 100
            look = {name: _LOOKS[estimator][name] for name in ("color", "linestyle")}
            axes.plot(worth, chance, linewidth=2.4, label=_CALLED[estimator], **look)
            half = worth[chance >= 50]
            halves += [float(half.iloc[0])] if len(half) else []
            reached = (
                f"even chance at {as_pounds(half.iloc[0])} a day" if len(half) else "an even chance is not reached"
            )
            sentences.append(f"{_CALLED[estimator]}: {whole_percent(chance.iloc[0])} at £0, {reached}.")
        axes.axhline(50, color=GREY, linewidth=1.0, linestyle=":")
        words_at(axes, "even chance", (0.01, 50), (0, 3), xycoords=("axes fraction", "data"), bbox=_CLEAR)
        axes.set_ylim(-3, 103)
        axes.set_xlim(0, float(table.numbers("willingness_gbp").max()))
        axes.set_xlabel("What a day of statutory care avoided is thought worth,\nbeyond the money it saves (£)")
        axes.set_ylabel("Chance of being worth it (%)")
        axes.grid(axis="y")
        style.legend_above(axes, columns=1)
    title = _worth_title(halves, float(table.numbers("willingness_gbp").max()))
    alt = f"Line chart. {title}. {' '.join(sentences)}"
    return style.finished(fig, axes, title=title, alt=alt)


def _worth_title(halves: list[float], last: float) -> str:
    if not halves:
        return f"Even at {as_pounds(last)} a day avoided, the programme is more likely than not too dear"
    low, high = as_pounds(min(halves)), as_pounds(max(halves))
    if len(halves) < len(BRACKET):
        return f"An even chance of being worth it needs {low} a day avoided, or more than {as_pounds(last)}"
    if low == high == "£0":
        return "More likely than not the programme is worth it, even without a worth put on a day avoided"
    span = low if low == high else f"{low} to {high}"
    return f"An even chance of being worth it needs a day avoided to be worth {span}"
