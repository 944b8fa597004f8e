"""What the user sees while a run works: one line a notebook, and a last line that is redrawn on a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TextIO

from stepdown.run.jobs import Outcome, Status

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
