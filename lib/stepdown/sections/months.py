"""What happened month by month, whether the groups moved alike before, and whether a difference lasts.

A study whose dates were made up has no months: the first call says why, the others are silent.
"""

from __future__ import annotations

from functools import lru_cache

from stepdown import months
from stepdown.months import ByMonth
from stepdown.show import month_charts
from stepdown.workbook import Book

MONTHS = "Months are counted back from the start of support and on from its end. The grey gap is the support itself."
TRENDS = (
    "The same as a difference: programme minus comparison, relative to the time before. If the months before are "
    "at zero, the groups moved alike. The table continues the earlier line of the difference, and lets that line "
    "bend by at most M from one month to the next (Rambachan and Roth 2023)."
)
LASTING = (
    "Does it last? The same comparison over longer times after, each only for the children who could be followed "
    "that long. The table shows how far these children differ from all."
)


def month_by_month(book: Book) -> None:
    """Show who held which status in each month, in both groups, and the mean of the headline outcome.

    >>> sections.month_by_month(book)
    Nothing is shown month by month: ...
    """
    why = months.why_not(book.study)
    if why:
        book.say(why)
        return
    found = _found(book)
    if not found.areas.numbers.size:
        book.say(months.NOBODY_SEEN)
        return
    book.say(MONTHS)
    areas = book.clear(months.months_table(found))
    book.tell(areas, months.reach_sentence, found.outcomes.groups, found.fewest)
    if not areas.left_out:
        book.chart(month_charts.status_areas(areas), name="months")
    if found.days is None:
        book.say(months.why_no_days(book.study))
        return
    book.chart(month_charts.month_lines(book.clear(months.month_days_table(found))), name="month_days")


def trends(book: Book) -> None:
    """Say and show whether the groups moved alike before, and how large a break of trend would overturn the finding.

    >>> sections.trends(book)
    """
    found = None if months.why_not(book.study) else _found(book)
    if found is None or found.days is None:
        return
    book.say(TRENDS)
    table = book.clear(months.trends_table(found))
    book.tell(table, months.trend_sentence, found.outcomes.groups, limit=months.TRENDS_LIMIT)
    p_before = float(table.numbers("p_before").iloc[0])
    book.chart(month_charts.event_plot(book.clear(months.event_study_table(found)), p_before), name="event_study")
    shown = ["assumption", "m", "estimate", "ci_low", "ci_high"]
    book.table(table, caption="The average after, if the earlier trend had continued", columns=shown)


def lasting(book: Book) -> None:
    """Show the comparison at several lengths after support, and who could be followed so long.

    >>> sections.lasting(book)
    """
    if months.why_not(book.study):
        return
    study, records, outcomes = book.study, book.records, book.outcomes
    fewest = _found(book).fewest
    table = book.clear(months.lasting_table(study, records, outcomes, fewest))
    if table.frame.empty:
        return
    book.say(LASTING)
    book.tell(table, months.lasting_sentence)
    who = book.clear(months.followed_table(study, records, outcomes, fewest)).spread("months", values=["mean"])
    book.table(
        who, caption="Who was followed how long (mean; 0 months: all children analysed)", notes=[months.WHO_NOTE]
    )


@lru_cache(maxsize=1)  # a run's process has one book
def _found(book: Book) -> ByMonth:
    return months.by_month(book.study, book.records, book.outcomes)
