"""What a monitoring page shows of each series: points, limits, special points and target.

Everything here is worked out from points as they were cleared for release, so that no limit, mean or number of special
points can give a hidden number away.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from stepdown.contracts import read_study
from stepdown.faults import Fault, Refused
from stepdown.params import load_study, project_root
from stepdown.series import limits as charts
from stepdown.series.limits import FEWEST_POINTS, Limits
from stepdown.series.reading import read_series
from stepdown.series.records import record_series
from stepdown.series.settings import Monitoring, MonitoringFile, Series, read_settings


@dataclass(frozen=True)
class MonitoringStudy:
    """A monitoring study. observations: one row per period × series × group, columns as in the table ``series``."""

    file: MonitoringFile
    observations: pd.DataFrame

    @property
    def settings(self) -> Monitoring:
        """The settings of the parameter file."""
        return self.file.monitoring


def begin(file: Path) -> MonitoringStudy:
    """Return the monitoring study of a parameter file; raises Refused with every fault of the file and its tables.

    >>> begin(book.root / "params/monitoring_millbrook.yaml").file.title
    'Families Together, Millbrook (made up): monitoring'
    """
    content = read_settings(file)
    settings, root = content.monitoring, project_root(file)
    frame = read_series(settings, root).assign(group="")
    own = [item.id for item in settings.series if item.from_records]
    if own and settings.records:
        study = load_study(root / settings.records.study)
        counted = record_series(study, read_study(study), own, settings.records.first, settings.records.last)
        frame = counted if frame.empty else pd.concat([frame, counted])
    frame = frame.sort_values(["series_id", "group", "period_start"]).reset_index(drop=True)
    faults = [fault for item in settings.series for fault in _baseline_faults(item, frame, file.name)]
    if faults:
        raise Refused(faults)
    return MonitoringStudy(content, frame)


def _baseline_faults(item: Series, frame: pd.DataFrame, where: str) -> list[Fault]:
    if not item.baseline:
        return []
    rows = frame[frame["series_id"] == item.id]
    inside = rows[
        (rows["period_start"] >= pd.Timestamp(item.baseline[0]))
        & (rows["period_end"] <= pd.Timestamp(item.baseline[1]))
    ]
    if len(inside):
        return []
    return [
        Fault(
            where=f"{where}, series {item.id}, baseline",
            found="a baseline in which the series has no period",
            allowed=f"days from {rows['period_start'].min():%Y-%m-%d} to {rows['period_end'].max():%Y-%m-%d}",
            rule="limits are calculated from the periods of the baseline",
            remedy="correct the dates, or remove the baseline",
        )
    ]


def name_of(item: Series, group: str) -> str:
    """Return what a series is called: its label, and the group where it is counted by group."""
    return f"{item.label}, {group}" if group else item.label


@dataclass(frozen=True)
class Analysed:
    """One series as it can be shown. n periods.

    points: one row per period with first_day, last_day (dates) and value (NaN: not shown, missing or a bound).
    chart: limits of the stretch since the last break, which the latest point is in (None: none); why: why not.
    latest: (n,) whether a period is in that stretch.  in_break: (n,) whether it lies in a declared break.
    centre, lower, upper: (n,) of every stretch that can have limits (NaN elsewhere).  reasons: (n,) why a point is
    special, "" for common cause.
    """

    item: Series
    name: str
    points: pd.DataFrame
    latest: np.ndarray
    in_break: np.ndarray
    chart: Limits | None
    why: str
    centre: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    reasons: list[str]

    @property
    def values(self) -> np.ndarray:
        """What is drawn (n,)."""
        return self.points["value"].to_numpy(dtype="float64")

    @property
    def on_baseline(self) -> bool:
        """Whether the limits of the latest stretch rest on the baseline."""
        return baseline_size(self.item, self.points[self.latest]) > 0

    @property
    def latest_reasons(self) -> list[str]:
        """Why the points since the last break are special."""
        return [reason for reason, inside in zip(self.reasons, self.latest, strict=True) if inside]


def analysed(study: MonitoringStudy, points: pd.DataFrame) -> list[Analysed]:
    """Return each series of the cleared table ``series_points``, in the order of the parameter file.

    >>> [each.name for each in analysed(watched, points)][:2]
    ['Days to the assessment', 'Visits']
    """
    found = []
    for item in study.settings.series:
        groups = study.observations.loc[study.observations["series_id"] == item.id, "group"].unique()
        for group in groups:
            name = name_of(item, str(group))
            rows = points[points["series"] == name].copy()
            rows["value"] = pd.to_numeric(rows["value"], errors="coerce")
            for column in ("count", "out_of"):
                rows[column] = pd.to_numeric(rows[column], errors="coerce")
            rows[["first_day", "last_day"]] = rows[["first_day", "last_day"]].apply(pd.to_datetime)
            found.append(_analysed(item, name, rows.reset_index(drop=True)))
    return found


def _analysed(item: Series, name: str, points: pd.DataFrame) -> Analysed:
    n = len(points)
    in_break, stretch = np.zeros(n, dtype=bool), np.zeros(n, dtype=int)
    for broken in item.breaks:
        inside = (points["last_day"] >= pd.Timestamp(broken.first)) & (points["first_day"] <= pd.Timestamp(broken.last))
        in_break |= inside.to_numpy()
        stretch += (points["first_day"] > pd.Timestamp(broken.last)).to_numpy()
    centre, lower, upper = (np.full(n, np.nan) for _ in range(3))
    reasons, chart, why = [""] * n, None, "no period"
    last = int(stretch.max()) if n else 0
    for number in range(last + 1):
        mine = (stretch == number) & ~in_break
        why = why_no_limits(item, points[mine])
        if why:
            continue
        made = _chart(item, points[mine])
        centre[mine], lower[mine], upper[mine] = made.centre, made.lower, made.upper
        for place, reason in zip(np.flatnonzero(mine), charts.special(made), strict=True):
            reasons[place] = reason
        chart = made if number == last else None
    latest = (stretch == last) & ~in_break
    return Analysed(item, name, points, latest, in_break, chart, why, centre, lower, upper, reasons)


def why_no_limits(item: Series, points: pd.DataFrame) -> str:
    """Return why a stretch of a series has no limits, or ""."""
    if len(points) < FEWEST_POINTS:
        return f"{len(points)} period{'' if len(points) == 1 else 's'}; limits need {FEWEST_POINTS}"
    if points["value"].isna().any():
        missing = int(points["value"].isna().sum())
        return f"{missing} of {len(points)} values are missing or not shown"
    if item.kind in ("days_between", "cases_between"):
        return ""  # one row per event: the periods between them are what is measured
    lengths = (points["last_day"] - points["first_day"]).dt.days + 1
    if lengths.max() > 1.2 * lengths.min():
        return f"periods of different lengths ({lengths.min()} to {lengths.max()} days)"
    gaps = (points["first_day"].iloc[1:].to_numpy() - points["last_day"].iloc[:-1].to_numpy()) / np.timedelta64(1, "D")
    if len(gaps) and gaps.max() > 1.5 * lengths.max():
        return "more than one period in a row is missing"
    if 0 < baseline_size(item, points) < FEWEST_POINTS:
        return f"the baseline holds {baseline_size(item, points)} periods; limits need {FEWEST_POINTS}"
    return ""


def baseline_size(item: Series, points: pd.DataFrame) -> int:
    """Return how many periods of a stretch lie in the baseline (0: none, and all of the stretch is used)."""
    inside = _baseline(item, points)
    return inside.stop - inside.start


def _baseline(item: Series, points: pd.DataFrame) -> slice:
    """Return where a stretch, in order of its days, lies in the baseline."""
    if not item.baseline:
        return slice(0, 0)
    first, last = (pd.Timestamp(day) for day in item.baseline)
    places = np.flatnonzero((points["first_day"] >= first) & (points["last_day"] <= last))
    return slice(int(places[0]), int(places[-1]) + 1) if len(places) else slice(0, 0)


def _chart(item: Series, points: pd.DataFrame) -> Limits:
    """Return the control chart that the kind of data asks for; limits rest on the baseline, else on all periods."""
    base = _baseline(item, points) if baseline_size(item, points) else None
    if item.kind == "proportion":
        chart = charts.proportions(points["count"], points["out_of"], base, laney=points["out_of"].median() >= 1000)
        return Limits(chart.chart, *(values * item.per for values in (chart.y, chart.centre, chart.lower, chart.upper)))
    if item.kind == "rate":
        return charts.rates(points["count"], points["out_of"] / item.per, base)
    if item.kind in ("days_between", "cases_between"):
        return (
            charts.days_between(points["value"])
            if item.kind == "days_between"
            else charts.cases_between(points["value"])
        )
    if item.kind == "rare":
        return charts.rare_counts(points["value"], base)
    return charts.xmr(points["value"], base)


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """Where a series stands to its target.

    baseline, latest, last_three: values (NaN: not known).  met, seen: periods since the baseline that met it, and all.
    status: "met", "moving towards", "moving away", "not moving", "cannot be said".  why: of the last, or that its time
    is up.
    """

    target: float
    baseline: float
    latest: float
    last_three: float
    met: int
    seen: int
    status: str
    why: str = ""


def target_status(series: Analysed) -> TargetStatus | None:
    """Return where a series stands to its target (None without one).

    Met: the mean of the last three periods meets it. One good period is not enough. Moving towards: that mean is
    better than the baseline was; of a target that was met before, it cannot be.
    """
    item = series.item
    if item.target is None:
        return None
    rows = series.points[~series.in_break]
    base = rows
    if item.baseline:
        first, last = (pd.Timestamp(day) for day in item.baseline)
        base = rows[(rows["first_day"] >= first) & (rows["last_day"] <= last)]
    baseline = float(base["value"].mean()) if item.baseline and base["value"].notna().any() else float("nan")
    goal = item.target.value
    if goal is None:
        goal = baseline * (1 + (item.target.change_percent or 0.0) / 100)
    since = rows[rows["first_day"] > pd.Timestamp(item.baseline[1])] if item.baseline else rows
    known = since["value"].dropna()
    latest = float(since["value"].iloc[-1]) if len(since) else float("nan")
    three = since["value"].tail(3)
    mean = float(three.mean()) if len(three) == 3 and three.notna().all() else float("nan")
    met = int(_meets(known, goal, item.better).sum())
    status, why = "cannot be said", ""
    if not np.isfinite(goal):
        why = "the baseline is not known"
    elif not np.isfinite(mean):
        why = "fewer than three known values in a row at the end"
    elif bool(_meets(pd.Series([mean]), goal, item.better).iloc[0]):
        status = "met"
    elif not np.isfinite(baseline):
        why = "not met; without a baseline the direction is not known"
    else:
        moved = round(mean - baseline, 9) * (1 if item.better == "higher" else -1)
        status = "moving towards" if moved > 0 else "moving away" if moved else "not moving"
        if item.target.by and rows["last_day"].iloc[-1] >= pd.Timestamp(item.target.by):
            why = f"it was to be met by {item.target.by.day} {item.target.by:%B %Y}"
    return TargetStatus(goal, baseline, latest, mean, met, len(known), status, why)


def _meets(values: pd.Series, goal: float, better: str) -> pd.Series:
    return values >= goal if better == "higher" else values <= goal
