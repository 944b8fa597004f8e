"""Reach, surveys, delivery and page 9: against published arithmetic, R, a planted truth, and what must be refused."""

import copy
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import yaml
from stepdown import effects, instruments, measures, review, series, surveys
from stepdown.contracts import read_study
from stepdown.disclosure import clear
from stepdown.disclosure.linking import assembled
from stepdown.effects import sentences
from stepdown.faults import Refused
from stepdown.outcomes import child_outcomes
from stepdown.params import DisclosurePolicy, load_people, load_study
from stepdown.proportions import newcombe, wilson
from stepdown.sections import people as sections
from stepdown.series.analysis import Analysed
from stepdown.series.settings import Series
from stepdown.show import effect_charts
from stepdown.surveys import claims
from stepdown.workbook import Book, begin

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from data.generators import people  # noqa: E402

CASES = {case["id"]: case for case in json.loads((ROOT / "tests/oracles/people.json").read_text(encoding="utf-8"))}
SHOWN = DisclosurePolicy(method="none", reason="made up")


# what the numbers are


def test_s01_s04_what_54_of_660_families_can_say():
    """Judge: R (phyper; survey::svymean)."""
    expect, mean = CASES["S01-54-of-660"]["expect"], CASES["S04-fpc-mean"]["expect"]
    found = surveys.finite_interval(54, 54, 660, 0.95)
    assert found.low == pytest.approx(expect["exact_fpc_lower"], abs=1e-6)
    assert found.high == 1
    assert surveys.reach_bounds(54, 54, 660) == pytest.approx((expect["worst_case_share"], 1))
    partly = surveys.finite_interval(40, 54, 660, 0.95)
    assert (partly.share, partly.se) == pytest.approx((mean["mean"], mean["se"]), abs=1e-9)


@pytest.mark.parametrize(("frame", "n", "level"), [(12, 5, 0.9), (30, 9, 0.95)])
def test_exact_limits_hold_the_frame_as_often_as_they_say(frame, n, level):
    """Judge: the hypergeometric distribution, over every number of yes that the frame can have."""
    from scipy.stats import hypergeom

    ends = [surveys.finite_interval(yes, n, frame, level) for yes in range(n + 1)]
    for truth in range(frame + 1):
        chance = [hypergeom.pmf(yes, frame, truth, n) for yes in range(n + 1)]
        inside = [p for p, e in zip(chance, ends, strict=True) if e.low - 1e-9 <= truth / frame <= e.high + 1e-9]
        assert sum(inside) >= level


def test_s03_99_percent_cannot_come_from_54():
    """Judge: arithmetic (GRIM)."""
    fits, near = claims.possible(99, 54)
    assert not fits
    assert near == pytest.approx(CASES["S03-99pc-impossible"]["expect"]["nearest"])
    assert claims.possible(98, 54)[0]


def test_w16_a_share_without_its_number_gets_no_single_interval():
    """Judge: Wilson, statsmodels."""
    for n, expect in CASES["W16-halton-37"]["expect"].items():
        assert wilson(round(0.37 * int(n)), int(n), 0.95) == pytest.approx(expect, abs=1e-6)
    needed = claims.people_needed(0.37, 10)
    assert max(abs(end - 0.37) for end in wilson(round(0.37 * needed), needed, 0.95)) <= 0.1
    assert max(abs(end - 0.37) for end in wilson(round(0.37 * (needed - 1)), needed - 1, 0.95)) > 0.1
    page = claims.claims_markdown(ROOT)
    assert "of 30: 21.9% to 54.5%; of 100: 28.2% to 46.8%; of 300: 31.7% to 42.6%" in page
    assert "98.1 or 100.0% of 54, never 99%" in page


def test_s06_engagement_before_and_after():
    """Judge: statsmodels; the seed gives no number of families, so its claim stands without an interval."""
    case = CASES["S06-engagement"]
    before, after = case["inputs"]["before"], case["inputs"]["after"]
    assert newcombe(tuple(after), tuple(before), 0.95) == pytest.approx(case["expect"]["ci"], abs=1e-6)


def test_s08_courses_and_attendances_are_added_and_no_share_of_staff_is_made_of_them():
    """Judge: RR1038, table 26."""
    case = CASES["S08-training-table26"]
    study = load_people("params/halton_like.yaml")
    rows = [("training", "awareness", n, n, p) for n, p in zip(*case["inputs"].values(), strict=True)]
    log = pd.DataFrame(rows, columns=["kind", "item", "planned", "achieved", "people"]).assign(reason=None)
    frame = surveys.training_table(log, study.settings.delivery).frame
    assert frame[["held", "people"]].iloc[0].tolist() == [case["expect"]["courses"], case["expect"]["participants"]]
    from stepdown.surveys.sentences import training_sentence

    assert "Attendances are not people" in training_sentence(frame)


def test_s09_targets_are_met_by_the_latest_periods_alone():
    """Judge: arithmetic; page 7's status of a target serves here too."""
    case = CASES["S09-targets"]
    for row, share, met in zip(case["inputs"]["rows"], *case["expect"].values(), strict=True):
        assert (row["baseline"] - row["latest"]) / (row["baseline"] - row["target"]) == pytest.approx(share)
        months = pd.date_range("2019-01-01", periods=6, freq="MS")
        item = Series(
            id=row["m"],
            label=row["m"],
            unit="days",
            definition=row["m"],
            kind="measure",
            better="lower" if row["dir"] == "down" else "higher",
            baseline=(months[0].date(), months[2].date()),
            target={"value": row["target"], "source": "RR1038"},
        )
        values = [row["baseline"]] * 3 + [row["latest"]] * 3
        points = pd.DataFrame({"first_day": months, "last_day": months + pd.offsets.MonthEnd(0), "value": values})
        each = Analysed.__new__(Analysed)
        for name, value in {"item": item, "points": points, "in_break": np.zeros(6, dtype=bool)}.items():
            object.__setattr__(each, name, value)
        status = series.target_status(each).status
        assert (status == "met") == met
        assert status == ("moving towards" if share > 0 else "moving away")


# the planted truth


def test_the_change_of_those_seen_is_biased_and_the_bounds_hold_the_truth():
    """Judge: 400 made-up services whose true change is known; who fares worse is seen less often."""
    complete, inside, covered = [], 0, 0
    for draw in range(400):
        entry, exit, seen = people.scores(draw, 100)
        truth = (exit - entry).mean()
        moved, lost = (exit - entry)[seen], entry[~seen]
        could = instruments.bounds(moved, lost, (0.0, 40.0))
        found = instruments.change(entry[seen], exit[seen], 0.95)
        complete.append(could["complete_case"] - truth)
        inside += could["worst"] <= truth <= could["best"]
        covered += found.low <= people.CHANGE <= found.high
    assert inside == 400
    assert np.mean(complete) > 1.5
    assert covered < 100, "an interval of those seen alone does not hold the true change"


@pytest.fixture(scope="module")
def halton():
    study = load_people("params/halton_like.yaml")
    return study, read_study(study)


def test_the_made_up_service_has_its_planted_truth(halton, tmp_path):
    tables, truth = people.make()
    for name, frame in tables.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
        assert (tmp_path / f"{name}.csv").read_bytes() == (ROOT / f"data/halton_like/{name}.csv").read_bytes()
    measured = instruments.measured_people(*halton)
    row = instruments.change_table(measured, 0.95).frame.set_index("measure").loc["Children, own form: feeling safe"]
    assert row["change"] == pytest.approx(truth["change_of_those_seen"])
    assert row["ci_low"] > truth["change"]
    assert row["worst"] < truth["change"] < row["best"]
    assert (row["both"] + row["lost"], row["entries"]) == (truth["people"], truth["people"] + row["not_due"])
    changed = instruments.reliable_table(measured).frame
    own = changed[changed["rule"].eq("reliable change") & changed["direction"].str.startswith("better")]
    assert own["people"].sum() / row["both"] == pytest.approx(truth["reliably_better_of_those_seen"])
    assert f"{100 * truth['reliably_better']:.0f}%" in (ROOT / "data/halton_like/README.md").read_text(encoding="utf-8")


def test_flow_adds_up_and_steps_are_those_of_the_records(halton):
    study, records = halton
    frame = surveys.reach_table(
        records.table("participation"), records.table("responses"), study.settings.delivery
    ).frame
    assert (frame["seen_at_exit"] + frame["not_seen"] == frame["people"]).all()
    assert (
        frame.groupby(["activity", "role"])["people"].sum() == frame.groupby(["activity", "role"])["referred"].first()
    ).all()
    from stepdown.surveys.sentences import steps

    given = records.table("participation")
    for (_, found), activity in zip(steps(frame).iterrows(), study.settings.delivery.activities, strict=True):
        own = given[given["activity"] == activity]
        assert found["started"] == own["started_on"].notna().sum()
        assert found["completed"] == (own["end_reason"] == "completed").sum()


# one measure, the same bracket


def test_a_score_goes_through_notebook_3s_bracket_balance_disclosure_and_chart(tmp_path, monkeypatch):
    """SDQ of a parent in Millbrook's two groups: the programme's children fell by 3 points more. No new code."""
    monkeypatch.setattr(measures, "_DECLARED", dict(measures._DECLARED))
    mpl.use("Agg")
    rng = np.random.default_rng(7)
    shutil.copytree(ROOT / "data/millbrook", tmp_path / "data/millbrook")
    shutil.copytree(ROOT / "params", tmp_path / "params")
    shutil.copytree(ROOT / "data/reference", tmp_path / "data/reference")
    children = pd.read_csv(tmp_path / "data/millbrook/children.csv", dtype="str")
    children = children[children["birth_date"].between("2005-01-01", "2018-01-01")].reset_index(drop=True)
    first = rng.integers(10, 30, len(children))
    last = first - 1 - 3 * (children["group"] == "Families Together") + rng.integers(-3, 4, len(children))
    rows = [(c, time, score) for c, a, b in zip(children["child_id"], first, last, strict=True)
            for time, score in (("entry", a), ("exit", b))]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["person_id", "time_point", "response"]).iloc[:-40]
    frame.assign(instrument="sdq", informant="parent", date="2022-06-01", item="total").to_csv(
        tmp_path / "data/millbrook/responses.csv", index=False
    )
    settings = yaml.safe_load((ROOT / "params/millbrook.yaml").read_text(encoding="utf-8"))
    settings["instruments"] = yaml.safe_load((ROOT / "params/halton_like.yaml").read_text())["instruments"][:1]
    settings["effects"] = {
        "outcomes": ["days_cp", "sdq_parent_total"],
        "balance_variables": ["age_years", "sdq_parent_total_before"],
    }
    file = tmp_path / "params/millbrook.yaml"
    file.write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), encoding="utf-8")
    study = load_study(file)
    found = child_outcomes(study, read_study(study))
    options, groups = study.settings.effects, study.settings.groups.labels()
    gate = effects.overlap_gate(found.frame, options)
    compared = clear(effects.effects_table(found.frame, options, gate), study.settings.disclosure)
    row = compared.frame.set_index(["outcome", "estimator"]).loc[("sdq_parent_total", "difference in differences")]
    assert row["ci_low"] < -3 < row["ci_high"]
    both = found.frame[["sdq_parent_total_before", "sdq_parent_total_after"]].notna().all(axis=1)
    assert row["missing_programme"] + row["missing_comparison"] == (~both).sum() > 0
    said = sentences.bracket_sentence(compared.frame, "sdq_parent_total", groups)
    assert said.startswith("Total difficulties (Children, SDQ by a parent), Families Together against Usual help: ")
    changed = instruments.change_table(instruments.measured_people(study, read_study(study)), 0.95)
    cells, relations = assembled([effects.effects_table(found.frame, options, gate), changed])
    twice = ("measure_change", 0, "both")
    linked = {place for r in relations if twice in {p for _, p in r.terms} for _, place in r.terms}
    assert {name for name, _, column in linked if column == "n_children"} == {"effects"}
    more = cells["measure_change", 0, "both, not compared"].value
    assert cells[twice].value == row["n_children"] + more, "page 9 reckons with what page 3 shows"
    assert effect_charts.bracket_forest(compared, unit="points").alt
    balance = effects.balance_table(found.frame, options).frame
    assert "otal difficulties (Children, SDQ by a parent) before" in balance.to_string()


# what must be refused


@pytest.fixture
def project(tmp_path):
    """A copy of the made-up service's first forty of each kind, and a function that reads it with changes."""
    shutil.copytree(ROOT / "data/halton_like", tmp_path / "data/halton_like")
    for file in (tmp_path / f"data/halton_like/{table}.csv" for table in ("responses", "participation")):
        frame = pd.read_csv(file, dtype="str", keep_default_na=False)
        frame[frame["person_id"].str[1:].astype(int) <= 40].to_csv(file, index=False)
    shutil.copytree(ROOT / "params/instruments", tmp_path / "params/instruments")
    settings = yaml.safe_load((ROOT / "params/halton_like.yaml").read_text(encoding="utf-8"))

    def read(table="", change=None, **blocks):
        file = tmp_path / f"data/halton_like/{table}.csv"
        if table:
            frame = pd.read_csv(file, dtype="str", keep_default_na=False)
            changed = change(frame)
            frame = frame if changed is None else changed
            frame.to_csv(file, index=False)
        own = copy.deepcopy(settings) | blocks
        params = tmp_path / "params/own.yaml"
        params.write_text(yaml.safe_dump(own, sort_keys=False, allow_unicode=True), encoding="utf-8")
        study = load_people(params)
        return study, read_study(study)

    return read


def faults_of(read, *given, **blocks):
    with pytest.raises(Refused) as refused:
        read(*given, **blocks)
    for fault in refused.value.faults:
        assert all((fault.where, fault.found, fault.allowed, fault.rule, fault.remedy))
    found = {}
    for fault in refused.value.faults:
        same = found.get(fault.found, fault)
        found[fault.found] = fault if same is fault else replace(fault, where=f"{same.where}; {fault.where}")
    return found


def test_what_is_wrong_with_questionnaires_is_said_all_at_once(project):
    def spoil(frame):
        sdq = frame.index[(frame["instrument"] == "sdq") & (frame["time_point"] == "exit")]
        frame.loc[sdq[0], "informant"] = "teacher"
        frame.loc[sdq[1], "version"] = "4-17 follow-up"
        frame.loc[sdq[2], "age_years"] = "18"
        frame.loc[sdq[3], "q1"] = "7"
        frame.loc[sdq[4], "date"] = "2023-04-01"
        well = frame.index[frame["instrument"] == "wemwbs"]
        frame.loc[well[0], "age_years"] = "12"
        frame.loc[well[1], "q15"] = "3"

    found = faults_of(project, "responses", spoil)
    for words in (
        "another informant at exit than at entry",
        "more than one version of the form for one person",
        "a version of the form that the study does not name",
        "a person outside the ages that the form is for",
        "an impossible answer or score",
        "an exit before the entry",
        "an item or scale that the scoring key does not have",
    ):
        assert words in found
    outside = found["a person outside the ages that the form is for"].where
    assert "sdq_parent" in outside, "too old"
    assert "wemwbs" in outside, "too young"
    assert "1 row (line" in found["an item or scale that the scoring key does not have"].where


def test_an_age_is_in_completed_years_from_the_childrens_table():
    """Judge: hand count; on the eleventh birthday a child is eleven, the day before ten; no date, no age."""
    from stepdown.instruments.contract import with_age

    days = pd.to_datetime(["2020-05-01", "2020-04-30", "2020-05-01"]).astype("datetime64[s]")
    frame = pd.DataFrame({"person_id": ["a", "a", "b"], "date": days, "age_years": np.nan})
    born = pd.to_datetime(["2009-05-01", None]).astype("datetime64[s]")
    ages = with_age(frame, pd.DataFrame({"child_id": ["a", "b"], "birth_date": born}))["age_years"]
    assert ages.tolist()[:2] == [11, 10]
    assert np.isnan(ages.iloc[2])


def test_a_service_that_saw_nobody_again_says_so(project, monkeypatch):
    seen = []
    monkeypatch.setattr(Book, "_show", lambda self, kind, bundle, *_: seen.append((kind, bundle["text/plain"])))

    def nobody(frame):
        return frame[frame["time_point"] == "entry"].assign(age_years="")

    study, _ = project("responses", nobody)
    sections.measures(begin(str(study.file), notebook="9_people_and_delivery"))
    said = "\n".join(text for _, text in seen)
    assert "the numbers are too small to say how those measured twice changed" in said
    assert "Too few were lost, or seen, to compare the two at entry." in said
    assert "The age is not known on every form" in said


def test_two_informants_that_both_answer_twice_are_no_change_of_informant(project):
    def also_teacher(frame):
        for row in frame[frame["instrument"] == "sdq"].assign(informant="teacher").to_dict("records"):
            frame.loc[len(frame)] = row

    _, records = project("responses", also_teacher)
    assert set(records.table("responses")["informant"]) == {"parent", "teacher", "self"}


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("threshold", "three_points", "does not have: 'three_points'"),
        ("bands", "four_band", "four_band for parent"),
        ("version", "2-4", "does not have: '2-4'"),
        ("scales", ["total", "impct"], "did you mean 'impact'?"),
        ("informant", "teacher", "three_band"),
    ],
)
def test_a_name_that_the_scoring_key_does_not_have_is_refused(project, setting, value, words):
    own = yaml.safe_load((ROOT / "params/halton_like.yaml").read_text(encoding="utf-8"))["instruments"]
    own[0][setting] = value
    if setting == "informant":
        own[0]["scales"] = ["emotional"]
        _, records = project(instruments=own, logic_model=[])
        assert not len(records.table("responses").query("informant == 'teacher'"))
        return
    assert any(words in found for found in faults_of(project, instruments=own, logic_model=[]))


def test_a_scoring_key_that_is_not_there_is_named_with_its_setting(project):
    own = yaml.safe_load((ROOT / "params/halton_like.yaml").read_text(encoding="utf-8"))["instruments"]
    own[0]["key"] = "params/instruments/sdqq.yaml"
    (fault,) = faults_of(project, instruments=own).values()
    assert fault.where == "own.yaml, instruments, sdq_parent, key"
    assert "did you mean 'sdq.yaml'?" in fault.found


def test_a_survey_without_its_frame_is_refused(project):
    own = yaml.safe_load((ROOT / "params/halton_like.yaml").read_text(encoding="utf-8"))["surveys"]
    del own[0]["frame"]
    (fault,) = faults_of(project, surveys=own, logic_model=[]).values()
    assert fault.where == "own.yaml, surveys.0.frame"
    own[0]["frame"] = 50
    assert "more families who answered (54) than were asked (50)" in faults_of(project, surveys=own)


def test_where_several_of_a_family_answer_no_limits_for_families_are_given(project):
    def twice(frame):
        for row in frame.assign(respondent_id=frame["respondent_id"] + "b").to_dict("records"):
            frame.loc[len(frame)] = row

    own = yaml.safe_load((ROOT / "params/halton_like.yaml").read_text(encoding="utf-8"))["surveys"]
    own[0]["frame"] = 60  # fewer families than forms
    study, records = project("survey_answers", twice, surveys=own)
    given = study.settings.surveys, records.table("survey_answers")
    response, items = surveys.response_table(*given).frame, surveys.items_table(*given, 0.95).frame
    assert (response["responded"].iloc[0], response["several"].iloc[0]) == (54, "yes")
    assert items["respondents"].tolist() == [108, 108]
    assert items[["low", "high", "bound_low", "bound_high"]].isna().all(axis=None)
    assert items["percent"].tolist() == pytest.approx([100, 100 * 80 / 108])


def test_a_flow_that_does_not_add_up_is_refused_with_every_row(project):
    def spoil(frame):
        started = frame.index[frame["started_on"] != ""]
        never = frame.index[frame["started_on"] == ""]
        frame.loc[started[0], "sessions_attended"] = "99"
        frame.loc[never[0], ["sessions_offered", "sessions_attended"]] = ["3", "2"]
        frame.loc[started[1], ["ended_on", "end_reason"]] = ["", "moved_away"]
        frame.loc[never[1], "end_reason"] = "completed"
        frame.loc[started[2], "started_on"] = "2001-01-01"

    found = faults_of(project, "participation", spoil)
    for words in ("more sessions attended than offered", "sessions attended by someone who did not start",
                  "a reason for ending without a date", "someone who completed but did not start"):  # fmt: skip
        assert words in found
    assert any("started_on before referred_on" in words for words in found)


@pytest.mark.parametrize("other", [str.upper, lambda name: name.replace("0", "0 ", 1)])
def test_a_person_goes_by_one_id_in_who_took_part_and_in_the_forms(project, other):
    """Else someone who is still taking part would count as not seen again."""

    def spelt(frame):
        frame["person_id"] = frame["person_id"].map(lambda name: other(name) if name.startswith("c0") else name)

    found = faults_of(project, "responses", spelt)
    assert (
        "ids that differ from one in participation or children only in capitals, spaces, width of letters or zeros"
        in found
    )


def test_a_persons_free_text_never_enters_a_table(project):
    """A reason that is not declared is refused; where the study declares none, it is read as “other”."""

    def typed(frame):
        row = frame.index[frame["end_reason"] == "moved_away"][0]
        frame.loc[row, "end_reason"] = "Mum left for Leeds on Tuesday"

    found = faults_of(project, "participation", typed)
    assert "an unknown code" in found
    own = yaml.safe_load((ROOT / "params/halton_like.yaml").read_text(encoding="utf-8"))["delivery"]
    study, records = project(delivery=own | {"end_reasons": {}, "completed": []})
    frame = surveys.reach_table(
        records.table("participation"), records.table("responses"), study.settings.delivery
    ).frame
    assert "Left: other" in set(frame["fate"])
    assert "Leeds" not in frame.to_string()


def test_a_claim_measured_by_nothing_known_is_refused(project):
    (fault,) = faults_of(
        project, logic_model=[{"id": "o1", "kind": "outcome", "text": "x", "measured_by": ["sdq_parent_totl"]}]
    ).values()
    assert "did you mean 'sdq_parent_total'?" in fault.allowed


# how spreadsheets are held


@pytest.mark.parametrize("last", ["", "Average", "Mean of all", "Total", "Count: 2"])
def test_one_row_a_person_and_one_column_a_scale_and_time(project, tmp_path, last):
    """A row of totals or averages at the end is no person, although its numbers could be scores."""
    own = yaml.safe_load((ROOT / "params/halton_like.yaml").read_text(encoding="utf-8"))
    wide = pd.DataFrame({"person_id": ["c1", "c2"], "date": "2024-01-01", "Total (before)": ["20", "18"],
                         "Total (after)": ["15", ""], "Notes": ["free words", ""]})  # fmt: skip
    if last:
        wide.loc[2] = [last, "", "19", "15", ""]
    wide.to_csv(tmp_path / "data/halton_like/responses.csv", index=False)
    layout = {
        "columns": {
            "Total (before)": {"item": "total", "time_point": "entry"},
            "total (after)": {"item": "total", "time_point": "exit"},
        },
        "every": {"instrument": "sdq", "informant": "parent"},
    }
    data = own["data"] | {"wide": {"responses": layout}}
    _, records = project(data=data, instruments=own["instruments"][:1], logic_model=[])
    assert records.how_read["responses"]["", "rows of totals at the end left out"] == bool(last)
    rows = records.table("responses")[["person_id", "time_point", "item", "response"]]
    assert rows.to_numpy().tolist() == [
        ["c1", "entry", "total", 20],
        ["c1", "exit", "total", 15],
        ["c2", "entry", "total", 18],
    ]
    layout["columns"]["Totl (exit)"] = {"itm": "total"}
    found = faults_of(project, data=data, instruments=own["instruments"][:1], logic_model=[])
    assert any("no column headed 'Totl (exit)'" in words for words in found)
    assert any("'itm'; did you mean 'item'?" in words for words in found)


# the framework, and a study that has none of this


def test_the_frameworks_grid_takes_evidence_from_these_tables(project):
    own = yaml.safe_load((ROOT / "params/halton_like.yaml").read_text(encoding="utf-8"))
    own["instruments"][0]["serves"] = ["wellbeing"]
    own["surveys"][0]["questions"]["listened"]["serves"] = ["family_focus"]
    own["delivery"]["serves"] = {"group_work": ["direct_work"], "fathers_group": ["value_for_money"]}
    study, records = project(**{name: own[name] for name in ("instruments", "surveys", "delivery")})
    found = surveys.evidence(study, records)
    assert {item.serves for item in found} == {"wellbeing", "family_focus", "direct_work", "value_for_money"}
    slough = load_study("params/slough_ifp.yaml")
    tool = review.audit_tool(slough)
    nothing = pd.DataFrame({"item_id": []})
    settings = slough.settings.review.model_copy(update={"other_evidence": ()})
    grid = review.framework_grid(nothing, tool, settings, found).frame.set_index("cell_code")
    assert (grid["evidence"] == "other sources").sum() == 4
    assert grid.loc["wellbeing", "source"] == "Children, SDQ by a parent, at entry and exit (table responses)"
    with pytest.raises(Refused, match="framework cell"):
        review.framework_grid(nothing, tool, settings, [found[0].model_copy(update={"serves": "welbeing"})])


def test_a_study_without_these_tables_is_told_so_in_a_sentence_a_section(monkeypatch):
    seen = []
    monkeypatch.setattr(Book, "_show", lambda self, kind, bundle, *_: seen.append((kind, bundle["text/plain"])))
    book = begin("params/slough_ifp.yaml", notebook="9_people_and_delivery")
    for section in (sections.flow, sections.measures, sections.survey, sections.training, sections.logic_model):
        section(book)
    assert [kind for kind, _ in seen] == ["opening"] + ["absent"] * 5
    assert all("nothing is shown here" in text for _, text in seen[1:])


def test_beside_every_pair_of_bars_stands_the_number_not_seen_again(halton):
    from stepdown.show import people_charts

    change = clear(instruments.change_table(instruments.measured_people(*halton), 0.95), SHOWN)
    figure = people_charts.entry_and_exit(change)
    written = [text.get_text() for text in figure.fig.axes[0].texts]
    for lost in change.frame["lost"]:
        assert any(f"{lost} not seen again" in text for text in written)
        assert f"{lost} not seen again" in figure.alt


def test_a_file_of_published_claims_says_where_each_stands():
    rows = pd.read_csv(ROOT / claims.CLAIMS, dtype="str", keep_default_na=False)
    assert (rows[["document", "line", "quote", "needs"]] != "").all(axis=None)
