"""One function for every table: semantic HTML that a screen reader, a printer and a spreadsheet can read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape
from itertools import groupby

from stepdown.disclosure import ClearedTable
from stepdown.measures import sentence_case
from stepdown.numbers import as_shown
from stepdown.tables import Column, Role

_UNITS_IN_CELL = ("£", "%")


BEHIND_A_CHART = "Figures behind this chart"
"""Stands over a folded table that holds the figures of the chart before it."""


def anchor_of(name: str) -> str:
    """Return the id of a table on its page, by which a link leads to it."""
    return f"table-{name.replace('_', '-')}"


def table_html(
    table: ClearedTable,
    caption: str,
    notes: Sequence[str] = (),
    columns: Sequence[str] | None = None,
    *,
    folded: bool | str = False,
) -> str:
    """Return a cleared table as an HTML fragment.

    caption: what the table shows, in words.  notes: sentences below it.  columns: a subset, in order.
    folded: under "Figures behind this chart", for a table whose chart stands before it, or under words of its own.
    Key columns become row headers, every heading has its scope, and each symbol is explained below the table.
    The fragment scrolls within itself on a narrow screen and can be reached by keyboard.
    Raises TypeError for anything but a ClearedTable and ValueError for an empty caption.
    """
    _check(table, caption)
    shown = table if columns is None else table.only(columns)
    anchor = anchor_of(table.name)
    head = "\n".join(f"<tr>{row}</tr>" for row in _headings(shown))
    body = "\n".join(_rows(shown))
    foot = "".join(f"<p>{escape(note)}</p>" for note in [*_symbol_notes(shown), *notes])
    foot = f'\n<div class="table-notes">{foot}</div>' if foot else ""
    html = (
        f'<div class="stepdown-table" data-table="{escape(table.name)}">\n'
        f'<div class="table-scroll" role="region" aria-labelledby="{anchor}" tabindex="0">\n'
        f'<table>\n<caption id="{anchor}"><span>{escape(caption)}</span></caption>\n'
        f"<thead>\n{head}\n</thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>{foot}\n</div>"
    )
    if folded:
        words = folded if isinstance(folded, str) else BEHIND_A_CHART
        return f'<details class="behind">\n<summary>{escape(words)}</summary>\n{html}\n</details>'
    return html


def table_text(table: ClearedTable, caption: str, columns: Sequence[str] | None = None) -> str:
    """Return the same table as plain text, one line a row, for a terminal."""
    _check(table, caption)
    shown = table if columns is None else table.only(columns)
    lines = [[_label(column) for column in shown.columns.values()]]
    lines += [[text for text, _ in row] for row in _cells(shown)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(shown.columns))]
    right = [_is_number(column) for column in shown.columns.values()]
    rows = (
        "  ".join(
            t.rjust(w) if r and number else t.ljust(w) for t, w, r in zip(line, widths, right, strict=True)
        ).rstrip()
        for number, line in enumerate(lines)
    )
    return "\n".join([caption, "", *rows])


def _check(table: ClearedTable, caption: str) -> None:
    if not isinstance(table, ClearedTable):
        raise TypeError(f"only a ClearedTable can be shown, not a {type(table).__name__}: clear it first")
    if not caption.strip():
        raise ValueError(f"table {table.name} needs a caption that says what it shows")


def _symbol_notes(table: ClearedTable) -> list[str]:
    used = {mark for name in table.columns for mark in table.marks[name].unique()}
    return [f"[{symbol}]: {meaning}." for symbol, meaning in table.symbols.items() if symbol in used]


def _is_number(column: Column) -> bool:
    return column.role is not Role.KEY and (column.role is not Role.OPEN or column.decimals is not None)


def _label(column: Column) -> str:
    unit = column.unit
    if not unit or unit.startswith(_UNITS_IN_CELL) or unit == "p" or unit.lower() in column.label.lower():
        return column.label
    return f"{column.label} ({unit})"


def _headings(table: ClearedTable) -> list[str]:
    """Return the cells of each row of headings: two rows where columns share a heading (before, after)."""
    if not set(table.over) & set(table.columns):
        return ["".join(_heading(column) for column in table.columns.values())]
    upper, lower = [], []
    for shared, group in groupby(table.columns, key=lambda name: table.over.get(name, ("", ""))[0]):
        names = list(group)
        if shared:
            upper.append(f'<th scope="col" colspan="{len(names)}" class="over">{escape(sentence_case(shared))}</th>')
            lower += [_heading(replace(table.columns[name], label=table.over[name][1])) for name in names]
        else:
            upper += [_heading(table.columns[name], ' rowspan="2"') for name in names]
    return ["".join(upper), "".join(lower)]


def _heading(column: Column, more: str = "") -> str:
    kind = ' class="num"' if _is_number(column) else ""
    return f'<th scope="col"{more}{kind}>{escape(_label(column))}</th>'


def _cells(table: ClearedTable) -> Iterator[tuple[tuple[str, str], ...]]:
    """Yield the cells of each row: what stands in it, and the symbol of one that is not shown."""
    columns = [
        [
            (f"[{mark}]" if mark else as_shown(value, column), mark)
            for mark, value in zip(table.marks[name], table.frame[name], strict=True)
        ]
        for name, column in table.columns.items()
    ]
    return zip(*columns, strict=True)


def _rows(table: ClearedTable) -> Iterator[str]:
    has_key = bool(table.keys())
    for row in _cells(table):
        cells = []
        for position, (column, (words, mark)) in enumerate(zip(table.columns.values(), row, strict=True)):
            text = escape(words)
            if mark:
                text = f'<abbr title="{escape(table.symbols.get(mark, "not shown"), quote=True)}">{text}</abbr>'
            if text and (column.role is Role.KEY or (not has_key and position == 0)):
                cells.append(f'<th scope="row">{text}</th>')
            elif _is_number(column):
                cells.append(f'<td class="num">{text}</td>')
            else:
                cells.append(f"<td>{text}</td>")
        yield f"<tr>{''.join(cells)}</tr>"
