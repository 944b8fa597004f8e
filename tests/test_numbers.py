"""A page never rounds one value in two ways: sentences and charts write a number as the table beside them does."""

from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stepdown.disclosure import clear
from stepdown.effects import wording
from stepdown.numbers import MINUS, all_half_up, as_shown, as_words, digits, rounded_pounds, signed, whole_percent
from stepdown.outcomes import referral_sentence, status_sentence
from stepdown.params import DisclosurePolicy
from stepdown.review.sentences import agreement_sentence, difference_sentence
from stepdown.tables import AggregateTable, Column, Role

TIES = [  # hand-made: each is a tie that f"{x:.1f}", f"{x:.0f}" or round() takes down
    (12.5, 0, "13"),
    (0.25, 1, "0.3"),
    (0.125, 2, "0.13"),
    (1234.5, 0, "1,235"),
    (-2.5, 0, f"{MINUS}3"),
    (-0.04, 1, "0.0"),
]


@pytest.mark.parametrize(("value", "decimals", "written"), TIES)
def test_a_tie_goes_up(value, decimals, written):
    assert digits(value, decimals) == written


@given(st.floats(-1e9, 1e9), st.integers(0, 3))
def test_a_sentence_writes_a_number_as_a_table_does(value, decimals):
    assert digits(value, decimals) == as_shown(value, Column("x", Role.DERIVED, "days", decimals))


def test_a_sign_is_given_to_all_but_nought():
    assert [signed(x) for x in (12.5, -0.4, 0.0, -2.5, 1000)] == ["+13", "0", "0", f"{MINUS}3", "+1,000"]


def test_a_file_has_the_numbers_that_its_page_has():
    """12 of 64 and 4 of 64: a page says 18.8% and 6.3%, where pandas would write 6.2."""
    shares = [100 * 12 / 64, 100 * 4 / 64, -1.25, 1.005, 7.0]
    rests = {"n": Column("n", Role.COUNT, "children", 0), "share": Column("x", Role.DERIVED, "%", 1, ("n",))}
    table = AggregateTable.of_rows("made_up", "row", {"row": Column("row", Role.KEY)} | rests,
                                   [(str(i), 10, share) for i, share in enumerate(shares)])  # fmt: skip
    cleared = clear(table, DisclosurePolicy(method="none", reason="made up"))
    column = cleared.columns["share"]
    for written, value in zip(cleared.written()["share"], cleared.frame["share"], strict=True):
        assert as_shown(written, column) == as_shown(value, column)
    nullable = pd.Series([6.25, None], dtype="Float64")
    assert all_half_up(nullable, 1).tolist() == [6.3, pd.NA]


def test_thousands_of_pounds_are_rounded_half_up_too():
    told = [rounded_pounds(value) for value in (52_500, 57_500, -52_500, 10_499, float("inf"))]
    assert told == ["£53,000", "£58,000", "−£53,000", "£10,000", "£∞"]


def test_days_and_referrals_a_child_are_rounded_as_in_their_tables():
    status = pd.DataFrame(
        {
            "group": "A",
            "status": "CP",
            "period": ["before", "after"],
            "children_with_status": 2,
            "children": 8,
            "mean_days_per_child": [5.25, 0.25],
        }
    )
    assert "5.3 days per child before and 0.3 after" in status_sentence(status, "A", "CP")
    made = pd.DataFrame({"group": "A", "period": ["before", "after"], "referrals": 1, "mean_per_child": [0.125, 0.625]})
    assert "(0.13 per child)" in referral_sentence(made, "A")
    assert "(0.63 per child)" in referral_sentence(made, "A")


def test_effects_round_half_up_without_a_margin_of_their_own():
    assert wording.fewer(-12.25, "days") == "12.3 days fewer"
    assert wording.percent(12.5) == "13%"
    assert wording.percent(28.499999999999996) == "28%"
    assert [wording.p_value(p) for p in (0.0004, 0.0007)] == ["p < 0.001", "p = 0.001"]


def test_a_review_rounds_half_up():
    found = difference_sentence(
        "Item", earlier="Before", later="During", counts=(0, 8, 7, 8), points=(87.5, 12.5, 98.5), p_value=0.0625
    )
    assert "88 percentage points more; the true difference could be as small as 13 or as large as 99" in found
    assert "p = 0.063" in found
    agreement = pd.DataFrame({"agreement": [0.285, 0.625], "files": 24})
    assert "between 29% and 63%" in agreement_sentence(agreement, SimpleNamespace(min_double_coded=10))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0%"),
        (0.3, "under 1%"),
        (0.5, "1%"),
        (37.5, "38%"),
        (99.5, "over 99%"),
        (100.0, "100%"),
        (float("nan"), ""),
    ],
)
def test_a_share_that_is_not_none_or_all_is_not_written_as_none_or_all(value, words):
    assert whole_percent(value) == words


def test_the_name_of_a_file_stays_as_it_is():
    assert as_words("data/millbrook/programme_costs.csv (made up)") == "data/millbrook/programme_costs.csv (made up)"
    assert as_words("the column start_date. It") == "the column start date. It"
