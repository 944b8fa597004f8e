"""What the user reads when a notebook fails and when a run ends."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from stepdown.run.folders import latest_run
from stepdown.run.jobs import Outcome
from stepdown.run.planning import read_manifest
from stepdown.run.status import Status
from stepdown.run.writing import write_text

_SCREEN = 24


def failure_lines(outcome: Outcome) -> list[str]:
    """Return what is said of a notebook that did not end well: at most one screen, no value from a record."""
    trouble = outcome.trouble
    if trouble is None:
        return []
    cell = f"code cell {outcome.cell}: " if outcome.cell else ""
    message = trouble.message.splitlines()
    lines = [f"      {outcome.notebook}, {cell}{trouble.error}" + (f": {message[0]}" if message else "")]
    lines += [f"      {line}" for line in message[1:_SCREEN]]
    if len(message) > _SCREEN:
        lines.append(f"      … and {len(message) - _SCREEN} lines more in the notebook")
    lines += [f"        at {place}" for place in trouble.places]
    if not message:
        lines.append("      (the message may hold a record's value: it stands only in the kept notebook)")
    return lines


def ending_lines(name: str, outcomes: Mapping[str, Outcome], moved: Mapping[str, Any], latest: str) -> list[str]:
    """Return what is said of a run that is whole: what was made, what moved and which page to open."""
    made = sum(outcome.status is Status.OK for outcome in outcomes.values())
    unchanged = sum(outcome.status is Status.UNCHANGED for outcome in outcomes.values())
    lines = [f"  {name}: {made} run, {unchanged} unchanged" + (_moved_words(moved) if moved["previous_run"] else "")]
    lines += [f"      {sentence}" for sentence in moved["headlines"]]
    lines += [f"      {input_words(item)}" for item in moved["inputs"][:8]]
    lines += [f"      warning: {sentence}" for sentence in moved["warnings"]]
    if moved["cells"] or moved["rows"]:
        lines.append(f"      all of it: {latest}/restricted/changes.html and changes.csv")
    return lines


def _moved_words(moved: Mapping[str, Any]) -> str:
    if not moved["cells"] and not moved["rows"] and not moved["tables"]:
        return "; nothing moved since the last run"
    return f"; {moved['cells']:,} cells moved since {moved['previous_run']}"


def input_words(item: Mapping[str, Any]) -> str:
    """Word a changed input: "data/…/spells.csv: 2 rows changed"."""
    counts = [f"{item[part]:,} {'row' if item[part] == 1 else 'rows'} {part}" for part in _PARTS if item.get(part)]
    return f"{item['file']}: {', '.join(counts) or item['kind']}"


_PARTS = ("added", "removed", "changed")


def write_front_page(outputs: Path) -> Path | None:
    """Write outputs/index.html, which leads to each study's page; returns it, or None when no study has a page."""
    rows = []
    for folder in sorted(path for path in outputs.iterdir() if path.is_dir()):
        latest = latest_run(folder)
        if latest is None or not (latest / "release" / "index.html").is_file():
            continue
        manifest = read_manifest(latest)
        title, run_id = escape(str(manifest.get("title", folder.name))), escape(latest.name)
        rows.append(
            f'<li><a href="{escape(folder.name)}/latest/release/index.html">{title}</a> <span>run {run_id}</span></li>'
        )
    if not rows:
        return None
    page = (
        '<!doctype html>\n<html lang="en-GB"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Stepdown: studies</title>'
        "<style>body{font:1.1rem/1.6 system-ui,sans-serif;max-width:45rem;margin:3rem auto;"
        "padding:0 1rem;color:#111;background:#fff}a{color:#00437a}span{color:#444}</style></head><body><main>"
        f"<h1>Studies</h1><ul>{''.join(rows)}</ul></main></body></html>\n"
    )
    write_text(outputs / "index.html", page)
    return outputs / "index.html"
