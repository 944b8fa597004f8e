"""Before there is data: the smallest difference against a simulation, a textbook and the study's own intervals."""

import numpy as np
import pytest
from click.testing import CliRunner
from pages_support import ROOT
from scipy import stats
from stepdown.commands.check import checked
from stepdown.commands.main import cli
from stepdown.effects.bracketing import DIFFERENCE_IN_DIFFERENCES, LAGGED_OUTCOME, estimated
from stepdown.effects.estimates import smallest_detectable
from stepdown.effects.planning import PlanSettings, load_plan, simulated, smallest_difference, standard_error
from stepdown.faults import Refused
from stepdown.params.loading import build
from stepdown.run.subjects import is_book

EXAMPLE = ROOT / "params/plan.yaml"


def plan(**changes):
    given = {"title": "t", "families": {"programme": 80, "comparison": 80}, "share_with_status": 0.4} | changes
    return build(given, PlanSettings, where="plan.yaml")


@pytest.mark.parametrize("estimator", [DIFFERENCE_IN_DIFFERENCES, LAGGED_OUTCOME])
@pytest.mark.parametrize("alike", [0.0, 0.6])
def test_the_formula_gives_the_spread_of_simulated_estimates(estimator, alike):
    """Judge: 300 simulated studies; a standard deviation of 300 is right to 8% in 95 of 100."""
    mine = plan(children_per_family=1.8, alike_in_family=alike, alike_before_after=0.5)
    rng = np.random.default_rng(3)
    found = np.array([estimated_only(simulated(mine, 0.15, rng), estimator) for _ in range(300)])
    assert found.mean() == pytest.approx(-0.15, abs=4 * found.std() / np.sqrt(300))
    assert found.std() == pytest.approx(standard_error(mine, estimator, 0.15), rel=0.13)


def estimated_only(compared, estimator):
    columns = [np.ones(compared.n_children), compared.programme.astype(float)]
    response = compared.after - compared.before
    if estimator == LAGGED_OUTCOME:
        columns.append(compared.before)
        response = compared.after
    return np.linalg.lstsq(np.column_stack(columns), response, rcond=None)[0][1]


def test_with_single_children_and_no_past_it_is_the_textbooks_difference_of_two_shares():
    """Hand calculation: (t + t) × √(p₁q₁/n + p₂q₂/n), families of one child, nothing carried over from before."""
    mine = plan(children_per_family=1, alike_before_after=0.0, alike_in_family=0.0)
    least = smallest_difference(mine, LAGGED_OUTCOME)
    reach = stats.t.ppf(0.975, 159) + stats.t.ppf(0.8, 159)
    other = 0.4 - least
    assert least == pytest.approx(reach * np.sqrt(0.4 * 0.6 / 80 + other * (1 - other) / 80))


def test_more_families_find_less_and_brothers_and_sisters_are_no_new_evidence():
    mine, alone = plan(children_per_family=2, alike_in_family=0.6), plan(children_per_family=2, alike_in_family=0.0)
    assert smallest_difference(mine, LAGGED_OUTCOME, times=4) < smallest_difference(mine, LAGGED_OUTCOME)
    assert smallest_difference(alone, LAGGED_OUTCOME) < smallest_difference(mine, LAGGED_OUTCOME)


def test_a_plan_too_small_for_any_difference_says_so(tmp_path):
    file = tmp_path / "plan.yaml"
    file.write_text("title: Tiny\nfamilies: {programme: 4, comparison: 4}\nshare_with_status: 0.05\n", encoding="utf-8")
    assert np.isnan(smallest_difference(load_plan(file), LAGGED_OUTCOME))
    done = CliRunner().invoke(cli, ["plan", str(file)])
    assert done.exit_code == 0
    assert "not even a programme that prevented it for every child" in done.output


def test_the_example_runs_and_its_simulation_confirms_it():
    done = CliRunner().invoke(cli, ["plan", str(EXAMPLE)])
    assert done.exit_code == 0, done.output
    found = [
        float(line.split("found in ")[1].split("%")[0]) for line in done.output.splitlines() if "simulation" in line
    ]
    assert len(found) == 2
    assert all(74 <= each <= 86 for each in found)  # 400 studies at 80%: give or take 4, and a little for the formula
    assert is_book(EXAMPLE)  # stepdown run params/*.yaml passes over it
    assert "a plan, in order" in checked(EXAMPLE)


@pytest.mark.parametrize(
    "wrong", [{"share_with_status": 1.2}, {"families": {"programme": 1, "comparison": 9}}, {"x": 1}]
)
def test_a_plan_is_checked(wrong):
    with pytest.raises(Refused):
        plan(**wrong)


def test_what_a_study_could_find_is_found_in_80_of_100():
    """Judge: simulation with the true difference set to what the formula gives from the standard error."""
    mine, rng = plan(), np.random.default_rng(5)
    least = smallest_difference(mine, DIFFERENCE_IN_DIFFERENCES)
    one = estimated(simulated(mine, least, rng), DIFFERENCE_IN_DIFFERENCES)
    assert smallest_detectable(one.se, one.n_families - 1, 0.95) == pytest.approx(least, rel=0.2)
    assert np.isnan(smallest_detectable(float("nan"), 10, 0.95))
