"""An SSD extract, as CSV files and as a database, gives what the same facts give as returns."""

import csv
import io
import sqlite3
import sys
import types
from datetime import date

import pytest
from returns_support import Council, assessed, case, child, in_words, plan
from stepdown.faults import Refused
from stepdown.importing.ssd import TABLES

FACTS = {
    "ssd_person": [
        ("HELPED", "M", "WBRI", "2012-05-05", "", "", "A999000000001"),
        ("OTHER", "F", "a) APKN", "05/06/2013", "", "", ""),
        ("SISTER", "M", "WBRI", "2015-01-01", "", "", ""),
    ],
    "ssd_family": [("HELPED", "F1"), ("SISTER", "F1"), ("OTHER", "F2")],
    "ssd_cin_episodes": [
        ("HELPED", "r1", "2023-06-01 00:00:00", "", "", "N", "N1"),
        ("HELPED", "r0", "2022-06-01", "2022-07-01", "RC8", "N", "N1"),
        ("OTHER", "r2", "2023-05-01", "2023-12-01", "RC7 other", "false", "N5"),
        ("OTHER", "r3", "2023-03-01", "2023-03-01", "", "Y", ""),
        ("SISTER", "r4", "2023-05-01", "2023-12-01", "RC7", "0", "N1"),
    ],
    "ssd_cin_assessments": [
        ("a1", "HELPED", "r1", "2023-06-02", "2023-07-01"),
        ("a2", "OTHER", "r2", "2023-05-02", "2023-06-10"),
        ("a3", "SISTER", "r4", "2023-05-02", "2023-06-10"),
    ],
    "ssd_assessment_factors": [("a1", '["3A", "16A"]'), ("a2", '["3a", "ZZ"]'), ("a3", "[3A, 2B]")],
    "ssd_cp_plans": [("HELPED", "r1", "2023-07-10", "2023-09-10")],
    "ssd_cin_plans": [("HELPED", "r1", "2023-09-10", "")],
    "ssd_cla_episodes": [
        ("HELPED", "2023-10-01", "2023-10-20", "S", "E4A: Returned home"),
        ("HELPED", "2023-11-01", "2023-12-01", "S", "X1"),
        ("HELPED", "2023-12-01", "", "P - Placement", ""),
    ],
    "ssd_legal_status": [("HELPED", "V4", "2023-10-01", "2023-10-20"), ("HELPED", "C2", "2023-11-01", "")],
}


def columns(table):
    return [want.names[0] for want in TABLES[table]]


def as_csv(root, facts, without=()):
    folder = root / "returns/ssd"
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in facts.items():
        if table not in without:
            out = io.StringIO()
            csv.writer(out).writerows([columns(table), *rows])
            (folder / f"{table}.csv").write_text(out.getvalue())
    return "returns/ssd"


def as_database(root, facts):
    (root / "returns").mkdir(exist_ok=True)
    with sqlite3.connect(root / "returns/ssd.db") as base:
        for table, rows in facts.items():
            base.execute(f"CREATE TABLE {table} ({', '.join(columns(table))}, more)")
            base.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns(table)))}, 'x')", rows)
    base.close()
    return "sqlite:///returns/ssd.db"


@pytest.fixture
def council(tmp_path):
    made = Council(tmp_path)
    made.settings["returns"] = {"ssd": {date(2024, 3, 31): as_csv(tmp_path, FACTS)}}
    return made


def told(council):
    imported = council.bring_in()
    members = [
        (m.child.id, m.programme, m.start, m.end, m.child.sex, m.child.ethnicity, in_words(m.child.spells))
        + (sorted(m.child.referrals.items()), m.assessment and m.assessment.factors)
        for m in imported.members
    ]
    return members, imported.counts, imported.steps


def test_spells_and_groups_by_hand(council):
    imported = council.bring_in()
    assert [member.child.id for member in imported.members] == ["HELPED", "OTHER"], "the sister is in the family"
    assert council.spells("HELPED") == [
        "CIN 2023-06-01 to 2023-07-10",
        "CP 2023-07-10 to 2023-09-10",
        "CIN 2023-09-10 to 2023-11-01",
        "CLA 2023-11-01 to open",
    ]
    other = imported.members[1].child
    assert (other.sex, other.ethnicity) == ("female", "APKN")
    assert len(other.referrals) == 2, "one without further action"
    assert imported.counts["short breaks (V3, V4) left out"] == 1
    assert sum(n for (_, name), n in imported.ledger.unknown.items() if name == "factors") == 1
    assert date.fromordinal(imported.covered.first_day) == date(2018, 3, 31), "six years"


def test_a_database_gives_what_the_files_give(council, monkeypatch):
    by_files = told(council)
    place = as_database(council.root, FACTS)
    council.settings["returns"]["ssd"] = {date(2024, 3, 31): place}
    assert told(council) == by_files
    monkeypatch.setenv("SSD_CONNECTION", place)
    council.settings["returns"]["ssd"] = {date(2024, 3, 31): "$SSD_CONNECTION"}
    assert told(council) == by_files


def test_the_same_facts_as_returns_give_the_same(council, tmp_path):
    """Judge: the readers of the returns, from the same facts written as a census and a looked-after return."""
    by_extract = told(council)
    other = Council(tmp_path / "returns_of")
    seen = case("2023-05-01", "2023-12-01", reason="RC7", inside=assessed("2023-05-02", "2023-06-10", "3A", "ZZ"))
    need = assessed("2023-06-02", "2023-07-01", "3A", "16A") + plan("2023-07-10", "2023-09-10")
    other.census(
        2023,
        child("HELPED", case("2022-06-01", "2022-07-01", reason="RC8")),
        child("OTHER", case("2023-03-01", "2023-03-01", nfa="true", need=""), sex="<Sex>F</Sex>", ethnic="APKN"),
    )
    other.census(
        2024,
        child("HELPED", case("2023-06-01", inside=need)),
        child("OTHER", seen.replace("N1", "N5"), sex="<Sex>F</Sex>", ethnic="APKN"),
        child("SISTER", seen),
    )
    other.care(2023)
    other.care(
        2024,
        ("HELPED", "01/10/2023", "S", "V4", "20/10/2023", "E4A"),
        ("HELPED", "01/11/2023", "S", "C2", "01/12/2023", "X1"),
        ("HELPED", "01/12/2023", "P", "C2", "", ""),
    )
    other.write("returns/homes.csv", "Child,House\nHELPED,F1\nSISTER,F1\nOTHER,F2\n")
    other.settings["households"] = {"file": "returns/homes.csv", "columns": {"child": "Child", "household": "House"}}
    assert told(other)[0] == by_extract[0]


def test_missing_tables_and_columns_are_refused(council):
    (council.root / "returns/ssd/ssd_family.csv").unlink()
    path = council.root / "returns/ssd/ssd_cp_plans.csv"
    path.write_text(path.read_text().replace("cppl_cp_plan_end_date", "ended"))
    with pytest.raises(Refused) as refused:
        council.bring_in()
    assert "no table ssd_family" in str(refused.value)
    assert "no column for end" in str(refused.value)


def test_a_password_is_never_said(council, monkeypatch):
    council.settings["returns"]["ssd"] = {date(2024, 3, 31): "odbc:DSN=ssd;PWD=hunter2"}
    monkeypatch.setitem(sys.modules, "pyodbc", None)
    with pytest.raises(Refused) as refused:
        council.bring_in()
    assert "no pyodbc" in str(refused.value)
    assert "hunter2" not in refused.value.worded(reveal=True)


def test_odbc_reads_what_sqlite_reads(council, monkeypatch):
    by_files = told(council)
    as_database(council.root, FACTS)
    opened = []

    def connect(text, readonly):
        opened.append((text, readonly))
        return sqlite3.connect(council.root / "returns/ssd.db")

    monkeypatch.setitem(sys.modules, "pyodbc", types.SimpleNamespace(connect=connect))
    council.settings["returns"]["ssd"] = {date(2024, 3, 31): "odbc:DSN=ssd"}
    assert told(council) == by_files
    assert opened[0] == ("DSN=ssd", True)


def test_a_database_that_does_not_open_is_refused_without_its_words(council, monkeypatch):
    def connect(text, readonly):
        raise RuntimeError(f"login failed: {text}")

    monkeypatch.setitem(sys.modules, "pyodbc", types.SimpleNamespace(connect=connect))
    council.write("returns/ssd.db", "no database, and longer than the hundred bytes of the head of one" * 9)
    for place in ("odbc:DSN=ssd;PWD=hunter2", "sqlite:///returns/ssd.db"):
        council.settings["returns"]["ssd"] = {date(2024, 3, 31): place}
        with pytest.raises(Refused, match="does not open or answer") as refused:
            council.bring_in()
        assert "hunter2" not in refused.value.worded(reveal=True)
        assert refused.value.__cause__ is None


def test_an_extract_beside_returns_is_refused(council):
    council.settings["returns"]["cin_census"] = ["returns/cin/*.xml"]
    with pytest.raises(Refused, match="ssd stands alone"):
        council.bring_in()
