"""The windows core against sets of days, on random and awkward spells; and what must change nothing."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
import windows_reference as slow
from hypothesis import given, settings
from hypothesis import strategies as st
from stepdown import windows
from stepdown.windows import counting

LADDER = ("CIN", "CP", "CLA")
ORIGIN = date(2019, 11, 1)

awkward = st.sampled_from(
    [date(2019, 12, 31), date(2020, 1, 31), date(2020, 2, 28), date(2020, 2, 29), date(2020, 3, 1), date(2020, 3, 31)]
)
near = st.integers(0, 220).map(lambda offset: ORIGIN + timedelta(days=offset))
days = awkward | near
lengths = st.sampled_from([0, 0, 1, 2, 30]) | st.integers(0, 120)
spell = st.builds(lambda start, length: (start, start + timedelta(days=length)), days, lengths)
children = st.lists(st.lists(spell, max_size=6), min_size=1, max_size=5)
FEW = settings(max_examples=150, deadline=None)


def periods_of(anchors, months):
    return windows.before(np.array(anchors, dtype="datetime64[D]"), months)


def results(period, spells):
    return {
        "clipped": windows.days_in(period, spells, "clipped"),
        "whole_spell": windows.days_in(period, spells, "whole_spell"),
        "any": windows.any_in(period, spells),
        "count": windows.count_in(period, spells),
        "new": windows.new_in(period, spells),
        "on": windows.status_on(spells, period.start),
    }


def assert_same(one, other):
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


@st.composite
def studies(draw):
    spells = draw(children)
    anchors = [draw(days) for _ in spells]
    months = draw(st.sampled_from([1, 3, 6, [1, 6], [6, 12, 18, 24]]))
    return spells, periods_of(anchors, months)


@FEW
@given(studies())
def test_agrees_with_sets_of_days(study):
    rows, period = study
    got = results(period, windows.merge_spells(*slow.as_arrays(rows)))
    starts = period.start.reshape(len(rows), -1)
    ends = period.end.reshape(len(rows), -1)
    for i, spells in enumerate(rows):
        for j in range(starts.shape[1]):
            want = slow.expected(spells, starts[i, j].item(), ends[i, j].item())
            on = any(starts[i, j].item() in slow.days_of(*spell) for spell in spells)
            have = {name: values.reshape(len(rows), -1)[i, j] for name, values in got.items()}
            assert have == {
                "clipped": want.days_clipped,
                "whole_spell": want.days_whole_spell,
                "any": want.episodes > 0,
                "count": want.episodes,
                "new": want.new_episodes,
                "on": on,
            }


@FEW
@given(children)
def test_merged_spells_are_the_runs_of_days(rows):
    merged = windows.merge_spells(*slow.as_arrays(rows))
    got = [(int(c), s.item(), e.item()) for c, s, e in zip(merged.child, merged.start, merged.end, strict=True)]
    assert got == [(i, *run) for i, spells in enumerate(rows) for run in slow.episodes_of(spells)]


@FEW
@given(studies(), st.randoms(use_true_random=False))
def test_row_order_duplicates_and_splitting_a_spell_change_nothing(study, chance):
    rows, period = study
    plain = results(period, windows.merge_spells(*slow.as_arrays(rows)))
    changed = []
    for spells in rows:
        other = list(spells)
        if other:
            other += [chance.choice(other)]
            start, end = other.pop(chance.randrange(len(other)))
            cut = start + timedelta(days=chance.randint(0, (end - start).days))
            other += [(start, cut), (cut, end)]
        changed.append(other)
    child, start, end = slow.as_arrays(changed)
    order = np.array(chance.sample(range(child.size), child.size), dtype=np.int64)
    assert_same(plain, results(period, windows.merge_spells(child[order], start[order], end[order])))


@FEW
@given(studies())
def test_spells_that_are_near_no_period_of_their_child_change_nothing(study):
    rows, period = study
    child, start, end = slow.as_arrays(rows)
    kept = counting.near(period, child, start, end)
    plain = results(period, windows.merge_spells(child, start, end))
    got = results(period, windows.merge_spells(child[kept], start[kept], end[kept]))
    assert_same({name: plain[name] for name in ("clipped", "any", "count", "new")}, got)
    held = np.zeros(len(rows), dtype=bool)
    held[child[kept]] = True
    assert not plain["any"].reshape(len(rows), -1)[~held].any()


def test_spells_far_from_every_period_are_not_near():
    """By hand: the six months to 1 May 2020 reach from 1 November 2019; what ends or begins on an edge is kept."""
    period = windows.before(np.array(["2020-05-01"]), 6)
    start = np.array(["2019-01-01", "2019-01-01", "2019-12-01", "2020-05-01", "2020-05-02"], dtype="datetime64[D]")
    end = np.array(["2019-10-31", "2019-11-01", "2019-12-01", "2020-06-01", "2020-06-01"], dtype="datetime64[D]")
    assert counting.near(period, np.zeros(5, dtype=np.int64), start, end).tolist() == [False, True, True, True, False]


@FEW
@given(studies(), st.sampled_from([2**31, -(2**32), 2**40]))
def test_days_that_do_not_fit_into_32_bits_are_counted_all_the_same(study, moved):
    rows, period = study
    child, start, end = slow.as_arrays(rows)
    away = windows.Periods(period.start + moved, period.end + moved)
    want = results(period, windows.merge_spells(child, start, end))
    assert_same(want, results(away, windows.merge_spells(child, start + moved, end + moved)))


@FEW
@given(studies(), st.integers(-40_000, 40_000))
def test_moving_periods_and_spells_together_by_any_days_changes_nothing(study, moved):
    rows, period = study
    child, start, end = slow.as_arrays(rows)
    shift = np.timedelta64(moved, "D")
    later = windows.Periods(period.start + shift, period.end + shift)
    assert_same(
        results(period, windows.merge_spells(child, start, end)),
        results(later, windows.merge_spells(child, start + shift, end + shift)),
    )


@FEW
@given(children, st.data(), st.sampled_from([1461, 146_097]))
def test_moving_all_dates_by_four_or_four_hundred_years_changes_nothing(rows, data, shift):
    """The calendar repeats after 400 years (146,097 days), and between 1901 and 2099 after 4 years (1,461 days)."""
    anchors = np.array([data.draw(days) for _ in rows], dtype="datetime64[D]")
    child, start, end = slow.as_arrays(rows)
    for make in (windows.before, windows.after):
        assert_same(
            results(make(anchors, [6, 12]), windows.merge_spells(child, start, end)),
            results(make(anchors + shift, [6, 12]), windows.merge_spells(child, start + shift, end + shift)),
        )


common_days = st.integers(0, 364).map(lambda offset: date(2017, 3, 1) + timedelta(days=offset))


@FEW
@given(st.lists(st.lists(st.tuples(common_days, common_days), max_size=5), min_size=1, max_size=4), st.data())
def test_moving_all_dates_by_one_year_changes_nothing_where_no_leap_day_is_crossed(rows, data):
    """March 2017 to February 2018 and the year after it have the same months: one calendar year is 365 days."""
    rows = [[(min(pair), max(pair)) for pair in spells] for spells in rows]
    anchors = np.array([data.draw(common_days) for _ in rows], dtype="datetime64[D]")
    child, start, end = slow.as_arrays(rows)
    year = [windows.add_months(dates, 12) for dates in (anchors, start, end)]
    for months in (3, 6):
        now, then = windows.before(anchors, months), windows.before(year[0], months)
        inside = now.start >= np.datetime64("2017-03-01")
        one = results(now, windows.merge_spells(child, start, end))
        other = results(then, windows.merge_spells(child, year[1], year[2]))
        assert_same({k: v[inside] for k, v in one.items()}, {k: v[inside] for k, v in other.items()})


@FEW
@given(studies())
def test_clipped_days_never_exceed_the_window(study):
    rows, period = study
    spells = windows.merge_spells(*slow.as_arrays(rows))
    clipped = windows.days_in(period, spells)
    assert (clipped <= period.days).all()
    assert (clipped >= 0).all()
    assert (clipped <= windows.days_in(period, spells, "whole_spell")).all()


@FEW
@given(st.lists(st.lists(st.tuples(st.sampled_from(LADDER), spell), max_size=8), min_size=1, max_size=4), st.data())
def test_the_highest_status_is_the_highest_that_any_day_holds(rows, data):
    period = periods_of([data.draw(days) for _ in rows], data.draw(st.sampled_from([1, 6, [6, 12]])))
    by_status = {s: [[sp for status, sp in child if status == s] for child in rows] for s in LADDER}
    merged = {s: windows.merge_spells(*slow.as_arrays(of)) for s, of in by_status.items()}
    assert (sum(windows.days_in(period, merged[s]) for s in LADDER) <= len(LADDER) * period.days).all()
    starts, ends = period.start.reshape(len(rows), -1), period.end.reshape(len(rows), -1)
    rung = windows.highest_in(period, merged, LADDER).reshape(len(rows), -1)
    for i in range(len(rows)):
        for j in range(starts.shape[1]):
            window = slow.days_of(starts[i, j].item(), ends[i, j].item())
            seen = [
                k
                for k, s in enumerate(LADDER, 1)
                if slow.expected(by_status[s][i], min(window), max(window) + slow.ONE).episodes
            ]
            assert rung[i, j] == max(seen, default=0)


@FEW
@given(children)
def test_dates_too_far_apart_for_one_number_are_sorted_all_the_same(rows):
    child, start, end = slow.as_arrays(rows)
    far = windows.merge_spells(child * 2**50, start, end)
    near_by = windows.merge_spells(child, start, end)
    np.testing.assert_array_equal(far.child, near_by.child * 2**50)
    np.testing.assert_array_equal(far.end, near_by.end)


@FEW
@given(
    st.lists(st.tuples(days, st.none() | st.integers(-6000, 300)), min_size=1, max_size=6),
    st.integers(-100, 500),
    st.none() | st.integers(-100, 200),
)
def test_observation_agrees_with_sets_of_days(rows, last_offset, first_offset):
    period = windows.after(np.array([row[0] for row in rows], dtype="datetime64[D]"), 6)
    births = [None if row[1] is None else ORIGIN + timedelta(days=row[1]) for row in rows]
    last = ORIGIN + timedelta(days=last_offset)
    first = None if first_offset is None else ORIGIN + timedelta(days=first_offset)
    seen = windows.observe(period, last_date=last, first_date=first, birth_date=np.array(births, dtype="datetime64[D]"))
    for i, born in enumerate(births):
        covered = {
            day
            for day in slow.days_of(period.start[i].item(), period.end[i].item())
            if day <= last and (first is None or day >= first) and (born is None or born <= day < eighteen(born))
        }
        assert seen.days_at_risk[i] == len(covered)
        assert slow.days_of(seen.covered.start[i].item(), seen.covered.end[i].item()) == covered
        assert seen.observable[i] == (len(covered) == period.days[i])


def eighteen(born: date) -> date:
    try:
        return born.replace(year=born.year + 18)
    except ValueError:
        return date(born.year + 18, 3, 1)


@pytest.mark.parametrize("shape", [(3,), (3, 2)])
def test_inputs_are_never_changed(shape):
    anchors = np.array(["2018-01-31", "NaT", "2018-03-31"], dtype="datetime64[D]")
    child = np.array([2, 0, 0])
    start = np.array(["2018-01-01", "2018-01-05", "2018-01-01"], dtype="datetime64[D]")
    end = np.array(["2018-02-01", "NaT", "2018-01-02"], dtype="datetime64[D]")
    kept = [values.copy() for values in (anchors, child, start, end)]
    period = windows.before(anchors, 6 if len(shape) == 1 else [6, 12])
    assert period.start.shape == shape
    spells = windows.merge_spells(child, start, windows.close_spells(end, "2018-12-31"))
    results(period, spells)
    windows.observe(period, last_date="2018-01-01")
    for now, then in zip((anchors, child, start, end), kept, strict=True):
        np.testing.assert_array_equal(now, then)
