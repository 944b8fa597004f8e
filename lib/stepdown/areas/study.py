"""One council among the authorities of the published figures: its file, its figures, its comparisons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from stepdown.areas.comparing import Placebos, placebos
from stepdown.areas.figures import ENGLAND, Figures, read_figures
from stepdown.areas.measures import AREA_MEASURES, label
from stepdown.areas.settings import AreaFile, AreaSettings, Periods, read_settings
from stepdown.faults import Fault, Refused
from stepdown.params import project_root


@dataclass(frozen=True)
class AreaStudy:
    """One council among the authorities of the published figures."""

    file: AreaFile
    figures: Figures

    @property
    def settings(self) -> AreaSettings:
        """The settings of the parameter file."""
        return self.file.area

    @cached_property
    def council(self) -> str:
        """Code of the council."""
        return self.figures.code_of(self.settings.council, "the parameter file, area.council")

    @cached_property
    def place(self) -> int:
        """Row of the council among the authorities."""
        return int(self.figures.authorities.get_loc(self.council))

    @cached_property
    def allowed(self) -> np.ndarray:
        """Which authorities may be compared with: all but those left out or with the same programme (n,)."""
        out = [
            self.figures.code_of(item.area, "the parameter file, area.leave_out") for item in self.settings.leave_out
        ]
        return ~self.figures.authorities.isin(out) & np.isnan(self.began)

    @cached_property
    def began(self) -> np.ndarray:
        """First year of the programme in each other authority that began it too; NaN where it did not (n,)."""
        years = np.full(len(self.figures.authorities), np.nan)
        for item in self.settings.also_began:
            code = self.figures.code_of(item.area, "the parameter file, area.also_began")
            years[self.figures.authorities.get_loc(code)] = item.year
        return years

    def labels(self) -> list[tuple[str, str]]:
        """Return (label, unit of its rate) of each measure, the headline first."""
        return [(label(name), AREA_MEASURES[name].unit) for name in self.settings.measures]

    @property
    def country(self) -> str:
        """Name of the whole country in the figures."""
        return self.figures.name_of(ENGLAND) if ENGLAND in self.figures.areas.index else "England"

    @property
    def last_year(self) -> int:
        """Last year that any choice of years looks at."""
        return max(periods.after[1] for periods in self.settings.all_periods())

    def rates(self, measure: str, span: tuple[int, int]) -> np.ndarray:
        """Return the rates of the authorities in the years of a span, authorities × years; declared breaks are NaN."""
        return self.usable_rates[measure].reindex(columns=range(span[0], span[1] + 1)).to_numpy()

    @cached_property
    def usable_rates(self) -> dict[str, pd.DataFrame]:
        """All rates by measure, authorities × years; NaN inside a declared break."""
        return {name: self._without_breaks(name) for name in self.settings.measures}

    def _without_breaks(self, measure: str) -> pd.DataFrame:
        table = self.figures.rates(measure).loc[self.figures.authorities].copy()
        for item in self.settings.breaks:
            if item.measure == measure:
                code = self.figures.code_of(item.area, "the parameter file, area.breaks")
                inside = [year for year in table.columns if item.years[0] <= year <= item.years[1]]
                table.loc[code, inside] = np.nan
        return table

    def placebos(self, measure: str, periods: Periods, model: str = "") -> Placebos:
        """Return every authority's change against its own neighbours, for one choice of years and one model."""
        matrix = self.figures.neighbour_matrix(model or self.settings.neighbours)
        own = np.arange(len(self.allowed)) == self.place
        before, after = (self.rates(measure, span) for span in (periods.before, periods.after))
        return placebos(before, after, matrix, self.allowed | own)

    def neighbours(self, model: str = "") -> list[str]:
        """Return the codes of the council's neighbours that may be compared with."""
        row = self.figures.neighbour_matrix(model or self.settings.neighbours)[self.place] & self.allowed
        return [str(code) for code in self.figures.authorities[row]]


def begin(file: Path) -> AreaStudy:
    """Return the area study of a parameter file; raises Refused with every fault of the file and of the figures.

    >>> begin(book.root / "params/area_made_up.yaml").council
    'M00000001'
    """
    settings = read_settings(file)
    study = AreaStudy(settings, read_figures(settings.area, project_root(file)))
    _check(study, file.name)
    area = settings.area.model_copy(update={"council": study.figures.name_of(study.council)})
    named = AreaStudy(settings.model_copy(update={"area": area}), study.figures)
    named.__dict__["council"] = study.council  # a name that two authorities had is not looked up again
    return named


def _check(study: AreaStudy, where: str) -> None:
    """Refuse what would only be found while the page is made: names, models, years without any figure."""
    faults: list[Fault] = []

    def gather(what: Callable[[], object]) -> None:
        try:
            what()
        except Refused as refused:
            faults.extend(refused.faults)

    gather(lambda: study.council)
    gather(lambda: study.allowed)
    faults += _council_among_others(study, where)
    for item in study.settings.breaks:
        gather(lambda item=item: study.figures.code_of(item.area, f"{where}, area.breaks"))  # type: ignore[misc]
    for model in study.settings.all_models():
        gather(lambda model=model: study.figures.neighbour_matrix(model))  # type: ignore[misc]
    faults += _without_figures(study, where)
    if faults:
        raise Refused(faults)


def _council_among_others(study: AreaStudy, where: str) -> list[Fault]:
    council, settings = study.settings.council, study.settings
    return [
        Fault(
            where=f"{where}, area.{setting}",
            found=f"the council itself: {council!r}",
            allowed="other authorities, which are no comparison",
            rule="the council is what is compared; it began in the year after area.periods.before",
            remedy=f"take it out of area.{setting}",
        )
        for setting, items in (("leave_out", settings.leave_out), ("also_began", settings.also_began))
        if council.strip().casefold() in [item.area.strip().casefold() for item in items]
    ]


def _without_figures(study: AreaStudy, where: str) -> list[Fault]:
    faults = [
        Fault(
            where=f"{where}, area.measures",
            found=f"a measure without any figure: {name}",
            allowed="measures with figures in the folder that the study reads",
            rule="a rate needs a count and what it is divided by",
            remedy="take it out, or add the department's files with: stepdown areas add FILE…",
        )
        for name in study.settings.measures
        if study.figures.rates(name).isna().all(axis=None)
    ]
    known = {y for m in study.settings.measures for y in study.figures.rates(m).dropna(how="all", axis=1).columns}
    asked = {y for p in study.settings.all_periods() for a, b in (p.before, p.after) for y in range(a, b + 1)}
    if missing := sorted(asked - known):
        faults.append(
            Fault(
                where=f"{where}, area.periods and area.other_years",
                found=f"years for which none of the measures has figures: {', '.join(map(str, missing))}",
                allowed=f"years with figures: {', '.join(map(str, sorted(known))) or 'none'}",
                rule="a year without figures is missing; it is never filled in",
                remedy="choose other years, or add the department's files with: stepdown areas add FILE…",
            )
        )
    return faults
