"""Reads a spreadsheet with one row per person and one column per item, a time or a question as one row per cell."""

from __future__ import annotations

import re

import pandas as pd

from stepdown.contracts.headings import folded
from stepdown.contracts.model import Contract
from stepdown.faults import Fault, nearest, refuse
from stepdown.params.data import Wide

VALUES = {"responses": "response", "survey_answers": "answer"}
"""The tables that can be laid out so, and the column that the cells hold."""


def as_long(raw: pd.DataFrame, wide: Wide, contract: Contract, file: str) -> pd.DataFrame:
    """Return the cells of the columns that ``wide`` names as rows; the other columns stand beside each.

    The row labels stay those of the file. A blank cell is no row. Raises Refused with every fault of the setting.
    """
    names = [str(name) for name in raw.columns]
    headings = {folded(name): name for name in names}
    found = {headings[folded(name)]: cells for name, cells in wide.columns.items() if folded(name) in headings}
    for column, form in wide.headed.items():
        before, after = map(re.escape, form.split("*"))
        told = {name: re.fullmatch(f"{before}(.+){after}", name.strip(), re.I) for name in names if name not in found}
        found |= {name: {column: match[1].strip()} for name, match in told.items() if match}
    refuse(_faults(wide, contract, file, names, set(map(folded, found))))
    beside, value = raw.drop(columns=list(found)).astype("str"), VALUES[contract.table]
    parts = [beside.assign(**wide.every, **cells, **{value: raw[heading]}) for heading, cells in found.items()]
    long = pd.concat(parts).astype("str")
    return long[long[value].notna()].sort_index(kind="stable")


def _faults(wide: Wide, contract: Contract, file: str, names: list[str], found: set[str]) -> list[Fault]:
    where, rule = f"{file}, and data.wide.{contract.table} in the study file", "docs/people.md: a wide spreadsheet"
    told: list[tuple[str, str, str]] = []
    if contract.table not in VALUES:
        told.append(("a table that is never wide", ", ".join(VALUES), "take the setting out"))
    for name in wide.columns:
        if folded(name) not in found:
            said = f"no column headed {name!r}{nearest(name, names)}"
            told.append((said, "the headings of the file", "correct the heading in the study file"))
    if wide.headed and len(found) <= len(wide.columns):
        said = f"no heading of the form {' or '.join(map(repr, wide.headed.values()))}"
        told.append((said, "at least one, with a cell in place of *", "correct the form in the study file"))
    columns = {c for cells in (*wide.columns.values(), wide.every, wide.headed) for c in cells}
    for name in sorted(columns - set(contract.names())):
        said = f"a column that the table does not have: {name!r}{nearest(name, contract.names())}"
        told.append((said, ", ".join(contract.names()), "correct the name"))
    return [Fault(where, said, allowed, rule, remedy) for said, allowed, remedy in told]
