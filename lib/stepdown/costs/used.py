"""What entered the sum: the unit costs with their sources, and who bears what is saved."""

from __future__ import annotations

from stepdown.costs.cases import base_case, one_base_tariffs
from stepdown.costs.inputs import CostInputs
from stepdown.costs.unit_costs import CostRange
from stepdown.measures import measured
from stepdown.numbers import as_pounds, digits
from stepdown.tables import AggregateTable, Column, Role

CASHABLE_WORDS = {
    "yes": "yes",
    "partly": "in part",
    "no": "no: time is freed, no budget falls",
    "unknown": "not known",
}
"""What a reader is told about each unit cost's cashable mark."""


AS_IT_STANDS = {"describes", "price_year", "agency", "kind", "quality", "source", "note"}
"""What the table of unit costs shows of each as its book has it."""


def range_words(spread: CostRange) -> str:
    """Return a unit cost's range in a few words."""
    if spread.shape == "gamma" and spread.cv is not None:
        return f"±{digits(100 * spread.cv)}% (gamma, standard deviation)"
    if spread.shape == "uniform" and spread.low is not None and spread.high is not None:
        return f"{as_pounds(spread.low, 2)} to {as_pounds(spread.high, 2)}"
    return "not varied"


def unit_words(measure: str, unit: str) -> str:
    """Return the unit of the cost that was used: "per day", or "per day (given per year)"."""
    if measured(measure).kind == "days" and unit != "per day":
        return f"per day (given {unit})"
    return unit


def unit_costs_table(inputs: CostInputs) -> AggregateTable:
    """Return the table ``unit_costs_used``: one row a measure that is priced; nothing in it is about a child.

    >>> unit_costs_table(inputs).frame["shown_as"].tolist()
    ['Days as a child in need', 'Days on a child protection plan', 'Days looked after', 'Referrals']
    """
    tariffs = inputs.tariffs
    in_base = one_base_tariffs(inputs).tolist()
    rows = [
        {
            **cost.model_dump(include=AS_IT_STANDS),
            "measure": measure,
            "shown_as": measured(measure).title,
            "unit_cost": name,
            "value_gbp": value,
            "printed_gbp": cost.amount("printed"),
            "annual_gbp": cost.annual_value if cost.annual_value is not None else float("nan"),
            "unit": unit_words(measure, cost.unit),
            "value_in_base_gbp": based,
            "base_year": inputs.settings.price_year,
            "range": range_words(cost.range),
            "contains": ", ".join(cost.contains),
        }
        for measure, name, cost, value, based in zip(
            tariffs.measures, tariffs.ids, tariffs.costs, tariffs.values, in_base, strict=True
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
    return AggregateTable.of_rows("unit_costs_used", "unit cost", columns, rows)


def kept_sentence(inputs: CostInputs) -> str:
    """Return which double counts the study keeps, and why; or that there is none.

    >>> kept_sentence(inputs)[:67]
    'Counted twice on purpose: referrals within days as a child in need.'
    """
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

    The saving is the analysis's (difference in differences, days inside the window, one price base); its parts add up
    to it.

    >>> print(savings_by_agency_table(inputs).frame[["measure", "saving_gbp"]].round().to_string(index=False))
      measure  saving_gbp
     days_cin     28961.0
      days_cp     47546.0
     days_cla     32895.0
    referrals      2092.0
    """
    case = base_case(inputs)
    data, counted = case.data, case.multiplier * case.saving_share
    weight = data.n_programme / data.n_comparison
    change = (data.after - data.before) * case.tariffs
    programme = change[data.in_programme].sum(axis=0)
    comparison = change[~data.in_programme].sum(axis=0)
    users = ((data.before + data.after) > 0).sum(axis=0)
    rows = []
    for k, (measure, cost) in enumerate(zip(inputs.tariffs.measures, inputs.tariffs.costs, strict=True)):
        saving, cashable = float(comparison[k] * weight - programme[k]) * counted, CASHABLE_WORDS[cost.cashable]
        told = (measure, measured(measure).title, cost.agency, cost.kind)
        rows.append((*told, saving, cashable, cost.cashable_because, int(users[k])))
    columns = {
        "measure": Column("Measure", Role.KEY),
        "shown_as": Column("What is saved", Role.OPEN),
        "agency": Column("Who gains", Role.OPEN),
        "kind": Column("Kind", Role.OPEN),
        "saving_gbp": Column("Saving", Role.TOTAL, "£", 0, ("children",), "Difference in differences"),
        "cashable": Column("Could a budget fall?", Role.OPEN),
        "because": Column("Because", Role.OPEN),
        "children": Column("Children", Role.COUNT, "children", 0, about="Children with any of it"),
    }
    return AggregateTable.of_rows("saving_by_agency", "measure", columns, rows)
