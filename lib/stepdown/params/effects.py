"""How differences between groups are estimated."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from stepdown.params.base import Settings, Text

Estimator = Literal["did", "ancova", "after_only", "before_after"]
"""How the saving is estimated: difference in differences, lagged-outcome adjustment, the difference after only,
or the programme group's own change without a comparison."""

DIFFERENCE_IN_DIFFERENCES = "difference in differences"
LAGGED_OUTCOME = "lagged-outcome adjustment"
AFTER_ONLY = "difference after only"
OWN_CHANGE = "programme group's own change"

ESTIMATOR_NAMES: dict[Estimator, str] = {
    "did": DIFFERENCE_IN_DIFFERENCES,
    "ancova": LAGGED_OUTCOME,
    "after_only": AFTER_ONLY,
    "before_after": OWN_CHANGE,
}
"""What every table calls each estimator."""

BRACKET = (DIFFERENCE_IN_DIFFERENCES, LAGGED_OUTCOME)
"""The two ends of the bracket: the estimators that are shown first and side by side."""


class EffectSettings(Settings):
    """How differences between the two groups are estimated; every threshold can be set in the study file.

    outcomes: the outcomes named in advance, over which Holm's correction runs (columns of the child outcomes
        without their ``_before`` and ``_after``).
    headline: the outcome whose bracket goes to the study's first page; one of ``outcomes``.
    confidence_level: of every interval; 0.95 alone, which is what pages, charts and columns call their intervals.
    min_effective_sample, min_effective_share: the overlap gate. Reweighting the comparison group is refused
        when its effective sample size is below either (a number of children; a share of the group). A proposal of
        this workbook, not a standard.
    alike_share: a comparison group that keeps at least this share of itself when it is reweighted is alike enough;
        where the gate refuses it all the same, the children are too few, not too different.
    max_unmatched_share: the gate also refuses when more than this share of the programme group has a status before
        that no child of the comparison group had.
    min_families: fewer families than this in a group and an interval is marked as unreliable.
    min_events: fewer children than this with any of the outcome and the result is marked as resting on few events.
    tau_days: the day, set in advance, at which risk of re-referral is read and up to which the mean is restricted.
    survival_step_days: spacing of the days in the re-referral table.
    permutation_draws: Monte Carlo draws when there are more than permutation_exact_up_to ways to deal families out.
    dominance_share: one family that moves an estimate by more than this share of it is named as dominating it.
    balance_variables: what the balance table compares (columns of the child outcomes).
    weight_on: what entropy balancing adjusts for.
    robust_on: what doubly robust difference in differences adjusts for; leave outcomes of the period before out, since
        weights on them lean on the assumption of the other end of the bracket.
    """

    outcomes: tuple[Text, ...] = ("days_cin", "days_cp", "days_cla", "referrals")
    headline: Text = "days_cp"
    confidence_level: float = Field(default=0.95, ge=0.95, le=0.95)
    min_effective_sample: float = Field(default=30.0, gt=0)
    min_effective_share: float = Field(default=0.25, gt=0, le=1)
    alike_share: float = Field(default=0.5, gt=0, le=1)
    max_unmatched_share: float = Field(default=0.05, ge=0, lt=1)
    min_families: int = Field(default=10, ge=2)
    min_events: int = Field(default=10, ge=1)
    tau_days: int = Field(default=183, ge=1)
    survival_step_days: int = Field(default=30, ge=1)
    permutation_draws: int = Field(default=4999, ge=99)
    permutation_exact_up_to: int = Field(default=20_000, ge=0)
    dominance_share: float = Field(default=0.10, gt=0, lt=1)
    balance_variables: tuple[Text, ...] = (
        "age_years",
        "sibling_group_size",
        "ethnic_group",
        "n_issues",
        "highest_before",
        "days_cin_before",
        "days_cp_before",
        "days_cla_before",
        "referrals_before",
    )
    weight_on: tuple[Text, ...] = (
        "any_cin_before",
        "any_cp_before",
        "any_cla_before",
        "days_cin_before",
        "days_cp_before",
        "days_cla_before",
        "referrals_before",
    )
    robust_on: tuple[Text, ...] = ("age_years", "n_issues")

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        for name in ("outcomes", "balance_variables", "weight_on", "robust_on"):
            values = getattr(self, name)
            if not values or len(set(values)) != len(values):
                raise ValueError(f"{name}: name at least one column, and each only once")
        if self.headline not in self.outcomes:
            raise ValueError(f"headline: {self.headline} is not one of the outcomes {list(self.outcomes)}")
        return self
