"""Where a difference cannot be had, the library says so: one family, no events, no overlap; and Slough as published."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stepdown import effects
from stepdown.contracts import read_study
from stepdown.disclosure import clear
from stepdown.effects import balance, bounded_days, bracketing, movement, permutation, re_referral, weighting
from stepdown.faults import Refused
from stepdown.outcomes import child_outcomes
from stepdown.params import DisclosurePolicy, load_study
from stepdown.params.effects import EffectSettings

SETTINGS = EffectSettings()


@pytest.fixture(scope="module")
def slough():
    study = load_study("params/slough_ifp.yaml")
    return child_outcomes(study, read_study(study)).frame


def children(n=60, n_families=30, seed=0):
    rng = np.random.default_rng(seed)
    family = np.arange(n) % n_families
    before = np.where(rng.random(n) < 0.5, rng.integers(1, 183, n), 0).astype(float)
    after = np.where(rng.random(n) < 0.4, rng.integers(1, 183, n), 0).astype(float)
    return effects.compare(before, after, family % 2 == 0, family, outcome="days_cp")


# --- Slough as published


def test_slough_gate_says_not_estimable_by_weighting_with_6_point_7_of_116(slough):
    gate = effects.overlap_gate(slough, SETTINGS)
    assert not gate.passed
    assert gate.ess_best_case == pytest.approx(6.7, abs=0.01)
    assert gate.n_comparison == 116
    table = effects.effects_table(slough, SETTINGS, gate).frame
    shut = table[table["estimator"].isin(["entropy balancing", "doubly robust difference in differences"])]
    assert shut["estimate"].isna().all()
    assert shut["note"].str.contains("not estimable by weighting").all()


def status_before(programme, comparison):
    """Children by highest status before (none, CIN, CP, CLA) in each group."""
    rungs = [np.repeat(range(4), counts) for counts in (programme, comparison)]
    flags = np.repeat([True, False], [len(rung) for rung in rungs])
    return pd.DataFrame({"highest_before": np.concatenate(rungs), "in_programme": flags})


@pytest.mark.parametrize(
    ("programme", "comparison", "verdict"),
    [
        ((5, 12, 9, 2), (10, 11, 8, 2), "too few to compare precisely"),  # worth 28 of 31: alike and few
        ((5, 12, 9, 2), (40, 44, 32, 8), "passed"),  # the same children, four times as many compared
        ((26, 24, 26, 2), (113, 1, 2, 0), "not estimable by weighting"),  # Slough
        ((2, 3, 9, 14), (29, 1, 1, 0), "not estimable by weighting"),  # few, and not alike
    ],
)
def test_the_gate_tells_too_few_from_too_different(programme, comparison, verdict):
    assert effects.overlap_gate(status_before(programme, comparison), SETTINGS).verdict == verdict


def test_days_inside_equal_the_means_of_days_inside_by_hand(slough):
    table = effects.effects_inside_table(slough, SETTINGS).frame.set_index(["outcome", "estimator"])["estimate"]
    mean = slough.groupby("in_programme")[["clipped_days_cp_before", "clipped_days_cp_after"]].mean()
    change = mean["clipped_days_cp_after"] - mean["clipped_days_cp_before"]
    assert table["days_cp", "difference in differences"] == pytest.approx(change[True] - change[False])
    assert table["days_cp", "difference in differences"] == pytest.approx(-59.7, abs=0.05)


def test_slough_bracket_equals_the_published_means_by_hand(slough):
    """RR1038 Tables 13 and 14: CP 86.3 to 3.1 days a child against 3.3 to 26.2, so -106.1; days as printed there."""
    found = {
        (e.outcome, e.estimator): e.estimate
        for e in effects.effects(slough, SETTINGS, effects.overlap_gate(slough, SETTINGS))
    }
    did = "difference in differences"
    assert found["days_cp", did] == pytest.approx((240 - 6732) / 78 - (3043 - 385) / 116)
    assert found["days_cin", did] == pytest.approx((1105 - 3761) / 78 - (2040 - 28) / 116)
    assert found["days_cla", did] == pytest.approx((0 - 212) / 78 - (335 - 0) / 116)
    assert found["days_cp", "difference after only"] == pytest.approx(240 / 78 - 3043 / 116)
    assert abs(found["days_cp", "lagged-outcome adjustment"]) < abs(found["days_cp", did]) / 4


def test_slough_like_for_like_is_0_of_26_against_27_of_113(slough):
    row = effects.like_for_like_table(slough).frame.query("status_before == 'none'").iloc[0]
    assert (row["events_programme"], row["n_programme"]) == (0, 26)
    assert (row["events_comparison"], row["n_comparison"]) == (27, 113)
    assert (row["difference"], row["ci_low"], row["ci_high"]) == pytest.approx((-23.9, -32.5, -9.3), abs=0.05)


def test_slough_movement_equals_the_text_of_rr1038(slough):
    """RR1038 p. 74: 27 of 113 moved up; 49 or 50 IFP children moved down (the margins leave two)."""
    table = effects.movement_table(slough).frame.set_index("group")
    assert table.loc["Comparison", "escalated"] == 27
    assert table.loc["IFP", ["at_risk_up", "at_risk_down"]].tolist() == [76, 52]
    assert (table.loc["IFP", "escalated"], table.loc["IFP", "de_escalated"]) in [(0, 49), (1, 50)]
    assert (table["escalated"] + table["de_escalated"] + table["same"] == table["n_children"]).all()


def test_slough_has_no_hazard_ratio_and_no_interval_where_a_group_has_no_event(slough):
    row = effects.re_referral_table(slough, SETTINGS).frame.iloc[0]
    assert row["few_events"]
    assert math.isnan(row["ci_low"])
    curve = effects.re_referral_survival_table(slough, SETTINGS).frame
    last = curve[(curve["group"] == "IFP") & (curve["day"] == 183)].iloc[0]
    assert last["re_referred"] == 0
    assert last["ci_high"] == pytest.approx(100 * (1 - 0.025 ** (1 / 78)))  # Clopper-Pearson with no event, by hand


def test_every_table_can_be_cleared_and_hides_what_rests_on_few(slough):
    gate = effects.overlap_gate(slough, SETTINGS)
    policy = DisclosurePolicy(method="suppress", threshold=5)
    tables = [
        effects.overlap_table(slough),
        effects.overlap_gate_table(gate),
        effects.effects_table(slough, SETTINGS, gate),
        effects.bracket_agreement_table(slough, SETTINGS),
        effects.balance_table(slough, SETTINGS),
        effects.movement_table(slough),
        effects.like_for_like_table(slough),
        effects.two_part_table(slough, ("days_cp", "days_cla")),
        effects.influence_table(slough, SETTINGS),
        effects.regression_to_the_mean_table(slough, SETTINGS),
        effects.missing_follow_up_table(slough, {}, SETTINGS),
        effects.permutation_table(slough, EffectSettings(permutation_draws=99), seed=1),
        effects.re_referral_survival_table(slough, SETTINGS),
        effects.re_referral_table(slough, SETTINGS),
    ]
    cleared = {table.name: clear(table, policy) for table in tables}
    assert len(cleared) == len(tables)
    found = cleared["effects"].where(outcome="days_cla", estimator="difference in differences").frame.iloc[0]
    assert pd.isna(found["estimate"])
    assert pd.isna(cleared["overlap_gate"].frame["ess_best_case"].iloc[0])


def test_the_permutation_tests_of_several_outcomes_are_corrected_by_holm_by_hand(slough):
    found = effects.permutation_table(slough, EffectSettings(permutation_draws=199), seed=1).frame
    ordered = found.sort_values("p_value", kind="stable")
    left = np.arange(len(ordered), 0, -1)
    by_hand = np.minimum(np.maximum.accumulate(ordered["p_value"].to_numpy() * left), 1)
    assert ordered["p_holm"].to_numpy() == pytest.approx(by_hand)
    assert (found["p_holm"] > found["p_value"]).any()


# --- what cannot be estimated


def test_one_child_a_family_still_gives_both_ends():
    compared = children(n=40, n_families=40)
    assert compared.n_families == compared.n_children
    for found in bracketing.bracket(compared):
        assert np.isfinite([found.estimate, found.se, found.ci_low, found.ci_high]).all()


def test_an_estimate_that_rests_on_one_family_has_no_interval_and_says_so():
    before = np.zeros(20)
    before[3] = 50.0  # the only child with any days before: the slope rests on that family
    compared = effects.compare(before, np.arange(20.0), np.arange(20) % 2 == 0, np.arange(20))
    found = bracketing.estimated(compared, bracketing.LAGGED_OUTCOME)
    assert np.isfinite(found.estimate)
    assert math.isnan(found.se)
    assert found.note == bracketing.ONE_FAMILY


def test_a_single_family_in_a_group_gives_no_interval():
    compared = effects.compare(np.zeros(9), np.arange(9.0), np.arange(9) < 3, [0, 0, 0, 1, 2, 3, 4, 5, 6])
    found = bracketing.estimated(compared, bracketing.DIFFERENCE_IN_DIFFERENCES)
    assert math.isnan(found.ci_low)
    assert found.note == bracketing.TOO_FEW_FAMILIES


def test_nothing_counted_gives_nothing_to_estimate():
    compared = effects.compare(np.zeros(20), np.zeros(20), np.arange(20) % 2 == 0, np.arange(20))
    found = bracketing.estimated(compared, bracketing.LAGGED_OUTCOME)
    assert (found.estimate, found.note) == (0.0, bracketing.NOTHING_COUNTED)
    assert math.isnan(found.p_value)


def test_a_missing_value_is_refused_and_never_counted_as_zero():
    with pytest.raises(ValueError, match="missing value"):
        effects.compare([1.0, np.nan], [0.0, 0.0], [True, False], ["a", "b"])
    with pytest.raises(ValueError, match="family_id"):
        effects.compare([1.0, 2.0], [0.0, 0.0], [True, False], ["a", None])


def test_an_unknown_outcome_is_refused_with_the_nearest_name(slough):
    with pytest.raises(Refused, match="days_cp"):
        effects.comparison_of(slough, "day_cp")


def test_entropy_balancing_outside_the_reach_of_the_comparison_group_does_not_converge():
    covariates = np.concatenate([np.full(10, 5.0), np.linspace(0, 4, 30)])[:, None]
    found = weighting.entropy_balance(covariates, np.arange(40) < 10)
    assert not found.converged
    assert found.worst_gap > 1e-3


def test_doubly_robust_did_reports_a_group_model_that_separates():
    covariates = np.concatenate([np.full(10, 5.0), np.linspace(0, 4, 30)])[:, None]
    assert np.isnan(weighting.doubly_robust(np.arange(40.0), covariates, np.arange(40) < 10, np.arange(40))).all()


def test_fractional_logit_with_a_group_without_days_says_not_estimable(slough):
    found = bounded_days.fractional_logit(slough, "days_cla")
    assert math.isnan(found.estimate)
    assert "not estimable" in found.note


def test_no_movement_has_no_direction():
    before = np.repeat([0, 1, 2], [3, 2, 1])
    assert math.isnan(movement.direction_test(before - before, np.arange(6)))
    assert math.isnan(movement.stuart_maxwell(before, before, np.arange(6)).statistic)


def test_a_family_in_both_groups_cannot_be_dealt_whole():
    compared = effects.compare(np.zeros(4), np.arange(4.0), [True, False, True, False], [0, 0, 1, 2])
    found = effects.family_permutations([compared], seed=1)[0]
    assert math.isnan(found.p_value)
    assert "both groups" in found.note


# --- properties

seeds = st.integers(0, 10_000)


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_row_order_and_family_names_change_no_estimate(seed):
    one = children(seed=seed)
    order = np.random.default_rng(seed).permutation(one.n_children)
    names = np.array([f"F{code}" for code in one.family])
    other = effects.compare(one.before[order], one.after[order], one.programme[order], names[order])
    for first, second in zip(bracketing.bracket(one), bracketing.bracket(other), strict=True):
        assert first.estimate == pytest.approx(second.estimate, abs=1e-9)
        assert first.se == pytest.approx(second.se, rel=1e-9)
    assert effects.influence(one, bracketing.DIFFERENCE_IN_DIFFERENCES, "family").share == pytest.approx(
        effects.influence(other, bracketing.DIFFERENCE_IN_DIFFERENCES, "family").share,
        nan_ok=True,  # a share that cannot be had can be had in no order
    )


@settings(max_examples=25, deadline=None)
@given(seeds, st.floats(0.01, 1000))
def test_estimates_scale_with_the_unit(seed, factor):
    one = children(seed=seed)
    other = effects.compare(one.before * factor, one.after * factor, one.programme, one.family)
    for first, second in zip(bracketing.bracket(one), bracketing.bracket(other), strict=True):
        assert second.estimate == pytest.approx(first.estimate * factor, rel=1e-8, abs=1e-9)
        assert second.p_value == pytest.approx(first.p_value, rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_the_difference_in_differences_is_the_two_changes_subtracted_by_hand(seed):
    one = children(seed=seed)
    change = one.after - one.before
    found = bracketing.estimated(one, bracketing.DIFFERENCE_IN_DIFFERENCES)
    assert found.estimate == pytest.approx(change[one.programme].mean() - change[~one.programme].mean())


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_balanced_means_are_equal_after_entropy_balancing(seed):
    rng = np.random.default_rng(seed)
    covariates = rng.normal(size=(200, 3))
    programme = rng.random(200) < 0.4
    found = weighting.entropy_balance(covariates, programme)
    assert found.converged
    assert found.weights.sum() == pytest.approx(1)
    assert (found.weights > 0).all()
    assert covariates[~programme].T @ found.weights == pytest.approx(covariates[programme].mean(axis=0), abs=1e-7)
    assert 0 < found.effective_sample_size <= (~programme).sum() + 1e-9


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_the_restricted_mean_without_censoring_is_the_plain_mean_cut_at_tau(seed):
    rng = np.random.default_rng(seed)
    days = rng.integers(1, 400, 40).astype(float)
    mean, _ = re_referral.restricted_mean(re_referral.Waiting(days, np.ones(40, bool), np.arange(40)), 183)
    assert mean == pytest.approx(np.minimum(days, 183).mean())


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_a_standardised_difference_turns_its_sign_with_the_groups(seed):
    rng = np.random.default_rng(seed)
    values, programme = rng.normal(size=50), np.arange(50) < 20
    assert balance.standardised_difference(values, programme) == pytest.approx(
        -balance.standardised_difference(values, ~programme)
    )


def test_weights_change_the_means_and_not_the_denominator(slough):
    programme = slough["in_programme"].to_numpy()
    weights = np.where(programme, 1.0, np.linspace(0.1, 2, len(slough)))
    values = slough["sibling_group_size"].to_numpy(float)
    plain = balance.standardised_difference(values, programme)
    weighted = balance.standardised_difference(values, programme, weights)
    known = ~np.isnan(values)
    moved = np.average(values[~programme & known], weights=weights[~programme & known]) - np.nanmean(values[~programme])
    pooled = math.sqrt((np.nanvar(values[programme], ddof=1) + np.nanvar(values[~programme], ddof=1)) / 2)
    assert weighted == pytest.approx(plain - moved / pooled)
    table = effects.balance_table(slough, SETTINGS, weights=weights).frame
    assert table["smd_weighted"].notna().sum() >= 5


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_the_family_jackknife_of_a_coefficient_judged_by_statsmodels_which_fits_every_family_anew(seed):
    import statsmodels.api as sm

    one = children(n=70, n_families=25, seed=seed)
    for estimator in bracketing.BRACKET:
        response, matrix = bracketing.design(one, estimator)
        judge = sm.OLS(response, matrix).fit(cov_type="cluster-crv3", cov_kwds={"groups": one.family}, use_t=True)
        assert bracketing.clustered_se(response, matrix, one.family) == pytest.approx(judge.bse[1], rel=1e-10)


@settings(max_examples=25, deadline=None)
@given(seeds, st.integers(1, 9))
def test_outcomes_dealt_together_and_families_left_out_by_the_handful_give_the_same(seed, handful):
    several = [children(n=24, n_families=12, seed=seed), children(n=24, n_families=12, seed=seed + 1)]
    other = effects.compare(np.zeros(6), np.arange(6.0), np.arange(6) < 3, np.arange(6))
    for exact_up_to in (0, 10_000):
        how = {"seed": 5, "draws": 199, "exact_up_to": exact_up_to}
        together = permutation.family_permutations([*several, other], **how)
        assert together == [permutation.family_permutations([each], **how)[0] for each in (*several, other)]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(permutation, "_CELLS_AT_A_TIME", 12 * handful)
            patch.setattr(permutation, "_DEALS_AT_A_TIME", 1)
            assert permutation.family_permutations([*several, other], **how) == together
    rng = np.random.default_rng(seed)
    waits = re_referral.Waiting(rng.integers(1, 60, 40).astype(float), rng.random(40) < 0.6, rng.integers(0, 15, 40))
    whole = re_referral._without_each_family(waits, 50)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(re_referral, "_AT_A_TIME", handful)
        assert re_referral._without_each_family(waits, 50) == pytest.approx(whole, rel=1e-12)
    left = [waits.family != family for family in np.unique(waits.family)]
    slow = [re_referral.Waiting(waits.days[k], waits.referred[k], waits.family[k]) for k in left]
    early = [bool((each.referred & (each.days <= 50)).any()) for each in slow]
    means = [re_referral.restricted_mean(each, 50)[0] for each in slow]
    assert whole[early] == pytest.approx(np.array(means)[early], rel=1e-12)


@pytest.mark.parametrize("n", [1, 2, 30, 20_000])
def test_the_last_family_that_is_dealt_in_is_the_one_that_sorting_all_keys_gives(n):
    for seed in range(20):
        keys = np.random.default_rng(seed).random(n) ** (1 + seed % 3)  # also keys that lie elsewhere
        for place in {1, n // 3 + 1, n}:
            assert permutation._lowest(keys, place) == np.sort(keys)[place - 1]


def test_a_matrix_is_called_sound_as_its_lowest_eigenvalue_says():
    rng = np.random.default_rng(5)
    for columns in (1, 2, 3):
        for apart in (1.0, 1e-3, 1e-5, 1e-9):
            rows = rng.normal(size=(40, 6, columns))
            rows[..., -1] = rows[..., 0] + apart * rows[..., -1]
            cross = np.einsum("gik,gij->gkj", rows, rows)
            scale = np.sqrt(np.einsum("gii->gi", cross))
            lowest = np.linalg.eigvalsh(cross / (scale[:, :, None] * scale[:, None, :]))[:, 0]
            assert (bracketing._well_conditioned(cross) == (lowest > 1e-10)).all()
