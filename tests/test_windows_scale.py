"""The whole population in one call: NumPy in memory and DuckDB on disk are two judges of each other.

Both are held to the set-of-days reference on awkward records, and to each other on many random ones.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
import windows_reference as slow
from stepdown.windows.in_one_call import LADDER, tally, tally_columns
from stepdown.windows.on_disk import fits_in_memory, tally_files, tally_on_disk

from benchmarks.records import awkward_records, random_records

LAST = date(2019, 12, 31)


def on_disk(folder, tables, **options):
    paths = []
    for name, frame in zip(("children", "spells", "referrals"), tables, strict=True):
        paths.append(folder / f"{name}.parquet")
        frame.to_parquet(paths[-1], index=False)
    rows = tally_on_disk(*paths, folder / "tally.parquet", last_date=LAST, **{"threads": 1} | options)
    result = pd.read_parquet(folder / "tally.parquet")
    assert rows == len(result)
    assert sorted(path.name for path in folder.iterdir()) == sorted([*(p.name for p in paths), "tally.parquet"])
    return result


def assert_agree(one, other, child_id):
    assert other["child_id"].tolist() == child_id.tolist()
    assert list(other.columns) == ["child_id", *tally_columns()]
    for name in tally_columns():
        np.testing.assert_array_equal(one[name], other[name].to_numpy(), err_msg=name)


@pytest.mark.parametrize("rule", ["clipped", "whole_spell"])
@pytest.mark.parametrize("months", [1, 6, 13])
def test_memory_and_disk_agree_on_awkward_records(tmp_path, rule, months):
    tables = awkward_records(text_ids=True)
    got = tally(*tables, months=months, last_date=LAST, rule=rule)
    assert_agree(got, on_disk(tmp_path, tables, months=months, rule=rule), tables[0]["child_id"])


@pytest.mark.parametrize("text_ids", [True, False])
@pytest.mark.parametrize("memory", ["60MB", "1GB"])
def test_memory_and_disk_agree_on_random_records(tmp_path, text_ids, memory):
    tables = random_records(2_000, seed=5, text_ids=text_ids)
    got = tally(*tables, months=6, last_date=LAST)
    assert_agree(got, on_disk(tmp_path, tables, months=6, memory=memory), tables[0]["child_id"])
    assert all(got[name].sum() > 0 for name in tally_columns())


@pytest.mark.slow
def test_equal_spells_on_many_threads_make_no_difference(tmp_path):
    """Equal spells may be sorted in another order by each window function of one query."""
    children, spells, referrals = awkward_records(children=30_000, text_ids=False)
    twice = pd.concat([spells, spells], ignore_index=True).sample(frac=1, random_state=1)
    tables = (children, twice, referrals)
    got = tally(*tables, months=6, last_date=LAST)
    for _ in range(4):
        assert_agree(got, on_disk(tmp_path, tables, months=6, threads=8), children["child_id"])
        (tmp_path / "tally.parquet").unlink()


@pytest.mark.parametrize("rule", ["clipped", "whole_spell"])
def test_one_call_agrees_with_sets_of_days(rule):
    children, spells, referrals = awkward_records(text_ids=True)
    got = pd.DataFrame(tally(children, spells, referrals, months=6, last_date=LAST, rule=rule))
    for i, child in enumerate(children.head(150).itertuples()):
        start, after = child.start_date.date(), child.end_date.date() + timedelta(days=1)
        periods = {
            "before": (slow.plain_months(start, -6), start),
            "after": (after, slow.plain_months(after, 6)),
        }
        own = spells[spells["child_id"] == child.child_id]
        sent = referrals[(referrals["child_id"] == child.child_id) & ~referrals["is_index"]]
        for period, (first, end) in periods.items():
            want = {f"episodes_{period}": 0, f"highest_{period}": 0}
            for rung, status in enumerate(LADDER, 1):
                rows = own[own["status"] == status]
                pairs = [
                    (s.date(), LAST + timedelta(days=1) if pd.isna(e) else e.date())
                    for s, e in zip(rows["start_date"], rows["end_date"], strict=True)
                ]
                one = slow.expected(pairs, first, end)
                want[f"days_{status.lower()}_{period}"] = getattr(one, f"days_{rule}")
                want[f"episodes_{period}"] += one.episodes
                want[f"highest_{period}"] = rung if one.episodes else want[f"highest_{period}"]
            want[f"referrals_{period}"] = sum(first <= d.date() < end for d in sent["referral_date"])
            assert {name: int(got.loc[i, name]) for name in want} == want


def test_row_order_of_spells_and_referrals_changes_nothing():
    children, spells, referrals = random_records(500, seed=6, text_ids=True)
    plain = tally(children, spells, referrals, months=6, last_date=LAST)
    mixed = tally(
        children,
        spells.sample(frac=1, random_state=1),
        referrals.sample(frac=1, random_state=2),
        months=6,
        last_date=LAST,
    )
    for name, values in plain.items():
        np.testing.assert_array_equal(values, mixed[name])


@pytest.mark.parametrize(
    ("table", "column", "value", "message"),
    [
        (1, "child_id", "nobody", "spell.* of a child that is not among the children"),
        (2, "child_id", "nobody", "referral.* of a child that is not among the children"),
        (1, "status", "LAC", "status"),
        (1, "end_date", pd.Timestamp("1990-01-01"), "end"),
        (0, "child_id", None, "twice"),
    ],
)
def test_both_refuse_the_same_records(tmp_path, table, column, value, message):
    tables = [frame.copy() for frame in random_records(50, seed=7, text_ids=True)]
    tables[table].loc[0, column] = tables[table].loc[1, column] if value is None else value
    with pytest.raises(ValueError, match=message):
        tally(*tables, months=6, last_date=LAST)
    with pytest.raises(ValueError, match=message):
        on_disk(tmp_path, tables, months=6)
    assert not (tmp_path / "tally.parquet").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda spells: spells | {"status": np.full(spells["status"].size, 3)}, "not on the ladder"),
        (lambda spells: spells | {"status": np.full(spells["status"].size, -1)}, "not on the ladder"),
        (lambda spells: spells | {"start_date": spells["start_date"][:-1]}, "arrays of one length"),
        (lambda spells: spells | {"end_date": np.append(spells["end_date"], spells["end_date"][:1])}, "arrays of one"),
    ],
)
def test_places_beyond_the_ladder_and_columns_of_unequal_length_are_refused(change, message):
    children, spells, referrals = random_records(50, seed=7, text_ids=False)
    columns = {name: spells[name].to_numpy() for name in spells} | {"status": np.zeros(len(spells), dtype=np.int64)}
    with pytest.raises(ValueError, match=message):
        tally(children, change(columns), referrals, months=6, last_date=LAST)


@pytest.mark.parametrize("column", ["child_id", "referral_date", "is_index"])
def test_columns_of_referrals_of_unequal_length_are_refused(column):
    children, spells, referrals = random_records(50, seed=7, text_ids=False)
    columns = {name: referrals[name].to_numpy() for name in referrals}
    with pytest.raises(ValueError, match="referrals: .* must be arrays of one length"):
        tally(children, spells, columns | {column: columns[column][:-1]}, months=6, last_date=LAST)


@pytest.mark.parametrize("rule", ["clipped", "whole_spell"])
def test_how_many_records_are_compared_at_once_changes_nothing(monkeypatch, rule):
    tables = awkward_records(text_ids=True)
    plain = tally(*tables, months=6, last_date=LAST, rule=rule)
    monkeypatch.setattr("stepdown.windows.in_one_call._AT_ONCE", 7)
    for name, values in tally(*tables, months=6, last_date=LAST, rule=rule).items():
        np.testing.assert_array_equal(plain[name], values, err_msg=name)


def test_a_population_without_records_and_one_without_children():
    children, spells, referrals = random_records(50, seed=7, text_ids=False)
    none = tally(children, spells.iloc[:0], referrals.iloc[:0], months=6, last_date=LAST)
    assert list(none) == tally_columns()
    assert all(values.tolist() == [0] * 50 for values in none.values())
    nobody = tally(children.iloc[:0], spells.iloc[:0], referrals.iloc[:0], months=6, last_date=LAST)
    assert all(values.tolist() == [] for values in nobody.values())


@pytest.mark.parametrize("text_ids", [True, False])
def test_files_give_the_same_in_memory_and_on_disk(tmp_path, monkeypatch, text_ids):
    tables = awkward_records(text_ids=text_ids)
    paths = [tmp_path / f"{name}.parquet" for name in ("children", "spells", "referrals")]
    for path, frame in zip(paths, tables, strict=True):
        frame.to_parquet(path, index=False)
    rows = tally_files(*paths, tmp_path / "memory.parquet", months=6, last_date=LAST)
    monkeypatch.setattr("stepdown.windows.on_disk.ROWS_IN_MEMORY", 10)
    assert tally_files(*paths, tmp_path / "disk.parquet", months=6, last_date=LAST) == rows == len(tables[0])
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "memory.parquet"), pd.read_parquet(tmp_path / "disk.parquet")
    )


def test_size_is_known_from_the_footers(tmp_path, monkeypatch):
    random_records(50, seed=7, text_ids=True)[1].to_parquet(tmp_path / "spells.parquet")
    assert fits_in_memory(tmp_path / "spells.parquet")
    monkeypatch.setattr("stepdown.windows.on_disk.ROWS_IN_MEMORY", 149)
    assert not fits_in_memory(tmp_path / "spells.parquet")
