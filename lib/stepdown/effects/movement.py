"""Movement on the ladder none < CIN < CP < CLA: who could move, who did, and tests of direction.

A child at none cannot move down and a child looked after cannot move up, so each direction has its own denominator.
Moving down is the natural course of children who were chosen while they had a status: plans end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.contingency_tables import SquareTable

from stepdown.effects.comparison import Integers, group_labels
from stepdown.effects.estimates import NAN
from stepdown.measures import RUNGS, STATUSES
from stepdown.tables import AggregateTable, Column, Role


@dataclass(frozen=True, slots=True)
class Homogeneity:
    """Stuart-Maxwell test that statuses are as common after as before. df: statuses in use, less one."""

    statistic: float
    df: int
    p_value: float


def flow_counts(before: Integers, after: Integers) -> Integers:
    """Return the 4 × 4 matrix of children by highest status before (rows) and after (columns)."""
    counts = np.zeros((len(RUNGS), len(RUNGS)), dtype=np.int64)
    np.add.at(counts, (np.asarray(before, dtype=np.int64), np.asarray(after, dtype=np.int64)), 1)
    return counts


def stuart_maxwell(counts: Integers) -> Homogeneity:
    """Return the Stuart-Maxwell test of marginal homogeneity of a square table (Stuart 1955; Maxwell 1970).

    Zeros stay zeros: statsmodels adds a half to every cell unless it is told not to. Statuses that no child has,
    before or after, are left out. NaN when nothing moved or the covariance cannot be inverted.
    """
    used = (counts.sum(axis=0) + counts.sum(axis=1)) > 0
    kept = counts[np.ix_(used, used)]
    off_diagonal = kept.sum() - np.trace(kept)
    degrees = int(used.sum()) - 1
    if degrees < 1 or off_diagonal == 0:
        return Homogeneity(NAN, max(degrees, 0), NAN)
    gap = (kept.sum(axis=1) - kept.sum(axis=0))[:-1]
    spread = np.diag(kept.sum(axis=1) + kept.sum(axis=0)) - kept - kept.T
    if np.linalg.matrix_rank(spread[:-1, :-1]) < len(gap):
        return Homogeneity(NAN, degrees, NAN)
    found = SquareTable(kept, shift_zeros=False).homogeneity(method="stuart_maxwell")
    return Homogeneity(float(found.statistic), degrees, float(found.pvalue))


def direction_test(up: int, down: int) -> float:
    """Return the exact two-sided sign test that a child who moved was as likely to move up as down; NaN for none."""
    return float(stats.binomtest(up, up + down).pvalue) if up + down else NAN


def movement_table(frame: pd.DataFrame) -> AggregateTable:
    """Return ``movement``: one row is a group; movement up and down among the children who could move that way.

    >>> movement_table(children).frame[["group", "at_risk_up", "escalated", "de_escalated"]]
            group  at_risk_up  escalated  de_escalated
    0         IFP          76          0            49
    1  Comparison         116         27             3
    """
    rows = []
    for label in group_labels(frame):
        mine = frame.loc[frame["group"] == label]
        before = mine["highest_before"].to_numpy(dtype=np.int64)
        after = mine["highest_after"].to_numpy(dtype=np.int64)
        up, down = int((after > before).sum()), int((after < before).sum())
        at_risk_up, at_risk_down = int((before < len(RUNGS) - 1).sum()), int((before > 0).sum())
        rows.append(
            {
                "group": label,
                "n_children": len(mine),
                "at_risk_up": at_risk_up,
                "escalated": up,
                "percent_escalated": 100 * up / at_risk_up if at_risk_up else NAN,
                "at_risk_down": at_risk_down,
                "de_escalated": down,
                "percent_de_escalated": 100 * down / at_risk_down if at_risk_down else NAN,
                "same": len(mine) - up - down,
                "p_direction": direction_test(up, down),
                "p_homogeneity": stuart_maxwell(flow_counts(before, after)).p_value,
            }
        )
    moved, top = ("escalated", "de_escalated"), STATUSES[RUNGS[-1]].state
    columns = {
        "group": Column("Group", Role.KEY, about="Label of the group in the study file."),
        "n_children": Column("Children", Role.BASE, "children", 0, about="Children who are analysed."),
        "at_risk_up": Column("Could move up", Role.COUNT, "children", 0, about=f"Not {top} before."),
        "escalated": Column("Moved up", Role.COUNT, "children", 0, about="Higher status after than before."),
        "percent_escalated": Column("Moved up", Role.DERIVED, "%", 1, ("escalated", "at_risk_up"), "Of those."),
        "at_risk_down": Column("Could move down", Role.COUNT, "children", 0, about="With any status before."),
        "de_escalated": Column("Moved down", Role.COUNT, "children", 0, about="Lower status after than before."),
        "percent_de_escalated": Column(
            "Moved down", Role.DERIVED, "%", 1, ("de_escalated", "at_risk_down"), "Of those."
        ),
        "same": Column("Stayed", Role.COUNT, "children", 0, about="Same highest status in both periods."),
        "p_direction": Column("p value of direction", Role.DERIVED, "p", 3, moved, "Exact sign test."),
        "p_homogeneity": Column("p value, Stuart-Maxwell", Role.DERIVED, "p", 3, moved, "Marginal homogeneity."),
    }
    # that these follow from the flow matrix is known to stepdown.disclosure.linking
    return AggregateTable("movement", "group", pd.DataFrame(rows), columns)
