"""Tables and charts of a page: their numbers, links that stay, source lines, and how they fit a phone."""

from __future__ import annotations

import csv
from collections import Counter
from html import escape
from pathlib import Path
from typing import Any

from stepdown.show.table import BEHIND_A_CHART, anchor_of

STACKED_ROWS, STACKED_ROWS_IF_WIDE = 12, 20
"""A table of at most so many rows becomes a list of cards on a small screen; a longer one is moved sideways."""

_WIDE, _WIDER = 6, 9
"""Columns from which a table gets smaller type on paper."""


def number_exhibits(article: Any, page: str, source: str) -> None:
    """Number the tables and charts of a page as Table 3.1 and Figure 3.1, in place, each with a link to it.

    page: number of the page.  source: where the numbers of the page are from, as words after "Source:".
    """
    seen: Counter[str] = Counter()
    for number, table in enumerate(article.select(".stepdown-table"), 1):
        _table(table, f"Table {page}.{number}", seen)
    number, chart = 0, None
    for exhibit in article.select("h2, figure.chart, details.behind"):
        if exhibit.name == "figure":
            number, chart = number + 1, exhibit
            _chart(exhibit, f"Figure {page}.{number}", source)
        elif exhibit.name == "h2":
            chart = None  # a table of another part is not this chart's
        elif chart is not None and exhibit.summary.get_text() == BEHIND_A_CHART:
            _tie(chart, exhibit)
            chart = None


def analysed(flow: Path) -> str:
    """Return how many children are analysed, from the released table: "194 children, ", or "" where it does not say."""
    if not flow.is_file():
        return ""
    with flow.open(encoding="utf-8", newline="") as source:
        sizes = [row["children"] for row in csv.DictReader(source) if row["step"] == "Analysed"]
    return f"{sum(map(int, sizes)):,} children, " if sizes and all(size.isdigit() for size in sizes) else ""


def _table(box: Any, called: str, seen: Counter[str]) -> None:
    name, table, region = str(box["data-table"]), box.table, box.select_one(".table-scroll")
    anchor = anchor_of(name)
    seen[anchor] += 1
    if seen[anchor] > 1:
        anchor = f"{anchor}-{seen[anchor]}"
    table.caption["id"] = region["aria-labelledby"] = anchor
    table["data-number"] = called
    table.caption.span.insert(0, _parsed(f'<b class="number">{called}.</b> '))
    links = f'<a href="#{anchor}">Link to {called}</a> <a href="tables/{escape(name)}.csv">{called} as CSV</a>'
    box.append(_parsed(f'<p class="chart-links">{links}</p>'))
    for mark in table.find_all("abbr"):
        mark.insert_after(_parsed('<span class="unseen">not shown</span>'))
        mark["aria-hidden"] = "true"
    columns = len(table.select("thead tr:first-child th:not(.over)")) + len(table.select("thead tr + tr th"))
    if columns >= _WIDE:
        box["class"] = [*box["class"], "wider" if columns >= _WIDER else "wide"]
    if len(table.tbody.find_all("tr")) <= (STACKED_ROWS_IF_WIDE if columns >= _WIDE else STACKED_ROWS):
        _let_stack(table)


def _let_stack(table: Any) -> None:
    """Say of each cell which heading it stands under, and what it is, for a screen where rows become cards."""
    labels = _labels(table)
    table["class"], table["role"] = "stacks", "table"
    for part in table.find_all(["thead", "tbody"]):
        part["role"] = "rowgroup"
    for row in table.find_all("tr"):
        row["role"] = "row"
    for heading in table.thead.find_all("th"):
        heading["role"] = "columnheader"
    for row in table.tbody.find_all("tr"):
        for cell, label in zip(row.find_all(["th", "td"]), labels, strict=True):
            cell["role"] = "rowheader" if cell.name == "th" else "cell"
            cell["data-label"] = label


def _labels(table: Any) -> list[str]:
    """Return the heading of each column in words, a shared one first."""
    upper, *lower = table.thead.find_all("tr")
    below = [th.get_text() for th in lower[0].find_all("th")] if lower else []
    labels: list[str] = []
    for th in upper.find_all("th"):
        size = int(th.get("colspan", 1))
        if "over" in th.get("class", ()):
            labels += [f"{th.get_text()}: {below.pop(0)}" for _ in range(size)]
        else:
            labels.append(th.get_text())
    return labels


def _chart(figure: Any, called: str, source: str) -> None:
    figure["data-number"] = called
    words = f"Source: {source}." if source else ""
    line = f'<p class="source"><b class="number">{called}.</b> {escape(words)}</p>'
    figure.figcaption.insert(0, _parsed(line))
    links = figure.figcaption.select_one(".chart-links")
    if links is not None:
        links.insert(0, _parsed(f'<a href="#{figure["id"]}">Link to {called}</a> '))


def _tie(chart: Any, fold: Any) -> None:
    """Let a chart name the table that holds its figures; what was told in words then stands there."""
    table = fold.table
    called, anchor = table["data-number"], table.caption["id"]
    chart.select_one(".source").append(_parsed(f' Figures: <a href="#{anchor}">{called}</a>.'))
    words = chart.select_one("figcaption details")
    if words is not None:
        words.decompose()


def _parsed(html: str) -> Any:
    from bs4 import BeautifulSoup

    return BeautifulSoup(html, "html.parser")
