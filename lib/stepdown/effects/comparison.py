"""What every estimator works on: one outcome before and after, for the children who are analysed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stepdown.faults import Refused, nearest
from stepdown.measures import PERIODS, declared, measured
from stepdown.tables import Column, Role

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One outcome for the n children who are analysed.

    outcome: its name.  before, after: float (n,).  programme: bool (n,), True in the programme group.
    family: whole numbers (n,) from 0; children of one family share one.
    missing: children of the programme and of the comparison group who have no value before, or none after; they are
    not among the n.  Only a score can be missing.
    """

    outcome: str
    before: Floats
    after: Floats
    programme: Bools
    family: Integers
    missing: tuple[int, int] = (0, 0)

    @property
    def n_children(self) -> int:
        """Number of children in both groups."""
        return len(self.after)

    @property
    def n_families(self) -> int:
        """Number of families in both groups."""
        return how_many(self.family)

    def families_by_group(self) -> tuple[int, int]:
        """Return the number of families in the programme group and in the comparison group."""
        return how_many(self.family[self.programme]), how_many(self.family[~self.programme])

    def n_with_any(self, arm: Bools | None = None) -> int:
        """Return the number of children with any of the outcome, before or after; of a score, who were measured."""
        counted = (self.before != 0) | (self.after != 0) | (measured(self.outcome).kind == "score")
        return int(np.count_nonzero(counted if arm is None else counted[arm]))


def how_many(family: Integers) -> int:
    """Return how many families there are: numbers from 0, one a child (NumPy's ``unique`` would sort them)."""
    return int(np.count_nonzero(np.bincount(family)))


def compare(
    before: Floats | pd.Series,
    after: Floats | pd.Series,
    in_programme: Bools | pd.Series,
    family_id: NDArray[np.generic] | pd.Series,
    *,
    outcome: str = "outcome",
) -> Comparison:
    """Return the comparison of one quantity (days, pounds) from four columns of equal length, one value per child.

    Raises ValueError on a missing value: a child who cannot be observed must be left out, never counted as zero.
    """
    first, second = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError(f"{outcome}: a missing value; leave out the children who are not observable")
    family = pd.factorize(np.asarray(family_id))[0].astype(np.int64)
    if (family < 0).any():
        raise ValueError(f"{outcome}: a child without family_id cannot be placed in a cluster")
    return Comparison(outcome, first, second, np.asarray(in_programme, dtype=np.bool_), family)


def with_values(frame: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """Return the children whose ``outcome`` is known both times; all of them unless it may be missing (a score)."""
    if not measured(outcome).may_be_missing:
        return frame
    return frame.loc[frame[[f"{outcome}_{period}" for period in PERIODS]].notna().all(axis="columns")]


def comparison_of(frame: pd.DataFrame, outcome: str) -> Comparison:
    """Return the comparison of ``outcome`` (days_cp, referrals …) from the child outcomes frame.

    Every child of the frame counts: who is analysed, and what happens to children whose periods the data does not
    cover, is decided once, in :mod:`stepdown.cohort`. Of a score, the children who were measured both times count, and
    ``missing`` says how many were not. Raises Refused when there is no such outcome.
    """
    if f"{outcome}_before" not in frame.columns or f"{outcome}_after" not in frame.columns:
        known = [name for name in declared() if f"{name}_after" in frame.columns]
        raise Refused.for_one(
            where="the study file, effects.outcomes",
            found=f"an outcome that is not known: {outcome!r}{nearest(outcome, known)}",
            allowed=", ".join(known),
            rule="an outcome is counted before and after by stepdown.outcomes",
            remedy="correct the name, or take it out of effects.outcomes",
        )
    known_both = with_values(frame, outcome)
    first, second = (known_both[f"{outcome}_{period}"].astype("float64") for period in PERIODS)
    found = compare(first, second, known_both["in_programme"], known_both["family_id"], outcome=outcome)
    lost = frame["in_programme"].to_numpy(dtype=np.bool_)[~frame.index.isin(known_both.index)]
    return replace(found, missing=(int(lost.sum()), int((~lost).sum())))


def base_of(compared: Comparison, outcomes: Sequence[str]) -> dict[str, int]:
    """Return the columns of one row that say on how many children it rests; see :func:`base_columns`."""
    found = {"n_with_any": compared.n_with_any()}
    if _any_score(outcomes):
        for place, (name, arm) in enumerate((("programme", compared.programme), ("comparison", ~compared.programme))):
            known, lost = int(arm.sum()), compared.missing[place]
            found |= {f"children_{name}": known + lost, f"measured_{name}": known, f"missing_{name}": lost}
    return found


def base_columns(outcomes: Sequence[str], about: str = "Children with any, before or after.") -> dict[str, Column]:
    """Return the columns that a table of ``outcomes`` rests on: with scores among them, also who was measured.

    A mean of two groups gives away the mean of the smaller one, so both groups' numbers stand behind it.
    """
    found = {"n_with_any": Column("With any", Role.COUNT, "children", 0, about=about)}
    if _any_score(outcomes):
        for name in ("programme", "comparison"):
            title = name.capitalize()
            found |= {
                f"children_{name}": Column(f"{title}, children", Role.BASE, "children", 0, about="In the group."),
                f"measured_{name}": Column(f"{title}, measured", Role.COUNT, "children", 0, about="Known both times."),
                f"missing_{name}": Column(f"{title}, not measured", Role.COUNT, "children", 0, about="Not both times."),
            }
    return found


def rests_on(outcomes: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the columns that an estimate of ``outcomes`` rests on."""
    return tuple(name for name in base_columns(outcomes) if not name.startswith(("children_", "missing_")))


def _any_score(outcomes: Sequence[str]) -> bool:
    return any(measured(outcome).kind == "score" for outcome in outcomes)


def group_labels(frame: pd.DataFrame) -> tuple[str, str]:
    """Return the labels of the programme and of the comparison group, as they stand in the frame."""
    programme = frame.loc[frame["in_programme"], "group"].unique()
    comparison = frame.loc[~frame["in_programme"], "group"].unique()
    if len(programme) != 1 or len(comparison) != 1:
        raise ValueError("the frame needs exactly one programme group and one comparison group, each with children")
    return str(programme[0]), str(comparison[0])
