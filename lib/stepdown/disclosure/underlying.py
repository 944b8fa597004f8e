"""The underlying tables of children and files: cells that are never printed, of which every printed count is a sum.

A block is a cross-classification (group × statuses held before × held after × referred, say). A printed count is
defined by saying which cells of one block it takes in; that two printed counts are the same, or that one is a sum or
a difference of others, follows from the definitions and is declared nowhere. A block holds every combination that an
outsider must reckon with, not only those that occur: nobody outside knows which of them are empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stepdown.disclosure.counts import Cell, Place, Relation
from stepdown.tables import AggregateTable

Tables = Mapping[str, AggregateTable]
Mask = NDArray[np.bool_]
UNKNOWN = -1
"""The value of a cell that is never printed and that is not itself a small number to protect."""


@dataclass(frozen=True, slots=True)
class Block:
    """One cross-classification. name: of the block.  columns: the value of each variable in each of its cells."""

    name: str
    columns: Mapping[str, NDArray[np.object_]]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def where(self, **wanted: object) -> Mask:
        """Return which cells hold the values given (a collection: one of them)."""
        mask = np.ones(len(self), dtype=np.bool_)
        for name, value in wanted.items():
            values = value if isinstance(value, list | tuple | set | frozenset) else [value]
            mask &= np.isin(self.columns[name], list(values))
        return mask

    def cells(self) -> dict[Place, Cell]:
        """Return the cells of the block, none of them printed."""
        return {(self.name, i, "cell"): Cell((self.name, i, "cell"), UNKNOWN, False) for i in range(len(self))}


def block(name: str, **values: Sequence[object]) -> Block:
    """Return the block of all combinations of the values of each variable."""
    rows = list(product(*values.values()))
    return Block(name, {key: _objects([row[i] for row in rows]) for i, key in enumerate(values)})


def _objects(values: Sequence[object]) -> NDArray[np.object_]:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def referral_block(groups: Sequence[str]) -> Block:
    """Return group × referred before × after, for releases in which no count joins referrals with statuses."""
    plain = block("children by referral", group=groups, referred=[(), ("before",), ("after",), ("before", "after")])
    extra = {f"referrals_{p}": _objects([p in which for which in plain.columns["referred"]]) for p in _PERIODS}
    return Block(plain.name, {"group": plain.columns["group"], **extra})


_PERIODS = ("before", "after")


def status_block(groups: Sequence[str], ladder: Sequence[str], *, referred: bool = True) -> Block:
    """Return group × statuses held before × after (× referred), with the highest status of each period.

    A child with a protection plan may have been in need in the same period: what was held is a set of statuses.
    """
    held = [
        tuple(s for s, has in zip(ladder, flags, strict=True) if has) for flags in product((0, 1), repeat=len(ladder))
    ]
    plain = block(
        "children by status",
        group=groups,
        before=held,
        after=held,
        referred=[(), ("before",), ("after",), ("before", "after")] if referred else [()],
    )
    ranks = {status: i for i, status in enumerate(("none", *ladder))}
    extra: dict[str, list[object]] = {}
    for period in _PERIODS:
        own = plain.columns[period]
        extra[f"highest_{period}"] = [sets[-1] if sets else "none" for sets in own]
        for status in ladder:
            extra[f"{status}_{period}"] = [status in sets for sets in own]
        if referred:
            extra[f"referrals_{period}"] = [period in which for which in plain.columns["referred"]]
    first, last = ([ranks[str(s)] for s in extra[f"highest_{p}"]] for p in _PERIODS)
    extra["move"] = [int(np.sign(b - a)) for a, b in zip(first, last, strict=True)]
    columns = {name: plain.columns[name] for name in ("group",)} | {n: _objects(v) for n, v in extra.items()}
    return Block(plain.name, columns)


class Definitions:
    """What printed counts take in: relations between them and the cells of blocks.

    sizes: places of sizes of whole groups.  known: tables of which it is known what their counts count.
    referred: the block of referrals, where it is not joined with the statuses.  curve: those referred again, by group
    and day.
    """

    def __init__(self) -> None:
        self.cells: dict[Place, Cell] = {}
        self.relations: list[Relation] = []
        self.defined: set[Place] = set()
        self.sizes: set[Place] = set()
        self.known: set[str] = set()
        self.referred: Block | None = None
        self.curve: dict[tuple[str, str], Place] = {}
        self._same: dict[tuple[str, bytes], Place] = {}

    def add(self, own: Block) -> Block:
        """Take in a block; returns it."""
        self.cells |= own.cells()
        return own

    def counts(self, place: Place, own: Block, mask: Mask) -> None:
        """Say that a printed count takes in the cells of ``mask``; the same cells give the same count."""
        self.defined.add(place)
        other = self._same.setdefault((own.name, mask.tobytes()), place)
        if other != place:
            self.relations.append(Relation(((1, other), (-1, place))))
            return
        parts = tuple((1, (own.name, int(i), "cell")) for i in np.flatnonzero(mask))
        self.relations.append(Relation((*parts, (-1, place))))

    def counts_too(self, place: Place, own: Block, mask: Mask) -> None:
        """Say that a count which is defined already takes in the cells of another block as well."""
        parts = tuple((1, (own.name, int(i), "cell")) for i in np.flatnonzero(mask))
        self.relations.append(Relation((*parts, (-1, place))))

    def same_as(self, own: Block, mask: Mask) -> Place | None:
        """Return a place that counts the cells of ``mask``, if any does."""
        return self._same.get((own.name, mask.tobytes()))

    def sums(self, terms: Sequence[tuple[int, Place]], constant: int = 0) -> None:
        """Say that a sum of counts is known."""
        self.relations.append(Relation(tuple(terms), constant))

    def others(self, part: Place, value: float, column: str, whole: float) -> None:
        """Say that what a count leaves of another count of its row is a count of children too, though not printed."""
        rest = (*part[:2], f"{part[2]} not")
        if whole >= value:
            self.cells[rest] = Cell(rest, int(whole - value), shown_anywhere=False)
            self.sums([(1, part), (1, rest), (-1, (*part[:2], column))])

    def at_most(self, terms: Sequence[tuple[int, Place]], most: int = 0) -> None:
        """Say that a sum of counts is not more than ``most``."""
        slack = ("slack", len(self.cells), "cell")
        self.cells[slack] = Cell(slack, UNKNOWN, False)
        self.relations.append(Relation((*terms, (1, slack)), most))


def rows_of(frame: pd.DataFrame) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each row of a frame with its number."""
    for row, values in enumerate(frame.to_dict("records")):
        yield row, {str(name): value for name, value in values.items()}
