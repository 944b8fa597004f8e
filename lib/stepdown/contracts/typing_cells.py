"""Types the cells of a table: text as it was read becomes dates, numbers and flags, or a fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd

from stepdown.contracts.dates import parse_dates
from stepdown.contracts.model import Contract, Field, How
from stepdown.contracts.schema import RULE, lines_of
from stepdown.faults import Fault, nearest, some_names, some_rows
from stepdown.params.written import SWAPPED, month_first, needs_day_first, swapped

FLAGS = {"true": True, "false": False, "yes": True, "no": False, "y": True, "n": False, "1": True, "0": False}
"""What a flag may be written as, in any capitals."""
_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?"

ALLOWED = {
    "date": "a date that exists, as year-month-day (2018-02-28), or a blank cell where it is not known",
    "number": "a plain number such as 12.5, without £ or thousands separators",
    "whole number": "a whole number such as 3",
    "flag": "true or false (or yes and no, Y and N, 1 and 0)",
}

DAY_FIRST_FOUND = "text that is not a date as year-month-day; it may be day/month/year, which only you can say"
AMERICAN_FOUND = "text that is not a date: month before day, American order"
AMERICAN_REMEDY = (
    "write the dates as year-month-day; the order comes from the program that wrote the file: set its region to the "
    "United Kingdom and repeat the extract"
)

REMEDY = {
    "date": "write the date as year-month-day, or set data.dates: day_first in the study file where all dates of the "
    "tables are day/month/year",
    "number": "write the number in full, without units and separators (1200 for £1.2k)",
    "whole number": "write a whole number, or leave the cell blank if it is not known",
    "flag": "write true or false",
}


def column_faults(raw: pd.DataFrame, contract: Contract, file: str) -> list[Fault]:
    """Return the faults in the columns that a file has: missing or unknown."""
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
                f"{len(unknown)} heading(s) that are not known: {some_names(unknown)}{nearest(unknown[0], known)}",
                "only " + ", ".join(known),
                f"{rule}; read no more about a child than the evaluation needs",
                "correct the heading, or remove the column from the file",
            )
        )
    return faults


def no_row(contract: Contract, file: str) -> Fault:
    """Return the fault of a table without a row of data."""
    return Fault(
        file,
        "no row of data",
        f"at least one {contract.one_row_is}",
        f"docs/data_dictionary.md, table {contract.table}; an empty table is more often a failed extract "
        "than a true zero",
        "repeat the extract; leave the file out if the study has no such table",
    )


def typed(
    raw: pd.DataFrame, contract: Contract, file: str, *, day_first: bool = False, how: How | None = None
) -> tuple[pd.DataFrame, list[Fault]]:
    """Return the table with typed cells (absent optional columns added, blank) and the cells that cannot be read.

    day_first: whether the study says that its dates are day/month/year.  how: counts what did not stand in plain form.
    """
    columns: dict[str, pd.Series] = {}
    faults = []
    for field in contract.fields:
        cells = raw[field.name] if field.name in raw else pd.Series(pd.NA, index=raw.index, dtype="str")
        if field.type == "date":
            columns[field.name], unreadable = parse_dates(cells.rename(field.name), day_first=day_first, how=how)
        else:
            columns[field.name], unreadable = _typed_column(cells, field, Counter() if how is None else how)
        if unreadable.any():
            faults.append(_unreadable(cells[unreadable], field, contract, file))
    return pd.DataFrame(columns, index=raw.index), faults


@cache
def _without_rows(contract: Contract) -> pd.DataFrame:
    return typed(pd.DataFrame(columns=contract.names(), dtype="str"), contract, contract.table)[0]


def without_rows(contract: Contract) -> pd.DataFrame:
    """Return the table without a row, its columns typed."""
    return _without_rows(contract).copy()


def _typed_column(cells: pd.Series, field: Field, how: How) -> tuple[pd.Series, pd.Series]:
    if field.type in ("number", "whole number"):
        numbers = pd.to_numeric(cells.where(cells.str.fullmatch(_NUMBER)), errors="coerce").astype("float64")
        numbers = numbers.where(np.isfinite(numbers))
        bad = numbers.isna() & cells.notna()
        if field.type == "whole number":
            bad |= numbers.notna() & (numbers % 1 != 0)
        return numbers.mask(bad), bad
    if field.type == "flag":
        words = cells.str.lower()
        flags = words.map(FLAGS, na_action="ignore")
        otherwise = int((flags.notna() & ~words.isin(["true", "false"])).sum())
        if otherwise:
            how[field.name, "yes and no, Y and N, 1 and 0 read as true and false"] += otherwise
        return flags.astype("boolean"), flags.isna() & cells.notna()
    return cells, pd.Series(False, index=cells.index)


def one_for_one_cause(faults: Sequence[Fault]) -> list[Fault]:
    """Return the faults with those of dates in one order as one, wherever they stand."""
    out = list(faults)
    for cause in (DAY_FIRST_FOUND, AMERICAN_FOUND):
        same = [fault for fault in out if fault.found == cause]
        if len(same) > 1:
            files = len({fault.where.partition(", column ")[0] for fault in same})
            where = "; ".join(fault.where for fault in same)
            whole = f"{len(same)} columns of {files} file{'s' if files > 1 else ''}: {where}"
            values = tuple(value for fault in same for value in fault.values[:1])
            first = Fault(whole, cause, same[0].allowed, same[0].rule, same[0].remedy, values)
            out = [first, *(fault for fault in out if fault.found != cause)]
    return out


def _unreadable(cells: pd.Series, field: Field, contract: Contract, file: str) -> Fault:
    texts = cells.unique() if field.type == "date" else []
    where = f"{file}, column {field.name}, {some_rows(lines_of(cells.index))}"
    rule = RULE.format(table=contract.table, column=field.name)
    if swapped(texts):
        return Fault(where, SWAPPED[0], SWAPPED[1], rule, SWAPPED[2], tuple(map(str, texts[:5])))
    if len(texts) and all(month_first(text) or needs_day_first(text) for text in texts):
        american = any(map(month_first, texts))
        cause, remedy = (AMERICAN_FOUND, AMERICAN_REMEDY) if american else (DAY_FIRST_FOUND, REMEDY["date"])
        return Fault(where, cause, ALLOWED["date"], rule, remedy, tuple(map(str, texts[:5])))
    form = str(cells.iloc[0])
    masked = "".join("9" if c.isdigit() else "x" if c.isalpha() else c for c in form[:20])
    return Fault(
        where=where,
        found=f"text that is not a {field.type} (the first has the form {masked})",
        allowed=ALLOWED[field.type],
        rule=rule,
        remedy=REMEDY[field.type],
        values=tuple(dict.fromkeys(str(value) for value in cells.head(5))),
    )
