"""Scores of a case-file review: each item in each subset of files, with both cuts and Wilson's intervals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from stepdown.params.review import AuditItem, AuditTool, ReviewSettings, Subset
from stepdown.proportions import NONE, share, wilson
from stepdown.review.answers import RESPONSES, check_answers, in_subset, one_answer_per_file
from stepdown.tables import AggregateTable, Column, Role

NO_SIBLINGS = "Intervals and tests take each file as one of another family: with files of siblings they claim too much."

_FULL, _ANY = ("yes", "applicable"), ("any_evidence", "applicable")


def files(label: str, about: str = "") -> Column:
    """Return a column of numbers of files."""
    return Column(label, Role.COUNT, "files", 0, about=about)


def _share(label: str, rests_on: tuple[str, str], about: str = "") -> Column:
    return Column(label, Role.DERIVED, "", 3, rests_on, about)


SMALLEST = Column(
    "Smallest count of the row", Role.COUNT, "files", 0, about="not shown where a count of the row is not"
)

COLUMNS = {
    "item_id": Column("Item code", Role.KEY),
    "item": Column("Item", Role.OPEN, about="statement that the files were read for"),
    "heading": Column("Practice feature or outcome", Role.OPEN),
    "subset": Column("Subset", Role.KEY, about="during_hub and during_other are parts of during: never add them to it"),
    "subset_label": Column("Files", Role.OPEN),
    "files": Column("Files read", Role.BASE, "files", 0, about="files with an answer to this item"),
    "smallest": SMALLEST,
    "yes": files("Full evidence"),
    "partial": files("Partial evidence"),
    "no": files("No evidence"),
    "not_applicable": files("Not applicable", "left out of the shares"),
    "applicable": files("Files that count", "files read, minus those not applicable"),
    "any_evidence": files("Full or partial evidence"),
    "split_known": Column(
        "Full and partial known separately", Role.OPEN, about="false: use only the sum of full and partial evidence"
    ),
    "share_full": _share("Share, full only", _FULL),
    "full_low": _share("Share, full only: lower limit", _FULL, "Wilson's interval, each file of another family"),
    "full_high": _share("Share, full only: upper limit", _FULL, "Wilson's interval, each file of another family"),
    "share_any": _share("Share, full or partial", _ANY),
    "any_low": _share("Share, full or partial: lower limit", _ANY, "Wilson's interval, each file of another family"),
    "any_high": _share("Share, full or partial: upper limit", _ANY, "Wilson's interval, each file of another family"),
    "percent_any": Column("Full or partial evidence, %", Role.DERIVED, "%", 0, _ANY),
    "percent_any_low": Column("Lower limit, %", Role.DERIVED, "%", 0, _ANY),
    "percent_any_high": Column("Upper limit, %", Role.DERIVED, "%", 0, _ANY),
}
"""The columns of case_file_items.

The counts of a row add up to the files read, and case_file_differences has some of them again:
:mod:`stepdown.disclosure.definitions` says which.
"""

SHOWN = ("item", "subset_label", "any_evidence", "applicable", "not_applicable", *list(COLUMNS)[-3:])
"""The columns of case_file_items that a page shows."""


def smallest(counts: Mapping[str, int]) -> int:
    """Return the smallest of the counts that is not nought (0 when all are)."""
    return min((count for count in counts.values() if count), default=0)


def case_file_items(case_files: pd.DataFrame, tool: AuditTool, settings: ReviewSettings) -> AggregateTable:
    """Return how many files gave evidence on each item: one row is an item × subset of files.

    case_files: one row per file × item × reviewer; a file read twice counts once (see one_answer_per_file).
    share_full counts "yes" only, share_any "yes" and "partial", both over the files to which the item applies;
    full_… and any_… are Wilson's limits. Where the study says that the split of full and partial is not known
    (split_known is false), share_full is blank and only the sum of yes and partial may be read. Raises Refused when
    answers do not fit the audit tool.

    >>> table = case_file_items(answers, tool, settings)
    >>> table.frame.loc[0, ["item_id", "subset", "any_evidence", "applicable"]].tolist()
    ['witnessed_less_domestic_abuse', 'before', np.int64(3), np.int64(10)]
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
    return AggregateTable.of_rows("case_file_items", "audit item × subset of files", COLUMNS, rows)


def is_shown(item_id: str, subset: Subset, settings: ReviewSettings) -> bool:
    """Return whether the study gives this item for this subset."""
    return item_id in settings.only_items.get(subset, (item_id,))


def _row(item: AuditItem, subset: Subset, label: str, responses: pd.Series, settings: ReviewSettings) -> tuple:
    counts = {name: int((responses == name).sum()) for name in RESPONSES}
    applicable = len(responses) - counts["not_applicable"]
    any_evidence = counts["yes"] + counts["partial"]
    split = item.item_id not in settings.split_unknown
    told = (item.item_id, item.item, item.heading, subset, label)
    counted = (len(responses), smallest(counts), *counts.values(), applicable, any_evidence, split)
    full = (share(counts["yes"], applicable), *wilson(counts["yes"], applicable, settings.confidence))
    some = (share(any_evidence, applicable), *wilson(any_evidence, applicable, settings.confidence))
    return (*told, *counted, *(full if split else (np.nan, *NONE)), *some, *(100 * value for value in some))
