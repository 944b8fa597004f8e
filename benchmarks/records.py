"""Made-up records for the benchmarks and the tests of scale: random, and awkward on purpose."""

from __future__ import annotations

import numpy as np
import pandas as pd

LADDER = np.array(["CIN", "CP", "CLA"], dtype=object)
LAST = np.datetime64("2019-12-31")
AWKWARD_DAYS = np.array(
    ["2015-12-31", "2016-01-31", "2016-02-28", "2016-02-29", "2016-03-01", "2016-03-31", "2016-08-30", "2016-08-31"]
    + ["2016-09-01", "2016-12-31", "2017-02-28", "2017-03-01", "2018-02-28", "2018-03-01", "2019-12-30", "2019-12-31"],
    dtype="datetime64[D]",
)
Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def random_records(children: int, *, seed: int, text_ids: bool) -> Tables:
    """Three spells (a tenth of them open) and two referrals a child on average, over four years."""
    rng = np.random.default_rng(seed)
    start = np.datetime64("2016-01-01") + rng.integers(200, 900, children)
    end = start + rng.integers(0, 300, children)
    who = rng.integers(0, children, 3 * children)
    first = np.datetime64("2016-01-01") + rng.integers(0, 1461, who.size)
    last = first + rng.integers(0, 400, who.size)
    last[rng.random(who.size) < 0.1] = np.datetime64("NaT")
    sent = rng.integers(0, children, 2 * children)
    on = np.datetime64("2016-01-01") + rng.integers(0, 1461, sent.size)
    return _tables(rng, text_ids, (start, end), (who, rng.integers(0, 3, who.size), first, last), (sent, on))


def awkward_records(*, children: int = 600, seed: int = 11, text_ids: bool) -> Tables:
    """Spells that touch, nest, repeat, have no days or no end, on leap days, month ends and window edges."""
    rng = np.random.default_rng(seed)
    start = rng.choice(AWKWARD_DAYS, children)
    end = start + rng.choice([0, 1, 27, 28, 29, 30, 31, 181, 365, 366], children)
    who = np.repeat(np.arange(children), 4)
    edges = np.stack([start, end, end + 1, start - 184, start - 181, end + 182], axis=1)
    anchored = edges[who, rng.integers(0, 6, who.size)]
    first = np.where(rng.random(who.size) < 0.5, rng.choice(AWKWARD_DAYS, who.size), anchored)
    first = np.minimum(first, LAST)
    last = first + rng.choice([0, 0, 1, 28, 29, 31, 184, 800], who.size)
    status = rng.integers(0, 3, who.size)
    for source, shift, length in ((0, None, 0), (1, None, 40), (2, 0, 0), (3, 5, 1)):  # touch, touch, repeat, nest
        rows = np.flatnonzero(rng.random(who.size) < 0.15)
        begins = last[rows] if shift is None else first[rows] + shift
        ends = begins + length if source != 2 else last[rows]
        who, status = np.append(who, who[rows]), np.append(status, status[rows])
        first, last = np.append(first, np.minimum(begins, LAST)), np.append(last, np.maximum(ends, begins))
    last[rng.random(who.size) < 0.15] = np.datetime64("NaT")
    sent = np.repeat(np.arange(children), 3)
    on = edges[sent, rng.integers(0, 6, sent.size)]
    return _tables(rng, text_ids, (start, end), (who, status, first, last), (sent, on))


def _tables(rng, text_ids, anchors, spells, referrals) -> Tables:
    number = rng.permutation(anchors[0].size) + 10_000_000
    ids = pd.Series(number).astype("str").radd("C") if text_ids else pd.Series(number)
    order = rng.permutation(spells[0].size)
    who, status, first, last = (values[order] for values in spells)
    sent, on = referrals

    def dates(values):
        return values.astype("datetime64[s]")

    return (
        pd.DataFrame({"child_id": ids, "start_date": dates(anchors[0]), "end_date": dates(anchors[1])}),
        pd.DataFrame(
            {
                "child_id": ids.take(who).reset_index(drop=True),
                "status": pd.Series(LADDER[status], dtype="str"),
                "start_date": dates(first),
                "end_date": dates(last),
            }
        ),
        pd.DataFrame(
            {
                "child_id": ids.take(sent).reset_index(drop=True),
                "referral_date": dates(on),
                "is_index": rng.random(sent.size) < 0.2,
            }
        ),
    )
