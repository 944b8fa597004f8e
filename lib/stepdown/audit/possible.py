"""Checks of what is possible at all: whole numbers behind means, room for days in a window, the n of a heading,
and whether a number is printed as what it is called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from fractions import Fraction

from stepdown.audit import consistency
from stepdown.audit.checking import Check, overlaps, plainly
from stepdown.audit.figures import SEPARATOR, Figures, Quantity, table_name, total_of
from stepdown.audit.relations import Capacity, Debit, Grim, Grimmer, Label, Printing, StatedN
from stepdown.numbers import digits
from stepdown.published import Printed


def check_grim(relation: Grim, figures: Figures) -> list[Check]:
    """Check that some whole number out of n prints as the figure (GRIM)."""
    (quantity, figure), n = figures.printed(relation.figure), figures.n(relation.n)
    found = consistency.whole_numbers(figure, n, relation.items)
    passes = consistency.share_that_passes(figure, n, relation.items)
    power = f"{digits(float(100 * passes))}% of values would pass"
    power = "every printed value would pass at this n" if passes == 1 else power
    return [
        Check(
            quantity.table,
            quantity.cell,
            figure.text,
            " or ".join(f"{k} of {n * relation.items}" for k in found[:4]) or _nearest(figure, n * relation.items),
            bool(found),
            family="impossible",
            note=power,
            output=quantity.key,
        )
    ]


def _nearest(figure: Printed, n: int) -> str:
    times = 100 if figure.unit == "%" else 1
    below = int(figure.value * n // times)
    ends = [times * Fraction(k, n) for k in (below, below + 1)]
    texts = [plainly(end, figure.decimals + 1, figure.unit) for end in ends]
    return f"no whole number of {n}: {below} gives {texts[0]}, {below + 1} gives {texts[1]}"


def check_spread(relation: Grimmer | Debit, figures: Figures) -> list[Check]:
    """Check that a mean and a standard deviation can come from whole numbers (GRIMMER), or from 0 and 1 (DEBIT)."""
    (mean, printed_mean), (sd, printed_sd) = figures.printed(relation.mean), figures.printed(relation.sd)
    n = figures.n(relation.n)
    if n < 2:
        raise figures.fault("a standard deviation of one value", "an n of at least 2", "name the n that was used")
    if isinstance(relation, Debit):
        holds, what = consistency.debit(printed_mean, printed_sd, n), "values of 0 and 1"
    else:
        holds, what = consistency.grimmer(printed_mean, printed_sd, n, relation.items), "whole numbers"
    return [
        Check(
            sd.table,
            sd.cell,
            f"mean {mean.text}, SD {sd.text}",
            f"{n} {what} can have both" if holds else f"no {n} {what} have both",
            holds,
            family="impossible",
            output=sd.key,
            inputs=(mean.key,),
        )
    ]


def most_days(months: int) -> int:
    """Return the most days that ``months`` calendar months can have, whichever month they begin in (6 months: 184)."""
    starts = [(year, month) for year in range(2000, 2004) for month in range(1, 13)]  # a leap year is among them
    return max((_first_of(y, m + months) - _first_of(y, m)).days for y, m in starts)


def _first_of(year: int, month: int) -> date:
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def check_capacity(relation: Capacity, figures: Figures) -> list[Check]:
    """Check that a total has room: at most so many for each unit, and at least ``least`` for each."""
    totals, units = figures.many(relation.total), figures.many(relation.units)
    most = relation.most if relation.most is not None else most_days(relation.months or 0)
    total, n = total_of(totals), total_of(units)
    low, high = n * relation.least, n * most
    each = f", {plainly(total / n)} each" if n else ""
    holds, one = low <= total <= high, len(totals) == 1
    published = " + ".join(q.text for q in totals)
    too_many = total > high or holds
    return [
        Check(
            totals[0].table,
            " and ".join(q.cell for q in totals),
            published if one else f"{published} = {plainly(total)}",
            f"at most {plainly(high)} ({plainly(n)} x {most})" if too_many else f"at least {plainly(low)}",
            holds,
            family="impossible",
            note=f"{plainly(total)} over {plainly(n)}{each}",
            output=totals[0].key if one else "",
            inputs=tuple(q.key for q in units if q.printed),
            possible=(low, high) if one else None,
            about=tuple(q.key for q in totals),
        )
    ]


def check_stated_n(relation: StatedN, figures: Figures) -> list[Check]:
    """Check that the n of a heading gives the figures below it, and search for the n that does when it does not."""
    holds = _reproduces(relation, figures, relation.n)
    fitting = [] if holds else [n for n in range(2, relation.up_to + 1) if _reproduces(relation, figures, n)]
    found = ", ".join(str(n) for n in fitting[:5]) + (", …" if len(fitting) > 5 else "")
    check = Check(
        table_name(figures.table(relation.table).name),
        "n of the heading",
        str(relation.n),
        str(relation.n) if holds else found or f"no n up to {relation.up_to}",
        holds,
        output=f"n of {relation.table} ({relation.n})",
        difference=Fraction(fitting[0] - relation.n) if fitting else None,
    )
    if len(fitting) == 1:
        check = replace(check, family="presentation", note="the only n that gives every figure")
    return [check]


def _reproduces(relation: StatedN, figures: Figures, n: int) -> bool:
    if not all(printed.fits(value) for value, (_, printed) in _given_by(relation, figures, n)):
        return False
    ratio = Fraction(relation.to_n or 1, n)
    pairs = [(figures.one(name), figures.printed(scaled)[1]) for name, scaled in relation.scaled]
    return all(overlaps((figure.interval()[0] * ratio, figure.interval()[1] * ratio), p) for figure, p in pairs)


def _given_by(relation: StatedN, figures: Figures, n: int) -> Iterator[tuple[Fraction, tuple[Quantity, Printed]]]:
    for count, percent in relation.shares:
        yield 100 * figures.one(count).value / n, figures.printed(percent)
    for total, mean in relation.means:
        yield figures.one(total).value / n, figures.printed(mean)


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
