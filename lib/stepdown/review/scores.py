"""Scores of a case-file review: each item in each subset of files, with both cuts and Wilson's intervals."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from stepdown.params.review import AuditItem, AuditTool, ReviewSettings, Subset
from stepdown.review.answers import RESPONSES, check_answers, in_subset, one_answer_per_file
from stepdown.review.proportions import NONE, share, wilson
from stepdown.tables import AggregateTable, Column, Role

_ROW = ("smallest",)
_FULL, _ANY = ("yes", "applicable"), ("any_evidence", "applicable")

COLUMNS = {
    "item_id": Column("Item code", Role.KEY),
    "item": Column("Item", Role.OPEN, about="statement that the files were read for"),
    "heading": Column("Practice feature or outcome", Role.OPEN),
    "subset": Column("Subset", Role.KEY, about="during_hub and during_other are parts of during: never add them to it"),
    "subset_label": Column("Files", Role.OPEN),
    "files": Column("Files read", Role.BASE, "files", 0, about="files with an answer to this item"),
    "smallest": Column(
        "Smallest count of the row", Role.COUNT, "files", 0, about="decides whether the row may be shown"
    ),
    "yes": Column("Full evidence", Role.DERIVED, "files", 0, _ROW),
    "partial": Column("Partial evidence", Role.DERIVED, "files", 0, _ROW),
    "no": Column("No evidence", Role.DERIVED, "files", 0, _ROW),
    "not_applicable": Column("Not applicable", Role.DERIVED, "files", 0, _ROW, "left out of the shares"),
    "applicable": Column("Files that count", Role.DERIVED, "files", 0, _ROW, "files read less those not applicable"),
    "any_evidence": Column("Full or partial evidence", Role.DERIVED, "files", 0, _ROW),
    "split_known": Column(
        "Full and partial told apart", Role.OPEN, about="false: only the sum of full and partial evidence may be read"
    ),
    "share_full": Column("Share, full only", Role.DERIVED, "", 3, _FULL),
    "full_low": Column("Share, full only: lower limit", Role.DERIVED, "", 3, _FULL, "Wilson's interval"),
    "full_high": Column("Share, full only: upper limit", Role.DERIVED, "", 3, _FULL, "Wilson's interval"),
    "share_any": Column("Share, full or partial", Role.DERIVED, "", 3, _ANY),
    "any_low": Column("Share, full or partial: lower limit", Role.DERIVED, "", 3, _ANY, "Wilson's interval"),
    "any_high": Column("Share, full or partial: upper limit", Role.DERIVED, "", 3, _ANY, "Wilson's interval"),
    "percent_any": Column("Full or partial evidence, %", Role.DERIVED, "%", 0, _ANY),
    "percent_any_low": Column("Lower limit, %", Role.DERIVED, "%", 0, _ANY),
    "percent_any_high": Column("Upper limit, %", Role.DERIVED, "%", 0, _ANY),
}
"""The columns of case_file_items.

The counts of a row add up to the files read, and case_file_differences has some of them again. So a row is shown
whole or not at all: every count rests on the smallest one, in both tables.
"""


def smallest(counts: Mapping[str, int]) -> int:
    """Return the smallest of the counts that is not nought (0 when all are)."""
    return min((count for count in counts.values() if count), default=0)


def case_file_items(case_files: pd.DataFrame, tool: AuditTool, settings: ReviewSettings) -> AggregateTable:
    """Return how many files gave evidence on each item: one row is an item × subset of files.

    case_files: one row a file × item × reviewer; a file read twice counts once (see one_answer_per_file).
    share_full counts "yes" only, share_any "yes" and "partial", both over the files to which the item applies;
    full_… and any_… are Wilson's limits. Where the study says that the split of full and partial is not known
    (split_known is false), share_full is blank and only the sum of yes and partial may be read. Raises Refused when
    answers do not fit the audit tool.
    """
    check_answers(case_files, tool, settings)
    answers = one_answer_per_file(case_files, settings)
    rows = []
    for item in tool.items:
        mine = answers[answers["item_id"] == item.item_id]
        for subset, label in settings.subsets.items():
            part = mine[in_subset(mine, subset)]
            if len(part) and is_shown(item.item_id, subset, settings):
                rows.append(_row(item, subset, label, part["response"], settings))
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return AggregateTable("case_file_items", "audit item × subset of files", frame, COLUMNS)


def is_shown(item_id: str, subset: Subset, settings: ReviewSettings) -> bool:
    """Return whether the study gives this item for this subset."""
    return item_id in settings.only_items.get(subset, (item_id,))


def _row(item: AuditItem, subset: Subset, label: str, responses: pd.Series, settings: ReviewSettings) -> tuple:
    counts = {name: int((responses == name).sum()) for name in RESPONSES}
    applicable = len(responses) - counts["not_applicable"]
    any_evidence = counts["yes"] + counts["partial"]
    split = item.item_id not in settings.split_unknown
    full = wilson(counts["yes"], applicable, settings.confidence) if split else NONE
    some = wilson(any_evidence, applicable, settings.confidence)
    return (
        item.item_id,
        item.item,
        item.heading,
        subset,
        label,
        len(responses),
        smallest(counts),
        counts["yes"],
        counts["partial"],
        counts["no"],
        counts["not_applicable"],
        applicable,
        any_evidence,
        split,
        share(counts["yes"], applicable) if split else float("nan"),
        *full,
        share(any_evidence, applicable),
        *some,
        100 * share(any_evidence, applicable),
        100 * some[0],
        100 * some[1],
    )
