"""The tables of a monitoring page: its points, and what is worked out from points as they were cleared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from stepdown.series.analysis import Analysed, MonitoringStudy, name_of, target_status
from stepdown.series.limits import assurance, better_or_worse
from stepdown.series.reading import values_of
from stepdown.series.settings import Series
from stepdown.tables import AggregateTable, Column, Role

TARGET_COLUMNS = ["series", "unit", "better", "baseline", "target", "latest", "last_three", "periods_met", "status"]
SUMMARY_COLUMNS = ["series", "unit", "periods", "chart", "lower", "upper", "special", "latest_says"]

STOCKS = ("open_plans",)
"""Series that count a state on a day: a quarter's value is its last month's, not the sum."""

OFTEN_SMALL = 0.25
"""Share of months with a small count from which a series goes out by quarter."""


def points_table(study: MonitoringStudy) -> AggregateTable:
    """Return the table ``series_points``: every period of every series, before disclosure control.

    Under suppression a series of which many months are small goes out by quarter.

    >>> points_table(watched).frame[["series", "period", "count"]].head(2)
                       series    period  count
    0  Days to the assessment  Apr 2019    NaN
    1  Days to the assessment  May 2019    NaN
    """
    policy = study.file.disclosure
    parts = []
    for item in study.settings.series:
        for group, rows in study.observations[study.observations["series_id"] == item.id].groupby("group", sort=False):
            counts = item.kind in ("count", "rare", "proportion", "rate")
            if policy.method == "suppress" and counts and _often_small(rows, policy.threshold):
                quarters = _by_quarter(rows, item)
                rows = quarters if len(quarters) else rows
            number = rows["numerator"].fillna(rows["value"]) if counts else pd.Series(np.nan, index=rows.index)
            parts.append(
                pd.DataFrame(
                    {
                        "series": name_of(item, str(group)),
                        "period": [_named(a, b) for a, b in zip(rows["period_start"], rows["period_end"], strict=True)],
                        "first_day": rows["period_start"].dt.strftime("%Y-%m-%d"),
                        "last_day": rows["period_end"].dt.strftime("%Y-%m-%d"),
                        "count": number,
                        "out_of": rows["denominator"],
                        "value": values_of(rows, item.kind, item.per),
                        "bound": rows["symbol"].fillna("").map(_BOUNDS).fillna(""),
                        "bound_value": rows["value"].where(rows["symbol"].isin(list(_BOUNDS))),
                    }
                )
            )
    columns = {
        "series": Column("Series", Role.KEY),
        "period": Column("Period", Role.KEY),
        "first_day": Column("First day", Role.OPEN),
        "last_day": Column("Last day", Role.OPEN),
        "count": Column("Count", Role.COUNT, decimals=0),
        "out_of": Column("Out of", Role.COUNT, decimals=0),
        "value": Column("Value", Role.DERIVED, decimals=2, rests_on=("count", "out_of")),
        "bound": Column("Only known to be", Role.OPEN),
        "bound_value": Column("than", Role.OPEN, decimals=1),
    }
    frame = pd.concat(parts, ignore_index=True)[list(columns)]
    return AggregateTable("series_points", "period × series", frame, columns)


_BOUNDS = {"more_than": "more", "less_than": "less"}


def _named(first: pd.Timestamp, last: pd.Timestamp) -> str:
    days = (last - first).days + 1
    if first.day == 1 and 28 <= days <= 31:
        return f"{first:%b %Y}"
    if first.day == 1 and 89 <= days <= 93:
        return f"{first:%b} to {last:%b %Y}"
    return f"{first.day} {first:%b %Y}" if days == 1 else f"{first.day} {first:%b %Y} to {last.day} {last:%b %Y}"


def _often_small(rows: pd.DataFrame, threshold: int) -> bool:
    number = rows["numerator"].fillna(rows["value"])
    monthly = (rows["period_end"] - rows["period_start"]).dt.days.max() <= 31
    return bool(monthly and ((number >= 1) & (number <= threshold)).mean() > OFTEN_SMALL)


def _by_quarter(rows: pd.DataFrame, item: Series) -> pd.DataFrame:
    """Return months as whole calendar quarters; a quarter with a month missing is left out."""
    quarter = rows["period_start"].dt.to_period("Q")
    how = "last" if item.id in STOCKS else "sum"
    grouped = rows.groupby(quarter).agg(
        period_start=("period_start", "min"),
        period_end=("period_end", "max"),
        months=("period_start", "size"),
        value=("value", how),
        numerator=("numerator", how),
        denominator=("denominator", how),
    )
    for name in ("value", "numerator", "denominator"):
        if rows[name].isna().all():
            grouped[name] = np.nan
    return grouped[grouped["months"] == 3].drop(columns="months").assign(symbol="").reset_index(drop=True)


def targets_table(series: Sequence[Analysed]) -> AggregateTable:
    """Return the table ``target_status``: each target, where the series stands, and what cannot be said.

    >>> targets_table(each_series).frame[["series", "status"]].head(2)
                              series          status
    0         Days to the assessment             met
    1  Children seen within ten days  moving towards
    """
    rows = []
    for each in series:
        found = target_status(each)
        if found is None or each.item.target is None:
            continue
        status = f"{found.status}: {found.why}" if found.why else found.status
        rows.append(
            (
                each.name,
                each.item.unit,
                each.item.better,
                found.baseline,
                found.target,
                found.latest,
                found.last_three,
                f"{found.met} of {found.seen}",
                status,
                each.item.target.source,
            )
        )
    columns = {
        "series": Column("Series", Role.KEY),
        "unit": Column("Unit", Role.OPEN),
        "better": Column("Better is", Role.OPEN),
        "baseline": Column("Baseline", Role.OPEN, decimals=1),
        "target": Column("Target", Role.OPEN, decimals=1),
        "latest": Column("Latest", Role.OPEN, decimals=1),
        "last_three": Column("Mean of the last three", Role.OPEN, decimals=1),
        "periods_met": Column("Periods that met it", Role.OPEN),
        "status": Column("Status", Role.OPEN),
        "source": Column("Source of the target", Role.OPEN),
    }
    return AggregateTable.of_rows("target_status", "target", columns, rows)


SYMBOLS = {
    "common cause": "○",
    "special cause": "■",
    "special cause, improving": "●",
    "special cause, worsening": "◆",
    "met as a rule": "✓",
    "missed as a rule": "✗",
    "met or missed by chance": "~",
}
"""The two signs of Making Data Count, variation and assurance: a symbol beside the words, never instead of them."""


def _signed(words: str) -> str:
    return f"{SYMBOLS[words]} {words}" if words in SYMBOLS else words


def summary_table(series: Sequence[Analysed]) -> AggregateTable:
    """Return the table ``series_summary``: chart, limits, and what the latest point says, one row per series.

    >>> summary_table(each_series).frame[["series", "centre", "lower", "upper"]].head(2).round(1)
                       series  centre  lower  upper
    0  Days to the assessment    38.1   29.5   46.6
    1                  Visits   141.3  107.1  175.4
    """
    rows = []
    for each in series:
        chart, target = each.chart, target_status(each)
        sure = (
            assurance(chart, target.target, each.item.better) if chart and target and np.isfinite(target.target) else ""
        )
        rows.append(
            (
                each.name,
                each.item.unit,
                len(each.points),
                chart.chart if chart else "",
                chart.centre[-1] if chart else np.nan,
                chart.lower[-1] if chart else np.nan,
                chart.upper[-1] if chart else np.nan,
                sum(map(bool, each.latest_reasons)) if chart else np.nan,
                _signed(better_or_worse(each.latest_reasons, chart, each.item.better)) if chart else "cannot be said",
                _signed(sure),
                each.why,
            )
        )
    columns = {
        "series": Column("Series", Role.KEY),
        "unit": Column("Unit", Role.OPEN),
        "periods": Column("Periods", Role.OPEN, decimals=0),
        "chart": Column("Chart", Role.OPEN),
        "centre": Column("Centre", Role.OPEN, decimals=1),
        "lower": Column("Lower limit", Role.OPEN, decimals=1),
        "upper": Column("Upper limit", Role.OPEN, decimals=1),
        "special": Column("Special points", Role.OPEN, decimals=0),
        "latest_says": Column("Latest point", Role.OPEN),
        "target_by_chance": Column("Target", Role.OPEN),
        "not_given": Column("No limits because", Role.OPEN),
    }
    return AggregateTable.of_rows("series_summary", "series", columns, rows)


def drawn_table(series: Sequence[Analysed]) -> AggregateTable:
    """Return the table ``series_drawn``: each point with centre, limits, target and why it is special.

    >>> drawn_table(each_series).frame[["first_day", "value", "centre"]].head(2).round(1)
        first_day  value  centre
    0  2019-04-01   34.1    38.1
    1  2019-05-01   39.0    38.1
    """
    parts = []
    for each in series:
        target = target_status(each)
        parts.append(
            pd.DataFrame(
                {
                    "series": each.name,
                    "first_day": each.points["first_day"].dt.strftime("%Y-%m-%d"),
                    "value": each.values,
                    "centre": each.centre,
                    "lower": each.lower,
                    "upper": each.upper,
                    "target": target.target if target else np.nan,
                    "special": each.reasons,
                    "in_break": each.in_break,
                }
            )
        )
    columns = {
        "series": Column("Series", Role.KEY),
        "first_day": Column("Period from", Role.KEY),
        "value": Column("Value", Role.OPEN, decimals=2),
        "centre": Column("Centre", Role.OPEN, decimals=2),
        "lower": Column("Lower limit", Role.OPEN, decimals=2),
        "upper": Column("Upper limit", Role.OPEN, decimals=2),
        "target": Column("Target", Role.OPEN, decimals=2),
        "special": Column("Special because", Role.OPEN),
        "in_break": Column("In a declared break", Role.OPEN),
    }
    return AggregateTable("series_drawn", "period × series", pd.concat(parts, ignore_index=True), columns)
