"""A score may be missing: who was measured is counted and said, nought is a value, and nobody's gap is filled."""

import math

import numpy as np
import pandas as pd
import pytest
from stepdown import effects, measures, outcomes
from stepdown.contracts import read_study
from stepdown.disclosure import clear
from stepdown.effects import cautions, sentences, weighting
from stepdown.measures import Measure, declare
from stepdown.outcomes import child_outcomes
from stepdown.params import DisclosurePolicy, load_study
from stepdown.params.effects import EffectSettings
from stepdown.show import effect_charts

SETTINGS = EffectSettings(outcomes=("days_cp", "mood"), headline="days_cp", weight_on=("any_cp_before",))
POLICY = DisclosurePolicy(method="suppress", threshold=5)
GROUPS = ("IFP", "Comparison")


@pytest.fixture(scope="module")
def slough():
    study = load_study("params/slough_ifp.yaml")
    return child_outcomes(study, read_study(study))


@pytest.fixture(autouse=True)
def _mood_is_declared(monkeypatch):
    monkeypatch.setattr(measures, "_DECLARED", dict(measures._DECLARED))
    declare(Measure("mood", "mood score", "mood", "points", "score", may_be_missing=True))


def scored(found, *, lost_programme=8, lost_comparison=30):
    """Return the children with a mood score: 0 for every third child; the first so many of each group not measured."""
    frame = found.frame.copy()
    n = np.arange(len(frame))
    frame["mood_before"], frame["mood_after"] = (n % 3).astype(float), ((n * 7) % 11).astype(float)
    for flag, lost in ((True, lost_programme), (False, lost_comparison)):
        rows = frame.index[frame["in_programme"] == flag][:lost]
        frame.loc[rows[::2], "mood_after"] = np.nan
        frame.loc[rows[1::2], "mood_before"] = np.nan
    return frame


def test_a_score_is_compared_among_those_measured_both_times_by_hand(slough):
    frame = scored(slough)
    compared = effects.comparison_of(frame, "mood")
    assert compared.missing == (8, 30)
    assert compared.n_children == 78 + 116 - 38
    both = frame.dropna(subset=["mood_before", "mood_after"])
    change = (both["mood_after"] - both["mood_before"]).groupby(both["in_programme"]).mean()
    assert effects.bracket(compared)[0].estimate == pytest.approx(change[True] - change[False], abs=1e-12)


def test_the_base_of_a_score_is_who_was_measured_not_who_is_above_nought(slough):
    frame = scored(slough)
    for column in ("mood_before", "mood_after"):
        frame[column] = frame[column].where(frame[column].isna(), 0)
    compared = effects.comparison_of(frame, "mood")
    assert compared.n_with_any() == compared.n_children == 156
    assert compared.n_with_any(compared.programme) == 70


def test_days_and_referrals_still_refuse_a_missing_value(slough):
    frame = slough.frame.astype({"days_cp_after": "float64", "referrals_after": "float64"})
    frame.loc[3, ["days_cp_after", "referrals_after"]] = np.nan
    for outcome in ("days_cp", "referrals"):
        with pytest.raises(ValueError, match="a missing value"):
            effects.comparison_of(frame, outcome)


def test_every_table_of_effects_says_how_many_were_measured_and_how_many_were_not(slough):
    frame = scored(slough)
    made = [
        effects.effects_table(frame, SETTINGS, effects.overlap_gate(frame, SETTINGS)),
        effects.bracket_agreement_table(frame, SETTINGS),
        effects.influence_table(frame, SETTINGS),
        effects.permutation_table(frame, SETTINGS, seed=1),
    ]
    for table in made:
        mood = table.frame[table.frame["outcome"] == "mood"].iloc[0]
        measured = ("measured_programme", "missing_programme", "measured_comparison", "missing_comparison")
        assert tuple(mood[name] for name in measured) == (70, 8, 86, 30)
        days = table.frame[table.frame["outcome"] == "days_cp"].iloc[0]
        assert tuple(days[name] for name in measured) == (78, 0, 116, 0)
    course = effects.regression_to_the_mean_table(frame, SETTINGS).frame
    assert list(course.loc[course["outcome"] == "mood", "n_with_any"]) == [70, 86]


def test_without_a_score_no_table_has_a_column_more(slough):
    settings = EffectSettings()
    table = effects.effects_table(slough.frame, settings, effects.overlap_gate(slough.frame, settings))
    assert not [name for name in table.columns if name.startswith(("measured_", "missing_"))]


def test_balance_counts_the_children_who_were_not_measured(slough):
    settings = EffectSettings(balance_variables=("mood_before",))
    row = effects.balance_table(scored(slough), settings).frame.iloc[0]
    assert row["characteristic"] == "Mood score before"
    assert (row["n_programme"], row["missing_programme"]) == (74, 4)
    assert (row["n_comparison"], row["missing_comparison"]) == (101, 15)


def test_a_score_of_few_children_in_one_group_is_hidden_with_every_figure_that_gives_it_away(slough):
    frame = scored(slough, lost_comparison=113)
    table = effects.effects_table(frame, SETTINGS, effects.overlap_gate(frame, SETTINGS))
    cleared = clear(table, POLICY)
    mood = cleared.frame[cleared.frame["outcome"] == "mood"]
    for column in ("measured_comparison", "missing_comparison", "estimate", "ci_low", "ci_high"):
        assert mood[column].isna().all(), column
    assert (mood["n_children"].isna() | mood["measured_programme"].isna()).all(), "73 less 70 would say 3"
    assert cleared.frame.loc[cleared.frame["outcome"] == "days_cp", "estimate"].notna().any()


def test_few_who_were_not_measured_are_hidden_too(slough):
    cleared = clear(outcomes.scores(_with(slough, scored(slough, lost_programme=6))), POLICY)
    after = cleared.frame[(cleared.frame["group"] == "IFP") & (cleared.frame["period"] == "after")].iloc[0]
    assert pd.isna(after["missing"])
    assert pd.isna(after["measured"])


def _with(found, frame):
    return outcomes.ChildOutcomes(frame, found.cohort, found.ladder, found.groups)


def test_scores_by_group_and_period_are_hand_sums(slough):
    frame = scored(slough)
    table = outcomes.scores(_with(slough, frame)).frame
    row = table[(table["group"] == "Comparison") & (table["period"] == "after")].iloc[0]
    values = frame.loc[~frame["in_programme"], "mood_after"].dropna()
    assert (row["children_in_group"], row["measured"], row["missing"]) == (116, 101, 15)
    assert row["mean"] == pytest.approx(values.sum() / 101)
    moved = outcomes.score_movement(_with(slough, frame)).frame.set_index("group").loc["IFP"]
    both = frame.loc[frame["in_programme"]].dropna(subset=["mood_before", "mood_after"])
    assert moved["measured_both"] == moved["higher"] + moved["lower"] + moved["same"] == 70
    assert moved["higher"] == (both["mood_after"] > both["mood_before"]).sum()


@pytest.mark.parametrize(("programme", "comparison"), [(8, 116), (78, 116), (77, 115)])
def test_a_score_that_nobody_has_takes_no_study_down(slough, programme, comparison):
    frame = scored(slough, lost_programme=programme, lost_comparison=comparison)
    gate = effects.overlap_gate(frame, SETTINGS)
    table = clear(effects.effects_table(frame, SETTINGS, gate), POLICY).frame
    assert table.loc[table["outcome"] == "days_cp", "estimate"].notna().any()
    assert table.loc[table["outcome"] == "mood", "ci_low"].isna().all()
    for made in (
        effects.bracket_agreement_table(frame, SETTINGS),
        effects.influence_table(frame, SETTINGS),
        effects.permutation_table(frame, SETTINGS, seed=1),
        effects.regression_to_the_mean_table(frame, SETTINGS),
    ):
        assert clear(made, POLICY).frame["outcome"].isin(["mood"]).any()
    for item in weighting.weighted_estimates(frame, "mood", SETTINGS, gate_passed=True):
        assert math.isnan(item.se), item.estimator
    assert "mood score" in sentences.bracket_sentence(table, "mood", GROUPS).lower()


def test_a_score_is_lower_or_higher_and_never_fewer(slough):
    frame = scored(slough)
    table = clear(effects.effects_table(frame, SETTINGS, effects.overlap_gate(frame, SETTINGS)), POLICY)
    said = sentences.bracket_sentence(table.frame, "mood", GROUPS)
    assert said.startswith("Mood score, IFP against Comparison:")
    assert "points lower" in said or "points higher" in said
    assert "fewer" not in said
    course = clear(effects.regression_to_the_mean_table(frame, SETTINGS), POLICY).frame
    assert "fewer" not in cautions.natural_course_sentences(course[course["outcome"] == "mood"])


def test_a_chart_of_a_score_has_its_own_scale_and_words(slough):
    frame = scored(slough)
    table = clear(effects.effects_table(frame, SETTINGS, effects.overlap_gate(frame, SETTINGS)), POLICY)
    figure = effect_charts.bracket_forest(table, unit="points")
    assert "Mood score" in figure.alt
    assert "protection plan" not in figure.alt
    assert not math.isnan(len(figure.png()))
