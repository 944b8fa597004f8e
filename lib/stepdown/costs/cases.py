"""One way to do the sum, whole: whose volumes, which unit costs, which estimator, how long, at what programme cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from stepdown.costs.estimators import observed_saving, without_each
from stepdown.costs.inputs import CostInputs
from stepdown.costs.prices import saving_multiplier
from stepdown.costs.programme import Spend, alternative_spend
from stepdown.costs.unit_costs import choose_tariffs
from stepdown.costs.volumes import Floats, Volumes, child_products
from stepdown.faults import Refused
from stepdown.params.costs import Adjustments, Prices, Scenario
from stepdown.params.effects import Estimator

NONE_TO_SPARE = "more children to set aside than the groups can spare"


@dataclass(frozen=True, slots=True)
class Case:
    """A sum with nothing left to choose.

    data: volumes child by child.  tariffs: K unit costs, £.  estimator: of the saving per child.
    children: that the programme's saving per child is multiplied by.  programme_cost: £.
    comparison_n: other number that the comparison group is scaled with (difference in differences only).
    multiplier: how many windows' worth of saving count (persistence and discounting).
    saving_share, cost_share: corrections (optimism, deadweight, displacement); 1: none.
    """

    data: Volumes
    tariffs: Floats
    programme_cost: float
    children: float
    estimator: Estimator = "did"
    comparison_n: float | None = None
    multiplier: float = 1.0
    saving_share: float = 1.0
    cost_share: float = 1.0


@dataclass(frozen=True, slots=True)
class CaseResult:
    """Pounds: saving, programme cost, and what follows from the two."""

    saving: float
    programme_cost: float

    @property
    def net_cost(self) -> float:
        """Programme cost minus saving, £."""
        return self.programme_cost - self.saving

    @property
    def bcr(self) -> float:
        """Saving for each pound of programme cost (benefit-cost ratio)."""
        return self.saving / self.programme_cost


def work_out(case: Case) -> CaseResult:
    """Return saving and programme cost of a case."""
    per_child = observed_saving(case.data, case.tariffs, case.estimator)
    if case.comparison_n is not None:
        comparison = ~case.data.in_programme
        weight = case.data.weight[comparison]
        change = float(weight @ ((case.data.after - case.data.before)[comparison] @ case.tariffs))
        per_child += change / case.comparison_n - change / float(weight.sum())
    saving = per_child * case.children * case.multiplier * case.saving_share
    return CaseResult(saving, case.programme_cost * case.cost_share)


def base_case(inputs: CostInputs, *, estimator: Estimator = "did", as_published: bool = False) -> Case:
    """Return the study's analysis, from which every figure starts: days inside the window, unit costs and programme
    cost in the prices of ``price_year``, its horizon and adjustments.  as_published: with the study's own day count."""
    settings = inputs.settings
    data = inputs.data if as_published else inputs.clipped
    saving_share, cost_share = shares(settings.adjustments)
    return Case(
        data=data,
        tariffs=one_base_tariffs(inputs),
        programme_cost=inputs.spent(inputs.spend, "one_base"),
        children=float(data.weight[data.in_programme].sum()),
        estimator=estimator,
        multiplier=saving_multiplier(settings.horizon, inputs.window_months, inputs.rates),
        saving_share=saving_share,
        cost_share=cost_share,
    )


def one_base_tariffs(inputs: CostInputs) -> Floats:
    """Return the unit costs in the prices of the study's ``price_year``, £ per unit."""
    return inputs.priced(inputs.tariffs, "one_base")


def shares(adjustments: Adjustments) -> tuple[float, float]:
    """Return what the saving and the programme cost are multiplied by under the stated corrections."""
    saving = 1.0
    for item in (adjustments.optimism_saving, adjustments.deadweight, adjustments.displacement):
        saving *= 1.0 - (item.value if item is not None else 0.0)
    cost = 1.0 + (adjustments.optimism_cost.value if adjustments.optimism_cost is not None else 0.0)
    return saving, cost


def plain_case(inputs: CostInputs) -> Case:
    """Return the report's method as a case: the study's day count and prices, one window, no correction."""
    return Case(inputs.data, inputs.values, inputs.programme_cost, float(inputs.data.n_programme))


def scenario_case(inputs: CostInputs, scenario: Scenario, *, one_base: bool = False) -> Case:
    """Return the case that a scenario of the study file describes.

    What it does not name is the report's method (:func:`plain_case`); with ``one_base`` it is the analysis
    (:func:`base_case`), of which the scenario cannot change days and prices.
    """
    settings = inputs.settings
    data = inputs.clipped if one_base or scenario.day_count == "clipped" else inputs.data
    prices: Prices = "one_base" if one_base else scenario.prices or settings.prices
    if scenario.children_per_family == "observed":
        data = data.weighted_by_family_size()
    saving_share, cost_share = shares(settings.adjustments) if one_base or scenario.adjusted else (1.0, 1.0)
    horizon = scenario.horizon or (settings.horizon if one_base else None)
    case = Case(
        data=data,
        tariffs=_scenario_tariffs(inputs, scenario, prices),
        programme_cost=_scenario_cost(inputs, scenario, prices),
        children=float(data.weight[data.in_programme].sum()),
        estimator=scenario.estimator,
        comparison_n=scenario.comparison_n,
        multiplier=saving_multiplier(horizon, inputs.window_months, inputs.rates) if horizon is not None else 1.0,
        saving_share=saving_share,
        cost_share=cost_share,
    )
    if isinstance(scenario.children_per_family, float):
        case = replace(case, children=case.children * scenario.children_per_family)
    for _ in range(scenario.leave_out_children):
        case = without_most_influential_child(case)
    return case


def _scenario_tariffs(inputs: CostInputs, scenario: Scenario, prices: Prices) -> Floats:
    tariffs = inputs.tariffs
    if scenario.precision == "printed":
        tariffs = choose_tariffs(inputs.book, inputs.settings, "printed")
    values = inputs.priced(tariffs, prices)
    return np.where([measure in scenario.leave_out for measure in inputs.data.measures], 0.0, values)


def _scenario_cost(inputs: CostInputs, scenario: Scenario, prices: Prices) -> float:
    spend: Spend = inputs.spend
    if scenario.programme is not None:
        programme = inputs.settings.programme
        spend = alternative_spend(spend, programme.alternative(scenario.programme), programme)
    return inputs.spent(spend, prices)


def savings_without_each_child(case: Case) -> Floats:
    """Return n savings, £: of the case with each child in turn set aside.

    The programme still counts for ``case.children`` children: setting a child aside changes the estimate per child,
    not the number that the programme served.  A group of one child gives NaN.
    """
    products, mine = child_products(case.data), case.data.in_programme
    result = np.empty(len(products))
    result[mine], result[~mine] = without_each(case.estimator, products[mine], products[~mine], case.tariffs)
    return result * case.children * case.multiplier * case.saving_share


def without_most_influential_child(case: Case) -> Case:
    """Return the case without the child whose absence moves the saving most; Refused when a group has but one."""
    moved = np.abs(savings_without_each_child(case) - work_out(replace(case, comparison_n=None)).saving)
    if np.isnan(moved).any():
        raise Refused.for_one(
            where="costs.scenarios, leave_out_children",
            found=NONE_TO_SPARE,
            allowed="at least one child left in each group",
            rule="a scenario compares two groups",
            remedy="set fewer children aside, or take the scenario out",
        )
    keep = np.ones(len(moved), dtype=bool)
    keep[int(moved.argmax())] = False
    return replace(case, data=case.data.keep(keep))
