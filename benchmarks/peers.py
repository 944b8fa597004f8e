"""The fastest ways that others have: one pass in numba, DuckDB's leaner query; and what a way needs of memory.

numba and polars are no part of Stepdown's environment: ``uv pip install numba polars`` adds them for a day.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache

import numpy as np
import pandas as pd
from stepdown.windows.in_one_call import tally_columns

RUNGS = {"CIN": 1, "CP": 2, "CLA": 3}
PERIODS = ("before", "after")


def megabytes(work: Callable[[], object]) -> float:
    """Return the most memory of a process of its own that does the work, on top of one that does nothing."""
    return _most(work) - _most(lambda: None)


def _most(work: Callable[[], object]) -> float:
    pid = os.fork()
    if not pid:
        try:
            work()
        finally:
            os._exit(0)
    return os.wait4(pid, 0)[2].ru_maxrss / 1024


def leaner_sql(*, months: int, last_date: date) -> str:
    """Return a query that merges no spells: one join of them, one window function and clipped sums."""
    each = ((p, {status.lower(): rung for status, rung in RUNGS.items()}) for p in PERIODS)
    sums = ", ".join(
        ", ".join([*(_DAYS.format(p=p, status=name, rung=rung) for name, rung in rungs.items()), _TOUCHED.format(p=p)])
        for p, rungs in each
    )
    wanted = ", ".join(f"coalesce({name}, 0)::BIGINT AS {name}" for name in tally_columns())
    return _LEANER.format(months=months, end=last_date + timedelta(days=1), sums=sums, wanted=wanted)


_DAYS = """sum(greatest(0, least(e, {p}_end) - greatest(s, coalesce(latest, s), {p}_start)))
           FILTER (rung = {rung}) AS days_{status}_{p}"""

_TOUCHED = """count(*) FILTER ({touches} AND (fresh OR latest <= {{p}}_start)) AS episodes_{{p}},
           max(rung) FILTER ({touches}) AS highest_{{p}}""".format(
    touches="s < {p}_end AND (e > {p}_start OR (fresh AND s >= {p}_start))"
)

_LEANER = """
WITH periods AS (
    SELECT child_id, row_number AS row,
           (start_date - INTERVAL {months} MONTH)::DATE AS before_start, start_date AS before_end,
           end_date + 1 AS after_start, (end_date + 1 + INTERVAL {months} MONTH)::DATE AS after_end FROM children
), closed AS (
    SELECT child_id, CASE status WHEN 'CIN' THEN 1 WHEN 'CP' THEN 2 ELSE 3 END AS rung,
           start_date AS s, coalesce(end_date, DATE '{end}') AS e FROM spells
), sorted AS (
    SELECT *, max(e) OVER (PARTITION BY child_id, rung ORDER BY s, e DESC
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest FROM closed
), marked AS (
    SELECT *, latest IS NULL OR s > latest AS fresh FROM sorted
), spelled AS (
    SELECT row, {sums} FROM marked JOIN periods USING (child_id) GROUP BY row
), referred AS (
    SELECT row, count(*) FILTER (referral_date >= before_start AND referral_date < before_end) AS referrals_before,
           count(*) FILTER (referral_date >= after_start AND referral_date < after_end) AS referrals_after
    FROM referrals JOIN periods USING (child_id) WHERE NOT coalesce(is_index, false) GROUP BY row
)
SELECT {wanted} FROM periods LEFT JOIN spelled USING (row) LEFT JOIN referred USING (row) ORDER BY row
"""


def by_numba(tables, *, months: int, last_date: date) -> pd.DataFrame:
    """One pass over each child's own spells, sorted child by child; ids are whole numbers that lie close together."""
    children, spells, referrals = tables
    low = int(children["child_id"].min())
    row = np.full(int(children["child_id"].max()) - low + 1, -1)
    row[children["child_id"].to_numpy() - low] = np.arange(len(children))
    rung = sum(rung * (spells["status"] == status).to_numpy(dtype=np.int64) for status, rung in RUNGS.items())
    first = _days(spells["start_date"])
    end = _days(spells["end_date"].fillna(pd.Timestamp(last_date) + pd.Timedelta(days=1)))
    start, after = children["start_date"], children["end_date"] + pd.Timedelta(days=1)
    length = pd.DateOffset(months=months)
    windows = np.stack([_days(each) for each in (start - length, start, after, after + length)])
    kept = ~referrals["is_index"].to_numpy(dtype=bool)
    sent = row[referrals["child_id"].to_numpy()[kept] - low], _days(referrals["referral_date"])[kept]
    found = _pass()(row[spells["child_id"].to_numpy() - low], rung, first, end, windows, *sent)
    names = [f"{name}_{p}" for p in PERIODS for name in ("days_cin", "days_cp", "days_cla", "episodes", "highest")]
    names += [f"referrals_{p}" for p in PERIODS]
    return pd.DataFrame(dict(zip(names, found, strict=True)))


def _days(dates: pd.Series) -> np.ndarray:
    return dates.to_numpy().astype("datetime64[D]").view(np.int64)


@cache
def _pass() -> Callable:
    import numba

    @numba.njit
    def one_pass(child, rung, first, end, windows, sent_by, sent_on):
        n = windows.shape[1]
        found = np.zeros((12, n), np.int64)
        place = np.zeros(n + 1, np.int64)
        for c in child:
            place[c + 1] += 1
        place = np.cumsum(place)
        mine, at = np.empty(len(child), np.int64), place.copy()
        for spell in range(len(child)):  # each child's spells together
            mine[at[child[spell]]] = spell
            at[child[spell]] += 1
        for c in range(n):
            low, high = place[c], place[c + 1]
            for i in range(low + 1, high):  # in order of status, start and end: few of them
                spell, j = mine[i], i - 1
                while j >= low and (rung[mine[j]], first[mine[j]], end[mine[j]]) > (
                    rung[spell],
                    first[spell],
                    end[spell],
                ):
                    mine[j + 1] = mine[j]
                    j -= 1
                mine[j + 1] = spell
            i = low
            while i < high:  # a run: spells of one status that touch or overlap
                status, run_start, run_end = rung[mine[i]], first[mine[i]], end[mine[i]]
                i += 1
                while i < high and rung[mine[i]] == status and first[mine[i]] <= run_end:
                    run_end = max(run_end, end[mine[i]])
                    i += 1
                for period in range(2):
                    opens, closes = windows[2 * period, c], windows[2 * period + 1, c]
                    found[5 * period + status - 1, c] += max(0, min(run_end, closes) - max(run_start, opens))
                    if run_start < closes and max(run_end, run_start + 1) > opens:
                        found[5 * period + 3, c] += 1
                        found[5 * period + 4, c] = max(found[5 * period + 4, c], status)
        for k in range(len(sent_by)):
            for period in range(2):
                if windows[2 * period, sent_by[k]] <= sent_on[k] < windows[2 * period + 1, sent_by[k]]:
                    found[10 + period, sent_by[k]] += 1
        return found

    return one_pass
