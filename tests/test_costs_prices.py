"""Price base, discounting, persistence and programme cost, against hand sums and exact fractions."""

from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stepdown.costs.prices import months_of_saving, read_deflator, read_discount_rates, saving_multiplier
from stepdown.costs.programme import alternative_spend, programme_spend, years_in
from stepdown.faults import Refused
from stepdown.params import build
from stepdown.params.costs import Horizon, ProgrammeCost

ROOT = Path(__file__).resolve().parents[1]
RATES = read_discount_rates(ROOT / "params/discount_rates.yaml")
DEFLATOR = read_deflator(ROOT / "params/deflator.yaml", ROOT)


@pytest.mark.parametrize(
    ("year", "printed"),
    [(0, 1.0), (1, 0.9662), (2, 0.9335), (5, 0.8420), (10, 0.7089), (20, 0.5026), (30, 0.3563), (31, 0.3459)],
)
def test_green_book_discount_factors_as_printed_to_four_places(year, printed):
    assert RATES.factor(year) == pytest.approx(printed, abs=0.00005)


@given(st.integers(0, 125))
def test_discount_factors_are_exact_fractions_of_their_bands(year):
    first, second, third = min(year, 30), min(max(year - 30, 0), 45), max(year - 75, 0)
    exact = 1 / (Fraction(1035, 1000) ** first * Fraction(103, 100) ** second * Fraction(1025, 1000) ** third)
    assert RATES.factor(year) == pytest.approx(float(exact), rel=1e-12)


def test_deflator_moves_an_amount_between_years_and_back():
    assert DEFLATOR.factor("2018/19", "2019/20") == pytest.approx(1.2554528650647 / 1.22255083179298)
    assert DEFLATOR.factor("2019/20", "2018/19") * DEFLATOR.factor("2018/19", "2019/20") == pytest.approx(1)
    assert "2025/26" in DEFLATOR.forecast


def test_a_year_that_the_deflator_does_not_cover_is_refused():
    with pytest.raises(Refused, match="no price index for 1999/00"):
        DEFLATOR.factor("1999/00", "2019/20")


def test_persistence_by_hand():
    # six months seen; 24 months at the same level: 12 months undiscounted, 12 in year 1
    step = Horizon(shape="step", months=24)
    assert months_of_saving(step, 6, RATES) == pytest.approx(12 + 12 / 1.035)
    assert saving_multiplier(Horizon(), 6, RATES) == 1.0
    # halving each month after a window of one month: 1 + 1/2 + 1/4
    assert months_of_saving(Horizon(shape="decay", months=3, half_life_months=1.0), 1, RATES) == pytest.approx(1.75)


def test_a_persistence_without_its_months_is_refused():
    with pytest.raises(Refused, match="half_life_months"):
        build({"shape": "decay", "months": 24}, Horizon, where="test")


@given(st.integers(6, 120))
def test_a_saving_that_fades_is_worth_less_than_one_that_stays_and_more_than_one_that_stops(months):
    stays = saving_multiplier(Horizon(shape="step", months=months), 6, RATES)
    fades = saving_multiplier(Horizon(shape="decay", months=months, half_life_months=6.0), 6, RATES)
    assert saving_multiplier(Horizon(), 6, RATES) <= fades <= stays


LINES = pd.DataFrame(
    {
        "workstream": ["A", "A", "B", "A"],
        "item": ["staff", "rent", "staff", "staff"],
        "financial_year": ["2017/18 to 2018/19", "2018/19", "2017/18", "2018/19"],
        "amount_gbp": [100.0, 50.0, 1000.0, 140.0],
        "basis": ["actual", "actual", "actual", "budgeted"],
    }
)


def cost(**more):
    given = {"spent_over": "two years", "paid_by": "a council", "source": "made up", "quality": "red"}
    return build(given | more, ProgrammeCost, where="test")


def test_programme_cost_by_workstream_year_and_basis():
    spend = programme_spend(LINES, cost(workstreams=["A"], basis="actual"))
    assert spend.by_year == {"2017/18": 50.0, "2018/19": 100.0}
    assert spend.amount_gbp == 150.0
    assert spend.in_prices_of("2018/19", DEFLATOR) == pytest.approx(50 * DEFLATOR.factor("2017/18", "2018/19") + 100)


def test_lines_of_two_bases_are_never_added():
    with pytest.raises(Refused, match="several bases"):
        programme_spend(LINES, cost(workstreams=["A"]))


def test_an_unknown_workstream_is_refused():
    with pytest.raises(Refused, match="workstream C"):
        programme_spend(LINES, cost(workstreams=["C"], basis="actual"))


@pytest.mark.parametrize("period", ["2018/19 to 2016/17", "2017/19"])
def test_a_period_that_is_none_is_refused_and_its_money_is_not_lost(period):
    lines = LINES.assign(financial_year=period)
    with pytest.raises(Refused, match="no financial year"):
        programme_spend(lines, cost(workstreams=["A"], basis="actual"))


def test_a_programme_that_cost_nothing_is_refused():
    with pytest.raises(Refused, match="add up to £0"):
        programme_spend(LINES.assign(amount_gbp=0.0), cost(workstreams=["A"], basis="actual"))


def test_a_figure_for_the_whole_programme_counts_with_the_studys_share():
    amount = {"value": 2300.0, "unit": "£", "source": "s", "quality": "red", "impact": "cost", "price_year": "2018/19"}
    settings = cost(
        workstreams=["A"],
        basis="actual",
        whole_programme=amount | {"value": 1150.0},
        alternatives=[{"name": "double", "covers": "whole_programme", "reason": "r", "amount": amount}],
    )
    spend = programme_spend(LINES, settings)
    assert alternative_spend(spend, settings.alternative("double"), settings).amount_gbp == pytest.approx(300.0)


def test_years_in_a_span():
    assert years_in("1998/99 to 2000/01") == ("1998/99", "1999/00", "2000/01")
