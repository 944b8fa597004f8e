"""Faults in what a user gave us, worded so that the user can mend them.

A fault has five parts: where it is, what was found, what is allowed, which rule says so and what to do.
All faults of an input are gathered and raised once, as one :class:`Refused`.

The wording never holds a value from a record: rows are named by number, so that a fault may stand in a log.
The values themselves travel in ``values`` and are shown only where the evaluator asks for them on a terminal.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from stepdown.limits import FAULTS_OF_A_KIND, SHOWN_LETTERS


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with an input.

    where: file, column, number of rows and the first few row numbers (a row number is the line in the file).
    found: what stands there, in words, without any value from a record.
    allowed: what may stand there.
    rule: which rule says so (a contract, the data dictionary, a paragraph of guidance).
    remedy: what the user does next.
    values: the offending values, for ``stepdown check`` on the evaluator's own terminal only.
    """

    where: str
    found: str
    allowed: str
    rule: str
    remedy: str
    values: tuple[str, ...] = ()

    def worded(self, *, reveal: bool = False) -> str:
        """Return the fault as five labelled lines; ``reveal`` adds the offending values."""
        found = self.found
        if reveal and self.values:
            found += ": " + ", ".join(repr(value) for value in self.values)
        return "\n".join(
            (
                f"  where:   {self.where}",
                f"  found:   {found}",
                f"  allowed: {self.allowed}",
                f"  rule:    {self.rule}",
                f"  to do:   {self.remedy}",
            )
        )


class Refused(Exception):
    """An input that Stepdown will not work with; holds every fault that was found in it."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__(self.worded())

    @classmethod
    def for_one(cls, where: str, found: str, allowed: str, rule: str, remedy: str, *values: str) -> Self:
        """Return the refusal of an input for one fault; the parts are those of :class:`Fault`."""
        return cls([Fault(where, found, allowed, rule, remedy, values)])

    def worded(self, *, reveal: bool = False, before: bool = False) -> str:
        """Return all faults, numbered; ``reveal`` adds the offending values, ``before`` that nothing had begun."""
        count = len(self.faults)
        ending = "; nothing was run and nothing was changed." if before else "."
        head = f"{count} fault{'' if count == 1 else 's'} found{ending}"
        shown: Counter[tuple[str, str]] = Counter()
        parts = []
        for i, fault in enumerate(self.faults, 1):
            kind = (fault.rule, fault.remedy)
            shown[kind] += 1
            if shown[kind] <= FAULTS_OF_A_KIND:
                parts.append(f"fault {i} of {count}\n{fault.worded(reveal=reveal)}")
        more = sum(number - FAULTS_OF_A_KIND for number in shown.values() if number > FAULTS_OF_A_KIND)
        last = [f"and {more:,} more faults of the kinds shown, with the same rule and remedy"] if more else []
        return "\n\n".join([head, *parts, *last])

    def _render_traceback_(self) -> list[str]:
        """Return what IPython prints in place of a traceback: the faults alone."""
        return self.worded().split("\n")


def refuse(faults: Sequence[Fault]) -> None:
    """Raise :class:`Refused` when there is at least one fault."""
    if faults:
        raise Refused(faults)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the known name nearest to ``name``, or an empty text."""
    close = difflib.get_close_matches(shortened(name), list(known)[:2000], n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def shortened(text: str) -> str:
    """Return a name or value as a fault repeats it: its first letters, when it is long."""
    return text if len(text) <= SHOWN_LETTERS else f"{text[:SHOWN_LETTERS]}…"


def some_names(names: Sequence[str], most: int = 10) -> str:
    """Word a list of names: the first few, each shortened, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(shortened, names[:most])) + more


def some_rows(rows: Sequence[int], most: int = 5) -> str:
    """Word a list of row numbers: "3 rows (lines 4, 9, 12)"."""
    shown = ", ".join(str(row) for row in rows[:most]) + (", …" if len(rows) > most else "")
    if len(rows) == 1:
        return f"1 row (line {shown})"
    return f"{len(rows):,} rows (lines {shown})"
