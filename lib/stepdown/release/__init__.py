"""What readers get of a run: pages, spreadsheet, PDF and Word, from what the books recorded.

building: the whole release.  page: a notebook's page, the first page, and the gate that lets only a book's outputs
through.  words: Markdown, headings, the glossary.  spreadsheet: tables.xlsx.  portable: PDF and Word.
moved: what changed since the last run.
"""

from functools import cache
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).with_name("templates")


@cache
def _templates() -> Any:
    import jinja2

    return jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=False)


def rendered(template: str, **values: Any) -> str:
    """Return a page from a template of the house; text is escaped, what is marked safe in the template is HTML."""
    return str(_templates().get_template(template).render(**values))
