"""What else could make the difference: the natural course of children chosen at a bad time, and missing follow-up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from stepdown.effects.comparison import Comparison, base_columns, base_of, comparison_of, group_labels, rests_on
from stepdown.effects.estimates import NAN
from stepdown.effects.permutation import family_permutations
from stepdown.measures import measured
from stepdown.outcomes import ChildOutcomes
from stepdown.params.effects import EffectSettings
from stepdown.proportions import holm
from stepdown.tables import AggregateTable, Column, Role


@dataclass(frozen=True, slots=True)
class NaturalCourse:
    """What regression to the mean alone would do to one group.

    reference: the mean to which it would return (both groups before).  correlation: between before and after,
    within groups, not below zero.  expected: change by regression alone.  observed: change that there was.
    """

    mean_before: float
    mean_after: float
    reference: float
    correlation: float
    expected: float
    observed: float


def natural_course(compared: Comparison) -> tuple[NaturalCourse, NaturalCourse]:
    """Return regression to the mean in the programme group and in the comparison group.

    A group's mean is expected to move towards the reference by (1 - correlation) of its distance. With a
    correlation that cannot be had (no spread) the expected change is NaN.
    """
    if min(compared.families_by_group()) < 1:
        return (NaturalCourse(NAN, NAN, NAN, NAN, NAN, NAN),) * 2
    reference = float(compared.before.mean())
    correlation = within_group_correlation(compared)
    found = []
    for arm in (compared.programme, ~compared.programme):
        start, end = float(compared.before[arm].mean()), float(compared.after[arm].mean())
        expected = (1 - correlation) * (reference - start)
        found.append(NaturalCourse(start, end, reference, correlation, expected, end - start))
    return found[0], found[1]


def within_group_correlation(compared: Comparison) -> float:
    """Return the correlation of before and after within groups (pooled), cut at zero; NaN without spread."""
    before, after = compared.before.copy(), compared.after.copy()
    for arm in (compared.programme, ~compared.programme):
        before[arm] -= before[arm].mean()
        after[arm] -= after[arm].mean()
    spread = float(np.sqrt((before**2).sum() * (after**2).sum()))
    return max(float((before * after).sum()) / spread, 0.0) if spread > 0 else NAN


def regression_to_the_mean_table(frame: pd.DataFrame, settings: EffectSettings) -> AggregateTable:
    """Return ``regression_to_the_mean``: one row is an outcome in a group.

    >>> regression_to_the_mean_table(children, options).frame[["outcome", "group", "observed_change"]].head(2).round(1)
        outcome       group  observed_change
    0  days_cin         IFP            -34.1
    1  days_cin  Comparison             17.3
    """
    rows = []
    for outcome in settings.outcomes:
        compared = comparison_of(frame, outcome)
        for label, found in zip(group_labels(frame), natural_course(compared), strict=True):
            arm = compared.programme if label == group_labels(frame)[0] else ~compared.programme
            rows.append(
                {
                    "outcome": outcome,
                    "group": label,
                    "n_children": int(arm.sum()),
                    "n_with_any": compared.n_with_any(arm),
                    "mean_before": found.mean_before,
                    "reference_mean": found.reference,
                    "correlation": found.correlation,
                    "expected_change": found.expected,
                    "observed_change": found.observed,
                }
            )
    rests = ("n_with_any", "n_children")
    columns = {
        "outcome": Column("Outcome", Role.KEY, about="What is counted."),
        "group": Column("Group", Role.KEY, about="Label of the group in the study file."),
        "n_children": Column("Children", Role.BASE, "children", 0, about="Children who are analysed."),
        "n_with_any": Column("With any", Role.COUNT, "children", 0, about="Before or after."),
        "mean_before": Column("Mean before", Role.DERIVED, "", 2, rests, "Per child."),
        "reference_mean": Column("Mean of both groups before", Role.DERIVED, "", 2, rests, "What means return to."),
        "correlation": Column("Correlation", Role.DERIVED, "", 2, rests, "Before with after, within groups."),
        "expected_change": Column(
            "Change expected from it alone", Role.DERIVED, "", 2, rests, "(1 - correlation) of the distance."
        ),
        "observed_change": Column("Change observed", Role.DERIVED, "", 2, rests, "After minus before."),
    }
    return AggregateTable.of_rows("regression_to_the_mean", "outcome in a group", columns, rows)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Worst-case bounds of the difference after (programme minus comparison) when follow-up is missing.

    difference: among the children who were followed.  low, high: whatever the others had (Manski 1990).
    """

    difference: float
    low: float
    high: float


def manski_bounds(
    after_programme: np.ndarray,
    after_comparison: np.ndarray,
    *,
    missing_programme: int,
    missing_comparison: int,
    most: float,
) -> Bounds:
    """Return bounds of the difference in means of an outcome that lies between 0 and ``most`` for every child."""
    sums = [float(np.sum(after_programme)), float(np.sum(after_comparison))]
    sizes = [len(after_programme), len(after_comparison)]
    missing = [missing_programme, missing_comparison]
    lowest = [total / (n + m) for total, n, m in zip(sums, sizes, missing, strict=True)]
    highest = [(total + m * most) / (n + m) for total, n, m in zip(sums, sizes, missing, strict=True)]
    return Bounds(sums[0] / sizes[0] - sums[1] / sizes[1], lowest[0] - highest[1], highest[0] - lowest[1])


def not_followed(flow: pd.DataFrame) -> dict[str, int]:
    """Return, for each group, the children left out because the data does not cover their period after.

    flow: the frame of the cohort's participant flow.
    """
    left_out = flow.loc[(flow["step"] == "Not observable") & flow["reason"].str.endswith("(after)")]
    return {str(group): int(count) for group, count in left_out.groupby("group")["children"].sum().items()}


def missing_follow_up(outcomes: ChildOutcomes, settings: EffectSettings) -> AggregateTable:
    """Return ``missing_follow_up`` of a study, with the children that its participant flow says were not followed.

    >>> missing_follow_up(found, options).frame[["outcome", "missing_programme", "missing_comparison"]].head(2)
        outcome  missing_programme  missing_comparison
    0  days_cin                  0                   0
    1   days_cp                  0                   0
    """
    return missing_follow_up_table(outcomes.frame, not_followed(outcomes.cohort.flow.frame), settings)


def missing_follow_up_table(
    frame: pd.DataFrame, missing: Mapping[str, int], settings: EffectSettings
) -> AggregateTable:
    """Return ``missing_follow_up``: one row is an outcome in days, with worst-case bounds.

    missing: group label → children of the study whose period after the data does not cover (from the cohort).
    Days are those inside the period, so that every child lies between none and the whole period.
    """
    programme, comparison = group_labels(frame)
    rows = []
    for outcome in [name for name in settings.outcomes if measured(name).inside]:
        compared = comparison_of(frame, measured(outcome).inside)
        found = manski_bounds(
            compared.after[compared.programme],
            compared.after[~compared.programme],
            missing_programme=missing.get(programme, 0),
            missing_comparison=missing.get(comparison, 0),
            most=float(frame["window_days_after"].max()),
        )
        rows.append(
            {
                "outcome": outcome,
                "n_programme": int(compared.programme.sum()),
                "missing_programme": missing.get(programme, 0),
                "n_comparison": int((~compared.programme).sum()),
                "missing_comparison": missing.get(comparison, 0),
                "n_with_any": compared.n_with_any(),
                "difference": found.difference,
                "bound_low": found.low,
                "bound_high": found.high,
            }
        )
    rests = ("n_with_any",)
    columns = {
        "outcome": Column("Outcome", Role.KEY, about="What is counted."),
        "n_programme": Column(f"{programme}, followed", Role.BASE, "children", 0, about="Followed to the end."),
        "missing_programme": Column(f"{programme}, not followed", Role.COUNT, "children", 0, about="Not covered."),
        "n_comparison": Column(f"{comparison}, followed", Role.BASE, "children", 0, about="Followed to the end."),
        "missing_comparison": Column(f"{comparison}, not followed", Role.COUNT, "children", 0, about="Not covered."),
        "n_with_any": Column("With any", Role.COUNT, "children", 0, about="Before or after, both groups."),
        "difference": Column("Difference after", Role.DERIVED, "days", 1, rests, "Among children followed."),
        "bound_low": Column("At the least", Role.DERIVED, "days", 1, rests, "Whatever the others had."),
        "bound_high": Column("At the most", Role.DERIVED, "days", 1, rests, "Whatever the others had."),
    }
    return AggregateTable.of_rows("missing_follow_up", "outcome in days", columns, rows)


def permutation_table(children: pd.DataFrame, settings: EffectSettings, *, seed: int) -> AggregateTable:
    """Return ``permutation``: one row is an outcome, with the test that deals families out again, corrected by Holm.

    >>> permutation_table(children, options, seed=1).frame[["outcome", "method"]].head(2)
        outcome                 method
    0  days_cin  deals drawn at random
    1   days_cp  deals drawn at random
    """
    rows = []
    comparisons = [comparison_of(children, outcome) for outcome in settings.outcomes]
    tests = family_permutations(
        comparisons, seed=seed, draws=settings.permutation_draws, exact_up_to=settings.permutation_exact_up_to
    )
    for outcome, compared, found in zip(settings.outcomes, comparisons, tests, strict=True):
        rows.append(
            {
                "outcome": outcome,
                "unit": measured(outcome).unit,
                "difference": found.difference,
                "p_value": found.p_value,
                "n_families": compared.n_families,
                **base_of(compared, settings.outcomes),
                "deals": found.deals,
                "method": "all deals counted" if found.exact else "deals drawn at random",
                "note": found.note,
            }
        )
    frame = pd.DataFrame(rows).assign(p_holm=lambda found: holm(list(found["p_value"])))
    rests = rests_on(settings.outcomes)
    columns = {
        "outcome": Column("Outcome", Role.KEY, about="What is counted."),
        "unit": Column("Unit", Role.OPEN, about="Unit of the difference."),
        "difference": Column("Difference in mean change", Role.DERIVED, "", 2, rests, "Programme minus comparison."),
        "p_value": Column("p value", Role.DERIVED, "p", 3, rests, "Two-sided, by absolute value."),
        "p_holm": Column("p value, corrected", Role.DERIVED, "p", 3, rests, "Holm, over the outcomes."),
        "n_families": Column("Families", Role.BASE, "families", 0, about="Dealt whole."),
        **base_columns(settings.outcomes, "Before or after, both groups."),
        "deals": Column("Deals", Role.OPEN, "", 0, about="Ways counted or drawn."),
        "method": Column("Method", Role.OPEN, about="Exact or Monte Carlo."),
        "note": Column("Note", Role.OPEN, about="Why there is no p value."),
    }
    return AggregateTable("permutation", "outcome", frame[list(columns)], columns)
