"""Agreement coefficients, judged by printed examples (Gwet, Krippendorff, SAS, Fleiss) and the krippendorff package."""

from itertools import permutations

import krippendorff
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from review_support import answers_frame, small_tool
from stepdown.params.review import ReviewSettings
from stepdown.review import agreement
from stepdown.review import coefficients as agree

NONE = -1
_KRIPPENDORFF = """
1 1 . 1
2 2 3 2
3 3 3 3
3 3 3 3
2 2 2 2
1 2 3 4
4 4 4 4
1 1 2 1
2 2 2 2
. 5 5 5
. . 1 1
. 3 . .
"""
FOUR_RATERS = np.array(
    [[NONE if v == "." else int(v) - 1 for v in line.split()] for line in _KRIPPENDORFF.strip().splitlines()]
)


def once(ratings):
    return np.ones((1, len(ratings)))


def from_table(table):
    """Return files × 2 ratings from a contingency table of two raters."""
    return np.array([[i, j] for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)])


def test_krippendorff_2011_reliability_data_alpha():
    counts = agree.tally(FOUR_RATERS, 5)
    found = {m: agree.krippendorff_alpha(counts, once(counts), m)[0] for m in ("nominal", "ordinal", "interval")}
    assert found == pytest.approx({"nominal": 0.743, "ordinal": 0.815, "interval": 0.849}, abs=5e-4)


def test_irrcac_four_raters_with_gaps_ac1_and_fleiss():
    """irrCAC's cac.raw4raters: AC1 0.77544, Fleiss' kappa 0.76117 (Gwet 2014, table 2.10)."""
    counts, identity = agree.tally(FOUR_RATERS, 5), agree.weight_matrix(5, "identity")
    assert agree.gwet(counts, identity, once(counts))[0] == pytest.approx(0.77544, abs=5e-6)
    assert agree.fleiss(counts, identity, once(counts))[0] == pytest.approx(0.76117, abs=5e-6)


def test_irrcac_two_abstractors_contingency_table():
    """irrCAC's cont3x3abstractors: Cohen 0.7964094, Scott's pi 0.7962397, AC1 0.8493305."""
    ratings = from_table([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
    counts, identity = agree.tally(ratings, 3), agree.weight_matrix(3, "identity")
    assert agree.cohen(ratings, identity, once(ratings))[0] == pytest.approx(0.7964094, abs=5e-8)
    assert agree.fleiss(counts, identity, once(ratings))[0] == pytest.approx(0.7962397, abs=5e-8)
    assert agree.gwet(counts, identity, once(ratings))[0] == pytest.approx(0.8493305, abs=5e-8)


def test_sas_freq_skin_condition_simple_and_weighted_kappa():
    """SAS/STAT, PROC FREQ, example on agreement of two dermatologists: 0.3449 and, weighted, 0.5082."""
    ratings = from_table([[10, 4, 1, 0], [5, 10, 12, 2], [2, 4, 12, 5], [0, 2, 6, 13]])
    assert agree.cohen(ratings, agree.weight_matrix(4, "identity"), once(ratings))[0] == pytest.approx(0.3449, abs=5e-5)
    assert agree.cohen(ratings, agree.weight_matrix(4, "linear"), once(ratings))[0] == pytest.approx(0.5082, abs=5e-5)


def test_fleiss_fourteen_raters_ten_subjects():
    """The worked example that most textbooks carry: kappa 0.210."""
    counts = np.array(
        [
            [0, 0, 0, 0, 14],
            [0, 2, 6, 4, 2],
            [0, 0, 3, 5, 6],
            [0, 3, 9, 2, 0],
            [2, 2, 8, 1, 1],
            [7, 7, 0, 0, 0],
            [3, 2, 6, 3, 0],
            [2, 5, 3, 2, 2],
            [6, 5, 2, 1, 0],
            [0, 2, 2, 3, 7],
        ],
        dtype="float64",
    )
    assert agree.fleiss(counts, np.eye(5), once(counts))[0] == pytest.approx(0.210, abs=5e-4)


def test_krippendorff_2011_binary_two_observers():
    ratings = np.array([[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]]).T
    counts = agree.tally(ratings, 2)
    assert agree.krippendorff_alpha(counts, once(counts), "nominal")[0] == pytest.approx(0.095, abs=5e-4)


ratings_of_three = st.lists(st.tuples(*[st.integers(-1, 2)] * 3), min_size=3, max_size=15).map(np.array)


@given(ratings_of_three)
@settings(max_examples=60, deadline=None)
def test_alpha_is_that_of_the_krippendorff_package(ratings):
    pairable = ratings[(ratings >= 0).sum(axis=1) >= 2]
    assume(len(np.unique(pairable[pairable >= 0])) > 1)
    counts = agree.tally(ratings, 3)
    for metric in ("nominal", "ordinal", "interval"):
        theirs = krippendorff.alpha(
            value_counts=agree.tally(pairable, 3).astype(int), level_of_measurement=metric, value_domain=[0, 1, 2]
        )
        assert agree.krippendorff_alpha(counts, once(counts), metric)[0] == pytest.approx(theirs, abs=1e-9)


@given(ratings_of_three)
@settings(max_examples=60, deadline=None)
def test_observed_agreement_is_the_mean_over_files_of_agreeing_pairs(ratings):
    weights = agree.weight_matrix(3, "linear")
    each = []
    for row in ratings:
        given_answers = [v for v in row if v >= 0]
        if len(given_answers) >= 2:
            each.append(np.mean([weights[a, b] for a, b in permutations(given_answers, 2)]))
    counts = agree.tally(ratings, 3)
    found = agree.observed_agreement(counts, weights, once(counts))[0]
    assert found == pytest.approx(np.mean(each)) if each else np.isnan(found)


@given(ratings_of_three, st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_drawing_files_by_weight_is_drawing_the_files(ratings, seed):
    """The bootstrap counts how often a file is drawn; copying the files gives the same coefficient."""
    drawn = np.random.default_rng(seed).integers(len(ratings), size=len(ratings))
    times = np.bincount(drawn, minlength=len(ratings))[None, :].astype("float64")
    weights, copied = agree.weight_matrix(3, "quadratic"), ratings[drawn]
    for function in (
        lambda r, t: agree.gwet(agree.tally(r, 3), weights, t),
        lambda r, t: agree.fleiss(agree.tally(r, 3), weights, t),
        lambda r, t: agree.krippendorff_alpha(agree.tally(r, 3), t, "ordinal"),
        lambda r, t: agree.cohen(r[:, :2], weights, t),
    ):
        assert function(ratings, times)[0] == pytest.approx(function(copied, once(copied))[0], nan_ok=True, abs=1e-9)


def reviewed(pairs):
    rows = [
        (f"F{i}", "during", "safer", r, reviewer)
        for i, pair in enumerate(pairs)
        for reviewer, r in zip("ab", pair, strict=True)
    ]
    return answers_frame(rows)


def test_the_table_lists_first_what_reviewers_part_on_and_is_the_same_for_the_same_seed():
    tool, review = small_tool(), ReviewSettings(audit_tool="x.yaml", bootstrap_draws=200)
    same = [(f"F{i}", "during", "holistic", "yes", r) for i in range(8) for r in "ab"]
    apart = [(f"F{i}", "during", "safer", "yes" if r == "a" or i < 4 else "no", r) for i in range(8) for r in "ab"]
    frame = answers_frame(same + apart)
    first, second = (agreement(frame, tool, review, 7).frame for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    assert list(first["item_id"]) == ["safer", "holistic"]
    assert list(first["apart"]) == [4, 0]
    assert first["agreement"].iloc[0] == 0.5
    assert first["agreement_low"].iloc[0] < 0.5 < first["agreement_high"].iloc[0]
    assert np.isnan(first["kappa"].iloc[1]), "kappa is not defined where every answer is the same"
    assert first["ac1"].iloc[1] == 1


def test_the_kappa_paradox_shows_in_kappa_and_not_in_ac1():
    frame = reviewed([("yes", "yes")] * 18 + [("yes", "no"), ("no", "yes")])
    row = agreement(frame, small_tool(), ReviewSettings(audit_tool="x.yaml", bootstrap_draws=100), 1).frame.iloc[0]
    assert row["agreement"] == 0.9
    assert row["kappa"] < 0
    assert row["ac1"] > 0.85


def test_not_applicable_is_an_answer_for_raw_agreement_and_off_the_scale_for_the_rest():
    frame = reviewed([("yes", "yes"), ("no", "no"), ("not_applicable", "yes"), ("not_applicable", "not_applicable")])
    row = agreement(frame, small_tool(), ReviewSettings(audit_tool="x.yaml", bootstrap_draws=100), 1).frame.iloc[0]
    assert row["agreement"] == 0.75
    assert row["files"] == 4
    assert row["files_on_scale"] == 2
    assert row["alpha"] == 1


def test_answers_agreed_after_discussion_say_nothing_about_agreement():
    rows = [
        ("F1", "during", "safer", "yes", "a"),
        ("F1", "during", "safer", "no", "b"),
        ("F1", "during", "safer", "yes", "agreed"),
    ]
    review = ReviewSettings(audit_tool="x.yaml", bootstrap_draws=100, agreed_by="agreed")
    row = agreement(answers_frame(rows), small_tool(), review, 1).frame.iloc[0]
    assert (row["raters"], row["agreement"]) == (2, 0)


def test_no_double_coding_gives_an_empty_table():
    frame = answers_frame([("F1", "during", "safer", "yes", "a")])
    assert agreement(frame, small_tool(), ReviewSettings(audit_tool="x.yaml"), 1).frame.empty


@pytest.mark.parametrize(
    ("files", "why"), [(1, "fewer than 5 files"), (3, "fewer than 5 files"), (12, "always agreed")]
)
def test_reviewers_who_never_part_have_wilson_s_limits_or_none_and_the_reason(files, why):
    """12 of 12 by Wilson's formula: from 12 / (12 + 1.96²) to 1; resampling gave 1.00 to 1.00."""
    item = small_tool().items[0].item_id
    rows = [(f"f{n}", "before", item, "yes", reviewer) for n in range(files) for reviewer in ("r1", "r2")]
    review = ReviewSettings(audit_tool="x.yaml", bootstrap_draws=100)
    row = agreement(answers_frame(rows), small_tool(), review, 1).frame.iloc[0]
    assert row["agreement"] == 1
    assert why in row["why_no_limits"]
    assert np.isnan([row["ac1_low"], row["ac2_high"]]).all()
    if files == 12:
        assert (row["agreement_low"], row["agreement_high"]) == pytest.approx((12 / (12 + 1.959964**2), 1), abs=1e-6)
    else:
        assert np.isnan([row["agreement_low"], row["agreement_high"]]).all()
