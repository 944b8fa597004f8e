"""From reviewers' answers to one answer a file, and the subsets of files that the tables are about."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from stepdown.faults import Fault, nearest, refuse
from stepdown.params.review import AuditItem, AuditTool, ReviewSettings, Subset

RESPONSES = ("yes", "partial", "no", "not_applicable")
"""The answers in order, from full evidence to none; not_applicable stands outside the order."""

_WEAKEST_FIRST = {"no": 0, "partial": 1, "yes": 2, "not_applicable": 3}
_STRONGEST_FIRST = {"yes": 0, "partial": 1, "no": 2, "not_applicable": 3}
_RULE = "docs/case_file_review.md: a file belongs to one period, and every answer to an item of the audit tool"


def check_answers(case_files: pd.DataFrame, tool: AuditTool, settings: ReviewSettings) -> None:
    """Raise Refused when the answers do not fit the audit tool or a file does not hold together.

    case_files: one row per file × item × reviewer (file_id, period, in_hub, item_id, response, reviewer_id).
    """
    faults = [_unknown_item(name, case_files, tool) for name in _not_in(case_files["item_id"], tool.item_ids())]
    named = {code for items in settings.only_items.values() for code in items}
    named |= set(settings.prespecified) | set(settings.split_unknown)
    for name in sorted(named - set(tool.item_ids())):
        faults.append(
            Fault(
                "review section of the study's parameter file",
                f"an item that the audit tool does not have: {name!r}{nearest(name, tool.item_ids())}",
                ", ".join(tool.item_ids()),
                _RULE,
                "correct the item's code",
            )
        )
    faults += [fault for item in tool.items for fault in _not_offered(item, case_files)]
    for column in ("period", "in_hub"):
        values = case_files.groupby("file_id")[column].nunique(dropna=False)
        several = list(values.index[values > 1])
        if several:
            faults.append(
                Fault(
                    f"case_files, column {column}",
                    f"{len(several)} file(s) with more than one value",
                    "the same value in every row of a file",
                    _RULE,
                    "correct the rows of these files",
                    tuple(map(str, several[:5])),
                )
            )
    in_parts = any(name.startswith("during_") for name in settings.subsets)
    if in_parts and case_files.loc[case_files["period"] == "during", "in_hub"].isna().any():
        faults.append(
            Fault(
                "case_files, column in_hub",
                "blank cells, while the study asks for the parts of the period during the programme",
                "true or false",
                _RULE,
                "fill the column, or take during_hub and during_other out of review.subsets",
            )
        )
    refuse(faults)


def _not_in(values: pd.Series, known: list[str]) -> list[str]:
    return sorted(set(values.astype("str")) - set(known))


def _unknown_item(name: str, case_files: pd.DataFrame, tool: AuditTool) -> Fault:
    rows = int((case_files["item_id"] == name).sum())
    return Fault(
        f"case_files, column item_id, {rows} row(s)",
        f"an item that the audit tool does not have: {name!r}{nearest(name, tool.item_ids())}",
        ", ".join(tool.item_ids()),
        _RULE,
        "correct the item's code, or add the item to the audit tool",
    )


def _not_offered(item: AuditItem, case_files: pd.DataFrame) -> list[Fault]:
    given = case_files.loc[case_files["item_id"] == item.item_id, "response"]
    wrong = given[~given.isin(item.answers())]
    if wrong.empty:
        return []
    return [
        Fault(
            f"case_files, item {item.item_id}, {len(wrong)} row(s)",
            "an answer that the item does not offer: " + ", ".join(sorted(set(wrong))),
            ", ".join(item.answers()),
            _RULE,
            "correct the answers, or let the item offer this one in the audit tool",
        )
    ]


def one_answer_per_file(case_files: pd.DataFrame, settings: ReviewSettings) -> pd.DataFrame:
    """Return one row per file × item: file_id, period, in_hub, item_id, response, reviewers.

    Where reviewers differ, the agreed answer counts when there is one; else the weaker evidence (or the stronger,
    by ``when_reviewers_differ``). An answer on the scale counts before "not applicable".
    reviewers: number of reviewers who scored the file on the item, the agreed answer not counted.
    """
    ranks = _WEAKEST_FIRST if settings.when_reviewers_differ == "lower" else _STRONGEST_FIRST
    frame = case_files.assign(
        _agreed=case_files["reviewer_id"] == (settings.agreed_by or ""),
        _rank=case_files["response"].map(ranks).astype("int64"),
    ).sort_values(["file_id", "item_id", "_agreed", "_rank"], ascending=[True, True, False, True], kind="stable")
    by = frame.groupby(["file_id", "item_id"], sort=True)
    first = by[["period", "in_hub", "response"]].first()
    first["reviewers"] = (~frame["_agreed"]).groupby([frame["file_id"], frame["item_id"]]).sum().astype("int64")
    return first.reset_index()[["file_id", "period", "in_hub", "item_id", "response", "reviewers"]]


def in_subset(files: pd.DataFrame, subset: Subset) -> pd.Series:
    """Return which rows belong to a subset (columns period and in_hub)."""
    if subset == "before":
        return files["period"] == "before"
    during = files["period"] == "during"
    if subset == "during":
        return during
    hub = files["in_hub"].fillna(False).astype("bool")
    return during & (hub if subset == "during_hub" else ~hub)


def refuse_overlap(files: pd.DataFrame, subset: Subset, other: Subset, labels: Mapping[Subset, str]) -> None:
    """Raise Refused when two subsets share a file: they can be neither added nor compared as if independent."""
    shared = set(files.loc[in_subset(files, subset), "file_id"]) & set(files.loc[in_subset(files, other), "file_id"])
    if not shared:
        return
    refuse(
        [
            Fault(
                f"review.comparisons: {subset} with {other}",
                f"{len(shared)} file(s) in both “{labels.get(subset, subset)}” and “{labels.get(other, other)}”",
                "two subsets without a file in common, such as before with during, or during_hub with during_other",
                "an interval or a test for two independent samples holds only where no file is in both",
                "compare during_hub with during_other, or each of them with before",
            )
        ]
    )
