"""The cleared table: the only kind of table that the modules for showing and releasing accept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stepdown.numbers import all_half_up
from stepdown.tables import Column, Role, harmless

NOT_APPLICABLE = "z"
"""The mark of a cell that has no value for a reason that is not disclosure (a mean of nothing)."""

_TOKEN = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearedTable:
    """A table after disclosure control; made by :func:`stepdown.disclosure.clear` and by nothing else.

    name, one_row_is, columns: as in the aggregate table that it was made from.
    frame: the values, with NA where a cell is suppressed (whole numbers are Int64, so that NA fits).
    marks: a frame of the same shape with the symbol that stands in place of a value, or "" where it is shown.
    symbols: symbol → what it means, for every symbol in ``marks``.
    policy: one sentence on how small numbers were treated.
    left_out: why the table is not released at all ("" when it is); then nothing of it but its keys is here.
    over: column → the heading that it shares with its neighbours, and its own below it (after :meth:`spread`).
    Raises TypeError when made by anything but this package.
    """

    name: str
    one_row_is: str
    frame: pd.DataFrame
    marks: pd.DataFrame
    columns: Mapping[str, Column]
    symbols: Mapping[str, str]
    policy: str
    left_out: str = ""
    over: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    token: object = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.token is not _TOKEN:
            raise TypeError("a cleared table comes from stepdown.disclosure.clear; it cannot be made by hand")
        if self.frame.shape != self.marks.shape:
            raise ValueError(f"table {self.name}: {self.frame.shape} values and {self.marks.shape} marks")

    def written(self) -> pd.DataFrame:
        """Return the values as a file has them: a symbol for what is not shown, no text that would be computed.

        No number is finer than it is shown: 16 digits of a coefficient give back the table that it was made from.
        """
        floats = {n: c.decimals for n, c in self.columns.items() if pd.api.types.is_float_dtype(self.frame[n])}
        known = {name: digits for name, digits in floats.items() if digits is not None}
        shown = self.frame.assign(**{name: all_half_up(self.frame[name], digits) for name, digits in known.items()})
        cells = {
            name: [mark or harmless(cell) for mark, cell in zip(self.marks[name], column, strict=True)]
            for name, column in shown.astype("object").items()
        }
        return pd.DataFrame(cells, index=self.frame.index, columns=self.frame.columns, dtype="object")

    def keys(self) -> list[str]:
        """Return the names of the columns that name a row."""
        return [name for name, column in self.columns.items() if column.role is Role.KEY]

    def only(self, columns: Sequence[str]) -> ClearedTable:
        """Return the same rows with some of the columns, in the order given; raises KeyError for an unknown one."""
        chosen = list(columns)
        return replace(
            self,
            frame=self.frame[chosen].copy(),
            marks=self.marks[chosen].copy(),
            columns={name: self.columns[name] for name in chosen},
        )

    def where(self, **wanted: object) -> ClearedTable:
        """Return the rows whose key columns hold the values given (one value, or a list of them)."""
        return self._rows(self._fitting(wanted))

    def of(self, **wanted: object) -> ClearedTable:
        """Return the rows whose key columns hold the values given, without those columns: they say the same in all."""
        return self.where(**wanted).only([name for name in self.columns if name not in wanted])

    def value(self, column: str, **wanted: object) -> float:
        """Return one number (NaN when it is suppressed); raises LookupError unless exactly one row fits."""
        rows = self._fitting(wanted)
        if len(rows) != 1:
            raise LookupError(f"table {self.name}: {len(rows)} rows fit {wanted}, not 1")
        found = self.frame[column].iloc[rows[0]]
        return float("nan") if pd.isna(found) else float(found)

    def numbers(self, column: str) -> pd.Series:
        """Return a numeric column as float64 with NaN where it is suppressed, for charts and sentences."""
        return pd.to_numeric(self.frame[column], errors="coerce").astype("Float64").astype("float64")

    def spread(self, across: str, values: Sequence[str] = (), labels: Mapping[str, str] | None = None) -> ClearedTable:
        """Return the table with the values of one key column side by side (before and after, say).

        across: a key column.  values: the columns to repeat (none named: all but the keys and the sizes of groups).
        labels: what to call each value of ``across``.
        The other key columns name the rows; a combination that the table does not have is marked "z".
        New columns are ``<value column>_<value of across>``.
        """
        rows = [name for name in self.keys() if name != across]
        values = values or [n for n, c in self.columns.items() if c.role not in (Role.KEY, Role.BASE)]
        order = list(dict.fromkeys(self.frame[across]))
        first = self.frame[rows].drop_duplicates() if rows else pd.DataFrame(index=[0])
        frame, marks = first.copy(), first.astype("str").map(lambda _: "")
        columns = {name: self.columns[name] for name in rows}
        over: dict[str, tuple[str, str]] = {}
        for key in order:
            part = self.where(**{across: key})
            shown = _aligned(part.frame, part.frame, rows, values, first)
            marked = _aligned(part.marks, part.frame, rows, values, first).fillna(NOT_APPLICABLE)
            for value in values:
                new = f"{value}_{key}"
                frame[new], marks[new] = shown[value], marked[value]
                old = self.columns[value]
                called = (labels or {}).get(str(key), str(key))
                label = called if len(values) == 1 else f"{old.label}, {called}"
                columns[new] = replace(old, label=label, rests_on=())
                if len(values) > 1:
                    over[new] = (called, old.label)
        symbols = dict(self.symbols)
        if (marks == NOT_APPLICABLE).to_numpy().any():
            symbols.setdefault(NOT_APPLICABLE, "not applicable")
        return replace(
            self,
            frame=frame.reset_index(drop=True),
            marks=marks.reset_index(drop=True),
            columns=columns,
            symbols=symbols,
            over=over,
        )

    def in_order(self, by: str, order: Iterable[object]) -> ClearedTable:
        """Return the table with its rows in the order of one key column's values; values not named go last."""
        place = {value: i for i, value in enumerate(order)}
        ranks = self.frame[by].map(lambda value: place.get(value, len(place)))
        return self._rows(np.argsort(ranks.to_numpy(), kind="stable"))

    def _fitting(self, wanted: Mapping[str, object]) -> NDArray[np.intp]:
        keep = np.ones(len(self.frame), dtype=bool)
        for name, value in wanted.items():
            if name not in self.keys():
                raise KeyError(f"table {self.name}: {name} is not one of its key columns {self.keys()}")
            values = list(value) if isinstance(value, list | tuple | set) else [value]
            keep &= self.frame[name].isin(values).to_numpy(dtype=bool)
        return np.flatnonzero(keep)

    def _rows(self, rows: NDArray[np.intp]) -> ClearedTable:
        return replace(
            self,
            frame=self.frame.take(rows).reset_index(drop=True),
            marks=self.marks.take(rows).reset_index(drop=True),
        )


def _aligned(
    part: pd.DataFrame, named: pd.DataFrame, rows: list[str], values: Sequence[str], first: pd.DataFrame
) -> pd.DataFrame:
    """Return ``values`` of ``part``, whose rows ``named`` names, for each combination of ``rows`` in ``first``."""
    if not rows:
        return part[list(values)].set_axis(first.index)
    names = [pd.MultiIndex.from_frame(f[rows]) if len(rows) > 1 else pd.Index(f[rows[0]]) for f in (named, first)]
    if names[0].has_duplicates:
        raise ValueError(f"{rows} do not name one row")
    return part[list(values)].set_axis(names[0]).reindex(names[1]).set_axis(first.index)
