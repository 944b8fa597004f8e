"""Repeat hearings: of those who could be followed the whole time, how many came back.

A victim's first hearing of an index period begins a clock. A further hearing of the same victim on day 1 to day 365
after it (the last day counts, day 366 does not) is a repeat. Victims and hearings are two rates: the first counts each
victim once, from the first hearing of the period; the second every hearing of the period, from its own day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from stepdown.contracts import StudyRecords
from stepdown.effects.estimates import NAN
from stepdown.effects.family_shares import Shares, share_interval
from stepdown.params import Study
from stepdown.params.trials import Stretch
from stepdown.tables import AggregateTable, Column, Role

VICTIMS, HEARINGS = "victims", "hearings"


@dataclass(frozen=True, slots=True)
class Followed:
    """The hearings of an index period, each with whether a repeat followed.

    frame: person_id, day, first (the victim's first of the period), repeated.  same_day: hearings that were left out
    because the victim had another on that day.  unfinished: hearings whose follow-up the data does not hold.
    """

    frame: pd.DataFrame
    same_day: int
    unfinished: int


def followed(hearings: pd.DataFrame, index: Stretch, data_to: pd.Timestamp, within_days: int = 365) -> Followed:
    """Return the hearings of an index period (person_id, hearing_date) and which were followed by a repeat."""
    once = hearings.drop_duplicates(["person_id", "hearing_date"]).sort_values(["person_id", "hearing_date"])
    wait = (once.groupby("person_id")["hearing_date"].shift(-1) - once["hearing_date"]).dt.days
    frame = pd.DataFrame(
        {"person_id": once["person_id"], "day": once["hearing_date"], "repeated": (wait <= within_days).to_numpy()}
    )
    frame = frame[frame["day"].between(pd.Timestamp(index.first), pd.Timestamp(index.last))]
    frame = frame.assign(first=~frame.duplicated("person_id"))
    late = frame["day"] + pd.Timedelta(days=within_days) > data_to
    return Followed(frame.reset_index(drop=True), len(hearings) - len(once), int(late.sum()))


def repeats_table(study: Study, records: StudyRecords, *, level: float = 0.95) -> AggregateTable:
    """Return ``repeats``: one row is an index period × what is counted (victims, hearings).

    A period in which one hearing could not be followed to the end has no rate: ``note`` says so.
    """
    settings = study.settings.repeats
    if settings is None:
        raise LookupError(f"{study.name} has no repeats")
    data_to = pd.Timestamp(settings.data_to or study.settings.data.last_date)
    rows = []
    for label, index in settings.periods.items():
        found = followed(records.table("hearings"), index, data_to, settings.within_days)
        for counted in (VICTIMS, HEARINGS):
            own = found.frame[found.frame["first"]] if counted == VICTIMS else found.frame
            had, note = own["repeated"].to_numpy(dtype=np.bool_), ""
            counts: tuple[float, float] = int(had.sum()), int((~had).sum())
            percent = 100 * had.mean() if len(own) else NAN
            ends = share_interval(Shares(had, pd.factorize(own["person_id"])[0]), level=level)
            if found.unfinished:
                counts, percent, ends = (NAN, NAN), NAN, (NAN, NAN)
                note = f"not calculated: the records end before {settings.within_days} days after the last hearings"
            rows.append((label, counted, len(own), *counts, percent, 100 * ends[0], 100 * ends[1], note))
    rests = ("index", "repeated")
    columns = {
        "period": Column("Index period", Role.KEY),
        "counted": Column("What is counted", Role.KEY, about="Victims once each, or every hearing."),
        "index": Column("In the period", Role.COUNT, "people", 0, about="Victims or hearings that are followed."),
        "repeated": Column("With a repeat", Role.COUNT, "people", 0, about="Followed by another hearing in time."),
        "not_repeated": Column("Without one", Role.COUNT, "people", 0, about="Not followed by another in time."),
        "percent": Column("Share", Role.DERIVED, "%", 1, rests, "Of those in the period."),
        "ci_low": Column("from", Role.DERIVED, "%", 1, rests, "Wilson; hearings of one victim taken together."),
        "ci_high": Column("to", Role.DERIVED, "%", 1, rests, "Wilson; hearings of one victim taken together."),
        "note": Column("Note", Role.OPEN, about="Why there is no rate."),
    }
    return AggregateTable.of_rows("repeats", "index period × what is counted", columns, rows)
