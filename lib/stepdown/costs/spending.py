"""Spending over years: in the prices of one year, and split into what more children cost and what a dearer child cost.

Spend is children × price. Of a change, half of the joint part goes to each (the midpoint split), so that both add up
to it. Nothing here is a saving: that is what would have been spent less what was, and the first is not in the books.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from stepdown.contracts import StudyRecords
from stepdown.contracts.schema import row_faults
from stepdown.costs.prices import read_deflator
from stepdown.faults import refuse
from stepdown.numbers import as_pounds, digits
from stepdown.params import Study
from stepdown.params.trials import Saving
from stepdown.tables import AggregateTable, Column, Role

SHOWN = ("item", "financial_year", "children", "real", "per_child", "change", "by_volume", "by_price")
LIMIT = (
    "*What this does not show:* A saving. That takes what would have been spent otherwise. Prices also move with the "
    "children's needs, and a child who is supported elsewhere is paid for elsewhere."
)


@dataclass(frozen=True, slots=True)
class Split:
    """A change of spending: at the old other factor, the joint part, and the midpoint split, which adds up."""

    change: float
    volume_at_old_price: float
    price_at_old_volume: float
    joint: float
    volume: float
    price: float


def volume_and_price(volume: tuple[float, float], price: tuple[float, float]) -> Split:
    """Return the change of volume × price from the first to the second, split.

    >>> volume_and_price((320, 300), (48000.0, 51500.0)).volume
    -995000.0
    """
    (q, q_then), (p, p_then) = volume, price
    by_volume, by_price, joint = (q_then - q) * p, (p_then - p) * q, (q_then - q) * (p_then - p)
    return Split(q_then * p_then - q * p, by_volume, by_price, joint, by_volume + joint / 2, by_price + joint / 2)


def financial_year(days: pd.Series) -> pd.Series:
    """Return the financial year of each day, April to March: 2017-04-01 is in 2017/18."""
    first = days.dt.year - (days.dt.month < 4)
    return first.astype("str") + "/" + ((first + 1) % 100).astype("str").str.zfill(2)


def spending_table(study: Study, records: StudyRecords) -> AggregateTable:
    """Return ``spending``: one row is an item in a financial year, with the change since the year of its row before.

    Amounts are in the prices of the study's ``spending.price_year``. Raises Refused for an item that stands twice in a
    year, one without amount or children, and a year that the deflator does not have.
    """
    settings = study.settings.spending
    if settings is None:
        raise LookupError(f"{study.name} has no spending")
    deflator = read_deflator(study.path(settings.deflator), study.root)
    labels = study.settings.delivery.items if study.settings.delivery else {}
    rows = []
    for item, own in _yearly(records).groupby("item", sort=False):
        before: tuple[float, float] | None = None
        for row in own.sort_values("year").itertuples():
            real = row.amount_gbp * deflator.factor(row.year, settings.price_year)
            price = real / row.people
            split = volume_and_price((before[0], row.people), (before[1], price)) if before else None
            parts = (split.change, split.volume, split.price) if split else (None, None, None)
            past = before[0] if before else None
            name = labels.get(str(item), str(item))
            rows.append((name, row.year, row.people, row.amount_gbp, real, price, past, *parts))
            before = row.people, price
    rests, both = ("children",), ("children", "children_before")
    columns = {
        "item": Column("Item", Role.KEY),
        "financial_year": Column("Financial year", Role.KEY),
        "children": Column("Children", Role.COUNT, "children", 0, about="That the money was for."),
        "spent": Column("Spent", Role.TOTAL, "£", 0, rests, "In the prices of its own year."),
        "real": Column(f"In prices of {settings.price_year}", Role.TOTAL, "£", 0, rests, deflator.title),
        "per_child": Column("A child", Role.DERIVED, "£", 0, rests, f"In prices of {settings.price_year}."),
        "children_before": Column("Children, row before", Role.COUNT, "children", 0),
        "change": Column("Change on the year before", Role.DERIVED, "£", 0, both, "In constant prices."),
        "by_volume": Column("of it by number of children", Role.DERIVED, "£", 0, both, "Midpoint split."),
        "by_price": Column("of it by cost per child", Role.DERIVED, "£", 0, both, "Midpoint split."),
    }
    return AggregateTable.of_rows("spending", "item in a financial year", columns, rows)


def _yearly(records: StudyRecords) -> pd.DataFrame:
    log = records.table("log")
    spent = log[log["kind"] == "spend"]
    spent = spent.assign(year=financial_year(spent["date"]))
    allowed = "one row an item and financial year, with amount_gbp and people (the children that it was for)"
    remedy = "add the quarters together, and fill amount_gbp and people from the accounts and the same return"
    wrong = (
        (spent.duplicated(["item", "year"]), "more than one row of an item in a financial year"),
        (spent["amount_gbp"].isna(), "spending without an amount"),
        (~(spent["people"] > 0), "spending without the number of children that it was for"),
    )
    found = [(rows, what, allowed, remedy) for rows, what in wrong]
    refuse(row_faults(spent, "the table log", "docs/trials.md, spending", found))
    return spent


def spending_sentences(table: pd.DataFrame, price_year: str) -> list[str]:
    """Return for each item what changed from the first year to the last; frame: of ``spending``, cleared."""
    said = []
    for item in dict.fromkeys(table["item"]):
        own = table[table["item"] == item]
        first, last = own.iloc[0], own.iloc[-1]
        if len(own) < 2 or own[["children", "real"]].isna().any(axis=None):
            said.append(f"{item}: no change is given, since a year is missing or not shown.")
            continue
        per_child = first["real"] / first["children"], last["real"] / last["children"]  # not as printed: parts add up
        whole = volume_and_price((first["children"], last["children"]), per_child)
        said.append(
            f"{item}, {first['financial_year']} to {last['financial_year']} in prices of {price_year}: spending went "
            f"from {as_pounds(first['real'])} to {as_pounds(last['real'])}, children from {digits(first['children'])} "
            f"to {digits(last['children'])}. The number of children makes {as_pounds(whole.volume)} of the change and "
            f"the cost per child {as_pounds(whole.price)}."
        )
    return [*said, LIMIT]


def saving_sentence(saving: Saving) -> str:
    """Return a stated saving, called a claim where nobody says what would have been spent otherwise.

    >>> saving_sentence(Saving(who="Hertfordshire", amount_gbp=2.6e6, source="Board paper", per=22))
    'Hertfordshire claims a saving of £2,600,000, £118,182 for each of 22 teams (Board paper). It is a claim: ...'
    """
    each = ""
    if saving.per:
        each = f", {as_pounds(saving.amount_gbp / saving.per)} for each of {saving.per} {saving.of_what}"
    if saving.counterfactual is None:
        return (
            f"{saving.who} claims a saving of {as_pounds(saving.amount_gbp)}{each} ({saving.source}). It is a claim: "
            "nothing says what would have been spent otherwise. No net saving is worked out without that, the tariffs "
            "and the cost of the programme."
        )
    return (
        f"{saving.who} states a saving of {as_pounds(saving.amount_gbp)}{each} ({saving.source}), against "
        f"{saving.counterfactual}. The cost of the programme is not taken off."
    )
