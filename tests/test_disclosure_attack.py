"""Millbrook's release, attacked: by sums within and between tables, by shares, and through every kind of file."""

import csv
import json
import re

import pandas as pd
import pytest
from openpyxl import load_workbook
from pages_support import ROOT
from stepdown.disclosure import audit_release
from stepdown.disclosure.intervals import intervals
from stepdown.disclosure.linking import assembled
from stepdown.params import load_study
from stepdown.release.building import read_parts, read_tables
from stepdown.tables import Role

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(study_run):
    return study_run("millbrook")


@pytest.fixture(scope="module")
def tables(run):
    return read_tables(run, read_parts(run))


POLICY = load_study(ROOT / "params" / "millbrook.yaml").settings.disclosure


def test_the_policy_is_the_departments():
    assert (POLICY.method, POLICY.threshold, POLICY.secondary) == ("suppress", 5, True)


def test_no_small_count_stands_in_any_released_table(run, tables):
    for table in tables[0]:
        with (run / "release" / "tables" / f"{table.name}.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for name, column in table.columns.items():
            if column.role in (Role.COUNT, Role.BASE):
                shown = [row[name] for row in rows if row[name] not in ("", "c", "z")]
                assert not [text for text in shown if 1 <= float(text) <= 5], (table.name, name)


def test_no_hidden_small_count_can_be_narrowed_down_from_all_tables_together(tables):
    released, hidden = tables
    assert audit_release(released, hidden, POLICY).found == ()
    values = {t.name: t.frame.reset_index(drop=True) for t in released}
    cells, relations = assembled(released)
    blank = [
        place for name, places in hidden.items() for row, column in places if (place := (name, row, column)) in cells
    ]
    bounds = intervals(cells, relations, blank, blank, rounding_base=POLICY.rounding_base)
    assert len(bounds) > 50
    for (name, row, column), (low, high) in bounds.items():
        if 1 <= values[name][column][row] <= 5:
            assert low <= 1 + 1e-6, (name, row, column)
            assert high >= 5 - 1e-6, (name, row, column)


def test_without_secondary_suppression_the_same_attack_succeeds(tables):
    """The test of the test: primary suppression alone is undone."""
    released, _ = tables
    primary = {
        t.name: [
            (row, name)
            for name, column in t.columns.items()
            if column.role in (Role.COUNT, Role.BASE)
            for row, value in enumerate(pd.to_numeric(t.frame[name], errors="coerce"))
            if 1 <= value <= 5
        ]
        for t in released
    }
    assert len(audit_release(released, primary, POLICY).found) > 10


def test_no_share_in_a_row_with_its_denominator_gives_a_small_count(run, tables):
    for table in tables[0]:
        frame = pd.read_csv(run / "release" / "tables" / f"{table.name}.csv")
        for name, column in table.columns.items():
            an_end = re.search("ci_|low|high", name)  # the end of an interval is no share of people
            if column.role is not Role.DERIVED or column.unit != "%" or len(column.rests_on) != 2 or an_end:
                continue
            share = pd.to_numeric(frame[name], errors="coerce")
            base = pd.to_numeric(frame[column.rests_on[1]], errors="coerce")
            people = (share * base / 100).round()
            assert not people.between(1, 5).any(), (table.name, name)


def test_pages_and_spreadsheet_hide_what_the_csv_files_hide(run):
    book = load_workbook(run / "release" / "tables.xlsx")
    for part in read_parts(run):
        for name, about in part["tables"].items():
            if "draw" in about["one_row_is"].split():  # simulated repeats are in CSV only
                assert name[:31] not in book.sheetnames
                continue
            sheet = book[name[:31]]
            (found,) = sheet.tables.values()
            rows = [[cell.value for cell in row] for row in sheet[found.ref]][1:]
            for row, marks in zip(rows, about["marks"], strict=True):
                for cell, mark in zip(row, marks, strict=True):
                    assert (cell == f"[{mark}]") if mark else (cell not in ("[c]", "c")), name


def test_charts_name_no_small_number_of_children(run):
    for part in read_parts(run):
        for item in part["shown"]:
            words = " ".join(str(item.get(key, "")) for key in ("alt", "sentence", "limit", "title"))
            assert not re.search(r"\b([1-5]|one|two|three|four|five) (of|out of) \d+ children\b", words), json.dumps(
                item
            )


def test_the_first_pass_keeps_the_one_picture_that_its_pages_show(run):
    preview, release = (
        {f.name for f in (run / part / "figures").iterdir()} for part in ("restricted/preview", "release")
    )
    charts = {name.removesuffix(".png") for name in release if name.endswith(".png")}
    assert charts
    assert release == {f"{chart}{kind}" for chart in charts for kind in (".png", ".svg", "_narrow.svg")}
    assert {f"{chart}.svg" for chart in charts} <= preview
    assert all(name.endswith(".svg") for name in preview)
    pages = "".join(page.read_text() for page in (run / "restricted/preview").glob("*.html"))
    assert all(f'data-file="{name.removesuffix(".svg")}"' in pages for name in preview)
