"""How many rows of an input were added, removed or changed since the last run, without keeping any record.

Of each row a keyed hash is kept in restricted/ (8 bytes of the whole row, 4 of its first cell); the key is random and
stays in the study's output folder.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

LARGEST = 200_000_000
_TEXT = {".csv", ".tsv"}
_BOOKS = {".xlsx", ".parquet"}
_ROW, _KEY = 8, 4


def salt_of(folder: Path) -> bytes:
    """Return the study's random key, made at its first run."""
    file = folder / ".salt"
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(os.urandom(16))
    except FileExistsError:
        pass
    return file.read_bytes()


def marks_of(file: Path, salt: bytes) -> bytes | None:
    """Return the marks of every row of a table, in the order of the file; None for what is no table."""
    if file.suffix not in _TEXT | _BOOKS or file.stat().st_size > LARGEST:
        return None
    marks = bytearray()
    for row in _rows(file):
        marks += hashlib.blake2b("\x1f".join(row).encode(), digest_size=_ROW, key=salt).digest()
        marks += hashlib.blake2b((row[0] if row else "").encode(), digest_size=_KEY, key=salt).digest()
    return bytes(marks)


def _rows(file: Path) -> Iterable[list[str]]:
    if file.suffix in _BOOKS:
        import pandas as pd

        frame = pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_excel(file, dtype=str)
        text = frame.to_csv(index=False)
    else:
        text = file.read_text(encoding="utf-8-sig", errors="replace")
    rows = csv.reader(io.StringIO(text), delimiter="\t" if file.suffix == ".tsv" else ",")
    next(rows, None)
    return rows


def row_changes(before: bytes, after: bytes) -> dict[str, int]:
    """Return the numbers of rows added, removed and changed; a row counts as changed when its first cell stayed."""
    old, new = _counted(before), _counted(after)
    gone, come = _keys(old - new), _keys(new - old)
    changed = sum((gone & come).values())
    return {"added": sum(come.values()) - changed, "removed": sum(gone.values()) - changed, "changed": changed}


def _counted(marks: bytes) -> Counter[bytes]:
    width = _ROW + _KEY
    return Counter(marks[at : at + width] for at in range(0, len(marks), width))


def _keys(rows: Counter[bytes]) -> Counter[bytes]:
    keys: Counter[bytes] = Counter()
    for row, count in rows.items():
        keys[row[_ROW:]] += count
    return keys
