"""Whole numbers that are not known, what is known of their sums, and the least and the most that a sum can be.

Each question goes to HiGHS as a mixed-integer programme over those unknowns only that hang together with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

Sum = dict[Hashable, float]
SECONDS = 10.0
SLACK = 1e-6


def plus(*sums: Sum, factor: float = 1.0) -> Sum:
    """Return the sums added up (``minus`` takes the second from the first)."""
    found: dict[Hashable, float] = defaultdict(float)
    for each in sums:
        for name, value in each.items():
            found[name] += factor * value
    return {name: value for name, value in found.items() if value}


def minus(first: Sum, second: Sum) -> Sum:
    return plus(first, plus(second, factor=-1.0))


@dataclass
class System:
    """held: what is known of each sum, from least to most. Unknowns are whole numbers from 0, but those in ``real``."""

    held: dict[frozenset, tuple[Sum, float, float]] = field(default_factory=dict)
    real: set[Hashable] = field(default_factory=set)
    _parts: dict = field(default_factory=dict)
    _seen: list[dict[Hashable, float]] = field(default_factory=list)

    @property
    def rows(self) -> list[tuple[Sum, float, float]]:
        return list(self.held.values())

    def hold(self, sum_: Sum, low: float, high: float) -> None:
        """Note that a sum lies between two numbers."""
        if not sum_:
            return
        if all(value == int(value) for value in sum_.values()) and not self.real & set(sum_):
            low, high = np.ceil(low - SLACK), np.floor(high + SLACK)
        key = frozenset(sum_.items())
        _, least, most = self.held.get(key, (sum_, -np.inf, np.inf))
        self.held[key] = (sum_, max(low, least), min(high, most))
        self._parts.clear()
        self._seen.clear()

    def known(self, sum_: Sum) -> float | None:
        """Return the sum where it was noted as one number."""
        _, low, high = self.held.get(frozenset(sum_.items()), (sum_, 0.0, 1.0))
        return low if low == high else None

    def equal(self, sum_: Sum, value: float) -> None:
        self.hold(sum_, value, value)

    def possible(self) -> bool:
        """Return whether anything can make all rows true (it must: a release is true)."""
        return all(self._solve(rows, {}, 1)[0] for rows in dict(self._all_parts().values()).values())

    def can_be(self, sum_: Sum, low: float, high: float) -> bool:
        """Return whether the sum can lie between the two; True where it could not be ruled out in time.

        Worlds found for earlier questions are looked at first: most answers stand in one of them.
        """
        for world in self._seen:
            if all(name in world for name in sum_):
                value = sum(factor * world[name] for name, factor in sum_.items())
                if low - 0.01 <= value <= high + 0.01:
                    return True
        found, _ = self._solve(self._part_of(sum_), {}, 1, extra=(sum_, low, high))
        return found

    def range(self, sum_: Sum) -> tuple[float, float]:
        """Return the least and the most that the sum can be (outer bounds where time ran out)."""
        part = self._part_of(sum_)
        return self._solve(part, sum_, 1)[1], -self._solve(part, sum_, -1)[1]

    def _all_parts(self) -> dict[Hashable, tuple]:
        if not self._parts:
            leader: dict[Hashable, Hashable] = {}

            def find(name: Hashable) -> Hashable:
                leader.setdefault(name, name)
                while leader[name] != name:
                    leader[name] = leader[leader[name]]
                    name = leader[name]
                return name

            for sum_, _, _ in self.rows:
                names = [find(name) for name in sum_]
                for name in names[1:]:
                    leader[find(name)] = names[0] if find(names[0]) == names[0] else find(names[0])
            members: dict[Hashable, list] = defaultdict(list)
            for row in self.rows:
                members[find(next(iter(row[0])))].append(row)
            self._parts = {name: (find(name), members[find(name)]) for name in leader}
        return self._parts

    def _part_of(self, sum_: Sum) -> list[tuple[Sum, float, float]]:
        parts = self._all_parts()
        rows = {parts[name][0]: parts[name][1] for name in sum_ if name in parts}
        return [row for each in rows.values() for row in each]

    def _solve(self, part, objective: Sum, sign: int, extra=None) -> tuple[bool, float]:
        rows = [*part, extra] if extra else part
        place = {name: k for k, name in enumerate(dict.fromkeys(_names(rows, objective)))}
        cost = np.zeros(len(place))
        for name, value in objective.items():
            cost[place[name]] = sign * value
        cells = [(r, place[name], value) for r, (sum_, _, _) in enumerate(rows) for name, value in sum_.items()]
        r, c, v = zip(*cells, strict=True) if cells else ((), (), ())
        limits = [
            LinearConstraint(
                csr_array((v, (r, c)), shape=(len(rows), len(place))),
                [low for _, low, _ in rows],
                [high for _, _, high in rows],
            )
        ]
        whole = np.array([name not in self.real for name in place], dtype=int)
        options = {"time_limit": SECONDS, "mip_rel_gap": 0.0, "presolve": True}
        done = self._milp(cost, whole, limits if rows else (), options)
        if done.status == 2 and options["presolve"]:  # HiGHS 1.8's presolve has called feasible programmes infeasible
            options["presolve"] = False
            done = self._milp(cost, whole, limits if rows else (), options)
        if done.status == 2:
            return False, np.inf
        if done.x is not None:
            self._seen.append(dict(zip(place, done.x, strict=True)))
        bound = done.mip_dual_bound if done.mip_dual_bound is not None else -np.inf
        return True, -np.inf if done.status == 3 or bound is None else float(np.ceil(bound - 1e-4))

    def _milp(self, cost, whole, limits, options):
        return milp(cost, integrality=whole, bounds=Bounds(0, np.inf), constraints=limits, options=options)


def _names(rows: Iterable, objective: Sum) -> Iterable[Hashable]:
    for sum_, _, _ in rows:
        yield from sum_
    yield from objective
