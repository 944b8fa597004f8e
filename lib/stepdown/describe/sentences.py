"""What the profile says, in sentences made from its numbers; a suppressed number (NA) is never filled in."""

from __future__ import annotations

import pandas as pd

from stepdown.cohort import ANALYSED, IN_RECORDS
from stepdown.numbers import digits

FEW = "a number not shown"


def _count(value: object) -> str:
    return FEW if pd.isna(value) else f"{int(value):,}"  # type: ignore[call-overload]


def flow_sentence(flow: pd.DataFrame, group: str) -> str:
    """Return who was left out of a group and why, from the participant flow (columns as in ``participant_flow``)."""
    mine = flow[flow["group"] == group]
    total = mine.loc[mine["step"] == IN_RECORDS, "children"].iloc[0]
    analysed = mine.loc[mine["step"] == ANALYSED, "children"].iloc[0]
    out = mine[~mine["step"].isin([IN_RECORDS, ANALYSED])]
    if out.empty:
        return f"{group}: all {_count(total)} children in the records are analysed."
    shown = out[out["children"].notna()]
    reasons = [
        f"{_count(row.children)} ({_lower(row.reason).replace(' (', ', ').rstrip(')')})" for row in shown.itertuples()
    ]
    whole = f"{group}: {_count(analysed)} children are analysed"
    whole += "" if pd.isna(total) else f", of {_count(total)} in the records"
    if not reasons:
        return f"{whole}. Others were left out, for reasons whose numbers are hidden."
    reasons += ["others, for reasons whose numbers are hidden"] if len(shown) < len(out) else []
    return f"{whole}. Left out: {'; '.join(reasons)}."


def _lower(reason: object) -> str:
    text = str(reason).replace(" (after)", ", period after").replace(" (before)", ", period before")
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def categories_sentence(profile: pd.DataFrame, variable: str, groups: tuple[str, str]) -> str:
    """Return in how many categories of a variable each group has children.

    Under one stated rule: a category counts when at least one child is in it, and "not stated", "unavailable" or
    "unknown" is not a category.

    >>> shown = book.clear(describe.profile(book.study, cohort)).frame
    >>> categories_sentence(shown, "ethnicity", groups)
    'Categories with at least one child: 14 for IFP and 15 for ...'
    """
    mine = profile[profile["variable"] == variable]
    known = mine[~mine["category"].astype("str").str.contains("unknown|not stated|unavailable", case=False)]
    parts = []
    for group in groups:
        counts = known.loc[known["group"] == group, "children"]
        held = int((counts.isna() | (counts.fillna(0) > 0)).sum())
        parts.append(f"{held} for {group}")
    return (
        f"Categories with at least one child: {' and '.join(parts)} "
        "(children whose category is not known are not a category)."
    )


def unknown_sentence(profile: pd.DataFrame, variable: str, unknown: str, groups: tuple[str, str]) -> str:
    """Return for how many children of each group a variable is not known.

    >>> unknown_sentence(book.clear(describe.profile(book.study, cohort)).frame, "age", "Unknown", groups)
    'Not known: 11 (14.1%) for IFP and 0 (0.0%) for Comparison. ...'
    """
    mine = profile[(profile["variable"] == variable) & (profile["category"].astype("str") == unknown)]
    shares = {row.group: (row.children, row.percent) for row in mine.itertuples()}
    if not any(pd.isna(count) or count > 0 for count, _ in shares.values()):
        return f"{variable.capitalize()} is known for every child."
    parts = []
    for group in groups:
        count, percent = shares.get(group, (0, 0.0))
        share = "" if pd.isna(percent) else f" ({digits(percent, 1)}%)"
        parts.append(f"{_count(count)}{share} for {group}")
    return (
        f"Not known: {' and '.join(parts)}. Where one group has more of these than the other, "
        "shares of all children and shares of those known can differ; read both."
    )


def records_sentence(completeness: pd.DataFrame) -> str:
    """Return how many rows of each table were read, and which columns have blanks (from ``completeness``).

    >>> records_sentence(book.clear(describe.completeness(book.records)).frame)
    'Every record meets the rules. Rows read: children 213, ...'
    """
    rows = completeness.groupby("table", sort=False)["rows"].first()
    read = ", ".join(f"{table.replace('_', ' ')} {count:,.0f}" for table, count in rows.items())
    blank = completeness[completeness["blank"].isna() | (completeness["blank"] > 0)]
    wholly = int((completeness["blank"] == completeness["rows"]).sum())
    return (
        f"Every record meets the rules. Rows read: {read}. {len(blank)} of {len(completeness)} columns have blank cells"
        + (f", {wholly} of them in every row." if wholly else ".")
    )


def flow_summary(flow: pd.DataFrame, groups: tuple[str, str]) -> str:
    """Return the participant flow of both groups as one sentence each.

    >>> flow_summary(book.clear(cohort.flow).frame, groups)
    'IFP: all 78 children in the records are analysed. ...'
    """
    return " ".join(flow_sentence(flow, group) for group in groups)
