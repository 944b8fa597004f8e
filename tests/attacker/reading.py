"""Reads a folder of a release as an outsider would: every table of every format, every sentence, charts' words."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from pathlib import Path

from bs4 import BeautifulSoup
from openpyxl import load_workbook

HIDDEN = ("c", "[c]")
NOT_ASKED = ("", "z", "[z]", "x", "[x]", "–", "-")
Row = dict[str, str]


@dataclass(frozen=True)
class Release:
    """tables: rows of each table as in its CSV.  sheets, grids: the same in the spreadsheet and on the pages.

    texts: (where, sentence) of everything that is read and is no cell: findings, prose, titles, alternative texts.
    """

    folder: Path
    tables: dict[str, list[Row]]
    sheets: dict[str, list[list[str]]] = field(default_factory=dict)
    grids: dict[str, list[list[str]]] = field(default_factory=dict)
    texts: list[tuple[str, str]] = field(default_factory=list)


def read_release(folder: Path) -> Release:
    grids, texts = _pages(folder)
    texts += _word(folder) + _pdf(folder) + _drawings(folder)
    return Release(folder, read_tables(folder / "tables"), _sheets(folder), grids, texts)


def read_tables(folder: Path) -> dict[str, list[Row]]:
    """Return the rows of every CSV file of a folder, as text."""
    found = {}
    for file in sorted(folder.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as stream:
            found[file.stem] = list(csv.DictReader(stream))
    return found


def number(text: str | None) -> float | None:
    """Return the number that a cell shows, None where it shows none."""
    try:
        return float((text or "").replace(",", "").replace("−", "-").replace("%", "").replace("£", ""))
    except ValueError:
        return None


def half_unit(text: str) -> float:
    """Return half of the last digit that is shown: how far off the true value can be."""
    digits = text.split("e")[0].partition(".")[2].rstrip("%")
    return max(0.5 * 10 ** -len(digits), 1e-6) + 1e-9


def _sheets(folder: Path) -> dict[str, list[list[str]]]:
    file = folder / "tables.xlsx"
    if not file.is_file():
        return {}
    found = {}
    for sheet in load_workbook(file).worksheets:
        for table in sheet.tables.values():
            found[sheet.title] = [["" if c.value is None else str(c.value) for c in row] for row in sheet[table.ref]]
    return found


def _pages(folder: Path) -> tuple[dict[str, list[list[str]]], list[tuple[str, str]]]:
    grids: dict[str, list[list[str]]] = {}
    texts = []
    for file in sorted(folder.glob("*.html")):
        soup = BeautifulSoup(file.read_text(encoding="utf-8"), "lxml")
        for each in soup(["style", "script"]):
            each.decompose()
        texts += [
            (file.name, str(tag[name]))
            for name in ("alt", "aria-label", "title")
            for tag in soup.find_all(attrs={name: True})
        ]
        for table in soup("table"):
            rows = [[cell.get_text(" ", strip=True) for cell in row(["th", "td"])] for row in table("tr")]
            link = table.find_next("a", href=re.compile(r"tables/.*\.csv|^data:"))
            name = Path(link["href"]).stem if link and link["href"].startswith("tables/") else ""
            grids.setdefault(name or f"{file.name}", []).extend(rows)
            table.decompose()
        blocks = soup.find_all(["p", "li", "h1", "h2", "h3", "h4", "figcaption", "summary", "desc", "text", "dd"])
        texts += [(file.name, block.get_text(" ", strip=True)) for block in blocks]
    return grids, [(where, text) for where, text in texts if re.search(r"\d", text)]


def _word(folder: Path) -> list[tuple[str, str]]:
    from docx import Document

    texts = []
    for file in folder.glob("*.docx"):
        document = Document(str(file))
        texts += [(file.name, paragraph.text) for paragraph in document.paragraphs]
        texts += [(file.name, cell.text) for table in document.tables for row in table.rows for cell in row.cells]
    return texts


def _pdf(folder: Path) -> list[tuple[str, str]]:
    from pypdf import PdfReader

    texts = []
    for file in folder.glob("*.pdf"):
        for page in PdfReader(file).pages:
            words = re.sub(r"\s+", " ", page.extract_text())
            texts += [(file.name, sentence) for sentence in re.split(r"(?<=[.;]) ", words)]
    return texts


def _drawings(folder: Path) -> list[tuple[str, str]]:
    texts = []
    for file in sorted(folder.glob("figures/*.svg")):
        soup = BeautifulSoup(file.read_text(encoding="utf-8"), "xml")
        texts += [(file.name, tag.get_text(" ", strip=True)) for tag in soup(["title", "desc"])]
    return texts
