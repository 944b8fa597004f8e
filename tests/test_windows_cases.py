"""The cases that a practitioner can read (tests/cases), worked by the windows core and by the set-of-days reference."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import windows_reference as slow
from stepdown import windows

CASES = Path(__file__).parent / "cases"
LAST_DATE = "2018-12-31"


def read_cases(name: str) -> list[dict[str, str]]:
    with (CASES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def day(text: str) -> np.datetime64:
    return np.datetime64(text or "NaT", "D")


def case_spells(text: str) -> list[tuple[str, str]]:
    pairs = [part.strip().split(" to ") for part in text.split(";") if part.strip()]
    return [(start, "NaT" if end == "open" else end) for start, end in pairs]


@pytest.mark.parametrize("case", read_cases("periods.csv"), ids=lambda case: f"{case['period']} {case['date']}")
def test_period_case(case):
    make = {"before": windows.before, "after": windows.after}[case["period"]]
    period = make(np.array([case["date"] or "NaT"], dtype="datetime64[D]"), int(case["months"]))
    assert str(period.start[0]) == str(day(case["first_day"]))
    assert str(period.end[0]) == str(day(case["day_after_last"]))
    assert period.days[0] == int(case["days"] or 0)


@pytest.mark.parametrize("case", read_cases("days.csv"), ids=lambda case: case["why"][:60])
def test_days_case(case):
    pairs = case_spells(case["spells"])
    start = np.array([pair[0] for pair in pairs], dtype="datetime64[D]")
    end = windows.close_spells(np.array([pair[1] for pair in pairs], dtype="datetime64[D]"), LAST_DATE)
    spells = windows.merge_spells(np.zeros(len(pairs), dtype=np.int64), start, end)
    period = windows.Periods(np.array([day(case["period_start"])]), np.array([day(case["period_end"])]))
    got = {
        "days_clipped": windows.days_in(period, spells, "clipped")[0],
        "days_whole_spell": windows.days_in(period, spells, "whole_spell")[0],
        "episodes": windows.count_in(period, spells)[0],
        "new_episodes": windows.new_in(period, spells)[0],
    }
    assert got == {key: int(case[key]) for key in got}
    assert windows.any_in(period, spells)[0] == (int(case["episodes"]) > 0)
    assert windows.status_on(spells, period.start)[0] == (case["on_first_day"] == "yes")
    reference = slow.expected(
        [(s.item(), e.item()) for s, e in zip(start, end, strict=True)], period.start[0].item(), period.end[0].item()
    )
    assert got == {key: getattr(reference, key) for key in got}


def test_six_months_are_181_to_184_days_whatever_the_date():
    days = np.arange("2000-01-01", "2400-01-01", dtype="datetime64[D]")
    for make in (windows.before, windows.after):
        lengths = make(days, 6).days
        assert (lengths.min(), lengths.max()) == (181, 184)


def test_months_agree_with_steps_on_a_calendar_page():
    days = np.arange("2019-01-01", "2021-03-01", dtype="datetime64[D]")
    for months in (-25, -12, -6, -1, 0, 1, 5, 6, 12, 14, 24):
        moved = windows.add_months(days, months)
        assert [d.item() for d in moved] == [slow.plain_months(d.item(), months) for d in days]


@pytest.mark.parametrize(
    ("born", "eighteen"),
    [
        ("2000-06-15", "2018-06-15"),
        ("2000-02-29", "2018-03-01"),
        ("2000-02-28", "2018-02-28"),
        ("1999-12-31", "2017-12-31"),
        ("NaT", "NaT"),
    ],
)
def test_eighteenth_birthday(born, eighteen):
    assert str(windows.birthday(np.array([born], dtype="datetime64[D]"), 18)[0]) == eighteen


def test_leap_day_child_turns_four_on_a_leap_day_and_ages_on_the_birthday():
    born = np.array(["2000-02-29"] * 4, dtype="datetime64[D]")
    assert str(windows.birthday(born, 4)[0]) == "2004-02-29"
    dates = np.array(["2004-02-28", "2004-02-29", "2018-02-28", "2018-03-01"], dtype="datetime64[D]")
    assert windows.age_on(born, dates).tolist() == [3, 4, 17, 18]
    assert windows.age_on(born, np.array(["1999-01-01", "NaT", "2000-02-29", "2001-02-28"], "M8[D]")).tolist() == [
        -1,
        -1,
        0,
        0,
    ]


def test_age_and_birthday_agree_on_every_day_of_eight_years():
    born = np.arange("1999-01-01", "2007-01-01", dtype="datetime64[D]")
    eighteen = windows.birthday(born, 18)
    assert (windows.age_on(born, eighteen) == 18).all()
    assert (windows.age_on(born, eighteen - 1) == 17).all()


def test_window_that_cannot_be_seen_is_named_and_has_its_days_at_risk():
    dates = ["2018-01-01", "NaT", "2018-01-01", "2018-01-01", "2018-09-01", "2016-01-01", "2018-01-01"]
    period = windows.after(np.array(dates, dtype="datetime64[D]") - 1, 6)
    born = ["2010-01-01", "2010-01-01", "2018-03-01", "2000-03-01", "2010-01-01", "2010-01-01", "NaT"]
    seen = windows.observe(
        period, last_date="2018-12-31", first_date="2016-02-01", birth_date=np.array(born, dtype="datetime64[D]")
    )
    assert seen.reason.tolist() == [
        "observable",
        "no date",
        "not yet born",
        "turned 18",
        "too recent",
        "not observable",
        "observable",
    ]
    assert seen.observable.tolist() == [reason == "observable" for reason in seen.reason]
    assert seen.days_at_risk.tolist() == [181, 0, 122, 59, 122, 151, 181]


def test_extract_that_ends_on_the_last_day_of_the_window_covers_it():
    period = windows.after(np.array(["2018-06-30"], dtype="datetime64[D]"), 6)
    assert windows.observe(period, last_date="2018-12-31").reason[0] == "observable"
    assert windows.observe(period, last_date="2018-12-30").reason[0] == "too recent"
    assert windows.observe(period, last_date="2018-12-30").days_at_risk[0] == 183
    assert windows.observe(period, last_date="2018-01-01").days_at_risk[0] == 0


def test_eighteenth_birthday_on_the_day_after_the_window_leaves_it_whole():
    period = windows.after(np.array(["2017-12-31"] * 2, dtype="datetime64[D]"), 6)
    born = np.array(["2000-07-01", "2000-06-30"], dtype="datetime64[D]")
    seen = windows.observe(period, last_date="2018-12-31", birth_date=born)
    assert seen.reason.tolist() == ["observable", "turned 18"]
    assert seen.days_at_risk.tolist() == [181, 180]


def test_child_born_on_the_first_day_of_the_window_is_seen_in_all_of_it():
    period = windows.after(np.array(["2017-12-31"] * 2, dtype="datetime64[D]"), 6)
    born = np.array(["2018-01-01", "2018-01-02"], dtype="datetime64[D]")
    seen = windows.observe(period, last_date="2018-12-31", birth_date=born)
    assert seen.reason.tolist() == ["observable", "not yet born"]
    first = windows.observe(period, last_date="2018-12-31", first_date="2018-01-01")
    assert first.observable.all()


def test_several_lengths_at_once_are_each_counted_from_the_anchor():
    end = np.array(["2018-08-30", "2018-12-31"], dtype="datetime64[D]")
    several = windows.after(end, [6, 12, 18, 24])
    for column, months in enumerate((6, 12, 18, 24)):
        one = windows.after(end, months)
        assert (several.end[:, column] == one.end).all()
    seen = windows.observe(several, last_date="2020-01-01")
    assert seen.reason.tolist() == [["observable"] * 2 + ["too recent"] * 2] * 2


def test_follow_up_ends_with_the_extract_or_at_eighteen():
    first = np.array(["2018-07-01", "2018-07-01", "2019-07-01", "NaT"], dtype="datetime64[D]")
    born = np.array(["NaT", "2000-08-01", "NaT", "NaT"], dtype="datetime64[D]")
    assert windows.follow_up_days(first, last_date="2018-12-31", birth_date=born).tolist() == [184, 31, 0, 0]


def test_referrals_with_and_without_the_index_referral():
    period = windows.before(np.array(["2018-07-01", "2018-07-01"], dtype="datetime64[D]"), [6, 12])
    child = np.array([0, 0, 0, 1, 1])
    dates = np.array(["2018-01-01", "2018-06-30", "2017-12-31", "2018-07-01", "NaT"], dtype="datetime64[D]")
    index = np.array([False, True, False, False, False])
    assert windows.events_in(period, child, dates).tolist() == [[2, 3], [0, 0]]
    assert windows.events_in(period, child, dates, exclude=index).tolist() == [[1, 2], [0, 0]]


def test_first_referral_on_or_after_a_date():
    first_day = np.array(["2018-07-01", "2018-07-01", "2018-07-01", "NaT"], dtype="datetime64[D]")
    child = np.array([0, 0, 0, 1, 3])
    dates = np.array(["2018-09-01", "2018-07-01", "2018-06-30", "2018-06-30", "2018-09-01"], dtype="datetime64[D]")
    found = windows.first_event_after(first_day, child, dates)
    assert [str(d) for d in found] == ["2018-07-01", "NaT", "NaT", "NaT"]
    without = windows.first_event_after(first_day, child, dates, exclude=np.array([0, 1, 0, 0, 0], dtype=bool))
    assert str(without[0]) == "2018-09-01"


def test_ids_become_row_numbers_and_unknown_ones_minus_one():
    assert windows.positions(["007", "7", "x"], ["7", "x", "007", "8"]).tolist() == [1, 2, 0, -1]
    assert windows.positions(np.array([30, 10]), np.array([10, 10, 30, 5])).tolist() == [1, 1, 0, -1]
    with pytest.raises(ValueError, match="twice"):
        windows.positions(["a", "a"], ["a"])


def test_wrong_use_is_refused():
    one, two = np.array(["2018-01-01"], "M8[D]"), np.array(["2018-02-01"], "M8[D]")
    period = windows.before(two, 1)
    spells = windows.merge_spells([0], one, two)
    with pytest.raises(ValueError, match="end is before its start"):
        windows.merge_spells([0], two, one)
    with pytest.raises(ValueError, match="date is unknown"):
        windows.merge_spells([0], one, np.array(["NaT"], "M8[D]"))
    with pytest.raises(ValueError, match="negative"):
        windows.merge_spells([-1], one, two)
    with pytest.raises(ValueError, match="not merged"):
        windows.Spells(np.array([0, 0]), np.repeat(one, 2), np.repeat(two, 2))
    with pytest.raises(ValueError, match="whole_spell"):
        windows.days_in(period, spells, rule="whole")
    with pytest.raises(ValueError, match="ladder"):
        windows.highest_in(period, {"EHCP": spells}, ("CIN", "CP", "CLA"))
    with pytest.raises(ValueError, match="child number"):
        windows.days_in(period, windows.merge_spells([1], one, two))
    with pytest.raises(ValueError, match="at least one month"):
        windows.before(two, 0)
