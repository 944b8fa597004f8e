"""What every source gives, whoever held it: a few kinds of row, the account of what became of each, and the doubts.

A day is a whole number (``date.toordinal``), 0 where none is known: 175,000 children of five years then fit in memory,
and rows compare. Every row says which file it came from and the last day which that file covers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from stepdown.faults import Fault, some_rows

CENSUS, CARE, ANNEX_A, SSD = (
    "Children in Need census",
    "looked-after return",
    "Annex A",
    "Standard Safeguarding Dataset",
)
SHORT_BREAKS = ("V3", "V4")
"""Legal statuses that are not being looked after: a single short break, an agreement of short breaks."""
FIRST_WORD = {CENSUS: 2, SSD: 2, CARE: 1, ANNEX_A: 0}
"""Which source is believed first on a child's birth, sex and ethnicity: the highest that says anything."""


class Person(NamedTuple):
    """A child as one file describes it. sex: male, female or "". ethnicity: four letters or ""."""

    child: str
    source: str
    day: int
    file: int
    birth: int = 0
    expected: int = 0
    death: int = 0
    sex: str = ""
    ethnicity: str = ""
    upn: str = ""
    former_upn: str = ""


class Episode(NamedTuple):
    """A referral and the case that it opened. is_referral: False where only the case's start is known (list 6)."""

    child: str
    start: int
    day: int
    file: int
    end: int = 0
    nfa: bool = False
    need: str = ""
    reason: str = ""
    is_referral: bool = True


class Referral(NamedTuple):
    """A referral that is known apart from its case (Annex A, list 3)."""

    child: str
    start: int
    day: int
    file: int
    nfa: bool = False


class Assessment(NamedTuple):
    """An assessment of the case that began on ``referral``; end: the day on which it was authorised."""

    child: str
    start: int
    day: int
    file: int
    end: int = 0
    referral: int = 0
    factors: tuple[str, ...] = ()


class Plan(NamedTuple):
    """A child protection plan (kind CP) or a child in need plan (kind CIN) of the case that began on ``referral``."""

    child: str
    start: int
    day: int
    file: int
    end: int = 0
    kind: str = "CP"
    referral: int = 0


class CareRow(NamedTuple):
    """One row of the looked-after return: an episode of care (DECOM to DEC). first_day: of the first return with it."""

    child: str
    start: int
    day: int
    file: int
    end: int = 0
    rne: str = ""
    legal: str = ""
    rec: str = ""
    place: str = ""
    first_day: int = 0


class CarePeriod(NamedTuple):
    """A whole period of care as Annex A, list 8, gives it: from becoming looked after to ceasing to be."""

    child: str
    start: int
    day: int
    file: int
    end: int = 0
    legal: str = ""


Row = Person | Episode | Referral | Assessment | Plan | CareRow | CarePeriod

ROW_NAMES: dict[type, str] = {
    Person: "children",
    Episode: "referrals and cases",
    Referral: "referrals",
    Assessment: "assessments",
    Plan: "child protection plans",
    CareRow: "episodes of care",
    CarePeriod: "periods of care",
}
CIN_PLANS = "child in need plans"


def row_name(row: Row) -> str:
    """Return what a row is called in the match report."""
    return CIN_PLANS if isinstance(row, Plan) and row.kind == "CIN" else ROW_NAMES[type(row)]


def shown(day: int) -> str:
    """Return a day as year-month-day, blank for none."""
    return date.fromordinal(day).isoformat() if day else ""


@dataclass
class Ledger:
    """What was read of each file and what became of each row; the two must agree before anything is written.

    columns: by file, which heading was taken for what.
    """

    files: list[str] = field(default_factory=list)
    read: Counter[tuple[int, str]] = field(default_factory=Counter)
    fates: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    unknown: Counter[tuple[int, str]] = field(default_factory=Counter)
    columns: dict[str, str] = field(default_factory=dict)

    def file(self, name: str) -> int:
        """Return the number of a file, by which rows name it."""
        self.files.append(name)
        return len(self.files) - 1

    def settle(self, row: Row, fate: str) -> None:
        """Note what became of a row ("used: …" or "left out: …")."""
        self.fates[row.file, row_name(row), fate] += 1

    def leave_out(self, file: int, kind: str, why: str, number: int = 1) -> None:
        """Note rows that were read and are no row of the import."""
        if number:
            self.read[file, kind] += number
            self.fates[file, kind, f"left out: {why}"] += number

    def lines(self) -> list[tuple[str, str, str, int]]:
        """Return file, kind, fate and number of rows, sorted; raises ArithmeticError when a file does not add up."""
        settled: Counter[tuple[int, str]] = Counter()
        for (file, kind, _), number in self.fates.items():
            settled[file, kind] += number
        for key in settled.keys() | self.read.keys():
            if settled[key] != self.read[key]:
                name = f"{self.files[key[0]]}, {key[1]}"
                raise ArithmeticError(f"{name}: {self.read[key]} rows read, {settled[key]} accounted for")
        return sorted((self.files[file], kind, fate, n) for (file, kind, fate), n in self.fates.items())


@dataclass
class Doubts:
    """Children whose records leave a doubt, by the doubt's name; the lists are restricted, their lengths are not."""

    lists: dict[str, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))

    def add(self, doubt: str, child: str, detail: str = "") -> None:
        """Put a child on the list of a doubt."""
        self.lists[doubt].add((child, detail))

    def children(self, doubt: str) -> set[str]:
        """Return the children on one list."""
        return {child for child, _ in self.lists.get(doubt, ())}


class Faults:
    """Gathers what is wrong, one fault for one cause: rows of one file and column with the same fault are one."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str, str], tuple[list[int], list[str]]] = {}
        self._whole: list[Fault] = []

    def row(self, place: str, found: str, allowed: str, remedy: str, line: int, value: str = "") -> None:
        """Note a fault of one row; ``place`` is the file and the column."""
        lines, values = self._rows.setdefault((place, found, allowed, remedy), ([], []))
        lines.append(line)
        if value and len(values) < 5:
            values.append(value)

    def whole(self, where: str, found: str, allowed: str, remedy: str, *values: str) -> None:
        """Note a fault of a whole file or setting."""
        self._whole.append(Fault(where, found, allowed, RULE, remedy, values))

    def all(self) -> list[Fault]:
        """Return every fault, sorted."""
        rows = [
            Fault(f"{place}, {some_rows(sorted(lines))}", found, allowed, RULE, remedy, tuple(sorted(values)))
            for (place, found, allowed, remedy), (lines, values) in self._rows.items()
        ]
        return sorted([*self._whole, *rows], key=lambda fault: (fault.where, fault.found))


RULE = "docs/returns.md, what is refused"
