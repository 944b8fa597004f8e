"""Like for like: the two groups compared among children who had the same highest status before.

It needs no model, so it says least and claims least. It is still no proof: the clock of the two groups may start at
different moments (the end of support, an assessment), and children of one status differ in other ways.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from stepdown.effects.estimates import NAN, e_value
from stepdown.effects.family_shares import Shares, family_risk_difference
from stepdown.measures import RUNGS, of_column
from stepdown.tables import AggregateTable, Column, Role

MOVED_UP, MOVED_DOWN = "moved to a higher status", "moved to a lower status"


def like_for_like_table(frame: pd.DataFrame, *, level: float = 0.95) -> AggregateTable:
    """Return ``like_for_like``: one row is a highest status before and a direction that is possible from it.

    Only statuses that both groups have are compared. Intervals and tests take children of one family together.

    >>> like_for_like_table(children).frame[["status_before", "events_programme", "events_comparison"]].head(1)
      status_before  events_programme  events_comparison
    0          none                 0                 27
    """
    rows = []
    for code, status in enumerate(RUNGS):
        stratum = frame.loc[frame["highest_before"] == code]
        if stratum["in_programme"].nunique() < 2:
            continue
        moved = stratum["highest_after"].to_numpy() - code
        if code < len(RUNGS) - 1:
            rows.append(_row(stratum, moved > 0, status, MOVED_UP, level))
        if code > 0:
            rows.append(_row(stratum, moved < 0, status, MOVED_DOWN, level))
    columns = _columns()
    return AggregateTable.of_rows("like_for_like", "highest status before and a direction of movement", columns, rows)


def _row(stratum: pd.DataFrame, event: np.ndarray, status: str, name: str, level: float) -> dict[str, object]:
    programme = stratum["in_programme"].to_numpy(dtype=np.bool_)
    n_programme, n_comparison = int(programme.sum()), int((~programme).sum())
    a, b = int(event[programme].sum()), int(event[~programme].sum())
    family = pd.factorize(stratum["family_id"])[0]
    arms = [Shares(np.asarray(event)[arm], family[arm]) for arm in (programme, ~programme)]
    found = family_risk_difference(arms[0], arms[1], level=level)
    ratio = (a / n_programme) / (b / n_comparison) if a and b else NAN
    return {
        "status_before": status,
        "event": name,
        "n_programme": n_programme,
        "events_programme": a,
        "percent_programme": 100 * a / n_programme,
        "percent_programme_low": 100 * found.first_low,
        "percent_programme_high": 100 * found.first_high,
        "n_comparison": n_comparison,
        "events_comparison": b,
        "percent_comparison": 100 * b / n_comparison,
        "percent_comparison_low": 100 * found.second_low,
        "percent_comparison_high": 100 * found.second_high,
        "difference": 100 * found.difference,
        "ci_low": 100 * found.ci_low,
        "ci_high": 100 * found.ci_high,
        "p_value": found.p_value,
        "method": found.method,
        "e_value": e_value(ratio) if math.isfinite(ratio) else NAN,
        "n_families": int(stratum["family_id"].nunique()),
    }


def _columns() -> dict[str, Column]:
    both = ("events_programme", "events_comparison", "n_programme", "n_comparison")
    columns: dict[str, Column] = {
        "status_before": Column(of_column("highest_before").title, Role.KEY, about="The stratum."),
        "event": Column("What happened", Role.KEY, about="Movement up or down the ladder."),
    }
    for group in ("programme", "comparison"):
        title = group.capitalize()
        rests = (f"events_{group}", f"n_{group}")
        columns |= {
            f"n_{group}": Column(f"{title}, children", Role.COUNT, "children", 0, about="At this status before."),
            f"events_{group}": Column(f"{title}, moved", Role.COUNT, "children", 0, about="Children who moved."),
            f"percent_{group}": Column(f"{title}, share", Role.DERIVED, "%", 1, rests, "Of the children at risk."),
            f"percent_{group}_low": Column(f"{title}, from", Role.DERIVED, "%", 1, rests, "Clopper-Pearson, lower."),
            f"percent_{group}_high": Column(f"{title}, to", Role.DERIVED, "%", 1, rests, "Clopper-Pearson, upper."),
        }
    return columns | {
        "difference": Column("Difference", Role.DERIVED, "%", 1, both, "Programme minus comparison."),
        "ci_low": Column("from", Role.DERIVED, "%", 1, both, "Lower end of the interval."),
        "ci_high": Column("to", Role.DERIVED, "%", 1, both, "Upper end of the interval."),
        "p_value": Column("p value", Role.DERIVED, "p", 3, both, "Fisher; Rao and Scott with siblings."),
        "method": Column("Interval by", Role.OPEN, about="How siblings are counted, or why there is none."),
        "e_value": Column("E-value", Role.DERIVED, "", 1, both, "A property of the estimate, not evidence."),
        "n_families": Column("Families", Role.BASE, "families", 0, about="Families behind the row."),
    }
