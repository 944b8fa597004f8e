"""The parameter file of an import: which returns, who had the programme, who may be compared, and what is decided."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from stepdown.importing.cells import FACTORS
from stepdown.params.base import Day, ProjectPath, Settings, Text


def _paths(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _factors(value: object) -> object:
    codes = tuple(str(code).strip().upper() for code in (value if isinstance(value, list | tuple) else (value,)))
    unknown = [code for code in codes if code not in FACTORS]
    if unknown:
        raise ValueError(f"factors of an assessment, such as 3A or 16A; the census has no {', '.join(unknown)}")
    return codes


Factors = Annotated[tuple[str, ...], BeforeValidator(_factors)]
Paths = Annotated[tuple[ProjectPath, ...], BeforeValidator(_paths)]


class Returns(Settings):
    """The returns. Paths begin at the project root; ``*`` stands for any letters.

    cin_census: census files; each says its own year.  looked_after: by year, the one that ENDS on 31 March, a folder or
    file; or "none" with a reason.  annex_a: by extract date.  annex_a_columns: by list and field, a heading to take.
    ssd: by extract date, a folder of CSV files or a connection string (sqlite:///file, odbc:…, or $NAME for one in the
    environment); it stands in place of the returns.
    """

    cin_census: Paths = ()
    looked_after: dict[int, ProjectPath] | Literal["none"] = Field(default_factory=dict)
    looked_after_reason: str = ""
    annex_a: dict[date, ProjectPath] = Field(default_factory=dict)
    annex_a_columns: dict[int, dict[str, Text]] = Field(default_factory=dict)
    ssd: dict[date, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if self.ssd and (self.cin_census or self.looked_after or self.annex_a):
            raise ValueError("ssd stands alone: it holds what the returns hold, and both would count a case twice")
        if len(self.ssd) > 1:
            raise ValueError("one SSD extract: the newest holds the earlier ones")
        if not self.ssd and not self.cin_census:
            more = ": Annex A alone covers six months, too few for the months before and after" if self.annex_a else ""
            raise ValueError(f"give cin_census, or ssd{more}")
        if self.looked_after == "none" and not self.looked_after_reason.strip():
            raise ValueError("looked_after: none needs looked_after_reason: else care would silently count as zero")
        if not self.ssd and not self.looked_after:
            raise ValueError("give looked_after, or none with looked_after_reason: else care silently counts as zero")
        return self


class Programme(Settings):
    """Who had the programme. columns: the list's headings for child, start, end and, if there is one, family.

    unmatched: what becomes of a child of the list who is in no return (no_contact takes it as a child without any
    contact and needs a reason).  two_periods: of one with two different periods of support.
    """

    list: ProjectPath
    columns: dict[Literal["child", "start", "end", "family"], Text]
    name: Text = "Programme"
    unmatched: Literal["leave_out", "no_contact"] = "leave_out"
    unmatched_reason: str = ""
    two_periods: Literal["exclude", "refuse"] = "exclude"

    @model_validator(mode="after")
    def _whole(self) -> Self:
        missing = {"child", "start", "end"} - set(self.columns)
        if missing:
            raise ValueError(f"columns: name the list's heading for {', '.join(sorted(missing))}")
        if self.unmatched == "no_contact" and not self.unmatched_reason.strip():
            raise ValueError("unmatched: no_contact needs unmatched_reason: a wrong id would falsely count as zero")
        return self


class Households(Settings):
    """Which children live together."""

    file: ProjectPath
    columns: dict[Literal["child", "household"], Text]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if set(self.columns) != {"child", "household"}:
            raise ValueError("columns: name the headings for child and household")
        return self


class Comparison(Settings):
    """Who may be compared: children with an assessment authorised between two days and one of the factors.

    clock: assessment (from its start to its authorisation) or lag (begins at authorisation plus the programme's median
    wait from authorisation to the start of support).
    """

    factors: Factors = Field(min_length=1)
    authorised: tuple[date, date]
    clock: Literal["assessment", "lag"] = "assessment"
    label: Text = "Comparison"

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.authorised[0] > self.authorised[1]:
            raise ValueError("authorised: the first day is after the last")
        return self


class Ids(Settings):
    """How ids are matched. strip_prefix: by source, what stands before the id that the other sources do not have."""

    strip_prefix: dict[
        Literal["cin_census", "looked_after", "annex_a", "ssd", "programme", "households", "same_child"], Text
    ] = Field(default_factory=dict)
    leading_zeros: Literal["ignore", "refuse"] = "ignore"

    def stripper(self, source: str) -> Callable[[str], str]:
        """Return what takes a source's prefix off an id."""
        prefix = {str(name): text for name, text in self.strip_prefix.items()}.get(source, "")
        return lambda text: text.removeprefix(prefix)


class Decisions(Settings):
    """How rows are counted; docs/returns.md explains each, and the match report prints them."""

    in_need: Literal["assessed", "episode", "plan"] = "assessed"
    in_need_days: Literal["exclusive", "whole_episode"] = "exclusive"
    short_breaks: Literal["leave_out", "count"] = "leave_out"
    vanished: Literal["close", "exclude"] = "close"
    contradictory: Literal["exclude", "refuse"] = "exclude"


class Published(Settings):
    """What the department printed for the council on one 31 March."""

    in_need: int | None = None
    on_plan: int | None = None
    looked_after: int | None = None


class ImportSettings(Settings):
    """All settings of an import.

    first_date: the first day to use, where it is later than the returns' (or than six years before an SSD extract).
    study: name of the study that is written (data/<study>, params/<study>.yaml).  last_date: the last day to use, where
    sources end in different years.  same_child: a CSV of old id and new id.  issues: issue → assessment factors.
    published: by year, what the department printed for 31 March.  synthetic: whether the returns are made up.
    """

    study: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    returns: Returns
    programme: Programme
    households: Households | None = None
    same_child: ProjectPath | None = None
    comparison: Comparison
    ids: Ids = Field(default_factory=Ids)
    decisions: Decisions = Field(default_factory=Decisions)
    issues: dict[str, Factors] = Field(
        default_factory=lambda: {
            "domestic_abuse": ("3A", "3B", "3C"),
            "alcohol": ("1B",),
            "drugs": ("2B",),
            "mental_health": ("4A", "4B"),
            "neglect": ("16A",),
        }
    )
    first_date: Day | None = None
    last_date: Day | None = None
    synthetic: bool = False
    published: dict[int, Published] = Field(default_factory=dict)
