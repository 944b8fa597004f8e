"""The table ``series``: one row a period and series, or a spreadsheet with periods as columns, brought to one form."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from stepdown.contracts import Contract, Field, Ordered
from stepdown.contracts.reading import read_raw
from stepdown.contracts.schema import check_values, lines_of
from stepdown.contracts.typing_cells import column_faults, typed
from stepdown.faults import Fault, Refused, nearest, refuse, some_rows
from stepdown.series.settings import Monitoring

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
_MONTHS = {
    name: i
    for i, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}


def read_series(settings: Monitoring, root: Path) -> pd.DataFrame:
    """Return the table of a monitoring study, typed, one row a period × series; raises Refused with every fault."""
    if not settings.folder:
        return pd.DataFrame(columns=SERIES.names())
    found = [root / settings.folder / f"series{ending}" for ending in ENDINGS]
    file = next((path for path in found if path.is_file()), None)
    if file is None:
        raise Refused([_missing(settings)])
    shown = f"{settings.folder.rstrip('/')}/{file.name}"
    raw = read_raw(file)
    if settings.layout == "wide":
        raw = _long(raw, shown)
    refuse(column_faults(raw, SERIES, shown))
    raw = raw.reindex(columns=SERIES.names()).astype("str")
    frame, faults = typed(raw, SERIES, shown)
    faults += check_values(frame, raw, SERIES, {}, shown)
    refuse(faults or _series_faults(frame, settings, shown))
    return frame


def _long(raw: pd.DataFrame, shown: str) -> pd.DataFrame:
    """Return a spreadsheet of one row a series and one column a month as one row a period × series."""
    months = {name: _month(str(name)) for name in raw.columns}
    other = [name for name in raw.columns if months[name] is None]
    if "series_id" not in other or len(other) == len(months):
        wrong = "no column series_id" if "series_id" not in other else "no column that is a month"
        raise Refused(
            [
                Fault(
                    where=f"{shown}, row 1",
                    found=wrong,
                    allowed="series_id and one column a month, headed 2024-03, Mar 2024, Mar-24 or 03/2024",
                    rule="docs/monitoring.md, the wide layout",
                    remedy="head the columns so, or say layout: long",
                )
            ]
        )
    long = raw.melt("series_id", [name for name in months if months[name]], var_name="month", value_name="value")
    start = long["month"].map(months)
    end = pd.to_datetime(start) + pd.offsets.MonthEnd(0)
    return long.assign(period_start=start.map(date.isoformat), period_end=end.dt.strftime("%Y-%m-%d"))[
        ["series_id", "period_start", "period_end", "value"]
    ]


def _month(heading: str) -> date | None:
    """Return the first day of the month that a heading names, or None: 2024-03, Mar 2024, Mar-24, 03/2024."""
    text = heading.strip().lower()
    if m := re.fullmatch(r"(\d{4})-(\d{2})(-\d{2}.*)?", text):
        year, month = int(m[1]), int(m[2])
    elif m := re.fullmatch(r"([a-z]{3})[a-z]*[ \-](\d{4}|\d{2})", text):
        year, month = int(m[2]), _MONTHS.get(m[1], 0)
    elif m := re.fullmatch(r"(\d{1,2})/(\d{4})", text):
        year, month = int(m[2]), int(m[1])
    else:
        return None
    return date(year + 2000 if year < 100 else year, month, 1) if 1 <= month <= 12 else None


def _series_faults(frame: pd.DataFrame, settings: Monitoring, shown: str) -> list[Fault]:
    own = {item.id: item for item in settings.series if not item.from_records}
    faults = []
    unknown = frame.index[~frame["series_id"].isin(own)]
    if len(unknown):
        first = str(frame.loc[unknown[0], "series_id"])
        faults.append(
            Fault(
                f"{shown}, column series_id, {some_rows(lines_of(unknown))}",
                f"a series that the parameter file does not have{nearest(first, own)}",
                ", ".join(own),
                "every series has its definition in the parameter file",
                "add it under monitoring.series, or take its rows out",
                values=tuple(dict.fromkeys(frame.loc[unknown, "series_id"]))[:5],
            )
        )
    for name, item in own.items():
        rows = frame[frame["series_id"] == name]
        both = rows["numerator"].notna() & rows["denominator"].notna()
        if item.kind in ("proportion", "rate"):
            without = rows.index[~both & (rows["value"].notna() | rows["numerator"].notna())]
            if len(without):
                faults.append(
                    Fault(
                        f"{shown}, series {name}, {some_rows(lines_of(without))}",
                        f"a {item.kind} without its denominator",
                        "numerator and denominator",
                        "the limits of a share follow from how many it is a share of",
                        "give both, or call the series a measure",
                    )
                )
        if len(set(rows["definition_id"].dropna()) - {""}) > 1:
            faults.append(
                Fault(
                    f"{shown}, series {name}, column definition_id",
                    "more than one version of its definition",
                    "one version a series",
                    "a changed definition makes a new series",
                    "give the later rows a series of their own",
                )
            )
        if rows.empty:
            faults.append(
                Fault(
                    shown,
                    f"no row of the series {name}",
                    "at least one row a series of the parameter file",
                    "a series that is declared is looked for",
                    "add its rows, or take it out of the parameter file",
                )
            )
    return faults


def _missing(settings: Monitoring) -> Fault:
    return Fault(
        where=f"{settings.folder}/",
        found="no file series.csv, series.xlsx or series.parquet",
        allowed="one of them",
        rule="monitoring.folder names where the table of series lies",
        remedy=f"put the file there; one row is a {SERIES.one_row_is}",
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
