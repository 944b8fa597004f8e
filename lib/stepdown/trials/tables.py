"""A trial's tables: the flow of units, the effects as allocated, those who took it up, the subgroups named before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from stepdown.contracts import StudyRecords
from stepdown.effects.comparison import Bools, Comparison, Floats, comparison_of
from stepdown.effects.estimates import NAN, smallest_detectable
from stepdown.faults import Fault, Refused, nearest, refuse
from stepdown.measures import PERIODS, RUNGS, declared, measured
from stepdown.outcomes import ChildOutcomes
from stepdown.params import Study
from stepdown.params.trials import Subgroup, TrialSettings
from stepdown.proportions import holm
from stepdown.tables import AddsUp, AggregateTable, Column, Role
from stepdown.trials.analysis import Arms, Effect, compliers, intention_to_treat, interaction

ANALYSED, OTHER_REASON, NOT_COVERED = "Analysed", "Other reason", "The records do not cover the periods"
NOT_MEASURED = "Not measured both times"
BEFORE_ALLOCATION, ALLOCATED = "Assessed", "Allocated"
INSIDE, OTHERS = "in it", "not in it"
SIDES = ("programme", "comparison")
FEW = "not calculated: too few children of an arm with any of it, or without"
UNITS = {"child": "children", "family": "families"}


@dataclass(frozen=True, slots=True)
class Trial:
    """A study that is a trial (record level: never shown).

    units: one row per unit allocated, with arm, received and became.  frame: one row per child who is analysed, with
    cluster (NaN: each by itself) and took (1, 0, NaN: not known) beside the child outcomes.
    late: children whose period after begins later than their allocation.
    """

    study: Study
    settings: TrialSettings
    units: pd.DataFrame
    frame: pd.DataFrame = field(repr=False)
    late: int = 0

    @property
    def labels(self) -> tuple[str, str]:
        """The two arms, intervention first."""
        return self.study.settings.groups.labels()

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes, the primary one first."""
        return (self.settings.primary, *self.settings.secondary)


def trial_of(study: Study, records: StudyRecords, outcomes: ChildOutcomes) -> Trial:
    """Return the trial of a study; raises Refused for outcomes and subgroups that are not known at that place."""
    settings = study.settings.trial
    if settings is None:
        raise LookupError(f"{study.name} has no trial")
    frame, unit = outcomes.frame, f"{settings.unit}_id"
    _refuse_unknown(study, settings, frame)
    rows = records.table("allocation").set_index("unit_id")
    own = rows.reindex(frame[unit])
    siblings = frame["family_id"].duplicated().any()
    cluster = own["cluster_id"].to_numpy() if own["cluster_id"].notna().any() else frame["family_id"].to_numpy()
    whole = own["cluster_id"].notna().any() or siblings
    frame = frame.assign(
        cluster=pd.factorize(cluster)[0].astype("float64") if whole else NAN,
        took=own["received"].astype("float64").to_numpy(),
    )
    began = (outcomes.cohort.after.start - own["allocated_on"].to_numpy().astype("datetime64[D]")).astype("int64")
    units = rows.assign(became=_became(study, settings, records, frame, rows))
    _refuse_other_numbers(study, settings, units)
    return Trial(study, settings, units.reset_index(), frame, int((began > 1).sum()))


def _refuse_other_numbers(study: Study, settings: TrialSettings, units: pd.DataFrame) -> None:
    """Refuse a flow whose analysed units are not those that the records come to."""
    found = units.loc[units["became"] == ANALYSED, "arm"].value_counts()
    wrong = [
        Fault(
            f"{study.file.name}, trial.flow.arms, {label}",
            f"{arm.analysed} analysed, and the records come to {found.get(label, 0)}",
            "the number that the records come to",
            "docs/trials.md, what is refused",
            "find who is analysed in one and not in the other: a lost_reason, an exclusion_reason, dates not covered",
        )
        for label, arm in (settings.flow.arms if settings.flow else {}).items()
        if arm.analysed != found.get(label, 0)
    ]
    refuse(wrong)


def _refuse_unknown(study: Study, settings: TrialSettings, frame: pd.DataFrame) -> None:
    known = [name for name in declared() if all(f"{name}_{period}" in frame for period in PERIODS)]
    wrong = [(name, known) for name in (settings.primary, *settings.secondary) if name not in known]
    wrong += [(group.by, list(frame.columns)) for group in settings.subgroups if group.by not in frame]
    if wrong:
        raise Refused.for_one(
            f"{study.file.name}, trial",
            "; ".join(f"an outcome or characteristic that is not known: {n!r}{nearest(n, some)}" for n, some in wrong),
            f"outcomes: {', '.join(known)}; subgroups by a column of the child outcomes",
            "a trial's outcomes are the study's measures (docs/trials.md)",
            "correct the name, or declare the measure",
        )


def _became(
    study: Study, settings: TrialSettings, records: StudyRecords, frame: pd.DataFrame, rows: pd.DataFrame
) -> list[str]:
    """Return what became of each unit: analysed, or why not."""
    unit, primary = f"{settings.unit}_id", settings.primary
    known = frame[[f"{primary}_{period}" for period in PERIODS]].notna().all(axis="columns")
    reasons = study.settings.exclusion_reasons
    excluded = records.children.dropna(subset=["exclusion_reason"]).groupby(unit)["exclusion_reason"].first()
    analysed, measured_both = set(frame[unit]), set(frame.loc[known, unit])

    def became(name: str, lost: object) -> str:
        if not pd.isna(lost):
            return settings.lost_reasons.get(str(lost), OTHER_REASON)
        if name in measured_both:
            return ANALYSED
        if name in analysed:
            return NOT_MEASURED
        return reasons.get(str(excluded[name]), OTHER_REASON) if name in excluded.index else NOT_COVERED

    return [became(str(name), lost) for name, lost in rows["lost_reason"].items()]


def trial_flow_table(trial: Trial) -> AggregateTable:
    """Return ``trial_flow``: one row is what became of units at a stage; each stage adds up to ``out_of``."""
    flow, rows = trial.settings.flow, []
    if flow:
        steps = [(reason, number) for reason, number in flow.excluded.items()] + [(ALLOCATED, flow.randomised)]
        rows += [(BEFORE_ALLOCATION, became, number, flow.assessed) for became, number in steps]
    for label in trial.labels:
        mine = trial.units.loc[trial.units["arm"] == label, "became"]
        counts = mine.value_counts()
        order = [*sorted(name for name in counts.index if name != ANALYSED), ANALYSED]
        rows += [(label, became, int(counts.get(became, 0)), len(mine)) for became in order]
    what = UNITS[trial.settings.unit]
    columns = {
        "stage": Column("Stage or arm", Role.KEY),
        "became": Column("What became of them", Role.KEY),
        "units": Column(what.capitalize(), Role.COUNT, what, 0),
        "out_of": Column("Out of", Role.BASE, what, 0, about="Those at the stage."),
    }
    sums = AddsUp("units", ("stage",), "out_of")
    return AggregateTable.of_rows("trial_flow", "stage of the trial × what became of them", columns, rows, sums)


def _scaled(compared: Comparison) -> tuple[Floats, Floats, str]:
    """Return the outcome before and after with its unit; a share is in percentage points."""
    own = measured(compared.outcome)
    if own.kind == "flag":
        return 100 * compared.before, 100 * compared.after, "percentage points"
    return compared.before, compared.after, own.unit


def _of(trial: Trial, frame: pd.DataFrame, outcome: str) -> tuple[Comparison, Floats, Arms, pd.DataFrame, str]:
    """Return the comparison of an outcome, its values after, the arms, the children measured, and the unit."""
    compared = comparison_of(frame, outcome)
    kept = frame.loc[frame[[f"{outcome}_{period}" for period in PERIODS]].notna().all(axis="columns")]
    before, after, unit = _scaled(compared)
    cluster = None if kept["cluster"].isna().any() else kept["cluster"].to_numpy().astype(np.int64)
    level = trial.study.settings.effects.confidence_level
    return compared, after, Arms(compared.programme, cluster, before, trial.settings.few_clusters, level), kept, unit


def _any(compared: Comparison, arm: Bools) -> int:
    return int((compared.after[arm] != 0).sum()) if measured(compared.outcome).kind != "score" else int(arm.sum())


_ESTIMATE = ("estimate", "ci_low", "ci_high", "se", "p_value")


def _outcome_columns() -> dict[str, Column]:
    return {
        "outcome": Column("Code", Role.KEY, about="What is counted: a column of the child outcomes."),
        "measure": Column("Outcome", Role.KEY),
        "unit": Column("Unit", Role.OPEN),
    }


def _estimate_columns(rests: Sequence[str], of_what: str) -> dict[str, Column]:
    return {
        "estimate": Column("Difference", Role.DERIVED, "", 2, tuple(rests), of_what),
        "ci_low": Column("from", Role.DERIVED, "", 2, tuple(rests), "Lower end of the interval."),
        "ci_high": Column("to", Role.DERIVED, "", 2, tuple(rests), "Upper end of the interval."),
        "se": Column("Standard error", Role.DERIVED, "", 2, tuple(rests)),
        "p_value": Column("p value", Role.DERIVED, "p", 3, tuple(rests), "Two-sided."),
    }


def _numbers(found: Effect) -> dict[str, float]:
    return {name: getattr(found, name) for name in _ESTIMATE}


_BEHIND = ("any_programme", "any_comparison")
_SIZES = {
    f"n_{arm}": Column(f"{arm.capitalize()}, children", Role.BASE, "children", 0, about="Analysed in the arm.")
    for arm in SIDES
}
_ANY = {
    f"any_{arm}": Column(
        f"{arm.capitalize()}, with any after", Role.COUNT, "children", 0, about="Of a score: measured."
    )
    for arm in SIDES
}


def _behind(trial: Trial, compared: Comparison) -> dict[str, int]:
    """Return the children of each arm, and those with any of the outcome after; of a score, those measured."""
    treated = trial.frame["in_programme"].to_numpy(dtype=np.bool_)
    sizes, some = (treated, ~treated), (compared.programme, ~compared.programme)
    found = {f"n_{name}": int(arm.sum()) for name, arm in zip(SIDES, sizes, strict=True)}
    return found | {f"any_{name}": _with_any(compared, arm) for name, arm in zip(SIDES, some, strict=True)}


def _with_any(compared: Comparison, arm: Bools) -> int:
    is_score = measured(compared.outcome).kind == "score"
    return int(arm.sum()) if is_score else int((compared.after[arm] != 0).sum())


def trial_effect_table(trial: Trial) -> AggregateTable:
    """Return ``trial_effect``: one row is an outcome; intervention less comparison, as allocated."""
    rows: list[dict[str, Any]] = []
    for outcome in trial.outcomes:
        compared, after, arms, _, unit = _of(trial, trial.frame, outcome)
        found = intention_to_treat(after, arms)
        means = [float(after[side].mean()) if side.any() else NAN for side in (arms.treated, ~arms.treated)]
        row: dict[str, Any] = {"outcome": outcome, "measure": measured(outcome).title, "unit": unit}
        row |= dict(zip(("mean_programme", "mean_comparison"), means, strict=True)) | _numbers(found)
        row |= {"p_holm": NAN, "smallest": smallest_detectable(found.se, found.df, arms.level), "icc": found.icc}
        row |= dict(zip(("clusters_programme", "clusters_comparison"), found.clusters, strict=True))
        rows.append(row | _behind(trial, compared) | {"method": found.method, "note": found.note})
    for row, p in zip(rows[1:], holm([row["p_value"] for row in rows[1:]]), strict=True):
        row["p_holm"] = p
    intervention, usual = trial.labels
    columns = {
        **_outcome_columns(),
        "mean_programme": Column(f"{intervention}, mean", Role.DERIVED, "", 2, _BEHIND, "After, a child."),
        "mean_comparison": Column(f"{usual}, mean", Role.DERIVED, "", 2, _BEHIND, "After, a child."),
        **_estimate_columns(_BEHIND, "As allocated, adjusted for the value before."),
        "p_holm": Column("p value, corrected", Role.DERIVED, "p", 3, _BEHIND, "Holm, over the secondary outcomes."),
        "smallest": Column("Smallest difference it could find", Role.DERIVED, "", 2, _BEHIND, "With 80% power."),
        "icc": Column("Alike in a cluster", Role.DERIVED, "", 2, _BEHIND, "Intracluster correlation inside the arms."),
        "clusters_programme": Column(f"{intervention}, clusters", Role.BASE, "clusters", 0),
        "clusters_comparison": Column(f"{usual}, clusters", Role.BASE, "clusters", 0),
        **_SIZES,
        **_ANY,
        "method": Column("Compared by", Role.OPEN),
        "note": Column("Note", Role.OPEN, about="Why it is not calculated."),
    }
    return AggregateTable.of_rows("trial_effect", "outcome of the trial", columns, rows)


def trial_compliers_table(trial: Trial) -> AggregateTable:
    """Return ``trial_compliers``: one row is an outcome; the effect on those who take the programme up when offered."""
    rows = []
    for outcome in trial.outcomes:
        compared, after, arms, kept, unit = _of(trial, trial.frame, outcome)
        took = kept["took"].to_numpy(dtype="float64")
        two_sided = trial.settings.non_compliance == "two_sided"
        found = compliers(after, took, arms, two_sided=two_sided, least=trial.settings.least_uptake)
        had = {f"had_{name}": int((took[side] == 1).sum()) for name, side in zip(SIDES, arms.sides, strict=True)}
        row = {"outcome": outcome, "measure": measured(outcome).title, "unit": unit, **_numbers(found), **had}
        rows.append(row | _behind(trial, compared) | {"note": found.note})
    had_it = {f"had_{arm}": Column(f"{arm.capitalize()}, had it", Role.COUNT, "children", 0) for arm in SIDES}
    columns = {
        **_outcome_columns(),
        **_estimate_columns((*had_it, *_BEHIND), "As allocated, divided by the difference in uptake."),
        **had_it,
        **_SIZES,
        **_ANY,
        "note": Column("Note", Role.OPEN, about="Why it is not calculated."),
    }
    return AggregateTable.of_rows("trial_compliers", "outcome of the trial", columns, rows)


def trial_subgroups_table(trial: Trial) -> AggregateTable:
    """Return ``trial_subgroups``: one row is a subgroup that the protocol names × in it or not; primary outcome.

    p_interaction: whether the two effects differ by more than chance; the same in both rows. Nothing is computed where
    fewer children of an arm than ``effects.min_events`` have any of the outcome (of a share: or none of it).
    """
    primary, rows = trial.settings.primary, []
    for group in trial.settings.subgroups:
        compared, after, arms, kept, unit = _of(trial, trial.frame[trial.frame[group.by].notna()], primary)
        inside = is_inside(kept, group)
        few = any(_few(trial, compared, side & some) for side in arms.sides for some in (inside, ~inside))
        apart = Effect(NAN, note=FEW) if few else interaction(after, inside, arms)
        for name, some in ((INSIDE, inside), (OTHERS, ~inside)):
            _, values, own, _, _ = _of(trial, kept[some], primary)
            found = Effect(NAN, note=FEW) if few else intention_to_treat(values, own)
            row = {"subgroup": group.label, "part": name, "unit": unit, **_numbers(found)}
            row |= {"apart": apart.estimate, "p_interaction": apart.p_value}
            row |= {f"n_{arm}": int(side.sum()) for arm, side in zip(SIDES, own.sides, strict=True)}
            row |= {f"all_{arm}": int(side.sum()) for arm, side in zip(SIDES, arms.sides, strict=True)}
            rows.append(row | {"note": found.note or apart.note})
    n = {f"n_{arm}": Column(f"{arm.capitalize()}, children", Role.COUNT, "children", 0) for arm in SIDES}
    rests = tuple(n)
    columns = {
        "subgroup": Column("Subgroup", Role.KEY),
        "part": Column("Children", Role.KEY),
        "unit": Column("Unit", Role.OPEN),
        **_estimate_columns(rests, "As allocated, among these children."),
        "apart": Column("Effects apart by", Role.DERIVED, "", 2, rests, "Effect in it less effect on the others."),
        "p_interaction": Column("p value, apart", Role.DERIVED, "p", 3, rests, "Test of the interaction."),
        **n,
        **{f"all_{arm}": Column(f"{arm.capitalize()}, all", Role.BASE, "children", 0) for arm in SIDES},
        "note": Column("Note", Role.OPEN, about="Why it is not calculated."),
    }
    sums = [AddsUp(f"n_{arm}", ("subgroup",), f"all_{arm}") for arm in SIDES]
    return AggregateTable.of_rows("trial_subgroups", "subgroup × in it or not", columns, rows, *sums)


def _few(trial: Trial, compared: Comparison, arm: Bools) -> bool:
    """Say whether too few of these children have any of the outcome; of a share, or have none of it."""
    some, least = _with_any(compared, arm), trial.study.settings.effects.min_events
    return some < least or (measured(compared.outcome).kind == "flag" and arm.sum() - some < least)


def is_inside(frame: pd.DataFrame, group: Subgroup) -> Bools:
    """Return which children are in a subgroup."""
    values = frame[group.by]
    if group.at_least is not None:
        return (values.astype("float64") >= group.at_least).to_numpy(dtype=np.bool_)
    if group.by.startswith("highest_"):
        return (values == RUNGS.index(str(group.equals))).to_numpy(dtype=np.bool_)
    return (values.astype("str") == group.equals).to_numpy(dtype=np.bool_)
