"""Tables as people hold them: letters of Windows, columns separated by semicolons, titles above and totals below.

Each thing that is done is counted; what cannot be told is left for the reader to refuse.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import pandas as pd

from stepdown.contracts.headings import folded
from stepdown.contracts.model import How
from stepdown.faults import Refused
from stepdown.params.written import TOTAL_ROWS, is_total, table_above

TITLE_ROWS = 20
"""The headings stand among the first so many rows."""
TWO_TABLES = (
    "two rows of headings, with rows of data below each: two tables on one sheet",
    "one table",
    "docs/your_own_data.md, the files",
    "put the rows of both under one row of headings, or the other table in a file or sheet of its own",
)
"""Found, allowed, rule and remedy of a sheet of which only a part would be read."""


def as_utf8(content: bytes, how: How) -> bytes:
    """Return the content in UTF-8: what is not is read as Windows-1252, which Excel's plain “CSV” is in."""
    try:
        content.decode("utf-8")
        return content
    except UnicodeDecodeError:
        pass
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        return content
    how["", "a file in Windows-1252, as Excel saves plain CSV"] += 1
    return text.encode("utf-8")


def parted_by(content: bytes, how: How) -> str:
    """Return what parts the columns: a comma, or a semicolon, tab or bar where the headings hold no comma."""
    line = content[:100_000].partition(b"\n")[0].decode("utf-8", errors="replace")
    found = max(";\t|", key=line.count)
    if "," in line or not line.count(found):
        return ","
    how["", f"columns separated by {'tabs' if found == chr(9) else repr(found)}"] += 1
    return found


def heading_row(rows: Sequence[Sequence[str]], known: frozenset[str], where: str, first: int) -> int:
    """Return which of the first rows holds the headings: the one with most known ones; the first where none has two.

    first: the line of the first row in the file. Raises Refused where a table of its own stands above the headings.
    """
    named = [sum(folded(cell) in known for cell in row) for row in rows[:TITLE_ROWS]]
    best = max(range(len(named)), key=named.__getitem__, default=0)
    if (above := table_above(rows, named, best)) is not None:
        raise Refused.for_one(f"{where}, lines {first + above} and {first + best}", *TWO_TABLES)
    return best if named and named[best] > 1 else 0


def from_headings(content: bytes, known: frozenset[str], how: How, where: str, first: int) -> tuple[bytes, int]:
    """Return the content from its headings on, and how many lines of titles stood above; as :func:`heading_row`."""
    lines = content.split(b"\n", TITLE_ROWS)[:TITLE_ROWS]
    rows = [_cells(line.decode("utf-8", errors="replace")) for line in lines]
    above = heading_row(rows, known, where, first)
    if above:
        how["", "title rows above the headings left out"] += above
    return content.split(b"\n", above)[above], above


def _cells(line: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(line, newline=""), delimiter=max(",;\t|", key=line.count)), [])
    except csv.Error:
        return []


def without_totals(raw: pd.DataFrame, how: How) -> pd.DataFrame:
    """Return the table without rows of totals at its end."""
    last = raw.tail(TOTAL_ROWS).astype("object")
    rows = last.where(last.notna(), None).itertuples(index=False, name=None)
    totals = [label for label, row in zip(last.index, rows, strict=True) if is_total(row)]
    if not totals:
        return raw
    how["", "rows of totals at the end left out"] += len(totals)
    return raw.drop(index=totals)
