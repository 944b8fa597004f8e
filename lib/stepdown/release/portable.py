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

from stepdown.params.runs import Format
from stepdown.release import TEMPLATES
from stepdown.release.brief import for_word
from stepdown.release.page import Page, Site
from stepdown.release.word import made_a4, set_widths


def write_documents(
    release: Path, site: Site, pages: Sequence[Page], made: datetime, formats: Collection[Format], brief: str = ""
) -> list[str]:
    """Write the report and the brief as PDF and as Word, what is asked for; return what could not be made.

    brief: the brief as HTML ("" for none).
    """
    asked = {"pdf", "docx"} & set(formats)
    if not asked:
        return []
    documents = {"report": one_document(site, pages, made, release / "figures")} | ({"brief": brief} if brief else {})
    words = {release / f"{name}.docx": html for name, html in documents.items() if "docx" in asked}
    begun = {file: begin_word(for_word(html), file, made) for file, html in words.items()}
    messages = [write_pdf(html, release / f"{name}.pdf", made) for name, html in documents.items() if "pdf" in asked]
    messages += [end_word(process, file) for file, process in begun.items()]
    return [message for message in messages if message]


def one_document(site: Site, pages: Sequence[Page], made: datetime, figures: Path) -> str:
    """Return all pages as one HTML document: one h1, the pages' own headings a level lower, no id twice.

    After the summary comes the list of contents, with page numbers in the PDF; how the marks are given, the glossary
    and the settings come last.  figures: the folder whose PNG files take the place of the charts.
    """
    css = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    parts = [_part(page, number, figures) for number, page in enumerate(pages)]
    stamp = made.strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f'<!DOCTYPE html>\n<html lang="en-GB"><head><meta charset="utf-8"><title>{escape(site.title)}</title>'
        f'<meta name="author" content="Stepdown"><meta name="dcterms.created" content="{stamp}">'
        f'<meta name="dcterms.modified" content="{stamp}"><style>{css}\n{_PAGED}</style></head><body>'
        f"<main>{_in_order(parts)}</main></body></html>"
    )


def _in_order(parts: Sequence[str]) -> str:
    """Return the parts with a list of contents after the first, and the first's own annexes after all."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup("".join(parts), "html.parser")
    first, *others = soup.select("div.part")
    annexes = soup.new_tag("div", attrs={"class": "part"})
    for section in first.select("section.about"):
        annexes.append(section.extract())
    entries: list[str] = []
    for number, part in enumerate([*others, annexes], 1):
        for heading in part.find_all(["h2", "h3"] if part is not annexes else ["h2"]):
            heading["id"] = heading.get("id") or f"heading-{number}-{len(entries)}"
            words = escape(" ".join(heading.get_text(" ").split()))
            entries.append(f'<li class="{heading.name}"><a href="#{heading["id"]}">{words}</a></li>')
    if others:
        contents = f'<div class="part toc"><h2>Contents</h2><ul>{"".join(entries)}</ul></div>'
        first.insert_after(BeautifulSoup(contents, "html.parser"))
    soup.append(annexes)
    return str(soup)


_PAGED = """
@page { size: A4; margin: 18mm 16mm 20mm;
  @bottom-center { content: counter(page) " of " counter(pages); font-size: 9pt; } }
.part { break-before: page; } .part:first-child { break-before: auto; }
.toc ul { list-style: none; padding: 0; max-width: none; font-size: 9.5pt; }
.toc li { margin: 0; } .toc li.h2 { font-weight: bold; margin-top: 4pt; } .toc li.h3 { padding-left: 6mm; }
.toc a { color: inherit; text-decoration: none; }
.toc a::after { content: leader(".") target-counter(attr(href), page); }
.answers { display: flex; gap: 6pt; } .answers > li { flex: 1; width: 33%; font-size: 8pt; padding: 4pt 6pt; }
.answers h3 { font-size: 9pt; } .answers .number { font-size: 13pt; }
figure.small { font-size: 7.5pt; }
figure.small li { display: block; overflow: hidden; } figure.small b { float: right; }
.bar { width: 100%; }
tbody tr:nth-child(-n+2) { break-after: avoid; }
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
    _drop(soup, "nav.contents, p.chart-links, summary, picture source, .unseen, section[aria-labelledby=downloads]")
    _drop(soup, "section[aria-labelledby$=pages], .limit a")
    for element in soup.select("a, abbr, picture, details, figure.chart figcaption"):
        element.unwrap()
    for table in soup.find_all("table"):
        set_widths(table)
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
        return f"{file.name} was not made: weasyprint does not work here ({type(error).__name__})"
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
        return f"{file.name} was not made: pandoc is not on this machine (pip install 'stepdown[word]' brings it)"
    code = process.wait(timeout=300)
    if not code:
        made_a4(file)
    else:
        file.unlink(missing_ok=True)
        return f"{file.name} was not made: pandoc ended with code {code}"
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
