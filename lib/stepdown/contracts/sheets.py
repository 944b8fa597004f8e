"""Reads the cells of an Excel workbook: what each sheet really holds, not what the workbook says that it holds.

A sheet stores its own size and the last value of each formula; either may be wrong or missing, and a reader that trusts
them loses rows in silence. So the sheet's XML is gone through first (:func:`scan`), within stated limits; then the
values are read by calamine.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from lxml import etree
from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from stepdown.contracts.model import How
from stepdown.faults import Fault, Refused, shortened
from stepdown.limits import SHEET_AREA, SHEET_ROWS, SMALL_BYTES, UNPACKED_BYTES, UNPACKED_TIMES
from stepdown.params.written import FROM_1904

DAYS_FROM_1904 = "a workbook that counts its days from 1904"
_RULE = "docs/your_own_data.md, the files"
_MAIN = "{*}"
EXCEL_KEEPS = 1e15
"""Whole numbers from here on are kept by Excel to 15 digits."""
_DAMAGED = (etree.LxmlError, CalamineError, zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError, IndexError)
_SAFE = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}


@dataclass(slots=True)
class Scan:
    """What a sheet's XML holds: cells are named as Excel names them (B3).

    rows, columns: up to the last cell with a value.  cells: all rows and cells that stand there, empty ones too.
    unsaved: formulas without a saved value.  errors: cells that hold an error (#N/A, #REF!).  long: numbers of more
    than the 15 digits that Excel keeps.
    percents: row and column, from nought, and value of numbers that are shown as per cents.
    merged: areas with the row that each ends on.  hidden_rows, hidden_columns: how many.
    """

    rows: int = 0
    columns: int = 0
    cells: int = 0
    last: str = ""
    unsaved: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    long: list[str] = field(default_factory=list)
    percents: list[tuple[int, int, float]] = field(default_factory=list)
    merged: list[tuple[str, int]] = field(default_factory=list)
    hidden_rows: int = 0
    hidden_columns: int = 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that was read: ``rows`` of values from A1 on (None or "" for blank), and its merged areas.

    A number that is shown as a per cent is the text that is seen (45% for 0.45), as it is in a CSV.
    """

    where: str
    rows: list[list[Any]]
    merged: list[tuple[str, int]]


def read_sheet(path: Path, how: How, wanted: str = "") -> Sheet:
    """Return the sheet with the table: the one wanted, else the one named like the file, or the only filled one seen.

    how: counts hidden sheets that were passed over, and hidden rows and columns that were read.
    Raises Refused for a workbook that cannot be opened or passes a limit, and for cells that hold a formula without a
    saved value or an error.
    """
    with opened(path):
        scans = scan(path)
        with zipfile.ZipFile(path) as packed:
            from_1904 = FROM_1904.search(packed.read("xl/workbook.xml"))
        book = CalamineWorkbook.from_path(str(path))
        hidden = {sheet.name for sheet in book.sheets_metadata if sheet.visible != SheetVisibleEnum.Visible}
        filled = [name for name, found in scans.items() if found.rows]
        seen = [name for name in filled if name not in hidden]
        name = path.stem if path.stem in filled else seen[0] if len(seen) == 1 else None
        if wanted:
            name = next((sheet for sheet in filled if sheet.strip() == wanted.strip()), None)
        if name is None:
            raise _no_sheet(path, filled, hidden, wanted)
        found = scans[name]
        where = f"{path.name}, sheet {name}"
        _refuse_cells(where, found)
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    for row, column, value in found.percents:
        rows[row][column] = f"{100 * value:.10g}%"
    width = max(found.columns, max(map(len, rows), default=0))
    for what, number in (
        (DAYS_FROM_1904, int(from_1904 is not None)),
        ("hidden sheets passed over", len([other for other in filled if other in hidden and other != name])),
        ("a hidden sheet that was read", int(name in hidden)),
        ("hidden rows that were read", found.hidden_rows),
        ("hidden columns that were read", found.hidden_columns),
    ):
        if number:
            how["", what] += number
    return Sheet(where, [row + [None] * (width - len(row)) for row in rows], found.merged)


@contextmanager
def opened(path: Path) -> Iterator[None]:
    """Turn whatever a damaged workbook raises into a fault, after its packed size was held to the limits."""
    try:
        if path.is_file() and path.open("rb").read(4) == b"\xd0\xcf\x11\xe0":
            raise _refused(path.name, "a workbook with a password, or one in Excel's old form")
        with zipfile.ZipFile(path) as packed:
            size = sum(part.file_size for part in packed.infolist())
        if size > UNPACKED_BYTES or (size > SMALL_BYTES and size > UNPACKED_TIMES * path.stat().st_size):
            raise _refused(path.name, f"a workbook of {size / 1e6:,.0f} MB when unpacked, far larger than its file")
        yield
    except FileNotFoundError:
        raise
    except _DAMAGED as error:
        found = "a file that is not an Excel workbook, or one that is damaged"
        raise _refused(path.name, found) from error


def scan(path: Path, most_cells: int = SHEET_AREA) -> dict[str, Scan]:
    """Return what each sheet of the workbook holds, by name; a sheet of more than ``most_cells`` cells is refused."""
    found = {}
    with zipfile.ZipFile(path) as packed:
        percents = _percent_styles(packed)
        for name, part in _parts(packed):
            with packed.open(part) as stream:
                found[name] = _scan(f"{path.name}, sheet {name}", stream, most_cells, percents)
    return found


def _percent_styles(packed: zipfile.ZipFile) -> set[str]:
    """Return the numbers of the styles that show 0.45 as 45%."""
    if "xl/styles.xml" not in packed.namelist():
        return set()
    styles = etree.fromstring(packed.read("xl/styles.xml"), etree.XMLParser(**_SAFE))
    forms = {"9", "10", *(f.get("numFmtId") for f in styles.iter(f"{_MAIN}numFmt") if "%" in f.get("formatCode", ""))}
    cells = styles.iterfind(f"{_MAIN}cellXfs/{_MAIN}xf")
    return {str(number) for number, cell in enumerate(cells) if cell.get("numFmtId") in forms}


def _parts(packed: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Yield each sheet's name and where its XML stands in the package."""
    parser = etree.XMLParser(**_SAFE)
    links = etree.fromstring(packed.read("xl/_rels/workbook.xml.rels"), parser)
    target = {link.get("Id"): link.get("Target") for link in links}
    for sheet in etree.fromstring(packed.read("xl/workbook.xml"), parser).iterfind(f"{_MAIN}sheets/{_MAIN}sheet"):
        key = next(value for name, value in sheet.attrib.items() if name.endswith("}id"))
        part = target[key]
        if "chartsheet" not in part and "dialogsheet" not in part:
            yield sheet.get("name"), part.lstrip("/") if part.startswith("/") else f"xl/{part}"


def _scan(where: str, stream: IO[bytes], most_cells: int, percents: set[str]) -> Scan:
    found, row, column = Scan(), 0, 0
    tags = tuple(_MAIN + tag for tag in ("row", "c", "mergeCell", "col"))
    for event, element in etree.iterparse(stream, events=("start", "end"), tag=tags, **_SAFE):
        tag = etree.QName(element).localname
        if event == "start":
            if tag == "row":
                row, column = int(element.get("r", row + 1)), 0
                found.cells += 1
                found.hidden_rows += element.get("hidden") in ("1", "true")
            continue
        if tag == "c":
            column, row = _place(element.get("r"), column + 1, row)
            _scan_cell(element, found, row, column, percents)
            found.cells += 1
        elif tag == "mergeCell":
            area = element.get("ref", "")
            found.merged.append((area, int(re.findall(r"\d+", area)[-1])))
        elif tag == "col" and element.get("hidden") in ("1", "true"):
            found.hidden_columns += int(element.get("max", 1)) - int(element.get("min", 1)) + 1
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]
        if row > SHEET_ROWS or found.cells > most_cells or found.rows * found.columns > SHEET_AREA:
            raise _too_large(where, found, row, most_cells)
    return found


def _place(reference: str | None, column: int, row: int) -> tuple[int, int]:
    """Return column and row of a cell; a cell without a reference follows the one before."""
    if reference is None:
        return column, row
    letters = reference.rstrip("0123456789")
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number, int(reference[len(letters) :])


def _scan_cell(cell: Any, found: Scan, row: int, column: int, percents: set[str]) -> None:
    value = cell.find(f"{_MAIN}v")
    text = "" if value is None else value.text or ""
    holds = bool(text) or cell.find(f"{_MAIN}is") is not None
    formula = cell.find(f"{_MAIN}f") is not None
    name = cell.get("r") or f"row {row}, column {column}"
    if formula and not text and cell.get("t") != "str":
        found.unsaved.append(name)
    if cell.get("t") == "e":
        found.errors.append(name)
    if text and cell.get("t", "n") == "n":
        if len(text) > 15 and _number(text) >= EXCEL_KEEPS:
            found.long.append(name)
        if cell.get("s") in percents:
            found.percents.append((row - 1, column - 1, float(text)))
    if holds or formula:
        found.rows, found.columns, found.last = max(found.rows, row), max(found.columns, column), name


def _number(text: str) -> float:
    try:
        return abs(float(text))
    except ValueError:
        return 0.0


def _refuse_cells(where: str, found: Scan) -> None:
    faults = []
    for cells, what, allowed, remedy in (
        (
            found.unsaved,
            "a formula without a saved value",
            "formulas whose values were saved with them",
            "open the workbook in Excel or LibreOffice, and save it; or paste the values",
        ),
        (
            found.errors,
            "an error such as #N/A or #REF!",
            "values; a blank cell where a value is not known",
            "correct the formula, or clear the cell if the value is not known",
        ),
        (
            found.long,
            "a number of more than 15 digits: Excel keeps 15, so that different ids become the same",
            "long ids as text",
            "extract the table again with the column as text, or as a CSV that was never saved by Excel",
        ),
    ):
        if cells:
            shown = ", ".join(cells[:5]) + (", …" if len(cells) > 5 else "")
            faults.append(Fault(f"{where}, {len(cells)} cell(s): {shown}", what, allowed, _RULE, remedy))
    if faults:
        raise Refused(faults)


def _too_large(where: str, found: Scan, row: int, most_cells: int) -> Refused:
    if row > SHEET_ROWS:
        what = f"more than {SHEET_ROWS:,} rows"
    elif found.cells > most_cells:
        what = f"more than {most_cells:,} cells (a sheet that was formatted far beyond its table)"
    else:
        what = f"a value in cell {found.last}, far outside the table"
    allowed = f"a table of up to {SHEET_AREA:,} cells with nothing far from it"
    remedy = "delete the rows and columns around the table, save, or save the table as CSV UTF-8"
    return Refused.for_one(where, what, allowed, _RULE, remedy)


def _no_sheet(path: Path, filled: list[str], hidden: set[str], wanted: str) -> Refused:
    names = ", ".join(repr(shortened(name)) + " (hidden)" * (name in hidden) for name in filled[:20])
    found = f"{len(filled)} sheets with something in them: {names}" if filled else "an empty workbook"
    if wanted:
        found = f"no sheet {wanted!r} with something in it; there are {names or 'none'}"
    elif filled and hidden.issuperset(filled):
        found = f"a workbook whose sheets are all hidden: {names}"
    allowed = f"one sheet with the table, or one that is named {path.stem}"
    remedy = f'name the sheet in the study file, under data.files: "{path.name}#{filled[0] if filled else "Sheet1"}"'
    return Refused.for_one(path.name, found, allowed, _RULE, remedy)


def _refused(where: str, found: str) -> Refused:
    allowed = "an .xlsx workbook without a password"
    remedy = "open it in Excel and save it as .xlsx or, better, as CSV UTF-8"
    return Refused.for_one(where, found, allowed, _RULE, remedy)
