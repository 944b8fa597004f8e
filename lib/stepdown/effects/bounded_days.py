"""Days within a period are bounded: most children have none, and none can have more than the period is long.

So the mean is shown in two parts (how many have any; how many days those have), and the difference is also estimated
by the fractional logit of Papke & Wooldridge (1996, Journal of Applied Econometrics 11:619-632), which keeps every
predicted child between no days and the whole period.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from stepdown.effects.bracketing import ALL_ALIKE_BEFORE, coefficient, design
from stepdown.effects.comparison import Floats, Integers, comparison_of, group_labels
from stepdown.effects.estimates import NAN, Estimate, estimate_of
from stepdown.effects.family_shares import Shares, share_interval
from stepdown.measures import LADDER, PERIODS, measured
from stepdown.params.effects import LAGGED_OUTCOME
from stepdown.tables import AggregateTable, Column, Role

FRACTIONAL_LOGIT = "fractional logit"

DAYS = tuple(f"days_{status.lower()}" for status in LADDER)
"""The outcomes that are counted in days, one a status."""

TWO_PART_COLUMNS = (
    "measure",
    "group",
    "period",
    "n_with_any",
    "percent_with_any",
    "ci_low",
    "ci_high",
    "mean_days_if_any",
)
"""What a page shows of ``two_part``."""

CONDITION = (
    "without the programme, children of both groups with the same days before would have had the same days after, "
    "on average; unlike the straight line, no child can have fewer than no days or more than the whole period"
)


def fractional_logit(frame: pd.DataFrame, outcome: str, *, level: float = 0.95) -> Estimate:
    """Return the average marginal effect of the programme on ``outcome`` (days_cin, days_cp, days_cla), in days.

    Uses days inside the period only (clipped_…), so that a share of the period is never above one. Clustered on
    family (CR1, t with families - 1; the CRV3 estimator does not exist for this model). Where a group has no days
    at all the model has no finite answer: the figures are NaN and ``note`` says so.
    """
    compared = comparison_of(frame, measured(outcome).inside)
    window = frame["window_days_after"].to_numpy(dtype=np.float64)
    share_after = compared.after / window
    share_before = compared.before / frame["window_days_before"].to_numpy(dtype=np.float64)
    matrix = design(compared, LAGGED_OUTCOME)[1]
    estimate, se, note = NAN, NAN, ""
    if min(compared.families_by_group()) < 2:
        note = "fewer than two families in one of the groups"
    elif not all(0 < share_after[arm].mean() < 1 for arm in (compared.programme, ~compared.programme)):
        note = "not estimable: one of the groups has no days at all after, or all of them"
    elif np.isnan(coefficient(share_after, matrix)):
        note = ALL_ALIKE_BEFORE
    else:
        matrix[:, 2:] = share_before[:, None]
        estimate, se = average_marginal_effect(share_after, matrix, compared.family, window)
        note = "not estimable: the model does not converge for these children" if np.isnan(estimate) else ""
    made = estimate_of(compared, FRACTIONAL_LOGIT, estimate, se, level=level, condition=CONDITION, note=note)
    return replace(made, outcome=outcome)  # the days inside the window stand for the outcome that was asked for


def average_marginal_effect(share: Floats, matrix: Floats, family: Integers, window: Floats) -> tuple[float, float]:
    """Return the average marginal effect of column 1 of ``matrix`` and its standard error (delta method).

    share: of the period, 0 to 1, (n,).  matrix: (n, k), column 1 is 0 or 1.  window: days in the period, (n,).
    NaN for both when the model does not converge or its variance cannot be computed.
    """
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationError

    model = sm.GLM(share, matrix, family=sm.families.Binomial())
    try:
        fitted = model.fit(cov_type="cluster", cov_kwds={"groups": family})
    except (np.linalg.LinAlgError, PerfectSeparationError):  # the days before tell the days after entirely
        return NAN, NAN
    if not fitted.converged:
        return NAN, NAN
    with_it, without = matrix.copy(), matrix.copy()
    with_it[:, 1], without[:, 1] = 1.0, 0.0
    p_with, p_without = fitted.predict(with_it), fitted.predict(without)
    gradient = (window * p_with * (1 - p_with)) @ with_it - (window * p_without * (1 - p_without)) @ without
    gradient = gradient / len(window)
    effect = float((window * (p_with - p_without)).mean())
    return effect, float(np.sqrt(gradient @ fitted.cov_params() @ gradient))


def two_part_table(frame: pd.DataFrame, outcomes: tuple[str, ...] = DAYS, *, level: float = 0.95) -> AggregateTable:
    """Return ``two_part``: one row is a group in a period, for one outcome counted in days.

    The share of children with any days carries Wilson's interval, children of one family taken together; with fewer
    than five families there is none.

    >>> two_part_table(children).frame[["measure", "group", "period", "n_with_any"]].head(2)
                       measure group  period  n_with_any
    0  Days as a child in need   IFP  before          24
    1  Days as a child in need   IFP   after          10
    """
    rows = [
        _parts(frame.loc[frame["group"] == group], outcome, group, period, level)
        for outcome in outcomes
        for group in group_labels(frame)
        for period in PERIODS
    ]
    any_of = ("n_with_any",)
    columns = {
        "outcome": Column("Code", Role.KEY, about="What is counted: a column of the child outcomes."),
        "measure": Column("Outcome", Role.KEY, about="The same in words."),
        "group": Column("Group", Role.KEY, about="Label of the group in the study file."),
        "period": Column("Period", Role.KEY, about="before or after."),
        "n_children": Column("Children", Role.BASE, "children", 0, about="Children who are analysed."),
        "n_with_any": Column("With any days", Role.COUNT, "children", 0, about="Children with at least one day."),
        "percent_with_any": Column("Share with any", Role.DERIVED, "%", 1, any_of, "Of all children of the group."),
        "ci_low": Column("from", Role.DERIVED, "%", 1, any_of, "Lower end, siblings taken together."),
        "ci_high": Column("to", Role.DERIVED, "%", 1, any_of, "Upper end, siblings taken together."),
        "mean_days_if_any": Column("Days of those with any", Role.DERIVED, "days", 1, any_of, "Mean."),
        "mean_days_per_child": Column("Days per child", Role.DERIVED, "days", 1, any_of, "Mean over all children."),
    }
    return AggregateTable.of_rows("two_part", "group in a period, for one outcome", columns, rows)


def _parts(children: pd.DataFrame, outcome: str, group: str, period: str, level: float) -> dict[str, object]:
    values = children[f"{outcome}_{period}"].to_numpy(dtype=np.float64)
    n_with_any = int(np.count_nonzero(values))
    low, high = share_interval(Shares(values != 0, pd.factorize(children["family_id"])[0]), level=level)
    return {
        "outcome": outcome,
        "measure": measured(outcome).title,
        "group": group,
        "period": period,
        "n_children": len(values),
        "n_with_any": n_with_any,
        "percent_with_any": 100 * n_with_any / len(values),
        "ci_low": 100 * low,
        "ci_high": 100 * high,
        "mean_days_if_any": float(values[values != 0].mean()) if n_with_any else NAN,
        "mean_days_per_child": float(values.mean()),
    }
