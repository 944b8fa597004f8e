"""A test that rests on nothing but the dealing of families into groups.

If the programme changed nothing, and families might as well have been in the other group, the difference in mean
change is one draw from all the ways to deal the same families out. One convention throughout: two-sided by absolute
value, the share of deals whose difference is at least as far from zero as the one observed. (scipy's
permutation_test doubles the smaller tail instead, which gives other values.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from stepdown.effects.comparison import Comparison, Floats
from stepdown.effects.estimates import NAN

_CELLS_AT_A_TIME = 1_000_000
"""Families × deals that are dealt together, about 25 MB in all: more families, fewer deals at a time."""

_DEALS_AT_A_TIME = 8
"""At least: with fewer, reading the families' changes takes longer than adding them up (25 bytes a family and deal)."""


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


def family_permutations(
    compared: Sequence[Comparison], *, seed: int, draws: int = 4999, exact_up_to: int = 20_000
) -> list[PermutationTest]:
    """Return the permutation test of the difference in mean change of each outcome, families dealt whole.

    The number of families in each group stays as it was. All deals are counted when there are at most
    ``exact_up_to``; otherwise ``draws`` are drawn with ``seed``. Outcomes of the same children share the deals, which
    are made once.
    """
    found: dict[int, PermutationTest] = {}
    together: dict[tuple[bytes, bytes], list[int]] = {}
    for i, each in enumerate(compared):
        size, in_programme = (np.bincount(each.family, of, each.n_families) for of in (None, each.programme))
        note = ""
        if ((in_programme > 0) & (in_programme < size)).any():
            note = "a family has children in both groups, so whole families cannot be reassigned"
        elif (in_programme > 0).all() or not in_programme.any():
            note = "one of the groups has no family"
        if note:
            found[i] = PermutationTest(each.outcome, NAN, NAN, 0, False, note)
        else:
            together.setdefault((size.tobytes(), (in_programme > 0).tobytes()), []).append(i)
    for places in together.values():
        tests = _of_same_families([compared[i] for i in places], seed, draws, exact_up_to)
        found.update(zip(places, tests, strict=True))
    return [found[i] for i in range(len(compared))]


def _of_same_families(
    compared: Sequence[Comparison], seed: int, draws: int, exact_up_to: int
) -> Iterator[PermutationTest]:
    first = compared[0]
    size: Floats = np.bincount(first.family, minlength=first.n_families).astype(np.float64)
    dealt = np.bincount(first.family, first.programme, first.n_families) > 0
    change: Floats = np.column_stack([np.bincount(c.family, c.after - c.before, c.n_families) for c in compared])
    observed = _differences(dealt[None, :].astype(np.float64), change, size)[0]
    n_programme = int(dealt.sum())
    ways = comb(len(size), n_programme)
    exact = ways <= exact_up_to
    deals = _all(len(size), n_programme) if exact else _drawn(len(size), n_programme, draws, seed)
    as_far = sum(_as_far(_differences(some, change, size), observed).sum(axis=0) for some in deals)
    for each, difference, count in zip(compared, observed, np.atleast_1d(as_far), strict=True):
        p_value = count / ways if exact else (count + 1) / (draws + 1)
        yield PermutationTest(each.outcome, float(difference), float(p_value), ways if exact else draws, exact)


def _as_far(found: Floats, observed: Floats) -> np.ndarray:
    """Return which differences are at least as far from zero; ties by floating-point dust count as equal."""
    return np.abs(found) >= np.abs(observed) * (1 - 1e-9) - 1e-12


def _differences(dealt: Floats, change: Floats, size: Floats) -> Floats:
    """Return the difference in mean change, deals × outcomes; dealt is (deals, families) of zeros and ones."""
    there, n_there = dealt @ change, (dealt @ size)[:, None]
    return there / n_there - (change.sum(axis=0) - there) / (size.sum() - n_there)


def _all(n_families: int, n_programme: int) -> Iterator[Floats]:
    chosen = np.array(list(combinations(range(n_families), n_programme)))
    dealt = np.zeros((len(chosen), n_families))
    np.put_along_axis(dealt, chosen, 1.0, axis=1)
    yield dealt


def _drawn(n_families: int, n_programme: int, draws: int, seed: int) -> Iterator[Floats]:
    rng, at_a_time = np.random.default_rng(seed), max(_DEALS_AT_A_TIME, _CELLS_AT_A_TIME // n_families)
    for start in range(0, draws, at_a_time):
        keys = rng.random((min(at_a_time, draws - start), n_families))
        last = np.array([[_lowest(row, n_programme)] for row in keys])
        yield (keys <= last).astype(np.float64)  # the families with the lowest keys


def _lowest(keys: Floats, place: int) -> float:
    """Return the key at a place (from 1) in order of size; of uniform keys, only those near their share are sorted."""
    share = place / len(keys)
    reach = 8 * np.sqrt(share * (1 - share) / len(keys))
    near = keys[(keys >= share - reach) & (keys <= share + reach)]
    rank = place - 1 - int(np.count_nonzero(keys < share - reach))
    if not 0 <= rank < len(near):
        near, rank = keys, place - 1
    return float(np.partition(near, rank)[rank])
