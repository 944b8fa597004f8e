"""The estimators and the simulation, against R's lm and boot, scipy's bootstrap, closed forms and a slow reference."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from costs_support import MEASURES, random_frame
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from stepdown.costs.cases import Case, savings_without_each_child, without_most_influential_child, work_out
from stepdown.costs.estimators import cost_moments, observed_saving, saving_per_child
from stepdown.costs.simulation import (
    counted_resamples,
    drawn_unit_costs,
    interval_reach,
    normal_resamples,
    simulate,
)
from stepdown.costs.uncertainty import acceptability, monte_carlo_error_of_share
from stepdown.costs.unit_costs import CostRange, Tariffs, read_book
from stepdown.costs.volumes import Volumes, family_sums, volumes
from stepdown.effects import bracket
from stepdown.params.effects import ESTIMATOR_NAMES

ROOT = Path(__file__).resolve().parents[1]
ORACLES = ROOT / "tests" / "oracles"
R = json.loads((ORACLES / "costs_R.json").read_text())
SCIPY = json.loads((ORACLES / "costs_scipy.json").read_text())
ENDS = ("did", "ancova")
FIXED = CostRange(shape="fixed", because="test")


def tariffs(spread=FIXED):
    book = read_book(ROOT / "params/unit_costs/rr1038.yaml", ROOT)
    ids = ("cin_day", "cp_day", "cla_day", "referral")
    costs = tuple(book.cost(name).model_copy(update={"range": spread}) for name in ids)
    return Tariffs(MEASURES, ids, costs, tuple(cost.value for cost in costs))


def case_of(frame, **more):
    data = volumes(frame, MEASURES)
    return Case(data, np.array(tariffs().values), 100_000.0, float(data.n_programme), **more)


@pytest.fixture(scope="module")
def judged():
    frame = pd.read_csv(ORACLES / "costs_children.csv", dtype={"family_id": "str"})
    return case_of(frame.assign(in_programme=frame["in_programme"] == 1))


@pytest.mark.parametrize("end", ENDS)
def test_both_ends_of_the_bracket_equal_r_lm(judged, end):
    assert observed_saving(judged.data, judged.tariffs, end) == pytest.approx(R["estimate"][end], abs=1e-6)


@pytest.mark.parametrize("end", ENDS)
def test_family_bootstrap_agrees_with_scipy_and_r_boot_within_monte_carlo_error(judged, end):
    draws = 20_000
    result = simulate(judged, tariffs(), ENDS, draws, np.random.default_rng(3))
    per_child = result.saving[end] / judged.children
    se = per_child.std(ddof=1)
    for other, other_draws in ((SCIPY["bootstrap"][end]["se"], 20_000), (R["se"][end], 3_000)):
        error = se * np.sqrt(1 / (2 * draws) + 1 / (2 * other_draws))
        assert abs(se - other) < 4 * error
    for ours, theirs in zip(np.quantile(per_child, [0.025, 0.975]), SCIPY["bootstrap"][end]["ci"], strict=True):
        assert abs(ours - theirs) < 4 * 2.7 * se / np.sqrt(draws) * np.sqrt(2)


def test_the_money_and_the_effects_give_the_same_point_estimates(judged):
    from stepdown.effects.comparison import Comparison

    before, after = judged.data.before @ judged.tariffs, judged.data.after @ judged.tariffs
    compared = Comparison(
        outcome="cost", before=before, after=after, programme=judged.data.in_programme, family=judged.data.family
    )
    for estimate, end in zip(bracket(compared), ENDS, strict=True):
        assert estimate.estimator == ESTIMATOR_NAMES[end]
        assert -estimate.estimate == pytest.approx(observed_saving(judged.data, judged.tariffs, end), abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.floats(0.5, 400), min_size=4, max_size=4))
def test_closed_form_bracket_equals_least_squares_on_any_data_and_tariffs(seed, values):
    data = volumes(random_frame(seed, (12, 15)), MEASURES)
    prices = np.array(values)
    x, y, g = data.before @ prices, data.after @ prices, data.in_programme.astype(float)
    ones = np.ones(len(x))
    did = -np.linalg.lstsq(np.column_stack([ones, g]), y - x, rcond=None)[0][1]
    ancova = -np.linalg.lstsq(np.column_stack([ones, g, x]), y, rcond=None)[0][1]
    assert observed_saving(data, prices, "did") == pytest.approx(did, rel=1e-6, abs=1e-6)
    assert observed_saving(data, prices, "ancova") == pytest.approx(ancova, rel=1e-5, abs=1e-3)


def test_counted_resamples_are_sums_of_whole_families_drawn_with_replacement():
    sums = family_sums(volumes(random_frame(2, (5, 6)), MEASURES), programme=True)
    drawn = counted_resamples(sums, 400, np.random.default_rng(1))
    possible = np.array(
        [
            (a + b + c + d + e)
            for a in sums.values
            for b in sums.values
            for c in sums.values
            for d in sums.values
            for e in sums.values
        ]
    )
    for row in drawn[:20]:
        assert np.isclose(possible, row).all(axis=1).any()


def test_row_order_does_not_move_the_estimate_or_the_family_sums():
    frame = random_frame(4)
    other = frame.sample(frac=1, random_state=1).reset_index(drop=True)
    a, b = case_of(frame), case_of(other)
    assert work_out(a).saving == pytest.approx(work_out(b).saving)
    totals = [sorted(family_sums(c.data, programme=True).values[:, 1]) for c in (a, b)]
    assert totals[0] == pytest.approx(totals[1])


def test_same_seed_same_draws_and_another_seed_others(judged):
    runs = [simulate(judged, tariffs(), ENDS, 500, np.random.default_rng(s)).saving["did"] for s in (1, 1, 2)]
    assert (runs[0] == runs[1]).all()
    assert (runs[0] != runs[2]).any()


def test_normal_form_agrees_with_the_counted_form_where_both_can_be_done():
    frame = random_frame(8, (1500, 1500), largest=2)
    case = case_of(frame)
    spread = CostRange(shape="gamma", cv=0.2, because="test")
    counted = simulate(case, tariffs(spread), ENDS, 6_000, np.random.default_rng(1), counted_up_to=5_000)
    normal = simulate(case, tariffs(spread), ENDS, 6_000, np.random.default_rng(2), counted_up_to=10)
    assert (counted.form, normal.form) == ("counted", "normal")
    for end in ENDS:
        a, b = counted.saving[end], normal.saving[end]
        se = a.std()
        assert abs(a.mean() - b.mean()) < 4 * se * np.sqrt(2 / 6_000)
        assert abs(np.log(a.std() / b.std())) < 4 / np.sqrt(6_000)
        for q in (0.025, 0.975):
            assert abs(np.quantile(a, q) - np.quantile(b, q)) < 4 * 2.7 * se * np.sqrt(2 / 6_000)


def test_the_normal_form_has_the_moments_of_the_families():
    sums = family_sums(volumes(random_frame(10), MEASURES), programme=False)
    drawn = normal_resamples(sums, 20_000, np.random.default_rng(1))
    assert drawn[:, 1].mean() == pytest.approx(sums.total[1], rel=0.01)
    assert drawn[:, 1].std() == pytest.approx(sums.values[:, 1].std() * np.sqrt(len(sums.values)), rel=0.03)


def test_gamma_unit_costs_have_the_moments_of_their_closed_form_and_the_quantiles_of_r():
    spread = CostRange(shape="gamma", cv=0.2, because="test")
    drawn = drawn_unit_costs(np.array([160.72]), [spread], 400_000, np.random.default_rng(1))[:, 0]
    assert drawn.mean() == pytest.approx(160.72, rel=0.002)
    assert drawn.std() / drawn.mean() == pytest.approx(0.2, rel=0.01)
    skew = ((drawn - drawn.mean()) ** 3).mean() / drawn.std() ** 3
    assert skew == pytest.approx(2 * 0.2, rel=0.05)  # of a gamma: 2 × cv
    assert np.quantile(drawn, [0.025, 0.5, 0.975]) == pytest.approx(R["gamma_quantiles"], rel=0.005)


def test_fixed_and_uniform_unit_costs():
    uniform = CostRange(shape="uniform", low=5.0, high=15.0, because="test")
    drawn = drawn_unit_costs(np.array([10.0, 7.0]), [uniform, FIXED], 50_000, np.random.default_rng(1))
    assert (drawn[:, 1] == 7.0).all()
    assert drawn[:, 0].min() >= 5.0
    assert drawn[:, 0].max() <= 15.0
    assert drawn[:, 0].mean() == pytest.approx(10.0, rel=0.01)


def test_acceptability_curve_of_a_normal_case_equals_its_closed_form():
    facts = SCIPY["normal"]
    (me, mc), (se, sc) = facts["mean"], facts["sd"]
    covariance = [[se**2, facts["rho"] * se * sc], [facts["rho"] * se * sc, sc**2]]
    draws = 200_000
    effect, cost = np.random.default_rng(1).multivariate_normal([me, mc], covariance, draws).T
    worth = np.array([float(name) for name in facts["curve"]])
    exact = np.array(list(facts["curve"].values()))
    found = acceptability(effect, cost, worth)
    assert (np.abs(found - exact) < 4 * np.sqrt(exact * (1 - exact) / draws)).all()


PRICES = np.array([10.0, 160.0])


def family_groups(rng, families, together, fewer=0.3):
    """Days on plans and looked after, families of 1 to 3 children whose latent values correlate by ``together``."""
    groups = []
    for count, shift in zip(families, (fewer, 0.0), strict=True):
        code = np.repeat(np.arange(count), rng.integers(1, 4, count))
        n = len(code)

        def latent(code=code, n=n, count=count):
            shared, own = rng.standard_normal((count, 2))[code], rng.standard_normal((n, 2))
            return np.sqrt(together) * shared + np.sqrt(1 - together) * own

        first = latent()
        later = 0.5 * first + np.sqrt(0.75) * latent() - shift
        before, after = (np.floor(np.clip((values - [0.0, 0.8]) * 120, 0, 184)) for values in (first, later))
        data = Volumes(("days_cp", "days_cla"), before, after, np.ones(n, bool), code, np.ones(n), np.ones(n))
        groups.append(family_sums(data, programme=True))
    return groups


@pytest.mark.parametrize("families", [(8, 12), (75, 113)])
@pytest.mark.parametrize("together", [0.4, 0.85])
def test_the_interval_of_the_money_holds_the_truth_of_simulated_families(families, together):
    """In 95% of 600 studies, give or take three Monte Carlo errors; percentile intervals do in 84 to 90% at 8 + 12."""
    rng = np.random.default_rng(11)
    whole = [sums.total for sums in family_groups(rng, (120_000, 120_000), together)]
    truth = {end: saving_per_child(end, *(cost_moments(total, PRICES) for total in whole))[0] for end in ENDS}
    held = dict.fromkeys(ENDS, 0)
    for _ in range(600):
        groups = family_groups(rng, families, together)
        for end in ENDS:
            moments = [cost_moments(sums.total, PRICES) for sums in groups]
            reach = interval_reach(end, groups, PRICES, PRICES)
            held[end] += abs(saving_per_child(end, *moments)[0] - truth[end]) <= reach
    assert all(0.923 < count / 600 < 0.977 for count in held.values()), held


def test_the_reach_of_the_moneys_interval_is_the_familys_jackknife_and_welch_by_hand():
    sums = [family_sums(volumes(random_frame(3, (6, 9)), MEASURES), programme=flag) for flag in (True, False)]
    prices = np.array(tariffs().values)
    left = [
        [
            saving_per_child(
                "did",
                *(
                    cost_moments(np.delete(s.values, f, axis=0).sum(axis=0) if i == g else s.total, prices)
                    for i, s in enumerate(sums)
                ),
            )[0]
            for f in range(len(sums[g].values))
        ]
        for g in (0, 1)
    ]
    parts = [np.var(values) * (len(values) - 1) for values in left]
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / 5 + parts[1] ** 2 / 8)
    assert interval_reach("did", sums, prices, prices) == pytest.approx(stats.t.ppf(0.975, freedom) * sum(parts) ** 0.5)


def test_one_family_in_a_group_has_no_interval_no_chance_and_no_repeats():
    frame = random_frame(5, (1, 9), largest=5)
    result = simulate(case_of(frame), tariffs(), ENDS, 200, np.random.default_rng(1))
    for end in ENDS:
        assert np.isnan([result.saving_reach[end], result.days_reach[end], result.probability_pays(end)]).all()
        assert np.isnan(result.saving[end]).all()


def test_probability_that_it_pays_is_the_acceptability_at_no_worth(judged):
    result = simulate(judged, tariffs(), ENDS, 1_000, np.random.default_rng(1))
    cheap = replace(result, programme_cost=float(np.median(result.saving["did"])))
    pays = cheap.probability_pays("did")
    assert pays == pytest.approx(0.5, abs=0.01)
    assert acceptability(cheap.days_avoided["did"], cheap.net_cost("did"), np.array([0.0]))[0] == pays
    assert monte_carlo_error_of_share(0.5, 10_000) == pytest.approx(0.005)


def test_leaving_each_child_out_equals_doing_the_sum_again():
    case = case_of(random_frame(12, (6, 7)))
    fast = savings_without_each_child(case)
    slow = [work_out(replace(case, data=case.data.keep(np.arange(len(fast)) != i))).saving for i in range(len(fast))]
    assert fast == pytest.approx(slow)
    rest = without_most_influential_child(case)
    moved = np.abs(np.array(slow) - work_out(case).saving)
    assert work_out(rest).saving == pytest.approx(slow[int(moved.argmax())])
