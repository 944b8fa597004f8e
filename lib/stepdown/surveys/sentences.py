"""What the tables of reach, surveys, training and the logic model say, in words, from cleared tables."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from stepdown.measures import sentence_case
from stepdown.numbers import digits, joined, whole_percent, written
from stepdown.surveys.tables import COMPLETED, NOT_STARTED, WAITING

STEPS = ("referred", "started", "completed", "seen at exit")
REACH_LIMIT = "What became of those who left: someone who does not come back may be well, or in danger."
SURVEY_LIMIT = "What those who did not answer think. An interval covers them only if people were drawn at random."


def steps(reach: pd.DataFrame) -> pd.DataFrame:
    """Return the flow of each activity and role from the cleared fates: one row each, one column a step.

    A step that takes in a hidden number is missing.
    """
    rows = []
    for (activity, role), own in reach.groupby(["activity", "role"], sort=False):
        never = own[own["fate"].isin([NOT_STARTED, WAITING])]
        done = own[own["fate"] == COMPLETED]
        referred, seen = own["referred"].iloc[0], own["seen"].iloc[0]
        counts = [referred, referred - never["people"].sum(skipna=False), done["people"].sum(skipna=False), seen]
        rows.append((activity, role, *(float("nan") if pd.isna(count) else float(count) for count in counts)))
    return pd.DataFrame(rows, columns=["activity", "role", *STEPS])


def flow_list(reach: pd.DataFrame) -> str:
    """Return the flow in words, one line an activity and role."""
    lines = []
    for _, row in steps(reach).iterrows():
        referred, *later = (_count(row[step]) for step in STEPS)
        said = ", ".join(f"{count} {step}" for count, step in zip(later, STEPS[1:], strict=True))
        lines.append(f"- {row['activity']}, {row['role']}: {referred} referred, {said}.")
    return "\n".join(lines)


def _count(number: float) -> str:
    return "a number not shown" if pd.isna(number) else digits(number)


def finding(reach: pd.DataFrame) -> str:
    """Return how many of those who were referred were seen at exit, of all or of the first activity that shows it."""
    flow = steps(reach)
    known = flow[flow["seen at exit"].notna() & flow["referred"].notna()]
    if known.empty:
        return "How many of those referred were seen at exit is not shown: the numbers are small."
    if len(known) < len(flow):
        row = known.iloc[0]
        of = f"{row['activity']}: of {digits(row['referred'])} {row['role']} who were referred"
        return f"{of}, {digits(row['seen at exit'])} were seen at exit."
    referred, seen = flow["referred"].sum(), flow["seen at exit"].sum()
    return (
        f"Of {digits(referred)} referrals, {digits(seen)} were of people seen at exit "
        f"({whole_percent(100 * seen / referred)}). Change can be shown only for those people."
    )


CHOSEN = {
    "at random": "Those who were asked were drawn at random.",
    "all": "All were asked, so those who answered chose themselves.",
    "by hand": "Those who were asked were chosen by hand, so the answers speak only for those who gave them.",
}


def response_sentence(frame: pd.DataFrame) -> str:
    """Return who answered each survey, and what that allows."""
    lines = []
    for _, row in frame.iterrows():
        one, many = ("family", "families") if row["unit"] == "families" else ("person", "people")
        who = f"{written(row['responded'], one, many)} of {digits(row['frame'])}"
        said = f"{row['survey']}: {who} answered{_percent(row['percent'])}. {CHOSEN[row['drawn']]}"
        if row["several"] == "yes":
            said += " Several people answered for some families, so no interval for families is given."
        lines.append(said)
    return " ".join(lines)


def _percent(value: float) -> str:
    return "" if pd.isna(value) else f" ({digits(value, 1)}%)"


def items_list(frame: pd.DataFrame) -> str:
    """Return each question with its share, limits and bounds."""
    lines = []
    for _, row in frame.iterrows():
        if pd.isna(row["percent"]):
            lines.append(f"- {row['question']}: the numbers are too small to show.")
            continue
        text = f"- {row['question']}: {digits(row['percent'], 1)}% of those who answered"
        if not pd.isna(row["low"]):
            text += (
                f". If they had been drawn at random: {digits(row['low'], 1)}% to {digits(row['high'], 1)}% of all. "
                f"Whatever the others think: {digits(row['bound_low'], 1)}% to {digits(row['bound_high'], 1)}%"
            )
        lines.append(f"{text}.")
    return "\n".join(lines)


def training_sentence(frame: pd.DataFrame) -> str:
    """Return training and consultation in words, and why no share of staff is given."""
    said = []
    training, asked = (frame[frame["kind"] == kind] for kind in ("training", "consultation"))
    if len(training):
        people, courses = training["people"].sum(skipna=False), sentence_case(written(training["held"].sum(), "course"))
        planned = digits(training["planned"].sum())
        said.append(f"{courses} of {planned} planned were held, with {_count(people)} attendances.")
        said.append("Attendances are not people: they do not say how many staff were trained.")
    said += [
        f"{row['item']}: {_count(row['people'])} of {digits(row['planned'])} planned." for _, row in asked.iterrows()
    ]
    return " ".join(said)


def logic_sentence(frame: pd.DataFrame, measures: Sequence[str] = ()) -> str:
    """Return the claims that nothing measures, and the measures that serve no claim; ``measures``: their labels."""
    bare = frame[(frame["measured_by"] == "nothing") & ~frame["kind"].isin(["input"])]
    used = {name for cell in frame["measured_by"] for name in cell.split("; ")}
    idle = [name for name in measures if name not in used]
    says = "Every claim has a measure."
    if len(bare):
        says = f"Nothing measures {joined([f'“{text}”' for text in bare['claim']])}."
    return says + (f" No claim is measured by {joined(idle)}." if idle else " Every measure belongs to a claim.")
