"""Scores, such as a questionnaire's: how many children were measured in each period, and which way they moved.

A child without a score is not counted as nought: it is missing, and every figure says how many it rests on.
"""

from __future__ import annotations

from stepdown.measures import PERIODS, Measure, declared, measured
from stepdown.outcomes.children import ChildOutcomes
from stepdown.tables import AggregateTable, Column, Role

_KEYS = {"measure": Column("Measure", Role.KEY), "group": Column("Group", Role.KEY)}
_CHILDREN = Column("Children in the group", Role.BASE, "children", 0)


def scores_of(outcomes: ChildOutcomes) -> list[Measure]:
    """Return the scores that the study's children have, in the order of their declaration."""
    return [measured(n) for n in declared() if measured(n).kind == "score" and f"{n}_after" in outcomes.frame.columns]


def scores(outcomes: ChildOutcomes) -> AggregateTable:
    """Return ``scores``: one row is a measure × group × period; mean and spread of the children who were measured."""
    rows = []
    for score in scores_of(outcomes):
        for label in outcomes.groups:
            mine = outcomes.frame.loc[outcomes.frame["group"] == label]
            for period in PERIODS:
                values = mine[f"{score.name}_{period}"].astype("float64").dropna()
                n, known = len(mine), len(values)
                rows.append((score.title, label, period, n, known, n - known, values.mean(), values.std()))
    rests = ("measured",)
    columns = _KEYS | {
        "period": Column("Period", Role.KEY),
        "children_in_group": _CHILDREN,
        "measured": Column("Measured", Role.COUNT, "children", 0, about="Children with a score in the period."),
        "missing": Column("Not measured", Role.COUNT, "children", 0, about="Children without one."),
        "mean": Column("Mean", Role.DERIVED, "", 2, rests, "Of the children who were measured."),
        "sd": Column("Standard deviation", Role.DERIVED, "", 2, rests, "Of the children who were measured."),
    }
    return AggregateTable.of_rows("scores", "measure × group × period", columns, rows)


def score_movement(outcomes: ChildOutcomes) -> AggregateTable:
    """Return ``score_movement``: one row is a measure × group; who rose, who fell, of those measured both times."""
    rows = []
    for score in scores_of(outcomes):
        for label in outcomes.groups:
            mine = outcomes.frame.loc[outcomes.frame["group"] == label]
            change = (mine[f"{score.name}_after"] - mine[f"{score.name}_before"]).astype("float64").dropna()
            up, down, n, both = int((change > 0).sum()), int((change < 0).sum()), len(mine), len(change)
            rows.append((score.title, label, n, both, n - both, up, down, both - up - down, change.mean()))
    rests = ("measured_both",)
    columns = _KEYS | {
        "children_in_group": _CHILDREN,
        "measured_both": Column("Measured both times", Role.COUNT, "children", 0),
        "missing": Column("Not measured both times", Role.COUNT, "children", 0),
        "higher": Column("Higher after", Role.COUNT, "children", 0, about="A higher score after than before."),
        "lower": Column("Lower after", Role.COUNT, "children", 0, about="A lower score after than before."),
        "same": Column("The same", Role.COUNT, "children", 0, about="The same score both times."),
        "mean_change": Column("Mean change", Role.DERIVED, "", 2, rests, "After minus before."),
    }
    return AggregateTable.of_rows("score_movement", "measure × group", columns, rows)
