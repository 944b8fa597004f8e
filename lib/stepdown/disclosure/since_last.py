"""What a release adds to the last one: a difference between the two is a count of few children too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stepdown.disclosure.counts import Cell, Place, Relation
from stepdown.tables import AggregateTable

Released = Mapping[str, Mapping[tuple[str, ...], Mapping[str, str]]]


def since_last(
    tables: Sequence[AggregateTable], cells: Mapping[Place, Cell], last: Released, threshold: int
) -> tuple[dict[Place, Cell], list[Relation], set[str]]:
    """Return the differences from the last release that are small, as counts to protect, and where they are.

    A count that is 12 now and was 10 says that two children were added. The difference is a count that is not printed
    and that an outsider gets by subtraction, so it is protected as any other. Sizes of whole groups are left aside.
    """
    more: dict[Place, Cell] = {}
    relations: list[Relation] = []
    named: set[str] = set()
    for table in tables:
        before = last.get(table.name, {})
        keys = table.frame[table.keys()].astype("str").itertuples(index=False, name=None)
        for row, values in enumerate(keys):
            for column, text in before.get(tuple(values), {}).items():
                place = (table.name, row, column)
                cell = cells.get(place)
                if cell is None or cell.total or not text.isdecimal():
                    continue
                moved = cell.value - int(text)
                if 1 <= abs(moved) <= threshold:
                    change = (table.name, row, f"{column} since the last release")
                    more[change] = Cell(change, abs(moved), shown_anywhere=False)
                    relations.append(Relation(((1, place), (-1 if moved > 0 else 1, change)), int(text)))
                    named.add(f"{table.name}: {', '.join(values)}")
    return more, relations, named
