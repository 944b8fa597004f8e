"""Profile of the cohort: who the children are, group beside group, and what may be said of it."""

from stepdown.describe.imported import BROUGHT_IN, imported, read_report, report_tables
from stepdown.describe.profile import AGE, ETHNICITY, SIBLINGS, ethnicity_groups, issues, profile, profile_categories
from stepdown.describe.quality import completeness, how_read, how_read_sentence, oddities, together_sentence
from stepdown.describe.sentences import (
    categories_sentence,
    flow_sentence,
    flow_summary,
    records_sentence,
    unknown_sentence,
)
from stepdown.statuses import overlaps
