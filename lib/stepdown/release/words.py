"""Words of a page: Markdown to HTML, headings in order with their contents list, and the glossary."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import mistune
import yaml
from bs4 import BeautifulSoup, Tag

_GLOSSARY, _TITLES = (Path(__file__).with_name(name) for name in ("glossary.yaml", "titles.yaml"))


@cache
def _markdown() -> mistune.Markdown:
    return mistune.create_markdown(escape=True, plugins=["table", "footnotes", "strikethrough"])


def in_words(markdown: str) -> str:
    """Return Markdown as HTML; HTML inside it is shown as text, so that nothing gets past the gate that way."""
    html = _markdown()(markdown)
    return str(html).replace("&amp;lt;", "&lt;")


def plain(markdown: str) -> str:
    """Return the words of a Markdown text without its marks."""
    return " ".join(BeautifulSoup(in_words(markdown), "html.parser").get_text(" ").split())


def heading_levels(levels: list[int], *, lowest: int = 2) -> list[int]:
    """Return heading levels in order: none above ``lowest``, and none skipped on the way down."""
    result: list[int] = []
    for level in levels:
        wanted = max(level, lowest)
        limit = (result[-1] if result else lowest - 1) + 1
        result.append(min(wanted, limit))
    return result


def order_headings(soup: BeautifulSoup, within: Tag) -> tuple[str, list[dict[str, Any]]]:
    """Make a page's headings orderly, in place; return the page's title and its contents (level, text, anchor).

    The first heading becomes the only h1. The others begin at h2 and skip no level; each gets an id.
    """
    found = within.find_all(re.compile(r"^h[1-6]$"))
    if not found:
        return "", []
    first, rest = found[0], found[1:]
    first.name = "h1"
    contents = []
    taken: set[str] = set()
    for heading, level in zip(rest, heading_levels([int(h.name[1]) for h in rest]), strict=True):
        heading.name = f"h{level}"
        text = " ".join(heading.get_text(" ").split())
        anchor = str(heading.get("id") or "") or _anchor(text, taken)
        taken.add(anchor)
        heading["id"] = anchor
        contents.append({"level": level, "text": text, "anchor": anchor})
    return " ".join(first.get_text(" ").split()), contents


def _anchor(text: str, taken: set[str]) -> str:
    stem = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "part"
    anchor, number = stem, 1
    while anchor in taken:
        number += 1
        anchor = f"{stem}-{number}"
    return anchor


def contents_html(contents: list[dict[str, Any]]) -> str:
    """Return the list of a page's parts, and under each its own parts, as a navigation landmark."""
    if sum(item["level"] == 2 for item in contents) < 2:
        return ""
    parts: list[tuple[str, list[str]]] = []
    for item in contents:
        link = f'<a href="#{item["anchor"]}">{escape(item["text"])}</a>'
        if item["level"] == 2:
            parts.append((link, []))
        elif item["level"] == 3:
            parts[-1][1].append(f"<li>{link}</li>")
    items = "".join(f"<li>{link}{'<ul>' + ''.join(inner) + '</ul>' if inner else ''}</li>" for link, inner in parts)
    return f'<nav class="contents" aria-labelledby="contents"><h2 id="contents">On this page</h2><ul>{items}</ul></nav>'


@cache
def glossary() -> tuple[dict[str, str], ...]:
    """Return the glossary: word, means; long of an abbreviation; where (a pattern) for an everyday word."""
    return tuple(yaml.safe_load(_GLOSSARY.read_text(encoding="utf-8")))


@cache
def titles() -> dict[str, str]:
    """Return what a table is called where no page shows it with a caption, by its name."""
    return dict(yaml.safe_load(_TITLES.read_text(encoding="utf-8")))


def reading_ease(text: str) -> float:
    """Return Flesch's reading ease: 60 to 70 is plain English, below 50 is hard.

    >>> round(reading_ease("The child went home. It was a good day."))
    118
    """
    words = re.findall(r"[A-Za-z']+", text)
    sentences = max(len(re.findall(r"[.!?:;](?:\s|$)", text)), 1)
    syllables = sum(max(len(re.findall(r"[aeiouy]+", re.sub(r"e$", "", word.lower()))), 1) for word in words)
    return 206.835 - 1.015 * len(words) / sentences - 84.6 * syllables / max(len(words), 1)


def glossary_html(text: str) -> str:
    """Return the words of the glossary that ``text`` uses, as a closed details element; "" when it uses none."""
    used = [entry for entry in glossary() if _uses(text, entry)]
    if not used:
        return ""
    rows = []
    for entry in used:
        word = entry["word"] + (f" ({entry['long']})" if "long" in entry else "")
        rows.append(f"<dt>{escape(word)}</dt><dd>{escape(entry['means'])}</dd>")
    return (
        '<section class="about" aria-labelledby="glossary"><h2 id="glossary">Words used on this page</h2>'
        f"<details><summary>{', '.join(entry['word'] for entry in used)}</summary>"
        f'<dl class="glossary">{"".join(rows)}</dl></details></section>'
    )


def _uses(text: str, entry: dict[str, str]) -> bool:
    word = entry["word"].removesuffix(" (period)")
    if not re.search(entry.get("where", ""), text):
        return False  # an everyday word: this page uses it in another sense
    if word.isupper():
        return re.search(rf"\b{re.escape(word)}\b", text) is not None
    return re.search(rf"\b{re.escape(word)}(s|es)?\b", text, flags=re.IGNORECASE) is not None
