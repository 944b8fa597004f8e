"""A trial, time use, repeats and spending: four blocks of a study's file, each absent unless the study has it."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from stepdown.params.base import Day, ProjectPath, Settings, Text
from stepdown.params.costs import FinancialYear


class Stretch(Settings):
    """A stretch of time, its first and its last day."""

    first: Day
    last: Day

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"the stretch ends ({self.last}) before it begins ({self.first})")
        return self


class Protocol(Settings):
    """The document that named outcomes and subgroups before anybody was allocated, and its date."""

    source: Text
    dated: Day


class Subgroup(Settings):
    """A subgroup that the protocol names.

    by: a column of the child outcomes that was known at allocation (age_years, highest_before, referrals_before).
    at_least: children from this number on are in it; or equals: children with this value.
    """

    label: Text
    by: Text
    at_least: float | None = None
    equals: Text | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.at_least is None) == (self.equals is None):
            raise ValueError("a subgroup is from a number on (at_least), or of one value (equals): one of the two")
        if self.by.endswith("_after") or self.by in ("days_to_referral", "follow_up_days", "highest_at_end"):
            raise ValueError(f"{self.by} was not known when children were allocated")
        return self


class ArmFlow(Settings):
    """What the trial's own flow diagram says of one arm, in units."""

    allocated: int = Field(ge=0)
    lost: int = Field(ge=0)
    analysed: int = Field(ge=0)


class TrialFlow(Settings):
    """The trial's flow before and after allocation, in units; it is checked against the table ``allocation``.

    excluded: number by reason.  arms: by label of the group; what is not given is counted from the records alone.
    """

    assessed: int = Field(ge=0)
    excluded: dict[Text, int]
    randomised: int = Field(ge=0)
    arms: dict[str, ArmFlow] = Field(default_factory=dict)


class TrialSettings(Settings):
    """A randomised trial: the study's groups are its arms, as allocated.

    unit: what ``allocation.unit_id`` names.  primary, secondary: measures of the child outcomes.
    non_compliance: two_sided where children of the comparison arm could have the programme too.
    lost_reasons: code → label of each lost_reason; only the labels are shown.
    few_clusters: below this many, clusters are compared and not children.  least_uptake: below this difference in
    uptake nothing is said of those who took it up.
    """

    unit: Literal["child", "family"]
    primary: Text
    secondary: tuple[Text, ...] = ()
    subgroups: tuple[Subgroup, ...] = ()
    protocol: Protocol
    flow: TrialFlow | None = None
    non_compliance: Literal["one_sided", "two_sided"] = "one_sided"
    lost_reasons: dict[str, Text] = Field(default_factory=dict)
    few_clusters: int = Field(default=30, ge=4)
    least_uptake: float = Field(default=0.1, gt=0, lt=1)

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        names = (self.primary, *self.secondary)
        if len(set(names)) != len(names):
            raise ValueError("primary and secondary: each outcome only once")
        labels = [group.label for group in self.subgroups]
        if len(set(labels)) != len(labels):
            raise ValueError("subgroups: each label only once")
        return self


class TimeUse(Settings):
    """How workers' weeks are compared: activities (code → label), which of them are direct work, and two stretches."""

    activities: dict[str, Text]
    direct: tuple[Text, ...] = Field(min_length=1)
    before: Stretch
    after: Stretch

    @model_validator(mode="after")
    def _fits(self) -> Self:
        unknown = sorted(set(self.direct) - set(self.activities))
        if unknown:
            raise ValueError(f"direct names activities that are not there: {', '.join(unknown)}")
        if self.after.first <= self.before.last:
            raise ValueError("the stretch after begins before the stretch before has ended")
        return self


class Repeats(Settings):
    """Whose hearings are followed: index periods by label, and within how many days a further hearing is a repeat.

    what: what a hearing is, such as "MARAC hearing".  data_to: last day that the hearings cover (None: as the data).
    """

    what: Text
    periods: dict[Text, Stretch] = Field(min_length=1)
    within_days: int = Field(default=365, ge=1, le=3660)
    data_to: Day | None = None


class Saving(Settings):
    """A saving that somebody states, and what would have been spent otherwise (None: nobody says, so it is a claim).

    per: by how many teams, families or the like it is divided; of_what: their name.
    """

    who: Text
    amount_gbp: float
    source: Text
    counterfactual: Text | None = None
    per: int | None = Field(default=None, ge=1)
    of_what: Text = "teams"


class Spending(Settings):
    """Rows of kind ``spend`` in the table ``log``, brought to the prices of one year; and savings that are stated."""

    price_year: FinancialYear
    deflator: ProjectPath = "params/deflator.yaml"
    savings: tuple[Saving, ...] = ()
