"""What moved since the last whole run: table by table, cell by cell, and the inputs that changed.

restricted/changes.csv and changes.html compare the tables before disclosure control and stay with the evaluator.
What is printed and logged is worded from the cleared tables only.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from html import escape
from pathlib import Path
from typing import Any

from stepdown.params.runs import RunSettings, Threshold

Row = tuple[tuple[str, str], ...]
MOST = 12
"""Movements that are named in the log and on the terminal."""


@dataclass(frozen=True, slots=True)
class Change:
    """One cell, row or table that is not as it was. row: the key columns with their values."""

    table: str
    row: str
    column: str
    before: str
    after: str
    change: str
    change_percent: str
    kind: str


@dataclass(frozen=True, slots=True)
class TableMeaning:
    """The key columns of a table and the unit of each column, as the notebook's book recorded them."""

    keys: tuple[str, ...]
    units: Mapping[str, str]
    decimals: Mapping[str, int]


def meanings(run: Path) -> dict[str, TableMeaning]:
    """Return what the books of a run recorded about each table."""
    found = {}
    for file in sorted((run / "restricted" / "parts").glob("*.json")):
        for name, table in json.loads(file.read_text(encoding="utf-8")).get("tables", {}).items():
            columns = table["columns"]
            found[name] = TableMeaning(
                tuple(column for column, about in columns.items() if about["role"] == "key"),
                {column: about.get("unit", "") for column, about in columns.items()},
                {column: about["decimals"] for column, about in columns.items() if about.get("decimals") is not None},
            )
    return found


def compared(before: Path, after: Path, part: str, about: Mapping[str, TableMeaning]) -> list[Change]:
    """Return every difference between the tables of two runs; ``part`` is restricted or release."""
    old = {file.stem: file for file in (before / part / "tables").glob("*.csv")}
    new = {file.stem: file for file in (after / part / "tables").glob("*.csv")}
    changes = []
    for name in sorted(old | new):
        if name not in new or name not in old:
            changes.append(Change(name, "", "", "", "", "", "", "table added" if name in new else "table removed"))
        elif old[name].read_bytes() != new[name].read_bytes():
            changes += _cells(name, old[name], new[name], about.get(name))
    return changes


def _cells(name: str, before: Path, after: Path, meaning: TableMeaning | None) -> list[Change]:
    old_rows, new_rows = _read(before), _read(after)
    keys = meaning.keys if meaning and meaning.keys else _text_columns([*old_rows, *new_rows])
    old, new = _keyed(old_rows, keys), _keyed(new_rows, keys)
    changes = []
    for key in dict.fromkeys([*old, *new]):
        row = "; ".join(f"{column}={value}" for column, value in key if column != "#")
        if key not in old or key not in new:
            changes.append(Change(name, row, "", "", "", "", "", "row added" if key in new else "row removed"))
            continue
        for column in dict.fromkeys([*old[key], *new[key]]):
            one, other = old[key].get(column, ""), new[key].get(column, "")
            if one != other:
                changes.append(_change(name, row, column, one, other))
    return changes


def _read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return [{str(k): str(v) for k, v in row.items()} for row in csv.DictReader(stream, restval="")]


def _text_columns(rows: list[dict[str, str]]) -> tuple[str, ...]:
    columns = dict.fromkeys(column for row in rows for column in row)
    return tuple(c for c in columns if any(row.get(c) and _number(row[c]) is None for row in rows))


def _keyed(rows: list[dict[str, str]], keys: tuple[str, ...]) -> dict[Row, dict[str, str]]:
    """Return rows by their key columns; a key that stands again is told apart by its number."""
    seen: Counter[Row] = Counter()
    found = {}
    for row in rows:
        key: Row = tuple((column, row.get(column, "")) for column in keys)
        seen[key] += 1
        number = () if seen[key] == 1 else (("#", str(seen[key])),)
        found[(*key, *number)] = {column: value for column, value in row.items() if column not in keys}
    return found


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _change(table: str, row: str, column: str, before: str, after: str) -> Change:
    one, other = _number(before), _number(after)
    if one is None or other is None:
        return Change(table, row, column, before, after, "", "", "changed")
    percent = f"{(other - one) / abs(one) * 100:.4g}" if one else ""
    return Change(table, row, column, before, after, f"{other - one:.12g}", percent, "changed")


def warnings_of(changes: Iterable[Change], cleared: Iterable[Change], run: RunSettings) -> list[str]:
    """Return a sentence for each movement past a threshold; values are shown only where the cleared table has them."""
    shown = {(c.table, c.row, c.column): c for c in cleared}
    sentences = []
    for change in changes:
        for threshold in run.warn:
            if _passes(change, threshold):
                seen = shown.get((change.table, change.row, change.column))
                values = f": {seen.before} → {seen.after}" if seen else " (its values are not for release)"
                sentences.append(
                    f"{change.table}, {change.row or 'the row'}, {change.column} passed its threshold{values}"
                )
                break
    return sentences


def _passes(change: Change, threshold: Threshold) -> bool:
    named = (change.table, change.column) == (threshold.table, threshold.column)
    parts = change.row.split("; ")
    if not named or any(f"{column}={value}" not in parts for column, value in threshold.where.items()):
        return False
    moved, percent = _number(change.change), _number(change.change_percent)
    if moved is None:
        return True  # from or to a value that is not known
    past = threshold.by is not None and abs(moved) > threshold.by
    return past or (threshold.by_percent is not None and (percent is None or abs(percent) > threshold.by_percent))


def headlines(cleared: Iterable[Change], about: Mapping[str, TableMeaning], first: tuple[str, ...]) -> list[str]:
    """Return the movements in words, those of the headline tables first, each from its cleared values."""
    cells = [change for change in cleared if change.kind == "changed"]
    cells.sort(key=lambda change: first.index(change.table) if change.table in first else len(first))
    return [words for change in cells if (words := _in_words(change, about.get(change.table)))][:MOST]


def _in_words(change: Change, meaning: TableMeaning | None) -> str:
    """Return a movement in words; "" when it is too small to be seen in the decimals that a reader is shown."""
    unit = meaning.units.get(change.column, "") if meaning else ""
    decimals = meaning.decimals.get(change.column, 2) if meaning else 2
    row = ", ".join(part.partition("=")[2] for part in change.row.split("; ") if part)
    before, after = (_shown(text, unit, decimals) for text in (change.before, change.after))
    if before == after:
        return ""
    return f"{change.table}: {row + ', ' if row else ''}{change.column.replace('_', ' ')} {before} → {after}"


def _shown(text: str, unit: str, decimals: int) -> str:
    number = _number(text)
    if number is None:
        return text or "blank"
    from stepdown.numbers import as_pounds, digits  # with pandas, which a run in which nothing moved does not need

    return as_pounds(number, decimals) if unit == "£" else digits(number, decimals) + ("%" if unit == "%" else "")


def write_changes(file: Path, changes: Iterable[Change]) -> None:
    """Write changes.csv."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([field.name for field in fields(Change)])
        writer.writerows(astuple(change) for change in changes)


def nothing_moved(previous: str | None) -> dict[str, Any]:
    """Return the account of a run without a comparison, or without a difference."""
    return {
        "previous_run": previous,
        "cells": 0,
        "rows": 0,
        "tables": [],
        "inputs": [],
        "headlines": [],
        "warnings": [],
    }


_MOST_ROWS = 2_000
_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#111}"
    "table{border-collapse:collapse;margin:1rem 0}caption{text-align:left;font-weight:600}"
    "th,td{border:1px solid #767676;padding:.25rem .6rem;text-align:left}td.n{text-align:right}"
)


def changes_page(title: str, changes: Sequence[Change], moved: Mapping[str, Any]) -> str:
    """Return the page; ``moved`` is the account that the manifest holds."""
    previous = moved["previous_run"]
    intro = (
        f"Compared with run {escape(str(previous))}: {moved['cells']:,} cells and {moved['rows']:,} rows differ."
        if previous
        else "This is the first run: there is nothing to compare it with."
    )
    parts = [
        f"<h1>What changed: {escape(title)}</h1>",
        f"<p>{intro} The tables are those before disclosure control: this page stays with the evaluator.</p>",
        _html_list("Movements past a threshold", moved["warnings"]),
        _html_table("Inputs that changed", ("file", "what"), [(i["file"], i["kind"]) for i in moved["inputs"]]),
        _html_table(
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
        f'<meta name="viewport" content="width=device-width"><title>What changed: {escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><main>\n"
        + "\n".join(part for part in parts if part)
        + "\n</main></body></html>\n"
    )


def _html_list(heading: str, sentences: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f"<h2>{heading}</h2><ul>{items}</ul>" if sentences else ""


def _html_table(heading: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return f"<h2>{heading}</h2><p>None.</p>"
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    table = f"<table><caption>{heading}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"<h2>{heading}</h2>{table}"
