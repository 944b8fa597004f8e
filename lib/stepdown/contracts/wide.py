"""Reads a spreadsheet with one row a person and one column an item, a time or a question as one row a cell."""

from __future__ import annotations

import pandas as pd

from stepdown.contracts.headings import folded
from stepdown.contracts.model import Contract
from stepdown.faults import Fault, nearest, refuse
from stepdown.params.data import Wide

VALUES = {"responses": "response", "survey_answers": "answer"}
"""The tables that can be laid out so, and the column that the cells hold."""


def as_long(raw: pd.DataFrame, wide: Wide, contract: Contract, file: str) -> pd.DataFrame:
    """Return the cells of the columns that ``wide`` names as rows; the other columns stand beside each.

    The row labels stay those of the file. A blank cell is no row. Raises Refused for a heading that is not there, and
    for a column of the table that is not known.
    """
    headings = {folded(str(name)): str(name) for name in raw.columns}
    rule = "docs/people.md: how a wide spreadsheet is read"
    where = f"{file}, and data.wide.{contract.table} in the study file"
    faults = [
        Fault(where, f"no column headed so: {name!r}{nearest(name, map(str, raw.columns))}", "the headings of the file",
              rule, "correct the heading in the study file")
        for name in wide.columns if folded(name) not in headings
    ]  # fmt: skip
    named = {column for cells in (*wide.columns.values(), wide.every) for column in cells}
    unknown = sorted(named - set(contract.names()))
    faults += [
        Fault(where, f"a column that the table does not have: {name!r}{nearest(name, contract.names())}",
              ", ".join(contract.names()), rule, "correct the name")
        for name in unknown
    ]  # fmt: skip
    if contract.table not in VALUES:
        faults.append(Fault(where, "a table that is never wide", ", ".join(VALUES), rule, "take the setting out"))
    refuse(faults)
    taken = [headings[folded(name)] for name in wide.columns]
    beside = raw.drop(columns=taken).astype("str")
    parts = [
        beside.assign(**wide.every, **cells, **{VALUES[contract.table]: raw[heading]})
        for heading, cells in zip(taken, wide.columns.values(), strict=True)
    ]
    long = pd.concat(parts).astype("str")
    return long[long[VALUES[contract.table]].notna()].sort_index(kind="stable")
