"""What a scheduler needs to know about a study's runs."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from stepdown.params.base import Settings, Text

Format = Literal["html", "xlsx", "pdf", "docx"]
"""What a release is made as: pages, a spreadsheet of all tables, the whole report as PDF and as Word."""

FILES: dict[Format, str] = {"html": "index.html", "xlsx": "tables.xlsx", "pdf": "report.pdf", "docx": "report.docx"}
"""The file of each format that a release is opened by."""


PLAN_FILE = "restricted/plan.json"
"""Where a book finds the plan of its run, in its output folder: {} in the first pass."""

RECORDS_FILE = "restricted/records.pickle"
"""Where a book finds the records of its run, in its output folder, so that they are read once; gone when it ends."""


class Threshold(Settings):
    """A movement between two runs that the scheduler is told of by its exit code.

    table and column: where, in restricted/tables.  where: other columns that name the rows (all rows when empty).
    by: the largest change that passes in silence, in the column's own unit.
    by_percent: the same, in per cent of the last value. At least one of the two is given; either being passed counts.
    """

    table: Text
    column: Text
    where: dict[str, Text] = Field(default_factory=dict)
    by: float | None = Field(default=None, ge=0)
    by_percent: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _something_given(self) -> Self:
        if self.by is None and self.by_percent is None:
            raise ValueError("a threshold needs by or by_percent")
        return self


class RunSettings(Settings):
    """What a scheduler needs to know about a study's runs.

    notebook_minutes: time limit of a notebook; one that passes it is ended.  memory_gb: limit of a notebook's memory
    (None: the machine's).  headline: tables whose movements are named first.  warn: see :class:`Threshold`.
    formats: what the release is made as, see :data:`Format`; the pages are always made. ``--formats`` takes its place.
    """

    notebook_minutes: float = Field(default=30.0, gt=0)
    memory_gb: float | None = Field(default=None, gt=0)
    headline: tuple[Text, ...] = ("saving_bracket", "net_cost")
    warn: tuple[Threshold, ...] = ()
    formats: tuple[Format, ...] = ("html", "xlsx")
