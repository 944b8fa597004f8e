"""Inputs that change under a run, names and paths that lead out of the project, labels with marks, full disks."""

from __future__ import annotations

import csv
import json
import subprocess
import warnings

import pandas as pd
import pytest
from fixtures.make_notebooks import PARAMETERS, notebook
from fixtures.run_project import GOOD, STEPDOWN, call, latest, manifest, project, run, whole
from stepdown.disclosure import clear
from stepdown.faults import Refused
from stepdown.params import DisclosurePolicy
from stepdown.params.loading import read_yaml, study_name
from stepdown.release.building import _cell
from stepdown.tables import AggregateTable, Column, Role, harmless

CHANGES = {
    "input": ('Path("data/volume.csv").write_text("name,count\\ncin,99\\n")', "data/volume.csv"),
    "input that is new": ('Path("data/more/b.csv").write_text("x\\n")', "data/more/b.csv"),
    "input that goes": ('Path("data/more/a.csv").unlink()', "data/more/a.csv"),
    "parameter file": ('f = Path("params/one.yaml"); f.write_text(f.read_text() + "# late\\n")', "one.yaml"),
    "notebook": ('f = Path("notebooks/2_other.ipynb"); f.write_text(f.read_text().replace("x", "y"))', "2_other.ipynb"),
}


def with_more(folder):
    (folder / "data" / "more").mkdir()
    (folder / "data" / "more" / "a.csv").write_text("x\n")
    file = folder / "params" / "one.yaml"
    file.write_text(file.read_text() + "  more: data/more\n")


@pytest.mark.parametrize("what", CHANGES)
def test_what_changes_while_the_notebooks_work_is_named_and_not_published(finished_project, what):
    code, named = CHANGES[what]
    folder = finished_project("2_other", prepare=with_more)
    before = latest(folder)
    (folder / "notebooks" / "9_late.ipynb").write_text(notebook((PARAMETERS, f"from pathlib import Path\n{code}")))
    done = run(folder)
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"not published: {named} changed while the notebooks ran" in done.stdout
    assert "nothing was run" not in done.stdout + done.stderr
    assert latest(folder) == before
    assert not list((folder / "outputs" / "one").glob(".staging-*"))


@pytest.mark.parametrize(
    "name", ["...yaml", "failed.yaml", "Latest.yaml", ".hidden.yaml", "a b.yaml", "a\nb.yaml", "<b>.yaml", "ä.yaml"]
)
def test_a_study_s_name_is_letters_digits_hyphen_and_underscore(tmp_path, name):
    folder = project(tmp_path, GOOD / "2_other.ipynb")
    (folder / "params" / "one.yaml").rename(folder / "params" / name)
    done = call(folder, "run", f"params/{name}", "--no-pages")
    assert done.returncode == 2
    assert "letters a to z, digits, hyphen and underscore" in done.stderr
    assert not (folder / "outputs").exists()
    assert sorted(path.name for path in folder.iterdir()) == ["data", "notebooks", "params"]


def test_names_that_are_used_today_are_names(tmp_path):
    assert [study_name(tmp_path / f"{n}.yaml") for n in ("slough_ifp", "audit_rr1038", "2-A")][2] == "2-A"


@pytest.mark.parametrize("way", ["up", "link to a file", "link to a folder", "link in a folder"])
def test_a_file_outside_the_project_is_refused_whatever_way_leads_there(tmp_path, way):
    folder = project(tmp_path / "project", GOOD / "2_other.ipynb")
    away = tmp_path / "away"
    away.mkdir()
    (away / "volume.csv").write_text("name,count\ncin,1\n")
    named, data = "data/volume.csv", folder / "data"
    if way == "up":
        named = "../away/volume.csv"
    elif way == "link to a file":
        (data / "volume.csv").unlink()
        (data / "volume.csv").symlink_to(away / "volume.csv")
    elif way == "link to a folder":
        (data / "there").symlink_to(away)
        named = "data/there"
    else:
        (data / "in").mkdir()
        (data / "in" / "there").symlink_to(away)
        named = "data/in"
    file = folder / "params" / "one.yaml"
    file.write_text(file.read_text().replace("data/volume.csv", named))
    for words in (("run", "params/one.yaml", "--no-pages"), ("check", "params/one.yaml")):
        done = call(folder, *words)
        assert done.returncode == 2, done.stdout
        assert "outside the project folder" in done.stderr or "must stay in the project folder" in done.stderr
    assert not (folder / "outputs").exists()


def test_a_link_inside_the_project_is_hashed_and_a_ring_of_links_ends(tmp_path):
    folder = project(tmp_path, GOOD / "2_other.ipynb")
    (folder / "data" / "deep").mkdir()
    (folder / "data" / "deep" / "x.csv").write_text("x\n")
    (folder / "data" / "in").mkdir()
    (folder / "data" / "in" / "ring").symlink_to(folder / "data" / "in")
    (folder / "data" / "in" / "there").symlink_to(folder / "data" / "deep")
    file = folder / "params" / "one.yaml"
    file.write_text(file.read_text() + "  more: data/in\n")
    assert run(folder).returncode == 0
    assert "data/deep/x.csv" in [item["file"] for item in manifest(latest(folder))["inputs"]]


@pytest.mark.parametrize("where", ["data.folder", "data.files"])
def test_records_of_a_study_stay_inside_the_project(where):
    from pathlib import Path

    from stepdown.params import StudySettings, build

    root = Path(__file__).resolve().parents[1]
    content = read_yaml(root / "params" / "slough_ifp.yaml")
    data = content["data"] | ({"folder": "data/../.."} if where == "data.folder" else {"files": {"spells": "../s.csv"}})
    with pytest.raises(Refused, match="must stay in the project folder"):
        build(content | {"data": data}, StudySettings, where="slough_ifp.yaml")


@pytest.mark.parametrize("isolated", [[], ["--isolated"]])
def test_a_notebook_without_a_kernel_s_name_runs(tmp_path, isolated):
    folder = project(tmp_path, GOOD / "1_sum.ipynb")
    file = folder / "notebooks" / "1_sum.ipynb"
    content = json.loads(file.read_text())
    content["metadata"] = {}
    file.write_text(json.dumps(content))
    done = run(folder, *isolated)
    assert done.returncode == 0, done.stdout
    assert whole(latest(folder))


def test_a_limit_on_the_size_of_files_ends_with_9_and_no_traceback(tmp_path):
    folder = project(tmp_path, GOOD / "1_sum.ipynb")
    code = "with open(Path(output, 'large.bin'), 'wb') as f:\n    f.write(b'x' * 4_000_000)"
    (folder / "notebooks" / "2_large.ipynb").write_text(notebook((PARAMETERS, "from pathlib import Path", code)))
    command = " ".join(map(str, STEPDOWN))
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f 2000; {command} run params/one.yaml --no-pages"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 9, done.stdout + done.stderr
    assert "File too large" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert not list((folder / "outputs" / "one").glob(".staging-*"))


def test_a_disk_that_is_full_at_the_end_leaves_no_staging_folder(tmp_path, monkeypatch):
    import errno

    from stepdown.run import study_run
    from stepdown.run.planning import Request
    from stepdown.run.reporting import Progress
    from stepdown.run.running import run as run_all

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    folder = project(tmp_path, GOOD / "2_other.ipynb")
    monkeypatch.setattr(study_run, "publish", full)
    assert run_all(Request(files=(str(folder / "params" / "one.yaml"),), pages=False), Progress()) == 9
    assert [path.name for path in (folder / "outputs" / "one").iterdir()] == [".lock"]


def test_marks_that_cannot_be_seen_are_refused_in_a_parameter_file_with_their_line(tmp_path):
    for mark in ("\u200b", "\u202e", "\u2066", "\ufeff", "\u00ad"):
        file = tmp_path / "one.yaml"
        file.write_text(f"title: fine\nlabel: Group{mark} A\n", encoding="utf-8")
        with pytest.raises(Refused, match=f"line 2.*\n.*U\\+{ord(mark):04X}"):
            read_yaml(file)
    file.write_text('title: fine\n"lab\\rel": x\n', encoding="utf-8")
    with pytest.raises(Refused, match=r"U\+000D"):
        read_yaml(file)
    file.write_text("text: |\n  two\n  lines – with “quotes” £ é\n", encoding="utf-8")
    assert read_yaml(file)["text"] == "two\nlines – with “quotes” £ é\n"


@pytest.mark.parametrize("cell", ["=1+1", "+44 20", "-2 days", "@SUM(A1)", "\tx", "\rx", "'quoted"])
def test_a_text_that_a_spreadsheet_would_compute_is_harmless_in_csv_and_itself_in_the_workbook(cell):
    assert harmless(cell) == f"'{cell}"
    assert _cell(harmless(cell), "", "") == cell


def test_numbers_below_nought_stay_numbers_in_csv(tmp_path):
    columns = {"group": Column(Role.KEY, "Group"), "change": Column(Role.OPEN, "Change", decimals=1)}
    frame = pd.DataFrame({"group": ["=cmd()", "-5", "B"], "change": [-1.5, 2.0, -3.0]})
    policy = DisclosurePolicy(method="none", reason="made up for this test")
    cleared = clear(AggregateTable("t", "group", frame, columns), policy)
    file = tmp_path / "t.csv"
    cleared.written().to_csv(file, index=False)
    with file.open(newline="") as stream:
        assert list(csv.reader(stream))[1:] == [["'=cmd()", "-1.5"], ["-5", "2.0"], ["B", "-3.0"]]


def test_two_dollar_signs_in_a_label_are_text_in_a_chart():
    from stepdown.show import style

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with style.applied():
            fig, axes = style.new_figure()
            axes.bar(["from $5 to $9", "a_$b^$ {"], [1, 2], label="$x_$")
            axes.legend()
            axes.set_xlabel("$\\frac$")
        chart = style.finished(fig, axes, title="Costs $1 to $2\\", alt="Two bars.")
        assert chart.png()
        assert chart.svg()


def test_a_refusal_inside_a_notebook_does_not_say_that_nothing_was_run(tmp_path):
    code = "from stepdown.faults import Refused\nraise Refused.for_one('here', 'a', 'b', 'c', 'd')"
    folder = project(tmp_path, GOOD / "1_sum.ipynb")
    (folder / "notebooks" / "2_refuses.ipynb").write_text(notebook((PARAMETERS, code)))
    done = run(folder)
    assert done.returncode == 3
    assert "1 fault found." in done.stdout
    assert "nothing was run" not in done.stdout
    assert "nothing was run" in call(folder, "run", "params/none.yaml").stderr
