"""A published saving without its working: what can be rebuilt, what cannot, and what it would take to be true."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from stepdown.costs.prices import Deflator, read_deflator
from stepdown.costs.unit_costs import UnitCostBook, read_book
from stepdown.measures import measured
from stepdown.numbers import as_pounds
from stepdown.params import ProjectPath, Settings, Sourced, Text, load, project_root
from stepdown.params.costs import FinancialYear, PricedMeasure
from stepdown.tables import AggregateTable, Column, Role


class PublishedCase(Settings):
    """A published saving per family.

    families_elsewhere: another count of the same families in another source (None: none).
    tariffs: measure → unit cost of the book, to say how many days the saving would be.
    not_public: what one would need to check the figure and does not have.
    """

    programme_name: Text
    source: Text
    families: int = Field(ge=1)
    families_because: Text
    families_elsewhere: int | None = Field(default=None, ge=1)
    families_elsewhere_source: str = ""
    saving_per_family: Sourced
    price_year: FinancialYear
    deflator: ProjectPath
    unit_costs: ProjectPath
    tariffs: dict[PricedMeasure, Text]
    not_public: tuple[Text, ...]
    limits: tuple[Text, ...]


class _CaseFile(Settings):
    title: Text
    published_case: PublishedCase


@dataclass(frozen=True, slots=True)
class CaseInputs:
    """A published case with the books that it is read with."""

    title: str
    case: PublishedCase
    book: UnitCostBook
    deflator: Deflator


def read_case(file: Path) -> CaseInputs:
    """Return the published case in a parameter file; raises Refused with every fault.

    >>> read_case(book.root / "params/leeds_family_valued.yaml").title
    'Leeds Family Valued: what can be said about a published saving'
    """
    root = project_root(file)
    content = load(file, _CaseFile)
    case = content.published_case
    book = read_book(root / case.unit_costs, root)
    return CaseInputs(content.title, case, book, read_deflator(root / case.deflator, root))


def _table(name: str, one_row_is: str, rows: list[tuple[str, str, float, str, str]]) -> AggregateTable:
    columns = {
        "measure": Column("Measure", Role.KEY),
        "shown_as": Column("What", Role.OPEN),
        "value": Column("Value", Role.OPEN, "", 1),
        "unit": Column("Unit", Role.OPEN),
        "published_or_observed": Column("Where from", Role.OPEN),
    }
    return AggregateTable.of_rows(name, one_row_is, columns, rows)


def published_saving_table(inputs: CaseInputs) -> AggregateTable:
    """Return the table ``published_saving``: what follows from the published figures by arithmetic alone.

    >>> published_saving_table(case).frame["measure"].tolist()
    ['saving_per_family', 'families', 'total_saving', 'total_saving_other_count', 'saving_per_family_now']
    """
    case = inputs.case
    each, given_year = case.saving_per_family.value, str(case.saving_per_family.price_year)
    then, worked_out = f"£, prices of {given_year}", "worked out"
    rows = [
        ("saving_per_family", "Saving per family", each, then, "published"),
        ("families", "Families", float(case.families), "families", "published"),
        ("total_saving", "All families together", each * case.families, then, worked_out),
    ]
    other = case.families_elsewhere
    if other is not None:
        name = f"The same with {other} families, as another source counts"
        rows.append(("total_saving_other_count", name, each * other, then, worked_out))
    now = each * inputs.deflator.factor(given_year, case.price_year)
    rows.append(("saving_per_family_now", "Saving per family", now, f"£, prices of {case.price_year}", worked_out))
    return _table("published_saving", "figure that is published or follows from one", rows)


def case_break_even_table(inputs: CaseInputs) -> AggregateTable:
    """Return the table ``break_even`` of a published case, which has no records: what would have to be true, at another
    report's unit costs.  One row is a switching value, as in the table of the same name of a study with records.

    >>> case_break_even_table(case).frame["measure"].tolist()[:2]
    ['programme_cost_per_family', 'programme_cost_total']
    """
    case = inputs.case
    each, given_year = case.saving_per_family.value, str(case.saving_per_family.price_year)
    then, worked_out = f"£, prices of {given_year}", "worked out"
    below = "The programme pays for itself if a family's conference costs less than"
    before_cost = f"{then}, if the {as_pounds(each)} is before that cost"
    rows = [
        ("programme_cost_per_family", below, each, before_cost, worked_out),
        ("programme_cost_total", "and all of them together less than", each * case.families, then, worked_out),
    ]
    for measure, name in case.tariffs.items():
        cost = inputs.book.cost(name)
        days = each * inputs.deflator.factor(given_year, cost.price_year) / cost.value
        fewer = f"The published saving is, for each family, so many fewer {measured(measure).label} alone"
        unit = f"days, at {as_pounds(cost.value, 2)} a day ({cost.price_year})"
        rows.append((f"{measure}_per_family", fewer, days, unit, worked_out))
    return _table("break_even", "switching value", rows)


def case_sentence(inputs: CaseInputs) -> str:
    """Return what is known of the published saving, and what is not.

    >>> case_sentence(case)[:68]
    'The published saving is £755 for each of 760 families, £573,800 toge'
    """
    case = inputs.case
    total = case.saving_per_family.value * case.families
    other = ""
    if case.families_elsewhere is not None:
        other = f" Another source counts {case.families_elsewhere} families."
    return (
        f"The published saving is {as_pounds(case.saving_per_family.value)} for each of {case.families} families, "
        f"{as_pounds(total)} together.{other} The inputs behind it are not public, so it can be neither rebuilt nor "
        "checked."
    )


def not_public_sentence(inputs: CaseInputs) -> str:
    """Return a Markdown list of what one would need to check the saving.

    >>> len(not_public_sentence(case).splitlines())
    8
    """
    return "Not public:\n\n" + "\n".join(f"- {item}" for item in inputs.case.not_public)
