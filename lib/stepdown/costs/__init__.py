"""Costs and benefits: unit costs, programme cost, the saving and its uncertainty, and what would turn the answer."""

from stepdown.costs.analysis import (
    cost_parts_table,
    costs_table,
    net_cost_table,
    report_method,
)
from stepdown.costs.assumptions import assumptions_markdown, assumptions_table, study_inputs
from stepdown.costs.break_even import break_even_table, net_cost_by_months_table
from stepdown.costs.inputs import CostInputs, cost_faults, cost_inputs
from stepdown.costs.published_case import (
    case_break_even_table,
    case_sentence,
    not_public_sentence,
    published_saving_table,
    read_case,
)
from stepdown.costs.sensitivity import grid_table, scenarios_table, tornado_table, ways_shown
from stepdown.costs.sentences import (
    BRACKET_LIMIT,
    BREAK_EVEN_LIMIT,
    both_desks_paragraph,
    bracket_sentence,
    break_even_sentence,
    grid_sentence,
    one_child_sentence,
    printed_tariffs_sentence,
    report_sentence,
    simulation_sentence,
    strongest_sentence,
)
from stepdown.costs.steps import steps_table
from stepdown.costs.uncertainty import acceptability_table, plane_table, saving_bracket_table, uncertainty_table
from stepdown.costs.used import kept_sentence, savings_by_agency_table, unit_costs_table
from stepdown.params.effects import BRACKET
