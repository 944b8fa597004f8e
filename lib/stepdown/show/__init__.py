"""Tables and charts, made from cleared tables only; the only package that imports matplotlib."""

from stepdown.show.style import Figure
from stepdown.show.table import table_html, table_text
