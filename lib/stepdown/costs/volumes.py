"""Volumes that are priced, child by child, and their sums by family: all that any cost estimate here rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stepdown.faults import Refused
from stepdown.measures import PERIODS, measured

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Volumes:
    """The volumes of n children.

    measures: K names.  before, after: n × K volumes in the two periods.  in_programme: n flags.
    family: n whole numbers, one a family.  weight: n, how many children each stands for (1 unless weighted).
    family_size: n, size of the sibling group (NaN: unknown).  set_aside: children whose period before or after is
    not observable and who are therefore not counted as zero.
    """

    measures: tuple[str, ...]
    before: Floats
    after: Floats
    in_programme: NDArray[np.bool_]
    family: NDArray[np.intp]
    weight: Floats
    family_size: Floats
    set_aside: int = 0

    @property
    def n_programme(self) -> int:
        """Number of children in the programme group."""
        return int(self.in_programme.sum())

    @property
    def n_comparison(self) -> int:
        """Number of children in the comparison group."""
        return int((~self.in_programme).sum())

    @cached_property
    def totals(self) -> tuple[Floats, Floats]:
        """The sums over all families of the programme group and of the other: all that an estimate asks of them."""
        programme, comparison = (family_sums(self, programme=flag).total for flag in (True, False))
        return programme, comparison

    def families(self, *, programme: bool) -> int:
        """Return the number of families of one group."""
        return len(np.unique(self.family[self.in_programme == programme]))

    def keep(self, rows: NDArray[np.bool_]) -> Volumes:
        """Return the volumes of the children marked in ``rows``."""
        return replace(
            self,
            before=self.before[rows],
            after=self.after[rows],
            in_programme=self.in_programme[rows],
            family=self.family[rows],
            weight=self.weight[rows],
            family_size=self.family_size[rows],
        )

    def weighted_by_family_size(self) -> Volumes:
        """Return the volumes with each child standing for its whole sibling group.

        A child whose family size is unknown stands for the mean of the known sizes of its group.
        """
        size = self.family_size.copy()
        for flag in (True, False):
            group = self.in_programme == flag
            known = group & ~np.isnan(size)
            size[group & np.isnan(size)] = size[known].mean() if known.any() else 1.0
        return replace(self, weight=size)


def volumes(
    frame: pd.DataFrame, measures: Sequence[str], *, clipped: bool = False, observable_only: bool = True
) -> Volumes:
    """Return the volumes of the child outcomes frame (one row a child; columns as outcomes.child_outcomes gives them).

    measures: stems of the columns ("days_cp" → days_cp_before, days_cp_after).
    clipped: take clipped_days_… in the place of days_….
    observable_only: set children aside whose period before or after the data do not cover (False where the study
    counts them as published, or per day at risk).
    Raises Refused when a column is missing or a group has no child with both periods observable.
    """
    names = [(clipped and measured(m).inside) or m for m in measures]
    wanted = [f"{name}_{period}" for name in names for period in PERIODS]
    missing = [name for name in [*wanted, "in_programme", "family_id"] if name not in frame.columns]
    if missing:
        raise Refused.for_one(
            where=f"child outcomes, columns {', '.join(missing)}",
            found="no such column",
            allowed="the columns of outcomes.child_outcomes",
            rule="costs are volumes of the child outcomes times unit costs",
            remedy="correct the measures in the study file's tariffs",
        )
    observable = np.ones(len(frame), dtype=bool)
    for name in ("observable_before", "observable_after"):
        if observable_only and name in frame.columns:
            observable &= frame[name].to_numpy(dtype=bool)
    seen = frame.loc[observable]
    in_programme = seen["in_programme"].to_numpy(dtype=bool)
    if not in_programme.any() or in_programme.all():
        raise Refused.for_one(
            where=f"child outcomes, {'comparison' if in_programme.any() else 'programme'} group",
            found="no child whose periods before and after can both be observed",
            allowed="at least one child in each group",
            rule="a period that the data do not cover is never counted as zero days",
            remedy="check first_date and last_date of the data, or shorten window_months",
        )
    known_size = "sibling_group_size" in seen.columns
    return Volumes(
        measures=tuple(measures),
        before=_matrix(seen, names, "before"),
        after=_matrix(seen, names, "after"),
        in_programme=in_programme,
        family=pd.factorize(seen["family_id"])[0],
        weight=np.ones(len(seen)),
        family_size=seen["sibling_group_size"].to_numpy(float) if known_size else np.full(len(seen), np.nan),
        set_aside=int((~observable).sum()),
    )


def _matrix(frame: pd.DataFrame, names: Sequence[str], period: str) -> Floats:
    return np.column_stack([frame[f"{name}_{period}"].to_numpy(dtype=float) for name in names])


@dataclass(frozen=True, slots=True)
class FamilySums:
    """Sums over the children of each family of one group: enough for every estimator, whatever the unit costs.

    values: F families × P sums, in this order: number of children (weighted); K volumes before; K after;
    K(K+1)/2 products before × before; K² products before × after.  measures: K names.
    """

    measures: tuple[str, ...]
    values: Floats

    @property
    def total(self) -> Floats:
        """The P sums over all families."""
        return np.asarray(self.values.sum(axis=0))


def upper_pairs(k: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the row and column numbers of the upper triangle of a K × K matrix, in the order of FamilySums."""
    return np.triu_indices(k)


def child_products(data: Volumes) -> Floats:
    """Return n × P: what each child adds to its family's sums (see :class:`FamilySums`)."""
    w = data.weight[:, None]
    rows, columns = upper_pairs(len(data.measures))
    cross = data.before[:, :, None] * data.after[:, None, :]
    return np.concatenate(
        [
            w,
            w * data.before,
            w * data.after,
            w * data.before[:, rows] * data.before[:, columns],
            w * cross.reshape(len(w), -1),
        ],
        axis=1,
    )


def family_sums(data: Volumes, *, programme: bool) -> FamilySums:
    """Return the sums by family of one group."""
    group = data.keep(data.in_programme == programme)
    _, code = np.unique(group.family, return_inverse=True)
    products = child_products(group)
    order = np.argsort(code, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(code[order]) != 0])
    return FamilySums(data.measures, np.add.reduceat(products[order], starts, axis=0))
