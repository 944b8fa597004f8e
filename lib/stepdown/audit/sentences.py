"""Findings in one sentence each: what is printed, what it comes to, whether rounding explains it, what rests on it."""

from __future__ import annotations

from stepdown.audit.auditing import Audit
from stepdown.audit.checking import Check, notes, plainly
from stepdown.audit.figures import SEPARATOR
from stepdown.audit.headline import ALL_IMPOSSIBLE, AS_PUBLISHED
from stepdown.audit.reconstruction import Reconstructed
from stepdown.audit.weight import Weight
from stepdown.numbers import joined

_WHAT = {
    "capacity": "is printed as {published} ({note}), but there is room for {recomputed}",
    "same": "is printed as {published}, but elsewhere as {recomputed}",
    "stated_n": "is printed as {published}, but the figures need {recomputed}",
    "grim": "is printed as {published}, but that is {recomputed}",
    "grimmer": "is printed as {published}, but {recomputed}",
    "debit": "is printed as {published}, but {recomputed}",
    "distinct": "is printed as {published}, {recomputed}, though it is about something else",
    "label": "is {published}: {recomputed}",
    "printing": "is printed as {published}: {recomputed}",
    "categories": "is printed as {published}, but the table has {recomputed}",
    "order": "is not so ({published}): the first is {recomputed}",
    "reconstruction": "cannot be {published}: {recomputed}",
    "unit_cost": "is printed as {published}, but the printed tariffs give {recomputed}",
    "unit_cost_search": "are printed as {published}, but {recomputed} give the totals",
}


_NOT_ROUNDING = frozenset(
    ["capacity", "same", "percent", "total", "mean", "change", "scaled", "percent_change", "grim", "headline"]
)
"""Kinds that compare numbers, so that rounding might have explained a difference and does not."""


def finding(check: Check, weight: Weight, quote: str = "") -> str:
    """Return the finding as one sentence that starts with the place and ends with what rests on the figure.

    quote: the words of the report around the figure, where it stands in a sentence.
    """
    what = _WHAT.get(check.kind, "is printed as {published}, but comes to {recomputed}")
    words = what.format(published=check.published, recomputed=check.recomputed, note=check.note)
    note = "" if "{note}" in what else check.note
    rounding = "rounding does not explain it" if check.kind in _NOT_ROUNDING else ""
    return (notes(f"{_place(check, quote)} {words}", note, rounding, _rests(weight)) + ".").replace(SEPARATOR, ", ")


def _place(check: Check, quote: str) -> str:
    """Return where the figure stands: the line and its words, or the table, the row and the column."""
    table = check.table.removeprefix("text, ")
    table = table[:1].upper() + table[1:]
    if quote and check.kind != "order":
        return f"{table} (“{quote}”)"
    return f"{table}, {check.cell}" + ("," if SEPARATOR in check.cell else "")


def _rests(weight: Weight) -> str:
    count = len(weight.reaches)
    if not count:
        return "no other checked figure depends on it"
    words = f"{count} published figure{'' if count == 1 else 's'} {'depends' if count == 1 else 'depend'} on it"
    if weight.headlines:
        words += ", among them " + joined([f"the {name}" for name in weight.headlines])
    if weight.severity == "headline":
        words += f", which could move by up to {plainly(weight.moves, 0, '£')}"
    return words


def overall(audit: Audit) -> str:
    """Return how many checks were made, held, are explained by rounding, and are findings of which weight.

    >>> overall(result)[:66]
    '619 of 668 checks held. 19 more are explained by rounding. 30 are '
    """
    checks = audit.checks
    held, rounded = sum(c.holds for c in checks), sum(c.rounded for c in checks)
    found = [weight.severity for _, weight in audit.findings()]
    text = f"{held:,} of {len(checks):,} checks held. "
    if rounded:
        text += f"{rounded:,} more {_are(rounded)} explained by rounding. "
    if not found:
        return text + "There is no finding."
    text += f"{len(found):,} {'is a finding' if len(found) == 1 else 'are findings'}: "
    counts = {severity: found.count(severity) for severity in _WEIGHTS if severity in found}
    return text + "; ".join(f"{count} {_WEIGHTS[severity]}" for severity, count in counts.items()) + "."


_WEIGHTS = {
    "headline": "on figures that cannot be right and that move a headline",
    "figure": "on figures that cannot be right but move no headline",
    "question": "to ask the authors about",
    "presentation": "of printing or labelling, where the intended figure is clear",
}


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def about_headline(audit: Audit, name: str) -> str:
    """Return what a headline comes to over everything that is possible, and whether it can stand as printed.

    >>> about_headline(result, "IFP net cost")[:46]
    'The IFP net cost is printed as £307,335. 5 of '
    """
    outcomes = {o.scenario: o for o in audit.outcomes if o.headline == name}
    published = plainly(outcomes[AS_PUBLISHED].published, 0, "£")
    whole = outcomes.get(ALL_IMPOSSIBLE)
    if whole is None:
        return f"The {name} is printed as {published}. No impossible total is behind it."
    low, high = plainly(whole.lowest, 0, "£"), plainly(whole.highest, 0, "£")
    side = "inside" if whole.lowest <= whole.published <= whole.highest else "outside"
    text = (
        f"The {name} is printed as {published}. {len(whole.varied)} of the totals behind it are impossible. If "
        f"each of them could be any possible value, the {name} is between {low} and {high}. "
        f"The printed figure is {side} that range. "
    )
    same_side = whole.lowest > 0 if whole.published > 0 else whole.highest < 0
    kind = "cost" if whole.published > 0 else "saving"
    return text + (f"It is a net {kind} throughout." if same_side else f"It may or may not be a net {kind}.")


def headline_title(audit: Audit, name: str) -> str:
    """Return the title of a headline's chart: what is printed, and what is possible instead.

    >>> headline_title(result, "IFP net cost")
    'IFP net cost: printed £307,335; possible £344,206 to £432,019'
    """
    outcomes = {o.scenario: o for o in audit.outcomes if o.headline == name}
    whole = outcomes.get(ALL_IMPOSSIBLE)
    printed = f"{name}: printed {plainly(outcomes[AS_PUBLISHED].published, 0, '£')}"
    if whole is None:
        return f"{printed}; no impossible total is behind it"
    low, high = plainly(whole.lowest, 0, "£"), plainly(whole.highest, 0, "£")
    return f"{printed}; possible {low}" + (f" to {high}" if high != low else "")


def about_reconstruction(result: Reconstructed) -> str:
    """Return how many tables fit a reading of the text, and so whether the flow is identified.

    >>> about_reconstruction(result.reconstructed[0])[-54:]
    'ighest)”: 2 tables fit, so the flow is not identified.'
    """
    found = f"{result.counted} tables fit, so the flow is not identified"
    if result.identified:
        found = "exactly one table fits, so the flow is known"
    elif result.count == 0:
        found = "no table of whole numbers fits"
    return f"{result.name}, read as “{result.reading}”: {found}."


OVERALL_LIMIT = "A figure that holds fits the others. That does not make it true."
HEADLINE_LIMIT = (
    "It takes the published counts, and the totals that are possible, as they are. It says what the headline can be, "
    "not what it is."
)
