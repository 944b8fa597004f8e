"""The windows of a whole population with what the data can show of them, from Parquet files of any size.

:func:`stepdown.windows.out_of_core.tally_files` counts; this module adds which periods the data covers and blanks
the counts of those that it does not, so that no period that cannot be seen is a zero.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from stepdown.measures import LADDER, PERIODS
from stepdown.windows.counting import DayRule
from stepdown.windows.in_one_call import tally_columns
from stepdown.windows.observing import ADULT_AGE
from stepdown.windows.out_of_core import tally_files


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
) -> int:
    """Write the tally of three Parquet files with the sight of each period to ``result``; return its rows.

    One row is a child, in the order of ``children``: child_id; seen_before and seen_after
    (a :class:`~stepdown.windows.Sight` as text); and the tally's columns, blank where that period is not observable.
    children may have birth_date. In memory or on disk by size, and refused, as
    :func:`~stepdown.windows.out_of_core.tally_files` says.
    """
    with tempfile.TemporaryDirectory(prefix=".spill-", dir=result.parent) as spill:
        counted, whole = Path(spill) / "counted.parquet", Path(spill) / result.name
        rows = tally_files(
            children, spells, referrals, counted, months=months, last_date=reach.last_date, ladder=ladder, rule=rule
        )
        has_birth = "birth_date" in pq.read_schema(children).names
        with duckdb.connect(config={"memory_limit": memory, "temp_directory": spill}) as base:
            for name, path in (("counted", counted), ("children", children)):
                place = str(path).replace("'", "''")
                base.execute(
                    f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{place}', file_row_number = true, "
                    "hive_partitioning = false)"
                )
            query = _seen_sql(months, reach, ladder, has_birth=has_birth)
            place = str(whole).replace("'", "''")
            base.execute(f"COPY ({query}) TO '{place}' (FORMAT parquet)")
        whole.replace(result)
    return rows


def _seen_sql(months: int, reach: Reach, ladder: Sequence[str], *, has_birth: bool) -> str:
    begin = "NULL::DATE" if reach.first_date is None else f"DATE '{reach.first_date}'"
    sights = ", ".join(_SIGHT.format(p=p, begin=begin, stop=reach.last_date + timedelta(days=1)) for p in PERIODS)
    kept = ", ".join(
        f"CASE WHEN seen_{name.rsplit('_', 1)[1]} = 'observable' THEN {name} END AS {name}"
        for name in tally_columns(ladder)
    )
    born = "birth_date::DATE" if has_birth else "NULL::DATE"
    return _SQL.format(months=int(months), adult=12 * ADULT_AGE, born=born, sights=sights, kept=kept)


_SIGHT = """
CASE WHEN {p}_start IS NULL THEN 'no date'
     WHEN born > {p}_start THEN 'not yet born'
     WHEN adult < {p}_end THEN 'turned 18'
     WHEN {begin} > {p}_start THEN 'not observable'
     WHEN DATE '{stop}' < {p}_end THEN 'too recent'
     ELSE 'observable' END AS seen_{p}"""

_SQL = """
WITH periods AS (
    SELECT file_row_number, {born} AS born, ({born} + INTERVAL {adult} MONTH)::DATE AS coming_of_age,
           (start_date::DATE - INTERVAL {months} MONTH)::DATE AS before_start, start_date::DATE AS before_end,
           end_date::DATE + 1 AS after_start, ((end_date::DATE + 1) + INTERVAL {months} MONTH)::DATE AS after_end
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
