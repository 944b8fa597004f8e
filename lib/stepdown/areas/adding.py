"""Adds the department's own files, as anyone can download them, to the figures that area studies read.

Each file is told by its headings. Its counts and rates become rows of the tidy layout; rates are worked out again and
a file whose rates do not come out is refused, by row, before anything is written.
"""

from __future__ import annotations

import csv
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from stepdown.areas.figures import AREAS, CONTRACTS, ENGLAND, MEASURES, NEIGHBOURS, Figures, read_folder, typed_cells
from stepdown.areas.measures import AREA_MEASURES, POPULATION
from stepdown.contracts.reading import read_raw
from stepdown.contracts.schema import FIRST_LINE
from stepdown.faults import Fault, Refused, refuse, some_rows

SYMBOLS = {"c": "c", "x": "x", "z": "z", "u": "u", ":": "x", ".": "z", "-": "x", "k": "c", "low": "c", "..": "x",
           "*": "c", "~": "x"}  # fmt: skip
"""What the department prints where no number is; a suppressed or missing count is never read as 0."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A published file, told by its headings (in small letters).

    told_by: headings that only it has.  counts, rates, below: measure → heading of its count, of its rate and of what
    the rate is of.  by: heading whose text names the measure of a row, with that text in small letters → measure.
    """

    name: str
    told_by: frozenset[str]
    counts: Mapping[str, str] = field(default_factory=dict)
    rates: Mapping[str, str] = field(default_factory=dict)
    below: Mapping[str, str] = field(default_factory=dict)
    by: str = ""
    measure_of: Mapping[str, str] = field(default_factory=dict)


LAYOUTS = (
    Layout(
        "children in need (B1)",
        frozenset({"at31_episodes", "anypoint_episodes"}),
        counts={
            "cin_31march": "at31_episodes",
            "cin_started": "started_episodes",
            "cin_ended": "ended_episodes",
            "cin_any_time": "anypoint_episodes",
        },
    ),
    Layout(
        "child protection plans (D1)",
        frozenset({"cpp_at31", "cpp_start"}),
        counts={"cpp_31march": "cpp_at31", "cpp_started": "cpp_start", "cpp_ended": "cpp_end"},
        rates={"cpp_31march": "cpp_at31_rate", "cpp_started": "cpp_start_rate", "cpp_ended": "cpp_end_rate"},
    ),
    Layout(
        "second or later child protection plans (D3)",
        frozenset({"cpp_subsequent"}),
        counts={"cpp_started": "cpp_start", "cpp_second_or_subsequent": "cpp_subsequent"},
        rates={"cpp_second_or_subsequent": "cpp_subsequent_percent"},
        below={"cpp_second_or_subsequent": "cpp_start"},
    ),
    Layout(
        "child protection plans by length (D5)",
        frozenset({"2_years_or_more"}),
        counts={"cpp_31march": "cpp_at31", "cpp_two_years_or_more": "2_years_or_more"},
        rates={"cpp_two_years_or_more": "2_years_or_more_percent"},
        below={"cpp_two_years_or_more": "cpp_at31"},
    ),
    Layout(
        "referrals and re-referrals (C1)",
        frozenset({"referral_count", "rereferral_count"}),
        counts={"referrals": "referral_count", "rereferrals_within_12m": "rereferral_count"},
        rates={"rereferrals_within_12m": "rereferral_percent"},
        below={"rereferrals_within_12m": "referral_count"},
    ),
    Layout(
        "assessments (C2)",
        frozenset({"assessments_completed", "same_day"}),
        counts={"assessments_completed": "assessments_completed"},
        rates={"assessments_completed": "assessments_completed_rate"},
    ),
    Layout(
        "section 47 enquiries and initial conferences (C4)",
        frozenset({"section47", "icpc"}),
        counts={"section_47_enquiries": "section47", "icpc": "icpc"},
        rates={"section_47_enquiries": "section47_rate", "icpc": "icpc_rate"},
    ),
    Layout(
        "children looked after, numbers and rates",
        frozenset({"population_count", "rate_per_10000"}),
        by="population_count",
        measure_of={
            "children looked after at 31 march each year": "cla_31march",
            "children starting to be looked after each year": "cla_started",
            "children ceasing to be looked after each year": "cla_ceased",
        },
        below=dict.fromkeys(("cla_31march", "cla_started", "cla_ceased"), "population_estimate"),
    ),
    Layout(
        "mid-year population estimates",
        frozenset({"age_group", "population_estimate"}),
        by="age_group",
        measure_of={"children aged 0 to 17 years": POPULATION},
    ),
)
"""The releases of Explore Education Statistics; earlier looked-after files are read by :func:`_early_looked_after`."""

_SECOND_CODES = {"E08000020": "E08000037", "E06000048": "E06000057", "E10000002": "E06000060", "E10000023": "E06000065",
             "E10000027": "E06000066", "E08000038": "E08000016", "E08000039": "E08000019"}  # fmt: skip
"""Second codes of the Office for National Statistics for an authority that went on → the one that figures have."""

_PLACE = ("time_period", "geographic_level", "region_code", "region_name", "new_la_code", "old_la_code", "la_name")
_LEVELS = {"national": "england", "regional": "region", "local authority": "local_authority"}


def add(files: Iterable[Path], folder: Path) -> tuple[Figures, list[str]]:
    """Add published files to the figures in ``folder``; return the figures and a line on each file.

    What a newer file says of an authority, year and measure replaces what stood there. Raises Refused, with nothing
    written, when a file has no known layout, or when the figures as a whole do not hold.
    """
    tables = {contract.table: _present(folder, contract.table) for contract in CONTRACTS}
    told: list[str] = []
    faults: list[Fault] = []
    for file in files:
        try:
            found = _read(file)
        except Refused as refused:
            faults += refused.faults
            continue
        for table, frame in found.items():
            faults += _faults_of(frame, table, file.name)
            if table == MEASURES.table:
                frame = frame[~frame["measure"].isin(_unknown(frame))]
                frame = frame.assign(file=file.name, line=frame.index.to_numpy() + FIRST_LINE)
            tables[table] = _merged(tables[table], frame, table)
        unused = sorted(_unknown(found[MEASURES.table])) if MEASURES.table in found else []
        rows = ", ".join(f"{len(frame):,} rows of {name}" for name, frame in found.items())
        rows += f"; not compared between authorities: {', '.join(unused)}" if unused else ""
        told.append(f"{file.name}: {rows or 'passed over; it counts months, and an area study reads years'}")
    refuse(faults)
    return _write(tables, folder), told


def _faults_of(frame: pd.DataFrame, table: str, file: str) -> list[Fault]:
    """Return the faults of what one file says, by its own rows."""
    contract = next(contract for contract in CONTRACTS if contract.table == table)
    if len(frame):
        return typed_cells(frame, contract, file)[1]
    return [
        Fault(
            file,
            "no row that an area study reads",
            "rows of England, regions or authorities, with the measures of the release in its own words",
            "docs/areas.md: which files can be added",
            "download the file again, whole; bring a release with other words into the tidy layout",
        )
    ]


_CAME_FROM = ["file", "line"]


def _present(folder: Path, table: str) -> pd.DataFrame:
    contract = next(contract for contract in CONTRACTS if contract.table == table)
    file = folder / f"{table}.csv"
    frame = read_raw(file) if file.is_file() else pd.DataFrame(columns=contract.names())
    frame = frame.assign(file=f"{folder.name}/{file.name}", line=frame.index.to_numpy(dtype=int) + FIRST_LINE)
    return frame.reindex(columns=[*contract.names(), *_CAME_FROM]).astype(object).fillna("").astype(str)


def _merged(old: pd.DataFrame, new: pd.DataFrame, table: str) -> pd.DataFrame:
    contract = next(contract for contract in CONTRACTS if contract.table == table)
    both = pd.concat([old, new.reindex(columns=[*contract.names(), *_CAME_FROM]).astype(object).fillna("").astype(str)])
    return both.drop_duplicates(list(contract.unique), keep="last").sort_values(list(contract.unique))


def _read(file: Path) -> dict[str, pd.DataFrame]:
    if (neighbours := _wide_neighbours(file)) is not None:
        return {NEIGHBOURS.table: neighbours}
    raw = read_raw(file).fillna("").astype(str)
    raw.columns = [str(name).strip().lower() for name in raw.columns]
    headings = set(raw.columns)
    for contract in CONTRACTS:
        if {each.name for each in contract.fields if each.required} <= headings:
            return {contract.table: raw}
    if {"area_code", "month", "referrals"} <= headings:
        return {}  # referrals by month: an area study reads years
    for layout in LAYOUTS:
        if layout.told_by <= headings:
            return _published(raw, layout, file.stem)
    early = {int(m[1]): name for name in headings if (m := re.fullmatch(r"cla_mar(\d{4})", name))}
    if early and {"geog_l", "geog_c", "geog_n"} <= headings:
        return {MEASURES.table: _early_looked_after(raw, early, file.stem)}
    raise Refused(
        [
            Fault(
                where=file.name,
                found=f"headings of no known publication ({', '.join(sorted(headings)[:6])} …)",
                allowed="; ".join(layout.name for layout in LAYOUTS)
                + "; looked-after files of 2011 to 2017; statistical neighbours (SN1 to SN10); the tidy layout",
                rule="docs/areas.md: which files can be added",
                remedy="download the file as CSV from the release's data page, or bring it into the tidy layout",
            )
        ]
    )


def _unknown(rows: pd.DataFrame) -> set[str]:
    """Return the measures of a table that no area study compares."""
    return set(rows["measure"]) - {*AREA_MEASURES, POPULATION}


def _published(raw: pd.DataFrame, layout: Layout, source: str) -> dict[str, pd.DataFrame]:
    """Return the tidy rows of one release, and the areas that it names."""
    number = "population_estimate" if layout.by == "age_group" else "number"
    needed = [*_PLACE, *layout.counts.values(), *([number] if layout.by else [])]
    if missing := [name for name in needed if name not in raw]:
        raise Refused([Fault(f"{source}.csv, line 1 (headings)", f"{layout.name}, no column {', '.join(missing)}",
                             ", ".join(needed), "docs/areas.md: which files can be added",
                             "download the whole file; where a release has other headings, write these")])  # fmt: skip
    raw = raw[raw["geographic_level"].str.lower().isin(_LEVELS)]
    national = raw["geographic_level"].str.lower() == "national"
    regional = raw["geographic_level"].str.lower() == "regional"
    base = pd.DataFrame(
        {
            "area_code": raw["new_la_code"].mask(regional, raw["region_code"]).mask(national, ENGLAND),
            "area_name": raw["la_name"].mask(regional, raw["region_name"]).mask(national, "England"),
            "year": raw["time_period"].str.replace(r"^(\d\d)\d\d[-/]?(\d\d)$", r"\1\2", regex=True),  # 201617: 2017
            "source": source,
        }
    )
    parts = []
    if layout.by:
        measure = raw[layout.by].str.lower().map(dict(layout.measure_of))
        count = raw[number]
        rate = raw.get("rate_per_10000", "")
        below = raw["population_estimate"] if layout.below else ""
        parts.append(base.assign(measure=measure, count=count, rate=rate, denominator=below)[measure.notna()])
    for name, heading in layout.counts.items():
        rate, below = (raw.get(of.get(name, ""), "") for of in (layout.rates, layout.below))  # 2025 prints few rates
        parts.append(base.assign(measure=name, count=raw[heading], rate=rate, denominator=below))
    areas = base[["area_code", "area_name"]].assign(
        la_code=raw["old_la_code"], level=raw["geographic_level"].str.lower().map(_LEVELS), first_year="", last_year=""
    )
    areas["area_code"] = areas["area_code"].replace(_SECOND_CODES)
    return {MEASURES.table: _symbols(pd.concat(parts)), AREAS.table: areas.drop_duplicates("area_code")}


def _wide_neighbours(file: Path) -> pd.DataFrame | None:
    """Return the tidy rows of a published model of statistical neighbours (None for another file).

    One row is an authority, with its neighbours' codes under SN1 to SN10 (SN_1 in 2025) and a word beside each; the
    heading of the words repeats, so places count and not names. The model is named after the year in the file's name.
    """
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as opened:
        rows = csv.reader(opened)
        headings = [name.strip().lower() for name in next(rows, [])]
        places = {int(m[1]): i for i, name in enumerate(headings) if (m := re.fullmatch(r"sn_?(\d+)", name))}
        own = [i for i, name in enumerate(headings) if name in ("old_la_code", "la num")]
        name = [i for i, name in enumerate(headings) if name in ("la_name", "la name")]
        if not places or not own or not name:
            return None
        year = re.search(r"20\d\d", file.stem)
        if year is None:
            raise Refused([Fault(file.name, "a model of statistical neighbours without a year in the file's name",
                                 "a name such as sn_model_2025.csv", "a model is named after its year",
                                 "put the year of the model into the file's name")])  # fmt: skip
        found: dict[int, list[tuple[object, ...]]] = {}
        odd = []
        for row in rows:
            cells = [cell.strip() for cell in row] + [""] * (len(headings) + 1 - len(row))
            told = [(rank, i) for rank, i in places.items() if cells[own[0]] and cells[i]]
            odd += [rows.line_num for _, i in told if not re.fullmatch(r"\d{3}\|\d{3}", f"{cells[own[0]]}|{cells[i]}")]
            found[rows.line_num] = [
                (year[0], cells[own[0]], cells[name[0]], rank, cells[i],
                 "" if i + 1 in places.values() else cells[i + 1], "")
                for rank, i in told
            ]  # fmt: skip
    if odd:
        raise Refused([Fault(f"{file.name}, {some_rows(sorted(set(odd)))}", "an authority not identified by its code",
                             "the department's codes of three digits", "a neighbour is identified by its code",
                             "write the codes")])  # fmt: skip
    lines = [line - FIRST_LINE for line, told in found.items() for _ in told]
    return pd.DataFrame([each for told in found.values() for each in told], columns=NEIGHBOURS.names(), index=lines)


def _early_looked_after(raw: pd.DataFrame, years: Mapping[int, str], source: str) -> pd.DataFrame:
    """Return the counts of a looked-after file of 2011 to 2017 (one column per year); authorities and England only."""
    raw = raw[raw["geog_l"].str.upper().isin(["LA", "NATIONAL"])]
    new = next((name for name in raw.columns if name.startswith("new_geog")), "")
    if not new:
        raise Refused([Fault(f"{source}.csv, line 1 (headings)", "no column New_geog_code", "each authority's code",
                             "authorities are identified by the codes of the Office for National Statistics",
                             "download the file that has the codes")])  # fmt: skip
    codes = raw[new]
    parts = [
        pd.DataFrame({"area_code": codes, "area_name": raw["geog_n"], "year": str(year), "measure": "cla_31march",
                      "count": raw[heading], "denominator": "", "rate": "", "source": source})
        for year, heading in sorted(years.items())
    ]  # fmt: skip
    return _symbols(pd.concat(parts))


def _symbols(rows: pd.DataFrame) -> pd.DataFrame:
    """Move what is printed in place of a number into the column ``symbol``."""
    cells = rows["count"].astype(str).str.strip().str.replace(",", "", regex=False)
    symbol = cells.str.lower().str.strip("[]").map(SYMBOLS)
    rate = rows["rate"].astype(str).str.strip()
    rate = rate.where(~rate.str.lower().str.strip("[]").isin(SYMBOLS), "")
    unit = rows["measure"].map(
        lambda name: "percent" if name in AREA_MEASURES and AREA_MEASURES[name].of else "per_10000"
    )
    unit = unit.where(rate != "", "")
    rows = rows.assign(count=cells.where(symbol.isna(), ""), symbol=symbol.fillna(""), rate=rate, rate_unit=unit)
    old = rows["area_code"].isin(_SECOND_CODES)
    rows["area_code"] = rows["area_code"].replace(_SECOND_CODES)
    of_both = old.groupby([rows[name] for name in MEASURES.unique]).transform("any")
    beside = rows.duplicated(list(MEASURES.unique), keep=False) & of_both & (rows["count"] == "")
    return rows[~beside]  # a code that has no figure for a year in which the other one has


def _write(tables: Mapping[str, pd.DataFrame], folder: Path) -> Figures:
    """Write the tables whole or not at all: beside their place, checked there, then moved."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".adding-", dir=folder.parent))
    try:
        for name, frame in tables.items():
            kept = frame.drop(columns=_CAME_FROM)
            kept.to_csv(beside / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")
        came = tables[MEASURES.table][_CAME_FROM]
        figures = read_folder(
            beside,
            lambda rows: "; ".join(
                f"{file}, column of the rate, {some_rows(sorted({int(line) for line in lines}))}"
                for file, lines in came.iloc[rows].groupby("file")["line"]
            ),
        )
        folder.mkdir(exist_ok=True)
        for name in tables:
            (beside / f"{name}.csv").replace(folder / f"{name}.csv")
        return figures
    finally:
        shutil.rmtree(beside)
