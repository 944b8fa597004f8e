"""Checks of how figures are printed and called: labels, and misplaced commas."""

from __future__ import annotations

from stepdown.audit.checking import Check
from stepdown.audit.figures import SEPARATOR, Figures, table_name
from stepdown.audit.relations import Label, Printing


def check_label(relation: Label, figures: Figures) -> list[Check]:
    """Check that what is called a count is whole, and that what is called a per cent is printed as one."""
    quantities = figures.many(relation.figures)
    if relation.called == "count":
        wrong = [q for q in quantities if q.value.denominator != 1]
        what = "not whole numbers, so not counts"
    else:
        wrong = [q for q in quantities if q.printed is None or q.printed.unit != "%"]
        what = "not printed as per cents"
    more = f" and {len(quantities) - 1} more" if len(quantities) > 1 else ""
    called = f"called {relation.called}: {', '.join(q.text for q in (wrong or quantities)[:6])}"
    found = what if wrong else f"can be a {relation.called}"
    return [Check(quantities[0].table, quantities[0].cell + more, called, found, not wrong, "presentation")]


def check_printing(relation: Printing, figures: Figures) -> list[Check]:
    """Check that every number of a table has its thousands commas in their places."""
    table = figures.table(relation.table)
    place, checks = table_name(table.name), []
    for (row, column, part), number in table.numbers.items():
        if not number.well_grouped:
            cell = f"{row}{SEPARATOR}{column}" + ("" if part == "main" else " (in brackets)")
            checks.append(Check(place, cell, number.text, "misplaced commas", False, "presentation"))
    count = f"{len(table.numbers)} numbers"
    return checks or [Check(place, "every number", count, "well printed", True, "presentation")]
