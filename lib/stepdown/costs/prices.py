"""Money over time: one price base by a dated deflator, present values by dated rates, how long savings last."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce
from pathlib import Path

from pydantic import Field

from stepdown.faults import Refused
from stepdown.params import ProjectPath, Quality, Settings, Text, load
from stepdown.params.costs import Horizon


class _DeflatorFile(Settings):
    title: Text
    table: ProjectPath
    as_of: date
    source: Text
    licence: Text
    quality: Quality
    note: str = ""


@dataclass(frozen=True, slots=True)
class Deflator:
    """Price index by financial year.  index: "2018/19" → level (any base).  forecast: the years not yet outturn."""

    title: str
    source: str
    as_of: date
    quality: Quality
    index: Mapping[str, float]
    forecast: frozenset[str]

    def factor(self, from_year: str, to_year: str) -> float:
        """Return what £1 of ``from_year`` is in the prices of ``to_year``; raises Refused for an unknown year."""
        unknown = [year for year in (from_year, to_year) if year not in self.index]
        if unknown:
            years = list(self.index)
            raise Refused.for_one(
                where=f"{self.title}, {unknown[0]}",
                found=f"no price index for {unknown[0]}",
                allowed=f"financial years from {years[0]} to {years[-1]}",
                rule="amounts of different years are compared in one price base",
                remedy="use a deflator file that covers the year, or correct the price year",
            )
        return self.index[to_year] / self.index[from_year]


def read_deflator(path: Path, root: Path) -> Deflator:
    """Return the deflator that a YAML file describes; its CSV has financial_year, index_…, status."""
    file = load(path, _DeflatorFile)
    with (root / file.table).open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    column = next(name for name in rows[0] if name.startswith("index"))
    index = {row["financial_year"]: float(row[column]) for row in rows}
    forecast = frozenset(row["financial_year"] for row in rows if row["status"] != "outturn")
    return Deflator(file.title, file.source, file.as_of, file.quality, index, forecast)


class RateBand(Settings):
    """A discount rate, per cent a year, for the years ``first_year`` to ``last_year`` from now (None: no end)."""

    first_year: int = Field(ge=1)
    last_year: int | None
    percent: float = Field(ge=0, lt=100)


class DiscountRates(Settings):
    """A dated table of real discount rates that fall with the distance of the year."""

    title: Text
    as_of: date
    source: Text
    quality: Quality
    bands: tuple[RateBand, ...]
    note: str = ""

    def factor(self, year: int) -> float:
        """Return the present value of £1 in ``year`` years (year 0: now, not discounted).

        The rate of each year on the way applies to that year, as in the Green Book's table of factors.
        """
        return reduce(lambda factor, y: factor / (1 + self._percent(y) / 100), range(1, year + 1), 1.0)

    def _percent(self, year: int) -> float:
        for band in self.bands:
            if band.first_year <= year and (band.last_year is None or year <= band.last_year):
                return band.percent
        raise Refused.for_one(
            where=f"{self.title}, year {year}",
            found="no discount rate",
            allowed="bands that cover each year of the horizon",
            rule="savings beyond one year are discounted by a dated table of rates",
            remedy="add the band, or shorten the horizon",
        )


def read_discount_rates(path: Path) -> DiscountRates:
    """Return the discount rates in a YAML file."""
    return load(path, DiscountRates)


def months_of_saving(horizon: Horizon, window_months: int, rates: DiscountRates) -> float:
    """Return how many months' worth of the window's saving the horizon counts, in present value.

    The saving of the window is spread evenly over its months; month i (from 0) lies in year i // 12, so the first
    twelve months are not discounted. "none" gives window_months (discounted when the window is longer than a year).
    """
    last = window_months if horizon.shape == "none" else max(int(horizon.months or 0), 1)
    total = 0.0
    for month in range(last):
        share = 1.0
        if horizon.shape == "decay" and month >= window_months:
            share = 0.5 ** ((month - window_months + 1) / float(horizon.half_life_months or 1))
        total += share * rates.factor(month // 12)
    return total


def saving_multiplier(horizon: Horizon, window_months: int, rates: DiscountRates) -> float:
    """Return what the saving seen in one window is multiplied by; 1 when only a window of up to a year counts."""
    return months_of_saving(horizon, window_months, rates) / window_months
