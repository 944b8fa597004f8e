"""Reads a table as people hold it, CSV or Excel, as rows of text with their line; and finds its headings by name.

Nothing is read by its position. A heading is compared without capitals, punctuation and double blanks, then with a
short list of other names; likeness only proposes, because no threshold tells "Start Date" from "End Date".
"""

from __future__ import annotations

import csv
import difflib
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import python_calamine

from stepdown.faults import Fault, Refused, some_names, some_rows
from stepdown.importing.cells import heading, plain
from stepdown.importing.rows import RULE
from stepdown.params.written import FROM_1904, SWAPPED, TOTAL, TOTAL_ROWS, is_total, swapped, table_above

LARGEST_TABLE = 500_000_000
LARGEST_UNPACKED = 2_000_000_000
HEADING_ROWS = 20

Line = tuple[int, list[str]]


class Merged(str):
    """A blank cell of a merged area: what is seen there is the value of another cell."""

    __slots__ = ()


def tables(path: Path, shown: str) -> list[tuple[str, list[Line]]]:
    """Return the sheets of a file (a CSV has one, without name) as lines; raises Refused when it is no table."""
    size = path.stat().st_size
    if size > LARGEST_TABLE:
        raise refused(shown, f"a file of {size // 1_000_000:,} MB", "up to 500 MB", "repeat the extract")
    if path.suffix.lower() == ".csv":
        return [("", list(_csv_lines(path, shown)))]
    if path.suffix.lower() not in (".xlsx", ".xlsm"):
        ending = path.suffix or "none"
        raise refused(shown, f"a file with the ending {ending}", ".csv or .xlsx", "save the table as .xlsx or .csv")
    return _workbook(path, shown, size)


def _csv_lines(path: Path, shown: str) -> Iterator[Line]:
    content = path.read_bytes()
    text = _decoded(content, shown)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t|", key=first.count)
    width, cells = 0, [""]
    try:
        for cells in (reader := csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)):
            width = width or len(cells)
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [plain(cell) for cell in cells]
    except csv.Error:
        found = "a quotation mark that is not closed, or a cell of more than 131,072 letters"
        raise refused(shown, found, "a whole CSV file", "repeat the extract") from None
    if len(cells) < width and not text.endswith("\n") and not TOTAL.fullmatch(cells[0].strip()):
        found = "a last line that stops short: the file was cut off"
        raise refused(shown, found, "a whole CSV file", "repeat the extract (or end the line, if it is whole)")


def _decoded(content: bytes, shown: str) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    if b"\0" in content[:4096]:
        raise refused(shown, "a file that is not text", "a CSV file", "save the table as CSV")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _workbook(path: Path, shown: str, size: int) -> list[tuple[str, list[Line]]]:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
            whole = unpacked <= min(LARGEST_UNPACKED, 100 * size)
            from_1904 = FROM_1904.search(archive.read("xl/workbook.xml")) if whole else None
        if not whole:
            found = f"a workbook of {size:,} bytes that unpacks to {unpacked:,}"
            raise refused(shown, found, "up to 100 times its size, and up to 2 GB", "open it and save it again")
        if from_1904:
            remedy = "in Excel, take the 1904 date system off (File, Options, Advanced), look at the dates, and save"
            raise refused(shown, "a workbook that counts its days from 1904", "one that counts from 1900", remedy)
        from stepdown.contracts.sheets import scan  # here: the returns, which are XML, are read without pandas

        if unsaved := [f"sheet {name!r}, cell {cell}" for name, sheet in scan(path).items() for cell in sheet.unsaved]:
            found = f"formulas without a saved value, in {some_names(unsaved, 5)}"
            remedy = "open the workbook in Excel or LibreOffice and save it, or paste the values"
            raise refused(shown, found, "formulas whose values were saved with them", remedy)
        book = python_calamine.CalamineWorkbook.from_path(path)
        return [(name, _sheet(book, name)) for name in book.sheet_names]
    except (zipfile.BadZipFile, KeyError, python_calamine.CalamineError):
        found = "a file that is not an Excel workbook, or is protected by a password"
        raise refused(shown, found, "an .xlsx workbook without a password", "open it and save it as .xlsx") from None


def _sheet(book: python_calamine.CalamineWorkbook, name: str) -> list[Line]:
    sheet = book.get_sheet_by_name(name)
    texts = [[_cell(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
        for row in texts[top : bottom + 1]:
            row[left : right + 1] = [text or Merged() for text in row[left : right + 1]]
    return [(line, cells) for line, cells in enumerate(texts, 1) if any(cells)]


def _cell(cell: object) -> str:
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return plain(str(cell))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A column that is looked for: its field, the names that it goes by, and whether the table is no use without it."""

    field: str
    names: tuple[str, ...]
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Matched:
    """A table whose headings are known: position of each field, its rows, and how many rows of totals stood below.

    told: which heading was taken for which field, and which were not read.
    """

    fields: dict[str, int]
    rows: list[Line]
    totals: int
    told: str

    def cells(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield line and cells by field."""
        for line, row in self.rows:
            yield line, {name: row[at] if at < len(row) else "" for name, at in self.fields.items()}


def match(lines: Sequence[Line], wanted: Sequence[Wanted], shown: str, setting: str) -> Matched:
    """Return the table under the row, among the first 20, that names most of the wanted columns.

    Raises Refused when a needed column is missing (with the nearest headings and the line of YAML that names it), when
    two columns go by the names of one field, or one column by those of two. setting: where the user names a column.
    """
    first = [row for _, row in lines[:HEADING_ROWS]]
    counts = [_named(row, wanted) for row in first]
    if not counts:
        raise refused(shown, "an empty table", "headings and rows", "repeat the extract, or leave the file out")
    best = counts.index(max(counts))
    line, cells = lines[best]
    if (above := table_above(first, counts, best)) is not None:
        found = "two rows of headings, with rows below each: two tables on one sheet"
        remedy = "put the rows of both under one row of headings"
        raise refused(f"{shown}, lines {lines[above][0]} and {line}", found, "one table", remedy)
    places = {want.field: _places(cells, want) for want in wanted}
    faults = []
    for want in wanted:
        at = places[want.field]
        if len(at) > 1:
            faults.append(_doubled(shown, line, want, [cells[i] for i in at], setting))
        elif not at and want.needed:
            faults.append(_missing(shown, line, want, cells, setting, any(places.values())))
    for position, text in enumerate(cells):
        claimed = [field for field, at in places.items() if position in at]
        if len(claimed) > 1:
            found = f"one heading, {text!r}, for {' and '.join(claimed)}"
            faults.append(
                Fault(f"{shown}, line {line}", found, "one column for each", RULE, f"name one under {setting}")
            )
    if faults:
        raise Refused(faults)
    fields = {field: at[0] for field, at in places.items() if at}
    rows = without_totals(lines[best + 1 :])
    if merged := [line for line, row in rows if any(isinstance(row[at], Merged) for at in fields.values() if row[at:])]:
        found, remedy = "merged cells, of which only the first holds a value", "split them and fill each row"
        raise refused(f"{shown}, {some_rows(merged)}", found, "one value in each cell", remedy)
    if turned := [cells[at] for at in fields.values() if swapped(row[at] for _, row in rows if row[at:])]:
        found, allowed, remedy = SWAPPED
        raise refused(f"{shown}, column {' and column '.join(turned)}", found, allowed, remedy)
    others = [text for at, text in enumerate(cells) if text and at not in fields.values()]
    told = ", ".join(f"{field} from {plain(cells[at])!r}" for field, at in fields.items())
    told += f"; not read: {some_names(others)}" if others else ""
    return Matched(fields, rows, len(lines) - best - 1 - len(rows), told)


def without_totals(rows: Sequence[Line]) -> list[Line]:
    """Return the rows without those of totals at the end."""
    last = (row for row in rows[-TOTAL_ROWS:] if not is_total(row[1]))
    return [*rows[:-TOTAL_ROWS], *last]


def _named(cells: Sequence[str], wanted: Sequence[Wanted]) -> int:
    return sum(bool(_places(cells, want)) for want in wanted)


def _places(cells: Sequence[str], want: Wanted) -> list[int]:
    names = {heading(name) for name in want.names}
    return [position for position, text in enumerate(cells) if text and heading(text) in names]


def _missing(shown: str, line: int, want: Wanted, cells: Sequence[str], setting: str, headed: bool) -> Fault:
    # without any known heading the row may be a child's: its cells are not shown
    near = sorted(filter(None, cells), key=lambda text: _likeness(text, want), reverse=True)[:3] if headed else []
    nearest = "; nearest headings: " + ", ".join(repr(text) for text in near) if near else ""
    return Fault(
        where=f"{shown}, headings on line {line}" if headed else f"{shown}, no line of headings among the first 20",
        found=f"no column for {want.field}{nearest}",
        allowed=" or ".join(repr(name) for name in want.names),
        rule=RULE,
        remedy=f"if one of them is it, add under {setting}:  {want.field}: {near[0] if near else '…'}",
    )


def _likeness(text: str, want: Wanted) -> float:
    names = [heading(name) for name in (*want.names, want.field)]
    return max(difflib.SequenceMatcher(None, heading(text), name).ratio() for name in names)


def _doubled(shown: str, line: int, want: Wanted, found: Sequence[str], setting: str) -> Fault:
    return Fault(
        where=f"{shown}, headings on line {line}",
        found=f"{len(found)} columns for {want.field}: " + ", ".join(repr(text) for text in found),
        allowed="one",
        rule=RULE,
        remedy=f"name the right one under {setting} (or rename the other):  {want.field}: {found[0]}",
    )


def named(wanted: Sequence[Wanted], columns: Mapping[str, str]) -> list[Wanted]:
    """Return the wanted columns with the names that the user gave in place of the usual ones."""
    return [Wanted(w.field, (columns[w.field],), True) if columns.get(w.field) else w for w in wanted]


def refused(where: str, found: str, allowed: str, remedy: str) -> Refused:
    """Return one fault as a refusal."""
    return Refused([Fault(where, found, allowed, RULE, remedy)])
