"""``stepdown audit FILE``: checks the published figures of a report and writes the checks and the findings."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from stepdown.faults import Refused

REFUSED = 2
"""Exit code for malformed input; findings are not errors and end with 0."""


@click.command(name="audit")
@click.argument("file", type=click.Path())
@click.option("--outputs", type=click.Path(path_type=Path), help="Folder of all runs (default: outputs/).")
@click.option("--force", is_flag=True, help="Run again although nothing has changed since the last run.")
def audit_command(file: str, outputs: Path | None, force: bool) -> None:
    """Check the published figures that FILE describes (docs/published_figures.md).

    Prints the findings and writes outputs/<name of FILE>/<run>/restricted/tables/checks.csv and findings.csv, and
    the page for readers beside them. Ends with 0 when the audit ran, whatever it found.
    """
    from stepdown.audit import finding, overall, run_audit

    try:
        result = run_audit(file)
    except Refused as refused:
        click.echo(refused.worded(before=True), err=True)
        sys.exit(REFUSED)
    click.echo(overall(result))
    for number, (check, weight) in enumerate(result.findings(), 1):
        click.echo(f"{number:3}. [{weight.severity}] {finding(check, weight, result.quote(check))}")
    sys.exit(_run_notebook(file, outputs, force))


def _run_notebook(file: str, outputs: Path | None, force: bool) -> int:
    """Run the audit's notebook, which writes the tables and the page; return the exit code of the run."""
    from stepdown.run.reporting import Progress
    from stepdown.run.running import Request, run

    try:
        return int(run(Request(files=(file,), outputs=outputs, force=force, workers=1), Progress()))
    except Refused as refused:
        click.echo(refused.worded(before=True), err=True)
        return REFUSED
