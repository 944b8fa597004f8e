"""What the scores of a case-file review mean, in plain English; nothing is called significant without its test.

The numbers come from the frames of cleared tables, where NA is a hidden one.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from stepdown.numbers import WORDS, digits, joined, signed
from stepdown.params.review import ReviewSettings

FEW_FILES = 30
"""Fewer files than this in a period are called few."""

NOT_SHOWN = "The numbers behind this item are too small to show."
CONTRAST = (
    "Different files were read for the two periods, about different families, by reviewers who could tell the period. "
    "So a difference is a contrast between two sets of files; it is not a change in any family, or an effect."
)
"""What no difference between periods shows; stands beside every finding about one."""

GRID_LIMIT = "That evidence was looked for and found says nothing about which way it points, or how strong it is."
"""What the evidence grid does not show."""


def _missing(*values: float) -> bool:
    return any(value != value for value in values)


def _files(count: float, files: float) -> str:
    return f"{int(count)} of {int(files)}"


def _p(value: float) -> str:
    return "less than 0.001" if value < 0.0005 else digits(value, 3 if value < 0.1 else 2)


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def difference_sentence(
    item: str,
    *,
    earlier: str,
    later: str,
    counts: tuple[float, float, float, float],
    points: tuple[float, float, float],
    p_value: float,
    p_corrected: float = float("nan"),
    tests: int = 0,
    evidence: str = "at least partial evidence",
) -> str:
    """Return what can be said of one difference; its limit is CONTRAST.

    earlier, later: what the two sets of files are called.  counts: (with evidence, files) earlier, then later.
    points: difference and its limits in percentage points.  p_value: Boschloo's, two-sided.
    p_corrected: after Holm's correction for ``tests`` tests; NaN for an item that was not on the list.
    evidence: what the cut counts ("at least partial evidence", "full evidence").
    The interval rules, not the p value: where it holds nought, no difference is claimed.
    """
    if _missing(*counts, *points):
        return f"{item}: {_lower_first(NOT_SHOWN)}"
    x, n, y, m = counts
    difference, low, high = points
    seen = (
        f"{item}: {_files(y, m)} files {_lower_first(later)}, against {_files(x, n)} {_lower_first(earlier)}, "
        f"showed {evidence}"
    )
    between = f"between {signed(low)} and {signed(high)} percentage points"
    if low <= 0 <= high:
        unclear = "With so few files it" if min(n, m) < FEW_FILES else "It"
        return f"{seen}. {unclear} is not clear whether there is a difference: it could be {between}."
    side = "more" if difference > 0 else "fewer"
    least, most = sorted((abs(low), abs(high)))
    size = (
        f"That is {digits(abs(difference))} percentage points {side}; the true difference could be as small as "
        f"{digits(least)} or as large as {digits(most)}."
    )
    return f"{seen}. {size} {_tested(p_value, p_corrected, tests)}".strip()


def _tested(p_value: float, p_corrected: float, tests: int) -> str:
    """Return what the test adds once it is corrected for the number of tests, or that it was not corrected."""
    if _missing(p_value):
        return ""
    if _missing(p_corrected):
        return (
            f"This item was not on the list of items to be tested (Boschloo's exact p = {_p(p_value)}, not corrected)."
        )
    number = WORDS[tests] if tests < len(WORDS) else str(tests)
    if p_corrected < 0.05:
        return (
            f"It remains after correction for {number} tests (Boschloo's exact p = {_p(p_value)}, "
            f"corrected by Holm {_p(p_corrected)})."
        )
    return (
        f"Among {number} tests a difference like this can arise by chance: Boschloo's exact p = {_p(p_value)}, but "
        f"{_p(p_corrected)} after Holm's correction. Do not call it significant."
    )


def summary_sentence(total: int, apart_from_zero: int, standing: int, hidden: int = 0) -> str:
    """Return how many of the tested items differ: after correction for all tests, and by their interval alone.

    total: items whose numbers can be shown.  apart_from_zero: those whose interval leaves out nought.  standing: those
    whose corrected p value is below 0.05.  hidden: items that were compared, and whose numbers are too small to show.
    """
    if not total:
        return "The numbers behind every item compared are too small to show."
    if total + hidden == 1:
        return f"The one item that was compared {'shows a' if standing else 'does not show a'} difference."
    of_all = f"Of the {total + hidden} items that were compared"
    if hidden:
        of_all += f", {total} can be shown: of these"
    shows = "shows" if standing < 2 else "show"
    first = f"{of_all}, {_counted(standing)} {shows} a difference that remains after allowing for all the tests."
    only = max(0, apart_from_zero - standing)
    if not only:
        return first
    return (
        f"{first} For {_counted(only)} more the interval excludes “no difference”, but among so many tests that "
        "can be chance."
    )


def _counted(number: int) -> str:
    return ("none" if not number else WORDS[number]) if number < len(WORDS) else str(number)


def agreement_sentence(agreement: pd.DataFrame, settings: ReviewSettings) -> str:
    """Return what double coding says overall.  agreement: the frame of the cleared table ``agreement``.

    >>> agreement_sentence(review.agreement(answers, tool, settings, seed=1).frame, settings)[:58]
    'No file was read by two reviewers, or too few to show. How'
    """
    known, files = agreement["agreement"].dropna(), agreement["files"].max()
    if known.empty and not pd.isna(files):
        return f"{int(files)} files were read by more than one reviewer. How often they agreed cannot be shown."
    if pd.isna(files):
        return (
            "No file was read by two reviewers, or too few to show. How far another reviewer would have given "
            "the same answers is not known."
        )
    low, high = _percents(known)
    spread = f"on {low}%" if low == high else f"on between {low}% and {high}%"
    shown = "" if len(known) == len(agreement) else " (of the items that can be shown)"
    sentence = (
        f"{int(files)} files were read by more than one reviewer. They gave the same answer {spread} of them, "
        f"depending on the item{shown}."
    )
    least = settings.min_double_coded
    return sentence if files >= least else f"{sentence} Fewer than {least} files are too few to say more."


def agreement_limit(agreement: pd.DataFrame) -> str:
    """Return what agreement between reviewers does not show.

    >>> agreement_limit(review.agreement(answers, tool, settings, seed=1).frame)
    "Every count from these files is one reviewer's judgement."
    """
    if agreement["files"].isna().all():
        return "Every count from these files is one reviewer's judgement."
    if agreement["agreement"].isna().all():
        return "Two reviewers can agree and both be wrong."
    return (
        "Two reviewers can agree and both be wrong. Raw agreement is high by chance alone where nearly every file "
        "gets the same answer; kappa is then low although reviewers hardly differ. So AC1 and AC2 are given beside it."
    )


def _percents(shares: Iterable[float]) -> tuple[int, int]:
    """Return the lowest and the highest share in per cent, from the two decimals that the table shows."""
    low, high = (round(100 * float(digits(share, 2))) for share in (min(shares), max(shares)))
    return low, high


def parting_sentence(agreement: pd.DataFrame, most: int = 3) -> str:
    """Return the items on which reviewers part most, worst first; "" when no item was read twice.

    >>> parting_sentence(pd.DataFrame({"item": ["Safety"], "apart": [3], "files": [12]}))[:54]
    'Reviewers differ most on “Safety” (3 of 12 files). Dis'
    """
    if agreement.empty:
        return ""
    known = agreement[agreement["apart"].notna() & (agreement["files"] > 0)]
    shares = (known["apart"] / known["files"]).astype("float64").sort_values(ascending=False, kind="stable")
    worst = known.loc[shares[shares > 0].index[:most]]
    if worst.empty:
        return "Reviewers gave the same answer on every file and item that can be shown."
    parts = [f"“{row['item']}” ({_files(row['apart'], row['files'])} files)" for _, row in worst.iterrows()]
    return f"Reviewers differ most on {joined(parts)}. Discuss these questions before you use them again."


def grid_sentence(grid: pd.DataFrame) -> str:
    """Return how much of the framework has evidence.  grid: the frame of ``framework_grid``.

    >>> grid_sentence(review.framework_grid(answers, tool, settings).frame)[-48:]
    'les, 2 from other sources only, and 5 from none.'
    """
    kinds = grid["evidence"].astype("str")
    total, none, from_files = len(kinds), int((kinds == "none").sum()), int(kinds.str.startswith("case files").sum())
    return (
        f"Of the {total} practice features and outcomes, {from_files} have evidence from the case files, "
        f"{total - none - from_files} from other sources only, and {none} from none."
    )


def evidence_title(items: pd.DataFrame, settings: ReviewSettings) -> str:
    """Return the title of the bars: on how many items most files of the latest period showed evidence.

    Where half of the items or more are hidden, the rest make no headline.
    """
    subset = "during" if "during" in settings.subsets else next(iter(settings.subsets))
    shares = items.loc[items["subset"] == subset, "percent_any"]
    known = shares.dropna()
    if 2 * len(known) <= len(shares):
        return "What the case files showed: most items have too few files to show their numbers"
    shown = "" if len(known) == len(shares) else " that can be shown"
    where = _lower_first(settings.subsets[subset])
    return f"On {int((known > 50).sum())} of {len(known)} items{shown}, most files {where} showed evidence"


def differences_title(differences: pd.DataFrame) -> str:
    """Return the title of the forest plot: how many listed differences stand after correction."""
    listed = _listed(differences)
    known = listed.dropna(subset=["points"])
    if 2 * len(known) <= len(listed):
        return "Differences between the two sets of files: most have too few files to show"
    standing = int((known["p_holm"] < 0.05).sum())
    verb = "remains" if standing == 1 else "remain"
    return f"{standing or 'None'} of {len(known)} differences {verb} after allowing for all the tests (95% intervals)"


def agreement_title(agreement: pd.DataFrame) -> str:
    """Return the title of the dots: from what share of files to what share reviewers gave the same answer."""
    known = agreement["agreement"].dropna()
    if known.empty:
        return "Agreement between reviewers: too few files to show"
    low, high = _percents(known)
    spread = f"{low}%" if low == high else f"{low}% to {high}%"
    return f"Reviewers gave the same answer on {spread} of files, by item, worst first"


def grid_title(grid: pd.DataFrame) -> str:
    """Return the title of the grid: how many features and outcomes have evidence from anywhere."""
    kinds = [str(kind) for kind in grid["evidence"]]
    return f"{sum(kind != 'none' for kind in kinds)} of {len(kinds)} practice features and outcomes have evidence"


def difference_list(differences: pd.DataFrame, settings: ReviewSettings) -> str:
    """Return a Markdown list: each item on the study's list, at its main cut, largest difference first.

    >>> len(difference_list(review.case_file_differences(answers, tool, settings).frame, settings).splitlines())
    7
    """
    rows = _listed(differences).sort_values("points", ascending=False, kind="stable", na_position="last")
    return "\n".join(f"- {_told(row, settings, len(rows))}" for _, row in rows.iterrows())


def difference_summary(differences: pd.DataFrame) -> str:
    """Return how many of the listed items differ by their interval, and how many after correction.

    >>> difference_summary(review.case_file_differences(answers, tool, settings).frame)[:75]
    'Of the 7 items that were compared, two show a difference that remains after'
    """
    rows = _listed(differences)
    known = rows[rows["points"].notna()]
    apart = ((known["points_low"] > 0) | (known["points_high"] < 0)).sum()
    hidden = len(rows) - len(known)
    return summary_sentence(len(known), int(apart), int((known["p_holm"] < 0.05).sum()), hidden)


def _listed(differences: pd.DataFrame) -> pd.DataFrame:
    return differences[differences["prespecified"].astype("bool")]


def _told(row: pd.Series, settings: ReviewSettings, tests: int) -> str:
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
