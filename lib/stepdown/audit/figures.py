"""Finds the figures that a relations file names, and fills in its placeholders."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeVar

from stepdown.audit.relations import Relation
from stepdown.audit.settings import AuditSettings
from stepdown.faults import Fault, Refused, nearest
from stepdown.published import MAIN, Printed, Report, Table

RULE = "the relations format (docs/your_own_data.md, step 6)"
SEPARATOR = " | "
AnyKind = TypeVar("AnyKind", bound=Relation)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A figure of the report (or a number of the file, ``printed`` None): its place and its exact value."""

    key: str
    table: str
    cell: str
    value: Fraction
    printed: Printed | None = None

    def interval(self) -> tuple[Fraction, Fraction]:
        """Return the numbers that may stand behind it: a printed figure may have been rounded, a number not."""
        return self.printed.interval() if self.printed else (self.value, self.value)


def exact(number: int | float) -> Fraction:
    """Return a number of a YAML file as its decimal digits say (9.32 is 233/25)."""
    return Fraction(str(number))


def fault(where: str, found: str, allowed: str, remedy: str) -> Refused:
    """Return a refusal with one fault of a relations file."""
    return Refused([Fault(where, found, allowed, RULE, remedy)])


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of an audit: the reports by source, and the short names of tables and columns."""

    settings: AuditSettings
    reports: Mapping[str, Report]

    def one(self, name: str | int | float, where: str) -> Quantity:
        """Return the figure with this name, or the number itself."""
        if not isinstance(name, str):
            return Quantity(f"number {name}", "", str(name), exact(name))
        pieces = [piece.strip() for piece in name.split("|")]
        if len(pieces) == 2:
            return self._claim(pieces[0], pieces[1], where)
        if len(pieces) in (3, 4):
            return self._cell(pieces[0], pieces[1], pieces[2], pieces[3] if len(pieces) == 4 else MAIN, where)
        raise fault(where, f"{name!r}", "table | row | column, or source | claim", "name the figure in that form")

    def many(self, names: str | int | float | tuple[str | int | float, ...], where: str) -> tuple[Quantity, ...]:
        """Return the figures that the names stand for, with ``*`` for the rows of a table."""
        found: list[Quantity] = []
        for name in names if isinstance(names, tuple) else (names,):
            pieces = [piece.strip() for piece in name.split("|")] if isinstance(name, str) else []
            if len(pieces) >= 3 and pieces[1].startswith("*"):
                rows = self._rows(pieces[0], pieces[1].removeprefix("*"), where)
                found.extend(self.one(SEPARATOR.join([pieces[0], row, *pieces[2:]]), where) for row in rows)
            else:
                found.append(self.one(name, where))
        return tuple(found)

    def table(self, name: str, where: str) -> Table:
        """Return a table by its short name, or by ``source/file``."""
        file = self.settings.tables[name].file if name in self.settings.tables else name
        source, _, stem = file.rpartition("/")
        source = source or next(iter(self.reports))
        if source not in self.reports:
            known = [*self.settings.tables, *self.reports]
            raise fault(
                where, f"a table that is not there: {name!r}{nearest(name, known)}", ", ".join(known), "mend it"
            )
        tables = self.reports[source].tables
        if stem not in tables:
            known = [*self.settings.tables, *tables]
            raise fault(
                where,
                f"a relation to a table that is not there: {name!r}{nearest(name, known)}",
                ", ".join(known[:40]),
                "correct the name, or type the table in",
            )
        return tables[stem]

    def expanded(self, relation: AnyKind, where: str) -> Iterator[AnyKind]:
        """Yield the relation once for each combination of its placeholders."""
        if not relation.each:
            yield relation
            return
        names = list(relation.each)
        values = [self._values(relation.each[name], where) for name in names]
        plain = relation.model_dump() | {"each": {}}
        for name in names:
            if "{" + name + "}" not in str(plain):
                raise fault(
                    where, f"each: {name!r} stands nowhere in the relation", "a placeholder that is used", "use it"
                )
        for combination in itertools.product(*values):
            filled = _fill(plain, dict(zip(names, combination, strict=True)))
            yield type(relation).model_validate(filled)

    def _values(self, given: str | tuple[str, ...], where: str) -> tuple[str, ...]:
        if isinstance(given, tuple):
            return given
        found = re.fullmatch(r"rows of (.+?)(?: except (.+))?", given)
        if found is None:
            raise fault(where, f"each: {given!r}", "a list, or rows of <table> [except A; B]", "correct it")
        return self._rows(found[1], f" except {found[2]}" if found[2] else "", where)

    def _rows(self, table: str, rest: str, where: str) -> tuple[str, ...]:
        rows = self.table(table, where).row_names()
        left_out = [name.strip() for name in rest.strip().removeprefix("except").split(";") if name.strip()]
        for name in left_out:
            if name not in rows:
                raise fault(where, f"no row {name!r}{nearest(name, rows)}", ", ".join(rows), "correct the row")
        return tuple(row for row in rows if row not in left_out)

    def _cell(self, table: str, row: str, column: str, part: str, where: str) -> Quantity:
        found = self.table(table, where)
        short = self.settings.tables[table].columns if table in self.settings.tables else {}
        header = short.get(column, column)
        for what, name, known in (("row", row, found.row_names()), ("column", header, found.header[1:])):
            if name not in known:
                allowed = ", ".join([*known, *(short if what == "column" else ())])
                raise fault(
                    where, f"no {what} {name!r} in {found.name}{nearest(name, known)}", allowed, "mend the name"
                )
        number = found.numbers.get((row, header, part))
        if number is None:
            cell = dict(zip(found.header, next(r for r in found.rows if r[0] == row), strict=True))[header]
            what = f"text where a number must be: {cell!r}" if cell else "an empty cell where a number must be"
            raise fault(
                where,
                f"{what} ({found.name} | {row} | {header}{'' if part == MAIN else f' | {part}'})",
                "a printed number",
                "leave the cell out of the relation, or type the number in",
            )
        cell_name = f"{row} | {column}" + ("" if part == MAIN else " (in brackets)")
        key = f"{found.name}|{row}|{header}|{part}|{self._source_of(found)}"
        return Quantity(key, table_name(found.name), cell_name, number.value, number)

    def _source_of(self, table: Table) -> str:
        return next(name for name, report in self.reports.items() if report.tables.get(table.name) is table)

    def _claim(self, source: str, claim_id: str, where: str) -> Quantity:
        if source not in self.reports:
            known = list(self.reports)
            raise fault(where, f"no source {source!r}{nearest(source, known)}", ", ".join(known), "name a source")
        claims = self.reports[source].claims
        if claim_id not in claims:
            allowed = "an id of claims.csv"
            raise fault(where, f"no claim {claim_id!r}{nearest(claim_id, claims)}", allowed, "correct the id")
        claim = claims[claim_id]
        document = "text" if source == next(iter(self.reports)) else source.replace("_", " ")
        return Quantity(
            f"{source}|{claim_id}",
            f"{document}, line {claim.line}",
            claim_id.replace("_", " "),
            claim.printed.value,
            claim.printed,
        )


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
