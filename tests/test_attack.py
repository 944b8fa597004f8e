"""The attacker of tests/attacker, held to leaks that are known before it is believed that there are none."""

import shutil

import pytest
import yaml
from attacker.attacking import attack
from attacker.reading import Release, read_tables
from attacker.reviewers import off_scale_range
from attacker.system import System
from attacker.wording import (
    texts_of_records,
    told_by_another_format,
    told_by_the_last_release,
    told_in_words,
    told_of_records,
)
from made_up_studies import ROOT, write

LEAKY = ROOT / "tests/fixtures/leaky_release"


def ethnic_codes(params):
    profile = yaml.safe_load(params.read_text(encoding="utf-8"))["profile"]
    return {
        broad: [profile["ethnicity"][code] for code in codes]
        for broad, codes in profile.get("ethnicity_groups", {}).items()
    }


@pytest.fixture(scope="module")
def millbrook():
    codes = ethnic_codes(ROOT / "params/millbrook.yaml")
    return attack(LEAKY / "millbrook/release", LEAKY / "millbrook/restricted", codes)


def found(leaks, *words):
    return [leak for leak in leaks if all(word in leak.name for word in words)]


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (("number of issues", "5 or more", "Families Together"), 2),
        (("number of issues", "5 or more", "Usual help"), 1),
        (("transitions", "Families Together", "status_before CLA", "status_after CLA"), 5),
        (("transitions", "Usual help", "status_before CP", "status_after CLA"), 5),
    ],
)
def test_a_category_left_over_and_flows_by_before_and_after_are_pinned(millbrook, words, value):
    """Judge: the numbers before suppression; worked out by hand as group − other categories, before + after − any."""
    (leak,) = found(millbrook, *words)
    assert leak.low == leak.high == leak.value == value


def test_unknown_ages_are_narrowed_by_the_table_of_data_quality(millbrook):
    """Judge: 9 of 900 have no age, 6 of them in the comparison group: at most 3 are left."""
    (leak,) = [leak for leak in millbrook if "variable age; category Unknown" in leak.name]
    assert (leak.low, leak.high, leak.value) == (0, 3, 3)


def test_reviewers_files_off_the_scale_follow_from_sixteen_digits(millbrook):
    leaks = found(millbrook, "agreement: files off the scale")
    assert len(leaks) == 8
    assert sum(leak.low == leak.high == leak.value for leak in leaks) == 7


def test_two_digits_of_agreement_do_not_give_the_files_back():
    """The test of the test: the same row as it is to be printed leaves more than the policy's range."""
    (row,) = [
        r for r in read_tables(LEAKY / "millbrook/release")["agreement"] if r["item_id"] == "multi_agency_working"
    ]
    low, high = off_scale_range(row | {name: f"{float(row[name]):.2f}" for name in ("agreement", "ac1", "ac2")})
    assert (low, high) != (1, 1)
    assert off_scale_range(row) == (1, 1)


def test_tables_published_without_the_audit_give_their_small_counts_away():
    codes = ethnic_codes(ROOT / "params/millbrook.yaml")
    leaks = attack(LEAKY / "sixty_without_pages/release", LEAKY / "sixty_without_pages/restricted", codes)
    assert len(leaks) > 10
    assert any(leak.low == leak.high == leak.value for leak in leaks)


def test_nothing_leaks_where_everything_small_and_all_that_tells_it_is_hidden(tmp_path):
    """The attack does not cry wolf: with the flow's tables and the issues left out, nothing of them can be told."""
    for part in ("release", "restricted"):
        shutil.copytree(LEAKY / "sixty_without_pages" / part, tmp_path / part)
    for file in (tmp_path / "release").glob("*.csv"):
        if file.stem != "participant_flow":
            file.unlink()
    assert not found(attack(tmp_path / "release", tmp_path / "restricted", {}), "transitions")


def test_free_text_of_a_record_is_found(tmp_path):
    """Judge: two reasons that stood in Millbrook's children table, word for word, and in its release."""
    (tmp_path / "children.csv").write_text(
        "child_id,exclusion_reason\nA1,moved away before help ended\nA2,none of the study's business\n",
        encoding="utf-8",
    )
    release = Release(tmp_path, read_tables(LEAKY / "millbrook/release"))
    assert told_of_records(release, texts_of_records(tmp_path, "")) == ["moved away before help ended"]


def test_a_sentence_or_a_chart_that_names_a_hidden_count_is_found(tmp_path):
    tables, truth = (read_tables(LEAKY / "millbrook" / part) for part in ("release", "restricted"))
    said = [
        ("page", "30 of 163 children of the Families Together group came into need."),
        ("page", "In short, 38 of 163 children moved up."),
        ("page", "All but one: 162 of 163 children of the group stayed."),
        ("alt", "Families Together, CLA to CLA: 5. Families Together, none to none: 125."),
    ]
    told = told_in_words(Release(tmp_path, tables, texts=said), truth)
    assert len(told) == 3
    assert not any("38 of 163" in each for each in told)


def test_a_cell_that_another_format_shows_is_found(tmp_path):
    tables = {"overlap": [{"status_before": "CLA", "n_programme": "c", "percent_programme": "5.3"}]}
    honest = [["Status", "Children", "Share"], ["CLA", "[c]", "5.3"]]
    assert not told_by_another_format(Release(tmp_path, tables, {"overlap": honest}, {"overlap": honest}))
    for row in (["CLA", "20", "5.3"], ["CLA", "[c]", "5.33"]):
        assert told_by_another_format(Release(tmp_path, tables, {"overlap": [honest[0], row]}, {}))
        assert told_by_another_format(Release(tmp_path, tables, {}, {"overlap": [honest[0], row]}))


def test_two_releases_that_differ_by_a_child_are_found():
    old = read_tables(LEAKY / "millbrook/release")
    new = {name: [dict(row) for row in rows] for name, rows in old.items()}
    assert not told_by_the_last_release(old, new)
    new["issues"][0]["children"] = str(int(new["issues"][0]["children"]) + 1)
    assert len(told_by_the_last_release(old, new)) >= 1


def test_ranges_are_those_of_trying_every_whole_number():
    """Judge: enumeration of a 2 × 2 table with known margins and one printed share."""
    system = System()
    a, b, c, d = ({name: 1.0} for name in "abcd")
    system.equal(a | b, 7)
    system.equal(c | d, 5)
    system.equal(a | c, 4)
    system.hold(b | d, 8, 8)
    all_worlds = [(x, 7 - x, 4 - x, 1 + x) for x in range(5)]
    assert system.range(a) == (min(w[0] for w in all_worlds), max(w[0] for w in all_worlds))
    assert system.can_be(d, 5, 9)
    assert not system.can_be(d, 6, 9)


def test_a_made_up_study_is_the_same_whenever_it_is_written(tmp_path):
    for folder in ("first", "second"):
        write("made_up_03", tmp_path / folder)
    files = [file.relative_to(tmp_path / "first") for file in (tmp_path / "first").rglob("*") if file.is_file()]
    assert len(files) > 5
    for file in files:
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()
