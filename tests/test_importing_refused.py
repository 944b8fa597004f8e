"""What the import refuses: each fault by itself, worded without a child's value, and nothing written."""

import zipfile
from datetime import date
from itertools import pairwise

import openpyxl
import pytest
import xlsxwriter
from returns_support import Council, assessed, care, case, census, child, workbook
from stepdown.faults import Refused
from stepdown.importing import write


@pytest.fixture
def council(tmp_path):
    made = Council(tmp_path)
    made.census(2023)
    made.census(2024)
    made.care(2023)
    made.care(2024)
    return made


def faults(council):
    with pytest.raises(Refused) as refused:
        council.bring_in()
    assert not (council.root / "data").exists()
    assert "HELPED" not in refused.value.worded()
    for fault in refused.value.faults:
        assert all((fault.where, fault.found, fault.allowed, fault.rule, fault.remedy)), "five parts"
        assert not [value for value in fault.values if len(value) > 3 and value in fault.worded()]
    return refused.value.worded()


ENTITY = '<!DOCTYPE Message [<!ENTITY e "99"><!ENTITY f "&e;&e;&e;">]>'

XML = {
    "a DOCTYPE": (census(2024, child("HELPED", case("2023-06-01")), before=ENTITY), "a DOCTYPE"),
    "an entity in an id": (census(2024, child("x&f;y", case("2023-06-01")), before=ENTITY), "a DOCTYPE"),
    "an entity without a DOCTYPE": (census(2024, child("x&e;y", case("2023-06-01"))), "not well formed"),
    "cut in half": (census(2024, *[child(f"{n}", case("2023-06-01")) for n in range(200)])[:20_000], "cut off"),
    "another collection": (census(2024, collection="SC"), "collection SC"),
    "July": (census(2024, reference="2024-07-31"), "ReferenceDate 2024-07-31"),
    "Year and ReferenceDate disagree": (census(2025, reference="2024-03-31"), "Year 2025"),
    "another XML": ("<EXPSSDA903><CHILD/></EXPSSDA903>", "collection of no name"),
    "a text over 10 MB": (census(2024, child("A" * 11_000_000, case("2023-06-01"))), "too deep or long"),
    "too deep": (census(2024, "<a>" * 300 + "</a>" * 300), "too deep or long"),
    "a day that does not exist": (census(2024, child("HELPED", case("2023-02-30"))), "CINreferralDate, 1 row"),
    "an American day": (census(2024, child("HELPED", case("06/13/2023"))), "CINreferralDate, 1 row"),
    "a stand-in for no birth": (
        census(2024, child("HELPED", case("2023-06-01"), born="1900-01-01")),
        "PersonBirthDate",
    ),
    "a stand-in for no end": (census(2024, child("HELPED", case("2023-06-01", "2099-12-31"))), "CINclosureDate"),
    "no id": (census(2024, child("", case("2023-06-01"))), "LAchildID"),
    "no referral date": (census(2024, child("HELPED", case(""))), "CINreferralDate"),
    "neither true nor false": (census(2024, child("HELPED", case("2023-06-01", nfa="maybe"))), "ReferralNFA"),
}


@pytest.mark.parametrize("name", XML)
def test_a_census_is_refused(council, name):
    text, words = XML[name]
    council.write("returns/cin/2024.xml", text)
    assert words in faults(council)


def test_a_billion_laughs_ends_at_once(council):
    laughs = '<!ENTITY a "ha">' + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefghi"))
    text = census(2024, child("&i;", case("2023-06-01")), before=f"<!DOCTYPE Message [{laughs}]>")
    council.write("returns/cin/2024.xml", text)
    assert "DOCTYPE" in faults(council) or "not well formed" in faults(council)


def test_a_namespace_and_loose_text_are_read(council):
    text = census(2024, child("HELPED", case("2023-06-01", inside=assessed("2023-06-02"))), space=' xmlns="urn:cin"')
    council.write("returns/cin/2024.xml", text.replace("<CINdetails>", "loose<CINdetails><!-- note -->"))
    assert council.spells("HELPED") == ["CIN 2023-06-01 to open"]


def test_years_missing_double_and_unlike(council):
    council.write("returns/cin/again.xml", census(2024, child("HELPED", case("2023-06-01"))))
    assert "2 files of the year to 31 March 2024" in faults(council)
    council.write("returns/cin/again.xml", census(2026, child("HELPED", case("2023-06-01"))))
    assert "no file of the years to 31 March 2025" in faults(council)
    (council.root / "returns/cin/again.xml").unlink()
    del council.settings["returns"]["looked_after"][2024]
    assert "looked-after return to 31 March 2023" in faults(council)
    council.settings["last_date"] = date(2023, 3, 31)
    council.write("returns/list.csv", "Child,From,To\nHELPED,01/09/2022,01/12/2022\n")
    assert council.bring_in().covered.last_day == date(2023, 3, 31).toordinal()


CARE = {
    "a day after the year": (("A", "01/06/2023", "S", "V2", "01/05/2024", "E4A"), "a day after 31 March 2024"),
    "month 13": (("A", "06/13/2023", "S", "V2", "", ""), "American order"),
    "a day that does not exist": (("A", "31/06/2023", "S", "V2", "", ""), "does not exist"),
    "two figures of a year": (("A", "01/06/23", "S", "V2", "", ""), "not in this form"),
    "no DECOM": (("A", "", "S", "V2", "", ""), "DECOM"),
    "no child": (("", "01/06/2023", "S", "V2", "", ""), "CHILD"),
}


@pytest.mark.parametrize("name", CARE)
def test_a_looked_after_return_is_refused(council, name):
    row, words = CARE[name]
    council.care(2024, row, names=["HELPED"])
    assert words in faults(council)


def test_a_return_named_by_the_wrong_year_is_refused(council):
    council.care(2024, ("HELPED", "01/06/2023", "S", "V2", "01/08/2023", "E4A"))
    council.care(2023, ("HELPED", "01/06/2022", "S", "V2", "01/08/2022", "E4A"))
    both = council.settings["returns"]["looked_after"]
    council.settings["returns"]["looked_after"] = {2023: both[2024], 2024: both[2023]}
    words = faults(council)
    assert "a day after 31 March 2023" in words
    assert "no day later than 31 March 2023" in words


def test_a_return_without_its_columns_is_refused(council):
    text = care(("HELPED", "01/06/2023", "S", "V2", "", ""))
    council.write("returns/903/2024/episodes.csv", text.replace("DECOM", "BEGAN"))
    assert "no column DECOM" in faults(council)
    council.write("returns/903/2024/episodes.csv", text.replace("PLACE_PROVIDER", "DEC"))
    assert "heading DEC twice" in faults(council)
    (council.root / "returns/903/2024/episodes.csv").unlink()
    assert "no file with the columns of the episodes" in faults(council)


def test_a_return_that_stands_twice_in_its_folder_is_refused(council):
    council.write("returns/903/2024/older.csv", care(("HELPED", "01/05/2023", "S", "V2", "", "")))
    assert "a second file with the episodes of the year to 31 March 2024" in faults(council)


def test_files_are_known_by_their_columns_and_unknown_codes_do_not_stop_them(council):
    council.write("returns/903/2024/episodes.csv", "")
    (council.root / "returns/903/2024/episodes.csv").unlink()
    rows = care(("HELPED", "01/06/2023", "S", "V2", "01/08/2023", "E99"))
    council.write("returns/903/2024/export (2) final.csv", "\ufeff" + rows)
    council.write("returns/903/2024/zz.csv", "CHILD,DOB,REVIEW,REVIEW_CODE\nHELPED,not a date,,\n")
    assert council.spells("HELPED", "CLA") == ["CLA 2023-06-01 to 2023-08-01"]
    assert sum(n for (_, name), n in council.bring_in().ledger.unknown.items() if name == "REC") == 1


LISTS = {
    "no start": ("Child,From,To\nHELPED,,01/12/2023\n", "column From"),
    "American order": ("Child,From,To\nHELPED,09/25/2023,01/12/2023\n", "American order"),
    "no such column": ("Child,Start,To\nHELPED,01/09/2023,\n", "no column for start; nearest headings: 'Start'"),
    "two columns": ("Child,From,from ,To\nHELPED,01/09/2023,01/09/2023,\n", "2 columns for start"),
    "a quotation mark left open": ('Child,From,To\n"HELPED,01/09/2023,\n', "quotation mark"),
    "a cell of 1 MB": ("Child,From,To\nHELPED,01/09/2023," + "9" * 1_000_000 + "\n", "131,072"),
    "no headings": ("HELPED,01/09/2023,\n", "no line of headings"),
    "a list cut off": ("Child,From,To\nHELPED,01/09/2023,01/12/2023\nOTHER,01/0", "the file was cut off"),
    "days and months changed round": (
        "Child,From,To\nHELPED,2023-01-09,\nX,2023-03-09,\nX,13/09/2023,\nX,25/09/2023,\n",
        "changed round",
    ),
    "no id": ("Child,From,To\nUnknown,01/09/2023,01/12/2023\n", "column Child, 1 row (line 2)"),
    "an id in other capitals": ("Child,From,To\nHelped,01/09/2023,01/12/2023\n", "only in capitals"),
    "two lists": ("Child,From\nX,01/09/2023\nEnded\nChild,From,To\nHELPED,01/09/2023,\n", "lines 1 and 4"),
    "nobody": ("Child,From,To\nELSE,01/09/2023,01/12/2023\n", "no child is in any return"),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_refused(council, name):
    text, words = LISTS[name]
    council.write("returns/list.csv", text)
    assert words in faults(council)


@pytest.mark.parametrize(
    "text",
    [
        "Child;From;To\nHELPED;01.09.2023;1/12/23\n",
        "Child\tFrom\tTo\nHELPED\t2023-09-01\t01/12/2023 00:00\n",
        "\ufeffFamilies – helped\n\n CHILD ,from,To?\nHELPED,45170,45261\nTotal 1,,\n",
        "Child,From,To\nHELPED,01/09/2023,01/12/2023\n".encode("utf-16"),
        "Child,From,To,Worker\nHELPED,01/09/2023,01/12/2023,Zoë O’Hara\n".encode("cp1252"),
    ],
    ids=["semicolons", "tabs and times", "title, serial numbers, total", "utf-16", "cp1252"],
)
def test_lists_as_people_hold_them_are_read(council, text):
    council.write("returns/list.csv", text)
    found = council.bring_in().members[0]
    assert (found.start, found.end) == (date(2023, 9, 1).toordinal(), date(2023, 12, 1).toordinal())


def test_an_excel_list_with_numbers_as_ids_is_read(council):
    council.census(2024, child("007", case("2023-06-01")))
    rows = [["Who was helped"], [], ["Child", "From", "To"], [7, date(2023, 9, 1), date(2023, 12, 1)], ["Total", 1, ""]]
    workbook(council.root / "returns/list.xlsx", {"Notes": [["Ask the manager"]], "Sheet1": rows[:4]})
    council.settings["programme"]["list"] = "returns/list.xlsx"
    assert council.spells("007") == ["CIN 2023-06-01 to open"]
    workbook(council.root / "returns/list.xlsx", {"Old": rows[:4], "New": rows[:4]})
    assert "2 sheets with these columns" in faults(council)


@pytest.mark.parametrize(("cells", "told"), [("D2:D3", True), ("C2:C3", True), ("A1:D1", False), ("E2:E3", False)])
def test_merged_cells_below_the_headings_of_a_list_are_refused(council, cells, told):
    """A family that is merged over its children would be a family for the first alone."""
    council.census(2024, child("HELPED", case("2023-06-01")), child("OTHER", case("2023-06-01")))
    rows = [["Helped"] if cells == "A1:D1" else [], ["Child", "From", "To", "Family", "Note"]]
    rows += [[name, date(2023, 9, 1), date(2023, 12, 1), "F1", ""] for name in ("HELPED", "OTHER")]
    book = openpyxl.Workbook()
    for row in rows if cells == "A1:D1" else rows[1:]:
        book.active.append(row)
    book.active.merge_cells(cells)
    book.save(council.root / "returns/list.xlsx")
    council.settings["programme"]["list"] = "returns/list.xlsx"
    council.settings["programme"]["columns"]["family"] = "Family"
    if told:
        assert "sheet 'Sheet', 1 row (line 3)" in faults(council)
        assert "merged cells" in faults(council)
    else:
        assert len({council.bring_in().households.of(name) for name in ("HELPED", "OTHER")}) == 1


def test_a_formula_without_its_value_is_refused_on_a_list(council):
    """It would be a blank: a child whose support has not ended."""
    book = openpyxl.Workbook()
    for row in (["Child", "From", "To"], ["HELPED", date(2023, 9, 1), "=B2+91"]):
        book.active.append(row)
    book.save(council.root / "returns/list.xlsx")
    council.settings["programme"]["list"] = "returns/list.xlsx"
    assert "formulas without a saved value, in sheet 'Sheet', cell C2" in faults(council)
    with xlsxwriter.Workbook(council.root / "returns/list.xlsx") as book:  # writes a value beside each formula
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Child", "From", "To"])
        sheet.write_row(1, 0, ["HELPED", 45170])
        sheet.write_formula(1, 2, "=B2+91", None, 45261)
    assert council.bring_in().members[0].end == date(2023, 12, 1).toordinal()


def test_households_that_are_not_known_are_none_and_spellings_of_one_are_refused(council):
    names = ("HELPED", "ONE", "TWO")
    council.census(2024, *(child(name, case("2023-06-01")) for name in names))
    council.settings["households"] = {"file": "returns/h.csv", "columns": {"child": "Child", "household": "Home"}}
    council.write("returns/h.csv", "Child,Home\nHELPED,Unknown\nONE,unknown\nTWO,-1\n")
    assert len({council.bring_in().households.of(name) for name in names}) == 3
    council.write("returns/h.csv", "Child,Home\nHELPED,H  1\nONE,H\u00a01\nTWO,H2\n")
    assert len({council.bring_in().households.of(name) for name in names}) == 2
    for one, other in (("h1", "H1"), ("012", "12")):
        council.write("returns/h.csv", f"Child,Home\nHELPED,{one}\nONE,{other}\nTWO,H2\n")
        assert "h.csv, column Home" in faults(council)


def test_a_study_with_an_empty_group_is_not_written(council):
    """The returns can be looked at, to see at which step nobody was left."""
    imported = council.bring_in()
    assert imported.steps[2] == ("with one of the factors in such an assessment", 1)
    with pytest.raises(Refused, match="none is left at the step “not on the programme's list”"):
        write(imported, council.root)
    council.census(2024, child("OTHER", case("2023-06-01", inside=assessed("2023-06-02", "2023-07-01", "3A"))))
    council.write("returns/list.csv", "Child,From,To\nHELPED,01/09/2026,01/12/2026\n")
    with pytest.raises(Refused, match="no child of the list whose support began"):
        write(council.bring_in(), council.root)
    assert not (council.root / "data").exists()
    assert not (council.root / "restricted").exists()


def test_a_workbook_that_counts_its_days_from_1904_is_refused(council):
    with xlsxwriter.Workbook(council.root / "returns/list.xlsx", {"date_1904": True}) as book:
        book.add_worksheet().write_row(0, 0, ["Child", "From", "To"])
    council.settings["programme"]["list"] = "returns/list.xlsx"
    assert "counts its days from 1904" in faults(council)


def test_a_zip_bomb_is_refused_unread(council):
    path = council.root / "returns/list.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 60_000_000)
    council.settings["programme"]["list"] = "returns/list.xlsx"
    assert "unpacks to 60,000,000" in faults(council)


_SIX = ["CIN Start Date", "Primary Need Code", "Reason for Closure"]
ANNEX = {
    "doubled": ([*_SIX, "CIN Closure Date", "CIN start date "], "2 columns for start"),
    "missing": ([*_SIX, "Previous CIN Closure Date"], "no column for end"),
}


@pytest.mark.parametrize("name", ANNEX)
def test_annex_a_is_refused(council, name):
    columns, words = ANNEX[name]
    common = ["Child Unique ID", "Gender", "Ethnicity", "Date of Birth"]
    sheets = {"List 6": [[*common, *columns]], "List 7": [[*common]], "List 3": [[*common]]}
    workbook(council.root / "returns/annex.xlsx", sheets)
    council.settings["returns"]["annex_a"] = {date(2024, 8, 31): "returns/annex.xlsx"}
    assert "no sheet with list 8" in faults(council)
    workbook(council.root / "returns/annex.xlsx", {**sheets, "List 8": [[*common]]})
    found = faults(council)
    assert words in found
    assert "add under annex_a_columns: 8:  start:" in found, "the line of YAML that would name it"


SETTINGS = {
    "no looked-after return": ({"returns": {"cin_census": ["returns/cin/*.xml"]}}, "care silently counts as zero"),
    "none without a reason": (
        {"returns": {"cin_census": ["returns/cin/*.xml"], "looked_after": "none"}},
        "looked_after_reason",
    ),
    "Annex A alone": ({"returns": {"annex_a": {date(2024, 8, 31): "a.xlsx"}}}, "six months, too few"),
    "an unknown setting": ({"decisions": {"in_nead": "plan"}}, "did you mean 'in_need'"),
    "plans carried on by Annex A": (
        {
            "decisions": {"in_need": "plan"},
            "returns": {
                "cin_census": ["returns/cin/*.xml"],
                "looked_after": "none",
                "looked_after_reason": "made up",
                "annex_a": {date(2024, 8, 31): "returns/list.csv"},
            },
        },
        "holds no child in need plans",
    ),
    "plans before there were any": ({"decisions": {"in_need": "plan"}}, None),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_are_refused(council, name):
    changed, words = SETTINGS[name]
    council.settings |= changed
    if words is None:
        (council.root / "returns/cin/2023.xml").unlink()
        council.write("returns/cin/2021.xml", census(2021, child("X", case("2020-06-01"))))
        council.write("returns/cin/2022.xml", census(2022, child("X", case("2021-06-01"))))
        council.census(2023)
        words = "a census of 2021"
    assert words in faults(council)


def test_without_a_looked_after_return_and_with_a_reason_there_is_no_care(council):
    council.settings["returns"] = {
        "cin_census": ["returns/cin/*.xml"],
        "looked_after": "none",
        "looked_after_reason": "the programme works with families whose children are at home",
    }
    assert council.spells("HELPED") == ["CIN 2023-06-01 to open"]


def test_every_fault_comes_at_once(council):
    council.write("returns/cin/2024.xml", census(2024, child("HELPED", case("2023-02-30"), born="2012-13-01")))
    council.care(2024, ("A", "06/13/2023", "S", "V2", "01/05/2024", "E4A"), names=["A"])
    council.write("returns/list.csv", "Child,From,To\nHELPED,,x\n")
    words = faults(council)
    for part in (
        "CINreferralDate",
        "PersonBirthDate",
        "American order",
        "a day after 31 March 2024",
        "column From",
        "column To",
    ):
        assert part in words
