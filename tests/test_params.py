"""Parameter files: the unknown, the undated and the unsourced are refused; YAML surprises do not reach a study."""

from pathlib import Path

import pytest
import yaml
from stepdown.faults import Refused
from stepdown.params import Sourced, StudySettings, build, load_study, read_yaml

SMALL = Path(__file__).parent / "cases" / "small_study" / "params" / "small.yaml"


def settings():
    return read_yaml(SMALL)


@pytest.mark.parametrize(
    ("text", "value"),
    [("NO", "NO"), ("007", "007"), ("12:30:00", "12:30:00"), ("1e3", "1e3"), ("on", "on"), ("3", 3), ("true", True)],
)
def test_plain_words_stay_as_they_are_written(tmp_path, text, value):
    (tmp_path / "x.yaml").write_text(f"a: {text}\n", encoding="utf-8")
    assert read_yaml(tmp_path / "x.yaml") == {"a": value}


def test_a_setting_that_stands_twice_is_refused(tmp_path):
    (tmp_path / "x.yaml").write_text("a: 1\na: 2\n", encoding="utf-8")
    with pytest.raises(Refused, match="appears twice"):
        read_yaml(tmp_path / "x.yaml")


def test_an_unknown_setting_is_refused_with_the_nearest_known_one():
    with pytest.raises(Refused, match="did you mean 'window_months'"):
        build(settings() | {"windw_months": 6}, StudySettings, where="x.yaml")


def test_an_unknown_setting_deep_in_the_file_is_refused_with_the_nearest_known_one():
    given = settings()
    given["data"]["foldr"] = "x"
    with pytest.raises(Refused, match="did you mean 'folder'"):
        build(given, StudySettings, where="x.yaml")


@pytest.mark.parametrize(("part", "name"), [("effects", "confidence_level"), ("review", "confidence")])
@pytest.mark.parametrize("level", [0.9, 0.99])
def test_intervals_are_of_95_per_cent_as_every_page_calls_them(part, name, level):
    given = settings()
    given[part] = {**given[part], name: level} if part in given else {name: level}
    with pytest.raises(Refused, match=rf"{part}\.{name}[\s\S]*0\.95"):
        build(given, StudySettings, where="x.yaml")


def test_every_fault_of_a_file_comes_at_once():
    given = settings() | {"window_months": "six", "seed": -1}
    del given["title"]
    with pytest.raises(Refused) as refused:
        build(given, StudySettings, where="x.yaml")
    assert len(refused.value.faults) == 3


def test_settings_are_frozen():
    study = load_study(SMALL)
    with pytest.raises(ValueError, match="frozen"):
        study.settings.window_months = 12


def test_an_override_is_validated_like_the_file():
    assert load_study(SMALL, window_months=12).settings.window_months == 12
    assert load_study(SMALL, window_months=None).settings.window_months == 6
    with pytest.raises(Refused):
        load_study(SMALL, window_months=0)


def test_overlapping_bands_are_refused():
    given = settings()
    given["profile"]["age_bands"][0]["highest"] = 5
    with pytest.raises(Refused, match="overlap"):
        build(given, StudySettings, where="x.yaml")


def test_an_absolute_path_is_refused():
    given = settings()
    given["data"]["folder"] = "/somewhere/else"
    with pytest.raises(Refused, match="relative to the project root"):
        build(given, StudySettings, where="x.yaml")


def test_no_disclosure_control_needs_a_reason():
    given = settings()
    given["disclosure"] = {"method": "none"}
    with pytest.raises(Refused, match="needs a reason"):
        build(given, StudySettings, where="x.yaml")


def test_counts_to_hide_that_belong_to_another_study_are_refused():
    given = settings()
    hide = {"table": "transitions", "column": "children", "where": {"group": "Families Together"}}
    given["disclosure"] = {"method": "suppress", "also_hide": [hide]}
    with pytest.raises(Refused, match="one of Small Steps, Usual help"):
        build(given, StudySettings, where="x.yaml")
    hide["where"] = {"group": "Small Steps", "status_before": "CP"}
    assert build(given, StudySettings, where="x.yaml").disclosure.also_hide


def test_a_value_without_a_date_is_refused():
    given = yaml.safe_load("{value: 9.32, unit: £ per day, source: x, quality: green, impact: y}")
    with pytest.raises(Refused, match="needs its date"):
        build(given, Sourced, where="x.yaml")
    assert build(given | {"price_year": "2018/19"}, Sourced, where="x.yaml").value == 9.32


def test_a_file_that_is_not_there_is_refused_with_the_nearest_name(tmp_path):
    (tmp_path / "slough.yaml").write_text("a: 1\n", encoding="utf-8")
    with pytest.raises(Refused, match="did you mean 'slough.yaml'"):
        load_study(tmp_path / "slugh.yaml")


@pytest.mark.parametrize(
    "weaker",
    [{"threshold": 1}, {"threshold": 2}, {"secondary": False}, {"dominance_percent": 100.0}, {"method": "none"}],
)
def test_disclosure_control_that_hides_less_than_is_usual_needs_a_reason(weaker):
    given = settings()
    given["disclosure"] = {"method": "suppress"} | weaker
    with pytest.raises(Refused, match="needs a reason"):
        build(given, StudySettings, where="x.yaml")
    given["disclosure"] |= {"reason": "the children are made up"}
    assert build(given, StudySettings, where="x.yaml").disclosure.reason


def test_a_day_in_quotation_marks_is_that_day_and_other_quoted_values_say_so():
    given = settings()
    given["data"] |= {"last_date": "2019-12-31", "first_date": "2015-01-01"}
    assert str(build(given, StudySettings, where="x.yaml").data.last_date) == "2019-12-31"
    given["data"]["last_date"] = "2019-02-30"
    given["seed"] = "1"
    with pytest.raises(Refused, match="remove its quotation marks") as refused:
        build(given, StudySettings, where="x.yaml")
    assert len(refused.value.faults) == 2


@pytest.mark.parametrize("mark", ["\u200b", "\u202e", "\u2066", "\u00ad"])
def test_a_label_with_marks_that_cannot_be_seen_is_refused(mark):
    given = settings()
    given["groups"]["programme"]["label"] = f"Small{mark} Steps"
    with pytest.raises(Refused, match="visible characters"):
        build(given, StudySettings, where="x.yaml")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: &x [1]\nb: *x\n", "reference to another part"),
        ("a: &x [*x]\n", "reference to another part"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "reference to another part"),
        ("a: " + "[" * 3000 + "]" * 3000, "deep in each other"),
        ("a: " + "{b: " * 3000 + "}" * 3000, "deep in each other"),
        ("# " + "x" * 10_000_000, "10.0 MB"),
        ("? [a, b]\n: 1\n", "a name that is a list"),
        ("a: 1" + "0" * 5000, "cannot be read"),
    ],
    ids=["alias", "itself", "bomb", "brackets", "braces", "comment", "list as name", "digits"],
)
def test_a_small_file_cannot_take_the_machine(tmp_path, text, found):
    (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=found):
        read_yaml(tmp_path / "x.yaml")


def test_many_faults_of_one_kind_are_counted_and_the_first_few_shown():
    given = settings() | {f"unknown_{i}": 1 for i in range(20_000)} | {"x" * 5_000_000: 1}
    with pytest.raises(Refused) as refused:
        build(given, StudySettings, where="x.yaml")
    assert len(refused.value.faults) == 6
    assert "19,996 more faults of the kind" in str(refused.value)
    assert len(str(refused.value)) < 5_000


def test_a_number_without_end_is_refused():
    given = yaml.safe_load("{unit: £, source: x, quality: green, impact: y, price_year: 2018/19}")
    with pytest.raises(Refused, match="finite"):
        build(given | {"value": float("inf")}, Sourced, where="x.yaml")
