"""Cohort, outcomes and profile of the small study; judge: the hand counts in tests/cases/small_study/WHO.md."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from stepdown import cohort, describe, outcomes
from stepdown.contracts import read_study
from stepdown.faults import Refused
from stepdown.params import load_study

SMALL = Path(__file__).parent / "cases" / "small_study"


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(SMALL, tmp_path / "study")
    return tmp_path / "study"


def of(folder, **overrides):
    study = load_study(folder / "params" / "small.yaml", **overrides)
    records = read_study(study)
    return study, records, outcomes.child_outcomes(study, records)


def row(table, /, **key):
    frame = table.frame
    for name, value in key.items():
        frame = frame[frame[name] == value]
    assert len(frame) == 1, key
    return frame.iloc[0]


def test_days_and_episodes_by_hand():
    table = outcomes.statutory_status(of(SMALL)[2])
    cin = row(table, group="Small Steps", period="before", status="CIN")
    # a2: 1 Dec to 1 Mar is 90 days; a3: 1 Nov to 15 Mar, two touching spells, is 134 days and one episode
    assert (cin["children_with_status"], cin["days"], cin["episodes"]) == (2, 90 + 134, 2)
    assert cin["mean_days_per_child"] == (90 + 134) / 4
    cp = row(table, group="Small Steps", period="before", status="CP")
    assert (cp["days"], cp["children_with_status"]) == (181, 1)
    cla = row(table, group="Small Steps", period="after", status="CLA")
    assert (cla["days"], cla["new_episodes"]) == (92, 1)


def test_a_spell_that_starts_and_ends_on_one_day_is_an_episode_without_days():
    cin = row(outcomes.statutory_status(of(SMALL)[2]), group="Usual help", period="before", status="CIN")
    assert (cin["children_with_status"], cin["days"], cin["episodes"]) == (1, 0, 1)


def test_an_open_spell_runs_to_the_end_of_the_extract():
    cp = row(outcomes.statutory_status(of(SMALL)[2]), group="Usual help", period="after", status="CP")
    assert cp["days"] == 133  # 1 August to 12 December, where the six months after 11 June end


def test_whole_spell_counts_the_days_outside_the_window_too():
    table = outcomes.statutory_status(of(SMALL, day_count="whole_spell")[2])
    cp = row(table, group="Small Steps", period="before", status="CP")
    assert (cp["days"], cp["clipped_days"]) == (333, 181)  # 1 June 2017 to 30 April 2018


def test_flows_by_hand_and_their_margins():
    table = outcomes.transitions(of(SMALL)[2])
    flow = table.frame[table.frame["children"] > 0]
    assert set(flow[["group", "status_before", "status_after", "children"]].itertuples(index=False, name=None)) == {
        ("Small Steps", "none", "none", 1),
        ("Small Steps", "CIN", "CIN", 1),
        ("Small Steps", "CIN", "CLA", 1),
        ("Small Steps", "CP", "none", 1),
        ("Usual help", "none", "none", 1),
        ("Usual help", "none", "CP", 1),
        ("Usual help", "CIN", "none", 1),
        ("Usual help", "CLA", "CLA", 1),
    }
    assert table.frame.groupby("group")["children"].sum().to_dict() == {"Small Steps": 4, "Usual help": 4}
    assert len(table.frame) == 2 * 16


def test_referrals_with_and_without_the_index_referral():
    table = outcomes.referrals(of(SMALL)[2])
    before = row(table, group="Small Steps", period="before")
    assert (before["referrals"], before["referrals_without_index"]) == (3, 0)
    after = row(table, group="Small Steps", period="after")
    assert (after["referrals"], after["mean_per_child"]) == (1, 0.25)


def test_time_to_re_referral_is_counted_from_the_first_day_after():
    frame = of(SMALL)[2].frame.set_index("child_id")
    assert frame.loc["a4", "days_to_referral"] == 80  # 1 April to 20 June 2018
    assert frame["days_to_referral"].notna().sum() == 1


def test_status_on_the_last_day_before_and_the_first_day_after():
    table = outcomes.status_on_date(of(SMALL)[2])
    assert row(table, group="Small Steps", moment="first day after", status="CLA")["children"] == 1
    assert row(table, group="Small Steps", moment="last day before", status="CP")["children"] == 1


def test_the_participant_flow_adds_up():
    flow = of(SMALL)[2].cohort.flow.frame
    for _, steps in flow.groupby("group"):
        counts = steps.groupby("step")["children"].sum()
        assert counts[cohort.IN_RECORDS] == counts.drop(cohort.IN_RECORDS).sum()
    assert row(of(SMALL)[2].cohort.flow, group="Small Steps", step="Excluded")["reason"] == "moved out of the area"


def test_a_window_that_the_extract_cuts_short_is_not_counted_as_zero(copy):
    frame = of(copy, window_months=12, follow_up_gap_allowed=1.0)[2].frame
    assert len(frame) == 8  # with 12 months every child is still covered
    yaml = copy / "params" / "small.yaml"
    yaml.write_text(yaml.read_text().replace("2019-12-31", "2019-01-20"), encoding="utf-8")
    study, _, result = of(copy, follow_up_gap_allowed=1.0)
    # the six months after 6 August 2018 end on 7 February 2019
    assert "b4" not in set(result.frame["child_id"])
    seen = result.cohort.observability.frame
    after = seen[(seen["group"] == "Usual help") & (seen["window"] == "6 months after")]
    assert after[~after["observable"]]["reason"].tolist() == [cohort.REASONS["too recent"]]
    assert study.settings.unobservable == "leave_out"


def test_groups_followed_for_different_lengths_are_refused_unless_put_on_days_at_risk(copy):
    yaml = copy / "params" / "small.yaml"
    yaml.write_text(yaml.read_text().replace("2019-12-31", "2018-10-15"), encoding="utf-8")
    with pytest.raises(Refused, match="for different lengths of time"):
        of(copy)
    frame = of(copy, unobservable="days_at_risk")[2].frame.set_index("child_id")
    b3 = frame.loc["b3"]
    seen = of(copy, unobservable="days_at_risk")[2].cohort.observability.frame
    told = seen[(seen["window"] == "6 months after") & seen["reason"].str.endswith("scaled to the whole period")]
    assert told["children"].sum() == (frame["days_at_risk_after"] < frame["window_days_after"]).sum() > 0
    # looked after throughout: on days at risk, the whole window again
    assert b3["days_at_risk_after"] < b3["window_days_after"]
    assert b3["days_cla_after"] == pytest.approx(b3["window_days_after"])


def test_as_published_counts_who_turned_18_and_says_so_but_no_window_beyond_the_extract(copy):
    """Judge: hand count. b3 turns 18 in the six months after; b4's six months end on 7 February 2019."""
    children = copy / "data" / "children.csv"
    children.write_text(children.read_text().replace("b3,f7,Usual help,2007-03-17", "b3,f7,Usual help,2000-09-10"))
    yaml = copy / "params" / "small.yaml"
    yaml.write_text(yaml.read_text().replace("2019-12-31", "2019-01-20"), encoding="utf-8")
    result = of(copy, unobservable="as_published", follow_up_gap_allowed=1.0)[2]
    assert set(result.frame["child_id"]) & {"b3", "b4"} == {"b3"}
    seen = result.cohort.observability
    of_b3 = row(
        seen, group="Usual help", window="6 months after", reason=cohort.REASONS["turned 18"] + cohort.AS_PUBLISHED
    )
    assert (of_b3["children"], of_b3["observable"]) == (1, False)
    assert row(result.cohort.flow, group="Usual help", step="Not observable")["children"] == 1
    assert row(result.cohort.flow, group="Usual help", step=cohort.ANALYSED)["children"] == 3
    yaml.write_text(yaml.read_text().replace("2019-01-20", "2018-10-15"), encoding="utf-8")
    with pytest.raises(Refused, match="for different lengths of time"):
        of(copy, unobservable="as_published")


def test_a_group_without_anybody_is_refused(copy):
    children = copy / "data" / "children.csv"
    children.write_text(children.read_text().replace("Usual help", "Small Steps"), encoding="utf-8")
    with pytest.raises(Refused, match="group Usual help"):
        of(copy)


def test_the_profile_counts_every_child_once_in_each_variable():
    study, records, result = of(SMALL)
    profile = describe.profile(study, result.cohort)
    for _, part in profile.frame.groupby(["variable", "group"]):
        assert part["children"].sum() == 4
        assert part["percent"].sum() == pytest.approx(100)
    assert row(profile, variable="age", category="Unknown", group="Usual help")["children"] == 1
    issues = describe.issues(study, result.cohort, records)
    assert row(issues, variable="number of issues", category="None", group="Usual help")["children"] == 3


def test_a_known_value_in_no_band_is_refused(copy):
    yaml = copy / "params" / "small.yaml"
    yaml.write_text(yaml.read_text().replace("highest: 17", "highest: 10"), encoding="utf-8")
    study, _, result = of(copy)
    with pytest.raises(Refused, match="outside every band"):
        describe.profile(study, result.cohort)


def test_inputs_are_not_changed():
    study, records, _ = of(SMALL)
    before = {name: getattr(records, name).copy() for name in ("children", "spells", "referrals")}
    outcomes.child_outcomes(study, records)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(getattr(records, name), frame)


def test_odd_records_are_counted_by_hand():
    study, records, _ = of(SMALL)
    odd = describe.oddities(study, records)
    joined = row(odd, table="spells", finding="spells that overlap or touch another of the same child and status")
    assert joined["number"] == 1  # a3's two touching spells
    assert row(odd, table="spells", finding="spells that start and end on one day")["number"] == 1
    assert row(odd, table="spells", finding="spells still open on the data's last date")["number"] == 2
    nobody = row(odd, table="referrals", finding="children with no referral marked as the index referral")
    assert nobody["number"] == 3  # a5, b3, b4
    complete = describe.completeness(records)
    assert row(complete, table="children", column="birth_date")["blank"] == 1


def test_on_days_at_risk_nothing_after_the_eighteenth_birthday_is_counted(copy):
    children = copy / "data" / "children.csv"
    children.write_text(children.read_text().replace("b3,f7,Usual help,2007-03-17", "b3,f7,Usual help,2000-09-10"))
    b3 = of(copy, unobservable="days_at_risk")[2].frame.set_index("child_id").loc["b3"]
    # looked after throughout; 18 on 10 September 2018, 69 days after 3 July: on days at risk that is the whole window
    assert b3["days_at_risk_after"] == 69
    assert b3["clipped_days_cla_after"] == pytest.approx(b3["window_days_after"])


def test_the_flow_in_words_counts_who_was_left_out_and_hides_what_is_hidden():
    flow = of(SMALL)[2].cohort.flow.frame
    assert describe.flow_sentence(flow, "Usual help") == "Usual help: all 4 children in the records are analysed."
    words = describe.flow_sentence(flow, "Small Steps")
    assert words == "Small Steps: 4 children are analysed, of 5 in the records. Left out: 1 (moved out of the area)."
    hidden = flow.assign(children=flow["children"].where(flow["step"] == cohort.ANALYSED).astype("Int64"))
    words = describe.flow_sentence(hidden, "Small Steps")
    assert words == "Small Steps: 4 children are analysed. Others were left out, for reasons whose numbers are hidden."


def test_totals_that_are_hidden_are_not_said_to_fit_in_the_window():
    """RR1038's own totals under suppression: the page once said that every one fits, and five cannot."""
    rows = {
        "group": "A",
        "period": "before",
        "status": ["CIN", "CP"],
        "children_with_status": 1.0,
        "days": [90.0, 100.0],
    }
    status = pd.DataFrame(rows)
    assert outcomes.impossible_days_sentence(status, 184) == "Every day total fits in the window."
    some = status.assign(days=[90.0, None])
    assert outcomes.impossible_days_sentence(some, 184) == "Every day total that is shown fits in the window."
    none = outcomes.impossible_days_sentence(status.assign(days=None), 184)
    assert none == "Whether the day totals fit in the window cannot be shown."
