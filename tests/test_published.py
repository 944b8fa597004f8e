"""The published figures of RR1038 as data. Judge: the text of the report itself (column sums, counts of cells)."""

import csv
import io
from fractions import Fraction
from pathlib import Path

import pytest
from stepdown import published
from stepdown.faults import Refused

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "data/published/rr1038"
SEED_NAME = "slough_rr1038_evaluation_report.txt"
SEED = next((p / "shared/seeds" / SEED_NAME for p in ROOT.parents if (p / "shared/seeds").is_dir()), None)
PRINTED_NUMBERS = {  # counted by eye: rows x columns, two for a cell with brackets, less the empty ones
    1: 18, 2: 8, 3: 14, 4: 14, 5: 6, 6: 6, 7: 6, 8: 24, 9: 72, 10: 36, 11: 6, 12: 6, 13: 36, 14: 36, 15: 28,
    16: 84, 17: 32, 18: 6, 19: 6, 20: 36, 21: 36, 22: 7, 23: 3, 24: 14, 25: 14, 26: 14,
}  # fmt: skip


@pytest.fixture(scope="module")
def report() -> published.Report:
    return published.read(FOLDER)


def test_all_26_tables_hold_as_many_numbers_as_the_report_prints(report):
    assert [f"table_{n:02d}" for n in range(1, 27)] == list(report.tables)
    assert {n: len(report.table(n).numbers) for n in range(1, 27)} == PRINTED_NUMBERS


@pytest.mark.parametrize(
    ("table", "total"),
    [(8, "Total"), (9, "Total"), (10, "Grand Total"), (15, "Total"), (16, "Total"), (17, "Total"), (23, "Total")]
    + [(26, "Total")],
)
def test_columns_that_the_report_totals_add_up(report, table, total):
    """Judge: the printed total. A slip of transcription would show here (percentages to within their rounding)."""
    found = report.table(table)
    for column in found.header[1:]:
        cells = [found.numbers[row, column, "main"] for row in found.row_names() if row != total]
        slack = sum((cell.step / 2 for cell in cells), Fraction(0)) if cells[0].unit == "%" else 0
        assert abs(sum(cell.value for cell in cells) - report.cell(table, total, column).value) <= slack


def cells_csv(report: published.Report) -> str:
    """cells.csv: one row a printed number."""
    rows = [("table", "row", "column", "part", "printed", "value", "unit")]
    for table in report.tables.values():
        rows += [(table.name, *place, n.text, n.plain, n.unit) for place, n in table.numbers.items()]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def test_regenerating_the_long_form_gives_the_same_bytes(report):
    assert cells_csv(report).encode() == (FOLDER / "cells.csv").read_bytes()


@pytest.mark.skipif(SEED is None, reason="the text of the report is not beside this clone")
def test_every_row_and_every_claim_stands_in_the_text_of_the_report_at_its_line(report):
    lines = SEED.read_text(encoding="utf-8").split("\n")
    for table in report.tables.values():
        source = table.source
        numbers = [n for first, last in source.row_lines for n in range(first, last + 1)]
        assert lines[source.title_line - 1].endswith(source.title)
        assert [cell.strip() for cell in lines[source.header_line - 1].split("\t")] == list(table.header)
        assert len(numbers) == len(table.rows)
        for number, row in zip(numbers, table.rows, strict=True):
            in_text = [cell.rstrip("⁰¹²³⁴⁵⁶⁷⁸⁹").strip() for cell in lines[number - 1].split("\t")]
            assert in_text == list(row)
    for claim in report.claims.values():
        assert claim.quote in lines[claim.line - 1], claim.claim_id


def test_misprints_stay_as_printed(report):
    assert report.cell(19, "Referrals", "Change").text == "38"
    misprint = report.cell(4, "Estimated net cost", "Comparison cost (n=64)")
    assert (misprint.text, misprint.value, misprint.well_grouped) == ("£103,9734", 1039734, False)
    assert report.cell(14, "Episodes of CIN", "Change (%)", "bracket").text == "12.0%"
    assert report.cell(2, "Innovation Hub (n=228)", "Count before").plain == "5.0"
    assert report.claim("summary_hub_net_cost").printed.value == 559_469
    assert report.claim("figure_10_cp_to_none").printed.value == 18


@pytest.mark.parametrize(
    ("text", "value", "unit", "sign", "plain"),
    [
        ("-0.55", Fraction(-11, 20), "", "-", "-0.55"),
        ("+17.4", Fraction(87, 5), "", "+", "17.4"),
        ("−34.0", Fraction(-34), "", "-", "-34.0"),
        ("£1,411,327", Fraction(1411327), "£", "", "1411327"),
        ("-£134,699", Fraction(-134699), "£", "-", "-134699"),
        ("100.0%", Fraction(100), "%", "", "100.0"),
        ("£2.6m", Fraction(2_600_000), "£", "", "2600000"),
        ("1 in 3", Fraction(1, 3), "", "", "1/3"),
        ("Fourteen", Fraction(14), "", "", "14"),
    ],
)
def test_printed_numbers_are_read_exactly(text, value, unit, sign, plain):
    number = published.parse(text)
    assert (number.value, number.unit, number.sign, number.plain) == (value, unit, sign, plain)


@pytest.mark.parametrize("text", ["", "abc", "12.5.1", "12 34", "1,2,", "£", "5 to 9", "12,,3"])
def test_what_is_not_a_number_is_not_read_as_one(text):
    assert published.parse(text) is None


def test_a_figure_fits_when_either_rounding_rule_gives_it():
    """Judge: by hand. 0.5 and 2.5 are the ties at which the two rules part."""
    assert published.parse("3").fits(Fraction(5, 2))
    assert published.parse("2").fits(Fraction(5, 2))
    assert not published.parse("1").fits(Fraction(5, 2))
    assert published.parse("-34.1").fits(Fraction(-2656, 78))
    assert not published.parse("-34.0").fits(Fraction(-2656, 78))
    assert published.parse("-3").fits(Fraction(-5, 2))
    assert published.parse("£2.6m").fits(2_649_999)
    assert not published.parse("£2.6m").fits(2_650_001)


def write(folder: Path, table: str, claims: str | None = None) -> Path:
    (folder / "source.yaml").write_text("document: d\npublisher: p\ndate: '2020'\nlicence: l\n", encoding="utf-8")
    (folder / "table_01.csv").write_text(table, encoding="utf-8")
    if claims is not None:
        (folder / "claims.csv").write_text(claims, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ("Age,Count\n0-4,12 or so\n", "text where a number must be"),
        ("Age,Count\n0-4,12,13\n", "3 cells"),
        ("Age,Count,Count\n0-4,12,13\n", "two columns named 'Count'"),
        ("Age,Count\n0-4,12\n0-4,13\n", "two rows named '0-4'"),
        ("Age,Count\n", "no rows"),
    ],
)
def test_malformed_tables_are_refused_in_five_parts(tmp_path, table, found):
    with pytest.raises(Refused, match=found) as refused:
        published.read(write(tmp_path, table))
    assert all((fault.where, fault.allowed, fault.rule, fault.remedy) for fault in refused.value.faults)


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("a,s,1,x 12 y,12,13,people", "value '13' beside printed '12'"),
        ("a,s,1,x y,12,12,people", "a quote without the number"),
        ("a,s,1,x many y,many,12,people", "text where a number must be"),
        ("a,s,1,x 12 y,12", "5 cells"),
    ],
)
def test_malformed_claims_are_refused(tmp_path, row, found):
    claims = "claim_id,section,line,quote,printed,value,unit\n" + row + "\n"
    with pytest.raises(Refused, match=found):
        published.read(write(tmp_path, "Age,Count\n0-4,12\n", claims))


def test_a_name_that_is_not_there_is_refused_with_the_nearest(report):
    with pytest.raises(Refused, match="did you mean 'Days in CIN'"):
        report.cell(13, "Days in CNI", "Change (%)")
    with pytest.raises(Refused, match="no table 'table_27'"):
        report.cell(27, "a", "b")
    with pytest.raises(Refused, match="did you mean 'summary_hub_net_cost'"):
        report.claim("summary_hub_net_costs")


def test_the_long_form_has_one_row_a_printed_number(report):
    rows = list(csv.DictReader(io.StringIO(cells_csv(report))))
    assert len(rows) == sum(len(table.numbers) for table in report.tables.values())
    brackets = [row for row in rows if row["part"] == "bracket"]
    assert {row["table"] for row in brackets} == {"table_13", "table_14", "table_20", "table_21"}
    assert {row["unit"] for row in brackets} == {"%"}


@pytest.mark.parametrize(
    ("cell", "want"),
    [
        ("£307k", {"main": 307_000}),
        ("£1.5k", {"main": 1_500}),
        ("–34", {"main": -34}),
        ("–£2.6m", {"main": -2_600_000}),
        ("602k", {"main": 602_000}),
        ("24 (c)", {"main": 24}),
        ("24 (n/a)", {"main": 24}),
        ("24.0 (–3.1%)", {"main": 24, "bracket": -3.1}),
    ],
)
def test_figures_as_reports_print_them(cell, want):
    assert {part: number.number for part, number in published.parts(cell).items()} == want
