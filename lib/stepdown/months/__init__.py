"""Month by month: what happened over time, how far the trends before can be trusted, and whether it lasts."""

from stepdown.months.event_study import EventStudy, event_study, mean_by_period
from stepdown.months.lasting import followed_table, lasting_table
from stepdown.months.panel import Panel, in_steps, panel
from stepdown.months.sentences import (
    NOBODY_SEEN,
    TRENDS_LIMIT,
    WHO_NOTE,
    lasting_sentence,
    reach_sentence,
    trend_sentence,
    why_no_days,
    why_not,
)
from stepdown.months.tables import ByMonth, by_month, event_study_table, month_days_table, months_table, trends_table
from stepdown.months.trends import Honest, Smooth, largest_change_of_slope
