"""The rules of the import, each by a case that a practitioner can follow on paper."""

import subprocess
import sys
from datetime import date
from itertools import zip_longest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from returns_support import Council, assessed, case, child, cin_plan, plan, workbook
from stepdown.contracts import model as contracts_model
from stepdown.contracts.children import CHILDREN
from stepdown.describe.imported import report_tables
from stepdown.faults import Refused
from stepdown.importing import lines
from stepdown.importing.care_spells import OPEN, Spell, care_of
from stepdown.importing.child import OLDEST_DAYS, UNBORN_DAYS
from stepdown.importing.rows import CareRow, Ledger, shown
from stepdown.importing.statuses import exclusive, joined
from stepdown.importing.writing import tables


@pytest.fixture
def council(tmp_path):
    made = Council(tmp_path)
    made.census(2023)
    made.census(2024)
    made.care(2023)
    made.care(2024)
    return made


SUPPORT = assessed("2023-06-02", "2023-07-01", "3A")


def day(text):
    return date.fromisoformat(text).toordinal()


# --- care: rows are (DECOM, RNE, LS, DEC, REC) with the year of the newest return; returns to 2023, 2024, 2025

CARE = {
    "X1 on the same day goes on": (
        [("2023-05-01", "S", "V2", "2023-06-01", "X1"), ("2023-06-01", "P", "V2", "2023-07-01", "E4A")],
        ["2023-05-01 to 2023-07-01"],
    ),
    "X1, a gap and a row without S: bridged": (
        [("2023-05-01", "S", "V2", "2023-06-01", "X1"), ("2023-06-11", "P", "V2", "2023-07-01", "E4A")],
        ["2023-05-01 to 2023-07-01"],
    ),
    "X1, a gap and a row with S: two spells": (
        [("2023-05-01", "S", "V2", "2023-06-01", "X1"), ("2023-06-11", "S", "V2", "2023-07-01", "E4A")],
        ["2023-05-01 to 2023-06-01", "2023-06-11 to 2023-07-01"],
    ),
    "another end ends; S on the same day touches": (
        [("2023-05-01", "S", "V2", "2023-06-01", "E4A"), ("2023-06-01", "S", "V2", "2023-07-01", "E4A")],
        ["2023-05-01 to 2023-06-01", "2023-06-01 to 2023-07-01"],
    ),
    "open in the newest return": ([("2024-05-01", "S", "V2", "", "", 2025)], ["2024-05-01 to open"]),
    "REC without DEC is open": ([("2024-05-01", "S", "V2", "", "E4A", 2025)], ["2024-05-01 to open"]),
    "open in an older return, next row without S": (
        [("2023-05-01", "S", "V2", "", "", 2024), ("2024-08-01", "L", "C2", "2024-09-01", "E4A", 2025)],
        ["2023-05-01 to 2024-09-01"],
    ),
    "open in an older return, next row with S: vanished": (
        [("2023-05-01", "S", "V2", "", "", 2024), ("2024-08-01", "S", "C2", "2024-09-01", "E4A", 2025)],
        ["2023-05-01 to 2024-04-01", "2024-08-01 to 2024-09-01"],
    ),
    "open in an older return and nothing after: vanished": (
        [("2022-05-01", "S", "V2", "", "", 2023)],
        ["2022-05-01 to 2023-04-01"],
    ),
    "a start put right": (
        [("2024-03-05", "S", "V2", "", "", 2024), ("2024-03-15", "S", "V2", "", "", 2025)],
        ["2024-03-15 to open"],
    ),
    "a start put right to an earlier day": (
        [("2024-03-15", "S", "V2", "", "", 2024), ("2024-03-05", "S", "V2", "2024-06-01", "E4A", 2025)],
        ["2024-03-05 to 2024-06-01"],
    ),
    "32 days apart is not a start put right": (
        [("2024-02-01", "S", "V2", "", "", 2024), ("2024-03-04", "S", "V2", "", "", 2025)],
        ["2024-02-01 to 2024-04-01", "2024-03-04 to open"],
    ),
    "another legal status is not a start put right": (
        [("2024-03-05", "S", "V2", "", "", 2024), ("2024-03-15", "S", "C2", "", "", 2025)],
        ["2024-03-05 to 2024-04-01", "2024-03-15 to open"],
    ),
    "short breaks are set aside, and care begins without S": (
        [
            ("2023-05-01", "S", "V4", "2023-09-01", "X1"),
            ("2023-06-01", "S", "V3", "2023-06-03", "E8"),
            ("2023-09-01", "L", "C1", "2023-10-01", "E4A"),
        ],
        ["2023-09-01 to 2023-10-01"],
    ),
    "X1 with nothing after ends": ([("2023-05-01", "S", "V2", "2023-06-01", "X1")], ["2023-05-01 to 2023-06-01"]),
}


def care_rows(rows):
    for decom, rne, legal, dec, rec, *year in rows:
        last = day(f"{year[0] if year else 2025}-03-31")
        yield CareRow("A", day(decom), last, 0, day(dec) if dec else 0, rne, legal, rec, "U4", last)


@pytest.mark.parametrize("name", CARE)
def test_spells_of_care_by_hand(name):
    rows, expected = CARE[name]
    returns = [day(f"{year}-03-31") for year in (2023, 2024, 2025)]
    found = care_of(list(care_rows(rows)), returns, count_v3=False).spells
    assert [f"{shown(s.start)} to {'open' if s.end == OPEN else shown(s.end)}" for s in found] == expected


def test_the_days_of_a_bridged_gap_are_reported():
    returns = [day("2025-03-31")]
    assert care_of(list(care_rows(CARE["X1, a gap and a row without S: bridged"][0])), returns, False).gap_days == 10


def test_only_single_short_breaks_are_counted_when_asked():
    rows = CARE["short breaks are set aside, and care begins without S"][0]
    found = care_of(list(care_rows(rows)), [day("2025-03-31")], count_v3=True).spells
    assert [(shown(s.start), shown(s.end)) for s in sorted(found)] == [
        ("2023-06-01", "2023-06-03"),
        ("2023-09-01", "2023-10-01"),
    ]


# --- need, plans and care set against each other

spans = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=5)


@settings(max_examples=200, deadline=None)
@given(spans, spans)
def test_exclusive_days_are_a_difference_of_sets_of_days(need, above):
    """Judge: sets of days."""
    low = joined([Spell(start, start + length, "CIN") for start, length in need])
    high = joined([Spell(start, start + length, "CP") for start, length in above])
    of = lambda spells: {d for s in spells for d in range(s.start, s.end)}  # noqa: E731
    assert of(low) == {d for start, length in need for d in range(start, start + length)}
    assert of(exclusive(low, high)) == of(low) - of(high)


# --- joining the years


def test_a_closure_is_put_right_and_taken_back_by_the_newest_file(council):
    council.census(2023, child("HELPED", case("2022-06-01", "2023-01-10"), case("2022-08-01", "2023-02-01")))
    council.census(2024, child("HELPED", case("2022-06-01", "2023-05-10"), case("2022-08-01", "2023-06-01")))
    assert council.spells("HELPED") == ["CIN 2022-06-01 to 2023-06-01"], "overlapping cases are one"
    assert council.bring_in().doubts.children("closure changed between years") == {"HELPED"}
    council.census(2024, child("HELPED", case("2022-06-01")))
    assert council.spells("HELPED")[0] == "CIN 2022-06-01 to open"


def test_plans_and_factors_of_an_earlier_file_stay(council):
    first = case("2022-06-01", inside=assessed("2022-06-02", "2022-07-01", "3A") + plan("2022-07-10", "2023-01-10"))
    council.census(2023, child("HELPED", first))
    council.census(2024, child("HELPED", case("2022-06-01")))
    assert council.spells("HELPED", "CP") == ["CP 2022-07-10 to 2023-01-10"]
    assert council.bring_in().members[0].assessment.factors == ("3A",)


def test_vanished_cases_and_plans_end_on_1_april(council):
    council.census(2023, child("HELPED", case("2022-06-01", inside=plan("2022-07-10"))))
    council.census(2024, child("OTHER", case("2023-06-01")))
    council.write("returns/cin/2024.xml", (council.root / "returns/cin/2024.xml").read_text().replace("HELPED", "X"))
    assert council.spells("HELPED") == ["CIN 2022-06-01 to 2022-07-10", "CP 2022-07-10 to 2023-04-01"]
    council.settings["decisions"] = {"vanished": "exclude"}
    assert council.bring_in().members[0].excluded == "open in one return and in no later one"


def test_a_plan_open_in_a_closed_case_ends_with_it(council):
    council.census(2024, child("HELPED", case("2023-06-01", "2024-01-10", inside=plan("2023-07-10"))))
    assert council.spells("HELPED", "CP") == ["CP 2023-07-10 to 2024-01-10"]
    assert council.bring_in().doubts.children("plan open in a closed case") == {"HELPED"}


def test_a_spell_that_runs_past_a_death_ends_on_it(council):
    died = "<PersonDeathDate>2023-11-05</PersonDeathDate>"
    council.census(2024, child("HELPED", case("2023-06-01"), more=died))
    assert council.spells("HELPED") == ["CIN 2023-06-01 to 2023-11-05"]


def test_blocks_of_a_child_who_stands_twice_in_one_file_are_joined(council):
    council.census(2024, child("HELPED", case("2023-06-01", "2023-07-01")), child("HELPED", case("2023-09-01")))
    assert council.spells("HELPED") == ["CIN 2023-06-01 to 2023-07-01", "CIN 2023-09-01 to open"]


def test_in_need_is_counted_as_the_settings_say(council):
    closed = case("2023-06-01", "2023-07-20", reason="RC8", inside=SUPPORT)
    council.census(2024, child("HELPED", closed, case("2023-09-01", inside=cin_plan("2023-10-01", "2023-12-01"))))
    assert council.spells("HELPED") == ["CIN 2023-09-01 to open"]
    council.settings["decisions"] = {"in_need": "episode"}
    assert council.spells("HELPED") == ["CIN 2023-06-01 to 2023-07-20", "CIN 2023-09-01 to open"]
    council.settings["decisions"] = {"in_need": "plan"}
    assert council.spells("HELPED") == ["CIN 2023-10-01 to 2023-12-01"]


def test_days_in_need_beside_a_plan_are_kept_when_asked(council):
    council.census(2024, child("HELPED", case("2023-06-01", inside=plan("2023-07-10", "2023-09-10"))))
    assert council.spells("HELPED", "CIN") == ["CIN 2023-06-01 to 2023-07-10", "CIN 2023-09-10 to open"]
    council.settings["decisions"] = {"in_need_days": "whole_episode"}
    assert council.spells("HELPED", "CIN") == ["CIN 2023-06-01 to open"]


def test_contradictory_dates_exclude_the_child_and_are_refused_when_asked(council):
    council.care(2024, ("HELPED", "01/06/2023", "S", "V2", "01/05/2023", "E4A"))
    assert council.bring_in().members[0].excluded == "dates in the returns contradict each other"
    council.settings["decisions"] = {"contradictory": "refuse"}
    with pytest.raises(Refused, match="contradictory dates: 1 children"):
        council.bring_in()


def test_sex_and_ethnicity_take_the_newest_value_that_is_known(council):
    council.census(2023, child("HELPED", case("2022-06-01"), sex="<GenderCurrent>2</GenderCurrent>", ethnic="APKN"))
    council.census(2024, child("HELPED", case("2023-06-01"), sex="<Sex>U</Sex>", ethnic="REFU"))
    found = council.bring_in().members[0].child
    assert (found.sex, found.ethnicity) == ("female", "APKN")
    council.census(2024, child("HELPED", case("2023-06-01"), sex="<Sex>1</Sex>", ethnic="REFU"))
    assert council.bring_in().members[0].child.sex == "male", "Sex holding 1"


def test_an_actual_birth_wins_over_an_expected_one_in_the_same_file(council):
    expected = "<ExpectedPersonBirthDate>2023-08-20</ExpectedPersonBirthDate>"
    council.census(2024, child("HELPED", case("2023-06-01"), born="2023-08-16", more=expected))
    assert shown(council.bring_in().members[0].child.birth) == "2023-08-16"
    later = "<ExpectedPersonBirthDate>2024-05-20</ExpectedPersonBirthDate>"
    council.census(2024, child("HELPED", case("2023-08-15"), born="", sex="<Sex>U</Sex>", more=later))
    council.census(2023)
    council.write("returns/cin/2023.xml", (council.root / "returns/cin/2023.xml").read_text().replace("HELPED", "X"))
    council.write("returns/903/2023/header.csv", "CHILD,SEX,DOB,ETHNIC\nX,1,05/05/2012,WBRI\n")
    council.write("returns/903/2024/header.csv", "CHILD,SEX,DOB,ETHNIC\nX,1,05/05/2012,WBRI\n")
    found = council.bring_in().members[0].child
    assert (shown(found.birth), found.sex) == ("2024-05-20", "unborn")


def test_what_programs_write_in_an_empty_cell_is_blank(council):
    council.write("returns/list.csv", "Child,From,To\nHELPED,01/09/2023,NULL\n")
    council.write("returns/homes.csv", "Child,House\nHELPED,NULL\nSISTER,NULL\n")
    council.census(2024, child("SISTER", case("2023-06-01", inside=SUPPORT)))
    council.settings["households"] = {"file": "returns/homes.csv", "columns": {"child": "Child", "household": "House"}}
    imported = council.bring_in()
    assert imported.members[0].excluded == "support not ended"
    assert compared(council) == ["SISTER"], "NULL is no household that two children share"


def test_a_birth_that_contradicts_the_records_is_not_known_and_the_child_not_analysed(council):
    """So that the contracts, which refuse such dates, do not refuse the whole study for one child."""
    assert (contracts_model.UNBORN_DAYS, CHILDREN.ordered[1].most_days) == (UNBORN_DAYS, OLDEST_DAYS)
    council.census(2024, child("HELPED", case("2023-06-01"), born="2024-03-30"))
    found = council.bring_in().members[0]
    assert (found.child.birth, found.excluded) == (0, "date of birth contradicts the records")
    council.census(2024, child("HELPED", case("2023-06-01"), born="1990-03-30"))
    assert council.bring_in().members[0].excluded == "date of birth contradicts the records"
    council.census(2024, child("HELPED", case("2023-06-01"), born="2024-03-26"))
    assert not council.bring_in().members[0].excluded, "299 days"


def test_a_household_of_very_many_children_is_doubted(council):
    names = ["HELPED", *(f"K{number}" for number in range(20))]
    council.write("returns/homes.csv", "Child,House\n" + "".join(f"{name},0\n" for name in names))
    council.settings["households"] = {"file": "returns/homes.csv", "columns": {"child": "Child", "household": "House"}}
    assert len(council.bring_in().doubts.children("in a very large household")) == 21


def test_an_end_after_its_file_is_doubted_and_what_lies_beyond_the_days_covered_is_not_written(council):
    council.census(2024, child("HELPED", case("2023-06-01", "2024-05-01", inside=plan("2023-07-01", "2024-04-09"))))
    imported = council.bring_in()
    assert imported.doubts.children("ends after the last day of its file") == {"HELPED"}
    written = tables(imported, {"HELPED": "C1"}, {"child HELPED": "F1"})["spells"]
    assert written.splitlines()[1:] == ["C1,CIN,2023-06-01,2023-07-01", "C1,CP,2023-07-01,"]


def test_a_row_of_no_day_gives_way_to_one_that_begins_on_the_same_day_and_lasts(council):
    """A placement left on its first day, an agreement of short breaks, a case opened twice would hide the other."""
    first = ("HELPED", "01/06/2023", "S", "V2", "01/06/2023", "X1", "U1")
    council.care(2024, first, ("HELPED", "01/06/2023", "P", "V2", "", ""))
    assert council.spells("HELPED", "CLA") == ["CLA 2023-06-01 to open"]
    council.care(2024, ("HELPED", "01/06/2023", "S", "V4", "01/03/2024", "E8"), ("HELPED", "01/06/2023", "S", "C2"))
    assert council.spells("HELPED", "CLA") == ["CLA 2023-06-01 to open"]
    council.care(2024, names=["HELPED"])
    council.census(2024, child("HELPED", case("2023-06-01"), case("2023-06-01", "2023-06-01")))
    assert council.spells("HELPED") == ["CIN 2023-06-01 to open"]


def test_factors_stay_where_a_newer_file_has_the_assessment_without_them(council):
    council.census(2023, child("HELPED", case("2022-06-01", inside=assessed("2022-06-02", "2022-07-01", "3A"))))
    council.census(2024, child("HELPED", case("2022-06-01", inside=assessed("2022-06-02", "2022-07-01"))))
    assert council.bring_in().members[0].assessment.factors == ("3A",)


def test_a_code_that_is_not_known_is_counted_and_not_written(council):
    odd = case("2023-06-01", need="N99", inside=assessed("2023-06-02", "2023-07-01", "3a", "99X"))
    council.census(2023, child("HELPED", odd))
    council.census(2024, child("HELPED", odd))
    imported = council.bring_in()
    assert imported.members[0].child.referrals == {day("2023-06-01"): ""}
    assert imported.members[0].assessment.factors == ("3A",)
    assert sorted(name for (_, name), number in imported.ledger.unknown.items() if number == 1) == sorted(
        2 * ["AssessmentFactors", "PrimaryNeedCode"]
    )


def test_a_case_that_begins_after_its_file_is_doubted(council):
    council.census(2024, child("HELPED", case("2023-06-01")), child("OTHER", case("2023-06-02")))
    council.census(2023, child("HELPED", case("2023-05-01")))
    assert council.bring_in().doubts.lists["begins after the last day of its file"] == {
        ("HELPED", "referrals and cases: 2023-05-01")
    }


def test_published_figures_stand_beside_the_councils_own(council):
    council.settings["published"] = {2024: {"in_need": 412, "on_plan": 61}}
    held = lines(council.bring_in())
    told = {(year, what): (printed, n) for part, year, what, printed, n in held if part == "31_march"}
    assert told["2024", "in_need"] == ("412", "1")
    assert told["2024", "on_plan"] == ("61", "0")
    table = next(table for table, _ in report_tables(held) if table.name == "import_31_march")
    assert table.frame.query("year == '2024'")["published"].tolist()[:2] == [412, 61]


def test_need_that_is_no_need_is_kept_and_counted(council):
    council.census(2024, child("HELPED", case("2023-06-01", need="N9")))
    assert council.bring_in().counts["cases whose need is “not in need” (N9), kept"] == 1
    assert council.spells("HELPED") == ["CIN 2023-06-01 to open"]


def test_the_days_covered_begin_with_the_first_year_that_every_source_has(council):
    council.care(2022, ("HELPED", "01/06/2021", "S", "C2", "01/09/2021", "E4A"))
    assert shown(council.bring_in().covered.first_day) == "2022-04-01"


def test_rows_that_do_not_add_up_stop_the_import_before_anything_is_written():
    ledger = Ledger()
    row = CareRow("A", 1, 2, ledger.file("episodes.csv"))
    ledger.read[row.file, "episodes of care"] += 2
    ledger.settle(row, "used")
    with pytest.raises(ArithmeticError, match=r"episodes.csv, episodes of care: 2 rows read, 1 accounted for"):
        ledger.lines()


def test_the_import_stays_light():
    """Within 250 MB for five years of a large council (benchmarks/returns.py): pandas alone would take 90 of them."""
    words = "import sys, stepdown.importing; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", words], check=False).returncode == 0


# --- ids


def test_a_prefix_is_taken_off_only_where_it_is_named(council):
    council.care(2024, ("871/HELPED", "01/06/2023", "S", "V2", "01/08/2023", "E4A"))
    council.care(2023, names=["871/HELPED"])
    with pytest.raises(Refused, match="two systems"):
        council.bring_in()
    council.settings["ids"] = {"strip_prefix": {"looked_after": "871/"}}
    assert council.spells("HELPED", "CLA") == ["CLA 2023-06-01 to 2023-08-01"]


def test_leading_zeros_join_only_where_that_is_unique(council):
    council.census(2024, child("0041207", case("2023-06-01")), child("99", case("2023-06-01")))
    council.write("returns/list.csv", "Child,From,To\n41207,01/09/2023,01/12/2023\n")
    assert council.spells("0041207") == ["CIN 2023-06-01 to open"]
    council.settings["ids"] = {"leading_zeros": "refuse"}
    with pytest.raises(Refused, match="leading zeros"):
        council.bring_in()
    council.settings["ids"] = {}
    council.census(2024, child("0041207", case("2023-06-01")), child("041207", case("2023-07-01")))
    with pytest.raises(Refused, match="no child is in any return"):
        council.bring_in()


def test_one_child_under_two_ids_is_proposed_and_joined_only_when_told(council):
    upn = "<UPN>A999000000001</UPN>"
    council.census(2023, child("OLD", case("2022-06-01", "2022-09-01"), more=upn))
    council.census(2024, child("HELPED", case("2023-06-01"), more=upn))
    assert council.bring_in().doubts.children("perhaps one child") == set(), "HELPED stands in 2023 beside OLD"
    text = (council.root / "returns/cin/2023.xml").read_text()
    council.write("returns/cin/2023.xml", text.replace("HELPED", "X"))
    council.write("returns/903/2023/header.csv", "CHILD,SEX,DOB,ETHNIC\nX,1,05/05/2012,WBRI\n")
    assert council.bring_in().doubts.lists["perhaps one child"] == {("HELPED", "and OLD: same UPN, birth and sex")}
    assert council.spells("HELPED") == ["CIN 2023-06-01 to open"]
    council.write("returns/same.csv", "old id,new id\nOLD,HELPED\n")
    council.settings["same_child"] = "returns/same.csv"
    assert council.spells("HELPED") == ["CIN 2022-06-01 to 2022-09-01", "CIN 2023-06-01 to open"]
    council.write("returns/same.csv", "old id,new id\nOLD,HELPED\nHELPED,OLD\n")
    with pytest.raises(Refused, match="circle"):
        council.bring_in()


# --- groups


def test_two_periods_of_support_exclude_the_child_or_are_refused(council):
    council.write("returns/list.csv", "Child,From,To\nHELPED,01/09/2023,01/12/2023\nHELPED,01/02/2024,01/03/2024\n")
    assert council.bring_in().members[0].excluded == "two periods of support"
    council.settings["programme"]["two_periods"] = "refuse"
    with pytest.raises(Refused, match="two periods on the list: 1 children"):
        council.bring_in()


def test_a_child_of_the_list_in_no_return_is_a_nought_only_with_a_reason(council):
    council.write("returns/list.csv", "Child,From,To\nHELPED,01/09/2023,01/12/2023\nNOBODY,01/09/2023,01/12/2023\n")
    assert [m.child.id for m in council.bring_in().members if m.programme] == ["HELPED"]
    council.settings["programme"]["unmatched"] = "no_contact"
    with pytest.raises(Refused, match="unmatched_reason"):
        council.bring_in()
    council.settings["programme"]["unmatched_reason"] = "ids were checked one by one"
    assert [m.child.id for m in council.bring_in().members if m.programme] == ["HELPED", "NOBODY"]


def test_factors_are_named_in_any_capitals_and_one_that_the_census_has_not_is_refused(council):
    council.census(2024, child("OTHER", case("2023-06-01", inside=SUPPORT)))
    council.settings["comparison"]["factors"] = ["3a"]
    assert compared(council) == ["OTHER"]
    council.settings["comparison"]["factors"] = ["3A", "3Z"]
    with pytest.raises(Refused, match="the census has no 3Z") as refused:
        council.bring_in()
    assert len(refused.value.faults) == 1


def test_an_end_of_support_years_ahead_is_support_not_ended(council):
    council.write("returns/list.csv", "Child,From,To\nHELPED,01/09/2023,01/12/2033\n")
    found = council.bring_in().members[0]
    assert (found.excluded, shown(found.end)) == ("support not ended", "2024-03-31")
    council.write("returns/list.csv", "Child,From,To\nHELPED,01/09/2023,01/12/2024\n")
    assert not council.bring_in().members[0].excluded


def compared(council):
    return [member.child.id for member in council.bring_in().members if not member.programme]


def test_the_household_of_a_child_on_the_list_is_not_compared(council):
    seen = case("2023-06-01", inside=SUPPORT)
    council.census(2024, *(child(name, seen) for name in ("SISTER", "COUSIN", "OTHER")))
    assert compared(council) == ["COUSIN", "OTHER", "SISTER"]
    council.write("returns/homes.csv", "Child,House\nHELPED,H1\nSISTER,H1\nOTHER,H2\n")
    council.settings["households"] = {"file": "returns/homes.csv", "columns": {"child": "Child", "household": "House"}}
    assert compared(council) == ["COUSIN", "OTHER"]
    assert council.bring_in().doubts.children("in no household") == {"COUSIN"}


def test_who_is_compared_is_under_18_and_has_the_first_assessment_with_a_factor(council):
    first = assessed("2023-06-02", "2023-07-01", "2A").replace("2A", "3a ")
    two = case("2023-06-01", inside=assessed("2023-07-12", "2023-08-01", "3A") + first)
    grown = child("GROWN", case("2023-06-01", inside=SUPPORT), born="2005-06-02")
    nearly = child("NEARLY", case("2023-06-01", inside=SUPPORT), born="2005-06-03")
    council.census(2024, child("TWO", two), grown, nearly)
    found = {m.child.id: m for m in council.bring_in().members if not m.programme}
    assert sorted(found) == ["NEARLY", "TWO"]
    assert shown(found["TWO"].end) == "2023-07-01"


def test_clock_lag_begins_at_authorisation_plus_the_median_wait(council):
    """By hand: authorised 1 July, support from 1 September: 62 days; another child waited 20: the lower middle one."""
    seen = case("2023-06-01", inside=SUPPORT)
    council.census(2024, child("HELPED", seen), child("SECOND", seen), child("OTHER", seen))
    council.write("returns/list.csv", "Child,From,To\nHELPED,01/09/2023,01/12/2023\nSECOND,21/07/2023,01/12/2023\n")
    council.settings["comparison"]["clock"] = "lag"
    imported = council.bring_in()
    other = next(member for member in imported.members if member.child.id == "OTHER")
    assert imported.lag_days == 20
    assert (shown(other.start), shown(other.end)) == ("2023-07-21", "2023-07-21")


# --- Annex A


def annex_a(council, when="2024-08-31", *, six=(), seven=(), eight=(), three=()):
    common = ["Child Unique ID", "Gender", "Ethnicity", "Date of Birth"]
    who = lambda name: [name, "a) Male", "a) WBRI", date(2012, 5, 5)]  # noqa: E731
    workbook(
        council.root / "returns/annex.xlsx",
        {
            "List 3": [[*common, "Date of Referral", "Referral NFA?"], *([*who(n), *r] for n, *r in three)],
            "List 6": [
                ["List 6: children in need"],
                [],
                [*common, "CIN Start Date", "Primary Need Code", "CIN Closure Date", "Reason for Closure"],
                *([*who(n), *r] for n, *r in six),
            ],
            "List 7": [
                [*common, "Child Protection Plan Start Date", "Child Protection Plan End Date"],
                *([*who(n), *r] for n, *r in seven),
            ],
            "Sheet4": [
                ["List 8 – children in care"],
                [*common, "Date Started to be Looked After", "Child’s  Legal Status", "Date Ceased to be Looked After"],
                *([*who(n), *r] for n, *r in eight),
            ],
        },
    )
    council.settings["returns"]["annex_a"] = {date.fromisoformat(when): "returns/annex.xlsx"}


def test_annex_a_carries_the_returns_on(council):
    council.census(2024, child("HELPED", case("2023-06-01", inside=SUPPORT + plan("2023-08-01"))))
    council.care(2024, ("HELPED", "01/10/2023", "P", "C2", "", ""))
    annex_a(
        council,
        three=[("HELPED", "03/05/2024", "b) No")],
        six=[("HELPED", date(2023, 6, 1), "N1", "30/06/2024", "RC7 - other")],
        seven=[("HELPED", date(2023, 8, 1), "2024-05-01")],
        eight=[("HELPED", date(2019, 2, 3), "C2", date(2024, 6, 2))],
    )
    assert council.spells("HELPED") == [
        "CLA 2019-02-03 to 2024-06-02",
        "CP 2023-08-01 to 2024-05-01",
        "CIN 2024-06-02 to 2024-06-30",
    ]
    assert not council.bring_in().doubts.children("vanished"), "list 8 has the beginning of the whole period"
    assert shown(council.bring_in().covered.last_day) == "2024-08-31"


def test_a_case_open_on_31_march_and_in_no_list_ends_on_1_april(council):
    council.care(2024, ("HELPED", "01/12/2023", "S", "C2", "", ""))
    annex_a(council)
    assert council.spells("HELPED") == ["CIN 2023-06-01 to 2023-12-01", "CLA 2023-12-01 to 2024-04-01"]


def test_a_case_under_a_plan_that_the_lists_have_open_has_not_vanished(council):
    """A council's list 6 may leave out who is on a plan or in care; once that ended, an open case would stand there."""
    council.census(2024, child("HELPED", case("2023-06-01", inside=SUPPORT + plan("2023-08-01"))))
    council.settings["decisions"] = {"in_need_days": "whole_episode"}
    annex_a(council, seven=[("HELPED", date(2023, 8, 1), "")])
    assert council.spells("HELPED") == ["CIN 2023-06-01 to open", "CP 2023-08-01 to open"]
    assert not council.bring_in().doubts.children("vanished")
    annex_a(council, seven=[("HELPED", date(2023, 8, 1), date(2024, 6, 1))])
    assert council.spells("HELPED") == ["CIN 2023-06-01 to 2024-04-01", "CP 2023-08-01 to 2024-06-01"]
    assert council.bring_in().doubts.children("vanished") == {"HELPED"}


@pytest.mark.parametrize(
    ("when", "last"),
    [("2024-10-01", "2024-10-01"), ("2024-10-02", "2024-03-31"), ("2024-03-31", "2024-03-31")],
)
def test_annex_a_is_joined_only_where_its_six_months_reach_back(council, when, last):
    annex_a(council, when, six=[("HELPED", date(2023, 6, 1), "N1", "", "")])
    assert shown(council.bring_in().covered.last_day) == last
    assert council.spells("HELPED") == ["CIN 2023-06-01 to open"]


def test_care_is_read_from_the_xml_form_as_from_the_csv_files(council):
    rows = [
        ("HELPED", "01/06/2023", "S", "V2", "01/08/2023", "X1"),
        ("HELPED", "01/08/2023", "P", "V2", "01/09/2023", "E4A"),
    ]
    council.care(2024, *rows)
    by_csv = council.spells("HELPED", "CLA")
    episodes = "".join(
        f"<EPISODE><DECOM>{decom}</DECOM><RNE>{rne}</RNE><LS>{legal}</LS><CIN>N1</CIN><PL>U4</PL>"
        f"<DEC>{dec}</DEC><REC>{rec}</REC></EPISODE>"
        for _, decom, rne, legal, dec, rec in rows
    )
    head = "<HEADER><CHILDID>HELPED</CHILDID><UPN/><SEX>1</SEX><DOB>05/05/2012</DOB><ETHNIC>WBRI</ETHNIC></HEADER>"
    council.write("returns/903.xml", f"<EXPSSDA903><CHILD>{head}{episodes}</CHILD></EXPSSDA903>")
    council.settings["returns"]["looked_after"][2024] = "returns/903.xml"
    assert council.spells("HELPED", "CLA") == by_csv == ["CLA 2023-06-01 to 2023-09-01"]


# --- care, held against an independent reading by single days

RETURNS = [day(f"{year}-03-31") for year in (2023, 2024, 2025)]
LAST = RETURNS[-1] + 60


@st.composite
def one_child(draw):
    """Rows of one child as returns hold them: in order, each in every return of a year that it touches."""
    at, rows = day("2022-05-01"), []
    for _ in range(draw(st.integers(1, 6))):
        at += draw(st.integers(1, 200))
        end = at + draw(st.integers(1, 250)) if draw(st.booleans()) else 0
        newest = next((d for d in RETURNS if d >= (end or at)), None)
        if newest is None:
            break
        seen = newest if end else draw(st.sampled_from([d for d in RETURNS if d >= at]))
        rec = draw(st.sampled_from(["X1", "E4A", ""])) if end else ""
        rne, legal = draw(st.sampled_from("SSLPT")), draw(st.sampled_from(["V2", "C2", "V4"]))
        rows.append(CareRow("A", at, seen, 0, end, rne, legal, rec, f"P{at}", seen))
        at = end or at
    return rows


def days_by_hand(rows):
    """Each row's own days, then those of bridged gaps: nothing is chained."""
    days, kept = set(), [row for row in rows if row.legal != "V4"]
    for row, after in zip_longest(kept, kept[1:]):
        end = row.end
        if not end and after is not None and after.rne != "S":
            end = after.start
        elif not end:
            end = LAST if row.day == RETURNS[-1] else row.day + 1
        days |= set(range(row.start, end))
        if row.end and row.rec == "X1" and after is not None and after.rne != "S":
            days |= set(range(row.end, after.start))
    return {d for d in days if d < LAST}


@settings(max_examples=400, deadline=None)
@given(one_child(), st.randoms())
def test_days_in_care_agree_with_an_independent_reading_by_single_days(rows, chance):
    turned = list(rows)
    chance.shuffle(turned)
    found = care_of(turned, RETURNS, count_v3=False)
    days = {d for spell in found.spells for d in range(spell.start, min(spell.end, LAST))}
    assert days == days_by_hand(rows)
    assert sorted(row for row, _ in found.fates) == sorted(rows), "each row has one fate"
