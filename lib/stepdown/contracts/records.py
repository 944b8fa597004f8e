"""Reads the tables of a study, holds them to their contracts and refuses with every fault at once."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from stepdown.contracts.model import UNBORN_DAYS, How
from stepdown.contracts.named_files import named_file_faults
from stepdown.contracts.one_table import read_table
from stepdown.contracts.registered import known_tables
from stepdown.contracts.schema import lines_of
from stepdown.contracts.typing_cells import one_for_one_cause, without_rows
from stepdown.faults import Fault, Refused, nearest, refuse, some_names, some_rows
from stepdown.params import Study, outside
from stepdown.params.written import same_but_for_zeros

ENDINGS = (".csv", ".parquet", ".xlsx", ".xlsm")
_LIKE = (*ENDINGS, ".xls", ".xlsb", ".ods", ".tsv", ".txt")
ZEROS_REMEDY = (
    "format the column as text where the table is made; or set data.ids: without_leading_zeros in the study file, "
    "and the ids are read as one"
)
ZEROS = "ids read as one that differs in leading zeros alone"
SIX = ("children", "issues", "spells", "referrals", "case_files", "programme_costs")
"""The tables that :class:`StudyRecords` has a name for."""


@dataclass(frozen=True, slots=True)
class StudyRecords:
    """The validated tables of a study; one row is as the contract of each table says.

    A table that the study does not have is an empty frame with its columns. Text is ``str``, dates
    ``datetime64[s]`` with NaT for blank, numbers ``float64`` with NaN, flags ``boolean``.
    rows_read: number of rows by table, for the manifest.  files: the file that each table was read from.
    others: every table beyond the six, by name; :meth:`table` gives any of them.
    how_read: by table, what was not read as it stands, and how many cells or rows that was.
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
    how_read: Mapping[str, How] = field(default_factory=dict)

    def table(self, name: str) -> pd.DataFrame:
        """Return a table by its name (``records.table("spells")``); raises Refused when no such table is known."""
        if name in SIX:
            return getattr(self, name)
        if name not in self.others and name not in known_tables():
            raise Refused([_unknown_table("the table requested", name)])
        return self.others[name] if name in self.others else without_rows(known_tables()[name])


def table_files(study: Study) -> dict[str, Path]:
    """Return the file of each table that the study has, by table.

    Raises Refused when data.files names a table that is not known, and when a table has two files.
    """
    folder, named = study.path(study.settings.data.folder), study.settings.data.files
    known = known_tables()
    faults = [_unknown_table(f"{study.file.name}, data.files", name) for name in named if name not in known]
    files = {}
    for table in known:
        names = [named[table].partition("#")[0]] if table in named else [f"{table}{ending}" for ending in ENDINGS]
        found = [folder / name for name in names if (folder / name).is_file()]
        if len(found) > 1:
            faults.append(_two_files(study, table, found))
        elif found:
            files[table] = found[0]
            faults += [fault] if (fault := outside(study.root, found[0])) else []
    refuse(faults)
    return files


def sheet_of(study: Study, table: str) -> str:
    """Return the sheet that data.files names for a table ("extract.xlsx#Children"), or an empty text."""
    return study.settings.data.files.get(table, "").partition("#")[2]


def needed_tables(study: Study) -> list[str]:
    """Return the tables that the study's settings call for."""
    return [table for table, contract in known_tables().items() if contract.needed(study.settings)]


def read_study(study: Study) -> StudyRecords:
    """Return the records of a study; raises Refused with every fault of every table.

    The files that the settings name (books, audit tool) must be there too, so that a run does not begin without them.
    """
    files = table_files(study)
    faults = named_file_faults(study)
    missing = [table for table in needed_tables(study) if table not in files]
    faults += [_missing(study, missing)] if missing else []
    frames: dict[str, pd.DataFrame] = {}
    how_read: dict[str, How] = {}
    for table, contract in known_tables().items():
        if table not in files:
            frames[table] = without_rows(contract)
            continue
        frames[table], how_read[table], found = read_table(files[table], contract, study, sheet_of(study, table))
        faults += found
    if study.settings.data.ids == "without_leading_zeros":
        _join_by_zeros(frames, how_read)
    if not any(frames[table].empty for table in files):
        faults += _cross_table_faults(frames, {table: _named(study, table, file) for table, file in files.items()})
        for table in files:
            faults += known_tables()[table].together(study, frames, _named(study, table, files[table]))
    faults += _index_faults(study, frames["referrals"])
    refuse(one_for_one_cause(faults))
    rows = {table: len(frames[table]) for table in files}
    six = {table: frames.pop(table) for table in SIX}
    return StudyRecords(**six, rows_read=rows, files=files, others=frames, how_read=how_read)


def keep(records: StudyRecords, study: Study, file: Path) -> None:
    """Keep the records beside a run, typed as they are, so that its notebooks need not read the tables again."""
    file.write_bytes(pickle.dumps((study.settings, records), protocol=5))


def read_once(study: Study, file: Path) -> StudyRecords:
    """Return the records that a run kept in ``file``; reads the tables if it kept none, or by other settings."""
    if file.is_file():
        settings, records = pickle.loads(file.read_bytes())  # noqa: S301 (the run wrote it into its own folder)
        if settings == study.settings:
            return records
    return read_study(study)


def _named(study: Study, table: str, file: Path) -> str:
    sheet = sheet_of(study, table)
    return f"{file.name}#{sheet}" if sheet else file.name


def _children_in(frames: Mapping[str, pd.DataFrame]) -> dict[str, set[str]]:
    """Return the ids of children in each table that has them."""
    tables = [t for t, contract in known_tables().items() if "child_id" in contract.names() and t in frames]
    return {table: set(frames[table]["child_id"].dropna().unique().tolist()) for table in tables}


def _join_by_zeros(frames: dict[str, pd.DataFrame], how_read: Mapping[str, How]) -> None:
    """Write the child's id in place of each form of it that lost its leading zeros, counted by table."""
    names = same_but_for_zeros(_children_in(frames))[0]
    for table in _children_in(frames):
        lost = frames[table]["child_id"].isin(list(names))
        if lost.any():
            how_read[table]["child_id", ZEROS] += int(lost.sum())
            whole = frames[table]["child_id"].map(lambda text: names.get(text, text), na_action="ignore")
            frames[table] = frames[table].assign(child_id=whole.astype("str"))


def _cross_table_faults(frames: dict[str, pd.DataFrame], files: dict[str, str]) -> list[Fault]:
    faults = []
    for table, contract in known_tables().items():
        for column, parent in contract.belongs_to:
            if table in files and parent in files:
                cells = frames[table][column]
                orphans = cells[~cells.isin(frames[parent][column]) & cells.notna()]
                if len(orphans):
                    lost = _differ_in_zeros(orphans, frames) if column == "child_id" else 0
                    faults.append(_orphans(orphans, table, files[table], parent, files[parent], lost))
        for column in contract.after_birth if table in files and "children" in files else ():
            early = _long_before_birth(frames[table], column, frames["children"])
            if len(early):
                where = f"{files[table]}, column {column}, {some_rows(lines_of(early))}"
                found = f"a date more than {UNBORN_DAYS} days before the child was born"
                rule = f"docs/data_dictionary.md, table {table}, column {column}"
                remedy = (
                    "correct the date or the birth_date; 1900-01-01 and similar dates mean that the date is not known"
                )
                allowed = f"dates from {UNBORN_DAYS} days before the birth_date in children"
                faults.append(Fault(where, found, allowed, rule, remedy))
    return faults


def _differ_in_zeros(orphans: pd.Series, frames: Mapping[str, pd.DataFrame]) -> int:
    names = same_but_for_zeros(_children_in(frames))[0]
    return int(orphans.isin([*names, *names.values()]).sum())


def _long_before_birth(frame: pd.DataFrame, column: str, children: pd.DataFrame) -> pd.Index:
    born = frame["child_id"].map(children.drop_duplicates("child_id").set_index("child_id")["birth_date"])
    return frame.index[frame[column] < born - pd.Timedelta(days=UNBORN_DAYS)]


def _orphans(orphans: pd.Series, table: str, file: str, parent: str, parent_file: str, lost: int) -> Fault:
    column = orphans.name
    zeros = f"; {lost} of them differ from one in leading zeros alone" if lost else ""
    remedy = f"add the missing rows to {parent} (with an exclusion_reason if need be), or remove these"
    return Fault(
        f"{file}, column {column}, {some_rows(lines_of(orphans.index))}",
        f"a {column} that the table {parent} does not have{zeros}",
        f"only values in column {column} of {parent_file}",
        f"docs/data_dictionary.md, table {table}: each row belongs to a row of {parent}",
        ZEROS_REMEDY if lost else remedy,
        values=tuple(dict.fromkeys(str(value) for value in orphans.head(5))),
    )


def _index_faults(study: Study, referrals: pd.DataFrame) -> list[Fault]:
    """Ask about records that mark no referral as the one that led to the support."""
    if referrals.empty or referrals["is_index"].any() or study.settings.index_referrals == "not_marked":
        return []
    return [
        Fault(
            where="the table referrals, column is_index",
            found="no referral is marked as the one that led to the support or assessment",
            allowed="true in the row of that referral; or index_referrals: not_marked in the study file",
            rule="the referral that led to the support is not an outcome of it",
            remedy="fill the column; or, if the records do not say it, set index_referrals: not_marked",
        )
    ]


def _unknown_table(where: str, name: str) -> Fault:
    known = list(known_tables())
    return Fault(
        where=where,
        found=f"an unknown table: {name!r}{nearest(name, known)}",
        allowed=", ".join(known),
        rule="docs/data_dictionary.md: the tables that a study can have",
        remedy="correct the name, or register the table (CONTRIBUTING.md, Where new code goes)",
    )


def _missing(study: Study, tables: list[str]) -> Fault:
    folder, first = study.settings.data.folder, tables[0]
    place = study.path(folder)
    there = (path for path in place.iterdir() if path.is_file()) if place.is_dir() else ()
    others = sorted(path.name for path in there if path.suffix.lower() in _LIKE)
    first_there = others[0] if others else "extract.xlsx"
    such = first_there + "#Sheet1" * first_there.lower().endswith((".xlsx", ".xlsm"))
    has = f"; the folder has {some_names(others)}" if others else ""
    rows = "; ".join(f"{table}: one row is a {known_tables()[table].one_row_is}" for table in tables)
    return Fault(
        where=f"{folder}/",
        found=f"no file for the table{'s' if tables[1:] else ''} {', '.join(tables)}{has}",
        allowed=f"{first}.csv, {first}.parquet or {first}.xlsx, or the name that data.files gives ({rows})",
        rule=f"{study.file.name}: its settings call for the tables {', '.join(needed_tables(study))}",
        remedy=f"put it there, or name it under data.files, such as {first}: "
        f'"{such}" (stepdown new NAME --from {folder} proposes the lines)',
    )


def _two_files(study: Study, table: str, found: list[Path]) -> Fault:
    return Fault(
        where=f"{study.settings.data.folder}/",
        found=f"{len(found)} files for the table {table}: " + ", ".join(path.name for path in found),
        allowed="one file per table",
        rule="it is not clear which of them is right",
        remedy="move the old one away, or name the right one under data.files",
    )
