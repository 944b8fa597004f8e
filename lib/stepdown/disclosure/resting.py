"""Numbers that rest on a hidden count of another row or table, which the columns of their own row do not say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from stepdown.disclosure.counts import Place
from stepdown.disclosure.underlying import Tables, rows_of
from stepdown.measures import of_column
from stepdown.params.effects import DIFFERENCE_IN_DIFFERENCES
from stepdown.tables import AggregateTable, Role

_LEVELS = {
    "statutory_status": ("days", "mean_days_per_child", "clipped_days", "mean_clipped_days_per_child"),
    "two_part": ("mean_days_if_any", "mean_days_per_child"),
    "cost_parts": ("volume", "cost_gbp"),
    "trial_effect": ("mean_programme", "mean_comparison"),
    "regression_to_the_mean": ("mean_before", "reference_mean", "expected_change", "observed_change", "correlation"),
}
"""Totals and means of one group in one period: with the differences between groups, one would give another away."""

_HOLDERS = {"statutory_status": "children_with_status", "two_part": "n_with_any", "cost_parts": "children"}
_FEW_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def also_resting(tables: Tables, hidden: set[Place], threshold: int) -> set[Place]:
    """Return the further numbers to hide."""
    found = set(_levels(tables, hidden, threshold))
    found |= set(_gate(tables, hidden))
    found |= set(_balance(tables, hidden, threshold))
    found |= set(_reviews(tables, hidden))
    found |= set(_families(tables, hidden))
    found |= set(_one_child(tables))
    found |= set(_few_after(tables, threshold))
    found |= set(_few_families(tables, threshold))
    found |= set(_small_groups(tables, threshold))
    for table in tables.values():
        found |= set(_told(table, threshold))
    if "movement" in tables and any(place[0] == "transitions" for place in hidden):
        found |= {("movement", row, "p_homogeneity") for row in range(len(tables["movement"].frame))}
    return found


def _measure(row: Mapping[str, object]) -> str:
    name = str(row.get("status", row.get("outcome", row.get("measure"))))
    return name.rsplit("_", 1)[-1].upper()


def _levels(tables: Tables, hidden: set[Place], threshold: int) -> Iterator[Place]:
    """Yield the totals and means of every measure of which one group's in one period is hidden.

    The difference between the groups stays: it is one sum of four hidden totals.
    """
    measures = set()
    for name, column in _HOLDERS.items():
        for row, values in rows_of(tables[name].frame) if name in tables else ():
            if (name, row, column) in hidden or 1 <= values[column] <= threshold:
                measures.add(_measure(values))
    for name, columns in _LEVELS.items():
        for row, values in rows_of(tables[name].frame) if name in tables and measures else ():
            if _measure(values) in measures:
                yield from ((name, row, column) for column in columns)
    if measures:
        for row in range(len(tables["costs"].frame)) if "costs" in tables else ():
            yield from (("costs", row, c) for c in ("cost_gbp", "cost_scaled_gbp", "cost_per_child_gbp"))
        for row, values in rows_of(tables["net_cost"].frame) if "net_cost" in tables else ():
            if str(values["measure"]).startswith("cost_difference"):
                yield "net_cost", row, "amount_gbp"
    for name in ("statutory_status", "referrals"):
        holder = "children_with_status" if name == "statutory_status" else "children_referred"
        others = (
            ("episodes", "new_episodes") if name == "statutory_status" else ("referrals", "referrals_without_index")
        )
        for row in range(len(tables[name].frame)) if name in tables else ():
            if (name, row, holder) in hidden:
                yield from (
                    (name, row, column) for column in (*others, "mean_per_child") if column in tables[name].columns
                )


def _gate(tables: Tables, hidden: set[Place]) -> Iterator[Place]:
    """Yield the effective sample sizes, which rest on the status before of every child."""
    before = {"overlap": None, "transitions": "children_before", "statutory_status": None, "balance": None}
    lost = any(place[0] in before and (before[place[0]] in (None, place[2])) for place in hidden)
    if "overlap_gate" in tables and (lost or any(place[0] == "overlap_gate" for place in hidden)):
        yield from (("overlap_gate", 0, column) for column in ("unmatched", "ess_best_case", "ess_by_status"))


_BEHIND = {"n_issues": ("issues", ""), "sibling_group_size": ("profile", "sibling_group_size"), "age_years": ("", "")}


def _balance(tables: Tables, hidden: set[Place], threshold: int) -> Iterator[Place]:
    """Yield means and spreads of a variable of which a category is hidden, and differences of that category.

    Those of days and referrals that few children of a group had are yielded too: a spread of √n means says that it was
    one child. The difference stays where more children of the other group had them.
    """
    if "balance" not in tables:
        return
    table, frame = tables["balance"], tables["balance"].frame.reset_index(drop=True)
    derived = [name for name, column in table.columns.items() if column.role is Role.DERIVED]
    levels = [n for n in derived if n.startswith(("mean_", "sd_", "variance_ratio"))]
    for variable, rows in frame.groupby("variable", sort=False).indices.items():
        own = {int(row) for row in rows}
        gone = {row for row in own if any((p in hidden) for p in (("balance", row, f"children_{s}") for s in _SIDES))}
        other, part = _BEHIND.get(str(variable), ("", ""))
        behind = other and any(
            place[0] == other and (not part or tables[other].frame["variable"].iloc[place[1]] == part)
            for place in hidden
        )
        unknown = any(
            place[0] == "balance" and place[1] in own and place[2].startswith(("missing", "n_")) for place in hidden
        )
        for row in sorted(own):
            few, most = _had(tables, hidden, threshold, frame.loc[row].to_dict())
            if (
                row in gone
                or (few and most <= threshold)
                or (gone and len(own) > 1 and frame["category"][row] == "all categories")
            ):
                yield from (("balance", row, column) for column in derived)
            if gone or behind or unknown or few:
                yield from (("balance", row, column) for column in levels)
            if unknown:
                yield "balance", row, "smd_missing"


_SIDES = ("programme", "comparison")


def _holders(tables: Tables, variable: str) -> tuple[str, str, list[tuple[int, float]]]:
    """Return the table and column that count the children with any days or referrals of a period, with their rows."""
    what, period = of_column(variable), variable.rpartition("_")[2]
    if what.kind not in ("days", "count"):
        return "", "", []
    name, column = ("statutory_status", "children_with_status") if what.status else ("referrals", "children_referred")
    rows = rows_of(tables[name].frame) if name in tables else ()
    mine = [(row, v) for row, v in rows if (v["period"], v.get("status", "")) == (period, what.status)]
    return name, column, [(row, float(v[column])) for row, v in mine]


def _had(tables: Tables, hidden: set[Place], threshold: int, values: Mapping[str, Any]) -> tuple[bool, float]:
    """Say whether few children of a group had any of what a row of the balance table means, and the most in a group.

    Without the table that counts them: how many children with equal amounts would have this mean and spread.
    """
    name, column, had = _holders(tables, str(values["variable"]))
    if not name:
        return False, 0.0
    if had:
        return any((name, row, column) in hidden or 1 <= n <= threshold for row, n in had), max(n for _, n in had)
    worth = []
    for mean, sd, n in ([values[f"{part}_{side}"] for part in ("mean", "sd", "n")] for side in _SIDES):
        worth.append(round(n * mean**2 / (mean**2 + sd**2 * (n - 1) / n), 6) if mean > 0 and n > 1 else 0.0)
    return any(0 < each <= threshold for each in worth), max(worth)


def _reviews(tables: Tables, hidden: set[Place]) -> Iterator[Place]:
    """Yield what rests on the answers to an item of which one is hidden, and the smallest answer of such a row."""
    if "case_file_items" not in tables:
        return
    frame = tables["case_file_items"].frame.reset_index(drop=True)
    gone = {(frame["item_id"][p[1]], frame["subset"][p[1]]) for p in hidden if p[0] == "case_file_items"}
    for row in frame.index:
        if (frame["item_id"][row], frame["subset"][row]) in gone:
            yield "case_file_items", int(row), "smallest"
    for name in ("case_file_differences", "case_file_ordered"):
        for row, v in rows_of(tables[name].frame) if name in tables else ():
            if (v["item_id"], v["earlier"]) in gone or (v["item_id"], v["later"]) in gone:
                yield name, row, "smallest"
                if name == "case_file_ordered":
                    yield from ((name, row, c) for c, k in tables[name].columns.items() if k.role is Role.DERIVED)


def _families(tables: Tables, hidden: set[Place]) -> Iterator[Place]:
    """Yield the families of a row whose children are hidden: the one number is often the other."""
    for name, row, column in hidden:
        if name == "participant_flow" and column == "children":
            yield name, row, "families"


def _one_child(tables: Tables) -> Iterator[Place]:
    """Yield how much of an estimate one child or family makes, and a sum without one child: each is about one child."""
    for row in range(len(tables["influence"].frame)) if "influence" in tables else ():
        yield "influence", row, "percent_of_estimate"


def _few_after(tables: Tables, threshold: int) -> Iterator[Place]:
    """Yield comparisons of what few children had after: such a difference is their sum, and its interval their number.

    Differences in differences stay: they rest on the children of the period before too.
    """
    for name in ("effects", "effects_inside", "bracket_agreement", "bracket_agreement_inside"):
        for row, v in rows_of(tables[name].frame) if name in tables else ():
            had = [n for _, n in _holders(tables, f"{v['outcome']}_after")[2]]
            if 1 <= sum(had) <= threshold and not str(v.get("estimator")).endswith(DIFFERENCE_IN_DIFFERENCES):
                yield from ((name, row, c) for c, k in tables[name].columns.items() if k.role is Role.DERIVED)


def _few_families(tables: Tables, threshold: int) -> Iterator[Place]:
    """Yield what tells how few families a group has: 3 ways to deal them out say 1 and 2, as do pounds per family."""
    flow = rows_of(tables["participant_flow"].frame) if "participant_flow" in tables else ()
    if not any(v["step"] == "Analysed" and 1 <= v["families"] <= threshold for _, v in flow):
        return
    for row in range(len(tables["permutation"].frame)) if "permutation" in tables else ():
        yield from (("permutation", row, column) for column in ("p_value", "p_holm", "deals", "method"))
    for row, v in rows_of(tables["net_cost"].frame) if "net_cost" in tables else ():
        if str(v["measure"]).endswith("per_family"):
            yield "net_cost", row, "amount_gbp"


def _small_groups(tables: Tables, threshold: int) -> Iterator[Place]:
    """Yield every difference between groups of which one is small: its fractions are those of the size."""
    gate = tables.get("overlap_gate")
    if gate is None or not any(1 <= gate.frame[f"n_{side}"].iloc[0] <= threshold for side in _SIDES):
        return
    for name, table in tables.items():
        if {"n_with_any", "children_with_cost"} & set(table.columns):
            told = [c for c, k in table.columns.items() if k.role in (Role.DERIVED, Role.TOTAL)]
            yield from ((name, row, column) for row in range(len(table.frame)) for column in told)


def _told(table: AggregateTable, threshold: int) -> Iterator[Place]:
    """Yield notes that tell a small number of children, families or files; other texts are the study file's own."""
    numbers = "|".join([*(str(n) for n in range(1, threshold + 1)), *_FEW_WORDS[:threshold]])
    small = re.compile(rf"\b(?:{numbers})(?: of (?:the )?[\d,]+)? (?:child|famil|files?\b)", re.IGNORECASE)
    for name, column in table.columns.items():
        if name != "note" or column.role is Role.KEY or pd.api.types.is_numeric_dtype(table.frame[name]):
            continue
        for row, text in enumerate(table.frame[name]):
            if isinstance(text, str) and small.search(text):
                yield table.name, row, name
