"""A made-up wellbeing score with a table of its own: all the code of a new measure, by the recipe of CONTRIBUTING.md.

The scale is invented and is no real questionnaire's. Read docs/your_own_notebook.md beside it.
"""

from stepdown.cohort import Cohort
from stepdown.contracts import Contract, Field, StudyRecords, register
from stepdown.measures import PERIODS, Measure, declare
from stepdown.params import Study

register(
    Contract(
        table="wellbeing",
        one_row_is="child in a period, with what the questionnaire came to",
        fields=(
            Field("child_id", "text", "child, as in the table children", required=True, blank=False),
            Field("period", "text", "before or after", required=True, blank=False, codes=PERIODS),
            Field("score", "whole number", "0 to 40; blank: not filled in", required=True, lowest=0, highest=40),
        ),
        unique=("child_id", "period"),
        belongs_to=(("child_id", "children"),),
    )
)


def wellbeing_columns(study: Study, records: StudyRecords, cohort: Cohort) -> dict[str, object]:
    """Return wellbeing_before and wellbeing_after, one value a child of the cohort (NaN: not measured)."""
    found = records.table("wellbeing")
    if found.empty:
        return {}
    scores = found.pivot(index="child_id", columns="period", values="score")
    scores = scores.reindex(index=cohort.children["child_id"], columns=list(PERIODS))
    return {f"wellbeing_{period}": scores[period].to_numpy(dtype="float64") for period in PERIODS}


declare(
    Measure("wellbeing", "wellbeing score", "wellbeing", "points", "score", may_be_missing=True), by=wellbeing_columns
)
