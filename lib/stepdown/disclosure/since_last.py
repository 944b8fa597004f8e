"""What a release adds to the last one: a difference between the two is a count of few children too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stepdown.disclosure.affording import Merge, merged_keys
from stepdown.disclosure.counts import Cell, Place, Relation
from stepdown.tables import AggregateTable

Numbers = Mapping[str, Mapping[tuple[str, ...], Mapping[str, str]]]
"""Numbers as text, by table, values of its key columns, and column."""

Printed = tuple[int, str, str]
"""Row, column, and the text that was printed there."""


@dataclass(frozen=True, slots=True)
class Last:
    """The last published release of a study.

    printed: the number that was last printed of a count, in that release or, where it was hidden there, before.
    hidden: what the counts were that it hid.  applied: its ``disclosure_applied.yaml``.
    """

    printed: Numbers = field(default_factory=dict)
    hidden: Numbers = field(default_factory=dict)
    applied: Mapping[str, Any] = field(default_factory=dict)

    def with_merged(self, tables: Iterable[AggregateTable], merges: Iterable[Merge]) -> Last:
        """Return it with the categories added up that were printed apart then and stand together now."""
        printed = {name: dict(rows) for name, rows in self.printed.items()}
        by_name = {table.name: table for table in tables}
        for merge in merges:
            table = by_name.get(merge.table)
            if table is None or merge.table not in printed:
                continue
            parts: dict[tuple[str, ...], list[Mapping[str, str]]] = {}
            for keys, numbers in printed[merge.table].items():
                if (together := merged_keys(table.keys(), keys, merge)) is not None:
                    parts.setdefault(together, []).append(numbers)
            for together, several in parts.items():
                printed[merge.table].setdefault(together, _added(several))
        return Last(printed, self.hidden, self.applied)


def _added(parts: Sequence[Mapping[str, str]]) -> dict[str, str]:
    columns = [name for name in parts[0] if all(part.get(name, "").isdecimal() for part in parts)]
    return {name: str(sum(int(part[name]) for part in parts)) for name in columns}


def since_last(
    tables: Sequence[AggregateTable], cells: Mapping[Place, Cell], last: Last, threshold: int
) -> tuple[dict[Place, Cell], list[Relation], dict[Place, str]]:
    """Return the differences from the last release that are small, as counts to protect, and where they are.

    A count that is 12 now and was 10 says that two children were added. The difference is a count that is not printed
    and that an outsider gets by subtraction, so it is protected as any other. A size of a group is one too: beside it
    every count that did not move says what the child who joined is not.
    The last part of the result: each count that moved so, with the number last printed.
    """
    more: dict[Place, Cell] = {}
    relations: list[Relation] = []
    moved: dict[Place, str] = {}
    for place, text in _places(tables, last.printed):
        cell = cells.get(place)
        if cell is None or not text.isdecimal():
            continue
        change = cell.value - int(text)
        if 1 <= abs(change) <= threshold:
            since = (*place[:2], f"{place[2]} since the last release")
            more[since] = Cell(since, abs(change), shown_anywhere=False)
            relations.append(Relation(((1, place), (-1 if change > 0 else 1, since)), int(text)))
            moved[place] = text
    return more, relations, moved


def hidden_again(
    tables: Sequence[AggregateTable], cells: Mapping[Place, Cell], last: Last, threshold: int
) -> set[Place]:
    """Return the counts that the last release hid and that have hardly moved since: shown now, they tell it."""
    return {
        place
        for place, text in _places(tables, last.hidden)
        if place in cells and cells[place].value > 0
        if abs(cells[place].value - float(text)) <= threshold
    }


def _places(tables: Iterable[AggregateTable], numbers: Numbers) -> Iterable[tuple[Place, str]]:
    for table in tables:
        rows = numbers.get(table.name, {})
        keys = table.frame[table.keys()].astype("str").itertuples(index=False, name=None)
        for row, values in enumerate(keys):
            for column, text in rows.get(tuple(values), {}).items():
                yield (table.name, row, column), text


def standing(tables: Mapping[str, AggregateTable], moved: Iterable[Place], last: Last) -> dict[str, list[Printed]]:
    """Return what stands again of the last release: every number of a row of which a count moved by few."""
    rows = {(name, row) for name, row, _ in moved if name in tables}
    found: dict[str, list[Printed]] = {}
    for (name, row, column), text in _places(tables.values(), last.printed):
        if (name, row) in rows and column in tables[name].columns:
            found.setdefault(name, []).append((int(row), column, text))
    return found
