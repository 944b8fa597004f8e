"""docs/your_own_notebook.md can be followed to the letter, and its worked measure touches the files that it says."""

import json
import re
import shutil
import sys
from pathlib import Path

import matplotlib as mpl
import pytest
from stepdown import measures
from stepdown.commands.picking import pick
from stepdown.contracts import read_study, registered
from stepdown.outcomes import child_outcomes
from stepdown.params import load_study
from stepdown.run.parameters import read_notebook
from stepdown.workbook import Book

ROOT = Path(__file__).parents[1]
TUTORIALS = ROOT / "docs" / "tutorials"
GUIDE = (ROOT / "docs/your_own_notebook.md").read_text(encoding="utf-8")
START = (ROOT / "notebooks/00_start.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", GUIDE, re.S)
SETTINGS = re.findall(r"```yaml\n(.*?)```", GUIDE, re.S)[0]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
STUDY = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/your_own_data.md").read_text(encoding="utf-8"), re.S)[0]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The small study as the guide to your own data makes it, in a project of its own; registers are put back."""
    shutil.copytree(ROOT / "tests/cases/small_study/data", tmp_path / "data" / "small_study")
    (tmp_path / "params").mkdir()
    (tmp_path / "params/small_study.yaml").write_text(STUDY, encoding="utf-8")
    registered.known_tables()
    for module, name in ((registered, "_REGISTERED"), (measures, "_DECLARED"), (measures, "_COUNTERS")):
        monkeypatch.setattr(module, name, dict(getattr(module, name)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "notebooks")
    monkeypatch.delitem(sys.modules, "wellbeing", raising=False)
    mpl.use("Agg")
    return tmp_path


@pytest.fixture
def shown(monkeypatch):
    """What a book showed, in place of a notebook's outputs: kind and plain text."""
    seen = []
    monkeypatch.setattr(Book, "_show", lambda self, kind, bundle, *_: seen.append((kind, bundle["text/plain"])))
    return seen


def test_a_notebook_of_ones_own_goes_from_a_data_frame_to_a_table_and_a_chart(project, shown):
    names = {}
    for block in PYTHON[:-1]:
        exec(compile(block, "docs/your_own_notebook.md", "exec"), names)  # noqa: S102 (the guide as it stands)
    assert len(names["children"]) == 8
    assert [kind for kind, _ in shown] == ["opening", "table", "chart"]
    assert "More than 90 days on a plan" in shown[1][1]


def test_the_start_page_names_every_notebook_with_what_its_first_cell_takes_and_every_link_leads_somewhere():
    rows = re.findall(r"^\| [^|]+\? \| \[(\w+)\]\((\w+\.ipynb)\) \| `(\w+)` \|$", START, re.M)
    assert [file for _, file, _ in rows] == sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    for name, file, takes in rows:
        assert file == f"{name}.ipynb"
        assert read_notebook(ROOT / "notebooks" / file).takes(takes)
    for link in re.findall(r"\]\(([^)]+)\)", START):
        assert (ROOT / "notebooks" / link).is_file(), link
    lab = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nlab:")[2]
    assert "app_settings_dir=notebooks/.lab --LabApp.default_url=/lab/tree/notebooks/00_start.md" in lab
    settings = json.loads((ROOT / "notebooks/.lab/overrides.json").read_text(encoding="utf-8"))
    assert settings["@jupyterlab/docmanager-extension:plugin"]["defaultViewers"]["markdown"] == "Markdown Preview"
    assert "../notebooks/00_start.md" in GUIDE


def test_the_start_page_can_be_typed_from_top_to_bottom(shown, monkeypatch, capsys):
    monkeypatch.chdir(ROOT / "notebooks")
    mpl.use("Agg")
    names = {}
    with mpl.rc_context():
        for block in re.findall(r"```python\n(.*?)```", START, re.S):
            exec(compile(block, "notebooks/00_start.md", "exec"), names)  # noqa: S102 (the page as it stands)
    assert [kind for kind, _ in shown] == ["opening", "table"]
    listed, _, cell = capsys.readouterr().out.partition("For the cell to paste")
    assert {line.split()[0] for line in listed.splitlines()} >= {"slough_ifp", "audit_rr1038", "halton_like"}
    assert "unit_costs" not in listed
    assert 'study: str = "params/slough_ifp.yaml"' in cell
    assert "window_months: int = 12" in cell


def test_the_picker_refuses_nothing(project, capsys):
    (project / "params/broken.yaml").write_text("title: [", encoding="utf-8")
    pick("no_such_study")
    assert capsys.readouterr().out.startswith("small_study  study ")
    pick("small_study")
    assert "window_months: int = 0" in capsys.readouterr().out


def test_the_worked_measure_runs_by_the_recipe(project, shown):
    """Judge: hand sums of docs/tutorials/wellbeing.csv (a3 has no score after, b2 none before)."""
    shutil.copy(TUTORIALS / "wellbeing.csv", project / "data/small_study")
    (project / "notebooks").mkdir()
    shutil.copy(TUTORIALS / "wellbeing.py", project / "notebooks")
    study = project / "params/small_study.yaml"
    study.write_text(study.read_text(encoding="utf-8") + SETTINGS, encoding="utf-8")
    names = {}
    for block in (PYTHON[0], "from stepdown import outcomes", PYTHON[-1]):
        exec(compile(block, "docs/your_own_notebook.md", "exec"), names)  # noqa: S102 (the guide as it stands)
    table = names["compared"].frame.set_index(["outcome", "estimator"])
    row = table.loc[("wellbeing", "difference in differences")]
    assert row["estimate"] == pytest.approx((8 - 9 + 8) / 3 - (1 + 3 - 2) / 3, abs=0.005)
    assert (row["measured_programme"], row["missing_programme"]) == (3, 1)
    assert (row["measured_comparison"], row["missing_comparison"]) == (3, 1)
    kinds = [kind for kind, _ in shown]
    assert kinds[1:] == ["opening", "table", "table", "finding", "chart", "table"]
    assert "points" in shown[4][1]
    assert "Wellbeing score before" in shown[6][1]


def test_in_the_library_one_line_registers_it(project, monkeypatch):
    shutil.copy(TUTORIALS / "wellbeing.csv", project / "data/small_study")
    (project / "notebooks").mkdir()
    shutil.copy(TUTORIALS / "wellbeing.py", project / "notebooks")
    monkeypatch.setitem(registered.HOMES, "wellbeing", "wellbeing")
    study = load_study("params/small_study.yaml")
    frame = child_outcomes(study, read_study(study)).frame
    assert frame["wellbeing_before"].tolist()[:4] == [14, 9, 21, 17]
    assert measures.measured("wellbeing").kind == "score"


def test_the_map_of_contributing_leads_to_the_code_of_each_figure():
    """Its search, as printed, ends in one place for every table that a committed notebook shows."""
    search = re.search(r"git grep -nE '(.+)balance(.+)' -- lib/stepdown`", CONTRIBUTING)
    code = {
        path.relative_to(ROOT / "lib/stepdown").as_posix(): path.read_text(encoding="utf-8").splitlines()
        for path in (ROOT / "lib/stepdown").rglob("*.py")
    }
    notebooks = (path.read_text(encoding="utf-8") for path in (ROOT / "notebooks").glob("*.ipynb"))
    shown = {name for text in notebooks for name in re.findall(r'data-table=\\"(\w+)', text)} - {"my_own"}
    mapped = dict(re.findall(r"^\| [^|]+ \| (\w+) \| ([\w/]+\.py)", CONTRIBUTING, re.M))
    assert len(shown) >= 50
    assert len(mapped) >= 25
    for table in shown | set(mapped):
        made = [
            file for file, lines in code.items() for line in lines if re.search(search[1] + table + search[2], line)
        ]
        assert len(made) == (2 if table == "break_even" else 1), (table, made)  # of a study, and of a published case
        assert mapped.get(table, made[0]) in made, table


def test_every_file_that_a_recipe_says_to_copy_is_there():
    recipes = CONTRIBUTING.partition("## Where new code goes")[2]
    copied = re.findall(r"^\| [^|]+ \| (?:\[[^]]*\]\()?`?([\w/.]+\.(?:py|ipynb))", recipes, re.M)
    assert len(copied) == 7
    for name in copied:
        assert (ROOT / name).is_file() or (ROOT / "lib/stepdown" / name).is_file(), name


def test_contributing_prints_how_many_files_the_worked_measure_touches():
    """One file of code that is new; in the library one line more, where tables are registered."""
    code = (TUTORIALS / "wellbeing.py").read_text(encoding="utf-8")
    lines = [line for line in code.splitlines() if line.strip()]
    assert f"one file of {len(lines)} lines" in CONTRIBUTING
    assert "one line in `contracts/registered.py`" in CONTRIBUTING
    assert all(name in code for name in ("register(", "declare(", "by=wellbeing_columns"))
