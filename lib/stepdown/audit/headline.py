"""What a headline comes to, and the range that it takes over everything that is possible.

The formula is read as arithmetic over named values, exactly (fractions). Where a value may be anything in a range, it
may stand in the formula just once, so that the ends of the result are reached and interval arithmetic is exact.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from stepdown.audit.checking import Check, compare
from stepdown.audit.figures import SEPARATOR, Figures, Quantity, exact, fault
from stepdown.audit.settings import Headline

Span = tuple[Fraction, Fraction]
AS_PUBLISHED = "every figure as published"
ALL_IMPOSSIBLE = "every impossible total anything that is possible"
CAPPED = "every impossible total cut to the most that is possible"
ALL_TOTALS = "every total of days anything that is possible"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of the sensitivity of a headline: the scenario and the lowest and highest that it gives.

    varied: keys of the figures that were not taken as published.
    """

    headline: str
    scenario: str
    published: Fraction
    lowest: Fraction
    highest: Fraction
    varied: tuple[str, ...] = ()

    def moves(self) -> Fraction:
        """Return the largest distance from the published figure."""
        return max(abs(self.lowest - self.published), abs(self.highest - self.published))


def evaluate(formula: str, values: Mapping[str, Span], where: str) -> Span:
    """Return the lowest and highest value of ``formula``; raises Refused for more than names, numbers and + - * /."""
    try:
        tree = ast.parse(formula.strip(), mode="eval").body
    except SyntaxError:
        raise _bad(where, formula) from None
    return _span(tree, values, where, formula)


def _span(node: ast.expr, values: Mapping[str, Span], where: str, formula: str) -> Span:
    if isinstance(node, ast.Name):
        if node.id not in values:
            raise fault(where, f"no value {node.id!r}", ", ".join(values), "give it under values, before it is used")
        return values[node.id]
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return exact(node.value), exact(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        low, high = _span(node.operand, values, where, formula)
        return -high, -low
    if isinstance(node, ast.BinOp):
        a, b = _span(node.left, values, where, formula), _span(node.right, values, where, formula)
        if isinstance(node.op, ast.Add):
            return a[0] + b[0], a[1] + b[1]
        if isinstance(node.op, ast.Sub):
            return a[0] - b[1], a[1] - b[0]
        if isinstance(node.op, ast.Mult):
            ends = [x * y for x in a for y in b]
            return min(ends), max(ends)
        if isinstance(node.op, ast.Div):
            if b[0] <= 0 <= b[1]:
                raise fault(where, f"a division by what may be 0 in {formula!r}", "a divisor above 0", "mend it")
            ends = [x / y for x in a for y in b]
            return min(ends), max(ends)
    raise _bad(where, formula)


def _bad(where: str, formula: str) -> Exception:
    return fault(
        where, f"a formula that cannot be read: {formula!r}", "names, numbers, + - * / and brackets", "mend it"
    )


@dataclass(frozen=True, slots=True)
class Model:
    """A headline with its values found: figures by name, inner formulas in order, and the formula itself."""

    headline: Headline
    published: Quantity
    quantities: dict[str, Quantity]
    inner: dict[str, str]
    where: str

    def span(self, ranges: Mapping[str, Span]) -> Span:
        """Return the lowest and highest headline, with the named values anywhere in their ranges."""
        values: dict[str, Span] = {}
        for name in self.headline.values:
            if name in self.inner:
                values[name] = evaluate(self.inner[name], values, self.where)
            else:
                value = self.quantities[name].value
                values[name] = ranges.get(name, (value, value))
        return evaluate(self.headline.formula, values, self.where)

    def once(self, names: Sequence[str]) -> None:
        """Refuse a range for a value that the formulas use more than once: its ends would then not be exact."""
        formulas = {**self.inner, "": self.headline.formula}
        used = {name: names_in(formula) for name, formula in formulas.items()}
        ranged = set(names)
        for name in self.inner:
            ranged |= {name} if ranged & set(used[name]) else set()
        everywhere = [name for found in used.values() for name in found]
        for name in sorted(ranged):
            if everywhere.count(name) > 1:
                raise fault(
                    self.where, f"{name!r} stands {everywhere.count(name)} times", "once", "rearrange the formula"
                )


def names_in(formula: str) -> list[str]:
    """Return the names that a formula uses, as often as it uses them; empty when it cannot be read."""
    try:
        tree = ast.parse(formula.strip(), mode="eval")
    except SyntaxError:
        return []
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]


def model_of(headline: Headline, figures: Figures, where: str) -> Model:
    """Return the headline with its figures found."""
    inner = {n: v.removeprefix("=") for n, v in headline.values.items() if isinstance(v, str) and v.startswith("=")}
    quantities = {name: figures.one(v, where) for name, v in headline.values.items() if name not in inner}
    return Model(headline, figures.one(headline.published, where), quantities, inner, where)


def check_headline(model: Model) -> Check:
    """Check that the formula gives the headline as printed."""
    low, high = model.span({})
    inputs = [quantity for quantity in model.quantities.values() if quantity.printed]
    return compare(
        model.published,
        low,
        (low, high),
        kind="headline",
        relation=model.where,
        inputs=inputs,
        note=model.headline.name,
    )


def sensitivity(model: Model, checks: Sequence[Check], figures: Figures) -> list[Outcome]:
    """Return the headline as published, under each impossible total, under all of them, and in each scenario."""
    limits = {check.output: check for check in checks if check.possible is not None}
    bounded = {name: limits[q.key] for name, q in model.quantities.items() if q.key in limits}
    impossible = {name: check for name, check in bounded.items() if check.is_finding}
    model.once(list(bounded))

    def outcome(scenario: str, ranges: Mapping[str, Span]) -> Outcome:
        low, high = model.span(ranges)
        varied = tuple(model.quantities[name].key for name in ranges)
        return Outcome(model.headline.name, scenario, model.published.value, low, high, varied)

    found = [outcome(AS_PUBLISHED, {})]
    for name, check in impossible.items():
        place = f"{check.table}, {check.cell}".replace(SEPARATOR, ", ")
        found.append(outcome(f"{place}: anything that is possible", {name: _possible(check)}))
    if impossible:
        found.append(outcome(ALL_IMPOSSIBLE, {name: _possible(check) for name, check in impossible.items()}))
        most = {name: (_possible(check)[1],) * 2 for name, check in impossible.items()}
        found.append(outcome(CAPPED, {name: (ends[0], ends[1]) for name, ends in most.items()}))
        found.append(outcome(ALL_TOTALS, {name: _possible(check) for name, check in bounded.items()}))
    for scenario in model.headline.scenarios:
        unknown = set(scenario.replace) - set(model.quantities)
        if unknown:
            raise fault(model.where, f"a scenario replaces {sorted(unknown)}", ", ".join(model.quantities), "mend it")
        replaced = {name: figures.one(ref, model.where).value for name, ref in scenario.replace.items()}
        found.append(outcome(scenario.name, {name: (value, value) for name, value in replaced.items()}))
    return found


def _possible(check: Check) -> Span:
    return check.possible if check.possible is not None else (Fraction(0), Fraction(0))
