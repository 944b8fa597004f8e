"""What the review says: never more than test, interval and correction allow, and nothing about hidden numbers."""

import math
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stepdown.review import sentences
from stepdown.review.sentences import (
    CONTRAST,
    agreement_limit,
    agreement_sentence,
    difference_sentence,
    grid_sentence,
    parting_sentence,
    summary_sentence,
)

NAN = math.nan
INTENSITY = {
    "earlier": "Before DAARR",
    "later": "During DAARR",
    "counts": (4, 10, 17, 20),
    "points": (45.0, 9.4, 70.2),
}


def test_seventeen_of_twenty_against_four_of_ten_is_told_as_it_is():
    found = difference_sentence("Intensity was high", **INTENSITY, p_value=0.0164, p_corrected=0.0658, tests=7)
    assert found == (
        "Intensity was high: 17 of 20 files during DAARR, against 4 of 10 before DAARR, showed at least partial "
        "evidence. "
        "That is 45 percentage points more; the true difference could be as small as 9 or as large as 70. "
        "Among seven tests a difference like this can arise by chance: Boschloo's exact p = 0.016, but 0.066 after "
        "Holm's correction. Do not call it significant."
    )
    assert "not a change in any family" in CONTRAST


def test_a_difference_that_stands_names_test_interval_and_correction():
    text = difference_sentence("X", **INTENSITY, p_value=0.0024, p_corrected=0.017, tests=7)
    assert "remains after correction for seven tests (Boschloo's exact p = 0.002, corrected by Holm 0.017)" in text
    assert "as small as 9 or as large as 70" in text


def test_an_interval_across_nought_claims_no_difference_either_way():
    asked = INTENSITY | {"counts": (9, 10, 17, 20), "points": (-5.0, -27.6, 26.9)}
    text = difference_sentence("X", **asked, p_value=0.904, p_corrected=0.904, tests=7)
    assert "is not clear whether there is a difference: it could be between −28 and +27 percentage points" in text
    assert "significant" not in text


def test_many_files_are_not_called_few():
    many = INTENSITY | {"counts": (200, 400, 210, 400), "points": (2.5, -4.4, 9.4)}
    assert ". It is not clear whether there is a difference" in difference_sentence("X", **many, p_value=0.5)
    few = difference_sentence("X", **INTENSITY | {"points": (5.0, -4.4, 9.4)}, p_value=0.5)
    assert ". With so few files it is not clear" in few


def test_fewer_is_said_of_a_fall():
    asked = INTENSITY | {"counts": (9, 10, 4, 20), "points": (-70.0, -85.0, -33.0)}
    text = difference_sentence("X", **asked, p_value=0.0002)
    assert "70 percentage points fewer; the true difference could be as small as 33 or as large as 85" in text
    assert "p = less than 0.001, not corrected" in text


counts = st.integers(0, 40).map(float) | st.just(NAN)
numbers = st.floats(-100, 100) | st.just(NAN)


@given(st.tuples(counts, counts, counts, counts), st.tuples(numbers, numbers, numbers), numbers, numbers)
def test_no_sentence_ever_calls_a_difference_significant_or_prints_a_missing_number(four, points, p, corrected):
    text = difference_sentence(
        "X", earlier="Before", later="During", counts=four, points=points, p_value=abs(p), p_corrected=abs(corrected)
    )
    assert "nan" not in text.lower().replace("an", "an ")
    assert text.count("significant") == text.count("Do not call it significant")


def test_a_hidden_count_is_said_to_be_hidden_and_nothing_else_is_told():
    asked = INTENSITY | {"counts": (NAN, 10, 17, 20)}
    text = difference_sentence("X", **asked, p_value=0.016)
    assert text == "X: the numbers behind this item are too small to show."
    assert "17" not in text


def test_summary_counts_what_the_correction_and_the_intervals_leave():
    assert summary_sentence(7, 5, 2) == (
        "Of the 7 items that were compared, two show a difference that remains after allowing for all the tests. "
        "For three "
        "more the interval excludes “no difference”, but among so many tests that can be chance."
    )
    assert summary_sentence(1, 0, 0) == ("The one item that was compared does not show a difference.")
    assert "too small to show" in summary_sentence(0, 0, 0)


def agreed(*values, files=24):
    return pd.DataFrame({"agreement": values, "files": [files] * len(values)}, dtype="float64")


TEN = SimpleNamespace(min_double_coded=10)


def test_without_double_coding_it_says_so():
    assert "No file was read by two reviewers" in agreement_sentence(agreed(), TEN)
    assert "No file was read by two reviewers" in agreement_sentence(agreed(NAN, files=NAN), TEN)
    assert "one reviewer's judgement" in agreement_limit(agreed())


def test_files_read_twice_are_told_of_where_how_often_reviewers_agreed_is_hidden():
    """Millbrook under suppression: 24 files were read twice, and the page once said that none was."""
    hidden = agreed(NAN, NAN, files=24)
    assert agreement_sentence(hidden, TEN).startswith("24 files were read by more than one reviewer.")
    assert "one reviewer's judgement" not in agreement_limit(hidden)


def test_items_that_were_compared_and_cannot_be_shown_are_counted():
    """What is hidden may differ: it must not be told as if only the others had been compared."""
    assert summary_sentence(2, 0, 0, hidden=3) == (
        "Of the 5 items that were compared, 2 can be shown: of these, none shows a difference that remains after "
        "allowing for all the tests."
    )
    assert summary_sentence(1, 1, 1, hidden=1).startswith(
        "Of the 2 items that were compared, 1 can be shown: of these, one"
    )


def test_few_double_coded_files_carry_a_warning():
    assert "too few to say more" in agreement_sentence(agreed(0.5, 1.0, files=6), TEN)
    found = agreement_sentence(agreed(0.67, NAN, 0.92), TEN)
    assert "the same answer on between 67% and 92% of them" in found
    assert "(of the items that can be shown)" in found
    assert "can be shown" not in agreement_sentence(agreed(0.67, 0.92), TEN)
    assert "both be wrong" in agreement_limit(agreed(0.67, NAN, 0.92))


def test_items_on_which_reviewers_part_are_named_worst_first():
    read = pd.DataFrame({"item": ["C", "B", "A", "D"], "apart": [0, 5, 8, NAN], "files": 24})
    text = parting_sentence(read)
    assert text.startswith("Reviewers differ most on “A” (8 of 24 files) and “B” (5 of 24 files).")
    assert "same answer on every" in parting_sentence(read.head(1))


def test_the_grid_counts_its_cells():
    kinds = ["case files", "case files and other sources", "other sources", "none"]
    found = grid_sentence(pd.DataFrame({"evidence": kinds}))
    assert found.startswith("Of the 4 practice features and outcomes, 2 have evidence from the case files, 1 from")


@pytest.mark.parametrize("value", [0.0004, 0.05, 0.5])
def test_p_values_are_written_to_what_they_are_worth(value):
    text = difference_sentence("X", **INTENSITY, p_value=value)
    assert {0.0004: "less than 0.001", 0.05: "0.050", 0.5: "0.50"}[value] in text


def test_titles_of_charts_say_what_the_numbers_show_and_no_hidden_one():
    settings = SimpleNamespace(subsets={"before": "Before DAARR", "during": "During DAARR"})
    items = pd.DataFrame({"subset": ["during"] * 3 + ["before"], "percent_any": [80.0, 50.0, 51.0, 90.0]})
    assert sentences.evidence_title(items, settings) == "On 2 of 3 items, most files during DAARR showed evidence"
    items.loc[0, "percent_any"] = None
    assert "On 1 of 2 items that can be shown" in sentences.evidence_title(items, settings)
    items.loc[1, "percent_any"] = None
    assert "most items have too few" in sentences.evidence_title(items, settings)
    differences = pd.DataFrame({"prespecified": True, "points": [60.0, 45.0], "p_holm": [0.017, 0.066]})
    says = sentences.differences_title(differences)
    assert says == "1 of 2 differences remains after allowing for all the tests (95% intervals)"
    assert sentences.differences_title(differences.assign(p_holm=0.5)).startswith("None of 2 differences remain ")
    assert "too few" in sentences.differences_title(differences.assign(points=None))
    agreement = pd.DataFrame({"agreement": [0.705, 1.0, None]})
    assert "on 71% to 100% of files" in sentences.agreement_title(agreement)
    grid = pd.DataFrame({"evidence": ["none", "case files", "other sources"]})
    assert sentences.grid_title(grid) == "2 of 3 practice features and outcomes have evidence"
