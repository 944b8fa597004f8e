"""Made-up studies from records to release: one comes out of each, and nothing hidden can be told from it.

A few, for time; ``python -m benchmarks.disclosure`` takes all of them, with kernels and pages.
"""

import shutil

import pandas as pd
import pytest
import yaml
from attacker.attacking import attack
from attacker.reading import read_tables
from attacker.trial import ROOT, judge_without_kernels, kept
from attacker.wording import told_by_the_last_release
from made_up_studies import write
from pages_support import build, execute, run_study

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("name", "books", "least"), [("made_up_03", "013", 20), ("sixty", "2", 20)])
def test_of_a_release_nothing_hidden_can_be_told(name, books, least, tmp_path):
    """Judge: integer programmes over all that is in the release's files, and the numbers before suppression."""
    verdict = judge_without_kernels(write(name, tmp_path), tmp_path / "run", books)
    assert verdict.leaks == ()
    assert verdict.kept > least


def test_of_a_trial_nothing_hidden_can_be_told(tmp_path):
    """Judge: as above, with the families of the trial's flow, its subgroups, workers, hearings and spending."""
    verdict = judge_without_kernels(ROOT / "params/crewe_like.yaml", tmp_path / "run", "019")
    assert verdict.leaks == ()
    assert verdict.kept > 95


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A study of 62 children whose first release stands; afterwards one child's records are not to be used."""
    root = tmp_path_factory.mktemp("two_releases")
    file = write("made_up_05", root)
    assert judge_without_kernels(file, root / "first", "1").leaks == ()
    records = root / "data/made_up_05/children.csv"
    children = pd.read_csv(records, dtype="str", keep_default_na=False)
    children.loc[(children["exclusion_reason"] == "").idxmax(), "exclusion_reason"] = "moved_away"
    children.to_csv(records, index=False)
    return file, root / "first"


@pytest.mark.parametrize(("between", "least"), [("keep", 20), ("hide", 5), ("warn", 20)])
def test_a_second_release_does_not_give_away_the_child_that_left(first, tmp_path, between, least):
    """Judge: subtraction of every count, and of what it leaves of its group, that both releases show."""
    file, released = first
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    settings["disclosure"]["between_releases"] = between
    file.write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), encoding="utf-8")
    verdict = judge_without_kernels(file, tmp_path / "second", "1", previous=released)
    then, now = (read_tables(run / "release/tables") for run in (released, tmp_path / "second"))
    assert verdict.leaks == ()
    assert verdict.kept > least
    assert bool(told_by_the_last_release(then, now)) == (between == "warn")
    listed = yaml.safe_load((tmp_path / "second/restricted/disclosure_applied.yaml").read_text(encoding="utf-8"))
    assert listed["moved_by_few_since_the_last_release"]
    if between == "keep":
        sizes = {row["children"] for row in now["participant_flow"] if row["step"] == "Analysed"}
        assert sizes == {row["children"] for row in then["participant_flow"] if row["step"] == "Analysed"}


def test_a_release_for_longer_periods_does_not_print_the_numbers_of_the_shorter_ones(first, tmp_path):
    """Of 3 months 23 children could be analysed, of 6 months 20. Judge: the numbers before suppression."""
    file, released = first
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    settings["disclosure"]["between_releases"] = "keep"
    longer = file.with_stem("longer")
    longer.write_text(yaml.safe_dump(settings | {"window_months": 6}, sort_keys=False), encoding="utf-8")
    run = tmp_path / "longer"
    run_study("longer", run, file.parent.parent, [ROOT / "notebooks/1_cohort_profile.ipynb"], previous=released)
    then, now, truth = (
        {
            row["group"]: row["children"]
            for row in read_tables(at).get("participant_flow", ())
            if row["step"] == "Analysed"
        }
        for at in (released / "release/tables", run / "release/tables", run / "restricted/tables")
    )
    assert any(then[group] not in ("c", true) for group, true in truth.items())
    assert all(now.get(group, "c") in ("c", true) for group, true in truth.items())


def test_of_people_and_what_they_said_nothing_hidden_can_be_told(tmp_path):
    """Judge: integer programmes over fates, questionnaires, bands, rules and answers, of a third of the people."""
    settings = yaml.safe_load((ROOT / "params/halton_like.yaml").read_text(encoding="utf-8"))
    settings["instruments"][1]["scales"] = ["wellbeing", "short"]
    settings["instruments"][2]["threshold"] = "made_up"  # two rules, one within the other
    (tmp_path / "params").mkdir()
    (tmp_path / "data").mkdir()
    shutil.copytree(ROOT / "params/instruments", tmp_path / "params/instruments")
    shutil.copytree(ROOT / "data/halton_like", tmp_path / "data/halton_like")
    for table in ("responses", "participation"):
        frame = pd.read_csv(tmp_path / f"data/halton_like/{table}.csv", dtype="str", keep_default_na=False)
        number = frame["person_id"].str[1:].astype(int)
        frame[number % 100 < 35].to_csv(tmp_path / f"data/halton_like/{table}.csv", index=False)
    file = tmp_path / "params/people.yaml"
    file.write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), encoding="utf-8")
    run = tmp_path / "run"
    run_study("people", run, tmp_path, [ROOT / "notebooks/9_people_and_delivery.ipynb"])
    assert attack(run / "release/tables", run / "restricted/tables", {}) == []
    assert kept(run)[0] > 25


def test_of_children_counted_by_month_nothing_hidden_can_be_told(tmp_path):
    """Judge: integer programmes over the points, of which repeated referrals are parts of all referrals."""
    name = "made_up_08"
    write(name, tmp_path)
    own = [
        ("open_plans", "count", "Open plans"),
        ("referrals", "count", "Referrals"),
        ("escalations", "rare", "Moves up"),
    ]
    series = [
        {"id": i, "label": label, "kind": kind, "unit": "n", "definition": "as counted", "from_records": True}
        | {"better": "neither", "per": 100}
        for i, kind, label in [*own, ("rereferrals", "proportion", "Re-referrals")]
    ]
    months = {"study": f"params/{name}.yaml", "first": "2020-01-01", "last": "2023-12-31"}
    settings = {
        "title": "Monitoring (made up)",
        "notice": "Synthetic data.",
        "monitoring": {"programme": "P", "programme_from": "2022-01-01", "records": months, "series": series},
        "disclosure": {"method": "suppress", "threshold": 5},
    }
    file = tmp_path / "params/monitoring.yaml"
    file.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    run = tmp_path / "run"
    execute(ROOT / "notebooks/7_monitoring.ipynb", run, "monitoring", str(file), tmp_path)
    build(run, None)
    told = read_tables(run / "release/tables")["series_points"]
    assert sum(row["count"] not in ("c", "") for row in told) > 20
    assert attack(run / "release/tables", run / "restricted/tables", {}) == []
