"""A small review of a user's own, end to end: register, sample, workbooks, answers, scores; and its charts."""

import shutil
from pathlib import Path

import matplotlib.colors
import pandas as pd
import pytest
from click.testing import CliRunner
from matplotlib.figure import Figure as MatplotlibFigure
from stepdown.commands.review import review_command
from stepdown.contracts import read_study
from stepdown.disclosure import clear
from stepdown.params import DisclosurePolicy, load, load_study
from stepdown.params.review import AuditTool
from stepdown.review import agreement, case_file_differences, case_file_items, framework_grid
from stepdown.show import review_charts, style

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "data" / "example_review"


@pytest.fixture
def own(tmp_path):
    """Return the example as a newcomer has it: parameters and register, nothing drawn yet."""
    for part in ("params", "data"):
        shutil.copytree(EXAMPLE / part, tmp_path / part)
    (tmp_path / "data" / "case_files.csv").unlink()
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(review_command, [str(argument) for argument in arguments])


def test_the_five_steps_end_with_the_committed_answers(own):
    params = own / "params" / "example_review.yaml"
    assert "18 files drawn with seed 7; 7 of them are read twice" in run("sample", params).output
    assert (own / "review" / "sample.csv").read_bytes() == (EXAMPLE / "review" / "sample.csv").read_bytes()
    assert run("template", params).exit_code == 0
    assert {path.name for path in (own / "review" / "blank").iterdir()} == {
        "example_review_r1.xlsx",
        "example_review_r2.xlsx",
    }
    collected = run("collect", params, "--workbooks", EXAMPLE / "review" / "filled")
    assert collected.exit_code == 0, collected.output
    assert (own / "data" / "case_files.csv").read_bytes() == (EXAMPLE / "data" / "case_files.csv").read_bytes()
    study = load_study(params)
    answers, review = read_study(study).case_files, study.settings.review
    tool = load(study.path(review.audit_tool), AuditTool)
    assert len(case_file_items(answers, tool, review).frame) == 12
    assert len(case_file_differences(answers, tool, review).frame) == 12, "6 items, 2 cuts"
    assert agreement(answers, tool, review, 7).frame["files"].max() == 7


def test_notes_are_kept_apart_and_are_named_restricted(own):
    params = own / "params" / "example_review.yaml"
    run("sample", params)
    run("collect", params, "--workbooks", EXAMPLE / "review" / "filled")
    notes = own / "review" / "restricted" / "case_file_notes.csv"
    assert "Chronology" in notes.read_text(encoding="utf-8")
    holding = [p for p in own.rglob("*.csv") if "Chronology" in p.read_text(encoding="utf-8")]
    assert holding == [notes]


def test_a_sample_is_not_drawn_again_and_a_workbook_not_written_over_by_mistake(own):
    params = own / "params" / "example_review.yaml"
    run("sample", params)
    run("template", params)
    for command in ("sample", "template"):
        again = run(command, params)
        assert again.exit_code == 2
        assert "--force" in again.output
        assert run(command, params, "--force").exit_code == 0


def test_faults_exit_non_zero_and_leave_no_answers(own):
    params = own / "params" / "example_review.yaml"
    assert "run stepdown review sample" in run("template", params).output
    run("sample", params)
    (own / "bad").mkdir()
    shutil.copy(EXAMPLE / "review" / "filled" / "example_review_r1.xlsx", own / "bad")
    refused = run("collect", params, "--workbooks", own / "bad")
    assert refused.exit_code == 2
    assert "reviewer r2" in refused.output
    assert not (own / "data" / "case_files.csv").exists()
    assert "no workbook" in run("collect", params, "--workbooks", own / "nowhere").output


def test_a_study_without_a_plan_says_what_to_add():
    refused = run("sample", ROOT / "params" / "slough_ifp.yaml")
    assert refused.exit_code == 2
    assert "review.sample" in refused.output


def charts(policy):
    study = load_study(EXAMPLE / "params" / "example_review.yaml")
    answers, review = read_study(study).case_files, study.settings.review
    tool = load(study.path(review.audit_tool), AuditTool)
    items = clear(case_file_items(answers, tool, review), policy)
    differences = clear(case_file_differences(answers, tool, review), policy)
    return [
        review_charts.evidence_bars(items, review),
        review_charts.differences_forest(differences, review),
        review_charts.evidence_grid(clear(framework_grid(answers, tool, review), policy)),
        review_charts.agreement_dots(clear(agreement(answers, tool, review, 1), policy)),
    ]


OPEN = DisclosurePolicy(method="none", reason="made up")


def test_every_chart_has_words_for_each_of_its_marks():
    bars, forest, grid, dots = charts(OPEN)
    for figure in (bars, forest, grid, dots):
        assert isinstance(figure.fig, MatplotlibFigure)
        assert len(figure.png()) > 5000
    assert "The child was seen alone, Before: full" in bars.alt
    assert forest.alt.count("points, from") == 3
    assert "Reflective supervision: other sources" in grid.alt
    assert dots.alt.count("Raw agreement") == 6


def test_charts_of_a_suppressed_table_show_no_hidden_number():
    policy = DisclosurePolicy(method="suppress", threshold=50)
    bars, forest, _, _ = charts(policy)
    assert "full" not in bars.alt.replace("full or partial", "")
    assert forest.alt.removeprefix(f"Forest plot. {forest.title}").count("too few files to show") == 3


def test_bars_are_told_apart_in_grey():
    def grey(colour):
        red, green, blue = matplotlib.colors.to_rgb(colour)
        return 0.299 * red + 0.587 * green + 0.114 * blue

    shades = sorted(grey(colour) for _, colour, _ in review_charts._KINDS.values())
    assert min(b - a for a, b in zip(shades, shades[1:], strict=False)) > 0.1
    assert grey(style.DARK) < 0.35


def test_charts_take_cleared_tables_only():
    with pytest.raises(TypeError, match="ClearedTable"):
        review_charts.evidence_grid(pd.DataFrame())


def test_a_small_count_is_hidden_with_what_would_give_it_away_in_every_table():
    """Counts of a row add up to the files read, and stand in two tables; no more is hidden than that asks for."""
    study = load_study(ROOT / "params" / "millbrook.yaml")
    answers, review = read_study(study).case_files, study.settings.review
    tool = load(study.path(review.audit_tool), AuditTool)
    policy = DisclosurePolicy(method="suppress", threshold=5)
    raw = case_file_items(answers, tool, review).frame
    items = clear(case_file_items(answers, tool, review), policy).frame
    parts = ["yes", "partial", "no", "not_applicable"]
    small, hidden = raw[parts].isin(range(1, 6)), items[parts].isna()
    assert small.any(axis=None)
    assert hidden[small].fillna(True).all(axis=None), "a small count is shown"
    assert (hidden.sum(axis=1) != 1).all(), "one hidden part of a known sum is known"
    one_of_two = hidden["yes"] != hidden["partial"]
    assert items.loc[one_of_two, "any_evidence"].isna().all(), "yes and partial add up to it"
    untouched = ~small.any(axis=1)
    assert items.loc[untouched, [*parts, "applicable", "any_evidence", "share_any"]].notna().all(axis=None)
    differences = clear(case_file_differences(answers, tool, review), policy).frame
    rows = case_file_differences(answers, tool, review).frame
    for count in ("count_earlier", "count_later"):
        assert (
            differences.loc[rows[count].isin(range(1, 6)).to_numpy(), [count, "difference", "ci_low"]]
            .isna()
            .all(axis=None)
        )
