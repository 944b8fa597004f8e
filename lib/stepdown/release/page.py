"""Makes a notebook's page and the study's first page; a gate lets only what a book showed, byte for byte, into them."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from stepdown.answers.finding import quoted
from stepdown.faults import Fault, refuse
from stepdown.numbers import as_words, digits
from stepdown.params.data import SYNTHETIC
from stepdown.recording import SHOWN, mark_of
from stepdown.release import rendered
from stepdown.release.answering import NOTHING, Answered
from stepdown.release.exhibits import number_exhibits
from stepdown.release.words import contents_html, glossary_html, in_words, order_headings, reading_ease
from stepdown.workbook import ANALYSED, KIND


@dataclass(frozen=True, slots=True)
class Site:
    """What all pages of a run share.

    title: of the study.  notice: a sentence that every reader must see.  footer: version and date in words.
    facts: rows (name, value) about the run, shown as a table on each page.  policy: how small numbers are treated.
    questions, limits, programme: from the study's file (empty for a report that is checked).  date: of the run.
    source: whose figures these are, for who quotes one.
    analysed: "194 children, ", for the source lines ("" where it is not known or not shown).
    """

    title: str
    notice: str
    footer: str
    policy: str
    facts: tuple[tuple[str, str], ...]
    programme: str = ""
    questions: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    date: str = ""
    source: str = ""
    analysed: str = ""


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
    shorts: Mapping[str, str] | None = None,
) -> Page:
    """Return the page of one executed notebook.

    notebook: the executed notebook.  part: what its book recorded.  links: (file, text) of all pages.
    Raises Refused when the gate finds an output that may not be released.
    """
    from bs4 import BeautifulSoup

    file = f"{part['notebook']}.html"
    title = notebook_title(notebook, part["notebook"])
    shown = gate(notebook["cells"], part, figures)
    number = re.match(r"\d+", part["notebook"])
    after = [*notebook["cells"][1:], {}]
    body = [
        in_words("".join(cell["source"])) if cell["cell_type"] == "markdown" else "\n".join(outputs)
        for cell, outputs, following in zip(notebook["cells"], shown, after, strict=True)
        if cell["cell_type"] != "markdown" or not _shows_nothing(following)
    ]
    html = rendered("notebook.html.j2", body=[text for text in body if text], page=_frame(site, links, file, title))
    soup = BeautifulSoup(html, "html.parser")
    article = soup.find("article")
    main = soup.find("main")
    if article is None or main is None:
        raise LookupError("the page template has no article")
    if article.find("h1") is None:
        article.insert(0, BeautifulSoup(f"<h1>{escape(title)}</h1>", "html.parser"))
    number_exhibits(
        article, number[0] if number else part["notebook"], part.get("source", "").replace(ANALYSED, site.analysed)
    )
    _put_findings_first(article, part, shorts or {})
    _fold_long_tables(soup, article)
    _, contents = order_headings(soup, main)
    _put_contents(soup, article, contents_html(contents))
    words = glossary_html(article.get_text(" "))
    if words:
        article.insert_after(BeautifulSoup(words, "html.parser"))
    _say_reading_ease(main)
    return Page(file, title, _finished(soup), main.decode_contents())


FILLS = ("#12436d", "#f46a25", "#5a6470")
"""Colours of the bars: the programme group, the comparison group, neither; the page's style has those of the dark."""


def study_page(
    site: Site,
    parts: Sequence[Mapping[str, Any]],
    links: Sequence[tuple[str, str]],
    downloads: Sequence[Mapping[str, str]],
    csv_files: Sequence[Mapping[str, str]],
    found: Answered = NOTHING,
) -> Page:
    """Return the first page of a run; found: its answers; parts: title, href, anchor, findings of each notebook."""
    from bs4 import BeautifulSoup

    page = _frame(site, links, "index.html", site.title)
    html = rendered(
        "study.html.j2",
        page=page,
        site=site,
        found=found,
        summary=found.summary,
        quotes=[quoted(finding, site.source) for finding in found.summary.answers if finding.figures],
        fills=FILLS,
        parts=parts,
        downloads=downloads,
        csv_files=csv_files,
    )
    soup = BeautifulSoup(html, "html.parser")
    main = soup.find("main")
    if main is None:
        raise LookupError("the page template has no main part")
    first = main.find("section", attrs={"aria-labelledby": "downloads"})
    words = glossary_html(main.get_text(" "))
    if words and first is not None:
        first.insert_after(BeautifulSoup(words, "html.parser"))
    _say_reading_ease(main)
    return Page("index.html", site.title, _finished(soup), main.decode_contents())


def _frame(site: Site, links: Sequence[tuple[str, str]], here: str, title: str) -> dict[str, Any]:
    window = site.title if here == "index.html" else f"{title} – {site.title}"
    tag, _, notice = site.notice.partition(". ") if site.notice.startswith(SYNTHETIC) else ("Note", "", site.notice)
    return {
        "window_title": window,
        "study_title": site.title,
        "links": [{"href": file, "text": text, "here": file == here} for file, text in links if here != "index.html"],
        "first": here == "index.html",
        "notice": notice,
        "notice_tag": tag,
        "footer": site.footer,
        "after": about_html(site),
    }


def about_html(site: Site) -> str:
    """Return the part that closes every page: how small numbers were treated, and what was run."""
    rows = "".join(f'<tr><th scope="row">{escape(n)}</th><td>{escape(as_words(v))}</td></tr>' for n, v in site.facts)
    return (
        '<section class="about" aria-labelledby="small-numbers"><h2 id="small-numbers">How small numbers were treated'
        f"</h2><p>{escape(site.policy)}</p></section>"
        '<section class="about" aria-labelledby="this-run"><h2 id="this-run">What was run</h2>'
        "<details><summary>Settings and versions</summary>"
        '<div class="table-scroll" role="region" aria-labelledby="run-table" tabindex="0"><table>'
        '<caption id="run-table"><span>Settings and versions of this run</span></caption>'
        '<thead><tr><th scope="col">Setting</th><th scope="col">Value</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div></details></section>"
    )


def _say_reading_ease(main: Any) -> None:
    """Add the reading ease of the page's sentences to its settings."""
    from bs4 import BeautifulSoup

    ease = digits(reading_ease(" ".join(each.get_text(" ") for each in main.select("p, li"))))
    row = (
        f'<tr><th scope="row">Reading ease of this page (Flesch: 60 or more is plain English)</th><td>{ease}</td></tr>'
    )
    main.select_one("table:has(#run-table) tbody").append(BeautifulSoup(row, "html.parser"))


NO_SHORTS: Mapping[str, str] = {}
_ASIDE = re.compile(r" \([^()]*(?:interval|p [=<])[^()]*\)")


def in_brief(sentence: str) -> str:
    """Return the first sentence of a finding without what stands in brackets about its interval or its test."""
    return _ASIDE.sub("", sentence).partition(". ")[0].rstrip(".") + "."


def _put_findings_first(article: Any, part: Mapping[str, Any], shorts: Mapping[str, str] = NO_SHORTS) -> None:
    """Put the page's findings before the first part; each leads to its place, where its limit stands beside it."""
    from bs4 import BeautifulSoup

    boxes = article.select(".finding-box")
    if not boxes:
        return
    found = [item for item in part["shown"] if item["kind"] == "finding"]
    items = []
    told = [shorts.get(item["sentence"]) or in_brief(item["sentence"]) for item in found]
    for number, (box, brief) in enumerate(zip(boxes, told, strict=True), 1):
        box["id"] = f"finding-{number}"
        items.append(
            f'<li><p class="finding">{escape(brief)}</p><p class="limit"><a href="#finding-{number}">'
            f'What this does not show<span class="unseen"> (finding {number})</span></a></p></li>'
        )
    if len(boxes) == 1 and boxes[0].find_previous("h2") is None:
        return  # the only one stands there already
    box = (
        '<section aria-labelledby="in-short"><h2 id="in-short">In short</h2>'
        f'<ul class="findings">{"".join(items)}</ul></section>'
    )
    _before_first_part(article, BeautifulSoup(box, "html.parser"))


LONG_TABLE_ROWS = 60
"""A table with more rows than this is folded on a page, and left to the spreadsheet in the PDF and Word files."""


def _fold_long_tables(soup: Any, article: Any) -> None:
    for table in article.select(".stepdown-table .table-scroll"):
        rows = len(table.tbody.find_all("tr"))
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


_RULE = "only what a book shows is released (docs/disclosure.md, One gate)"


def _shows_nothing(cell: Mapping[str, Any]) -> bool:
    """Say whether a cell has outputs, all of which say that the study has no such part."""
    kinds = [output.get("metadata", {}).get(KIND, {}).get("kind") for output in cell.get("outputs", ())]
    return bool(kinds) and set(kinds) == {"absent"}


def gate(cells: Sequence[Mapping[str, Any]], part: Mapping[str, Any], figures: Path) -> list[list[str]]:
    """Return the HTML of each code cell's outputs, in order (an empty list for the other cells).

    cells: of the executed notebook.  part: what its book recorded.  figures: folder of the run's charts.
    Raises Refused when a cell has an output that its book did not make, a chart without its text alternative, or
    an error; a fault names the notebook and the cell by number and never what stands in it.
    """
    known = {item["digest"]: item for item in part["shown"]}
    notebook, faults, result, number = part["notebook"], [], [], 0
    for cell in cells:
        shown: list[str] = []
        if cell["cell_type"] == "code":
            number += 1
            for output in cell.get("outputs", ()):
                html, wrong = _shown(output, known, figures)
                if wrong:
                    faults.append(_fault(notebook, number, wrong))
                elif html and html not in shown[-1:]:  # two sentences of a table left out say so twice
                    shown.append(html)
        result.append(shown)
    refuse(faults)
    return result


def _shown(output: Mapping[str, Any], known: Mapping[str, Any], figures: Path) -> tuple[str, str]:
    """Return one output as HTML, or what is wrong with it."""
    if output["output_type"] == "stream":
        return "", "" if output.get("name") == "stderr" else "printed text"
    if output["output_type"] == "error":
        return "", "an error"
    mark, data = output.get("metadata", {}).get(KIND), output.get("data", {})
    if not isinstance(mark, Mapping) or not set(SHOWN) & set(data):
        return "", "an output that did not come from the book"
    item = known.get(mark_of(data))
    if item is None or item["kind"] != mark.get("kind"):
        return "", "an output that the book did not record"
    kind = item["kind"]
    if kind in ("opening", "absent"):
        return "", ""
    if kind == "table":
        return _joined(data["text/html"]), ""
    if kind == "chart":
        if not str(item.get("alt", "")).strip():
            return "", "a chart without a text alternative"
        return chart_html(item, data, figures), ""
    words = _joined(data["text/markdown"])
    html = in_words(re.sub(r"(?m)^> ?", "", words) if kind == "finding" else words)
    return (f'<div class="finding-box">{html}</div>' if kind == "finding" else html), ""


def _joined(text: Any) -> str:
    return text if isinstance(text, str) else "".join(text)


def chart_html(item: Mapping[str, Any], data: Mapping[str, Any], figures: Path) -> str:
    """Return a chart as a figure: the sharp SVG where the run has one, the drawing for a phone, and what it shows."""
    stem = str(item.get("file", ""))
    svg, narrow = figures / f"{stem}.svg", figures / f"{stem}_narrow.svg"
    if stem and svg.is_file():
        source = _svg(svg)
        title = f'<span class="unseen">: {escape(item["title"])}</span>'
        link = f'<a href="figures/{escape(stem)}.svg">Larger chart{title}</a>'
    else:
        png = data["image/png"]
        source = "data:image/png;base64," + (_joined(png).replace("\n", "") if not isinstance(png, bytes) else "")
        link = ""
    phone = f'<source media="(max-width: 30rem)" srcset="{_svg(narrow)}">' if stem and narrow.is_file() else ""
    image = f'<img src="{source}" alt="{escape(short_alt(item), quote=True)}" data-file="{escape(stem)}">'
    return (
        f'<figure class="chart" id="figure-{escape(str(item.get("name", "")).replace("_", "-"))}">'
        f'<picture>{phone}{image}</picture><figcaption><p class="chart-links">{link}</p>'
        f"<details><summary>The chart in words</summary><p>{escape(item['alt'])}</p></details></figcaption></figure>"
    )


def _svg(file: Path) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(file.read_bytes()).decode()


def short_alt(item: Mapping[str, Any]) -> str:
    """Return what kind of chart it is and what it says: its figures stand below it, and are read once."""
    kind, title = str(item["alt"]).partition(". ")[0], str(item["title"]).rstrip(".")
    words = f"{kind}. {title}" if len(kind) < 60 and kind not in title else title
    return f"{words}. The figures follow."


def _fault(notebook: str, cell: int, found: str) -> Fault:
    return Fault(
        where=f"notebook {notebook}, code cell {cell}",
        found=found,
        allowed="tables, charts, text and findings shown through the notebook's book",
        rule=_RULE,
        remedy="show it with book.table, book.chart, book.say or book.finding, or take the line out",
    )
