"""Aggregate tables: what an analysis gives, with the meaning of each column beside it.

An analysis returns :class:`AggregateTable`. It is not yet fit for a stakeholder's eyes:
:mod:`stepdown.disclosure` turns it into a cleared table, the only kind that can be shown or released.
So each column says what it is about: which number of children stands behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

import pandas as pd


class Role(StrEnum):
    """What a column is, for disclosure control.

    KEY: names the row (group, period, status).
    COUNT: a number of people, files or events; the disclosure threshold applies to it.
    BASE: a number of people that is published anyway (the size of a group); never suppressed when it stands
        for a whole group, but a small one suppresses what is derived from it.
    DERIVED: computed from the counts that ``rests_on`` names (a share, a mean, an interval, a p value).
    TOTAL: a sum over the people that ``rests_on`` counts (days, pounds); dominance rules apply.
    OPEN: says nothing about a person (a unit cost, a label, a sentence of method).

    >>> Role.COUNT.value
    'count'
    """

    KEY = "key"
    COUNT = "count"
    BASE = "base"
    DERIVED = "derived"
    TOTAL = "total"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Column:
    """The meaning of one column.

    label: heading that a reader sees.  role: see :class:`Role`.  unit: "children", "days", "£", "%", "".
    decimals: digits after the point when shown (None: text, or as it is).
    rests_on: the columns of the same row whose counts stand behind this one.
    about: one sentence for the data dictionary.

    >>> Column("Children on a plan", Role.COUNT, "children", 0).label
    'Children on a plan'
    """

    label: str
    role: Role
    unit: str = ""
    decimals: int | None = None
    rests_on: tuple[str, ...] = ()
    about: str = ""


@dataclass(frozen=True, slots=True)
class AddsUp:
    """A relation that an outsider can use to subtract.

    Within each value of ``within``, ``column`` over all rows adds up to a total that the reader knows
    (the column ``total``, or, when ``total`` is empty, a total that stands elsewhere in the release).
    """

    column: str
    within: tuple[str, ...]
    total: str = ""


@dataclass(frozen=True, slots=True)
class AggregateTable:
    """An aggregate table before disclosure control.

    name: stem of the file (``statutory_status``).  one_row_is: completes "one row is a …".
    frame: the values at full precision.  columns: meaning of each column of ``frame``, in order.
    adds_up: how counts in it sum.
    largest_percent: for a total column, the share (0 to 100) of each row's total that its largest contributor has,
    for the dominance rule; it is never printed.
    Raises ValueError when a column has no meaning or a meaning no column.

    >>> AggregateTable.of_rows("my_own", "group", {"group": Column("Group", Role.KEY)}, [["IFP"]]).keys()
    ['group']
    """

    name: str
    one_row_is: str
    frame: pd.DataFrame
    columns: Mapping[str, Column]
    adds_up: tuple[AddsUp, ...] = field(default=())
    largest_percent: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if list(self.frame.columns) != list(self.columns):
            raise ValueError(
                f"table {self.name}: columns {list(self.frame.columns)} are not those described {list(self.columns)}"
            )
        for name, column in self.columns.items():
            unknown = [other for other in column.rests_on if other not in self.columns]
            if unknown:
                raise ValueError(f"table {self.name}: column {name} rests on {unknown}, which it does not have")

    @classmethod
    def of_rows(
        cls,
        name: str,
        one_row_is: str,
        columns: Mapping[str, Column],
        rows: Iterable[Mapping[str, Any] | Sequence[Any]],
        *adds_up: AddsUp,
    ) -> Self:
        """Return a table from its rows: each a mapping of every column's name to its value, or the values in order.

        Raises ValueError for a row that leaves a column out or has one that is not described.

        >>> AggregateTable.of_rows("my_own", "group", {"group": Column("Group", Role.KEY)}, [["IFP"]]).name
        'my_own'
        """
        given = list(rows)
        for row in given:
            wrong = set(row) ^ set(columns) if isinstance(row, Mapping) else len(row) != len(columns)
            if wrong:
                raise ValueError(f"table {name}: a row does not have the columns described: {wrong}")
        return cls(name, one_row_is, pd.DataFrame(given, columns=list(columns)), columns, adds_up)

    def keys(self) -> list[str]:
        """Return the names of the columns that name a row."""
        return [name for name, column in self.columns.items() if column.role is Role.KEY]


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
_A_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")


def harmless(cell: Any) -> Any:
    """Return a cell with an apostrophe before a text that a spreadsheet would take for a formula; numbers stay."""
    if isinstance(cell, str) and cell.startswith(_FORMULA) and not _A_NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
