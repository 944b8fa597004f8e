"""Charts of a case-file review: evidence by item, differences, the evidence grid and agreement. Cleared tables only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from stepdown.disclosure import ClearedTable
from stepdown.numbers import digits, signed
from stepdown.params.review import ReviewSettings
from stepdown.review import sentences
from stepdown.show import style
from stepdown.show.marks import GREY, INK, cleared_only, rows_down, words_at
from stepdown.show.style import Figure

_KINDS = {
    "full": ("Full evidence", style.DARK, ""),
    "partial": ("Partial evidence", style.LIGHT, "///"),
    "any": ("Full or partial: not known separately", "#3F7CAC", "..."),
    "no": ("No evidence", "#F1F3F5", ""),
}
_GRID = {
    "case files and other sources": (style.DARK, "white", "case files and other sources"),
    "case files": ("#3F7CAC", "white", "case files"),
    "other sources": (style.LIGHT, INK, "other sources only"),
    "none": ("#FFFFFF", INK, "none found"),
}


@style.drawn
def evidence_bars(table: ClearedTable, settings: ReviewSettings) -> Figure:
    """Return bars of full, partial and no evidence by item, grouped under its practice feature or outcome.

    table: case_file_items.  Each period has a bar; parts of a period have none. An item whose split is not known has
    one bar for full and partial together; so has one whose split is hidden. A bar whose counts are hidden is left
    out, with a note at its place.

    >>> evidence_bars(book.clear(review.case_file_items(answers, tool, settings)), settings).title
    'On 11 of 15 items, most files during DAARR showed evidence'
    """
    cleared_only(table)
    title = sentences.evidence_title(table.frame, settings)
    bars, texts = _laid_out(table.frame[table.frame["subset"].isin(["before", "during"])])
    bottom = bars[-1][0] + 0.6 if bars else 1.0
    with style.applied():
        fig, axes = style.new_figure(height=1.3 + 0.36 * bottom)
        used = [kind for at, row in bars for kind in _stacked(axes, at, row)]
        for at, text, bold in texts:
            axes.text(0, at, text, fontsize=10 if bold else 9.2, fontweight="bold" if bold else "normal", va="bottom",
                      in_layout=not style.is_narrow())  # fmt: skip
        axes.set_yticks(
            [at for at, _ in bars], [style.wrapped(str(row["subset_label"]), 22, narrow=9) for _, row in bars]
        )
        axes.tick_params(axis="y", length=0, labelsize=8.6)
        axes.set_ylim(bottom, -0.2)
        axes.set_xlim(0, 100)
        axes.set_xlabel("Per cent of files that the item applies to\n(figures in the bars: files)", fontsize=9.5)
        axes.spines["left"].set_visible(False)
        for kind in (kind for kind in _KINDS if kind in used):
            name, colour, hatch = _KINDS[kind]
            look = {"color": colour, "hatch": hatch, "edgecolor": GREY, "linewidth": 0.5}
            axes.barh([-9], [0], label=name, **look)  # off the plot, for the key
        if used:
            style.legend_above(axes, columns=2)
    words = " ".join(_bar_words(row) for _, row in bars)
    return style.finished(fig, axes, title=title, alt=f"Bar chart. {title.rstrip('.')}. {words}")


def _laid_out(rows: pd.DataFrame) -> tuple[list[tuple[float, pd.Series]], list[tuple[float, str, bool]]]:
    """Return where each bar stands, and the lines of text between the bars: (place, text, whether a heading)."""
    bars: list[tuple[float, pd.Series]] = []
    texts: list[tuple[float, str, bool]] = []
    at = 0.0
    for heading, group in rows.groupby("heading", sort=False):
        above = style.wrapped(str(heading), 56, narrow=25)
        at += 0.75 + 0.55 * above.count("\n")
        texts.append((at, above, True))
        for item, mine in group.groupby("item", sort=False):
            if str(item).casefold() != str(heading).casefold():
                text = style.wrapped(str(item), 56, narrow=29)
                at += 0.55 * (1 + text.count("\n")) + 0.12
                texts.append((at, text, False))
            at += 0.42
            for _, row in mine.iterrows():
                bars.append((at, row))
                at += 0.68
            at -= 0.28
        at += 0.45
    return bars, texts


def _stacked(axes: Axes, at: float, row: pd.Series) -> list[str]:
    """Draw one bar and return the kinds of evidence that it shows."""
    total = _number(row["applicable"])
    parts = {"full": _number(row["yes"]), "partial": _number(row["partial"]), "no": _number(row["no"])}
    if not bool(row["split_known"]) or math.isnan(parts["full"]) or math.isnan(parts["partial"]):
        parts = {"any": _number(row["any_evidence"]), "no": parts["no"]}
    if not total or math.isnan(total) or any(math.isnan(count) for count in parts.values()):
        axes.text(1, at, "too few files to show", fontsize=8.6, va="center", style="italic")
        return []
    left = 0.0
    for kind, count in parts.items():
        width = 100 * count / total
        _, colour, hatch = _KINDS[kind]
        axes.barh(at, width, left=left, height=0.6, color=colour, hatch=hatch, edgecolor=GREY, linewidth=0.5)
        if count:
            axes.text(
                left + width / 2, at, f"{int(count)}", ha="center", va="center", fontsize=8.6,
                color="white" if kind in ("full", "any") else INK,
                bbox={"boxstyle": "round,pad=0.15", "facecolor": colour, "edgecolor": "none"},
            )  # fmt: skip
        left += width
    return [kind for kind, count in parts.items() if count]


def _bar_words(row: pd.Series) -> str:
    start = f"{row['item']}, {str(row['subset_label'])}: "
    if pd.isna(row["any_evidence"]) or pd.isna(row["applicable"]):
        return start + "too few files to show."
    total = int(row["applicable"])
    if not bool(row["split_known"]) or pd.isna(row["yes"]) or pd.isna(row["partial"]):
        return f"{start}full or partial {int(row['any_evidence'])} of {total}."
    return f"{start}full {int(row['yes'])}, partial {int(row['partial'])} of {total}."


@style.drawn
def differences_forest(table: ClearedTable, settings: ReviewSettings) -> Figure:
    """Return a forest plot of the listed differences in percentage points, with Newcombe's intervals.

    table: case_file_differences.  The study's first comparison, at its main cut.
    A filled mark stands after Holm's correction; a hollow one does not.

    >>> differences_forest(book.clear(review.case_file_differences(answers, tool, settings)), settings).title
    '2 of 7 differences remain after allowing for all the tests (95% intervals)'
    """
    cleared_only(table)
    pair, title = settings.comparisons[0], sentences.differences_title(table.frame)
    chosen = table.where(cut=settings.main_cut, earlier=pair.earlier, later=pair.later).frame
    chosen = chosen[chosen["prespecified"].astype("bool")]
    rows = [row for _, row in chosen.sort_values("points", ascending=False, na_position="last").iterrows()]
    words = []
    with style.applied():
        fig, axes = style.new_figure(height=1.7 + 0.62 * len(rows))
        axes.axvline(0, color="#3D4650", linewidth=1)
        for at, row in enumerate(rows):
            words.append(_forest_row(axes, at, row))
        rows_down(axes, [str(row["item"]) for row in rows], 27, fontsize=9.5)
        axes.set_xlim(-100, 100)
        axes.set_xticks([-100, -50, 0, 50, 100], ["\N{MINUS SIGN}100", "\N{MINUS SIGN}50", "0", "+50", "+100"])
        axes.set_xlabel("Difference in the share of files with evidence,\npercentage points (line: 95% interval)")
        axes.grid(axis="x")
        axes.spines["left"].set_visible(False)
        _forest_key(axes)
    return style.finished(fig, axes, title=title, alt=f"Forest plot. {title.rstrip('.')}. " + " ".join(words))


def _forest_row(axes: Axes, at: int, row: pd.Series) -> str:
    points, low, high = (_number(row[name]) for name in ("points", "points_low", "points_high"))
    if any(math.isnan(value) for value in (points, low, high)):
        axes.text(3, at, "too few files to show", fontsize=9, va="center", style="italic")
        return f"{row['item']}: too few files to show."
    stands = _number(row["p_holm"]) < 0.05
    axes.plot([low, high], [at, at], color=style.DARK, linewidth=2)
    axes.plot(points, at, "o", markersize=9, color=style.DARK, markerfacecolor=style.DARK if stands else "white")
    words_at(axes, signed(points), (points, at), (0, 8), ha="center", fontsize=9)
    after = "remains after correction" if stands else "does not remain after correction"
    return f"{row['item']}: {signed(points)} points, from {signed(low)} to {signed(high)}, {after}."


def _forest_key(axes: Axes) -> None:
    for filled, text in ((True, "remains after correction"), (False, "does not")):
        axes.plot([], [], "o", color=style.DARK, markerfacecolor=style.DARK if filled else "white", label=text)
    style.legend_above(axes, columns=2)


@style.drawn
def evidence_grid(table: ClearedTable) -> Figure:
    """Return the grid of practice features and outcomes, each cell saying what its evidence rests on.

    table: framework_grid.

    >>> evidence_grid(book.clear(review.framework_grid(answers, tool, settings))).title
    '9 of 14 practice features and outcomes have evidence'
    """
    cleared_only(table)
    frame, title = table.frame, sentences.grid_title(table.frame)
    columns = [(str(name), group) for name, group in frame.groupby("framework", sort=False)]
    height = max(len(group) for _, group in columns)
    with style.applied():
        fig, axes = style.new_figure(height=1.1 + (1.0 if style.is_narrow() else 0.78) * height)
        for column, (name, group) in enumerate(columns):
            axes.text(
                column + 0.02, -0.2, style.wrapped(name, 30, narrow=14), fontweight="bold", va="bottom", fontsize=11
            )
            for at, (_, row) in enumerate(group.iterrows()):
                _grid_cell(axes, column, at, row)
        axes.set_xlim(0, len(columns))
        axes.set_ylim(height, -0.5)
        axes.set_axis_off()
    words = " ".join(f"{row['cell']}: {row['evidence']}." for _, row in frame.iterrows())
    return style.finished(fig, axes, title=title, alt=f"Grid. {title.rstrip('.')}. {words}")


def _grid_cell(axes: Axes, column: int, at: int, row: pd.Series) -> None:
    face, ink, text = _GRID[str(row["evidence"])]
    none = row["evidence"] == "none"
    axes.add_patch(
        Rectangle(
            (column + 0.02, at + 0.05), 0.96, 0.9, facecolor=face, edgecolor=GREY, linewidth=0.8,
            linestyle="--" if none else "-",
        )
    )  # fmt: skip
    called = style.wrapped(str(row["cell"]), 29, narrow=17)
    axes.text(column + 0.06, at + 0.13, called, va="top", fontsize=8.8, color=ink, fontweight="bold", linespacing=1.1)
    axes.text(column + 0.06, at + 0.88, style.wrapped(text, 40, narrow=18), va="bottom", fontsize=8.4, color=ink)


@style.drawn
def agreement_dots(table: ClearedTable, measures: Sequence[str] = ("agreement", "ac2")) -> Figure:
    """Return agreement by item: one mark for each measure with its bootstrap interval, worst item first.

    table: agreement.  measures: columns of it, two of agreement, kappa, ac1, ac2, alpha.

    >>> agreement_dots(book.clear(review.agreement(answers, tool, settings, seed=1))).title
    'Agreement between reviewers: too few files to show'
    """
    cleared_only(table)
    title = sentences.agreement_title(table.frame)
    rows = [row for _, row in table.frame.iterrows()]
    marks = {name: (("o", style.DARK, style.DARK), ("s", GREY, "white"))[i % 2] for i, name in enumerate(measures)}
    words = []
    with style.applied():
        fig, axes = style.new_figure(height=1.7 + 0.55 * len(rows))
        for at, row in enumerate(rows):
            for offset, name in zip((-0.15, 0.15), measures, strict=False):
                _agreement_mark(axes, at + offset, row, name, marks[name])
            words.append(_agreement_words(row, measures, table))
        rows_down(axes, [str(row["item"]) for row in rows], 30, fontsize=9)
        lowest = min(
            [0.0, *(_number(row[f"{name}_low"]) for row in rows for name in measures if row[f"{name}_low"] < 0)]
        )
        axes.set_xlim(math.floor(lowest * 5) / 5, 1.02)
        axes.set_xlabel(
            "0: no better than chance (raw: none alike)   1: always alike\n(line: 95% interval)", fontsize=9.5
        )
        axes.grid(axis="x")
        axes.spines["left"].set_visible(False)
        for name, (shape, edge, face) in marks.items():
            label = table.columns[name].label
            axes.plot([], [], shape, color=edge, markerfacecolor=face, markersize=7, label=label)
        style.legend_above(axes, columns=2)
    return style.finished(fig, axes, title=title, alt=f"Dot plot. {title.rstrip('.')}. " + " ".join(words))


def _agreement_mark(axes: Axes, at: float, row: pd.Series, name: str, mark: tuple[str, str, str]) -> None:
    value, low, high = (_number(row[name + part]) for part in ("", "_low", "_high"))
    if math.isnan(value):
        return
    shape, edge, face = mark
    if not math.isnan(low):
        axes.plot([low, high], [at, at], color=edge, linewidth=1.6)
    axes.plot(value, at, shape, color=edge, markerfacecolor=face, markersize=7)


def _agreement_words(row: pd.Series, measures: Sequence[str], table: ClearedTable) -> str:
    known = [name for name in measures if not pd.isna(row[name])]
    parts = [f"{table.columns[name].label} {digits(row[name], 2)}" for name in known]
    return f"{row['item']}: {', '.join(parts) or 'not defined or too few files to show'}."


def _number(value: Any) -> float:
    return float("nan") if pd.isna(value) else float(value)
