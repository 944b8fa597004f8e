"""Charts of one net cost and its relatives: the steps from the first sum to ours, and other ways to do the sum."""

from __future__ import annotations

import numpy as np

from stepdown.disclosure import ClearedTable
from stepdown.disclosure.cleared import NOT_APPLICABLE
from stepdown.numbers import rounded_pounds
from stepdown.show import style
from stepdown.show.cost_charts import empty, money_axis
from stepdown.show.marks import GREY, INK, cleared_only, rows_down, words_at
from stepdown.show.style import Figure


@style.drawn
def steps_chart(table: ClearedTable) -> Figure:
    """Return the waterfall from the first sum to both ends of the bracket.  table: net_cost_steps.

    >>> steps_chart(book.clear(costs.steps_table(inputs))).title
    'From £307,000 to £409,000 by one comparison, and to £495,000 by the other'
    """
    cleared_only(table)
    net, change = (table.numbers(name).to_numpy() for name in ("net_cost_gbp", "change_gbp"))
    if np.isnan(net).any():
        return empty("From the first sum to ours")
    names, steps = table.frame["shown_as"].astype("str").tolist(), table.frame["step"].tolist()
    with style.applied():
        fig, axes = style.new_figure(height=1.5 + 0.55 * len(net))
        for place, (amount, moved) in enumerate(zip(net, change, strict=True)):
            begins = 0.0 if place == 0 else amount - moved
            whole = place == 0
            axes.barh(place, amount - begins, left=begins, height=0.55, color=style.DARK if whole else style.LIGHT,
                      edgecolor=style.DARK, hatch="" if whole or moved >= 0 else "///")  # fmt: skip
            if place:
                axes.plot([begins, begins], [place - 0.75, place], color=GREY, linewidth=0.8)
            added = "" if whole else f" ({'+' if moved >= 0 else ''}{rounded_pounds(moved, *net)})"
            words_at(axes, f"{rounded_pounds(amount, *net)}{added}", (max(amount, begins), place), (5, 0), va="center")
        axes.axvline(0, color=INK, linewidth=1)
        rows_down(axes, names, 22, 0.4, 0.6)
        low, high = min(0.0, net.min()), max(0.0, net.max())
        axes.set_xlim(low - 0.04 * (high - low), high + 0.42 * (high - low))
        axes.set_xlabel("Net cost (£)")
        money_axis(axes, "x")
    title = _steps_title(net, steps)
    words = " ".join(f"{name}: {rounded_pounds(amount, *net)}." for name, amount in zip(names, net, strict=True))
    return style.finished(fig, axes, title=title, alt=f"Waterfall. {title}. {words}")


def _steps_title(net: np.ndarray, steps: list[str]) -> str:
    first, last = (rounded_pounds(amount, *net) for amount in (net[0], net[-1]))
    if "other_comparison" not in steps:
        return f"From {first} to {last}" if len(net) > 1 else f"The net cost is {first} however it is worked out"
    if len(net) == 2:
        return f"{first} by one comparison, {last} by the other"
    return f"From {first} to {rounded_pounds(net[-2], *net)} by one comparison, and to {last} by the other"


@style.drawn
def ways_chart(table: ClearedTable) -> Figure:
    """Return the net cost of every way to do the sum as dots.  table: cost_scenarios.

    The first sum is marked by a diamond. Where the analysis is another, the first is as published, the dashed line is
    the analysis's, and each way changes that; those that it has already are left out.

    >>> ways_chart(book.clear(costs.scenarios_table(inputs))).title
    'Of 16 other ways to do the sum, none turns the answer'
    """
    cleared_only(table)
    names = _names_of_ways(table)
    net = table.numbers("net_cost_gbp").to_numpy().copy()
    own = int("net_cost_in_base_gbp" in table.columns)  # the row of the analysis
    if own:
        net[1:] = table.numbers("net_cost_in_base_gbp").to_numpy()[1:]
    if np.isnan(net[: own + 1]).any():
        return empty("Other ways to do the sum")
    ways = sorted(list(names)[own + 1 :], key=lambda row: (np.isnan(net[row]), net[row]))
    known = [net[row] for row in (*range(own + 1), *ways) if not np.isnan(net[row])]
    ours, order = net[own], [*range(own + 1), *ways]
    labels = [style.wrapped(names[row], 34) for row in order]
    tall = np.array([label.count("\n") + 1.9 for label in labels])  # lines of type
    with style.applied():
        fig, axes = style.new_figure(height=1.2 + 0.15 * float(tall.sum()))
        for place, row in zip(np.cumsum(tall) - tall / 2, order, strict=True):
            if np.isnan(net[row]):
                words_at(axes, "not shown", (ours, place), (5, 0), va="center")
                continue
            axes.plot([ours, net[row]], [place, place], color=GREY, linewidth=0.9)
            color, marker = (style.DARK, "Ds"[row]) if row <= own else (style.MID, "o")
            axes.plot(net[row], place, color=color, marker=marker, markersize=9 if row <= own else 7, linestyle="none")
            words_at(axes, rounded_pounds(net[row], *known), (max(net[row], ours), place), (7, 0), va="center")
        axes.axvline(ours, color=style.DARK, linewidth=1, linestyle=(0, (4, 2)))
        axes.axvline(0, color=INK, linewidth=1.2)
        axes.set_yticks(np.cumsum(tall) - tall / 2, labels, fontsize=9)
        axes.set_ylim(tall.sum(), 0)
        axes.tick_params(axis="y", length=0)
        left, right = min(0.0, *known), max(0.0, *known)
        axes.set_xlim(left - 0.06 * (right - left), right + 0.3 * (right - left))
        axes.set_xlabel(f"Net cost (£); diamond: {'as published' if own else 'the first sum'}")
        money_axis(axes, "x")
    rest = known[own + 1 :]
    turned = sum((amount > 0) != (ours > 0) for amount in rest)
    what = "turns" if turned == 1 else "turn"
    title = f"Of {len(rest)} other ways to do the sum, {turned or 'none'} {what if turned else 'turns'} the answer"
    low, high, here, first = (rounded_pounds(n, *known) for n in (min(known), max(known), ours, net[0]))
    gives = f"The first sum gives {first}" + (f", the analysis {here}" if own else "")
    return style.finished(fig, axes, title=title, alt=f"Dots. {title}. {gives}; all lie between {low} and {high}.")


def _names_of_ways(table: ClearedTable) -> dict[int, str]:
    """Return row → what it is called, without the rows that the analysis has already."""
    reasons = table.frame["reason"].astype("str").tolist()
    if "net_cost_in_base_gbp" not in table.columns:
        return dict(enumerate(reasons))
    blank = (table.marks["net_cost_in_base_gbp"] == NOT_APPLICABLE) & table.frame["net_cost_gbp"].notna()
    return {row: reason for row, reason in enumerate(reasons) if row == 0 or not blank.iloc[row]}
