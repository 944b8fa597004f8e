"""What the months say, in sentences made from cleared tables; a hidden number (NA) is not filled in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from stepdown.effects.bracketing import IN_SHORT
from stepdown.effects.wording import Labels, decimals_for, directions, fewer, interval, known, p_value, rows, sentence
from stepdown.measures import NONE, Measure, measured
from stepdown.months.tables import STRAIGHT
from stepdown.numbers import digits, signed
from stepdown.params import Study

MADE_UP = (
    "Nothing is shown month by month: in these records the dates were placed inside the periods so that the totals "
    "agree, so monthly figures would mean nothing."
)
FEW = "Too few children have any of it to show it by month, or even by quarter."
NOT_COUNTED = "is not counted day by day, so there is no monthly comparison."
TRENDS_LIMIT = (
    "Why a difference changed. A test that finds nothing before cannot show that there was nothing, and groups "
    "that moved alike before might not have done so after."
)
LASTING_LIMIT = "Children who can be followed for longer are different children: that can explain a change with length."

NOBODY_SEEN = "There is no month in which children of both groups are observed."
WHO_NOTE = "No mean (z) where too few of the children who could not be followed that long had any."


def why_not(study: Study) -> str:
    """Return why the study shows no months; "" when it does."""
    return MADE_UP if study.settings.dates_are == "made_up" else ""


def why_no_days(study: Study) -> str:
    """Return why there is no event study although there are months."""
    headline = measured(study.settings.effects.headline)
    counted = headline.status or headline.name == "referrals"
    return FEW if counted else sentence(f"{headline.title} {NOT_COUNTED}")


def reach_sentence(months: pd.DataFrame, groups: Sequence[str], fewest: int = 0) -> str:
    """Return what the periods are and how many children could be observed at both ends; frame: of ``months``, cleared.

    fewest: the largest number that is hidden (0: none is).

    >>> reach_sentence(book.clear(months.months_table(by_month)).frame, groups)
    'Each step is a month. ...'
    """
    unit = str(months["unit"].iloc[0])
    parts = []
    for group in groups:
        own = months[(months["group"] == group) & (months["status"] == NONE)]["children_observed"]
        parts.append(f"{group} {_span(own)}")
    said = (
        "Each step is a month." if unit == "month" else "Each step is a quarter, because single months are too small."
    )
    together = " Children who leave the records leave the chart in groups, so that none can be identified."
    return (
        f"{said} A month that the records do not cover is missing, not zero. Children observed: {'; '.join(parts)}."
        f"{together if fewest else ''}"
    )


def _span(sizes: pd.Series) -> str:
    if sizes.isna().any():
        return "a number not shown"
    low, high = int(sizes.min()), int(sizes.max())
    return str(low) if low == high else f"{low} to {high}, by month"


def trend_sentence(trends: pd.DataFrame, labels: Labels) -> str:
    """Return whether the groups moved alike before, and how large a break of trend would overturn the finding.

    frame: of ``trends``, cleared.

    >>> trend_sentence(book.clear(months.trends_table(by_month)).frame, groups)
    'From month to month before support, ...'
    """
    first = rows(trends)[0]
    name, unit = measured(str(first["outcome"])), str(first["unit"])
    said = sentence(f"{_alike(first, unit)} {_average(first, name, labels)}")
    straight = rows(trends, assumption=STRAIGHT)
    if not straight:
        return f"{said} There are too few {unit}s before, or too few families, to continue a line from them."
    return f"{said} {_honest(straight[0], name, unit)}"


def _alike(row: Any, unit: str) -> str:
    if not known(row["p_before"]):
        return "Whether the groups moved alike before support cannot be tested."
    moved = "did not move alike" if row["p_before"] < 0.05 else "moved alike, as far as these data show"
    return f"From {unit} to {unit} before support, the groups {moved} (joint test, {p_value(row['p_before'])})."


def _average(row: Any, name: Measure, labels: Labels) -> str:
    if not known(row["estimate"]):
        return "The average after is not shown"
    return (
        f"On average over the {row['unit']}s after, {labels[0]} children had {fewer(row['estimate'], name.unit)} a "
        f"month than {labels[1]} children, against before ({interval(row['ci_low'], row['ci_high'], name.unit)}), "
        "if both would have moved alike"
    )


def _honest(row: Any, name: Measure, unit: str) -> str:
    if not known(row["estimate"], row["ci_low"], row["breakdown"], row["largest_before"]):
        return "How large a break of trend would overturn this is not shown."
    on = (
        f"If the difference had continued along its earlier line, the average after is "
        f"{fewer(row['estimate'], name.unit)} a month ({interval(row['ci_low'], row['ci_high'], name.unit)})"
    )
    largest = f"the largest change seen before, including chance, was {digits(row['largest_before'], 2)}"
    if row["breakdown"] == 0:
        return f"{on}: a straight line alone brings zero into the interval ({largest} {name.unit} per month)."
    return (
        f"{on}. It takes a break of trend to overturn that: the interval reaches zero when the slope of the "
        f"difference may change by {digits(row['breakdown'], 2)} {name.unit} a month from one {unit} to the next; "
        f"{largest}."
    )


def lasting_sentence(lasting: pd.DataFrame) -> str:
    """Return the comparison at each length after support; frame: of ``lasting``, cleared."""
    name = measured(str(lasting["outcome"].iloc[0]))
    parts = []
    for months in dict.fromkeys(lasting["months"]):
        ends = rows(lasting, months=months)
        children = [ends[0]["n_programme"], ends[0]["n_comparison"]]
        who = f"{children[0]:.0f} and {children[1]:.0f} children" if known(*children) else "children not shown"
        if not all(known(end["estimate"]) for end in ends):
            parts.append(
                f"- {digits(months)} months ({who}): {next((end['note'] for end in ends if end['note']), 'not shown')}."
            )
            continue
        told = "; ".join(
            f"{fewer(end['estimate'], name.unit)} {IN_SHORT[str(end['estimator'])]} "
            f"({_ends(end['ci_low'], end['ci_high'], name.unit)})"
            for end in ends
        )
        parts.append(f"- {digits(months)} months ({who}): {told}.")
    less, more = directions(name.unit)
    lead = f"{name.title}, per child per month, programme minus comparison ({less} below zero, {more} above):"
    return "\n".join([f"{lead}\n", *parts, f"\n{LASTING_LIMIT}"])


def _ends(low: Any, high: Any, unit: str) -> str:
    places = decimals_for(unit)
    return f"{signed(low, places)} to {signed(high, places)}" if known(low, high) else "no interval"
