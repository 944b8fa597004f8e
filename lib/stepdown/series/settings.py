"""Settings of a monitoring study: its series, their targets, what happened when, and the programme's first day."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from stepdown.faults import nearest
from stepdown.params import DisclosurePolicy, ProjectPath, Settings, Text, load
from stepdown.params.base import Day

SeriesKind = Literal["measure", "count", "proportion", "rate", "rare", "days_between", "cases_between"]
Better = Literal["higher", "lower", "neither"]
FROM_RECORDS = ("open_plans", "escalations", "referrals", "rereferrals", "days_to_assessment")
"""Ids of the series that are counted from a study's own records, each as docs/monitoring.md says."""


class Event(Settings):
    """Something that happened and may have moved a series, with its source."""

    on: Day
    label: Text
    source: Text


class Break(Settings):
    """A stretch in which the figures do not mean what they mean in other periods (its first and last day)."""

    first: Day
    last: Day
    reason: Text

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"the break ends ({self.last}) before it begins ({self.first})")
        return self


class Target(Settings):
    """What a series was to reach.

    value: the target itself; or change_percent: a change of the baseline's mean (-20: a fifth less).  by: until when.
    """

    value: float | None = None
    change_percent: float | None = None
    by: Day | None = None
    source: Text

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.value is None) == (self.change_percent is None):
            raise ValueError("a target is a value, or a change_percent of the baseline: one of the two")
        return self


class Series(Settings):
    """One series.

    id: as in the table ``series``, or of :data:`FROM_RECORDS` with ``from_records: true``.  definition: what is
    counted, in a sentence; a changed definition makes a new series.  kind: decides the chart (measure, count without
    denominator: XmR; proportion: p; rate: u; rare, under about five a period: exact
    Poisson limits; days_between and cases_between, of rarer events still, one row per event: t and g).  per: what a
    proportion or rate is multiplied by.  baseline: first and last day of the periods that the limits rest on, named
    before looking (None: all).  comparison: id of a series that the programme could not touch.
    """

    id: Text
    label: Text
    unit: Text
    definition: Text
    kind: SeriesKind
    better: Better
    from_records: bool = False
    per: float = Field(default=1.0, gt=0)
    decimals: int = Field(default=1, ge=0, le=4)
    baseline: tuple[date, date] | None = None
    events: tuple[Event, ...] = ()
    breaks: tuple[Break, ...] = ()
    target: Target | None = None
    comparison: str = ""
    source: str = ""

    @model_validator(mode="after")
    def _holds(self) -> Self:
        if self.baseline and self.baseline[1] < self.baseline[0]:
            raise ValueError("the baseline ends before it begins")
        for item in self.breaks:
            if self.baseline and item.first <= self.baseline[1] and item.last >= self.baseline[0]:
                raise ValueError(f"the baseline runs across the break of {item.first}: limits would mix two meanings")
        if self.target and self.better == "neither":
            raise ValueError("a series with a target says whether higher or lower is better")
        if self.target and self.target.change_percent is not None and not self.baseline:
            raise ValueError("a target in per cent of the baseline needs the baseline")
        return self


class FromRecords(Settings):
    """Where series come from a study's own records: its parameter file, and the months to count."""

    study: ProjectPath
    first: Day
    last: Day


class Monitoring(Settings):
    """A monitoring study.

    folder: with the table ``series`` (series.csv or series.xlsx).  layout: "long" (one row per period and series) or
    "wide" (one row per series, one column per month, as spreadsheets are kept).  dates: day_first where all dates
    of the table are day/month/year.  programme_from: first day of the programme, for the model of a change of level.
    records: where series are counted from a study's records.
    """

    programme: Text
    programme_from: Day | None = None
    folder: str = ""
    layout: Literal["long", "wide"] = "long"
    dates: Literal["year_first", "day_first"] = "year_first"
    records: FromRecords | None = None
    series: Annotated[tuple[Series, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        ids = [item.id for item in self.series]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"series that appear twice: {', '.join(twice)}")
        kinds = {item.id: item.kind for item in self.series}
        for item in self.series:
            if item.comparison == item.id:
                raise ValueError(f"{item.id} names itself as its comparison")
            if item.comparison in kinds and {item.kind, kinds[item.comparison]} - {"count", "rare"}:
                raise ValueError(f"{item.id}: only a count can have a comparison, and only with a count")
            if item.comparison and item.comparison not in ids:
                raise ValueError(
                    f"{item.id} names a comparison that is no series: {item.comparison!r}"
                    f"{nearest(item.comparison, ids)}"
                )
            if item.from_records and item.id not in FROM_RECORDS:
                raise ValueError(f"{item.id} cannot be counted from records{nearest(item.id, FROM_RECORDS)}")
            if item.from_records and not self.records:
                raise ValueError(f"{item.id} comes from records, and monitoring.records does not say whose")
            if not item.from_records and not self.folder:
                raise ValueError(f"{item.id} comes from a table, and monitoring.folder does not say where it is")
        return self


class MonitoringFile(Settings):
    """The whole parameter file of a monitoring study."""

    title: Text
    monitoring: Monitoring
    disclosure: DisclosurePolicy
    notice: str = ""
    limits: tuple[Text, ...] = ()


def read_settings(file: Path) -> MonitoringFile:
    """Return the settings of a monitoring study; raises Refused with every fault of the file."""
    return load(file, MonitoringFile)
