"""Holds the values of a table to its contract: blanks, codes, forms, ranges, order and repeats, each with its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from stepdown.contracts.model import Codes, Contract, Field, Ordered
from stepdown.faults import Fault, nearest, some_rows

FIRST_LINE = 2
"""Line in the file of the first row of data: line 1 holds the headings."""

RULE = "docs/data_dictionary.md, table {table}, column {column}"

Finding = tuple[pd.Series | np.ndarray, str, str, str]
"""Which rows fail a rule, what was found there, what is allowed, what to do."""


def lines_of(index: pd.Index) -> list[int]:
    """Return line numbers in the file for row positions."""
    return sorted(int(position) + FIRST_LINE for position in index.unique())


def row_faults(frame: pd.DataFrame, where: str, rule: str, findings: Iterable[Finding]) -> list[Fault]:
    """Return a fault for each finding that some row of the frame has; where: file and what in it."""
    return [
        Fault(f"{where}, {some_rows(lines_of(frame.index[failed]))}", found, allowed, rule, remedy)
        for failed, found, allowed, remedy in findings
        if failed.any()
    ]


def check_values(
    frame: pd.DataFrame,
    raw: pd.DataFrame,
    contract: Contract,
    codes: Codes,
    file: str,
) -> list[Fault]:
    """Return the faults in the values of a table that has the right columns.

    frame: typed values; raw: the same rows as text; codes: the study's own codes by column; file: its name.
    """
    faults = []
    for field in contract.fields:
        known = tuple(codes.get(field.name, field.codes))
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
            "fill the cell from the source, or remove the row and say so in the data log",
        )
    if codes:
        yield (
            given & ~typed.isin(codes),
            "an unknown code",
            "one of " + ", ".join(codes[:30]) + (", …" if len(codes) > 30 else ""),
            "correct the code; or name it in the study file: among its codes, or under data.codes with the one it is",
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
        days = (frame[rule.later] - frame[rule.earlier]).dt.days
        short, long = days < rule.least_days, days > (float("inf") if rule.most_days is None else rule.most_days)
        found = f"{rule.later} before {rule.earlier}" if not long.any() else f"{rule.later} too far from {rule.earlier}"
        remedy = "correct one of the two dates at its source"
        allowed = f"{in_order(rule)}: {rule.because}"
        yield f"{rule.earlier} and {rule.later}", (short | long, found, allowed, remedy)
    if contract.unique:
        yield (
            " and ".join(contract.unique),
            (
                frame.duplicated(list(contract.unique), keep="first"),
                "rows that repeat an earlier one",
                f"one row for each {contract.one_row_is.split(' (')[0]}",
                "remove the repeated rows, or find out which one is right",
            ),
        )
    if contract.one_version:
        names = list(contract.one_version)
        yield (
            ", ".join(names),
            (
                frame.duplicated(names, keep=False) & ~frame.duplicated(contract.names(), keep=False),
                f"two versions of one {contract.one_row_is.split(' of ')[0]}",
                f"rows that agree in {', '.join(names)} agree in everything",
                "find out which version is right, and remove the other",
            ),
        )


def in_order(rule: Ordered) -> str:
    """Word the rule that two dates of a row stand in order."""
    least = f"from {-rule.least_days} days before" if rule.least_days < 0 else "on or after"
    most = "" if rule.most_days is None else f" to {rule.most_days // 366} years after it"
    return f"{rule.later} {least} {rule.earlier}{most}"
