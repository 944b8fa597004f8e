"""The assumptions log: every substantive value that entered, with its source, its quality and what it moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

import pandas as pd

from stepdown.contracts import read_study
from stepdown.costs.inputs import CHILDREN, OWN, CostInputs, cost_inputs
from stepdown.costs.published_case import CaseInputs
from stepdown.costs.sensitivity import tornado_table
from stepdown.costs.used import range_words
from stepdown.measures import measured
from stepdown.numbers import as_pounds, rounded_pounds
from stepdown.outcomes import child_outcomes
from stepdown.params import Sourced, Study
from stepdown.tables import AggregateTable, Column, Role

NOT_MOVED = "not moved on its own"

_LASTS = {
    "none": "the {months} months that were followed",
    "step": "{months} months, then nothing",
    "decay": "falling, for {months} months",
}


class Assumption(NamedTuple):
    """One value: name, value with its unit as text, its date or price year, source, quality and impact in words."""

    name: str
    value: str
    dated: str
    source: str
    quality: str
    impact: str


def study_inputs(study: Study) -> CostInputs:
    """Return the cost inputs of a study, its records read."""
    records = read_study(study)
    return cost_inputs(study, child_outcomes(study, records).frame, records.programme_costs)


def assumptions(inputs: CostInputs) -> list[Assumption]:
    """Return every value that entered a study's cost-benefit analysis, the impact from its tornado."""
    tornado = tornado_table(inputs).frame.set_index("lever")
    settings = inputs.settings
    found = [*_tariff_assumptions(inputs, tornado), *_programme_assumptions(inputs, tornado)]
    horizon = settings.horizon
    months = horizon.months or inputs.window_months
    red, lasts = "red", _LASTS[horizon.shape].format(months=months)
    deflator, rates = inputs.deflator, inputs.rates
    percents = ", ".join(f"{band.percent:g}% from year {band.first_year}" for band in rates.bands[:2])
    noted = f"{rates.source}. {rates.note}".strip()
    based, discounted = _day(deflator.as_of), _day(rates.as_of)
    moved = {lever: _moves(tornado, lever) for lever in ("months", "day_count", "estimator", "children_per_family")}
    whole = inputs.day_count == "whole_spell"
    counted = "set for this study" + ("; whole spells in the sum as published" if whole else "")
    one_base, later = "brings every amount to one year", "savings after the first year"
    ends = "both ends of a bracket; as a test, also the groups after only"
    found += [
        Assumption("How long the saving lasts", lasts, "", horizon.reason, red, moved["months"]),
        Assumption("Price base", settings.price_year, based, deflator.source, deflator.quality, one_base),
        Assumption("Discount rate", percents, discounted, noted, rates.quality, later),
        Assumption("Days counted", "days inside the window", "", counted, "amber", moved["day_count"]),
        Assumption("How the groups are compared", ends, "", "set for this study", red, moved["estimator"]),
    ]
    if settings.one_child_per_family:
        name, one, source = (
            "Children of a family who gain",
            "1: the sampled child",
            "one child was picked from each family",
        )
        found.append(Assumption(name, one, "", source, red, moved["children_per_family"]))
    grade = settings.adjustments.confidence_grade
    if grade is not None:
        source, below = "set for this study", "the corrections below"
        found.append(Assumption("Confidence grade", grade, "", source, "amber", below))
    return found + [_sourced(name, item) for name, item in _adjustments(inputs)]


def _adjustments(inputs: CostInputs) -> Iterator[tuple[str, Sourced]]:
    made = inputs.settings.adjustments
    for name, item in (
        ("Optimism, saving", made.optimism_saving),
        ("Optimism, cost", made.optimism_cost),
        ("Deadweight", made.deadweight),
        ("Displacement", made.displacement),
    ):
        if item is not None:
            yield name, item


def _sourced(name: str, item: Sourced) -> Assumption:
    dated = item.price_year or (_day(item.as_of) if item.as_of else "")
    value = f"{item.value:g} {item.unit}"
    if item.unit.startswith("£"):
        amount = as_pounds(item.value) if float(item.value).is_integer() else as_pounds(item.value, 2)
        value = f"{amount} {item.unit[1:].strip()}".strip()
    return Assumption(name, value, dated, item.source, item.quality, item.impact)


def _moves(tornado: pd.DataFrame, lever: str) -> str:
    if lever not in tornado.index:
        return NOT_MOVED
    row = tornado.loc[lever]
    low, high = float(row["net_low_gbp"]), float(row["net_high_gbp"])
    return f"net cost {rounded_pounds(low, high)} to {rounded_pounds(high, low)}"


def _day(date: date) -> str:
    return f"{date.day} {date:%B %Y}"


def _tariff_assumptions(inputs: CostInputs, tornado: pd.DataFrame) -> Iterator[Assumption]:
    tariffs = inputs.tariffs
    for measure, value, cost in zip(tariffs.measures, tariffs.values, tariffs.costs, strict=True):
        yield Assumption(
            f"Unit cost: {measured(measure).label}",
            f"{as_pounds(value, 2)}; {range_words(cost.range)}, {cost.range.because}",
            f"{cost.price_year} prices",
            cost.source,
            cost.quality,
            _moves(tornado, f"unit_cost_{measure}"),
        )
    names = dict(zip(tariffs.ids, tariffs.measures, strict=True))
    for item in tariffs.kept:
        part, total = (measured(names[name]).label for name in (item.part, item.total))
        name = f"Double count kept: {part} within {total}"
        yield Assumption(name, "kept", "", item.reason, "red", NOT_MOVED)


def _programme_assumptions(inputs: CostInputs, tornado: pd.DataFrame) -> Iterator[Assumption]:
    programme = inputs.settings.programme
    years = " and ".join(inputs.spend.by_year)
    yield Assumption(
        "Programme cost",
        f"{as_pounds(inputs.spend.amount_gbp)} ({inputs.spend.basis})",
        f"{years} prices",
        f"{programme.source}; spent {programme.spent_over}; spread evenly where the source does not split it",
        programme.quality,
        _moves(tornado, "programme_cost"),
    )
    if programme.whole_programme is not None:
        yield _sourced("Cost of the whole programme", programme.whole_programme)
    for item in programme.alternatives:
        yield _sourced(f"Programme cost, other figure: {item.reason}", item.amount)


def case_assumptions(inputs: CaseInputs) -> list[Assumption]:
    """Return the values that entered a published case."""
    case = inputs.case
    found = [_sourced("Saving per family", case.saving_per_family)]
    found.append(
        Assumption("Families", f"{case.families}", "", f"{case.source}: {case.families_because}", "amber", "the total")
    )
    for measure, name in case.tariffs.items():
        cost = inputs.book.cost(name)
        called, dated = f"Unit cost: {measured(measure).label}", f"{cost.price_year} prices"
        moves = "days that the saving would be"
        found.append(Assumption(called, as_pounds(cost.value, 2), dated, cost.source, cost.quality, moves))
    return found


def assumptions_table(inputs: CostInputs) -> AggregateTable:
    """Return the table ``assumptions``: one row a value that entered a study's analysis.

    >>> assumptions_table(inputs).frame["name"].tolist()[:2]
    ['Unit cost: days as a child in need', 'Unit cost: days on a child protection plan']
    """
    columns = {
        "name": Column("What is assumed", Role.KEY),
        "value": Column("Value", Role.OPEN),
        "dated": Column("Date or price year", Role.OPEN),
        "source": Column("Source", Role.OPEN),
        "quality": Column("Quality", Role.OPEN),
        "impact": Column("What it moves", Role.TOTAL, "", None, OWN),
        "children_with_cost": CHILDREN,
    }
    rows = [(*assumption, inputs.children_with_cost) for assumption in assumptions(inputs)]
    return AggregateTable.of_rows("assumptions", "value that entered the analysis", columns, rows)


HEADING = """# What was assumed

Every substantive value that entered the cost-benefit analyses of the default studies: where it is from, how good it is,
and how far the answer moves when it alone goes from one end of its range to the other. Made from the parameter files
by `make documents`; do not edit by hand.

Quality: green, from an official or audited source; amber, indirect or old; red, an assumption.
"""


def assumptions_markdown(studies: Sequence[Study | CostInputs | CaseInputs]) -> str:
    """Return docs/assumptions.md for studies (their records are read here) and published cases, in the order given."""
    parts = [HEADING]
    for item in studies:
        inputs = study_inputs(item) if isinstance(item, Study) else item
        if isinstance(inputs, CaseInputs):
            title, rows = inputs.title, case_assumptions(inputs)
        else:
            title, rows = f"{inputs.programme_name} (`{inputs.study_name}`)", assumptions(inputs)
        parts.append(f"## {title}\n")
        parts.append(
            "| What | Value | Date or price year | Source | Quality | What it moves |\n|---|---|---|---|---|---|"
        )
        parts += ["| " + " | ".join(map(_cell, assumption)) + " |" for assumption in rows]
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
