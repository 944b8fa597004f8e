"""A picker for JupyterLab: what can be opened, and the first cell that opens it. It prints; it changes nothing."""

from __future__ import annotations

from pathlib import Path

import click

from stepdown.faults import Refused
from stepdown.params import read_yaml
from stepdown.run.subjects import STUDY, TYPES, SubjectType, type_of


def pick(name: str = "", window_months: int = 0) -> None:
    """Print the studies there are, or for one of them the first cell of a notebook, to paste over the one there.

    name: a file of params/ without its ending; without one, or where there is none of that name, all are listed, each
    with the parameter that takes it.  window_months: months before and after (0: as in the study's file).
    Nothing is refused here: the notebook checks what was pasted.

    >>> pick("millbrook", 12)
    study: str = "params/millbrook.yaml"  # Families Together, Millbrook (made up)
    window_months: int = 12  # months before and after; 0: as in the study file
    output: str = ""  # folder of a run; empty: show only
    """
    found = _subjects()
    if name not in found:
        wide = max(map(len, found), default=0)
        for each, (type_, title) in found.items():
            click.echo(f"{each:{wide}}  {type_.parameter:10}  {title}")
        click.echo('For the cell to paste: pick("name") or pick("name", 12)' if found else "No params/ here.")
        return
    type_, title = found[name]
    click.echo(f'{type_.parameter}: str = "params/{name}.yaml"  # {title}')
    if type_ is STUDY:
        click.echo(f"window_months: int = {window_months}  # months before and after; 0: as in the study file")
    click.echo('output: str = ""  # folder of a run; empty: show only')


def _subjects() -> dict[str, tuple[SubjectType, str]]:
    """Return type and title of each file that notebooks open, by name, types in their order; others are left out."""
    here = Path.cwd()
    folder = next((each / "params" for each in (here, *here.parents) if (each / "params").is_dir()), None)
    found = {}
    for file in sorted(folder.glob("*.yaml")) if folder else ():
        try:
            content = read_yaml(file)
            found[file.stem] = (type_of(set(content), file.name), str(content.get("title", file.stem)))
        except Refused:
            continue
    return dict(sorted(found.items(), key=lambda item: TYPES.index(item[1][0])))
