"""Turns a contract into a pandera schema, and pandera's failures into faults in five parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from stepdown.contracts.model import Contract, Field
from stepdown.faults import Fault, nearest, some_rows

FIRST_LINE = 2
"""Line in the file of the first row of data: line 1 holds the headings."""

RULE = "docs/data_dictionary.md, table {table}, column {column}"

Checks = Mapping[str, tuple[pa.Check, str, str, str]]
"""By name of a check: the check, what was found, what is allowed, what to do."""


def lines_of(index: pd.Index) -> list[int]:
    """Return line numbers in the file for row positions."""
    return sorted(int(position) + FIRST_LINE for position in index.unique())


def column_checks(field: Field, codes: tuple[str, ...]) -> Checks:
    """Return the checks of one column by name."""
    checks: dict[str, tuple[pa.Check, str, str, str]] = {}
    if codes:
        checks["code"] = (
            pa.Check.isin(list(codes), name="code"),
            "a code that is not known",
            "one of " + ", ".join(codes[:30]) + (", …" if len(codes) > 30 else ""),
            "correct the code, or add it where the rule says",
        )
    if field.pattern:
        checks["form"] = (
            pa.Check.str_matches(rf"^(?:{field.pattern})$", name="form"),
            "text of another form",
            field.about,
            "write it in that form",
        )
    if field.lowest is not None or field.highest is not None:
        low = float("-inf") if field.lowest is None else field.lowest
        high = float("inf") if field.highest is None else field.highest
        checks["range"] = (
            pa.Check.in_range(low, high, name="range"),
            "a number out of range",
            f"from {low:g} to {high:g}" if high != float("inf") else f"{low:g} or more",
            "correct the number, or leave the cell blank if it is not known",
        )
    return checks


def row_checks(contract: Contract) -> dict[str, tuple[pa.Check, str, str, str, str]]:
    """Return the checks over several columns by name: (check, columns, found, allowed, to do)."""
    checks: dict[str, tuple[pa.Check, str, str, str, str]] = {}
    for rule in contract.ordered:
        name = f"{rule.earlier} to {rule.later}"
        checks[name] = (
            pa.Check(_in_order(rule.earlier, rule.later), name=name),
            f"{rule.earlier} and {rule.later}",
            f"{rule.later} before {rule.earlier}",
            f"{rule.later} on or after {rule.earlier}: {rule.because}",
            "correct one of the two dates at its source",
        )
    if contract.unique:
        key = list(contract.unique)
        checks["unique"] = (
            pa.Check(lambda frame: ~frame.duplicated(key, keep="first"), name="unique"),
            " and ".join(key),
            "rows that repeat an earlier one",
            f"one row for each {contract.one_row_is.split(' (')[0]}",
            "remove the repeated rows, or find out which is right",
        )
    return checks


def _in_order(earlier: str, later: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda frame: ~(frame[later] < frame[earlier])


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
    by_column = {f.name: column_checks(f, codes.get(f.name, f.codes)) for f in contract.fields}
    rows = row_checks(contract)
    schema = pa.DataFrameSchema(
        {
            f.name: pa.Column(checks=[check for check, *_ in by_column[f.name].values()], nullable=True)
            for f in contract.fields
        },
        checks=[check for check, *_ in rows.values()],
    )
    faults = [
        _blank(raw[f.name], f, contract, file) for f in contract.fields if not f.blank and raw[f.name].isna().any()
    ]
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
        in_column = cases[cases["schema_context"] == "Column"]
        for (column, number), failed in in_column.groupby(["column", "check_number"], sort=False):
            check = list(by_column[column].values())[int(number)]
            faults.append(_column_fault(raw[column], failed["index"], check, contract, column, file))
        over_row = cases[cases["schema_context"] == "DataFrameSchema"]
        for number, failed in over_row.groupby("check_number", sort=False):
            _, columns, found, allowed, remedy = list(rows.values())[int(number)]
            where = f"{file}, columns {columns}, {some_rows(lines_of(pd.Index(failed['index'])))}"
            faults.append(Fault(where, found, allowed, RULE.format(table=contract.table, column=columns), remedy))
    return faults


def _blank(cells: pd.Series, field: Field, contract: Contract, file: str) -> Fault:
    return Fault(
        where=f"{file}, column {field.name}, {some_rows(lines_of(cells.index[cells.isna()]))}",
        found="a blank cell",
        allowed=f"{field.about}; it cannot be blank",
        rule=RULE.format(table=contract.table, column=field.name),
        remedy="fill the cell from the source, or take the row out and say so in the data log",
    )


def _column_fault(
    cells: pd.Series,
    failed: pd.Series,
    check: tuple[pa.Check, str, str, str],
    contract: Contract,
    column: str,
    file: str,
) -> Fault:
    _, found, allowed, remedy = check
    positions = pd.Index(failed).unique()
    values = tuple(dict.fromkeys(str(value) for value in cells.loc[positions].head(5)))
    suggestion = nearest(values[0], allowed.removeprefix("one of ").split(", ")) if check[0].name == "code" else ""
    return Fault(
        where=f"{file}, column {column}, {some_rows(lines_of(positions))}",
        found=found + suggestion,
        allowed=allowed,
        rule=RULE.format(table=contract.table, column=column),
        remedy=remedy,
        values=values,
    )
