"""How much of workers' time is direct work: a ratio of sums, workers as clusters, the same weeks of the year.

The mean of each worker's share would give a week of ten hours the weight of a week of forty; a worker's weeks are
alike. So all direct hours are divided by all hours, and the standard error is that of a ratio with workers as clusters
(Cochran 1977, Sampling Techniques, section 6.4; the same as svyratio of R's survey package).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from stepdown.contracts import StudyRecords
from stepdown.effects.comparison import Floats
from stepdown.effects.estimates import NAN, t_interval
from stepdown.numbers import beyond_rounding
from stepdown.params import Study
from stepdown.tables import AggregateTable, Column, Role

FEWEST_WORKERS = 3


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of sums, or a difference of two.  workers: how many stand behind it.  NaN where it cannot be had."""

    value: float
    se: float
    ci_low: float
    ci_high: float
    workers: int


def ratio_of_sums(part: Floats, whole: Floats, worker: np.ndarray, *, level: float = 0.95) -> Ratio:
    """Return all of ``part`` divided by all of ``whole`` (one value per worker-week), t on workers less one."""
    value, spread = _influence(part, whole, pd.Series(worker))
    return _with_ends(value, spread, level)


def change_of_ratio(before: pd.DataFrame, after: pd.DataFrame, *, level: float = 0.95) -> Ratio:
    """Return the ratio after less the ratio before; a worker who is in both is one cluster.

    Both frames: worker_id, part, whole.
    """
    first, second = (_influence(*(own[name] for name in ("part", "whole", "worker_id"))) for own in (before, after))
    return _with_ends(second[0] - first[0], second[1].sub(first[1], fill_value=0.0), level)


def _influence(part: Floats, whole: Floats, worker: pd.Series) -> tuple[float, pd.Series]:
    """Return a ratio of sums and by how much each worker moves it."""
    sums = pd.DataFrame({"part": np.asarray(part), "whole": np.asarray(whole)}).groupby(np.asarray(worker)).sum()
    total = float(sums["whole"].sum())
    value = float(sums["part"].sum()) / total if total else NAN
    return value, (sums["part"] - value * sums["whole"]) / total if total else sums["part"] * NAN


def _with_ends(value: float, spread: pd.Series, level: float) -> Ratio:
    count = len(spread)
    se = float(np.sqrt((spread**2).sum() * count / (count - 1))) if count >= FEWEST_WORKERS else NAN
    se = beyond_rounding(se, 1.0)  # of shares
    low, high, _ = t_interval(value, se, count - 1, level)
    return Ratio(value, se, low, high, count)


def weeks_alike(study: Study, records: StudyRecords) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Return the worker-weeks before and after that lie in weeks of the year that both stretches have.

    Both: worker_id, week (of the year), part, whole.  Third: worker-weeks left out, since the other stretch does not
    have that week: August is not set against November.  Weeks without an hour are no weeks of work.
    """
    settings = study.settings.time_use
    if settings is None:
        raise LookupError(f"{study.name} has no time_use")
    rows = records.table("time_diary")
    direct = rows["hours"].where(rows["activity"].isin(settings.direct), 0.0)
    weeks = rows.assign(part=direct, whole=rows["hours"]).groupby(["worker_id", "week_start"])[["part", "whole"]].sum()
    weeks = weeks[weeks["whole"] > 0].reset_index()
    weeks["week"] = weeks["week_start"].dt.isocalendar().week.astype("int64")
    parts = [
        weeks[weeks["week_start"].between(pd.Timestamp(own.first), pd.Timestamp(own.last))]
        for own in (settings.before, settings.after)
    ]
    kept = [own[own["week"].isin(set(other["week"]))] for own, other in zip(parts, reversed(parts), strict=True)]
    return kept[0], kept[1], sum(map(len, parts)) - sum(map(len, kept))


def time_use_table(study: Study, records: StudyRecords) -> AggregateTable:
    """Return ``time_use``: one row is the comparison of the two stretches.

    percent_before, percent_after: share of hours.  points: the change.  relative: in per cent of the share before.
    left_out: worker-weeks of which the other stretch does not have the week of the year.
    """
    before, after, left_out = weeks_alike(study, records)
    stretches = (("before", before), ("after", after))
    found = {name: ratio_of_sums(own["part"], own["whole"], own["worker_id"]) for name, own in stretches}
    found["change"] = change_of_ratio(before, after)
    row: dict[str, float] = {f"workers_{name}": found[name].workers for name, _ in stretches}
    columns = {
        f"workers_{name}": Column(f"Workers, {name}", Role.COUNT, "workers", 0, about="With a week in it.")
        for name, _ in stretches
    }
    for name, label in (("before", "Direct work before"), ("after", "after"), ("change", "change")):
        rests = tuple(columns)[:2] if name == "change" else (f"workers_{name}",)
        unit = "percentage points" if name == "change" else "%"
        ends = found[name].value, found[name].ci_low, found[name].ci_high
        row |= {f"{name}{end}": 100 * value for end, value in zip(("", "_low", "_high"), ends, strict=True)}
        columns |= {
            name: Column(label, Role.DERIVED, unit, 1, rests, "Of all hours."),
            f"{name}_low": Column("from", Role.DERIVED, unit, 1, rests, "95% interval, workers as clusters."),
            f"{name}_high": Column("to", Role.DERIVED, unit, 1, rests, "95% interval, workers as clusters."),
        }
    relative = 100 * (row["after"] / row["before"] - 1) if row["before"] > 0 else NAN
    row |= {"relative": relative, "weeks": len(before) + len(after), "left_out": left_out}
    columns |= {
        "relative": Column("Change, relative", Role.DERIVED, "%", 0, tuple(columns)[:2], "Of the share before."),
        "weeks": Column("Weeks", Role.OPEN, "weeks", 0, about="Of all workers, in weeks that both stretches have."),
        "left_out": Column("Weeks left out", Role.OPEN, "weeks", 0, about="The other stretch lacks that week."),
    }
    return AggregateTable.of_rows("time_use", "comparison of two stretches of time", columns, [row])
