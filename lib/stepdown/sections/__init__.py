"""Sections of a notebook that are more than a table and its sentence, one call each.

from stepdown import sections
sections.month_by_month(book)
sections.people.flow(book)
"""

from stepdown.sections import people, trials
from stepdown.sections.differences import how_far_apart
from stepdown.sections.each_child import MOST_CHILDREN, days_of_each_child
from stepdown.sections.months import lasting, month_by_month, trends

__all__ = [
    "MOST_CHILDREN",
    "days_of_each_child",
    "how_far_apart",
    "lasting",
    "month_by_month",
    "people",
    "trends",
    "trials",
]
