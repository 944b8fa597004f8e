"""What the statutory outcomes say, in sentences made from their numbers; a suppressed number (NA) is not filled in."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from stepdown.measures import PERIODS, STATUSES
from stepdown.numbers import digits


def status_sentence(status: pd.DataFrame, group: str, code: str) -> str:
    """Return how many children of a group had a status before and after, and how many days per child that was."""
    held = STATUSES[code].in_words
    mine = status[(status["group"] == group) & (status["status"] == code)].set_index("period")
    before, after = mine.loc["before"], mine.loc["after"]
    if any(pd.isna(row["children_with_status"]) for row in (before, after)):
        return f"{group}: too few children were {held} to show the numbers."
    counted = (
        f"{group}: {before['children_with_status']:.0f} of {before['children']:.0f} children were {held} "
        f"before and {after['children_with_status']:.0f} after"
    )
    if mine["mean_days_per_child"].isna().any():
        return f"{counted}."
    days = {period: digits(mine.loc[period, "mean_days_per_child"], 1) for period in PERIODS}
    return (
        f"{counted}; averaged over all children in the group, "
        f"{days['before']} days per child before and {days['after']} after."
    )


def status_sentences(status: pd.DataFrame, ladder: Sequence[str], groups: Sequence[str]) -> list[str]:
    """Return :func:`status_sentence` for each status and each group.

    >>> shown = book.clear(outcomes.statutory_status(found)).frame
    >>> status_sentences(shown, ["CP"], groups)[0]
    'IFP: 26 of 78 children were on a child protection plan ...'
    """
    return [status_sentence(status, group, code) for code in ladder for group in groups]


def day_rule_sentence(day_count: str, months: int) -> str:
    """Return what the study's day rule means for the reader.

    >>> day_rule_sentence("clipped", 6)
    'Days are counted inside the 6-month windows only, so no ...'
    """
    if day_count == "clipped":
        return (
            f"Days are counted inside the {months}-month windows only, so no child can have more days than there "
            "are in the window."
        )
    return (
        f"Days are counted as the published totals require: every day of a spell that touches the {months}-month "
        "window, including days outside it. That overstates the time in the window; the columns “days inside” "
        "give the correct count."
    )


def impossible_days(status: pd.DataFrame, window_days: int) -> pd.DataFrame:
    """Return the rows whose days cannot fit in the window: days per affected child above its longest length.

    status: as :func:`stepdown.outcomes.statutory_status` gives.  window_days: most days that the window holds.
    Columns: group, period, status, children_with_status, days, days_per_affected_child, most_possible.
    """
    rows = status[(status["children_with_status"].fillna(0) > 0) & status["days"].notna()].copy()
    rows["days_per_affected_child"] = rows["days"] / rows["children_with_status"]
    rows["most_possible"] = window_days
    columns = ["group", "period", "status", "children_with_status", "days", "days_per_affected_child", "most_possible"]
    return rows.loc[rows["days_per_affected_child"] > window_days, columns].reset_index(drop=True)


def impossible_days_sentence(status: pd.DataFrame, window_days: int) -> str:
    """Return how many day totals cannot fit in the window, with the largest.

    >>> impossible_days_sentence(book.clear(outcomes.statutory_status(found)).frame, found.longest_window())
    '5 of the 10 day totals above zero cannot be days inside ...'
    """
    rows = impossible_days(status, window_days)
    if rows.empty:
        shown = status["days"].notna() & status["children_with_status"].notna()
        if not shown.any():
            return "Whether the day totals fit in the window cannot be shown."
        return f"Every day total{'' if shown.all() else ' that is shown'} fits in the window."
    worst = rows.sort_values("days_per_affected_child").iloc[-1]
    affected = int(worst["children_with_status"])
    each = (
        "one child" if affected == 1 else f"{affected} children, {digits(worst['days_per_affected_child'])} days each"
    )
    count = int((status["days"].fillna(0) > 0).sum())
    return (
        f"{len(rows)} of the {count} day totals above zero cannot be days inside the window, which has at most "
        f"{window_days}: {worst['group']}, {worst['status']} {worst['period']}, is {digits(worst['days'])} days for "
        f"{each}."
    )


def referral_sentences(referrals: pd.DataFrame, groups: Sequence[str]) -> list[str]:
    """Return :func:`referral_sentence` for each group.

    >>> referral_sentences(book.clear(outcomes.referrals(found)).frame, groups)[0]
    'IFP: 43 referrals before (0.55 per child) and 0 after (0.00 per child).'
    """
    return [referral_sentence(referrals, group) for group in groups]


def referral_sentence(referrals: pd.DataFrame, group: str) -> str:
    """Return the referrals of a group before and after, in number and a child."""
    mine = referrals[referrals["group"] == group].set_index("period")
    before, after = mine.loc["before"], mine.loc["after"]
    if any(pd.isna(row["referrals"]) for row in (before, after)):
        return f"{group}: too few referrals to show."
    return (
        f"{group}: {digits(before['referrals'])} referrals before ({digits(before['mean_per_child'], 2)} per "
        "child) and "
        f"{digits(after['referrals'])} after ({digits(after['mean_per_child'], 2)} per child)."
    )
