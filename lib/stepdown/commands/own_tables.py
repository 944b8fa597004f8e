"""Reads the headings of a user's own workbook or CSV files and proposes which is which table and column.

It proposes and decides nothing: what it finds stands in the parameter file, where the user confirms it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stepdown.commands.mapping import block, column_lines
from stepdown.contracts.headings import Headings, folded, told_apart
from stepdown.contracts.model import Contract
from stepdown.contracts.registered import known_tables
from stepdown.importing import ETHNICITIES, Line, tables, without_totals
from stepdown.params.written import needs_day_first

_MOST_CODES = 40


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet or CSV that is taken for a table. file: as ``data.files`` names it. rows: below the headings."""

    name: str
    file: str
    headings: list[str]
    told: Headings
    rows: list[Line]

    def texts(self, column: str) -> set[str]:
        """Return the distinct texts of a column."""
        at = [place for place, heading in enumerate(self.headings) if self.told.columns.get(heading) == column]
        return {row[at[0]] for _, row in self.rows if at and at[0] < len(row) and row[at[0]]}

    def values(self, column: str) -> list[str]:
        """Return the distinct texts of a column, sorted; none where there are too many to be codes."""
        found = self.texts(column)
        return sorted(found) if len(found) <= _MOST_CODES else []

    def day_first(self) -> bool:
        """Return whether a column of dates holds one that only ``dates: day_first`` makes certain."""
        dates = [field.name for field in known_tables()[self.name].fields if field.type == "date"]
        return any(needs_day_first(text) for name in dates for text in self.texts(name))


def find_tables(source: Path) -> list[Table]:
    """Return the tables in a workbook, in a CSV, or in the files of a folder: for each the sheet that fits best."""
    paths = sorted(source.iterdir()) if source.is_dir() else [source]
    best: dict[str, tuple[float, Table]] = {}
    for path in paths:
        if path.suffix.lower() not in (".csv", ".xlsx") or path.name.startswith((".", "~")):
            continue
        for sheet, lines in tables(path, path.name):
            fit = _best_fit(lines, sheet or path.stem)
            if fit is None:
                continue
            score, contract, line, told = fit
            file = f"{path.name}#{sheet}" if sheet else path.name
            table = Table(contract.table, file, lines[line][1], told, without_totals(lines[line + 1 :]))
            if contract.table not in best or score > best[contract.table][0]:
                best[contract.table] = (score, table)
    order = list(known_tables())
    return sorted((table for _, table in best.values()), key=lambda table: order.index(table.name))


def _best_fit(lines: Sequence[Line], name: str) -> tuple[float, Contract, int, Headings] | None:
    """Return the contract and line of headings that fit a sheet best: the share of required columns, then how many."""
    fits = []
    for contract in known_tables().values():
        required = [field.name for field in contract.fields if field.required]
        for line, (_, cells) in enumerate(lines[:20]):
            told = told_apart([cell for cell in cells if cell], contract, {})
            there = set(told.columns.values())
            share = len(there.intersection(required)) / len(required)
            bonus = folded(name) == folded(contract.table)
            if "child_id" not in required or "child_id" in there:
                fits.append((share + bonus + len(there) / 100, contract, line, told))
    found = max(fits, key=lambda fit: fit[0], default=None)
    return found if found and found[0] >= 0.5 else None


def proposal(found: Sequence[Table]) -> dict[str, Any]:
    """Return what the template of a study file needs: files, columns, dates, labels and codes."""
    columns = {table.name: column_lines(table.told, known_tables()[table.name]) for table in found}
    by_name = {table.name: table for table in found}
    return {
        "tables": [{"name": table.name, "file": table.file} for table in found],
        "columns": block("columns", columns),
        "dates": any(table.day_first() for table in found),
        "groups": by_name["children"].values("group") if "children" in by_name else [],
        "ethnicities": _labelled(by_name.get("children"), "ethnicity_code"),
        "issues": _labelled(by_name.get("issues"), "issue_code"),
        "not_read": [f"{table.name}: {', '.join(table.told.ignored)}" for table in found if table.told.ignored],
        "private": [f"{table.name}: {', '.join(table.told.private)}" for table in found if table.told.private],
    }


def _labelled(table: Table | None, column: str) -> dict[str, str]:
    """Return code → label for the codes of a column: the department's label, else the code in plain words."""
    codes = table.values(column) if table else []
    return {code: ETHNICITIES.get(code) or code[:1].upper() + code[1:].replace("_", " ") for code in codes}
