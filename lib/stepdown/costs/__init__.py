"""Costs and benefits: unit costs, programme cost, the saving and its uncertainty, and what would turn the answer."""

from stepdown.costs.analysis import NetCost, cost_parts_table, costs_table, net_cost, net_cost_table, report_method
from stepdown.costs.inputs import CostInputs, cost_inputs
from stepdown.costs.unit_costs import UnitCostBook, choose_tariffs, read_book

__all__ = [
    "CostInputs",
    "NetCost",
    "UnitCostBook",
    "choose_tariffs",
    "cost_inputs",
    "cost_parts_table",
    "costs_table",
    "net_cost",
    "net_cost_table",
    "read_book",
    "report_method",
]
