"""Reads the tables of a study, holds them to their contracts and refuses with every fault at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from stepdown.contracts.children import CHILDREN, ISSUES, REFERRALS, SPELLS
from stepdown.contracts.files_and_costs import CASE_FILES, PROGRAMME_COSTS
from stepdown.contracts.model import Contract
from stepdown.contracts.named_files import audit_items, named_file_faults
from stepdown.contracts.reading import read_raw
from stepdown.contracts.schema import check_values, lines_of
from stepdown.contracts.typing_cells import column_faults, typed
from stepdown.faults import Fault, Refused, refuse, some_rows
from stepdown.params import Study

CONTRACTS: dict[str, Contract] = {
    contract.table: contract for contract in (CHILDREN, ISSUES, SPELLS, REFERRALS, CASE_FILES, PROGRAMME_COSTS)
}
"""The contract of each table by its name."""

ENDINGS = (".csv", ".parquet", ".xlsx")


@dataclass(frozen=True, slots=True)
class StudyRecords:
    """The validated tables of a study; one row is as the contract of each table says.

    A table that the study does not have is an empty frame with its columns. Text is ``str``, dates
    ``datetime64[s]`` with NaT for blank, numbers ``float64`` with NaN, flags ``boolean``.
    rows_read: number of rows by table, for the manifest.  files: the file that each table was read from.
    """

    children: pd.DataFrame
    issues: pd.DataFrame
    spells: pd.DataFrame
    referrals: pd.DataFrame
    case_files: pd.DataFrame
    programme_costs: pd.DataFrame
    rows_read: dict[str, int]
    files: dict[str, Path]


def table_files(study: Study) -> dict[str, Path]:
    """Return the file of each table that the study has, by table."""
    folder = study.path(study.settings.data.folder)
    files = {}
    for table in CONTRACTS:
        named = study.settings.data.files.get(table)  # type: ignore[call-overload]
        candidates = [folder / named] if named else [folder / f"{table}{ending}" for ending in ENDINGS]
        found = [candidate for candidate in candidates if candidate.is_file()]
        if len(found) > 1:
            raise Refused([_two_files(study, table, found)])
        if found:
            files[table] = found[0]
    return files


def needed_tables(study: Study) -> list[str]:
    """Return the tables that the study's settings call for."""
    needed = ["children", "spells", "referrals"]
    needed += ["issues"] if study.settings.profile.issues else []
    needed += ["case_files"] if study.settings.review else []
    needed += ["programme_costs"] if study.settings.costs else []
    return needed


def read_study(study: Study) -> StudyRecords:
    """Return the records of a study; raises Refused with every fault of every table.

    The files that the settings name (books, audit tool) must be there too, so that a run does not begin without them.
    """
    files = table_files(study)
    faults = named_file_faults(study)
    faults += [_missing(study, table) for table in needed_tables(study) if table not in files]
    frames: dict[str, pd.DataFrame] = {}
    for table, contract in CONTRACTS.items():
        if table not in files:
            frames[table] = typed(pd.DataFrame(columns=contract.names(), dtype="str"), contract, table)[0]
            continue
        frames[table], found = read_table(files[table], contract, study)
        faults += found
    if not any(frames[table].empty for table in files):
        faults += _cross_table_faults(frames, files)
    refuse(faults)
    return StudyRecords(**frames, rows_read={table: len(frames[table]) for table in files}, files=files)


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
    faults += check_values(frame, raw, contract, _study_codes(contract, study), shown)
    faults += _dates_beyond_extract(frame, contract, study, shown)
    return frame, faults


def _shown(file: Path, root: Path) -> str:
    return str(file.relative_to(root)) if file.is_relative_to(root) else file.name


def _study_codes(contract: Contract, study: Study) -> dict[str, tuple[str, ...]]:
    profile = study.settings.profile
    if contract.table == "children":
        return {"group": study.settings.groups.labels(), "ethnicity_code": tuple(profile.ethnicity)}
    if contract.table == "issues" and profile.issues:
        return {"issue_code": tuple(profile.issues)}
    if contract.table == "case_files" and study.settings.review:
        items = audit_items(study)
        return {"item_id": items} if items else {}
    return {}


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
    for table, contract in CONTRACTS.items():
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


def _missing(study: Study, table: str) -> Fault:
    folder = study.settings.data.folder
    return Fault(
        where=f"{folder}/",
        found=f"no file for the table {table}",
        allowed=f"{table}.csv, {table}.parquet or {table}.xlsx, or the name that data.files gives",
        rule=f"{study.file.name}: its settings call for the tables {', '.join(needed_tables(study))}",
        remedy=f"put the file there; one row is a {CONTRACTS[table].one_row_is}",
    )


def _two_files(study: Study, table: str, found: list[Path]) -> Fault:
    return Fault(
        where=f"{study.settings.data.folder}/",
        found=f"{len(found)} files for the table {table}: " + ", ".join(path.name for path in found),
        allowed="one file a table",
        rule="it cannot be known which of them holds",
        remedy="move the old one away, or name the right one under data.files",
    )
