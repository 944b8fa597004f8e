"""Finds the figures that a relations file names, and fills in its placeholders."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Self, TypeVar

from stepdown.audit.relations import AuditSettings, Figure, Relation
from stepdown.audit.relations import Figures as Names
from stepdown.faults import Refused, nearest
from stepdown.numbers import digits
from stepdown.published import MAIN, Printed, Report, Table

RULE = "the relations format (docs/your_own_data.md, step 6)"
SEPARATOR = " | "
AnyRelation = TypeVar("AnyRelation", bound=Relation)
Span = tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A figure of the report (or a number of the file, ``printed`` None): its place and its exact value."""

    key: str
    table: str
    cell: str
    value: Fraction
    printed: Printed | None = None

    @property
    def text(self) -> str:
        """The figure as printed, or the number as it stands in the file."""
        return self.printed.text if self.printed else self.cell

    def interval(self) -> Span:
        """Return the numbers that may stand behind it: a printed figure may have been rounded, a number not."""
        return self.printed.interval() if self.printed else (self.value, self.value)


def exact(number: int | float) -> Fraction:
    """Return a number of a YAML file as its decimal digits say (9.32 is 233/25)."""
    return Fraction(str(number))


def total_of(quantities: tuple[Quantity, ...]) -> Fraction:
    """Return the sum of the exact values."""
    return sum((quantity.value for quantity in quantities), Fraction(0))


def fault(where: str, found: str, allowed: str, remedy: str = "correct the name") -> Refused:
    """Return a refusal with one fault of a relations file."""
    return Refused.for_one(where, found, allowed, RULE, remedy)


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of an audit: the reports by source, and the short names of tables and columns.

    where: the place in the relations file that is being read, for the faults.
    """

    settings: AuditSettings
    reports: Mapping[str, Report]
    where: str = ""

    def at(self, where: str) -> Self:
        """Return the same figures, read for another place of the relations file."""
        return replace(self, where=where)

    def fault(self, found: str, allowed: str, remedy: str = "correct the name") -> Refused:
        """Return a refusal of the relation that is being read."""
        return fault(self.where, found, allowed, remedy)

    def one(self, name: Figure) -> Quantity:
        """Return the figure with this name, or the number itself."""
        if not isinstance(name, str):
            return Quantity(f"number {name}", "", str(name), exact(name))
        pieces = [piece.strip() for piece in name.split("|")]
        if len(pieces) == 2:
            return self._claim(pieces[0], pieces[1])
        if len(pieces) in (3, 4):
            return self._cell(pieces[0], pieces[1], pieces[2], pieces[3] if len(pieces) == 4 else MAIN)
        raise self.fault(f"{name!r}", "table | row | column, or source | claim", "name the figure in that form")

    def many(self, names: Names) -> tuple[Quantity, ...]:
        """Return the figures that the names stand for, with ``*`` for the rows of a table."""
        found: list[Quantity] = []
        for name in names if isinstance(names, tuple) else (names,):
            pieces = [piece.strip() for piece in name.split("|")] if isinstance(name, str) else []
            if len(pieces) >= 3 and pieces[1].startswith("*"):
                rows = self._rows(pieces[0], pieces[1].removeprefix("*"))
                found.extend(self.one(SEPARATOR.join([pieces[0], row, *pieces[2:]])) for row in rows)
            else:
                found.append(self.one(name))
        return tuple(found)

    def printed(self, name: Figure) -> tuple[Quantity, Printed]:
        """Return the figure and its printed number; raises Refused for a number of the file itself."""
        quantity = self.one(name)
        if quantity.printed is None:
            found = f"the number {quantity.cell} where a printed figure must be"
            raise self.fault(found, "a figure", "name a figure")
        return quantity, quantity.printed

    def n(self, name: Figure) -> int:
        """Return a size of a group; raises Refused when it is no whole number above 0."""
        value = self.one(name).value
        if value.denominator != 1 or value < 1:
            raise self.fault(f"an n of {digits(float(value), 2)}", "a whole number above 0", "name the n that was used")
        return int(value)

    def table(self, name: str) -> Table:
        """Return a table by its short name, or by ``source/file``."""
        file = self.settings.tables[name].file if name in self.settings.tables else name
        source, _, stem = file.rpartition("/")
        source = source or next(iter(self.reports))
        if source not in self.reports:
            known = [*self.settings.tables, *self.reports]
            raise self.fault(f"a table that is not there: {name!r}{nearest(name, known)}", ", ".join(known))
        tables = self.reports[source].tables
        if stem not in tables:
            known = [*self.settings.tables, *tables]
            found = f"a relation to a table that is not there: {name!r}{nearest(name, known)}"
            raise self.fault(found, ", ".join(known[:40]), "correct the name, or type the table in")
        return tables[stem]

    def expanded(self, relation: AnyRelation) -> Iterator[AnyRelation]:
        """Yield the relation once for each combination of its placeholders."""
        if not relation.each:
            yield relation
            return
        values = [self._values(given) for given in relation.each.values()]
        plain = relation.model_dump() | {"each": {}}
        for name in relation.each:
            if "{" + name + "}" not in str(plain):
                found = f"each: {name!r} is not used in the relation"
                raise self.fault(found, "a placeholder that is used", "use it")
        for combination in itertools.product(*values):
            filled = _fill(plain, dict(zip(relation.each, combination, strict=True)))
            yield type(relation).model_validate(filled)

    def _values(self, given: str | tuple[str, ...]) -> tuple[str, ...]:
        if isinstance(given, tuple):
            return given
        found = re.fullmatch(r"rows of (.+?)(?: except (.+))?", given)
        if found is None:
            raise self.fault(f"each: {given!r}", "a list, or rows of <table> [except A; B]", "correct it")
        return self._rows(found[1], f" except {found[2]}" if found[2] else "")

    def _rows(self, table: str, rest: str) -> tuple[str, ...]:
        rows = self.table(table).row_names()
        left_out = [name.strip() for name in rest.strip().removeprefix("except").split(";") if name.strip()]
        for name in left_out:
            if name not in rows:
                raise self.fault(f"no row {name!r}{nearest(name, rows)}", ", ".join(rows), "correct the row")
        return tuple(row for row in rows if row not in left_out)

    def _cell(self, table: str, row: str, column: str, part: str) -> Quantity:
        found = self.table(table)
        short = self.settings.tables[table].columns if table in self.settings.tables else {}
        header = short.get(column, column)
        for what, name, known in (("row", row, found.row_names()), ("column", header, found.header[1:])):
            if name not in known:
                allowed = ", ".join([*known, *(short if what == "column" else ())])
                raise self.fault(f"no {what} {name!r} in {found.name}{nearest(name, known)}", allowed)
        number = found.numbers.get((row, header, part))
        if number is None:
            cell = dict(zip(found.header, next(r for r in found.rows if r[0] == row), strict=True))[header]
            what = f"text where a number must be: {cell!r}" if cell else "an empty cell where a number must be"
            place = SEPARATOR.join([found.name, row, header, *([] if part == MAIN else [part])])
            remedy = "leave the cell out of the relation, or type the number in"
            raise self.fault(f"{what} ({place})", "a printed number", remedy)
        cell_name = f"{row}{SEPARATOR}{column}" + ("" if part == MAIN else " (in brackets)")
        source = next(name for name, report in self.reports.items() if report.tables.get(found.name) is found)
        return Quantity(
            f"{found.name}|{row}|{header}|{part}|{source}", table_name(found.name), cell_name, number.value, number
        )

    def _claim(self, source: str, claim_id: str) -> Quantity:
        if source not in self.reports:
            known = list(self.reports)
            raise self.fault(f"no source {source!r}{nearest(source, known)}", ", ".join(known), "name a source")
        claims = self.reports[source].claims
        if claim_id not in claims:
            raise self.fault(f"no claim {claim_id!r}{nearest(claim_id, claims)}", "an id of claims.csv")
        claim = claims[claim_id]
        document = "text" if source == next(iter(self.reports)) else source.replace("_", " ")
        place, name = f"{document}, line {claim.line}", claim_id.replace("_", " ")
        return Quantity(f"{source}|{claim_id}", place, name, claim.printed.value, claim.printed)


def table_name(stem: str) -> str:
    """Return "Table 13" for the file ``table_13``, else the file's own name."""
    numbered = re.fullmatch(r"table_0*(\d+)", stem)
    return f"Table {numbered[1]}" if numbered else stem


def _fill(value: Any, filling: dict[str, str]) -> Any:
    if isinstance(value, str):
        for name, text in filling.items():
            value = value.replace("{" + name + "}", text)
        return value
    if isinstance(value, dict):
        return {_fill(key, filling): _fill(inner, filling) for key, inner in value.items()}
    return tuple(_fill(inner, filling) for inner in value) if isinstance(value, tuple | list) else value
