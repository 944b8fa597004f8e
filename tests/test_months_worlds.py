"""Worlds whose trends are known (data/generators/trends.py): what the months say in each, and how often.

Thirty studies of 75 + 113 children a world, fixed seeds; ``python -m benchmarks.months`` counts 400.
"""

from functools import cache

import numpy as np
import pytest
from stepdown import effects
from stepdown.effects import bracketing
from stepdown.months import event_study, mean_by_period
from stepdown.windows import month_numbers

from benchmarks.months import BEFORE, REFERENCE, drawn, judged, truth

STUDIES = 30


@cache
def world(name):
    """Judge: the generator's own truth in every month, over the studies."""
    return judged(name, STUDIES)


@pytest.mark.parametrize("name", ["like", "diverging", "dip", "fading"])
def test_the_interval_of_a_month_holds_its_truth_in_93_to_97_of_100(name):
    """In 400 studies 94.4 to 95.4; of thirty, where the months of one study hang together, a little wider."""
    assert 0.91 <= world(name).covered.mean() <= 0.985


@pytest.mark.parametrize("name", ["like", "fading"])
def test_the_average_of_the_estimates_is_the_truth(name):
    found = world(name)
    apart = found.estimates.mean(axis=0) - truth(name)
    assert (np.abs(apart) < 4 * found.estimates.std(axis=0) / np.sqrt(STUDIES) + 1e-9).all()


def test_the_band_holds_all_months_at_once_in_about_95_of_100():
    """In 400 studies of each world 91 to 96; fewer than 50 of 60 at 95% have a chance of 0.1% (binomial)."""
    assert world("like").in_band.sum() + world("fading").in_band.sum() >= 50


def test_where_the_groups_moved_alike_the_joint_test_is_quiet():
    """In 400 studies 5 to 7 of 100; more than 6 of 30 at 5% have a chance of 0.2% (binomial)."""
    assert world("like").rejected.sum() <= 6


def test_a_dip_before_start_is_found_more_often_than_chance_and_makes_a_false_effect():
    dip, like = world("dip"), world("like")
    assert dip.rejected.mean() > like.rejected.mean() + 0.15
    assert dip.estimates[:, ~BEFORE].mean() < -1  # no effect: the group was chosen at its worst


def test_groups_that_drift_apart_without_effect_are_told_by_the_line_and_not_by_the_difference():
    """Difference in differences finds an effect that is none; the line that goes on does so about 5 times of 100."""
    found = world("diverging")
    assert found.estimates[:, ~BEFORE].mean() < -1.5
    assert found.line_holds.mean() >= 0.83
    assert found.difference_excludes.mean() > 2 * found.line_excludes.mean()


def test_an_effect_that_fades_is_seen_to_fade():
    estimates = world("fading").estimates
    first, last = estimates[:, 12].mean(), estimates[:, -1].mean()
    assert first < -2.5
    assert last > first + 1.5


def test_where_the_slope_changes_by_m_the_interval_for_m_holds_the_truth():
    found = world("bent")
    assert found.bent_holds.mean() >= 0.93
    assert found.bent_holds.mean() >= found.line_holds.mean()


def test_one_period_before_and_one_after_is_difference_in_differences():
    """Judge: stepdown.effects.bracketing, which R judges (test_effects_judges.py)."""
    panel = drawn("like", 5)
    value = np.column_stack([panel.value[:, BEFORE].mean(axis=1), panel.value[:, ~BEFORE].mean(axis=1)])
    everybody = np.ones(value.shape, dtype=bool)
    found = event_study(value, everybody, panel.programme, panel.family, np.array([True, False]))
    want = bracketing.estimated(
        effects.compare(value[:, 0], value[:, 1], panel.programme, panel.family), bracketing.DIFFERENCE_IN_DIFFERENCES
    )
    low, high = found.intervals()
    assert (found.estimate[1], found.se[1], low[1], high[1]) == pytest.approx(
        (want.estimate, want.se, want.ci_low, want.ci_high)
    )


def test_a_child_not_observed_in_a_month_does_not_count_there_and_only_there():
    panel = drawn("like", 6)
    whole = event_study(panel.value, np.ones_like(panel.seen), panel.programme, panel.family, REFERENCE)
    seen = np.ones_like(panel.seen)
    seen[:20, -1] = False
    wrong = panel.value.copy()
    wrong[:20, -1] = 1e6
    part = event_study(wrong, seen, panel.programme, panel.family, REFERENCE)
    assert part.estimate[:-1] == pytest.approx(whole.estimate[:-1])
    assert abs(part.estimate[-1]) < 30
    assert part.children[0, -1] == whole.children[0, -1] - 20


def test_the_joint_test_does_not_hang_on_what_the_months_are_set_against():
    panel = drawn("dip", 7)
    by_mean = event_study(panel.value, np.ones_like(panel.seen), panel.programme, panel.family, REFERENCE)
    last = month_numbers() == -1
    by_last = event_study(panel.value, np.ones_like(panel.seen), panel.programme, panel.family, last)
    assert by_mean.joint(BEFORE) == pytest.approx(by_last.joint(BEFORE))


def test_a_group_of_one_family_has_no_test_and_no_interval():
    """Without that family there is no group: what it varies by cannot be known (LAPACK refused the gaps)."""
    panel = drawn("like", 9)
    alone = np.where(panel.programme, panel.family, panel.family[~panel.programme][0])
    found = event_study(panel.value, np.ones_like(panel.seen), panel.programme, alone, REFERENCE)
    assert np.isfinite(found.estimate).all()
    assert np.isnan(found.joint(BEFORE)[2])
    assert np.isnan([*found.average(~BEFORE)[1:], *found.intervals()[0], *found.band()[0]]).all()


def test_months_in_which_nothing_is_counted_have_no_test_and_no_interval():
    panel = drawn("like", 8)
    nothing = np.zeros_like(panel.value)
    found = event_study(nothing, panel.seen, panel.programme, panel.family, REFERENCE)
    assert np.isnan(found.joint(BEFORE)[2])
    assert np.isnan(found.intervals()[0]).all()
    assert np.isnan(found.band()[0]).all()
    mean, low, high = mean_by_period(nothing, panel.seen, panel.family)
    assert np.nanmax(mean) == 0
    assert np.isnan(low).all()
    assert np.isnan(high).all()
