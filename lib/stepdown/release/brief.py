"""The two-page brief: the first screen on paper, with four charts, as PDF and as Word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from stepdown.release import rendered
from stepdown.release.answering import Answered
from stepdown.release.page import FILLS, Site

MOST_CHARTS = 4

_FIRST = ("before_after", "bracket", "again", "savings", "headline_1", "headline_2", "all_series", "months")
"""Charts that a brief shows where the run has them, in this order; then the run's others, in theirs."""

_WHOLE = 20
"""Blocks of the widest bar in Word, which takes no drawing from a page."""


def brief_document(site: Site, found: Answered, parts: Sequence[Mapping[str, Any]], made: datetime) -> str:
    """Return the brief as one HTML document; its charts are named as files in the folder figures.

    parts: what the books recorded.
    """
    charts = [item for part in parts for item in part["shown"] if item["kind"] == "chart" and item.get("file")]
    place = {name: rank for rank, name in enumerate(_FIRST)}
    charts.sort(key=lambda item: place.get(str(item["name"]), len(place)))
    stamp = made.strftime("%Y-%m-%dT%H:%M:%SZ")
    shown = charts[:MOST_CHARTS]
    return rendered(
        "brief.html.j2", site=site, found=found, summary=found.summary, charts=shown, fills=FILLS, stamp=stamp
    )


def for_word(html: str) -> str:
    """Return a document as Word can take it: the bars as blocks, the title once, no author of ours."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    for bar in soup.select("svg.bar"):
        width = float(str(bar.rect["width"])) if bar.rect else 0.0
        blocks = soup.new_tag("span")
        blocks.string = " " + "█" * max(round(_WHOLE * width / 100), int(width > 0))
        bar.replace_with(blocks)
    for charts in soup.select("div.charts"):  # two beside each other
        for image in charts.select("img"):
            image["width"] = "3.1in"
        charts.name = "p"
        for box in charts.select("div"):
            box.unwrap()
    for element in soup.select("meta[name=author], style, .toc"):
        element.decompose()
    if (
        soup.h1 is not None
        and soup.title is not None
        and soup.h1.get_text(strip=True) == soup.title.get_text(strip=True)
    ):
        soup.h1.decompose()
    return str(soup)
