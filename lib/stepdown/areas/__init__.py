"""Areas: did the council move differently from councils like it, on figures that every authority publishes.

    from stepdown import areas
    study = areas.begin(file)
    areas.changes_table(study).frame

Published counts are read and every rate is worked out again; the council's change is held against its statistical
neighbours', with every other authority as a placebo. docs/areas.md says how to add the department's own files.
"""

from stepdown.areas.context import area_vintage_table, breaks_table, funnel_points_table, funnel_table, synthetic_table
from stepdown.areas.study import AreaStudy, begin
from stepdown.areas.tables import (
    CHOICE_COLUMNS,
    MAIN_COLUMNS,
    RATE_COLUMNS,
    STARTS_COLUMNS,
    area_two_years_table,
    changes_table,
    claims_table,
    neighbour_rates_table,
    placebo_table,
    rates_table,
    starts_table,
)
from stepdown.measures import slug
