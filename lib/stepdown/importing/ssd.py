"""Reads an extract of the Standard Safeguarding Dataset: a folder of CSV files, or a database by a connection string.

Six years of history stand in one extract, with a family id. The rows are the same as those of the returns, and the same
rules serve; nothing vanishes between years, because there is one file.
"""

from __future__ import annotations

import importlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

from stepdown.faults import Fault, Refused
from stepdown.importing import cells
from stepdown.importing.rows import (
    RULE,
    SSD,
    Assessment,
    CareRow,
    Episode,
    Faults,
    Ledger,
    Person,
    Plan,
    Row,
    row_name,
)
from stepdown.importing.sheets import Line, Wanted, match, refused, tables

_FIX = "correct it in the case system and make the extract again"


def _columns(*fields: str) -> list[Wanted]:
    """Each field as "name=column/older column"; a question mark after the name: the column may be missing."""
    out = []
    for text in fields:
        name, _, columns = text.partition("=")
        out.append(Wanted(name.rstrip("?"), tuple(columns.split("/")), not name.endswith("?")))
    return out


TABLES = {
    "ssd_person": _columns(
        "child=pers_person_id",
        "sex=pers_sex/pers_gender",
        "ethnicity=pers_ethnicity",
        "birth=pers_dob",
        "expected?=pers_expected_dob",
        "death?=pers_death_date",
        "upn?=pers_upn",
    ),
    "ssd_family": _columns("child=fami_person_id", "family=fami_family_id"),
    "ssd_cin_episodes": _columns(
        "child=cine_person_id",
        "referral=cine_referral_id",
        "start=cine_referral_date",
        "end=cine_close_date",
        "reason=cine_close_reason",
        "nfa=cine_referral_nfa",
        "need=cine_cin_primary_need_code/cine_cin_primary_need",
    ),
    "ssd_cin_assessments": _columns(
        "assessment=cina_assessment_id",
        "child=cina_person_id",
        "referral=cina_referral_id",
        "start=cina_assessment_start_date",
        "end=cina_assessment_auth_date",
    ),
    "ssd_assessment_factors": _columns("assessment=cinf_assessment_id", "factors=cinf_assessment_factors_json"),
    "ssd_cp_plans": _columns(
        "child=cppl_person_id",
        "referral=cppl_referral_id",
        "start=cppl_cp_plan_start_date",
        "end=cppl_cp_plan_end_date",
    ),
    "ssd_cin_plans": _columns(
        "child=cinp_person_id",
        "referral=cinp_referral_id",
        "start=cinp_cin_plan_start_date",
        "end=cinp_cin_plan_end_date",
    ),
    "ssd_cla_episodes": _columns(
        "child=clae_person_id",
        "start=clae_cla_episode_start_date",
        "end=clae_cla_episode_ceased_date/clae_cla_episode_ceased",
        "rne=clae_cla_episode_start_reason",
        "rec=clae_cla_episode_ceased_reason",
    ),
    "ssd_legal_status": _columns(
        "child=lega_person_id",
        "legal=lega_legal_status",
        "start=lega_legal_status_start_date",
        "end=lega_legal_status_end_date",
    ),
}
"""The columns that are read, by table."""

Cells = list[tuple[int, dict[str, str]]]


def read_ssd(
    place: str, root: Path, day: int, ledger: Ledger, faults: Faults, strip: Callable[[str], str]
) -> tuple[list[Row], list[tuple[str, str]]]:
    """Return the rows of an extract, and its (child, family) pairs; raises Refused where tables or columns are missing.

    place: a folder, ``sqlite:///file``, ``odbc:…`` (needs pyodbc) or ``$NAME`` for a connection string that stands in
    the environment, so that no password is written into a file.  day: on which the extract was made.
    """
    found: dict[str, Cells] = {}
    wrong: list[Fault] = []
    for table, lines in _held(place, root).items():
        try:
            found[table] = list(match(lines, TABLES[table], table, f"columns of {table}").cells())
        except Refused as refusal:
            wrong += refusal.faults
    for table in sorted(set(TABLES) - set(found)):
        if not any(table in fault.where for fault in wrong):
            allowed = "the tables " + ", ".join(TABLES)
            wrong.append(Fault("ssd", f"no table {table}", allowed, RULE, "add it to the extract"))
    if wrong:
        raise Refused(wrong)
    reader = _Reader(day, ledger, faults, strip)
    rows = list(reader.rows(found))
    for row in rows:
        ledger.read[row.file, row_name(row)] += 1
    families = [(strip(v["child"]), v["family"]) for _, v in found["ssd_family"] if v["child"] and v["family"]]
    return rows, families


def _held(place: str, root: Path) -> dict[str, list[Line]]:
    """Return the lines of each table that is there, headings first."""
    if place.startswith("$"):
        place = os.environ.get(place[1:], "") or _no_variable(place)
    if place.startswith(("sqlite:", "odbc:")):
        return _from_database(place, root)
    folder = root / place
    if not folder.is_dir():
        raise refused("ssd", "neither a folder nor a connection string", "a folder of CSV files", "correct the path")
    paths = {path.stem.lower(): path for path in sorted(folder.glob("*.csv"))}
    return {table: tables(paths[table], f"{table}.csv")[0][1] for table in TABLES if table in paths}


def _no_variable(name: str) -> str:
    raise refused("ssd", f"no {name} in the environment", "a connection string in it", f"set {name[1:]} and try again")


def _from_database(place: str, root: Path) -> dict[str, list[Line]]:
    """Read the named columns only; a fault never says the connection string, which may hold a password."""
    try:
        with closing(_connected(place, root)) as connection:
            return {table: lines for table in TABLES if (lines := _table(connection, table))}
    except ImportError:
        found, remedy = "no pyodbc in this environment", "pip install pyodbc, or give the extract as CSV files"
        raise refused("ssd", found, "pyodbc, for odbc:", remedy) from None
    except Refused:
        raise
    except Exception as error:  # noqa: BLE001 (every driver has its own errors, and their words may hold a password)
        found = f"a database that does not open or answer ({type(error).__name__})"
        remedy = "try the connection string in another program; the user needs to read the tables, no more"
        raise refused("ssd", found, "a database with the tables of the dataset", remedy) from None


def _connected(place: str, root: Path) -> Any:
    kind, _, rest = place.partition(":")
    if kind == "odbc":
        return importlib.import_module("pyodbc").connect(rest, readonly=True)
    file = root / rest.removeprefix("///")
    if not file.is_file():
        raise refused("ssd", "no such database file", "an SQLite file", "correct the path after sqlite:///")
    connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
    connection.execute("PRAGMA schema_version")  # a file that is no database is noticed here
    return connection


def _table(connection: Any, table: str) -> list[Line]:
    cursor = connection.cursor()
    try:
        cursor.execute(f"SELECT * FROM {table} WHERE 1 = 0")  # noqa: S608 (a name of TABLES)
    except Exception:  # noqa: BLE001 (every database has its own error for a table that is not there)
        return []
    known = {name.lower() for want in TABLES[table] for name in want.names}
    names = [column[0] for column in cursor.description if column[0].lower() in known]
    if not names:
        return [(1, ["(none of the columns that are read)"])]
    cursor.execute(f"SELECT {', '.join(names)} FROM {table}")  # noqa: S608 (names of TABLES)
    return [(1, names), *((line, [_text(cell) for cell in row]) for line, row in enumerate(cursor, 2))]


def _text(cell: object) -> str:
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else cells.child_id(str(cell))


class _Reader:
    """Turns the tables of an extract into rows."""

    def __init__(self, day: int, ledger: Ledger, faults: Faults, strip: Callable[[str], str]) -> None:
        self.day, self.ledger, self.faults, self.strip = day, ledger, faults, strip

    def rows(self, found: dict[str, Cells]) -> Iterator[Row]:
        """Yield persons, cases, assessments, plans and episodes of care."""
        files = {table: self.ledger.file(table) for table in TABLES}
        at = {table: (self.day, files[table]) for table in TABLES}
        for line, v in found["ssd_person"]:
            yield self._person(v, line, files["ssd_person"])
        starts: dict[str, int] = {}
        for line, v in found["ssd_cin_episodes"]:
            table = "ssd_cin_episodes"
            child, start, end = self._dated(v, table, line)
            need, reason = cells.code(v["need"], cells.NEEDS), cells.code(v["reason"], cells.REASONS)
            for text, code, name in ((v["need"], need, "need"), (v["reason"], reason, "reason")):
                self.ledger.unknown[files[table], name] += bool(text) and not code
            nfa = cells.flag(v["nfa"])
            if nfa is None:
                self.faults.row(
                    f"{table}, nfa", "neither yes nor no", "Y, N, true, false, 1 or 0", _FIX, line, v["nfa"]
                )
            starts[v["referral"]] = start
            yield Episode(child, start, *at[table], end, bool(nfa), need, reason)
        factors = {v["assessment"]: _factors(v["factors"]) for _, v in found["ssd_assessment_factors"]}
        unknown = sum(len(codes - cells.FACTORS) for codes in factors.values())
        self.ledger.unknown[files["ssd_assessment_factors"], "factors"] += unknown
        for line, v in found["ssd_cin_assessments"]:
            child, start, end = self._dated(v, "ssd_cin_assessments", line)
            codes = tuple(sorted(factors.get(v["assessment"], set()) & cells.FACTORS))
            yield Assessment(child, start, *at["ssd_cin_assessments"], end, starts.get(v["referral"], 0), codes)
        for table, kind in (("ssd_cp_plans", "CP"), ("ssd_cin_plans", "CIN")):
            for line, v in found[table]:
                child, start, end = self._dated(v, table, line)
                yield Plan(child, start, *at[table], end, kind, starts.get(v["referral"], 0))
        legal = self._legal(found["ssd_legal_status"])
        for line, v in found["ssd_cla_episodes"]:
            child, start, end = self._dated(v, "ssd_cla_episodes", line)
            on = [status for first, last, status in legal.get(child, ()) if first <= start and not 0 < last <= start]
            said = (v["rne"][:1].upper(), on[-1] if on else "", _first_word(v["rec"]))
            yield CareRow(child, start, *at["ssd_cla_episodes"], end, *said, "", self.day)

    def _person(self, v: dict[str, str], line: int, file: int) -> Person:
        birth, expected, death = (self._day(v, name, "ssd_person", line) for name in ("birth", "expected", "death"))
        ethnic = cells.ethnicity(v["ethnicity"])
        self.ledger.unknown[file, "ethnicity"] += bool(v["ethnicity"]) and not ethnic
        child, facts = self._child(v, "ssd_person", line), (cells.sex(v["sex"]), ethnic, v.get("upn", ""))
        return Person(child, SSD, self.day, file, birth, expected, death, *facts)

    def _legal(self, rows: Cells) -> dict[str, list[tuple[int, int, str]]]:
        """Return the legal statuses of each child as (first day, last day or 0, code), in order."""
        out: dict[str, list[tuple[int, int, str]]] = {}
        for line, v in rows:
            child, start, end = self._dated(v, "ssd_legal_status", line)
            out.setdefault(child, []).append((start, end, _first_word(v["legal"])))
        return {child: sorted(held) for child, held in out.items()}

    def _dated(self, v: dict[str, str], table: str, line: int) -> tuple[str, int, int]:
        if not v["start"]:
            self.faults.row(f"{table}, start", "a blank", "the day on which it began", _FIX, line)
        return self._child(v, table, line), self._day(v, "start", table, line), self._day(v, "end", table, line)

    def _child(self, v: dict[str, str], table: str, line: int) -> str:
        child = self.strip(cells.child_id(v["child"]))
        if not child:
            self.faults.row(f"{table}, child", "a blank", "the id of the child", _FIX, line)
        return child

    def _day(self, v: dict[str, str], name: str, table: str, line: int) -> int:
        text = v.get(name, "")
        day = cells.list_day(text) if text else 0
        if day is None:
            found = cells.NO_DAY
            self.faults.row(f"{table}, {name}", found, "year-month-day, or day/month/year", _FIX, line, text)
        return day or 0


def _first_word(text: str) -> str:
    return text.replace(":", " ").replace("-", " ").split(" ")[0].upper() if text else ""


def _factors(text: str) -> set[str]:
    """Return the codes of a JSON list, or of a list without quotation marks."""
    try:
        held = json.loads(text) if text else []
    except ValueError:
        held = text.strip("[]").split(",")
    return {str(code).strip(" \"'").upper() for code in held or []} - {""}
