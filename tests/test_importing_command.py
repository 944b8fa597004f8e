"""``stepdown import``: what it prints, writes and refuses."""

import re
import shutil
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from returns_support import workbook
from stepdown import describe
from stepdown.audit import run_audit
from stepdown.commands.check import checked
from stepdown.commands.importing import import_command
from stepdown.commands.new import new_command
from stepdown.faults import Refused
from stepdown.params import load_study

FERNSHIRE = Path(__file__).parent / "cases" / "fernshire"


@pytest.fixture
def root(tmp_path, monkeypatch):
    shutil.copytree(FERNSHIRE, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def called(*arguments):
    return CliRunner().invoke(import_command, ["params/families_first_import.yaml", *arguments], catch_exceptions=False)


def test_look_says_all_and_writes_nothing(root):
    before = set(root.rglob("*"))
    said = called("--look")
    assert said.exit_code == 0
    assert "vanished: 1" in said.output
    assert "child from 'Mosaic ID', start from 'Started support'" in said.output
    assert "birth from 'DOB'" in said.output
    assert "not read: Age of Child (Years)" in said.output
    assert "not in a household of a child on the list: 16" in said.output
    assert "6123518" not in said.output, "no id on a terminal that may be logged"
    assert set(root.rglob("*")) == before


def test_who_checks_an_import_is_told_how(root):
    with pytest.raises(Refused, match="stepdown import params/families_first_import.yaml --look"):
        checked("params/families_first_import.yaml")


def test_the_study_file_is_refused_until_a_person_has_completed_it(root):
    assert "params/families_first.yaml" in called().output
    with pytest.raises(Refused, match=r"families_first\.yaml, lines 5, 8"):
        load_study("params/families_first.yaml")
    completed(root)
    study = load_study("params/families_first.yaml")
    assert str(study.settings.data.first_date) == "2023-04-01"
    assert "short breaks" in study.settings.data.counting


def test_a_second_import_keeps_the_study_file_and_says_so(root):
    called()
    completed(root)
    assert "was kept; copy what is new from data/families_first/study_file.yaml" in called().output


def completed(root):
    file = root / "params/families_first.yaml"
    file.write_text(file.read_text().replace("title: ???", "title: Made up").replace("- ???", "- Did it help?"))


def test_the_match_report_shows_no_small_number(root):
    called()
    page = (root / "data/families_first/match_report.html").read_text()
    shown = [int(text) for text in re.findall(r'<td class="num">(\d+)</td>', page)]
    assert shown
    assert not [number for number in shown if 0 < number <= 5]
    assert "The returns are made up" in page


def test_the_study_shows_what_the_import_did(root):
    called()
    completed(root)
    tables = {table.name: table.frame for table, _ in describe.imported(load_study("params/families_first.yaml"))}
    assert list(tables) == ["import_rules", "import_rows", "import_doubts", "import_pool", "import_31_march"]
    assert tables["import_pool"]["children"].tolist() == [11, 2, 10, 1, 0, 0, 16]
    assert tables["import_pool"]["children"].sum() == 40, "every child of the returns falls once or is compared"


def test_a_refusal_shows_the_value_on_the_terminal_and_ends_with_2(root):
    path = root / "returns/programme_list.csv"
    path.write_text(path.read_text().replace("08/04/2024", "04/28/2024"))
    said = called()
    assert said.exit_code == 2
    assert "American order" in said.output
    assert "04/28/2024" in said.output
    assert not (root / "data").exists()


def new(*arguments):
    return CliRunner().invoke(new_command, arguments, catch_exceptions=False)


def test_new_finds_the_returns_and_asks_what_only_a_person_knows(root):
    said = new("ff", "--kind", "returns", "--synthetic")
    assert said.exit_code == 0
    assert "params/ff_import.yaml, with ??? in 6 places" in said.output
    assert said.output.endswith("stepdown import params/ff_import.yaml --look\n")
    text = (root / "params/ff_import.yaml").read_text()
    assert "2024-02-12" in text, "the latest day of a return helps to tell its year"
    assert "a sheet of it says 2025-08-31" in text
    answers = iter(["???", "2024", "2025", "2025-08-31", "Families First", "2023-10-01", "2024-09-30"])
    text = re.sub(r"\?\?\?", lambda _: next(answers), (root / "params/ff_import.yaml").read_text())
    (root / "params/ff_import.yaml").write_text(text)
    done = CliRunner().invoke(import_command, ["params/ff_import.yaml"], catch_exceptions=False)
    assert done.exit_code == 0
    first = (root / "data/ff/children.csv").read_text()
    called()
    assert first == (root / "data/families_first/children.csv").read_text().replace("Programme", "Families First")


def test_new_finds_a_list_on_any_sheet_and_names_what_it_does_not_know(root):
    (root / "returns/programme_list.csv").unlink()
    rows = [
        ["Families helped"],
        [],
        ["Person ID", "Worker", "Start: Date", "End Date"],
        ["41207", "A", "05/02/2024", ""],
    ]
    workbook(root / "returns/who # had it.xlsx", {"Read me": [["Ask the manager"]], "2024": rows})
    (root / "returns/budget.csv").write_text("item,pounds\nstaff,1\n")
    assert new("ff", "--kind", "returns").exit_code == 0
    text = (root / "params/ff_import.yaml").read_text()
    years = iter(range(2000, 2099))
    told = yaml.safe_load(re.sub(r"\?\?\?", lambda _: str(next(years)), text))
    assert told["programme"]["list"] == "returns/who # had it.xlsx"
    assert told["programme"]["columns"] == {"child": "Person ID", "start": "Start: Date", "end": "End Date"}
    assert "#   returns/budget.csv" in text


def test_new_asks_only_on_a_terminal_and_never_overwrites(root):
    assert "no terminal to ask in" in new("ff").output
    assert new("ff", "--kind", "report").exit_code == 0
    assert "already exists" in new("ff", "--kind", "report").output
    assert new("Big Name", "--kind", "returns").exit_code == 2


def test_new_for_a_report_leads_to_a_page_of_checks(root):
    assert new("ours", "--kind", "report").exit_code == 0
    folder = root / "data/published/ours"
    (folder / "table_8.csv").write_text("Age,Count\n0-4,10\n5-9,12\nTotal,23\n")
    for path, answers in (
        (folder / "source.yaml", ["Evaluation of X", "Y Council", "March 2024", '"none said"']),
        (
            root / "params/ours.yaml",
            ["Check", "All.", '{kind: total, total: "t | Total | Count", parts: "t | * | Count"}'],
        ),
    ):
        head, text = path.read_text().split("\n\n" if path.name == "ours.yaml" else "printed\n", 1)
        left = iter(answers)
        text = re.sub(r"\?\?\?", lambda _, left=left: next(left), text).replace("{}", "{t: {file: ours/table_8}}")
        path.write_text(head.replace("???", "") + "\n" + text)
    ((check, _),) = run_audit(root / "params/ours.yaml").findings()
    assert (check.kind, check.published, check.recomputed) == ("total", "23", "22")


def test_new_for_tables_refuses_what_lies_elsewhere_and_what_is_no_table(root, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "children.csv"
    elsewhere.write_text("child_id,family_id,group,start_date,end_date\n")
    assert "copy them to data/ff" in new("ff", "--from", str(elsewhere)).output
    (root / "notes.csv").write_text("a,b\n1,2\n")
    assert "no table of children" in new("ff", "--from", "notes.csv").output
    assert "give --from on the command line" in new("ff", "--kind", "tables").output
    assert not (root / "params/ff.yaml").exists()


def test_new_without_returns_says_where_they_go(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "with ??? in 4 places" in new("ff", "--kind", "returns").output
    text = (tmp_path / "params/ff_import.yaml").read_text()
    assert "returns/cin/*.xml  # none found yet: put the files there" in text
    answers = iter(["???", "{2024: returns/903}", "Families First", "2023-10-01", "2024-03-31"])
    (tmp_path / "params/ff_import.yaml").write_text(re.sub(r"\?\?\?", lambda _: next(answers), text))
    said = CliRunner().invoke(import_command, ["params/ff_import.yaml", "--look"], catch_exceptions=False)
    assert said.exit_code == 2
    assert "correct the path under returns.cin_census" in said.output
