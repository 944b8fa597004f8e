"""Settings of an area study: which council, which published figures, which years, which neighbours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from stepdown.areas.measures import AREA_MEASURES
from stepdown.faults import nearest
from stepdown.params import ProjectPath, Settings, Text, load

Year = Annotated[int, Field(ge=1990, le=2100)]
"""A year ending 31 March: 2017 is April 2016 to March 2017."""

Span = tuple[Year, Year]
"""First and last year of a period, both included."""


class Periods(Settings):
    """Two periods that are compared; the year in which the programme began is in the one after, or in neither."""

    before: Span
    after: Span

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for name, (first, last) in (("before", self.before), ("after", self.after)):
            if last < first:
                raise ValueError(f"{name} ends ({last}) before it begins ({first})")
        if self.after[0] <= self.before[1]:
            raise ValueError(f"the period after begins in {self.after[0]}, within the period before")
        return self

    def words(self) -> str:
        """Return "2013 to 2015, then 2016 to 2017"."""
        return ", then ".join(str(a) if a == b else f"{a} to {b}" for a, b in (self.before, self.after))


class LeftOut(Settings):
    """An authority that is no fair comparison, and why."""

    area: Text
    reason: Text


class AlsoBegan(Settings):
    """Another authority that began the same programme, and the first year ending 31 March in which it ran there."""

    area: Text
    year: Year
    source: Text


class Break(Settings):
    """Years in which an authority's figures of one measure do not mean what they mean in other years."""

    area: Text
    measure: Text
    years: Span
    reason: Text

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.years[1] < self.years[0]:
            raise ValueError(f"the break ends ({self.years[1]}) before it begins ({self.years[0]})")
        return self


class Claim(Settings):
    """A published sentence about the council, and the measure that it can be compared with (none: not published)."""

    says: Text
    source: Text
    measure: str = ""
    why_not: str = ""


class AreaSettings(Settings):
    """One council among councils like it.

    council: its name in the figures.  measures: names of :data:`stepdown.areas.measures.AREA_MEASURES`, the headline
    first.  periods: the main choice of years.  other_years: other choices, so that nobody picks.  neighbours: model of
    statistical neighbours; other_neighbours: further models.  also_began: authorities with the same programme, which
    are no comparison.  figures: folder with area_measures.csv, statistical_neighbours.csv and areas.csv.  added: folder
    that ``stepdown areas add`` writes; it is used in place of ``figures`` where it is there.
    """

    council: Text
    programme: Text
    measures: Annotated[tuple[Text, ...], Field(min_length=1)]
    periods: Periods
    other_years: tuple[Periods, ...] = ()
    neighbours: Text
    other_neighbours: tuple[Text, ...] = ()
    leave_out: tuple[LeftOut, ...] = ()
    also_began: tuple[AlsoBegan, ...] = ()
    breaks: tuple[Break, ...] = ()
    claims: tuple[Claim, ...] = ()
    interval: Literal["exact", "byar"] = "exact"
    population: Text
    figures: ProjectPath
    added: ProjectPath = "data/areas"

    @model_validator(mode="after")
    def _known_measures(self) -> Self:
        named = [*self.measures, *(b.measure for b in self.breaks), *(c.measure for c in self.claims if c.measure)]
        for name in named:
            if name not in AREA_MEASURES:
                raise ValueError(f"not a measure: {name!r}{nearest(name, AREA_MEASURES)}")
        others = [*(out.area.casefold() for out in self.leave_out), *(one.area.casefold() for one in self.also_began)]
        lists = {"measures": self.measures, "periods and other_years": [p.words() for p in self.all_periods()],
                 "neighbours and other_neighbours": self.all_models(), "leave_out and also_began": others}  # fmt: skip
        for where, entries in lists.items():
            if twice := sorted({entry for entry in entries if list(entries).count(entry) > 1}):
                raise ValueError(f"{where}: {', '.join(twice)} appears twice")
        for claim in self.claims:
            if bool(claim.measure) == bool(claim.why_not):
                raise ValueError("a claim names its measure, or says under why_not why no published figure can test it")
        return self

    def all_periods(self) -> tuple[Periods, ...]:
        """Return the main choice of years, then the others."""
        return (self.periods, *self.other_years)

    def all_models(self) -> tuple[str, ...]:
        """Return the main neighbour model, then the others."""
        return (self.neighbours, *self.other_neighbours)


class AreaFile(Settings):
    """The whole parameter file of an area study."""

    title: Text
    area: AreaSettings
    notice: str = ""
    limits: tuple[Text, ...] = ()


def read_settings(file: Path) -> AreaFile:
    """Return the settings of an area study; raises Refused with every fault of the file."""
    return load(file, AreaFile)
