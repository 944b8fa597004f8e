"""A finding: one object, made from the numbers of cleared tables, which every format of a release shows.

Cards, pages, PDF, Word, the workbook's first sheet and findings.json read the same object. Each number in it says in
which cell of which released table it stands, so that nothing can be said that a table does not hold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import pandas as pd

from stepdown.effects.wording import directions
from stepdown.numbers import MINUS, as_pounds, digits, rounded_pounds, whole_percent


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of a released table: NaN where it is hidden, or where there is no such row."""

    table: str
    column: str
    where: Mapping[str, str]
    number: float

    @property
    def known(self) -> bool:
        """Whether there is a number."""
        return not math.isnan(self.number)


@dataclass(frozen=True, slots=True)
class MainFigure:
    """A figure that a reader may quote. unit: "£", "%", "days", "children" …; low, high: its interval, if it has one.

    condition: what must hold for it, in a few words ("" for a count).  exact: pounds as they are printed.
    """

    label: str
    cell: Cell
    unit: str
    low: Cell | None = None
    high: Cell | None = None
    condition: str = ""
    exact: bool = False

    @property
    def shown(self) -> str:
        """The number as a sentence has it."""
        return as_pounds(self.cell.number) if self.exact else as_said(self.cell.number, self.unit)

    @property
    def interval(self) -> str:
        """The interval as a sentence has it ("" without one)."""
        if self.low is None or self.high is None or not (self.low.known and self.high.known):
            return ""
        low, high = (as_said(end.number, self.unit) for end in (self.low, self.high))
        if self.unit != "%":
            low, high = (end.partition(" ")[0] for end in (low, high))
        return f"{low} to {high}"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the small picture. length: of the bar, in any unit; series: 0 programme, 1 comparison, 2 neither."""

    label: str
    length: float
    shown: str
    series: int = 2
    pale: bool = False


@dataclass(frozen=True, slots=True)
class Certainty:
    """How sure an answer is: one to five circles, in a word, and why it is not surer."""

    circles: int
    because: tuple[str, ...]

    WORDS = ("very low", "low", "moderate", "high", "very high")

    @property
    def word(self) -> str:
        """The mark in words."""
        return self.WORDS[self.circles - 1]

    @property
    def drawn(self) -> str:
        """The mark as circles: full ones and empty ones."""
        return "●" * self.circles + "○" * (5 - self.circles)


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding in two lengths, with its limit.

    topic: what it is about; evidence: what it rests on, which chooses the rules of its mark.  question: that it
    answers.  number: the answer in a few characters.  short: at most 25 words and three numbers.  full, limit: as the
    page has them.  page: its file.
    clause: a part of the one sentence ("" for none).  figures: that may be quoted.  bars: of the small picture, titled
    with ``picture``.  certainty: None until the rules have been asked.
    """

    topic: str
    evidence: str
    question: str
    number: str
    short: str
    full: str
    limit: str
    page: str = ""
    clause: str = ""
    figures: tuple[MainFigure, ...] = ()
    bars: tuple[Bar, ...] = ()
    picture: str = ""
    certainty: Certainty | None = None

    def width_of(self, bar: Bar) -> float:
        """Return the width of a bar, in per cent of the widest."""
        widest = max((each.length for each in self.bars), default=0.0)
        return round(100 * max(bar.length, 0.0) / widest, 1) if widest > 0 else 0.0

    def told(self, recorded: Mapping[str, str] | None) -> Self:
        """Return the finding with the sentence, the limit and the page that a notebook's book recorded."""
        if recorded is None:
            return self
        return replace(self, full=recorded["sentence"], limit=recorded["limit"], page=recorded["page"])

    def written(self) -> dict[str, Any]:
        """Return the finding in JSON types, as findings.json has it."""
        sure = self.certainty
        mark = {"circles": sure.circles, "word": sure.word, "because": list(sure.because)} if sure else None
        return {
            **{name: getattr(self, name) for name in ("topic", "question", "number", "short", "full", "limit", "page")},
            "certainty": mark,
            "values": [_written(figure) for figure in self.figures],
        }


def quoted(finding: Finding, source: str) -> str:
    """Return the figures of a finding as one text to copy: intervals, conditions, limit, and where they are from.

    Ends that are right under different conditions stand together: neither is to be quoted alone.
    """
    parts: list[str] = []
    for figure in finding.figures:
        reach = f" (interval {figure.interval})" if figure.interval else ""
        said = f"{figure.shown}{reach}{f', {figure.condition}' if figure.condition else ''}"
        same = bool(parts) and figure.label == finding.figures[len(parts) - 1].label
        parts.append(f"or {said}" if same else f"{figure.label}: {said}")
    return f"{'; '.join(parts)}. What this does not show: {finding.limit} Source: {source}."


def _written(figure: MainFigure) -> dict[str, Any]:
    cells = {"number": figure.cell, "low": figure.low, "high": figure.high}
    return {
        "label": figure.label,
        "shown": figure.shown,
        "unit": figure.unit,
        "condition": figure.condition,
        "table": figure.cell.table,
        "row": dict(figure.cell.where),
        **{name: {"column": c.column, "value": c.number} for name, c in cells.items() if c is not None and c.known},
    }


@dataclass(frozen=True, slots=True)
class Tables:
    """The released tables of a run: name → frame, keys as text, NA where a number is hidden."""

    frames: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.frames

    def rows(self, name: str, /, **where: str) -> pd.DataFrame:
        """Return the rows of a table whose columns hold the values given (no rows where there is no such table)."""
        frame = self.frames.get(name, pd.DataFrame(columns=list(where)))
        for column, value in where.items():
            frame = frame[frame[column].astype("str") == value]
        return frame

    def cell(self, name: str, column: str, /, **where: str) -> Cell:
        """Return the one number that stands in a column of the row that fits."""
        rows = self.rows(name, **where)
        found = rows[column].iloc[0] if len(rows) and column in rows else None
        number = pd.to_numeric(pd.Series([found]), errors="coerce").iloc[0]
        return Cell(name, column, where, float("nan") if pd.isna(number) else float(number))

    def text(self, name: str, column: str, /, **where: str) -> str:
        """Return the text that stands in a column of the row that fits ("" for none)."""
        rows = self.rows(name, **where)
        found = rows[column].iloc[0] if len(rows) and column in rows else ""
        return "" if pd.isna(found) else str(found)


def as_said(value: float, unit: str) -> str:
    """Return a number as a short sentence has it: £409,000, 5%, 60 days, 26 children."""
    if unit == "£":
        return rounded_pounds(value)
    if unit == "%":
        return whole_percent(value)
    number = digits(value, 1) if unit.startswith("per ") else amount(value, unit)
    if number.removeprefix(MINUS) == "1":
        unit = _ONE.get(unit, unit)
    return f"{number} {unit}" if unit else number


_ONE = {"children": "child", "families": "family"} | {
    f"{one}s": one for one in ("day", "percentage point", "check", "referral", "episode", "point")
}
"""What one of a unit is called."""


def amount(value: float, unit: str = "") -> str:
    """Return a number without decimals from 10 up, with one below it unless it is whole; two where a child has few."""
    places = 2 if unit in ("share", "referrals", "episodes") else 1
    return digits(value, 0 if abs(value) >= 9.95 or float(value).is_integer() else places)


def span(first: float, second: float, say: Any = amount) -> str:
    """Return two ends as "10 to 60", the smaller first; one of them where they read alike."""
    low, high = (say(end) for end in sorted((first, second)))
    return low if low == high else f"{low} to {high}"


def more_or_less(value: float, unit: str) -> str:
    """Return "60 fewer", "3 more" or "no difference", in the unit's own words."""
    size = amount(abs(value), unit)
    if float(size.replace(",", "")) == 0:
        return "no difference"
    return f"{size} {_way(unit, value, size)}"


def _way(unit: str, value: float, size: str) -> str:
    if unit != "percentage points":
        return directions(unit)[int(value > 0)]
    return f"percentage point{'s' * (size != '1')} {'higher' if value > 0 else 'lower'}"


def both(first: float, second: float, unit: str) -> str:
    """Return both ends in a few words: "10 to 60 fewer days"; each by itself where they point apart."""
    noun = f" {unit}" if unit not in ("", "percentage points") else ""
    if first * second > 0:
        size = span(abs(first), abs(second), lambda end: amount(end, unit))
        return f"{size} {_way(unit, first, size)}{noun}"
    return f"{more_or_less(first, unit)} or {more_or_less(second, unit)}{noun}"
