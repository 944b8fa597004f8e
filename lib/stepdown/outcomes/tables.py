"""The tables of statutory outcomes by group: referrals, days and episodes, flows, the status on a date."""

from __future__ import annotations

import numpy as np
import pandas as pd

from stepdown.measures import PERIODS, measured, of_column
from stepdown.outcomes.children import ChildOutcomes
from stepdown.tables import AddsUp, AggregateTable, Column, Role

GROUP = Column("Group", Role.KEY)
PERIOD = Column("Period", Role.KEY)
CHILDREN = Column("Children in the group", Role.BASE, "children", 0)


def _each(outcomes: ChildOutcomes) -> list[tuple[str, pd.DataFrame, str]]:
    frame = outcomes.frame
    return [(label, frame[frame["group"] == label], period) for label in outcomes.groups for period in PERIODS]


def referrals(outcomes: ChildOutcomes) -> AggregateTable:
    """Return referrals by group and period: one row is a group × period.

    >>> referrals(found).frame[["group", "period", "children", "referrals"]].head(2)
      group  period  children  referrals
    0   IFP  before        78         43
    1   IFP   after        78          0
    """
    rows = []
    for label, mine, period in _each(outcomes):
        total = int(mine[f"referrals_{period}"].sum())
        without, referred = mine[f"referrals_without_index_{period}"].sum(), (mine[f"referrals_{period}"] > 0).sum()
        rows.append((label, period, len(mine), total, total / len(mine), int(without), int(referred)))
    columns = {
        "group": GROUP,
        "period": PERIOD,
        "children": CHILDREN,
        "referrals": Column("Referrals", Role.COUNT, "referrals", 0),
        "mean_per_child": Column("Referrals per child", Role.DERIVED, "", 2, ("referrals", "children")),
        "referrals_without_index": Column("Referrals, index referral left out", Role.COUNT, "referrals", 0),
        "children_referred": Column("Children referred", Role.COUNT, "children", 0),
    }
    return AggregateTable.of_rows("referrals", "group × period", columns, rows)


def statutory_status(outcomes: ChildOutcomes) -> AggregateTable:
    """Return children, days and episodes at each status: one row is a group × period × status.

    >>> statutory_status(found).frame[["group", "period", "status", "children_with_status", "days"]].head(2)
      group  period status  children_with_status    days
    0   IFP  before    CIN                    24  3761.0
    1   IFP  before     CP                    26  6732.0
    """
    rows = []
    for label, mine, period in _each(outcomes):
        for status in outcomes.ladder:
            name = f"{status.lower()}_{period}"
            n, held = len(mine), int(mine[f"any_{name}"].sum())
            days, clipped = float(mine[f"days_{name}"].sum()), float(mine[f"clipped_days_{name}"].sum())
            episodes, new = int(mine[f"episodes_{name}"].sum()), int(mine[f"new_episodes_{name}"].sum())
            rows.append(
                (label, period, status, n, held, 100 * held / n, days, days / n, clipped, clipped / n, episodes, new)
            )
    with_status = ("children_with_status",)
    columns = {
        "group": GROUP,
        "period": PERIOD,
        "status": Column("Status", Role.KEY),
        "children": CHILDREN,
        "children_with_status": Column("Children with the status", Role.COUNT, "children", 0),
        "percent_with_status": Column("Share with the status", Role.DERIVED, "%", 1, (*with_status, "children")),
        "days": Column("Days", Role.TOTAL, "days", 0, with_status),
        "mean_days_per_child": Column("Days per child", Role.DERIVED, "days", 1, (*with_status, "children")),
        "clipped_days": Column("Days inside", Role.TOTAL, "days", 0, with_status),
        "mean_clipped_days_per_child": Column(
            "Days inside, per child", Role.DERIVED, "days", 1, (*with_status, "children")
        ),
        "episodes": Column("Episodes", Role.COUNT, "episodes", 0),
        "new_episodes": Column("Episodes begun", Role.COUNT, "episodes", 0),
    }
    return AggregateTable.of_rows("statutory_status", "group × period × status", columns, rows)


def transitions(outcomes: ChildOutcomes) -> AggregateTable:
    """Return the flow between statuses: one row is a group × highest status before × highest status after.

    >>> transitions(found).frame[["group", "status_before", "status_after", "children"]].head(2)
      group status_before status_after  children
    0   IFP          none         none        26
    1   IFP          none          CIN         0
    """
    names = outcomes.statuses()
    rows = []
    for label in outcomes.groups:
        mine = outcomes.frame[outcomes.frame["group"] == label]
        table = pd.crosstab(mine["highest_before"], mine["highest_after"]).reindex(
            index=range(len(names)), columns=range(len(names)), fill_value=0
        )
        for i, status_before in enumerate(names):
            total = int(table.loc[i].sum())
            for j, status_after in enumerate(names):
                count = int(table.loc[i, j])
                share = 100 * count / total if total else np.nan
                rows.append((label, status_before, status_after, count, total, share))
    columns = {
        "group": GROUP,
        "status_before": Column(of_column("highest_before").title, Role.KEY),
        "status_after": Column(of_column("highest_after").title, Role.KEY),
        "children": Column("Children", Role.COUNT, "children", 0),
        "children_before": Column("Children who began there", Role.COUNT, "children", 0),
        "percent_of_row": Column(
            "Share of those who began there", Role.DERIVED, "%", 1, ("children", "children_before")
        ),
    }
    began = AddsUp("children", ("group", "status_before"), "children_before")
    one_row_is, ended = (
        "group × highest status before × highest status after",
        AddsUp("children", ("group", "status_after")),
    )
    return AggregateTable.of_rows("transitions", one_row_is, columns, rows, began, ended)


def status_on_date(outcomes: ChildOutcomes) -> AggregateTable:
    """Return the status on the last day before support and on the first day after it: group × moment × status.

    >>> status_on_date(found).frame[["group", "moment", "status", "children"]].head(2)
      group           moment status  children
    0   IFP  last day before   none        39
    1   IFP  last day before    CIN        17
    """
    moments = {"highest_at_start": "last day before", "highest_at_end": "first day after"}
    rows = []
    for label in outcomes.groups:
        mine = outcomes.frame[outcomes.frame["group"] == label]
        for name, moment in moments.items():
            for rung, status in enumerate(outcomes.statuses()):
                held = int((mine[name] == rung).sum())
                rows.append((label, moment, status, len(mine), held, 100 * held / len(mine)))
    columns = {
        "group": GROUP,
        "moment": Column("Moment", Role.KEY),
        "status": Column(measured("highest").title, Role.KEY),
        "children_in_group": CHILDREN,
        "children": Column("Children", Role.COUNT, "children", 0),
        "percent": Column("Share", Role.DERIVED, "%", 1, ("children", "children_in_group")),
    }
    sums = AddsUp("children", ("group", "moment"), "children_in_group")
    return AggregateTable.of_rows("status_on_date", "group × moment × status", columns, rows, sums)
