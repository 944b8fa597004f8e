"""The runner on studies with records: not asked for, no data, refused, and the same bytes from real notebooks."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from fixtures.make_notebooks import notebook
from fixtures.run_project import call, latest, manifest, whole

ROOT = Path(__file__).resolve().parents[1]
STUDY = 'study: str = "params/slough_ifp.yaml"\noutput: str = ""'


@pytest.fixture
def slough(tmp_path):
    """The Slough study with its data, and notebooks of one cell in the place of the real ones."""
    shutil.copytree(ROOT / "params", tmp_path / "params")
    for folder in ("slough_ifp", "reference", "published"):
        shutil.copytree(ROOT / "data" / folder, tmp_path / "data" / folder)
    (tmp_path / "notebooks").mkdir()
    for name in ("1_cohort_profile", "2_case_file_review"):
        (tmp_path / "notebooks" / f"{name}.ipynb").write_text(notebook((STUDY, "print(study)")))
    return tmp_path


def run(folder, *words):
    return call(folder, "run", "params/slough_ifp.yaml", "--no-pages", *words)


def statuses(folder):
    return {n["name"]: n["status"] for n in manifest(latest(folder, "slough_ifp"))["notebooks"]}


def test_a_notebook_without_its_section_is_not_asked_for_and_that_is_no_fault(slough):
    file = slough / "params" / "slough_ifp.yaml"
    file.write_text(re.sub(r"(?m)^review:.*\n(?:[ #].*\n|\n)*", "", file.read_text()))
    assert "review:" not in file.read_text()
    assert run(slough).returncode == 0
    assert statuses(slough) == {"1_cohort_profile": "ok", "2_case_file_review": "not asked for"}


def test_a_notebook_whose_table_has_no_rows_has_no_data_and_ends_with_6_in_a_whole_run(slough, monkeypatch):
    """The contracts refuse most of these beforehand; a study whose table may be empty gets here."""
    from stepdown.run import running
    from stepdown.run.reporting import Progress
    from stepdown.run.running import Request
    from stepdown.run.running import run as run_all
    from stepdown.run.subjects import Need

    def no_case_files(plan):
        rows, _ = {"children": 3, "case_files": 0}, None
        return rows, {
            step.notebook.name: "the table case_files has no rows"
            for step in plan.to_run()
            if plan.subject.type.needs.get(step.notebook.name, Need()).table == "case_files"
        }

    monkeypatch.setattr(running, "rows_and_gaps", no_case_files)
    file = str(slough / "params" / "slough_ifp.yaml")
    for _ in range(2):  # also when nothing has changed since
        assert run_all(Request(files=(file,), isolated=True, pages=False), Progress()) == 6
        assert statuses(slough)["2_case_file_review"] == "no data"
        assert whole(latest(slough, "slough_ifp"))


def test_a_fault_in_the_data_is_refused_before_anything_runs_and_shows_no_value(slough):
    file = slough / "data" / "slough_ifp" / "spells.csv"
    header, first, *rest = file.read_text().splitlines()
    child = first.split(",")[0]
    file.write_text("\n".join([header, first.replace(child, "CANARY-9", 1), *rest]) + "\n")
    done = run(slough)
    assert done.returncode == 2
    assert "spells.csv" in done.stderr
    assert "CANARY-9" not in done.stdout + done.stderr
    assert not list((slough / "outputs").glob("*/*/manifest.json")) if (slough / "outputs").exists() else True
    checked = call(slough, "check", "params/slough_ifp.yaml")
    assert checked.returncode == 2
    assert "CANARY-9" in checked.stderr


def test_tables_are_read_once_a_study_and_what_was_kept_of_them_goes_with_the_run(slough):
    """Each notebook sees the records where its book looks for them; no whole or failed run holds them."""
    seen = "from pathlib import Path\nassert (Path(output) / 'restricted/records.pickle').is_file()"
    for name, more in (("1_cohort_profile", ""), ("2_case_file_review", "\nraise ValueError")):
        (slough / "notebooks" / f"{name}.ipynb").write_text(notebook((STUDY, seen + more)))
    assert run(slough).returncode == 3
    (slough / "notebooks" / "2_case_file_review.ipynb").write_text(notebook((STUDY, seen)))
    assert run(slough).returncode == 0
    assert list((slough / "outputs").rglob("*.ipynb"))
    assert not list((slough / "outputs").rglob("*.pickle"))


def test_rows_read_stand_in_the_manifest(slough):
    assert run(slough).returncode == 0
    rows = manifest(latest(slough, "slough_ifp"))["rows"]
    lines = len((slough / "data" / "slough_ifp" / "spells.csv").read_text().splitlines())
    assert rows["spells"] == {"read": lines - 1, "refused": 0}


def test_shared_books_are_passed_over_but_not_alone(slough):
    done = call(slough, "run", "params/deflator.yaml", "params/slough_ifp.yaml", "--no-pages")
    assert done.returncode == 0
    assert call(slough, "run", "params/deflator.yaml").returncode == 2


@pytest.mark.slow
def test_the_real_notebooks_give_the_same_tables_and_figures_forked_and_isolated(study_run, tmp_path):
    words = ("run", "params/slough_ifp.yaml", "--no-pages", "--isolated", "--outputs", str(tmp_path))
    done = call(ROOT, *words, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    found = []
    for folder, forked in ((study_run("slough_ifp"), True), ((tmp_path / "slough_ifp" / "latest").resolve(), False)):
        events = [json.loads(line) for line in (folder / "restricted" / "run.jsonl").read_text().splitlines()]
        ended = [event for event in events if event["event"] == "notebook_ended" and event["seconds"]]
        assert {event["forked"] for event in ended} == {forked}
        assert whole(folder)
        files = [p for kind in ("csv", "png", "svg") for p in folder.rglob(f"*.{kind}")]
        found.append({p.relative_to(folder).as_posix(): p.read_bytes() for p in files if p.name != "changes.csv"})
        assert not [p for p in folder.rglob("*.ipynb") if str(ROOT) in p.read_text()]
    assert len(found[0]) > 20
    assert {file.rsplit("/", 1)[0] for file in found[0]} >= {"restricted/tables", "release/tables", "release/figures"}
    assert found[0] == found[1]
