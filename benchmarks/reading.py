"""Reading five million spell rows from CSV and Parquet, against the ways that analysts write.

    .venv/bin/python -m benchmarks.reading            # five million rows (about two minutes)
    .venv/bin/python -m benchmarks.reading 500000     # fewer

Times are of the whole: cells as text with ids as they stand, both dates parsed, blank end dates as unknown.
The best of three; memory of a process of its own for each way, on top of one that does nothing. The run fails when two
ways give other ids or dates, or when a blank end date is read as anything but unknown.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
from stepdown.contracts.dates import parse_dates
from stepdown.contracts.reading import read_raw

from benchmarks.peers import megabytes
from benchmarks.records import random_records

DATES = ("start_date", "end_date")


def by_stepdown(path: Path) -> pd.DataFrame:
    raw = read_raw(path)
    return raw.assign(**{name: parse_dates(raw[name])[0] for name in DATES})


def by_pandas(path: Path) -> pd.DataFrame:
    """Let pandas read text with its own engine and parse every cell."""
    raw = pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""])
    return raw.assign(**{name: pd.to_datetime(raw[name], format="ISO8601").astype("datetime64[s]") for name in DATES})


def by_pandas_pyarrow(path: Path) -> pd.DataFrame:
    """Let pandas read text with the pyarrow engine and parse every cell."""
    raw = pd.read_csv(path, dtype="str", engine="pyarrow", keep_default_na=False, na_values=[""])
    return raw.assign(**{name: pd.to_datetime(raw[name], format="ISO8601").astype("datetime64[s]") for name in DATES})


def by_a_good_analyst(path: Path) -> pd.DataFrame:
    """Let Arrow parse the dates while it reads, and keep ids and statuses as text: pandas at its best."""
    raw = pd.read_csv(path, engine="pyarrow", dtype_backend="pyarrow")
    return raw.assign(**{name: raw[name].astype("timestamp[s][pyarrow]") for name in DATES})


def by_pyarrow(path: Path) -> pa.Table:
    """Dates as date32, no cell looked at twice: a cell that is no date ends it, and no other is named."""
    types = {"child_id": pa.string(), "status": pa.string(), **dict.fromkeys(DATES, pa.date32())}
    return pa_csv.read_csv(path, convert_options=pa_csv.ConvertOptions(column_types=types))


def by_polars(path: Path):
    import polars as pl

    types = {"child_id": pl.String, "status": pl.String, **dict.fromkeys(DATES, pl.Date)}
    return pl.read_csv(path, schema_overrides=types)


def by_pandas_day_first(path: Path) -> pd.DataFrame:
    """Parse dd/mm/yyyy cell by cell."""
    raw = pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""])
    return raw.assign(
        **{name: pd.to_datetime(raw[name], format="%d/%m/%Y", cache=False).astype("datetime64[s]") for name in DATES}
    )


def digest(read) -> str:
    frame = (
        read
        if isinstance(read, pd.DataFrame)
        else (read if isinstance(read, pa.Table) else read.to_arrow()).to_pandas()
    )
    frame["child_id"] = frame["child_id"].astype("str")
    whole = hashlib.sha256(pd.util.hash_pandas_object(frame["child_id"], index=False).to_numpy().tobytes())
    for name in DATES:
        whole.update(frame[name].to_numpy().astype("datetime64[s]").tobytes())
    return whole.hexdigest()[:12]


def timed(work, path: Path) -> tuple[float, pd.DataFrame]:
    begun = time.perf_counter()
    frame = work(path)
    return time.perf_counter() - begun, frame


def main(rows: int) -> None:
    spells = random_records(max(rows // 3, 1), seed=3, text_ids=True)[1]
    iso = spells.assign(**{name: spells[name].dt.strftime("%Y-%m-%d") for name in DATES})
    british = spells.assign(**{name: spells[name].dt.strftime("%d/%m/%Y") for name in DATES})
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: Path(folder) / name for name in ("iso.csv", "british.csv", "text.parquet", "typed.parquet")}
        pa_csv.write_csv(pa.Table.from_pandas(iso), paths["iso.csv"])
        pa_csv.write_csv(pa.Table.from_pandas(british), paths["british.csv"])
        iso.to_parquet(paths["text.parquet"])
        spells.to_parquet(paths["typed.parquet"])
        print(f"{len(spells):,} spells; CSV of {paths['iso.csv'].stat().st_size / 2**20:.0f} MB")
        want, first = digest(spells), None
        for label, work, path in (
            ("Stepdown, CSV", by_stepdown, "iso.csv"),
            ("Stepdown, Parquet (text)", by_stepdown, "text.parquet"),
            ("Stepdown, Parquet (dates)", by_stepdown, "typed.parquet"),
            ("Stepdown, CSV, dd/mm/yyyy", by_stepdown, "british.csv"),
            ("pyarrow with date32, CSV", by_pyarrow, "iso.csv"),
            *((("polars, CSV", by_polars, "iso.csv"),) if find_spec("polars") else ()),
            ("pandas as a good analyst", by_a_good_analyst, "iso.csv"),
            ("pandas, CSV", by_pandas, "iso.csv"),
            ("pandas with pyarrow, CSV", by_pandas_pyarrow, "iso.csv"),
            ("pandas, CSV, dd/mm/yyyy", by_pandas_day_first, "british.csv"),
        ):
            memory = megabytes(lambda work=work, path=path: work(paths[path]))
            taken, frame = min((timed(work, paths[path]) for _ in range(3)), key=lambda each: each[0])
            first = first or taken
            if digest(frame) != want:
                raise SystemExit(f"{label}: other ids or dates than were written")
            print(f"   {label:28} {taken:7.2f} s   {taken / first:6.2f} times Stepdown's CSV {memory:8.0f} MB")
        if not find_spec("polars"):
            print("   polars is not installed and left out: uv pip install polars")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000)
