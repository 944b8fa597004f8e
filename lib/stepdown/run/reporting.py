"""What the user reads: one line a notebook while a run works, why one failed, and how the run ended."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from stepdown.run.folders import latest_run, write_text
from stepdown.run.jobs import Outcome, Status
from stepdown.run.planning import read_manifest

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
        lines.append("      (the message may include a value from a record: it is only in the notebook that was kept)")
    return lines


def ending_lines(name: str, outcomes: Mapping[str, Outcome], moved: Mapping[str, Any], latest: str) -> list[str]:
    """Return what is said of a run that is whole: what was made, what moved and which page to open."""
    made = sum(outcome.status is Status.OK for outcome in outcomes.values())
    unchanged = sum(outcome.status is Status.UNCHANGED for outcome in outcomes.values())
    lines = [f"  {name}: {made} run, {unchanged} unchanged" + (_moved_words(moved) if moved["previous_run"] else "")]
    lines += [f"      {sentence}" for sentence in moved["headlines"]]
    lines += [f"      {item['file']}: {item['kind']}" for item in moved["inputs"][:8]]
    lines += [f"      warning: {sentence}" for sentence in moved["warnings"]]
    if moved["cells"] or moved["rows"]:
        lines.append(f"      all of it: {latest}/restricted/changes.html and changes.csv")
    return lines


def _moved_words(moved: Mapping[str, Any]) -> str:
    if not moved["cells"] and not moved["rows"] and not moved["tables"]:
        return "; nothing moved since the last run"
    return f"; {moved['cells']:,} cells moved since {moved['previous_run']}"


def write_front_page(outputs: Path) -> Path | None:
    """Write outputs/index.html, which leads to each study's page; returns it, or None when no study has a page."""
    from stepdown.release import rendered
    from stepdown.release.front import FRONT, front_card

    studies = []
    for folder in sorted(path for path in outputs.iterdir() if path.is_dir()):
        latest = latest_run(folder)
        if latest is None or not (latest / "release" / "index.html").is_file():
            continue
        studies.append(front_card(folder.name, latest, read_manifest(latest)))
    if not studies:
        return None
    groups = [(heading, [s for s in studies if s["kind"] in kinds]) for heading, kinds in FRONT.items()]
    groups = [(heading, mine) for heading, mine in groups if mine]
    moved = [study["title"] for study in studies if study["has_moved"]]
    since = "No study moved since its last release."
    if moved:
        from stepdown.numbers import joined  # with pandas, which a run in which nothing moved does not need

        since = f"Moved since their last release: {joined(moved)}."
    write_text(outputs / "index.html", rendered("front.html.j2", groups=groups, moved=since) + "\n")
    return outputs / "index.html"


_MARKS = {
    Status.OK: ("✓", "\x1b[32m"),
    Status.UNCHANGED: ("=", "\x1b[2m"),
    Status.NOT_ASKED: ("-", "\x1b[2m"),
    Status.NO_DATA: ("!", "\x1b[33m"),
}
_FAULT = ("✗", "\x1b[31m")


class Progress:
    """Prints plain lines; on a terminal also the notebooks at work with the time they have taken."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._terminal = self._stream.isatty()
        self._started: dict[str, float] = {}
        self._drawn = 0.0

    def say(self, line: str = "") -> None:
        """Print a line."""
        self._wipe()
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except UnicodeEncodeError:  # a scheduler's log may be ASCII
            self._stream.write(line.encode("ascii", "replace").decode() + "\n")

    def ended(self, outcome: Outcome) -> None:
        """Print how a notebook ended."""
        mark, colour = _MARKS.get(outcome.status, _FAULT)
        if self._terminal:
            mark = f"{colour}{mark}\x1b[0m"
        seconds = f"{outcome.seconds:6.1f} s" if outcome.seconds else "        "
        reason = f"  {outcome.reason}" if outcome.reason else ""
        self.say(f"  {mark} {outcome.study:<24} {outcome.notebook:<26} {outcome.status:<14}{seconds}{reason}".rstrip())

    def working(self, names: Sequence[str]) -> None:
        """Redraw the line of what is at work; does nothing where output is not a terminal."""
        moment = time.monotonic()
        for name in names:
            self._started.setdefault(name, moment)
        if not self._terminal or moment - self._drawn < 0.1:
            return
        self._drawn = moment
        at_work = ", ".join(f"{name} {moment - self._started[name]:.0f} s" for name in names)
        self._stream.write(f"\r\x1b[K  … {at_work[:100]}")
        self._stream.flush()

    def _wipe(self) -> None:
        if self._terminal:
            self._stream.write("\r\x1b[K")
