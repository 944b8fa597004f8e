"""Ids become row numbers as a dictionary would make them, for numbers, text and odd text."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stepdown import windows
from stepdown.windows import ids as core

odd_text = st.text(alphabet=st.sampled_from("aAb01 é\0-"), max_size=20)
whole = st.integers(-50, 50) | st.integers(-(2**62), 2**62)


def by_dictionary(children, records):
    row = {child: i for i, child in enumerate(children)}
    return [row.get(record, -1) for record in records]


@pytest.mark.parametrize("few", [0, 1024])
@settings(max_examples=150, deadline=None)
@given(children=st.lists(odd_text, unique=True, min_size=1, max_size=40), other=st.lists(odd_text, max_size=30))
def test_text(few, children, other):
    """few=0 sends small tables through the hash table too, which otherwise serves large ones."""
    records = other + children[::-1]
    before, core._FEW = core._FEW, few
    try:
        got = windows.positions(pd.Series(children, dtype="str"), pd.Series(records, dtype="str"))
    finally:
        core._FEW = before
    assert got.tolist() == by_dictionary(children, records)


@settings(max_examples=150, deadline=None)
@given(st.lists(whole, unique=True, min_size=1, max_size=40), st.lists(whole, max_size=30))
def test_numbers(children, other):
    records = other + children
    got = windows.positions(np.array(children, dtype=np.int64), np.array(records, dtype=np.int64))
    assert got.tolist() == by_dictionary(children, records)


def test_many_ids_that_differ_only_at_the_end_or_in_length():
    children = [f"CHILD-2018-{i:07d}" for i in range(3000)] + [f"C{i}" for i in range(3000)] + [""]
    records = [*children[::-3], "CHILD-2018-00000010", "C3000", "c1", "C1 "]
    got = windows.positions(pd.Series(children, dtype="str"), pd.Series(records, dtype="str"))
    assert got.tolist() == by_dictionary(children, records)


def test_slice_of_a_longer_column_and_blank_records():
    children = pd.Series([f"{i:05d}" for i in range(4000)], dtype="str").iloc[1000:3000]
    records = pd.Series(["x", "01000", None, "02999", "03000"], dtype="str").iloc[1:]
    assert windows.positions(children, records).tolist() == [0, -1, 1999, -1]


@pytest.mark.parametrize("size", [3, 3000])
def test_id_that_stands_twice_is_refused(size):
    for children in (
        np.append(np.arange(size), 1),
        np.append(np.arange(size) * 10**12, 10**12),
        pd.Series([*(f"c{i}" for i in range(size)), "c1"], dtype="str"),
    ):
        with pytest.raises(ValueError, match="twice"):
            windows.positions(children, children)


def test_missing_id_and_a_mix_of_numbers_and_text_are_refused():
    with pytest.raises(ValueError, match="no id"):
        windows.positions(pd.Series(["a", None], dtype="str"), pd.Series(["a"], dtype="str"))
    with pytest.raises(ValueError, match="numbers and of the other text"):
        windows.positions(np.array([1, 2]), pd.Series(["1"], dtype="str"))


def test_longer_id_that_begins_like_a_childs_is_another_id():
    children = [f"C{i:07d}" for i in range(2000)]
    records = [f"{child}x" for child in children[:50]] + children[:3]
    got = windows.positions(pd.Series(children, dtype="str"), pd.Series(records, dtype="str"))
    assert got.tolist() == [-1] * 50 + [0, 1, 2]


def test_how_many_records_are_looked_up_at_once_changes_nothing(monkeypatch):
    children = [f"C{i:07d}" for i in range(2000)]
    records = pd.Series([*children[::-1], None, "nobody", "C0000001x", "C1"], dtype="str")
    monkeypatch.setattr(core, "_AT_ONCE", 7)
    got = windows.positions(pd.Series(children, dtype="str"), records)
    assert got.tolist() == [*range(1999, -1, -1), -1, -1, -1, -1]
    assert windows.positions(pd.Series(children, dtype="str"), records[:0]).tolist() == []
