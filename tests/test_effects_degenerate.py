"""No estimator takes a study down: every table of effects on every frame that a small study can be, crossed."""

import warnings

import numpy as np
import pandas as pd
import pytest
from stepdown import effects
from stepdown.contracts import read_study
from stepdown.effects import bounded_days, cautions, sentences, weighting
from stepdown.effects.overlap import OverlapGate
from stepdown.outcomes import child_outcomes
from stepdown.params import load_study
from stepdown.params.effects import EffectSettings

SETTINGS = EffectSettings(permutation_draws=99)
LABELS = ("A", "B")
OPEN = OverlapGate(True, 10, 10, 5, 5, 0, 40.0, 40.0, 30.0)


@pytest.fixture(scope="module")
def whole():
    study = load_study("params/slough_ifp.yaml")
    return child_outcomes(study, read_study(study)).frame


def put(frame, value, *, period=None, group=None):
    """Return the frame with every count of a period and a group set to one value."""
    found = frame.copy()
    mine = np.ones(len(found), bool) if group is None else found["in_programme"].to_numpy() == group
    counts = [name for name in found.select_dtypes("number") if name.endswith(("before", "after"))]
    for name in counts:
        if not name.startswith("window") and (period is None or name.endswith(period)):
            found[name] = found[name].where(~mine, value).astype(found[name].dtype)
    return found


def few(frame, first, second):
    arms = [frame[frame["in_programme"]].head(first), frame[~frame["in_programme"]].head(second)]
    return pd.concat(arms, ignore_index=True)


def one_family_each(frame):
    return frame.assign(family_id=np.where(frame["in_programme"], "one", "two"))


def separated(frame):
    """Days before predict that there are none after, in both groups."""
    found = put(few(frame, 12, 16), 0)
    found.loc[[0, 3, 4, 5], ["days_cp_before", "clipped_days_cp_before"]] = 100
    found.loc[[1, 2, 24, 25, 26, 27], ["days_cp_after", "clipped_days_cp_after"]] = 120
    return found


def all_referred(frame):
    return frame.assign(days_to_referral=3.0, follow_up_days=600.0)


FRAMES = {
    "as it is": lambda frame: frame,
    "all zeros": lambda frame: put(frame, 0),
    "all constant": lambda frame: put(frame, 1),
    "nothing after": lambda frame: put(frame, 0, period="after"),
    "nothing before": lambda frame: put(frame, 0, period="before"),
    "a group with nothing": lambda frame: put(frame, 0, group=True),
    "a group all the same": lambda frame: put(frame, 1, group=False, period="after"),
    "one child each": lambda frame: few(frame, 1, 1),
    "one child against many": lambda frame: few(frame, 1, 40),
    "two children each": lambda frame: few(frame, 2, 2),
    "one family each": one_family_each,
    "one family in one group": lambda f: f.assign(family_id=f["family_id"].where(~f["in_programme"], "one")),
    "one family in both groups": lambda frame: frame.assign(family_id="one"),
    "days before tell days after": separated,
    "before is after": lambda f: f.assign(
        **{n: f[n.replace("after", "before")] for n in f if n.endswith("_after") and n.replace("after", "before") in f}
    ),
    "columns that tell the group": lambda f: put(f, 1, period="before", group=True).pipe(
        put, 0, period="before", group=False
    ),
    "no age and no issues known": lambda frame: frame.assign(age_years=np.nan, n_issues=np.nan),
    "nobody re-referred": lambda frame: frame.assign(days_to_referral=np.nan),
    "all re-referred at once": all_referred,
    "followed for no day": lambda frame: frame.assign(follow_up_days=0.0, days_to_referral=np.nan),
    "one group followed for no day": lambda f: f.assign(follow_up_days=f["follow_up_days"].where(f["in_programme"], 0)),
}
TABLES = {
    "overlap": effects.overlap_table,
    "gate": lambda f: effects.overlap_gate_table(effects.overlap_gate(f, SETTINGS)),
    "effects": lambda f: effects.effects_table(f, SETTINGS, effects.overlap_gate(f, SETTINGS)),
    "effects, gate open": lambda f: effects.effects_table(f, SETTINGS, OPEN),
    "ends": lambda f: effects.bracket_agreement_table(f, SETTINGS),
    "balance": lambda f: effects.balance_table(f, SETTINGS),
    "movement": effects.movement_table,
    "like for like": effects.like_for_like_table,
    "two parts": effects.two_part_table,
    "influence": lambda f: effects.influence_table(f, SETTINGS),
    "natural course": lambda f: effects.regression_to_the_mean_table(f, SETTINGS),
    "missing": lambda f: effects.missing_follow_up_table(f, {}, SETTINGS),
    "permutation": lambda f: effects.permutation_table(f, SETTINGS, seed=1),
    "survival": lambda f: effects.re_referral_survival_table(f, SETTINGS),
    "re-referral": lambda f: effects.re_referral_table(f, SETTINGS),
}
TOLD = {
    "effects": lambda t: " ".join(sentences.bracket_sentence(t, str(o), LABELS) for o in t["outcome"].unique()),
    "ends": sentences.agreement_sentences,
    "movement": sentences.movement_sentences,
    "like for like": lambda t: sentences.like_for_like_others(t, LABELS),
    "influence": cautions.influence_sentences,
    "natural course": cautions.natural_course_sentences,
    "permutation": cautions.permutation_sentences,
    "re-referral": lambda t: sentences.re_referral_sentence(t.iloc[0], LABELS),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_every_table_is_made_and_told_whatever_the_children_are_like(whole, kind):
    frame = FRAMES[kind](whole)
    for name, make in TABLES.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = make(frame).frame
        numbers = found.select_dtypes("number").to_numpy(dtype=float)
        assert not np.isinf(numbers).any(), name
        assert not (np.abs(np.nan_to_num(numbers)) > 1e6).any(), name
        if name.startswith("effects"):
            assert (found.loc[found["ci_low"].isna() & found["estimate"].isna(), "note"] != "").all()
        if name in TOLD:
            assert "nan" not in TOLD[name](found).lower().split(), name


@pytest.mark.parametrize("size", [1.0, 40.0])
def test_days_before_that_tell_the_group_leave_nothing_to_adjust_by(whole, size):
    frame = put(FRAMES["columns that tell the group"](whole), size, period="before", group=True)
    did, lagged, after = (effects.effects_table(frame, SETTINGS, OPEN).frame.query("outcome == 'days_cp'")[:3]).iloc
    assert np.isfinite([did["estimate"], after["estimate"]]).all()
    assert np.isnan(lagged["estimate"])
    assert "before tells which group" in lagged["note"]
    logit = bounded_days.fractional_logit(frame, "days_cp")
    assert np.isnan(logit.estimate)
    assert "before tells which group" in logit.note
    assert "before tells which group" in sentences.bracket_sentence(pd.DataFrame([did, lagged]), "days_cp", LABELS)
    assert np.isnan(effects.bracket_agreement_table(frame, SETTINGS).frame["difference"]).all()


def test_what_rounding_leaves_is_no_standard_error(whole):
    """Nobody changed, or all have the same after: the model fits exactly, and there is no interval and no p."""
    same = FRAMES["before is after"](whole)
    for frame in (same, put(whole, 183, period="after")):
        lagged = effects.effects_table(frame, SETTINGS, OPEN).frame.query("estimator == 'lagged-outcome adjustment'")
        assert lagged[["ci_low", "ci_high", "p_value"]].isna().all(axis=None)
    ends = effects.bracket_agreement_table(same, SETTINGS).frame
    assert ends["ci_low"].isna().all()
    assert sentences.agreement_sentences(ends).count("the two ends are the same") == len(ends)


def test_plans_that_ended_and_did_not_come_back_have_a_row_that_says_why_there_is_no_figure():
    before = np.array([0.11, 0, 0, 0.57, 0.11, 0.85] + [0] * 22)
    after = np.array([0, 0.24, 0.12, 0, 0, 0] + [0] * 6 + [0.96, 0.93, 0.65, 0.67] + [0] * 12)
    matrix = np.column_stack([np.ones(28), np.r_[np.ones(12), np.zeros(16)], before])
    assert np.isnan(bounded_days.average_marginal_effect(after, matrix, np.arange(28), np.full(28, 183.0))).all()


def test_one_family_in_each_group_has_no_interval_and_no_p_for_any_share(whole):
    frame = one_family_each(whole)
    for table in (effects.like_for_like_table(frame), effects.two_part_table(frame), effects.movement_table(frame)):
        ends = [name for name in table.frame if name in ("ci_low", "ci_high") or name.startswith("p_")]
        assert table.frame[ends].isna().all(axis=None)
    row = effects.re_referral_table(frame, SETTINGS).frame.iloc[0]
    assert np.isnan([row["risk_ci_low"], row["risk_ci_high"]]).all()
    assert "fewer than 5 families" in row["risk_method"]


def test_an_unknown_covariate_is_a_group_of_its_own_and_with_none_known_it_is_difference_in_differences(whole):
    estimators = weighting.weighted_estimates(
        whole.assign(age_years=np.nan, n_issues=np.nan), "days_cp", SETTINGS, gate_passed=True
    )
    did = effects.bracket(effects.comparison_of(whole, "days_cp"))[0].estimate
    assert estimators[1].estimate == pytest.approx(did)
    assert "unknown" in estimators[1].note


def test_what_stands_in_the_place_of_an_unknown_covariate_does_not_matter(whole):
    some = whole.assign(n_issues=0.0, age_years=whole["age_years"].where(np.arange(len(whole)) % 5 > 0))
    found = weighting.weighted_estimates(some, "days_cp", SETTINGS, gate_passed=True)[1]
    compared = effects.comparison_of(some, "days_cp")
    unknown = some["age_years"].isna().to_numpy()
    judge = np.column_stack([some["age_years"].fillna(99.0), unknown])
    change = compared.after - compared.before
    assert found.estimate == pytest.approx(
        weighting.doubly_robust(change, judge, compared.programme, compared.family)[0]
    )
