"""Tables as people save them: each is read as its writer meant it, or refused with its place; never silently otherwise.

The judge is the small study: what was changed in it says what must come out (tests/cases/small_study/WHO.md).
"""

from __future__ import annotations

import re
import shutil
import zipfile
from collections import Counter
from datetime import datetime
from functools import cache
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from stepdown import describe
from stepdown.contracts import read_study
from stepdown.contracts.as_held import without_totals
from stepdown.faults import Refused
from stepdown.outcomes import child_outcomes
from stepdown.params import load_study
from stepdown.statuses import overlap_faults

SMALL = Path(__file__).parent / "cases" / "small_study"
TABLES = ("children", "issues", "spells", "referrals")


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(SMALL, tmp_path / "study")
    return tmp_path / "study"


def load(folder):
    return load_study(folder / "params" / "small.yaml")


def read(folder):
    return read_study(load(folder))


def change(folder, table, *pairs):
    """Change the text of a CSV; each old text must stand in it."""
    path = folder / "data" / f"{table}.csv"
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_bytes(text.encode())


def setting(folder, old, new):
    path = folder / "params" / "small.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def as_excel(folder, table, edit=lambda sheet: None, name="Sheet1"):
    """Write a table of the study as a workbook, with ids and codes as text and dates as dates, and edit its sheet."""
    frame = pd.read_csv(folder / "data" / f"{table}.csv", dtype=str, keep_default_na=False)
    (folder / "data" / f"{table}.csv").unlink()
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = name
    sheet.append(list(frame.columns))
    for row in frame.itertuples(index=False):
        dated = [datetime.fromisoformat(c) if re.fullmatch(r"\d{4}-\d\d-\d\d", c) else c or None for c in row]
        sheet.append(dated)
    edit(sheet)
    path = folder / "data" / f"{table}.xlsx"
    book.save(path)
    return path


def edit_xml(path, part, pattern, new):
    """Change the XML of a workbook's part, as a program that writes it wrongly does."""
    with zipfile.ZipFile(path) as packed:
        parts = {item.filename: packed.read(item) for item in packed.infolist()}
    changed, times = re.subn(pattern, new, parts[part].decode("utf-8"), flags=re.S)
    assert times
    parts[part] = changed.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)


@cache
def small():
    return read(SMALL)


def same_as_small(records):
    expected = small()
    for table in TABLES:
        pd.testing.assert_frame_equal(
            records.table(table).reset_index(drop=True), expected.table(table).reset_index(drop=True)
        )
    return {key: number for how in records.how_read.values() for key, number in how.items()}


def refused(folder):
    with pytest.raises(Refused) as caught:
        read(folder)
    return caught.value.worded()


# --- blanks, spaces, capitals: one rule in every table ---


@pytest.mark.parametrize(
    "word", ["NULL", "null", "None", "N/A", "n/a", "NaN", "NA", " ", "\u00a0", "-", "–", ".", " NULL "]
)
@pytest.mark.parametrize(
    ("table", "old", "new"),
    [
        ("children", "b4,f8,Usual help,,not stated,,,", "b4,f8,Usual help,{0},not stated,{0},{0},"),
        ("children", "2018-06-29,\n", "2018-06-29,{0}\n"),
        ("spells", "b1,CP,2018-08-01,\n", "b1,CP,2018-08-01,{0}\n"),
        ("issues", "a1,alcohol,\n", "a1,alcohol,{0}\n"),
    ],
)
def test_a_word_for_blank_is_blank_in_every_column_and_counted(copy, table, old, new, word):
    change(copy, table, (old, new.format(word)))
    assert sum(same_as_small(read(copy)).values()) == new.count("{0}")


@pytest.mark.parametrize(
    ("table", "old", "new", "column"),
    [
        ("children", "a3,f2,", "a3,NULL,", "family_id"),
        ("children", "a3,f2,Small Steps", "a3,f2,N/A", "group"),
        ("spells", "a1,CP,2017-06-01", "a1,CP,none", "start_date"),
        ("referrals", "a1,2017-05-20", " ,2017-05-20", "child_id"),
    ],
)
def test_a_word_for_blank_is_refused_where_a_cell_must_be_filled(copy, table, old, new, column):
    change(copy, table, (old, new))
    words = refused(copy)
    assert f"column {column}, 1 row" in words
    assert "a blank cell" in words


def test_a_word_for_blank_that_is_a_code_of_the_study_stays(copy):
    setting(copy, "{A1: White British,", "{NA: North African, A1: White British,")
    change(copy, "children", ("b4,f8,Usual help,,not stated,,", "b4,f8,Usual help,,not stated,NA,"))
    assert read(copy).children["ethnicity_code"].tolist()[-1] == "NA"


@pytest.mark.parametrize("space", [" ", "\u00a0", "\t", "  "])
def test_spaces_around_ids_and_names_make_no_difference(copy, space):
    change(copy, "children", ("a2,f1,Small Steps,", f"a2,f1{space},{space}Small{space}Steps{space},"))
    change(copy, "spells", ("a1,CP,", f"a1{space},{space}CP{space},"))
    change(copy, "referrals", ("b1,2018-05-10,true,", f"{space}b1,{space}2018-05-10,true{space},"))
    same_as_small(read(copy))


def test_a_line_break_at_the_end_of_a_cell_makes_no_other_family(copy):
    change(copy, "children", ("a2,f1,", 'a2,"f1\n",'))
    assert same_as_small(read(copy)) == {("family_id", "spaces taken out"): 1}


@pytest.mark.parametrize(
    ("table", "old", "new", "column"),
    [
        ("children", "a2,f1,", "a2,F1,", "family_id"),
        ("children", "a2,f1,", "A1,f1,", "child_id"),
        ("children", "b1,f5,Usual help", "b1,f5,USUAL HELP", "group"),
        ("issues", "a4,domestic_abuse", "a4,Domestic_Abuse", "issue_code"),
        ("spells", "a1,CP", "A1,CP", "child_id"),
        ("children", "a2,f1,", "a2,f 1,", "family_id"),
        ("children", "a2,f1,", "a2,\uff46\uff11,", "family_id"),
        (
            "children",
            "a1,f1,Small Steps,2010-05-01,female,C1,2,2018-03-01,2018-05-10,\na2,f1,",
            "a1,012,Small Steps,2010-05-01,female,C1,2,2018-03-01,2018-05-10,\na2,12,",
            "family_id",
        ),
        (
            "children",
            "b1,f5,Usual help,2009-09-09,female,A1,3,2018-05-14,2018-06-11,\nb2,f6,",
            "b1,7,Usual help,2009-09-09,female,A1,3,2018-05-14,2018-06-11,\nb2,7.0,",
            "family_id",
        ),
    ],
)
def test_a_name_in_other_capitals_is_refused(copy, table, old, new, column):
    change(copy, table, (old, new))
    assert f"column {column}, " in refused(copy)


@pytest.mark.parametrize("word", ["unknown", "Not known", "TBC", "?", "''", "-1", "Missing", "no family", "1.2346e+16"])
def test_a_word_for_not_known_is_no_family(copy, word):
    change(copy, "children", ("b1,f5,", f"b1,{word},"), ("b2,f6,", f"b2,{word},"))
    assert "column family_id, " in refused(copy)


@pytest.mark.parametrize("word", ["No", "0", "FALSE", "y", "?", "unknown", "TBC", "99"])
def test_what_is_no_reason_excludes_no_child(copy, word):
    old = "a1,f1,Small Steps,2010-05-01,female,C1,2,2018-03-01,2018-05-10,"
    change(copy, "children", (old, old + word))
    assert "column exclusion_reason, 1 row" in refused(copy)


@pytest.mark.parametrize(("more", "told"), [(20, True), (19, False)])
def test_a_family_of_more_children_than_any_has_is_refused(copy, more, told):
    path = copy / "data" / "children.csv"
    row = "c{0},f1,Usual help,2009-09-09,female,A1,3,2018-05-14,2018-06-11,\n"
    path.write_text(path.read_text(encoding="utf-8") + "".join(map(row.format, range(more - 1))), encoding="utf-8")
    if told:
        assert f"column family_id, {more + 1} rows (lines 2, 3" in refused(copy)
    else:
        assert len(read(copy).children) == 9 + more - 1


def test_the_workbooks_own_words_are_read_in_any_capitals(copy):
    change(copy, "children", (",female,", ",Female,"), (",male,", ",MALE,"))
    change(copy, "spells", (",CIN,", ",cin,"))
    assert same_as_small(read(copy)) == {
        ("sex", "words in other capitals"): 8,
        ("status", "words in other capitals"): 4,
    }


@pytest.mark.parametrize("mark", ["\u200b", "\u202e", "\ufeff", "\u2066", "\u00ad", "\x07"])
def test_letters_that_cannot_be_seen_are_refused_in_ids_and_labels(copy, mark):
    change(copy, "children", ("a2,f1,", f"a2,f1{mark},"))
    change(copy, "referrals", (",neglect", f",neg{mark}lect"))
    words = refused(copy)
    assert words.count("invisible characters") == 2
    assert "(line 3)" in words


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#n/a"])
def test_an_error_of_excel_is_refused_and_never_a_reason(copy, error):
    change(copy, "children", ("2018-06-29,\n", f"2018-06-29,{error}\n"))
    assert "column exclusion_reason, 1 row (line 4)" in refused(copy)


# --- dates, flags, headings ---


def day_first(folder, *tables, form=r"\3/\2/\1"):
    for table in tables or ("children", "spells", "referrals"):
        path = folder / "data" / f"{table}.csv"
        text = re.sub(r"(\d{4})-(\d\d)-(\d\d)", form, path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8")


def test_day_month_year_is_read_where_a_column_can_be_read_in_one_way_only(copy):
    day_first(copy)
    how = same_as_small(read(copy))
    assert how["start_date", "dates written day/month/year"] == 8
    assert how["birth_date", "dates written day/month/year"] == 8


def test_day_month_year_that_could_be_month_day_year_is_refused_unless_the_study_says_so(copy):
    change(copy, "spells", ("2018-04-30", "2018-04-03"), ("2018-01-15", "2018-01-05"), ("2018-03-15", "2018-03-05"))
    change(copy, "spells", ("2018-06-30", "2018-06-03"), ("2018-09-30", "2018-09-03"), ("b3,CLA,2016-01-11,\n", ""))
    expected = read(copy).spells
    day_first(copy, "spells")
    words = refused(copy)
    assert "set data.dates: day_first" in words
    setting(copy, "data:\n", "data:\n  dates: day_first\n")
    pd.testing.assert_frame_equal(read(copy).spells, expected)


@pytest.mark.parametrize("form", [r"\2/\3/\1", r"\3/\2/17", r"\3 \2 \1", r"\1/\2/\3"])
def test_american_order_and_other_forms_are_refused(copy, form):
    day_first(copy, "children", form=form)
    assert "text that is not a date" in refused(copy)
    assert ("American order" in refused(copy)) == (form[1] == "2")


def in_other_words(match):
    day = pd.Timestamp(match[0])
    return f"{day.day} {day:%B %Y}" if day.day % 2 else f"{day:%d-%b-%Y}"


FORMS = {
    "a year of two figures": (lambda m: f"{int(m[3])}/{int(m[2])}/{m[1][2:]}", "dates with a year of two figures", 8),
    "two figures, month as a word": (lambda m: f"{pd.Timestamp(m[0]):%d-%b-%y}", "dates with a year of two figures", 8),
    "Excel's numbers": (
        lambda m: str((pd.Timestamp(m[0]) - pd.Timestamp("1899-12-30")).days),
        "days as Excel's numbers",
        8,
    ),
    "the month as a word": (in_other_words, "dates with the month as a word", 8),
}


@pytest.mark.parametrize("name", FORMS)
def test_dates_in_other_forms_are_read_where_the_study_or_the_column_makes_them_certain(copy, name):
    form, words, number = FORMS[name]
    day_first(copy, "children", "spells", "referrals", form=form)
    if "as a word" not in name or "two" in name:
        assert "set data.dates: day_first" in refused(copy)
        assert "1 fault" in refused(copy), "one fault for one cause"
        setting(copy, "data:\n", "data:\n  dates: day_first\n")
    how = same_as_small(read(copy))
    assert how["birth_date", words] == number


def test_a_mixture_of_orders_is_refused_with_the_row(copy):
    change(copy, "spells", ("2018-04-30", "30/04/2018"))
    assert "column end_date, 1 row (line 2)" in refused(copy)


def turned(match):
    """Write a day as a program set to American dates leaves 1/2/2018: month first where it can, else as text."""
    year, month, day = match.groups()
    return f"{year}-{day}-{month}" if int(day) <= 12 else f"{day}/{month}/{year}"


@pytest.mark.parametrize("said", [True, False])
def test_dates_whose_day_and_month_were_changed_round_are_refused(copy, said):
    path = copy / "data" / "spells.csv"
    path.write_text(re.sub(r"(\d{4})-(\d\d)-(\d\d)", turned, path.read_text(encoding="utf-8")), encoding="utf-8")
    if said:
        setting(copy, "data:\n", "data:\n  dates: day_first\n")
    words = refused(copy)
    assert "column start_date, 8 rows" in words
    assert "column end_date, 6 rows" in words
    assert words.count("changed round") == 2


def test_dates_of_two_forms_that_were_not_changed_round_are_read_where_the_study_says_so(copy):
    day_first(copy, "spells")
    change(copy, "spells", ("15/01/2018", "2018-01-15"), ("01/06/2017", "2017-06-01"))
    setting(copy, "data:\n", "data:\n  dates: day_first\n")
    same_as_small(read(copy))


@pytest.mark.parametrize("time", [" 09:30:00", "T23:59", " 00:00:00", " 09:30:00.123"])
def test_a_time_of_day_is_left_out_of_a_date(copy, time):
    change(copy, "referrals", (",true", f"{time},true"))
    how = same_as_small(read(copy))
    assert how == ({} if "00:00:00" in time else {("referral_date", "times of day removed from dates"): 6})


def test_a_time_with_a_zone_is_refused_since_its_day_is_not_known(copy):
    change(copy, "referrals", ("2017-05-20", "2017-05-20T23:30:00Z"))
    assert "text that is not a date" in refused(copy)


@pytest.mark.parametrize(("yes", "no"), [("Y", "N"), ("Yes", "No"), ("1", "0"), ("TRUE", "FALSE"), ("yes", "no")])
def test_flags_are_read_as_people_write_them(copy, yes, no):
    change(copy, "referrals", (",true,", f",{yes},"), (",false,", f",{no},"))
    same_as_small(read(copy))


@pytest.mark.parametrize("heads", ["Child ID,Status,START_DATE,End Date ", "CHILD_ID, status ,StartDate,end-date"])
def test_headings_are_matched_without_capitals_spaces_and_underscores(copy, heads):
    change(copy, "spells", ("child_id,status,start_date,end_date", heads))
    same_as_small(read(copy))


def test_two_headings_for_one_column_are_refused(copy):
    change(copy, "spells", ("child_id,status,start_date,end_date", "child_id,Child ID,start_date,end_date"))
    assert "more than one column that is child_id" in refused(copy)


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: re.sub("$", ",,", text.rstrip("\n"), flags=re.M),
        lambda text: text + " , ,\t, \n",
        lambda text: text + "\x1a",
        lambda text: text + "\r\n\x1a",
        lambda text: ",,,\n\n" + text,
    ],
    ids=["commas at the end", "row of spaces", "end of file", "end of file on a line", "blank rows above"],
)
def test_what_programs_leave_around_a_table_is_passed_over_and_counted(copy, edit):
    path = copy / "data" / "spells.csv"
    path.write_bytes(edit(path.read_text(encoding="utf-8")).encode())
    assert same_as_small(read(copy))


def test_a_line_below_blank_rows_is_named_as_an_editor_shows_it(copy):
    path = copy / "data" / "spells.csv"
    path.write_text(",,,\n\n" + path.read_text(encoding="utf-8").replace("a1,CP", "a1,XX"), encoding="utf-8")
    assert "(line 4)" in refused(copy)


# --- Excel ---


@pytest.mark.parametrize("size", ["A1", "A1:D5", "A1:C9", "A1:B2", "A1:Z999"])
def test_a_sheets_stored_size_is_not_trusted(copy, size):
    path = as_excel(copy, "spells")
    edit_xml(path, "xl/worksheets/sheet1.xml", r'<dimension ref="[^"]*"', f'<dimension ref="{size}"')
    records = read(copy)
    same_as_small(records)
    frame = child_outcomes(load(copy), records).frame.set_index("child_id")
    assert frame.loc["b1", "days_cp_after"] == 133
    assert frame.loc["a1", "days_cp_after"] == 0


@pytest.mark.parametrize(("table", "column"), [("spells", "D"), ("children", "J"), ("referrals", "B")])
def test_a_formula_without_a_saved_value_is_refused_by_its_cell(copy, table, column):
    def formula(sheet):
        sheet[f"{column}3"] = "=1+1"

    as_excel(copy, table, formula)
    words = refused(copy)
    assert f"1 cell(s): {column}3" in words
    assert "a formula without a saved value" in words


@pytest.mark.parametrize("form", ["0%", "0.00%", "[Red]0.0%"])
def test_a_number_that_is_shown_as_a_per_cent_is_what_is_seen(copy, form):
    """Excel keeps 0.45 for 45%: refused in a column of numbers, as 45% is in a CSV, and left alone in others."""

    def share(sheet):
        sheet["E1"], sheet["E2"] = "Attendance", 0.45
        sheet["E2"].number_format = form

    as_excel(copy, "spells", share)
    same_as_small(read(copy))
    as_excel(copy, "issues", lambda sheet: (sheet.__setitem__("C2", 0.45), setattr(sheet["C2"], "number_format", form)))
    assert "column domestic_abuse_factors, 1 row (line 2)" in refused(copy)
    assert "has the form 99%" in refused(copy)


def test_a_formula_with_its_value_is_read(copy):
    path = as_excel(copy, "spells", lambda sheet: sheet.__setitem__("B2", '="C"&"P"'))
    edit_xml(
        path, "xl/worksheets/sheet1.xml", r'<c r="B2"[^>]*>(<f>.*?</f>)<v ?(/>|></v>)', r'<c r="B2" t="str">\1<v>CP</v>'
    )
    same_as_small(read(copy))


def test_an_error_in_a_cell_is_refused_by_its_cell(copy):
    def error(sheet):
        sheet["J4"] = "#N/A"
        sheet["J4"].data_type = "e"

    as_excel(copy, "children", error)
    assert "1 cell(s): J4" in refused(copy)


def test_ids_that_excel_has_cut_to_15_digits_are_refused(copy):
    def long(sheet):
        for row in range(2, 6):
            sheet.cell(row, 2, 12345678901234560 + row)

    change(copy, "children", ("b1,f5,", "b1,1.23457E+16,"))
    assert "column family_id, 1 row" in refused(copy)
    as_excel(copy, "children", long)
    assert "4 cell(s): B2, B3, B4, B5" in refused(copy)


def test_a_table_that_is_not_there_is_refused_and_what_is_there_named(copy):
    (copy / "data/children.csv").rename(copy / "data/children.xls")
    told = refused(copy)
    assert "no file for the table children" in told
    assert "children.xls" in told


def test_what_is_no_file_is_not_named_as_one_and_a_csv_has_no_sheet(copy):
    (copy / "data/spells.csv").rename(copy / "data/Plans.csv")
    (copy / "data/spells.csv").symlink_to("nowhere")
    told = refused(copy)
    assert "the folder has Plans.csv, children.csv, issues.csv, referrals.csv" in told
    assert 'such as spells: "Plans.csv" (' in told


def test_a_parameter_file_in_another_encoding_is_named_by_its_line(copy):
    path = copy / "params" / "small.yaml"
    path.write_bytes(path.read_bytes().replace(b"Small Steps help", "Café help".encode("cp1252")))
    words = refused(copy)
    assert "small.yaml, line 3" in words
    assert "Notepad" in words


def test_a_workbook_with_macros_is_read_as_one_without(copy):
    as_excel(copy, "children").rename(copy / "data/children.xlsm")
    assert same_as_small(read(copy)) == {}


def test_merged_cells_in_the_table_are_refused_by_name(copy):
    as_excel(copy, "spells", lambda sheet: sheet.merge_cells("A4:A5"))
    assert "cells A4:A5" in refused(copy)


def test_a_whole_row_that_begins_with_the_word_total_is_no_row_of_totals():
    """A workstream may be called Total Respect; whether a line is the sum of others, costs/programme.py looks."""
    raw = pd.DataFrame({"workstream": ["Total Respect", "Total Respect"], "amount_gbp": ["5", "7"]}, dtype="str")
    pd.testing.assert_frame_equal(without_totals(raw, Counter()), raw)
    raw.loc[1, "amount_gbp"] = None
    assert len(without_totals(raw, Counter())) == 1


@pytest.mark.parametrize("last", ["Total", "Grand total:", "Average", "Mean of all", "Count: 2"])
def test_a_whole_row_that_begins_with_nothing_else_is_left_out_and_counted(last):
    raw, how = pd.DataFrame({"person_id": ["a", "b", last], "score": ["5", "7", "12"]}, dtype="str"), Counter()
    assert without_totals(raw, how)["person_id"].tolist() == ["a", "b"]
    assert how["", "rows of totals at the end left out"] == 1


HEADS, SHORT = ["child_id", "status", "start_date", "end_date"], ["child_id", "status", "start_date"]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_table_above_another_is_never_taken_for_titles(copy, suffix):
    """The fuller row of headings stands below: the rows above it would be left out as titles."""
    rows = [["Open"], SHORT, ["b1", "CP", "2018-08-01"], [], ["Ended"], HEADS, ["a1", "CP", "2017-06-01", "2018-04-30"]]
    (copy / "data/spells.csv").unlink()
    if suffix == ".csv":
        text = "".join(",".join(row + [""] * (4 - len(row))) + "\n" for row in rows)
        (copy / "data/spells.csv").write_text(text, encoding="utf-8")
    else:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(copy / "data/spells.xlsx")
    words = refused(copy)
    assert "two tables on one sheet" in words
    assert "lines 2 and 6" in words


@pytest.mark.parametrize(
    "above",
    [
        ["From,2018-04-01,To,2019-03-31", "Team,all,,"],
        ["Child,,From,To"],
        ["Child,Start,,", ",,,"],
    ],
    ids=["what the report covers", "headings of two rows", "and a blank row"],
)
def test_titles_that_hold_a_name_of_a_column_are_titles(copy, above):
    path = copy / "data/spells.csv"
    path.write_text("\n".join(above) + "\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    same_as_small(read(copy))


def test_hidden_rows_and_sheets_are_read_or_passed_over_and_named(copy):
    def hide(sheet):
        sheet.row_dimensions[3].hidden = True
        other = sheet.parent.create_sheet("old")
        other.append(["child_id"])
        other.sheet_state = "hidden"

    as_excel(copy, "spells", hide)
    assert same_as_small(read(copy)) == {
        ("", "hidden sheets passed over"): 1,
        ("", "hidden rows that were read"): 1,
    }


def test_blank_rows_and_columns_before_a_table_in_excel_are_passed_over(copy):
    def shift(sheet):
        sheet.insert_rows(1, 2)
        sheet.insert_cols(1)

    as_excel(copy, "spells", shift)
    same_as_small(read(copy))


# --- dates that stand for something else, repeats, versions ---


@pytest.mark.parametrize("end", ["2020-01-02", "2099-12-31", "9999-12-31"])
def test_a_spell_that_ends_after_the_data_is_open_and_never_counted_beyond_it(copy, end):
    """Judge: 2018-08-01 to 2019-12-31, both counted, are 518 days."""
    setting(copy, "day_count: clipped", "day_count: whole_spell")
    change(copy, "spells", ("b1,CP,2018-08-01,", f"b1,CP,2018-08-01,{end}"))
    records = read(copy)
    assert same_as_small(records) == {("end_date", "dates after the data's last date read as still open"): 1}
    assert child_outcomes(load(copy), records).frame.set_index("child_id").loc["b1", "days_cp_after"] == 518


@pytest.mark.parametrize(
    ("table", "old", "new", "column"),
    [
        ("spells", "b3,CLA,2016-01-11", "b3,CLA,1900-01-01", "start_date"),
        ("spells", "b3,CLA,2016-01-11", "b3,CLA,2006-01-11", "start_date"),
        ("referrals", "b1,2018-05-10", "b1,1970-01-01", "referral_date"),
        ("children", "b1,f5,Usual help,2009-09-09", "b1,f5,Usual help,1912-09-09", "birth_date"),
        ("children", "b1,f5,Usual help,2009-09-09", "b1,f5,Usual help,2110-09-09", "birth_date"),
        ("children", "b1,f5,Usual help,2009-09-09", "b1,f5,Usual help,1985-09-09", "birth_date"),
        ("children", "2018-05-14,2018-06-11", "2018-05-14,2099-12-31", "end_date"),
    ],
)
def test_a_date_that_stands_for_not_known_is_refused(copy, table, old, new, column):
    change(copy, table, (old, new))
    assert re.search(rf"columns? .*{column}", refused(copy))


@pytest.mark.parametrize("day", ["9999-12-31", "2099-12-31", "1900-01-01", '"2099-12-31"'])
def test_a_stand_in_for_the_last_date_of_the_data_is_refused(copy, day):
    setting(copy, "last_date: 2019-12-31", f"last_date: {day}")
    with pytest.raises(Refused, match="mean “not known”"):
        load(copy)


def test_a_referral_that_stands_twice_counts_once_and_is_counted_on_page_0(copy):
    change(copy, "referrals", ("a4,2018-06-20,false,domestic abuse\n", "a4,2018-06-20,false,domestic abuse\n" * 2))
    records = read(copy)
    assert same_as_small(records) == {("", "rows that repeat an event, counted once"): 1}
    table = describe.oddities(load(copy), records).frame.set_index("finding")
    row = table.loc["referrals of one child on one day, beyond the first"]
    assert (row["number"], row["treatment"]) == (1, "counted once")
    assert describe.how_read(records).frame["number"].tolist() == [1]
    setting(copy, "seed: 1", "seed: 1\nrepeated_referrals: each")
    assert len(read(copy).referrals) == 8


def test_the_one_referral_that_stays_is_the_index_referral_if_any_of_them_was(copy):
    change(copy, "referrals", ("a1,2017-05-20,true", "a1,2017-05-20,,police\na1,2017-05-20,true"))
    assert read(copy).referrals.set_index("child_id").loc["a1", "is_index"]


def test_two_versions_of_a_spell_are_refused(copy):
    change(copy, "spells", ("a1,CP,2017-06-01,2018-04-30\n", "a1,CP,2017-06-01,2018-04-30\na1,CP,2017-06-01,\n"))
    words = refused(copy)
    assert "two versions of one spell" in words
    assert "2 rows (lines 2, 3)" in words


def test_free_text_for_an_exclusion_is_read_as_another_reason_and_said(copy):
    setting(copy, "exclusion_reasons: {moved: moved out of the area}\n", "")
    change(copy, "children", ("moved out of the area", "seen with CANARY by PC Jones"))
    records = read(copy)
    flow = child_outcomes(load(copy), records).cohort.flow.frame
    assert "CANARY" not in flow.to_csv()
    assert flow.loc[flow["step"] == "Excluded", "reason"].tolist() == ["Other reason"]
    assert records.how_read["children"]["exclusion_reason", "free text read as “other”"] == 1


def test_a_reason_that_the_study_does_not_name_is_refused(copy):
    change(copy, "children", ("moved out of the area", "moved away"))
    words = refused(copy)
    assert "column exclusion_reason, 1 row (line 6)" in words
    assert "moved away" not in words


# --- Parquet ---


@pytest.mark.parametrize(
    ("column", "values", "found"),
    [
        ("domestic_abuse_factors", pa.array([float("inf"), None, 1.0, 3.0]), "not a whole number"),
        ("child_id", pa.array([b"\xff\xfe", b"a1", b"a4", b"b1"]).view(pa.binary()), "not UTF-8"),
        ("child_id", pa.array([2**53, None, None, None]).cast(pa.timestamp("ms")), "does not exist"),
        ("child_id", pa.array([2.0**60, 2.0**60, 1.0, 2.0]), "more than 15 digits"),
        ("child_id", pa.array([84_600, 0, None, None]).cast(pa.timestamp("s", "UTC")), "the day here is not known"),
        ("child_id", pa.array([84_600, 0, None, None]).cast(pa.timestamp("s", "Etc/GMT")), "the day here is not known"),
    ],
)
def test_parquet_that_holds_what_no_table_can_is_refused(copy, column, values, found):
    table = pa.Table.from_pandas(pd.read_csv(copy / "data/issues.csv", dtype=str))
    if pa.types.is_binary(values.type):
        buffers = values.buffers()
        values = pa.StringArray.from_buffers(len(values), buffers[1], buffers[2])
    table = table.set_column(table.column_names.index(column), column, values)
    pq.write_table(table, copy / "data/issues.parquet")
    (copy / "data/issues.csv").unlink()
    assert found in refused(copy)


# --- days at two statuses, referrals that nobody marked ---


def test_days_at_two_statuses_are_listed_and_taken_off_the_need_where_the_study_says_so(copy):
    """Judge: a plan from 2018-03-01 to 2018-04-01 is 31 days of a2's case of need, which has 183 days before."""
    spells = copy / "data" / "spells.csv"
    spells.write_text(spells.read_text(encoding="utf-8") + "a2,CP,2018-02-01,2018-03-01\n", encoding="utf-8")
    both = child_outcomes(load(copy), read(copy)).frame.set_index("child_id").loc["a2"]
    table = describe.overlaps(load(copy), read(copy)).frame
    assert table[["statuses", "children", "days"]].to_numpy().tolist() == [["CIN and CP", 1, 28]]
    setting(copy, "seed: 1", "seed: 1\noverlaps: exclusive")
    apart = child_outcomes(load(copy), read(copy)).frame.set_index("child_id").loc["a2"]
    assert both["days_cin_before"] - apart["days_cin_before"] == 28
    assert both["days_cp_before"] == apart["days_cp_before"] == 28
    assert apart["highest_before"] == both["highest_before"] == 2
    treatment = describe.overlaps(load(copy), read(copy)).frame["treatment"].tolist()
    assert treatment == ["counted at the higher status only"]


def test_records_that_mark_no_index_referral_are_asked_about(copy):
    change(copy, "referrals", (",true,", ",,"), (",false,", ",,"))
    assert "no referral is marked" in refused(copy)
    setting(copy, "seed: 1", "seed: 1\nindex_referrals: not_marked")
    assert not read(copy).referrals["is_index"].any()


# --- small files that would take the machine ---


def sheet_of(folder, rows, table="spells"):
    """Write a workbook by hand whose sheet holds these rows of XML."""
    path = as_excel(folder, table)
    edit_xml(path, "xl/worksheets/sheet1.xml", "</sheetData>", lambda _: rows + "</sheetData>")


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', "cell XFD1048576, far outside"),
        ('<row r="22000000"><c r="A22000000"><v>1</v></c></row>', "more than 1,048,576 rows"),
        ('<row r="20"><c r="A20"><v>1</v>', "damaged"),
        ('<row r="20"><c r="XFD20"><v>1</v></c></row>', "column 16384 without heading"),
        ('<row r="20"><c r="A20"><v>&bomb;</v></c></row>', "damaged"),
    ],
    ids=["stray value", "22 million rows", "cut off", "stray column", "entity"],
)
def test_a_hostile_sheet_is_refused_at_once(copy, rows, found):
    sheet_of(copy, rows)
    assert found in refused(copy)


def test_a_stray_value_far_below_a_table_is_refused_by_the_rule_of_its_column(copy):
    sheet_of(copy, '<row r="1048576"><c r="A1048576"><v>1</v></c></row>')
    assert "(line 1048576)" in refused(copy)


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml"]
)
@pytest.mark.parametrize("how", ["cut", "gone"])
def test_a_damaged_workbook_is_refused_and_never_unforeseen(copy, part, how):
    path = as_excel(copy, "spells")
    with zipfile.ZipFile(path) as packed:
        parts = {item.filename: packed.read(item) for item in packed.infolist()}
    parts[part] = parts[part][: len(parts[part]) // 2]
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in parts.items():
            if name != part or how == "cut":
                packed.writestr(name, content)
    if part == "xl/styles.xml":  # without it a date is a number
        assert "column start_date" in refused(copy) or how == "cut"
    else:
        assert "spells.xlsx" in refused(copy)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("child_id," + "x" * 5_000_000 + "\na1,1\n", "far too long"),
        ("x" * 5_000_000, "far too long"),
        (",".join(f"c{i}" for i in range(20_000)) + "\n" + "," * 19_999 + "\n", "far too long"),
        (",".join(f"c{i}" for i in range(1_500)) + "\n" + "1," * 1_499 + "1\n", "1,500 columns"),
    ],
    ids=["heading of 5 MB", "one word", "20,000 headings", "1,500 headings"],
)
def test_headings_beyond_the_limits_are_refused_shortly(copy, content, found):
    (copy / "data" / "spells.csv").write_text(content, encoding="utf-8")
    words = refused(copy)
    assert found in words
    assert len(words) < 3_000


def test_a_study_with_costs_must_say_how_days_at_two_statuses_count(copy):
    spells = copy / "data" / "spells.csv"
    spells.write_text(spells.read_text(encoding="utf-8") + "a2,CP,2018-02-01,2018-03-01\n", encoding="utf-8")
    study, records = load(copy), read(copy)
    assert not overlap_faults(study, records), "without costs nothing is priced twice"
    priced = study.model_copy(update={"settings": study.settings.model_copy(update={"costs": "any"})})
    assert [fault.where for fault in overlap_faults(priced, records)] == ["small.yaml, overlaps"]
    said = priced.model_copy(update={"settings": priced.settings.model_copy(update={"overlaps": "both"})})
    assert not overlap_faults(said, records)
    assert not overlap_faults(priced, read(SMALL)), "no such day"
