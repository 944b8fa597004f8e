"""What JupyterLab shows of a book and of a data frame: how to go on, and in a run nothing of the children."""

from __future__ import annotations

from html import escape

import pandas as pd

_LINES = (
    ("The children, one row each, to explore; never on a page", "book.children"),
    ("The records as they were read", "book.records.spells"),
    ("A cleared table as a data frame", "book.clear(table).frame"),
    ("What a reader gets", "book.table, book.chart, book.say, book.finding"),
    ("Your own chart in the style of the pages", "stepdown.show.style.use_style()"),
)
"""What a book can do, and how it is asked."""


def introduced(title: str, name: str) -> str:
    """Return a book's own introduction as HTML: what is in it, and what to type."""
    rows = "".join(f"<li>{escape(what)}: <code>{escape(how)}</code></li>" for what, how in _LINES)
    return f"<p><strong>{escape(title)}</strong> ({escape(name)})</p><ul>{rows}</ul>"


class NotShown(TypeError):
    """A thing that a book does not take; a cell shows these words alone, without the way to them."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def to_be_cleared(table: object) -> str:
    """Return why a thing that is no aggregate table cannot be cleared."""
    if isinstance(table, pd.DataFrame | pd.Series):
        return (
            "that is child level; clear takes an AggregateTable, which says what each column counts "
            "(AggregateTable.of_rows; docs/your_own_notebook.md)"
        )
    return f"clear takes an AggregateTable, not a {type(table).__name__}"


def hide_frames() -> None:
    """Keep data frames out of an executed notebook: in a run, only what a book shows is printed."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None or shell.display_formatter is None:
        return
    text, html = (shell.display_formatter.formatters[mime] for mime in ("text/plain", "text/html"))
    for kind in (pd.DataFrame, pd.Series):
        text.for_type(kind, lambda frame, printer, cycle: printer.text(_instead(frame)))
        html.for_type(kind, lambda frame: f"<p>{_instead(frame)}</p>")


def _instead(frame: pd.DataFrame | pd.Series) -> str:
    return f"({len(frame):,} rows, not printed in a run: clear a table and show that)"
