"""No child, family or price takes the money down: every table, sentence and chart of notebook 4, crossed."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from stepdown import costs
from stepdown.contracts import read_study
from stepdown.costs import sentences
from stepdown.disclosure import clear
from stepdown.outcomes import child_outcomes
from stepdown.params import load_study
from stepdown.params.costs import Uncertainty
from stepdown.show import cost_charts, sum_charts
from test_effects_degenerate import FRAMES

KINDS = [name for name in FRAMES if "referred" not in name and "followed" not in name and "issues" not in name]
MONEY = {
    "as priced": lambda made: made,
    "pennies": lambda made: priced(made, 0.01 / 365),
    "a pound a day": lambda made: priced(made, 1.0),
    "nothing spent but a penny": lambda made: replace(made, spend=made.spend.scaled_to(0.01)),
}
TABLES = {
    "costs": costs.costs_table,
    "parts": costs.cost_parts_table,
    "net": costs.net_cost_table,
    "scenarios": costs.scenarios_table,
    "unit costs": costs.unit_costs_table,
    "ends": costs.saving_bracket_table,
    "steps": costs.steps_table,
    "uncertainty": costs.uncertainty_table,
    "needed": costs.break_even_table,
    "months": costs.net_cost_by_months_table,
    "tornado": costs.tornado_table,
    "grid": costs.grid_table,
    "plane": costs.plane_table,
    "worth": costs.acceptability_table,
    "agencies": costs.savings_by_agency_table,
    "assumptions": costs.assumptions_table,
}
DRAWN = ("all zeros", "nothing after", "one child each", "one family each", "before is after")
CHARTS = {
    "ends": cost_charts.savings_chart,
    "steps": sum_charts.steps_chart,
    "scenarios": sum_charts.ways_chart,
    "months": cost_charts.months_chart,
    "tornado": cost_charts.tornado_chart,
    "plane": cost_charts.plane_chart,
    "worth": cost_charts.acceptability_chart,
}


def priced(made, value):
    tariffs = made.tariffs
    return replace(made, tariffs=replace(tariffs, values=tuple(value for _ in tariffs.values)))


@pytest.fixture(scope="module")
def whole():
    study = load_study("params/slough_ifp.yaml")
    records = read_study(study)
    return study, child_outcomes(study, records).frame, records.programme_costs


def told(tables):
    yield sentences.report_sentence(tables["net"], published=False)
    yield sentences.bracket_sentence(tables["ends"], "2019/20", "RR1038")
    yield sentences.simulation_sentence(tables["uncertainty"], 500)
    yield from (sentences.break_even_sentence(tables["needed"], end) for end in costs.BRACKET)
    yield sentences.strongest_sentence(tables["tornado"])
    yield sentences.one_child_sentence(tables["scenarios"])
    yield sentences.printed_tariffs_sentence(tables["scenarios"])
    yield sentences.grid_sentence(tables["grid"])
    yield sentences.both_desks_paragraph(tables["ends"], tables["needed"], tables["agencies"], ["a limit"])


def sound(name, frame):
    numbers = frame.select_dtypes("number").to_numpy(dtype=float)
    assert not np.isinf(numbers).any(), name
    assert not (np.abs(np.nan_to_num(numbers)) > 1e9).any(), name


@pytest.mark.parametrize(
    ("kind", "money"),
    [(kind, "as priced") for kind in KINDS]
    + [(kind, money) for kind in ("as it is", "before is after") for money in list(MONEY)[1:]],
)
def test_every_table_of_the_money_is_made_and_told_whatever_children_and_prices_are_like(whole, kind, money):
    study, frame, spent = whole
    draws = Uncertainty(draws=200)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        inputs = MONEY[money](costs.cost_inputs(study, FRAMES[kind](frame), spent))
        inputs = replace(inputs, settings=inputs.settings.model_copy(update={"uncertainty": draws}))
        tables = {name: make(inputs) for name, make in TABLES.items()}
        tables["as published"] = costs.uncertainty_table(inputs, as_published=True)
    for name, table in tables.items():
        sound(name, table.frame)
    for name in ("uncertainty", "as published"):
        rows = tables[name].frame
        assert (rows.loc[rows["ci_low"].isna(), "note"] != "").all()
        assert not (rows["ci_low"] == rows["ci_high"]).any()
    for text in told({n: t.frame for n, t in tables.items()}):
        assert not {"nan", "£nan", "inf", "£inf"} & set(text.lower().replace(".", " ").replace(",", " ").split()), text
    policy = study.settings.disclosure
    if money != "as priced" or kind not in DRAWN:
        return
    figures = [make(clear(tables[name], policy)) for name, make in CHARTS.items()]
    for figure in figures:
        assert "nan" not in figure.alt.lower().split(), figure.alt
