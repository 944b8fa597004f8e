"""What a contract is: the columns of one table, what each may hold, and where the rule stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Literal

import pandas as pd

from stepdown.faults import Fault
from stepdown.params import Study, StudySettings

CellType = Literal["text", "date", "whole number", "number", "flag"]
Codes = Mapping[str, tuple[str, ...] | Mapping[str, str]]
"""The values that a study allows in a column, by the column's name; a mapping gives each its label."""
UNBORN_DAYS = 300
"""Days before a birth at which a record of the child can begin."""
How = Counter[tuple[str, str]]
"""How a table was read where not as it stands: number of cells (or rows) by (column or "", what was done)."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a table that comes in.

    type: how its text is read.  required: the column must stand in the file.  blank: a cell may be blank.
    codes: the values allowed (empty: any); for a study's own codes see :class:`Contract`.
    lowest, highest: range of a number.  pattern: form of a text.  about: sentence for the data dictionary.
    free: text in a person's words, whose capitals are not compared.  other: what such text is read as where the study
    has no codes for the column.
    """

    name: str
    type: CellType
    about: str
    required: bool = False
    blank: bool = True
    codes: tuple[str, ...] = ()
    lowest: float | None = None
    highest: float | None = None
    pattern: str = ""
    unit: str = ""
    free: bool = False
    other: str = ""


@dataclass(frozen=True, slots=True)
class Ordered:
    """Two dates of one row that must stand in order: the later by ``least_days`` to ``most_days`` (None: no end)."""

    earlier: str
    later: str
    because: str
    least_days: int = 0
    most_days: int | None = None


def never(settings: StudySettings) -> bool:
    """Say of a table that no study must have it: it is read where its file is there."""
    return False


def no_faults(study: Study, frames: Mapping[str, pd.DataFrame], file: str) -> list[Fault]:
    """Say of a table that its rows hold nothing to be looked at together."""
    return []


def no_codes(study: Study) -> Codes:
    """Say of a table that no column has codes of the study's own."""
    return {}


@dataclass(frozen=True, slots=True)
class Contract:
    """The contract of one table.

    one_row_is: completes "one row is a …".  unique: columns that together name a row once.
    belongs_to: column that must name a row of another table: (column, table).
    not_after: date columns that cannot lie after the data's last date.
    open_after: date columns that are read as blank where they lie after it: what ends later is still open.
    after_birth: date columns that cannot lie more than :data:`UNBORN_DAYS` before the child's birth_date.
    one_version: columns that name a thing; two rows that agree in them and differ elsewhere are refused.
    once: columns that name an event; a row that repeats them counts once unless the study says otherwise.
    needed: whether a study with these settings must have the table.
    together: the faults that only rows together show, from the study, all its tables as typed, and this table's file;
    asked where the columns are in order.
    codes: the codes that the study itself allows, by column; they stand in for the field's own. A mapping gives each
    code's label, which a cell may hold as well.
    """

    table: str
    one_row_is: str
    fields: tuple[Field, ...]
    unique: tuple[str, ...] = ()
    belongs_to: tuple[tuple[str, str], ...] = ()
    ordered: tuple[Ordered, ...] = ()
    not_after: tuple[str, ...] = ()
    open_after: tuple[str, ...] = ()
    after_birth: tuple[str, ...] = ()
    one_version: tuple[str, ...] = ()
    once: tuple[str, ...] = ()
    needed: Callable[[StudySettings], bool] = dataclass_field(default=never, compare=False)
    codes: Callable[[Study], Codes] = dataclass_field(default=no_codes, compare=False)
    together: Callable[[Study, Mapping[str, pd.DataFrame], str], list[Fault]] = dataclass_field(
        default=no_faults, compare=False
    )

    def field(self, name: str) -> Field:
        """Return the field of that name."""
        return next(field for field in self.fields if field.name == name)

    def names(self) -> list[str]:
        """Return the column names in order."""
        return [field.name for field in self.fields]
