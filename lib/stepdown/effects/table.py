"""The table of effects: every outcome by every estimator, each with what would have to be true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from stepdown.effects.bounded_days import fractional_logit
from stepdown.effects.bracketing import (
    AFTER_ONLY,
    FEW_FAMILIES,
    bracket,
    ends_apart,
    estimated,
)
from stepdown.effects.comparison import base_columns, base_of, comparison_of, rests_on
from stepdown.effects.estimates import Estimate, holm, smallest_detectable
from stepdown.effects.overlap import OverlapGate
from stepdown.effects.weighting import weighted_estimates
from stepdown.measures import PERIODS, measured
from stepdown.params.effects import EffectSettings
from stepdown.tables import AggregateTable, Column, Role


def effects(frame: pd.DataFrame, settings: EffectSettings, gate: OverlapGate) -> list[Estimate]:
    """Return every estimate of every outcome, with p values corrected over outcomes within each estimator (Holm).

    frame: child outcomes. The bracket is always there; estimates by weighting only when the gate passed, else
    their rows are empty and say so. ``note`` also says where families or events are few.
    """
    found: list[Estimate] = []
    for outcome in settings.outcomes:
        compared = comparison_of(frame, outcome)
        mine = [
            *bracket(compared, level=settings.confidence_level),
            estimated(compared, AFTER_ONLY, level=settings.confidence_level),
        ]
        if measured(outcome).inside:
            mine.append(fractional_logit(frame, outcome, level=settings.confidence_level))
        mine += weighted_estimates(frame, outcome, settings, gate_passed=gate.passed)
        families = min(compared.families_by_group())
        found += [_cautioned(item, families, settings) for item in mine]
    return holm(found)


def _cautioned(item: Estimate, families: int, settings: EffectSettings) -> Estimate:
    cautions = [item.note] if item.note else []
    if 0 < item.n_with_any < settings.min_events:
        of_what = "a score" if measured(item.outcome).kind == "score" else "any of it"
        cautions.append(f"rests on few children with {of_what}")
    if families < settings.min_families:
        cautions.append(FEW_FAMILIES)
    return replace(item, note="; ".join(cautions))


def effects_table(frame: pd.DataFrame, settings: EffectSettings, gate: OverlapGate) -> AggregateTable:
    """Return ``effects``: one row is an outcome by one estimator; see :func:`effects`.

    >>> table = effects_table(children, options, effects.overlap_gate(children, options))
    >>> table.frame[["outcome", "estimator", "estimate"]].head(2).round(1)
        outcome                  estimator  estimate
    0  days_cin  difference in differences     -51.4
    1  days_cin  lagged-outcome adjustment      -5.4
    """
    return _table("effects", frame, settings, effects(frame, settings, gate))


def _table(name: str, frame: pd.DataFrame, settings: EffectSettings, found: Sequence[Estimate]) -> AggregateTable:
    bases = {name: base_of(comparison_of(frame, name), settings.outcomes) for name in settings.outcomes}
    rows = [
        {
            "outcome": item.outcome,
            "measure": measured(item.outcome).title,
            "estimator": item.estimator,
            "unit": measured(item.outcome).unit,
            "estimate": item.estimate,
            "ci_low": item.ci_low,
            "ci_high": item.ci_high,
            "se": item.se,
            "smallest_detectable": smallest_detectable(item.se, item.n_families - 1, settings.confidence_level),
            "p_value": item.p_value,
            "p_holm": item.p_holm,
            "n_children": item.n_children,
            "n_families": item.n_families,
            **bases[item.outcome],
            "condition": item.condition,
            "note": item.note,
        }
        for item in found
    ]
    return AggregateTable.of_rows(name, "outcome by one estimator", _columns(settings), rows)


def inside_only(frame: pd.DataFrame, outcomes: Sequence[str]) -> pd.DataFrame:
    """Return the child outcomes with the days inside the window in place of the study's own count of days."""
    own = {
        f"{name}_{period}": measured(name).inside for name in outcomes if measured(name).inside for period in PERIODS
    }
    return frame.assign(**{column: frame[f"{inside}_{column.rpartition('_')[2]}"] for column, inside in own.items()})


def effects_inside_table(frame: pd.DataFrame, settings: EffectSettings) -> AggregateTable:
    """Return ``effects_inside``: both ends of each outcome's bracket, of days inside the window only.

    >>> table = effects_inside_table(children, options)
    >>> table.frame[["outcome", "estimate"]].head(4).round(1)
        outcome  estimate
    0  days_cin     -39.8
    1  days_cin      -3.6
    2   days_cp     -59.7
    3   days_cp     -10.2
    """
    inside = inside_only(frame, settings.outcomes)
    found = []
    for outcome in settings.outcomes:
        compared = comparison_of(inside, outcome)
        families = min(compared.families_by_group())
        found += [_cautioned(end, families, settings) for end in bracket(compared, level=settings.confidence_level)]
    return _table("effects_inside", inside, settings, holm(found))


def _columns(settings: EffectSettings) -> dict[str, Column]:
    rests = rests_on(settings.outcomes)
    percent = f"{settings.confidence_level:.0%}"
    return {
        "outcome": Column("Code", Role.KEY, about="What is counted: a column of the child outcomes."),
        "measure": Column("Outcome", Role.KEY, about="The same in words."),
        "estimator": Column("Estimator", Role.KEY, about="How the difference is estimated."),
        "unit": Column("Unit", Role.OPEN, about="Unit of the estimate, per child."),
        "estimate": Column("Estimate", Role.DERIVED, "", 2, rests, "Programme minus comparison, per child."),
        "ci_low": Column(f"{percent} interval, from", Role.DERIVED, "", 2, rests, "Clustered on family."),
        "ci_high": Column(f"{percent} interval, to", Role.DERIVED, "", 2, rests, "Clustered on family."),
        "se": Column("Standard error", Role.DERIVED, "", 2, rests, "Clustered on family."),
        "smallest_detectable": Column(
            "Smallest difference it could find", Role.DERIVED, "", 2, rests, "True difference found with 80% power."
        ),
        "p_value": Column("p value", Role.DERIVED, "p", 3, rests, "Two-sided, before correction."),
        "p_holm": Column("p value, corrected", Role.DERIVED, "p", 3, rests, "Holm, over the outcomes."),
        "n_children": Column("Children", Role.BASE, "children", 0, about="In both groups."),
        "n_families": Column("Families", Role.BASE, "families", 0, about="In both groups."),
        **base_columns(settings.outcomes),
        "condition": Column("Right only if", Role.OPEN, about="What must be true for it to be the effect."),
        "note": Column("Note", Role.OPEN, about="Why it is missing, or on how little it rests."),
    }


def bracket_agreement_table(frame: pd.DataFrame, settings: EffectSettings) -> AggregateTable:
    """Return ``bracket_agreement``: one row is an outcome; how far apart the two ends of its bracket are.

    >>> bracket_agreement_table(children, options).frame[["outcome", "difference", "ends_differ"]].head(2).round(1)
        outcome  difference  ends_differ
    0  days_cin       -46.0         True
    1   days_cp       -81.6         True
    """
    return _agreement_table("bracket_agreement", frame, settings)


def bracket_agreement_inside_table(frame: pd.DataFrame, settings: EffectSettings) -> AggregateTable:
    """Return ``bracket_agreement_inside``: the same, of days inside the window only.

    >>> bracket_agreement_inside_table(children, options).frame[["outcome", "difference"]].head(2).round(1)
        outcome  difference
    0  days_cin       -36.2
    1   days_cp       -49.5
    """
    return _agreement_table("bracket_agreement_inside", inside_only(frame, settings.outcomes), settings)


def _agreement_table(name: str, frame: pd.DataFrame, settings: EffectSettings) -> AggregateTable:
    rows = []
    for outcome in settings.outcomes:
        compared = comparison_of(frame, outcome)
        found = ends_apart(compared, level=settings.confidence_level)
        rows.append(
            {
                "outcome": outcome,
                "unit": measured(outcome).unit,
                "difference": found.difference,
                "ci_low": found.ci_low,
                "ci_high": found.ci_high,
                "p_value": found.p_value,
                "ends_differ": bool(found.ci_low > 0 or found.ci_high < 0),
                **base_of(compared, settings.outcomes),
            }
        )
    rests = rests_on(settings.outcomes)
    columns = {
        "outcome": Column("Outcome", Role.KEY, about="What is counted."),
        "unit": Column("Unit", Role.OPEN, about="Unit of the difference, per child."),
        "difference": Column(
            "Ends apart by", Role.DERIVED, "", 2, rests, "Difference in differences minus lagged-outcome adjustment."
        ),
        "ci_low": Column("from", Role.DERIVED, "", 2, rests, "Family jackknife, t."),
        "ci_high": Column("to", Role.DERIVED, "", 2, rests, "Family jackknife, t."),
        "p_value": Column("p value", Role.DERIVED, "p", 3, rests, "Family jackknife, t."),
        "ends_differ": Column("Apart beyond chance", Role.DERIVED, "", None, rests, "The interval excludes zero."),
        **base_columns(settings.outcomes),
    }
    return AggregateTable.of_rows(name, "outcome", columns, rows)
