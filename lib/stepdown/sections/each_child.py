"""Days of each child as points: only where nothing of the study needs to be hidden, as a point is a child."""

from __future__ import annotations

from itertools import product

from stepdown.measures import PERIODS, measured
from stepdown.outcomes import ChildOutcomes
from stepdown.show import movement_charts
from stepdown.tables import AggregateTable, Column, Role
from stepdown.workbook import Book

MOST_CHILDREN = 1_000
"""Of more children than this the points would lie over one another, and take longer than all else of the page."""


def days_of_each_child(book: Book) -> None:
    """Show the days of each child at each status as points with their mean; nothing where numbers are hidden.

    Nothing of more than ``MOST_CHILDREN`` either.

    >>> sections.days_of_each_child(book)
    Strip of points, one a child. After, 1 of 78 IFP children and 12 of 116 Comparison children had days on a ...
    """
    if book.settings.disclosure.method == "none" and len(book.outcomes.frame) <= MOST_CHILDREN:
        table = book.clear(_days_of_children(book.outcomes))
        headline = measured(book.settings.effects.headline).status or book.settings.ladder[0]
        book.chart(movement_charts.days_strip(table, headline=headline), name=table.name)


def _days_of_children(outcomes: ChildOutcomes) -> AggregateTable:
    """Return ``days_of_children``: one row is a group × period × status × number of days inside the window.

    It holds single children, whose days stand in a key: it is never cleared where a number must be hidden.
    """
    rows = []
    for label, period, status in product(outcomes.groups, PERIODS, outcomes.ladder):
        mine = outcomes.frame.loc[outcomes.frame["group"] == label, f"clipped_days_{status.lower()}_{period}"]
        rows += [(label, period, status, days, n) for days, n in mine.value_counts().sort_index().items()]
    columns = {name: Column(name.capitalize(), Role.KEY) for name in ("group", "period", "status", "days")}
    columns["children"] = Column("Children with so many days inside the window", Role.COUNT, "children", 0)
    return AggregateTable.of_rows("days_of_children", "group × period × status × number of days", columns, rows)
