"""The cost-benefit analysis by the report's own method, and its tables.

The method of DfE RR1038 (Tables 3, 4, 24, 25): days at each status × tariff + referrals × tariff, in each group and
period; the comparison group scaled to the size of the programme group; saving = scaled change of the comparison group
minus change of the programme group; net cost = programme cost minus saving. The saving per child is the difference
in differences of per-child cost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stepdown.costs.inputs import CHILDREN, OWN, CostInputs, money
from stepdown.costs.volumes import Floats, Volumes
from stepdown.measures import PERIODS, measured
from stepdown.tables import AddsUp, AggregateTable, Column, Role


@dataclass(frozen=True, slots=True)
class NetCost:
    """The report's sum.

    costs: 2 × 2 pounds, rows programme and comparison, columns before and after.  n: children in each group.
    scale: what the comparison group is multiplied by.  programme_cost: £.  families: families of the programme group.
    """

    costs: Floats
    n: tuple[int, int]
    scale: float
    programme_cost: float
    families: int

    @property
    def change(self) -> tuple[float, float]:
        """Change from before to after in each group, £, programme first, the comparison not scaled."""
        difference = self.costs[:, 1] - self.costs[:, 0]
        return float(difference[0]), float(difference[1])

    @property
    def saving(self) -> float:
        """Scaled change of the comparison group minus change of the programme group, £."""
        return self.change[1] * self.scale - self.change[0]

    @property
    def net_cost(self) -> float:
        """Programme cost minus saving, £; above nought the programme cost more than it saved."""
        return self.programme_cost - self.saving


def group_costs(data: Volumes, tariffs: Floats) -> Floats:
    """Return 2 × 2 pounds: rows programme and comparison, columns before and after.  tariffs: K, £ per unit."""
    rows = []
    for flag in (True, False):
        weight = data.weight * (data.in_programme == flag)
        rows.append([float(weight @ (volume @ tariffs)) for volume in (data.before, data.after)])
    return np.array(rows)


def net_cost(data: Volumes, tariffs: Floats, programme_cost: float, *, comparison_n: float | None = None) -> NetCost:
    """Return the report's sum.

    comparison_n: number that the comparison group is scaled with (None: its own, as it should be).
    """
    sizes = [float(data.weight[data.in_programme == flag].sum()) for flag in (True, False)]
    return NetCost(
        costs=group_costs(data, tariffs),
        n=(data.n_programme, data.n_comparison),
        scale=sizes[0] / (comparison_n or sizes[1]),
        programme_cost=programme_cost,
        families=data.families(programme=True),
    )


def report_method(inputs: CostInputs) -> NetCost:
    """Return the report's sum for a study: its day count, its tariffs, its prices."""
    return net_cost(inputs.data, inputs.values, inputs.programme_cost)


def costs_table(inputs: CostInputs) -> AggregateTable:
    """Return the table ``costs``: one row a group and period.

    >>> print(costs_table(inputs).frame[["group", "period", "cost_gbp"]].round().to_string(index=False))
         group period  cost_gbp
           IFP before  147448.0
           IFP  after   12749.0
    Comparison before   16680.0
    Comparison  after  105261.0
    """
    result = report_method(inputs)
    rows = []
    for g, label in enumerate(inputs.labels):
        group = inputs.data.in_programme == (g == 0)
        n = int(group.sum())
        for p, (period, volume) in enumerate(zip(PERIODS, (inputs.data.before, inputs.data.after), strict=True)):
            total, scale = float(result.costs[g, p]), 1.0 if g == 0 else result.scale
            with_cost = int((volume[group] @ inputs.values > 0).sum())
            rows.append((label, period, n, with_cost, total, total * scale, total / n))
    columns = {
        "group": Column("Group", Role.KEY),
        "period": Column("Period", Role.KEY, about=f"The {inputs.window_months} months before or after"),
        "children": Column("Children", Role.BASE, "children", 0, about="Children in the group"),
        "children_with_cost": Column(
            "Children with any cost", Role.COUNT, "children", 0, about="Children with a priced day or referral"
        ),
        "cost_gbp": money("Cost", "Days and referrals times their unit costs"),
        "cost_scaled_gbp": money("Cost at the programme group's size", "Cost × programme children ÷ own children"),
        "cost_per_child_gbp": Column("Cost per child", Role.DERIVED, "£", 0, OWN, "Cost ÷ children"),
    }
    return AggregateTable.of_rows("costs", "group and period", columns, rows)


def cost_parts_table(inputs: CostInputs) -> AggregateTable:
    """Return the table ``cost_parts``: one row a group, period and measure; volume × unit cost = cost.

    >>> len(cost_parts_table(inputs).frame)  # 2 groups, 2 periods, 4 measures
    16
    """
    rows = []
    for g, label in enumerate(inputs.labels):
        group = inputs.data.in_programme == (g == 0)
        for period, volume in zip(PERIODS, (inputs.data.before, inputs.data.after), strict=True):
            for k, measure in enumerate(inputs.data.measures):
                users, amount = int((volume[group, k] > 0).sum()), float(volume[group, k].sum())
                name = measured(measure).title
                cost = amount * inputs.values[k]
                rows.append((label, period, measure, name, users, amount, float(inputs.values[k]), cost))
    columns = {
        "group": Column("Group", Role.KEY),
        "period": Column("Period", Role.KEY),
        "measure": Column("Measure", Role.KEY),
        "shown_as": Column("What is counted", Role.KEY),
        "children": Column("Children", Role.COUNT, "children", 0, about="Children with any of it"),
        "volume": Column("Number", Role.TOTAL, "", 0, ("children",), "Days, episodes or referrals"),
        "unit_cost_gbp": Column("Unit cost", Role.OPEN, "£", 2, about="Pounds per day, episode or referral"),
        "cost_gbp": Column("Cost", Role.TOTAL, "£", 0, ("children",), "Number times unit cost"),
    }
    adds_up = AddsUp("cost_gbp", ("group", "period"))
    return AggregateTable.of_rows("cost_parts", "group, period and measure", columns, rows, adds_up)


def net_cost_table(inputs: CostInputs) -> AggregateTable:
    """Return the table ``net_cost``: one row a step of the report's sum, £, then per child and per family.

    >>> print(net_cost_table(inputs).frame.set_index("measure").loc["net_cost", "amount_gbp"].round())
    307335.0
    """
    result = report_method(inputs)
    programme, comparison = inputs.labels
    children, families = result.n[0], result.families
    scaled = f"Change in cost, {comparison}, at the size of {programme}"
    a_year = "Estimated saving per child at the rate of a year (not followed for so long)"
    steps = [
        ("cost_difference_programme", f"Change in cost, {programme}", result.change[0]),
        ("cost_difference_comparison", f"Change in cost, {comparison}", result.change[1]),
        ("cost_difference_comparison_scaled", scaled, result.change[1] * result.scale),
        ("saving", "Estimated saving", result.saving),
        ("programme_cost", "Cost of the programme", result.programme_cost),
        ("net_cost", "Estimated net cost", result.net_cost),
        ("saving_per_child", "Estimated saving per child", result.saving / children),
        ("programme_cost_per_child", "Cost of the programme per child", result.programme_cost / children),
        ("net_cost_per_child", "Estimated net cost per child", result.net_cost / children),
        ("saving_per_child_in_a_year", a_year, result.saving / children * 12 / inputs.window_months),
        ("saving_per_family", "Estimated saving per family", result.saving / families),
        ("programme_cost_per_family", "Cost of the programme per family", result.programme_cost / families),
        ("net_cost_per_family", "Estimated net cost per family", result.net_cost / families),
    ]
    behind = {True: sum(result.n), False: inputs.children_with_cost}
    rows = [(*step, behind[step[0].startswith("programme_cost")]) for step in steps]
    columns = {
        "measure": Column("Measure", Role.KEY),
        "shown_as": Column("Step", Role.OPEN),
        "amount_gbp": money("Amount", "Pounds, by the report's method"),
        "children_with_cost": CHILDREN,
    }
    return AggregateTable.of_rows("net_cost", "step of the sum", columns, rows)
