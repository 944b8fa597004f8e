"""Types the cells of a table: text as it was read becomes dates, numbers and flags, or a fault."""

from __future__ import annotations

import pandas as pd

from stepdown.contracts.model import Contract, Field
from stepdown.contracts.reading import parse_dates
from stepdown.contracts.schema import RULE, lines_of
from stepdown.faults import Fault, nearest, some_rows

FLAGS = {"true": True, "false": False, "TRUE": True, "FALSE": False, "True": True, "False": False}

ALLOWED = {
    "date": "a date that exists, as year-month-day (2018-02-28), or a blank cell where it is not known",
    "number": "a plain number such as 12.5, without £ or thousands separators",
    "whole number": "a whole number such as 3",
    "flag": "true or false",
}

REMEDY = {
    "date": "write the date as year-month-day; in Excel give the column the format yyyy-mm-dd before saving",
    "number": "take units and separators out of the cell",
    "whole number": "write the number without a fraction, or leave the cell blank if it is not known",
    "flag": "write true or false",
}


def column_faults(raw: pd.DataFrame, contract: Contract, file: str) -> list[Fault]:
    """Return the faults in the columns that a file has: missing, unknown, or no row below them."""
    faults = []
    known = contract.names()
    headings = list(raw.columns)
    rule = f"docs/data_dictionary.md, table {contract.table}"
    missing = [f.name for f in contract.fields if f.required and f.name not in headings]
    if missing:
        faults.append(
            Fault(
                f"{file}, line 1 (headings)",
                "no column " + ", ".join(missing) + "".join(nearest(name, headings) for name in missing[:1]),
                "the columns " + ", ".join(f.name for f in contract.fields if f.required),
                rule,
                "add the column, or correct its heading",
            )
        )
    unknown = [name for name in headings if name not in known]
    if unknown:
        faults.append(
            Fault(
                f"{file}, line 1 (headings)",
                f"{len(unknown)} heading(s) that are not known: {', '.join(unknown)}{nearest(unknown[0], known)}",
                "only " + ", ".join(known),
                f"{rule}; no more about a child is read than the evaluation needs",
                "correct the heading, or take the column out of the file",
            )
        )
    if not len(raw):
        faults.append(
            Fault(
                file,
                "no row of data",
                f"at least one {contract.one_row_is}",
                f"{rule}; an empty table is more often a failed extract than a true nought",
                "repeat the extract; leave the file out if the study has no such table",
            )
        )
    return faults


def typed(raw: pd.DataFrame, contract: Contract, file: str) -> tuple[pd.DataFrame, list[Fault]]:
    """Return the table with typed cells (absent optional columns added, blank) and the cells that cannot be read."""
    columns: dict[str, pd.Series] = {}
    faults = []
    for field in contract.fields:
        cells = raw[field.name] if field.name in raw else pd.Series(pd.NA, index=raw.index, dtype="str")
        columns[field.name], unreadable = _typed_column(cells, field)
        if unreadable.any():
            faults.append(_unreadable(cells[unreadable], field, contract, file))
    return pd.DataFrame(columns, index=raw.index), faults


def _typed_column(cells: pd.Series, field: Field) -> tuple[pd.Series, pd.Series]:
    if field.kind == "date":
        return parse_dates(cells)
    if field.kind in ("number", "whole number"):
        numbers = pd.to_numeric(cells, errors="coerce").astype("float64")
        bad = numbers.isna() & cells.notna()
        if field.kind == "whole number":
            bad |= numbers.notna() & (numbers % 1 != 0)
        return numbers.mask(bad), bad
    if field.kind == "flag":
        flags = cells.map(FLAGS, na_action="ignore")
        return flags.astype("boolean"), flags.isna() & cells.notna()
    return cells, pd.Series(False, index=cells.index)


def _unreadable(cells: pd.Series, field: Field, contract: Contract, file: str) -> Fault:
    form = str(cells.iloc[0])
    masked = "".join("9" if c.isdigit() else "x" if c.isalpha() else c for c in form[:20])
    return Fault(
        where=f"{file}, column {field.name}, {some_rows(lines_of(cells.index))}",
        found=f"text that is not a {field.kind} (the first has the form {masked})",
        allowed=ALLOWED[field.kind],
        rule=RULE.format(table=contract.table, column=field.name),
        remedy=REMEDY[field.kind],
        values=tuple(dict.fromkeys(str(value) for value in cells.head(5))),
    )
