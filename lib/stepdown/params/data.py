"""Where a study's records are, how far they reach, and how their files are laid out."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from stepdown.params.base import Day, ProjectPath, Settings, Text

SYNTHETIC = "Synthetic data. "
"""Begins the notice of made-up records, as it does in a file that has no records of its own."""


def from_records(source: str, notice: str) -> str:
    """Return where numbers are from, with a word on made-up ones.

    >>> from_records("case files that were read", "Synthetic data. Made up.")
    'case files that were read (synthetic)'
    """
    return f"{source} (synthetic)" if notice.startswith(SYNTHETIC) else source


InNeed = Literal["assessed", "episode", "plan", "not_stated"]
"""assessed: from referral to closure, without cases closed after assessment (as the department counts children in
need).  episode: from referral to closure, all cases.  plan: only while a child-in-need plan ran.
"""

IN_NEED: dict[str, str] = {
    "assessed": "In need (CIN) is from referral to closure, without cases that closed after assessment.",
    "episode": "In need (CIN) is from referral to closure, cases that closed after assessment included.",
    "plan": "In need (CIN) is only while a child-in-need plan ran.",
    "not_stated": "",
}
"""What every page says of it; "" where the study does not state it (notebook 0 says that then)."""


class Wide(Settings):
    """A spreadsheet with one row per person and one column per item, a time or a question, read as one row per cell.

    columns: heading → the cells that all values below it have, by column of the table: "SDQ total (exit)":
    {item: total, time_point: exit}.  headed: column → the headings, with * where its cell stands in them
    ({item: "Q*"}: Q1, Q2 …).  every: cells that all rows have ({instrument: sdq, informant: parent}).
    """

    columns: dict[Text, dict[Text, Text]] = Field(default_factory=dict)
    headed: dict[Text, Annotated[Text, Field(pattern=r"^[^*]*\*[^*]*$")]] = Field(default_factory=dict)
    every: dict[Text, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.columns and not self.headed:
            raise ValueError("wide: columns or headed says which columns hold the cells")
        return self


class DataSettings(Settings):
    """Where the records are and how far they reach.

    folder: holds one file per table (<table>.csv, .parquet or .xlsx).  files: other file names in it, by table
    (a table that docs/data_dictionary.md does not describe is refused when the records are read).
    last_date: the last day that the extract covers (an open spell runs to the day after it).
    first_date: the first day that it covers, when spells before it are not in the extract.
    synthetic: whether the records are made up; printed on every page.  provenance: one sentence, printed too.
    columns: by table and column, the heading that the file has for it.  codes: by table and column, word → code.
    counting: how rows of returns were counted, printed on every page (an import fills it in).
    dates: day_first where the tables' dates are day/month/year, with four or two figures of the year, or Excel's
    numbers of days (year-month-day is always read).  ids: without_leading_zeros where a spreadsheet turned ids into
    numbers: those alike but for leading zeros, where no table holds two forms, are one child; counted on page 0.
    in_need: what a spell of need (CIN) is, printed on every page (see :data:`InNeed`).
    wide: by table, how a spreadsheet with one column per item, a time or a question is read (see :class:`Wide`).
    """

    folder: ProjectPath
    last_date: Day
    first_date: Day | None = None
    synthetic: bool
    provenance: Text
    counting: str = ""
    files: dict[str, ProjectPath] = Field(default_factory=dict)
    columns: dict[str, dict[str, Text]] = Field(default_factory=dict)
    codes: dict[str, dict[str, dict[str, Text]]] = Field(default_factory=dict)
    dates: Literal["year_first", "day_first"] = "year_first"
    ids: Literal["as_written", "without_leading_zeros"] = "as_written"
    in_need: InNeed = "not_stated"
    wide: dict[str, Wide] = Field(default_factory=dict)
