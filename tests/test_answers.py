"""The answers of every kind of study: short, marked by printed rules, the same object as their tables."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from stepdown import areas, costs, effects, outcomes, series
from stepdown import audit as auditing
from stepdown.answers import RULES, Tables, certainty_of, summary_of
from stepdown.answers.evaluation import ENDS, Evaluation
from stepdown.answers.finding import as_said
from stepdown.contracts import read_study
from stepdown.disclosure import clear
from stepdown.outcomes import child_outcomes
from stepdown.params import DisclosurePolicy, find_file, load_study
from stepdown.recording import Recorder
from stepdown.release.answering import Answered, answered, write_findings
from stepdown.release.building import read_parts
from stepdown.run.reporting import write_front_page

OPEN = DisclosurePolicy(method="none", reason="made up for a test")
TESTS = re.compile(r"Newcombe|Holm|Boschloo|clustered|E-value|hazard ratio|p [=<]|t test|Wilson|kappa|jackknife", re.I)
NUMBER = re.compile(r"\d[\d,.]*")


def released(*tables):
    """Frames as a release has them: rounded as printed, keys as text."""
    frames = {}
    for table in tables:
        frame = clear(table, OPEN).frame.round(
            {n: c.decimals for n, c in table.columns.items() if c.decimals is not None}
        )
        keys = table.keys()
        frames[table.name] = frame.astype(dict.fromkeys(keys, "str"))
    return Tables(frames)


def evaluation(name):
    study = load_study(f"params/{name}.yaml")
    records = read_study(study)
    found = child_outcomes(study, records)
    frame, options, whole = found.frame, study.settings.effects, study.settings.day_count == "whole_spell"
    gate = effects.overlap_gate(frame, options)
    inputs = costs.cost_inputs(study, frame, records.programme_costs)
    tables = [
        effects.overlap_gate_table(gate),
        outcomes.statutory_status(found),
        effects.effects_table(frame, options, gate),
        effects.bracket_agreement_table(frame, options),
        effects.re_referral_table(frame, options),
        found.cohort.flow,
        costs.saving_bracket_table(inputs),
        costs.net_cost_table(inputs),
    ]
    if whole:
        tables += [
            effects.effects_inside_table(frame, options),
            effects.bracket_agreement_inside_table(frame, options),
        ]
    return released(*tables), study.settings


@pytest.fixture(scope="module")
def evaluations():
    return {name: evaluation(name) for name in ("slough_ifp", "slough_innovation_hub", "millbrook")}


@pytest.fixture(scope="module")
def summaries(evaluations):
    made = {name: summary_of(tables, {}, {}, settings) for name, (tables, settings) in evaluations.items()}
    for file in sorted(Path("params").glob("area_*.yaml")):
        made[file.stem] = summary_of(released(areas.changes_table(areas.begin(file))), {}, {}, None)
    for name in ("monitoring_millbrook", "monitoring_slough"):
        study = series.begin(find_file(f"params/{name}.yaml"))
        found = series.analysed(study, clear(series.points_table(study), study.file.disclosure or OPEN).frame)
        level = effects_level(found, study)
        made[name] = summary_of(released(series.targets_table(found), series.summary_table(found), level), {}, {}, None)
    result = auditing.run_audit(find_file("params/audit_rr1038.yaml"))
    checks = released(auditing.summary_table(result), auditing.sensitivity_table(result))
    made["audit_rr1038"] = summary_of(checks, {}, {}, None)
    case = costs.published_saving_table(costs.read_case(find_file("params/leeds_family_valued.yaml")))
    made["leeds_family_valued"] = summary_of(released(case), {}, {}, None)
    return made


def effects_level(found, study):
    from stepdown.effects.interrupted import level_change_table

    return level_change_table(found, study.settings.programme_from)


def test_every_study_says_at_most_five_things_each_short_and_without_the_name_of_a_test(summaries):
    for name, summary in summaries.items():
        assert 1 <= len(summary.findings) <= 5, name
        assert summary.must_not, name
        assert 5 <= len(summary.sentence.split()) <= 36, (name, summary.sentence)
        for finding in summary.findings:
            assert len(finding.short.split()) <= 25, (name, finding.short)
            assert len(NUMBER.findall(finding.short)) <= 3, (name, finding.short)
            assert not TESTS.search(finding.short), (name, finding.short)
            assert finding.limit.strip(), (name, finding.topic)
            assert finding.certainty.word in finding.certainty.WORDS
            assert "nan" not in f"{finding.short} {finding.number} {finding.full}", (name, finding)


def test_the_questions_of_a_study_are_answered_in_its_own_words_and_order(evaluations, summaries):
    for name, (_, settings) in evaluations.items():
        answers = summaries[name].answers
        assert [answer.question for answer in answers] == [question.ask for question in settings.questions], name
        assert all(answer.bars and answer.number for answer in answers), name


def test_the_first_sentence_of_slough_says_what_it_cost_and_that_the_groups_were_too_different(summaries):
    said = summaries["slough_ifp"].sentence
    assert "£409,000 to £495,000 more than it saved" in said
    assert "too different before" in said
    days, _, money = summaries["slough_ifp"].answers
    assert days.number == "10 to 60 fewer days", "days inside the window lead"
    assert "£307,335" in money.short, "as RR1038 prints it"
    assert days.certainty.word == "very low"
    *_, millbrook = summaries["millbrook"].answers
    assert [bar.shown for bar in millbrook.bars] == ["£539,000", "£9,000", "cost £78,000 more"]


def test_each_first_sentence_names_the_unit_and_no_figure_that_was_not_published(summaries):
    for file in Path("params").glob("area_*.yaml"):
        assert summaries[file.stem].sentence.startswith("Per ten thousand children, "), file
    (saving,) = summaries["leeds_family_valued"].answers
    assert "published saving of £755 a family" in saving.clause, "£574,000 is £755 times 760, which nobody printed"
    checks = summaries["audit_rr1038"].answers[0]
    assert sum(bar.length for bar in checks.bars) == checks.figures[0].cell.number == 668


def test_one_of_a_unit_is_called_one():
    assert [as_said(value, "percentage points") for value in (1.0, -1.0, 1.4)] == [
        "1 percentage point",
        "\N{MINUS SIGN}1 percentage point",
        "1.4 percentage points",
    ]
    assert [as_said(1, unit) for unit in ("children", "days", "families")] == ["1 child", "1 day", "1 family"]


def test_what_is_hidden_is_not_told_as_if_it_were_not_there(evaluations):
    """A card with one of four bars, or a count of items of which the hidden ones were left out, misleads."""
    tables, settings = evaluations["millbrook"]
    hidden = changed(
        tables, "statutory_status", "children_with_status", pd.NA, group="Usual help", period="after", status="CP"
    )
    days = Evaluation(hidden, settings).finding("days_cp")
    assert [bar.shown for bar in days.bars] == ["88 of 375", "38 of 375", "88 of 476", "not shown"]
    again = Evaluation(changed(tables, "re_referral", "events_programme", pd.NA), settings).finding("referred_again")
    assert "at least one group" in again.short
    listed = pd.DataFrame({"prespecified": "True", "points": [22.0, 15.0, None], "p_holm": [0.3, 0.4, None]})
    files = Evaluation(Tables({"case_file_differences": listed}), settings).finding("case_files")
    assert files.short.startswith("Of 3 things looked for in case files, 2 can be shown; none of these differed")


def changed(tables, name, column, value, **where):
    frame = tables.frames[name].copy()
    rows = pd.Series(True, index=frame.index)
    for key, wanted in where.items():
        rows &= frame[key].astype("str") == wanted
    assert rows.sum() == 1
    frame.loc[rows, column] = value
    return Tables({**tables.frames, name: frame})


@pytest.mark.parametrize(
    ("topic", "table", "column", "value", "where"),
    [
        ("days_cp", "effects_inside", "estimate", -33.0,
         {"outcome": "days_cp", "estimator": "difference in differences"}),
        ("referred_again", "re_referral", "events_programme", 39, {}),
        ("net_cost", "saving_bracket", "net_cost_gbp", 222_000.0,
         {"estimator": "difference in differences", "days": "days inside the window"}),
        ("comparable", "overlap_gate", "with_status_programme", 11, {}),
    ],
)  # fmt: skip
def test_a_changed_cell_moves_the_sentence_the_number_and_the_figures(evaluations, topic, table, column, value, where):
    tables, settings = evaluations["slough_ifp"]
    before = Evaluation(tables, settings).finding(topic)
    after = Evaluation(changed(tables, table, column, value, **where), settings).finding(topic)
    assert before.short != after.short
    assert value in [figure.cell.number for figure in after.figures]
    assert [f.shown for f in before.figures] != [f.shown for f in after.figures]


def test_findings_json_holds_the_same_numbers_as_the_tables_at_the_places_it_names(tmp_path, evaluations, summaries):
    for name, (tables, _) in evaluations.items():
        write_findings(tmp_path, Answered("study", summaries[name]), {"title": name})
        content = json.loads((tmp_path / "findings.json").read_text(encoding="utf-8"))
        values = [value for finding in content["findings"] for value in finding["values"]]
        assert len(values) >= 8
        for value in values:
            cell = tables.cell(value["table"], value["number"]["column"], **value["row"])
            assert cell.number == value["number"]["value"], value
        assert all(finding["limit"] and finding["short"] for finding in content["findings"])


def test_a_hidden_number_is_neither_said_nor_quoted(evaluations):
    tables, settings = evaluations["millbrook"]
    hidden = changed(tables, "re_referral", "events_programme", pd.NA)
    again = Evaluation(hidden, settings).finding("referred_again")
    assert again.number == "too few to show"
    assert "65" not in again.short + again.full
    assert not again.bars
    said = summary_of(hidden, {}, {}, settings)
    assert "events_programme" not in [f.cell.column for finding in said.findings for f in finding.figures]
    (mark,) = [finding.certainty for finding in said.findings if finding.topic == "referred_again"]
    assert "how many had it is not shown" in mark.because, "a hidden count is no proof of many, nor of few"


def test_a_share_is_told_in_percentage_points_and_few_referrals_a_child_are_not_none(evaluations):
    tables, settings = evaluations["millbrook"]

    def of(outcome, first, second):
        ends = tables.frames["effects"].query("outcome == 'days_cp'").assign(outcome=outcome)
        ends["estimate"] = ends["estimator"].map({ENDS[0]: first, ENDS[1]: second})
        found = Evaluation(Tables({**tables.frames, "effects": ends}), settings).finding(outcome)
        return found.number, found.short, found.clause.removesuffix(", which chance could give"), found.figures[1].shown

    label = "Families Together children"
    assert of("any_cla", 0.01, 0.04) == (
        "1 to 4 percentage points higher",
        "Share of children looked after: 1 percentage point higher by one comparison, 4 percentage points higher by "
        "the other.",
        f"the share of children looked after was 1 to 4 percentage points higher among the {label} than among the "
        "comparison children",
        "0.04 share",
    )
    assert of("referrals", -0.02, -0.04) == (
        "0.02 to 0.04 fewer referrals",
        "Referrals: 0.02 fewer per child by one comparison, 0.04 fewer by the other.",
        f"the {label} had 0.02 to 0.04 fewer referrals than the comparison children",
        "−0.04 referrals",
    )


@pytest.mark.parametrize("end", [1.0, pd.NA])
def test_the_first_sentence_says_where_chance_could_give_the_difference(evaluations, end):
    tables, settings = evaluations["millbrook"]
    assert "chance" not in Evaluation(tables, settings).finding("days_cp").clause
    where = {"outcome": "days_cp", "estimator": "lagged-outcome adjustment"}
    wide = Evaluation(changed(tables, "effects", "ci_high", end, **where), settings)
    assert wide.finding("days_cp").clause.endswith("than the comparison children, which chance could give")


def test_children_not_followed_so_long_are_not_said_to_be_without_a_referral(evaluations):
    tables, settings = evaluations["millbrook"]
    censored = changed(tables, "re_referral", "risk_method", "Kaplan-Meier")
    assert (
        Evaluation(censored, settings).finding("referred_again").number == "At least 17% against at least 30%"
    )  # of 17.3 and 30.7
    labels = settings.groups.labels()
    risks = pd.DataFrame({"group": labels, "day": ["183", "183"], "percent_re_referred": [20.0, 0.3]})
    both = Tables({**censored.frames, "re_referral_survival": risks})
    again = Evaluation(both, settings).finding("referred_again")
    assert again.number == "20% against under 1%"
    assert [bar.shown for bar in again.bars] == ["20%", "under 1%"]
    assert "Allowing for children not followed so long, that is 13 percentage points fewer" in again.full


def test_each_rule_takes_circles_off_where_it_is_broken(evaluations):
    tables, settings = evaluations["millbrook"]
    days = Evaluation(tables, settings).finding("days_cp")
    assert certainty_of(days, tables).circles == 4, "only the lot is missing"
    broken = {
        "groups not alike before": changed(tables, "overlap_gate", "verdict", "not estimable by weighting"),
        "few children to compare": changed(tables, "overlap_gate", "verdict", "too few to compare precisely"),
        "two ways of comparing disagree": changed(tables, "bracket_agreement", "ends_differ", True, outcome="days_cp"),
    }
    for why, other in broken.items():
        mark = certainty_of(days, other)
        assert why in mark.because
        assert mark.circles < 4
    wide = replace(days.figures[0].low, number=-9.0), replace(days.figures[0].high, number=9.0)
    crossing = replace(days, figures=(replace(days.figures[0], low=wide[0], high=wide[1]), *days.figures[1:]))
    assert "chance alone could give it" in certainty_of(crossing, tables).because


def test_the_rules_are_printed_for_every_kind_of_answer(summaries):
    kinds = {kind for rule in RULES for kind in rule.off}
    for name, summary in summaries.items():
        marked = {finding.evidence for finding in summary.findings} & kinds
        printed = {asks for asks, _ in summary.rules}
        assert printed == {rule.asks for rule in RULES if marked & set(rule.off)}, name


def run_folder(outputs, name, run, table, previous=None):
    """A published run with one table, its findings and its manifest."""
    folder = outputs / name / run
    Recorder(folder, "3_statutory_outcomes", {"subject": name, "title": name, "notice": ""}, OPEN, None).table(
        table, clear(table, OPEN)
    )
    study = load_study("params/slough_ifp.yaml")
    found = answered(folder / "release", read_parts(folder), study, previous)
    write_findings(folder / "release", found, {"title": name, "run_id": run})
    (folder / "release" / "index.html").write_text("a page", encoding="utf-8")
    moved = {
        "previous_run": previous.name if previous else None,
        "cells": 1 if previous else 0,
        "rows": 0,
        "tables": [],
    }
    made_up = {"resolved": {"notice": "Synthetic data. Made up."}} if name == "two" else {}
    manifest = {"title": f"Study {name}", "started": "2026-11-28T12:00:00Z", "moved": moved, "parameters": made_up}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    latest = outputs / name / "latest"
    latest.unlink(missing_ok=True)
    latest.symlink_to(run)
    return folder, found


def test_what_moved_stands_in_one_line_on_the_page_of_the_study_and_of_all_studies(tmp_path):
    study = load_study("params/slough_ifp.yaml")
    frame = child_outcomes(study, read_study(study)).frame
    table = effects.re_referral_table(frame, study.settings.effects)
    first, found = run_folder(tmp_path, "one", "20261101T120000Z-aaaaaa", table)
    assert found.moved == "first release"
    again = replace(table, frame=table.frame.assign(events_programme=3))
    _, found = run_folder(tmp_path, "one", "20261128T120000Z-bbbbbb", again, first)
    assert found.moved == "one main figure moved since the release of 1 November 2026"
    assert found.movements == (
        "IFP, referred again: 0 children → 3 children",
        "In all tables, one number moved.",
    )
    _, same = run_folder(tmp_path, "one", "20261129T120000Z-cccccc", table, first)
    assert same.moved == "nothing moved since the release of 1 November 2026"
    run_folder(tmp_path, "two", "20261128T120000Z-dddddd", table)
    page = BeautifulSoup(write_front_page(tmp_path).read_text(encoding="utf-8"), "html.parser")
    assert page.select_one(".facts").get_text() == "Moved since their last release: Study one."
    one, two = page.select(".answers > li")
    assert "nothing moved since the release" in one.get_text()
    assert "first release" in two.get_text()
    assert "Synthetic data. " in two.get_text(), "a notice says so where a file has no records of its own"
    assert "Synthetic data. " not in one.get_text()
    assert one.select_one(".sure strong").get_text() in ("very low", "low", "moderate", "high", "very high")
    assert one.select_one(".finding").get_text()


def test_two_ends_that_moved_are_told_apart_by_what_must_hold_for_each(tmp_path):
    study = load_study("params/slough_ifp.yaml")
    frame = child_outcomes(study, read_study(study)).frame
    options = study.settings.effects
    table = effects.effects_table(frame, options, effects.overlap_gate(frame, options))
    first, _ = run_folder(tmp_path, "one", "20261101T120000Z-aaaaaa", table)
    again = replace(table, frame=table.frame.assign(estimate=table.frame["estimate"] - 50))
    _, found = run_folder(tmp_path, "one", "20261128T120000Z-bbbbbb", again, first)
    ends = [text.partition(": ")[0] for text in found.movements[:2]]
    days = "Days on a child protection plan per child, IFP minus Comparison, if "
    assert [end.removeprefix(days) for end in ends] == [
        "both groups would have changed alike",
        "children alike before would have been alike after",
    ]


def test_evaluations_come_before_checks_of_published_figures(tmp_path):
    for name, kind in (("a_check", "check"), ("b_area", "area"), ("c_study", "study"), ("d_watch", "monitoring")):
        folder = tmp_path / name / "20261128T120000Z-aaaaaa"
        (folder / "release").mkdir(parents=True)
        (folder / "release" / "index.html").write_text("a page", encoding="utf-8")
        (folder / "release" / "findings.json").write_text(
            json.dumps({"kind": kind, "sentence": name}), encoding="utf-8"
        )
        manifest = {"title": name, "started": "2026-11-28T12:00:00Z", "moved": {}}
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        (tmp_path / name / "latest").symlink_to(folder.name)
    page = BeautifulSoup(write_front_page(tmp_path).read_text(encoding="utf-8"), "html.parser")
    assert [card.get_text() for card in page.select(".finding")] == ["c_study", "d_watch", "b_area", "a_check"]
