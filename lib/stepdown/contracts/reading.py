"""Reads a table of records as text: every cell as it stands in the file, blank where there is nothing.

Types come later (:mod:`stepdown.contracts.typing_cells`), so that an id keeps its leading zeros, a blank end date
is never the word "None", and a date that does not exist is still there to be named.

A CSV is read by Arrow. One with line breaks inside cells or rows of uneven length is read again, row by row, so that
the line numbers in a fault are those that an editor shows.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from openpyxl.utils.exceptions import InvalidFileException

from stepdown.faults import Refused, some_rows

GUIDE = "docs/your_own_data.md, the files"
ISO_DATE = re.compile(r"(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]00:00(:00(\.0+)?)?)?")
"""A day, year-month-day; a database's midnight after it is let through, any other time of day is not."""
FIRST_ROW = 2
"""Line of the first row of data: the headings stand on line 1."""

_TEXT = pa.large_string()
_UTF8_MARK = b"\xef\xbb\xbf"


def read_raw(path: Path) -> pd.DataFrame:
    """Return the table in a CSV, Parquet or Excel file with every cell as text (``str``), blank as NA.

    A row without anything in it is passed over. The row labels are the line in the file less 2 (so 0, 1, 2 … where
    none was passed over); in Excel the row of the sheet less 2. A workbook's sheet is the one named like the file,
    or the only one that is not empty.
    Dates held as dates come as year-month-day, whole numbers without a fraction, flags as true and false.
    Raises Refused when the file cannot be read as a table.
    """
    readers = {".csv": _read_csv, ".parquet": _read_parquet, ".xlsx": _read_excel}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise _refused(
            path.name,
            f"a file with the ending {path.suffix or '(none)'}",
            "a file ending in " + ", ".join(readers),
            "save the table as CSV UTF-8",
        )
    try:
        frame = reader(path)
    except OSError as error:
        raise _refused(
            path.name,
            f"a file that cannot be opened ({error.strerror or type(error).__name__})",
            "a file that may be read",
            "check the path and who may read the file; close it in other programs",
        ) from error
    first = frame.iloc[:, 0]
    return frame.dropna(how="all") if first.isna().any() else frame


def parse_dates(cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return the dates (``datetime64[s]``, NaT for blank) and which cells hold text that is not an ISO date.

    Each distinct text is parsed once: 5 million cells hold some thousands of days.
    """
    coded = pc.dictionary_encode(_as_text(cells))
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    distinct = pd.Series(coded.dictionary.to_pandas(), dtype="str")
    plain = [ISO_DATE.fullmatch(text) is not None for text in distinct]
    days = pd.to_datetime(distinct.where(plain).str.slice(0, 10), format="%Y-%m-%d", errors="coerce")
    known = np.append(days.to_numpy().astype("datetime64[s]"), np.datetime64("NaT", "s"))
    place = coded.indices.fill_null(len(distinct)).to_numpy()
    dates = known[place]
    unreadable = np.isnat(dates) & (place < len(distinct))
    return pd.Series(dates, index=cells.index, name=cells.name), pd.Series(unreadable, index=cells.index)


def _read_csv(path: Path) -> pd.DataFrame:
    content = path.read_bytes()
    _check_bytes(path, content)
    headings = _headings(path, content)
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(content),
            parse_options=pa_csv.ParseOptions(newlines_in_values=False, ignore_empty_lines=True),
            read_options=pa_csv.ReadOptions(column_names=headings, skip_rows=1, block_size=1 << 24),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(headings, _TEXT),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:
        return _read_row_by_row(path, content, headings)
    labels = _row_labels(content, table.num_rows)
    if labels is None or content.count(b'"') % 2:
        return _read_row_by_row(path, content, headings)
    return _frame(table).set_axis(labels, axis=0)


def _row_labels(content: bytes, n_rows: int) -> pd.Index | None:
    """Return the label of each row; None when a line break inside a cell makes rows and lines part ways.

    Such a cell makes more lines with something on them than there are rows, and nothing makes fewer.
    """
    ending = content[-64:][len(content[-64:].rstrip()) :].count(b"\n")
    if content.count(b"\n") - ending == n_rows:
        return pd.RangeIndex(n_rows)
    letters = np.frombuffer(content, dtype=np.uint8)
    ends = np.append(np.flatnonzero(letters == ord("\n")), letters.size)
    starts = np.append(0, ends[:-1] + 1)
    lone_return = (ends - starts == 1) & (letters[np.minimum(starts, letters.size - 1)] == ord("\r"))
    filled = np.flatnonzero((ends > starts) & ~lone_return)
    return pd.Index(filled[1:] - 1) if filled.size == n_rows + 1 and filled[0] == 0 else None


def _check_bytes(path: Path, content: bytes) -> None:
    if not content.removeprefix(_UTF8_MARK).strip():
        raise _refused(
            path.name,
            "an empty file",
            "a table with headings on its first line",
            "repeat the extract; leave the file out if the study has no such table",
        )
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in content[:4096]:
        raise _encoding_fault(path.name, "text in UTF-16 (Excel's “Unicode text”), or a file that is not text at all")


def _check_utf8(path: Path, content: bytes) -> None:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _encoding_fault(
            f"{path.name}, line {line}",
            "a letter that is not UTF-8 (the file is perhaps in Windows-1252, as Excel's plain “CSV” is)",
        ) from error


def _encoding_fault(where: str, found: str) -> Refused:
    return _refused(where, found, "text in UTF-8", "save the file as “CSV UTF-8 (comma delimited)”")


def _headings(path: Path, content: bytes) -> list[str]:
    text = content[: 1 << 20].removeprefix(_UTF8_MARK).decode("utf-8", errors="replace")
    headings = next(csv.reader(io.StringIO(text, newline="")), [])
    if any("\ufffd" in name for name in headings):
        _check_utf8(path, content)
    _check_headings(path.name, headings)
    if len(headings) == 1 and re.search(r"[;\t|]", headings[0]):
        raise _refused(
            f"{path.name}, line 1 (headings)",
            "one heading with semicolons, tabs or bars in it",
            "columns parted by commas",
            "save the file as CSV with commas",
        )
    return headings


def _check_headings(where: str, headings: Sequence[str]) -> None:
    twice = [name for name, times in Counter(headings).items() if times > 1 and name]
    blank = [i for i, name in enumerate(headings, 1) if not name.strip()]
    if not headings or twice or blank:
        found = [f"the heading {name} more than once" for name in twice] + [
            f"column {i} without heading" for i in blank
        ]
        raise _refused(
            f"{where}, line 1 (headings)",
            ", ".join(found) or "no headings",
            "one heading for each column, each once",
            "name each column once; take out columns that a program added",
        )


def _read_row_by_row(path: Path, content: bytes, headings: list[str]) -> pd.DataFrame:
    """Read a CSV slowly and exactly; blank lines are passed over and each row keeps its own line number."""
    _check_utf8(path, content)
    reader = csv.reader(io.StringIO(content.removeprefix(_UTF8_MARK).decode("utf-8"), newline=""), strict=True)
    rows, lines, uneven = [], [], []
    before = 0
    try:
        for row in reader:
            line, before = before + 1, reader.line_num
            if line == 1 or not row:
                continue
            if len(row) == len(headings):
                rows.append(row)
                lines.append(line)
            else:
                uneven.append(line)
    except csv.Error as error:
        raise _refused(
            f"{path.name}, from line {before + 1}",
            "a quotation mark that is opened and not closed, or text after one that is closed",
            "cells with commas or line breaks in quotation marks, a quotation mark inside them doubled",
            "correct the quotation marks, or repeat the extract",
        ) from error
    if uneven:
        raise _refused(
            f"{path.name}, {some_rows(uneven)}",
            f"more or fewer cells than the {len(headings)} headings",
            f"{len(headings)} cells in each row",
            "put cells that hold a comma in quotation marks, or repeat the extract",
        )
    return _rows_to_frame(headings, rows, lines)


def _rows_to_frame(headings: Sequence[str], rows: Sequence[Sequence[str | None]], lines: Iterable[int]) -> pd.DataFrame:
    columns = [[cell or None for cell in column] for column in zip(*rows, strict=True)] or [[] for _ in headings]
    table = pa.table([pa.array(column, _TEXT) for column in columns], names=list(headings))
    index = np.fromiter(lines, dtype=np.int64) - FIRST_ROW
    unbroken = bool((index == np.arange(index.size)).all())
    return _frame(table).set_axis(pd.RangeIndex(index.size) if unbroken else pd.Index(index), axis=0)


def _frame(table: pa.Table) -> pd.DataFrame:
    text = pd.StringDtype("pyarrow", na_value=np.nan)
    columns = {name: pd.array(table[name], dtype=text) for name in table.column_names}
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        table = pq.ParquetFile(path).read()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise _refused(
            path.name, "a file that is not Parquet", "a whole Parquet file", "write the file again"
        ) from error
    table = table.drop_columns([name for name in table.column_names if name.startswith("__index_level_")])
    _check_headings(path.name, table.column_names)
    texts = [_column_text(path, name, table[name]) for name in table.column_names]
    return _frame(pa.table(texts, names=table.column_names))


def _column_text(path: Path, name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a typed column as the text that a CSV would hold."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise _refused(
            f"{path.name}, column {name}", f"cells of the type {kind}", "text, numbers, dates and flags", "write text"
        )
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return _distinct_text(column)
    if pa.types.is_floating(kind) and pc.all(pc.equal(column, pc.floor(column)), min_count=0).as_py():
        column = column.cast(pa.int64())
    text = column.cast(_TEXT)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, _TEXT), text)


def _distinct_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Word dates once per distinct value."""
    coded = pc.dictionary_encode(column).combine_chunks()
    coded = coded.chunk(0) if isinstance(coded, pa.ChunkedArray) else coded
    words = [None if value is None else _cell_text(value) for value in coded.dictionary.to_pylist()]
    return pa.chunked_array([pa.array(words, _TEXT).take(coded.indices)])


def _read_excel(path: Path) -> pd.DataFrame:
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise _refused(
            path.name,
            "a file that is not an Excel workbook, or is protected by a password",
            "an .xlsx workbook without a password",
            "open it in Excel and save it as .xlsx or, better, as CSV UTF-8",
        ) from error
    try:
        sheets = {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}
    finally:
        book.close()
    filled = [name for name, rows in sheets.items() if any(cell is not None for row in rows for cell in row)]
    name = path.stem if path.stem in filled else filled[0] if len(filled) == 1 else None
    if name is None:
        raise _refused(
            path.name,
            "an empty workbook" if not filled else f"{len(filled)} sheets with something in them",
            f"one sheet with the table, or one that is named {path.stem}",
            f"name the sheet with the table {path.stem}, or save it as CSV UTF-8",
        )
    return _sheet_frame(f"{path.name}, sheet {name}", sheets[name])


def _sheet_frame(where: str, rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    width = max((i for row in rows for i, cell in enumerate(row, 1) if cell is not None), default=0)
    texts = [[_cell_text(cell) for cell in row[:width]] + [""] * (width - len(row)) for row in rows]
    _check_headings(where, texts[0])
    kept = [(i, row) for i, row in enumerate(texts[1:], FIRST_ROW) if any(row)]
    return _rows_to_frame(texts[0], [row for _, row in kept], (line for line, _ in kept))


def _cell_text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        plain = cell.replace(tzinfo=None)
        return f"{plain:%Y-%m-%d}" if plain.time() == time() else plain.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _as_text(cells: pd.Series) -> pa.Array | pa.ChunkedArray:
    held = pa.array(cells, from_pandas=True)
    return held if pa.types.is_large_string(held.type) else held.cast(_TEXT)


def _refused(where: str, found: str, allowed: str, remedy: str) -> Refused:
    return Refused.for_one(where, found, allowed, GUIDE, remedy)
