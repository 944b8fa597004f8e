"""Intervals and exact tests of the case-file review, each judged by a printed table, by R, or by plain counting."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stepdown.proportions import boschloo, fisher, holm, newcombe, share, wilson
from stepdown.review.ordered import brunner_munzel, contrast, exact_mann_whitney, superiority

R = json.loads((Path(__file__).parent / "oracles" / "review.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("count", "files", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_limits_are_those_of_newcombe_1998a_table_1_method_3(count, files, low, high):
    assert wilson(count, files, 0.95) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("later", "earlier", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_difference_limits_are_those_of_newcombe_1998b_table_2_method_10(later, earlier, low, high):
    assert newcombe(later, earlier, 0.95) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("case", R["two_by_two"], ids=lambda case: f"{case['later']} v {case['earlier']}")
def test_boschloo_fisher_and_wilson_are_those_of_r(case):
    later, earlier = tuple(case["later"]), tuple(case["earlier"])
    assert boschloo(later, earlier) == pytest.approx(case["boschloo"], abs=2e-5)
    assert fisher(later, earlier) == pytest.approx(case["fisher"], rel=1e-9)
    assert wilson(*later, 0.95) == pytest.approx(case["wilson"], abs=1e-9)


@pytest.mark.parametrize(
    ("table", "p"),
    [
        ([[43, 40], [10, 39]], 0.0003231115),
        ([[2, 7], [8, 2]], 0.01977228),
        ([[5, 16], [20, 25]], 0.116547),
        ([[5, 0], [1, 4]], 0.01373073),
        ([[7, 12], [8, 3]], 0.06821831),
    ],
)
def test_two_sided_boschloo_is_that_of_r_package_exact(table, p):
    """Values of R's Exact::exact.test(method="Boschloo", tsmethod="central"), as kept in scipy's own tests."""
    (a, b), (c, d) = table
    assert boschloo((a, a + c), (b, b + d)) == pytest.approx(p, abs=1e-6)


@given(st.integers(1, 12), st.integers(1, 12), st.data())
@settings(max_examples=30, deadline=None)
def test_boschloo_is_never_larger_than_twice_the_one_sided_fisher(n, m, data):
    from scipy.stats import fisher_exact

    x, y = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    table = [[x, y], [n - x, m - y]]
    one_sided = min(fisher_exact(table, alternative=side).pvalue for side in ("less", "greater"))
    assert boschloo((x, n), (y, m)) <= min(1, 2 * one_sided) + 1e-9


def test_holm_is_that_of_r_and_leaves_out_what_is_missing():
    assert holm(R["holm"]["p"]) == pytest.approx(R["holm"]["corrected"], abs=1e-9)
    with_gap = holm([0.01, float("nan"), 0.04])
    assert with_gap[0] == pytest.approx(0.02)
    assert np.isnan(with_gap[1])
    assert with_gap[2] == pytest.approx(0.04)


@pytest.mark.parametrize("case", R["ordered"], ids=str)
def test_exact_mann_whitney_with_ties_is_that_of_r_coin(case):
    assert exact_mann_whitney(case["later"], case["earlier"]) == pytest.approx(case["p"], rel=1e-9)


counts = st.lists(st.integers(0, 3), min_size=3, max_size=3).filter(any)


@given(counts, counts)
@settings(max_examples=60, deadline=None)
def test_exact_mann_whitney_is_the_share_of_all_ways_to_deal_the_files(later, earlier):
    values = [k for k in range(3) for _ in range(later[k] + earlier[k])]
    ranks = [1 + sum(v < value for v in values) + (values.count(value) - 1) / 2 for value in values]
    n, middle = sum(later), sum(later) * (len(values) + 1) / 2
    first_rank = [ranks[values.index(k)] if k in values else 0 for k in range(3)]
    seen = abs(sum(c * r for c, r in zip(later, first_rank, strict=True)) - middle)
    ways = [abs(sum(ranks[i] for i in chosen) - middle) for chosen in combinations(range(len(values)), n)]
    assert exact_mann_whitney(later, earlier) == pytest.approx(np.mean([way >= seen - 1e-9 for way in ways]))


@given(counts, counts)
@settings(max_examples=60, deadline=None)
def test_superiority_is_the_share_of_pairs_and_turns_over_with_the_samples(later, earlier):
    a, b = (np.repeat(range(3), c) for c in (later, earlier))
    pairs = [(x > y) + (x == y) / 2 for x in a for y in b]
    assert superiority(later, earlier) == pytest.approx(np.mean(pairs))
    assert superiority(later, earlier) + superiority(earlier, later) == pytest.approx(1)


def test_brunner_munzel_interval_is_that_of_the_pain_scores_in_brunner_and_munzel_2000():
    """Shoulder-pain scores; interval as printed by R's lawstat::brunner.munzel.test (0.5952169 to 0.9827052)."""
    later, earlier = [3, 1, 4, 2, 1], [11, 2, 0, 1, 0]  # how many patients scored 1, 2, 3, 4, 5
    assert superiority(later, earlier) == pytest.approx(0.788961, abs=1e-6)
    assert brunner_munzel(later, earlier, 0.95) == pytest.approx((0.5952169, 0.9827052), abs=1e-6)


def test_samples_that_do_not_overlap_get_no_interval_rather_than_a_point():
    found = contrast([0, 0, 6], [5, 0, 0], 0.95)
    assert found.superiority == 1
    assert np.isnan(found.low)
    assert np.isnan(found.high)


def test_no_file_gives_no_number():
    assert np.isnan(share(0, 0))
    assert all(np.isnan(wilson(0, 0, 0.95)))
    assert all(np.isnan(newcombe((0, 0), (1, 2), 0.95)))
    assert np.isnan(boschloo((0, 0), (1, 2)))
    assert np.isnan(contrast([0, 0, 0], [1, 1, 1], 0.95).p_exact)


def test_two_samples_all_alike_have_p_one():
    assert boschloo((5, 5), (7, 7)) == 1
    assert boschloo((0, 5), (0, 7)) == 1


def test_the_functions_known_to_be_wrong_are_not_used():
    """scipy's barnard_exact loses ties; statsmodels' score interval fails on small tables (see proportions.py)."""
    for path in (Path(__file__).parents[1] / "lib" / "stepdown" / "review").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "barnard_exact" not in text
        assert 'method="score"' not in text
        assert "mannwhitneyu(" not in text.replace('``mannwhitneyu(method="exact")``', "")
