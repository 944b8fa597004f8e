"""Programme minus comparison, period by period, against a reference before support: an event study.

Each child is set against its own mean over the reference periods; a period's figure is the difference between the
groups' means of that, over the children observed there. All periods together have one covariance matrix, from leaving
out each family in turn (the family jackknife, CRV3, as in :mod:`stepdown.effects.bracketing`); with one period before
and one after it is difference in differences.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from stepdown.effects.comparison import Bools, Floats, Integers
from stepdown.effects.estimates import NAN

DRAWS = 20_000
"""Draws of the greatest of all t values, for the band."""


@dataclass(frozen=True, slots=True)
class EventStudy:
    """Programme minus comparison in each period.

    estimate: (periods,), NaN where it cannot be had.  covariance: (periods, periods).
    df: families less one, by period.
    children: observed in each period with the whole reference, programme and comparison, (2, periods).
    """

    estimate: Floats
    covariance: Floats
    df: Floats
    children: Integers

    @property
    def se(self) -> Floats:
        """Standard errors; NaN where the estimate is exact by definition or has none."""
        variance = np.diag(self.covariance)
        return np.sqrt(np.where(variance > 0, variance, np.nan))

    def intervals(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Return the ends of each period's own interval (t, families less one)."""
        reach = stats.t.ppf(0.5 + level / 2, self.df) * self.se
        return self.estimate - reach, self.estimate + reach

    def band(self, level: float = 0.95, *, seed: int = 0) -> tuple[Floats, Floats]:
        """Return the sup-t band: it holds all periods at once in ``level`` of studies.

        Montiel Olea and Plagborg-Møller (2019, Journal of Applied Econometrics 34:1-17, doi 10.1002/jae.2656), with t
        for few families.
        """
        se = self.se
        known = np.isfinite(se)
        if not known.any():
            return np.full_like(se, np.nan), np.full_like(se, np.nan)
        correlation = self.covariance[np.ix_(known, known)] / np.outer(se[known], se[known])
        values, vectors = np.linalg.eigh(correlation)
        root, rng = vectors * np.sqrt(np.maximum(values, 0.0)), np.random.default_rng(seed)
        df = float(self.df[known].min())
        drawn = rng.standard_normal((DRAWS, len(values))) @ root.T / np.sqrt(rng.chisquare(df, DRAWS) / df)[:, None]
        reach = float(np.quantile(np.abs(drawn).max(axis=1), level)) * se
        return self.estimate - reach, self.estimate + reach

    def joint(self, which: Bools) -> tuple[float, int, float]:
        """Return F, its numerator's degrees of freedom and p of "nought in all of these periods" (Hotelling's T²).

        NaN where it cannot be tested: nothing varies, or there are too few families.
        """
        which = which & np.isfinite(self.estimate) & np.isfinite(np.diag(self.covariance))
        estimate, covariance = self.estimate[which], self.covariance[np.ix_(which, which)]
        values, vectors = np.linalg.eigh(covariance) if which.any() else (np.zeros(0), np.zeros((0, 0)))
        kept = values > 1e-9 * max(float(values.max(initial=0.0)), 1e-300)
        rank, df = int(kept.sum()), float(self.df[which].min()) if which.any() else 0.0
        if rank == 0 or df - rank + 1 < 1:
            return NAN, rank, NAN
        distance = float((((vectors[:, kept].T @ estimate) ** 2) / values[kept]).sum())
        f = distance * (df - rank + 1) / (df * rank)
        return f, rank, float(stats.f.sf(f, rank, df - rank + 1))

    def average(self, which: Bools, level: float = 0.95) -> tuple[float, float, float]:
        """Return the mean of the figures of some periods, with its interval."""
        weights = which / which.sum()
        estimate = float(weights @ np.where(which, self.estimate, 0.0))
        variance = float(weights @ np.where(np.outer(which, which), self.covariance, 0.0) @ weights)
        if not variance > 0:
            return estimate, NAN, NAN
        reach = float(stats.t.ppf(0.5 + level / 2, self.df[which].min())) * np.sqrt(variance)
        return estimate, estimate - reach, estimate + reach


def event_study(value: Floats, seen: Bools, programme: Bools, family: Integers, reference: Bools) -> EventStudy:
    """Return the event study of a value.

    value, seen: (children, periods).  reference: bool (periods,); a child not observed in all of them is left out.
    """
    base = np.asarray(seen[:, reference].all(axis=1))
    change = value - value[:, reference].mean(axis=1, keepdims=True)
    counted = seen & base[:, None]
    n_families = int(family.max()) + 1
    sums, counts = np.zeros((2, 2, n_families, value.shape[1]))
    for side, arm in enumerate((programme, ~programme)):
        np.add.at(sums[side], family[arm], np.where(counted, change, 0.0)[arm])
        np.add.at(counts[side], family[arm], counted[arm].astype(float))
    total, number = sums.sum(axis=1), counts.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = total[0] / number[0] - total[1] / number[1]
        rest = (total[:, None] - sums) / (number[:, None] - counts)
    without = rest[0] - rest[1]
    families = (counts.sum(axis=0) > 0).sum(axis=0)
    defined = np.isfinite(without).all(axis=0) & np.isfinite(estimate)
    least = 1e-12 * float(np.abs(np.where(counted, value, 0.0)).max(initial=0.0))  # less is only rounding
    apart = np.where(defined & (np.abs(without - estimate) > least), without - estimate, 0.0)
    here = (counts.sum(axis=(0, 2)) > 0).sum()
    covariance = (here - 1) / max(here, 1) * apart.T @ apart
    covariance[~defined], covariance[:, ~defined] = np.nan, np.nan
    return EventStudy(estimate, covariance, np.maximum(families - 1.0, 1.0), number.astype(np.int64))


def mean_by_period(value: Floats, seen: Bools, family: Integers, level: float = 0.95) -> tuple[Floats, Floats, Floats]:
    """Return a group's mean in each period and the ends of its interval, children of one family taken together."""
    n_families = int(family.max()) + 1
    sums, counts = np.zeros((2, n_families, value.shape[1]))
    np.add.at(sums, family, np.where(seen, value, 0.0))
    np.add.at(counts, family, seen.astype(float))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = sums.sum(axis=0) / counts.sum(axis=0)
        rest = (sums.sum(axis=0) - sums) / (counts.sum(axis=0) - counts)
        families = (counts > 0).sum(axis=0)
        variance = (families - 1) / families * ((rest - mean) ** 2).sum(axis=0)
        reach = stats.t.ppf(0.5 + level / 2, np.maximum(families - 1, 1)) * np.sqrt(variance)
    reach = np.where(variance > 0, reach, np.nan)
    return mean, np.maximum(mean - reach, 0.0), mean + reach
