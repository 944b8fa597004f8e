"""What would have to be true for the programme to pay for itself: switching values, one input at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stepdown.costs.cases import Case, base_case, work_out
from stepdown.costs.estimators import observed_saving
from stepdown.costs.inputs import CHILDREN, OWN, CostInputs, money
from stepdown.costs.prices import months_of_saving
from stepdown.costs.sensitivity import observed_children_per_family
from stepdown.measures import measured
from stepdown.params.costs import Horizon
from stepdown.params.effects import ESTIMATOR_NAMES, Estimator
from stepdown.tables import AggregateTable, Column, Role

LONGEST_MONTHS = 900
"""Switching values for the months that a saving lasts are looked for up to here (75 years)."""


def break_even_table(inputs: CostInputs, estimators: tuple[Estimator, ...] = ("did", "ancova")) -> AggregateTable:
    """Return the table ``break_even``: one row an estimator and a switching value (blank: no value would do).

    ``published_or_observed`` is the same quantity as the study has it. One price base, days inside the window.

    >>> break_even_table(inputs).frame["measure"].tolist()[:3]
    ['days_looked_after_avoided_per_child', 'children_per_family', 'months_of_effect']
    """
    rows = [row for estimator in estimators for row in _rows(inputs, base_case(inputs, estimator=estimator))]
    columns = {
        "measure": Column("What would have to be true", Role.KEY),
        "estimator": Column("Comparison", Role.KEY),
        "shown_as": Column("The programme pays for itself if", Role.OPEN),
        "value": Column("Needed", Role.DERIVED, "", 1, OWN),
        "unit": Column("Unit", Role.OPEN),
        "published_or_observed": Column("In the study", Role.DERIVED, "", 1, OWN),
        "children_with_cost": CHILDREN,
    }
    return AggregateTable.of_rows("break_even", "switching value", columns, rows)


def _rows(inputs: CostInputs, case: Case) -> list[tuple[str, str, str, float, str, float, int]]:
    result = work_out(case)
    saving, cost = result.saving, result.programme_cost
    times = cost / saving if saving > 0 else float("nan")
    seen_months = float(inputs.settings.horizon.months or inputs.window_months)
    each_saves, each_costs = saving / case.children, cost / case.children
    no_more = "the programme costs no more for each child than"
    rows = _days_row(inputs, case) if "days_cla" in case.data.measures else []
    if inputs.settings.one_child_per_family:
        words = "so many children of each family gain as the sampled child did"
        rows.append(("children_per_family", words, times, "children per family", observed_children_per_family(inputs)))
    rows += [
        ("months_of_effect", "the saving goes on for so long", months_needed(inputs, case), "months", seen_months),
        ("programme_cost_per_child", no_more, each_saves, "£ per child", each_costs),
        ("saving_per_child", "the saving for each child is", each_costs, "£ per child", each_saves),
        ("all_unit_costs", "all unit costs are so many times what they are", times, "times", 1.0),
    ]
    name = ESTIMATOR_NAMES[case.estimator]
    return [
        (measure, name, shown, value, unit, seen, inputs.children_with_cost)
        for measure, shown, value, unit, seen in rows
    ]


def _days_row(inputs: CostInputs, case: Case) -> list[tuple[str, str, float, str, float]]:
    """Return how many days looked after each child would have to avoid, all else as estimated.

    NaN where no child can avoid so many: more than the window has and more than any child had.
    """
    result = work_out(case)
    k = case.data.measures.index("days_cla")
    each = case.tariffs[k] * case.children * case.multiplier * case.saving_share
    seen = observed_saving(case.data, np.eye(len(case.tariffs))[k], case.estimator)
    words = f"each child spends so many fewer {measured('days_cla').label}, all else as estimated"
    most = max(inputs.window_months * 30.5, case.data.before[:, k].max(), case.data.after[:, k].max())
    needed = seen + result.net_cost / each
    value = needed if needed <= most else float("nan")
    return [("days_looked_after_avoided_per_child", words, value, "days per child", seen)]


def months_needed(inputs: CostInputs, case: Case) -> float:
    """Return after how many months the discounted saving reaches the programme cost (nan: never).

    The saving goes on at the level of the window and then stops; part months are interpolated.
    """
    monthly = work_out(replace(case, multiplier=1.0))
    if monthly.saving <= 0:
        return float("nan")
    needed = monthly.programme_cost / monthly.saving * inputs.window_months
    counted = 0.0
    for month in range(1, LONGEST_MONTHS + 1):
        step = inputs.rates.factor((month - 1) // 12)
        if counted + step >= needed:
            return month - 1 + (needed - counted) / step
        counted += step
    return float("nan")


def net_cost_by_months_table(
    inputs: CostInputs, estimators: tuple[Estimator, ...] = ("did", "ancova")
) -> AggregateTable:
    """Return the table ``net_cost_by_months``: net cost if the saving went on for so many months and then stopped.

    One row an estimator and a number of months, up to where both ends have crossed nought (at most ten years).

    >>> net_cost_by_months_table(inputs).frame["months"].iloc[[0, -1]].tolist()
    [6, 120]
    """
    cases = [base_case(inputs, estimator=estimator) for estimator in estimators]
    crossings = [months_needed(inputs, case) for case in cases]
    known = [months for months in crossings if not np.isnan(months)]
    last = int(np.clip(max(known, default=24) * 1.15, 24, 120))
    rows = []
    for case in cases:
        for months in range(inputs.window_months, last + 1):
            counted = months_of_saving(Horizon(shape="step", months=months), inputs.window_months, inputs.rates)
            result = work_out(replace(case, multiplier=counted / inputs.window_months))
            rows.append((ESTIMATOR_NAMES[case.estimator], months, result.net_cost, inputs.children_with_cost))
    columns = {
        "estimator": Column("Comparison", Role.KEY),
        "months": Column("Months that the saving lasts", Role.KEY, "months", 0),
        "net_cost_gbp": money("Net cost"),
        "children_with_cost": CHILDREN,
    }
    return AggregateTable.of_rows("net_cost_by_months", "comparison and number of months", columns, rows)
