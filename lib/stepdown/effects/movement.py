"""Movement on the ladder none < CIN < CP < CLA: who could move, who did, and tests of direction.

A child at none cannot move down and a child looked after cannot move up, so each direction has its own denominator.
Moving down is the natural course of children who were chosen while they had a status: plans end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from stepdown.effects.comparison import Integers, group_labels
from stepdown.effects.estimates import NAN
from stepdown.effects.family_shares import FEWEST_FAMILIES
from stepdown.measures import RUNGS, STATUSES
from stepdown.tables import AggregateTable, Column, Role


@dataclass(frozen=True, slots=True)
class Homogeneity:
    """Stuart-Maxwell test that statuses are as common after as before. df: statuses in use, less one."""

    statistic: float
    df: int
    p_value: float


def stuart_maxwell(before: Integers, after: Integers, family: Integers) -> Homogeneity:
    """Return the Stuart-Maxwell test of marginal homogeneity (Stuart 1955; Maxwell 1970), families kept together.

    before, after: highest status of each child, (n,). The covariance is added up over families, so that with one child
    a family it is the test as published. Statuses that no child has, before or after, are left out. NaN when nothing
    moved, when the covariance cannot be inverted or when fewer than FEWEST_FAMILIES have a child who moved.
    """
    used = np.union1d(before, after)
    degrees = len(used) - 1
    gain = (after[:, None] == used).astype(np.float64) - (before[:, None] == used)
    by_family = np.zeros((int(family.max(initial=-1)) + 1, len(used)))
    np.add.at(by_family, family, gain)
    by_family = by_family[:, :-1]
    gap, spread = by_family.sum(axis=0), by_family.T @ by_family
    n_moved = len(np.unique(family[before != after]))
    if degrees < 1 or n_moved < FEWEST_FAMILIES or np.linalg.matrix_rank(spread) < degrees:
        return Homogeneity(NAN, max(degrees, 0), NAN)
    statistic = float(gap @ np.linalg.solve(spread, gap))
    return Homogeneity(statistic, degrees, float(stats.chi2.sf(statistic, degrees)))


def direction_test(moved: Integers, family: Integers) -> float:
    """Return the exact two-sided sign test that a family was as likely to move up as down, on the whole.

    moved: rungs up (above zero) or down, (n,). The sum of signs of a family's children is one trial, so that with
    one child a family it is the sign test of children. NaN for fewer than FEWEST_FAMILIES that moved.
    """
    net = np.bincount(family, weights=np.sign(moved))
    up, down = int((net > 0).sum()), int((net < 0).sum())
    return float(stats.binomtest(up, up + down).pvalue) if up + down >= FEWEST_FAMILIES else NAN


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
        family = pd.factorize(mine["family_id"])[0]
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
                "p_direction": direction_test(after - before, family),
                "p_homogeneity": stuart_maxwell(before, after, family).p_value,
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
        "p_direction": Column("p value of direction", Role.DERIVED, "p", 3, moved, "Exact sign test of families."),
        "p_homogeneity": Column(
            "p value, Stuart-Maxwell", Role.DERIVED, "p", 3, moved, "Marginal homogeneity, families kept together."
        ),
    }
    # that these follow from the flow matrix is known to stepdown.disclosure.linking
    return AggregateTable.of_rows("movement", "group", columns, rows)
