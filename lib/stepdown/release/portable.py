"""The whole report as one PDF and one Word file, from the same HTML as the pages."""

from __future__ import annotations

import base64
import logging
import os
import re
import shutil
import subprocess
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from stepdown.params.runs import FILES, Format
from stepdown.release.page import TEMPLATES, Page, Site

_log = logging.getLogger("stepdown.release")


def write_documents(
    release: Path, site: Site, pages: Sequence[Page], made: datetime, formats: Collection[Format]
) -> list[str]:
    """Write the PDF and the Word file, those that are asked for; return what could not be made."""
    asked = {"pdf", "docx"} & set(formats)
    if not asked:
        return []
    document = one_document(site, pages, made, release / "figures")
    pdf, word = (release / FILES[each] for each in ("pdf", "docx"))
    begun = begin_word(document, word, made) if "docx" in asked else None
    messages = [write_pdf(document, pdf, made)] if "pdf" in asked else []
    messages += [end_word(begun, word)] if "docx" in asked else []
    return [message for message in messages if message]


def one_document(site: Site, pages: Sequence[Page], made: datetime, figures: Path) -> str:
    """Return all pages as one HTML document: one h1, the pages' own headings a level lower, no id twice.

    figures: the folder whose PNG files take the place of the charts.
    """
    css = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    parts = [_part(page, number, figures) for number, page in enumerate(pages)]
    stamp = made.strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f'<!DOCTYPE html>\n<html lang="en-GB"><head><meta charset="utf-8"><title>{escape(site.title)}</title>'
        f'<meta name="author" content="Stepdown"><meta name="dcterms.created" content="{stamp}">'
        f'<meta name="dcterms.modified" content="{stamp}"><style>{css}\n{_PAGED}</style></head><body>'
        f"<main>{''.join(parts)}</main></body></html>"
    )


_PAGED = """
@page { size: A4; margin: 18mm 16mm 20mm;
  @bottom-center { content: counter(page) " of " counter(pages); font-size: 9pt; } }
.part { break-before: page; } .part:first-child { break-before: auto; }
.chart p { font-size: 9pt; } .chart img { max-width: 13cm; }
.table-scroll { overflow: visible; } td.num { white-space: normal; }
"""


def _part(page: Page, number: int, figures: Path) -> str:
    """Return a page's main part for the one document: headings a level lower, ids its own, nothing to click."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(page.main, "html.parser")
    if number:
        for heading in soup.find_all(re.compile("^h[1-5]$")):
            heading.name = f"h{int(heading.name[1]) + 1}"
        _drop(soup, "div.notice, section.about")
        _drop(soup, ".findings .limit")  # a link to the finding's place on the same page, where its limit stands
    for fold in soup.select("details.long-table"):
        words = f"{fold.select_one('caption span').get_text()}: {len(fold.select('tbody tr')):,} rows"  # type: ignore[union-attr]
        stand_in = f"<p>{escape(words)}; they are in tables.xlsx and in the folder tables.</p>"
        fold.replace_with(BeautifulSoup(stand_in, "html.parser"))
    _drop(soup, "nav.contents, p.chart-links, figure summary, section[aria-labelledby=downloads]")
    for element in soup.select("a, figure.chart details, figure.chart figcaption"):
        element.unwrap()
    for chart in soup.select("figure.chart"):  # else pandoc takes the words below a chart for its alternative
        chart.name = "div"
    for element in soup.find_all(True):
        for name in ("role", "tabindex"):
            element.attrs.pop(name, None)
        for name in ("id", "aria-labelledby"):
            if name in element.attrs:
                element[name] = f"part{number}-{element[name]}"
    for image in soup.find_all("img", attrs={"data-file": True}):
        file = figures / f"{image['data-file']}.png"
        if file.is_file():  # converters read SVG slowly or not at all
            image["src"] = f"{figures.name}/{file.name}"
    return f'<div class="part">{soup}</div>'


def _drop(soup: Any, selector: str) -> None:
    for element in soup.select(selector):
        element.decompose()


def write_pdf(html: str, file: Path, made: datetime) -> str:
    """Write the document as a tagged PDF (PDF/UA-1); return "" or why it could not be made."""
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:
        return f"report.pdf was not made: weasyprint does not work here ({type(error).__name__})"
    for name in ("weasyprint", "fontTools"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with _source_date(made):
        document = HTML(string=_embedded(html, file.parent), url_fetcher=URLFetcher(allowed_protocols=("data",)))
        document.write_pdf(str(file), pdf_variant="pdf/ua-1", pdf_identifier=b"stepdown")
    return ""


def _embedded(html: str, folder: Path) -> str:
    """Return the document with its charts in it, so that the PDF does not depend on where the run was made."""

    def data(match: re.Match[str]) -> str:
        return 'src="data:image/png;base64,' + base64.b64encode((folder / match[1]).read_bytes()).decode() + '"'

    return re.sub(r'src="(figures/[^"/]+\.png)"', data, html)


def begin_word(html: str, file: Path, made: datetime) -> subprocess.Popen[bytes] | None:
    """Begin to write the document as Word, in a process of its own; None when pandoc is not on the machine."""
    program = _pandoc()
    if program is None:
        return None
    with _source_date(made):
        process = subprocess.Popen(
            [program, "--from=html", "--to=docx", "--output", file.name],
            cwd=file.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    if process.stdin is not None:
        process.stdin.write(html.encode())
        process.stdin.close()
    return process


def end_word(process: subprocess.Popen[bytes] | None, file: Path) -> str:
    """Wait for the Word file; return "" or why it could not be made."""
    if process is None:
        return "report.docx was not made: pandoc is not on this machine (pip install 'stepdown[word]' brings it)"
    code = process.wait(timeout=300)
    if code:
        file.unlink(missing_ok=True)
        return f"report.docx was not made: pandoc ended with code {code}"
    return ""


def _pandoc() -> str | None:
    try:
        import pypandoc

        return str(pypandoc.get_pandoc_path())
    except (ImportError, OSError):
        return shutil.which("pandoc")


@contextmanager
def _source_date(made: datetime) -> Iterator[None]:
    """Tell converters the date to write, so that equal runs give equal bytes."""
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = str(int(made.timestamp()))
    try:
        yield
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before
