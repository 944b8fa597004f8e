"""Honest trends: against R's HonestDiD, a general optimiser, and linear programmes."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages_support import ROOT
from scipy import optimize, stats
from stepdown.months.trends import Smooth, folded_normal_quantile, largest_change_of_slope

ORACLE = json.loads((ROOT / "tests/oracles/trends.json").read_text(encoding="utf-8"))


def medicaid(weights=(1.0, 0.0)):
    pre, beta = ORACLE["pre"], np.array(ORACLE["betahat"])
    return Smooth(beta[:pre], beta[pre:], np.array(ORACLE["sigma"]), np.array(weights))


@pytest.mark.parametrize("row", ORACLE["smoothness_flci_first_post_period"], ids=lambda row: f"M {row['M']}")
def test_smoothness_intervals_equal_those_of_rs_honestdid(row):
    """R prints three figures; it draws its quantile from a million numbers (trends.R), here it is exact."""
    found = medicaid().interval(row["M"])
    for end, value in (("lb", found.ci_low), ("ub", found.ci_high)):
        assert value == pytest.approx(row[end], abs=1e-4 if row[end] < 0.1 else 5e-4)
        assert value == pytest.approx(row[f"{end}_simulated"], abs=5e-5)


def test_the_breakdown_is_where_the_interval_reaches_nought():
    smooth = medicaid()
    m = smooth.breakdown()
    assert 0.02 < m < 0.03  # R: the interval excludes nought at 0.02 and holds it at 0.03
    assert smooth.interval(m - 1e-6).excludes_nought
    assert not smooth.interval(m).excludes_nought


@st.composite
def problems(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    before, after, gap = draw(st.integers(2, 6)), draw(st.integers(1, 4)), draw(st.integers(0, 2))
    root = rng.standard_normal((before + after, before + after + 2))
    beta = rng.standard_normal(before + after)
    return before, gap, beta, root @ root.T / 5, draw(st.sampled_from([0.0, 0.05, 0.3, 1.0]))


@given(problems())
@settings(max_examples=40, deadline=None)
def test_no_general_optimiser_finds_a_shorter_interval(problem):
    """Judge: SLSQP over the weights of the periods before, with the greatest bias by linear programme beside it."""
    before, gap, beta, covariance, m = problem
    after = len(beta) - before
    found = Smooth.with_gap(beta[:before], beta[before:], covariance, gap).interval(m)
    weights = np.concatenate([np.zeros(gap), np.full(after, 1 / after)])
    ahead, back = np.arange(1, gap + after + 1), np.arange(before, 0, -1)

    def half(v):
        changes = [sum(v[i] * max(back[i] - j, 0) for i in range(before)) for j in range(1, before)]
        bias = m * (
            np.abs([weights @ np.maximum(ahead - j, 0) for j in range(gap + after)]).sum() + np.abs(changes).sum()
        )
        both = np.concatenate([v, np.full(after, 1 / after)])
        error = math.sqrt(both @ covariance @ both)
        return error * folded_normal_quantile(bias / error, 0.95)

    line = {"type": "eq", "fun": lambda v: v @ back - weights @ ahead}
    start = np.linalg.lstsq(back[None, :].astype(float), np.array([weights @ ahead]), rcond=None)[0]
    tried = optimize.minimize(half, start, constraints=line, method="SLSQP", options={"maxiter": 500, "ftol": 1e-12})
    mine = (found.ci_high - found.ci_low) / 2
    assert mine <= tried.fun * (1 + 1e-6)
    assert mine >= tried.fun * (1 - 0.02)  # SLSQP stops early at the corners


@given(problems())
@settings(max_examples=25, deadline=None)
def test_the_greatest_bias_is_that_of_a_linear_programme(problem):
    """Judge: the worst path of the difference whose slope changes by at most 1, as a linear programme."""
    before, gap, beta, covariance, _ = problem
    after = len(beta) - before
    smooth = Smooth.with_gap(beta[:before], beta[before:], covariance, gap)
    for bound in (0.0, float(smooth._path.bounds.max()) / 3):
        v = smooth._start + smooth._free @ smooth._path.at(bound)
        aim = np.concatenate([v, [0.0], np.zeros(gap), np.full(after, 1 / after)])
        second = np.diff(np.eye(len(aim)), 2, axis=0)
        worst = optimize.linprog(
            -aim, A_ub=np.vstack([second, -second]), b_ub=np.ones(2 * len(second)),
            A_eq=np.eye(len(aim))[[before]], b_eq=[0.0], bounds=(None, None),
        )  # fmt: skip
        assert -worst.fun == pytest.approx(smooth._parts(bound)[2], rel=1e-6)


@pytest.mark.parametrize(("shift", "level"), [(0, 0.95), (0.3, 0.9), (1, 0.95), (5, 0.95), (80, 0.95)])
def test_the_quantile_of_a_folded_normal_is_scipys(shift, level):
    assert folded_normal_quantile(shift, level) == pytest.approx(stats.foldnorm.ppf(level, shift), rel=1e-9)


def test_the_largest_change_of_slope_by_hand():
    """Hand calculation: steps +1, +3, −4, and then −2 to the reference at 0: changes of 2, 7 and 2."""
    assert largest_change_of_slope(np.array([2.0, 3.0, 6.0, 2.0])) == 7.0


def test_a_straight_line_is_no_effect():
    """A difference that falls by 1 a period, with a gap of 3 through which nothing is measured."""
    before, after = np.array([5.0, 4.0, 3.0, 2.0, 1.0]), -np.arange(4.0, 8.0)
    found = Smooth.with_gap(before, after, 0.01 * np.eye(9), 3).interval(0.0)
    assert found.estimate == pytest.approx(0.0, abs=1e-9)


def test_one_period_before_has_no_slope():
    with pytest.raises(ValueError, match="two periods"):
        Smooth(np.array([1.0]), np.array([1.0]), np.eye(2), np.array([1.0]))
