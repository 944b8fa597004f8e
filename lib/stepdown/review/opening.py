"""Opens a returned workbook safely, or says why it cannot be read."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stepdown.faults import Fault

MOST_BYTES = 50_000_000
"""A workbook that unpacks to more than this is not a reviewer's workbook."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A workbook that could be read: its worksheets by name (openpyxl; formulas as formulas, not as results)."""

    sheets: Mapping[str, Any]


def open_workbook(path: Path, rule: str) -> tuple[Opened | None, list[Fault]]:
    """Return the workbook at ``path``, or None and the fault that keeps it from being read."""
    import openpyxl

    if path.suffix.lower() != ".xlsx":
        return None, [_unreadable(path, f"a file of type {path.suffix or 'unknown'}", rule)]
    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(part.file_size for part in packed.infolist())
        if size > MOST_BYTES:
            return None, [_unreadable(path, f"{size / 1e6:,.0f} MB when unpacked", rule)]
        book = openpyxl.load_workbook(path, data_only=False)
    except Exception as error:  # noqa: BLE001 (openpyxl raises whatever a damaged part makes of it)
        protected = path.read_bytes()[:4] == b"\xd0\xcf\x11\xe0" if path.is_file() else False
        what = "a workbook with a password" if protected else f"no readable workbook ({type(error).__name__})"
        return None, [_unreadable(path, what, rule)]
    return Opened({sheet.title: sheet for sheet in book.worksheets}), []


def _unreadable(path: Path, found: str, rule: str) -> Fault:
    return Fault(
        path.name,
        found,
        "the .xlsx workbook that the reviewer was given, without a password",
        rule,
        "save it again as .xlsx from Excel or LibreOffice, and take other files out of the folder",
    )
