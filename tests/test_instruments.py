"""Questionnaires: scores, bands and change against published rules; what those not seen again can do to a change."""

import json
from math import isnan
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from stepdown import instruments
from stepdown.faults import Refused
from stepdown.instruments import changing, sentences
from stepdown.params import load
from stepdown.params.scoring import Reliability, ScoringKey

ROOT = Path(__file__).resolve().parents[1]
CASES = {case["id"]: case for case in json.loads((ROOT / "tests/oracles/people.json").read_text(encoding="utf-8"))}
SDQ, WEMWBS = (load(ROOT / f"params/instruments/{name}.yaml", ScoringKey) for name in ("sdq", "wemwbs"))


def test_w01_a_scale_is_prorated_half_up_from_three_of_five_items():
    """Judge: official scoring sheet, 19 August 2014 (its own example is the first case)."""
    for case in CASES["W01-sdq-prorate"]["inputs"]:
        items = SDQ.scales["emotional"].items
        given = pd.DataFrame([dict(zip(items, case["answered"], strict=True))])
        found = instruments.score(given, SDQ)["emotional"].iloc[0]
        assert isnan(found) if case["score"] is None else found == case["score"]


def test_w02_scales_total_and_reversed_items():
    """Judge: hand sum by item number."""
    case = CASES["W02-sdq-full"]
    found = instruments.score(pd.DataFrame([case["inputs"]["items"]]), SDQ).iloc[0]
    expected = case["expect"]
    assert {name: found[name] for name in expected["scores"]} == expected["scores"]
    assert [found[name] for name in ("total", "externalising", "internalising")] == [24, 14, 10]
    assert {name: [int(i) for i in SDQ.scales[name].items] for name in case["inputs"]["scales"]} == case["inputs"][
        "scales"
    ]


def test_a_total_needs_all_four_scales_and_impact_is_nought_after_an_overall_no():
    answers = pd.DataFrame([{str(i): 1 for i in range(1, 26)} | {"26": 0, "28": 3}])
    found = instruments.score(answers.drop(columns=["3", "8", "13"]), SDQ).iloc[0]
    assert found[["emotional", "total"]].isna().all()
    assert found["conduct"] == 5
    assert instruments.score(answers, SDQ)["impact"].iloc[0] == 0
    said = answers.assign(**{"26": 2, "28": 3, "29": 2, "30": 1, "31": 0, "32": 3})
    assert instruments.score(said, SDQ)["impact"].iloc[0] == 2 + 1 + 0 + 0 + 2


def test_w04_bands_depend_on_the_informant_and_on_the_set():
    """Judge: official tables."""
    total, expect = pd.Series([17.0]), CASES["W04-sdq-bands"]["expect"]
    for name, label in expect.items():
        informant, bands = name.split("_")
        assert instruments.band(total, SDQ, f"{bands}_band", informant, "total").iloc[0] == label


def test_w06_the_added_value_score_is_not_shipped():
    """Its coefficients were found in no second source; what its owner prints (inputs, SD 5) is not enough."""
    text = (ROOT / "params/instruments/sdq.yaml").read_text(encoding="utf-8")
    assert "coefficients of the added-value score" in text
    assert not {"added_value", "expected_t2"} & set(SDQ.scales)
    assert set(SDQ.bands["four_band"].cuts) == {"teacher"}, "four bands of parent and self report: not verified"
    assert not any(row.points == 3 for row in WEMWBS.thresholds.values()), "3 points: not verified"


def test_every_cut_of_a_key_covers_its_scale_without_a_gap_and_names_its_source():
    for key in (SDQ, WEMWBS):
        for bands in key.bands.values():
            assert bands.source
            for cuts in bands.cuts.values():
                for scale, own in cuts.items():
                    low, high = (sorted(ends) for ends in zip(*own.values(), strict=True))
                    assert (low[0], high[-1]) == (key.scales[scale].lowest, key.scales[scale].highest)
                    assert all(b == a + 1 for a, b in zip(high, low[1:], strict=False))


def test_w07_wemwbs_is_a_sum_of_all_items_or_no_score():
    """Judge: user guide."""
    case = CASES["W07-wemwbs"]
    answers = pd.DataFrame(case["inputs"]["items"], columns=[str(i) for i in range(1, 15)])
    found = instruments.score(answers, WEMWBS)["wellbeing"].tolist()
    assert found[:3] == case["expect"]["score"][:3]
    assert isnan(found[3])


def test_w08_the_short_scale_is_converted_person_by_person():
    """Judge: Stewart-Brown and others 2009, as in three public programs."""
    case = CASES["W08-swemwbs"]
    for raw, metric in zip(case["inputs"]["raw"], case["expect"]["metric"], strict=True):
        seven = dict.fromkeys(WEMWBS.scales["short"].items, raw / 7)
        assert instruments.score(pd.DataFrame([seven]), WEMWBS)["short"].iloc[0] == metric
    values = list(WEMWBS.scales["short"].converted.values())
    assert len(values) == 29
    assert values == sorted(values)


def test_w10_reliable_change_and_cut_offs():
    """Judge: Jacobson and Truax 1991; arithmetic."""
    given, expect = CASES["W10-rci"]["inputs"], CASES["W10-rci"]["expect"]
    row = Reliability(scale="total", sd=given["sd"], reliability=given["r"], source="made up")
    found = instruments.reliable_change(row)
    assert (found.se, found.s_diff) == pytest.approx((expect["se"], expect["s_diff"]), abs=1e-9)
    assert (given["post"] - given["pre"]) / found.s_diff == pytest.approx(expect["rc"], abs=1e-9)
    assert found.points == pytest.approx(1.96 * found.s_diff)
    a, b, c = instruments.cut_offs(tuple(given["dysfunctional"]), tuple(given["functional"]))
    assert (a, b, c) == pytest.approx((expect["a"], expect["b"], expect["c"]))


def test_w11_w12_shipped_thresholds_are_those_of_their_papers():
    """Judge: abstracts of 2012 and 2018 (2.77 standard errors of measurement)."""
    points = CASES["W11-wemwbs-sem"]["expect"]["points"]
    assert WEMWBS.thresholds["wellbeing_2_77_sem"].points == pytest.approx(points[1], abs=0.05)
    assert pytest.approx(points[0]) == 2.77 * 2.4
    assert WEMWBS.thresholds["short_2_77_sem"].points == pytest.approx(
        CASES["W12-swemwbs-sem"]["expect"]["big"], abs=0.03
    )


def test_w13_paired_change():
    """Judge: scipy."""
    case = CASES["W13-paired"]
    found = instruments.change(case["inputs"]["entry"], case["inputs"]["exit"], 0.95)
    expect = case["expect"]
    assert (found.mean, found.sd, found.p, found.srm) == pytest.approx(
        [expect[name] for name in ("mean", "sd", "p", "srm")], abs=1e-6
    )
    assert (found.low, found.high) == pytest.approx(expect["ci"], abs=1e-6)
    moved = np.subtract(case["inputs"]["exit"], case["inputs"]["entry"])
    assert (moved >= 3).sum() == expect["n_ge_3"]


def test_w14_yes_no_at_entry_and_exit():
    """Judge: scipy's exact binomial test."""
    case = CASES["W14-mcnemar"]["inputs"]
    pairs = [(1, 1)] * case["both_yes"] + [(0, 1)] * case["no_to_yes"] + [(1, 0)] * case["yes_to_no"]
    entry, exit = np.array(pairs + [(0, 0)] * case["both_no"], dtype=float).T
    found, expect = instruments.change(entry, exit, 0.95, yes_no=True), CASES["W14-mcnemar"]["expect"]
    assert (found.entry, found.exit, found.mean, found.p) == pytest.approx(
        [expect[name] for name in ("entry", "exit", "change", "p")], abs=1e-9
    )


def test_w15_what_those_not_seen_again_could_do_to_a_share():
    """Judge: arithmetic."""
    case, expect = CASES["W15-attrition"]["inputs"], CASES["W15-attrition"]["expect"]
    lost = case["entries"] - case["exits"]
    found = changing.better_shares(case["improved_of_exits"], case["exits"], lost)
    assert found == pytest.approx(
        {
            "complete_case": expect["completers"],
            "worst": expect["missing_as_not_improved"],
            "best": expect["missing_as_improved"],
        }
    )


def test_those_lost_are_compared_at_entry_by_welch():
    """Judge: scipy; none has an interval where one of the two has a single person."""
    from scipy import stats

    rng = np.random.default_rng(1)
    seen, lost = rng.normal(20, 3, 30), rng.normal(22, 6, 12)
    judge = stats.ttest_ind(lost, seen, equal_var=False).confidence_interval(0.95)
    assert changing.difference(seen, lost, 0.95) == pytest.approx((lost.mean() - seen.mean(), judge.low, judge.high))
    assert all(map(isnan, changing.difference(seen, lost[:1], 0.95)))


def test_bounds_by_hand():
    """Two people changed by 4 and 2; one was lost at 10, on a scale from 0 to 40 where higher is better."""
    found = instruments.bounds(np.array([4.0, 2.0]), np.array([10.0]), (0.0, 40.0))
    assert found == pytest.approx({"complete_case": 3, "no_change": 2, "worst": (6 - 10) / 3, "best": (6 + 30) / 3})


@pytest.mark.parametrize("part", ["bands", "thresholds", "reliabilities"])
def test_a_threshold_without_its_source_is_refused_in_five_parts(part, tmp_path):
    key = yaml.safe_load((ROOT / "params/instruments/wemwbs.yaml").read_text(encoding="utf-8"))
    key |= {
        "bands": {"own": {"cuts": {"self": {"wellbeing": {"low": [14, 44], "high": [45, 70]}}}}},
        "thresholds": {"own": {"scale": "wellbeing", "points": 3}},
        "reliabilities": {"own": {"scale": "wellbeing", "sd": 8.0, "reliability": 0.8}},
    } | {other: {} for other in ("bands", "thresholds", "reliabilities") if other != part}
    file = tmp_path / "own.yaml"
    file.write_text(yaml.safe_dump(key), encoding="utf-8")
    with pytest.raises(Refused) as refused:
        load(file, ScoringKey)
    (fault,) = refused.value.faults
    assert fault.where.endswith(f"{part}.own.source")
    assert "missing" in fault.found
    assert all((fault.where, fault.allowed, fault.rule, fault.remedy))


def test_people_who_all_changed_alike_show_nothing_of_chance():
    entry = np.array([19.25, 21.54, 17.43, 18.59, 20.73, 16.88])  # the differences are equal but for rounding
    found = changing.change(entry, entry + 2.13, 0.95)
    assert np.isnan([found.low, found.high, found.srm, found.p]).all()
    assert isnan(changing.difference(np.full(6, 0.1), np.full(4, 0.3), 0.95)[1])
    row = {"measure": "x", "better": "lower", "both": 3, "lost": 2, "change": -2.0, "ci_low": np.nan, "gap": -2.0}
    frame = pd.DataFrame([row | {"ci_high": np.nan, "gap_low": np.nan, "gap_high": np.nan}])
    for said in (sentences.change_list(frame), sentences.completers_list(frame)):
        assert "(no interval)" in said
        assert "more than chance" not in said


def test_where_nobody_was_lost_no_range_is_given():
    row = {"measure": "x", "better": "lower", "lost": 0, "change": -2.0, "worst": -2.0, "best": -2.0}
    assert sentences.finding(pd.DataFrame([row])) == (
        "x: all who were due at exit were seen again; they changed by −2.0 points on average (lower is better)."
    )
