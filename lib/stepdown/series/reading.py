"""The table ``series``: one row per period and series, or a spreadsheet with periods as columns, in one form."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from stepdown.contracts import Contract, Field, Ordered
from stepdown.contracts.headings import known_headings
from stepdown.contracts.reading import read_raw
from stepdown.contracts.schema import check_values, lines_of
from stepdown.contracts.typing_cells import column_faults, typed
from stepdown.faults import Fault, Refused, nearest, refuse, some_names, some_rows
from stepdown.series.settings import Monitoring, Series

SERIES = Contract(
    table="series",
    one_row_is="period × series",
    fields=(
        Field("series_id", "text", "series, as in the parameter file", required=True, blank=False),
        Field("period_start", "date", "first day of the period", required=True, blank=False),
        Field("period_end", "date", "last day of the period", required=True, blank=False),
        Field("value", "number", "the value; blank where numerator and denominator stand, or none is known"),
        Field("numerator", "number", "what is counted", lowest=0),
        Field("denominator", "number", "out of how many, or how much exposure", lowest=0),
        Field(
            "symbol",
            "text",
            "c: not shown; more_than, less_than: only a bound is known",
            codes=("c", "x", "more_than", "less_than"),
        ),
        Field("definition_id", "text", "version of the definition; a change makes a new series"),
    ),
    unique=("series_id", "period_start"),
    ordered=(Ordered("period_start", "period_end", "a period does not end before it begins"),),
)

ENDINGS = (".csv", ".xlsx", ".parquet")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
           "december")  # fmt: skip
_BOUND = r"^([<>])\s*(?=[\d.])"


def read_series(settings: Monitoring, root: Path) -> pd.DataFrame:
    """Return the table of a monitoring study, typed, one row per period × series; raises Refused with every fault.

    The row labels are lines of the file less 2, so that a fault names the row that is seen there.
    """
    if not settings.folder:
        return pd.DataFrame(columns=SERIES.names())
    files = [path for ending in ENDINGS if (path := root / settings.folder / f"series{ending}").is_file()]
    if len(files) != 1:
        raise Refused([_not_one(settings, files)])
    shown = f"{settings.folder.rstrip('/')}/{files[0].name}"
    raw = read_raw(files[0], known=known_headings(SERIES, {}))
    own = {item.id: item for item in settings.series if not item.from_records}
    if settings.layout == "wide":
        raw = _long(raw, own, shown)
    else:
        refuse(column_faults(raw, SERIES, shown))
    lines = raw.index
    raw = raw.reindex(columns=SERIES.names()).astype("str").reset_index(drop=True)
    if settings.layout == "long":
        raw = raw.set_axis(lines)
    sign = raw["value"].str.extract(_BOUND)[0].where(raw["symbol"].isna())
    raw["value"] = raw["value"].str.replace(_BOUND, "", regex=True).where(sign.notna(), raw["value"])
    raw["symbol"] = raw["symbol"].fillna(sign.map({"<": "less_than", ">": "more_than"}))
    frame, faults = typed(raw, SERIES, shown, day_first=settings.dates == "day_first")
    unread = frame[_DAYS].isna().any(axis=1) & raw[_DAYS].notna().all(axis=1)
    faults += check_values(frame[~unread], raw[~unread], SERIES, {}, shown)
    refuse([_own_words(fault) for fault in faults])
    frame.index = lines
    told = [fault for name, item in own.items() for fault in _series_faults(frame, item, name, shown)]
    refuse(_unknown(frame, own, shown) + told)
    return frame


_DAYS = ["period_start", "period_end"]


def _own_words(fault: Fault) -> Fault:
    """Return a fault of reading with the remedy that a monitoring study has."""
    remedy = fault.remedy.replace("data.dates: day_first in the study file", "monitoring.dates: day_first")
    if fault.found.startswith("text that is not a number"):
        remedy += " (45% is 45 where the unit is %); leave the cell blank where no value is known"
    return replace(fault, remedy=remedy)


def _long(raw: pd.DataFrame, own: Mapping[str, Series], shown: str) -> pd.DataFrame:
    """Return a spreadsheet of one row per series and one column per month as one row per period × series.

    A series begins with its first value and ends with its last: cells that wait for months to come are no rows.
    """
    months = {name: month for name in raw.columns if (month := _month(str(name)))}
    if "series_id" not in raw or not months:
        wrong = "no column that is a month" if "series_id" in raw else "no column series_id"
        raise Refused([_heading(shown, wrong, "give the columns such headings, or say layout: long")])
    places = [i for i, name in enumerate(raw.columns) if name in months]
    odd = [str(name) for i, name in enumerate(raw.columns) if name not in (*months, "series_id")
           and (places[0] < i < places[-1] or re.search(r"\d", str(name)))]  # fmt: skip
    if odd:
        found = f"{'headings' if len(odd) > 1 else 'a heading'} that could be a month: {some_names(odd)}"
        raise Refused([_heading(shown, found, "correct the heading; remove totals and quarters")])
    twice = [str(name) for i, name in enumerate(months) if months[name] in list(months.values())[:i]]
    if twice:
        raise Refused(
            [_heading(shown, f"a month that has a column already: {some_names(twice)}", "remove one of them")]
        )
    fields = (SERIES.fields[0], *(Field(str(name), "number", "the value of the month") for name in months))
    contract = Contract("series", "series", fields, unique=("series_id",))
    cells = raw[[field.name for field in fields]].astype("str")
    plain = cells.replace(_BOUND, "", regex=True)
    frame, faults = typed(plain, contract, shown)
    faults += check_values(frame, plain, contract, {}, shown)
    refuse(_once([_own_words(fault) for fault in faults] + _unknown(cells, own, shown)))
    long = cells.melt("series_id", var_name="month", value_name="value", ignore_index=False)
    start = pd.to_datetime(long["month"].map(months))
    long = long.assign(period_start=start.dt.strftime("%Y-%m-%d"),
                       period_end=(start + pd.offsets.MonthEnd(0)).dt.strftime("%Y-%m-%d"))  # fmt: skip
    long = long.sort_values(["series_id", "period_start"], kind="stable").drop(columns="month")
    known = long["value"].notna()
    inside = known.groupby(long["series_id"]).cummax() & known[::-1].groupby(long["series_id"][::-1]).cummax()[::-1]
    return long[inside.to_numpy()]


def _once(faults: list[Fault]) -> list[Fault]:
    """Return the faults with one for all columns in which the same was found."""
    kinds: dict[tuple[str, str], list[Fault]] = {}
    for fault in faults:
        kinds.setdefault((fault.found, fault.remedy), []).append(fault)
    return [
        replace(same[0], where=f"{same[0].where}{f'; and {len(same) - 1} more columns' if len(same) > 1 else ''}")
        for same in kinds.values()
    ]


def _heading(shown: str, found: str, remedy: str) -> Fault:
    allowed = "series_id and one column per month, headed 2024-03, Mar 2024, Mar-24, 03/2024 or 01/03/2024"
    return Fault(f"{shown}, line 1 (headings)", found, allowed, "docs/monitoring.md, the wide layout", remedy)


def _month(heading: str) -> date | None:
    """Return the first day of the month that a heading names, or None: 2024-03, Mar 2024, Mar-24, 03/2024.

    A whole date names a month if it is the month's first or last day.
    """
    text, day = heading.strip().lower(), 1
    if m := re.fullmatch(r"(\d{4})-(\d{2})(?:-(\d{2})(?:[ t][0:]+)?)?", text):
        year, month, day = int(m[1]), int(m[2]), int(m[3] or 1)
    elif m := re.fullmatch(r"([a-z]{3,9})[ \-]?'?(\d{4}|\d{2})", text):
        year, month = int(m[2]), next((i for i, name in enumerate(_MONTHS, 1) if name.startswith(m[1])), 0)
        year += 2000 if year < 100 else 0
    elif m := re.fullmatch(r"(?:0?1/)?(\d{1,2})/(\d{4})", text):
        year, month = int(m[2]), int(m[1])
    else:
        return None
    if not (1 <= month <= 12 and 1990 <= year <= 2100 and day in (1, monthrange(year, month)[1])):
        return None
    return date(year, month, 1)


def _unknown(raw: pd.DataFrame, own: Mapping[str, Series], shown: str) -> list[Fault]:
    names = raw["series_id"].dropna()
    unknown = names[~names.isin(own)]
    if unknown.empty:
        return []
    return [
        Fault(
            f"{shown}, column series_id, {some_rows(lines_of(unknown.index))}",
            f"a series that is not in the parameter file{nearest(str(unknown.iloc[0]), own)}",
            ", ".join(own),
            "every series has its definition in the parameter file",
            "add it under monitoring.series, or remove its rows",
            values=tuple(dict.fromkeys(unknown))[:5],
        )
    ]


def _series_faults(frame: pd.DataFrame, item: Series, name: str, shown: str) -> list[Fault]:
    rows = frame[frame["series_id"] == name]
    if rows.empty:
        return [
            Fault(
                shown,
                f"no row of the series {name}",
                "at least one row for each series in the parameter file",
                "a series that is declared is looked for",
                "add its rows, or remove it from the parameter file",
            )
        ]
    faults = [
        Fault(f"{shown}, series {name}, {some_rows(lines_of(rows.index[failed]))}", found, allowed, rule, remedy)
        for failed, found, allowed, rule, remedy in _about_rows(rows, item)
        if failed.any()
    ]
    if len(set(rows["definition_id"].dropna())) > 1:
        faults.append(
            Fault(
                f"{shown}, series {name}, column definition_id",
                "more than one version of its definition",
                "one version a series",
                "a changed definition makes a new series",
                "make the later rows a separate series",
            )
        )
    return faults


def _about_rows(rows: pd.DataFrame, item: Series) -> Iterator[tuple[np.ndarray, str, str, str, str]]:
    """Yield which rows of a series fail a rule, what was found there, what is allowed, the rule and the remedy."""
    value, above, below = (rows[column].to_numpy(dtype="float64") for column in ("value", "numerator", "denominator"))
    bound = rows["symbol"].isin(["more_than", "less_than"]).to_numpy()
    share, given = item.kind in ("proportion", "rate"), ~np.isnan(value)
    if share:
        whole = ~np.isnan(above) & ~np.isnan(below)
        yield (~whole & ~bound & (given | ~np.isnan(above)), f"a {item.kind} without its denominator",
               "numerator and denominator", "the limits of a share follow from how many it is a share of",
               "give both, or call the series a measure")  # fmt: skip
        yield ((above > 0) & (below == 0), "something counted out of zero", "a denominator above zero",
               "nothing is a part of zero", "find the denominator, or leave both cells blank")  # fmt: skip
        yield (whole & given & (np.abs(value * below - above * item.per) > 0.05 * item.per * below),
               "a value that is not numerator ÷ denominator", f"numerator ÷ denominator × {item.per:g}, or a blank",
               "the value is worked out", "leave the value blank, or correct the one that is wrong")  # fmt: skip
    if item.kind == "proportion":
        yield ((above > below) & (below > 0), "a part larger than its whole", "a numerator up to the denominator",
               "a proportion is at most 1", "correct the row, or call it a rate")  # fmt: skip
    if item.kind in ("count", "rare"):
        yield (given & ~np.isnan(above) & (above != value), "a value and a numerator that differ", "one number",
               "a count is one number", "leave the wrong one blank")  # fmt: skip
    if item.kind == "measure":
        yield (~given & ~np.isnan(above), "a measure without its value", "a number under value",
               "a measure is drawn as it stands", "give the value, or call it a proportion")  # fmt: skip
    counted = above if share else np.where(given, value, above)
    if item.kind not in ("measure", "days_between"):
        yield (counted % 1 > 0, "a count with a fraction", "whole numbers", f"a {item.kind} series holds counts",
               "write the count, or call the series a measure")  # fmt: skip
    if item.kind != "measure":
        yield (counted < 0, "a number below zero", "0 or more", f"a {item.kind} series is never below zero",
               "correct the number, or leave the cell blank if it is not known")  # fmt: skip
    hidden = rows["symbol"].isin(["c", "x"]).to_numpy()
    yield (hidden & (given | ~np.isnan(above)), "a value beside a symbol that says there is none", "a blank cell",
           "c and x stand where no value is shown", "take the value out, or the symbol")  # fmt: skip
    yield (bound & ~given, "a bound without its number", "the number under value", "more_than and less_than have one",
           "give the number, or take the symbol out")  # fmt: skip
    ordered = rows.reset_index(drop=True).sort_values("period_start", kind="stable")
    before = ordered["period_end"].cummax().shift()
    meet = pd.Timedelta(days=0 if item.kind in ("days_between", "cases_between") else 1)
    overlap = np.zeros(len(rows), dtype=bool)
    overlap[ordered.index] = (ordered["period_start"] < before + meet).to_numpy()
    yield (overlap, "a period that begins before the one before it has ended", "periods that do not overlap",
           "what happened is counted once", "correct the dates; weeks and totals are series of their own")  # fmt: skip


def _not_one(settings: Monitoring, files: list[Path]) -> Fault:
    return Fault(
        where=f"{settings.folder}",
        found=" and ".join(file.name for file in files) or "no file series.csv, series.xlsx or series.parquet",
        allowed="one of series.csv, series.xlsx and series.parquet",
        rule="monitoring.folder says where the table of series is",
        remedy="remove all but the one that is kept up to date"
        if files
        else f"put the file there; one row is a {SERIES.one_row_is}",
    )


def values_of(frame: pd.DataFrame, kind: str, per: float) -> pd.Series:
    """Return what is drawn of each row: numerator ÷ denominator × per, else the value; NaN for a bound or a blank."""
    shown = frame["value"].astype("float64")
    if kind in ("proportion", "rate"):
        below = frame["denominator"].astype("float64")
        shown = frame["numerator"].astype("float64") / below.where(below > 0) * per
    elif kind in ("count", "rare"):
        shown = shown.fillna(frame["numerator"].astype("float64"))
    return shown.where(~frame["symbol"].isin(["more_than", "less_than"]), np.nan)
