"""Holds the values of a table to its contract: blanks, codes, forms, ranges, order and repeats, each with its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from stepdown.contracts.model import Contract, Field
from stepdown.faults import Fault, nearest, some_rows

FIRST_LINE = 2
"""Line in the file of the first row of data: line 1 holds the headings."""

RULE = "docs/data_dictionary.md, table {table}, column {column}"

Finding = tuple[pd.Series, str, str, str]
"""Which rows fail a rule, what was found there, what is allowed, what to do."""


def lines_of(index: pd.Index) -> list[int]:
    """Return line numbers in the file for row positions."""
    return sorted(int(position) + FIRST_LINE for position in index.unique())


def check_values(
    frame: pd.DataFrame,
    raw: pd.DataFrame,
    contract: Contract,
    codes: Mapping[str, tuple[str, ...]],
    file: str,
) -> list[Fault]:
    """Return the faults in the values of a table that has the right columns.

    frame: typed values; raw: the same rows as text; codes: the study's own codes by column; file: its name.
    """
    faults = []
    for field in contract.fields:
        known = codes.get(field.name, field.codes)
        for failed, found, allowed, remedy in _about_column(frame[field.name], raw[field.name], field, known):
            if failed.any():
                cells = raw.loc[failed, field.name]
                values = tuple(dict.fromkeys(str(value) for value in cells.dropna().head(5)))
                where = f"{file}, column {field.name}, {some_rows(lines_of(cells.index))}"
                near = nearest(values[0], known) if values and known else ""
                rule = RULE.format(table=contract.table, column=field.name)
                faults.append(Fault(where, found + near, allowed, rule, remedy, values))
    for columns, (failed, found, allowed, remedy) in _about_rows(frame, contract):
        if failed.any():
            where = f"{file}, columns {columns}, {some_rows(lines_of(frame.index[failed]))}"
            faults.append(Fault(where, found, allowed, RULE.format(table=contract.table, column=columns), remedy))
    return faults


def _about_column(typed: pd.Series, raw: pd.Series, field: Field, codes: tuple[str, ...]) -> Iterator[Finding]:
    given = typed.notna()
    if not field.blank:
        yield (
            raw.isna(),
            "a blank cell",
            f"{field.about}; it cannot be blank",
            "fill the cell from the source, or take the row out and say so in the data log",
        )
    if codes:
        yield (
            given & ~typed.isin(codes),
            "a code that is not known",
            "one of " + ", ".join(codes[:30]) + (", …" if len(codes) > 30 else ""),
            "correct the code, or add it where the rule says",
        )
    if field.pattern:
        yield (
            given & ~typed.str.fullmatch(field.pattern).fillna(True).astype(bool),
            "text of another form",
            field.about,
            "write it in that form",
        )
    if field.lowest is not None or field.highest is not None:
        low = float("-inf") if field.lowest is None else field.lowest
        high = float("inf") if field.highest is None else field.highest
        yield (
            given & ~typed.between(low, high),
            "a number out of range",
            f"from {low:g} to {high:g}" if high != float("inf") else f"{low:g} or more",
            "correct the number, or leave the cell blank if it is not known",
        )


def _about_rows(frame: pd.DataFrame, contract: Contract) -> Iterator[tuple[str, Finding]]:
    for rule in contract.ordered:
        yield (
            f"{rule.earlier} and {rule.later}",
            (
                frame[rule.later] < frame[rule.earlier],
                f"{rule.later} before {rule.earlier}",
                f"{rule.later} on or after {rule.earlier}: {rule.because}",
                "correct one of the two dates at its source",
            ),
        )
    if contract.unique:
        yield (
            " and ".join(contract.unique),
            (
                frame.duplicated(list(contract.unique), keep="first"),
                "rows that repeat an earlier one",
                f"one row for each {contract.one_row_is.split(' (')[0]}",
                "remove the repeated rows, or find out which is right",
            ),
        )
