"""Reads the reviewers' filled workbooks; names every fault by file, sheet and cell, and guesses nothing."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from stepdown.contracts.sheets import scan
from stepdown.faults import Fault, Refused, nearest, refuse
from stepdown.limits import REVIEW_BYTES, REVIEW_CELLS
from stepdown.params.review import AuditTool
from stepdown.review.sampling import Sample
from stepdown.review.spreadsheets import (
    ANSWERS,
    FILE_ID,
    GUIDANCE,
    NOTES,
    QUESTIONS,
    REVIEWER,
    TOOL,
    headings,
    question_headings,
    question_rows,
)

CASE_FILE_COLUMNS = ("file_id", "period", "in_hub", "item_id", "response", "reviewer_id")
NOTE_COLUMNS = ("file_id", "reviewer_id", "note")
_RULE = "docs/case_file_review.md, step 4: each file of the sample, each question, one of the answers offered"


@dataclass(frozen=True, slots=True)
class Collected:
    """What the workbooks hold.

    case_files: one row per file × item × reviewer (CASE_FILE_COLUMNS), as the contract of that table wants it.
    notes: one row per file × reviewer with a note (NOTE_COLUMNS). Restricted: notes are never released.
    """

    case_files: pd.DataFrame
    notes: pd.DataFrame


@dataclass(slots=True)
class _Found:
    """What was read so far: faults, answers, notes, and where each reviewer's file stood first.

    unread: reviewers with a workbook whose columns could not be told, so that nothing is said of its rows.
    """

    faults: list[Fault] = field(default_factory=list)
    answers: list[tuple[str, str, str, str]] = field(default_factory=list)
    notes: list[tuple[str, str, str]] = field(default_factory=list)
    places: dict[tuple[str, str], str] = field(default_factory=dict)
    reviewers: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)

    def fault(self, where: str, found: str, allowed: str, remedy: str, *values: object) -> None:
        """Keep one fault."""
        self.faults.append(Fault(where, found, allowed, _RULE, remedy, tuple(map(str, values))))


def collect(paths: Sequence[Path], tool: AuditTool, sample: Sample) -> Collected:
    """Return the answers and notes in the workbooks at ``paths``; raises Refused with every fault of every one.

    Faults: an unknown or blank answer, a missing or extra sheet, a missing, renamed or doubled column, a file that
    is not in the reviewer's sample, a file of the sample that is missing, a file scored twice by one reviewer,
    merged cells, a formula or an error in place of an answer, a file that is no .xlsx workbook, a reviewer without
    a workbook. Columns and rows may have been moved: they are found by their heading and file id.
    """
    found = _Found()
    for path in sorted(paths):
        _read_workbook(path, tool, sample, found)
    for reviewer in sorted(set(sample.reviewers()) - found.reviewers):
        found.fault(
            f"reviewer {reviewer}",
            "no workbook of this reviewer",
            "one workbook of each reviewer in the sample",
            "put the filled workbook into the folder",
        )
    for file_id, reviewer in _unread(sample, found):
        found.fault(
            f"reviewer {reviewer}, sheet {ANSWERS}, column A",
            "a file of this reviewer's sample has no row",
            "a row for each file of the reviewer's sample",
            "put the row back, with the file's id in column A",
            file_id,
        )
    refuse(found.faults)
    return Collected(_case_files(found, sample), pd.DataFrame(found.notes, columns=list(NOTE_COLUMNS)))


def _unread(sample: Sample, found: _Found) -> Iterator[tuple[str, str]]:
    for row in sample.frame.itertuples(index=False):
        known = row.reviewer_id in found.reviewers - found.unread
        if known and (row.reviewer_id, row.file_id) not in found.places:
            yield str(row.file_id), str(row.reviewer_id)


def _case_files(found: _Found, sample: Sample) -> pd.DataFrame:
    frame = pd.DataFrame(found.answers, columns=["file_id", "item_id", "response", "reviewer_id"])
    files = sample.frame.drop_duplicates("file_id")[["file_id", "period", "in_hub"]]
    merged = frame.merge(files, on="file_id", how="left", validate="many_to_one")
    return merged[list(CASE_FILE_COLUMNS)].sort_values(["file_id", "reviewer_id"], kind="stable", ignore_index=True)


def _read_workbook(path: Path, tool: AuditTool, sample: Sample, found: _Found) -> None:
    opened = _opened(path, found)
    if opened is None:
        return
    known = [GUIDANCE, QUESTIONS, ANSWERS]
    names = list(opened)
    for name in (name for name in known if name not in names):
        hint = nearest(name, [other for other in names if other not in known])
        found.fault(
            path.name,
            f"no sheet {name}{hint}",
            "the sheets " + ", ".join(known),
            "give the sheet its name again, or copy the answers into a fresh workbook",
        )
    for name in (name for name in names if name not in known):
        found.fault(
            f"{path.name}, sheet {name}",
            "a sheet that the workbook did not have",
            "the sheets " + ", ".join(known),
            "move what it holds into the notes column and delete the sheet",
        )
    if GUIDANCE not in names or ANSWERS not in names:
        return
    reviewer = _reviewer(path, opened[GUIDANCE], tool, sample, found)
    if reviewer is not None:
        found.reviewers.add(reviewer)
        if QUESTIONS in names:
            _compare_questions(f"{path.name}, sheet {QUESTIONS}", opened[QUESTIONS], tool, found)
        _read_answers(path, opened[ANSWERS], tool, sample, reviewer, found)


def _compare_questions(where: str, sheet: Any, tool: AuditTool, found: _Found) -> None:
    """Refuse a question that was reworded: its answers would be answers to another question."""
    written = {(r, c): text for r, row in enumerate(question_rows(tool), 1) for c, text in enumerate(row, 1)}
    there = {(cell.row, cell.column): cell for row in sheet.iter_rows() for cell in row if cell.value is not None}
    changed = [
        place
        for place in sorted({*written, *there})
        if place not in there or str(there[place].value).strip() != written.get(place, "").strip()
    ]
    if changed:
        cells = ", ".join(f"{chr(64 + min(c, 26))}{r}" for r, c in changed[:5])
        found.fault(
            f"{where}, {len(changed)} cell(s): {cells}{', …' if len(changed) > 5 else ''}",
            "wording that is not the one that was written",
            "the questions, guidance and answers as they were written",
            "copy the answers into a fresh workbook; change a question in the audit tool, before the review",
        )


def _opened(path: Path, found: _Found) -> dict[str, Any] | None:
    """Return the worksheets of the workbook at ``path`` by name (formulas as formulas), or None with a fault."""
    import openpyxl

    if path.suffix.lower() != ".xlsx":
        what = f"a file of type {path.suffix or 'unknown'}"
    else:
        try:
            with zipfile.ZipFile(path) as packed:
                size = sum(part.file_size for part in packed.infolist())
            if size <= REVIEW_BYTES:
                scan(path, REVIEW_CELLS)
                return {sheet.title: sheet for sheet in openpyxl.load_workbook(path, data_only=False).worksheets}
            what = f"{size / 1e6:,.0f} MB when unpacked"
        except Refused as refused:
            found.faults.extend(refused.faults)
            return None
        except Exception as error:  # noqa: BLE001 (openpyxl raises whatever a damaged part makes of it)
            protected = path.is_file() and path.read_bytes()[:4] == b"\xd0\xcf\x11\xe0"
            what = "a workbook with a password" if protected else f"no readable workbook ({type(error).__name__})"
    allowed = "the .xlsx workbook that the reviewer was given, without a password"
    remedy = "save it again as .xlsx from Excel or LibreOffice, and take other files out of the folder"
    found.fault(path.name, what, allowed, remedy)
    return None


def _reviewer(path: Path, sheet: Any, tool: AuditTool, sample: Sample, found: _Found) -> str | None:
    """Return the reviewer that the sheet Guidance names, or None with a fault."""
    said = {row[0].value: (row[1].value, row[1].coordinate) for row in sheet.iter_rows(max_col=2) if row[0].value}
    title, place = said.get(TOOL, (None, "B3"))
    if title != tool.title:
        found.fault(
            f"{path.name}, sheet {GUIDANCE}, cell {place}",
            "another audit tool, or none",
            tool.title,
            "use the workbooks that were written for this review",
        )
        return None
    reviewer, place = said.get(REVIEWER, (None, "B4"))
    if reviewer not in sample.reviewers():
        found.fault(
            f"{path.name}, sheet {GUIDANCE}, cell {place}",
            "a reviewer that the sample does not have, or none",
            ", ".join(sample.reviewers()),
            "put the reviewer's code back",
        )
        return None
    return str(reviewer)


def _read_answers(path: Path, sheet: Any, tool: AuditTool, sample: Sample, reviewer: str, found: _Found) -> None:
    where = f"{path.name}, sheet {ANSWERS}"
    for merged in sorted(str(area) for area in sheet.merged_cells.ranges):
        found.fault(f"{where}, cells {merged}", "merged cells", "one answer in one cell", "split the cells again")
    columns = _columns(where, sheet, tool, found)
    if columns is None:
        found.unread.add(reviewer)
        return
    mine = set(sample.files_of(reviewer))
    for row in sheet.iter_rows(min_row=2):
        if all(cell.value is None for cell in row):
            continue
        file_cell = row[columns[FILE_ID]]
        file_id = _file_id(where, file_cell, mine, reviewer, found)
        if file_id is not None:
            _read_row(where, row, columns, tool, file_id, reviewer, found)


def _columns(where: str, sheet: Any, tool: AuditTool, found: _Found) -> dict[str, int] | None:
    """Return heading → column number (from 0); None with faults when the headings are not those written."""
    wanted = headings(tool)
    places: dict[str, int] = {}
    before = len(found.faults)
    for cell in next(sheet.iter_rows(max_row=1), ()):
        name = cell.value
        if name is None:
            continue
        if name not in wanted:
            hint = nearest(str(name), [head for head in wanted if head not in places])
            found.fault(
                f"{where}, cell {cell.coordinate}",
                f"a heading that the workbook did not have{hint}",
                "the headings as they were written",
                "put the heading back word for word, or delete the column",
                name,
            )
        elif name in places:
            found.fault(
                f"{where}, cell {cell.coordinate}",
                "a heading that appears twice",
                "each heading once",
                "delete one column",
            )
        else:
            places[name] = cell.column - 1
    for name in (name for name in wanted if name not in places):
        found.fault(f"{where}, row 1", f"no column “{name}”", "every heading as written", "put the column back")
    return places if len(found.faults) == before else None


def _file_id(where: str, cell: Any, mine: set[str], reviewer: str, found: _Found) -> str | None:
    place = f"{where}, cell {cell.coordinate}"
    if cell.data_type == "f":
        found.fault(place, "a formula in place of a file id", "the file id as written", "type the file id")
        return None
    if cell.value is None or str(cell.value) not in mine:
        what = "no file id" if cell.value is None else "a file id that is not in this reviewer's sample"
        found.fault(place, what, "the file ids as written", "put the file id back, or delete the row", cell.value)
        return None
    file_id = str(cell.value)
    earlier = found.places.setdefault((reviewer, file_id), place)
    if earlier != place:
        found.fault(
            place,
            f"a file that the same reviewer has scored before ({earlier})",
            "one row per file and reviewer, across all workbooks",
            "keep the right row, and delete the other",
            file_id,
        )
        return None
    return file_id


def _read_row(
    where: str, row: Sequence[Any], columns: dict[str, int], tool: AuditTool, file_id: str, reviewer: str, found: _Found
) -> None:
    heads = question_headings(tool)
    for item in tool.items:
        cell = row[columns[heads[item.item_id]]]
        codes = {tool.responses[code]: code for code in item.answers()}
        if cell.data_type not in ("f", "e") and cell.value in codes:
            found.answers.append((file_id, item.item_id, codes[cell.value], reviewer))
            continue
        blank = cell.value is None or (isinstance(cell.value, str) and not cell.value.strip())
        what = {"f": "a formula in place of an answer", "e": "an error in place of an answer"}.get(
            cell.data_type, "no answer" if blank else f"an answer that is not offered{_hint(cell.value, codes)}"
        )
        remedy = "choose an answer from the list" + (
            ""
            if "not_applicable" not in item.answers()
            else f" (or “{tool.responses['not_applicable']}”)"
            if blank
            else ""
        )
        values = () if blank else (cell.value,)
        found.fault(f"{where}, cell {cell.coordinate}", what, ", ".join(codes), remedy, *values)
    note = row[columns[NOTES]]
    if note.data_type in ("f", "e"):
        what = {"f": "a formula", "e": "an error"}[note.data_type]
        found.fault(f"{where}, cell {note.coordinate}", f"{what} in place of a note", "text", "type the note as text")
    elif note.value is not None and str(note.value).strip():
        found.notes.append((file_id, reviewer, str(note.value)))


def _hint(value: object, codes: Mapping[str, object]) -> str:
    return nearest(value.strip().capitalize(), codes) if isinstance(value, str) else ""
