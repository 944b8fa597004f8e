"""Which tables of whole numbers fit the margins and the words? A flow is identified when just one table does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stepdown.audit.checking import Check
from stepdown.audit.figures import Figures, fault
from stepdown.audit.relations import Reading, Reconstruction

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


def tables_that_fit(
    rows: Sequence[int], columns: Sequence[int], fixed: dict[tuple[int, int], int], most: int
) -> Iterator[Grid]:
    """Yield every table of whole numbers with these row and column totals and these fixed cells (at most ``most``)."""
    found = 0

    def row_fillings(row: int, total: int, left: Sequence[int], column: int) -> Iterator[tuple[int, ...]]:
        if column == len(left):
            if total == 0:
                yield ()
            return
        known = fixed.get((row, column))
        values = range(min(total, left[column]) + 1) if known is None else (known,)
        for value in values:
            if 0 <= value <= min(total, left[column]):
                for rest in row_fillings(row, total - value, left, column + 1):
                    yield (value, *rest)

    order = sorted(range(len(rows)), key=lambda row: rows[row])  # the largest row is what is left at the end

    def place(done: int, left: tuple[int, ...], placed: dict[int, tuple[int, ...]]) -> Iterator[Grid]:
        nonlocal found
        row = order[done]
        last = done == len(rows) - 1
        fillings: Iterator[tuple[int, ...]] | tuple[tuple[int, ...], ...]
        fillings = (
            (left,) if last and _agrees(left, row, fixed) else () if last else row_fillings(row, rows[row], left, 0)
        )
        for filling in fillings:
            here = placed | {row: filling}
            if last:
                if found < most:
                    found += 1
                    yield tuple(here[index] for index in range(len(rows)))
                continue
            yield from place(done + 1, tuple(a - b for a, b in zip(left, filling, strict=True)), here)
            if found >= most:
                return

    yield from place(0, tuple(columns), {})


def _agrees(filling: tuple[int, ...], row: int, fixed: dict[tuple[int, int], int]) -> bool:
    return all(filling[column] == value for (place, column), value in fixed.items() if place == row)


def reconstruct(relation: Reconstruction, figures: Figures, where: str) -> list[Reconstructed]:
    """Return what fits each reading of the text; raises Refused when the margins are not whole numbers that fit."""
    total = _whole(figures, relation.total, where)
    rows = _margin(relation, relation.before, total, figures, where)
    columns = _margin(relation, relation.after, total, figures, where)
    return [_read(relation, reading, rows, columns, figures, where) for reading in relation.readings]


def _read(
    relation: Reconstruction, reading: Reading, rows: list[int], columns: list[int], figures: Figures, where: str
) -> Reconstructed:
    fixed: dict[tuple[int, int], int] = {}
    contradiction = False
    for cell in reading.cells:
        place = (_label(relation, cell.row, where), _label(relation, cell.column, where))
        value = _whole(figures, cell.count, where)
        contradiction = contradiction or fixed.get(place, value) != value
        fixed[place] = value
    count = 0
    kept: list[Grid] = []
    size = len(relation.labels)
    lowest = [[10**9] * size for _ in range(size)]
    highest = [[0] * size for _ in range(size)]
    for table in () if contradiction else tables_that_fit(rows, columns, fixed, relation.most):
        count += 1
        if len(kept) < KEPT:
            kept.append(table)
        for i, row in enumerate(table):
            for j, value in enumerate(row):
                lowest[i][j], highest[i][j] = min(lowest[i][j], value), max(highest[i][j], value)
    return Reconstructed(
        name=relation.name,
        reading=reading.name,
        as_printed=reading.as_printed,
        labels=relation.labels,
        count=count,
        complete=count < relation.most,
        lowest=tuple(tuple(row) for row in lowest) if count else (),
        highest=tuple(tuple(row) for row in highest) if count else (),
        tables=tuple(kept),
    )


def check_reconstruction(relation: Reconstruction, results: Sequence[Reconstructed], where: str) -> list[Check]:
    """Return one check a reading that is said to be as printed: some table must fit it."""
    others = [result for result in results if not result.as_printed and result.count]
    checks = []
    for result in (result for result in results if result.as_printed):
        several = f"{'' if result.complete else 'at least '}{result.count:,} tables fit"
        fits = "one table fits" if result.identified else several
        instead = "; ".join(f"{other.reading}: {other.count:,} fit" for other in others)
        checks.append(
            Check(
                kind="reconstruction",
                relation=where,
                table=relation.name,
                cell=result.reading,
                published="as printed",
                recomputed=fits if result.count else f"no table fits ({instead or 'nor any other reading'})",
                holds=result.count > 0,
                rounded=False,
                family="presentation" if others else "impossible",
                note=relation.note or ("" if result.identified or not result.count else "the flow is not identified"),
            )
        )
    return checks


def _whole(figures: Figures, name: str | int | float, where: str) -> int:
    value = figures.one(name, where).value
    if value.denominator != 1 or value < 0:
        raise fault(where, f"{name!r} is not a whole number", "a count", "name a count")
    return int(value)


def _label(relation: Reconstruction, label: str, where: str) -> int:
    if label not in relation.labels:
        raise fault(where, f"no label {label!r}", ", ".join(relation.labels), "correct the label")
    return relation.labels.index(label)


def _margin(
    relation: Reconstruction, given: dict[str, str | int | float], total: int, figures: Figures, where: str
) -> list[int]:
    known = {_label(relation, label, where): _whole(figures, name, where) for label, name in given.items()}
    left = [index for index in range(len(relation.labels)) if index not in known]
    rest = total - sum(known.values())
    if len(left) > 1 or rest < 0 or (not left and rest):
        remedy = "give every label but one its margin; together they are at most the total"
        raise fault(where, f"margins that do not make {total}: {sum(known.values())}", "margins that do", remedy)
    return [known.get(index, rest) for index in range(len(relation.labels))]
