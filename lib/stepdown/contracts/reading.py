"""Reads a table of records as text: every cell as it stands in the file, blank where there is nothing.

A table is read in four steps, each counted in a :data:`~stepdown.contracts.model.How`: the cells (here), the headings
and the blank rule (:mod:`stepdown.contracts.cleaning`), the types (:mod:`stepdown.contracts.typing_cells`). Types come
last, so that an id keeps its leading zeros, and a date that does not exist is still there to be named.

A CSV is read by Arrow. One with line breaks inside cells or rows of uneven length is read again, row by row, so that
the line numbers in a fault are those that an editor shows.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from stepdown.contracts.as_held import TITLE_ROWS, as_utf8, from_headings, heading_row, parted_by
from stepdown.contracts.model import How
from stepdown.contracts.sheets import Sheet, read_sheet
from stepdown.faults import Refused, shortened, some_rows
from stepdown.limits import COLUMNS, HEADING_LETTERS, TABLE_BYTES
from stepdown.params.written import TOTAL

GUIDE = "docs/your_own_data.md, the files"
FIRST_ROW = 2
"""Line of the first row of data where the headings stand on line 1."""

_TEXT = pa.large_string()
_NO_PLACE = ("utc", "z", "gmt", "zulu", "uct", "greenwich", "universal", "+00:00")
_UTF8_MARK = b"\xef\xbb\xbf"
_END_OF_FILE = b"\x1a"


def read_raw(
    path: Path, how: How | None = None, known: frozenset[str] = frozenset(), wanted_sheet: str = ""
) -> pd.DataFrame:
    """Return the table in a CSV, Parquet or Excel file with every cell as text (``str``), blank as NA.

    Rows and columns without anything in them are passed over, and so is what stands above the headings if it is blank.
    The row labels are the line in the file less 2 (so 0, 1, 2 … where none was passed over); in Excel the row of the
    sheet less 2. A workbook's sheet is the one named like the file, or the only one that is seen and not empty.
    Dates held as dates come as year-month-day, whole numbers without a fraction, flags as true and false.
    how: counts what was passed over.  known: headings, folded, by which a row of headings under titles is recognised.
    wanted_sheet: the sheet of a workbook that holds the table. Raises Refused when the file cannot be read as a table.
    """
    readers: dict[str, Callable[[Path, How], pd.DataFrame]] = {
        ".csv": lambda path, how: _read_csv(path, how, known),
        ".parquet": _read_parquet,
        **dict.fromkeys((".xlsx", ".xlsm"), lambda path, how: _read_excel(path, how, known, wanted_sheet)),
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        found = f"a file with the ending {shortened(path.suffix) or '(none)'}"
        raise _refused(path.name, found, "a file ending in " + ", ".join(readers), "save the table as CSV UTF-8")
    how = Counter() if how is None else how
    try:
        if path.stat().st_size > TABLE_BYTES:
            found = f"a file of {path.stat().st_size / 1e9:,.1f} GB"
            allowed = f"up to {TABLE_BYTES / 1e9:g} GB"
            raise _refused(path.name, found, allowed, "split the study, or write Parquet for stepdown windows")
        frame = _without_empty_columns(path.name, reader(path, how), how)
    except OSError as error:
        raise _refused(
            path.name,
            f"a file that cannot be opened ({error.strerror or type(error).__name__})",
            "a file that may be read",
            "check the path and who may read the file; close it in other programs",
        ) from error
    first = frame.iloc[:, 0]
    return frame.dropna(how="all") if first.isna().any() else frame


def _without_empty_columns(where: str, frame: pd.DataFrame, how: How) -> pd.DataFrame:
    """Leave out columns that have neither a heading nor a cell, as Excel saves them; refuse other faulty headings."""
    kept = [i for i, name in enumerate(frame.columns) if name.strip() or frame.iloc[:, i].notna().any()]
    if len(kept) < frame.shape[1]:
        how["", "empty columns without a heading left out"] += frame.shape[1] - len(kept)
        frame = frame.iloc[:, kept]
    names = list(frame.columns)
    twice = [shortened(name) for name, times in Counter(names).items() if times > 1 and name.strip()]
    found = [f"the heading {name} more than once" for name in twice]
    found += [f"column {i + 1} without heading" for i, name in zip(kept, names, strict=True) if not name.strip()]
    if found or not names or len(names) > COLUMNS:
        found = found or [f"{len(names):,} columns" if names else "no headings"]
        raise _refused(
            f"{where}, line 1 (headings)",
            ", ".join(found[:5]) + (", …" if len(found) > 5 else ""),
            f"one heading for each column, each once; at most {COLUMNS:,} columns",
            "name each column once; take out columns that a program added",
        )
    return frame


def _read_csv(path: Path, how: How, known: frozenset[str]) -> pd.DataFrame:
    content = path.read_bytes()
    _check_bytes(path, content)
    if content.rstrip().endswith(_END_OF_FILE):
        content = content.rstrip().rstrip(_END_OF_FILE)
        how["", "end-of-file mark passed over"] += 1
    content, above = _from_first_filled_line(content)
    if above:
        how["", "blank rows above the headings left out"] += above
    content, titles = from_headings(as_utf8(content, how), known, how, path.name, above + 1)
    above += titles
    mark = parted_by(content, how)
    headings = _headings(path, content, mark)
    if len(set(headings)) < len(headings):
        return _read_row_by_row(path, content, headings, above, mark)
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(content),
            parse_options=pa_csv.ParseOptions(delimiter=mark, newlines_in_values=False, ignore_empty_lines=True),
            read_options=pa_csv.ReadOptions(column_names=headings, skip_rows=1, block_size=1 << 24),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(headings, _TEXT),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:
        return _read_row_by_row(path, content, headings, above, mark)
    labels = _row_labels(content, table.num_rows)
    if labels is None or content.count(b'"') % 2:
        return _read_row_by_row(path, content, headings, above, mark)
    return _frame(headings, table.columns).set_axis(labels + above if above else labels, axis=0)


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
    if not content.removeprefix(_UTF8_MARK).strip(b" \t\r\n,;" + _END_OF_FILE):
        raise _refused(
            path.name,
            "an empty file",
            "a table with headings on its first line",
            "repeat the extract; leave the file out if the study has no such table",
        )
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in content[:4096]:
        raise _encoding_fault(path.name, "text in UTF-16 (Excel's “Unicode text”), or a file that is not text at all")


def _from_first_filled_line(content: bytes) -> tuple[bytes, int]:
    """Return the content from its first line that holds more than blanks and commas, and how many lines stood above."""
    content, above = content.removeprefix(_UTF8_MARK), 0
    while not (line := content.partition(b"\n"))[0].strip(b" \t\r,"):
        content, above = line[2], above + 1
    return content, above


def _check_utf8(path: Path, content: bytes, above: int = 0) -> None:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1 + above
        raise _encoding_fault(
            f"{path.name}, line {line}",
            "a letter that is not UTF-8 (the file is perhaps in Windows-1252, as Excel's plain “CSV” is)",
        ) from error


def _encoding_fault(where: str, found: str) -> Refused:
    return _refused(where, found, "text in UTF-8", "save the file as “CSV UTF-8 (comma delimited)”")


def _headings(path: Path, content: bytes, mark: str) -> list[str]:
    text = content[: 1 << 20].decode("utf-8", errors="replace")
    try:
        headings = next(csv.reader(io.StringIO(text, newline=""), delimiter=mark), [])
    except csv.Error:
        headings = [text]
    if sum(map(len, headings)) > HEADING_LETTERS:
        raise _refused(
            f"{path.name}, line 1 (headings)",
            "a line of headings that is far too long",
            f"headings of at most {HEADING_LETTERS:,} letters together",
            "repeat the extract, with the headings on a line of their own",
        )
    if any("\ufffd" in name for name in headings):
        _check_utf8(path, content)
    return headings


def _read_row_by_row(path: Path, content: bytes, headings: list[str], above: int, mark: str) -> pd.DataFrame:
    """Read a CSV slowly and exactly; blank lines are passed over and each row keeps its own line number."""
    _check_utf8(path, content, above)
    reader = csv.reader(io.StringIO(content.decode("utf-8"), newline=""), delimiter=mark, strict=True)
    rows, lines, uneven = [], [], []
    before = above
    try:
        for row in reader:
            line, before = before + 1, reader.line_num + above
            if line == above + 1 or not any(row):
                continue
            row = _evened(row, len(headings))
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


def _evened(row: list[str], width: int) -> list[str]:
    """Return a row without empty cells beyond the headings; a total that stops short is filled up with blanks."""
    if len(row) < width and TOTAL.fullmatch(row[0].strip()):
        return [*row, *[""] * (width - len(row))]
    return row if any(row[width:]) else row[:width]


def _rows_to_frame(headings: Sequence[str], rows: Sequence[Sequence[str | None]], lines: Iterable[int]) -> pd.DataFrame:
    columns = [[cell or None for cell in column] for column in zip(*rows, strict=True)] or [[] for _ in headings]
    index = np.fromiter(lines, dtype=np.int64) - FIRST_ROW
    unbroken = bool((index == np.arange(index.size)).all())
    frame = _frame(headings, [pa.array(column, _TEXT) for column in columns])
    return frame.set_axis(pd.RangeIndex(index.size) if unbroken else pd.Index(index), axis=0)


def _frame(headings: Sequence[str], columns: Sequence[pa.Array | pa.ChunkedArray]) -> pd.DataFrame:
    text = pd.StringDtype("pyarrow", na_value=np.nan)
    frame = pd.DataFrame({i: pd.array(column, dtype=text) for i, column in enumerate(columns)})
    return frame.set_axis(list(headings), axis=1)


def _read_parquet(path: Path, how: How) -> pd.DataFrame:
    try:
        table = pq.ParquetFile(path).read()
        table.validate(full=True)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        found = "letters that are not UTF-8" if "UTF8" in str(error) else "a file that is not Parquet"
        raise _refused(path.name, found, "a whole Parquet file with text in UTF-8", "write the file again") from error
    table = table.drop_columns([name for name in table.column_names if name.startswith("__index_level_")])
    texts = [_column_text(path, name, table[i]) for i, name in enumerate(table.column_names)]
    return _frame(table.column_names, texts)


def _column_text(path: Path, name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a typed column as the text that a CSV would hold; what is no number or no day stays for the contract."""
    where = f"{path.name}, column {shortened(name)}"
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise _refused(where, f"cells of the type {kind}", "text, numbers, dates and flags", "write text")
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        try:
            texts = _distinct_text(column)
        except (ValueError, OverflowError) as error:
            allowed = "days of the years 1 to 9999"
            remedy = "leave the cell blank where the day is not known"
            raise _refused(where, "a date that does not exist", allowed, remedy) from error
        if (getattr(kind, "tz", None) or "").lower().removeprefix("etc/") in _NO_PLACE and pc.any(
            pc.greater(pc.utf8_length(texts), 10)
        ).as_py():
            found, allowed = f"times of day in {kind.tz}, so that the day here is not known", "days, or local times"
            raise _refused(where, found, allowed, "write the day, or the local time without a zone")
        return texts
    if pa.types.is_floating(kind):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, kind), column)
        whole = pc.and_(pc.equal(column, pc.floor(column)), pc.less(pc.abs(column), 1e15))
        if pc.any(pc.and_(pc.is_finite(column), pc.greater_equal(pc.abs(column), 1e15))).as_py():
            found, allowed = "a number of more than 15 digits held as a fraction", "long ids as text or whole numbers"
            raise _refused(where, found, allowed, "extract the table again: different ids have become the same")
        if pc.all(whole, min_count=0).as_py():
            column = column.cast(pa.int64())
    text = column.cast(_TEXT)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, _TEXT), text)


def _distinct_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Word dates once per distinct value."""
    coded = pc.dictionary_encode(column).combine_chunks()
    coded = coded.chunk(0) if isinstance(coded, pa.ChunkedArray) else coded
    words = [None if value is None else _cell_text(value) for value in coded.dictionary.to_pylist()]
    return pa.chunked_array([pa.array(words, _TEXT).take(coded.indices)])


def _read_excel(path: Path, how: How, known: frozenset[str], wanted: str) -> pd.DataFrame:
    sheet = read_sheet(path, how, wanted)
    texts = [[_cell_text(cell) for cell in row] for row in sheet.rows]
    first = next(i for i, row in enumerate(texts) if any(cell.strip() for cell in row))
    if first:
        how["", "blank rows above the headings left out"] += first
    titles = heading_row(texts[first : first + TITLE_ROWS], known, sheet.where, first + 1)
    if titles:
        how["", "title rows above the headings left out"] += titles
        first += titles
    kept = [(i, row) for i, row in enumerate(texts[first + 1 :], first + FIRST_ROW) if any(row)]
    _refuse_merged(sheet, first + 1)
    return _rows_to_frame(texts[first], [row for _, row in kept], (line for line, _ in kept))


def _refuse_merged(sheet: Sheet, heading_row: int) -> None:
    merged = [area for area, last_row in sheet.merged if last_row >= heading_row]
    if merged:
        raise _refused(
            f"{sheet.where}, cells {', '.join(merged[:5])}{', …' if len(merged) > 5 else ''}",
            f"{len(merged)} merged area(s): all but the first cell of each are blank",
            "one value in each cell",
            "split the merged cells and fill each row",
        )


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


def _refused(where: str, found: str, allowed: str, remedy: str) -> Refused:
    return Refused.for_one(where, found, allowed, GUIDE, remedy)
