"""The plan of a release: what is hidden, merged and left out, decided for all tables of a run at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stepdown.disclosure.affording import Merge, fingerprint, merged
from stepdown.disclosure.counts import counts_of
from stepdown.disclosure.linking import described
from stepdown.numbers import joined, written
from stepdown.params.disclosure import DisclosurePolicy
from stepdown.tables import AggregateTable, Role


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done to the tables of one run.

    hidden: row and column of every hidden number, by table (rows after merging).  left_out: why, by table.
    merges: in the order in which they are made.  ways: "integer programme", "greedy", or both.
    shown, counts: counts that are shown, of all counts of the tables that the study asked for (noughts not counted).
    zeros_hidden: whether a symbol may stand for a nought.  moved: counts that differ by few from the
    last release, with the number printed last; between: what became of them (``between_releases``); stands: what
    stands as it was printed last.
    known: the fingerprint of each table that the plan was made for (none: the plan holds for any table).
    """

    hidden: Mapping[str, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    merges: tuple[Merge, ...] = ()
    ways: tuple[str, ...] = ()
    shown: int = 0
    counts: int = 0
    zeros_hidden: bool = False
    moved: Mapping[str, tuple[tuple[int, str, str], ...]] = field(default_factory=dict)
    between: str = "keep"
    stands: Mapping[str, tuple[tuple[int, str, str], ...]] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=dict)

    def why_not(self, table: AggregateTable) -> str:
        """Return why a table is not released, "" when it is: left out by the plan, or not one that it was made for."""
        if self.known and self.known.get(table.name) != fingerprint(table):
            return "it was not one of the tables cleared together"
        return self.left_out.get(table.name, "")

    def written(self) -> dict[str, object]:
        """Return the plan as plain values, for the books of the second pass."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return plain | {"merges": [merge.written() for merge in self.merges]}

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Plan:
        """Return a plan from plain values."""
        hidden = {name: tuple((int(row), str(column)) for row, column in at) for name, at in values["hidden"].items()}
        merges = tuple(Merge.read(item) for item in values["merges"])
        printed = {name: _printed(values[name]) for name in ("moved", "stands")}
        return cls(**{**values, **printed, "ways": tuple(values["ways"]), "hidden": hidden, "merges": merges})

    def in_words(self) -> str:
        """Return one short paragraph: what was hidden and why, for the page."""
        named = [merge.label for merge in self.merges if merge.label and merge.within != "ethnicity"]
        several = [f"“{label}”" for label in dict.fromkeys(named)]
        if any(merge.within == "ethnicity" for merge in self.merges):
            several.append("broad ethnic groups")
        parts = [f"Of {self.counts:,} counts (not counting zeros) {self.shown:,} are shown."]
        if several:
            parts.append(f"To show more numbers, categories were merged into {joined(several)}.")
        if any(not merge.label for merge in self.merges):
            parts.append("Of who could be observed, only the periods that the study uses are shown.")
        if self.left_out:
            tables = written(len(self.left_out), "table")
            are = "is" if len(self.left_out) == 1 else "are"
            parts.append(f"{tables[0].upper()}{tables[1:]} {are} not shown at all, because the numbers are too small.")
        if count := sum(len(at) for at in self.moved.values()):
            parts.append(f"Since the last release {count:,} counts changed by few children: {_BETWEEN[self.between]}.")
        if self.zeros_hidden:
            parts.append("A hidden number can also be a zero.")
        return " ".join(parts)


def _printed(tables: Mapping[str, Any]) -> dict[str, tuple[tuple[int, str, str], ...]]:
    return {name: tuple((int(row), str(column), str(text)) for row, column, text in at) for name, at in tables.items()}


_BETWEEN = {
    "hide": "they are not shown",
    "merge": "they are not shown, or are combined with their neighbours",
    "keep": "their rows are shown as they were printed then",
    "warn": "they are shown, and the evaluator has the list",
}


def bare(tables: Sequence[AggregateTable], why: str) -> Plan:
    """Return the plan that leaves out every table with counts of people, files or events."""
    counted = [table for table in tables if any(c.role in (Role.COUNT, Role.BASE) for c in table.columns.values())]
    known = {table.name: fingerprint(table) for table in tables}
    counts = sum(
        cell.shown_anywhere and cell.value > 0 for t in tables for cell in counts_of(t, known=True)[0].values()
    )
    return Plan(left_out={table.name: why for table in counted}, counts=counts, known=known)


def applied(plan: Plan, tables: Sequence[AggregateTable], policy: DisclosurePolicy) -> dict[str, Any]:
    """Return the plan as ``disclosure_applied.yaml`` has it, to be read by an evaluator and pinned in a study file."""
    by_name = {table.name: table for table in tables}
    for merge in plan.merges:
        changed = merged(by_name[merge.table], merge)
        by_name[merge.table] = changed if changed is not None else by_name[merge.table]
    printed = {(name, row, column): was for name, at in plan.moved.items() for row, column, was in at}
    rows = [
        {"table": name, "column": column, "where": described(by_name[name], (name, row, column))}
        | ({"last_printed": printed[name, row, column]} if (name, row, column) in printed else {})
        for name, places in plan.hidden.items()
        for row, column in places
    ]
    few = [
        f"{at[0]}, {at[2]}, {', '.join(described(by_name[at[0]], at).values())}: last printed {was}"
        for at, was in printed.items()
    ]
    return {
        "in_words": plan.in_words(),
        "found_by": " and ".join(plan.ways) or "nothing had to be hidden",
        "left_out": dict(plan.left_out),
        "merged": [merge.written() for merge in plan.merges],
        "moved_by_few_since_the_last_release": few,
        "hidden": rows,
    }
