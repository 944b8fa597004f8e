"""What the tables of months tell of the unknowns, and of who leaves the records from one month to the next."""

from __future__ import annotations

from itertools import pairwise

from attacker.meanings import Count, Meanings, highest, in_period, rungs
from attacker.reading import Row, number
from attacker.system import Sum, minus, plus

DAYS = {"before": "last day before", "after": "first day after"}


def seen(m: Meanings, group: str, period: str) -> Sum:
    """Children observed in a period: all of the group where as many are observed as it has."""
    return m.block("observed", group, period)


def cell(m: Meanings, row: Row, label: str) -> Sum:
    return m.block("month", row["group"], (row["period"], label))


def months(m: Meanings, name: str, row: Row) -> None:
    own = cell(m, row, row["status"])
    base = seen(m, row["group"], row["period"])
    m.count(name, row, "children_observed", base)
    m.count(name, row, "children", own, ("children_observed", base))
    m.ratio(name, row, "percent", own, base)


def month_sums(m: Meanings) -> None:
    """All statuses are those observed; nobody's month is above its period; each step of those observed is children."""
    rows = m.tables.get("months", [])
    window = min((float(r["window_months"]) for r in m.tables.get("observability", [])), default=0.0)
    for group, period in dict.fromkeys((r["group"], r["period"]) for r in rows):
        mine = [r for r in rows if (r["group"], r["period"]) == (group, period)]
        base = seen(m, group, period)
        m.system.equal(minus(plus(*(cell(m, r, r["status"]) for r in mine)), base), 0.0)
        size, whole = number(mine[0]["children_observed"]), m.system.known(m.size(group))
        if size is None or size != whole:
            continue
        ends = [int(part) for part in period.split() if part.isdigit()]
        side = period.split()[-1]
        for rung in (1, 2, 3):
            here = plus(*(cell(m, r, r["status"]) for r in mine if min(rungs(r["status"])) >= rung))
            if max(ends) <= window:
                ever = m.joint(group, in_period(side, lambda s, rung=rung: highest(s) >= rung))
                m.system.hold(minus(ever, here), 0.0, float("inf"))
            labels = [r["status"] for r in m.tables.get("status_on_date", []) if r["moment"] == DAYS[side]]
            above = [frozenset(rungs(x)) for x in dict.fromkeys(labels) if min(rungs(x)) >= rung]
            there = [m.block(DAYS[side], group, each) for each in above]
            if min(ends) == 1 and there:
                m.system.hold(minus(here, plus(*there)), 0.0, float("inf"))
    steps(m, "months", "children_observed", lambda row: row["period"])


def steps(m: Meanings, name: str, column: str, of) -> None:  # noqa: ANN001
    """From support outwards children only leave: each step, the first from the whole group, is a count too."""
    rows = m.tables.get(name, [])
    for group in m.groups:
        for side in ("before", "after"):
            found = {of(r): number(r[column]) for r in rows if r["group"] == group and of(r).endswith(side)}
            outwards = [*found.items()] if side == "after" else [*found.items()][::-1]
            order = [("all", m.system.known(m.size(group))), *outwards]
            for (one, many), (other, fewer) in pairwise(order):
                value = None if None in (many, fewer) else many - fewer  # type: ignore[operator]
                first = m.size(group) if one == "all" else seen(m, group, one)
                step = minus(first, seen(m, group, other))
                m.system.hold(step, 0.0, float("inf"))
                m.counts.append(Count(f"{name}: {group}, from {one} to {other}", step, value))


def observed(m: Meanings, name: str, row: Row) -> None:
    """Tables of means by month: how many were observed."""
    m.count(name, row, "children_observed", seen(m, row["group"], row["period"]))


def both(m: Meanings, name: str, row: Row) -> None:
    """The event study: how many of each group were observed in a period."""
    period = row["period"] if name == "event_study" else None
    for side, group in zip(("programme", "comparison"), m.groups, strict=True):
        base = seen(m, group, period) if period else m.block("observed first", group, "")
        m.count(name, row, f"n_{side}", base)


def lasting(m: Meanings, name: str, row: Row) -> None:
    for side, group in zip(("programme", "comparison"), m.groups, strict=True):
        m.count(name, row, f"n_{side}", seen(m, group, f"followed {row['months']}"))


def followed(m: Meanings, name: str, row: Row) -> None:
    base = m.size(row["group"]) if row["months"] == "0" else seen(m, row["group"], f"followed {row['months']}")
    m.count(name, row, "children", base)


def followed_sums(m: Meanings) -> None:
    """Who is followed for 12 months was followed for 6: each step between lengths is children too."""
    rows = m.tables.get("followed", [])
    for group in m.groups:
        found = {r["months"]: number(r["children"]) for r in rows if r["group"] == group}
        for (one, many), (other, fewer) in pairwise(found.items()):
            first = m.size(group) if one == "0" else seen(m, group, f"followed {one}")
            step = minus(first, seen(m, group, f"followed {other}"))
            value = None if None in (many, fewer) else many - fewer  # type: ignore[operator]
            m.system.hold(step, 0.0, float("inf"))
            m.counts.append(Count(f"followed: {group}, from {one} to {other} months", step, value))
