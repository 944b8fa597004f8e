"""What the tables of a monitoring page say, in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from stepdown.numbers import digits, joined, written
from stepdown.series.analysis import Analysed, MonitoringStudy
from stepdown.series.limits import better_or_worse

_PLACES = 2
"""Decimals of a value in the released table ``series_points``."""

FINDING_LIMIT = (
    "A single series shows that something changed and when. It does not show that the programme changed it, and "
    "nothing can be read across a break of recording."
)


def finding(targets: pd.DataFrame, summary: pd.DataFrame) -> str:
    """Return the page's first sentence: how many targets are met, and how many series show more than chance.

    >>> finding(series.targets_table(each_series).frame, series.summary_table(each_series).frame)
    "Of two targets: one met and one moving towards the target. 11 of 11 series can have ...
    """
    first = targets["status"].astype(str).str.split(":").str[0]
    parts = []
    if len(targets):
        words = {
            "met": "met",
            "moving towards": "moving towards the target",
            "moving away": "moving away from the target",
            "not moving": "where it was before",
            "cannot be said": "without an answer",
        }
        count = {name: int((first == name).sum()) for name in words}
        told = [f"{written(count[name], '', '').strip()} {words[name]}" for name in words if count[name]]
        parts.append(f"Of {written(len(targets), 'target')}: {joined(told)}.")
        if len(told) == 1:
            each = f"Each of the {written(len(targets), 'target')}" if len(targets) > 1 else "The one target"
            parts = [f"{each} is {told[0].partition(' ')[2]}."]
    limited = summary[summary["not_given"] == ""]
    if limited.empty:
        parts.append("No series has enough comparable periods for limits.")
    else:
        special = limited[~limited["latest_says"].str.contains("common cause")]["series"].tolist()
        among, all_ = (written(len(frame), "", "").strip() for frame in (limited, summary))
        head = f"{among.capitalize()} of {all_} series can have limits" if len(summary) > 1 else "The series has limits"
        parts.append(
            f"{head}; the latest point is more than chance in {joined(special)}."
            if special
            else f"{head}, and no latest point is more than chance."
        )
    return " ".join(parts)


def of_series(each: Analysed) -> str:
    """Return one series in words: its definition, its limits, its special points, its events and breaks.

    >>> of_series(each_series[0])
    'Mean days from referral to the completed assessment. By chance alone it would be ...
    """
    item, parts = each.item, []
    definition = item.definition[:1].upper() + item.definition[1:].rstrip(".")
    parts.append(f"{definition}.{f' Source: {item.source}.' if item.source else ''}")
    lengths = pd.to_datetime(each.points["last_day"]) - pd.to_datetime(each.points["first_day"])
    if "month" in item.definition and 89 <= lengths.max().days + 1 <= 92:
        parts.append("Each point is a quarter.")
    if each.chart is None:
        parts.append(f"No limits are given: {each.why}.")
    else:
        low, high = digits(each.chart.lower[-1], item.decimals), digits(each.chart.upper[-1], item.decimals)
        never_below = each.chart.lower[-1] < 0 and not (each.values < 0).any()  # what is never below zero
        between = f"at {high} or less" if never_below else f"between {low} and {high}"
        on = ""
        if item.baseline and each.on_baseline:
            on = f" (from {item.baseline[0]:%B %Y} to {item.baseline[1]:%B %Y})"
        parts.append(
            f"By chance alone it would be {between}, around "
            f"{digits(each.chart.centre[-1], item.decimals)}{on}. {_specials(each)}"
        )
    parts += [f"{event.on.day} {event.on:%B %Y}: {event.label} ({event.source})." for event in item.events]
    parts += [f"Break from {b.first:%B %Y} to {b.last:%B %Y}: {b.reason}." for b in item.breaks]
    return " ".join(parts)


_WHY = {
    "outside": "outside the limits",
    "trend": "in a run of seven that each rise or each fall",
    "near": "two of three near a limit",
    "shift": "in a run of seven on one side of the centre",
}


def _specials(each: Analysed) -> str:
    names = [str(name) for name in each.points["period"]]
    marked = [
        (name, reason) for name, reason, now in zip(names, each.reasons, each.latest, strict=True) if reason and now
    ]
    if not marked:
        return "No point is more than chance."
    parts = []
    for reason, words in _WHY.items():
        mine = [name for name, found in marked if found == reason]
        if mine:
            shown = (
                joined(mine) if len(mine) <= 4 else f"{len(mine)} periods (the first {mine[0]}, the last {mine[-1]})"
            )
            parts.append(f"{shown} {words}")
    verdict = better_or_worse(each.latest_reasons, each.chart, each.item.better) if each.chart else "common cause"
    return f"More than chance: {'; '.join(parts)}. The latest point: {verdict}."


def model_list(frame: pd.DataFrame, series: Sequence[Analysed]) -> str:
    """Return a Markdown list: each series' change of level at the programme's first day, or why there is none.

    >>> changes = effects.interrupted.level_change_table(each_series, watched.settings.programme_from)
    >>> model_list(changes.frame, each_series)
    "- Days to the assessment: −7.5 days compared with the level expected (−9.8 to −5.1; ...
    """
    kinds = {each.name: each.item for each in series}
    items = []
    for _, row in frame.iterrows():
        item = kinds[row["series"]]
        if row["not_given"]:
            items.append(f"- {row['series']}: no model ({row['not_given']}).")
            continue
        ratio = item.kind in ("count", "rare")
        places = 2 if ratio else item.decimals
        unit = "percentage points" if item.unit == "%" else item.unit
        what = "times the level expected" if ratio else f"{unit} compared with the level expected"
        verdict = _beyond_chance(row, 1.0 if ratio else 0.0)
        other = [digits(row[name], places) for name in ("newey_west", "negative_binomial") if pd.notna(row[name])]
        beside = f" By two other models: {joined(other)}." if len(other) == 2 and other[0] != other[1] else ""
        items.append(
            f"- {row['series']}: {digits(row['change'], places)} {what} ({digits(row['low'], places)} to "
            f"{digits(row['high'], places)}; {row['model']}), {verdict}.{beside}"
        )
    return "\n".join(items)


def _beyond_chance(row: pd.Series, nought: float) -> str:
    if row["low"] <= nought <= row["high"]:
        return "which chance could give"
    return "more than chance alone would give"


def new_since(points: pd.DataFrame, output: str) -> str:
    """Return what is new since the last run of the same study ("" when exploring, or in a first run).

    points: the cleared table ``series_points``.  output: folder in which this run is being built, somewhere beneath the
    study's own, where ``latest`` is the last run.

    >>> new_since(points, output="")
    ''
    """
    if not output:
        return ""
    beside = (up / "latest" / "release" / "tables" / "series_points.csv" for up in Path(output).resolve().parents[:4])
    last = next((file for file in beside if file.is_file()), None)
    if last is None:
        return "This is the first run of this study."
    before = pd.read_csv(last, dtype=str, keep_default_na=False)[["series", "period", "value"]]
    both = points[["series", "period", "value"]].merge(
        before, on=["series", "period"], how="left", suffixes=("", "_before"), indicator=True
    )
    old = pd.to_numeric(both["value_before"], errors="coerce")  # a hidden value is no number
    moved = (both["value"].astype("float64") - old).abs() > 0.5 * 10.0**-_PLACES + 1e-9  # as released, rounded
    told = []
    for head, rows in (("New", both[both["_merge"] == "left_only"]), ("Changed", both[moved])):
        parts = [f"{name}: {joined(mine['period'].tolist())}" for name, mine in rows.groupby("series", sort=False)]
        told += [f"{head} since the last run: {'; '.join(parts)}."] if parts else []
    return " ".join(told) or "No period is new since the last run."


def limits_list(study: MonitoringStudy) -> str:
    """Return the limits that the parameter file states, as a Markdown list ("" without any).

    >>> limits_list(series.begin(book.root / "params/monitoring_slough.yaml"))
    '- Figures 1 to 5 of the report are pictures. Only what its text gives for them is ...
    """
    return "\n".join(f"- {limit}" for limit in study.file.limits)


def about(study: MonitoringStudy) -> str:
    """Return what is followed: the programme, its first day, and where the series come from.

    >>> about(watched)
    'Programme: Families Together, from April 2022. Special points follow the rules of NHS ...
    """
    settings = study.settings
    since = f", from {settings.programme_from:%B %Y}" if settings.programme_from else ""
    return f"Programme: {settings.programme}{since}. Special points follow the rules of NHS Making Data Count."
