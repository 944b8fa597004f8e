"""Who was reached and what they said: the sections of notebook 9 on people, each one sentence where it has no table."""

from __future__ import annotations

from stepdown.numbers import written
from stepdown.workbook import Book

NOTHING = "The study has no {what}: nothing is shown here."


def is_there(book: Book, part: str, table: str, what: str) -> bool:
    """Say whether a study has a part of its file and rows of its table; say in a sentence that it has not."""
    if getattr(book.settings, part) and len(book.records.table(table)):
        return True
    book.say(NOTHING.format(what=what))
    return False


def flow(book: Book) -> None:
    """Show who was referred, started, attended, completed and was seen at exit, and why others were not."""
    is_there(book, "delivery", "participation", "table of who took part")


def measures(book: Book) -> None:
    """Show each questionnaire's change between entry and exit, beside the number not seen again."""
    is_there(book, "instruments", "responses", "questionnaires")


def survey(book: Book) -> None:
    """Show each survey's response, its answers, and what those who did not answer could do to them."""
    is_there(book, "surveys", "survey_answers", "survey")


def training(book: Book) -> None:
    """Show training and consultation, planned against done."""
    is_there(book, "delivery", "log", "log of training or consultation")


def logic_model(book: Book) -> None:
    """Show each claim of the logic model with what measures it, and list claims without one."""
    if not book.settings.logic_model:
        book.say(NOTHING.format(what="logic model"))
        return
    book.say(f"The logic model has {written(len(book.settings.logic_model), 'row')}.")
