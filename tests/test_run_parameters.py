"""The runner's strictness: what a notebook can be given is read by ast and refused before a kernel starts."""

from __future__ import annotations

import pytest
from fixtures.run_project import BROKEN, GOOD, call, project, run
from stepdown.faults import Refused
from stepdown.run.parameters import Parameter, check_overrides, from_text, read_notebook, split_overrides

ANY = Parameter("months", ("int", "None"), None)
CODE = Parameter("country", ("str",), "GB")


@pytest.mark.parametrize(
    ("text", "parameter", "value"),
    [
        ("NO", CODE, "NO"),
        ("007", CODE, "007"),
        ("12:30:00", CODE, "12:30:00"),
        ("1_000", CODE, "1_000"),
        ("nan", CODE, "nan"),
        ("none", ANY, None),
        ("-7", ANY, -7),
        ("true", Parameter("flag", ("bool",), False), True),
        ("0.5", Parameter("share", ("float",), 0.0), 0.5),
        ("1e3", Parameter("share", ("float",), 0.0), 1000.0),
    ],
)
def test_values_that_papermill_reads_as_yaml_arrive_as_typed(text, parameter, value):
    found = from_text(text, parameter)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", ["007", "1_000", "6.0", "six", "NO", "true", ""])
def test_a_text_that_is_no_whole_number_is_refused_where_one_is_asked_for(text):
    with pytest.raises(ValueError, match=text or "^$"):
        from_text(text, ANY)


@pytest.mark.parametrize("name", ["no_parameters_cell", "computes_a_parameter", "untyped_parameter", "wrong_default"])
def test_a_notebook_whose_parameters_cannot_be_checked_is_refused(name):
    with pytest.raises(Refused, match="parameters cell|tagged parameters"):
        read_notebook(BROKEN / f"{name}.ipynb")


def test_the_notebooks_of_the_workbook_can_all_be_checked(pytestconfig):
    files = sorted((pytestconfig.rootpath / "notebooks").glob("*.ipynb"))
    assert len(files) >= 6
    for file in files:
        notebook = read_notebook(file)
        assert sum(notebook.takes(name) for name in ("study", "audit", "case", "area", "monitoring")) == 1
        assert notebook.takes("output")


def test_an_unknown_name_is_refused_with_the_nearest_known_one():
    notebooks = [read_notebook(GOOD / "1_sum.ipynb")]
    with pytest.raises(Refused, match="did you mean 'months'"):
        check_overrides({"month": "6"}, notebooks)
    with pytest.raises(Refused, match="'seven'"):
        check_overrides({"months": "seven"}, notebooks)
    assert check_overrides({"months": "7"}, notebooks) == {"1_sum": {"months": 7}}


def test_the_runner_s_own_names_cannot_be_overridden():
    with pytest.raises(Refused, match="output"):
        check_overrides({"output": "/elsewhere"}, [read_notebook(GOOD / "1_sum.ipynb")])


@pytest.mark.parametrize("given", [["months"], ["=6"], ["months=6", "months=7"]])
def test_a_malformed_override_is_refused(given):
    with pytest.raises(Refused, match="command line"):
        split_overrides(given)


def test_a_mistyped_name_ends_with_2_and_leaves_nothing(tmp_path):
    folder = project(tmp_path, GOOD / "1_sum.ipynb")
    done = run(folder, "-p", "mnths=6")
    assert done.returncode == 2
    assert "did you mean 'months'" in done.stderr
    assert not (folder / "outputs").exists()


def test_every_file_is_validated_before_any_run_begins(tmp_path):
    folder = project(tmp_path, GOOD / "1_sum.ipynb")
    (folder / "params" / "bad.yaml").write_text("title: nothing that tells a kind\n")
    done = call(folder, "run", "params/one.yaml", "params/bad.yaml", "params/missing.yaml")
    assert done.returncode == 2
    assert "bad.yaml" in done.stderr
    assert "missing.yaml" in done.stderr
    assert not (folder / "outputs").exists()


def test_two_files_of_one_name_are_refused(tmp_path):
    folder = project(tmp_path, GOOD / "1_sum.ipynb")
    assert call(folder, "run", "params/one.yaml", "params/one.yaml").returncode == 2
