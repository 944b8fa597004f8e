"""Reads the tables of a study, holds them to their contracts and refuses with every fault at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from stepdown.contracts.model import Contract
from stepdown.contracts.named_files import named_file_faults
from stepdown.contracts.reading import read_raw
from stepdown.contracts.registered import known_tables
from stepdown.contracts.schema import check_values, lines_of
from stepdown.contracts.typing_cells import column_faults, typed
from stepdown.faults import Fault, Refused, nearest, refuse, some_rows
from stepdown.params import Study

ENDINGS = (".csv", ".parquet", ".xlsx")
SIX = ("children", "issues", "spells", "referrals", "case_files", "programme_costs")
"""The tables that :class:`StudyRecords` has a name for."""


@dataclass(frozen=True, slots=True)
class StudyRecords:
    """The validated tables of a study; one row is as the contract of each table says.

    A table that the study does not have is an empty frame with its columns. Text is ``str``, dates
    ``datetime64[s]`` with NaT for blank, numbers ``float64`` with NaN, flags ``boolean``.
    rows_read: number of rows by table, for the manifest.  files: the file that each table was read from.
    others: every table beyond the six, by name; :meth:`table` gives any of them.
    """

    children: pd.DataFrame
    issues: pd.DataFrame
    spells: pd.DataFrame
    referrals: pd.DataFrame
    case_files: pd.DataFrame
    programme_costs: pd.DataFrame
    rows_read: dict[str, int]
    files: dict[str, Path]
    others: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def table(self, name: str) -> pd.DataFrame:
        """Return a table by its name (``records.table("spells")``); raises Refused when no such table is known."""
        if name in SIX:
            return getattr(self, name)
        if name not in self.others:
            raise Refused([_unknown_table("the table that was asked for", name)])
        return self.others[name]


def table_files(study: Study) -> dict[str, Path]:
    """Return the file of each table that the study has, by table.

    Raises Refused when data.files names a table that is not known, and when a table has two files.
    """
    folder, named = study.path(study.settings.data.folder), study.settings.data.files
    known = known_tables()
    faults = [_unknown_table(f"{study.file.name}, data.files", name) for name in named if name not in known]
    files = {}
    for table in known:
        names = [named[table]] if table in named else [f"{table}{ending}" for ending in ENDINGS]
        found = [folder / name for name in names if (folder / name).is_file()]
        if len(found) > 1:
            faults.append(_two_files(study, table, found))
        elif found:
            files[table] = found[0]
    refuse(faults)
    return files


def needed_tables(study: Study) -> list[str]:
    """Return the tables that the study's settings call for."""
    return [table for table, contract in known_tables().items() if contract.needed(study.settings)]


def read_study(study: Study) -> StudyRecords:
    """Return the records of a study; raises Refused with every fault of every table.

    The files that the settings name (books, audit tool) must be there too, so that a run does not begin without them.
    """
    files = table_files(study)
    faults = named_file_faults(study)
    faults += [_missing(study, table) for table in needed_tables(study) if table not in files]
    frames: dict[str, pd.DataFrame] = {}
    for table, contract in known_tables().items():
        if table not in files:
            frames[table] = typed(pd.DataFrame(columns=contract.names(), dtype="str"), contract, table)[0]
            continue
        frames[table], found = read_table(files[table], contract, study)
        faults += found
    if not any(frames[table].empty for table in files):
        faults += _cross_table_faults(frames, files)
    refuse(faults)
    rows = {table: len(frames[table]) for table in files}
    six = {table: frames.pop(table) for table in SIX}
    return StudyRecords(**six, rows_read=rows, files=files, others=frames)


def read_table(file: Path, contract: Contract, study: Study) -> tuple[pd.DataFrame, list[Fault]]:
    """Return one table, typed, and its faults (an empty frame where its columns are at fault)."""
    shown = _shown(file, study.root)
    empty = typed(pd.DataFrame(columns=contract.names(), dtype="str"), contract, shown)[0]
    try:
        raw = read_raw(file)
    except Refused as refused:
        return empty, list(refused.faults)
    faults = column_faults(raw, contract, shown)
    if faults:
        return empty, faults
    raw = raw.reindex(columns=contract.names()).astype("str")
    frame, faults = typed(raw, contract, shown)
    faults += check_values(frame, raw, contract, contract.codes(study), shown)
    faults += _dates_beyond_extract(frame, contract, study, shown)
    return frame, faults


def _shown(file: Path, root: Path) -> str:
    return str(file.relative_to(root)) if file.is_relative_to(root) else file.name


def _dates_beyond_extract(frame: pd.DataFrame, contract: Contract, study: Study, shown: str) -> list[Fault]:
    last = pd.Timestamp(study.settings.data.last_date)
    faults = []
    for column in contract.not_after:
        late = frame.index[frame[column] > last]
        if len(late):
            faults.append(
                Fault(
                    f"{shown}, column {column}, {some_rows(lines_of(late))}",
                    "a date after the data's last date",
                    f"dates up to {last:%Y-%m-%d}",
                    f"{study.file.name}, data.last_date: the last day that the extract covers",
                    "correct the date, or data.last_date if the extract reaches further",
                )
            )
    return faults


def _cross_table_faults(frames: dict[str, pd.DataFrame], files: dict[str, Path]) -> list[Fault]:
    faults = []
    for table, contract in known_tables().items():
        for column, parent in contract.belongs_to:
            if table not in files or parent not in files:
                continue
            cells = frames[table][column]
            orphans = cells.index[~cells.isin(frames[parent][column]) & cells.notna()]
            if len(orphans):
                faults.append(
                    Fault(
                        f"{files[table].name}, column {column}, {some_rows(lines_of(orphans))}",
                        f"a {column} that the table {parent} does not have",
                        f"only values that stand in column {column} of {files[parent].name}",
                        f"docs/data_dictionary.md, table {table}: each row belongs to a row of {parent}",
                        f"add the missing rows to {parent} (with an exclusion_reason if need be), or remove these",
                        values=tuple(dict.fromkeys(str(value) for value in cells.loc[orphans].head(5))),
                    )
                )
    return faults


def _unknown_table(where: str, name: str) -> Fault:
    known = list(known_tables())
    return Fault(
        where=where,
        found=f"a table that is not known: {name!r}{nearest(name, known)}",
        allowed=", ".join(known),
        rule="docs/data_dictionary.md: the tables that a study can have",
        remedy="correct the name, or register the table (CONTRIBUTING.md, Where new code goes)",
    )


def _missing(study: Study, table: str) -> Fault:
    folder = study.settings.data.folder
    return Fault(
        where=f"{folder}/",
        found=f"no file for the table {table}",
        allowed=f"{table}.csv, {table}.parquet or {table}.xlsx, or the name that data.files gives",
        rule=f"{study.file.name}: its settings call for the tables {', '.join(needed_tables(study))}",
        remedy=f"put the file there; one row is a {known_tables()[table].one_row_is}",
    )


def _two_files(study: Study, table: str, found: list[Path]) -> Fault:
    return Fault(
        where=f"{study.settings.data.folder}/",
        found=f"{len(found)} files for the table {table}: " + ", ".join(path.name for path in found),
        allowed="one file a table",
        rule="it cannot be known which of them holds",
        remedy="move the old one away, or name the right one under data.files",
    )
