"""Checks of how figures are printed and called: labels, misplaced commas, counts of categories."""

from __future__ import annotations

from fractions import Fraction

from stepdown.audit.checking import Check, compare
from stepdown.audit.figures import SEPARATOR, Figures, table_name
from stepdown.audit.relations import Categories, Label, Printing


def check_label(relation: Label, figures: Figures, where: str) -> list[Check]:
    """Check that what is called a count is whole, and that what is called a per cent is printed as one."""
    quantities = figures.many(relation.figures, where)
    if relation.called == "count":
        wrong = [q for q in quantities if q.value.denominator != 1]
        what = "not whole numbers, so not counts"
    else:
        wrong = [q for q in quantities if q.printed is None or q.printed.unit != "%"]
        what = "not printed as per cents"
    texts = [q.printed.text if q.printed else q.cell for q in (wrong or list(quantities))]
    return [
        Check(
            kind="label",
            relation=where,
            table=quantities[0].table,
            cell=quantities[0].cell + (f" and {len(quantities) - 1} more" if len(quantities) > 1 else ""),
            published=f"called {relation.called}: {', '.join(texts[:6])}",
            recomputed=what if wrong else f"can be a {relation.called}",
            holds=not wrong,
            rounded=False,
            family="presentation",
            note=relation.note,
        )
    ]


def check_printing(relation: Printing, figures: Figures, where: str) -> list[Check]:
    """Check that every number of a table has its thousands commas in their places."""
    table = figures.table(relation.table, where)
    wrong = [(place, number) for place, number in table.numbers.items() if not number.well_grouped]
    if not wrong:
        count = f"{len(table.numbers)} numbers"
        return [_printing(where, table_name(table.name), "every number", count, "well printed", True, relation.note)]
    checks = []
    for (row, column, part), number in wrong:
        cell = f"{row}{SEPARATOR}{column}" + ("" if part == "main" else " (in brackets)")
        checks.append(
            _printing(where, table_name(table.name), cell, number.text, "misplaced commas", False, relation.note)
        )
    return checks


def _printing(where: str, table: str, cell: str, published: str, found: str, holds: bool, note: str) -> Check:
    return Check("printing", where, table, cell, published, found, holds, False, "presentation", note)


def check_categories(relation: Categories, figures: Figures, where: str) -> list[Check]:
    """Check a count of categories against the rows that are not zero."""
    figure, rows = figures.one(relation.figure, where), figures.many(relation.rows, where)
    used = Fraction(sum(1 for row in rows if row.value != 0))
    return [compare(figure, used, (used, used), kind="categories", relation=where, inputs=rows, note=relation.note)]
