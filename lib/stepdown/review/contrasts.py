"""Differences between two subsets of files that share no file: intervals, exact tests, and their correction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stepdown.params.review import AuditItem, AuditTool, Comparison, Cut, ReviewSettings
from stepdown.proportions import boschloo, fisher, holm, newcombe, share
from stepdown.review.answers import RESPONSES, check_answers, in_subset, one_answer_per_file, refuse_overlap
from stepdown.review.ordered import contrast
from stepdown.review.scores import SMALLEST, files, is_shown, smallest
from stepdown.tables import AggregateTable, Column, Role

_BOTH = ("count_earlier", "files_earlier", "count_later", "files_later")


_ANY_ANSWER = ("smallest",)


def _p(label: str, about: str = "", rests_on: tuple[str, ...] = _BOTH) -> Column:
    return Column(label, Role.DERIVED, "p", 3, rests_on, about)


def _share(label: str, about: str = "", rests_on: tuple[str, ...] = _BOTH) -> Column:
    return Column(label, Role.DERIVED, "", 3, rests_on, about)


def _points(label: str) -> Column:
    return Column(label, Role.DERIVED, "percentage points", 0, _BOTH)


_KEYS = {
    "item_id": Column("Item code", Role.KEY),
    "item": Column("Item", Role.OPEN),
    "earlier": Column("Compared with", Role.KEY),
    "later": Column("Files", Role.KEY),
}

DIFFERENCES = {
    **_KEYS,
    "cut": Column("Cut", Role.KEY, about="full: full evidence only; any: full or partial evidence"),
    "smallest": SMALLEST,
    "count_earlier": files("With evidence, earlier"),
    "files_earlier": files("Files, earlier", "files to which the item applies"),
    "count_later": files("With evidence, later"),
    "files_later": files("Files, later", "files to which the item applies"),
    "share_earlier": _share("Share, earlier"),
    "share_later": _share("Share, later"),
    "difference": _share("Difference in shares", "later less earlier"),
    "ci_low": _share("Difference: lower limit", "Newcombe's interval, each file of another family"),
    "ci_high": _share("Difference: upper limit", "Newcombe's interval, each file of another family"),
    "points": _points("Difference"),
    "points_low": _points("Lower limit"),
    "points_high": _points("Upper limit"),
    "p_boschloo": _p("p (Boschloo)", "two-sided: twice the one-sided p value; each file of another family"),
    "p_fisher": _p("p (Fisher)", "for comparison with reports that use it; each file of another family"),
    "prespecified": Column("On the list of items to be tested", Role.OPEN),
    "p_holm": _p("p (corrected by Holm)"),
}
"""The columns of case_file_differences."""

DIFFERENCES_SHOWN = ("item", "cut", "points", "points_low", "points_high", "p_boschloo", "p_holm")

ORDERED = {
    **_KEYS,
    **{name: DIFFERENCES[name] for name in ("smallest", "files_earlier", "files_later")},
    "p_mann_whitney": _p("p (exact Mann–Whitney)", "two-sided, with ties, each file of another family", _ANY_ANSWER),
    "superiority": _share(
        "Chance that a later file shows more evidence", "a tie counts as half; 0.5 is no difference", _ANY_ANSWER
    ),
    "superiority_low": _share("Lower limit", "Brunner–Munzel, each file of another family", _ANY_ANSWER),
    "superiority_high": _share("Upper limit", "Brunner–Munzel, each file of another family", _ANY_ANSWER),
}
"""The columns of case_file_ordered."""

ORDERED_SHOWN = ("item", "files_earlier", "files_later", *list(ORDERED)[-3:], "p_mann_whitney")


def case_file_differences(case_files: pd.DataFrame, tool: AuditTool, settings: ReviewSettings) -> AggregateTable:
    """Return the difference in the share of files with evidence: one row is an item × comparison × cut.

    p_holm corrects p_boschloo over the items that the study lists, at its main cut, in all comparisons together, and
    is blank elsewhere. Raises Refused for two subsets that share a file and for answers that do not fit the audit tool.

    >>> table = case_file_differences(answers, tool, settings)
    >>> print(table.frame.loc[0, ["item_id", "cut", "count_earlier", "count_later"]].to_string())
    item_id          witnessed_less_domestic_abuse
    cut                                       full
    count_earlier                                3
    count_later                                 13
    """
    answers = _answers(case_files, tool, settings)
    rows = [
        row
        for pair in settings.comparisons
        for item in tool.items
        for row in _differences(item, pair, answers, settings)
    ]
    corrected = iter(holm([row["p_boschloo"] for row in rows if row["prespecified"]]))
    rows = [row | {"p_holm": next(corrected) if row["prespecified"] else np.nan} for row in rows]
    return AggregateTable.of_rows("case_file_differences", "audit item × comparison × cut", DIFFERENCES, rows)


def case_file_ordered(case_files: pd.DataFrame, tool: AuditTool, settings: ReviewSettings) -> AggregateTable:
    """Return contrasts that use the order no < partial < yes: one row is an item × comparison.

    Only items with answers in both subsets whose split of full and partial is known. Raises as
    case_file_differences does.

    >>> len(case_file_ordered(answers, tool, settings).frame)
    3
    """
    answers = _answers(case_files, tool, settings)
    rows = []
    for pair in settings.comparisons:
        for item in tool.items:
            counts = _counts(item, pair, answers, settings)
            if counts is None or item.item_id in settings.split_unknown:
                continue
            earlier, later = ([part["no"], part["partial"], part["yes"]] for part in counts)
            found = contrast(later, earlier, settings.confidence)
            told = (item.item_id, item.item, pair.earlier, pair.later, _smallest(counts), sum(earlier), sum(later))
            rows.append((*told, found.p_exact, found.superiority, found.low, found.high))
    return AggregateTable.of_rows("case_file_ordered", "audit item × comparison", ORDERED, rows)


def _answers(case_files: pd.DataFrame, tool: AuditTool, settings: ReviewSettings) -> pd.DataFrame:
    check_answers(case_files, tool, settings)
    for pair in settings.comparisons:
        refuse_overlap(case_files, pair.earlier, pair.later, settings.subsets)
    return one_answer_per_file(case_files, settings)


def _counts(
    item: AuditItem, pair: Comparison, answers: pd.DataFrame, settings: ReviewSettings
) -> tuple[dict[str, int], dict[str, int]] | None:
    """Return the counts of each answer in the earlier and the later subset; None when either has no file."""
    found = []
    for subset in (pair.earlier, pair.later):
        mine = answers[(answers["item_id"] == item.item_id) & in_subset(answers, subset)]
        counts = {name: int((mine["response"] == name).sum()) for name in RESPONSES}
        if not _on_scale(counts) or not is_shown(item.item_id, subset, settings):
            return None
        found.append(counts)
    return found[0], found[1]


def _on_scale(counts: Mapping[str, int]) -> int:
    return counts["yes"] + counts["partial"] + counts["no"]


def _smallest(counts: tuple[dict[str, int], dict[str, int]]) -> int:
    """Return the smallest count, not nought, of either subset."""
    return smallest({f"{name} {i}": n for i, part in enumerate(counts) for name, n in part.items()})


def _differences(
    item: AuditItem, pair: Comparison, answers: pd.DataFrame, settings: ReviewSettings
) -> list[dict[str, Any]]:
    counts = _counts(item, pair, answers, settings)
    if counts is None:
        return []
    cuts: tuple[Cut, ...] = ("any",) if item.item_id in settings.split_unknown else ("full", "any")
    rows = []
    for cut in cuts:
        earlier, later = (
            (part["yes"] + (part["partial"] if cut == "any" else 0), sum(part.values())) for part in counts
        )
        told = (item.item_id, item.item, pair.earlier, pair.later, cut, _smallest(counts))
        difference = (share(*later) - share(*earlier), *newcombe(later, earlier, settings.confidence))
        values = (*earlier, *later, share(*earlier), share(*later), *difference, *(100 * x for x in difference))
        listed = item.item_id in settings.prespecified and cut == settings.main_cut
        row = (*told, *values, boschloo(later, earlier), fisher(later, earlier), listed)
        rows.append(dict(zip(list(DIFFERENCES)[:-1], row, strict=True)))
    return rows
