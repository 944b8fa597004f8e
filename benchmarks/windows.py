"""Windows for all of England: Stepdown against the loop, pandas and DuckDB, side by side in one run.

    .venv/bin/python -m benchmarks.windows            # a million children (a few minutes)
    .venv/bin/python -m benchmarks.windows 100000     # fewer

Six outcomes in two windows: days at CIN, CP and CLA, episodes, highest status, referrals without the index referral.
All ways are given the same records in the form that suits them best (DuckDB: its own tables, already loaded), and
the whole result of each, one row per child, is hashed: the run fails when two hashes differ.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from importlib.util import find_spec

import duckdb
import numpy as np
import pandas as pd
from stepdown.windows.in_one_call import tally, tally_columns
from stepdown.windows.months import tally_months
from stepdown.windows.on_disk import tally_sql

from benchmarks.peers import by_numba, leaner_sql, megabytes
from benchmarks.records import awkward_records, random_records

MONTHS, LAST = 6, date(2019, 12, 31)
LADDER = ("CIN", "CP", "CLA")
LOOP_SAMPLE = 500
STEPDOWN, DUCKDB, PANDAS = "Stepdown (NumPy)", "DuckDB, one SQL query", "pandas, vectorised"
LEANER, NUMBA = "DuckDB, leaner query", "numba, one pass"
HAS_NUMBA = find_spec("numba") is not None


def digest(result) -> str:
    """Hash the whole result: every column, every child, in order."""
    whole = hashlib.sha256()
    for name in tally_columns():
        whole.update(np.ascontiguousarray(np.asarray(result[name]), dtype=np.int64).tobytes())
    return whole.hexdigest()[:12]


def by_stepdown(tables):
    return tally(*tables, months=MONTHS, last_date=LAST)


def by_loop(tables):
    """What analysts write: a loop over children, a filter of the tables for each, and days counted in sets."""
    children, spells, referrals = tables
    closed = spells.assign(end_date=spells["end_date"].fillna(pd.Timestamp(LAST) + pd.Timedelta(days=1)))
    rows = []
    for child in children.itertuples():
        row = {}
        spells_of_child = closed[closed["child_id"] == child.child_id]
        sent = referrals[(referrals["child_id"] == child.child_id) & ~referrals["is_index"]]["referral_date"]
        after = child.end_date + pd.Timedelta(days=1)
        for period, first, end in (
            ("before", child.start_date - pd.DateOffset(months=MONTHS), child.start_date),
            ("after", after, after + pd.DateOffset(months=MONTHS)),
        ):
            window = set(pd.date_range(first, end, inclusive="left"))
            row[f"episodes_{period}"] = row[f"highest_{period}"] = 0
            for rung, status in enumerate(LADDER, 1):
                own = spells_of_child[spells_of_child["status"] == status]
                held, episodes = set(), 0
                for spell in own.itertuples():
                    held |= set(pd.date_range(spell.start_date, spell.end_date, inclusive="left"))
                one = pd.Timedelta(days=1)
                episodes += sum(1 for day in held & window if day - one not in held or day == first)
                dayless = {s.start_date for s in own.itertuples() if s.start_date == s.end_date}
                episodes += sum(1 for day in dayless if day in window and day not in held and day - one not in held)
                row[f"days_{status.lower()}_{period}"] = len(held & window)
                row[f"episodes_{period}"] += episodes
                row[f"highest_{period}"] = rung if episodes else row[f"highest_{period}"]
            row[f"referrals_{period}"] = int(((sent >= first) & (sent < end)).sum())
        rows.append(row)
    return pd.DataFrame(rows)


def by_pandas(tables):
    """Vectorised pandas: sort, shift and cummax by group, merge and group by."""
    children, spells, referrals = tables
    wide = children[["child_id"]].copy()
    wide["before_start"] = children["start_date"] - pd.DateOffset(months=MONTHS)
    wide["before_end"] = children["start_date"]
    wide["after_start"] = children["end_date"] + pd.Timedelta(days=1)
    wide["after_end"] = wide["after_start"] + pd.DateOffset(months=MONTHS)
    s = spells.assign(end_date=spells["end_date"].fillna(pd.Timestamp(LAST) + pd.Timedelta(days=1)))
    s = s.sort_values(["child_id", "status", "start_date", "end_date"])
    keys = [s["child_id"], s["status"]]
    latest = s["end_date"].astype("int64").groupby(keys, sort=False).cummax()
    latest = latest.groupby(keys, sort=False).shift()
    run = (latest.isna() | (s["start_date"].astype("int64") > latest)).cumsum().rename("run")
    merged = s.groupby([*keys, run], sort=False).agg(s=("start_date", "min"), e=("end_date", "max")).reset_index()
    merged = merged.merge(wide, on="child_id")
    sent = referrals[~referrals["is_index"]].merge(wide, on="child_id")
    out = {}
    for period in ("before", "after"):
        first, end = merged[f"{period}_start"], merged[f"{period}_end"]
        inside = (merged["e"].where(merged["e"] < end, end) - merged["s"].where(merged["s"] > first, first)).dt.days
        reach = merged["e"].where(merged["e"] > merged["s"], merged["s"] + pd.Timedelta(days=1))
        held = (merged["s"] < end) & (reach > first)
        for status in LADDER:
            of = merged["status"] == status
            out[f"days_{status.lower()}_{period}"] = inside[of].clip(lower=0).groupby(merged["child_id"]).sum()
        out[f"episodes_{period}"] = held.groupby(merged["child_id"]).sum()
        rung = merged["status"].map({status: i for i, status in enumerate(LADDER, 1)})
        out[f"highest_{period}"] = rung.where(held, 0).groupby(merged["child_id"]).max()
        seen = (sent["referral_date"] >= sent[f"{period}_start"]) & (sent["referral_date"] < sent[f"{period}_end"])
        out[f"referrals_{period}"] = seen.groupby(sent["child_id"]).sum()
    return pd.DataFrame(out).reindex(children["child_id"]).fillna(0).astype("int64").reset_index(drop=True)


def loaded(tables) -> duckdb.DuckDBPyConnection:
    """Load the records into DuckDB's own tables, with dates as DATE: not part of the time measured."""
    base = duckdb.connect()
    dates = {
        "children": ("start_date", "end_date"),
        "spells": ("start_date", "end_date"),
        "referrals": ("referral_date",),
    }
    for (name, columns), frame in zip(dates.items(), tables, strict=True):
        base.register("given", frame.assign(row_number=np.arange(len(frame))))
        as_dates = ", ".join(f"{column}::DATE AS {column}" for column in columns)
        base.execute(f"CREATE TABLE {name} AS SELECT * REPLACE ({as_dates}) FROM given")
        base.unregister("given")
    return base


Taken = dict[str, list[float]]


def in_turn(times: int, ways: dict[str, Callable]) -> tuple[Taken, Taken, dict]:
    """Run all ways in turn, ``times`` over: a busy machine slows all of them alike.

    Returns the seconds of each by the clock, its processor seconds on all cores together, and its result.
    """
    seconds, worked, results = {name: [] for name in ways}, {name: [] for name in ways}, {}
    for _ in range(times):
        for name, work in ways.items():
            begun, before = time.perf_counter(), time.process_time()
            results[name] = work()
            seconds[name].append(time.perf_counter() - begun)
            worked[name].append(time.process_time() - before)
    return seconds, worked, results


def ratio(of: list[float], to: list[float]) -> float:
    """Return the median over the rounds of the ratio of two ways within one round."""
    return float(np.median(np.array(of) / np.array(to)))


def agree(results: dict) -> None:
    digests = {name: digest(result) for name, result in results.items()}
    if len(set(digests.values())) != 1:
        raise SystemExit(f"the ways disagree: {digests}")
    print(f"   all agree: sha256 {next(iter(digests.values()))}…")


def ways_of(tables) -> dict[str, Callable]:
    base, query = loaded(tables), tally_sql(months=MONTHS, last_date=LAST)
    lean, ids = leaner_sql(months=MONTHS, last_date=LAST), tables[0]["child_id"]
    ways = {
        STEPDOWN: partial(by_stepdown, tables),
        DUCKDB: lambda: base.execute(query).fetchnumpy(),
        LEANER: lambda: base.execute(lean).fetchnumpy(),
    }
    numbers = HAS_NUMBA and pd.api.types.is_integer_dtype(ids)
    return ways | ({NUMBA: partial(by_numba, tables, months=MONTHS, last_date=LAST)} if numbers else {})


def loop_on_a_sample(tables) -> float:
    """Return the seconds a child that the loop takes when it filters the full tables, checked on the sample."""
    children = tables[0].head(LOOP_SAMPLE)
    few = children.head(10)
    begun = time.perf_counter()
    by_loop((few, tables[1], tables[2]))
    a_child = (time.perf_counter() - begun) / len(few)
    own = tuple(table[table["child_id"].isin(children["child_id"])].reset_index(drop=True) for table in tables)
    if digest(by_loop(own)) != digest(by_stepdown(own)):
        raise SystemExit("the loop disagrees")
    print(f"   the loop agrees on {LOOP_SAMPLE} children")
    return a_child


def memories(tables, ids: str) -> None:
    """Print what each way holds at most on top of its input (DuckDB: of its own tables), in a process of its own."""

    def asked(query: str) -> Callable:
        return lambda: loaded(tables).execute(query).fetchnumpy()

    own = {STEPDOWN: megabytes(partial(by_stepdown, tables)), PANDAS: megabytes(partial(by_pandas, tables))}
    held = megabytes(lambda: loaded(tables))
    queries = {DUCKDB: tally_sql(months=MONTHS, last_date=LAST), LEANER: leaner_sql(months=MONTHS, last_date=LAST)}
    own |= {name: megabytes(asked(query)) - held for name, query in queries.items()}
    print(f"   memory on top of the input, {ids} ids: " + "; ".join(f"{name} {mb:.0f} MB" for name, mb in own.items()))


def main(children: int) -> None:
    print("awkward records (touching, nested, repeated, dayless, open, on leap days and month ends)")
    awkward = awkward_records(children=max(children // 10, 100), text_ids=True)
    awkward_ways = ways_of(awkward) | {PANDAS: partial(by_pandas, awkward)}
    agree({name: work() for name, work in awkward_ways.items()})
    agree({name: work() for name, work in ways_of(awkward_records(children=children // 10, text_ids=False)).items()})
    if not HAS_NUMBA:
        print("   numba is not installed and left out: uv pip install numba")
    loop_on_a_sample(awkward_records(children=LOOP_SAMPLE, text_ids=True))
    tables = random_records(children, seed=1, text_ids=False)
    text = random_records(children, seed=1, text_ids=True)
    print(f"random records: {children:,} children, {len(tables[1]):,} spells, {len(tables[2]):,} referrals")
    for ids, held in (("numeric", tables), ("text", text)):
        memories(held, ids)
    with_text = {f"{name}, text ids": work for name, work in ways_of(text).items()}
    seconds, worked, results = in_turn(7, ways_of(tables) | with_text)
    slow, _, by_slow = in_turn(1, {PANDAS: partial(by_pandas, tables)})
    agree(results | by_slow)
    seconds |= slow | {"the loop (extrapolated)": [loop_on_a_sample(tables) * children]}
    for name, taken in seconds.items():
        print(f"   {name:32} {min(taken):10.2f} s   {min(taken) / min(seconds[STEPDOWN]):10.2f} times Stepdown")
    for unit, taken in (("seconds", seconds), ("processor seconds", worked)):
        own, text_ids = taken[STEPDOWN], taken[f"{STEPDOWN}, text ids"]
        print(f"   of DuckDB's {unit}, numeric ids (aim: at most 0.60): {ratio(own, taken[DUCKDB]):.2f}")
        print(f"   of DuckDB's {unit}, text ids: {ratio(text_ids, taken[f'{DUCKDB}, text ids']):.2f}")
        print(f"   of the leaner query's {unit}, numeric ids (aim: at most 0.35): {ratio(own, taken[LEANER]):.2f}")
        leaner = ratio(text_ids, taken[f"{LEANER}, text ids"])
        print(f"   of the leaner query's {unit}, text ids (aim: at most 0.50): {leaner:.2f}")
        print(f"   text ids to numeric ids, {unit} (aim: at most 2): {ratio(text_ids, own):.2f}")
    months = {"24 months": lambda: tally_months(*tables, last_date=LAST), STEPDOWN: partial(by_stepdown, tables)}
    taken, *_ = in_turn(5, months)
    print(f"   24 months in one call, of the time of two periods (aim: at most 3): {ratio(*taken.values()):.2f}")
    print("growth, numeric ids")
    size = 1_000
    while size <= children:
        grown = random_records(size, seed=2, text_ids=False)
        taken = min(in_turn(5, {STEPDOWN: partial(by_stepdown, grown)})[0][STEPDOWN])
        print(f"   {size:>9,} children {1000 * taken:9.1f} ms   {1e9 * taken / size:7.0f} ns a child")
        size *= 10


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
