"""Interrupted time series: did the level change at a stated date, beyond the trend and the season before it.

A single series shows that something changed when the programme began, never that the programme did it. With a
comparison series (England, or the neighbours) it becomes a controlled series, which is preferred.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, optimize

from stepdown.numbers import digits
from stepdown.series import Analysed
from stepdown.tables import AggregateTable, Column, Role

Floats = NDArray[np.float64]

FEWEST_EACH_SIDE = 12
"""Points before and after that a model needs (Turner et al. 2021, doi 10.1186/s12874-021-01364-0)."""

LARGEST = 15.0
"""Change on the log scale beyond which a regression of counts has run off: one side has zeros only."""

Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class LevelChange:
    """The change of level at the stated date.

    model: its name.  change: log ratio for counts, difference for measurements.  se, low, high: 95% limits.
    slope_change, slope_se: change of slope a period (NaN: the model has none).  dispersion: of a quasi-Poisson model
    (above 1: counts vary more than chance).  expected: (n,) the line without the change.
    others: name → (change, se) of the sensitivities.
    """

    model: str
    change: float
    se: float
    dispersion: float = float("nan")
    slope_change: float = float("nan")
    slope_se: float = float("nan")
    expected: Floats = field(default_factory=lambda: np.empty(0))
    others: dict[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def low(self) -> float:
        """Lower 95% limit."""
        return self.change - Z * self.se

    @property
    def high(self) -> float:
        """Upper 95% limit."""
        return self.change + Z * self.se


def why_no_model(n: int, start: int) -> str:
    """Return why a series of n points with its change at point ``start`` is not modelled, or ""."""
    before, after = start, n - start
    if min(before, after) < FEWEST_EACH_SIDE:
        return f"{before} points before and {after} after; {FEWEST_EACH_SIDE} each are asked for"
    return ""


def counts(count: ArrayLike, start: int, *, comparison: ArrayLike | None = None, season: int = 0) -> LevelChange:
    """Return the change of level of a series of counts, by quasi-Poisson regression.

    start: place of the first point after the change.  comparison: counts of a series that the programme could not
    touch, as an offset on the log scale (a controlled series; step and slope).  season: periods a year for two
    harmonics (0: none), which are fitted where there are two years on each side.
    """
    y = np.asarray(count, dtype=np.float64)
    n = len(y)
    offset = None if comparison is None else np.log(np.asarray(comparison, dtype=np.float64))
    design = _design(n, start, slope=comparison is not None, season=season)
    fit = _glm(y, design, offset)
    changed = [1, 3] if comparison is not None else [1]  # the step, and the slope of a controlled series
    linear = design @ fit.params - design[:, changed] @ fit.params[changed]
    expected = np.exp(linear + (0 if offset is None else offset))
    slope = (float(fit.params[3]), float(fit.bse[3])) if comparison is not None else (float("nan"),) * 2
    return LevelChange(
        "quasi-Poisson, controlled" if comparison is not None else "quasi-Poisson",
        float(fit.params[1]),
        float(fit.bse[1]),
        float(fit.scale),
        *slope,
        expected,
        _sensitivities(y, design, offset),
    )


def measurements(value: ArrayLike, start: int) -> LevelChange:
    """Return the change of level of a series of measurements: level and slope, errors AR(1), by REML."""
    y = np.asarray(value, dtype=np.float64)
    design = _design(len(y), start, slope=True)
    beta, se, rho = _ar1_reml(y, design)
    expected = design @ beta - beta[1] * design[:, 1] - beta[3] * design[:, 3]
    return LevelChange(
        f"level and slope, AR(1) {digits(rho, 2)}",
        float(beta[1]),
        float(se[1]),
        float("nan"),
        float(beta[3]),
        float(se[3]),
        expected,
    )


def _design(n: int, start: int, *, slope: bool, season: int = 0) -> Floats:
    """Return the columns: one, step, time, then slope after, then two harmonics."""
    t = np.arange(1, n + 1, dtype=np.float64)
    columns = [np.ones(n), (t > start).astype(np.float64), t]
    if slope:
        columns.append(np.maximum(t - start, 0.0))
    if season and min(start, n - start) >= 2 * season:
        for k in (1, 2):
            columns += [np.sin(2 * np.pi * k * t / season), np.cos(2 * np.pi * k * t / season)]
    return np.column_stack(columns)


def _glm(y: Floats, design: Floats, offset: Floats | None, scale: str | None = "X2"):  # type: ignore[no-untyped-def]
    import statsmodels.api as sm

    return sm.GLM(y, design, family=sm.families.Poisson(), offset=offset).fit(scale=scale)


def _sensitivities(y: Floats, design: Floats, offset: Floats | None) -> dict[str, tuple[float, float]]:
    """Return other ways to the same change. Newey and West's lag is fixed: their interval shrinks as it grows."""
    import statsmodels.api as sm

    poisson = sm.GLM(y, design, family=sm.families.Poisson(), offset=offset)
    west = poisson.fit(cov_type="HAC", cov_kwds={"maxlags": 3})
    found = {"Newey-West": (float(west.params[1]), float(west.bse[1]))}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model = sm.NegativeBinomial(y, design, offset=offset)
            wide = model.fit(start_params=[*poisson.fit().params, 0.05], disp=0, maxiter=200)
        except (np.linalg.LinAlgError, ValueError):
            return found
    if wide.mle_retvals["converged"] and np.isfinite(wide.bse[1]):
        found["negative binomial"] = (float(wide.params[1]), float(wide.bse[1]))
    return found


def _ar1_reml(y: Floats, design: Floats) -> tuple[Floats, Floats, float]:
    """Return coefficients, standard errors and AR(1) correlation by restricted maximum likelihood.

    The profile over the correlation is maximised; each step keeps the first point, as nlme::gls does.
    """
    best = optimize.minimize_scalar(
        lambda rho: _prais_winsten(y, design, rho)[2], bounds=(-0.98, 0.98), method="bounded", options={"xatol": 1e-10}
    )
    beta, se, _ = _prais_winsten(y, design, float(best.x))
    return beta, se, float(best.x)


def _prais_winsten(y: Floats, design: Floats, rho: float) -> tuple[Floats, Floats, float]:
    """Return coefficients, standard errors and what REML makes small, at one AR(1) correlation (0: least squares)."""
    n, k = design.shape
    root = np.sqrt(1 - rho**2)
    a = np.vstack([design[:1] * root, design[1:] - rho * design[:-1]])
    b = np.append(y[:1] * root, y[1:] - rho * y[:-1])
    q, r = linalg.qr(a, mode="economic")
    beta = linalg.solve_triangular(r, q.T @ b)
    # in these units the errors have variance rss; log det of the AR(1) correlation is (n - 1) log(1 - rho²)
    scale = float(np.sum((b - a @ beta) ** 2)) / (n - k)
    log_det = -np.log(1 - rho**2) + 2 * np.log(np.abs(np.diag(r))).sum()
    inverse = linalg.solve_triangular(r, np.eye(k))
    return beta, np.sqrt(scale * np.sum(inverse**2, axis=1)), (n - k) * np.log(scale) + log_det


def level_change_table(series: Sequence[Analysed], programme_from: date | None) -> AggregateTable:
    """Return the table ``level_change``: each series' change at the programme's first day, or why there is none.

    Counts: ratio of levels; measurements, proportions and rates: difference. One row is a series.

    >>> level_change_table(each_series, watched.settings.programme_from).frame[["series", "change"]].head(2).round(2)
                       series  change
    0  Days to the assessment   -7.46
    1                  Visits    0.95
    """
    rows = []
    by_id = {each.item.id: each for each in series}
    for each in series:
        why, found = _modelled(each, by_id.get(each.item.comparison), programme_from)
        if found is None:
            rows.append((each.name, "", *[np.nan] * 8, why))
            continue
        ratio = each.item.kind in ("count", "rare")
        how = np.exp if ratio else (lambda value: value)
        others = [how(change) for change, _ in found.others.values()]
        rows.append(
            (
                each.name,
                found.model,
                how(found.change),
                how(found.low),
                how(found.high),
                how(found.slope_change),
                found.dispersion,
                float(found.expected[-1]),
                *([*others, np.nan, np.nan][:2]),
                "",
            )
        )
    columns = {
        "series": Column("Series", Role.KEY),
        "model": Column("Model", Role.OPEN),
        "change": Column("Change of level", Role.OPEN, decimals=3),
        "low": Column("Lowest (95%)", Role.OPEN, decimals=3),
        "high": Column("Highest (95%)", Role.OPEN, decimals=3),
        "slope": Column("Change of slope a period", Role.OPEN, decimals=4),
        "dispersion": Column("Dispersion", Role.OPEN, decimals=2),
        "expected": Column("Latest without the change", Role.OPEN, decimals=1),
        "newey_west": Column("By Newey-West, lag 3", Role.OPEN, decimals=3),
        "negative_binomial": Column("By negative binomial", Role.OPEN, decimals=3),
        "not_given": Column("No model because", Role.OPEN),
    }
    return AggregateTable.of_rows("level_change", "series", columns, rows)


def _modelled(
    each: Analysed, comparison: Analysed | None, programme_from: date | None
) -> tuple[str, LevelChange | None]:
    if programme_from is None:
        return "the parameter file names no first day of the programme", None
    if each.why:
        return each.why, None
    points = each.points[each.latest]
    start = int((points["first_day"] < pd.Timestamp(programme_from)).sum())
    if why := why_no_model(len(points), start):
        return why, None
    if np.ptp(points["value"]) == 0:
        return "every period has the same value", None
    other = None
    if comparison is not None and each.item.kind in ("count", "rare"):
        beside = points[["first_day"]].merge(comparison.points[["first_day", "value"]], on="first_day", how="left")
        if beside["value"].isna().any() or (beside["value"] <= 0).any():
            return "the comparison series has no value in one of the periods", None
        other = beside["value"]
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = _fitted(each, points, start, other)
    except (ValueError, FloatingPointError, np.linalg.LinAlgError):
        found = None
    ratio = each.item.kind in ("count", "rare")
    if (
        found is None
        or not np.isfinite([found.change, found.se]).all()
        or (ratio and abs(found.change) > LARGEST)
        or found.se <= 1e-9 * abs(found.change)
    ):
        return "its values do not allow one: they lie exactly on the model, or on one side there are only zeros", None
    return "", found


def _fitted(each: Analysed, points: pd.DataFrame, start: int, comparison: pd.Series | None) -> LevelChange:
    if each.item.kind not in ("count", "rare"):
        return measurements(points["value"], start)
    monthly = 29 <= (points["last_day"] - points["first_day"]).dt.days.median() <= 30
    return counts(points["value"], start, comparison=comparison, season=12 if monthly else 0)
