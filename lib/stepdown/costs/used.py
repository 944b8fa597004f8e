"""What entered the sum: the unit costs with their sources, and who bears what is saved."""

from __future__ import annotations

import pandas as pd

from stepdown.costs.cases import one_base_tariffs
from stepdown.costs.inputs import CostInputs
from stepdown.costs.unit_costs import CostRange
from stepdown.measures import measured
from stepdown.tables import AggregateTable, Column, Role

CASHABLE_WORDS = {
    "yes": "yes",
    "partly": "in part",
    "no": "no: time is freed, no budget falls",
    "unknown": "not known",
}
"""What a reader is told about each unit cost's cashable mark."""


def range_words(spread: CostRange) -> str:
    """Return a unit cost's range in a few words."""
    if spread.shape == "gamma" and spread.cv is not None:
        return f"±{spread.cv:.0%} (gamma, standard deviation)"
    if spread.shape == "uniform":
        return f"£{spread.low:,.2f} to £{spread.high:,.2f}"
    return "not varied"


def unit_words(measure: str, unit: str) -> str:
    """Return the unit of the cost that was used: "per day", or "per day (given per year)"."""
    if measured(measure).kind == "days" and unit != "per day":
        return f"per day (given {unit})"
    return unit


def unit_costs_table(inputs: CostInputs) -> AggregateTable:
    """Return the table ``unit_costs_used``: one row a measure that is priced; nothing in it is about a child."""
    based = one_base_tariffs(inputs)
    rows = [
        {
            "measure": measure,
            "shown_as": measured(measure).title,
            "unit_cost": name,
            "describes": cost.describes,
            "value_gbp": value,
            "printed_gbp": cost.printed if cost.printed is not None else cost.value,
            "annual_gbp": cost.annual_value if cost.annual_value is not None else float("nan"),
            "unit": unit_words(measure, cost.unit),
            "price_year": cost.price_year,
            "value_in_base_gbp": float(in_base),
            "base_year": inputs.settings.price_year,
            "agency": cost.agency,
            "kind": cost.kind,
            "quality": cost.quality,
            "range": range_words(cost.range),
            "contains": ", ".join(cost.contains),
            "source": cost.source,
            "note": cost.note,
        }
        for measure, name, cost, value, in_base in zip(
            inputs.tariffs.measures,
            inputs.tariffs.ids,
            inputs.tariffs.costs,
            inputs.tariffs.values,
            based,
            strict=True,
        )
    ]
    columns = {
        "measure": Column("Measure", Role.KEY),
        "shown_as": Column("What is priced", Role.OPEN),
        "unit_cost": Column("Unit cost", Role.OPEN),
        "describes": Column("What it is", Role.OPEN),
        "value_gbp": Column("Unit cost used", Role.OPEN, "£", 2),
        "printed_gbp": Column("As printed", Role.OPEN, "£", 0),
        "annual_gbp": Column("A year", Role.OPEN, "£", 0),
        "unit": Column("Unit", Role.OPEN),
        "price_year": Column("Price year", Role.OPEN),
        "value_in_base_gbp": Column("In one price base", Role.OPEN, "£", 2),
        "base_year": Column("Price base", Role.OPEN),
        "agency": Column("Who bears it", Role.OPEN),
        "kind": Column("Kind", Role.OPEN),
        "quality": Column("Quality", Role.OPEN),
        "range": Column("Range in the simulation", Role.OPEN),
        "contains": Column("Holds also", Role.OPEN),
        "source": Column("Source", Role.OPEN),
        "note": Column("Mind", Role.OPEN),
    }
    return AggregateTable("unit_costs_used", "unit cost", pd.DataFrame(rows), columns)


def kept_sentence(inputs: CostInputs) -> str:
    """Return which double counts the study keeps, and why; or that there is none."""
    kept = inputs.tariffs.kept
    if not kept:
        return "None of the unit costs is part of another that is used here."
    names = dict(zip(inputs.tariffs.ids, inputs.tariffs.measures, strict=True))
    return " ".join(
        f"Counted twice on purpose: {measured(names[item.part]).label} within "
        f"{measured(names[item.total]).label}. {item.reason}"
        for item in kept
    )


def savings_by_agency_table(inputs: CostInputs) -> AggregateTable:
    """Return the table ``saving_by_agency``: one row a measure: who gains, and whether a budget falls.

    The saving is the report's (difference in differences, as published); its parts add up to it.
    """
    weight = inputs.data.n_programme / inputs.data.n_comparison
    change = (inputs.data.after - inputs.data.before) * inputs.values
    programme = change[inputs.data.in_programme].sum(axis=0)
    comparison = change[~inputs.data.in_programme].sum(axis=0)
    rows = [
        {
            "measure": measure,
            "shown_as": measured(measure).title,
            "agency": cost.agency,
            "kind": cost.kind,
            "saving_gbp": float(comparison[k] * weight - programme[k]),
            "cashable": CASHABLE_WORDS[cost.cashable],
            "because": cost.cashable_because,
            "children": int(((inputs.data.before + inputs.data.after)[:, k] > 0).sum()),
        }
        for k, (measure, cost) in enumerate(zip(inputs.tariffs.measures, inputs.tariffs.costs, strict=True))
    ]
    columns = {
        "measure": Column("Measure", Role.KEY),
        "shown_as": Column("What is saved", Role.OPEN),
        "agency": Column("Who gains", Role.OPEN),
        "kind": Column("Kind", Role.OPEN),
        "saving_gbp": Column("Saving", Role.TOTAL, "£", 0, ("children",), "Difference in differences, as published"),
        "cashable": Column("Could a budget fall?", Role.OPEN),
        "because": Column("Because", Role.OPEN),
        "children": Column("Children", Role.COUNT, "children", 0, about="Children with any of it"),
    }
    return AggregateTable("saving_by_agency", "measure", pd.DataFrame(rows), columns)
