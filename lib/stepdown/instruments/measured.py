"""From the table of responses to scores by person and time, and to who was measured when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from stepdown.contracts import StudyRecords
from stepdown.instruments.contract import ENTRY, EXIT, scoring_key
from stepdown.instruments.scoring import score
from stepdown.measures import PERIODS, Measure, declare
from stepdown.params import Study
from stepdown.params.people import Instrument
from stepdown.params.scoring import ScoringKey


@dataclass(frozen=True, slots=True)
class Measured:
    """Who was measured with one instrument, and their scores (person level: never shown).

    entry: scores of those with every shown scale at entry, one row per person.  exit: the same people at exit (NaN: not
    measured).  both: flag of those measured both times.  not_due: of those not measured at exit whose activity still
    runs.  without_entry: how many were measured at exit alone.  not_scored: how many filled in too little at entry.
    activity, role: labels of the one activity and role that they all started in ("" where there is not one).
    """

    instrument: Instrument
    key: ScoringKey
    entry: pd.DataFrame
    exit: pd.DataFrame
    both: np.ndarray
    not_due: np.ndarray
    without_entry: int
    not_scored: int
    activity: str = ""
    role: str = ""

    @property
    def lost(self) -> np.ndarray:
        """Flag of those who were due at exit and not measured."""
        return ~self.both & ~self.not_due

    def label(self, scale: str) -> str:
        """Return what a scale of the instrument is called in tables."""
        return f"{self.instrument.label}: {self.key.scales[scale].label}"


def person_scores(frame: pd.DataFrame, instrument: Instrument, key: ScoringKey) -> pd.DataFrame:
    """Return the scores of an instrument: one row per person × time, one column per scale (NaN: too few answers).

    A ready score stands for a scale whose items are not in the table.
    """
    own = frame[(frame["instrument"] == instrument.id) & (frame["informant"] == instrument.informant)]
    wide = own.pivot(index=["person_id", "time_point"], columns="item", values="response")
    ready = wide.reindex(columns=list(key.scales)).astype("float64")
    return score(wide, key).combine_first(ready)[list(key.scales)]


def measured_people(study: Study, records: StudyRecords) -> list[Measured]:
    """Return who was measured with each instrument of the study, in its order."""
    frame, took_part = records.table("responses"), records.table("participation")
    return [_measured(study, frame, instrument, took_part) for instrument in study.settings.instruments]


def _measured(study: Study, frame: pd.DataFrame, instrument: Instrument, took_part: pd.DataFrame) -> Measured:
    key = scoring_key(study, instrument)
    scores = person_scores(frame, instrument, key)[list(instrument.scales)]
    given = {time: scores.xs(time, level="time_point") if time in scores.index.get_level_values(1) else scores.iloc[:0]
             .droplevel("time_point") for time in (ENTRY, EXIT)}  # fmt: skip
    entry, exit = (given[time].dropna() for time in (ENTRY, EXIT))
    aligned = exit.reindex(entry.index)
    both = aligned.notna().all(axis=1).to_numpy()
    return Measured(
        instrument,
        key,
        entry,
        aligned,
        both,
        ~both & entry.index.isin(list(took_part.loc[took_part["ended_on"].isna(), "person_id"])),
        int((~exit.index.isin(given[ENTRY].index)).sum()),
        len(given[ENTRY]) - len(entry),
        *_where(study, took_part, entry.index),
    )


def _where(study: Study, took_part: pd.DataFrame, people: pd.Index) -> tuple[str, str]:
    """Return the labels of the activity and role that all these people started in, if there is one."""
    started = took_part[took_part["started_on"].notna() & took_part["person_id"].isin(people)]
    pairs = started[["activity", "role"]].drop_duplicates()
    if study.settings.delivery is None or len(pairs) != 1 or started["person_id"].nunique() != len(people):
        return "", ""
    activity, role = pairs.iloc[0]
    return study.settings.delivery.activities[activity], study.settings.delivery.roles[role]


def score_columns(study: Study, records: StudyRecords, cohort: object) -> Mapping[str, np.ndarray]:
    """Return the scores of the study's children as measures: <instrument>_<scale>_before at entry and _after at exit.

    A person of the table responses is a child where the ids are the same.
    """
    children = cohort.children["child_id"]  # type: ignore[attr-defined]
    frame, found = records.table("responses"), {}
    for instrument in study.settings.instruments if len(frame) else ():
        key = scoring_key(study, instrument)
        scores = person_scores(frame, instrument, key).unstack("time_point")
        for scale in instrument.scales:
            label, name = f"{key.scales[scale].label} ({instrument.label})", f"{instrument.name}_{scale}"
            declare(Measure(name, label, label, "points", "score", may_be_missing=True), anew=True)
            for period, time in zip(PERIODS, (ENTRY, EXIT), strict=True):
                own = scores.reindex(columns=[(scale, time)], index=children)
                found[f"{name}_{period}"] = own.to_numpy(dtype="float64")[:, 0]
    return found


declare(by=score_columns)
