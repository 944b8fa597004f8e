"""What sentences, charts' words and other formats tell that the tables do not; what two releases tell together."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

from attacker.attacking import MOST, not_understood, understand
from attacker.reading import HIDDEN, Release, Row, number
from attacker.system import plus

WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
NUMBER = r"(?:\d[\d,]*(?:\.\d+)?)"
OF = re.compile(rf"\b({NUMBER}|{'|'.join(WORDS)}) (?:out )?of (?:the )?({NUMBER})\b(?! ?%)([^.;]{{0,24}})")
STATUS = "CP or CLA|none|CIN|CP|CLA"
FLOW = re.compile(rf"([^.,;:]+), ({STATUS})(?: before)? to ({STATUS}): (\d+)")


def told_in_words(release: Release, restricted: dict[str, list[Row]]) -> list[str]:
    """Return the sentences that give a number which the tables hide, or a small one of their own."""
    shown, hidden = _rows_of_numbers(release.tables), _rows_of_numbers(restricted)
    found = []
    for where, text in dict.fromkeys(release.texts):
        for some, whole, what in OF.findall(text):
            part = float(WORDS[some] if some in WORDS else number(some))  # type: ignore[arg-type]
            base = float(number(whole))  # type: ignore[arg-type]
            if any({part, base} <= row for row in shown):
                continue
            small = 1 <= part <= MOST or 1 <= base - part <= MOST
            people = re.search(r"child|famil|file|group", what)
            if people and (small or any({part, base} <= row for row in hidden)):
                found.append(f"{where}: {some} of {whole}{what}")
        for group, before, after, value in FLOW.findall(text):
            row = _flow(release.tables, group, before, after)
            if row is None or row.get("children") in HIDDEN or row.get("children") != value:
                found.append(f"{where}: {group}, {before} to {after}: {value}")
    return found


def _flow(tables: dict[str, list[Row]], group: str, before: str, after: str) -> Row | None:
    for row in tables.get("transitions", []):
        if (row["group"], row["status_before"], row["status_after"]) == (group.strip(), before, after):
            return row
    return None


def _rows_of_numbers(tables: dict[str, list[Row]]) -> list[set[float]]:
    return [{v for v in map(number, row.values()) if v is not None} for rows in tables.values() for row in rows]


def told_by_another_format(release: Release) -> list[str]:
    """Return the cells that the spreadsheet or a page shows and the CSV file hides, or shows with more digits."""
    found = []
    for name, rows in release.tables.items():
        sheet = release.sheets.get(name[:31])
        if sheet:
            own = [cells for cells in sheet[1:] if rows or any(cells)]  # a table without rows has a blank one
            for k, (row, cells) in enumerate(zip(rows, own, strict=True)):
                for column, cell in zip(row, cells, strict=True):
                    if not _agree(row[column], cell):
                        found.append(
                            f"tables.xlsx, {name}, row {k}, {column}: {cell} where the CSV file says {row[column]}"
                        )
        found += [f"page, {name}: {text}" for text in _beyond(rows, release.grids.get(name, []))]
    return found


def _agree(text: str, cell: str) -> bool:
    if text in HIDDEN or number(text) is None:
        return number(cell) is None or number(text) is None and text not in HIDDEN
    return number(cell) is not None and abs(number(cell) - number(text)) < 1e-9 * max(1.0, abs(number(text)))  # type: ignore[operator]


def _beyond(rows: list[Row], grid: list[list[str]]) -> list[str]:
    """Return the numbers of a page's table that are no rounding of a number in its CSV file."""
    words = " ".join(text for row in rows for text in row.values() if number(text) is None)
    given = [number(text) for row in rows for text in row.values() if number(text) is not None]
    found = []
    for cell in (cell for row in grid[1:] for cell in row):
        value = number(cell)
        if value is None or cell in words:
            continue
        half = 0.5 * 10.0 ** -len(cell.rstrip("%").partition(".")[2]) + 1e-9
        if not any(abs(abs(value) * scale - abs(v)) <= half * scale for v in given for scale in (1, 0.01)):  # type: ignore[arg-type]
            found.append(cell)
    return found


def texts_of_records(data: Path, settings: str) -> set[str]:
    """Return the words that stand in the records and not in the study's file: what nobody but a record could tell."""
    found: Counter[str] = Counter()
    for file in sorted(set(data.glob("*.csv")) - {data / "import_report.csv"}):  # not a record: what was done with them
        with file.open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                found.update(v.strip() for v in row.values() if v and re.search(r"[A-Za-z].*[A-Za-z].*[A-Za-z]", v))
    return {text for text in found if len(text) > 5 and text not in settings}


def told_of_records(release: Release, texts: set[str]) -> list[str]:
    cells = [cell for rows in release.tables.values() for row in rows for cell in row.values() if cell]
    cells += [cell for grid in (*release.grids.values(), *release.sheets.values()) for row in grid for cell in row]
    everything = "\n".join([*cells, *(text for _, text in release.texts)])
    return sorted(text for text in texts if text in everything)


def told_by_the_last_release(old: dict[str, list[Row]], new: dict[str, list[Row]]) -> list[str]:
    """Return the counts that both releases show and that differ by so few that the difference is of a few children.

    Sizes of whole groups are left aside: that a child joined says nothing else of it.
    """
    before = understand(old, {})
    after = understand(new, {}, before.groups)
    values = {count.name: count.value for count in before.counts if count.value is not None}
    found = []
    sizes = [after.size(group) for group in after.groups]
    for count in after.counts:
        if count.sum in (*sizes, plus(*sizes)):
            continue
        gap = abs(count.value - values[count.name]) if count.value is not None and count.name in values else 0
        if 1 <= gap <= MOST:
            found.append(f"{count.name}: differs by {gap:g}")
    return found


def unknown_columns(tables: dict[str, list[Row]]) -> list[tuple[str, str]]:
    """Return the columns that look like counts and that the attacker was not told of."""
    return not_understood(understand(tables, {}))
