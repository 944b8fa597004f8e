"""Every estimator against an outside judge: R (oracles/effects.R), tableone, a published example or a hand sum."""

import json
import math
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from stepdown.effects import balance, bounded_days, checks, estimates, family_shares, movement, weighting
from stepdown.effects.bracketing import AFTER_ONLY, DIFFERENCE_IN_DIFFERENCES, LAGGED_OUTCOME, estimated
from stepdown.effects.comparison import compare
from stepdown.effects.leverage import influence
from stepdown.effects.overlap import effective_sample_size
from stepdown.effects.permutation import family_permutations
from stepdown.effects.re_referral import RiskAt, Waiting, mover, restricted_mean, risk_by, risk_difference_by, waiting

ORACLES = Path(__file__).parent / "oracles"
R = json.loads((ORACLES / "effects.json").read_text(encoding="utf-8"))
TABLEONE = json.loads((ORACLES / "effects_tableone.json").read_text(encoding="utf-8"))
CHILDREN = pd.read_csv(ORACLES / "effects_children.csv")
PROGRAMME = CHILDREN["in_programme"].to_numpy() == 1


def compared(children=CHILDREN):
    return compare(children["days_before"], children["days_after"], children["in_programme"], children["family_id"])


@pytest.mark.parametrize(
    ("name", "estimator"),
    [("did", DIFFERENCE_IN_DIFFERENCES), ("lagged", LAGGED_OUTCOME), ("after_only", AFTER_ONLY)],
)
def test_both_ends_of_the_bracket_equal_clubsandwich_cr3_and_a_family_jackknife_in_r(name, estimator):
    found, judge = estimated(compared(), estimator), R["bracket"][name]
    for figure in ("estimate", "se", "ci_low", "ci_high", "p_value"):
        assert getattr(found, figure) == pytest.approx(judge[figure], rel=1e-8)
    assert found.se == pytest.approx(judge["se_jackknife"], rel=1e-8)
    assert (found.n_children, found.n_families) == (judge["n_children"], judge["n_families"])


@pytest.mark.parametrize("unit", ["child", "family"])
def test_influence_equals_leaving_out_one_by_one_in_r(unit):
    found = influence(compared(), DIFFERENCE_IN_DIFFERENCES, unit)
    assert found.share == pytest.approx(R["influence"][unit], rel=1e-8)


def test_the_child_that_makes_19_percent_of_the_rr1038_saving_by_hand():
    """335 days looked after at £160.72, scaled by 78/116, in a saving of £194,262 (RR1038 Tables 14, 22 and 24)."""
    saving_per_child = 194_262 / 78
    programme, comparison = np.zeros(78), np.full(116, saving_per_child - 335 * 160.72 / 116)
    comparison[0] += 335 * 160.72
    cost = np.concatenate([programme, comparison])
    found = influence(
        compare(np.zeros(194), cost, np.arange(194) < 78, np.arange(194)), DIFFERENCE_IN_DIFFERENCES, "child"
    )
    assert found.estimate == pytest.approx(-saving_per_child)
    assert found.share == pytest.approx(0.19, abs=0.005)


def test_fractional_logit_effect_in_days_equals_r_glm_with_clustered_delta_method():
    before, after = (CHILDREN[f"days_{period}"].to_numpy(float) / 183 for period in ("before", "after"))
    matrix = np.column_stack([np.ones(len(after)), PROGRAMME, before])
    effect, se = bounded_days.average_marginal_effect(
        after, matrix, CHILDREN["family_id"].to_numpy(), np.full(len(after), 183.0)
    )
    assert effect == pytest.approx(R["fractional"]["estimate"], rel=1e-6)
    assert se == pytest.approx(R["fractional"]["se"], rel=1e-6)


def test_balance_of_a_number_equals_r_matchit_with_the_pooled_standard_deviation():
    age = CHILDREN["age_years"].to_numpy()
    assert balance.standardised_difference(age, PROGRAMME) == pytest.approx(R["balance"]["age_smd"], rel=1e-9)
    assert balance.variance_ratio(age, PROGRAMME) == pytest.approx(R["balance"]["age_variance_ratio"], rel=1e-9)


def test_balance_of_numbers_and_categories_equals_tableone():
    """tableone subtracts the other way round for numbers and gives Yang and Dalton's difference without a sign."""
    days = CHILDREN["days_before"].to_numpy(float)
    assert abs(balance.standardised_difference(days, PROGRAMME)) == pytest.approx(
        abs(TABLEONE["days_before"]), rel=1e-9
    )
    for name in ("band", "highest_before"):
        counts = pd.crosstab(CHILDREN[name], PROGRAMME)
        found = balance.categorical_difference(counts[True].to_numpy(), counts[False].to_numpy())
        assert found == pytest.approx(TABLEONE[name], rel=1e-9)


def test_a_number_that_one_group_has_only_as_0_and_1_is_still_a_number():
    values, arm = np.array([0.0, 3, 5, 0, 1, 0]), np.array([True, True, True, False, False, False])
    pooled = np.sqrt((values[arm].var(ddof=1) + values[~arm].var(ddof=1)) / 2)
    assert balance.standardised_difference(values, arm) == pytest.approx((8 / 3 - 1 / 3) / pooled)


def test_a_flag_by_yang_and_dalton_is_the_flag_by_the_plain_formula_by_hand():
    both = balance.categorical_difference(np.array([50, 28]), np.array([100, 16]))
    p, q = 28 / 78, 16 / 116
    assert both == pytest.approx(abs(p - q) / math.sqrt((p * (1 - p) + q * (1 - q)) / 2))


def test_the_chance_band_of_78_against_116_children_by_hand():
    assert balance.chance_band(78, 116) == pytest.approx(1.96 * math.sqrt(1 / 78 + 1 / 116), abs=1e-4)
    assert balance.chance_band(78, 116) == pytest.approx(0.287, abs=5e-4)


def test_the_age_difference_of_rr1038_is_small_among_known_ages_and_large_in_unknowns_by_hand():
    programme = np.arange(194) < 78
    unknown = np.concatenate([np.arange(78) < 11, np.zeros(116, bool)]).astype(float)
    p = 11 / 78
    assert balance.standardised_difference(unknown, programme) == pytest.approx(p / math.sqrt(p * (1 - p) / 2))


@pytest.mark.parametrize(("group", "arm"), [("programme", 1), ("comparison", 0)])
def test_kaplan_meier_log_log_interval_and_restricted_mean_equal_r_survival(group, arm):
    mine = CHILDREN[CHILDREN["in_programme"] == arm]
    data, judge = waiting(mine), R["survival"][group]
    data = replace(data, family=np.arange(len(data.days)))  # R took the children as independent
    for place, day in enumerate(judge["day"]):
        found = risk_by(data, day)
        assert found.at_risk == judge["at_risk"][place]
        for figure in ("risk", "ci_low", "ci_high"):
            assert getattr(found, figure) == pytest.approx(judge[figure][place], rel=1e-9)
    mean, se = restricted_mean(data, 183)
    assert mean == pytest.approx(judge["rmean"], rel=1e-9)
    assert se == pytest.approx(judge["rmean_se"], rel=1e-9)


def test_stuart_maxwell_equals_r_coin_and_adds_nothing_to_empty_cells():
    before, after = CHILDREN["highest_before"].to_numpy(), CHILDREN["highest_after"].to_numpy()
    found = movement.stuart_maxwell(before, after, np.arange(len(before)))  # one child a family, as in R
    assert found.statistic == pytest.approx(R["movement"]["stuart_maxwell"], rel=1e-8)
    assert found.p_value == pytest.approx(R["movement"]["stuart_maxwell_p"], rel=1e-8)
    seed = np.array([[26, 0, 0, 0], [22, 2, 0, 0], [18, 7, 1, 0], [1, 1, 0, 0]])
    before, after = (np.repeat(places.ravel(), seed.ravel()) for places in np.indices(seed.shape))
    found = movement.stuart_maxwell(before, after, np.arange(len(before)))
    assert found.statistic == pytest.approx(R["movement"]["seed_stuart_maxwell"], rel=1e-8)
    assert found.statistic == pytest.approx(44.57, abs=0.005)


def test_direction_test_equals_r_binom_test():
    before, after = CHILDREN["highest_before"], CHILDREN["highest_after"]
    found = movement.direction_test((after - before).to_numpy(), np.arange(len(after)))
    assert found == pytest.approx(R["movement"]["sign_test"], rel=1e-9)


def test_exact_family_permutation_equals_every_deal_in_r_and_a_plain_loop():
    small = CHILDREN[CHILDREN["family_id"] < 11]
    found, judge = family_permutations([compared(small)], seed=1)[0], R["permutation"]
    assert found.exact
    assert found.deals == judge["deals"]
    assert found.difference == pytest.approx(judge["difference"])
    assert found.p_value == pytest.approx(judge["p_value"])
    change = small["days_after"] - small["days_before"]
    n_dealt = small.loc[small["in_programme"] == 1, "family_id"].nunique()
    deals = []
    for dealt in combinations(sorted(small["family_id"].unique()), n_dealt):
        there = small["family_id"].isin(dealt)
        deals.append(change[there].mean() - change[~there].mean())
    assert found.p_value == pytest.approx(np.mean(np.abs(deals) >= abs(found.difference) - 1e-9))


def test_monte_carlo_permutation_comes_near_the_exact_one():
    small = CHILDREN[CHILDREN["family_id"] < 11]
    drawn = family_permutations([compared(small)], seed=3, draws=4999, exact_up_to=0)[0]
    assert not drawn.exact
    assert drawn.p_value == pytest.approx(R["permutation"]["p_value"], abs=0.03)


def covariates():
    days = CHILDREN["days_before"].to_numpy(float)
    return np.column_stack([days, days > 0, days**2 / 183])


def test_entropy_balancing_equals_the_dual_minimised_in_r():
    found, judge = weighting.entropy_balance(covariates(), PROGRAMME), R["entropy"]
    assert found.converged
    assert found.weights == pytest.approx(judge["weights"], abs=1e-7)
    assert found.effective_sample_size == pytest.approx(judge["effective_sample_size"], rel=1e-6)
    estimate, se = weighting._weighted_difference(compared(), found.weights)
    assert estimate == pytest.approx(judge["estimate"], rel=1e-4)
    assert se == pytest.approx(judge["se"], rel=1e-4)


def test_doubly_robust_did_equals_stacked_estimating_equations_in_r():
    data = compared()
    estimate, se = weighting.doubly_robust(
        data.after - data.before, covariates()[:, :2], PROGRAMME, CHILDREN["family_id"].to_numpy()
    )
    assert estimate == pytest.approx(R["doubly_robust"]["estimate"], rel=1e-6)
    assert se == pytest.approx(R["doubly_robust"]["se"], rel=1e-5)


def test_newcombe_intervals_equal_his_table_of_1998():
    """Newcombe (1998, Statistics in Medicine 17:873-890), Table II, method 10; printed to four decimals."""
    table = {
        ((56, 70), (48, 80)): (0.0524, 0.3339),
        ((9, 10), (3, 10)): (0.1705, 0.8090),
        ((6, 7), (2, 7)): (0.0582, 0.8062),
        ((5, 56), (0, 29)): (-0.0381, 0.1926),
        ((0, 10), (0, 20)): (-0.1611, 0.2775),
        ((10, 10), (0, 20)): (0.6791, 1.0),
    }
    for (first, second), (low, high) in table.items():
        found = family_shares.risk_difference(first, second)
        assert found.ci_low == pytest.approx(low, abs=6e-5)
        assert found.ci_high == pytest.approx(high, abs=6e-5)


def test_exact_intervals_and_fishers_p_equal_r_for_0_of_26_against_27_of_113():
    found = family_shares.risk_difference((0, 26), (27, 113))
    assert [found.first_low, found.first_high] == pytest.approx(R["exact"]["first"], rel=1e-8)
    assert [found.second_low, found.second_high] == pytest.approx(R["exact"]["second"], rel=1e-8)
    assert found.p_value == pytest.approx(R["fisher"], rel=1e-6)


def test_holm_equals_r_p_adjust_within_each_estimator():
    rows = [
        estimates.Estimate(f"outcome {i}", estimator, 1, 1, 0, 1, p, 10, 10, 10, "")
        for estimator in ("one", "other")
        for i, p in enumerate([*R["holm"]["p"], math.nan])
    ]
    found = estimates.holm(rows)
    assert [item.p_holm for item in found[:4]] == pytest.approx(R["holm"]["adjusted"])
    assert [item.p_holm for item in found[5:9]] == pytest.approx(R["holm"]["adjusted"])
    assert math.isnan(found[4].p_holm)


def test_e_value_equals_vanderweele_and_ding_2017():
    """Their worked example (smoking and maternal respiratory death in infants fed formula): 3.9 gives 7.26."""
    assert estimates.e_value(3.9) == pytest.approx(7.26, abs=0.005)
    assert estimates.e_value(1.8) == pytest.approx(3.0, abs=0.005)
    assert estimates.e_value(0.124) == pytest.approx(15.6, abs=0.05)
    assert math.isnan(estimates.e_value(0.0))


def test_the_effective_sample_size_of_slough_is_6_point_7_by_hand():
    assert effective_sample_size([26, 52], [113, 3]) == pytest.approx(1 / ((1 / 3) ** 2 / 113 + (2 / 3) ** 2 / 3))
    assert effective_sample_size([26, 52], [113, 3]) == pytest.approx(6.7, abs=0.05)


def test_manski_bounds_by_hand():
    found = checks.manski_bounds(
        np.array([0.0, 10.0]), np.array([20.0, 40.0]), missing_programme=2, missing_comparison=1, most=100
    )
    assert found.difference == 5 - 30
    assert found.low == 10 / 4 - 160 / 3
    assert found.high == 210 / 4 - 60 / 3


def test_mover_of_two_wilson_intervals_is_newcombe_s_interval_of_1998():
    """56 of 70 against 48 of 80: Newcombe's Table II (a)."""

    def wilson(count, n):
        z, p = 1.959964, count / n
        middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return RiskAt(183, n, count, p, (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n))

    difference, low, high = mover(wilson(56, 70), wilson(48, 80))
    assert difference == pytest.approx(0.2)
    assert (low, high) == pytest.approx((0.0524, 0.3339), abs=6e-5)


def test_the_risk_difference_uses_shares_when_all_are_followed_and_kaplan_meier_when_some_are_not():
    days, family = np.array([10.0, 200, 200, 200, 200]), np.arange(5)
    followed = Waiting(days, np.array([True, False, False, False, False]), family)
    assert risk_difference_by(followed, followed, 183).method == "Newcombe"
    lost = Waiting(np.array([10.0, 90, 200, 200, 200]), np.array([True, False, False, True, False]), family)
    found = risk_difference_by(lost, followed, 183)
    assert found.method == "Kaplan-Meier"
    assert found.difference == pytest.approx(0.0)
    assert found.ci_low < 0 < found.ci_high
