"""What every estimator works on: one outcome before and after, for the children who are analysed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stepdown.faults import Fault, Refused, nearest
from stepdown.measures import declared

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One outcome for the n children who are analysed.

    outcome: its name.  before, after: float (n,).  programme: bool (n,), True in the programme group.
    family: whole numbers (n,) from 0; children of one family share one.
    """

    outcome: str
    before: Floats
    after: Floats
    programme: Bools
    family: Integers

    @property
    def n_children(self) -> int:
        """Number of children in both groups."""
        return len(self.after)

    @property
    def n_families(self) -> int:
        """Number of families in both groups."""
        return len(np.unique(self.family))

    def families_by_group(self) -> tuple[int, int]:
        """Return the number of families in the programme group and in the comparison group."""
        return len(np.unique(self.family[self.programme])), len(np.unique(self.family[~self.programme]))

    def n_with_any(self) -> int:
        """Return the number of children with any of the outcome, before or after."""
        return int(np.count_nonzero((self.before != 0) | (self.after != 0)))


def compare(
    before: Floats | pd.Series,
    after: Floats | pd.Series,
    in_programme: Bools | pd.Series,
    family_id: NDArray[np.generic] | pd.Series,
    *,
    outcome: str = "outcome",
) -> Comparison:
    """Return the comparison of one quantity (days, pounds) from four columns of equal length, one value a child.

    Raises ValueError on a missing value: a child who cannot be observed must be left out, never counted as zero.
    """
    first, second = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError(f"{outcome}: a missing value; leave out the children who are not observable")
    family = pd.factorize(np.asarray(family_id))[0].astype(np.int64)
    if (family < 0).any():
        raise ValueError(f"{outcome}: a child without family_id cannot be placed in a cluster")
    return Comparison(outcome, first, second, np.asarray(in_programme, dtype=np.bool_), family)


def comparison_of(frame: pd.DataFrame, outcome: str) -> Comparison:
    """Return the comparison of ``outcome`` (days_cp, referrals …) from the child outcomes frame.

    Every child of the frame counts: who is analysed, and what happens to children whose periods the data does not
    cover, is decided once, in :mod:`stepdown.cohort`. Raises Refused when there is no such outcome.
    """
    if f"{outcome}_before" not in frame.columns or f"{outcome}_after" not in frame.columns:
        known = [name for name in declared() if f"{name}_after" in frame.columns]
        raise Refused(
            [
                Fault(
                    where="the study file, effects.outcomes",
                    found=f"an outcome that is not known: {outcome!r}{nearest(outcome, known)}",
                    allowed=", ".join(known),
                    rule="an outcome is counted before and after by stepdown.outcomes",
                    remedy="correct the name, or take it out of effects.outcomes",
                )
            ]
        )
    return compare(
        frame[f"{outcome}_before"].astype("float64"),
        frame[f"{outcome}_after"].astype("float64"),
        frame["in_programme"],
        frame["family_id"],
        outcome=outcome,
    )


def group_labels(frame: pd.DataFrame) -> tuple[str, str]:
    """Return the labels of the programme and of the comparison group, as they stand in the frame."""
    programme = frame.loc[frame["in_programme"], "group"].unique()
    comparison = frame.loc[~frame["in_programme"], "group"].unique()
    if len(programme) != 1 or len(comparison) != 1:
        raise ValueError("the frame needs exactly one programme group and one comparison group, each with children")
    return str(programme[0]), str(comparison[0])
