"""What a trial, time use and repeats say, in sentences made from cleared tables; a hidden number is not filled in."""

from __future__ import annotations

import pandas as pd

from stepdown.effects.wording import Labels, Row, count, fewer, interval, known, of, p_value, rows
from stepdown.numbers import digits, joined, signed, whole_percent
from stepdown.params.trials import TrialSettings
from stepdown.trials.repeats import HEARINGS, VICTIMS
from stepdown.trials.tables import ALLOCATED, ANALYSED, BEFORE_ALLOCATION, INSIDE, UNITS

TRIAL_LIMIT = (
    "What made the difference, or whether it would happen again elsewhere. Everyone counts in the arm allocated, "
    "including those who did not have the programme. Those lost after allocation are not included, and were not "
    "lost at random."
)
COMPLIERS_LIMIT = (
    "What the programme does for those who would not take it up. It needs one more assumption: being allocated "
    "changes nothing for those who do not take it up."
)
SUBGROUPS_LIMIT = (
    "Subgroups do not show that the programme works for one group and not for another, unless the two effects "
    "themselves differ. An interval that excludes zero in one group but not in the other is no such finding. One "
    "in 20 such tests is below 0.05 by chance."
)
CLOSURE = "The service on trial decides when a case is closed or stepped down; it is not an outcome for the child. "
TIME_LIMIT = (
    "That the programme changed the hours, or that families had better help: there is no comparison, workers "
    "write their own diaries, and more direct hours can also mean more cases."
)
REPEATS_LIMIT = (
    "That fewer repeats mean less harm: they can also mean fewer calls. A victim who moved away or was not referred "
    "again counts as not repeated."
)
EFFECT_COLUMNS = (
    *("measure", "unit", "estimate", "ci_low", "ci_high", "p_value", "n_programme", "n_comparison", "icc", "smallest"),
)
SUBGROUP_COLUMNS = ("subgroup", "part", "unit", "estimate", "ci_low", "ci_high", "n_programme", "n_comparison")
TIME_COLUMNS = [f"{name}{end}" for name in ("before", "after", "change") for end in ("", "_low", "_high")]
NEW_CLOCK = "For some children the period after begins later than allocation: what happened in between is not counted."


def flow_sentence(flow: pd.DataFrame, labels: Labels, settings: TrialSettings) -> str:
    """Return how many were assessed, allocated, lost and analysed; frame: of ``trial_flow``, cleared."""
    what = UNITS[settings.unit]
    said = ["The number assessed but not allocated is not stated"]
    before = rows(flow, stage=BEFORE_ALLOCATION)
    if before:
        allocated = next(row["units"] for row in before if row["became"] == ALLOCATED)
        said = [f"{count(before[0]['out_of'])} {what} were assessed and {count(allocated)} allocated"]
    arms = [rows(flow, stage=label) for label in labels]
    parts = [
        f"{count(own[0]['out_of'])} to {label}, of whom "
        f"{count(next(row['units'] for row in own if row['became'] == ANALYSED))} are analysed"
        for label, own in zip(labels, arms, strict=True)
        if own
    ]
    return f"{said[0]}: {'; '.join(parts)}. Outcomes and subgroups were named before, in {settings.protocol.source}."


def effect_sentence(effect: pd.DataFrame, labels: Labels) -> str:
    """Return the primary outcome as allocated; frame: of ``trial_effect``, cleared."""
    return _effect_sentence(rows(effect)[0], labels)


def other_sentences(effect: pd.DataFrame, labels: Labels) -> list[str]:
    """Return the secondary outcomes, with p values corrected for their number, and what closure is not."""
    found = rows(effect)
    said = [f"Secondary. {_effect_sentence(row, labels, 'p_holm')}" for row in found[1:]]
    again = any("referr" in str(row["outcome"]) for row in found)
    return [*said, CLOSURE + ("Re-referral stands beside it." if again else "The trial has no re-referral outcome.")]


def _effect_sentence(row: Row, labels: Labels, p: str = "p_value") -> str:
    name = str(row["measure"])
    if not known(row["estimate"]):
        return f"{name}: {row['note'] or 'not shown, because the numbers are too small'}."
    unit, method = row["unit"], str(row["method"])
    means = ""
    if known(row["mean_programme"], row["mean_comparison"]):
        own, other = (digits(row[f"mean_{arm}"], 1) for arm in ("programme", "comparison"))
        share = unit == "percentage points"
        means = f" {labels[0]} {own}{'%' if share else ' on average'}, {labels[1]} {other}{'%' * share};"
    groups = f" ({count(row['clusters_programme'])} and {count(row['clusters_comparison'])})"
    test = p_value(row[p]) + (", corrected" if p == "p_holm" else "")
    return (
        f"{name}, everyone in the arm allocated:{means} {fewer(row['estimate'], unit)} allowing for the period "
        f"before ({interval(row['ci_low'], row['ci_high'], unit)}, {test}). Compared were {method}"
        f"{groups if 'cluster' in method else ''}."
    )


def compliers_sentence(compliers: pd.DataFrame, labels: Labels) -> str:
    """Return who had the programme, and the effect on those who take it up; frame: of ``trial_compliers``, cleared."""
    row = rows(compliers)[0]
    arms = zip(labels, ("programme", "comparison"), strict=True)
    had = [f"{of(row[f'had_{arm}'], row[f'n_{arm}'])} children of {label}" for label, arm in arms]
    said = f"Those who took the programme up: {joined(had)}."
    if not known(row["estimate"]):
        return f"{said} For those who took it up: {row['note'] or 'not shown, because the numbers are too small'}."
    return (
        f"{said} For those who take it up when offered, {row['measure'].lower()}: "
        f"{fewer(row['estimate'], row['unit'])} ({interval(row['ci_low'], row['ci_high'], row['unit'])})."
    )


def subgroup_sentences(subgroups: pd.DataFrame) -> list[str]:
    """Return for each subgroup both effects and whether they lie apart; frame: of ``trial_subgroups``, cleared."""
    said = []
    for label in dict.fromkeys(subgroups["subgroup"]):
        own = rows(subgroups, subgroup=label)
        parts = [
            f"{fewer(row['estimate'], row['unit'])} {'among them' if row['part'] == INSIDE else 'among the others'}"
            if known(row["estimate"])
            else f"{'not shown' if not row['note'] else row['note']} ({row['part']})"
            for row in own
        ]
        said.append(
            f"{label}: {joined(parts)}; test of whether the two effects differ: {p_value(own[0]['p_interaction'])}."
        )
    return [*said, SUBGROUPS_LIMIT]


def time_sentence(row: Row) -> str:
    """Return the change of the share of direct work, in points and in per cent; row: of ``time_use``, cleared."""
    if not known(row["before"], row["after"], row["change"]):
        return "The share of direct work is not shown: too few workers kept a diary."
    ends = "no interval: too few workers"
    if known(row["change_low"], row["change_high"]):
        ends = f"95% interval from {signed(row['change_low'], 1)} to {signed(row['change_high'], 1)} points"
    workers = f"{count(row['workers_before'])} workers before and {count(row['workers_after'])} after"
    left = f" {count(row['left_out'])} weeks are left out: the other period does not have that week of the year."
    said = in_points_and_percent(row["before"], row["after"])
    return f"Direct work was {said} ({ends}; {workers})." + (left if row["left_out"] else "")


def in_points_and_percent(before: float, after: float) -> str:
    """Return "34% of hours before and 58% after: +24 points, or 71% more", so that neither is taken for the other.

    >>> in_points_and_percent(34.0, 58.0)
    '34% of hours before and 58% after: +24 points, or 71% more'
    """
    said = f"{whole_percent(before)} of hours before and {whole_percent(after)} after: {signed(after - before)} points"
    if not before:
        return said
    relative = 100 * (after / before - 1)
    return f"{said}, or {digits(abs(relative))}% {'more' if relative >= 0 else 'less'}"


def repeats_sentences(table: pd.DataFrame, what: str, within_days: int) -> str:
    """Return the rule by which a hearing is a repeat; frame: of ``repeats``, cleared."""
    return (
        f"A repeat is a further {what} of the same victim on day 1 to day {within_days} after one in the period. "
        f"Day {within_days} counts, day {within_days + 1} does not."
    )


def repeats_finding(table: pd.DataFrame) -> str:
    """Return both rates of each index period; frame: of ``repeats``, cleared."""
    said = []
    for label in dict.fromkeys(table["period"]):
        victims, hearings = (rows(table, period=label, counted=name)[0] for name in (VICTIMS, HEARINGS))
        if victims["note"]:
            said.append(f"{label}: {victims['note']}.")
            continue
        said.append(
            f"{label}: {_share(victims)} victims came back, and {_share(hearings)} hearings were followed by another."
        )
    return " ".join(said)


def _share(row: Row) -> str:
    part = f"{count(row['repeated'])} of {count(row['index'])}"
    return f"{part} ({digits(row['percent'], 1)}%)" if known(row["percent"]) else part
