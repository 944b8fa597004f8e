"""Draws the files of a review: a random sample in strata, shared among reviewers, some files read twice."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from stepdown.faults import Fault, refuse, some_rows
from stepdown.params.review import SamplePlan

SAMPLE_COLUMNS = (
    "file_id",
    "period",
    "in_hub",
    "stratum",
    "files_in_register",
    "files_drawn",
    "reviewer_id",
    "place_in_workbook",
)
"""One row is a file × reviewer. place_in_workbook: the random order in which the reviewer meets the file."""

_RULE = "docs/case_file_review.md, step 2: the register lists every file that could be drawn, once"


@dataclass(frozen=True, slots=True)
class Sample:
    """A drawn sample.

    frame: one row per file × reviewer, columns SAMPLE_COLUMNS. A file's chance of being drawn is
    files_drawn / files_in_register of its stratum.
    """

    frame: pd.DataFrame

    def files_of(self, reviewer_id: str) -> list[str]:
        """Return the file ids of a reviewer in the order of their workbook."""
        mine = self.frame[self.frame["reviewer_id"] == reviewer_id]
        return list(mine.sort_values("place_in_workbook")["file_id"])

    def reviewers(self) -> list[str]:
        """Return the reviewers who have files, in alphabetical order."""
        return sorted(set(self.frame["reviewer_id"]))


def draw(register: pd.DataFrame, plan: SamplePlan, seed: int) -> Sample:
    """Return a random sample of the register by the plan; the same seed draws the same files.

    register: one row per file, all columns text: file_id, period (before, during), in_hub (true, false or blank;
    the column may be absent) and any other column that the strata name.
    Files read twice are spread over all pairs of reviewers and the rest shared evenly. Raises Refused with every
    fault of the register or the plan (a file twice, a file in two strata, too few files).
    """
    register = register.assign(in_hub=register.get("in_hub", ""))
    refuse(register_faults(register, plan))
    rng = np.random.default_rng(seed)
    drawn = []
    for stratum in plan.strata:
        pool = register[_in_stratum(register, stratum.where)].sort_values("file_id")
        chosen = rng.choice(len(pool), size=stratum.files, replace=False)
        part = pool.iloc[chosen][["file_id", "period", "in_hub"]].assign(
            stratum=stratum.name, files_in_register=len(pool), files_drawn=stratum.files
        )
        part["reviewers"] = np.where(np.arange(stratum.files) < stratum.double_coded, 2, 1)
        drawn.append(part)
    return Sample(_shared(pd.concat(drawn, ignore_index=True), plan.reviewers, rng))


def _shared(files: pd.DataFrame, reviewers: tuple[str, ...], rng: np.random.Generator) -> pd.DataFrame:
    """Return one row per file × reviewer: each file goes to those with the fewest files so far, ties at random."""
    load = dict.fromkeys(reviewers, 0)
    rows = []
    order = files.sort_values("reviewers", ascending=False, kind="stable")
    for file in order.itertuples(index=False):
        groups = list(combinations(reviewers, file.reviewers))
        lightest = min(sum(load[name] for name in group) for group in groups)
        fitting = [group for group in groups if sum(load[name] for name in group) == lightest]
        for name in fitting[int(rng.integers(len(fitting)))]:
            load[name] += 1
            rows.append((*file[:-1], name))
    frame = pd.DataFrame(rows, columns=[*files.columns[:-1], "reviewer_id"])
    frame["place_in_workbook"] = 0
    for name in reviewers:
        mine = frame.index[frame["reviewer_id"] == name]
        frame.loc[mine, "place_in_workbook"] = rng.permutation(len(mine)) + 1
    return frame.sort_values(["reviewer_id", "place_in_workbook"], ignore_index=True)[list(SAMPLE_COLUMNS)]


def _in_stratum(register: pd.DataFrame, where: dict[str, str]) -> pd.Series:
    keep = pd.Series(True, index=register.index)
    for column, value in where.items():
        keep &= register[column] == value
    return keep


def register_faults(register: pd.DataFrame, plan: SamplePlan) -> list[Fault]:
    """Return what is wrong with a register for this plan."""
    file = plan.register_file
    needed = {"file_id", "period"} | {column for stratum in plan.strata for column in stratum.where}
    missing = sorted(needed - set(register.columns))
    if missing:
        allowed = "the columns " + ", ".join(sorted(needed))
        return [Fault(f"{file}, line 1", "no column " + ", ".join(missing), allowed, _RULE, "add the column")]
    faults = []
    checks = {
        "file_id": (register["file_id"].eq("") | register["file_id"].isna(), "a blank", "a pseudonym of the file"),
        "file_id ": (register["file_id"].duplicated(), "a file id that appears twice", "each file once"),
        "period": (~register["period"].isin(["before", "during"]), "an unknown period", "before, during"),
        "in_hub": (~register["in_hub"].isin(["true", "false", ""]), "an unknown flag", "true, false or blank"),
    }
    for column, (wrong, found, allowed) in checks.items():
        if wrong.any():
            lines = [int(i) + 2 for i in np.flatnonzero(wrong)]
            where = f"{file}, column {column.strip()}, {some_rows(lines)}"
            values = tuple(map(str, register.loc[wrong, column.strip()].head(5)))
            faults.append(Fault(where, found, allowed, _RULE, "correct the register", values))
    return faults + _plan_faults(register, plan)


def _plan_faults(register: pd.DataFrame, plan: SamplePlan) -> list[Fault]:
    faults = []
    times = pd.Series(0, index=register.index)
    for stratum in plan.strata:
        inside = _in_stratum(register, stratum.where)
        times += inside.astype("int64")
        if int(inside.sum()) < stratum.files:
            faults.append(
                Fault(
                    f"review.sample.strata, {stratum.name}",
                    f"{int(inside.sum())} file(s) in the register, {stratum.files} to be drawn",
                    "no more files than the register has",
                    _RULE,
                    "draw fewer files, or widen the stratum",
                )
            )
    if (times > 1).any():
        faults.append(
            Fault(
                "review.sample.strata",
                f"{int((times > 1).sum())} file(s) that belong to two strata",
                "each file in one stratum at most",
                _RULE,
                "make the strata separate, for example by in_hub",
            )
        )
    return faults
