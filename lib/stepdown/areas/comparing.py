"""Did one council move differently from councils like it: its change against its neighbours', and everybody else's.

The unit is the authority. The change of a council less the mean change of its statistical neighbours is a difference
in differences with one treated unit. How unusual it is, is told by making every other authority the treated one in
turn (a placebo test): with n authorities its rank over n is the p value, by construction 5% of them below 0.05.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FEWEST_NEIGHBOURS = 7
"""Neighbours with figures in every year that a comparison needs."""

FEWEST_AUTHORITIES = 20
"""Authorities that a rank needs: with fewer, not even the first of them reaches 0.05."""

FEWEST_YEARS = 8
"""Years before that a synthetic control needs (Abadie 2021, doi 10.1257/jel.20191450, section 5)."""


@dataclass(frozen=True, slots=True)
class Placebos:
    """Every authority's change against its own neighbours.

    change: (n,) mean rate after less mean rate before.  neighbours: (n,) mean change of its neighbours.
    n_neighbours: (n,) neighbours with figures in every year.  NaN where an authority has no figures, or too few
    neighbours have.
    """

    change: Floats
    neighbours: Floats
    n_neighbours: NDArray[np.int64]

    @property
    def difference(self) -> Floats:
        """Change against neighbours (n,): the difference in differences."""
        return self.change - self.neighbours

    @property
    def units(self) -> int:
        """Number of authorities that can be ranked."""
        return int(np.isfinite(self.difference).sum())

    def rank(self, i: int) -> int:
        """Return the rank of an authority by the size of its difference, largest first (ties share the worse rank)."""
        sizes = np.abs(self.difference)
        return int(np.count_nonzero(sizes[np.isfinite(sizes)] >= sizes[i]))

    def p(self, i: int) -> float:
        """Return the two-sided p value of an authority: rank over number; NaN with too few authorities."""
        if not np.isfinite(self.difference[i]) or self.units < FEWEST_AUTHORITIES:
            return float("nan")
        return self.rank(i) / self.units


def placebos(before: Floats, after: Floats, neighbour_of: Bools, allowed: Bools | None = None) -> Placebos:
    """Return every authority's change against its neighbours.

    before, after: (n, years) rates; an authority without a figure in one of the years is left out, never filled in.
    neighbour_of: (n, n), True where column j is a neighbour of row i.  allowed: (n,) authorities that may serve as
    neighbours and in the rank (None: all).
    """
    change = after.mean(axis=1) - before.mean(axis=1)
    seen = np.isfinite(change) & (True if allowed is None else allowed)
    used = neighbour_of & seen
    number = used.sum(axis=1)
    total = used @ np.where(seen, change, 0.0)
    enough = (number >= FEWEST_NEIGHBOURS) & seen
    mean = np.divide(total, number, out=np.full(len(change), np.nan), where=enough)
    return Placebos(change, mean, number)


@dataclass(frozen=True, slots=True)
class Synthetic:
    """A weighted mean of other authorities that follows one council in the years before.

    weights: (donors,), none below 0, adding up to 1.  gap: (years,) council less its synthetic control, before and
    after.  n_before: number of years before.
    """

    weights: Floats
    gap: Floats
    n_before: int

    @property
    def rmspe_before(self) -> float:
        """Root mean square gap before: how well it follows the council."""
        return float(np.sqrt(np.mean(self.gap[: self.n_before] ** 2)))

    @property
    def effect(self) -> float:
        """Mean gap after."""
        return float(self.gap[self.n_before :].mean())

    @property
    def ratio(self) -> float:
        """Root mean square gap after over that before."""
        return float(np.sqrt(np.mean(self.gap[self.n_before :] ** 2))) / max(self.rmspe_before, 1e-12)


@dataclass(frozen=True, slots=True)
class GroupTime:
    """Effects of a programme that councils began in different years: one entry is a group of councils × year.

    began: (k,) first year of the group.  year: (k,).  councils: (k,) councils of the group with figures.  effect: (k,)
    mean change since the year before it began, less that of the authorities that never began; NaN where it cannot be
    told.  never: number of those authorities.
    """

    began: NDArray[np.int64]
    year: NDArray[np.int64]
    councils: NDArray[np.int64]
    effect: Floats
    never: int

    @property
    def mean(self) -> float:
        """Mean effect over the years since each group began, weighted by councils (NaN when none can be told)."""
        told = (self.year >= self.began) & np.isfinite(self.effect)
        return float(np.average(self.effect[told], weights=self.councils[told])) if told.any() else float("nan")


def group_time_effects(rates: Floats, years: NDArray[np.int64], began: Floats) -> GroupTime:
    """Return the effects by group and year (Callaway and Sant'Anna 2021, doi 10.1016/j.jeconom.2020.12.001).

    rates: (n, years).  years: in order, each once.  began: (n,) first year of the programme, NaN where it never began;
    only those serve as comparison. A regression with effects of council and year would hold councils that have just
    begun against councils that began before, and miss the mean whenever an effect grows.
    """
    never = np.isnan(began)
    entries = [np.empty((0, 4))]
    for group in np.unique(began[~never]).astype(int):
        base = rates[:, years == group - 1]
        change = (rates - base if base.shape[1] else np.full_like(rates, np.nan)).T
        treated, councils = _means(change, began == group)
        others, compared = _means(change, never)
        effect = np.where(compared >= FEWEST_NEIGHBOURS, treated - others, np.nan)
        entries.append(np.column_stack([np.full(len(years), group), years, councils, effect]))
    table = np.vstack(entries)
    group, year, councils = table[:, :3].astype(np.int64).T
    return GroupTime(group, year, councils, table[:, 3], int(never.sum()))


def _means(change: Floats, chosen: Bools) -> tuple[Floats, NDArray[np.int64]]:
    """Return the mean change by year of the chosen authorities that have figures (NaN: none has), and their number.

    change: (years, n).
    """
    part = change.compress(chosen, axis=1)
    seen = np.isfinite(part)
    number = seen.sum(axis=1)
    total = part.sum(axis=1)
    for k in np.flatnonzero(number < part.shape[1]):  # without gaps all years are added up at once
        total[k] = part[k, seen[k]].sum()
    return np.divide(total, number, out=np.full(len(total), np.nan), where=number > 0), number


def group_time_p(rates: Floats, years: NDArray[np.int64], began: Floats, draws: int = 999, seed: int = 1) -> float:
    """Return how often the mean effect is as large when the starting years are dealt out to the authorities by chance.

    NaN with fewer than :data:`FEWEST_AUTHORITIES` authorities.
    """
    own = abs(group_time_effects(rates, years, began).mean)
    if len(began) < FEWEST_AUTHORITIES or np.isnan(own):
        return float("nan")
    rng = np.random.default_rng(seed)
    dealt = (abs(group_time_effects(rates, years, rng.permutation(began)).mean) for _ in range(draws))
    return (1 + sum(size >= own - 1e-12 for size in dealt)) / (draws + 1)


def why_no_synthetic(n_before: int, n_donors: int) -> str:
    """Return why a synthetic control is not given, or "".

    With more donors than years before some weights fit anything exactly, and what comes after is noise.
    """
    if n_before < FEWEST_YEARS:
        return f"{n_before} year{'' if n_before == 1 else 's'} before; at least {FEWEST_YEARS} are asked for"
    if n_donors > n_before:
        return f"{n_donors} authorities to weight and {n_before} years before: any council would be matched exactly"
    if n_donors < 2:
        return "fewer than two authorities to weight"
    return ""


def synthetic_control(council: Floats, donors: Floats, n_before: int) -> Synthetic:
    """Return the synthetic control of ``council`` (years,) from ``donors`` (years, donors), outcomes only.

    Least squares over the first ``n_before`` years with weights of at least 0 that add up to 1 (Abadie, Diamond and
    Hainmueller 2010, doi 10.1198/jasa.2009.ap08746), by non-negative least squares with a heavy row for the sum.
    """
    heavy = 1e4 * max(1.0, float(np.abs(donors[:n_before]).max()))
    design = np.vstack([donors[:n_before], np.full(donors.shape[1], heavy)])
    weights, _ = nnls(design, np.append(council[:n_before], heavy))
    weights = weights / weights.sum()
    return Synthetic(weights, council - donors @ weights, n_before)
