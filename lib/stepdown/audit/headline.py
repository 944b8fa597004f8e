"""What a headline comes to, and the range that it takes over everything that is possible.

The formula is read as arithmetic over named values, exactly (fractions). Where a value may be anything in a range, it
may stand in the formula just once, so that the ends of the result are reached and interval arithmetic is exact.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from stepdown.audit.checking import Check, compare
from stepdown.audit.figures import SEPARATOR, Figures, Quantity, Span, exact, fault
from stepdown.audit.relations import Headline

_OPERATIONS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
AS_PUBLISHED = "every figure as published"
ALL_IMPOSSIBLE = "every impossible total at any possible value"
CAPPED = "every impossible total cut to its maximum"
ALL_TOTALS = "every total of days at any possible value"


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
    bad = fault(
        where, f"a formula that cannot be read: {formula!r}", "names, numbers, + - * / and brackets", "rewrite it"
    )

    def span(node: ast.expr) -> Span:
        if isinstance(node, ast.Name):
            if node.id not in values:
                remedy = "give it under values, before it is used"
                raise fault(where, f"no value {node.id!r}", ", ".join(values), remedy)
            return values[node.id]
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return exact(node.value), exact(node.value)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            low, high = span(node.operand)
            return -high, -low
        if not isinstance(node, ast.BinOp) or type(node.op) not in _OPERATIONS:
            raise bad
        a, b = span(node.left), span(node.right)
        if isinstance(node.op, ast.Div) and b[0] <= 0 <= b[1]:
            raise fault(where, f"a division by what may be 0 in {formula!r}", "a divisor above 0", "correct it")
        ends = [_OPERATIONS[type(node.op)](x, y) for x in a for y in b]  # each operation is monotone in either value
        return min(ends), max(ends)

    try:
        tree = ast.parse(formula.strip(), mode="eval").body
    except SyntaxError:
        raise bad from None
    return span(tree)


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
                times = f"{name!r} stands {everywhere.count(name)} times"
                raise fault(self.where, times, "once", "rearrange the formula")


def names_in(formula: str) -> list[str]:
    """Return the names that a formula uses, as often as it uses them; empty when it cannot be read."""
    try:
        tree = ast.parse(formula.strip(), mode="eval")
    except SyntaxError:
        return []
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]


def model_of(headline: Headline, figures: Figures) -> Model:
    """Return the headline with its figures found."""
    inner = {n: v.removeprefix("=") for n, v in headline.values.items() if isinstance(v, str) and v.startswith("=")}
    quantities = {name: figures.one(v) for name, v in headline.values.items() if name not in inner}
    return Model(headline, figures.one(headline.published), quantities, inner, figures.where)


def check_headline(model: Model) -> Check:
    """Check that the formula gives the headline as printed."""
    span = model.span({})
    check = compare(model.published, span[0], model.quantities.values(), kind="headline", note=model.headline.name)
    return replace(check, relation=model.where)


def sensitivity(model: Model, checks: Sequence[Check], figures: Figures) -> list[Outcome]:
    """Return the headline as published, under each impossible total, under all of them, and in each scenario."""
    limits = {check.output: check for check in checks if check.possible is not None}
    bounded = {name: limits[q.key] for name, q in model.quantities.items() if q.key in limits}
    possible = {name: check.possible for name, check in bounded.items() if check.possible is not None}
    impossible = {name: possible[name] for name, check in bounded.items() if check.is_finding}
    model.once(list(bounded))
    ranges: dict[str, Mapping[str, Span]] = {AS_PUBLISHED: {}}
    for name, span in impossible.items():
        place = f"{bounded[name].table}, {bounded[name].cell}".replace(SEPARATOR, ", ")
        ranges[f"{place}: any possible value"] = {name: span}
    if impossible:
        ranges[ALL_IMPOSSIBLE] = impossible
        ranges[CAPPED] = {name: (most, most) for name, (_, most) in impossible.items()}
        ranges[ALL_TOTALS] = possible
    for scenario in model.headline.scenarios:
        unknown = set(scenario.replace) - set(model.quantities)
        if unknown:
            raise fault(model.where, f"a scenario replaces {sorted(unknown)}", ", ".join(model.quantities), "rename it")
        values = {name: figures.at(model.where).one(ref).value for name, ref in scenario.replace.items()}
        ranges[scenario.name] = {name: (value, value) for name, value in values.items()}
    return [
        Outcome(
            model.headline.name,
            scenario,
            model.published.value,
            *model.span(varied),
            tuple(model.quantities[name].key for name in varied),
        )
        for scenario, varied in ranges.items()
    ]
