"""What the tables of months count: a month's highest status is never above that of the whole period that it lies in.

Who is observed in a month is known: children leave in steps of more than the threshold (:mod:`stepdown.months.panel`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from stepdown.disclosure.counts import Cell, Place
from stepdown.disclosure.underlying import UNKNOWN, Block, Definitions, rows_of
from stepdown.tables import AggregateTable

Tables = Mapping[str, AggregateTable]
_SIZES = {
    "months": ("children_observed",),
    "month_days": ("children_observed",),
    "followed": ("children",),
    **dict.fromkeys(("event_study", "trends", "lasting"), ("n_programme", "n_comparison")),
}


def by_month(tables: Tables, found: Definitions, own: Block, groups: Sequence[str]) -> None:
    """Define the counts of the tables of months, and tie them to the periods before and after."""
    for name, columns in _SIZES.items():
        for row, _ in rows_of(tables[name].frame) if name in tables else ():
            found.sizes |= {(name, row, column) for column in columns}
            found.defined |= {(name, row, column) for column in columns}
    found.known |= set(_SIZES) & set(tables)
    if "months" not in tables:
        return
    steps: dict[tuple[str, str], dict[str, Place]] = {}
    whole: dict[tuple[str, str], int] = {}
    for row, v in rows_of(tables["months"].frame):
        key = (str(v["group"]), str(v["period"]))
        steps.setdefault(key, {})[str(v["status"])] = ("months", row, "children")
        whole[key] = int(v["children_observed"])
        found.defined.add(("months", row, "children"))
    for (group, period), places in steps.items():
        found.sums([*((1, place) for place in places.values()), (-1, ("months", _row(places), "children_observed"))])
        if whole[group, period] == max(size for key, size in whole.items() if key[0] == group):
            _within(tables, found, own, group, period, places)


def _row(places: Mapping[str, Place]) -> int:
    return next(iter(places.values()))[1]


def _within(
    tables: Tables, found: Definitions, own: Block, group: str, period: str, places: Mapping[str, Place]
) -> None:
    """Say that no more children have a rung or above in a month than in its period, and no fewer than on its day."""
    side, names = period.split()[-1], list(places)
    days = {
        str(v["status"]): ("status_on_date", row, "children")
        for row, v in (rows_of(tables["status_on_date"].frame) if "status_on_date" in tables else ())
        if v["group"] == group and v["moment"] == _moment(period)
    }
    for at in range(1, len(names)):
        mine = [(1, places[status]) for status in names[at:]]
        if _farthest(period) <= _window(tables):
            found.at_most([*mine, (-1, _ever(found, own, group, side, names[at:]))])
        there = [days[status] for status in names[at:] if status in days]
        if len(there) == len(mine):
            found.at_most([*((1, place) for place in there), *((-1, place) for _, place in mine)])


def _ever(found: Definitions, own: Block, group: str, side: str, statuses: Sequence[str]) -> Place:
    """Return a cell, never printed, for the children whose highest status of a period is one of these."""
    place = (f"{group}: {statuses[0]} or above {side}", 0, "cell")
    if place not in found.cells:
        found.cells[place] = Cell(place, UNKNOWN, False)
        mask = own.where(**{"group": group, f"highest_{side}": list(statuses)})
        found.sums([*((1, (own.name, int(i), "cell")) for i in np.flatnonzero(mask)), (-1, place)])
    return place


def _moment(period: str) -> str:
    """Return the moment of ``status_on_date`` that lies in a period; "" when none does."""
    if 1 not in [int(part) for part in period.split() if part.isdigit()]:
        return ""
    return "last day before" if period.endswith("before") else "first day after"


def _farthest(period: str) -> int:
    return max(int(part) for part in period.split() if part.isdigit())


def _window(tables: Tables) -> int:
    """Return the months of the study's own periods; 0 where no table says it."""
    if "observability" not in tables:
        return 0
    return int(tables["observability"].frame["window_months"].astype("float64").min())
