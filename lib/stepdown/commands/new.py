"""``stepdown new``: writes the parameter file to begin from, with ??? for what only a person knows."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from stepdown.faults import Fault, Refused

KINDS = {
    "returns": "a council's returns (Children in Need census, looked-after return, Annex A)",
    "tables": "tables of your own (a workbook, or CSV files)",
    "report": "only a report with published figures",
}
_TEMPLATES = "stepdown.commands"


@click.command(name="new")
@click.argument("name", required=False)
@click.option("--kind", type=click.Choice(list(KINDS)), help="What you have.")
@click.option("--from", "source", type=click.Path(), help="The folder of the returns, or your own tables.")
@click.option("--synthetic", is_flag=True, help="The records are made up.")
def new_command(name: str | None, kind: str | None, source: str | None, synthetic: bool) -> None:
    """Write the parameter file of a new study called NAME, and say the next command."""
    try:
        kind = kind or ("tables" if source and Path(source).is_file() else _asked_kind())
        name = name or _asked("What is the study called? (lower-case letters, such as families_first)", "NAME")
        root = Path.cwd()
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise _refused("NAME", repr(name), "lower-case letters, digits and _", "give another name")
        make = {"returns": _returns, "tables": _tables, "report": _report}[kind]
        files, next_command = make(root, name, source, synthetic)
        there = [path for path in files if (root / path).exists()]
        if there:
            raise _refused(", ".join(there), "a file that already exists", "a new name", "give the study another name")
    except Refused as refused:
        click.echo(refused.worded(reveal=True, before=True), err=True)
        sys.exit(2)
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
        count = sum("???" in re.sub(r"(^|\s)#.*", "", line) for line in text.splitlines())
        click.echo(f"Written: {path}" + (f", with ??? in {count} places for you to fill in" if count else ""))
    click.echo(f"Next: {next_command}")


def _asked_kind() -> str:
    _refuse_without_terminal("--kind", " or ".join(KINDS))
    for number, (kind, words) in enumerate(KINDS.items(), 1):
        click.echo(f"  {number}  {words} ({kind})")
    answer = click.prompt("What do you have?", type=click.IntRange(1, len(KINDS)))
    return list(KINDS)[answer - 1]


def _asked(question: str, option: str) -> str:
    _refuse_without_terminal(option, "a value")
    return str(click.prompt(question))


def _refuse_without_terminal(option: str, allowed: str) -> None:
    if not sys.stdin.isatty():
        raise _refused(option, "nothing, and no terminal to ask in", allowed, f"give {option} on the command line")


def _returns(root: Path, name: str, source: str | None, synthetic: bool) -> tuple[dict[str, str], str]:
    from stepdown.importing import Found, filled, find_returns

    folder = root / (source or "returns")
    if source and not folder.is_dir():
        raise _refused(source, "no such folder", "the folder that holds the returns", "correct the path")
    found = find_returns(folder, root) if folder.is_dir() else Found()
    text = filled(
        "import.yaml.j2",
        _TEMPLATES,
        name=name,
        synthetic=synthetic,
        found=found,
        programme=next(iter(found.programme), None),
        households=next(iter(found.households), None),
    )
    path = f"params/{name}_import.yaml"
    return {path: text}, f"replace each ???, then: stepdown import {path} --look"


def _tables(root: Path, name: str, source: str | None, synthetic: bool) -> tuple[dict[str, str], str]:
    from stepdown.commands.own_tables import find_tables, proposal
    from stepdown.importing import filled

    if not source and not (root / f"data/{name}").exists():
        source = _asked("Where are your tables? (a workbook, a CSV, or a folder of them, in this project)", "--from")
    source = source or f"data/{name}"
    place = (root / source).resolve()
    if not place.exists():
        raise _refused(source, "no such file or folder", "a workbook, a CSV or a folder", "correct the path")
    folder = place if place.is_dir() else place.parent
    if not folder.is_relative_to(root.resolve()):
        raise _refused(source, "tables outside this folder", "tables in it", f"copy them to data/{name}")
    found = find_tables(place)
    if not found:
        allowed = "a table with the headings of docs/data_dictionary.md, or with other names of them"
        remedy = "use the headings on that page, or see docs/your_own_data.md, The files"
        raise _refused(source, "no table of children, spells or referrals", allowed, remedy)
    shown = str(folder.relative_to(root.resolve()))
    values = proposal(found) | {"source": source, "folder": shown, "synthetic": synthetic, "name": name}
    path = f"params/{name}.yaml"
    text = filled("tables.yaml.j2", _TEMPLATES, **values)
    return {path: text}, f"replace each ???, then: stepdown check {path}"


def _report(root: Path, name: str, source: str | None, synthetic: bool) -> tuple[dict[str, str], str]:
    from stepdown.importing import filled

    folder = f"data/published/{name}"
    files = {
        f"params/{name}.yaml": filled("audit.yaml.j2", _TEMPLATES, name=name, short=name.split("_")[0]),
        f"{folder}/source.yaml": filled("source.yaml.j2", _TEMPLATES),
    }
    guide = "docs/your_own_data.md, step 6"
    step = f"type each table of the report into its own CSV file in {folder} ({guide})"
    return files, f"{step}, replace each ???, then: stepdown audit params/{name}.yaml"


def _refused(where: str, found: str, allowed: str, remedy: str) -> Refused:
    return Refused([Fault(where, found, allowed, "stepdown new --help", remedy)])
