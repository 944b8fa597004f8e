"""How much a finding weighs: what is built on the figure, and whether the headline can stand.

The rule, from heaviest to lightest:

* ``headline``: the figure cannot be right (no data can give it, or two figures disagree), a headline is built on it,
  and the headline moves by at least the file's ``material_percent`` when the figure is made anything that is possible
  (or by the size of the difference itself, where both are pounds);
* ``figure``: the figure cannot be right, but no headline is built on it or none moves by that much;
* ``question``: the report does not say enough to decide, so the authors can be asked;
* ``presentation``: the figure that was meant is plain, but it is wrongly printed, labelled or headed;
* ``none``: the check held, or rounding explains the difference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from stepdown.audit.checking import Check
from stepdown.audit.headline import AS_PUBLISHED, Model, Outcome

SEVERITIES = ("headline", "figure", "question", "presentation", "none")


@dataclass(frozen=True, slots=True)
class Weight:
    """The weight of one check.

    severity: one of :data:`SEVERITIES`.  reaches: keys of the published figures built on the figure.
    headlines: names of the headlines among them.  moves: the most that a headline moves, in its own unit.
    """

    severity: str
    reaches: frozenset[str]
    headlines: tuple[str, ...]
    moves: Fraction


def built_on(checks: Sequence[Check]) -> dict[str, set[str]]:
    """Return figure → figures worked out from it directly (a check without a span only compares)."""
    graph: dict[str, set[str]] = {}
    for check in checks:
        if check.output and (check.span is not None or check.kind == "same"):
            for key in check.inputs:
                graph.setdefault(key, set()).add(check.output)
    return graph


def reached(keys: Sequence[str], graph: Mapping[str, set[str]]) -> frozenset[str]:
    """Return every figure built on ``keys``, however far down."""
    found: set[str] = set()
    todo = [after for key in keys for after in graph.get(key, ())]
    while todo:
        key = todo.pop()
        if key not in found:
            found.add(key)
            todo.extend(graph.get(key, ()))
    return frozenset(found - set(keys))


def weigh(
    check: Check,
    graph: Mapping[str, set[str]],
    models: Sequence[Model],
    outcomes: Sequence[Outcome],
    material_percent: Fraction,
) -> Weight:
    """Return the weight of a check by the rule at the head of this module."""
    reaches = reached(check.figure_keys(), graph)
    headlines = [model for model in models if model.published.key in reaches | set(check.figure_keys())]
    names = tuple(model.headline.name for model in headlines)
    if not check.is_finding:
        return Weight("none", reaches, names, Fraction(0))
    moves = {model.headline.name: _moves(check, model, outcomes) for model in headlines}
    most = max(moves.values(), default=Fraction(0))
    if check.family in ("question", "presentation"):
        return Weight(check.family, reaches, names, most)
    material = any(moves[m.headline.name] * 100 >= material_percent * abs(m.published.value) for m in headlines)
    return Weight("headline" if material and most > 0 else "figure", reaches, names, most)


def _moves(check: Check, model: Model, outcomes: Sequence[Outcome]) -> Fraction:
    """Return the most that the headline moves when this figure alone is made anything that is possible."""
    alone = [
        outcome.moves()
        for outcome in outcomes
        if outcome.headline == model.headline.name
        and outcome.scenario != AS_PUBLISHED
        and len(outcome.varied) == 1
        and outcome.varied[0] in check.figure_keys()
    ]
    pounds = model.published.printed is not None and model.published.printed.unit == "£"
    if not alone and check.difference is not None and pounds and check.published.lstrip("-+").startswith("£"):
        alone = [abs(check.difference)]
    return max(alone, default=Fraction(0))
