"""Charts of notebook 9: entry beside exit with those not seen again, the flow, and shares and changes with bounds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from stepdown.disclosure import ClearedTable
from stepdown.numbers import NOT_SHOWN, digits, signed
from stepdown.show import style
from stepdown.show.marks import GREY, INK, cells, cleared_only, in_order, rows_down, words_at
from stepdown.show.style import Figure
from stepdown.surveys.sentences import STEPS, steps


@style.drawn
def entry_and_exit(change: ClearedTable) -> Figure:
    """Return a pair of bars a measure, the means at entry and exit, with who was not seen again beside each pair."""
    cleared_only(change)
    names, both, lost = in_order(change, "measure"), cells(change, "both"), cells(change, "lost")
    means = {"at entry": change.numbers("mean_entry"), "at exit": change.numbers("mean_exit")}
    rows = np.arange(len(names))
    with style.applied():
        fig, axes = style.new_figure(height=1.4 + len(names))
        for (label, values), offset in zip(means.items(), (-0.18, 0.18), strict=True):
            places, colour = rows + offset, style.LIGHT if offset < 0 else style.DARK
            axes.barh(places, values, 0.32, color=colour, edgecolor=INK, linewidth=0.6, label=f"mean {label}")
            for place, value in zip(places, values, strict=True):
                text = digits(value, 1) if np.isfinite(value) else ""
                words_at(axes, text, (np.nan_to_num(value), place), (4, 0), va="center")
        widest = float(np.nanmax([1.0, *means["at entry"], *means["at exit"]]))
        for place, seen, gone in zip(rows, both, lost, strict=True):
            axes.text(widest * 1.3, place, f"{seen} measured twice\n{gone} not seen again", va="center", fontsize=9.5)
        rows_down(axes, names, 22)
        axes.set(xlim=(0, widest * 1.85), xlabel="points (each measure has its own scale)")
        style.legend_above(axes)
    up = (means["at exit"] > means["at entry"]) == (change.frame["better"] == "higher")
    better = int((up & means["at exit"].notna() & means["at entry"].notna()).sum())
    title = f"People measured twice were better at exit in {better} of {len(names)} measures, on average"
    said = [
        f"{name}: {digits(entry, 1)} at entry, {digits(exit, 1)} at exit, {seen} measured twice, {gone} not seen again"
        for name, entry, exit, seen, gone in zip(names, *means.values(), both, lost, strict=True)
    ]
    return style.finished(fig, axes, title=title, alt=f"Bars, two per measure. {'; '.join(said)}.")


@style.drawn
def bounds_of_change(change: ClearedTable) -> Figure:
    """Return each change of those measured twice, with its interval, and the bounds for everyone due."""
    cleared_only(change)
    names = in_order(change, "measure")
    with style.applied():
        fig, axes = style.new_figure(height=1.5 + 0.7 * len(names))
        axes.axvline(0, color=GREY, linewidth=1)
        _bars(axes, change, ("worst", "best"), style.LIGHT, 9, "bounds for everyone due")
        _bars(axes, change, ("ci_low", "ci_high"), style.DARK, 2.5, "")
        rows = range(len(names))
        axes.plot(change.numbers("change"), rows, "o", color=style.DARK, label="those measured twice, with interval")
        hollow = {"markerfacecolor": "white", "markeredgecolor": INK}
        axes.plot(change.numbers("no_change"), rows, "D", **hollow, label="all, if those not seen had not changed")
        rows_down(axes, names, 22)
        axes.set_xlabel("change, in points")
        style.legend_above(axes)
    said = [
        f"{row['measure']}: {signed(row['change'], 1)} of those measured twice, {signed(row['no_change'], 1)} if the "
        f"others had not changed, {signed(row['worst'], 1)} and {signed(row['best'], 1)} at the ends of the scale"
        for _, row in change.frame.iterrows()
    ]
    title = "How far those not seen again could move each change"
    return style.finished(fig, axes, title=title, alt=f"Dots with intervals and bounds. {'; '.join(said)}.")


def _bars(axes: Axes, table: ClearedTable, ends: Sequence[str], colour: str, width: float, label: str) -> None:
    """Draw a line from one column to the other in each row."""
    for place, pair in enumerate(zip(*(table.numbers(column) for column in ends), strict=True)):
        shown = {"label": label} if label and not place else {}
        axes.plot(pair, [place, place], color=colour, linewidth=width, solid_capstyle="butt", **shown)


@style.drawn
def flow(reach: ClearedTable) -> Figure:
    """Return the flow of each activity and role: a bar a step."""
    cleared_only(reach)
    found = steps(reach.frame)
    names = [f"{row['activity']}, {row['role']}" for _, row in found.iterrows()]
    with style.applied():
        fig, axes = style.new_figure(height=1.4 + 1.1 * len(names))
        for number, step in enumerate(STEPS):
            places, values = np.arange(len(names)) + (number - 1.5) * 0.2, found[step].astype("float64")
            axes.barh(places, values, 0.18, color=style.SERIES[number], label=step, hatch=style.HATCHES[number])
            for place, value in zip(places, values, strict=True):
                text = digits(value) if np.isfinite(value) else "not shown"
                words_at(axes, text, (np.nan_to_num(value), place), (4, 0), va="center")
        rows_down(axes, names, 22)
        axes.set_xlabel("people")
        style.legend_above(axes, columns=4)
    said = [
        f"{name}: " + ", ".join(f"{digits(v) if np.isfinite(v) else NOT_SHOWN} {step}" for step, v in row.items())
        for name, row in zip(names, found[list(STEPS)].to_dict("records"), strict=True)
    ]
    alt = f"Bars, four per activity. {'; '.join(said)}."
    return style.finished(fig, axes, title="From referral to exit, by activity", alt=alt)


@style.drawn
def survey_answers(items: ClearedTable) -> Figure:
    """Return each question's share with the limits for a random sample and the bounds for any."""
    cleared_only(items)
    names = in_order(items, "question")
    with style.applied():
        fig, axes = style.new_figure(height=1.5 + 0.7 * len(names))
        _bars(axes, items, ("bound_low", "bound_high"), style.LIGHT, 9, "whatever the others think")
        _bars(axes, items, ("low", "high"), style.DARK, 2.5, "if drawn at random")
        axes.plot(items.numbers("percent"), range(len(names)), "o", color=style.DARK, label="of those who answered")
        rows_down(axes, names, 24)
        axes.set(xlim=(0, 101), xlabel="share of all who could have been asked (%)")
        style.legend_above(axes)
    said = [
        f"{row['question']}: {digits(row['percent'], 1)}% of those who answered, {digits(row['low'], 1)}% to "
        f"{digits(row['high'], 1)}% if drawn at random, {digits(row['bound_low'], 1)}% to "
        f"{digits(row['bound_high'], 1)}% whatever the others think"
        for _, row in items.frame.iterrows()
    ]
    title = "What the answers say about everyone who could have been asked"
    return style.finished(fig, axes, title=title, alt=f"Dots with limits. {'; '.join(said)}.")
