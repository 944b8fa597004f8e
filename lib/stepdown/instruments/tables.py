"""The tables of questionnaires: change beside those not seen again, bands, reliable change, yes/no questions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from stepdown.instruments.changing import (
    NAN,
    better_shares,
    bounds,
    change,
    cut_offs,
    difference,
    reliable_change,
)
from stepdown.instruments.measured import Measured
from stepdown.instruments.scoring import band
from stepdown.tables import AddsUp, AggregateTable, Column, Role

AT_AN_END = 0.15
"""Share of people at one end of a scale from which on it is said to have a floor or ceiling: a convention, as in
PMC10100612, table 2 ("pre-defined 15% threshold")."""

_KEY = {"measure": Column("Measure", Role.KEY)}
_WHO = {
    "code": Column("Code", Role.OPEN, about="Name of the measure, as in effects: outcomes."),
    "activity": Column("Activity", Role.OPEN, about="That they all started in, where there is one."),
    "role": Column("Who", Role.OPEN),
    "entries": Column("At entry", Role.COUNT, "people", 0, about="With every scale that is shown."),
    "both": Column("Measured twice", Role.COUNT, "people", 0),
    "lost": Column("Not seen again", Role.COUNT, "people", 0, about="Due at exit and not measured."),
    "not_due": Column("Not due yet", Role.COUNT, "people", 0, about="The activity still runs."),
}
_BOTH, _ALL, _LOST = ("both",), ("both", "lost"), ("lost",)

_MEANS_SHOWN = ("mean_entry", "mean_exit", "change", "ci_low", "ci_high", "srm")
CHANGE_SHOWN = ("measure", "entries", "both", "lost", "not_due", *_MEANS_SHOWN)
BOUNDS_SHOWN = ("measure", "both", "lost", "change", "no_change", "worst", "best")
COMPLETERS_SHOWN = ("measure", "both", "mean_entry", "lost", "entry_lost", "gap", "gap_low", "gap_high")
RELIABLE_SHOWN = ("measure", "rule", "direction", "people", "both", "percent")
BANDS_SHOWN = ("measure", "band", "at_entry", "percent_entry", "at_exit", "percent_exit")
YES_SHOWN = (
    "measure",
    "both",
    "lost",
    "percent_entry",
    "percent_exit",
    "change",
    "ci_low",
    "ci_high",
    "p",
    "worst",
    "best",
)


def _scales(people: Sequence[Measured], *, yes_no: bool) -> Iterator[tuple[Measured, str]]:
    for each in people:
        for scale in each.instrument.scales:
            if each.key.scales[scale].is_yes_no == yes_no:
                yield each, scale


def _paired(each: Measured, scale: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return entry and exit of those measured both times, and entry of those lost."""
    entry, exit = (frame[scale].to_numpy(dtype="float64") for frame in (each.entry, each.exit))
    return entry[each.both], exit[each.both], entry[each.lost]


def _counts(each: Measured, scale: str) -> tuple[object, ...]:
    flags = [int(flag.sum()) for flag in (each.both, each.lost, each.not_due)]
    return f"{each.instrument.name}_{scale}", each.activity, each.role, len(each.entry), *flags


def change_table(people: Sequence[Measured], level: float) -> AggregateTable:
    """Return ``measure_change``: one row is a scale of a questionnaire.

    Change is exit minus entry of those measured both times. no_change, worst, best: the mean change of all who were due
    if those not seen again had not changed, or were at the worst or best end of the scale.
    """
    rows = []
    for each, scale in _scales(people, yes_no=False):
        own = each.key.scales[scale]
        entry, exit, lost = _paired(each, scale)
        found = change(entry, exit, level)
        ends = (own.lowest, own.highest) if own.better == "higher" else (own.highest, own.lowest)
        could = bounds(exit - entry, lost, ends)
        at_end = [float((each.entry[scale] == end).mean()) if len(each.entry) else 0.0 for end in ends]
        flags = [name for name, part in zip(("worst", "best"), at_end, strict=True) if part >= AT_AN_END]
        means = (found.entry, found.exit, found.mean, found.low, found.high, found.srm, found.p)
        rows.append(
            (each.label(scale), own.better, *_counts(each, scale), *means, could["no_change"], could["worst"],
             could["best"], lost.mean() if len(lost) else NAN, *difference(entry, lost, level),
             _by_regression(each, scale), " and ".join(flags) or "no")
        )  # fmt: skip
    points = {name: Column(label, Role.DERIVED, "", 2, rests) for name, label, rests in (
        ("mean_entry", "Mean at entry", _BOTH), ("mean_exit", "Mean at exit", _BOTH), ("change", "Change", _BOTH),
        ("ci_low", "from", _BOTH), ("ci_high", "to", _BOTH))}  # fmt: skip
    more = {name: Column(label, Role.DERIVED, "", 2, rests) for name, label, rests in (
        ("no_change", "Change of all, if not seen is unchanged", _ALL),
        ("worst", "if at the worst end", _ALL), ("best", "if at the best end", _ALL),
        ("entry_lost", "Mean at entry, not seen again", _LOST),
        ("gap", "Difference", _ALL), ("gap_low", "from", _ALL),
        ("gap_high", "to", _ALL), ("by_regression", "Change that would come anyway", _BOTH))}  # fmt: skip
    columns = {
        **_KEY,
        "better": Column("Better is", Role.OPEN),
        **_WHO,
        **points,
        "srm": Column("Change ÷ its spread", Role.DERIVED, "", 2, _BOTH, "The standardised response mean (SRM)."),
        "p": Column("p value", Role.DERIVED, "p", 3, _BOTH),
        **more,
        "at_an_end": Column("15% or more at one end of the scale", Role.DERIVED, "", None, ("entries",)),
    }
    return AggregateTable.of_rows("measure_change", "scale of a questionnaire", columns, rows)


def _by_regression(each: Measured, scale: str) -> float:
    """Return the change that regression to the mean alone would give: (1 − reliability) × (norm − entry).

    Known only where the key's reliability has the norm of people without the difficulty.
    """
    row = each.key.reliabilities.get(each.instrument.reliability)
    if row is None or row.scale != scale or row.functional is None or not each.both.any():
        return NAN
    return (1 - row.reliability) * (row.functional[0] - float(each.entry[scale].to_numpy()[each.both].mean()))


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else NAN


def bands_table(people: Sequence[Measured]) -> AggregateTable:
    """Return ``measure_bands``: one row is a scale × band; how many of those measured both times were in it."""
    rows = []
    for each, scale in _scales(people, yes_no=False):
        sets, informant = each.instrument.bands, each.instrument.informant
        if not sets or scale not in each.key.bands[sets].cuts[informant]:
            continue
        in_band = [band(pd.Series(v), each.key, sets, informant, scale) for v in _paired(each, scale)[:2]]
        for label in each.key.bands[sets].cuts[informant][scale]:
            counts = [int((own == label).sum()) for own in in_band]
            n = len(in_band[0])
            rows.append((each.label(scale), label, n, counts[0], _percent(counts[0], n), counts[1],
                         _percent(counts[1], n)))  # fmt: skip
    columns = {
        **_KEY,
        "band": Column("Band", Role.KEY),
        "both": _WHO["both"],
        "at_entry": Column("At entry", Role.COUNT, "people", 0),
        "percent_entry": Column("Share at entry", Role.DERIVED, "%", 1, ("at_entry", "both")),
        "at_exit": Column("At exit", Role.COUNT, "people", 0),
        "percent_exit": Column("Share at exit", Role.DERIVED, "%", 1, ("at_exit", "both")),
    }
    sums = [AddsUp(name, ("measure",), "both") for name in ("at_entry", "at_exit")]
    return AggregateTable.of_rows("measure_bands", "scale × band", columns, rows, *sums)


def reliable_table(people: Sequence[Measured]) -> AggregateTable:
    """Return ``reliable_change``: one row is a scale × rule × direction, of those measured both times."""
    rows = []
    for each, scale in _scales(people, yes_no=False):
        for rule, points, source, cut in _rules(each, scale):
            entry, exit, _ = _paired(each, scale)
            sign = 1 if each.key.scales[scale].better == "higher" else -1
            moved = sign * (exit - entry)
            passed = (sign * (exit - cut) >= 0) & (sign * (entry - cut) < 0) if cut is not None else None
            better = moved >= points
            parts = {"better": better, "no more than that": abs(moved) < points, "worse": moved <= -points}
            if passed is not None:
                short = {"better, short of the cut-off": better & ~passed}
                parts = {"better, and past the cut-off": better & passed} | short | dict(list(parts.items())[1:])
            rows += [(each.label(scale), rule, direction, points, int(part.sum()), len(moved),
                      _percent(int(part.sum()), len(moved)), source) for direction, part in parts.items()]  # fmt: skip
    columns = {
        **_KEY,
        "rule": Column("Rule", Role.KEY),
        "direction": Column("Change", Role.KEY),
        "points": Column("Points", Role.OPEN, "points", 2),
        "people": Column("People", Role.COUNT, "people", 0),
        "both": _WHO["both"],
        "percent": Column("Share", Role.DERIVED, "%", 1, ("people", "both")),
        "source": Column("Source", Role.OPEN),
    }
    sums = AddsUp("people", ("measure", "rule"), "both")
    return AggregateTable.of_rows("reliable_change", "scale × rule × direction", columns, rows, sums)


def _rules(each: Measured, scale: str) -> Iterator[tuple[str, float, str, float | None]]:
    reliable = each.key.reliabilities.get(each.instrument.reliability)
    if reliable is not None and reliable.scale == scale:
        norms = reliable.functional and reliable.dysfunctional
        cut = cut_offs(reliable.dysfunctional, reliable.functional)[2] if norms else None  # type: ignore[arg-type]
        yield "reliable change", reliable_change(reliable).points, reliable.source, cut
    threshold = each.key.thresholds.get(each.instrument.threshold)
    if threshold is not None and threshold.scale == scale:
        yield "change that matters", threshold.points, threshold.source, None


def yes_no_table(people: Sequence[Measured], level: float) -> AggregateTable:
    """Return ``yes_no_change``: one row is a yes/no question; those measured both times, by their two answers."""
    rows: list[tuple[Any, ...]] = []
    for each, scale in _scales(people, yes_no=True):
        entry, exit, _ = _paired(each, scale)
        n, lost = len(entry), int(each.lost.sum())
        pairs = [int(((entry == a) & (exit == b)).sum()) for a, b in ((1, 1), (0, 1), (1, 0), (0, 0))]
        found = change(entry, exit, level, yes_no=True)
        could = better_shares(pairs[0] + pairs[1], n, lost)
        shares = [100 * value for value in (found.entry, found.exit, found.mean, found.low, found.high)]
        rows.append((each.label(scale), *_counts(each, scale), *pairs, *shares, found.p, 100 * could["worst"],
                     100 * could["best"]))  # fmt: skip
    four = ("both_yes", "no_to_yes", "yes_to_no", "both_no")
    labels = ("Yes both times", "No, then yes", "Yes, then no", "No both times")
    columns = {
        **_KEY,
        **_WHO,
        **{name: Column(label, Role.COUNT, "people", 0) for name, label in zip(four, labels, strict=True)},
        "percent_entry": Column("Yes at entry", Role.DERIVED, "%", 1, (*four, "both")),
        "percent_exit": Column("Yes at exit", Role.DERIVED, "%", 1, (*four, "both")),
        "change": Column("Change in points", Role.DERIVED, "", 1, four),
        "ci_low": Column("from", Role.DERIVED, "", 1, four),
        "ci_high": Column("to", Role.DERIVED, "", 1, four),
        "p": Column("p value", Role.DERIVED, "p", 3, four, "McNemar's exact test."),
        "worst": Column("Yes at exit, if nobody not seen", Role.DERIVED, "%", 1, (*four, "lost")),
        "best": Column("if all not seen", Role.DERIVED, "%", 1, (*four, "lost")),
    }
    return AggregateTable.of_rows("yes_no_change", "yes/no question", columns, rows)
