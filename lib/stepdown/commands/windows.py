"""The windows of a study whose tables are Parquet files, of any size: in memory while they fit, else on disk.

    stepdown windows params/england.yaml windows.parquet

For an extract that is too large for a notebook. The result is child level: it is restricted, and never released.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from stepdown.contracts.records import table_files
from stepdown.faults import Fault, Refused, refuse
from stepdown.params import Study, load_study

_RULE = "benchmarks/README.md, Beyond memory"
_WANTED: dict[str, dict[str, str]] = {
    "children": {"child_id": "id", "start_date": "date", "end_date": "date"},
    "spells": {"child_id": "id", "status": "id", "start_date": "date", "end_date": "date"},
    "referrals": {"child_id": "id", "referral_date": "date", "is_index": "flag"},
}
_ALLOWED = {"id": "text or whole numbers", "date": "dates (date or timestamp)", "flag": "true or false (boolean)"}


def write_windows(study: Study, result: Path) -> int:
    """Write each child's outcomes in both windows to the Parquet file ``result``; return the number of children.

    One row is a child of the children table (also one with an exclusion_reason), as
    :func:`stepdown.windows.on_disk.seen_tally_files` says, by the study's window, day rule, ladder and dates. A
    period that the data does not cover is blank, with the reason beside it, whatever ``unobservable`` says.
    Raises Refused when a table is not a Parquet file with the columns that are needed, or its records do not fit.
    """
    from stepdown.windows.on_disk import Reach, seen_tally_files

    files = _parquet_files(study)
    settings = study.settings
    refuse([*_other_counts(study), *_ends_beyond(study, files["spells"])])
    try:
        return seen_tally_files(
            files["children"],
            files["spells"],
            files["referrals"],
            result,
            months=settings.window_months,
            reach=Reach(settings.data.first_date, settings.data.last_date),
            ladder=settings.ladder,
            rule=settings.day_count,
            once=settings.repeated_referrals == "once",
        )
    except ValueError as error:
        allowed = "records that the data dictionary allows (docs/data_dictionary.md)"
        fault = Fault(f"{settings.data.folder}/", str(error), allowed, _RULE, "correct these records at their source")
        raise Refused([fault]) from error


def _other_counts(study: Study) -> Iterator[Fault]:
    if study.settings.overlaps == "exclusive":
        found = "overlaps: exclusive, which this command does not count by"
        remedy = "take days in need under a plan or in care out of the spells, and set overlaps: both"
        yield Fault(f"{study.file.name}, overlaps", found, "overlaps: both, or none", _RULE, remedy)


def _ends_beyond(study: Study, spells: Path) -> Iterator[Fault]:
    """Yield a fault where days beyond the data's last date would be counted: under ``whole_spell`` alone."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    if study.settings.day_count != "whole_spell":
        return
    last = study.settings.data.last_date
    batches = pq.ParquetFile(spells).iter_batches(columns=["end_date"])
    beyond = sum(pc.sum(pc.greater(batch.column(0).cast("date32"), last)).as_py() or 0 for batch in batches)
    if beyond:
        found = f"{beyond:,} spells that end after the data's last date"
        allowed = "ends up to data.last_date; blank for a spell that was open on it"
        yield Fault(f"{spells.name}, column end_date", found, allowed, _RULE, "leave these ends blank")


def _parquet_files(study: Study) -> dict[str, Path]:
    files = table_files(study)
    faults = []
    for table, columns in _WANTED.items():
        file = files.get(table)
        if file is None or file.suffix != ".parquet":
            found = "no file for the table" if file is None else f"a {file.suffix} file"
            remedy = "write the table as Parquet, or run the notebooks, which read CSV and Excel too"
            faults.append(
                Fault(f"{study.settings.data.folder}/, table {table}", found, f"{table}.parquet", _RULE, remedy)
            )
        else:
            faults += _column_faults(file, columns)
    refuse(faults)
    return files


def _column_faults(file: Path, columns: Mapping[str, str]) -> Iterator[Fault]:
    import pyarrow.parquet as pq

    try:
        kinds = {field.name: _kind(field.type) for field in pq.read_schema(file)}
    except (OSError, ValueError):
        yield Fault(file.name, "no readable Parquet file", "a Parquet file", _RULE, "write the table again")
        return
    for name, wanted in columns.items():
        found = kinds.get(name, "no such column")
        if found != wanted:
            remedy = "add the column" if name not in kinds else "convert the column before it is written"
            yield Fault(f"{file.name}, column {name}", found, _ALLOWED[wanted], _RULE, remedy)


def _kind(kind: object) -> str:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type  # type: ignore[attr-defined]
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return "date"
    if pa.types.is_boolean(kind):
        return "flag"
    is_id = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind)
    return "id" if is_id else str(kind)


@click.command(name="windows")
@click.argument("params", type=click.Path())
@click.argument("result", type=click.Path(path_type=Path))
def windows_command(params: str, result: Path) -> None:
    """Compute the windows of PARAMS from its Parquet tables, of any size, and write them to RESULT (child level)."""
    try:
        if not result.parent.is_dir():
            remedy = "make the folder first"
            raise Refused([Fault(result.name, "a folder that is not there", "an existing folder", _RULE, remedy)])
        rows = write_windows(load_study(params), result)
    except Refused as refused:
        click.echo(refused.worded(before=True), err=True)
        sys.exit(2)
    click.echo(f"{rows:,} children: {result}. Child level: restricted, never released.")
