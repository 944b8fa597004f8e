"""Checks of what is possible at all: whole numbers behind means, room for days in a window, and the n of a heading."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

from stepdown.audit import consistency
from stepdown.audit.arithmetic import total_of
from stepdown.audit.checking import Check, plainly
from stepdown.audit.figures import Figures, Quantity, fault, table_name
from stepdown.audit.relations import Capacity, Debit, Grim, Grimmer, StatedN
from stepdown.published import Printed


def _number(quantity: Quantity, where: str) -> Printed:
    if quantity.printed is None:
        raise fault(where, f"the number {quantity.cell} where a printed figure must be", "a figure", "name a figure")
    return quantity.printed


def _n(figures: Figures, name: str | int | float, where: str) -> int:
    value = figures.one(name, where).value
    if value.denominator != 1 or value < 1:
        raise fault(where, f"an n of {plainly(value, 2)}", "a whole number above 0", "name the n that was used")
    return int(value)


def check_grim(relation: Grim, figures: Figures, where: str) -> list[Check]:
    """Check that some whole number out of n prints as the figure (GRIM)."""
    quantity = figures.one(relation.figure, where)
    figure, n = _number(quantity, where), _n(figures, relation.n, where)
    found = consistency.whole_numbers(figure, n, relation.items)
    passes = consistency.share_that_passes(figure, n, relation.items)
    power = "every printed value would pass at this n" if passes == 1 else f"{float(passes):.0%} of values would pass"
    return [
        Check(
            kind="grim",
            relation=where,
            table=quantity.table,
            cell=quantity.cell,
            published=figure.text,
            recomputed=" or ".join(f"{k} of {n * relation.items}" for k in found[:4]) or _nearest(figure, n),
            holds=bool(found),
            rounded=False,
            family="impossible",
            note="; ".join(part for part in (relation.note, power) if part),
            output=quantity.key,
        )
    ]


def _nearest(figure: Printed, n: int) -> str:
    times = 100 if figure.unit == "%" else 1
    below = int(figure.value * n // times)
    ends = [times * Fraction(k, n) for k in (below, below + 1)]
    texts = [plainly(end, figure.decimals + 1, figure.unit) for end in ends]
    return f"no whole number of {n}: {below} gives {texts[0]}, {below + 1} gives {texts[1]}"


def check_spread(relation: Grimmer | Debit, figures: Figures, where: str) -> list[Check]:
    """Check that a mean and a standard deviation can come from whole numbers (GRIMMER), or from 0 and 1 (DEBIT)."""
    mean, sd = figures.one(relation.mean, where), figures.one(relation.sd, where)
    n = _n(figures, relation.n, where)
    if n < 2:
        raise fault(where, "a standard deviation of one value", "an n of at least 2", "name the n that was used")
    if isinstance(relation, Debit):
        holds, what = consistency.debit(_number(mean, where), _number(sd, where), n), "values of 0 and 1"
    else:
        holds = consistency.grimmer(_number(mean, where), _number(sd, where), n, relation.items)
        what = "whole numbers"
    return [
        Check(
            kind=relation.kind,
            relation=where,
            table=sd.table,
            cell=sd.cell,
            published=f"mean {_number(mean, where).text}, SD {_number(sd, where).text}",
            recomputed=f"{n} {what} can have both" if holds else f"no {n} {what} have both",
            holds=holds,
            rounded=False,
            family="impossible",
            note=relation.note,
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


def check_capacity(relation: Capacity, figures: Figures, where: str) -> list[Check]:
    """Check that a total has room: at most so many for each unit, and at least ``least`` for each."""
    totals, units = figures.many(relation.total, where), figures.many(relation.units, where)
    most = relation.most if relation.most is not None else most_days(relation.months or 0)
    total, n = total_of(totals), total_of(units)
    low, high = n * relation.least, n * most
    each = f", {plainly(total / n, 0)} each" if n else ""
    holds = low <= total <= high
    limit = f"at most {plainly(high)} ({plainly(n)} x {most})" if total > high or holds else f"at least {plainly(low)}"
    first = totals[0]
    return [
        Check(
            kind="capacity",
            relation=where,
            table=first.table,
            cell=first.cell if len(totals) == 1 else " and ".join(q.cell for q in totals),
            published=_published(totals),
            recomputed=limit,
            holds=holds,
            rounded=False,
            family="impossible",
            note="; ".join(part for part in (relation.note, f"{plainly(total)} over {plainly(n)}{each}") if part),
            output=first.key if len(totals) == 1 else "",
            inputs=tuple(q.key for q in units if q.printed),
            possible=(low, high) if len(totals) == 1 else None,
            about=tuple(q.key for q in totals),
        )
    ]


def _published(totals: tuple[Quantity, ...]) -> str:
    texts = " + ".join(q.printed.text if q.printed else q.cell for q in totals)
    return texts if len(totals) == 1 else f"{texts} = {plainly(total_of(totals))}"


def check_stated_n(relation: StatedN, figures: Figures, where: str) -> list[Check]:
    """Check that the n of a heading gives the figures below it, and search for the n that does when it does not."""
    holds = _reproduces(relation, figures, relation.n, where)
    fitting = [] if holds else [n for n in range(2, relation.up_to + 1) if _reproduces(relation, figures, n, where)]
    found = ", ".join(str(n) for n in fitting[:5]) + (", …" if len(fitting) > 5 else "")
    check = Check(
        kind="stated_n",
        relation=where,
        table=table_name(figures.table(relation.table, where).name),
        cell="n of the heading",
        published=str(relation.n),
        recomputed=str(relation.n) if holds else found or f"no n up to {relation.up_to}",
        holds=holds,
        rounded=False,
        family="presentation" if len(fitting) == 1 else "mismatch",
        note=relation.note,
        output=f"n of {relation.table} ({relation.n})",
        difference=Fraction(fitting[0] - relation.n) if fitting else None,
    )
    return (
        [replace(check, note="; ".join(filter(None, (check.note, "the only n that gives every figure"))))]
        if (len(fitting) == 1)
        else [check]
    )


def _reproduces(relation: StatedN, figures: Figures, n: int, where: str) -> bool:
    pairs: list[tuple[Fraction, Quantity]] = []
    for count, percent in relation.shares:
        pairs.append((100 * figures.one(count, where).value / n, figures.one(percent, where)))
    for total, mean in relation.means:
        pairs.append((figures.one(total, where).value / n, figures.one(mean, where)))
    if not all(_number(quantity, where).fits(value) for value, quantity in pairs):
        return False
    for name, scaled in relation.scaled:
        figure, ratio = figures.one(name, where), Fraction(relation.to_n or 1, n)
        ends = sorted(end * ratio for end in figure.interval())
        low, high = _number(figures.one(scaled, where), where).interval()
        if ends[0] > high or ends[1] < low:
            return False
    return True
