"""The trial, time use, repeats and spending: sections of notebook 9, each one sentence where it has no table."""

from __future__ import annotations

from stepdown.sections.people import is_there
from stepdown.show import trial_charts
from stepdown.trials import repeats, sentences, tables, time_use
from stepdown.workbook import Book


def trial(book: Book) -> None:
    """Show a trial's flow, its outcomes as allocated, those who took the programme up, and subgroups named before.

    >>> sections.trials.trial(trial_book)
    428 families were assessed and 320 allocated: ...
    """
    if not is_there(book, "trial", "allocation", "trial"):
        return
    settings, found = book.settings.trial, tables.trial_of(book.study, book.records, book.outcomes)
    if settings is None:
        return
    flow = book.clear(tables.trial_flow_table(found))
    book.tell(flow, sentences.flow_sentence, found.labels, settings)
    book.table(flow, "What became of those who were assessed and allocated")
    if found.late:
        book.say(sentences.NEW_CLOCK)
    effect = book.clear(tables.trial_effect_table(found))
    book.tell(effect, sentences.effect_sentence, found.labels, limit=sentences.TRIAL_LIMIT)
    book.tell(effect, sentences.other_sentences, found.labels)
    took = book.clear(tables.trial_compliers_table(found))
    if not effect.left_out:
        book.chart(trial_charts.trial_forest(effect, took), name="trial")
        book.table(effect, "Outcomes of the trial, everyone in the arm allocated", columns=sentences.EFFECT_COLUMNS)
    book.tell(took, sentences.compliers_sentence, found.labels, limit=sentences.COMPLIERS_LIMIT)
    if settings.subgroups:
        groups = book.clear(tables.trial_subgroups_table(found))
        book.tell(groups, sentences.subgroup_sentences)
        book.table(groups, "Subgroups named in the protocol", columns=sentences.SUBGROUP_COLUMNS)


def hours(book: Book) -> None:
    """Show the share of workers' hours that is direct work, in the same weeks of two years.

    >>> sections.trials.hours(trial_book)
    Direct work was 33% of hours before and 60% after: ...
    """
    if is_there(book, "time_use", "time_diary", "diary of workers' time"):
        table = book.clear(time_use.time_use_table(book.study, book.records))
        book.tell(table, sentences.time_sentence, limit=sentences.TIME_LIMIT)
        book.table(table, "Direct work, in % of all hours", columns=sentences.TIME_COLUMNS)


def came_back(book: Book) -> None:
    """Show how many victims, and how many hearings, were followed by another hearing in time.

    >>> sections.trials.came_back(trial_book)
    A repeat is a further MARAC hearing ...
    """
    settings = book.settings.repeats
    if is_there(book, "repeats", "hearings", "table of hearings") and settings:
        table = book.clear(repeats.repeats_table(book.study, book.records))
        book.tell(table, sentences.repeats_sentences, settings.what, settings.within_days)
        book.tell(table, sentences.repeats_finding, limit=sentences.REPEATS_LIMIT)
        shown = ["period", "counted", "index", "repeated", "percent", "ci_low", "ci_high"]
        book.table(table, "Repeats, among those who could be followed the whole time", columns=shown)


def spending(book: Book) -> None:
    """Show spending in the prices of one year, split by number of children and cost per child; and what is claimed.

    >>> sections.trials.spending(trial_book)
    The council claims a saving of £2,600,000, ...
    """
    from stepdown.costs import spending as money  # here, so that other notebooks need not load all costs

    settings = book.settings.spending
    for saving in settings.savings if settings else ():
        book.say(money.saving_sentence(saving))
    if is_there(book, "spending", "log", "log of spending") and settings:
        table = book.clear(money.spending_table(book.study, book.records))
        book.tell(table, money.spending_sentences, settings.price_year)
        book.table(table, f"Spending, in prices of {settings.price_year}", columns=money.SHOWN)
        if not table.left_out:
            book.chart(trial_charts.volume_and_price(table), name="spending")
