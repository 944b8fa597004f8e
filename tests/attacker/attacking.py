"""The attack: everything in a release held together, and for every hidden count the range that is left of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from attacker import later, meanings, months, people, series, trials, who
from attacker.meanings import Count, Meanings
from attacker.reading import Row, number, read_tables
from attacker.reviewers import off_scale_range

Reader = Callable[[Meanings, str, Row], None]
READERS: dict[str, Reader] = {
    "statutory_status": meanings.statutory_status,
    "two_part": meanings.two_part,
    "transitions": meanings.transitions,
    "movement": meanings.movement,
    "like_for_like": meanings.like_for_like,
    "overlap": meanings.overlap,
    "overlap_gate": meanings.overlap_gate,
    "status_on_date": meanings.status_on_date,
    "re_referral_survival": later.curve,
    "referrals": later.referrals,
    "re_referral": later.re_referral,
    **dict.fromkeys(
        (
            *("effects", "effects_inside", "influence", "permutation", "bracket_agreement"),
            *("bracket_agreement_inside", "missing_follow_up", "regression_to_the_mean"),
        ),
        later.of_outcome,
    ),
    "costs": later.costs,
    "cost_parts": later.cost_parts,
    "saving_by_agency": later.saving_by_agency,
    **dict.fromkeys(
        (
            *("net_cost", "net_cost_by_months", "cost_scenarios", "cost_uncertainty", "cost_plane", "cost_grid"),
            "net_cost_steps",
            *("acceptability", "break_even", "saving_bracket", "tornado", "assumptions"),
        ),
        later.with_cost,
    ),
    **dict.fromkeys(("profile", "issues", "ethnicity_groups"), who.profile),
    "balance": who.balance,
    "participant_flow": who.participant_flow,
    "observability": who.observability,
    "months": months.months,
    "month_days": months.observed,
    **dict.fromkeys(("event_study", "trends"), months.both),
    "lasting": months.lasting,
    "followed": months.followed,
    "completeness": who.completeness,
    "oddities": who.oddities,
    "case_file_items": who.case_file_items,
    "case_file_differences": who.case_file_differences,
    "case_file_ordered": who.case_file_ordered,
    "agreement": lambda m, name, row: None,
    "overlaps": who.overlaps,
    "reach": people.reach,
    "measure_change": people.change,
    "yes_no_change": people.yes_no,
    "measure_bands": people.bands,
    "reliable_change": people.reliable,
    "survey_response": people.response,
    "survey_items": people.items,
    "training": people.training,
    "series_points": series.points,
    "series_drawn": series.drawn,
    "trial_flow": trials.flow,
    **dict.fromkeys(("trial_effect", "trial_compliers"), trials.of_outcome),
    "trial_subgroups": trials.subgroups,
    "time_use": trials.hours,
    "repeats": trials.repeats,
    "spending": trials.spending,
    **dict.fromkeys(("how_read", "import_doubts", "import_pool", "import_rows", "import_31_march"), who.brought_in),
}
NO_COUNTS = {
    "logic_model",
    "unit_costs_used",
    "framework_grid",
    "import_rules",
    "series_summary",
    "target_status",
    "level_change",
}
SUMS = (
    meanings.status_on_date_sums,
    later.curve_steps,
    who.profile_sums,
    who.flow_sums,
    who.observability_sums,
    months.month_sums,
    months.followed_sums,
    who.seen_and_left_out,
    who.issues_in_the_records,
    series.sums,
    people.sums,
    trials.flow_sums,
    trials.subgroup_sums,
)
MOST = 5


@dataclass(frozen=True)
class Leak:
    """A count from 1 to 5 of which a reader of the release can tell more than that it is from 1 to 5."""

    name: str
    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.name}: between {self.low:g} and {self.high:g} (it is {self.value:g})"


def understand(
    tables: dict[str, list[Row]],
    codes: dict[str, list[str]],
    groups: tuple[str, str] | None = None,
    bands: dict[str, list[str]] | None = None,
    rounded: int = 1,
) -> Meanings:
    """Return all that the tables say; a table that nobody told the attacker about is a LookupError."""
    unknown = set(tables) - set(READERS) - NO_COUNTS
    if unknown:
        raise LookupError(f"tell the attacker what these tables count: {sorted(unknown)}")
    m = Meanings(tables, groups)
    m.rounded = rounded
    m.bands = bands or bands_of(tables)
    m.broad = codes
    m.ungrouped = sorted({*m.bands.get("ethnicity", [])} - {"Unknown"} - {c for each in codes.values() for c in each})
    for name, rows in tables.items():
        for row in rows:
            if name in READERS:
                READERS[name](m, name, row)
    for sums in SUMS:
        sums(m)
    who.ethnic_codes(m, codes)
    m.tell_ratios()
    return m


def bands_of(tables: dict[str, list[Row]]) -> dict[str, list[str]]:
    """Return the categories of each characteristic, in order: they stand in the study's file."""
    found: dict[str, list[str]] = {}
    for row in tables.get("profile", []):
        if row["category"] not in found.setdefault(row["variable"], []):
            found[row["variable"]].append(row["category"])
    return found


def attack(
    released: Path, restricted: Path, codes: dict[str, list[str]], most: int = MOST, rounded: int = 1
) -> list[Leak]:
    """Return what can be told of counts from 1 to 5: ``released`` and ``restricted`` are folders of CSV files.

    most: the policy's threshold.  rounded: what its counts are rounded to.
    """
    truth_tables = read_tables(restricted)
    truth = understand(truth_tables, codes)
    told = understand(read_tables(released), codes, truth.groups, truth.bands, rounded)
    if not told.system.possible():
        raise AssertionError("the release contradicts what the attacker believes: nothing can be told from that")
    leaks = []
    for count in small(truth.counts, most):
        low, high = told.system.can_be(count.sum, 0, 1), told.system.can_be(count.sum, most, float("inf"))
        if not (low and high):
            leaks.append(Leak(count.name, count.value, *told.system.range(count.sum)))  # type: ignore[arg-type]
    return leaks + _reviewers(truth_tables.get("agreement", []), told.tables.get("agreement", []), most)


def small(counts: list[Count], most: int = MOST) -> list[Count]:
    """Return the counts from 1 to the threshold, each sum once under all its names."""
    found: dict[frozenset, Count] = {}
    for count in counts:
        if count.value is not None and 1 <= count.value <= most:
            key = frozenset(count.sum.items())
            name = f"{found[key].name} = {count.name}" if key in found else count.name
            found[key] = Count(name, count.sum, count.value)
    return list(found.values())


def _reviewers(truth: list[Row], told: list[Row], most: int) -> list[Leak]:
    true = {row["item_id"]: number(row.get("files_off_scale")) for row in truth}
    leaks = []
    for row in told:
        value = true.get(row["item_id"])
        ends = off_scale_range(row)
        if value is not None and 1 <= value <= most and ends and (ends[0] > 1 or ends[1] < most):
            leaks.append(Leak(f"agreement: files off the scale, {row['item_id']}", value, *ends))
    return leaks


COUNT_LIKE = re.compile(
    r"^(n_|children|families|files|events_|count_|number$|rows$|blank$|episodes|new_episodes|referrals|at_risk|re_referred"
    r"|escalated|de_escalated|same$|yes$|partial$|no$|not_applicable|applicable|any_evidence|unmatched|missing_|with_status)"
)


def not_understood(m: Meanings) -> list[tuple[str, str]]:
    """Return the columns that look like counts of people and that no reader took."""
    columns = {(name, c) for name, rows in m.tables.items() for c in (rows[0] if rows else ()) if name in READERS}
    return sorted((t, c) for t, c in columns - m.used if COUNT_LIKE.match(c) and t != "agreement")
