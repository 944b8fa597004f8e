"""Days taken away from spells. Judge: a set of days, one by one."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from stepdown.windows import merge_spells, take_away

spell = st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(0, 8))


def merged(rows):
    child, start, length = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    day = np.datetime64("2018-01-01", "D")
    return merge_spells(child, day + start, day + start + length)


def days(spells):
    rows = zip(spells.child, spells.start, spells.end, strict=True)
    return {(c, d) for c, first, end in rows for d in np.arange(first, end)}


@settings(max_examples=300, deadline=None)
@given(st.lists(spell, max_size=8), st.lists(spell, max_size=6), st.lists(spell, max_size=6))
def test_what_is_left_are_the_days_of_the_one_and_of_none_of_the_others(one, second, third):
    lower, others = merged(one), [merged(second), merged(third)]
    left = take_away(lower, others)
    assert days(left) == days(lower) - days(others[0]) - days(others[1])
    bare = {(c, s) for c, s, e in zip(lower.child, lower.start, lower.end, strict=True) if s == e}
    kept = {(c, s) for c, s, e in zip(left.child, left.start, left.end, strict=True) if s == e}
    assert kept == bare - days(others[0]) - days(others[1])
