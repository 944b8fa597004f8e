"""Checks of arithmetic: per cents, totals, means, changes, scaled copies, and one quantity in several places."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from stepdown.audit.checking import Check, compare, overlaps, plainly
from stepdown.audit.figures import Figures, Quantity, exact, fault
from stepdown.audit.relations import (
    Change,
    Distinct,
    Mean,
    Order,
    Percent,
    PercentChange,
    Same,
    Scaled,
    Total,
)

HUNDRED = 100


def total_of(quantities: tuple[Quantity, ...]) -> Fraction:
    """Return the sum of the exact values."""
    return sum((quantity.value for quantity in quantities), Fraction(0))


def check_percent(relation: Percent, figures: Figures, where: str) -> list[Check]:
    """Check a count as a percentage of its base; counts are exact, so only the per cent itself is rounded."""
    figure = figures.one(relation.percent, where)
    counts, base = figures.many(relation.count, where), figures.many(relation.base, where)
    if total_of(base) == 0:
        raise fault(where, "a per cent of nothing: the base is 0", "a base above 0", "name the n that was used")
    value = HUNDRED * total_of(counts) / total_of(base)
    return [
        compare(figure, value, (value, value), kind="percent", relation=where, inputs=counts + base, note=relation.note)
    ]


def check_total(relation: Total, figures: Figures, where: str) -> list[Check]:
    """Check a total against its parts; ``rounded`` parts may each be half a unit of their last place off."""
    figure = figures.one(relation.total, where)
    parts = tuple(part for part in figures.many(relation.parts, where) if part.key != figure.key)
    less = figures.many(relation.less, where)
    value = total_of(parts) - total_of(less)
    slack = Fraction(0)
    if relation.rounded:
        slack = sum((part.printed.step / 2 for part in (*parts, *less) if part.printed), Fraction(0))
    span = (value - slack, value + slack)
    return [compare(figure, value, span, kind="total", relation=where, inputs=(*parts, *less), note=relation.note)]


def check_mean(relation: Mean, figures: Figures, where: str) -> list[Check]:
    """Check a mean against the total and the number that it is a mean over."""
    figure = figures.one(relation.mean, where)
    totals, n = figures.many(relation.total, where), figures.many(relation.n, where)
    if total_of(n) == 0:
        raise fault(where, "a mean over nothing: n is 0", "an n above 0", "name the n that was used")
    value = total_of(totals) / total_of(n)
    return [compare(figure, value, (value, value), kind="mean", relation=where, inputs=totals + n, note=relation.note)]


def check_change(relation: Change, figures: Figures, where: str) -> list[Check]:
    """Check a change from the printed figures and, where it can be, from the unrounded ones; say which was used.

    A change whose size is right and whose sign is missing or wrong is a fault of printing (kind ``sign``).
    """
    before, after = figures.one(relation.before, where), figures.one(relation.after, where)
    figure = figures.one(relation.change, where)
    printed = after.value - before.value
    low, high = printed, printed
    if relation.rounded:
        (b_low, b_high), (a_low, a_high) = before.interval(), after.interval()
        low, high = a_low - b_high, a_high - b_low
    unrounded = _unrounded_change(relation, figures, figure, where)
    check = compare(
        figure, printed, (low, high), kind="change", relation=where, inputs=(before, after), note=relation.note
    )
    if unrounded is not None:
        check = _which_route(check, figure, printed, unrounded)
    return [_sign(check, figure, printed)]


def _unrounded_change(relation: Change, figures: Figures, figure: Quantity, where: str) -> Fraction | None:
    if relation.exact_before is None or relation.exact_after is None or relation.n is None:
        return None
    difference = figures.one(relation.exact_after, where).value - figures.one(relation.exact_before, where).value
    times = HUNDRED if figure.printed and figure.printed.unit == "%" else 1
    return times * difference / figures.one(relation.n, where).value


def _which_route(check: Check, figure: Quantity, printed: Fraction, unrounded: Fraction) -> Check:
    number = figure.printed
    if number is None:
        return check
    from_printed, from_exact = number.fits(printed), number.fits(unrounded)
    route = {
        (True, True): "",
        (True, False): "worked out from the rounded figures",
        (False, True): "worked out from the unrounded figures",
        (False, False): "fits neither the rounded nor the unrounded figures",
    }[from_printed, from_exact]
    note = "; ".join(part for part in (check.note.replace("rounding of the inputs explains it", ""), route) if part)
    shown = check.recomputed
    if from_exact and not from_printed:
        shown = plainly(unrounded, number.decimals + 2, number.unit)
    holds = from_printed or from_exact
    explained = not holds and overlaps((unrounded, unrounded), number)
    return replace(check, holds=holds, rounded=explained, note=note, recomputed=shown)


def _sign(check: Check, figure: Quantity, recomputed: Fraction) -> Check:
    number = figure.printed
    if not check.is_finding or number is None or figure.value == 0:
        return check
    if replace(number, value=-number.value).fits(recomputed):
        missing = "the minus sign is missing" if number.sign == "" and recomputed < 0 else "the sign is wrong"
        note = "; ".join(part for part in (check.note, missing) if part)
        return replace(check, kind="sign", family="presentation", note=note)
    return check


def check_percent_change(relation: PercentChange, figures: Figures, where: str) -> list[Check]:
    """Check a change in per cent; ``rounded_to`` widens both ends to what may stand behind a rounded figure."""
    before, after = figures.one(relation.before, where), figures.one(relation.after, where)
    figure = figures.one(relation.percent, where)
    if before.value == 0:
        raise fault(where, "a change in per cent from nothing: before is 0", "a figure above 0", "take it out")
    half = exact(relation.rounded_to) / 2 if relation.rounded_to else Fraction(0)
    value = _growth(before.value, after.value, relation.sign)
    ends = [_growth(before.value + b, after.value + a, relation.sign) for b in (-half, half) for a in (-half, half)]
    return [
        compare(
            figure,
            value,
            (min(ends), max(ends)),
            kind="percent_change",
            relation=where,
            inputs=(before, after),
            note=relation.note,
        )
    ]


def _growth(before: Fraction, after: Fraction, sign: int) -> Fraction:
    return sign * HUNDRED * (after / before - 1)


def check_scaled(relation: Scaled, figures: Figures, where: str) -> list[Check]:
    """Check a figure scaled from one group's size to another's."""
    figure, scaled = figures.one(relation.figure, where), figures.one(relation.scaled, where)
    ratio = Fraction(relation.to_n, relation.from_n)
    low, high = figure.interval()
    ends = (min(low * ratio, high * ratio), max(low * ratio, high * ratio))
    note = "; ".join(part for part in (relation.note, f"scaled by {relation.to_n}/{relation.from_n}") if part)
    check = compare(scaled, figure.value * ratio, ends, kind="scaled", relation=where, inputs=(figure,), note=note)
    if check.is_finding and scaled.printed and _cut_off(ends, scaled.printed.value, scaled.printed.step):
        check = replace(check, family="presentation", note=f"{check.note}; cut off rather than rounded")
    return [check]


def _cut_off(ends: tuple[Fraction, Fraction], value: Fraction, step: Fraction) -> bool:
    return value <= ends[1] and ends[0] < value + step


def check_same(relation: Same, figures: Figures, where: str) -> list[Check]:
    """Check each later place against the first; a figure printed with fewer digits may be the first one rounded."""
    first, *others = (figures.one(name, where) for name in relation.figures)
    checks = []
    for other in others:
        coarse, fine = sorted((first, other), key=lambda q: -(q.printed.step if q.printed else Fraction(0)))
        holds = first.value == other.value
        rounded = not holds and coarse.printed is not None and coarse.printed.fits(fine.value)
        checks.append(
            Check(
                kind="same",
                relation=where,
                table=other.table,
                cell=other.cell,
                published=other.printed.text if other.printed else other.cell,
                recomputed=f"{first.printed.text if first.printed else first.cell} ({_place(first)})",
                holds=holds or rounded,
                rounded=False,
                family="presentation" if other.printed and not other.printed.well_grouped else "mismatch",
                note=relation.note if not rounded else "; ".join(filter(None, (relation.note, "the same, rounded"))),
                output=other.key,
                inputs=(first.key,) if first.printed else (),
                difference=first.value - other.value,
            )
        )
    return checks


def _place(quantity: Quantity) -> str:
    return f"{quantity.table}, {quantity.cell}" if quantity.table else "as given"


def check_distinct(relation: Distinct, figures: Figures, where: str) -> list[Check]:
    """Check that two sets of figures which describe different things do not agree throughout (if so: a question)."""
    first = [figures.one(name, where) for name in relation.first]
    second = [figures.one(name, where) for name in relation.second]
    differ = any(a.value != b.value for a, b in zip(first, second, strict=True))
    return [
        Check(
            kind="distinct",
            relation=where,
            table=second[0].table,
            cell=second[0].cell + (f" and {len(second) - 1} more" if len(second) > 1 else ""),
            published=", ".join(q.printed.text if q.printed else q.cell for q in second),
            recomputed=("differs from " if differ else "the same as ")
            + f"{first[0].table}: "
            + ", ".join(q.printed.text if q.printed else q.cell for q in first),
            holds=differ,
            rounded=False,
            family="question",
            note=relation.note,
            output=second[0].key,
            about=tuple(q.key for q in second),
        )
    ]


def check_order(relation: Order, figures: Figures, where: str) -> list[Check]:
    """Check a comparison that a sentence makes: the one figure is lower than the other."""
    lower, higher = figures.many(relation.lower, where), figures.many(relation.higher, where)
    low, high = total_of(lower), total_of(higher)
    return [
        Check(
            kind="order",
            relation=where,
            table=higher[0].table or lower[0].table,
            cell=f"{_names(lower)} {'below' if relation.strict else 'at most'} {_names(higher)}",
            published=f"{plainly(low, 2)} and {plainly(high, 2)}",
            recomputed="lower" if low < high else "the same" if low == high else "higher",
            holds=low < high or (low == high and not relation.strict),
            rounded=False,
            family="mismatch",
            note=relation.note,
            output=higher[0].key,
        )
    ]


def _names(quantities: tuple[Quantity, ...]) -> str:
    return " + ".join(f"{q.cell} ({q.table})" if q.table.startswith("Table") else q.cell for q in quantities)
