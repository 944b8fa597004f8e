"""Millbrook's worlds, whose truth is known: what was planted is found, and each failing assumption is warned of.

Few draws with fixed seeds, so that the limits below are loose; the generator is data/generators/millbrook.py.
"""

from functools import cache

import numpy as np
import pytest
from stepdown import effects
from stepdown.contracts import StudyRecords
from stepdown.effects import bracketing, checks, weighting
from stepdown.outcomes import child_outcomes
from stepdown.params import load_study

from data.generators import millbrook

DRAWS = 40
DID, LAGGED = bracketing.DIFFERENCE_IN_DIFFERENCES, bracketing.LAGGED_OUTCOME


@cache
def study():
    return load_study("params/millbrook.yaml")


@cache
def frame(world, seed, n=900):
    records = StudyRecords(**millbrook.make(world, seed=seed, n=n), rows_read={}, files={})
    return child_outcomes(study(), records).frame


@cache
def drawn(world, outcome, estimator, n=400):
    """Return estimates, standard errors and p values over the draws of a world."""
    found = [
        bracketing.estimated(effects.comparison_of(frame(world, seed, n), outcome), estimator)
        for seed in range(100, 100 + DRAWS)
    ]
    return np.array([(item.estimate, item.se, item.p_value) for item in found])


@pytest.mark.parametrize("outcome", ["days_cp", "days_cin", "days_cla", "referrals"])
@pytest.mark.parametrize("estimator", [DID, LAGGED])
def test_what_was_planted_lies_in_the_interval(outcome, estimator):
    truth = getattr(millbrook.truth("planted", seed=7), outcome)
    found = bracketing.estimated(effects.comparison_of(frame("planted", 7), outcome), estimator, level=0.99)
    assert found.ci_low < truth < found.ci_high


@pytest.mark.parametrize("estimator", [DID, LAGGED])
def test_the_planted_effect_on_plans_is_found_and_none_is_found_where_none_was_planted(estimator):
    table = effects.effects_table(
        frame("planted", 7),
        study().settings.effects,
        effects.overlap_gate(frame("planted", 7), study().settings.effects),
    ).frame
    mine = table[table["estimator"] == estimator].set_index("outcome")
    assert mine.loc["days_cp", "p_holm"] < 0.05
    assert mine.loc["days_cp", "ci_high"] < 0
    assert mine.loc["days_cla", "p_holm"] > 0.05


def test_the_planted_effect_on_re_referral_is_found():
    truth = millbrook.truth("planted", seed=7)
    row = effects.re_referral_table(frame("planted", 7), study().settings.effects).frame.iloc[0]
    assert row["risk_ci_low"] < 100 * truth.re_referral < row["risk_ci_high"] < 0
    assert row["ci_low"] > 0  # longer without a referral


@pytest.mark.parametrize("outcome", ["days_cp", "referrals"])
@pytest.mark.parametrize("estimator", [DID, LAGGED])
def test_under_no_effect_about_one_in_twenty_is_rejected(outcome, estimator):
    """Forty draws at 5%: more than 6 rejections have a chance of 0.3% (binomial)."""
    p_values = drawn("no_effect", outcome, estimator)[:, 2]
    assert (p_values < 0.05).sum() <= 6
    assert 0.3 < np.mean(p_values) < 0.7


def test_standard_errors_are_about_the_spread_of_the_estimates():
    for estimator in (DID, LAGGED):
        estimates, errors, _ = drawn("no_effect", "days_cp", estimator).T
        assert 0.75 < errors.mean() / estimates.std(ddof=1) < 1.35


def test_with_a_stable_gap_did_is_right_and_adjustment_wrong():
    did, lagged = (drawn("stable_gap", "days_cp", estimator) for estimator in (DID, LAGGED))
    assert abs(did[:, 0].mean()) < 3 * did[:, 0].std() / np.sqrt(DRAWS)
    assert lagged[:, 0].mean() > 10
    assert (lagged[:, 2] < 0.05).mean() > 0.4


def test_with_selection_on_the_past_adjustment_is_right_and_did_wrong():
    did, lagged = (drawn("selection_on_past", "days_cp", estimator) for estimator in (DID, LAGGED))
    assert did[:, 0].mean() < -8
    assert (did[:, 2] < 0.05).mean() > 0.4
    assert abs(lagged[:, 0].mean()) < 3


@pytest.mark.parametrize("world", ["stable_gap", "selection_on_past"])
def test_where_one_condition_fails_the_workbook_warns_that_the_ends_are_apart(world):
    found = [
        bracketing.ends_apart(effects.comparison_of(frame(world, seed), "days_cp")).p_value < 0.05
        for seed in range(100, 110)
    ]
    assert all(found)


@pytest.mark.parametrize("world", ["planted", "no_effect"])
def test_where_both_conditions_hold_the_ends_agree(world):
    apart = [
        bracketing.ends_apart(effects.comparison_of(frame(world, seed, 400), "days_cp")).p_value < 0.05
        for seed in range(100, 130)
    ]
    assert sum(apart) <= 5


@pytest.mark.parametrize("world", ["stable_gap", "selection_on_past"])
def test_the_truth_lies_between_the_ends_where_one_condition_holds(world):
    """Ding and Li (2019): on average over the draws."""
    ends = sorted(drawn(world, "days_cp", estimator)[:, 0].mean() for estimator in (DID, LAGGED))
    assert ends[0] - 1.5 < 0 < ends[1] + 1.5


def test_weighting_recovers_what_was_planted_when_the_gate_passes():
    """Thirty draws of a 95% interval: fewer than 25 hits have a chance of 0.3% (binomial)."""
    settings = study().settings.effects
    hits = np.zeros(2)
    for seed in range(30):
        mine, truth = frame("planted", seed, 600), millbrook.truth("planted", seed=seed, n=600).days_cp
        assert effects.overlap_gate(mine, settings).passed
        found = weighting.weighted_estimates(mine, "days_cp", settings, gate_passed=True)
        hits += [item.ci_low < truth < item.ci_high for item in found]
    assert (hits >= 25).all()


def test_doubly_robust_did_stands_at_its_own_end_of_the_bracket_in_a_stable_gap():
    """The truth is 0: with outcomes before among its covariates it was as wrong as the adjustment (+15 days)."""
    settings = study().settings.effects
    found = [
        weighting.weighted_estimates(frame("stable_gap", seed, 400), "days_cp", settings, gate_passed=True)[1].estimate
        for seed in range(100, 100 + DRAWS)
    ]
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(DRAWS) + 0.5


def test_the_gate_shuts_when_almost_no_comparison_child_had_a_status():
    mine = frame("planted", 7)
    alone = mine[mine["in_programme"] | (mine["highest_before"] == 0)]
    gate = effects.overlap_gate(alone, study().settings.effects)
    assert not gate.passed
    for found in weighting.weighted_estimates(alone, "days_cp", study().settings.effects, gate_passed=gate.passed):
        assert np.isnan(found.estimate)
        assert "not estimable by weighting" in found.note


def test_the_permutation_test_finds_what_was_planted_and_is_quiet_where_nothing_was():
    def p_value(outcome):
        planted = effects.comparison_of(frame("planted", 7), outcome)
        return effects.family_permutations([planted], seed=1, draws=999)[0].p_value

    assert p_value("days_cp") < 0.05
    assert p_value("days_cla") > 0.05


def test_regression_to_the_mean_explains_the_fall_of_a_group_chosen_for_its_past():
    compared = effects.comparison_of(frame("selection_on_past", 7), "days_cp")
    programme, _ = checks.natural_course(compared)
    assert programme.expected < -10
    assert programme.observed == pytest.approx(programme.expected, abs=12)
