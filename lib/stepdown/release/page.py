"""Makes a notebook's page and the study's first page."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from stepdown.release.outputs import gate
from stepdown.release.words import contents_html, glossary_html, in_words, order_headings

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class Site:
    """What all pages of a run share.

    title: of the study.  notice: a sentence that every reader must see.  footer: version and date in words.
    facts: rows (name, value) about the run, shown as a table on each page.  policy: how small numbers are treated.
    questions, limits, programme: from the study's file (empty for a report that is checked).
    """

    title: str
    notice: str
    footer: str
    policy: str
    facts: tuple[tuple[str, str], ...]
    programme: str = ""
    questions: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One released page: its file name, its title, its HTML and its main part (for PDF and Word)."""

    file: str
    title: str
    html: str = field(repr=False)
    main: str = field(repr=False)


def notebook_title(notebook: Mapping[str, Any], name: str) -> str:
    """Return the first heading of a notebook in words, or its name made readable."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            found = re.search(r"^#+\s+(.+?)\s*#*\s*$", "".join(cell["source"]), flags=re.MULTILINE)
            if found:
                return re.sub(r"[*_`]", "", found.group(1))
    return re.sub(r"^\d+_", "", name).replace("_", " ").capitalize()


def notebook_page(
    notebook: Mapping[str, Any],
    part: Mapping[str, Any],
    site: Site,
    links: Sequence[tuple[str, str]],
    figures: Path,
) -> Page:
    """Return the page of one executed notebook.

    notebook: the executed notebook (a NotebookNode).  part: what its book recorded.  links: (file, text) of all pages.
    Raises Refused when the gate finds an output that may not be released.
    """
    from bs4 import BeautifulSoup

    file = f"{part['notebook']}.html"
    title = notebook_title(notebook, part["notebook"])
    html = _exported(notebook, gate(notebook["cells"], part, figures), _resources(site, links, file, title))
    soup = BeautifulSoup(html, "html.parser")
    article = soup.find("article")
    main = soup.find("main")
    if article is None or main is None:
        raise LookupError("the page template has no article")
    if article.find("h1") is None:
        article.insert(0, BeautifulSoup(f"<h1>{escape(title)}</h1>", "html.parser"))
    _put_findings_first(article, part)
    _fold_long_tables(soup, article)
    _, contents = order_headings(soup, main)
    _put_contents(soup, article, contents_html(contents))
    words = glossary_html(article.get_text(" "))
    if words:
        article.insert_after(BeautifulSoup(words, "html.parser"))
    return Page(file, title, _finished(soup), main.decode_contents())


def study_page(
    site: Site,
    parts: Sequence[Mapping[str, Any]],
    links: Sequence[tuple[str, str]],
    downloads: Sequence[Mapping[str, str]],
    csv_files: Sequence[Mapping[str, str]],
) -> Page:
    """Return the first page of a run; parts: title, href, anchor, findings of each notebook."""
    import jinja2
    from bs4 import BeautifulSoup

    resources = _resources(site, links, "index.html", site.title)
    resources["page"] |= {
        "parts": parts,
        "downloads": downloads,
        "csv_files": csv_files,
        "programme": site.programme,
        "questions": site.questions,
        "limits": site.limits,
    }
    loader = jinja2.FileSystemLoader(TEMPLATES / "stepdown")
    html = jinja2.Environment(loader=loader, autoescape=False).get_template("study.html.j2").render(resources=resources)  # noqa: S701
    soup = BeautifulSoup(html, "html.parser")
    main = soup.find("main")
    if main is None:
        raise LookupError("the page template has no main part")
    first = main.find("section", attrs={"aria-labelledby": "downloads"})
    words = glossary_html(main.get_text(" "))
    if words and first is not None:
        first.insert_after(BeautifulSoup(words, "html.parser"))
    return Page("index.html", site.title, _finished(soup), main.decode_contents())


def _exported(notebook: Mapping[str, Any], shown: list[list[str]], resources: dict[str, Any]) -> str:
    """Return the notebook as HTML through nbconvert and the house's template."""
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # 0.7 s for a check that nothing here uses
    import nbformat
    from nbconvert.exporters import TemplateExporter

    cells = []
    for cell, outputs in zip(notebook["cells"], shown, strict=True):
        if cell["cell_type"] == "markdown":
            cells.append(nbformat.v4.new_markdown_cell("".join(cell["source"])))
        elif outputs:
            made = [nbformat.v4.new_output("display_data", {"text/html": html}) for html in outputs]
            cells.append(nbformat.v4.new_code_cell(outputs=made))
    exporter = TemplateExporter(
        template_name="stepdown",
        extra_template_basedirs=[str(TEMPLATES)],
        file_extension=".html",
        enabled=True,
    )
    exporter.exclude_input = True
    exporter.register_filter("in_words", in_words)
    return str(exporter.from_notebook_node(nbformat.v4.new_notebook(cells=cells), resources=resources)[0])


def _resources(site: Site, links: Sequence[tuple[str, str]], here: str, title: str) -> dict[str, Any]:
    window = site.title if here == "index.html" else f"{title} – {site.title}"
    tag, _, notice = (
        site.notice.partition(". ") if site.notice.startswith("Synthetic data. ") else ("Note", "", site.notice)
    )
    return {
        "page": {
            "window_title": window,
            "study_title": site.title,
            "links": [{"href": file, "text": text, "here": file == here} for file, text in links],
            "notice": notice,
            "notice_tag": tag,
            "footer": site.footer,
            "after": about_html(site),
        }
    }


def about_html(site: Site) -> str:
    """Return the part that closes every page: how small numbers were treated, and what was run."""
    rows = "".join(f'<tr><th scope="row">{escape(n)}</th><td>{escape(v)}</td></tr>' for n, v in site.facts)
    return (
        '<section class="about" aria-labelledby="small-numbers"><h2 id="small-numbers">How small numbers were treated'
        f"</h2><p>{escape(site.policy)}</p></section>"
        '<section class="about" aria-labelledby="this-run"><h2 id="this-run">What was run</h2>'
        '<div class="table-scroll" role="region" aria-labelledby="run-table" tabindex="0"><table>'
        '<caption id="run-table"><span>Settings and versions of this run</span></caption>'
        '<thead><tr><th scope="col">Setting</th><th scope="col">Value</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div></section>"
    )


def _put_findings_first(article: Any, part: Mapping[str, Any]) -> None:
    """Put the page's findings before the first part; each leads to its place, where its limit stands beside it."""
    from bs4 import BeautifulSoup

    boxes = article.select(".finding-box")
    if not boxes:
        return
    found = [item for item in part["shown"] if item["kind"] == "finding"]
    items = []
    for number, (box, item) in enumerate(zip(boxes, found, strict=True), 1):
        box["id"] = f"finding-{number}"
        items.append(
            f'<li><p class="finding">{escape(item["sentence"])}</p><p class="limit"><a href="#finding-{number}">'
            f'What this does not show<span class="unseen"> (finding {number})</span></a></p></li>'
        )
    box = (
        '<section aria-labelledby="in-short"><h2 id="in-short">In short</h2>'
        f'<ul class="findings">{"".join(items)}</ul></section>'
    )
    _before_first_part(article, BeautifulSoup(box, "html.parser"))


LONG_TABLE_ROWS = 60
"""A table with more rows than this is folded on a page, and left to the spreadsheet in the PDF and Word files."""


def _fold_long_tables(soup: Any, article: Any) -> None:
    for table in article.select(".stepdown-table .table-scroll"):
        rows = len(table.select("tbody tr"))
        if rows > LONG_TABLE_ROWS:
            fold = soup.new_tag("details", attrs={"class": "long-table"})
            summary = soup.new_tag("summary")
            summary.string = f"{table.caption.get_text()}: show all {rows:,} rows"
            table.wrap(fold).insert(0, summary)


def _put_contents(soup: Any, article: Any, html: str) -> None:
    from bs4 import BeautifulSoup

    if html:
        _before_first_part(article, BeautifulSoup(html, "html.parser"), skip="in-short")


def _before_first_part(article: Any, what: Any, skip: str = "") -> None:
    for heading in article.find_all(["h2", "h3"]):
        if heading.get("id") != skip or not skip:
            heading.insert_before(what)
            return
    article.append(what)


def _finished(soup: Any) -> str:
    """Return the page as text; a minus sign and its pound sign stay on one line."""
    together = "\N{MINUS SIGN}\N{WORD JOINER}£"
    return "<!DOCTYPE html>\n" + _without_doctype(str(soup)).replace("\N{MINUS SIGN}£", together)


def _without_doctype(html: str) -> str:
    return re.sub(r"^\s*<!DOCTYPE html>\s*", "", html, flags=re.IGNORECASE)
