"""How much of an estimate hangs on one child or one family.

In RR1038 a single looked-after child of the comparison group makes 19% of the saving. Nobody is named here: the
table gives the share, never whose it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from stepdown.effects.bracketing import (
    DIFFERENCE_IN_DIFFERENCES,
    LAGGED_OUTCOME,
    coefficient,
    design,
    without_each_family,
)
from stepdown.effects.comparison import Comparison, base_columns, base_of, comparison_of, rests_on
from stepdown.effects.estimates import NAN
from stepdown.params.effects import EffectSettings
from stepdown.tables import AggregateTable, Column, Role

Unit = Literal["child", "family"]


@dataclass(frozen=True, slots=True)
class Influence:
    """The unit (child or family) whose leaving out moves an estimate most.

    share: (estimate - estimate without it) / estimate, so 0.19 means that it makes 19% of the estimate and a
    negative share that it hides some of it. NaN when the estimate is zero or does not exist without the unit.
    changes_sign: whether the estimate without it has the other sign.
    """

    outcome: str
    estimator: str
    unit: Unit
    estimate: float
    without: float
    share: float
    changes_sign: bool
    n_units: int


def influence(compared: Comparison, estimator: str, unit: Unit) -> Influence:
    """Return the most influential child or family of one estimate."""
    if unit == "child":
        compared = replace(compared, family=np.arange(compared.n_children))
    if min(compared.families_by_group()) < 1:
        return Influence(compared.outcome, estimator, unit, NAN, NAN, NAN, False, compared.n_families)
    response, matrix = design(compared, estimator)
    estimate = coefficient(response, matrix)
    left = without_each_family(response, matrix, compared.family)
    without = NAN if np.isnan(left).any() else float(left[np.argmax(np.abs(left - estimate))])
    scale = float(np.abs(response).max(initial=0.0))
    known = math.isfinite(without) and abs(estimate) > 1e-9 * max(scale, 1e-300)
    return Influence(
        outcome=compared.outcome,
        estimator=estimator,
        unit=unit,
        estimate=estimate,
        without=without,
        share=(estimate - without) / estimate if known else NAN,
        changes_sign=bool(known and estimate * without < 0),
        n_units=compared.n_families,
    )


def influence_table(frame: pd.DataFrame, settings: EffectSettings) -> AggregateTable:
    """Return ``influence``: one row is an outcome, an end of the bracket and a unit (child, family).

    >>> influence_table(children, options).frame[["outcome", "unit", "dominates"]].head(2)
        outcome    unit  dominates
    0  days_cin   child      False
    1  days_cin  family      False
    """
    rows = []
    for outcome in settings.outcomes:
        compared = comparison_of(frame, outcome)
        for estimator in (DIFFERENCE_IN_DIFFERENCES, LAGGED_OUTCOME):
            for unit in ("child", "family"):
                found = influence(compared, estimator, "child" if unit == "child" else "family")
                rows.append(
                    {
                        "outcome": outcome,
                        "estimator": estimator,
                        "unit": unit,
                        "percent_of_estimate": 100 * found.share,
                        "changes_sign": found.changes_sign,
                        "dominates": abs(found.share) > settings.dominance_share,
                        "n_units": found.n_units,
                        **base_of(compared, settings.outcomes),
                    }
                )
    rests = rests_on(settings.outcomes)
    columns = {
        "outcome": Column("Outcome", Role.KEY, about="What is counted."),
        "estimator": Column("Estimator", Role.KEY, about="Which end of the bracket."),
        "unit": Column("One", Role.KEY, about="What is left out in turn: a child, or a family."),
        "percent_of_estimate": Column(
            "Makes this share", Role.DERIVED, "%", 0, rests, "Of the estimate, by the one that moves it most."
        ),
        "changes_sign": Column("Sign turns without it", Role.DERIVED, "", None, rests, "Whether it would."),
        "dominates": Column("Dominates", Role.DERIVED, "", None, rests, "Above the study's dominance_share."),
        "n_units": Column("Of", Role.BASE, "", 0, about="Children or families in the comparison."),
        **base_columns(settings.outcomes, "Children with any of the outcome."),
    }
    return AggregateTable.of_rows("influence", "outcome, estimator and unit left out", columns, rows)
