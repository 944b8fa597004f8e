"""What a contract is: the columns of one table, what each may hold, and where the rule stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "date", "whole number", "number", "flag"]


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a table that comes in.

    kind: how its text is read.  required: the column must stand in the file.  blank: a cell may be blank.
    codes: the values allowed (empty: any); for a study's own codes see ``study_codes``.
    lowest, highest: range of a number.  pattern: form of a text.  about: sentence for the data dictionary.
    """

    name: str
    kind: Kind
    about: str
    required: bool = False
    blank: bool = True
    codes: tuple[str, ...] = ()
    lowest: float | None = None
    highest: float | None = None
    pattern: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Ordered:
    """Two dates of one row that must stand in order (equal is allowed)."""

    earlier: str
    later: str
    because: str


@dataclass(frozen=True, slots=True)
class Contract:
    """The contract of one table.

    one_row_is: completes "one row is a …".  unique: columns that together name a row once.
    belongs_to: column that must name a row of another table: (column, table).
    not_after: date columns that cannot lie after the data's last date.
    """

    table: str
    one_row_is: str
    fields: tuple[Field, ...]
    unique: tuple[str, ...] = ()
    belongs_to: tuple[tuple[str, str], ...] = ()
    ordered: tuple[Ordered, ...] = ()
    not_after: tuple[str, ...] = ()

    def field(self, name: str) -> Field:
        """Return the field of that name."""
        return next(field for field in self.fields if field.name == name)

    def names(self) -> list[str]:
        """Return the column names in order."""
        return [field.name for field in self.fields]
