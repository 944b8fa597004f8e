"""Monitoring: control charts, targets and changes of level, held against R packages, hand sums and planted truth."""

import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from fixtures.run_project import call
from hypothesis import given, settings
from hypothesis import strategies as st
from stepdown import series
from stepdown.disclosure import clear
from stepdown.effects import interrupted
from stepdown.effects.interrupted import level_change_table
from stepdown.faults import Refused
from stepdown.series import limits, sentences
from stepdown.series.analysis import Analysed, target_status
from stepdown.series.settings import Series, Target
from stepdown.show import series_charts

ROOT = Path(__file__).resolve().parents[1]
ORACLES = {c["id"]: c for c in json.loads((ROOT / "tests/oracles/series.json").read_text(encoding="utf-8"))["cases"]}
MONTHS = ROOT.parent / "shared" / "data" / "area" / "referrals_by_month.csv"
SICILY = ROOT.parent / "shared" / "data" / "panel_examples" / "sicily.csv"
needs_months = pytest.mark.skipif(not MONTHS.is_file(), reason="the open data of referrals by month are not here")


def outside(chart):
    return [i + 1 for i in range(len(chart.y)) if chart.y[i] > chart.upper[i] or chart.y[i] < chart.lower[i]]


# ------------------------------------------------------------------------------------------------ control charts


@pytest.mark.parametrize("case", [c for c in ORACLES.values() if "-xmr-nhs-" in c["id"]], ids=lambda c: c["id"])
def test_xmr_and_its_rules_judged_by_nhsrplotthedots(case):
    chart = limits.xmr(case["inputs"]["values"], case["inputs"]["fix_after"])
    expect = case["expect"]
    found = [chart.centre[0], chart.lower[0], chart.upper[0]]
    assert found == pytest.approx([expect["mean"], expect["lpl"], expect["upl"]], abs=1e-6)
    special = [i for i, reason in enumerate(limits.special(chart), 1) if reason]
    assert special == expect["special_cause_points"]


def points_of(chart, expect, multiply=1.0):
    for point in expect:
        i = point["point"] - 1
        found = [chart.y[i], chart.centre[i], chart.lower[i], chart.upper[i]]
        assert [x * multiply for x in found] == pytest.approx(
            [point["y"], point["cl"], point["lcl"], point["ucl"]], abs=1e-6
        )


@pytest.mark.parametrize(("name", "baseline"), [("M01-u-chart", None), ("M02-u-frozen", 24)])
def test_u_chart_judged_by_qicharts2(name, baseline):
    inputs = ORACLES["M01-u-chart"]["inputs"]
    exposure = np.array(inputs["days"]) / inputs["multiply"]
    chart = limits.rates(inputs["n"], exposure, baseline, laney=False)
    points_of(chart, ORACLES[name]["expect"]["points"])
    assert outside(chart) == np.atleast_1d(ORACLES[name]["expect"]["outside"]).tolist()


def test_c_chart_is_a_u_chart_of_exposure_one_judged_by_qicharts2():
    case = ORACLES["M04-c-chart"]
    chart = limits.rates(case["inputs"]["n"], np.ones(len(case["inputs"]["n"])), laney=False)
    points_of(chart, case["expect"]["points"])
    assert outside(chart) == case["expect"]["outside"]


def test_p_and_laney_charts_of_large_wholes_judged_by_qicharts2():
    case = ORACLES["M05-p-and-laney-p"]
    plain = limits.proportions(case["inputs"]["r"], case["inputs"]["n"], laney=False)
    laney = limits.proportions(case["inputs"]["r"], case["inputs"]["n"], laney=True)
    points_of(plain, case["expect"]["p_points"])
    points_of(laney, case["expect"]["laney_points"])
    assert len(outside(plain)) == case["expect"]["p_outside_count"]
    assert len(outside(laney)) == case["expect"]["laney_outside_count"]


def test_g_chart_judged_by_qicharts2():
    chart = limits.cases_between(ORACLES["M06-g-chart"]["inputs"])
    points_of(chart, ORACLES["M06-g-chart"]["expect"])


def test_exact_limits_of_rare_counts_leave_less_beyond_than_three_standard_errors_would():
    from scipy import stats

    chart = limits.rare_counts([2, 1, 0, 3, 2, 4, 1, 2, 0, 1, 3, 5])
    beyond = stats.poisson.sf(chart.upper[0], chart.centre[0])
    assert beyond <= stats.norm.sf(3)
    assert stats.poisson.sf(chart.upper[0] - 1, chart.centre[0]) > stats.norm.sf(3)
    assert chart.lower[0] == 0


def test_days_between_rare_events_are_xmr_on_a_power_by_hand():
    days = np.array([3.0, 40, 12, 7, 90, 33, 21, 5, 60, 18, 11, 27])
    chart, scaled = limits.days_between(days), limits.xmr(days ** (1 / 3.6))
    assert chart.y == pytest.approx(days)
    assert chart.upper == pytest.approx(scaled.upper**3.6)


def slow_rules(y, centre, lower, upper):
    """Return the special points by reading each rule word for word."""
    n, found = len(y), [""] * len(y)
    side = [1 if v > c else -1 if v < c else 0 for v, c in zip(y, centre, strict=True)]
    out = [v > u or v < low for v, low, u in zip(y, lower, upper, strict=True)]
    for i in range(n):
        for start in range(max(0, i - 6), min(i, n - 7) + 1):
            if side[start] and all(side[j] == side[start] for j in range(start, start + 7)):
                found[i] = "shift"
    for start in range(n - 2):
        three = range(start, start + 3)
        for sign, limit in ((1, upper), (-1, lower)):
            edge = [centre[j] + (limit[j] - centre[j]) * 2 / 3 for j in three]
            far = [not out[j] and sign * (y[j] - e) > 0 for j, e in zip(three, edge, strict=True)]
            if all(side[j] == sign for j in three) and sum(far) >= 2:
                for j, beyond in zip(three, far, strict=True):
                    found[j] = "near" if beyond else found[j]
    for start in range(n - 6):
        steps = [y[j + 1] - y[j] for j in range(start, start + 6)]
        if all(s > 0 for s in steps) or all(s < 0 for s in steps):
            found[start : start + 7] = ["trend"] * 7
    return ["outside" if out[i] else found[i] for i in range(n)]


@settings(deadline=None, max_examples=150)
@given(st.lists(st.integers(0, 12), min_size=12, max_size=40))
def test_the_rules_are_those_read_word_for_word(values):
    chart = limits.xmr(values)
    assert limits.special(chart) == slow_rules(chart.y, chart.centre, chart.lower, chart.upper)


def longest_run_of_seven(n):
    """Return the chance that n fair coins hold seven equal in a row, by counting (Markov chain over the run length)."""
    state = np.zeros(8)
    state[1] = 1.0
    for _ in range(n - 1):
        after = np.zeros(8)
        after[1] = state[1:7].sum() / 2
        after[2:8] = state[1:7] / 2
        after[7] += state[7]
        state = after
    return state[7]


def test_false_alarms_on_pure_noise_stay_below_the_sum_of_what_each_rule_gives():
    """With known limits: 0.27% a point outside, runs of seven by counting coins, six steps one way 2 in 7!, and near."""  # noqa: E501
    n, rng = 24, np.random.default_rng(11)
    flagged = [limits.special(limits.xmr(rng.normal(50, 5, n))) for _ in range(1000)]
    some = np.mean([any(reasons) for reasons in flagged])
    outside_, near = n * 0.0027, (n - 2) * 2 * 3 * 0.0214**2 * 0.5
    bound = outside_ + longest_run_of_seven(n) + (n - 6) * 2 / 5040 + near
    assert 0.5 * bound < some < bound + 0.06, "estimated limits flag a few more points outside than known ones"
    points = np.mean([bool(reason) for reasons in flagged for reason in reasons])
    assert points < 0.06


@pytest.mark.parametrize(
    ("kind", "chart"), [("days_between", "t"), ("cases_between", "g"), ("rare", "c"), ("measure", "XmR")]
)
def test_the_kind_of_data_decides_the_chart(kind, chart):
    each = made(list(range(1, 15)))
    item = each.item.model_copy(update={"kind": kind})
    assert series.analysis.why_no_limits(item, each.points) == ""
    assert series.analysis._chart(item, each.points).chart == chart


# ------------------------------------------------------------------------------------------------ planted truth


@pytest.fixture(scope="module")
def millbrook():
    study = series.begin(ROOT / "params/monitoring_millbrook.yaml")
    points = clear(series.points_table(study), study.file.disclosure)
    return study, points, series.analysed(study, points.frame)


def named(found, name):
    return next(each for each in found if each.name == name)


def test_the_planted_change_is_found_and_dated_within_two_months(millbrook):
    _, _, found = millbrook
    days = named(found, "Days to the assessment")
    special = [period for period, reason in zip(days.points["first_day"], days.reasons, strict=True) if reason]
    assert pd.Timestamp("2022-02-01") <= special[0] <= pd.Timestamp("2022-06-01")
    frame = interrupted.level_change_table(found, millbrook[0].settings.programme_from).frame.set_index("series")
    row = frame.loc["Days to the assessment"]
    assert row["high"] < 0
    assert row["low"] < -6 < row["high"], "the interval holds the planted six days"


def test_the_planted_nothing_is_not_found(millbrook):
    study, _, found = millbrook
    assert not any(named(found, "Visits").reasons)
    row = interrupted.level_change_table(found, study.settings.programme_from).frame.set_index("series").loc["Visits"]
    assert row["low"] < 1 < row["high"]
    assert row["model"] == "quasi-Poisson, controlled"


def test_the_made_up_series_are_what_their_generator_writes(tmp_path):
    from data.generators import series as generator

    generator.main(tmp_path)
    assert (tmp_path / "series.csv").read_bytes() == (ROOT / "data/made_up_series/series.csv").read_bytes()


def test_a_small_monthly_count_is_hidden_and_what_is_worked_out_rests_on_what_is_shown(millbrook):
    study, points, found = millbrook
    raw = series.points_table(study).frame
    small = raw["count"].between(1, 5)
    assert small.any()
    assert (points.marks["count"][small.to_numpy()] != "").all()
    assert points.frame["value"][small.to_numpy()].isna().all()
    assert named(found, "Episodes of going missing").points["period"].iloc[0] == "Apr to Jun 2019"
    plans = named(found, "Open child protection plans, Usual help")
    assert "not shown" in plans.why
    assert np.isnan(plans.centre).all()


def test_series_from_records_are_those_of_a_loop_over_children(millbrook):
    from stepdown.contracts import read_study
    from stepdown.params import load_study
    from stepdown.series.records import record_series

    study = load_study(ROOT / "params/millbrook.yaml")
    records = read_study(study)
    first, last = pd.Timestamp("2022-01-01").date(), pd.Timestamp("2022-02-28").date()
    found = record_series(study, records, ["open_plans", "referrals", "rereferrals"], first, last)
    group = dict(zip(records.children["child_id"], records.children["group"], strict=True))
    spells = records.spells[records.spells["status"] == "CP"]
    day = pd.Timestamp("2022-02-28")
    held = spells[(spells["start_date"] <= day) & (spells["end_date"].isna() | (spells["end_date"] > day))]
    children = held["child_id"].drop_duplicates().map(group)
    events = records.referrals.drop_duplicates(["child_id", "referral_date"])
    in_month = events[events["referral_date"].between("2022-02-01", "2022-02-28")]
    for label in study.settings.groups.labels():
        rows = found[(found["group"] == label) & (found["period_start"] == "2022-02-01")].set_index("series_id")
        assert rows.loc["open_plans", "numerator"] == (children == label).sum()
        mine = in_month[in_month["child_id"].map(group) == label]
        assert rows.loc["referrals", "numerator"] == len(mine)
        again = sum(
            ((events["child_id"] == row.child_id) & (events["referral_date"] < row.referral_date)
             & (events["referral_date"] >= row.referral_date - pd.DateOffset(months=12))).any()
            for row in mine.itertuples()
        )  # fmt: skip
        assert rows.loc["rereferrals", "numerator"] == again
    assert found["period_end"].max() == pd.Timestamp("2022-02-28")


# ------------------------------------------------------------------------------------------------ change of level


@needs_months
def test_change_of_level_of_leeds_referrals_judged_by_r():
    expect = ORACLES["I07-its-Leeds"]["expect"]
    months = pd.read_csv(MONTHS)
    wide = months[months["area_name"].isin(["Leeds", "England"])].pivot(
        index="month", columns="area_name", values="referrals"
    )
    wide = wide.loc["2012-04":"2019-03"]
    alone = interrupted.counts(wide["Leeds"], 36, season=12)
    judged = expect["quasipoisson_step_trend_2harm"]
    assert [alone.change, alone.se, alone.dispersion] == pytest.approx(
        [judged["log_rr"], judged["se"], judged["dispersion"]], abs=1e-4
    )
    assert alone.others["Newey-West"][1] == pytest.approx(expect["newey_west_lag3_poisson_se"], abs=1e-4)
    assert alone.others["negative binomial"] == pytest.approx(
        (expect["negative_binomial"]["log_rr"], expect["negative_binomial"]["se"]), abs=1e-4
    )
    controlled = interrupted.counts(wide["Leeds"], 36, comparison=wide["England"], season=12)
    judged = expect["controlled_offset_log_england_step_slope"]
    assert [controlled.change, controlled.se] == pytest.approx([judged["log_rr"], judged["se"]], abs=1e-4)
    assert [controlled.slope_change, controlled.slope_se] == pytest.approx(
        [judged["slope_change"], judged["se_slope"]], abs=1e-4
    )
    reml = interrupted.measurements(wide["Leeds"], 36)
    coef, se = expect["reml_ar1_level_slope"]["coef"], expect["reml_ar1_level_slope"]["se"]
    assert [reml.change, reml.se, reml.slope_change, reml.slope_se] == pytest.approx(
        [coef[1], se[1], coef[3], se[3]], rel=1e-5
    )


@pytest.mark.skipif(not SICILY.is_file(), reason="the Sicily series states no licence and is not here")
def test_change_of_level_of_the_sicily_series_judged_by_r_glm_and_sandwich():
    frame = pd.read_csv(SICILY)
    design = interrupted._design(60, 36, slope=False, season=12)[:59]  # one month less than the two years we ask for
    count, offset = frame["aces"].to_numpy(dtype=float), np.log(frame["stdpop"].to_numpy())
    fit, expect = interrupted._glm(count, design, offset), ORACLES["I01-sicily-season"]["expect"]
    assert np.exp(fit.params[1]) == pytest.approx(expect["rr"], abs=1e-5)
    assert [fit.bse[1], fit.scale] == pytest.approx([expect["se"], expect["dispersion"]], abs=1e-5)
    west = interrupted._sensitivities(count, design, offset)["Newey-West"][1]
    assert west == pytest.approx(ORACLES["I02-sicily-nw"]["expect"]["se_unadjusted"][0], abs=1e-5)


@pytest.mark.skipif(not SICILY.is_file(), reason="the Sicily series states no licence and is not here")
@pytest.mark.parametrize(
    ("case", "rho", "se"), [("I04-sicily-ols-nw", 0.0, "se_ols"), ("I06-prais-winsten", 0.2, "se")]
)
def test_level_of_the_sicily_rate_judged_by_r_lm_and_nlme(case, rho, se):
    frame, expect = pd.read_csv(SICILY), ORACLES[case]["expect"]
    rate = (frame["aces"] / frame["stdpop"] * 1e5).to_numpy()
    beta, error, _ = interrupted._prais_winsten(rate, interrupted._design(59, 36, slope=False), rho)
    assert beta == pytest.approx(expect["coef"], abs=1e-4)
    assert error == pytest.approx(expect[se], abs=1e-4)


def test_the_interval_of_a_change_of_level_covers_it():
    rng = np.random.default_rng(21)
    inside = 0
    for _ in range(200):
        mean = 120 * np.exp(-0.2 * (np.arange(60) >= 30))
        made = interrupted.counts(rng.negative_binomial(40, 40 / (40 + mean)), 30)
        inside += made.low <= -0.2 <= made.high
    assert 0.89 <= inside / 200 <= 0.98, "95% less what quasi-Poisson loses with 57 degrees of freedom"


def test_the_level_without_the_change_has_neither_its_step_nor_its_slope():
    month, beside = np.arange(48), 200 + 20 * np.sin(np.arange(48.0))
    own = beside / 2 * np.exp(-0.1 * (month >= 24) - 0.05 * np.maximum(month - 23, 0))
    assert interrupted.counts(own, 24, comparison=beside).expected == pytest.approx(beside / 2, rel=1e-6)


@pytest.mark.parametrize(("days", "season"), [(7, 0), (28, 0), (None, 12)])
def test_only_months_have_the_season_of_months(days, season):
    first = pd.date_range("2020-01-01", periods=60, freq="MS" if days is None else f"{days}D")
    last = first + (pd.offsets.MonthEnd(0) if days is None else pd.Timedelta(days=days - 1))
    value = np.random.default_rng(3).poisson(20, 60)
    points = pd.DataFrame({"first_day": first, "last_day": last, "value": value})
    found = interrupted._fitted(SimpleNamespace(item=SimpleNamespace(kind="count")), points, 30, None)
    assert found.change == interrupted.counts(value, 30, season=season).change


@pytest.mark.parametrize(("n", "start"), [(20, 8), (60, 55), (3, 1)])
def test_too_few_points_on_a_side_give_no_model(n, start):
    assert "12 each are asked for" in interrupted.why_no_model(n, start)


# ------------------------------------------------------------------------------------------------ targets


def made(values, better="lower", target=28.0, baseline=None):
    first = pd.date_range("2024-01-01", periods=len(values), freq="MS")
    points = pd.DataFrame({"first_day": first, "last_day": first + pd.offsets.MonthEnd(0), "value": values})
    item = Series(id="x", label="x", unit="days", definition="x", kind="measure", better=better,
                  target=Target(value=target, source="x"), baseline=baseline, from_records=False)  # fmt: skip
    n, blank = len(values), np.full(len(values), np.nan)
    return Analysed(item, "x", points, np.ones(n, bool), np.zeros(n, bool), None, "", blank, blank, blank, [""] * n)


@pytest.mark.parametrize(
    ("values", "better", "expected"),
    [
        ([40, 41, 39, 26, 38, 37], "lower", "moving towards"),
        ([40, 41, 39, 44, 45, 27], "lower", "moving towards"),
        ([40, 41, 39, 44, 45, 44], "lower", "moving away"),
        ([40, 41, 39, 27, 27, 28], "lower", "met"),
        ([40, 41, 39, 27, np.nan, 28], "lower", "cannot be said"),
        ([20, 21, 19, 30, 31, 29], "higher", "met"),
        ([20, 21, 19, 22, 23, 30], "higher", "moving towards"),
        ([20, 21, 19, 30, 31, 32], "lower", "moving away"),
        ([40, 40, 40, 40, 40, 40], "lower", "not moving"),
    ],
)  # fmt: skip
def test_a_target_is_met_by_the_last_three_and_not_by_one_good_month(values, better, expected):
    baseline = (pd.Timestamp("2024-01-01").date(), pd.Timestamp("2024-03-31").date())
    assert target_status(made(values, better, baseline=baseline)).status == expected


def test_a_target_without_a_baseline_says_no_direction():
    found = target_status(made([40, 41, 39]))
    assert (found.status, found.met, found.seen) == ("cannot be said", 0, 3)
    assert "without a baseline" in found.why


def test_what_the_text_of_rr1038_allows_to_be_said():
    study = series.begin(ROOT / "params/monitoring_slough.yaml")
    points = clear(series.points_table(study), study.file.disclosure)
    found = series.analysed(study, points.frame)
    targets = series.targets_table(found).frame.set_index("series")
    assert targets["status"].str.startswith("cannot be said").all()
    assert targets.loc["Days from allocation to assessment", "periods_met"] == "0 of 1"
    summary = series.summary_table(found).frame.set_index("series")
    assert summary.loc["Early Help assessments", "not_given"] == "3 periods; limits need 12"
    referrals = named(found, "Referrals")
    assert referrals.chart is not None
    assert np.isnan(referrals.centre[referrals.in_break]).all(), "no limits inside the break"
    assert len(set(referrals.centre[~referrals.in_break])) == 2, "limits of their own before and after it"
    case = ORACLES["M14-table5-weeks"]
    table = study.observations[study.observations["series_id"] == "early_help_weekly"]
    weeks = ((table["period_end"] - table["period_start"]).dt.days + 1) / 7
    assert weeks.tolist() == case["expect"]["weeks"]
    assert np.average(table["value"], weights=weeks) == pytest.approx(case["expect"]["early_help_all"])


# ------------------------------------------------------------------------------------------------ refusals


def project(tmp_path, change_file=None, change_table=None):
    for name in ("params", "data/made_up_series", "data/millbrook"):
        shutil.copytree(ROOT / name, tmp_path / name, dirs_exist_ok=True)
    file, table = tmp_path / "params/monitoring_millbrook.yaml", tmp_path / "data/made_up_series/series.csv"
    if change_file:
        file.write_text(change_file(file.read_text(encoding="utf-8")), encoding="utf-8")
    if change_table:
        change_table(table)
    return file


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("comparison: neighbour_visits", "comparison: neighbor_visits", "did you mean 'neighbour_visits'"),
        ("baseline: [2019-04-01, 2022-03-31]", "baseline: [2010-04-01, 2012-03-31]", "a baseline in which the series has no period"),  # noqa: E501
        ("target: {value: 35, source: made up}", "target: {value: 35, change_percent: -20, source: made up}", "one of the two"),  # noqa: E501
        ("target: {value: 35, source: made up}", "target: {value: 35}", "source"),
        ("kind: rare", "kind: rares", "kind"),
        ("id: visits", "id: visit", "no row of the series visit"),
        ("id: open_plans", "id: open_plan", "open_plan cannot be counted from records; did you mean 'open_plans'"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused(tmp_path, old, new, expected):
    with pytest.raises(Refused, match=re.escape(expected)):
        series.begin(project(tmp_path, lambda text: text.replace(old, new, 1)))


def test_a_baseline_across_a_break_is_refused(tmp_path):
    text = "    - id: visits\n"
    broken = (
        text
        + "      baseline: [2019-04-01, 2022-03-31]\n      breaks: [{first: 2020-01-01, last: 2020-03-31, reason: moved}]\n"  # noqa: E501
    )
    with pytest.raises(Refused, match="across the break"):
        series.begin(project(tmp_path, lambda whole: whole.replace(text, broken, 1)))


def edit(**cells):
    def change(file):
        frame = pd.read_csv(file, dtype=str, keep_default_na=False)
        for column, (row, value) in cells.items():
            if column not in frame:
                frame[column] = ""
            frame.loc[row, column] = value
        frame.to_csv(file, index=False)

    return change


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"denominator": (200, "")}, "a proportion without its denominator"),
        ({"value": (3, "many")}, "column value"),
        ({"period_end": (3, "2019-01-31")}, "does not end before it begins"),
        ({"series_id": (3, "visitz")}, "did you mean 'visits'"),
        ({"definition_id": (3, "v2"), "symbol": (4, "?")}, "column symbol"),
    ],
)
def test_a_wrong_cell_is_refused(tmp_path, cells, expected):
    with pytest.raises(Refused, match=re.escape(expected)):
        series.begin(project(tmp_path, change_table=edit(**cells)))


def without_share(text):
    start, end = text.index("    - id: seen_in_time"), text.index("    - id: missing_episodes")
    return text[:start] + text[end:]


def test_titles_above_a_table_of_series_are_passed_over(tmp_path):
    def titled(file):
        frame = pd.read_csv(file, dtype=str, keep_default_na=False).query("series_id != 'seen_in_time'")
        table = frame[["series_id", "period_start", "period_end", "value"]].to_csv(index=False)
        file.write_text("Monitoring as at 1 May,,,\n,,,\n" + table, encoding="utf-8")

    found = series.begin(project(tmp_path, without_share, titled)).observations
    plain = series.begin(ROOT / "params/monitoring_millbrook.yaml").observations.query("series_id != 'seen_in_time'")
    columns = ["series_id", "period_start", "value"]
    pd.testing.assert_frame_equal(found[columns].reset_index(drop=True), plain[columns].reset_index(drop=True))


def test_a_changed_definition_makes_a_new_series(tmp_path):
    def change(file):
        edit(definition_id=(3, "v1"))(file)
        edit(definition_id=(4, "v2"))(file)

    with pytest.raises(Refused, match="more than one version of its definition"):
        series.begin(project(tmp_path, change_table=change))


@pytest.mark.parametrize("drop", [[5], [5, 6, 7]])
def test_a_missing_month_gives_no_limits_and_says_why(tmp_path, drop):
    def change(file):
        pd.read_csv(file, dtype=str, keep_default_na=False).drop(index=drop).to_csv(file, index=False)

    study = series.begin(project(tmp_path, change_table=change))
    points = clear(series.points_table(study), study.file.disclosure)
    found = named(series.analysed(study, points.frame), "Days to the assessment")
    assert (found.why == "more than one period in a row is missing") == (len(drop) > 1)


@pytest.mark.parametrize("heading", ["{0:%Y-%m}", "{0:%b %Y}", "{0:%b-%y}", "{0:%m/%Y}"])
def test_a_spreadsheet_with_months_as_columns_is_read(tmp_path, heading):
    def widen(file):
        frame = pd.read_csv(file, dtype=str, keep_default_na=False)
        frame = frame[frame["series_id"].isin(["visits", "neighbour_visits", "missing_episodes", "assessment_days"])]
        frame["month"] = [heading.format(day) for day in pd.to_datetime(frame["period_start"])]
        frame.pivot(index="series_id", columns="month", values="value").reset_index().to_csv(file, index=False)

    def as_wide(text):
        return without_share(text).replace(
            "folder: data/made_up_series/", "folder: data/made_up_series/\n  layout: wide"
        )

    wide = series.begin(project(tmp_path, as_wide, widen)).observations
    long = series.begin(ROOT / "params/monitoring_millbrook.yaml").observations
    for name in ("visits", "assessment_days"):
        a, b = (frame[frame["series_id"] == name].set_index("period_start")["value"] for frame in (wide, long))
        pd.testing.assert_series_equal(a, b, check_names=False)


# ------------------------------------------------------------------------------------------------ words


def test_what_is_new_since_the_last_run(tmp_path, millbrook):
    _, points, _ = millbrook
    assert sentences.new_since(points.frame, "") == ""
    run = tmp_path / "run"
    assert sentences.new_since(points.frame, str(run)) == "This is the first run of this study."
    last = tmp_path / "latest/release/tables"
    last.mkdir(parents=True)
    points.frame.to_csv(last / "series_points.csv", index=False)
    assert sentences.new_since(points.frame, str(run)) == "No period is new since the last run."
    visits = points.frame["series"] == "Visits"
    points.frame[~(visits & (points.frame["period"] == "Mar 2024"))].to_csv(last / "series_points.csv", index=False)
    assert sentences.new_since(points.frame, str(run)) == "New since the last run: Visits: Mar 2024."
    revised = points.frame.copy()
    revised.loc[visits & (revised["period"] == "Jan 2024"), "value"] += 1
    assert sentences.new_since(revised, str(run)) == (
        "New since the last run: Visits: Mar 2024. Changed since the last run: Visits: Jan 2024."
    )


def test_a_scheduler_who_reruns_a_longer_file_reads_what_is_new_and_what_was_revised(tmp_path):
    (tmp_path / "params").mkdir()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "data").mkdir()
    shutil.copy(ROOT / "notebooks/7_monitoring.ipynb", tmp_path / "notebooks")
    file = tmp_path / "params/plans.yaml"
    file.write_text(
        "title: Plans of a made-up council\nnotice: Made up.\nmonitoring:\n  programme: P\n  folder: data/\n  series:\n"
        "    - {id: plans, label: Plans, unit: plans, definition: plans open, kind: count, better: lower}\n"
        "    - {id: boys, label: Boys seen, unit: boys, definition: boys seen, kind: count, better: neither}\n"
        "disclosure: {method: suppress, threshold: 5}\n",
        encoding="utf-8",
    )
    firsts = pd.date_range("2023-01-01", periods=15, freq="MS")

    def pages(months, third):
        rows = [
            f"{name},{day:%Y-%m-%d},{day + pd.offsets.MonthEnd(0):%Y-%m-%d},{value}"
            for name, values in (("plans", [30 + 2 * (i % 4) for i in range(15)]), ("boys", [9] * 14 + [3]))
            for i, day in enumerate(firsts[:months])
            for value in [third if name == "plans" and i == 2 else values[i]]
        ]
        text = "\n".join(["series_id,period_start,period_end,value", *rows])
        (tmp_path / "data/series.csv").write_text(text + "\n", encoding="utf-8")
        done = call(tmp_path, "run", "params/plans.yaml")
        assert done.returncode == 0, done.stdout + done.stderr
        page = (tmp_path / "outputs/plans/latest/release/7_monitoring.html").read_text(encoding="utf-8")
        return " ".join(BeautifulSoup(page, "html.parser").get_text(" ").split())

    assert "This is the first run of this study." in pages(14, 34)
    second = pages(15, 35)
    assert (
        "New since the last run: Plans: Mar 2024; Boys seen: Mar 2024. Changed since the last run: Plans: Mar 2023."
        in second
    )
    assert second.count("Boys seen") > 3, "its own line in the contents and a heading"
    assert "2 of 15 values" in second, "the three boys, and one more month: a yearly sum would give them away"


def test_a_panel_says_in_words_what_it_shows(millbrook):
    study, _, found = millbrook
    drawn = clear(series.drawn_table(found), study.file.disclosure)
    chart = series_charts.panel(drawn, named(found, "Days to the assessment"))
    assert chart.title == "Days to the assessment: 30.2 in Mar 2024, 24 of 60 points more than chance"
    assert "Limits 29.5 to 46.6, centre 38.1. Target 35.0." in chart.alt
    hidden = series_charts.panel(drawn, named(found, "Open child protection plans, Usual help"))
    assert "not shown" in hidden.alt


KINDS = ("measure", "count", "proportion", "rate", "rare", "days_between", "cases_between")


def monitoring_of(folder, kinds, values, policy):
    """Write a study of one series a kind, with the same values; return its parameter file."""
    firsts = pd.date_range("2022-01-01", periods=len(values), freq="MS")
    rows = ["series_id,period_start,period_end,value,numerator,denominator"]
    for kind in kinds:
        for day, value in zip(firsts, values, strict=True):
            cells = f",{value},{'' if value == '' else 40}" if kind in ("proportion", "rate") else f"{value},,"
            rows.append(f"{kind},{day:%Y-%m-%d},{day + pd.offsets.MonthEnd(0):%Y-%m-%d},{cells}")
    for name in ("data", "params"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "data/series.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    listed = "".join(
        f"    - {{id: {k}, label: {k}, unit: u, definition: d, kind: {k}, better: lower}}\n" for k in kinds
    )
    file = folder / "params/s.yaml"
    file.write_text(
        f"title: T\nmonitoring:\n  programme: P\n  programme_from: 2023-03-01\n  folder: data/\n  series:\n{listed}"
        f"disclosure: {policy}\n",
        encoding="utf-8",
    )
    return file


@pytest.mark.parametrize("months", [1, 30])
@pytest.mark.parametrize("shape", ["steady", "nought", "small", "one value"])
@pytest.mark.parametrize("policy", ["{method: none, reason: made up}", "{method: suppress, threshold: 5}"])
def test_series_from_which_nothing_can_be_said_take_no_page_down(tmp_path, months, shape, policy):
    """Each table, sentence and chart of the page, from series that are too short, constant, hidden or empty."""
    value = {"steady": 20, "nought": 0, "small": 2, "blank": "", "one value": 7}[shape]
    values = [value if shape != "one value" or i == 0 else "" for i in range(months)]
    file = monitoring_of(tmp_path, KINDS, values, policy)
    study = series.begin(file)
    points = clear(series.points_table(study), study.file.disclosure)
    found = series.analysed(study, points.frame)
    tables = [series.targets_table(found), series.summary_table(found), series.drawn_table(found)]
    targets, summary, drawn = (clear(table, study.file.disclosure) for table in tables)
    told = [sentences.finding(targets.frame, summary.frame), *(sentences.of_series(each) for each in found)]
    changes = level_change_table(found, study.settings.programme_from).frame
    told.append(sentences.model_list(changes, found))
    charts = [series_charts.panel(drawn, each) for each in found]
    assert not re.search(r"\bnan\b|\binf\b|None", " ".join([*told, *(chart.alt for chart in charts)]))
    assert (changes["not_given"] != "").all()
    assert months >= 12 or (summary.frame["not_given"] != "").all()


def test_shares_differ_by_percentage_points_a_day_has_on_and_quarters_are_said():
    def of(name):
        study = series.begin(ROOT / "params" / f"{name}.yaml")
        points = series.points_table(study)
        return series.analysed(
            study, clear(points, study.file.disclosure).frame if study.file.disclosure else points.frame
        )

    millbrook, slough = of("monitoring_millbrook"), {each.name: each for each in of("monitoring_slough")}
    told = sentences.model_list(level_change_table(millbrook, pd.Timestamp("2022-04-01").date()).frame, millbrook)
    assert "Children seen within ten days: −3.4 percentage points compared with" in told
    names = ("Child protection plans at 31 March", "Early Help assessments", "Children escalated to looked after")
    latest = [series_charts.latest(slough[name]) for name in names]
    assert latest == ["301 on 31 Mar 2020", "20.3 from 1 Apr 2019 to 29 Sep 2019", "17 in Jul to Sep 2019"]
    missing = next(each for each in millbrook if each.name == "Episodes of going missing")
    assert "in the month. Each point is a quarter." in sentences.of_series(missing)
    assert not [name for name, each in slough.items() if "is a quarter" in sentences.of_series(each)]


def test_a_small_mean_is_no_small_count_and_is_never_added_up_to_quarters(tmp_path):
    file = monitoring_of(tmp_path, ("measure", "rare", "rate"), [2] * 12, "{method: suppress, threshold: 5}")
    frame = series.points_table(series.begin(file)).frame
    assert frame["series"].value_counts().to_dict() == {"measure": 12, "rare": 4, "rate": 4}
    assert set(frame.loc[frame["series"] == "measure", "value"]) == {2.0}
    assert set(frame.loc[frame["series"] == "rate", "count"]) == {6.0}


# ------------------------------------------------------------------------------------------------ as people keep them


def kept(folder, table, kind="count", more="", setting="", name="series.csv"):
    """Write a study of one series ``a`` with this table; return its parameter file."""
    for part in ("data", "params"):
        (folder / part).mkdir(exist_ok=True)
    (folder / "data" / name).write_text(table, encoding="utf-8")
    file = folder / "params/s.yaml"
    file.write_text(
        f"title: T\nmonitoring:\n  programme: P\n  folder: data/\n{setting}  series:\n"
        f"    - {{id: a, label: A, unit: u, definition: d, kind: {kind}, better: lower{more}}}\n"
        "disclosure: {method: none, reason: made up}\n",
        encoding="utf-8",
    )
    return file


def monthly(values, start="2022-01-01", head="value", day="{:%Y-%m-%d}"):
    firsts = pd.date_range(start, periods=len(values), freq="MS")
    rows = [
        f"a,{day.format(d)},{day.format(d + pd.offsets.MonthEnd(0))},{v}" for d, v in zip(firsts, values, strict=True)
    ]
    return "\n".join([f"series_id,period_start,period_end,{head}", *rows, ""])


def seen(file):
    study = series.begin(file)
    return series.analysed(study, clear(series.points_table(study), study.file.disclosure).frame)[0]


@pytest.mark.parametrize("kind", ["measure", "count", "rare"])
def test_limits_rest_on_the_baseline_wherever_it_lies(tmp_path, kind):
    """By hand: the second of two years, and not as many of the first points."""
    values = [40, 42] * 6 + [20, 22] * 6
    base = ", baseline: [2023-01-01, 2023-12-31]"
    assert seen(kept(tmp_path, monthly(values), kind, base)).centre[-1] == pytest.approx(21)
    shares = kept(tmp_path, monthly([f"{v},100" for v in values], head="numerator,denominator"), "proportion", base)
    assert seen(shares).centre[-1] == pytest.approx(0.21)


@pytest.mark.parametrize("value", [0.1, 23])
@pytest.mark.parametrize("kind", ["measure", "days_between"])
def test_a_series_that_never_changes_has_no_special_point(tmp_path, kind, value):
    assert not any(seen(kept(tmp_path, monthly([value] * 14), kind)).reasons)


PARTS = "numerator,denominator"


@pytest.mark.parametrize(
    ("kind", "table", "expected"),
    [
        ("count", monthly([4] * 5 + [-3] + [4] * 8), "a number below zero"),
        ("days_between", monthly([4] * 5 + [-3] + [4] * 8), "a number below zero"),
        ("rare", monthly([4] * 5 + [2.5] + [4] * 8), "a count with a fraction"),
        ("proportion", monthly(["3,9"] * 5 + ["10,9"] + ["3,9"] * 8, head=PARTS), "a part larger than its whole"),
        ("rate", monthly(["3,9"] * 5 + ["3,0"] + ["3,9"] * 8, head=PARTS), "something counted out of zero"),
        ("proportion", monthly(["0.33,3,9"] * 5 + ["0.9,3,9"], head="value," + PARTS), "not numerator ÷ denominator"),
        ("count", monthly(["3,3"] * 5 + ["4,3"], head="value,numerator"), "a value and a numerator that differ"),
        ("measure", monthly(["3,"] * 5 + [",3"], head="value,numerator"), "a measure without its value"),
        ("count", monthly(["3,"] * 5 + ["4,c"], head="value,symbol"), "a symbol that says there is none"),
        ("count", monthly(["3,"] * 5 + [",less_than"], head="value,symbol"), "a bound without its number"),
        ("count", monthly([4] * 5).replace("06-01,2022-06-30", "05-31,2022-06-30") + "a,2022-05-31,2022-06-30,9\n",
         "begins before the one before it has ended"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_is_refused_by_its_line(tmp_path, kind, table, expected):
    with pytest.raises(Refused, match=re.escape(expected)) as refused:
        series.begin(kept(tmp_path, table, kind))
    assert [fault.where for fault in refused.value.faults] == ["data/series.csv, series a, 1 row (line 7)"]


def test_a_number_below_a_bound_is_a_bound_and_no_value(tmp_path):
    drawn = seen(kept(tmp_path, monthly([7, "<5", "> 9", 8])))
    assert np.isnan(drawn.values).tolist() == [False, True, True, False]
    assert drawn.points[["bound", "bound_value"]].values[1:3].tolist() == [["less", 5.0], ["more", 9.0]]


def test_british_dates_are_read_where_the_file_says_so(tmp_path):
    table = monthly([7] * 14, day="{:%d/%m/%Y}")
    with pytest.raises(Refused, match=re.escape("monitoring.dates: day_first")) as refused:
        series.begin(kept(tmp_path, table))
    assert "repeat" not in str(refused.value), "dates that cannot be read are no repeats"
    found = series.begin(kept(tmp_path, table, setting="  dates: day_first\n")).observations
    assert found["period_end"].iloc[1] == pd.Timestamp("2022-02-28")


def wide(months, *rows):
    return "\n".join([",".join(["series_id", *months]), *(",".join(map(str, row)) for row in rows), ""])


@pytest.mark.parametrize("day", ["{:%d/%m/%Y}", "{:%b%y}", "{:%b '%y}", "{:%Y-%m-%d 00:00:00}", "{:%-m/%Y}"])
def test_months_as_columns_are_headed_as_people_head_them(tmp_path, day):
    firsts = pd.date_range("2023-08-01", periods=14, freq="MS")
    table = wide(["Measure", *map(day.format, firsts), "Total"], ["a", "Visits", *range(12), "", "", 66])
    found = series.begin(kept(tmp_path, table, setting="  layout: wide\n")).observations
    assert found["period_start"].tolist() == firsts[:12].tolist(), "months to come are no rows"
    assert found["value"].tolist() == list(range(12))


@pytest.mark.parametrize(
    ("months", "rows", "where", "expected"),
    [
        (["Jan-22", "Febr 22x", "Mar-22"], [["a", 1, 2, 3]], "line 1 (headings)", "could be a month: Febr 22x"),
        (["Jan-22", "Margin 2022"], [["a", 1, 2]], "line 1 (headings)", "could be a month: Margin 2022"),
        (["2022-01-17", "2022-02"], [["a", 1, 2]], "line 1 (headings)", "could be a month: 2022-01-17"),
        (["Jan-22", "2022-01"], [["a", 1, 2]], "line 1 (headings)", "a month that has a column already: 2022-01"),
        (
            ["Jan-22", "Feb-22"],
            [["a", 1, 2], ["a", 1, 2]],
            "columns series_id, 1 row (line 3)",
            "repeat an earlier one",
        ),
        (["Jan-22", "Feb-22"], [["a", 1, 2], ["Total", 1, 2]], "column series_id, 1 row (line 3)", "is not in"),
        (["Jan-22", "Feb-22"], [["a", 1, "n/a"]], "column Feb-22, 1 row (line 2)", "not a number"),
        (
            ["Jan-22", "Feb-22"],
            [["a", "1%", "2%"]],
            "column Jan-22, 1 row (line 2); and 1 more columns",
            "not a number",
        ),
        (["Jan-22", "Feb-22"], [["a", 1, -2]], "series a, 1 row (line 2)", "below zero"),
    ],
)
def test_a_cell_of_a_wide_sheet_is_refused_where_it_stands(tmp_path, months, rows, where, expected):
    with pytest.raises(Refused, match=re.escape(expected)) as refused:
        series.begin(kept(tmp_path, wide(months, *rows), setting="  layout: wide\n"))
    assert [fault.where for fault in refused.value.faults] == [f"data/series.csv, {where}"]


def test_two_tables_of_series_are_one_too_many(tmp_path):
    file = kept(tmp_path, monthly([1] * 3))
    (tmp_path / "data/series.xlsx").write_bytes(b"")
    with pytest.raises(Refused, match=re.escape("series.csv and series.xlsx")):
        series.begin(file)


def test_a_series_is_not_its_own_comparison(tmp_path):
    with pytest.raises(Refused, match="names itself"):
        series.begin(kept(tmp_path, monthly([1] * 3), more=", comparison: a"))


def test_a_series_that_is_refused_does_not_make_the_list_too_short(tmp_path):
    with pytest.raises(Refused) as refused:
        series.begin(kept(tmp_path, monthly([1] * 3), kind="rares"))
    assert [fault.where for fault in refused.value.faults] == ["s.yaml, monitoring.series.0.kind"]


def test_only_a_count_has_a_comparison(tmp_path):
    change = "      better: lower\n      comparison: visits\n"
    with pytest.raises(Refused, match="only a count can have a comparison"):
        series.begin(project(tmp_path, lambda text: text.replace("      better: lower\n", change, 1)))


def test_a_target_whose_day_has_passed_says_so(tmp_path):
    more = ", baseline: [2022-01-01, 2022-12-31], target: {value: 20, by: 2023-03-31, source: s}"
    found = target_status(seen(kept(tmp_path, monthly([40] * 12 + [30] * 12), more=more)))
    assert (found.status, found.why) == ("moving towards", "it was to be met by 31 March 2023")


def test_an_event_beyond_the_data_does_not_stretch_the_chart(tmp_path):
    more = (
        ", events: [{on: 2010-01-01, label: e, source: s}], breaks: [{first: 2030-01-01, last: 2031-01-01, reason: r}]"
    )
    file = kept(tmp_path, monthly([40] * 14), more=more)
    each = seen(file)
    drawn = clear(series.drawn_table([each]), series.begin(file).file.disclosure)
    axes = series_charts.panel(drawn, each).fig.axes[0]
    low, high = (pd.Timestamp(day, unit="D") for day in axes.get_xlim())
    assert low.year >= 2021
    assert high.year <= 2023


def test_a_limit_below_nought_is_not_told_of_what_is_never_below_it(tmp_path):
    words = sentences.of_series(seen(kept(tmp_path, monthly([0, 9] * 7))))
    assert "at 28.4 or less" in words  # by hand: 4.5 + 2.66 × 9


def test_labels_of_events_close_together_do_not_stand_on_each_other(tmp_path):
    more = ", events: [{on: 2023-01-01, label: the second, source: s}, {on: 2022-12-01, label: the first, source: s}]"
    file = kept(tmp_path, monthly([40] * 14), more=more)
    each = seen(file)
    figure = series_charts.panel(clear(series.drawn_table([each]), series.begin(file).file.disclosure), each).fig
    figure.draw_without_rendering()
    labels = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(labels) == 2
    assert not labels[0].overlaps(labels[1])
    assert all(label.x1 <= figure.bbox.x1 for label in labels)
