"""One study, one parameter file: everything that is particular to a study, validated and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from stepdown.faults import Refused
from stepdown.measures import LADDER, StatusCode, measured
from stepdown.params.base import ProjectPath, Settings, Text
from stepdown.params.costs import CostSettings
from stepdown.params.data import DataSettings
from stepdown.params.disclosure import DisclosurePolicy
from stepdown.params.effects import EffectSettings
from stepdown.params.loading import build, find_file, project_root, read_yaml, study_name
from stepdown.params.people import PeopleFile, PeopleSettings
from stepdown.params.review import ReviewSettings
from stepdown.params.runs import RunSettings

DayCount = Literal["clipped", "whole_spell"]
"""clipped: only days inside the window (correct).  whole_spell: every day of a spell that touches the window."""

Unobservable = Literal["leave_out", "days_at_risk", "as_published"]
"""What becomes of a child whose window the data does not wholly cover.

leave_out: the child is not analysed (and is shown in the participant flow); refused when the groups differ in it.
days_at_risk: the child is analysed on the days of the window that are covered, scaled to the whole window.
as_published: a child unborn or 18 for part of the window is counted all the same, to reproduce a report that did so
    (the table of observability says so); a window that the extract does not cover is left out as above.
"""


class Question(Settings):
    """A question of the study.

    ask: its words.  about: what answers it on the first page: comparable, referred_again, net_cost, case_files, trends,
    or the name of an outcome (days_cp); blank: the pages answer it.
    """

    ask: Text
    about: str = ""


def _asked(value: object) -> object:
    return {"ask": value} if isinstance(value, str) else value


TOPICS = ("comparable", "referred_again", "net_cost", "case_files", "trends")
"""What a question can be about, beside the outcomes of the study."""


class Group(Settings):
    """One of the two groups of a study.

    label: what the group column of the children table holds and every table prints.
    anchor: what start_date and end_date are for this group ("support", "assessment").
    """

    label: Text
    described_as: Text
    anchor: Text


class Groups(Settings):
    """The group that had the programme, and the group that it is compared with."""

    programme: Group
    comparison: Group

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if self.programme.label == self.comparison.label:
            raise ValueError("the two groups need two labels")
        return self

    def labels(self) -> tuple[str, str]:
        """Return the two labels, programme first: the order of every table and chart."""
        return self.programme.label, self.comparison.label


class Band(Settings):
    """One band of a profile variable: whole numbers from ``lowest`` to ``highest`` (None: no upper end)."""

    label: Text
    lowest: int = Field(ge=0)
    highest: int | None = None


class Profile(Settings):
    """How the cohort profile is cut.

    age_bands and sibling_bands must not overlap; a value in none of them is refused, a blank is ``unknown_label``.
    ethnicity: code → label, in the order of the table.  ethnicity_groups: label → codes, for grouped shares.
    """

    age_bands: tuple[Band, ...]
    sibling_bands: tuple[Band, ...]
    ethnicity: dict[str, Text]
    ethnicity_groups: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    unknown_label: Text = "Unknown"
    issues: dict[str, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _bands_apart(self) -> Self:
        for name in ("age_bands", "sibling_bands"):
            bands = sorted(getattr(self, name), key=lambda band: band.lowest)
            for lower, upper in zip(bands, bands[1:], strict=False):
                if lower.highest is None or lower.highest >= upper.lowest:
                    raise ValueError(f"{name}: {lower.label} and {upper.label} overlap")
        unknown = {code for codes in self.ethnicity_groups.values() for code in codes} - set(self.ethnicity)
        if unknown:
            raise ValueError(f"ethnicity_groups names codes that ethnicity does not have: {sorted(unknown)}")
        return self


DatesAre = Literal["real", "made_up"]
"""real: each date is the day on which it happened (in a made-up authority: on which it was simulated).  made_up: dates
were placed inside the periods to agree with totals, so that nothing is known of single months.
"""


class MonthSettings(Settings):
    """What is shown month by month, and how long effects are followed.

    before, after: months shown before support and after it.
    lasting: lengths, in months after support, at which the comparison is repeated.
    reference: what the months are set against. mean: the mean of the months of the period before (window_months).
        month: the last month before.
    """

    before: int = Field(default=12, ge=2, le=36)
    after: int = Field(default=12, ge=1, le=36)
    lasting: tuple[Annotated[int, Field(ge=1, le=60)], ...] = (3, 6, 12, 18, 24)
    reference: Literal["mean", "month"] = "mean"

    @model_validator(mode="after")
    def _lengths(self) -> Self:
        if not self.lasting or len(set(self.lasting)) != len(self.lasting):
            raise ValueError("lasting: at least one length, each only once")
        return self


class StudySettings(PeopleSettings):
    """All settings of a study; the file's name without its ending is the study's name.

    ladder: the statuses from least to most intensive.  window_months: length of the periods before and after.
    follow_up_gap_allowed: largest difference between the groups in the share of child-days that the data covers.
    repeated_referrals: whether referrals of one child on one day count once or each.
    index_referrals: not_marked where the records do not say which referral led to the support (is_index is blank).
    overlaps: what becomes of days in need under a plan or in care. exclusive: they are days at the higher status only.
        both: they count at each. With ``costs`` it must be given where such days are in the records.
    exclusion_reasons: code → label of each reason in the column exclusion_reason; only the labels are ever shown.
    longer_windows_months: further lengths for which the page says how many children could be followed.
    dates_are: made_up where dates were placed inside the periods; nothing is then shown month by month.
    months: what is shown month by month (docs/months.md).
    published_by, contact, next_update: who answers for the figures, whom to ask, and when they come again; printed
        beside what can be quoted.
    """

    title: Text
    programme_name: Text
    questions: tuple[Annotated[Question, BeforeValidator(_asked)], ...]
    limits: tuple[Text, ...]
    data: DataSettings
    groups: Groups
    window_months: int = Field(ge=1, le=60)
    day_count: DayCount
    unobservable: Unobservable = "leave_out"
    repeated_referrals: Literal["once", "each"] = "once"
    index_referrals: Literal["marked", "not_marked"] = "marked"
    overlaps: Literal["exclusive", "both"] | None = None
    exclusion_reasons: dict[str, Text] = Field(default_factory=dict)
    follow_up_gap_allowed: float = Field(default=0.1, ge=0, le=1)
    longer_windows_months: tuple[int, ...] = (12, 18, 24)
    dates_are: DatesAre = "real"
    months: MonthSettings = Field(default_factory=MonthSettings)
    ladder: tuple[StatusCode, ...] = LADDER
    profile: Profile
    disclosure: DisclosurePolicy
    seed: int = Field(ge=0)
    published: ProjectPath | None = None
    effects: EffectSettings = Field(default_factory=EffectSettings)
    review: ReviewSettings | None = None
    costs: CostSettings | None = None
    run: RunSettings = Field(default_factory=RunSettings)
    published_by: str = ""
    contact: str = ""
    next_update: str = ""

    def measure_names(self) -> dict[str, str]:
        """Return what a claim of the logic model can be measured by: the children's outcomes too."""
        outcomes = {name: measured(name).label for name in self.effects.outcomes}
        return super().measure_names() | outcomes | ({"case_files": "case-file review"} if self.review else {})

    def broad_groups(self) -> dict[str, list[str]]:
        """Return the labels of the ethnic codes of each broad ethnic group."""
        profile = self.profile
        return {name: [profile.ethnicity[code] for code in codes] for name, codes in profile.ethnicity_groups.items()}

    @property
    def report(self) -> str:
        """The published report that the study reproduces ("" for none): the name of its folder, as "RR1038"."""
        return Path(self.published).name.upper() if self.published else ""

    @model_validator(mode="after")
    def _questions_are_known(self) -> Self:
        known = (*TOPICS, *self.effects.outcomes)
        for question in self.questions:
            if question.about and question.about not in known:
                raise ValueError(f"questions: about is one of {', '.join(known)}, not {question.about!r}")
        return self

    @model_validator(mode="after")
    def _also_hide_fits(self) -> Self:
        statuses: tuple[str, ...] = ("none", *self.ladder)
        known = {"group": self.groups.labels(), "status_before": statuses, "status_after": statuses}
        for item in self.disclosure.also_hide:
            for key, value in item.where.items():
                if value not in known.get(key, (value,)):
                    words = ", ".join(known[key])
                    raise ValueError(
                        f"disclosure.also_hide, table {item.table}: {key} is one of {words}; "
                        "a list made for another study cannot be used"
                    )
        return self


class Study(Settings):
    """A study's settings with its name, its parameter file and the root that its paths start from."""

    name: str
    file: Path
    root: Path
    settings: StudySettings

    def path(self, relative: str) -> Path:
        """Return a path of the parameter file as an absolute path."""
        return self.root / relative


def load_study(path: str | Path, **overrides: object) -> Study:
    """Return the study in the parameter file at ``path``.

    overrides: top-level settings that replace the file's (``window_months=12``); None means: as in the file.
    Raises Refused with every fault of the file or of the overrides.
    """
    file = find_file(path)
    return _with_records(file, read_yaml(file), overrides)


def _with_records(file: Path, given: Mapping[str, object], overrides: Mapping[str, object]) -> Study:
    together = {**given, **{name: value for name, value in overrides.items() if value is not None}}
    settings = _overridden(together, overrides, file.name)
    return Study(name=study_name(file), file=file, root=project_root(file), settings=settings)


def _overridden(given: dict[str, object], overrides: Mapping[str, object], where: str) -> StudySettings:
    """Return the settings; a fault of an override names the cell that holds it, not the file."""
    try:
        return build(given, StudySettings, where=where)
    except Refused as refused:
        cells = {f"{where}, {name}": name for name, value in overrides.items() if value is not None}
        told = "{}, in the notebook's first cell (or given with -p)"
        raise Refused(
            replace(fault, where=told.format(cells[fault.where])) if fault.where in cells else fault
            for fault in refused.faults
        ) from None


def load_people(path: str | Path) -> Study:
    """Return the study of a parameter file with or without children's records; raises Refused with every fault.

    A study without them has a :class:`PeopleFile` as its settings: whatever asks it for groups or windows fails.
    """
    file = find_file(path)
    given = read_yaml(file)
    if "groups" in given:
        return _with_records(file, given, {})
    settings: Any = build(given, PeopleFile, where=file.name)
    return Study.model_construct(name=study_name(file), file=file, root=project_root(file), settings=settings)
