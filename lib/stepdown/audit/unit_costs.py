"""Checks of totals made of volumes and tariffs: do the printed tariffs give them, and if not, which finer ones do?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from stepdown.audit.arithmetic import total_of
from stepdown.audit.checking import Check, compare, overlaps, plainly
from stepdown.audit.figures import Figures, Quantity
from stepdown.audit.relations import Equation, UnitCost

SHOWN = 3
DAYS_IN_A_YEAR = 365


@dataclass(frozen=True, slots=True)
class CostEquation:
    """A published total and the volumes behind it, by tariff."""

    total: Quantity
    volumes: dict[str, Fraction]
    inputs: tuple[Quantity, ...]


def check_unit_cost(relation: UnitCost, figures: Figures, where: str) -> list[Check]:
    """Check every total with the printed tariffs, then search the tariffs of step ``step`` that give all of them."""
    tariffs = {name: figures.one(ref, where) for name, ref in relation.printed.items()}
    equations = [_equation(each, figures, where) for each in relation.equations]
    checks = [_with_printed(equation, tariffs, relation, where) for equation in equations]
    sets = tariffs_that_fit(equations, {name: t.interval() for name, t in tariffs.items()}, Fraction(relation.step))
    checks.append(_searched(sets, tariffs, equations, relation, where))
    if relation.annual:
        checks += [_annual(tariffs[name], figures.one(ref, where), where) for name, ref in relation.annual.items()]
    return checks


def _equation(equation: Equation, figures: Figures, where: str) -> CostEquation:
    found = {name: figures.many(ref, where) for name, ref in equation.volumes.items()}
    inputs = tuple(quantity for quantities in found.values() for quantity in quantities)
    return CostEquation(figures.one(equation.total, where), {n: total_of(q) for n, q in found.items()}, inputs)


def _with_printed(equation: CostEquation, tariffs: dict[str, Quantity], relation: UnitCost, where: str) -> Check:
    used = equation.volumes
    value = sum((used[name] * tariffs[name].value for name in used), Fraction(0))
    low = sum((used[name] * tariffs[name].interval()[0] for name in used), Fraction(0))
    high = sum((used[name] * tariffs[name].interval()[1] for name in used), Fraction(0))
    inputs = (*equation.inputs, *tariffs.values())
    return compare(
        equation.total, value, (low, high), kind="unit_cost", relation=where, inputs=inputs, note=relation.note
    )


def _searched(
    sets: list[dict[str, Fraction]],
    tariffs: dict[str, Quantity],
    equations: Sequence[CostEquation],
    relation: UnitCost,
    where: str,
) -> Check:
    decimals = max(len(relation.step.partition(".")[2]), 0)
    shown = " or ".join(
        ", ".join(f"{name} {plainly(value, decimals, '£')}" for name, value in found.items()) for found in sets[:SHOWN]
    )
    first = next(iter(tariffs.values()))
    only = f"the only tariffs in steps of £{relation.step} that give all {len(equations)} totals"
    return Check(
        kind="unit_cost_search",
        relation=where,
        table=first.table,
        cell="tariffs behind the totals",
        published=", ".join(f"{name} {t.printed.text if t.printed else t.cell}" for name, t in tariffs.items()),
        recomputed=shown or "no tariffs that round to the printed ones",
        holds=bool(sets),
        rounded=False,
        family="mismatch",
        note=only if len(sets) == 1 else f"{len(sets)} sets of tariffs give all {len(equations)} totals",
        output=first.key,
    )


def _annual(daily: Quantity, annual: Quantity, where: str) -> Check:
    value = annual.value / DAYS_IN_A_YEAR
    return compare(
        daily, value, (value, value), kind="daily_tariff", relation=where, inputs=(annual,), note="a year over 365"
    )


def tariffs_that_fit(
    equations: Sequence[CostEquation], ranges: dict[str, tuple[Fraction, Fraction]], step: Fraction, most: int = 50
) -> list[dict[str, Fraction]]:
    """Return the tariffs, multiples of ``step`` within ``ranges``, that give every total as printed (at most ``most``).

    An exact search: the tariffs are fixed one after the other, and a branch is left when some total can no longer
    be reached by any value of the tariffs that are still open.
    """
    names = sorted(ranges, key=lambda name: sum(1 for e in equations if e.volumes.get(name)), reverse=True)
    found: list[dict[str, Fraction]] = []

    def open_ended(fixed: dict[str, Fraction]) -> bool:
        for equation in equations:
            low = high = Fraction(0)
            for name, volume in equation.volumes.items():
                ends = (fixed[name], fixed[name]) if name in fixed else ranges[name]
                low, high = low + volume * ends[0], high + volume * ends[1]
            if equation.total.printed is None or not overlaps((low, high), equation.total.printed):
                return False
        return True

    def fix(fixed: dict[str, Fraction]) -> None:
        if len(found) >= most or not open_ended(fixed):
            return
        if len(fixed) == len(names):
            if all(_gives(equation, fixed) for equation in equations):
                found.append({name: fixed[name] for name in ranges})
            return
        name = names[len(fixed)]
        first, last = (int(end / step) for end in ranges[name])
        for units in range(first, last + 1):
            value = units * step
            if ranges[name][0] <= value <= ranges[name][1]:
                fix(fixed | {name: value})

    fix({})
    return found


def _gives(equation: CostEquation, tariffs: dict[str, Fraction]) -> bool:
    value = sum((volume * tariffs[name] for name, volume in equation.volumes.items()), Fraction(0))
    return equation.total.printed is not None and equation.total.printed.fits(value)
