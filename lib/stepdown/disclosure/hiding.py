"""Which counts to hide in one set of connected counts: as little as keeps every small one from being worked out.

The exact way is the integer programme of Fischetti and Salazar-González (2001), solved by cuts: a master programme
chooses what to hide; for each small count that can still be narrowed down, linear programming says what would have to
be hidden for it to be wider, and that becomes a further condition. Where it does not end in time, the greedy way is
taken: the count that costs the reader least among those that widen the interval. Both ways end by showing again what
was hidden in vain.

Fischetti M, Salazar-González JJ (2001). Solving the cell suppression problem on tabular data with linear constraints.
Management Science 47(7):1008–1027. DOI 10.1287/mnsc.47.7.1008.9805
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stepdown.disclosure.system import Interval, System

_NEAR = 1e-6
NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Hidden:
    """What is hidden, as numbers of unknowns. exposed: small counts that nothing can protect, with what is derived.

    way: "integer programme" or "greedy".
    """

    unknowns: frozenset[int]
    exposed: Mapping[int, Interval]
    way: str


class Search:
    """Finds what to hide in one system. prices: what hiding each unknown costs (``NEVER``: it cannot be hidden)."""

    def __init__(self, system: System, targets: Sequence[int], prices: NDArray[np.float64], threshold: int) -> None:
        self.system, self.targets, self.prices, self.threshold = system, list(targets), prices, threshold
        self.points = np.empty((0, len(prices)))

    def find(self, first: frozenset[int], seconds: float) -> Hidden:
        """Return what to hide, beginning with ``first``; the exact way may take so many seconds."""
        whole = self._greedy(set(first), first)
        best, way = frozenset(whole[0]), "greedy"
        if not whole[1] and len(best) > len(first) + 1 and seconds > 0:
            exact = self._by_cuts(first, seconds)
            if exact is not None:
                best, way = exact, "integer programme"
        elif not whole[1]:
            way = "integer programme"  # nothing or one count besides: there is no smaller set
        shown = self._shown_again(best, first, whole[1])
        sure, exposed = self._in_whole_numbers(set(shown), first)
        return Hidden(frozenset(sure), {**whole[1], **exposed}, way)

    def open_ends(self, hidden: frozenset[int] | set[int]) -> Iterator[tuple[int, bool]]:
        """Give the (small count, upper end) pairs that no known point of the outsider's system leaves open.

        Points that become known meanwhile, and what is hidden meanwhile, count for the pairs that are left.
        """
        for at in self.targets:
            for most in (False, True):
                low, high = self.system.bounds(hidden)
                fits = ((self.points >= low - _NEAR) & (self.points <= high + _NEAR)).all(axis=1)
                known = self.points[fits, at]
                if not (known >= self.threshold - _NEAR if most else known <= 1 + _NEAR).any():
                    yield at, most

    def narrow(
        self, at: int, most: bool, hidden: frozenset[int] | set[int]
    ) -> tuple[float, NDArray[np.float64]] | None:
        """Return how much is wanting at one end of a small count, and what hiding each unknown would add to it.

        None: the end is as wide as the symbol says.
        """
        try:
            bound = self.system.bound(at, hidden, most=most)
        except ArithmeticError:  # no answer: taken as told, so that what stands around it is left out
            return float(self.threshold), np.zeros(len(self.prices))
        if bound.point is not None:
            self.points = np.vstack([self.points[-400:], bound.point])
            self.system.keep(bound.point)
        wanting = self.threshold - bound.value if most else bound.value - 1
        if wanting <= _NEAR:
            return None
        if bound.prices is None:
            return wanting, np.zeros(len(self.prices))
        slope = bound.prices if most else -bound.prices
        down = np.maximum(self.system.low - self.system.least, 0.0)
        gain = np.where(slope > _NEAR, wanting, np.minimum(-np.minimum(slope, 0.0) * down, wanting))
        gain[list(hidden)] = 0.0
        gain[~np.isfinite(self.prices)] = 0.0
        return wanting, gain

    def _greedy(self, hidden: set[int], first: frozenset[int]) -> tuple[set[int], dict[int, Interval]]:
        given_up: dict[int, Interval] = {}
        for at, most in self.open_ends(hidden):
            while (lack := self.narrow(at, most, hidden)) is not None:
                wanting, gain = lack
                useful = np.flatnonzero(gain > _NEAR)
                if not len(useful):
                    given_up[at] = self._interval(at, hidden)
                    break
                hidden.add(int(useful[np.argmin(self.prices[useful] * wanting / gain[useful])]))
        return hidden, given_up

    def _interval(self, at: int, hidden: set[int]) -> Interval:
        try:
            return self.system.bound(at, hidden, most=False).value, self.system.bound(at, hidden, most=True).value
        except ArithmeticError:
            return float("nan"), float("nan")

    def _by_cuts(self, first: frozenset[int], seconds: float) -> frozenset[int] | None:
        """Return the cheapest set that protects all, or None when it is not found in time."""
        ends = time.process_time() + seconds
        able = np.array([at for at in np.flatnonzero(np.isfinite(self.prices)) if at not in first])
        cuts: list[NDArray[np.float64]] = []
        needs: list[float] = []
        hidden = frozenset(first)
        while time.process_time() < ends:
            wanted = 0
            for at, most in self.open_ends(hidden):
                lack = self.narrow(at, most, hidden)
                if lack is not None:
                    cuts.append(lack[1][able] / lack[0])
                    needs.append(1.0)
                    wanted += 1
                if time.process_time() > ends:
                    return None
            if not wanted:
                return hidden
            chosen = self._cheapest(np.array(cuts), np.array(needs), self.prices[able], ends - time.process_time())
            if chosen is None:
                return None
            hidden = frozenset(first) | {int(at) for at in able[chosen]}
        return None

    def _cheapest(
        self, cuts: NDArray[np.float64], needs: NDArray[np.float64], prices: NDArray[np.float64], seconds: float
    ) -> NDArray[np.bool_] | None:
        from scipy.optimize import Bounds, LinearConstraint, milp

        found = milp(
            prices,
            integrality=np.ones(len(prices)),
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(cuts, needs - _NEAR, np.inf),
            options={"time_limit": max(seconds, 0.1)},
        )
        return found.x > 0.5 if found.status == 0 else None

    def _shown_again(
        self, hidden: frozenset[int], first: frozenset[int], given_up: Mapping[int, Interval]
    ) -> frozenset[int]:
        """Return the set without what was hidden in vain, the dearest first."""
        kept = set(hidden)
        for at in sorted(hidden - first, key=lambda at: (-self.prices[at], at)):
            without = kept - {at}
            if all(t in given_up or self.narrow(t, most, without) is None for t, most in self.open_ends(without)):
                kept = without
        return frozenset(kept)

    def _in_whole_numbers(self, hidden: set[int], first: frozenset[int]) -> tuple[set[int], dict[int, Interval]]:
        """Return the set with what is hidden besides because counts are whole; and what cannot be protected.

        The bounds of real numbers can be wider than those of whole numbers: a point of whole numbers is looked for at
        each end of each small count.
        """
        exposed: dict[int, Interval] = {}
        for at in self.targets:
            for most in (False, True):
                while not self.system.reaches(at, hidden, self.threshold if most else 1, most=most):
                    near = self.system.neighbours(at, hidden, self.prices)
                    if not near:
                        exposed[at] = self._interval(at, hidden)
                        break
                    hidden.add(min(near, key=lambda other: (self.prices[other], other)))
        return hidden, exposed
