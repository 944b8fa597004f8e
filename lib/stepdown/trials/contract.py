"""The tables of a trial, of time use and of repeats: allocation, time_diary, hearings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from stepdown.contracts.model import Codes, Contract, Field
from stepdown.contracts.registered import register
from stepdown.contracts.schema import lines_of
from stepdown.faults import Fault, some_rows
from stepdown.params import Study, StudySettings
from stepdown.params.trials import TrialFlow, TrialSettings

Frames = Mapping[str, pd.DataFrame]
HOURS_OF_A_WEEK = 168
OTHER = "other"
"""What a lost_reason in free text is read as."""


def _codes_of_allocation(study: Study) -> Codes:
    if not isinstance(study.settings, StudySettings):  # no groups, so no arms
        return {}
    trial = study.settings.trial
    reasons: Codes = {"lost_reason": trial.lost_reasons} if trial and trial.lost_reasons else {}
    return {"arm": study.settings.groups.labels(), **reasons}


def _codes_of_diary(study: Study) -> Codes:
    return {"activity": study.settings.time_use.activities} if study.settings.time_use else {}


def _fault(file: str, columns: str, rows: pd.Index | None, found: str, allowed: str, remedy: str) -> Fault:
    where = f"{file}, {columns}" + ("" if rows is None else f", {some_rows(lines_of(rows))}")
    return Fault(where, found, allowed, "docs/trials.md, what is refused", remedy)


def allocation_faults(study: Study, frames: Frames, file: str) -> list[Fault]:
    """Return what is wrong with the allocation beside the study's children and its settings, all of it."""
    trial, rows, children = study.settings.trial, frames["allocation"], frames["children"]
    if trial is None or rows.empty or children.empty:
        return []
    return [
        *_about_clusters(rows, file),
        *_about_children(trial, rows, children, file),
        *_about_protocol(trial, rows, study.file.name),
        *(flow_faults(trial.flow, rows["arm"].value_counts().to_dict(), study.file.name) if trial.flow else []),
    ]


def _about_clusters(rows: pd.DataFrame, file: str) -> Iterator[Fault]:
    given = rows["cluster_id"].notna()
    if given.any() and not given.all():
        yield _fault(file, "column cluster_id", rows.index[~given], "no cluster, where other rows have one",
                     "a cluster in every row, or in none (units that were allocated one by one)",
                     "fill the column, or leave it empty in all rows")  # fmt: skip
    arms = rows[given].groupby("cluster_id")["arm"].nunique()
    both = rows.index[rows["cluster_id"].isin(arms.index[arms > 1])]
    if len(both):
        yield _fault(file, "columns cluster_id and arm", both, f"{(arms > 1).sum()} clusters in two arms",
                     "each cluster in one arm, since clusters were allocated whole",
                     "correct the arm or the cluster; leave cluster_id empty where units were allocated one by one",
                     )  # fmt: skip


def _about_children(trial: TrialSettings, rows: pd.DataFrame, children: pd.DataFrame, file: str) -> Iterator[Fault]:
    unit = f"{trial.unit}_id"
    here = rows[rows["lost_reason"].isna() & ~rows["unit_id"].isin(children[unit])].index
    if len(here):
        yield _fault(file, "column unit_id", here, f"a {trial.unit} of which the table children has no child",
                     f"a {unit} of the table children, or a lost_reason that says why there are no records",
                     "the flow must add up: add the children, or say why they were lost")  # fmt: skip
    kept = children.loc[children["exclusion_reason"].isna(), unit]
    back = rows[rows["lost_reason"].notna() & rows["unit_id"].isin(kept)].index
    if len(back):
        yield _fault(file, "column lost_reason", back, "a unit that is lost and of which there are records",
                     "everyone whose outcome is known is analysed in the arm allocated, whether or not they took it up",
                     "remove the lost_reason, or give the children an exclusion_reason if they cannot be used",
                     )  # fmt: skip
    own = children.merge(rows.drop_duplicates("unit_id"), left_on=unit, right_on="unit_id", how="left")
    own.index = children.index
    checks = (
        (own["arm"].isna(), unit, "a child who was not allocated", "children of the table allocation only",
         "add the allocation, or take the child out of the study"),
        (own["arm"].notna() & (own["group"] != own["arm"]), "group", "a group that is not the arm allocated",
         "the arm as allocated, whatever the child received",
         "write the arm into group; what was received goes into the column received of allocation"),
        (own["start_date"] < own["allocated_on"], "start_date", "a start before the allocation",
         "a start_date on or after allocated_on: what was before is not an outcome of the trial",
         "correct one of the dates; the clock of a trial starts at allocation"),
    )  # fmt: skip
    for failed, column, found, allowed, remedy in checks:
        if failed.any():
            yield _fault("children", f"column {column}", own.index[failed], found, allowed, remedy)


def _about_protocol(trial: TrialSettings, rows: pd.DataFrame, file: str) -> Iterator[Fault]:
    if pd.Timestamp(trial.protocol.dated) > rows["allocated_on"].min():
        yield _fault(file, "trial.protocol.dated", None, "a protocol dated after the first allocation",
                     "outcomes and subgroups named before anyone was allocated",
                     "give the version that applied then, and remove what it did not name")  # fmt: skip


def flow_faults(flow: TrialFlow, allocated: Mapping[str, int], file: str) -> list[Fault]:
    """Return every place where a trial's flow does not add up.

    allocated: number of units by arm, as the table has them (empty: the flow is held against itself only).

    >>> flow_faults(TrialFlow(assessed=300, excluded={"declined": 90}, randomised=210), {}, "study.yaml")
    []
    """
    left = flow.assessed - sum(flow.excluded.values())
    wrong = [] if left == flow.randomised else [f"{flow.assessed} less those excluded is {left}, not {flow.randomised}"]
    arms = sum(arm.allocated for arm in flow.arms.values())
    if flow.arms and arms != flow.randomised:
        wrong.append(f"the arms sum to {arms}, not {flow.randomised}")
    for label, arm in flow.arms.items():
        if arm.allocated - arm.lost != arm.analysed:
            wrong.append(f"{label}: {arm.allocated} less {arm.lost} is {arm.allocated - arm.lost}, not {arm.analysed}")
        if allocated and allocated.get(label, 0) != arm.allocated:
            wrong.append(f"{label}: {arm.allocated}, and the table allocation has {allocated.get(label, 0)}")
    if allocated and sum(allocated.values()) != flow.randomised:
        wrong.append(f"{flow.randomised} randomised, and the table allocation has {sum(allocated.values())}")
    remedy = "find the units that are missing or counted twice; nothing is assumed in their place"
    allowed = "assessed = excluded + randomised; randomised = the arms; each arm = lost + analysed; and as in the table"
    return [_fault(file, "trial.flow", None, f"a flow that does not add up: {text}", allowed, remedy) for text in wrong]


def diary_faults(study: Study, frames: Frames, file: str) -> list[Fault]:
    """Return what is wrong with the time diary beyond its cells: weeks that begin on other days, or last too long."""
    rows = frames["time_diary"]
    days = rows["week_start"].dt.day_of_week
    hours = rows.groupby(["worker_id", "week_start"])["hours"].transform("sum")
    faults = []
    if days.nunique() > 1:
        other = rows.index[days != days.mode().iloc[0]]
        faults.append(_fault(file, "column week_start", other, "weeks that begin on another day of the week",
                             "weeks that all begin on one day, such as Monday", "correct the dates"))  # fmt: skip
    if (hours > HOURS_OF_A_WEEK).any():
        faults.append(_fault(file, "column hours", rows.index[hours > HOURS_OF_A_WEEK], "more hours than a week has",
                             f"at most {HOURS_OF_A_WEEK} for a worker and week", "correct the hours"))  # fmt: skip
    return faults


ALLOCATION = register(
    Contract(
        table="allocation",
        one_row_is="child or family that was allocated to an arm of a trial",
        fields=(
            Field("unit_id", "text", "child_id or family_id, as the trial allocated", required=True, blank=False),
            Field("arm", "text", "label of the group, as allocated", required=True, blank=False),
            Field("allocated_on", "date", "day of the allocation", required=True, blank=False),
            Field("cluster_id", "text", "team or similar, where these were allocated whole; blank: they were not"),
            Field("received", "flag", "true where the programme was taken up, whichever the arm; blank: not known"),
            Field("lost_reason", "text", "why there is no outcome, a code of the study's file; blank: not lost",
                  free=True, other=OTHER),
        ),
        unique=("unit_id",),
        not_after=("allocated_on",),
        needed=lambda settings: settings.trial is not None,
        codes=_codes_of_allocation,
        together=allocation_faults,
    )
)  # fmt: skip

TIME_DIARY = register(
    Contract(
        table="time_diary",
        one_row_is="worker × week × activity",
        fields=(
            Field("worker_id", "text", "pseudonym of the worker", required=True, blank=False),
            Field("week_start", "date", "first day of the week", required=True, blank=False),
            Field("activity", "text", "activity, a code of the study's file", required=True, blank=False),
            Field("hours", "number", "hours of the week spent on it", required=True, blank=False, lowest=0,
                  highest=HOURS_OF_A_WEEK, unit="hours"),
        ),
        unique=("worker_id", "week_start", "activity"),
        not_after=("week_start",),
        needed=lambda settings: settings.time_use is not None,
        codes=_codes_of_diary,
        together=diary_faults,
    )
)  # fmt: skip

HEARINGS = register(
    Contract(
        table="hearings",
        one_row_is="hearing of one victim, such as at a multi-agency risk assessment conference (MARAC)",
        fields=(
            Field("person_id", "text", "pseudonym of the victim", required=True, blank=False),
            Field("hearing_date", "date", "day of the hearing", required=True, blank=False),
        ),
        not_after=("hearing_date",),
        needed=lambda settings: settings.repeats is not None,
    )
)
