"""Tables of one's own as councils hold them: read where that is sure, counted and shown, else refused by the row."""

import re
from datetime import date, datetime, timedelta

import pytest
import xlsxwriter
from click.testing import CliRunner
from returns_support import workbook
from stepdown.commands.mapping import write_mapping
from stepdown.commands.new import new_command
from stepdown.commands.own_tables import find_tables
from stepdown.contracts import read_study
from stepdown.faults import Refused
from stepdown.params import load_study

STUDY = """title: Made up
programme_name: Small Steps
questions: [Does it help]
limits: [Nothing.]
data:
  folder: data/own
  last_date: 2019-12-31
  synthetic: true
  provenance: Made up.
DATA
groups:
  programme: {label: Small Steps, described_as: helped, anchor: support}
  comparison: {label: Usual help, described_as: not helped, anchor: support}
window_months: 6
day_count: clipped
profile:
  age_bands: [{label: 0-17, lowest: 0, highest: 17}]
  sibling_bands: [{label: "1", lowest: 1}]
  ethnicity: {WBRI: White British}
disclosure: {method: none, reason: made up}
seed: 1
"""
CHILDREN = [
    ["Mosaic ID", "Family Ref", "Cohort", "DOB", "Gender", "Ethnicity", "Start Date", "End date", "Team"],
    ["0041", "F1", "Small Steps", "01/05/2010", "M", "WBRI", "13/03/2018", "10/06/2018", "North"],
    ["0042", "F2", "Usual help", "02/06/2011", "Girl", "WBRI", "14/03/2018", "11/06/2018", "South"],
]
SPELLS = [["Mosaic ID", "Social care status", "From", "To"], ["0041", "LAC", "13/01/2018", "20/02/2018"]]
REFERRALS = [["Mosaic ID", "Date of referral", "Index"], ["0041", "13/01/2018", "Yes"], ["0042", "14/01/2018", "N"]]
TABLES = {"children": CHILDREN, "spells": SPELLS, "referrals": REFERRALS}


@pytest.fixture
def own(tmp_path):
    (tmp_path / "params").mkdir()
    (tmp_path / "data/own").mkdir(parents=True)

    def made(data="", mark=",", coding="utf-8", above="", below="", **tables):
        for name, rows in {**TABLES, **tables}.items():
            text = above + "".join(mark.join(row) + "\r\n" for row in rows) + below
            (tmp_path / f"data/own/{name}.csv").write_bytes(text.encode(coding))
        (tmp_path / "params/own.yaml").write_text(STUDY.replace("DATA", data))
        return load_study(tmp_path / "params/own.yaml")

    return made


def faults(study):
    with pytest.raises(Refused) as refused:
        read_study(study)
    return refused.value.faults


def test_a_councils_tables_pass_with_one_line(own):
    records = read_study(own("  dates: day_first"))
    assert records.children["sex"].tolist() == ["male", "female"]
    assert records.children["ethnicity_code"].tolist() == ["WBRI", "WBRI"]
    assert records.children["child_id"].tolist() == ["0041", "0042"]
    assert str(records.spells["start_date"][0].date()) == "2018-01-13"
    assert records.spells["status"].tolist() == ["CLA"]
    assert records.referrals["is_index"].tolist() == [True, False]
    how = records.how_read["children"]
    assert how["", "column “Team” not read"] == 1
    assert how["sex", "other words read as codes"] == 2
    assert how["birth_date", "read from the heading “DOB”, by another name"] == 1


def test_dates_that_can_be_read_in_two_ways_are_one_fault(own):
    spells = [SPELLS[0], ["0041", "CP", "03/01/2018", "04/02/2018"]]
    found = [fault for fault in faults(own("", spells=spells)) if "day/month/year" in fault.found]
    assert len(found) == 1
    assert "dates: day_first" in found[0].remedy
    assert "4 columns of 2 files" in found[0].where
    assert "line 2" in found[0].where


def test_american_order_and_mixtures_are_refused_with_the_row(own):
    spells = [SPELLS[0], ["0041", "CP", "01/13/2018", "20/02/2018"]]
    assert any(
        "column start_date, 1 row (line 2)" in fault.where for fault in faults(own("  dates: day_first", spells=spells))
    )


@pytest.mark.parametrize(
    "given",
    [
        {"mark": ";"},
        {"mark": "\t"},
        {"coding": "cp1252", "above": "Families – “helped”,,\r\n\r\n"},
        {"coding": "utf-8-sig"},
        {"above": "Extract for evaluation\r\nMarch 2020\r\n"},
        {"below": "Total 2\r\n"},
    ],
    ids=["semicolons", "tabs", "Windows-1252 and smart quotes", "byte-order mark", "titles", "totals"],
)
def test_files_as_programs_save_them_are_read_and_it_is_counted(own, given):
    plain = read_study(own("  dates: day_first"))
    width = {"children": 9, "spells": 4, "referrals": 3}
    if given.get("below"):
        tables = {name: [*rows, ["Total 1", *[""] * (width[name] - 1)]] for name, rows in TABLES.items()}
        records = read_study(own("  dates: day_first", **tables))
    else:
        records = read_study(own("  dates: day_first", **given))
    for name in TABLES:
        assert records.table(name).reset_index(drop=True).equals(plain.table(name).reset_index(drop=True))
    if given != {"coding": "utf-8-sig"}:
        assert set(records.how_read["spells"]) - set(plain.how_read["spells"])


def test_the_study_file_names_what_cannot_be_told(own):
    children = [["Client", "Clan", *CHILDREN[0][2:]], *CHILDREN[1:]]
    found = faults(own("  dates: day_first", children=children))
    assert any("add under data.columns: children" in fault.remedy for fault in found)
    named = "  dates: day_first\n  columns: {children: {child_id: Client, family_id: clan}}"
    assert read_study(own(named, children=children)).children["family_id"].tolist() == ["F1", "F2"]
    wrong = named.replace("clan", "Klan")
    assert any(
        "which data.columns: children names for family_id" in f.found for f in faults(own(wrong, children=children))
    )


def test_the_study_file_names_words_of_its_own(own):
    spells = [SPELLS[0], ["0041", "Tier 4", "13/01/2018", "20/02/2018"]]
    assert faults(own("  dates: day_first", spells=spells))
    named = "  dates: day_first\n  codes: {spells: {status: {tier 4: CLA}}}"
    assert read_study(own(named, spells=spells)).spells["status"].tolist() == ["CLA"]


def test_names_are_refused_and_two_columns_for_one(own):
    children = [[*CHILDREN[0], "Child's Name"], *([*row, "Zoe"] for row in CHILDREN[1:])]
    found = faults(own("  dates: day_first", children=children))
    assert [fault.found for fault in found] == ["columns that identify a person: Child's Name"]
    assert "Zoe" not in str(found)
    twice = [[*CHILDREN[0][:-1], "Date of Birth"], *CHILDREN[1:]]
    found = faults(own("  dates: day_first", children=twice))
    assert [fault.found for fault in found] == ["more than one column that is birth_date: DOB, Date of Birth"]


def test_a_lost_leading_zero_is_found_and_not_repaired(own):
    spells = [SPELLS[0], ["41", "LAC", "13/01/2018", "20/02/2018"]]
    found = faults(own("  dates: day_first", spells=spells))
    assert any("1 of them differ from one in leading zeros alone" in fault.found for fault in found)
    assert any("set data.ids: without_leading_zeros" in fault.remedy for fault in found)


def test_lost_leading_zeros_are_accepted_when_the_study_says_so_and_counted(own):
    data = "  dates: day_first\n  ids: without_leading_zeros"
    spells = [SPELLS[0], ["41", "LAC", "13/01/2018", "20/02/2018"], ["42.0", "CIN", "13/01/2018", "20/02/2018"]]
    records = read_study(own(data, spells=spells))
    assert records.spells["child_id"].tolist() == ["0041", "0042"]
    assert records.how_read["spells"]["child_id", "ids read as one that differs in leading zeros alone"] == 2
    children = [CHILDREN[0], ["41", *CHILDREN[1][1:]], CHILDREN[2]]
    assert sorted(read_study(own(data, children=children, spells=SPELLS)).children["child_id"]) == ["0041", "0042"]
    both = [SPELLS[0], ["41", "LAC", "13/01/2018", "20/02/2018"], ["041", "CIN", "13/01/2018", "20/02/2018"]]
    assert any("does not have" in fault.found for fault in faults(own(data, spells=both))), "two forms in one table"


def test_american_order_is_one_fault_and_hides_no_others_behind_wrong_days(own):
    spells = [SPELLS[0], ["0041", "CP", "01/13/2018", "03/20/2018"], ["0042", "CP", "05/03/2018", "04/25/2018"]]
    found = faults(own("  dates: day_first", spells=spells))
    assert ["American order" in fault.found for fault in found] == [True]
    assert "2 columns of 1 file" in found[0].where


def test_a_total_that_stops_short_and_empty_cells_at_the_end_are_passed_over(own):
    plain = read_study(own("  dates: day_first"))
    records = read_study(own("  dates: day_first", below="Total,2\r\n,,,,,,,,,,,,\r\n"))
    for name in TABLES:
        assert records.table(name).reset_index(drop=True).equals(plain.table(name).reset_index(drop=True))
    assert records.how_read["spells"]["", "rows of totals at the end left out"] == 1


def test_a_flag_in_words_of_its_own(own):
    referrals = [REFERRALS[0], ["0041", "13/01/2018", "✓"], ["0042", "14/01/2018", ""]]
    assert faults(own("  dates: day_first", referrals=referrals))
    named = '  dates: day_first\n  codes: {referrals: {is_index: {"✓": "true"}}}'
    assert read_study(own(named, referrals=referrals)).referrals["is_index"].fillna(False).tolist() == [True, False]


def test_missing_tables_are_one_fault_that_says_what_is_there(own, tmp_path):
    study = own("  dates: day_first")
    for path in (tmp_path / "data/own").iterdir():
        path.unlink()
    workbook(tmp_path / "data/own/extract.xlsx", {"Our children": CHILDREN})
    found = faults(study)
    assert [fault.found for fault in found] == [
        "no file for the tables children, spells, referrals; the folder has extract.xlsx"
    ]
    assert "--from data/own" in found[0].remedy


def test_sheets_of_one_workbook_are_named_in_the_study_file(own, tmp_path):
    typed = [[*row[:6], date(2018, 3, 13), date(2018, 6, 10), "N"] for row in CHILDREN[1:]]
    sheets = {"Our children": [["Families helped"], [], CHILDREN[0], *typed], "Plans": SPELLS, "Refs": REFERRALS}
    named = {"children": "Our children", "spells": "Plans", "referrals": "Refs"}
    files = "".join(f'\n    {table}: "extract.xlsx#{sheet}"' for table, sheet in named.items())
    study = own(f"  dates: day_first\n  files:{files}")
    workbook(tmp_path / "data/own/extract.xlsx", sheets)
    records = read_study(study)
    assert len(records.children) == 2
    assert str(records.children["start_date"].iloc[0].date()) == "2018-03-13"


def a_workbook_as_a_council_holds_it(path):
    """60 children: titles, a total, ids as numbers in one sheet, dates as dates, as text and as numbers of days."""
    children, spells, referrals = [], [], []
    for n in range(60):
        child, began = f"00{41 + n}", date(2018, 1, 13) + timedelta(days=n)
        ended = began + timedelta(days=90)
        facts = [f"F{n // 2}", "Small Steps" if n < 28 else "Usual help", f"{1 + n % 9}/{5 + n % 3}/10", "MF"[n % 2]]
        children.append([child, *facts, "White British", began, f"{ended:%d/%m/%Y}", "Team B"])
        spells.append([41 + n, ["LAC", "Child Protection", "CIN"][n % 3], f"{began:%d %B %Y}", (ended - EXCEL).days])
        referrals.append([child, f"{began:%d-%b-%y}", "Yes" if n % 4 else "No"])
    return workbook(
        path,
        {
            "Our children": [["Families helped – extract"], [], CHILDREN[0], *children, [], ["Total", 60]],
            "Plans": [SPELLS[0], *spells, ["Total", 60]],
            "Refs": [["Run on 31/12/2019"], REFERRALS[0], *referrals],
            "Notes": [["Ask the manager"]],
        },
    )


def test_new_passes_over_the_mark_that_an_open_workbook_leaves(tmp_path):
    a_workbook_as_a_council_holds_it(tmp_path / "extract.xlsx")
    (tmp_path / "~$extract.xlsx").write_bytes(b"\x05owner")
    found = {table.file for table in find_tables(tmp_path)}
    assert found == {"extract.xlsx#Our children", "extract.xlsx#Plans", "extract.xlsx#Refs"}


EXCEL = date(1899, 12, 30)
FILES = '{children: "extract.xlsx#Our children", spells: "extract.xlsx#Plans", referrals: "extract.xlsx#Refs"}'


def test_a_workbook_of_60_children_as_a_council_holds_it_costs_few_lines(own, tmp_path):
    """Judge: the rows that the workbook was written from. Two lines; a third for ids that lost their zeros."""
    own()
    for path in (tmp_path / "data/own").iterdir():
        path.unlink()
    a_workbook_as_a_council_holds_it(tmp_path / "data/own/extract.xlsx")
    two = STUDY.replace("DATA", f"  dates: day_first\n  files: {FILES}")
    file = tmp_path / "params/own.yaml"
    file.write_text(two)
    (found,) = faults(load_study(file))
    assert "60 of them differ from one in leading zeros alone" in found.found
    assert found.where.startswith("extract.xlsx#Plans, column child_id")
    file.write_text(two.replace("  files:", "  ids: without_leading_zeros\n  files:"))
    records = read_study(load_study(file))
    assert (len(records.children), len(records.spells), len(records.referrals)) == (60, 60, 60)
    assert records.children["birth_date"].dt.year.unique().tolist() == [2010]
    assert (records.children["end_date"] - records.children["start_date"]).dt.days.unique().tolist() == [90]
    assert (records.spells["end_date"] - records.spells["start_date"]).dt.days.unique().tolist() == [90]
    assert records.spells["status"].value_counts().to_dict() == {"CLA": 20, "CP": 20, "CIN": 20}
    assert int(records.referrals["is_index"].sum()) == 45
    assert records.children["ethnicity_code"].unique().tolist() == ["WBRI"], "the label stands for its code"
    text = file.read_text()
    said = write_mapping(str(file))
    assert "children: 'Team' is not read" in said
    assert '"60"' not in file.read_text(), "a total is no code"
    file.write_text(text)


@pytest.mark.parametrize("number_format", ["dd/mm/yyyy", None])
def test_a_workbook_that_counts_from_1904_is_read_by_its_dates_and_refused_by_its_numbers(own, tmp_path, number_format):
    study = own("  dates: day_first")
    (tmp_path / "data/own/spells.csv").unlink()
    with xlsxwriter.Workbook(tmp_path / "data/own/spells.xlsx", {"date_1904": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, SPELLS[0])
        sheet.write_row(1, 0, ["0041", "LAC"])
        days = book.add_format({"num_format": number_format} if number_format else {})
        for column, day in ((2, datetime(2018, 1, 13)), (3, datetime(2018, 2, 20))):
            sheet.write_datetime(1, column, day, days)
    if number_format:
        assert str(read_study(study).spells["start_date"][0].date()) == "2018-01-13"
    else:
        assert ["from 1904" in fault.found for fault in faults(study)] == [True]


def test_write_mapping_leaves_nothing_to_guess_next_month(own):
    spells = [SPELLS[0], ["0041", "LAC", "13/01/2018", "20/02/2018"], ["0042", "Tier 4", "13/01/2018", "20/02/2018"]]
    study = own("  counting: as it stands  # my comment", spells=spells)
    said = write_mapping(str(study.file))
    text = study.file.read_text()
    assert "# my comment" in text
    assert "dates: day_first" in text
    assert "child_id: Mosaic ID" in text
    assert "LAC: CLA" in text
    assert "Tier 4: ???  # one of CIN, CP, CLA" in text
    assert "children: 'Team' is not read" in said
    report = (study.file.parents[1] / "data/own/match_report.csv").read_text().splitlines()
    assert "children,DOB,birth_date,by another name" in report
    with pytest.raises(Refused, match=r"\?\?\?"):
        load_study(study.file)
    study.file.write_text(text.replace("Tier 4: ???", "Tier 4: CIN"))
    records = read_study(load_study(study.file))
    assert sorted(records.spells["status"]) == ["CIN", "CLA"]
    assert "by another name" not in str(records.how_read), "every heading is named now"
    assert "nothing to propose" in write_mapping(str(study.file))


def test_write_mapping_says_the_lines_where_the_file_has_its_own(own):
    study = own("  columns: {children: {child_id: Mosaic ID}}")
    before = study.file.read_text()
    with pytest.raises(Refused) as refused:
        write_mapping(str(study.file))
    assert "data.columns already" in str(refused.value)
    assert "birth_date: DOB" in str(refused.value)
    assert study.file.read_text() == before


def test_new_proposes_a_study_file_from_a_workbook(own, tmp_path, monkeypatch):
    own()
    for path in (tmp_path / "data/own").iterdir():
        path.unlink()
    sheets = {"Kids": [["Families helped"], [], *CHILDREN], "Plans": SPELLS, "Refs": REFERRALS, "Notes": [["x"]]}
    workbook(tmp_path / "data/own/extract.xlsx", sheets)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(new_command, ["mine", "--from", "data/own/extract.xlsx", "--synthetic"])
    assert done.exit_code == 0, done.output
    assert "??? in 6 places" in done.output
    answers = iter(["???", "Mine", "Small Steps", "Does it help", "2019-12-31", "Small Steps", "Usual help"])
    file = tmp_path / "params/mine.yaml"
    file.write_text(re.sub(r"\?\?\?", lambda _: next(answers), file.read_text()))
    records = read_study(load_study(file))
    assert len(records.children) == 2
    assert records.spells["status"].tolist() == ["CLA"]
