"""One check: what was printed, what it comes to, and whether rounding explains a difference."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from stepdown.audit.figures import Quantity, Span
from stepdown.published import Printed

Family = Literal["impossible", "mismatch", "presentation", "question"]
"""What a failed check says: no data can give the figure; two figures disagree; the figure is right but wrongly
printed or labelled; or the report does not say enough to decide."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    table, cell: the figure that was checked.  published, recomputed: as texts.  holds: the figure is what the others
    give.  family: what a failure would say.  rounded: it does not hold, but rounding explains it.  note.
    kind: of the relation.  relation: where it stands in the file.  output: key of the figure.  inputs: keys it rests
    on.  difference: recomputed less published, where both are numbers.  possible: what a total can be at all.
    about: keys of all the figures that the check is about, when they are several.
    span: what the figure can come to when the figures behind it may have been rounded.
    """

    table: str
    cell: str
    published: str
    recomputed: str
    holds: bool
    family: Family = "mismatch"
    rounded: bool = False
    note: str = ""
    kind: str = ""
    relation: str = ""
    output: str = ""
    inputs: tuple[str, ...] = ()
    difference: Fraction | None = None
    possible: Span | None = None
    about: tuple[str, ...] = ()
    span: Span | None = None

    def figure_keys(self) -> tuple[str, ...]:
        """Return the keys of the figures that the check is about."""
        return self.about or ((self.output,) if self.output else ())

    @property
    def is_finding(self) -> bool:
        """Say whether the check failed and rounding does not explain it."""
        return not self.holds and not self.rounded


def notes(*parts: str) -> str:
    """Return the notes that say something, as one."""
    return "; ".join(part for part in parts if part)


def plainly(value: Fraction, decimals: int = 0, unit: str = "") -> str:
    """Return a number as a report writes it: whole when it is whole, else with ``decimals`` digits after the point.

    A tie goes to the even digit and a minus is a hyphen, as in the texts of a report that it stands beside.
    """
    if value.denominator == 1:
        decimals = 0
    body = f"{float(round(abs(value), decimals)):,.{decimals}f}"
    return f"{'-' if value < 0 else ''}{'£' if unit == '£' else ''}{body}{'%' if unit == '%' else ''}"


def overlaps(interval: Span, printed: Printed) -> bool:
    """Say whether some number of ``interval`` (both ends in) can have been rounded to the printed one."""
    lowest, highest = printed.interval()
    return interval[0] <= highest and lowest <= interval[1]


def compare(
    figure: Quantity,
    recomputed: Fraction,
    inputs: Iterable[Quantity],
    interval: Span | None = None,
    *,
    kind: str = "",
    note: str = "",
) -> Check:
    """Return the check that ``figure`` is ``recomputed``.

    It holds when the recomputed number rounds to the printed one, half up or half to even. When it does not, rounding
    explains it if some value of ``interval`` (the inputs taken anywhere within their own rounding) would; without an
    interval the inputs are exact.
    """
    span = interval or (recomputed, recomputed)
    printed = figure.printed or Printed(str(figure.value), figure.value)
    holds = printed.fits(recomputed)
    rounded = not holds and overlaps(span, printed)
    return Check(
        figure.table,
        figure.cell,
        printed.text,
        plainly(recomputed, printed.decimals + 2, printed.unit),
        holds,
        rounded=rounded,
        note=notes(note, "rounding of the inputs explains it" if rounded else ""),
        kind=kind,
        output=figure.key,
        inputs=tuple(quantity.key for quantity in inputs if quantity.printed),
        difference=recomputed - figure.value,
        span=span,
    )
