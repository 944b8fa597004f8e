"""The overlap gate: can the question be answered with these two groups at all?

Reweighting can make the comparison group look like the programme group only where it has children who were alike
before. The effective sample size (Kish 1965) of the reweighted group says how many children such a comparison would
really rest on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from stepdown.effects.comparison import Floats, Integers, group_labels
from stepdown.measures import RUNGS, of_column
from stepdown.params.effects import EffectSettings
from stepdown.tables import AddsUp, AggregateTable, Column, Role

PASSED = "passed"
TOO_FEW = "too few to compare precisely"
SHUT = "not estimable by weighting"
"""The gate's verdicts: alike enough and enough; alike enough, but few; not alike."""


@dataclass(frozen=True, slots=True)
class OverlapGate:
    """What the gate found.

    passed: whether weighting may be tried.  ess_best_case: effective sample size of the comparison group when it is
    reweighted to the programme group on nothing but "any status before" (the coarsest, so the most favourable).
    ess_by_status: the same on the highest status before; unmatched: programme children whose status before no
    comparison child had (left out of ess_by_status).  with_status_*: children with any status before.
    alike: whether a comparison group of this kind would do, if only it were larger.
    """

    passed: bool
    n_programme: int
    n_comparison: int
    with_status_programme: int
    with_status_comparison: int
    unmatched: int
    ess_best_case: float
    ess_by_status: float
    ess_needed: float
    alike: bool = False

    @property
    def verdict(self) -> str:
        """PASSED, TOO_FEW or SHUT."""
        return PASSED if self.passed else TOO_FEW if self.alike else SHUT


def effective_sample_size(programme: Integers | Floats, comparison: Integers | Floats) -> float:
    """Return the effective sample size of the comparison group reweighted to the programme group's shares.

    programme, comparison: children in each stratum, same shape. Strata that the comparison group does not have
    are left out; 0.0 when the groups have no stratum in common.
    """
    target = np.asarray(programme, dtype=np.float64)
    have = np.asarray(comparison, dtype=np.float64)
    shared = (have > 0) & (target > 0)
    if not shared.any():
        return 0.0
    weight = target[shared] / have[shared]
    return float((have[shared] * weight).sum() ** 2 / (have[shared] * weight**2).sum())


def overlap_gate(frame: pd.DataFrame, settings: EffectSettings) -> OverlapGate:
    """Return whether the two groups overlap enough for weighting, from the highest status before.

    The gate passes when the effective sample size, on any status and on the highest status, is at least
    ``min_effective_sample`` children and ``min_effective_share`` of the comparison group, and at most
    ``max_unmatched_share`` of the programme group had a status before that no comparison child had. Where only the
    number of children fails, and ``alike_share`` of the comparison group is kept, the verdict is TOO_FEW.

    >>> round(overlap_gate(children, options).ess_best_case, 1)
    6.7
    """
    programme, comparison = _status_counts(frame)
    n_programme, n_comparison = int(programme.sum()), int(comparison.sum())
    best = effective_sample_size(_none_or_any(programme), _none_or_any(comparison))
    by_status = effective_sample_size(programme, comparison)
    needed = max(settings.min_effective_sample, settings.min_effective_share * n_comparison)
    unmatched = int(programme[comparison == 0].sum())
    matched, kept = unmatched <= settings.max_unmatched_share * n_programme, min(best, by_status)
    return OverlapGate(
        passed=matched and kept >= needed,
        n_programme=n_programme,
        n_comparison=n_comparison,
        with_status_programme=int(programme[1:].sum()),
        with_status_comparison=int(comparison[1:].sum()),
        unmatched=unmatched,
        ess_best_case=best,
        ess_by_status=by_status,
        ess_needed=float(math.ceil(needed)),
        alike=matched and kept >= max(settings.alike_share, settings.min_effective_share) * n_comparison,
    )


def overlap_table(frame: pd.DataFrame) -> AggregateTable:
    """Return ``overlap``: one row is a highest status before; children and shares in each group.

    >>> overlap_table(children).frame[["status_before", "n_programme", "n_comparison"]].head(2)
      status_before  n_programme  n_comparison
    0          none           26           113
    1           CIN           24             1
    """
    programme, comparison = _status_counts(frame)
    rows = pd.DataFrame(
        {
            "status_before": pd.Series(RUNGS, dtype="str"),
            "n_programme": programme,
            "n_comparison": comparison,
            "percent_programme": 100 * programme / max(programme.sum(), 1),
            "percent_comparison": 100 * comparison / max(comparison.sum(), 1),
        }
    )
    labels = group_labels(frame)
    columns = {
        "status_before": Column(
            of_column("highest_before").title, Role.KEY, about="Highest status in the period before."
        ),
        "n_programme": Column(labels[0], Role.COUNT, "children", 0, about="Children of the programme group."),
        "n_comparison": Column(labels[1], Role.COUNT, "children", 0, about="Children of the comparison group."),
        "percent_programme": Column(
            f"{labels[0]}, share", Role.DERIVED, "%", 1, ("n_programme",), "Share of the programme group."
        ),
        "percent_comparison": Column(
            f"{labels[1]}, share", Role.DERIVED, "%", 1, ("n_comparison",), "Share of the comparison group."
        ),
    }
    adds = (AddsUp("n_programme", ()), AddsUp("n_comparison", ()))
    return AggregateTable("overlap", "highest status in the period before", rows, columns, adds)


def overlap_gate_table(gate: OverlapGate) -> AggregateTable:
    """Return ``overlap_gate``: one row, the gate's figures and verdict.

    >>> overlap_gate_table(overlap_gate(children, options)).frame[["verdict", "n_programme", "n_comparison"]]
                          verdict  n_programme  n_comparison
    0  not estimable by weighting           78           116
    """
    rows = pd.DataFrame(
        {
            "verdict": pd.Series([gate.verdict], dtype="str"),
            "n_programme": [gate.n_programme],
            "n_comparison": [gate.n_comparison],
            "with_status_programme": [gate.with_status_programme],
            "with_status_comparison": [gate.with_status_comparison],
            "unmatched": [gate.unmatched],
            "ess_best_case": [gate.ess_best_case],
            "ess_by_status": [gate.ess_by_status],
            "ess_needed": [gate.ess_needed],
        }
    )
    rests = ("with_status_programme", "with_status_comparison")
    columns = {
        "verdict": Column("Verdict", Role.OPEN, about="Whether weighting may be tried."),
        "n_programme": Column("Programme group", Role.BASE, "children", 0, about="Observable children."),
        "n_comparison": Column("Comparison group", Role.BASE, "children", 0, about="Observable children."),
        "with_status_programme": Column(
            "Programme group, any status before", Role.COUNT, "children", 0, about="Children with any status before."
        ),
        "with_status_comparison": Column(
            "Comparison group, any status before", Role.COUNT, "children", 0, about="Children with any status before."
        ),
        "unmatched": Column(
            "Without counterpart", Role.COUNT, "children", 0, about="Whose status before no comparison child had."
        ),
        "ess_best_case": Column(
            "Effective size, best case", Role.DERIVED, "children", 1, rests, "Reweighted on any status before."
        ),
        "ess_by_status": Column(
            "Effective size, by status", Role.DERIVED, "children", 1, rests, "Reweighted on highest status before."
        ),
        "ess_needed": Column("Needed", Role.OPEN, "children", 0, about="The gate's threshold, from the study file."),
    }
    return AggregateTable("overlap_gate", "study", rows, columns)


def _status_counts(frame: pd.DataFrame) -> tuple[Integers, Integers]:
    status = frame["highest_before"].to_numpy(dtype=np.int64)
    programme = frame["in_programme"].to_numpy(dtype=np.bool_)
    size = len(RUNGS)
    return np.bincount(status[programme], minlength=size), np.bincount(status[~programme], minlength=size)


def _none_or_any(counts: Integers) -> Integers:
    return np.array([counts[0], counts[1:].sum()])
