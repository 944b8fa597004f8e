"""Charts of one net cost and its relatives: the steps from the first sum to ours, and other ways to do the sum."""

from __future__ import annotations

import numpy as np

from stepdown.disclosure import ClearedTable
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
    """Return the net cost of every way to do the sum as dots, the first one marked.  table: cost_scenarios.

    >>> ways_chart(book.clear(costs.scenarios_table(inputs))).title
    'Of 19 other ways to do the sum, 2 turn the answer'
    """
    cleared_only(table)
    net = table.numbers("net_cost_gbp").to_numpy()
    reasons = table.frame["reason"].astype("str").tolist()
    if np.isnan(net[0]) or np.isnan(net).all():
        return empty("Other ways to do the sum")
    order = [0, *sorted(range(1, len(net)), key=lambda row: (np.isnan(net[row]), net[row]))]
    with style.applied():
        fig, axes = style.new_figure(height=1.2 + 0.5 * len(net))
        for place, row in enumerate(order):
            if np.isnan(net[row]):
                words_at(axes, "not shown", (net[0], place), (5, 0), va="center")
                continue
            axes.plot([net[0], net[row]], [place, place], color=GREY, linewidth=0.9)
            look = {"marker": "D", "color": style.DARK} if row == 0 else {"marker": "o", "color": style.MID}
            axes.plot(net[row], place, markersize=9 if row == 0 else 7, linestyle="none", **look)
            words_at(axes, rounded_pounds(net[row], *net), (max(net[row], net[0]), place), (7, 0), va="center")
        axes.axvline(net[0], color=style.DARK, linewidth=1, linestyle=(0, (4, 2)))
        axes.axvline(0, color=INK, linewidth=1.2)
        rows_down(axes, [reasons[row] for row in order], 34, 0.4, 0.6, fontsize=9)
        known = net[~np.isnan(net)]
        left, right = min(0.0, known.min()), max(0.0, known.max())
        axes.set_xlim(left - 0.06 * (right - left), right + 0.3 * (right - left))
        axes.set_xlabel("Net cost (£); diamond: the first sum")
        money_axis(axes, "x")
    turned = int(sum((amount > 0) != (net[0] > 0) for amount in known[1:]))
    what = "turns" if turned == 1 else "turn"
    title = f"Of {len(known) - 1} other ways to do the sum, {turned or 'none'} {what if turned else 'turns'} the answer"
    low, high = (rounded_pounds(end, *known) for end in (known.min(), known.max()))
    alt = f"Dots. {title}. The first sum gives {rounded_pounds(net[0], *known)}; all lie between {low} and {high}."
    return style.finished(fig, axes, title=title, alt=alt)
