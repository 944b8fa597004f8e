"""Joins the rows of all files into one history of each child: each block by its own key, the newest file wins.

What a yearly file leaves out (a plan that ended in an earlier year, the factors of an assessment) stays as the older
file has it, because blocks are joined one by one and never the child as a whole. The result does not depend on the
order of rows, and files are taken by the day that they reach.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from stepdown.importing.rows import (
    SHORT_BREAKS,
    Assessment,
    CareRow,
    Doubts,
    Episode,
    Ledger,
    Person,
    Plan,
    Row,
    shown,
)

NEWER = "left out: a newer file has the same one"
TWICE = "left out: the same stands again in a file of that day"


class History:
    """The rows of every child, joined. rows: by child. ids: by file, every id that stands in it."""

    def __init__(self, ledger: Ledger, doubts: Doubts) -> None:
        self.rows: dict[str, list[Row]] = {}
        self.ids: dict[str, set[str]] = defaultdict(set)
        self.ledger, self.doubts = ledger, doubts
        self._words: dict[str, str] = {}

    def add(self, rows: Iterable[Row], source: str) -> None:
        """Join rows into the history; ``source`` names the file or sheet whose ids these are."""
        ids = self.ids[source]
        for row in rows:
            child = self._words.setdefault(row.child, row.child)
            ids.add(child)
            self._join(self.rows.setdefault(child, []), row._replace(child=child))

    def rename(self, names: dict[str, str]) -> None:
        """Join the rows of children that are one under one id (old id → id)."""
        for old in sorted(names):
            new = names[old]
            for row in self.rows.pop(old, []):
                self._join(self.rows.setdefault(new, []), row._replace(child=new))

    def _join(self, held: list[Row], row: Row) -> None:
        for place, other in enumerate(held):
            if _same(other, row):
                held[place] = self._newer(other, row)
                return
        held.append(row)

    def _newer(self, one: Row, other: Row) -> Row:
        old, new = sorted((one, other), key=_rank)
        self.ledger.settle(old, NEWER if old.day < new.day else TWICE)
        if isinstance(old, Episode) and isinstance(new, Episode):
            if old.end and old.end != new.end and old.day < new.day:
                self.doubts.add("closure changed between years", new.child, f"{shown(old.end)} to {shown(new.end)}")
            return new._replace(need=new.need or old.need, is_referral=new.is_referral or old.is_referral)
        if isinstance(old, Plan) and isinstance(new, Plan):
            return new._replace(referral=new.referral or old.referral)
        if isinstance(old, CareRow) and isinstance(new, CareRow):
            return new._replace(first_day=min(old.first_day, new.first_day))
        if isinstance(old, Assessment) and isinstance(new, Assessment):
            return new._replace(factors=new.factors or old.factors)
        return new


def _same(one: Any, other: Any) -> bool:
    """Whether two rows of a child are one thing: an assessment of its case, a plan of its kind, else of its day."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Person):
        return one.source == other.source and one[4:] == other[4:]
    if one.start != other.start:
        return False
    if isinstance(one, Assessment):
        return one.referral == other.referral
    return one.kind == other.kind if isinstance(one, Plan) else True


def _rank(row: Any) -> tuple[object, ...]:
    """The newest file first; within a file a case before a referral without further action, then what is fullest.

    What ends on the day on which it began (a placement of no day before the next, a case opened twice) and an agreement
    of short breaks give way to what begins on the same day and has days.
    """
    end = getattr(row, "end", 0)
    lasting = end != getattr(row, "start", 0) and getattr(row, "legal", "") not in SHORT_BREAKS
    return (row.day, not getattr(row, "nfa", False), lasting, end, row)
