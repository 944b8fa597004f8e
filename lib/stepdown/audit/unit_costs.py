"""Checks of totals made of volumes and tariffs: do the printed tariffs give them, and if not, which finer ones do?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from stepdown.audit.checking import Check, compare, overlaps, plainly
from stepdown.audit.figures import Figures, Quantity, Span, total_of
from stepdown.audit.relations import Equation, UnitCost

SHOWN = 3
DAYS_IN_A_YEAR = 365


@dataclass(frozen=True, slots=True)
class CostEquation:
    """A published total and the volumes behind it, by tariff."""

    total: Quantity
    volumes: dict[str, Fraction]
    inputs: tuple[Quantity, ...]

    def given_by(self, tariffs: Mapping[str, Fraction]) -> Fraction:
        """Return what the total comes to with these tariffs."""
        return sum((volume * tariffs[name] for name, volume in self.volumes.items()), Fraction(0))


def check_unit_cost(relation: UnitCost, figures: Figures) -> list[Check]:
    """Check every total with the printed tariffs, then search the tariffs of step ``step`` that give all of them."""
    tariffs = {name: figures.one(ref) for name, ref in relation.printed.items()}
    equations = [_equation(each, figures) for each in relation.equations]
    checks = [_with_printed(equation, tariffs) for equation in equations]
    sets = tariffs_that_fit(equations, {name: t.interval() for name, t in tariffs.items()}, Fraction(relation.step))
    checks.append(_searched(sets, tariffs, len(equations), relation.step))
    for name, ref in relation.annual.items():
        annual = figures.one(ref)
        value = annual.value / DAYS_IN_A_YEAR
        checks.append(compare(tariffs[name], value, (annual,), kind="daily_tariff", note="a year over 365"))
    return checks


def _equation(equation: Equation, figures: Figures) -> CostEquation:
    found = {name: figures.many(ref) for name, ref in equation.volumes.items()}
    inputs = tuple(quantity for quantities in found.values() for quantity in quantities)
    return CostEquation(figures.one(equation.total), {n: total_of(q) for n, q in found.items()}, inputs)


def _with_printed(equation: CostEquation, tariffs: dict[str, Quantity]) -> Check:
    value = equation.given_by({name: t.value for name, t in tariffs.items()})
    low, high = (equation.given_by({name: t.interval()[end] for name, t in tariffs.items()}) for end in (0, 1))
    return compare(equation.total, value, (*equation.inputs, *tariffs.values()), (low, high))


def _searched(sets: list[dict[str, Fraction]], tariffs: dict[str, Quantity], totals: int, step: str) -> Check:
    decimals = len(step.partition(".")[2])
    shown = " or ".join(
        ", ".join(f"{name} {plainly(value, decimals, '£')}" for name, value in found.items()) for found in sets[:SHOWN]
    )
    first = next(iter(tariffs.values()))
    only = f"the only tariffs in steps of £{step} that give all {totals} totals"
    return Check(
        first.table,
        "tariffs behind the totals",
        ", ".join(f"{name} {t.text}" for name, t in tariffs.items()),
        shown or "no tariffs that round to the printed ones",
        bool(sets),
        kind="unit_cost_search",
        note=only if len(sets) == 1 else f"{len(sets)} sets of tariffs give all {totals} totals",
        output=first.key,
    )


def tariffs_that_fit(
    equations: Sequence[CostEquation], ranges: Mapping[str, Span], step: Fraction, most: int = 50
) -> list[dict[str, Fraction]]:
    """Return the tariffs, multiples of ``step`` within ``ranges``, that give every total as printed (at most ``most``).

    An exact search: the tariffs are fixed one after the other, and a branch is left when some total can no longer
    be reached by any value of the tariffs that are still open.
    """
    names = sorted(ranges, key=lambda name: sum(1 for e in equations if e.volumes.get(name)), reverse=True)
    found: list[dict[str, Fraction]] = []

    def fix(fixed: dict[str, Fraction]) -> None:
        ends = [{name: fixed.get(name, ranges[name][end]) for name in names} for end in (0, 1)]
        if len(found) >= most or not _reaches(equations, *ends):
            return
        if len(fixed) == len(names):
            if all(e.total.printed is not None and e.total.printed.fits(e.given_by(fixed)) for e in equations):
                found.append({name: fixed[name] for name in ranges})
            return
        name = names[len(fixed)]
        low, high = ranges[name]
        for units in range(int(low / step), int(high / step) + 1):
            if low <= units * step <= high:
                fix(fixed | {name: units * step})

    fix({})
    return found


def _reaches(equations: Iterable[CostEquation], low: Mapping[str, Fraction], high: Mapping[str, Fraction]) -> bool:
    """Say whether every total can be had with tariffs between ``low`` and ``high`` (volumes are never negative)."""
    return all(
        equation.total.printed is not None
        and overlaps((equation.given_by(low), equation.given_by(high)), equation.total.printed)
        for equation in equations
    )
