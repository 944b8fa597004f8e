"""Reads a folder of published figures, or words every fault in it (see :mod:`stepdown.published`)."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import Field

from stepdown.faults import Fault, Refused, nearest, refuse
from stepdown.params.base import Settings, Text
from stepdown.params.loading import load
from stepdown.published.printed import MAIN, Printed, parse, parts

Key = TypeVar("Key")
Value = TypeVar("Value")

RULE = "published figures are kept as printed (docs/your_own_data.md, step 6)"
CLAIM_COLUMNS = ("claim_id", "section", "line", "quote", "printed", "value", "unit")


class TableSource(Settings):
    """Where a table stands in its document, and what of it the CSV leaves out.

    stated_n: the sizes of groups that the title gives.  header_above: a second header line, column by column.
    footnotes: reference marks that stood in a cell ("row | column": mark).  text_columns: columns that are not numbers.
    """

    title: Text
    title_line: int | None = Field(default=None, ge=1)
    header_line: int | None = Field(default=None, ge=1)
    row_lines: tuple[tuple[int, int], ...] = ()
    stated_n: tuple[int, ...] = ()
    header_above: tuple[str, ...] = ()
    footnotes: dict[str, str] = Field(default_factory=dict)
    text_columns: tuple[str, ...] = ()


class Source(Settings):
    """The document that the figures were typed in from; ``lines_of`` says what the line numbers count."""

    document: Text
    publisher: Text
    date: Text
    licence: Text
    address: str = ""
    reference: str = ""
    lines_of: str = ""
    note: str = ""
    tables: dict[str, TableSource] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """A published table: ``header`` and ``rows`` as printed; ``numbers`` by (row, column, part)."""

    name: str
    source: TableSource
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: dict[tuple[str, str, str], Printed]

    def row_names(self) -> tuple[str, ...]:
        """Return the names of the rows, in order."""
        return tuple(row[0] for row in self.rows)


@dataclass(frozen=True, slots=True)
class Claim:
    """A number in a sentence: its id, section, line of the document, the words around it, and the number."""

    claim_id: str
    section: str
    line: int
    quote: str
    printed: Printed
    unit: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one folder holds: the source, the tables and the claims."""

    name: str
    source: Source
    tables: dict[str, Table]
    claims: dict[str, Claim]

    def table(self, table: str | int) -> Table:
        """Return a table by name, or by number (13 is ``table_13``); raises Refused when there is none."""
        name = f"table_{table:02d}" if isinstance(table, int) else table
        return _find(self.tables, name, f"{self.name}: tables", "table")

    def cell(self, table: str | int, row: str, column: str, part: str = MAIN) -> Printed:
        """Return one printed number; raises Refused, naming the nearest known name, when it is not there."""
        found = self.table(table)
        where = f"{self.name}/{found.name}.csv"
        _find(dict.fromkeys(found.row_names()), row, f"{where}, rows", "row")
        _find(dict.fromkeys(found.header[1:]), column, f"{where}, columns", "column")
        return _find(found.numbers, (row, column, part), f"{where}, {row} | {column}", "printed number")

    def claim(self, claim_id: str) -> Claim:
        """Return a claim by its id; raises Refused when there is none."""
        return _find(self.claims, claim_id, f"{self.name}/claims.csv", "claim")


def _find(known: Mapping[Key, Value], name: Key, where: str, what: str) -> Value:
    if name not in known:
        shown = name if isinstance(name, str) else " | ".join(name) if isinstance(name, tuple) else str(name)
        names = [key for key in known if isinstance(key, str)]
        raise Refused([_fault(where, f"no {what} {shown!r}{nearest(shown, names)}", ", ".join(names[:30]))])
    return known[name]


def _fault(where: str, found: str, allowed: str, remedy: str = "correct the name or the file at that place") -> Fault:
    return Fault(where, found, allowed or "a name that the files have", RULE, remedy)


def read(folder: str | Path) -> Report:
    """Return the published report in ``folder``; raises Refused with every fault of its files.

    Every CSV but ``claims.csv`` and ``cells.csv`` is a table. The numbers are read from the tables themselves;
    ``cells.csv`` is for people and other programs.
    """
    folder = Path(folder)
    if not (folder / "source.yaml").is_file():
        raise Refused([_fault(str(folder), "no source.yaml", "a folder with source.yaml and CSV tables")])
    source = load((folder / "source.yaml").resolve(), Source)
    names = sorted(p.stem for p in folder.glob("*.csv") if p.stem not in ("claims", "cells"))
    faults = [
        _fault(f"{folder.name}/source.yaml, tables.{name}", "a table without a file", f"{name}.csv beside it")
        for name in sorted(set(source.tables) - set(names))
    ]
    tables = {name: _table(folder / f"{name}.csv", source.tables.get(name), faults) for name in names}
    claims = _claims(folder / "claims.csv", faults) if (folder / "claims.csv").is_file() else {}
    refuse(faults)
    return Report(folder.name, source, tables, claims)


def _rows(path: Path, faults: list[Fault]) -> list[list[str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        faults.append(
            _fault(
                f"{path.parent.name}/{path.name}, byte {error.start}",
                "bytes that are not UTF-8",
                "UTF-8",
                "save as UTF-8",
            )
        )
        return []
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    if len(rows) < 2:
        faults.append(
            _fault(f"{path.parent.name}/{path.name}", "no rows", "a header and at least one row", "type the rows in")
        )
    return [[cell.strip() for cell in row] for row in rows]


def _table(path: Path, source: TableSource | None, faults: list[Fault]) -> Table:
    source = source or TableSource(title=path.stem)
    rows = _rows(path, faults)
    header = tuple(rows[0]) if rows else ()
    where = f"{path.parent.name}/{path.name}"
    for kind, names in (("column", header[1:]), ("row", tuple(row[0] for row in rows[1:]))):
        for name in sorted({name for name in names if names.count(name) > 1}):
            faults.append(_fault(where, f"two {kind}s named {name!r}", f"each {kind} named once", "tell them apart"))
    numbers: dict[tuple[str, str, str], Printed] = {}
    for line, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            faults.append(_fault(f"{where}, line {line}", f"{len(row)} cells", f"{len(header)}, as in the header"))
            continue
        for column, cell in zip(header[1:], row[1:], strict=True):
            try:
                found = {} if column in source.text_columns else parts(cell)
            except ValueError:
                place = f"{where}, line {line}, column {column!r}"
                remedy = "type the number as printed, or name the column under text_columns in source.yaml"
                faults.append(_fault(place, f"text where a number must be: {cell!r}", "24.0 (30.8%) or £1,234", remedy))
                continue
            numbers |= {(row[0], column, part): number for part, number in found.items()}
    return Table(path.stem, source, header, tuple(tuple(row) for row in rows[1:]), numbers)


def _claims(path: Path, faults: list[Fault]) -> dict[str, Claim]:
    rows = _rows(path, faults)
    if not rows or tuple(rows[0]) != CLAIM_COLUMNS:
        faults.append(_fault(f"{path.parent.name}/{path.name}, line 1", "another header", ", ".join(CLAIM_COLUMNS)))
        return {}
    claims: dict[str, Claim] = {}
    for line, row in enumerate(rows[1:], 2):
        where = f"{path.parent.name}/{path.name}, line {line}"
        if len(row) != len(CLAIM_COLUMNS):
            faults.append(_fault(where, f"{len(row)} cells", f"{len(CLAIM_COLUMNS)}, as in the header"))
            continue
        name, section, place, quote, text, value, unit = row
        number = parse(text)
        if number is None:
            faults.append(_fault(where, f"text where a number must be: {text!r}", "12, 12.5%, £1,200, twelve, none"))
        elif number.plain != value:
            faults.append(_fault(where, f"value {value!r} beside printed {text!r}", number.plain))
        elif text not in quote or name in claims or not place.isdigit():
            allowed = "a quote that holds the number, an id of its own, and a line number"
            faults.append(_fault(where, "a quote without the number, an id met before, or no line number", allowed))
        else:
            claims[name] = Claim(name, section, int(place), quote, number, unit)
    return claims
