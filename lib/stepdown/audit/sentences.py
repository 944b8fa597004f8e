"""Findings in one sentence each: what is printed, what it comes to, whether rounding explains it, what rests on it."""

from __future__ import annotations

from stepdown.audit.checking import Check, plainly
from stepdown.audit.figures import SEPARATOR
from stepdown.audit.weight import Weight

_WHAT = {
    "capacity": "is printed as {published}, but there is room for {recomputed}",
    "same": "is printed as {published}, but elsewhere as {recomputed}",
    "stated_n": "is printed as {published}, but the figures need {recomputed}",
    "grim": "is printed as {published}, but that is {recomputed}",
    "grimmer": "is printed as {published}, but {recomputed}",
    "debit": "is printed as {published}, but {recomputed}",
    "distinct": "({published}) is {recomputed}, though it describes another group",
    "label": "is {published}: {recomputed}",
    "printing": "is printed as {published}: {recomputed}",
    "categories": "is printed as {published}, but the table has {recomputed}",
    "order": "reads as a comparison of {published}, but the first is {recomputed}",
    "reconstruction": "cannot be {published}: {recomputed}",
    "unit_cost": "is printed as {published}, but the printed tariffs give {recomputed}",
    "unit_cost_search": "are printed as {published}, but {recomputed} give the totals",
}


def rounding_words(check: Check) -> str:
    """Return whether rounding explains the difference, in words."""
    if check.kind in (
        "capacity",
        "same",
        "percent",
        "total",
        "mean",
        "change",
        "scaled",
        "percent_change",
        "grim",
        "headline",
    ):
        return "rounding does not explain it"
    return ""


def finding(check: Check, weight: Weight) -> str:
    """Return the finding as one sentence that starts with the place and ends with what rests on the figure."""
    what = _WHAT.get(check.kind, "is printed as {published}, but comes to {recomputed}")
    words = what.format(published=check.published, recomputed=check.recomputed)
    parts = [f"{check.table}, {check.cell} {words}"]
    if check.note:
        parts.append(check.note)
    parts.append(rounding_words(check))
    parts.append(_rests(weight))
    return ("; ".join(part for part in parts if part) + ".").replace(SEPARATOR, ", ")


def _rests(weight: Weight) -> str:
    count = len(weight.reaches)
    if not count:
        return "no other checked figure is built on it"
    words = f"{count} published figure{'' if count == 1 else 's'} {'is' if count == 1 else 'are'} built on it"
    if weight.headlines:
        words += ", among them " + " and ".join(f"the {name}" for name in weight.headlines)
    if weight.severity == "headline":
        words += f", which could move by up to {plainly(weight.moves, 0, '£')}"
    return words
