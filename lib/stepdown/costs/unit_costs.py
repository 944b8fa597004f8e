"""Unit costs: a book of them, what each contains, and the set that a study prices with.

A book is a parameter file (params/unit_costs/*.yaml). Each cost carries value, unit, price year, source, the agency
that bears it, its kind, its quality, its range, and what it contains, so that a total is never added to its own
parts. A cost without a price year is refused.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from stepdown.faults import Fault, Refused, nearest, refuse, some_rows
from stepdown.measures import measured
from stepdown.params import ProjectPath, Quality, Settings, Text, build, load
from stepdown.params.costs import AcceptedDoubleCount, CostSettings, FinancialYear, Precision

RULE = "a unit cost carries its price year and what it contains; a total is never added to its own parts"


class CostRange(Settings):
    """How uncertain a unit cost is.

    shape: "gamma" (mean = value, coefficient of variation = cv), "uniform" (low to high) or "fixed".
    because: where the range is from; most sources print none, and then it is a convention.
    """

    shape: Literal["gamma", "uniform", "fixed"]
    because: Text
    cv: float | None = Field(default=None, gt=0, le=2)
    low: float | None = Field(default=None, ge=0)
    high: float | None = Field(default=None, gt=0)


class UnitCost(Settings):
    """One unit cost, £ per unit in the prices of ``price_year``; the fields of :class:`Sourced` and more.

    printed: the value as the source prints it, where rounded.  annual_value: £ per year, where the source gives it.
    contains: ids that are parts of it.  cashable: whether a budget holder could take the saving out.
    """

    describes: Text
    value: float = Field(gt=0)
    unit: Text
    price_year: FinancialYear
    source: Text
    agency: Text
    kind: Literal["fiscal", "economic", "social"]
    quality: Quality
    range: CostRange
    printed: float | None = Field(default=None, gt=0)
    annual_value: float | None = Field(default=None, gt=0)
    contains: tuple[Text, ...] = ()
    cashable: Literal["yes", "partly", "no", "unknown"] = "unknown"
    cashable_because: str = ""
    note: str = ""

    def amount(self, precision: Precision) -> float:
        """Return £ per unit as calculated with ("exact") or as the source prints it ("printed")."""
        return self.printed if precision == "printed" and self.printed is not None else self.value


class Overlap(Settings):
    """Two costs that are partly in one another though neither is listed as part of the other."""

    a: Text
    b: Text
    because: Text


class _BookFile(Settings):
    title: Text
    as_of: date
    source: Text
    licence: Text
    entries: dict[str, UnitCost] = Field(default_factory=dict)
    table: ProjectPath | None = None
    ranges: CostRange | None = None
    overlaps: tuple[Overlap, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitCostBook:
    """All unit costs of one source.  entries: id → unit cost.  overlaps: pairs that share a part."""

    file: str
    title: str
    as_of: date
    source: str
    licence: str
    entries: Mapping[str, UnitCost]
    overlaps: tuple[Overlap, ...]

    def cost(self, name: str) -> UnitCost:
        """Return the unit cost of that id; raises Refused with the nearest known id."""
        if name in self.entries:
            return self.entries[name]
        raise Refused.for_one(
            where=f"{self.file}, {name}",
            found=f"no unit cost {name!r}{nearest(name, self.entries)}",
            allowed=", ".join(list(self.entries)[:12]) + (", …" if len(self.entries) > 12 else ""),
            rule="a tariff names a unit cost of the study's book",
            remedy="correct the id in the study file's tariffs, or add the cost with its source to the book",
        )

    def parts(self, name: str) -> frozenset[str]:
        """Return the ids that are in ``name``, itself among them, through all levels."""
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            current = waiting.pop()
            if current not in seen:
                seen.add(current)
                waiting += self.cost(current).contains
        return frozenset(seen)

    def double_counts(self, names: list[str]) -> list[tuple[str, str, str]]:
        """Return (total, part, why) for each pair of ``names`` of which one is in the other or shares a part."""
        parts = {name: self.parts(name) for name in names}
        found = []
        for i, a in enumerate(names):
            for b in names[i + 1 :]:
                shared = parts[a] & parts[b]
                whys = [o.because for o in self.overlaps if self._touches(o, parts[a], parts[b])]
                if shared or whys:
                    total, part = (b, a) if a in parts[b] else (a, b)
                    found.append((total, part, whys[0] if whys else f"both hold {', '.join(sorted(shared))}"))
        return found

    def _touches(self, overlap: Overlap, a: frozenset[str], b: frozenset[str]) -> bool:
        left, right = self.parts(overlap.a), self.parts(overlap.b)
        return bool(left & a and right & b) or bool(left & b and right & a)


def read_book(path: Path, root: Path) -> UnitCostBook:
    """Return the book in a YAML file, with the entries of its CSV table where it names one.

    root: the folder that ``table`` is relative to.  Raises Refused for an unknown setting, a cost without a price
    year, a part or an overlap that is not in the book.
    """
    file = load(path, _BookFile)
    entries = dict(file.entries)
    if file.table is not None:
        entries |= _from_table(root / file.table, file)
    book = UnitCostBook(path.name, file.title, file.as_of, file.source, file.licence, entries, file.overlaps)
    wanted = [(name, part) for name, cost in entries.items() for part in cost.contains]
    wanted += [(f"overlap of {o.a} and {o.b}", name) for o in file.overlaps for name in (o.a, o.b)]
    refuse(
        [
            Fault(
                where=f"{path.name}, {holder}",
                found=f"a part that is not in the book: {part!r}{nearest(part, entries)}",
                allowed="ids of the book",
                rule=RULE,
                remedy="correct the id, or add the cost to the book",
            )
            for holder, part in wanted
            if part not in entries
        ]
    )
    return book


def joined_books(books: tuple[UnitCostBook, ...]) -> UnitCostBook:
    """Return several books as one; raises Refused where two of them have the same id."""
    entries: dict[str, UnitCost] = {}
    faults = []
    for book in books:
        faults += [
            Fault(
                where=f"{book.file}, {name}",
                found="an id that another of the study's books has too",
                allowed="each id once",
                rule="a tariff names one unit cost",
                remedy="rename it in one of the books",
            )
            for name in book.entries
            if name in entries
        ]
        entries |= book.entries
    refuse(faults)
    return UnitCostBook(
        file=" and ".join(book.file for book in books),
        title="; ".join(book.title for book in books),
        as_of=min(book.as_of for book in books),
        source="; ".join(book.source for book in books),
        licence="; ".join(dict.fromkeys(book.licence for book in books)),
        entries=entries,
        overlaps=tuple(overlap for book in books for overlap in book.overlaps),
    )


def _from_table(path: Path, file: _BookFile) -> dict[str, UnitCost]:
    """Return the entries of a CSV in the layout of the GMCA database, parts read from the codes."""
    rows = _table_rows(path)
    kinds: dict[str, int] = {}
    for row in rows:
        kinds[row["code"]] = kinds.get(row["code"], 0) + 1
    ids = [row["code"] if kinds[row["code"]] == 1 else f"{row['code']}-{row['kind']}" for row in rows]
    ranges = file.ranges or CostRange(shape="fixed", because="the book gives no range")
    qualities = {"G": "green", "A": "amber", "R": "red"}
    entries = {}
    for name, row in zip(ids, rows, strict=True):
        fiscal = row["kind"] == "fiscal"
        prefix = row["code"] + "."
        parts = [i for i, r in zip(ids, rows, strict=True) if fiscal and r["code"].startswith(prefix)]
        given: dict[str, Any] = {
            "describes": row["description"],
            "value": float(row["value_gbp"]),
            "unit": row["unit"].lower(),
            "price_year": row["price_year"] or None,
            "source": f"{file.source}, {row['code']}",
            "agency": row["agency"] + (f" ({row['agency_detail']})" if row["agency_detail"] else ""),
            "kind": row["kind"],
            "quality": qualities.get(row["confidence_rag"], row["confidence_rag"]),
            "contains": parts,
            "range": ranges.model_dump(exclude_none=True),
        }
        entries[name] = build(given, UnitCost, where=f"{path.name}, {name}")
    return entries


_TABLE_COLUMNS = (
    "code",
    "kind",
    "description",
    "value_gbp",
    "unit",
    "price_year",
    "agency",
    "agency_detail",
    "confidence_rag",
)


def _table_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a book's table; raises Refused where it is not there, or a row cannot be read."""
    allowed = "a CSV in UTF-8 with the columns " + ", ".join(_TABLE_COLUMNS)
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            rows = list(csv.DictReader(handle))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        found = f"a table of unit costs that cannot be read ({type(error).__name__})"
        raise Refused.for_one(str(path.name), found, allowed, RULE, "add the table, or correct the path") from error
    missing = [name for name in _TABLE_COLUMNS if not rows or name not in rows[0]]
    if missing:
        found = f"no column {', '.join(missing)}" if rows else "a table without a row"
        raise Refused.for_one(str(path.name), found, allowed, RULE, "add what is missing")
    short = [line for line, row in enumerate(rows, 2) if None in row.values() or not _number(row["value_gbp"])]
    if short:
        where = f"{path.name}, {some_rows(short)}"
        raise Refused.for_one(where, "a row without a plain number of pounds", allowed, RULE, "correct the row")
    return rows


def _number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", text) is not None


DAYS_IN = {"per day": 1.0, "per week": 7.0, "per month": 365 / 12, "per year": 365.0}
"""Days that a unit of time holds: how a weekly, monthly or annual cost becomes the cost of a day."""


def times_to_measure(file: str, name: str, cost: UnitCost, measure: str) -> float:
    """Return what a cost is multiplied by to be the cost of one unit of the measure.

    A cost per week, month or year prices days; any other unit prices referrals or episodes as it is.
    Raises Refused where the unit does not fit the measure.
    """
    days = measured(measure).kind == "days"
    if days and cost.unit in DAYS_IN:
        return 1.0 / DAYS_IN[cost.unit]
    if not days and cost.unit not in DAYS_IN:
        return 1.0
    raise Refused.for_one(
        where=f"{file}, {name}",
        found=f"a cost {cost.unit} for the measure {measure}",
        allowed=", ".join(DAYS_IN) if days else "a cost of one referral, episode or process",
        rule="a unit cost prices the unit that it is given for",
        remedy="choose another unit cost, or add one to the book that is worked out for this measure",
    )


@dataclass(frozen=True, slots=True)
class Tariffs:
    """The unit costs that a study prices with, in the order of ``measures``.

    measures: names of volumes ("days_cin").  ids, costs: the unit cost of each.  values: £ per unit, same order.
    kept: double counts that the study keeps, with its reason.
    """

    measures: tuple[str, ...]
    ids: tuple[str, ...]
    costs: tuple[UnitCost, ...]
    values: tuple[float, ...]
    kept: tuple[AcceptedDoubleCount, ...] = ()

    def value(self, measure: str) -> float:
        """Return £ per unit of a measure."""
        return self.values[self.measures.index(measure)]


def choose_tariffs(book: UnitCostBook, settings: CostSettings, precision: Precision | None = None) -> Tariffs:
    """Return the study's tariffs from its book.

    precision: other than the study's.  Raises Refused for an id that the book does not have and for a double count
    that the study does not keep with a reason.
    """
    precision = precision or settings.precision
    measures = tuple(settings.tariffs)
    ids = tuple(settings.tariffs.values())
    costs = tuple(book.cost(name) for name in ids)
    accepted = {frozenset((item.total, item.part)) for item in settings.accepted_double_counts}
    refuse(
        [
            Fault(
                where=f"{book.file}, {total} and {part}",
                found=f"a cost that would be counted twice: {why}",
                allowed="costs of which none holds another",
                rule=RULE,
                remedy=f"price with one of the two, or list them under accepted_double_counts with the reason "
                f"(total: {total}, part: {part})",
            )
            for total, part, why in book.double_counts(list(dict.fromkeys(ids)))
            if frozenset((total, part)) not in accepted
        ]
    )
    values = tuple(
        cost.amount(precision) * times_to_measure(book.file, name, cost, measure)
        for name, cost, measure in zip(ids, costs, measures, strict=True)
    )
    return Tariffs(measures, ids, costs, values, settings.accepted_double_counts)
