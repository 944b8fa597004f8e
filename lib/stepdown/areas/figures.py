"""Published figures of authorities: one tidy layout, read against its contract, with every rate worked out again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from stepdown.areas.measures import AREA_MEASURES, POPULATION, AreaMeasure
from stepdown.areas.settings import AreaSettings
from stepdown.contracts.model import Contract, Field
from stepdown.contracts.reading import read_raw
from stepdown.contracts.schema import FIRST_LINE, check_values, lines_of
from stepdown.contracts.typing_cells import column_faults, typed
from stepdown.faults import Fault, Refused, nearest, refuse, some_rows

MEASURES = Contract(
    table="area_measures",
    one_row_is="authority × year × measure, as published",
    fields=(
        Field("area_code", "text", "code of the Office for National Statistics", required=True, blank=False),
        Field("area_name", "text", "name of the authority", required=True, blank=False),
        Field(
            "year",
            "whole number",
            "year ending 31 March; of a population: year of the mid-year estimate",
            required=True,
            blank=False,
            lowest=1990,
            highest=2100,
        ),
        Field("measure", "text", "name of the measure", required=True, blank=False),
        Field("count", "whole number", "the count; blank where it is not published", required=True, lowest=0),
        Field("denominator", "number", "published number that the rate is of", lowest=0),
        Field("rate", "number", "rate as published", lowest=0),
        Field("rate_unit", "text", "unit of the published rate"),
        Field(
            "symbol",
            "text",
            "why a count is missing: c suppressed, x not available, z not applicable, u unreliable",
            codes=("c", "x", "z", "u", ":", "k", "low"),
        ),
        Field("source", "text", "publication", required=True, blank=False),
    ),
    unique=("area_code", "year", "measure"),
)
NEIGHBOURS = Contract(
    table="statistical_neighbours",
    one_row_is="model × authority × rank",
    fields=(
        Field("model", "text", "version of the model of statistical neighbours", required=True, blank=False),
        Field("la_code", "text", "three-digit code of the authority", required=True, blank=False),
        Field("la_name", "text", "its name"),
        Field("rank", "whole number", "1 is the closest", required=True, blank=False, lowest=1),
        Field("neighbour_la_code", "text", "three-digit code of the neighbour", required=True, blank=False),
        Field("closeness", "text", "the model's word for how close it is"),
        Field("neighbour_name", "text", "its name"),
    ),
    unique=("model", "la_code", "rank"),
)
AREAS = Contract(
    table="areas",
    one_row_is="area",
    fields=(
        Field("area_code", "text", "code of the Office for National Statistics", required=True, blank=False),
        Field("la_code", "text", "three-digit code of the authority", required=True),
        Field("area_name", "text", "its name", required=True, blank=False),
        Field(
            "level",
            "text",
            "england, region or local_authority",
            required=True,
            blank=False,
            codes=("england", "region", "local_authority"),
        ),
        Field("first_year", "whole number", "first year with figures"),
        Field("last_year", "whole number", "last year with figures"),
    ),
    unique=("area_code",),
)
CONTRACTS = (MEASURES, NEIGHBOURS, AREAS)
ENGLAND = "E92000001"

_OTHER_VINTAGE = (0.03, 500)
"""Share and number of children by which the population behind a published rate may differ from the one used here.

A release that used an older population is within it; a shifted column or a mixed-up year is not.
"""


@dataclass(frozen=True)
class Figures:
    """The published figures that an area study reads.

    measures: one row an authority × year × measure that :data:`AREA_MEASURES` knows, and the population.
    neighbours: one row a model × authority × rank.  areas: one row an area, by area_code.  folder: where they lie.
    """

    measures: pd.DataFrame
    neighbours: pd.DataFrame
    areas: pd.DataFrame
    folder: Path

    @cached_property
    def authorities(self) -> pd.Index:
        """Codes of the authorities, in order."""
        return pd.Index(self.areas.index[self.areas["level"] == "local_authority"])

    def code_of(self, name: str, where: str) -> str:
        """Return the code of the authority of that name; raises Refused with the nearest name."""
        names = self.areas.loc[self.authorities, "area_name"]
        found = names.index[(names.str.casefold() == name.strip().casefold()) | (names.index == name.strip())]
        if len(found) == 1:
            return str(found[0])
        if len(found):
            raise Refused(
                [
                    Fault(
                        where=where,
                        found=f"{len(found)} authorities of this name: {name!r}",
                        allowed=" or ".join(found),
                        rule="an authority that was reorganised has a code of its own before and after",
                        remedy="write the code in place of the name",
                    )
                ]
            )
        raise Refused(
            [
                Fault(
                    where=where,
                    found=f"no authority of this name: {name!r}{nearest(name, names)}",
                    allowed=f"one of the {len(names)} authorities of {self.folder.name}/areas.csv",
                    rule="an area study is about one authority of the published figures",
                    remedy="correct the name, or add the department's files with: stepdown areas add FILE…",
                )
            ]
        )

    def name_of(self, code: str) -> str:
        """Return the name of an area."""
        return str(self.areas.loc[code, "area_name"])

    @cached_property
    def _counts(self) -> dict[str, pd.DataFrame]:
        return {
            str(name): rows.pivot(index="area_code", columns="year", values="count")
            .reindex(self.areas.index)
            .rename(columns=int)
            .sort_index(axis=1)
            for name, rows in self.measures.groupby("measure")
        }

    def counts(self, measure: str) -> pd.DataFrame:
        """Return counts, areas × years; NaN where none is published (a suppressed count is missing, never 0)."""
        return self._counts.get(measure, pd.DataFrame(index=self.areas.index, dtype="float64"))

    def denominators(self, measure: str) -> pd.DataFrame:
        """Return what a measure's counts are divided by, areas × years: for a rate, the population the year before."""
        of = AREA_MEASURES[measure].of
        if of:
            return self.counts(of)
        population = self.counts(POPULATION)
        return population.rename(columns={year: year + 1 for year in population.columns})

    def rates(self, measure: str) -> pd.DataFrame:
        """Return rates worked out from counts, areas × years, per 10,000 children or per cent."""
        counts = self.counts(measure)
        below = self.denominators(measure).reindex(columns=counts.columns)
        return counts / below.where(below > 0) * AREA_MEASURES[measure].per

    @cached_property
    def _matrices(self) -> dict[str, np.ndarray]:
        code = pd.Series(self.authorities, index=self.areas.loc[self.authorities, "la_code"])
        place = pd.Series(range(len(self.authorities)), index=self.authorities)
        own, other = (self.neighbours[name].map(code).map(place) for name in ("la_code", "neighbour_la_code"))
        both = own.notna() & other.notna()
        found = {}
        for model, rows in self.neighbours.groupby("model"):
            known = rows.index[both[rows.index]]
            matrix = np.zeros((len(self.authorities),) * 2, dtype=bool)
            matrix[own[known].astype(int), other[known].astype(int)] = True
            matrix.flags.writeable = False  # one matrix for all who ask
            found[str(model)] = matrix
        return found

    def neighbour_matrix(self, model: str) -> np.ndarray:
        """Return whether column j is a neighbour of row i, authorities × authorities; raises Refused without a row."""
        if model in self._matrices:
            return self._matrices[model]
        known = sorted(self._matrices)
        raise Refused(
            [
                Fault(
                    where=f"{self.folder.name}/statistical_neighbours.csv",
                    found=f"no neighbours of the model {model!r}{nearest(model, known)}",
                    allowed=", ".join(known) or "a model with rows",
                    rule="a council is compared with the authorities that a published model calls like it",
                    remedy="name a model that the table has under area.neighbours",
                )
            ]
        )


def read_figures(settings: AreaSettings, root: Path) -> Figures:
    """Return the figures of an area study: the added ones where there are any, else those that are shipped.

    Raises Refused with every fault of every table, rates that do not come out among them.
    """
    added = root / settings.added
    return read_folder(added if (added / "area_measures.csv").is_file() else root / settings.figures)


def read_folder(folder: Path, at: Callable[[list[int]], str] | None = None) -> Figures:
    """Return the figures in a folder with area_measures.csv, statistical_neighbours.csv and areas.csv.

    at: words where rows of area_measures.csv, by their place, came from (None: they are that file's own).
    """
    faults: list[Fault] = []
    frames = {}
    for contract in CONTRACTS:
        frames[contract.table], found = _read(folder / f"{contract.table}.csv", contract)
        faults += found
    refuse(faults)
    places = frames["areas"].query("level == 'local_authority'")
    twice = places[places["la_code"].notna() & places.duplicated("la_code", keep=False)]
    if len(twice):
        refuse(
            [
                Fault(
                    where=f"{folder.name}/areas.csv, column la_code, {some_rows(lines_of(twice.index))}",
                    found="one code of the department for two authorities",
                    allowed="one authority a code",
                    rule="neighbours are identified by the department's codes",
                    remedy="give the rows of an authority whose other code was replaced the newer one",
                )
            ]
        )
    figures = Figures(
        frames["area_measures"][frames["area_measures"]["measure"].isin([*AREA_MEASURES, POPULATION])],
        frames["statistical_neighbours"],
        frames["areas"].set_index("area_code"),
        folder,
    )
    own = f"{folder.name}/area_measures.csv, column rate, "
    refuse(rate_faults(figures, at or (lambda rows: own + some_rows([i + FIRST_LINE for i in rows]))))
    return figures


def _read(file: Path, contract: Contract) -> tuple[pd.DataFrame, list[Fault]]:
    shown = f"{file.parent.name}/{file.name}"
    empty = pd.DataFrame(columns=contract.names())
    if not file.is_file():
        missing = Fault(shown, "no such file", f"a table whose rows are: {contract.one_row_is}",
                        "the three tables of published figures belong in one folder",
                        "make it with: stepdown areas add FILE…")  # fmt: skip
        return empty, [missing]
    try:
        raw = read_raw(file)
    except Refused as refused:
        return empty, list(refused.faults)
    if faults := column_faults(raw, contract, shown):
        return empty, faults
    return typed_cells(raw, contract, shown)


def typed_cells(raw: pd.DataFrame, contract: Contract, shown: str) -> tuple[pd.DataFrame, list[Fault]]:
    """Return a table of published figures with typed cells, and its faults by row."""
    raw = raw.reindex(columns=contract.names()).replace("", pd.NA).astype("str")
    frame, faults = typed(raw, contract, shown)
    faults += check_values(frame, raw, contract, {}, shown)
    if contract is MEASURES and (both := frame["count"].notna() & frame["symbol"].notna()).any():
        faults.append(
            Fault(
                where=f"{shown}, columns count and symbol, {some_rows(lines_of(frame.index[both]))}",
                found="a count beside a symbol that says there is none",
                allowed="a count, or a symbol",
                rule="a suppressed count is missing, and a count that is there is not suppressed",
                remedy="take out the one that is wrong",
            )
        )
    return frame, faults


def rate_faults(figures: Figures, at: Callable[[list[int]], str]) -> list[Fault]:
    """Return a fault for each measure with published rates that do not come out of their counts, by row.

    Authorities only: England and regions are rounded to 10. Where the row has its own denominator the rate must come
    out to the digit, half up. Where it has none, the population of the year before stands below the line; a release
    that used an older population differs by a few per cent and is passed (see :func:`vintages`).
    """
    faults = []
    rows = figures.measures[figures.measures["area_code"].isin(figures.authorities)]
    rows = rows[rows["count"].notna() & rows["rate"].notna()]
    for name, measure in AREA_MEASURES.items():
        mine = rows[rows["measure"] == name]
        if mine.empty:
            continue
        off = mine.index[~_comes_out(mine, measure, figures, name).to_numpy()]
        if len(off):
            faults.append(
                Fault(
                    where=at([int(i) for i in off]),
                    found=f"rates of {name} that do not match their counts",
                    allowed=f"count ÷ denominator × {measure.per:,.0f}, rounded half up",
                    rule="a published rate is recalculated before it is used",
                    remedy="check the rows in the publication; a column may have shifted, or two years may be mixed",
                )
            )
    return faults


def _comes_out(rows: pd.DataFrame, measure: AreaMeasure, figures: Figures, name: str) -> pd.Series:
    below, own = _below(rows, figures, name)
    share, children = _OTHER_VINTAGE
    step = 0.1 if measure.of else 10.0**-measure.decimals
    implied = rows["count"] / rows["rate"].where(rows["rate"] > 0) * measure.per
    near = (implied - below).abs() <= np.maximum(share * below, children) + step / rows["rate"] * below
    return _equal(rows["count"] / below * measure.per, rows["rate"], step) | below.isna() | (near & ~own)


def _equal(again: pd.Series, printed: pd.Series, step: float) -> pd.Series:
    """Return whether a rate rounds half up, in steps of its last digit, to the printed one."""
    return (np.floor(again / step + 0.5 + 1e-9) * step - printed).abs() < step / 2


def _below(rows: pd.DataFrame, figures: Figures, name: str) -> tuple[pd.Series, pd.Series]:
    """Return what each row's count is divided by (NaN: not known), and whether the row itself says so."""
    own = rows["denominator"].notna()
    codes, years = rows["area_code"], rows["year"].astype(int)
    table = figures.denominators(name).reindex(index=codes.unique(), columns=years.unique())
    shared = table.to_numpy()[table.index.get_indexer(codes), table.columns.get_indexer(years)]
    below = rows["denominator"].where(own, pd.Series(shared, index=rows.index))
    return below.where(below > 0), own


def vintages(figures: Figures, measure: str) -> pd.DataFrame:
    """Return, for each year with published rates, how many of them come out with the population that is used here.

    One row is a year: year, rates, come_out. A year in which few do was published with an older population.
    """
    about = AREA_MEASURES[measure]
    rows = figures.measures[(figures.measures["measure"] == measure) & figures.measures["rate"].notna()]
    rows = rows[rows["area_code"].isin(figures.authorities) & rows["count"].notna()]
    below, _ = _below(rows.assign(denominator=np.nan), figures, measure)
    right = _equal(rows["count"] / below * about.per, rows["rate"], 10.0**-about.decimals)[below.notna()]
    grouped = right.groupby(rows.loc[right.index, "year"].astype(int))
    return grouped.agg(rates="size", come_out="sum").reset_index()
