"""Which tables of whole numbers fit the margins and the words? A flow is identified when just one table does."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from stepdown.audit.checking import Check
from stepdown.audit.figures import Figures
from stepdown.audit.relations import Figure, Reading, Reconstruction

Grid = tuple[tuple[int, ...], ...]
KEPT = 20


@dataclass(frozen=True, slots=True)
class Reconstructed:
    """What fits one reading: how many tables, the lowest and highest number of each cell, and the first few tables.

    complete: False when the search stopped at its limit, so that the count is "at least".
    """

    name: str
    reading: str
    as_printed: bool
    labels: tuple[str, ...]
    count: int
    complete: bool
    lowest: Grid
    highest: Grid
    tables: tuple[Grid, ...]

    @property
    def identified(self) -> bool:
        """Say whether exactly one table fits."""
        return self.count == 1 and self.complete

    @property
    def counted(self) -> str:
        """How many tables fit, in words."""
        return f"{'' if self.complete else 'at least '}{self.count:,}"


def tables_that_fit(
    rows: Sequence[int], columns: Sequence[int], fixed: dict[tuple[int, int], int], most: int
) -> Iterator[Grid]:
    """Yield every table of whole numbers with these row and column totals and these fixed cells (at most ``most``)."""
    order = sorted(range(len(rows)), key=lambda row: rows[row])  # the largest row is what is left at the end

    def fillings(row: int, total: int, left: Sequence[int], column: int) -> Iterator[tuple[int, ...]]:
        if column == len(left):
            if total == 0:
                yield ()
            return
        ceiling = min(total, left[column])
        known = fixed.get((row, column))
        for value in range(ceiling + 1) if known is None else (known,):
            if 0 <= value <= ceiling:
                for rest in fillings(row, total - value, left, column + 1):
                    yield (value, *rest)

    def place(done: int, left: tuple[int, ...], placed: dict[int, tuple[int, ...]]) -> Iterator[Grid]:
        row = order[done]
        if done == len(rows) - 1:
            if all(left[column] == value for (here, column), value in fixed.items() if here == row):
                placed = placed | {row: left}
                yield tuple(placed[index] for index in range(len(rows)))
            return
        for filling in fillings(row, rows[row], left, 0):
            yield from place(
                done + 1, tuple(a - b for a, b in zip(left, filling, strict=True)), placed | {row: filling}
            )

    return itertools.islice(place(0, tuple(columns), {}), most)


def check_reconstruction(relation: Reconstruction, figures: Figures) -> tuple[list[Check], list[Reconstructed]]:
    """Return one check a reading that is said to be as printed (some table must fit it), and what fits each reading.

    Raises Refused when the margins are not whole numbers that fit.
    """
    total = _whole(figures, relation.total)
    rows, columns = (_margin(relation, given, total, figures) for given in (relation.before, relation.after))
    results = [_read(relation, reading, rows, columns, figures) for reading in relation.readings]
    others = [result for result in results if not result.as_printed and result.count]
    instead = "; ".join(f"{other.reading}: {other.count:,} fit" for other in others) or "nor any other reading"
    checks = [
        Check(
            relation.name,
            result.reading,
            "as printed",
            _fits(result) if result.count else f"no table fits ({instead})",
            result.count > 0,
            family="presentation" if others else "impossible",
            note="" if result.identified or not result.count else "the flow is not identified",
        )
        for result in results
        if result.as_printed
    ]
    return checks, results


def _fits(result: Reconstructed) -> str:
    return "one table fits" if result.identified else f"{result.counted} tables fit"


def _read(
    relation: Reconstruction, reading: Reading, rows: list[int], columns: list[int], figures: Figures
) -> Reconstructed:
    fixed: dict[tuple[int, int], int] = {}
    contradiction = False
    for cell in reading.cells:
        place = (_label(relation, cell.row, figures), _label(relation, cell.column, figures))
        value = _whole(figures, cell.count)
        contradiction = contradiction or fixed.get(place, value) != value
        fixed[place] = value
    count, kept, shape = 0, list[Grid](), (len(rows), len(columns))
    lowest, highest = np.full(shape, np.iinfo(np.int64).max), np.zeros(shape, dtype="int64")
    for table in () if contradiction else tables_that_fit(rows, columns, fixed, relation.most):
        count += 1
        kept += [table] if count <= KEPT else []
        lowest, highest = np.minimum(lowest, table), np.maximum(highest, table)
    low, high = (tuple(map(tuple, end.tolist())) if count else () for end in (lowest, highest))
    return Reconstructed(
        name=relation.name,
        reading=reading.name,
        as_printed=reading.as_printed,
        labels=relation.labels,
        count=count,
        complete=count < relation.most,
        lowest=low,
        highest=high,
        tables=tuple(kept),
    )


def _whole(figures: Figures, name: Figure) -> int:
    value = figures.one(name).value
    if value.denominator != 1 or value < 0:
        raise figures.fault(f"{name!r} is not a whole number", "a count", "name a count")
    return int(value)


def _label(relation: Reconstruction, label: str, figures: Figures) -> int:
    if label not in relation.labels:
        raise figures.fault(f"no label {label!r}", ", ".join(relation.labels), "correct the label")
    return relation.labels.index(label)


def _margin(relation: Reconstruction, given: dict[str, Figure], total: int, figures: Figures) -> list[int]:
    known = {_label(relation, label, figures): _whole(figures, name) for label, name in given.items()}
    left = [index for index in range(len(relation.labels)) if index not in known]
    rest = total - sum(known.values())
    if len(left) > 1 or rest < 0 or (not left and rest):
        remedy = "give every label but one its margin; together they are at most the total"
        raise figures.fault(f"margins that do not make {total}: {sum(known.values())}", "margins that do", remedy)
    return [known.get(index, rest) for index in range(len(relation.labels))]
