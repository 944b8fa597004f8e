"""Everything that a cost analysis of one study rests on, read once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stepdown.costs.prices import Deflator, DiscountRates, read_deflator, read_discount_rates
from stepdown.costs.programme import Spend, programme_spend
from stepdown.costs.unit_costs import Tariffs, UnitCostBook, choose_tariffs, joined_books, read_book
from stepdown.costs.volumes import Floats, Volumes, volumes
from stepdown.faults import Fault, Refused
from stepdown.params import Study
from stepdown.params.costs import CostSettings, Prices
from stepdown.tables import Column, Role

OWN = ("children_with_cost",)
"""What the money of a study rests on, for disclosure control: the column CHILDREN."""

CHILDREN = Column(
    "Children with any cost", Role.COUNT, "children", 0, about="Children whose days and referrals are in it"
)


def money(label: str, about: str = "", rests_on: tuple[str, ...] = OWN) -> Column:
    """Return a column of whole pounds over the children of a study."""
    return Column(label, Role.TOTAL, "£", 0, rests_on, about)


@dataclass(frozen=True, eq=False)
class CostInputs:
    """The inputs of one study's cost analysis; one is equal to itself only, so that results can be kept by it.

    labels: the two groups, programme first.  data: volumes child by child under the study's day-count rule (the plain
    sum).  clipped: with days inside the window only (the analysis).  outcomes: the child outcomes frame they are from.
    published: the study reproduces a published report.  min_families: fewer in a group, and an interval says so.
    """

    study_name: str
    programme_name: str
    labels: tuple[str, str]
    window_months: int
    day_count: str
    settings: CostSettings
    book: UnitCostBook
    tariffs: Tariffs
    deflator: Deflator
    rates: DiscountRates
    spend: Spend
    data: Volumes
    clipped: Volumes
    outcomes: pd.DataFrame
    seed: int
    published: bool
    min_families: int

    @property
    def values(self) -> Floats:
        """The study's unit costs, £ per unit, in the order of the measures, in the study's own prices."""
        return self.priced(self.tariffs, self.settings.prices)

    @property
    def programme_cost(self) -> float:
        """What the programme cost, £, in the study's own prices."""
        return self.spent(self.spend, self.settings.prices)

    @property
    def plain_is_base(self) -> bool:
        """Whether the plain sum counts, prices and corrects as the analysis does, so that both give one net cost."""
        given = self.settings
        corrected = given.adjustments.model_dump(exclude={"confidence_grade"}, exclude_none=True)
        return (self.day_count, given.prices, given.horizon.shape) == ("clipped", "one_base", "none") and not corrected

    @cached_property
    def children_with_cost(self) -> int:
        """How many children have any priced volume: the count behind every pound of a study."""
        return int(((self.data.before + self.data.after) @ self.values > 0).sum())

    def priced(self, tariffs: Tariffs, prices: Prices) -> Floats:
        """Return unit costs as published, or brought to the study's ``price_year``."""
        year = self.settings.price_year if prices == "one_base" else None
        return np.array(
            [
                value * (self.deflator.factor(cost.price_year, year) if year else 1.0)
                for value, cost in zip(tariffs.values, tariffs.costs, strict=True)
            ]
        )

    def spent(self, spend: Spend, prices: Prices) -> float:
        """Return spending as published, or brought to the study's ``price_year``, £."""
        if prices == "one_base":
            return spend.in_prices_of(self.settings.price_year, self.deflator)
        return spend.amount_gbp


def cost_inputs(study: Study, outcomes: pd.DataFrame, programme_costs: pd.DataFrame) -> CostInputs:
    """Read books, rates and deflator, and bring volumes and spending together.

    outcomes: the child outcomes frame, one row a child.  programme_costs: one row a line of spending.
    Raises Refused when the study has no ``costs`` section, and for every fault of its inputs.

    >>> inputs = cost_inputs(book.study, book.outcomes.frame, book.records.programme_costs)
    >>> inputs.values.round(2).tolist()  # a day in need, on a plan, looked after; a referral
    [9.32, 10.21, 160.72, 223.0]
    """
    settings = study.settings.costs
    if settings is None:
        raise Refused.for_one(
            where=f"{study.file.name}, costs",
            found="no costs section",
            allowed="a costs section: unit costs, tariffs, price year, programme",
            rule="a cost-benefit analysis states what it prices and with what",
            remedy="add the section (docs/your_own_data.md, step 4), or leave notebook 4 out of this study's run",
        )
    files = (settings.unit_costs,) if isinstance(settings.unit_costs, str) else settings.unit_costs
    book = joined_books(tuple(read_book(_file(study, file), study.root) for file in files))
    measures = tuple(settings.tariffs)
    seen_only = study.settings.unobservable == "leave_out"
    return CostInputs(
        study_name=study.name,
        programme_name=study.settings.programme_name,
        labels=study.settings.groups.labels(),
        window_months=study.settings.window_months,
        day_count=study.settings.day_count,
        settings=settings,
        book=book,
        tariffs=choose_tariffs(book, settings),
        deflator=read_deflator(_file(study, settings.deflator), study.root),
        rates=read_discount_rates(_file(study, settings.discount_rates)),
        spend=programme_spend(programme_costs, settings.programme),
        data=volumes(outcomes, measures, observable_only=seen_only),
        clipped=volumes(outcomes, measures, clipped=True, observable_only=seen_only),
        outcomes=outcomes,
        seed=study.settings.seed,
        published=study.settings.published is not None,
        min_families=study.settings.effects.min_families,
    )


def cost_faults(study: Study, programme_costs: pd.DataFrame) -> list[Fault]:
    """Return every fault of a study's cost settings that shows without the children: books, tariffs, years, spending.

    So that ``stepdown check`` finds them and no run begins with them. programme_costs: one row a line of spending.
    """
    settings = study.settings.costs
    if settings is None:
        return []
    files = (settings.unit_costs,) if isinstance(settings.unit_costs, str) else settings.unit_costs
    faults: list[Fault] = []

    def kept(work: Callable[[], Any]) -> Any:
        try:
            return work()
        except Refused as refused:
            faults.extend(refused.faults)
            return None

    book = kept(lambda: joined_books(tuple(read_book(_file(study, file), study.root) for file in files)))
    tariffs = kept(lambda: choose_tariffs(book, settings)) if book else None
    deflator = kept(lambda: read_deflator(_file(study, settings.deflator), study.root))
    kept(lambda: read_discount_rates(_file(study, settings.discount_rates)))
    spend = kept(lambda: programme_spend(programme_costs, settings.programme))
    years = {cost.price_year for cost in tariffs.costs} if tariffs else set()
    years |= set(spend.by_year) if spend else set()
    for year in sorted(years) if deflator else []:
        kept(partial(deflator.factor, year, settings.price_year))
    return list(dict.fromkeys(faults))


def _file(study: Study, relative: str) -> Path:
    path = study.path(relative)
    if not path.is_file():
        raise Refused.for_one(
            where=f"{study.file.name}, costs",
            found=f"no such file: {relative}",
            allowed="a file, given from the project root",
            rule="unit costs, deflator and discount rates are files with a source and a date",
            remedy="correct the path, or add the file",
        )
    return path
