"""restricted/changes.html: what moved since the last run, for the evaluator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from stepdown.run.moved import Change

_MOST_ROWS = 2_000
_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#111}"
    "table{border-collapse:collapse;margin:1rem 0}caption{text-align:left;font-weight:600}"
    "th,td{border:1px solid #767676;padding:.25rem .6rem;text-align:left}td.n{text-align:right}"
)


def page(title: str, changes: Sequence[Change], moved: Mapping[str, Any]) -> str:
    """Return the page; ``moved`` is the account that the manifest holds."""
    previous = moved["previous_run"]
    intro = (
        f"Compared with run {escape(str(previous))}: {moved['cells']:,} cells and {moved['rows']:,} rows differ."
        if previous
        else "This is the first run: there is nothing to compare it with."
    )
    parts = [
        f"<h1>What moved: {escape(title)}</h1>",
        f"<p>{intro} The tables are those before disclosure control: this page stays with the evaluator.</p>",
        _list("Movements past a threshold", moved["warnings"]),
        _table("Inputs that changed", ("file", "what", "rows added", "rows removed", "rows changed"), _inputs(moved)),
        _table(
            "Tables",
            ("table", "row", "column", "before", "after", "change", "change, %", "what"),
            [
                (c.table, c.row, c.column, c.before, c.after, c.change, c.change_percent, c.kind)
                for c in changes[:_MOST_ROWS]
            ],
        ),
        f"<p>The first {_MOST_ROWS:,} are shown; changes.csv has all.</p>" if len(changes) > _MOST_ROWS else "",
    ]
    return (
        '<!doctype html>\n<html lang="en-GB"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>What moved: {escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><main>\n"
        + "\n".join(part for part in parts if part)
        + "\n</main></body></html>\n"
    )


def _inputs(moved: Mapping[str, Any]) -> list[tuple[str, ...]]:
    return [
        (
            item["file"],
            item["kind"],
            *(str(item[part]) if part in item else "" for part in ("added", "removed", "changed")),
        )
        for item in moved["inputs"]
    ]


def _list(heading: str, sentences: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f"<h2>{heading}</h2><ul>{items}</ul>" if sentences else ""


def _table(heading: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return f"<h2>{heading}</h2><p>None.</p>"
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    table = f"<table><caption>{heading}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"<h2>{heading}</h2>{table}"
