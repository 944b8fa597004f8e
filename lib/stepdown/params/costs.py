"""The cost-benefit settings of a study: tariffs, programme cost, horizon, adjustments, scenarios, uncertainty."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from stepdown.faults import nearest
from stepdown.measures import declared
from stepdown.params.base import ProjectPath, Settings, Sourced, Text
from stepdown.params.effects import Estimator


def _priced(name: str) -> str:
    known = declared(priced=True)
    if name not in known:
        raise ValueError(f"one of {', '.join(known)}{nearest(name, known)}")
    return name


PricedMeasure = Annotated[
    str, AfterValidator(_priced), Field(description=", ".join(f"`{name}`" for name in declared(priced=True)))
]
"""A volume of the child outcomes frame that a unit cost can price (``days_cp`` → days_cp_before, days_cp_after)."""

Precision = Literal["exact", "printed"]
"""exact: the unit cost as calculated with.  printed: as the source prints it, where that is rounded."""

Prices = Literal["as_published", "one_base"]
"""Amounts as their sources print them, or all in one price base."""

INTERVAL = 0.95
"""Width of every interval of the money, as of the effects."""

FinancialYear = Annotated[str, StringConstraints(pattern=r"^\d{4}/\d{2}$")]
"""A financial year, April to March, such as 2018/19."""

Share = Annotated[float, Field(ge=0, le=1)]
"""A share from 0 to 1."""


class AcceptedDoubleCount(Settings):
    """A double count in the unit costs that the study keeps on purpose, such as a published method's own."""

    total: Text
    part: Text
    reason: Text


class ProgrammeAmount(Settings):
    """Another figure for what the programme cost.

    covers: "workstreams" (the amount is for the study's own workstreams) or "whole_programme" (the study's share of
    it is its share of ``ProgrammeCost.whole_programme``).
    """

    name: Text
    amount: Sourced
    covers: Literal["workstreams", "whole_programme"]
    reason: Text


class ProgrammeCost(Settings):
    """What the programme cost: lines of the table programme_costs, and other figures for the same thing.

    workstreams: whose lines count (none named: all).  basis: which lines (None: they must all have one basis).
    spent_over: the period in words.  paid_by: the body that pays.
    whole_programme: total of all workstreams, needed where an alternative covers the whole programme.
    equal_sums_kept: why a line that happens to be the sum of others is a line of its own and no total of them.
    """

    workstreams: tuple[Text, ...] = ()
    basis: Literal["funded", "budgeted", "actual"] | None = None
    spent_over: Text
    paid_by: Text
    source: Text
    quality: Literal["green", "amber", "red"]
    whole_programme: Sourced | None = None
    equal_sums_kept: Text | None = None
    alternatives: tuple[ProgrammeAmount, ...] = ()

    @model_validator(mode="after")
    def _share_known(self) -> Self:
        if self.whole_programme is None and any(a.covers == "whole_programme" for a in self.alternatives):
            raise ValueError("an alternative that covers the whole programme needs whole_programme, to take a share")
        return self

    def counts(self, workstream: str, basis: object) -> bool:
        """Return whether a line of spending is the study's own: of its workstreams and its basis."""
        return (not self.workstreams or workstream in self.workstreams) and self.basis in (None, basis)

    def alternative(self, name: str) -> ProgrammeAmount:
        """Return the alternative of that name; raises KeyError."""
        return {item.name: item for item in self.alternatives}[name]


class Horizon(Settings):
    """How long a saving lasts after the window in which it was seen: an assumption, so it is written down.

    shape: "none" (only what was seen in the window), "step" (as in the window until ``months`` after the start of the
    period, then nothing) or "decay" (as in the window, then falling so that half is left after each
    ``half_life_months``, counted until ``months``).
    """

    shape: Literal["none", "decay", "step"] = "none"
    months: int | None = Field(default=None, ge=1, le=900)
    half_life_months: float | None = Field(default=None, gt=0)
    reason: Text = "only what was seen in the window is counted"

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.shape != "none" and self.months is None:
            raise ValueError(f"shape {self.shape} needs months")
        if self.shape == "decay" and self.half_life_months is None:
            raise ValueError("shape decay needs half_life_months")
        return self


class Adjustments(Settings):
    """Corrections to the saving and to the programme cost; none is made unless the study states it with its source.

    The percentages that GMCA's model attaches to its confidence grades are not shipped: they could not be verified. A
    study that uses them states the grade and the percentage with the workbook that it took them from.

    optimism_saving: share taken off the saving.  optimism_cost: share put on the programme cost.
    deadweight: share of the saving that would have come anyway (for a saving without a comparison group).
    displacement: share that only moved to other families or agencies.
    confidence_grade: in words, printed in the assumptions log; it moves nothing by itself.
    """

    optimism_saving: Sourced | None = None
    optimism_cost: Sourced | None = None
    deadweight: Sourced | None = None
    displacement: Sourced | None = None
    confidence_grade: Text | None = None

    @model_validator(mode="after")
    def _shares(self) -> Self:
        for name in ("optimism_saving", "deadweight", "displacement"):
            item = getattr(self, name)
            if item is not None and not 0 <= item.value <= 1:
                raise ValueError(f"{name} is a share from 0 to 1")
        if self.optimism_cost is not None and self.optimism_cost.value < 0:
            raise ValueError("optimism_cost is a share that is added: 0 or more")
        return self


class Scenario(Settings):
    """One other way to do the sum, with its reason; what is not named stays as in the report's method.

    Where the analysis differs from that (days inside the window, one price base), each is also made to the analysis.

    leave_out_children: so many children, the most influential first, are set aside.
    comparison_n: the comparison group is scaled with this number instead of its own.
    children_per_family: each family's saving counts for so many children ("observed": as the family size recorded).
    leave_out: measures that are not priced.  prices: other than the study's.
    adjusted: with the study's corrections (``adjustments``), which a scenario leaves aside otherwise.
    """

    name: Text
    reason: Text
    estimator: Estimator = "did"
    day_count: Literal["as_study", "clipped"] = "as_study"
    precision: Precision = "exact"
    prices: Prices | None = None
    leave_out_children: int = Field(default=0, ge=0, le=20)
    leave_out: tuple[PricedMeasure, ...] = ()
    comparison_n: int | None = Field(default=None, ge=1)
    programme: Text | None = None
    children_per_family: Annotated[float, Field(ge=1)] | Literal["observed"] | None = None
    horizon: Horizon | None = None
    adjusted: bool = False


class Uncertainty(Settings):
    """The simulation: ``draws`` resamples of families within groups, each with unit costs drawn from their ranges.

    exact_up_to_families: beyond so many families in a group, resampled sums are
    drawn from their normal limit instead of by counting (bounded memory at any size; a test holds the agreement).
    willingness_up_to_gbp: right end of the acceptability curve, £ for each day of statutory care avoided.
    """

    draws: int = Field(default=10_000, ge=100, le=1_000_000)
    exact_up_to_families: int = Field(default=5_000, ge=2)
    willingness_up_to_gbp: float = Field(default=200.0, gt=0)


class CostSettings(Settings):
    """The cost-benefit settings of a study.

    unit_costs: the book, or several.  tariffs: measure → id of the unit cost.  price_year: the one price base.
    prices: "one_base" brings every amount to ``price_year``; "as_published" adds amounts as their sources print them,
    which only a study that reproduces a published sum should do.
    precision: which of the book's two values enters (see :data:`Precision`).
    one_child_per_family: the records hold one child picked from each family, so savings to brothers and sisters
    are not in them while the programme cost is whole.
    """

    unit_costs: ProjectPath | tuple[ProjectPath, ...]
    tariffs: dict[PricedMeasure, Text]
    precision: Precision = "exact"
    accepted_double_counts: tuple[AcceptedDoubleCount, ...] = ()
    price_year: FinancialYear
    prices: Prices = "one_base"
    deflator: ProjectPath = "params/deflator.yaml"
    discount_rates: ProjectPath = "params/discount_rates.yaml"
    programme: ProgrammeCost
    one_child_per_family: bool = False
    horizon: Horizon = Field(default_factory=Horizon)
    adjustments: Adjustments = Field(default_factory=Adjustments)
    scenarios: tuple[Scenario, ...] = ()
    uncertainty: Uncertainty = Field(default_factory=Uncertainty)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.tariffs:
            raise ValueError("tariffs names no measure: at least one has to be priced")
        names = [scenario.name for scenario in self.scenarios]
        if len(names) != len(set(names)):
            raise ValueError("two scenarios have one name")
        known = {item.name for item in self.programme.alternatives}
        wanted = {scenario.programme for scenario in self.scenarios if scenario.programme}
        if wanted - known:
            raise ValueError(f"scenarios name programme amounts that are not among the alternatives: {wanted - known}")
        return self
