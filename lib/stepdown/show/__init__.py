"""Tables and charts, made from cleared tables only; the only package that imports matplotlib."""

from stepdown.show.figure import Figure
from stepdown.show.numbers import as_pounds, as_shown, joined, written
from stepdown.show.table import table_html, table_text

__all__ = ["Figure", "as_pounds", "as_shown", "joined", "table_html", "table_text", "written"]
