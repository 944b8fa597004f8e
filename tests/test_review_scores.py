"""Scores of the case-file review: counts, cuts, overlap, and RR1038's printed figures from the Slough files."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from review_support import answers_frame, small_tool
from stepdown.contracts import read_study
from stepdown.faults import Refused
from stepdown.params import load, load_study
from stepdown.params.review import AuditTool, Comparison, OtherEvidence, ReviewSettings
from stepdown.review import (
    case_file_differences,
    case_file_items,
    case_file_ordered,
    framework_grid,
    one_answer_per_file,
)

ROOT = Path(__file__).resolve().parents[1]
REVIEW = ReviewSettings(audit_tool="x.yaml", prespecified=("safer", "holistic"))
HUB = {"before": "Before", "during": "During", "during_hub": "Hub", "during_other": "Not Hub"}

# RR1038, chapters 3 and 4, as printed: item, subset, files with evidence, files.
PRINTED = [
    ("witnessed_less_domestic_abuse", "before", 3, 10),
    ("witnessed_less_domestic_abuse", "during", 13, 20),
    ("child_happier", "during", 13, 20),
    ("child_safer", "before", 3, 10),
    ("child_safer", "during", 14, 20),
    ("violence_reduced", "before", 2, 10),
    ("violence_reduced", "during", 14, 20),
    ("understanding_of_domestic_abuse", "during", 11, 20),
    ("decision_evidenced", "before", 9, 10),
    ("decision_evidenced", "during", 17, 20),
    ("holistic_support", "before", 2, 10),
    ("holistic_support", "during", 16, 20),
    ("family_involvement", "during_hub", 12, 14),
    ("holistic_plan", "during_hub", 13, 14),
    ("multi_agency_working", "during_hub", 11, 14),
    ("group_case_discussion", "during_hub", 14, 14),
    ("multi_disciplinary_skill_sets", "during", 14, 20),
    ("multi_disciplinary_skill_sets", "during_hub", 11, 14),
    ("intensity_and_consistency", "before", 4, 10),
    ("intensity_and_consistency", "during", 17, 20),
    ("skilled_direct_work", "before", 2, 10),
    ("skilled_direct_work", "during", 16, 20),
    ("ifp_attended", "during", 5, 20),
    ("mother_more_engaged", "during", 3, 5),
    ("vada_used", "during", 0, 20),
    ("recovery_toolkit_referenced", "during", 1, 20),
    ("recovery_toolkit_completed", "during", 0, 20),
]


@pytest.fixture(scope="module", params=["slough_ifp", "slough_innovation_hub"])
def slough(request):
    study = load_study(ROOT / "params" / f"{request.param}.yaml")
    review = study.settings.review
    return read_study(study).case_files, load(study.path(review.audit_tool), AuditTool), review


def test_every_case_file_count_of_rr1038_comes_out(slough):
    frame = case_file_items(*slough).frame.set_index(["item_id", "subset"])
    for item, subset, count, files in PRINTED:
        assert tuple(frame.loc[(item, subset), ["any_evidence", "applicable"]]) == (count, files), item
    assert len(frame) == len(PRINTED), "no figure is shown that the report does not give"
    direct = frame.loc[("skilled_direct_work", "during")]
    assert (direct["yes"], direct["partial"]) == (12, 4)
    assert np.isnan(frame.loc[("intensity_and_consistency", "during"), "share_full"]), "the split is not in the report"


def test_seven_against_ten_contrasts_of_rr1038_judged_by_methods_md_section_5(slough):
    frame = case_file_differences(*slough).frame.query("cut == 'any'").set_index("item_id")
    expected = {  # difference, Newcombe's limits in points, Fisher, Boschloo
        "witnessed_less_domestic_abuse": (35, -2, 61, 0.122, 0.093),
        "child_safer": (40, 3, 65, 0.056, 0.052),
        "violence_reduced": (50, 12, 71, 0.019, 0.013),
        "decision_evidenced": (-5, -28, 27, 1.00, 0.90),
        "holistic_support": (60, 22, 79, 0.004, 0.002),
        "intensity_and_consistency": (45, 9, 70, 0.030, 0.016),
    }
    for item, (points, low, high, fisher, boschloo) in expected.items():
        row = frame.loc[item]
        assert (round(row["points"]), round(row["points_low"]), round(row["points_high"])) == (points, low, high)
        assert row["p_fisher"] == pytest.approx(fisher, abs=6e-3 if fisher == 1 else 5e-4)
        assert row["p_boschloo"] == pytest.approx(boschloo, abs=5e-3 if boschloo == 0.90 else 5e-4)
    assert frame["prespecified"].sum() == 7
    assert set(frame.index[frame["p_holm"] < 0.05]) == {"holistic_support", "skilled_direct_work"}
    assert frame.loc["intensity_and_consistency", "p_holm"] > 0.05, "17 of 20 against 4 of 10 is not significant"


def test_direct_work_keeps_its_order_in_the_exact_rank_test(slough):
    row = case_file_ordered(*slough).frame.set_index("item_id").loc["skilled_direct_work"]
    assert row["p_mann_whitney"] == pytest.approx(0.0067, abs=5e-5)
    assert "intensity_and_consistency" not in set(case_file_ordered(*slough).frame["item_id"])


def test_hub_files_are_never_compared_with_the_files_that_they_are_among(slough):
    answers, tool, review = slough
    for earlier, later in (("during", "during_hub"), ("during_hub", "during")):
        asked = review.model_copy(update={"comparisons": (Comparison(earlier=earlier, later=later),)})
        with pytest.raises(Refused, match="14 file"):
            case_file_differences(answers, tool, asked)
        with pytest.raises(Refused, match="14 file"):
            case_file_ordered(answers, tool, asked)


def test_the_parts_of_a_period_may_be_compared_and_every_file_counts_once_in_each_table():
    rows = [(f"F{i}", "during", "safer", "yes" if i < 3 else "no", "a") for i in range(6)]
    asked = ReviewSettings(
        audit_tool="x.yaml", subsets=HUB, comparisons=(Comparison(earlier="during_other", later="during_hub"),)
    )
    frame = answers_frame(rows, hub={"F0", "F1", "F2"})
    found = case_file_differences(frame, small_tool(), asked).frame.query("cut == 'any'").iloc[0]
    assert (found["count_later"], found["files_later"], found["count_earlier"]) == (3, 3, 0)
    shown = case_file_items(frame, small_tool(), asked).frame.set_index("subset")["files"]
    assert shown["during"] == shown["during_hub"] + shown["during_other"] == 6


def test_not_applicable_is_counted_and_left_out_of_the_share():
    rows = [("F1", "before", "safer", "yes", "a"), ("F2", "before", "safer", "not_applicable", "a")]
    row = case_file_items(answers_frame(rows), small_tool(), REVIEW).frame.iloc[0]
    assert (row["files"], row["not_applicable"], row["applicable"], row["share_full"]) == (2, 1, 1, 1.0)


def test_both_cuts_differ_by_the_partial_answers():
    rows = [(f"F{i}", "during", "safer", r, "a") for i, r in enumerate(["yes", "partial", "partial", "no"])]
    row = case_file_items(answers_frame(rows), small_tool(), REVIEW).frame.iloc[0]
    assert (row["share_full"], row["share_any"], row["any_evidence"]) == (0.25, 0.75, 3)


@pytest.mark.parametrize(
    ("pair", "rule", "counted"),
    [
        (("yes", "no"), "lower", "no"),
        (("yes", "no"), "higher", "yes"),
        (("partial", "yes"), "lower", "partial"),
        (("not_applicable", "partial"), "lower", "partial"),
        (("not_applicable", "no"), "higher", "no"),
        (("not_applicable", "not_applicable"), "lower", "not_applicable"),
    ],
)
def test_a_file_read_twice_counts_once_by_the_rule_of_the_study(pair, rule, counted):
    rows = [("F1", "during", "safer", response, reviewer) for reviewer, response in zip("ab", pair, strict=True)]
    found = one_answer_per_file(answers_frame(rows), REVIEW.model_copy(update={"when_reviewers_differ": rule}))
    assert list(found["response"]) == [counted]
    assert list(found["reviewers"]) == [2]


def test_an_answer_agreed_after_discussion_counts_before_either_reviewer():
    rows = [("F1", "during", "safer", r, who) for who, r in (("a", "yes"), ("agreed", "partial"), ("b", "no"))]
    found = one_answer_per_file(answers_frame(rows), REVIEW.model_copy(update={"agreed_by": "agreed"}))
    assert (found["response"].iloc[0], found["reviewers"].iloc[0]) == ("partial", 2)


answers = st.lists(
    st.tuples(st.sampled_from(["before", "during"]), st.sampled_from(["yes", "partial", "no", "not_applicable"])),
    min_size=1,
    max_size=25,
)


@given(answers)
@settings(max_examples=40, deadline=None)
def test_counts_add_up_and_shares_lie_within_their_limits(given_answers):
    rows = [(f"F{i}", period, "safer", response, "a") for i, (period, response) in enumerate(given_answers)]
    frame = answers_frame(rows)
    before = frame.copy()
    for row in case_file_items(frame, small_tool(), REVIEW).frame.itertuples():
        assert row.yes + row.partial + row.no + row.not_applicable == row.files
        assert row.any_evidence + row.no == row.applicable
        if row.applicable:
            assert 0 <= row.full_low <= row.share_full + 1e-12 <= row.full_high + 2e-12
            assert row.any_low - 1e-12 <= row.share_any <= row.any_high + 1e-12 <= 1 + 2e-12
    for row in case_file_differences(frame, small_tool(), REVIEW).frame.itertuples():
        assert row.ci_low - 1e-9 <= row.difference <= row.ci_high + 1e-9
    assert frame.equals(before), "the answers are not changed"


def test_holm_counts_only_the_listed_items_at_the_main_cut():
    rows = [
        (f"{period}{i}", period, item, "yes" if (period == "during") == (i < 7) else "no", "a")
        for period in ("before", "during")
        for i in range(8)
        for item in ("safer", "holistic", "attended")
    ]
    frame = case_file_differences(answers_frame(rows), small_tool(), REVIEW).frame
    listed = frame[frame["p_holm"].notna()]
    assert set(zip(listed["item_id"], listed["cut"], strict=True)) == {("safer", "any"), ("holistic", "any")}
    assert (listed["p_holm"] == 2 * listed["p_boschloo"]).all()


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        ([("F1", "during", "safe", "yes", "a")], "did you mean 'safer'"),
        ([("F1", "during", "attended", "partial", "a")], "does not offer"),
        ([("F1", "during", "safer", "yes", "a"), ("F1", "before", "holistic", "yes", "a")], "more than one value"),
    ],
)
def test_answers_that_do_not_fit_are_refused(rows, match):
    with pytest.raises(Refused, match=match):
        case_file_items(answers_frame(rows), small_tool(), REVIEW)


def test_an_item_of_the_settings_that_the_tool_does_not_have_is_refused():
    with pytest.raises(Refused, match="'safr'"):
        case_file_items(
            answers_frame([("F1", "during", "safer", "yes", "a")]),
            small_tool(),
            ReviewSettings(audit_tool="x.yaml", prespecified=("safr",)),
        )


def test_the_grid_says_which_cells_have_evidence_from_which_source_and_which_have_none():
    other = (OtherEvidence(serves="care", says="Days in care fell", source="outcomes analysis"),)
    review = ReviewSettings(audit_tool="x.yaml", other_evidence=other)
    grid = framework_grid(answers_frame([("F1", "during", "safer", "no", "a")]), small_tool(), review).frame
    assert list(grid["evidence"]) == ["case files", "other sources", "none"]
    assert grid["items"].iloc[0] == "safer"
    assert grid["source"].iloc[1] == "Days in care fell (outcomes analysis)"
    with pytest.raises(Refused, match="'cares'"):
        framework_grid(
            answers_frame([("F1", "during", "safer", "no", "a")]),
            small_tool(),
            review.model_copy(update={"other_evidence": (OtherEvidence(serves="cares", says="x", source="y"),)}),
        )


def test_the_grid_of_rr1038_has_seven_and_seven_cells_and_makes_no_name_up(slough):
    grid = framework_grid(*slough).frame
    assert list(grid.groupby("framework", sort=False).size()) == [7, 7]
    assert (grid["evidence"] == "none").sum() == 5
    unnamed = grid[grid["cell"].str.contains("not named in the report")]
    assert (unnamed["evidence"] == "none").all()
    named_in_report = grid[grid["name_source"].str.startswith("RR1038, chapter 4")]
    assert list(named_in_report.groupby("framework", sort=False).size()) == [5, 4]
