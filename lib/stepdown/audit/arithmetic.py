"""Checks of arithmetic: per cents, totals, means, changes, scaled copies, and one quantity in several places."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from stepdown.audit.checking import Check, compare, notes, overlaps, plainly
from stepdown.audit.figures import Figures, Quantity, Span, exact, total_of
from stepdown.audit.relations import (
    Categories,
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


def check_percent(relation: Percent, figures: Figures) -> list[Check]:
    """Check a count as a percentage of its base; counts are exact, so only the per cent itself is rounded."""
    counts, base = figures.many(relation.count), figures.many(relation.base)
    if total_of(base) == 0:
        raise figures.fault("a per cent of zero: the base is 0", "a base above 0", "name the n that was used")
    return [compare(figures.one(relation.percent), HUNDRED * total_of(counts) / total_of(base), counts + base)]


def check_total(relation: Total, figures: Figures) -> list[Check]:
    """Check a total against its parts; ``rounded`` parts may each be half a unit of their last place off."""
    figure = figures.one(relation.total)
    parts = tuple(part for part in figures.many(relation.parts) if part.key != figure.key)
    less = figures.many(relation.less)
    value = total_of(parts) - total_of(less)
    steps = [part.printed.step for part in (*parts, *less) if part.printed and relation.rounded]
    slack = sum(steps, Fraction(0)) / 2
    return [compare(figure, value, (*parts, *less), (value - slack, value + slack))]


def check_mean(relation: Mean, figures: Figures) -> list[Check]:
    """Check a mean against the total and the number that it is a mean over."""
    totals, n = figures.many(relation.total), figures.many(relation.n)
    if total_of(n) == 0:
        raise figures.fault("a mean over nothing: n is 0", "an n above 0", "name the n that was used")
    return [compare(figures.one(relation.mean), total_of(totals) / total_of(n), totals + n)]


def check_change(relation: Change, figures: Figures) -> list[Check]:
    """Check a change from the printed figures and, where it can be, from the unrounded ones; say which was used.

    A change whose size is right and whose sign is missing or wrong is a fault of printing (kind ``sign``).
    """
    before, after = figures.one(relation.before), figures.one(relation.after)
    figure = figures.one(relation.change)
    printed = after.value - before.value
    span = None
    if relation.rounded:
        (b_low, b_high), (a_low, a_high) = before.interval(), after.interval()
        span = a_low - b_high, a_high - b_low
    check = compare(figure, printed, (before, after), span)
    if relation.exact_before is not None and relation.exact_after is not None and relation.n is not None:
        difference = figures.one(relation.exact_after).value - figures.one(relation.exact_before).value
        times = HUNDRED if figure.printed and figure.printed.unit == "%" else 1
        check = _which_route(check, figure, printed, times * difference / figures.one(relation.n).value)
    return [_sign(check, figure, printed)]


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
    shown = check.recomputed
    if from_exact and not from_printed:
        shown = plainly(unrounded, number.decimals + 2, number.unit)
    holds = from_printed or from_exact
    explained = not holds and overlaps((unrounded, unrounded), number)
    return replace(check, holds=holds, rounded=explained, note=route, recomputed=shown)


def _sign(check: Check, figure: Quantity, recomputed: Fraction) -> Check:
    number = figure.printed
    if not check.is_finding or number is None or figure.value == 0:
        return check
    if replace(number, value=-number.value).fits(recomputed):
        missing = "the minus sign is missing" if number.sign == "" and recomputed < 0 else "the sign is wrong"
        return replace(check, kind="sign", family="presentation", note=notes(check.note, missing))
    return check


def check_percent_change(relation: PercentChange, figures: Figures) -> list[Check]:
    """Check a change in per cent; ``rounded_to`` widens both ends to what may stand behind a rounded figure."""
    before, after = figures.one(relation.before), figures.one(relation.after)
    if before.value == 0:
        raise figures.fault("a per cent change from zero: before is 0", "a figure above 0", "take it out")
    half = exact(relation.rounded_to) / 2 if relation.rounded_to else Fraction(0)
    value = _growth(before.value, after.value, relation.sign)
    ends = [_growth(before.value + b, after.value + a, relation.sign) for b in (-half, half) for a in (-half, half)]
    return [compare(figures.one(relation.percent), value, (before, after), (min(ends), max(ends)))]


def _growth(before: Fraction, after: Fraction, sign: int) -> Fraction:
    return sign * HUNDRED * (after / before - 1)


def check_scaled(relation: Scaled, figures: Figures) -> list[Check]:
    """Check a figure scaled from one group's size to another's."""
    figure, scaled = figures.one(relation.figure), figures.one(relation.scaled)
    ratio = Fraction(relation.to_n, relation.from_n)
    low, high = (end * ratio for end in figure.interval())
    note = f"scaled by {relation.to_n}/{relation.from_n}"
    check = compare(scaled, figure.value * ratio, (figure,), (low, high), note=note)
    if check.is_finding and scaled.printed and _cut_off((low, high), scaled.printed.value, scaled.printed.step):
        check = replace(check, family="presentation", note=f"{check.note}; cut off rather than rounded")
    return [check]


def _cut_off(ends: Span, value: Fraction, step: Fraction) -> bool:
    return value <= ends[1] and ends[0] < value + step


def check_same(relation: Same, figures: Figures) -> list[Check]:
    """Check each later place against the first; a figure printed with fewer digits may be the first one rounded."""
    first, *others = (figures.one(name) for name in relation.figures)
    checks = []
    for other in others:
        coarse, fine = sorted((first, other), key=lambda q: -(q.printed.step if q.printed else Fraction(0)))
        equal = first.value == other.value
        rounded = not equal and coarse.printed is not None and coarse.printed.fits(fine.value)
        place = f"{first.table}, {first.cell}" if first.table else "as given"
        check = Check(
            other.table,
            other.cell,
            other.text,
            f"{first.text} ({place})",
            equal or rounded,
            family="presentation" if other.printed and not other.printed.well_grouped else "mismatch",
            note="the same, rounded" if rounded else "",
            output=other.key,
            inputs=(first.key,) if first.printed else (),
            difference=first.value - other.value,
        )
        checks.append(check)
    return checks


def check_distinct(relation: Distinct, figures: Figures) -> list[Check]:
    """Check that two sets of figures which describe different things do not agree throughout (if so: a question)."""
    first = [figures.one(name) for name in relation.first]
    second = [figures.one(name) for name in relation.second]
    differ = any(a.value != b.value for a, b in zip(first, second, strict=True))
    found = f"{'differs from' if differ else 'the same as'} {first[0].table}: {', '.join(q.text for q in first)}"
    return [
        Check(
            second[0].table,
            second[0].cell + (f" and {len(second) - 1} more" if len(second) > 1 else ""),
            ", ".join(q.text for q in second),
            found,
            differ,
            family="question",
            output=second[0].key,
            about=tuple(q.key for q in second),
        )
    ]


def check_order(relation: Order, figures: Figures) -> list[Check]:
    """Check a comparison that a sentence makes: the one figure is lower than the other."""
    lower, higher = figures.many(relation.lower), figures.many(relation.higher)
    low, high = total_of(lower), total_of(higher)
    return [
        Check(
            higher[0].table or lower[0].table,
            f"{_names(lower)} {'below' if relation.strict else 'at most'} {_names(higher)}",
            f"{plainly(low, 2)} and {plainly(high, 2)}",
            "lower" if low < high else "the same" if low == high else "higher",
            low < high or (low == high and not relation.strict),
            output=higher[0].key,
        )
    ]


def _names(quantities: tuple[Quantity, ...]) -> str:
    return " + ".join(f"{q.cell} ({q.table})" if q.table.startswith("Table") else q.cell for q in quantities)


def check_categories(relation: Categories, figures: Figures) -> list[Check]:
    """Check a count of categories against the rows that are not zero."""
    rows = figures.many(relation.rows)
    return [compare(figures.one(relation.figure), Fraction(sum(row.value != 0 for row in rows)), rows)]
