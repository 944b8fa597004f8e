"""Nothing twice, the same bytes, and what moved: judged by the bytes of the runs themselves."""

from __future__ import annotations

import csv
import json
import subprocess
import sys

import jsonschema
import pytest
from fixtures.run_project import call, latest, manifest, run, whole
from stepdown.params.runs import RunSettings, Threshold
from stepdown.release.moved import Change, compared, warnings_of
from stepdown.run.finishing import taken_over


def tables(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.csv") if "tables" in p.parts}


def statuses(folder):
    return {entry["name"]: entry["status"] for entry in manifest(folder)["notebooks"]}


@pytest.fixture
def two(finished_project):
    return finished_project("1_sum", "2_other")


def test_a_run_in_which_nothing_moves_does_not_load_what_tables_are_made_with(two):
    """It would take half of its time."""
    done = call(two, "run", "params/one.yaml", "--no-pages", from_nothing=True, PYTHONPROFILEIMPORTTIME="1")
    assert "2 unchanged; nothing moved" in done.stdout
    assert " stepdown.run.planning\n" in done.stderr
    assert " pandas\n" not in done.stderr


def test_what_is_unchanged_is_not_run_again_and_its_outputs_are_the_same_bytes(two):
    first = latest(two)
    done = run(two)
    second = latest(two)
    assert done.returncode == 0
    assert "0 run, 2 unchanged; nothing moved" in done.stdout
    assert second != first
    assert set(statuses(second).values()) == {"unchanged"}
    for part in ("restricted/notebooks", "restricted/tables", "release/tables"):
        for file in (first / part).glob("*"):
            assert (second / part / file.name).read_bytes() == file.read_bytes()
    assert whole(second)


def test_the_same_inputs_give_byte_identical_tables(two):
    first = latest(two)
    assert run(two, "--force").returncode == 0
    assert set(statuses(latest(two)).values()) == {"ok"}
    assert tables(latest(two)) == tables(first)


@pytest.mark.parametrize("what", ["notebook", "parameter file", "input", "override", "altered output"])
def test_whatever_a_result_depends_on_makes_it_run_again(two, what):
    words = []
    if what == "notebook":
        file = two / "notebooks" / "2_other.ipynb"
        file.write_text(file.read_text().replace("x\\\\n1", "x\\\\n2"))
    elif what == "parameter file":
        file = two / "params" / "one.yaml"
        file.write_text(file.read_text() + "# one more line\n")
    elif what == "input":
        (two / "data" / "volume.csv").write_text("name,count\ncin,10\ncp,20\ncla,31\n")
    elif what == "override":
        words = ["-p", "months=7"]
    else:
        (latest(two) / "restricted" / "tables" / "other.csv").write_text("x\n9\n")
    assert run(two, *words).returncode == 0
    assert statuses(latest(two))["2_other"] == "ok"
    assert statuses(latest(two))["1_sum"] == ("unchanged" if what in ("notebook", "altered output") else "ok")


def test_a_format_that_the_last_release_lacks_makes_it_again(tmp_path):
    (tmp_path / "release").mkdir()
    for file in ("index.html", "tables.xlsx"):
        (tmp_path / "release" / file).touch()
    unchanged, ran = ({"notebooks": [{"status": status}]} for status in ("unchanged", "ok"))
    assert taken_over(unchanged, tmp_path, ("xlsx",))
    assert not taken_over(unchanged, tmp_path, ("html", "pdf"))
    assert not taken_over(ran, tmp_path, ())
    assert not taken_over(unchanged, None, ())


def test_a_format_that_is_not_made_is_refused(two):
    done = run(two, "--formats", "html,odt")
    assert done.returncode == 2
    assert "odt" in done.stderr
    assert "html, xlsx, pdf, docx" in done.stderr


def test_a_later_date_of_a_file_alone_runs_nothing_again(two):
    (two / "data" / "volume.csv").touch()
    (two / "notebooks" / "1_sum.ipynb").touch()
    assert run(two).returncode == 0
    assert set(statuses(latest(two)).values()) == {"unchanged"}


def test_a_movement_is_named_with_the_input_that_changed(two):
    (two / "data" / "volume.csv").write_text("name,count\ncin,10\ncp,25\ncla,31\nnone,4\n")
    done = run(two)
    assert done.returncode == 0
    assert "net cost, amount gbp 60.00 → 70.00" in done.stdout
    assert "data/volume.csv: changed" in done.stdout
    moved = manifest(latest(two))["moved"]
    assert (moved["cells"], moved["rows"]) == (3, 1)
    with (latest(two) / "restricted" / "changes.csv").open() as stream:
        rows = {(row["row"], row["kind"]): row for row in csv.DictReader(stream)}
    assert rows[("measure=net cost", "changed")]["change"] == "10"
    assert ("measure=none", "row added") in rows
    page = (latest(two) / "restricted" / "changes.html").read_text()
    assert "data/volume.csv" in page
    assert '<html lang="en-GB">' in page


def test_a_movement_past_its_threshold_ends_with_7_and_the_run_is_published(two, monkeypatch, capsys):
    from stepdown.run import subjects
    from stepdown.run.reporting import Progress
    from stepdown.run.running import Request
    from stepdown.run.running import run as run_all

    (two / "data" / "volume.csv").write_text("name,count\ncin,10\ncp,20\ncla,40\n")
    first = latest(two)
    limit = Threshold(table="net_cost", column="amount_gbp", where={"measure": "net cost"}, by_percent=5.0)
    monkeypatch.setattr(subjects, "RunSettings", lambda: RunSettings(warn=(limit,)))
    request = Request(files=(str(two / "params" / "one.yaml"),), isolated=True, pages=False)
    assert run_all(request, Progress()) == 7
    assert "passed its threshold: 60 → 70" in capsys.readouterr().out
    assert latest(two) != first


def test_a_suppressed_value_past_its_threshold_is_not_shown():
    change = Change("t", "group=A", "children", "3", "9", "6", "200", "changed")
    run_settings = RunSettings(warn=(Threshold(table="t", column="children", by=1.0),))
    (sentence,) = warnings_of([change], [], run_settings)
    assert "3" not in sentence
    assert "9" not in sentence


def test_cells_are_compared_by_their_key_columns_whatever_the_order(tmp_path):
    for name, text in (("a", "g,n\nx,1\ny,2\n"), ("b", "g,n\ny,2\nx,4\n")):
        (tmp_path / name / "release" / "tables").mkdir(parents=True)
        (tmp_path / name / "release" / "tables" / "t.csv").write_text(text)
    (change,) = compared(tmp_path / "a", tmp_path / "b", "release", {})
    assert (change.row, change.column, change.before, change.after) == ("g=x", "n", "1", "4")


def test_the_manifest_fits_its_published_schema(two, pytestconfig):
    schema = json.loads((pytestconfig.rootpath / "docs" / "manifest.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(manifest(latest(two)), schema)
    broken = {**manifest(latest(two)), "run_id": 5}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema)


def test_a_run_without_news_loads_neither_tables_nor_charts_nor_models(two):
    """What an unchanged run takes is what it imports: the page over all studies is made from what releases say."""
    code = (
        "import sys; from stepdown.run.planning import Request; from stepdown.run.reporting import Progress; "
        "from stepdown.run.running import run; done = run(Request(files=('params/one.yaml',), isolated=True, "
        "pages=False), Progress()); "
        "sys.exit(done or ' '.join({'matplotlib', 'statsmodels', 'seaborn', 'scipy'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=two, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert set(statuses(latest(two)).values()) == {"unchanged"}
