"""A test that rests on nothing but the dealing of families into groups.

If the programme changed nothing, and families might as well have been in the other group, the difference in mean
change is one draw from all the ways to deal the same families out. One convention throughout: two-sided by absolute
value, the share of deals whose difference is at least as far from zero as the one observed. (scipy's
permutation_test doubles the smaller tail instead, which gives other values.)
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from stepdown.effects.comparison import Comparison, Floats
from stepdown.effects.estimates import NAN

_CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class PermutationTest:
    """p_value: two-sided by absolute value (see above); NaN where families cannot be dealt (``note`` says why).

    deals: ways counted (exact) or drawn (Monte Carlo; then the observed deal is counted too: Phipson & Smyth 2010,
    doi 10.2202/1544-6115.1585).
    """

    outcome: str
    difference: float
    p_value: float
    deals: int
    exact: bool
    note: str = ""


def family_permutation(
    compared: Comparison, *, seed: int, draws: int = 4999, exact_up_to: int = 20_000
) -> PermutationTest:
    """Return the permutation test of the difference in mean change, families dealt whole.

    The number of families in each group stays as it was. All deals are counted when there are at most
    ``exact_up_to``; otherwise ``draws`` are drawn with ``seed``.
    """
    n_families = compared.n_families
    gained = compared.after - compared.before
    change: Floats = np.bincount(compared.family, weights=gained, minlength=n_families).astype(np.float64)
    size: Floats = np.bincount(compared.family, minlength=n_families).astype(np.float64)
    in_programme = np.bincount(compared.family, weights=compared.programme, minlength=n_families)
    if ((in_programme > 0) & (in_programme < size)).any():
        note = "a family has children in both groups, so families cannot be dealt whole"
        return PermutationTest(compared.outcome, NAN, NAN, 0, False, note)
    dealt = in_programme > 0
    n_programme = int(dealt.sum())
    if n_programme in (0, n_families):
        return PermutationTest(compared.outcome, NAN, NAN, 0, False, "one of the groups has no family")
    observed = float(_differences(dealt[None, :].astype(np.float64), change, size)[0])
    ways = comb(n_families, n_programme)
    if ways <= exact_up_to:
        found = _exact(change, size, n_programme)
        p_value = float(_as_far(found, observed).mean())
        return PermutationTest(compared.outcome, observed, p_value, ways, True)
    found = _drawn(change, size, n_programme, draws, np.random.default_rng(seed))
    p_value = float((_as_far(found, observed).sum() + 1) / (draws + 1))
    return PermutationTest(compared.outcome, observed, p_value, draws, False)


def _as_far(found: Floats, observed: float) -> np.ndarray:
    """Return which differences are at least as far from zero; ties by floating-point dust count as equal."""
    return np.abs(found) >= abs(observed) * (1 - 1e-9) - 1e-12


def _differences(dealt: Floats, change: Floats, size: Floats) -> Floats:
    """Return the difference in mean change for each deal; dealt is (deals, families) of zeros and ones."""
    there, n_there = dealt @ change, dealt @ size
    return there / n_there - (change.sum() - there) / (size.sum() - n_there)


def _exact(change: Floats, size: Floats, n_programme: int) -> Floats:
    chosen = np.array(list(combinations(range(len(size)), n_programme)))
    dealt = np.zeros((len(chosen), len(size)))
    np.put_along_axis(dealt, chosen, 1.0, axis=1)
    return _differences(dealt, change, size)


def _drawn(change: Floats, size: Floats, n_programme: int, draws: int, rng: np.random.Generator) -> Floats:
    parts = []
    for start in range(0, draws, _CHUNK):
        n_draws = min(_CHUNK, draws - start)
        order = rng.random((n_draws, len(size))).argpartition(n_programme - 1, axis=1)[:, :n_programme]
        dealt = np.zeros((n_draws, len(size)))
        np.put_along_axis(dealt, order, 1.0, axis=1)
        parts.append(_differences(dealt, change, size))
    return np.concatenate(parts)
