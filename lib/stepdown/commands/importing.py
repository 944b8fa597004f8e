"""``stepdown import``: a council's statutory returns become the tables of a study (docs/returns.md)."""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stepdown.faults import Refused

if TYPE_CHECKING:
    from stepdown.importing import Imported

PAGE = "match_report.html"
_HEAD = """<!DOCTYPE html>
<html lang="en-GB"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; margin: 1rem 0; }} caption {{ font-weight: bold; text-align: left; }}
th, td {{ border-bottom: 1px solid #767676; padding: .25rem .75rem; text-align: left; vertical-align: top; }}
th {{ font-weight: normal; }} thead th {{ font-weight: bold; }} .num {{ text-align: right; }}
.table-scroll {{ overflow-x: auto; }}
</style></head><body><main><h1>{title}</h1>
"""
_ABOUT = """<p>What became of every row of the council's returns, which queries were found, who could be compared, and
how many children were in need, on a plan and looked after on each 31 March: compare these with the figures that the
department published for the council. Rows in are rows used and rows left out.</p>
<p>The study's first page shows the same. Share that page or this report, not both: what one hides to protect a child,
the other may show.</p>
"""


@click.command(name="import")
@click.argument("params", type=click.Path())
@click.option("--look", is_flag=True, help="Show what was found, matched and queried; write nothing.")
def import_command(params: str, look: bool) -> None:
    """Bring in the returns that PARAMS names: tables, match report, restricted lists and a study file to complete."""
    from stepdown.importing import ImportSettings, bring_in, on_a_terminal, write
    from stepdown.params import find_file, load, project_root

    try:
        file = find_file(params)
        root = project_root(file)
        imported = bring_in(load(file, ImportSettings), root)
        click.echo(on_a_terminal(imported))
        if look:
            click.echo("\nNothing was written. Without --look, the tables, the report and the study file are written.")
            return
        paths = [*write(imported, root), _page(imported, root)]
    except Refused as refused:
        click.echo(refused.worded(reveal=True, before=True), err=True)
        sys.exit(2)
    click.echo("\nWritten\n" + "\n".join(f"  {path}" for path in sorted(paths)))
    study = f"params/{imported.settings.study}.yaml"
    kept = f"data/{imported.settings.study}/study_file.yaml"
    step = f"replace each ??? in {study}, then"
    if kept in paths:
        step = f"{study} is yours and was kept; copy what is new from {kept} (above all the dates), then"
    click.echo(f"\nNext: {step}: stepdown check {study}")


def _page(imported: Imported, root: Path) -> str:
    """Write the match report as a page, with small numbers treated; returns its path from the root."""
    from stepdown.describe import report_tables
    from stepdown.disclosure import clear, policy_in_words
    from stepdown.importing import lines
    from stepdown.params import DisclosurePolicy
    from stepdown.show import table_html

    policy = DisclosurePolicy(method="suppress", threshold=5)
    title = f"Match report: {imported.settings.study}"
    made_up = "<p><strong>The returns are made up.</strong></p>\n" if imported.settings.synthetic else ""
    parts = [_HEAD.format(title=escape(title)), made_up, _ABOUT, f"<p>{escape(policy_in_words(policy))}</p>\n"]
    parts += [table_html(clear(table, policy), caption) + "\n" for table, caption in report_tables(lines(imported))]
    path = root / "data" / imported.settings.study / PAGE
    path.write_text("".join(parts) + "</main></body></html>\n", encoding="utf-8")
    return str(path.relative_to(root))
