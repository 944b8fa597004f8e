"""The command line, ``stepdown import | check | run …``; a command imports what it needs when it is called."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import click

_ELSEWHERE = {
    "import": ("stepdown.commands.importing", "import_command", "A council's returns to the tables of a study."),
    "areas": ("stepdown.commands.areas", "areas_command", "Published figures of authorities: add."),
    "audit": ("stepdown.commands.audit", "audit_command", "Check the published figures of a report."),
    "new": ("stepdown.commands.new", "new_command", "Write the parameter file to begin from."),
    "plan": ("stepdown.commands.planning", "plan_command", "How small a difference an evaluation could find."),
    "review": ("stepdown.commands.review", "review_command", "Case-file review: sample, template, collect."),
    "windows": ("stepdown.commands.windows", "windows_command", "Windows of Parquet tables of any size."),
}


class _Commands(click.Group):
    """A group whose other members are imported only when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_ELSEWHERE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        module, name, _ = _ELSEWHERE[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own = [(name, self.commands[name].get_short_help_str(80)) for name in self.commands]
        with formatter.section("Commands"):
            formatter.write_dl(sorted([*own, *((name, text) for name, (_, _, text) in _ELSEWHERE.items())]))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stepdown")
def cli() -> None:
    """Evaluate a children's social care programme from child-level records."""


@cli.command()
@click.argument("params", nargs=-1, required=True, type=click.Path())
@click.option("--force", is_flag=True, help="Run every notebook, also those that nothing changed for.")
@click.option("--isolated", is_flag=True, help="Start every kernel from nothing instead of forking a warm one.")
@click.option(
    "--workers", default=None, type=click.IntRange(1, 64), help="Notebooks at a time (default: cores, up to 4)."
)
@click.option("--outputs", type=click.Path(path_type=Path), help="Folder of all runs (default: outputs/).")
@click.option("--notebooks", type=click.Path(path_type=Path), help="Folder of the notebooks (default: notebooks/).")
@click.option("--cluster", default="", metavar="ADDRESS", help="Send the notebooks to an existing Dask cluster.")
@click.option(
    "--formats",
    default="",
    metavar="LIST",
    help="What a release is made as: html,xlsx,pdf,docx (default: as each file says, else html,xlsx).",
)
@click.option("--no-pages", is_flag=True, help="Make the tables only, not the pages for readers.")
@click.option(
    "-p", "overrides", multiple=True, metavar="NAME=VALUE", help="Give a parameter to the notebooks that have it."
)
def run(
    params: tuple[str, ...],
    force: bool,
    isolated: bool,
    workers: int | None,
    outputs: Path | None,
    notebooks: Path | None,
    cluster: str,
    formats: str,
    no_pages: bool,
    overrides: tuple[str, ...],
) -> None:
    """Run the notebooks of each PARAMS file; the exit code says how it went (docs/scheduling.md)."""
    from stepdown.run.planning import formats_of
    from stepdown.run.reporting import Progress
    from stepdown.run.running import Request
    from stepdown.run.running import run as run_all

    request = Request(
        files=params,
        force=force,
        isolated=isolated,
        workers=workers or min(4, os.cpu_count() or 1),
        outputs=outputs,
        notebooks=notebooks,
        cluster=cluster,
        overrides=overrides,
        pages=not no_pages,
        formats=formats_of(formats),
    )
    sys.exit(int(run_all(request, Progress())))


@cli.command()
@click.argument("params", nargs=-1, required=True, type=click.Path())
@click.option("--write-mapping", is_flag=True, help="Write into PARAMS which heading of its tables is which column.")
def check(params: tuple[str, ...], write_mapping: bool) -> None:
    """Validate each PARAMS file and its data; shows the values at fault. Exit 0, or 2 with every fault."""
    from stepdown.commands.check import checked
    from stepdown.faults import Fault, Refused

    faults: list[Fault] = []
    for path in params:
        try:
            if write_mapping:
                from stepdown.commands.mapping import write_mapping as written

                click.echo(written(path))
            else:
                click.echo(checked(path))
        except Refused as refused:
            faults += refused.faults
    if faults:
        click.echo(Refused(faults).worded(reveal=True, before=True), err=True)
        sys.exit(2)


@cli.command()
@click.option("--keep", required=True, type=click.IntRange(1), help="Whole runs to keep of each study.")
@click.option(
    "--outputs", type=click.Path(path_type=Path), help="Folder of all runs (default: outputs/ here or above)."
)
@click.argument("studies", nargs=-1)
def clean(keep: int, outputs: Path | None, studies: tuple[str, ...]) -> None:
    """Remove all but the newest runs of each study (or of STUDIES); the one that `latest` names always stays."""
    from stepdown.commands.check import cleaned_studies

    lines, code = cleaned_studies(keep, outputs, studies)
    for line in lines:
        click.echo(line)
    sys.exit(code)


def main() -> None:
    """Run the command line; a refusal ends with 2, an unforeseen fault with 1 and without any value from a record."""
    try:
        cli(standalone_mode=True)
    except Exception as error:  # noqa: BLE001 (a traceback in a scheduler's mail could carry values from records)
        from stepdown.faults import Refused

        if isinstance(error, Refused):
            click.echo(error.worded(before=True), err=True)
            sys.exit(2)
        if os.environ.get("STEPDOWN_DEBUG"):
            raise
        from stepdown.run.finishing import place_of

        click.echo(f"Unforeseen fault: {type(error).__name__} at {place_of(error)}.", err=True)
        click.echo("Set STEPDOWN_DEBUG=1 to see all of it (it may show values from records).", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
