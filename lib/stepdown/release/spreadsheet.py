"""tables.xlsx: every cleared table on its own sheet, after the Government Analysis Function's guidance.

Cover sheet, contents, notes; one table a sheet, marked as a table, with its title in A1, no merged cells, no blank
rows or columns inside, symbols in square brackets, numbers as numbers. No cell is ever a formula.
Source: Government Analysis Function, "Releasing statistics in spreadsheets".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from stepdown.answers import Finding, MainFigure
from stepdown.params.data import SYNTHETIC

MOST_FIGURES = 15
"""Rows of the first sheet at most."""

_SHOWN = {"£": "£#,##0;−£#,##0", "%": '0"%"', **dict.fromkeys(("children", "checks", "families"), "#,##0")}
"""How a figure of the first sheet is shown, by its unit."""

_FONT = {"font_name": "Arial", "font_size": 12}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of the workbook.

    name: stem of its file.  title: its caption.  headings: column headings.  rows: cells (numbers, text or a symbol).
    formats: an Excel number format for each column ("" for text).  symbols: symbol → meaning.  one_row_is: in words.
    page, source: the page that shows it, and where its numbers are from.
    """

    name: str
    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    formats: tuple[str, ...]
    symbols: Mapping[str, str]
    one_row_is: str
    page: str = ""
    source: str = ""


def write_spreadsheet(
    file: Path,
    *,
    title: str,
    about: Sequence[str],
    sheets: Sequence[Sheet],
    made: datetime,
    main: Sequence[Finding] = (),
) -> None:
    """Write the workbook; ``made`` is the date that its properties carry, so that equal runs give equal bytes.

    main: the headline findings, whose figures stand on the first sheet.
    """
    import xlsxwriter

    book = xlsxwriter.Workbook(
        str(file), {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties({"title": title, "author": "Stepdown", "created": made})
    styles = _styles(book)
    sheets = [sheet for sheet in sheets if "draw" not in sheet.one_row_is.split()]  # simulated repeats: CSV only
    names = sheet_names([sheet.name for sheet in sheets])
    figures = [(finding, figure) for finding in main for figure in finding.figures][:MOST_FIGURES]
    if figures:
        places = dict(zip((sheet.name for sheet in sheets), names, strict=True))
        made_up = [line for line in about if line.startswith(SYNTHETIC)]
        _main_figures(book, styles, figures, places, made_up)
    _cover(book, styles, title, about)
    _contents(book, styles, sheets, names)
    _notes(book, styles, sheets)
    for sheet, name in zip(sheets, names, strict=True):
        _table(book, styles, sheet, name)
    book.close()


def sheet_names(stems: Sequence[str]) -> list[str]:
    """Return names that Excel takes: at most 31 characters, each once."""
    names: list[str] = []
    for stem in stems:
        name = re.sub(r"[\[\]:*?/\\]", "_", stem)[:31]
        number = 1
        while name.lower() in (other.lower() for other in names):
            number += 1
            name = f"{stem[: 31 - len(str(number)) - 1]}_{number}"
        names.append(name)
    return names


def _styles(book: Any) -> dict[str, Any]:
    return {
        "title": book.add_format({**_FONT, "font_size": 15, "bold": True}),
        "head": book.add_format({**_FONT, "bold": True, "text_wrap": True, "valign": "top", "bottom": 1}),
        "text": book.add_format(_FONT),
        "wrap": book.add_format({**_FONT, "text_wrap": True, "valign": "top"}),
        "right": book.add_format({**_FONT, "align": "right"}),
        "link": book.add_format({**_FONT, "font_color": "#0B4F8A", "underline": 1}),
    }


def _sheet(book: Any, name: str, widths: Sequence[float], styles: Mapping[str, Any]) -> Any:
    sheet = book.add_worksheet(name)
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width, styles["text"])
    return sheet


def _cover(book: Any, styles: Mapping[str, Any], title: str, about: Sequence[str]) -> None:
    sheet = _sheet(book, "Cover", [90], styles)
    sheet.write_string(0, 0, title, styles["title"])
    for row, line in enumerate(about, 1):
        sheet.write_string(row, 0, line, styles["wrap"])


def _main_figures(
    book: Any,
    styles: Mapping[str, Any],
    figures: Sequence[tuple[Finding, MainFigure]],
    names: Mapping[str, str],
    made_up: Sequence[str],
) -> None:
    """Write the first sheet: each main figure as a number, with what it depends on and what it does not show.

    made_up: the notice of made-up records, which opens with the sheet.
    """
    headings = ("Figure", "Value", "Unit", "Interval from", "Interval to", "Right only if", "How sure",
                "What it does not show", "Sheet")  # fmt: skip
    sheet = _sheet(book, "Main figures", [46, 14, 14, 14, 14, 34, 14, 60, 24], styles)
    sheet.write_string(0, 0, "Main figures", styles["title"])
    told = " ".join(("One row is a figure of the first page; its table is on the sheet named.", *made_up))
    sheet.write_string(1, 0, told, styles["text"])
    rows = []
    for finding, figure in figures:
        ends = [None if end is None or not end.known else end.number for end in (figure.low, figure.high)]
        sure = finding.certainty.word if finding.certainty else ""
        rest = (figure.condition, sure, finding.limit, names.get(figure.cell.table, figure.cell.table))
        rows.append((figure.label, figure.cell.number, figure.unit, *ends, *rest))
    _as_table(sheet, styles, 2, headings, rows, "main_figures")
    for row, (_, figure) in enumerate(figures, 3):
        number = book.add_format({**_FONT, "num_format": _SHOWN.get(figure.unit, "#,##0.0"), "valign": "top"})
        for column, cell in ((1, figure.cell), (3, figure.low), (4, figure.high)):
            if cell is not None and cell.known:
                sheet.write_number(row, column, cell.number, number)
        if figure.cell.table in names:
            sheet.write_url(row, 8, f"internal:'{names[figure.cell.table]}'!A1", styles["link"], figure.cell.table)
    sheet.freeze_panes(3, 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _contents(book: Any, styles: Mapping[str, Any], sheets: Sequence[Sheet], names: Sequence[str]) -> None:
    sheet = _sheet(book, "Contents", [34, 90, 44], styles)
    sheet.write_string(0, 0, "Contents", styles["title"])
    sheet.write_string(1, 0, "This sheet lists the tables of this workbook, with a link to each.", styles["text"])
    rows = [(name, one.title, one.page) for name, one in zip(names, sheets, strict=True)]
    _as_table(sheet, styles, 2, ("Sheet", "What it shows", "Page"), rows, "contents")
    for row, name in enumerate(names, 3):
        sheet.write_url(row, 0, f"internal:'{name}'!A1", styles["link"], name)


def _notes(book: Any, styles: Mapping[str, Any], sheets: Sequence[Sheet]) -> None:
    sheet = _sheet(book, "Notes", [14, 90], styles)
    sheet.write_string(0, 0, "Notes", styles["title"])
    symbols: dict[str, str] = {}
    for one in sheets:
        symbols |= one.symbols
    if not symbols:
        sheet.write_string(1, 0, "No symbols are used in this workbook.", styles["text"])
        return
    sheet.write_string(1, 0, "Symbols used in place of a number.", styles["text"])
    rows = [(f"[{symbol}]", meaning) for symbol, meaning in symbols.items()]
    _as_table(sheet, styles, 2, ("Symbol", "Meaning"), rows, "notes")


def _table(book: Any, styles: Mapping[str, Any], one: Sheet, name: str) -> None:
    widths = [_width(one, column) for column in range(len(one.headings))]
    sheet = _sheet(book, name, widths, styles)
    sheet.write_string(0, 0, one.title, styles["title"])
    article = "an" if one.one_row_is[:1].lower() in "aeiou" else "a"
    source = f" Source: {one.source}." if one.source else ""
    told = f"This sheet holds one table. One row is {article} {one.one_row_is}.{source}"
    sheet.write_string(1, 0, told, styles["text"])
    first = 2
    if one.symbols:
        sheet.write_string(2, 0, "The sheet Notes explains symbols in square brackets.", styles["text"])
        first = 3
    sheet.freeze_panes(first + 1, 1)
    sheet.repeat_rows(first)
    numbers = {form: book.add_format({**_FONT, "num_format": form}) for form in sorted(set(one.formats) - {""})}
    _as_table(sheet, styles, first, one.headings, one.rows, one.name, [numbers.get(f) for f in one.formats])


def _as_table(
    sheet: Any,
    styles: Mapping[str, Any],
    first: int,
    headings: Sequence[str],
    rows: Sequence[Sequence[Any]],
    name: str,
    formats: Sequence[Any] = (),
) -> None:
    """Write headings and rows, marked as one Excel table."""
    columns = [{"header": text, "header_format": styles["head"]} for text in _unique(headings)]
    sheet.add_table(
        first,
        0,
        first + max(len(rows), 1),
        len(headings) - 1,
        {
            "name": f"table_{re.sub(r'[^A-Za-z0-9_]', '_', name)}",
            "columns": columns,
            "style": None,
            "autofilter": False,
        },
    )
    for r, row in enumerate(rows, first + 1):
        for c, cell in enumerate(row):
            number = formats[c] if c < len(formats) else None
            if isinstance(cell, bool) or not isinstance(cell, int | float):
                marked = number is not None and isinstance(cell, str) and cell.startswith("[")
                sheet.write_string(r, c, "" if cell is None else str(cell), styles["right" if marked else "wrap"])
            else:
                sheet.write_number(r, c, cell, number or styles["text"])


def _unique(headings: Sequence[str]) -> list[str]:
    """Return headings that differ, as an Excel table needs."""
    seen: dict[str, int] = {}
    result = []
    for text in headings:
        seen[text] = seen.get(text, 0) + 1
        result.append(text if seen[text] == 1 else f"{text} ({seen[text]})")
    return result


def _width(one: Sheet, column: int) -> float:
    longest = max((len(str(row[column])) for row in one.rows), default=0)
    return float(min(max(longest + 2, min(len(one.headings[column]) + 2, 18), 12), 60))
