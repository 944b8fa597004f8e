"""One check: what was printed, what it comes to, and whether rounding explains a difference."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from stepdown.audit.figures import Quantity
from stepdown.published import Printed

Family = Literal["impossible", "mismatch", "presentation", "question"]
"""What a failed check says: no data can give the figure; two figures disagree; the figure is right but wrongly
printed or labelled; or the report does not say enough to decide."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    kind: of the relation.  relation: where it stands in the file.  table, cell: the figure that was checked.
    published, recomputed: as texts.  holds: the figure is what the others give.  rounded: it is not, but rounding
    explains it.  family: what a failure would say.  note.  output: key of the figure.  inputs: keys it rests on.
    difference: recomputed less published, where both are numbers.  possible: what a total can be at all.
    about: keys of all the figures that the check is about, when they are several.
    span: what the figure can come to when the figures behind it may have been rounded.
    """

    kind: str
    relation: str
    table: str
    cell: str
    published: str
    recomputed: str
    holds: bool
    rounded: bool
    family: Family
    note: str = ""
    output: str = ""
    inputs: tuple[str, ...] = ()
    difference: Fraction | None = None
    possible: tuple[Fraction, Fraction] | None = None
    about: tuple[str, ...] = ()
    span: tuple[Fraction, Fraction] | None = None

    def figure_keys(self) -> tuple[str, ...]:
        """Return the keys of the figures that the check is about."""
        return self.about or ((self.output,) if self.output else ())

    @property
    def is_finding(self) -> bool:
        """Say whether the check failed and rounding does not explain it."""
        return not self.holds and not self.rounded


def plainly(value: Fraction, decimals: int = 0, unit: str = "") -> str:
    """Return a number as a reader writes it: whole when it is whole, else with ``decimals`` digits after the point."""
    if value.denominator == 1:
        decimals = 0
    sign = "-" if value < 0 else ""
    body = f"{abs(_rounded(value, decimals)):,.{decimals}f}"
    return f"{sign}{'£' if unit == '£' else ''}{body}{'%' if unit == '%' else ''}"


def _rounded(value: Fraction, decimals: int) -> float:
    return float(round(value, decimals))


def overlaps(interval: tuple[Fraction, Fraction], printed: Printed) -> bool:
    """Say whether some number of ``interval`` (both ends in) can have been rounded to the printed one."""
    lowest, highest = printed.interval()
    return interval[0] <= highest and lowest <= interval[1]


def compare(
    figure: Quantity,
    recomputed: Fraction,
    interval: tuple[Fraction, Fraction],
    *,
    kind: str,
    relation: str,
    inputs: Iterable[Quantity],
    note: str = "",
    family: Family = "mismatch",
) -> Check:
    """Return the check that ``figure`` is ``recomputed``.

    It holds when the recomputed number rounds to the printed one, half up or half to even. When it does not, rounding
    explains it if some value of ``interval`` (the inputs taken anywhere within their own rounding) would.
    """
    printed = figure.printed or Printed(str(figure.value), figure.value)
    holds = printed.fits(recomputed)
    rounded = not holds and overlaps(interval, printed)
    note = "; ".join(part for part in (note, "rounding of the inputs explains it" if rounded else "") if part)
    return Check(
        kind=kind,
        relation=relation,
        table=figure.table,
        cell=figure.cell,
        published=printed.text,
        recomputed=plainly(recomputed, printed.decimals + 2, printed.unit),
        holds=holds,
        rounded=rounded,
        family=family,
        note=note,
        output=figure.key,
        inputs=tuple(quantity.key for quantity in inputs if quantity.printed),
        difference=recomputed - figure.value,
        span=interval,
    )
