"""What the scores of a case-file review mean, in plain English; nothing is called significant without its test.

The first functions word numbers; the last read the numbers from cleared tables, where NA is a hidden one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from stepdown.numbers import WORDS, digits, joined, signed
from stepdown.params.review import ReviewSettings

NOT_SHOWN = "The numbers behind this item are too small to be shown."
CONTRAST = (
    "Different files were read for the two periods, about different families, by reviewers who could tell the period. "
    "So a difference is a contrast between two sets of files; it is not a change in any family, nor an effect."
)
"""What no difference between periods shows; stands beside every finding about one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: the sentence and what it does not show."""

    sentence: str
    limit: str


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
) -> Finding:
    """Return what can be said of one difference, and its limit.

    earlier, later: what the two sets of files are called.  counts: (with evidence, files) earlier, then later.
    points: difference and its limits in percentage points.  p_value: Boschloo's, two-sided.
    p_corrected: after Holm's correction for ``tests`` tests; NaN for an item that was not on the list.
    evidence: what the cut counts ("at least partial evidence", "full evidence").
    The interval rules, not the p value: where it holds nought, no difference is claimed.
    """
    if _missing(*counts, *points):
        return Finding(f"{item}: {_lower_first(NOT_SHOWN)}", CONTRAST)
    x, n, y, m = counts
    difference, low, high = points
    seen = (
        f"{item}: {_files(y, m)} files {_lower_first(later)}, against {_files(x, n)} {_lower_first(earlier)}, "
        f"showed {evidence}"
    )
    between = f"between {signed(low)} and {signed(high)} percentage points"
    if low <= 0 <= high:
        return Finding(
            f"{seen}. So few files cannot tell whether there is a difference: it could lie {between}.", CONTRAST
        )
    side = "more" if difference > 0 else "fewer"
    least, most = sorted((abs(low), abs(high)))
    size = (
        f"That is {digits(abs(difference))} percentage points {side}; the true difference could be as small as "
        f"{digits(least)} or as large as {digits(most)}."
    )
    return Finding(f"{seen}. {size} {_tested(p_value, p_corrected, tests)}".strip(), CONTRAST)


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
            f"It stands after correction for {number} tests (Boschloo's exact p = {_p(p_value)}, "
            f"corrected by Holm {_p(p_corrected)})."
        )
    return (
        f"Among {number} tests a difference like this can arise by chance: Boschloo's exact p = {_p(p_value)}, but "
        f"{_p(p_corrected)} after Holm's correction. It should not be called significant."
    )


def summary_sentence(total: int, apart_from_zero: int, standing: int) -> str:
    """Return how many of the tested items differ: after correction for all tests, and by their interval alone.

    total: items whose numbers can be shown.  apart_from_zero: those whose interval leaves out nought.  standing: those
    whose corrected p value is below 0.05.
    """
    if not total:
        return "The numbers behind every item that was compared are too small to be shown."
    of_all = f"Of the {total} item{'' if total == 1 else 's'} that {'was' if total == 1 else 'were'} compared"
    shows = "shows" if standing < 2 else "show"
    first = f"{of_all}, {_counted(standing)} {shows} a difference that stands once all tests are counted."
    only = max(0, apart_from_zero - standing)
    if not only:
        return first
    return (
        f"{first} For {_counted(only)} more the interval leaves out “no difference”, but among so many tests that "
        "can be luck."
    )


def _counted(number: int) -> str:
    return ("none" if not number else WORDS[number]) if number < len(WORDS) else str(number)


def agreement_sentence(files: float, agreements: Sequence[float], least: int) -> Finding:
    """Return what double coding says overall.

    files: the largest number of files that an item had read twice.  agreements: raw agreement of each item (0 to 1;
    NaN left out).  least: fewest files that make the figures worth reading.
    """
    limit = (
        "Two reviewers can agree and both be wrong. Raw agreement is high by chance alone where nearly every file "
        "gets the same answer; kappa is then low although reviewers hardly differ. So AC1 and AC2 stand beside it."
    )
    known = [value for value in agreements if value == value]
    if _missing(files) or not known:
        return Finding(
            "No file was read by two reviewers, or too few to show. How far another reader would have given the "
            "same answers is not known.",
            "Every count from these files rests on the judgement of one reader.",
        )
    low, high = _percents(known)
    spread = f"on {low}%" if low == high else f"on between {low}% and {high}%"
    sentence = (
        f"{int(files)} files were read by more than one reviewer. They gave the same answer {spread} of them, "
        f"depending on the item{'' if len(known) == len(agreements) else ' (of the items that can be shown)'}."
    )
    if files < least:
        sentence += f" Fewer than {least} files is too few to say more than that."
    return Finding(sentence, limit)


def _percents(shares: Iterable[float]) -> tuple[int, int]:
    """Return the lowest and the highest share in per cent, from the two decimals that the table shows."""
    low, high = (round(100 * float(digits(share, 2))) for share in (min(shares), max(shares)))
    return low, high


def parting_sentence(items: Sequence[tuple[str, float, float]]) -> str:
    """Return the items on which reviewers part most: (item, files with different answers, files), worst first."""
    known = [(item, apart, files) for item, apart, files in items if not _missing(apart, files) and apart > 0]
    if not known:
        return "Reviewers gave the same answer on every file and item that can be shown."
    parts = [f"“{item}” ({_files(apart, files)} files)" for item, apart, files in known]
    return f"Reviewers part most on {joined(parts)}. Talk these questions through before they are used again."


def grid_sentence(evidence: Sequence[str]) -> Finding:
    """Return how much of the framework has evidence; ``evidence`` is that column of framework_grid."""
    total, none = len(evidence), sum(kind == "none" for kind in evidence)
    from_files = sum(kind.startswith("case files") for kind in evidence)
    return Finding(
        f"Of the {total} practice features and outcomes, {from_files} have evidence from the case files, "
        f"{total - none - from_files} from other sources only, and {none} from none.",
        "That evidence was looked for and found says nothing about which way it points, or how strong it is.",
    )


class Cleared(Protocol):
    """What is needed of a cleared table: its values, with NA where they are hidden."""

    @property
    def frame(self) -> pd.DataFrame:
        """The values."""


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
    where = _lower_first(settings.subsets[subset])
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
    low, high = _percents(known)
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
