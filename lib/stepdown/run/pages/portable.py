"""The whole report as one PDF and one Word file, from the same HTML as the pages."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from html import escape
from pathlib import Path

from stepdown.run.pages.page import TEMPLATES, Page, Site

_log = logging.getLogger("stepdown.release")


def one_document(site: Site, pages: Sequence[Page], made: datetime, figures: str | None = None) -> str:
    """Return all pages as one HTML document: one h1, the pages' own headings a level lower, no id twice.

    figures: a folder whose PNG files take the place of the embedded charts (for a converter that reads no SVG).
    """
    css = (TEMPLATES / "stepdown" / "page.css").read_text(encoding="utf-8")
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
details > summary { display: none; } details > p { font-size: 9pt; }
.table-scroll { overflow: visible; } td.num { white-space: normal; }
"""


def _part(page: Page, number: int, figures: str | None) -> str:
    html = page.main
    if number:
        html = re.sub(r"<(/?)h([1-5])\b", lambda m: f"<{m[1]}h{int(m[2]) + 1}", html)
        html = re.sub(r'<div class="notice">.*?</div>', "", html, count=1, flags=re.DOTALL)
        html = _without_about(html)
    html = re.sub(r'<nav class="contents".*?</nav>', "", html, flags=re.DOTALL)
    html = re.sub(r'<p class="chart-links">.*?</p>', "", html, flags=re.DOTALL)
    html = re.sub(r'<section aria-labelledby="downloads">.*?</section>', "", html, flags=re.DOTALL)
    html = re.sub(r'\b(id|aria-labelledby)="', rf'\1="part{number}-', html)
    html = re.sub(r'href="([\w.]+)\.html"', 'href="#"', html)
    html = re.sub(r'<a href="#">(.*?)</a>', r"\1", html)
    html = re.sub(r' (tabindex="-?0"|role="region")', "", html)
    if figures is not None:
        html = re.sub(
            r'<img src="data:image/svg[^"]*"([^>]*?)data-file="([^"]+)"', rf'<img src="{figures}/\2.png"\1', html
        )
    return f'<div class="part">{html}</div>'


def _without_about(html: str) -> str:
    for name in ("small-numbers", "this-run"):
        html = re.sub(rf'<section[^>]*aria-labelledby="{name}">.*?</section>', "", html, flags=re.DOTALL)
    return html


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
        HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=("data",), fail_on_errors=True)).write_pdf(
            str(file), pdf_variant="pdf/ua-1", pdf_identifier=b"stepdown"
        )
    return ""


def write_word(html: str, file: Path, made: datetime) -> str:
    """Write the document as Word; return "" or why it could not be made (no pandoc on the machine)."""
    program = _pandoc()
    if program is None:
        return "report.docx was not made: pandoc is not on this machine (pip install 'stepdown[word]' brings it)"
    with _source_date(made):
        done = subprocess.run(
            [program, "--from=html", "--to=docx", "--output", str(file.name)],
            input=html.encode(),
            cwd=file.parent,
            capture_output=True,
            check=False,
            timeout=120,
        )
    if done.returncode:
        file.unlink(missing_ok=True)
        return f"report.docx was not made: pandoc ended with code {done.returncode}"
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
