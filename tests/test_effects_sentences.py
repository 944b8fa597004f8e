"""Sentences made from numbers: each states its condition or its caution, and never a hidden number."""

import numpy as np
import pandas as pd
import pytest
from stepdown.effects import cautions, sentences, wording
from stepdown.params.study import Group, Groups

LABELS = ("IFP", "Comparison")
NA = pd.NA


def gate(**changed):
    row = {
        "verdict": "not estimable by weighting",
        "n_programme": 78,
        "n_comparison": 116,
        "with_status_programme": 52,
        "with_status_comparison": 3,
        "unmatched": 2,
        "ess_best_case": 6.7,
        "ess_by_status": 6.3,
        "ess_needed": 30.0,
    }
    return row | changed


def end(estimator, estimate, low, high, p, note="", condition="without the programme, all would be alike", **changed):
    row = {
        "outcome": "days_cp",
        "estimator": estimator,
        "estimate": estimate,
        "ci_low": low,
        "ci_high": high,
        "se": 10.0,
        "p_holm": p,
        "condition": condition,
        "note": note,
    }
    return row | changed


def bracket(first=(-106.1, -141.6, -70.7, 0.0001), second=(-24.6, -40.8, -8.3, 0.0129), note="", **changed):
    return pd.DataFrame(
        [
            end("difference in differences", *first, note, **changed),
            end("lagged-outcome adjustment", *second, note, **changed),
        ]
    )


def test_no_overlap_says_not_estimable_by_weighting_and_why():
    text = sentences.overlap_sentence(gate(), LABELS)
    assert "52 of 78 children of the IFP group" in text
    assert "3 of 116" in text
    assert "6.7 children (at least 30 are needed)" in text
    assert text.endswith("The difference is not estimable by weighting.")


def test_enough_overlap_says_no_more_than_that_weighting_may_be_tried():
    text = sentences.overlap_sentence(gate(verdict="passed", ess_best_case=90.0, ess_by_status=84.2), LABELS)
    assert text.startswith("These two groups overlap enough for weighting to be tried")
    assert "84 children" in text


def test_overlap_on_any_status_but_not_on_the_highest_says_only_in_part():
    text = sentences.overlap_sentence(gate(ess_best_case=64.0, unmatched=9), LABELS)
    assert "only in part" in text
    assert "not estimable by weighting" in text


def test_hidden_counts_of_the_gate_stay_hidden():
    row = gate(with_status_comparison=NA, ess_best_case=NA, ess_by_status=NA, unmatched=NA)
    text = sentences.overlap_sentence(row, LABELS)
    assert "a number not shown of 116" in text
    assert "a number of children not shown" in text
    assert "not estimable by weighting" in text
    assert "<NA>" not in text


def test_a_large_gap_gives_both_ends_with_interval_and_condition_and_never_their_mean():
    text = sentences.bracket_sentence(bracket(), "days_cp", LABELS)
    assert "106.1 days fewer per child if both groups would have changed alike (95% interval from 141.6 fewer" in text
    assert "but 24.6 days fewer per child if children alike before would have been alike after (95% interval" in text
    assert "p < 0.001 and p = 0.013" in text
    assert "Holm" in text
    assert "65.4" not in text
    assert "significant" not in text


def test_an_outcome_that_nobody_had_is_no_test_to_correct_for():
    nobody = bracket((0.0, NA, NA, NA), (0.0, NA, NA, NA), "no child of either group has any of it, before or after: "
                     "nothing to estimate", se=NA).assign(outcome="days_cla")  # fmt: skip
    text = sentences.bracket_sentence(pd.concat([bracket(), nobody]), "days_cp", LABELS)
    assert "corrected for 1 outcome (Holm)" in text


def test_an_interval_across_none_is_worded_from_fewer_to_more():
    text = sentences.bracket_sentence(bracket(second=(-5.4, -18.7, 8.0, 0.639)), "days_cp", LABELS)
    assert "from 18.7 fewer to 8.0 more" in text


def test_few_events_carry_their_caution():
    text = sentences.bracket_sentence(bracket(note="rests on few children with any of it"), "days_cp", LABELS)
    assert text.endswith("Caution: rests on few children with any of it.")


def test_zero_events_give_no_difference_and_say_why():
    nothing = "no child of either group has any of it, before or after: nothing to estimate"
    none = (0.0, np.nan, np.nan, np.nan)
    text = sentences.bracket_sentence(bracket(none, none, nothing, se=np.nan), "days_cp", LABELS)
    assert text == f"Days on a child protection plan: {nothing}."


def test_a_hidden_estimate_is_said_to_be_hidden():
    hidden = (NA, NA, NA, NA)
    text = sentences.bracket_sentence(bracket(hidden, hidden, se=NA), "days_cp", LABELS)
    assert text == (
        "Days on a child protection plan: no difference is given, because it rests on too few children to be shown."
    )


def test_an_estimate_without_an_interval_says_so():
    alone = (-20.0, np.nan, np.nan, np.nan)
    text = sentences.bracket_sentence(bracket(alone, alone, "rests on a single family", se=np.nan), "days_cp", LABELS)
    assert "no interval can be given" in text
    assert "No test can be given" in text


@pytest.mark.parametrize(("differ", "says"), [(True, "these data cannot say"), (False, "that does not prove")])
def test_the_two_ends_agree_or_the_data_cannot_say(differ, says):
    row = {
        "outcome": "days_cp",
        "difference": -81.6,
        "ci_low": -100,
        "ci_high": -60,
        "p_value": 0.0,
        "ends_differ": differ,
    }
    assert says in sentences.agreement_sentence(row)


def like(**changed):
    row = {
        "status_before": "none",
        "event": "moved to a higher status",
        "n_programme": 26,
        "events_programme": 0,
        "n_comparison": 113,
        "events_comparison": 27,
        "difference": -23.9,
        "ci_low": -32.5,
        "ci_high": -9.3,
        "e_value": np.nan,
    }
    return row | changed


def test_like_for_like_gives_counts_and_interval():
    text = sentences.like_for_like_sentence(like(), LABELS)
    assert "0 of 26 of the IFP group moved to a higher status, against 27 of 113" in text
    assert "24 percentage points fewer (Newcombe 95% interval from 33 fewer to 9 fewer)" in text


def test_the_limit_of_like_for_like_names_clocks_that_differ():
    def limit(first, second):
        return sentences.clock_limit(
            Groups(
                programme=Group(label="a", described_as="a", anchor=first),
                comparison=Group(label="b", described_as="b", anchor=second),
            )
        )

    assert "at the end of support and at the end of assessment" in limit("support", "assessment")
    assert "clocks" not in limit("support", "support")


def test_strata_with_few_children_are_not_compared_like_for_like():
    few = pd.DataFrame([like(), like(status_before="CIN", n_programme=24, n_comparison=1)])
    assert "0 of 26" in sentences.like_for_like_finding(few, LABELS)
    assert "fewer than 10 children there" in sentences.like_for_like_others(few, LABELS)
    many = pd.DataFrame([like(), like(status_before="CIN", n_programme=24, n_comparison=30)])
    assert "Among children with CIN" in sentences.like_for_like_others(many, LABELS)
    assert "no E-value can be given" in sentences.like_for_like_others(many, LABELS)
    hidden = pd.DataFrame([like(status_before="CIN", n_comparison=NA)])
    assert "cannot be compared" in sentences.like_for_like_others(hidden, LABELS)
    assert "cannot be compared with like" in sentences.like_for_like_finding(hidden, LABELS)


def test_like_for_like_with_hidden_counts_gives_no_difference():
    text = sentences.like_for_like_sentence(like(events_programme=NA, difference=NA, ci_low=NA, ci_high=NA), LABELS)
    assert "a number not shown of 26" in text
    assert "percentage points" not in text


def leverage(share, dominates, estimator="difference in differences", unit="family", n_units=40):
    return {
        "outcome": "days_cla",
        "estimator": estimator,
        "unit": unit,
        "percent_of_estimate": share,
        "dominates": dominates,
        "n_units": n_units,
    }


@pytest.mark.parametrize(
    ("share", "dominates", "says"),
    [
        (19.0, True, "one family alone makes 19% of the difference if both groups would have changed alike"),
        (-30.4, True, "one family alone hides 30% of the difference if both groups would have changed alike"),
        (310.0, True, "one family alone makes more than all of the difference"),
        (4.0, False, "no single family makes more than 4% of the difference."),
        (NA, NA, "cannot be said or shown."),
    ],
)
def test_one_family_that_dominates_is_named_as_a_share(share, dominates, says):
    other = leverage(3.0, False, "lagged-outcome adjustment")
    child = leverage(1.0, False, unit="child", n_units=90)
    text = cautions.influence_sentences(pd.DataFrame([leverage(share, dominates), other, child]))
    assert says in text


def test_where_each_family_is_one_child_the_child_is_named():
    frame = pd.DataFrame([leverage(52.0, True, unit=unit) for unit in ("child", "family")])
    assert "one child alone makes 52%" in cautions.influence_sentences(frame)


def moved(**changed):
    row = {
        "group": "IFP",
        "at_risk_up": 76,
        "escalated": 0,
        "at_risk_down": 52,
        "de_escalated": 49,
        "p_direction": 1e-12,
    }
    return row | changed


def test_movement_names_both_denominators_and_the_natural_course():
    text = sentences.movement_sentence(moved())
    assert "of 76 children who could move up, none did; of 52 who could move down, 49 did" in text
    assert "plans end" in text
    hidden = sentences.movement_sentence(moved(escalated=NA, p_direction=NA))
    assert "a number not shown did" in hidden
    assert "sign test" not in hidden
    hidden = sentences.movement_sentence(moved(at_risk_up=NA, escalated=NA, de_escalated=NA, p_direction=NA))
    assert hidden == "In the IFP group, how many moved up or down cannot be shown."


def referred(**changed):
    row = {
        "tau_days": 183,
        "n_programme": 78,
        "events_programme": 0,
        "n_comparison": 116,
        "events_comparison": 6,
        "risk_difference": -5.2,
        "risk_ci_low": -10.8,
        "risk_ci_high": 0.3,
        "risk_method": "Newcombe",
        "mean_difference": 4.8,
        "ci_low": np.nan,
        "ci_high": np.nan,
        "p_value": np.nan,
        "few_events": True,
    }
    return row | changed


def test_few_re_referrals_give_shares_and_no_model():
    text = sentences.re_referral_sentence(referred(), LABELS)
    assert "0 of 78 children of the IFP group were referred again, against 6 of 116" in text
    assert "no hazard ratio is given" in text
    assert "days longer" not in text


def test_many_re_referrals_give_the_restricted_mean_with_its_interval():
    row = referred(few_events=False, mean_difference=9.3, ci_low=2.5, ci_high=16.2, p_value=0.008)
    text = sentences.re_referral_sentence(row, LABELS)
    assert "9.3 days longer without a referral" in text
    assert "95% interval from 2.5 more to 16.2 more; p = 0.008" in text


def test_a_restricted_mean_that_rounds_to_none_has_no_side():
    row = referred(few_events=False, mean_difference=-0.04, ci_low=-2.5, ci_high=2.4, p_value=0.97)
    assert "went as long as the others without a referral" in sentences.re_referral_sentence(row, LABELS)


def test_hidden_re_referrals_stay_hidden():
    row = referred(events_programme=NA, risk_difference=NA, risk_ci_low=NA, risk_ci_high=NA, few_events=NA)
    text = sentences.re_referral_sentence(row, LABELS)
    assert "a number not shown of 78" in text
    assert "percentage points" not in text


def test_missing_follow_up_gives_the_worst_cases_or_says_that_there_is_none():
    row = {"outcome": "days_cp", "missing_programme": 0, "missing_comparison": 0, "bound_low": -1, "bound_high": -1}
    assert "every child" in cautions.missing_follow_up_sentence(row, LABELS)
    row |= {"missing_programme": 7, "bound_low": -10.3, "bound_high": 4.9}
    text = cautions.missing_follow_up_sentence(row, LABELS)
    assert "seven children of the IFP group and no children of the Comparison group" in text
    assert "between 10.3 days fewer and 4.9 days more per child" in text


def test_e_value_is_labelled_as_no_evidence():
    assert "not evidence" in cautions.e_value_sentence(like(e_value=15.6))
    assert "no E-value" in cautions.e_value_sentence(like())


@pytest.mark.parametrize(
    ("value", "unit", "says"),
    [
        (-24.55, "days", "24.6 days fewer"),
        (0.04, "days", "no difference"),
        (1.25, "days", "1.3 days more"),
        (-0.12, "referrals", "0.12 referrals fewer"),
        (-23.9, "percentage points", "24 percentage points fewer"),
    ],
)
def test_differences_are_worded_without_signs_and_rounded_half_up(value, unit, says):
    assert wording.fewer(value, unit) == says


def test_agreement_and_permutation_over_all_outcomes():
    rows = [
        {
            "outcome": "days_cp",
            "difference": -81.6,
            "ci_low": -100,
            "ci_high": -60,
            "p_value": 0.0,
            "ends_differ": True,
        },
        {"outcome": "days_cin", "difference": 1.0, "ci_low": -3, "ci_high": 5, "p_value": 0.7, "ends_differ": False},
        {"outcome": "days_cla", "difference": NA, "ci_low": NA, "ci_high": NA, "p_value": NA, "ends_differ": NA},
    ]
    text = sentences.agreement_sentences(pd.DataFrame(rows))
    assert "Days on a child protection plan: the two ends are 81.6 days per child apart" in text
    assert "Days as a child in need: the two ends are no further apart than chance can make them" in text
    assert "Days looked after: whether the two ends agree cannot be said" in text
    corrected = [row | {"p_value": 0.0, "p_holm": row["p_value"]} for row in rows]
    chance = cautions.permutation_sentences(pd.DataFrame(corrected))
    assert "Corrected for 3 outcomes (Holm): days on a child protection plan p < 0.001 and days as a child" in chance
    assert "in need p = 0.700." in chance
    assert "looked after" not in chance


@pytest.mark.parametrize(
    ("verdict", "says"), [("passed", "in other ways"), ("not estimable by weighting", "either way")]
)
def test_the_limit_of_the_gate_fits_its_verdict(verdict, says):
    assert says in sentences.gate_limit(gate(verdict=verdict))


def test_alike_but_few_is_not_called_too_different():
    text = sentences.overlap_sentence(gate(verdict="too few to compare precisely", ess_by_status=28.4), LABELS)
    assert text.startswith("These two groups are alike, but too few to compare precisely")
    assert "28 children of its 116" in text
    assert "different" not in text


def test_under_whole_spells_days_inside_lead_and_the_published_count_is_named_as_such():
    inside = bracket((-59.7, -78.6, -40.8, 0.0001), (-10.2, -16.4, -3.9, 0.006))
    text = sentences.bracket_sentence(inside, "days_cp", LABELS, bracket(), "RR1038")
    assert text.index("59.7 days fewer") < text.index("as RR1038 counted: 106.1 fewer and 24.6 fewer")
    hidden = bracket((NA, NA, NA, NA), (NA, NA, NA, NA))
    assert "counted:" not in sentences.bracket_sentence(inside, "days_cp", LABELS, hidden, "RR1038")
