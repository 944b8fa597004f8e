"""Who was reached and what they said: the sections of notebook 9 on people, each one sentence where it has no table."""

from __future__ import annotations

from stepdown import instruments, surveys
from stepdown.disclosure import ClearedTable
from stepdown.instruments import sentences as of_change
from stepdown.instruments import tables as shown
from stepdown.instruments.contract import with_age
from stepdown.params.people import LEVEL, Delivery
from stepdown.show import people_charts
from stepdown.surveys import sentences as of_reach
from stepdown.surveys.tables import ITEMS_SHOWN, REACH_SHOWN
from stepdown.workbook import Book


def is_there(book: Book, part: str, table: str, what: str) -> bool:
    """Say whether a study has a part of its file and rows of its table; say in a sentence that it has not."""
    if getattr(book.settings, part) and len(book.records.table(table)):
        return True
    book.absent(what)
    return False


def flow(book: Book) -> None:
    """Show who was referred, started, attended, completed and was seen at exit, and why others were not.

    >>> sections.people.flow(people_book)
    Of 300 referrals, 103 were of people seen at exit (34%). Change can be shown only for ...
    """
    if not is_there(book, "delivery", "participation", "table of who took part"):
        return
    records, delivery = book.records, book.settings.delivery or Delivery()
    reach = book.clear(surveys.reach_table(records.table("participation"), records.table("responses"), delivery))
    book.tell(reach, of_reach.finding, limit=of_reach.REACH_LIMIT)
    if reach.left_out:
        return
    book.chart(people_charts.flow(reach), name="reach")
    book.say(of_reach.flow_list(reach.frame))
    book.table(reach, caption="What became of each referral", columns=REACH_SHOWN)


def measures(book: Book) -> None:
    """Show each questionnaire's change between entry and exit, beside the number not seen again.

    >>> sections.people.measures(people_book)
    Children, SDQ by a parent: total difficulties: those measured twice changed by −4.4 ...
    """
    if not is_there(book, "instruments", "responses", "questionnaires"):
        return
    if with_age(book.records.table("responses"), book.records.children)["age_years"].isna().any():
        book.say(of_change.AGE_NOT_KNOWN)
    people = instruments.measured_people(book.study, book.records)
    changes = instruments.change_table(people, LEVEL)
    if len(changes.frame):
        change = book.clear(changes)
        book.tell(change, of_change.finding, limit=of_change.CHANGE_LIMIT)
        if not change.left_out:
            _changes(book, change)
    asked = instruments.yes_no_table(people, LEVEL)
    if len(asked.frame):
        answered = book.clear(asked)
        book.tell(answered, of_change.yes_no_list, caption="Yes/no questions, entry and exit", columns=shown.YES_SHOWN)
    for table, caption, columns in (
        (instruments.bands_table(people), "Bands of those measured twice", shown.BANDS_SHOWN),
        (instruments.reliable_table(people), "Change beyond the questionnaire's own error", shown.RELIABLE_SHOWN),
    ):
        if len(table.frame):
            notes = of_change.reliable_note(table.frame) if table.name == "reliable_change" else []
            book.table(book.clear(table), caption=caption, columns=columns, notes=notes)


def _changes(book: Book, change: ClearedTable) -> None:
    book.chart(people_charts.entry_and_exit(change), name="entry_and_exit")
    book.say(of_change.change_list(change.frame))
    book.table(change, caption="Change in those measured twice", columns=shown.CHANGE_SHOWN)
    book.chart(people_charts.bounds_of_change(change), name="change_bounds")
    caption = "The change for everyone due, by what is assumed about those not seen again"
    book.table(change, caption=caption, columns=shown.BOUNDS_SHOWN)
    book.say(of_change.completers_list(change.frame))
    caption = "At entry: those measured twice, and those not seen again"
    book.table(change, caption=caption, columns=shown.COMPLETERS_SHOWN)
    if words := of_change.cautions(change.frame):
        book.say(words)


def survey(book: Book) -> None:
    """Show each survey's response, its answers, and what those who did not answer could do to them.

    >>> sections.people.survey(people_book)
    Survey of families: 54 families of 660 answered (8.2%). Those who were asked were ...
    """
    if not is_there(book, "surveys", "survey_answers", "survey"):
        return
    answers, given = book.records.table("survey_answers"), book.settings.surveys
    response = book.clear(surveys.response_table(given, answers))
    book.tell(response, of_reach.response_sentence, limit=of_reach.SURVEY_LIMIT)
    items = book.clear(surveys.items_table(given, answers, LEVEL))
    if items.left_out:
        return
    book.chart(people_charts.survey_answers(items), name="survey_answers")
    book.say(of_reach.items_list(items.frame))
    book.table(items, caption="Answers, with intervals and bounds for everyone who could be asked", columns=ITEMS_SHOWN)


def training(book: Book) -> None:
    """Show training and consultation, planned against done.

    >>> sections.people.training(people_book)
    12 courses of 14 planned were held, with 139 attendances. Attendances are not people: ...
    """
    table = surveys.training_table(book.records.table("log"), book.settings.delivery or Delivery())
    if table.frame.empty:
        book.absent("log of training or consultation")
        return
    book.tell(table, of_reach.training_sentence, caption="Training and consultation")


def logic_model(book: Book) -> None:
    """Show each claim of the logic model with what measures it, and list claims without one.

    >>> sections.people.logic_model(people_book)
    Nothing measures “Services see the signs sooner” and “Fewer children live with abuse”. ...
    """
    if not book.settings.logic_model:
        book.absent("logic model")
        return
    table = book.clear(surveys.logic_table(book.study))
    book.say(of_reach.logic_sentence(table.frame, list(book.settings.measure_names().values())))
    book.table(table, caption="The logic model")
