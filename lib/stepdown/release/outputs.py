"""The gate of a page: only what a book showed, byte for byte, is let through; all else refuses the release."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from stepdown.faults import Fault, refuse
from stepdown.release.words import in_words
from stepdown.workbook import KIND, digest_of

_RULE = "only what a book shows is released (docs/disclosure.md, One gate)"


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
                html, wrong = _one(output, known, figures)
                if wrong:
                    faults.append(_fault(notebook, number, wrong))
                elif html:
                    shown.append(html)
        result.append(shown)
    refuse(faults)
    return result


def _one(output: Mapping[str, Any], known: Mapping[str, Any], figures: Path) -> tuple[str, str]:
    """Return one output as HTML, or what is wrong with it."""
    if output["output_type"] == "stream":
        return "", "" if output.get("name") == "stderr" else "printed text"
    if output["output_type"] == "error":
        return "", "an error"
    mark, data = output.get("metadata", {}).get(KIND), output.get("data", {})
    if not isinstance(mark, Mapping) or not {"text/html", "image/png", "text/markdown"} & set(data):
        return "", "an output that did not come from the book"
    item = known.get(digest_of(data))
    if item is None or item["kind"] != mark.get("kind"):
        return "", "an output that the book did not record"
    kind = item["kind"]
    if kind == "opening":
        return "", ""
    if kind == "table":
        return _table(_joined(data["text/html"]), item["name"]), ""
    if kind == "chart":
        if not str(item.get("alt", "")).strip():
            return "", "a chart without a text alternative"
        return chart_html(item, data, figures), ""
    html = in_words(_joined(data["text/markdown"]))
    return (f'<div class="finding-box">{html}</div>' if kind == "finding" else html), ""


def _joined(text: Any) -> str:
    return text if isinstance(text, str) else "".join(text)


def _table(html: str, name: str) -> str:
    """Return a table with the link to its file."""
    link = f'<p class="chart-links"><a href="tables/{escape(name)}.csv">Download as CSV: {escape(name)}</a></p>'
    return html.rstrip().removesuffix("</div>") + link + "</div>"


def chart_html(item: Mapping[str, Any], data: Mapping[str, Any], figures: Path) -> str:
    """Return a chart as a figure: the sharp SVG where the run has one, its text alternative, a link to enlarge it."""
    stem = str(item.get("file", ""))
    svg = figures / f"{stem}.svg"
    if stem and svg.is_file():
        source = "data:image/svg+xml;base64," + base64.b64encode(svg.read_bytes()).decode()
        link = f'<a href="figures/{escape(stem)}.svg">Enlarge this chart: {escape(item["title"])}</a>'
    else:
        png = data["image/png"]
        source = "data:image/png;base64," + (_joined(png).replace("\n", "") if not isinstance(png, bytes) else "")
        link = ""
    alt = escape(item["alt"], quote=True)
    links = f'<p class="chart-links">{link}</p>' if link else ""
    return (
        f'<figure class="chart"><img src="{source}" alt="{alt}" data-file="{escape(stem)}">'
        f"<figcaption>{links}<details><summary>The chart in words</summary><p>{escape(item['alt'])}</p></details>"
        "</figcaption></figure>"
    )


def _fault(notebook: str, cell: int, found: str) -> Fault:
    return Fault(
        where=f"notebook {notebook}, code cell {cell}",
        found=found,
        allowed="tables, charts, text and findings shown through the notebook's book",
        rule=_RULE,
        remedy="show it with book.table, book.chart, book.say or book.finding, or take the line out",
    )
