"""The sample returns of Fernshire: each planted case, by hand from what was planted (tests/cases/fernshire)."""

import csv
import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from returns_support import in_words
from stepdown.importing import ImportSettings, bring_in, lines, write
from stepdown.importing.rows import shown
from stepdown.params import load

FERNSHIRE = Path(__file__).parent / "cases" / "fernshire"
PARAMS = "params/families_first_import.yaml"


@pytest.fixture(scope="module")
def imported():
    return bring_in(load(FERNSHIRE / PARAMS, ImportSettings), FERNSHIRE)


@pytest.fixture(scope="module")
def members(imported):
    return {member.child.id: member for member in imported.members}


SPELLS = {
    # leading zeros lost in the list and in Annex A; in need, on a plan, in need
    "0041207": ["CIN 2023-11-06 to 2024-01-15", "CP 2024-01-15 to 2024-07-03", "CIN 2024-07-03 to 2024-09-12"],
    # open through both years and in Annex A; its child in need plan is not counted beside its case
    "2203311": ["CIN 2023-06-12 to open"],
    # plan and care together for 8 days; three care episodes joined by X1 over two returns
    "3107764": ["CIN 2023-08-01 to 2023-10-10", "CP 2023-10-10 to 2024-02-20", "CLA 2024-02-12 to open"],
    # in care twice; L on 18 July goes on from S on 15 July; the case's end is only in Annex A
    "3107765": [
        "CIN 2023-08-01 to 2023-09-20",
        "CLA 2023-09-20 to 2023-12-04",
        "CIN 2023-12-04 to 2024-07-15",
        "CLA 2024-07-15 to 2025-02-10",
        "CIN 2025-02-10 to 2025-05-16",
    ],
    # the plan ended in year 1 and is not in the second file, the case is
    "4410902": ["CIN 2023-05-03 to 2023-06-20", "CP 2023-06-20 to 2024-03-12", "CIN 2024-03-12 to 2024-12-20"],
    # closed after assessment (RC8): a referral, no spell; referred again later
    "4410955": ["CIN 2024-03-05 to 2025-01-17"],
    # closure typed a year early
    "6123400": [],
    # open in the first file, in no later one and not in Annex A
    "6123518": ["CIN 2023-12-11 to 2024-04-01"],
    # a referral without further action, then a case
    "1500001": ["CIN 2023-10-16 to 2024-04-26"],
    # closed to early help after assessment (RC9)
    "1500002": [],
    # opened and closed on one day: an episode without days
    "1500003": ["CIN 2023-05-22 to 2023-05-22", "CIN 2024-01-29 to 2024-06-07"],
    # V4, then a care order without a new S: care begins on the day of the order
    "1500007": ["CIN 2023-04-20 to 2024-06-10", "CLA 2024-06-10 to open"],
    # closed, and left care, after the last return: only Annex A has the end
    "1500008": ["CIN 2024-02-05 to 2025-06-20"],
    "1500009": ["CIN 2023-10-30 to 2024-11-04", "CLA 2024-11-04 to 2025-07-07", "CIN 2025-07-07 to open"],
    # referred again after the last return; the plan is only in list 7
    "8100006": ["CIN 2024-01-15 to 2024-03-28", "CIN 2025-05-12 to 2025-06-10", "CP 2025-06-10 to open"],
}


@pytest.mark.parametrize("child", SPELLS)
def test_spells_by_hand(members, child):
    assert in_words(members[child].child.spells) == sorted(SPELLS[child], key=lambda words: words.split()[1])


def test_who_is_in_the_study(imported, members):
    helped = [m for m in imported.members if m.programme]
    assert len(helped) == 15, "17 rows: one twice, one in no return"
    assert {m.child.id: m.excluded for m in helped if m.excluded} == {
        "6123400": "dates in the returns contradict each other",
        "7001002": "support not ended",
    }
    assert members["7001002"].end == date(2025, 8, 31).toordinal()
    assert "9999999" not in members, "on the list, in no return"
    assert "1500010" not in members, "lives with children of the programme"
    assert not {"8100001", "8100002", "8100003", "8100004", "8100005", "8100007"} & set(members), "in neither group"


def test_the_groups_have_the_days_in_need_that_the_design_was_tried_with(imported):
    """Design: 196 days in need in the six months before for 16 compared children, against 931 for 12."""
    days, number = Counter(), Counter()
    for member in imported.members:
        if member.excluded or member.child.birth > member.start:
            continue
        end = date.fromordinal(member.start)
        months = end.year * 12 + end.month - 1 - 6
        last = (date(months // 12 + (months % 12 == 11), (months + 1) % 12 + 1, 1)).toordinal() - 1
        begin = min(date(months // 12, months % 12 + 1, 1).toordinal() + end.day - 1, last)
        number[member.programme] += 1
        days[member.programme] += sum(
            max(0, min(s.end, member.start) - max(s.start, begin)) for s in member.child.spells if s.status == "CIN"
        )
    assert (number[True], days[True]) == (12, 931)
    assert (number[False], days[False]) == (16, 196)


def test_who_could_be_compared_step_by_step(imported):
    assert [number for _, number in imported.steps] == [40, 29, 27, 17, 16, 16, 16]


def test_facts_of_a_child(members):
    born = members["5500123"]
    assert (shown(born.child.birth), born.child.sex) == ("2024-04-16", "female"), "unborn in the first file"
    assert born.start < born.child.birth, "support began before birth"
    assert members["7000991"].child.ethnicity == "WBRI", "known in year 1, NOBT in year 2"
    assert shown(members["1500005"].child.birth) == "2014-08-04", "the census wins over the care return"


def test_referrals_and_their_index(members):
    assert {shown(day): need for day, need in members["1500001"].child.referrals.items()} == {
        "2023-07-09": "",
        "2023-10-16": "N1",
    }
    assert shown(members["4410955"].index_referral) == "2024-03-05"
    assert "2025-04-22" in {shown(day) for day in members["0041207"].child.referrals}, "only in list 3"
    first = members["1500006"]
    assert (shown(first.start), shown(first.end)) == ("2023-11-21", "2024-01-04"), "the first of two assessments"


def test_factors_come_from_the_last_assessment_that_had_begun(members):
    assert members["9038486"].assessment.factors == ("3B",), "open at the year's end: factors in the next file"
    assert members["4410955"].assessment.factors == ("3B", "4B")


def test_the_doubts_are_listed(imported):
    found = {doubt: sorted(imported.doubts.children(doubt)) for doubt in imported.doubts.lists}
    assert found == {
        "births that differ": ["1500005"],
        "contradictory dates": ["6123400"],
        "id matched without leading zeros": ["0041207", "0041208"],
        "on the list, in no return": ["9999999"],
        "support not ended": ["7001002"],
        "vanished": ["6123518"],
    }


def test_what_is_counted_over_all_children(imported):
    assert {what: number for what, number in imported.counts.items() if number} == {
        "children in Children in Need census": 24,
        "children in Annex A and Children in Need census": 7,
        "children in Annex A and Children in Need census and looked-after return": 7,
        "children in Annex A and looked-after return": 1,  # 8100003
        "children in Annex A": 1,  # 8100004
        "referrals without further action": 3,  # 0041207 (only in list 3), 1500001, 8100005
        "cases closed after assessment (RC8)": 1,  # 4410955
        "cases closed after assessment (RC9)": 1,  # 1500002
        "short breaks (V3, V4) left out": 6,
        "children on a plan and in care on the same days": 1,  # 3107764
        "days both on a plan and in care": 8,
    }


def test_what_a_council_can_hold_against_its_published_figures(imported):
    assert imported.on_31_march == {
        (2024, "in_need"): 25,
        (2024, "on_plan"): 7,
        (2024, "looked_after"): 2,
        (2025, "in_need"): 12,
        (2025, "on_plan"): 1,
        (2025, "looked_after"): 5,
    }


def test_rows_in_are_rows_used_and_rows_left_out(imported):
    """By an independent count of the files' own elements and lines."""
    total = Counter()
    for section, file, kind, _, number in lines(imported):
        if section == "rows":
            total[file, kind] += int(number)
    for year in (2024, 2025):
        text = (FERNSHIRE / f"returns/cin/CIN_{year}.xml").read_text()
        for kind, tag in (
            ("children", "<Child>"),
            ("referrals and cases", "<CINdetails>"),
            ("assessments", "<Assessments>"),
            ("child protection plans", "<ChildProtectionPlans>"),
            ("child in need plans", "<CINPlanDates>"),
        ):
            assert total[f"returns/cin/CIN_{year}.xml", kind] == text.count(tag)
    for year in ("2023-24", "2024-25"):
        with (FERNSHIRE / f"returns/903 {year}/episodes.csv").open() as file:
            assert total[f"returns/903 {year}/episodes.csv", "episodes of care"] == len(list(csv.DictReader(file)))
    assert total["returns/programme_list.csv", "rows of the list"] == 17
    assert total["returns/annex_a_2025-08-31.xlsx, sheet 'List_6'", "referrals and cases"] == 14


def copied(to):
    shutil.copytree(FERNSHIRE, to, dirs_exist_ok=True)
    return to


def written(root):
    write(bring_in(load(root / PARAMS, ImportSettings), root), root)
    made = [*(root / "data").rglob("*"), *(root / "restricted").rglob("*"), root / "params/families_first.yaml"]
    return {str(path.relative_to(root)): path.read_bytes() for path in made if path.is_file()}


def test_same_bytes_whatever_the_order_of_rows(tmp_path):
    plain, turned = copied(tmp_path / "plain"), copied(tmp_path / "turned")
    for path in (turned / "returns").rglob("*.csv"):
        head, *rows = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([head, *reversed(rows)]) + "\n", encoding="utf-8")
    for path in (turned / "returns/cin").glob("*.xml"):
        head, *children = path.read_text().split(" <Child>\n")
        last, tail = children[-1].split(" </Children>")
        turned_over = [last, *reversed(children[:-1])]
        path.write_text(" <Child>\n".join([head, *turned_over]) + " </Children>" + tail)
    assert written(plain) == written(turned)
    assert written(plain) == written(plain)


def test_nothing_of_a_child_leaves_the_restricted_folder(tmp_path):
    files = written(copied(tmp_path))
    with (tmp_path / "restricted/families_first/key.csv").open() as file:
        ids = {row["child_id"] for row in csv.DictReader(file)}
    assert len(ids) == 31
    for name, content in files.items():
        if not name.startswith("restricted/"):
            assert not [one for one in ids | {"9999999", "H01"} if one.encode() in content], name
    assert (tmp_path / "restricted/families_first").stat().st_mode & 0o077 == 0


def test_a_folder_that_no_import_wrote_is_not_overwritten(tmp_path):
    from stepdown.faults import Refused

    root = copied(tmp_path)
    (root / "data/families_first").mkdir(parents=True)
    (root / "data/families_first/children.csv").write_text("mine")
    with pytest.raises(Refused, match="no import wrote"):
        written(root)
    assert (root / "data/families_first/children.csv").read_text() == "mine"
    assert not (root / "restricted").exists()


def test_a_study_file_that_was_completed_is_kept(tmp_path):
    root = copied(tmp_path)
    written(root)
    mine = root / "params/families_first.yaml"
    mine.write_text(mine.read_text().replace("title: ???", "title: Mine"))
    written(root)
    assert "title: Mine" in mine.read_text()
    assert "title: ???" in (root / "data/families_first/study_file.yaml").read_text()
