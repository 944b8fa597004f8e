"""Six outcomes in two windows from Parquet files that are larger than memory, computed by DuckDB on disk.

The same as :func:`stepdown.windows.in_one_call.tally`, told in SQL and independently of it: gaps and islands by
window functions in place of packed keys. The benchmark and the tests hold the two against each other.
:func:`seen_tally_files` adds which periods the data covers and blanks the counts of those that it does not, so that no
period that cannot be seen is a zero.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from stepdown.measures import LADDER, PERIODS
from stepdown.windows.counting import DayRule
from stepdown.windows.in_one_call import tally, tally_columns
from stepdown.windows.observing import ADULT_AGE

ROWS_IN_MEMORY = 20_000_000
"""Rows of children, spells and referrals together up to which the columns are read into memory (about 2.5 GB)."""


def tally_files(
    children: Path,
    spells: Path,
    referrals: Path,
    result: Path,
    *,
    months: int,
    last_date: date,
    ladder: Sequence[str] = LADDER,
    rule: DayRule = "clipped",
) -> int:
    """Write the tally of three Parquet files to ``result``, in memory when they fit, else on disk; return its rows.

    Both ways give the same file; see :func:`tally_on_disk` for what goes in, comes out and is refused.
    """
    if not fits_in_memory(children, spells, referrals):
        return tally_on_disk(
            children, spells, referrals, result, months=months, last_date=last_date, ladder=ladder, rule=rule
        )
    held = _columns(children, "child_id", "start_date", "end_date")
    tallied = tally(
        held,
        _columns(spells, "child_id", "status", "start_date", "end_date"),
        _columns(referrals, "child_id", "referral_date", "is_index"),
        months=months,
        last_date=last_date,
        ladder=ladder,
        rule=rule,
    )
    with tempfile.TemporaryDirectory(prefix=".spill-", dir=result.parent) as spill:
        whole = Path(spill) / result.name
        pq.write_table(pa.table({"child_id": held["child_id"], **tallied}), whole)
        whole.replace(result)
    return held["child_id"].size


def tally_on_disk(
    children: Path,
    spells: Path,
    referrals: Path,
    result: Path,
    *,
    months: int,
    last_date: date,
    ladder: Sequence[str] = LADDER,
    rule: DayRule = "clipped",
    memory: str = "2GB",
    threads: int | None = None,
) -> int:
    """Write the tally of three Parquet files to the Parquet file ``result``; return its number of rows.

    The files have the columns that :func:`~stepdown.windows.in_one_call.tally` names. The result has child_id and
    the tally's columns, in the order of ``children``. memory: what DuckDB may hold; beyond it, it spills to a
    folder beside ``result`` that is removed again. The result appears only when it is whole.
    Raises ValueError for a spell or referral of an unknown child, an unknown status, an end before its start, or
    a child's id that appears twice.
    """
    with (
        tempfile.TemporaryDirectory(prefix=".spill-", dir=result.parent) as spill,
        duckdb.connect(config={"memory_limit": memory, "temp_directory": spill}) as base,
    ):
        if threads:
            base.execute(f"SET threads = {int(threads)}")
        base.execute(
            f"CREATE VIEW children AS SELECT *, file_row_number AS row_number FROM "
            f"read_parquet({_quoted(str(children))}, file_row_number = true)"
        )
        for name, path in (("spells", spells), ("referrals", referrals)):
            base.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({_quoted(str(path))})")
        _check(base, ladder)
        query = tally_sql(months=months, last_date=last_date, ladder=ladder, rule=rule)
        whole = Path(spill) / result.name
        base.execute(f"COPY ({query}) TO {_quoted(str(whole))} (FORMAT parquet)")
        whole.replace(result)
    return int(pq.read_metadata(result).num_rows)


def fits_in_memory(*files: Path) -> bool:
    """Return whether Parquet files are small enough to be read (:data:`ROWS_IN_MEMORY`), from their footers alone."""
    return sum(pq.read_metadata(file).num_rows for file in files) <= ROWS_IN_MEMORY


def _columns(file: Path, *names: str) -> dict[str, Any]:
    """Return columns of a Parquet file: dates as datetime64, flags as bool, ids and statuses as they are."""
    columns: dict[str, Any] = {}
    for name, column in zip(names, pq.read_table(file, columns=list(names)).itercolumns(), strict=True):
        if name.endswith("_date"):
            columns[name] = column.cast(pa.date32()).to_numpy().astype("datetime64[D]")
        else:
            columns[name] = column.to_pandas()
    return columns


def tally_sql(*, months: int, last_date: date, ladder: Sequence[str] = LADDER, rule: DayRule = "clipped") -> str:
    """Return the tally as one SELECT over tables children (with row_number), spells and referrals."""
    if rule not in ("clipped", "whole_spell"):
        raise ValueError(f"no day rule {rule!r}; there are 'clipped' and 'whole_spell'")
    inside = "least(e, {p}_end) - greatest(s, {p}_start)"
    days = "greatest(" + inside + ", 0)" if rule == "clipped" else f"CASE WHEN {inside} > 0 THEN e - s ELSE 0 END"
    sums, picks = [], []
    for p in PERIODS:
        held = f"s < {p}_end AND greatest(e, s + 1) > {p}_start"
        for status in ladder:
            name = f"days_{status.lower()}_{p}"
            sums.append(f"sum({days.format(p=p)}) FILTER (status = {_quoted(status)}) AS {name}")
        rung = " ".join(f"WHEN {_quoted(status)} THEN {i}" for i, status in enumerate(ladder, 1))
        sums.append(f"count(*) FILTER ({held}) AS episodes_{p}")
        sums.append(f"max(CASE status {rung} END) FILTER ({held}) AS highest_{p}")
        picks.append(f"count(*) FILTER (referral_date >= {p}_start AND referral_date < {p}_end) AS referrals_{p}")
    wanted = ", ".join(f"coalesce({name}, 0)::BIGINT AS {name}" for name in tally_columns(ladder))
    bounds = _BOUNDS.format(months=int(months))
    return _SQL.format(bounds=bounds, last=last_date, sums=", ".join(sums), picks=", ".join(picks), wanted=wanted)


_BOUNDS = """(start_date::DATE - INTERVAL {months} MONTH)::DATE AS before_start, start_date::DATE AS before_end,
           end_date::DATE + 1 AS after_start, ((end_date::DATE + 1) + INTERVAL {months} MONTH)::DATE AS after_end"""

# run counts with RANGE, not ROWS: two threads may sort equal spells in another order the second time, and the
# flag of the first of them must count for both.
_SQL = """
WITH periods AS (
    SELECT child_id, row_number,
           {bounds}
    FROM children
), closed AS (
    SELECT child_id, status, start_date::DATE AS s, coalesce(end_date::DATE, DATE '{last}' + 1) AS e FROM spells
), marked AS (
    SELECT *, max(e) OVER (PARTITION BY child_id, status ORDER BY s, e
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest
    FROM closed
), runs AS (
    SELECT *, count(*) FILTER (latest IS NULL OR s > latest)
                  OVER (PARTITION BY child_id, status ORDER BY s, e RANGE UNBOUNDED PRECEDING) AS run
    FROM marked
), merged AS (
    SELECT child_id, status, min(s) AS s, max(e) AS e FROM runs GROUP BY child_id, status, run
), spelled AS (
    SELECT child_id, {sums} FROM merged JOIN periods USING (child_id) GROUP BY child_id
), referred AS (
    SELECT child_id, {picks} FROM referrals JOIN periods USING (child_id)
    WHERE NOT coalesce(is_index, false) GROUP BY child_id
)
SELECT child_id, {wanted}
FROM periods LEFT JOIN spelled USING (child_id) LEFT JOIN referred USING (child_id)
ORDER BY row_number
"""


def _check(base: duckdb.DuckDBPyConnection, ladder: Sequence[str]) -> None:
    known = ", ".join(_quoted(status) for status in ladder)
    checks = {
        "child(ren) whose id appears twice or is missing": (
            "SELECT count(*) FROM (SELECT 1 FROM children GROUP BY child_id HAVING count(*) > 1 OR child_id IS NULL)"
        ),
        "spell(s) of a child that is not among the children": _ORPHANS.format(table="spells"),
        "referral(s) of a child that is not among the children": _ORPHANS.format(table="referrals"),
        f"spell(s) with a status that is not on the ladder {list(ladder)}": (
            f"SELECT count(*) FROM spells WHERE status IS NULL OR status NOT IN ({known})"
        ),
        "spell(s) that end before they start, or without a start": (
            "SELECT count(*) FROM spells WHERE start_date IS NULL OR end_date < start_date"
        ),
    }
    for what, query in checks.items():
        row = base.execute(query).fetchone()
        if row and row[0]:
            raise ValueError(f"{row[0]:,} {what}")


_ORPHANS = "SELECT count(*) FROM {table} ANTI JOIN children USING (child_id)"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the data reaches: its first day (None: all earlier spells are there) and its last."""

    first_date: date | None
    last_date: date


def seen_tally_files(
    children: Path,
    spells: Path,
    referrals: Path,
    result: Path,
    *,
    months: int,
    reach: Reach,
    ladder: Sequence[str] = LADDER,
    rule: DayRule = "clipped",
    memory: str = "2GB",
    once: bool = False,
) -> int:
    """Write the tally of three Parquet files with the sight of each period to ``result``; return its rows.

    One row is a child, in the order of ``children``: child_id; seen_before and seen_after
    (a :class:`~stepdown.windows.Sight` as text); and the tally's columns, blank where that period is not observable.
    children may have birth_date. once: referrals of one child on one day count once, and are its index referral if one
    of them is. In memory or on disk by size, and refused, as
    :func:`tally_files` says.
    """
    with tempfile.TemporaryDirectory(prefix=".spill-", dir=result.parent) as spill:
        counted, whole = Path(spill) / "counted.parquet", Path(spill) / result.name
        if once:
            referrals = _once(
                referrals, Path(spill) / "referrals.parquet", {"memory_limit": memory, "temp_directory": spill}
            )
        rows = tally_files(
            children, spells, referrals, counted, months=months, last_date=reach.last_date, ladder=ladder, rule=rule
        )
        has_birth = "birth_date" in pq.read_schema(children).names
        with duckdb.connect(config={"memory_limit": memory, "temp_directory": spill}) as base:
            for name, path in (("counted", counted), ("children", children)):
                base.execute(
                    f"CREATE VIEW {name} AS SELECT * FROM read_parquet({_quoted(str(path))}, file_row_number = true, "
                    "hive_partitioning = false)"
                )
            query = _seen_sql(months, reach, ladder, has_birth=has_birth)
            base.execute(f"COPY ({query}) TO {_quoted(str(whole))} (FORMAT parquet)")
        whole.replace(result)
    return rows


def _once(referrals: Path, result: Path, config: dict[str, Any]) -> Path:
    """Write the referrals with one row per child and day to ``result`` and return it."""
    with duckdb.connect(config=config) as base:
        base.execute(
            f"COPY (SELECT child_id, referral_date::DATE AS referral_date, bool_or(is_index) AS is_index FROM "
            f"read_parquet({_quoted(str(referrals))}, hive_partitioning = false) GROUP BY ALL) "
            f"TO {_quoted(str(result))} (FORMAT parquet)"
        )
    return result


def _seen_sql(months: int, reach: Reach, ladder: Sequence[str], *, has_birth: bool) -> str:
    begin = "NULL::DATE" if reach.first_date is None else f"DATE '{reach.first_date}'"
    sights = ", ".join(_SIGHT.format(p=p, begin=begin, stop=reach.last_date + timedelta(days=1)) for p in PERIODS)
    kept = ", ".join(
        f"CASE WHEN seen_{name.rsplit('_', 1)[1]} = 'observable' THEN {name} END AS {name}"
        for name in tally_columns(ladder)
    )
    born = "birth_date::DATE" if has_birth else "NULL::DATE"
    bounds = _BOUNDS.format(months=int(months))
    return _SEEN_SQL.format(bounds=bounds, adult=12 * ADULT_AGE, born=born, sights=sights, kept=kept)


_SIGHT = """
CASE WHEN {p}_start IS NULL THEN 'no date'
     WHEN born > {p}_start THEN 'not yet born'
     WHEN adult < {p}_end THEN 'turned 18'
     WHEN {begin} > {p}_start THEN 'not observable'
     WHEN DATE '{stop}' < {p}_end THEN 'too recent'
     ELSE 'observable' END AS seen_{p}"""

_SEEN_SQL = """
WITH periods AS (
    SELECT file_row_number, {born} AS born, ({born} + INTERVAL {adult} MONTH)::DATE AS coming_of_age,
           {bounds}
    FROM children
), aged AS (
    SELECT *, CASE WHEN day(coming_of_age) < day(born) THEN coming_of_age + 1 ELSE coming_of_age END AS adult
    FROM periods
), seen AS (
    SELECT file_row_number, {sights} FROM aged
)
SELECT child_id, seen_before, seen_after, {kept}
FROM counted JOIN seen USING (file_row_number)
ORDER BY file_row_number
"""
