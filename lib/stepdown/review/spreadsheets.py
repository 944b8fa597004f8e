"""A reviewer's Excel workbook: guidance, questions, and a row a file with drop-down answers."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from stepdown.params.review import AuditItem, AuditTool

GUIDANCE, QUESTIONS, ANSWERS = "Guidance", "Questions", "Answers"
"""The three sheets of a workbook."""

FILE_ID, NOTES = "File", "Notes (never published)"
"""Headings of the first and the last column of the sheet Answers."""

REVIEWER, TOOL = "Reviewer", "Audit tool"
"""Labels in column A of the sheet Guidance; column B holds what they name."""

_FONT = {"font_name": "Calibri", "font_size": 11, "valign": "top", "text_wrap": True}
_FORMATS: dict[str, dict[str, Any]] = {
    "text": {},
    "title": {"bold": True, "font_size": 16, "text_wrap": False},
    "label": {"bold": True},
    "head": {"bold": True, "font_color": "#FFFFFF", "bg_color": "#12436D", "border": 1, "border_color": "#9AA5B1"},
    "file": {"bold": True, "bg_color": "#E9EDF2", "border": 1, "border_color": "#9AA5B1", "num_format": "@"},
    "answer": {"locked": False, "border": 1, "border_color": "#9AA5B1", "num_format": "@"},
    "cell": {"border": 1, "border_color": "#9AA5B1"},
}


def question_headings(tool: AuditTool) -> dict[str, str]:
    """Return item_id → heading of its column in the sheet Answers ("Q1. Was the child safer?")."""
    return {item.item_id: f"Q{number}. {item.question}" for number, item in enumerate(tool.items, 1)}


def question_rows(tool: AuditTool) -> list[list[str]]:
    """Return the cells of the sheet Questions, the headings first."""
    names = {cell.code: cell.name for framework in tool.frameworks for cell in framework.cells}
    labels = question_headings(tool)
    rows = [["Question", "What to look for", "Answers", "Serves"]]
    for item in tool.items:
        answers = ", ".join(tool.responses[code] for code in item.answers())
        serves = "; ".join(names[code] for code in item.serves) or item.heading
        rows.append([labels[item.item_id], item.look_for or "See the question.", answers, serves])
    return rows


def headings(tool: AuditTool) -> list[str]:
    """Return the headings of the sheet Answers, in order."""
    return [FILE_ID, *question_headings(tool).values(), NOTES]


def write_answer_sheets(path: Path, tool: AuditTool, reviewer_id: str, file_ids: Sequence[str]) -> Path:
    """Write one reviewer's workbook and return its path.

    The workbook does not show the period, the Hub or who else reads a file, and the files stand in random order.
    Only answers and notes can be typed; drop-downs offer the answers that each question allows. No cell is merged,
    every sheet has a title or a heading row, and the heading row and the file's name stay in view.
    """
    with xlsxwriter.Workbook(str(path)) as book:
        book.set_properties(
            {
                "title": f"{tool.title}: answers of reviewer {reviewer_id}",
                "subject": "Case-file review",
                "comments": "Restricted: holds answers on children's case files. Return it to the evaluator only.",
            }
        )
        formats = {name: book.add_format({**_FONT, **extra}) for name, extra in _FORMATS.items()}
        _guidance(book.add_worksheet(GUIDANCE), tool, reviewer_id, len(file_ids), formats)
        _questions(book.add_worksheet(QUESTIONS), tool, formats)
        _answers(book.add_worksheet(ANSWERS), tool, file_ids, formats)
    return path


def _guidance(sheet: Any, tool: AuditTool, reviewer_id: str, files: int, formats: dict[str, Any]) -> None:
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 96)
    sheet.write(0, 0, "Case-file review", formats["title"])
    rows = [(TOOL, tool.title), (REVIEWER, reviewer_id), ("Files to read", str(files))]
    rows += [(f"Step {number}", line) for number, line in enumerate(tool.guidance, 1)]
    offered = {code for item in tool.items for code in item.answers()}
    rows += [(f"Answer: {name}", tool.meanings[code]) for code, name in tool.responses.items() if code in offered]
    for place, (label, text) in enumerate(rows, 2):
        sheet.set_row(place, _height((text,), (90,)))
        sheet.write_string(place, 0, label, formats["label"])
        sheet.write_string(place, 1, text, formats["text"])
    _protect(sheet)
    _print(sheet, landscape=False)


def _questions(sheet: Any, tool: AuditTool, formats: dict[str, Any]) -> None:
    widths = (48, 56, 22, 34)
    heads, *rows = question_rows(tool)
    for column, (head, width) in enumerate(zip(heads, widths, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, head, formats["head"])
    for place, texts in enumerate(rows, 1):
        sheet.set_row(place, _height(texts, [width - 4 for width in widths]))
        for column, text in enumerate(texts):
            sheet.write_string(place, column, text, formats["cell"])
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    _protect(sheet)
    _print(sheet, landscape=True)


def _answers(sheet: Any, tool: AuditTool, file_ids: Sequence[str], formats: dict[str, Any]) -> None:
    heads = headings(tool)
    last_row, notes = len(file_ids), len(heads) - 1
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, notes - 1, 22)
    sheet.set_column(notes, notes, 60)
    sheet.set_row(0, _height(heads, [17] * len(heads)) + 15)
    for column, head in enumerate(heads):
        sheet.write_string(0, column, head, formats["head"])
    for row, file_id in enumerate(file_ids, 1):
        sheet.set_row(row, 33)
        sheet.write_string(row, 0, file_id, formats["file"])
        for column in range(1, notes + 1):
            sheet.write_blank(row, column, None, formats["answer"])
    if file_ids:
        for column, item in enumerate(tool.items, 1):
            sheet.data_validation(1, column, last_row, column, _drop_down(item, tool, column))
    sheet.freeze_panes(1, 1)
    sheet.repeat_rows(0)
    sheet.repeat_columns(0)
    sheet.set_selection(1, 1, 1, 1)
    sheet.activate()
    _protect(sheet)
    _print(sheet, landscape=True)
    sheet.set_print_scale(60)


def _height(texts: Sequence[str], widths: Sequence[float]) -> float:
    """Return a row's height in points that holds the texts, wrapped at so many characters."""
    return 4 + 15.5 * max(len(textwrap.wrap(text, int(width))) or 1 for text, width in zip(texts, widths, strict=True))


def _drop_down(item: AuditItem, tool: AuditTool, number: int) -> dict[str, Any]:
    answers = [tool.responses[code] for code in item.answers()]
    return {
        "validate": "list",
        "source": answers,
        "input_title": f"Question {number}",
        "input_message": _short(item.look_for or item.question, 250),
        "error_title": "Not one of the answers",
        "error_message": _short("Choose from the list: " + ", ".join(answers), 250),
        "error_type": "stop",
    }


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rsplit(" ", 1)[0] + "…"


def _protect(sheet: Any) -> None:
    """Keep what is not an answer from being typed over by mistake (no password: it is not a secret)."""
    sheet.protect("", {"format_columns": True, "format_rows": True})


def _print(sheet: Any, *, landscape: bool) -> None:
    if landscape:
        sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(0.4, 0.4, 0.5, 0.6)
    sheet.set_footer("&LRestricted: answers on children's case files&CPage &P of &N&R&A")
