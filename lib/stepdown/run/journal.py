"""A run's own log: one JSON line an event in run.jsonl, the same in words in run.log; no record's value in either."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

EVENTS = "run.jsonl"
WORDS = "run.log"


def now() -> str:
    """Return the time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Journal:
    """Writes events to ``restricted/`` of a run folder; each is on its way to the disk before the next begins."""

    def __init__(self, folder: Path, study: str) -> None:
        self._folder = folder / "restricted"
        self._study = study

    def event(self, event: str, words: str, **values: Any) -> None:
        """Write one event: its name and values to run.jsonl, its words to run.log."""
        at = now()
        line = {"time": at, "study": self._study, "event": event, **values}
        self._add(EVENTS, json.dumps(line, ensure_ascii=False))
        self._add(WORDS, f"{at}  {words}")

    def _add(self, name: str, line: str) -> None:
        with (self._folder / name).open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")
