"""What every count of the house's tables counts: which cells of the underlying tables of children and files.

A table that stands here is linked with all others by what its counts mean. A table that does not is linked by the
sums that it declares and by numbers that are the same (:mod:`stepdown.disclosure.linking`), which is stricter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from stepdown.disclosure import by_trial
from stepdown.disclosure.by_flow import brought_in, not_followed, who_is_in
from stepdown.disclosure.by_month import by_month
from stepdown.disclosure.by_people import by_people, scored_once
from stepdown.disclosure.by_period import points
from stepdown.disclosure.by_profile import ethnic_groups, number_of_issues, profile
from stepdown.disclosure.by_status import BY_STATUS, statuses_in, with_cost
from stepdown.disclosure.underlying import Block, Definitions, Tables, block, referral_block, rows_of, status_block
from stepdown.tables import AggregateTable

AS_COUNTED = " (as counted)"
"""Ending of the name of a table as it was before merging: not released, and protected all the same."""


def definitions(tables: Sequence[AggregateTable], broad: Mapping[str, Sequence[str]] | None = None) -> Definitions:
    """Return what the counts of the tables take in; ``sizes`` are those of whole groups, which are always shown.

    broad: the labels of the ethnic codes of each broad ethnic group.
    """
    found = Definitions()
    by_name = {t.name: t for t in tables if set(_NEEDED.get(t.name, ())) <= set(t.columns)}
    groups, ladder = _groups(by_name), _ladder(by_name)
    if groups and ladder:
        joined = "cost_parts" in by_name and "referrals" in set(by_name["cost_parts"].frame["measure"])
        own = found.add(status_block(groups, ladder, referred=joined))
        _sizes(by_name, found, own, groups)
        if not joined:
            _referred_apart(found, own, groups)
        for name, define in BY_STATUS.items():
            for table in (by_name.get(name), by_name.get(name + AS_COUNTED)):
                if table is not None:
                    define(table, found, own, groups)
        with_cost(by_name, found, own)
        by_month(by_name, found, own, groups)
        who_is_in(by_name, found, own, groups)
        profile(by_name, found, own, groups)
        ethnic_groups(by_name, found, broad or {})
        number_of_issues(by_name, found)
        not_followed(by_name, found, groups)
        for name in ("trial_effect", "trial_compliers"):
            if name in by_name:
                by_trial.of_outcome(by_name[name], found, own, groups)
        found.known |= {name for name in by_name if name.removesuffix(AS_COUNTED) in _UNDERSTOOD}
    if "case_file_items" in by_name:
        _case_files(by_name, found)
        found.known |= {name for name in by_name if name.startswith("case_file_")}
    found.known |= set(by_name) & set(_ALONE)
    if "series_points" in by_name:
        points(by_name["series_points"], found)
    brought_in(by_name, found, groups)
    by_people(by_name, found)
    scored_once(by_name, found)
    by_trial.trial_flow(by_name, found)
    by_trial.repeats(by_name, found)
    return found


def _referred_apart(found: Definitions, own: Block, groups: Sequence[str]) -> None:
    """Take in referrals beside the statuses where no count joins the two: far fewer cells say the same."""
    found.referred = found.add(referral_block(groups))
    for group in groups:
        size = found.same_as(own, own.where(group=group))
        if size is not None:
            found.counts_too(size, found.referred, found.referred.where(group=group))


_UNDERSTOOD = (
    *("participant_flow", "profile", "issues", "ethnicity_groups", "observability", "completeness", "oddities"),
    *("status_on_date", "statutory_status", "transitions", "movement", "like_for_like", "overlap", "overlap_gate"),
    *("balance", "referrals", "re_referral", "re_referral_survival", "two_part", "cost_parts", "saving_by_agency"),
    *("effects_inside", "bracket_agreement_inside"),
    *("effects", "bracket_agreement", "influence", "permutation", "regression_to_the_mean", "missing_follow_up"),
    *("costs", "net_cost", "net_cost_by_months", "cost_scenarios", "cost_uncertainty", "cost_plane", "cost_grid"),
    "net_cost_steps",
    *("acceptability", "break_even", "saving_bracket", "tornado", "assumptions"),
)
"""Tables of which it is known what they count: that two of their numbers are equal says nothing further."""

_ALONE = ("agreement", "overlaps", "how_read", "import_rows", "import_doubts", "import_pool", "import_31_march")
"""Tables whose counts no other table has in another form, but for what is said of them here."""


_NEEDED = {
    "series_points": ("series", "first_day", "last_day", "count", "out_of"),
    "profile": ("variable", "category", "group", "children_in_group"),
    "issues": ("variable", "category", "group", "children_in_group"),
    "participant_flow": ("group", "step", "children", "families"),
    "trial_effect": ("outcome", "n_programme", "any_programme"),
    "trial_flow": ("stage", "became", "units"),
    "repeats": ("period", "index", "repeated"),
    "statutory_status": ("group", "period", "status", "episodes"),
    "transitions": ("group", "status_before", "status_after", "children_before"),
    "referrals": ("group", "period", "referrals_without_index"),
    "observability": ("group", "window"),
    "scores": ("measure", "group", "measured"),
    "score_movement": ("measure", "group", "measured_both"),
    "case_file_items": ("item_id", "subset", "yes", "partial", "no", "not_applicable"),
}
"""Columns that a table of the house has; another table of the same name is not one of these."""


def _groups(tables: Tables) -> list[str]:
    """Return the labels of the groups, programme first."""
    for name in ("participant_flow", "statutory_status", "transitions", "profile", "referrals"):
        if name in tables and "group" in tables[name].frame:
            return [str(group) for group in dict.fromkeys(tables[name].frame["group"])]
    return []


def _ladder(tables: Tables) -> list[str]:
    """Return the statuses, lowest first; those that a table has merged are told apart here."""
    for name, column in (
        ("statutory_status", "status"),
        ("transitions", "status_before"),
        ("overlap", "status_before"),
    ):
        if name in tables:
            held = [part for status in dict.fromkeys(tables[name].frame[column]) for part in statuses_in(status)]
            return [status for status in dict.fromkeys(held) if status != "none"]
    return ["CIN", "CP", "CLA"] if _groups(tables) else []


_SIZES = {
    "profile": "children_in_group",
    "ethnicity_groups": "children_in_group",
    "issues": "children_in_group",
    "statutory_status": "children",
    "status_on_date": "children_in_group",
    "two_part": "n_children",
    "movement": "n_children",
    "referrals": "children",
    "costs": "children",
    "regression_to_the_mean": "n_children",
}
_SIDES = ("overlap_gate", "missing_follow_up")


def _sizes(tables: Tables, found: Definitions, own: Block, groups: Sequence[str]) -> None:
    for name, column in _SIZES.items():
        for row, values in rows_of(tables[name].frame) if name in tables else ():
            found.counts((name, row, column), own, own.where(group=values["group"]))
    for name in _SIDES:
        for row, _ in rows_of(tables[name].frame) if name in tables else ():
            for side, group in zip(("programme", "comparison"), groups, strict=False):
                found.counts((name, row, f"n_{side}"), own, own.where(group=group))
    for name in ("effects", "effects_inside"):
        for row, _ in rows_of(tables[name].frame) if name in tables else ():
            found.counts((name, row, "n_children"), own, own.where())
    found.sizes |= found.defined


def _case_files(tables: Tables, found: Definitions) -> None:
    """Define the answers to each item in each set of files, and the contrasts that are made of them."""
    answers = ["yes", "partial", "no", "not_applicable"]
    blocks: dict[tuple[str, str], Block] = {}
    for row, v in rows_of(tables["case_file_items"].frame):
        key = (str(v["item_id"]), str(v["subset"]))
        part = blocks[key] = found.add(block(f"files by {key[0]} in {key[1]}", answer=answers))
        masks = {
            "files": part.where(),
            "yes": part.where(answer="yes"),
            "partial": part.where(answer="partial"),
            "no": part.where(answer="no"),
            "not_applicable": part.where(answer="not_applicable"),
            "applicable": part.where(answer=answers[:3]),
            "any_evidence": part.where(answer=answers[:2]),
        }
        found.sizes.add(("case_file_items", row, "files"))
        for column, mask in masks.items():
            if not pd.isna(v[column]):
                found.counts(("case_file_items", row, column), part, mask)
    _parts_of_sets(blocks, found)
    for name in ("case_file_differences", "case_file_ordered"):
        for row, v in rows_of(tables[name].frame) if name in tables else ():
            for end, subset in (("earlier", v["earlier"]), ("later", v["later"])):
                part_or_none = blocks.get((str(v["item_id"]), str(subset)))
                if part_or_none is None:
                    continue
                found.counts((name, row, f"files_{end}"), part_or_none, part_or_none.where(answer=answers[:3]))
                if f"count_{end}" in v:
                    cut = answers[:1] if v["cut"] == "full" else answers[:2]
                    found.counts((name, row, f"count_{end}"), part_or_none, part_or_none.where(answer=cut))


def _parts_of_sets(blocks: Mapping[tuple[str, str], Block], found: Definitions) -> None:
    """Say that a part of a set of files (during_hub of during) has no more files of any answer."""
    for (item, subset), part in blocks.items():
        whole = blocks.get((item, subset.rsplit("_", 1)[0])) if "_" in subset else None
        for i in range(len(part)) if whole is not None else ():
            found.at_most([(1, (part.name, i, "cell")), (-1, (whole.name, i, "cell"))] if whole else [])
