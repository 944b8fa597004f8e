"""The audit of a whole release: what can an outsider work out who has every table of it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stepdown.disclosure.counts import Cell, Place, Relation
from stepdown.disclosure.intervals import Interval
from stepdown.disclosure.linking import assembled, described
from stepdown.disclosure.protecting import Costs, exposed, small, to_hide
from stepdown.faults import Fault
from stepdown.params.disclosure import DisclosurePolicy
from stepdown.tables import AggregateTable

RULE = "an outsider must not be able to narrow down a hidden count (docs/disclosure.md, How it works)"


@dataclass(frozen=True, slots=True)
class Exposed:
    """A hidden count that the release as a whole gives away.

    table, column, where: the count.  low, high: what an outsider can derive.
    """

    table: str
    column: str
    where: Mapping[str, str]
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Audit:
    """The outcome of an audit.

    hidden, small: numbers of counts that are hidden, and that had to be.  found: those that are given away.
    remedy: settings (table, column, key values) of the counts that would have to be hidden besides.
    """

    tables: int
    hidden: int
    small: int
    found: tuple[Exposed, ...]
    remedy: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]


def audit_release(
    tables: Sequence[AggregateTable], hidden: Mapping[str, Sequence[tuple[int, str]]], policy: DisclosurePolicy
) -> Audit:
    """Return what the tables of a run, as cleared, give away together.

    tables: before disclosure control, each name once.  hidden: (row, column) of every cell that is not printed, by
    table.  policy: "none" finds nothing, because nothing is hidden.
    """
    if policy.method == "none":
        return Audit(len(tables), 0, 0, (), ())
    cells, relations = assembled(tables)
    blank = {
        (name, row, column) for name, places in hidden.items() for row, column in places if (name, row, column) in cells
    }
    must = [place for place in small(cells, policy.threshold) if cells[place].shown_anywhere]
    by_name = {table.name: table for table in tables}
    printed = {p: (float(cells[p].value), float(cells[p].value)) for p in must if p not in blank}
    open_still = _derivable(cells, relations, blank, policy) if policy.secondary else {}
    found = tuple(_exposed(by_name, place, interval) for place, interval in {**printed, **open_still}.items())
    more = _remedy(by_name, cells, relations, blank, policy) if found else ()
    return Audit(len(tables), len(blank), len(must), found, more)


def _derivable(
    cells: Mapping[Place, Cell], relations: Sequence[Relation], blank: set[Place], policy: DisclosurePolicy
) -> dict[Place, Interval]:
    found = exposed(cells, relations, blank, policy.threshold, rounding_base=policy.rounding_base)
    return {place: interval for place, interval in found.items() if place in blank or not cells[place].shown_anywhere}


def _remedy(
    by_name: Mapping[str, AggregateTable],
    cells: Mapping[Place, Cell],
    relations: Sequence[Relation],
    blank: set[Place],
    policy: DisclosurePolicy,
) -> tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]:
    """Return further counts to hide so that the release would hold, as settings for the study's file."""
    wanted, _ = to_hide(
        cells,
        relations,
        policy.threshold,
        secondary=True,
        already=blank,
        rounding_base=policy.rounding_base,
        costs=Costs(spare=True),
    )
    extra = sorted(wanted - blank)
    rows = [(name, column, tuple(described(by_name[name], (name, row, column)).items())) for name, row, column in extra]
    return tuple(dict.fromkeys(rows))


def _exposed(by_name: Mapping[str, AggregateTable], place: Place, interval: Interval) -> Exposed:
    where = described(by_name[place[0]], place)
    return Exposed(place[0], place[2], where, interval[0], interval[1])


def faults_of(audit: Audit, file: str) -> list[Fault]:
    """Return a fault for each table that gives counts away; it names rows by their keys and holds no count."""
    faults = []
    for name in dict.fromkeys(item.table for item in audit.found):
        own = [item for item in audit.found if item.table == name]
        shown = "; ".join(f"{item.column} where {_keys(item.where)}" for item in own[:5])
        more = f" and {len(own) - 5} more" if len(own) > 5 else ""
        faults.append(
            Fault(
                where=f"table {name}: {shown}{more}",
                found=f"hidden counts that the tables of the run give away together: {len(own)}",
                allowed="hidden counts of which an outsider learns no more than the symbol says",
                rule=RULE,
                remedy=_settings(audit, file),
            )
        )
    return faults


def _keys(where: Mapping[str, str]) -> str:
    return ", ".join(f"{name} is {value}" for name, value in where.items()) or "its only row"


def _settings(audit: Audit, file: str) -> str:
    if not audit.remedy:
        return "merge categories, or leave a table out: hiding more numbers would not protect these counts"
    lines = []
    for table, column, where in audit.remedy:
        keys = ", ".join(f'{name}: "{value}"' for name, value in where)
        lines.append(f"      - {{table: {table}, column: {column}, where: {{{keys}}}}}")
    return f"merge categories, or put this into {file} under disclosure:\n    also_hide:\n" + "\n".join(lines)
