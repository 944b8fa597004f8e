"""Months of whole studies: what Millbrook and Ferndale show, what Slough does not, and how small numbers are kept."""

import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from attacker.attacking import understand
from hypothesis import given, settings
from hypothesis import strategies as st
from pages_support import ROOT
from stepdown import months, params, sections, workbook
from stepdown.contracts import read_study
from stepdown.disclosure import clear
from stepdown.faults import Refused
from stepdown.months import sentences as months_sentences
from stepdown.months.event_study import event_study
from stepdown.months.panel import panel
from stepdown.outcomes import child_outcomes
from stepdown.params import load_study
from stepdown.params.loading import build
from stepdown.params.study import MonthSettings
from stepdown.show import month_charts

from data.generators import millbrook

NOTHING = {"method": "none", "reason": "records are made up"}


@pytest.fixture(scope="module", params=["millbrook", "ferndale"])
def made_up(request):
    return study_of(request.param)


@pytest.fixture(scope="module")
def ferndale():
    return study_of("ferndale")


def study_of(name, **changes):
    study = load_study(ROOT / f"params/{name}.yaml", **changes)
    records = read_study(study)
    return study, records, child_outcomes(study, records)


def test_slough_shows_no_months_and_says_why(capsys):
    book = workbook.begin(str(ROOT / "params/slough_ifp.yaml"), notebook="3_statutory_outcomes")
    for section in (sections.month_by_month, sections.trends, sections.lasting):
        section(book)
    said = capsys.readouterr().out
    assert "dates were placed inside the periods" in said
    assert "image/png" not in said
    assert "data-table" not in said


def test_dates_are_real_or_made_up_and_nothing_else():
    with pytest.raises(Refused, match="real"):
        load_study(ROOT / "params/millbrook.yaml", dates_are="perhaps")
    assert load_study(ROOT / "params/slough_innovation_hub.yaml").settings.dates_are == "made_up"


@pytest.mark.parametrize("wrong", [{"before": 1}, {"lasting": [3, 3]}, {"lasting": []}, {"reference": "week"}])
def test_settings_of_months_are_checked(wrong):
    with pytest.raises(Refused):
        build(wrong, MonthSettings, where="x.yaml")


def test_the_states_of_a_month_are_those_observed_and_all_of_them(made_up):
    found = months.by_month(*made_up)
    table = months.months_table(found)
    sums = table.frame.groupby(["group", "period"], sort=False)["children"].sum()
    observed = table.frame.groupby(["group", "period"], sort=False)["children_observed"].first()
    pd.testing.assert_series_equal(sums, observed, check_names=False)
    held = found.areas.seen & (found.areas.highest == 2)
    mine = table.frame[(table.frame["status"] == "CP") & (table.frame["group"] == made_up[2].groups[0])]
    assert mine["children"].tolist() == held[found.areas.programme].sum(axis=0).tolist()


def test_the_months_of_the_window_add_up_to_the_days_of_the_two_periods():
    """Judge: the outcomes of the two periods, which the rest of the workbook rests on."""
    study, records, outcomes = study_of("millbrook")
    own = panel(study, records, outcomes.cohort)
    assert own.seen.all()
    for side, period in ((own.before, "before"), (~own.before, "after")):
        np.testing.assert_array_equal(own.value[:, side].sum(axis=1), outcomes.frame[f"days_cp_{period}"])
        np.testing.assert_array_equal(own.highest[:, side].max(axis=1), outcomes.frame[f"highest_{period}"])


def test_the_average_of_the_months_is_difference_in_differences():
    """Judge: the table of effects; days a child in six months are six times the average a month."""
    study, records, outcomes = study_of("millbrook")
    row = months.trends_table(months.by_month(study, records, outcomes)).frame.iloc[0]
    frame = outcomes.frame
    change = frame["days_cp_after"] - frame["days_cp_before"]
    means = change.groupby(frame["in_programme"]).mean()
    assert 6 * row["estimate"] == pytest.approx(means[True] - means[False])


def test_the_planted_effect_lies_in_the_interval_of_the_average_after():
    """Judge: the generator's two histories of the same children; six months hold the effect on days."""
    found = months.trends_table(months.by_month(*study_of("millbrook"))).frame.iloc[0]
    assert found["ci_low"] < millbrook.truth().days_cp / 6 < found["ci_high"] < 0


def test_ferndales_difference_is_a_trend_and_no_effect(ferndale):
    """Judge: the generator; the programme does nothing, and the groups drift apart along a line."""
    table = months.trends_table(months.by_month(*ferndale)).frame
    assert table["ci_high"].iloc[0] < 0  # moved alike: an effect, and there is none
    line = table[table["assumption"] == "line goes on"].iloc[0]
    assert line["ci_low"] < 0 < line["ci_high"]
    assert (table["breakdown"] == 0).all()
    assert "straight line alone" in months.trend_sentence(table, ferndale[2].groups)


def row_of_trends(**values):
    row = {"unit": "month", "outcome": "days_cp", "estimate": -3.0, "ci_low": -4.0, "ci_high": -2.0, "p_before": 0.4}
    return row | {"assumption": "line goes on", "m": 0.0, "breakdown": 0.25, "largest_before": 0.1} | values


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "may change by 0.25 days a month from one month to the next; the largest change seen before"),
        ({"breakdown": 0.0}, "a straight line alone brings zero into the interval"),
        ({"p_before": 0.01}, "month to month before support, the groups did not move alike (joint test, p = 0.010)"),
        ({"p_before": np.nan}, "cannot be tested"),
        ({"estimate": pd.NA}, "is not shown"),
    ],
)
def test_the_sentence_says_how_large_a_break_would_overturn_the_finding(values, words):
    rows = [row_of_trends(**values, assumption="moved alike"), row_of_trends(**values)]
    assert words in months.trend_sentence(pd.DataFrame(rows), ("A", "B"))


def test_the_attacker_sees_who_leaves_from_one_month_to_the_next():
    """The test of the test: a step of two children, which in_steps would never show, is a leak to the attacker."""
    rows = [
        {"group": group, "period": f"{month} after", "status": status, "children_observed": str(size), "children": text}
        for group in ("A", "B")
        for month, size in ((1, 40), (2, 38))
        for status, text in (("none", str(size - 10)), ("CP", "10"))
    ]
    flow = [{"group": g, "step": "Analysed", "reason": "", "children": "40", "families": "40"} for g in ("A", "B")]
    told = understand({"months": rows, "participant_flow": flow}, {})
    small = [count for count in told.counts if count.value == 2]
    assert [count.name for count in small] == [f"months: {g}, from 1 after to 2 after" for g in ("A", "B")]
    assert all(told.system.range(count.sum) == (2, 2) for count in small)


def test_each_length_has_its_own_children_and_they_are_set_beside_all(ferndale):
    study, records, outcomes = ferndale
    table = months.lasting_table(study, records, outcomes, 5).frame
    assert table["months"].unique().tolist() == [3, 6, 12, 18, 24]
    assert table["n_programme"].is_monotonic_decreasing
    assert table["n_programme"].iloc[-1] < table["n_programme"].iloc[0]
    who = months.followed_table(study, records, outcomes, 5).frame
    everybody = who[who["months"] == 0]
    assert (everybody["difference"].abs() < 1e-12).all()
    age = who[(who["characteristic"] == "Age (years)") & (who["months"] == 24)]
    assert (age["difference"] < -0.05).all()  # who comes of age is not followed


def test_at_the_length_of_the_window_the_comparison_is_that_of_the_effects():
    study, records, outcomes = study_of("millbrook")
    table = months.lasting_table(study, records, outcomes, 5).frame
    row = table[(table["months"] == 6) & (table["estimator"] == "difference in differences")].iloc[0]
    trend = months.trends_table(months.by_month(study, records, outcomes)).frame.iloc[0]
    assert row["estimate"] == pytest.approx(trend["estimate"], rel=0.01)  # months of 28 to 31 days


@given(st.integers(0, 10**6), st.integers(0, 6))
@settings(max_examples=60, deadline=None)
def test_the_number_observed_falls_by_nought_or_by_more_than_the_threshold(seed, fewest):
    rng = np.random.default_rng(seed)
    last = rng.integers(0, 14, rng.integers(1, 60))
    seen = np.arange(12)[None, :] < last[:, None]
    kept = months.in_steps(seen, fewest, seed=1)
    assert not (kept & ~seen).any()
    sizes = np.concatenate([[len(seen)], kept.sum(axis=0)])
    steps = -np.diff(sizes)
    assert ((steps == 0) | (steps > min(fewest, len(seen) - 1))).all()
    assert not ((sizes[1:] >= 1) & (sizes[1:] <= fewest)).any()
    if fewest == 0:
        np.testing.assert_array_equal(kept, seen)


def small_study(children=70):
    study, records, _ = study_of("millbrook")
    first = records.children.groupby("group").head(children // 2)["child_id"]
    tables = {
        name: getattr(records, name)[getattr(records, name)["child_id"].isin(first)]
        for name in ("children", "spells", "referrals")
    }
    fewer = type(records)(**{n: tables.get(n, getattr(records, n)) for n in records.__slots__})
    return study, fewer, child_outcomes(study, fewer)


def test_where_a_month_is_small_it_becomes_a_quarter_and_then_it_is_hidden():
    study, records, outcomes = small_study()
    found = months.by_month(study, records, outcomes)
    assert found.areas.step == 3
    table = months.months_table(found)
    assert ((table.frame["children"] >= 1) & (table.frame["children"] <= 5)).any()
    cleared = clear(table, study.settings.disclosure)
    shown = cleared.numbers("children").dropna()
    assert not shown.between(1, 5).any()
    hidden = cleared.frame["children"].isna()
    assert (hidden.groupby([table.frame["group"], table.frame["period"]], sort=False).sum() != 1).all()
    chart = month_charts.status_areas(cleared)
    assert not re.search(r"\b[1-5] (of|children)", chart.alt)
    assert "not shown" in chart.alt


def test_without_suppression_every_month_stands():
    study, records, outcomes = study_of("millbrook", disclosure=NOTHING)
    found = months.by_month(study, records, outcomes)
    assert (found.areas.step, found.days.step, found.fewest) == (1, 1, 0)


def test_a_headline_with_few_children_is_not_followed_by_month():
    study, records, outcomes = small_study(60)
    plain = study.model_copy(
        update={"settings": study.settings.model_copy(
            update={"effects": study.settings.effects.model_copy(update={"headline": "days_cla"})})}
    )  # fmt: skip
    found = months.by_month(plain, records, outcomes)
    assert found.days is None
    assert months.month_days_table(found).frame.empty
    assert months.event_study_table(found).frame.empty
    assert months.trends_table(found).frame.empty
    assert "Too few" in months.why_no_days(plain)


def test_charts_say_in_words_what_they_show(made_up):
    study, records, outcomes = made_up
    found = months.by_month(study, records, outcomes)
    areas = clear(months.months_table(found), study.settings.disclosure)
    chart = month_charts.status_areas(areas)
    assert all(group in chart.alt for group in outcomes.groups)
    assert len(re.findall(r"children observed", chart.alt)) == 8
    assert "→" in chart.title
    lines = month_charts.month_lines(clear(months.month_days_table(found), study.settings.disclosure))
    assert lines.alt.count("before") >= 12
    plot = month_charts.event_plot(clear(months.event_study_table(found), study.settings.disclosure), 0.3)
    assert "p = 0.300" in plot.title
    for each in (chart, lines, plot):
        assert not each.is_empty()
        assert "nan" not in each.alt


def test_the_generator_writes_the_same_bytes_again(tmp_path):
    script = ROOT / "data/generators/trends.py"
    subprocess.run([sys.executable, str(script), "--to", str(tmp_path)], check=True)
    for file in tmp_path.iterdir():
        assert file.read_bytes() == (ROOT / "data/ferndale" / file.name).read_bytes(), file.name


def test_the_ends_of_a_share_have_the_places_of_a_share():
    row = {"outcome": "any_cp", "months": 6, "n_programme": 40, "n_comparison": 40, "note": "", "estimate": -0.04}
    ends = [{"estimator": e, "ci_low": -0.08, "ci_high": -0.01} for e in params.effects.BRACKET]
    assert "(−0.08 to −0.01)" in months_sentences.lasting_sentence(pd.DataFrame([row | end for end in ends]))


def test_what_does_not_change_has_no_interval_and_no_p_whatever_rounding_leaves():
    value = np.repeat(np.random.default_rng(0).random((30, 1)) * 30, 7, axis=1)
    reference, family = np.arange(7) < 3, np.arange(30) // 2
    found = event_study(value, np.ones((30, 7), bool), family < 8, family, reference)
    assert np.isnan(found.se).all()
    assert np.isnan(found.joint(~reference)[2])
