"""What a reviewer's workbook is made of: the names that its writer and its reader share."""

from __future__ import annotations

from stepdown.params.review import AuditTool

GUIDANCE, QUESTIONS, ANSWERS = "Guidance", "Questions", "Answers"
"""The three sheets of a workbook."""

FILE_ID, NOTES = "File", "Notes (never published)"
"""Headings of the first and the last column of the sheet Answers."""

REVIEWER, TOOL = "Reviewer", "Audit tool"
"""Labels in column A of the sheet Guidance; column B holds what they name."""


def question_headings(tool: AuditTool) -> dict[str, str]:
    """Return item_id → heading of its column in the sheet Answers ("Q1. Was the child safer?")."""
    return {item.item_id: f"Q{number}. {item.question}" for number, item in enumerate(tool.items, 1)}


def headings(tool: AuditTool) -> list[str]:
    """Return the headings of the sheet Answers, in order."""
    return [FILE_ID, *question_headings(tool).values(), NOTES]
