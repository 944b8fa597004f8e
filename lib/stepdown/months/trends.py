"""How far trends before can be trusted: intervals when the slope of the difference may change by at most M a period.

Rambachan and Roth (2023, Review of Economic Studies 90:2555-2591, doi 10.1093/restud/rdad018), the set Δ^SD(M):
without the programme the difference between the groups would have gone on along its line, but for changes of slope of
at most M from one period to the next. The interval is the fixed-length one (FLCI): of all estimators that are linear in
the coefficients and not thrown by a straight line, the one whose interval is shortest when the changes of slope are as
adverse as M allows. It equals the intervals of the authors' R package HonestDiD (tests/test_months_trends.py). Their
intervals for relative magnitudes are left out: no implementation but R's own was found to be right.

With c_j the weight of the change of slope at period j in the estimator's bias, the greatest bias is M × Σ|c_j|. The c_j
of the periods after are given by what is estimated; those of the periods before are free. So for each bound on the bias
the least variance is a lasso problem, whose path of solutions is exact and piecewise linear.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from stepdown.effects.comparison import Floats


@dataclass(frozen=True, slots=True)
class Path:
    """Solutions of min ½u'Qu + q'u + λ|u| from the greatest λ (all u are 0) down to 0: piecewise linear in λ."""

    bounds: Floats
    solutions: Floats

    def at(self, bound: float) -> Floats:
        """Return u at a λ."""
        order = np.argsort(self.bounds)
        return np.array([np.interp(bound, self.bounds[order], column[order]) for column in self.solutions.T])


@dataclass(frozen=True, slots=True)
class Honest:
    """The interval for one M: what is estimated, in the unit of the coefficients; NaN where it cannot be had."""

    m: float
    estimate: float
    ci_low: float
    ci_high: float

    @property
    def excludes_nought(self) -> bool:
        """Whether the interval lies on one side of nought."""
        return self.ci_low > 0 or self.ci_high < 0


class Smooth:
    """The problem of one set of coefficients; :meth:`interval` solves it for an M.

    before: coefficients of the periods −B … −1, period 0 being the reference (its coefficient is 0 by definition).
    after: those of the periods 1 … A.  covariance: of both together, (B + A, B + A).  weights: of the periods after in
    what is estimated (1/A each: their average); a period without a coefficient of its own, such as the time of support,
    has weight 0, coefficient 0 and covariance 0.  Raises ValueError without two periods before.
    """

    def __init__(
        self, before: Floats, after: Floats, covariance: Floats, weights: Floats, *, level: float = 0.95
    ) -> None:
        if len(before) < 2:
            raise ValueError("a slope before needs two periods before the reference")
        self.before, self._level, n = before, level, len(before)
        self._point = float(weights @ after)
        ahead = np.arange(1, len(after) + 1)
        reach = np.maximum(ahead[None, :] - np.arange(len(after))[:, None], 0)
        self._bias_after = float(np.abs(reach @ weights).sum())
        self._variance = covariance[:n, :n]
        self._with_after = covariance[:n, n:] @ weights
        self._variance_after = float(weights @ covariance[n:, n:] @ weights)
        back = np.arange(n, 0, -1)
        to_changes = np.maximum(back[None, :] - np.arange(1, n)[:, None], 0)
        rows = np.vstack([back, to_changes])
        inverse = np.linalg.inv(rows)
        self._start, self._free = inverse[:, 0] * float(weights @ ahead), inverse[:, 1:]
        self._path = lasso_path(
            self._free.T @ self._variance @ self._free,
            self._free.T @ (self._variance @ self._start + self._with_after),
        )

    @classmethod
    def with_gap(cls, before: Floats, after: Floats, covariance: Floats, gap: int, *, level: float = 0.95) -> Smooth:
        """Return the problem of the average of ``after``, which begin ``gap`` periods after the reference has ended.

        Nothing is measured in the gap; the slope may change there too.
        """
        n, m = len(before), len(after)
        places = np.concatenate([np.arange(n), n + gap + np.arange(m)])
        whole = np.zeros((n + gap + m, n + gap + m))
        whole[np.ix_(places, places)] = covariance
        longer = [np.concatenate([np.zeros(gap), part]) for part in (after, np.full(m, 1 / m))]
        return cls(before, longer[0], whole, longer[1], level=level)

    def _parts(self, bound: float) -> tuple[float, float, float]:
        """Return the estimate, its standard error and its greatest bias for M = 1 at one point of the path."""
        changes = self._path.at(bound)
        weights = self._start + self._free @ changes
        variance = self._variance_after + 2 * weights @ self._with_after + weights @ self._variance @ weights
        bias = self._bias_after + float(np.abs(changes).sum())
        return self._point + float(weights @ self.before), math.sqrt(max(float(variance), 0.0)), bias

    def _half(self, bound: float, m: float) -> float:
        _, error, bias = self._parts(bound)
        return error * folded_normal_quantile(m * bias / error, self._level) if error > 0 else m * bias

    def interval(self, m: float) -> Honest:
        """Return the fixed-length interval for M = ``m``."""
        bound = 0.0
        if m > 0:
            top = float(self._path.bounds.max())
            found = optimize.minimize_scalar(
                lambda x: self._half(top * x * x, m), bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-9}
            )
            bound = min((top * float(found.x) ** 2, 0.0, top), key=lambda x: self._half(x, m))
        estimate, half = self._parts(bound)[0], self._half(bound, m)
        return Honest(m, estimate, estimate - half, estimate + half)

    def breakdown(self) -> float:
        """Return the least M at which the interval reaches zero; 0 when it does so without any change of slope."""
        if not self.interval(0.0).excludes_nought:
            return 0.0
        high = abs(self._point) / self._bias_after + 1e-12
        while self.interval(high).excludes_nought:
            high *= 2
        low = 0.0
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if self.interval(middle).excludes_nought else (low, middle)
        return high


def largest_change_of_slope(before: Floats) -> float:
    """Return the largest change of slope from one period before to the next; the reference (0) is the last of them."""
    return float(np.abs(np.diff(np.append(before, 0.0), 2)).max())


def folded_normal_quantile(shift: float, level: float) -> float:
    """Return the quantile of |N(shift, 1)|, by Newton's method."""
    value = shift + float(special.ndtri(level if shift > 1 else 0.5 + level / 2))
    for _ in range(50):
        missing = float(special.ndtr(value - shift) - special.ndtr(-value - shift)) - level
        density = (math.exp(-((value - shift) ** 2) / 2) + math.exp(-((value + shift) ** 2) / 2)) / math.sqrt(
            2 * math.pi
        )
        value -= missing / density
        if abs(missing) < 1e-13:
            break
    return value


def lasso_path(quadratic: Floats, linear: Floats) -> Path:
    """Return the exact path, by following which u are not 0 as λ falls (Osborne, Presnell and Turlach 2000)."""
    size = len(linear)
    solution, bound = np.zeros(size), float(np.abs(linear).max())
    active = np.zeros(size, dtype=bool)
    sign = -np.sign(linear)
    active[int(np.argmax(np.abs(linear)))] = True
    bounds, solutions = [bound], [solution]
    for _ in range(50 * size):
        inside = np.flatnonzero(active)
        part = quadratic[np.ix_(inside, inside)]
        slope = np.zeros(size)
        slope[inside] = np.linalg.solve(part, sign[inside])  # how u grows as λ falls
        gradient, turn = quadratic @ solution + linear, quadratic @ slope
        steps = np.full((3, size), np.inf)
        with np.errstate(divide="ignore", invalid="ignore"):
            steps[0, ~active] = ((bound - gradient) / (1 + turn))[~active]
            steps[1, ~active] = ((bound + gradient) / (1 - turn))[~active]
            steps[2, inside] = (-solution / slope)[inside]
        steps[~(steps > 1e-12 * bounds[0])] = np.inf
        step = min(float(steps.min()), bound)
        solution, bound = solution + step * slope, bound - step
        bounds, solutions = [*bounds, bound], [*solutions, solution]
        if bound <= 0:
            break
        kind, place = (int(i) for i in np.unravel_index(int(np.argmin(steps)), steps.shape))
        active[place] = kind < 2
        if kind < 2:
            sign[place] = -1.0 if kind == 0 else 1.0
        else:
            solution = solution.copy()
            solution[place] = 0.0
    return Path(np.array(bounds), np.array(solutions))
