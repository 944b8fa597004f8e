"""Reads cleared tables for the sentences of a page: what a notebook calls instead of looking numbers up itself."""

from __future__ import annotations

from typing import Protocol

import pandas as pd

from stepdown.numbers import digits
from stepdown.params.review import ReviewSettings
from stepdown.review.sentences import (
    CONTRAST,
    Finding,
    agreement_sentence,
    difference_sentence,
    grid_sentence,
    item_sentence,
    parting_sentence,
    summary_sentence,
)

__all__ = [
    "CONTRAST",
    "agreement_finding",
    "agreement_title",
    "difference_findings",
    "difference_summary",
    "differences_title",
    "evidence_title",
    "grid_finding",
    "grid_title",
    "item_sentences",
    "parting",
]


class Cleared(Protocol):
    """What is needed of a cleared table: its values, with NA where they are hidden."""

    @property
    def frame(self) -> pd.DataFrame:
        """The values."""


def item_sentences(items: Cleared, subset: str) -> list[str]:
    """Return one sentence an item for a subset, from the cleared table case_file_items."""
    rows = items.frame[items.frame["subset"] == subset]
    return [
        item_sentence(
            row["item"],
            row["subset_label"],
            _number(row, "any_evidence"),
            _number(row, "applicable"),
            _number(row, "percent_any_low"),
            _number(row, "percent_any_high"),
            _number(row, "not_applicable"),
        )
        for _, row in rows.iterrows()
    ]


def evidence_title(items: Cleared, settings: ReviewSettings) -> str:
    """Return the title of the bars: on how many items most files of the latest period showed evidence.

    Where half of the items or more are hidden, the rest make no headline.
    """
    subset = "during" if "during" in settings.subsets else next(iter(settings.subsets))
    shares = items.frame.loc[items.frame["subset"] == subset, "percent_any"]
    known = shares.dropna()
    if 2 * len(known) <= len(shares):
        return "What the case files showed: most items rest on too few files to show their numbers"
    shown = "" if len(known) == len(shares) else " that can be shown"
    where = settings.subsets[subset][:1].lower() + settings.subsets[subset][1:]
    return f"On {int((known > 50).sum())} of {len(known)} items{shown}, most files {where} showed evidence"


def differences_title(differences: Cleared) -> str:
    """Return the title of the forest plot: how many listed differences stand after correction."""
    listed = _listed(differences)
    known = listed.dropna(subset=["points"])
    if 2 * len(known) <= len(listed):
        return "Differences between the two sets of files: most rest on too few files to show"
    standing = int((known["p_holm"] < 0.05).sum())
    verb = "stands" if standing == 1 else "stand"
    return f"{standing or 'None'} of {len(known)} differences {verb} once all tests are counted (95% intervals)"


def agreement_title(agreement: Cleared) -> str:
    """Return the title of the dots: from what share of files to what share reviewers gave the same answer."""
    known = agreement.frame["agreement"].dropna()
    if known.empty:
        return "Agreement between reviewers: too few files to show"
    low, high = (round(100 * float(digits(share, 2))) for share in (known.min(), known.max()))
    spread = f"{low}%" if low == high else f"{low}% to {high}%"
    return f"Reviewers gave the same answer on {spread} of files, by item, worst first"


def grid_title(grid: Cleared) -> str:
    """Return the title of the grid: how many features and outcomes have evidence from anywhere."""
    kinds = [str(kind) for kind in grid.frame["evidence"]]
    return f"{sum(kind != 'none' for kind in kinds)} of {len(kinds)} practice features and outcomes have evidence"


def difference_findings(differences: Cleared, settings: ReviewSettings) -> list[Finding]:
    """Return one finding for each item on the study's list, at its main cut, largest difference first."""
    rows = _listed(differences).sort_values("points", ascending=False, kind="stable", na_position="last")
    return [_finding(row, settings, len(rows)) for _, row in rows.iterrows()]


def difference_summary(differences: Cleared) -> str:
    """Return how many of the listed items differ by their interval, and how many after correction."""
    rows = _listed(differences)
    known = rows[rows["points"].notna()]
    apart = ((known["points_low"] > 0) | (known["points_high"] < 0)).sum()
    return summary_sentence(len(known), int(apart), int((known["p_holm"] < 0.05).sum()))


def agreement_finding(agreement: Cleared, settings: ReviewSettings) -> Finding:
    """Return what double coding says overall."""
    frame = agreement.frame
    files = float("nan") if frame.empty or frame["files"].isna().all() else float(frame["files"].max())
    return agreement_sentence(
        files, [_number(row, "agreement") for _, row in frame.iterrows()], settings.min_double_coded
    )


def parting(agreement: Cleared, most: int = 3) -> str:
    """Return the items on which reviewers part most."""
    rows = [(row["item"], _number(row, "apart"), _number(row, "files")) for _, row in agreement.frame.iterrows()]
    known = sorted((row for row in rows if row[1] == row[1] and row[2]), key=lambda row: -row[1] / row[2])
    return parting_sentence(known[:most])


def grid_finding(grid: Cleared) -> Finding:
    """Return how much of the framework has evidence."""
    return grid_sentence([str(kind) for kind in grid.frame["evidence"]])


def _listed(differences: Cleared) -> pd.DataFrame:
    return differences.frame[differences.frame["prespecified"].astype("bool")]


def _finding(row: pd.Series, settings: ReviewSettings, tests: int) -> Finding:
    counts = tuple(_number(row, name) for name in ("count_earlier", "files_earlier", "count_later", "files_later"))
    points = tuple(_number(row, name) for name in ("points", "points_low", "points_high"))
    return difference_sentence(
        row["item"],
        earlier=settings.subsets[row["earlier"]],
        later=settings.subsets[row["later"]],
        counts=(counts[0], counts[1], counts[2], counts[3]),
        points=(points[0], points[1], points[2]),
        p_value=_number(row, "p_boschloo"),
        p_corrected=_number(row, "p_holm"),
        tests=tests,
        evidence="at least partial evidence" if row["cut"] == "any" else "full evidence",
    )


def _number(row: pd.Series, name: str) -> float:
    return float("nan") if pd.isna(row[name]) else float(row[name])
