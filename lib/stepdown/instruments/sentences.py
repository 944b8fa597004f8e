"""What the tables of questionnaires say, in words, from cleared tables; a hidden number is not filled in."""

from __future__ import annotations

import pandas as pd

from stepdown.measures import sentence_case
from stepdown.numbers import digits, joined, signed, whole_percent, written

CHANGE_LIMIT = (
    "Why those seen again changed, or what became of those not seen. People come when things are at their worst, "
    "and part of any change would have come anyway."
)


AGE_NOT_KNOWN = (
    "The age is not known on every form, so it could not be checked against the ages that a form is for (the column "
    "age_years of the table responses)."
)


def change_list(frame: pd.DataFrame) -> str:
    """Return one line a measure: its change, beside how many were not seen again."""
    lines = []
    for _, row in frame.iterrows():
        beside = f"{written(row['lost'], 'person', 'people')} due at exit not seen again"
        if pd.isna(row["change"]):
            lines.append(f"{row['measure']}: too few were measured twice to give a change; {beside}.")
            continue
        way = "an improvement" if (row["change"] > 0) == (row["better"] == "higher") else "a worsening"
        chance = row["ci_low"] <= 0 <= row["ci_high"]
        verdict = "which chance could give" if chance else f"{way}, by more than chance alone would give"
        if pd.isna(row["ci_low"]):
            verdict = "from which nothing can be said about chance"
        lines.append(
            f"{row['measure']}: {signed(row['change'], 1)} points, {row['better']} is better "
            f"({_ends(row['ci_low'], row['ci_high'])}), among "
            f"{written(row['both'], 'person', 'people')} measured twice, {verdict}; "
            f"{beside}."
        )
    return "\n".join(f"- {line}" for line in lines)


def _ends(low: float, high: float) -> str:
    return "no interval" if pd.isna(low) else f"{signed(low, 1)} to {signed(high, 1)}"


def finding(frame: pd.DataFrame) -> str:
    """Return the headline of the first measure: the change of those seen, and the range that holds for all."""
    row = frame.iloc[0]
    if pd.isna(row["change"]) or pd.isna(row["worst"]):
        return f"{row['measure']}: the numbers are too small to say how those measured twice changed."
    worst, best = sorted((row["worst"], row["best"]))
    if row["lost"] == 0:
        return f"{row['measure']}: all who were due at exit were seen again; they {_moved(row)}."
    lost = written(row["lost"], "person was", "people were")
    return (
        f"{row['measure']}: those measured twice {_moved(row)}. "
        f"{sentence_case(lost)} not seen again; with them it could be from {signed(worst, 1)} to {signed(best, 1)}."
    )


def _moved(row: pd.Series) -> str:
    return f"changed by {signed(row['change'], 1)} points on average ({row['better']} is better)"


def completers_list(frame: pd.DataFrame) -> str:
    """Return whether those not seen again differed at entry, one line a measure."""
    lines = []
    for _, row in frame[frame["gap"].notna()].iterrows():
        if pd.isna(row["gap_low"]):
            says = "from which nothing can be said about chance"
        elif row["gap_low"] <= 0 <= row["gap_high"]:
            says = "no more than chance would give"
        else:
            says = "more than chance would give: the two are not the same people"
        lines.append(
            f"- {row['measure']}: at entry, those not seen again lay {signed(row['gap'], 1)} points from the others "
            f"({_ends(row['gap_low'], row['gap_high'])}), {says}."
        )
    return "\n".join(lines) or "Too few were lost, or seen, to compare the two at entry."


def cautions(frame: pd.DataFrame) -> str:
    """Return what else bears on the changes: ends of scales, and change that comes by itself."""
    said = []
    at_end = frame[frame["at_an_end"].notna() & (frame["at_an_end"] != "no")]
    if len(at_end):
        said.append(
            f"At entry, 15% or more were at one end of the scale in {joined(at_end['measure'].tolist())}: those at the "
            "worst end cannot get worse, those at the best end cannot get better."
        )
    for _, row in frame[frame["by_regression"].notna()].iterrows():
        said.append(
            f"{row['measure']}: scores far from the norm move towards it without any help. By the published norm and "
            f"reliability, {signed(row['by_regression'], 1)} points would come anyway."
        )
    return " ".join(said)


def reliable_note(frame: pd.DataFrame) -> list[str]:
    """Return the rules with their points and sources, each once."""
    rules = frame.drop_duplicates(["measure", "rule"])
    return [f"{row['measure']}, {row['rule']}: {digits(row['points'], 1)} points ({row['source']})."
            for _, row in rules.iterrows()]  # fmt: skip


def yes_no_list(frame: pd.DataFrame) -> str:
    """Return one line a yes/no question."""
    lines = []
    for _, row in frame.iterrows():
        lost = written(row["lost"], "person", "people")
        if pd.isna(row["percent_entry"]):
            lines.append(f"- {row['measure']}: the numbers are too small to show; {lost} not seen again.")
            continue
        shares = [whole_percent(row[name]) for name in ("percent_entry", "percent_exit", "worst", "best")]
        lines.append(
            f"- {row['measure']}: yes from {shares[0]} at entry to {shares[1]} "
            f"at exit, of {written(row['both'], 'person', 'people')} asked twice; {lost} not seen again, "
            f"including them, the share at exit is between {shares[2]} and {shares[3]}."
        )
    return "\n".join(lines)
