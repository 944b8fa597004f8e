"""``stepdown areas add FILE…``: adds the department's published files to the figures that area studies read."""

from __future__ import annotations

from pathlib import Path

import click


@click.group(name="areas")
def areas_command() -> None:
    """Published figures of authorities (docs/areas.md)."""


@areas_command.command(name="add")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--into", type=click.Path(path_type=Path), default=Path("data/areas"), show_default=True,
              help="Folder of the added figures; it is not committed.")  # fmt: skip
def add_command(files: tuple[Path, ...], into: Path) -> None:
    """Add published FILES (CSV, as downloaded). A file whose rates do not come out of its counts is refused, by row."""
    from stepdown.areas.adding import add
    from stepdown.areas.figures import vintages
    from stepdown.areas.measures import AREA_MEASURES

    figures, told = add(files, into)
    for line in told:
        click.echo(line)
    click.echo(f"{into}/ now holds {len(figures.authorities)} authorities:")
    for name in AREA_MEASURES:
        counts = figures.counts(name).loc[figures.authorities].dropna(how="all", axis=1)
        if counts.columns.empty:
            continue
        text = f"  {name}: {counts.columns[0]} to {counts.columns[-1]}"
        other = vintages(figures, name).query("come_out < 0.9 * rates")["year"]
        if len(other):
            text += f"; published with another population: {', '.join(map(str, other))} (recalculated)"
        click.echo(text)
