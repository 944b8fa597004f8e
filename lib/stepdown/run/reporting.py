"""What the user reads when a notebook fails and when a run ends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from stepdown.run.folders import latest_run
from stepdown.run.jobs import Outcome, Status
from stepdown.run.planning import read_manifest
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


def _front_row(study: str, latest: Path) -> str:
    """Return one study of the front page: its title, what its data are, and when it was run."""
    manifest = read_manifest(latest)
    started = datetime.fromisoformat(str(manifest["started"]))
    made_up = manifest.get("parameters", {}).get("resolved", {}).get("data", {}).get("synthetic", False)
    data = "Synthetic data. " if made_up else ""
    return (
        f'<li><p class="finding"><a href="{escape(study)}/latest/release/index.html">'
        f"{escape(str(manifest.get('title', study)))}</a></p>"
        f'<p class="limit">{data}Run on {started.day} {started:%B %Y} ({escape(latest.name)}).</p></li>'
    )


def write_front_page(outputs: Path) -> Path | None:
    """Write outputs/index.html, which leads to each study's page; returns it, or None when no study has a page."""
    rows = []
    for folder in sorted(path for path in outputs.iterdir() if path.is_dir()):
        latest = latest_run(folder)
        if latest is None or not (latest / "release" / "index.html").is_file():
            continue
        rows.append(_front_row(folder.name, latest))
    if not rows:
        return None
    css = (Path(__file__).parents[1] / "release" / "templates" / "stepdown" / "page.css").read_text(encoding="utf-8")
    page = (
        '<!DOCTYPE html>\n<html lang="en-GB"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Stepdown: studies</title>'
        f"<style>{css}</style></head><body><main><h1>Studies</h1>"
        '<p class="lead">Each leads to its findings, and from there to a page a question.</p>'
        f'<ul class="findings">{"".join(rows)}</ul></main></body></html>\n'
    )
    write_text(outputs / "index.html", page)
    return outputs / "index.html"
