"""Differences between two subsets of files that share no file: intervals, exact tests, and their correction."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from stepdown.params.review import AuditItem, AuditTool, Comparison, Cut, ReviewSettings
from stepdown.review.answers import RESPONSES, check_answers, in_subset, one_answer_per_file, refuse_overlap
from stepdown.review.ordered import contrast
from stepdown.review.proportions import boschloo, fisher, holm, newcombe, share
from stepdown.review.scores import is_shown, smallest
from stepdown.tables import AggregateTable, Column, Role

_BOTH = ("smallest",)
_SMALLEST = Column(
    "Smallest count of the row",
    Role.COUNT,
    "files",
    0,
    about="decides whether the row may be shown; see case_file_items",
)
_KEYS = {
    "item_id": Column("Item code", Role.KEY),
    "item": Column("Item", Role.OPEN),
    "earlier": Column("Compared with", Role.KEY),
    "later": Column("Files", Role.KEY),
}

DIFFERENCES = {
    **_KEYS,
    "cut": Column("Cut", Role.KEY, about="full: full evidence only; any: full or partial evidence"),
    "smallest": _SMALLEST,
    "count_earlier": Column("With evidence, earlier", Role.DERIVED, "files", 0, _BOTH),
    "files_earlier": Column("Files, earlier", Role.DERIVED, "files", 0, _BOTH, "files to which the item applies"),
    "count_later": Column("With evidence, later", Role.DERIVED, "files", 0, _BOTH),
    "files_later": Column("Files, later", Role.DERIVED, "files", 0, _BOTH, "files to which the item applies"),
    "share_earlier": Column("Share, earlier", Role.DERIVED, "", 3, _BOTH),
    "share_later": Column("Share, later", Role.DERIVED, "", 3, _BOTH),
    "difference": Column("Difference in shares", Role.DERIVED, "", 3, _BOTH, "later less earlier"),
    "ci_low": Column("Difference: lower limit", Role.DERIVED, "", 3, _BOTH, "Newcombe's interval"),
    "ci_high": Column("Difference: upper limit", Role.DERIVED, "", 3, _BOTH, "Newcombe's interval"),
    "points": Column("Difference", Role.DERIVED, "percentage points", 0, _BOTH),
    "points_low": Column("Lower limit", Role.DERIVED, "percentage points", 0, _BOTH),
    "points_high": Column("Upper limit", Role.DERIVED, "percentage points", 0, _BOTH),
    "p_boschloo": Column("p (Boschloo)", Role.DERIVED, "p", 3, _BOTH, "two-sided: twice the one-sided p value"),
    "p_fisher": Column("p (Fisher)", Role.DERIVED, "p", 3, _BOTH, "for comparison with reports that use it"),
    "prespecified": Column("On the list of items to be tested", Role.OPEN),
    "p_holm": Column("p (corrected by Holm)", Role.DERIVED, "p", 3, _BOTH),
}
"""The columns of case_file_differences."""

ORDERED = {
    **_KEYS,
    **{name: DIFFERENCES[name] for name in ("smallest", "files_earlier", "files_later")},
    "p_mann_whitney": Column("p (exact Mann–Whitney)", Role.DERIVED, "p", 3, _BOTH, "two-sided, with ties"),
    "superiority": Column(
        "Chance that a later file shows more evidence",
        Role.DERIVED,
        "",
        3,
        _BOTH,
        "a tie counts half; 0.5 is no difference",
    ),
    "superiority_low": Column("Lower limit", Role.DERIVED, "", 3, _BOTH, "Brunner–Munzel"),
    "superiority_high": Column("Upper limit", Role.DERIVED, "", 3, _BOTH, "Brunner–Munzel"),
}
"""The columns of case_file_ordered."""


def case_file_differences(case_files: pd.DataFrame, tool: AuditTool, settings: ReviewSettings) -> AggregateTable:
    """Return the difference in the share of files with evidence: one row is an item × comparison × cut.

    difference = share later − share earlier, with Newcombe's interval (ci_low, ci_high); p_boschloo is two-sided
    (twice the one-sided); p_holm corrects it over the items that the study lists, at its main cut, and is blank
    elsewhere. Raises Refused for two subsets that share a file and for answers that do not fit the audit tool.
    """
    answers = _answers(case_files, tool, settings)
    rows = [
        row
        for pair in settings.comparisons
        for item in tool.items
        for row in _differences(item, pair, answers, settings)
    ]
    frame = pd.DataFrame(rows, columns=[name for name in DIFFERENCES if name != "p_holm"])
    return AggregateTable(
        "case_file_differences", "audit item × comparison × cut", _with_holm(frame, settings), DIFFERENCES
    )


def case_file_ordered(case_files: pd.DataFrame, tool: AuditTool, settings: ReviewSettings) -> AggregateTable:
    """Return contrasts that use the order no < partial < yes: one row is an item × comparison.

    Only items with answers in both subsets whose split of full and partial is known. Raises as
    case_file_differences does.
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
            limits = (found.p_exact, found.superiority, found.low, found.high)
            rows.append(
                (
                    item.item_id,
                    item.item,
                    pair.earlier,
                    pair.later,
                    _smallest(counts),
                    sum(earlier),
                    sum(later),
                    *limits,
                )
            )
    frame = pd.DataFrame(rows, columns=list(ORDERED))
    return AggregateTable("case_file_ordered", "audit item × comparison", frame, ORDERED)


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
) -> list[tuple[object, ...]]:
    counts = _counts(item, pair, answers, settings)
    if counts is None:
        return []
    cuts: tuple[Cut, ...] = ("any",) if item.item_id in settings.split_unknown else ("full", "any")
    rows: list[tuple[object, ...]] = []
    for cut in cuts:
        earlier, later = (
            (part["yes"] + (part["partial"] if cut == "any" else 0), sum(part.values())) for part in counts
        )
        difference = share(*later) - share(*earlier)
        limits = newcombe(later, earlier, settings.confidence)
        rows.append(
            (
                item.item_id,
                item.item,
                pair.earlier,
                pair.later,
                cut,
                _smallest(counts),
                *earlier,
                *later,
                share(*earlier),
                share(*later),
                difference,
                *limits,
                100 * difference,
                100 * limits[0],
                100 * limits[1],
                boschloo(later, earlier),
                fisher(later, earlier),
                item.item_id in settings.prespecified and cut == settings.main_cut,
            )
        )
    return rows


def _with_holm(frame: pd.DataFrame, settings: ReviewSettings) -> pd.DataFrame:
    """Return the frame with p_holm: corrected over the listed items of all comparisons together."""
    listed = frame["prespecified"].astype("bool")
    p_values = [p if one else float("nan") for p, one in zip(frame["p_boschloo"], listed, strict=True)]
    return frame.assign(p_holm=pd.Series(holm(p_values), index=frame.index, dtype="float64"))
