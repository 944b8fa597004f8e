"""What the tables of referrals, of estimates and of costs tell of the unknowns."""

from __future__ import annotations

from itertools import pairwise

from attacker.meanings import Count, Meanings, difference, in_period, total, with_any
from attacker.reading import Row, number
from attacker.system import minus, plus


def curve(m: Meanings, name: str, row: Row) -> None:
    group, day = row["group"], row["day"]
    referred, at_risk = m.block("referred by", group, day), m.block("at risk", group, day)
    m.count(name, row, "re_referred", referred)
    m.count(name, row, "at_risk", at_risk)
    m.ratio(name, row, "percent_re_referred", referred, m.size(group)) if _nobody_left(m, row) else None


def _nobody_left(m: Meanings, row: Row) -> bool:
    """Return whether every child was followed throughout, so that the share is a plain share."""
    mine = [r for r in m.tables["re_referral_survival"] if r["group"] == row["group"]]
    ends = [(number(r["at_risk"]), number(r["re_referred"])) for r in (mine[0], mine[-1])]
    if None in (*ends[0], *ends[1]):
        return False
    return ends[0][0] == ends[1][0] + ends[1][1]  # type: ignore[operator]


def curve_steps(m: Meanings) -> None:
    """Those referred again only grow in number and those at risk only shrink; each step is children too."""
    for group in m.groups:
        days = [r["day"] for r in m.tables.get("re_referral_survival", []) if r["group"] == group]
        values = {r["day"]: r for r in m.tables.get("re_referral_survival", []) if r["group"] == group}
        for kind, column, sign in (("referred by", "re_referred", 1.0), ("at risk", "at_risk", -1.0)):
            for first, then in pairwise(days):
                others = minus(
                    m.size(group), plus(m.block("referred by", group, first), m.block("at risk", group, then))
                )
                m.system.hold(others, 0.0, float("inf"))
                step = plus(minus(m.block(kind, group, then), m.block(kind, group, first)), factor=sign)
                ends = number(values[then].get(column)), number(values[first].get(column))
                value = None if None in ends else abs(ends[0] - ends[1])  # type: ignore[operator]
                m.system.hold(step, 0.0, float("inf"))
                if kind == "referred by":
                    m.counts.append(Count(f"re_referral_survival: {group}, day {first} to {then}", step, value))


def referrals(m: Meanings, name: str, row: Row) -> None:
    group, period = row["group"], row["period"]
    referred, number_of = m.block("referred", group, period), m.block("referrals", group, period)
    m.count(name, row, "children", m.size(group))
    m.count(name, row, "children_referred", referred, ("children", m.size(group)))
    m.count(name, row, "referrals", number_of)
    m.count(name, row, "referrals_without_index", m.block("without index", group, period))
    m.ratio(name, row, "mean_per_child", number_of, m.size(group), 1.0)
    m.system.hold(minus(number_of, referred), 0.0, float("inf"))
    m.system.hold(minus(number_of, m.block("without index", group, period)), 0.0, float("inf"))


def re_referral(m: Meanings, name: str, row: Row) -> None:
    shares = []
    for side, group in zip(("programme", "comparison"), m.groups, strict=True):
        event = m.block("referred by", group, row.get("tau_days"))
        m.count(name, row, f"n_{side}", m.size(group))
        m.count(name, row, f"events_{side}", event, (f"n_{side}", m.size(group)))
        shares.append((event, number(row.get(f"n_{side}"))))
    if row.get("risk_method") == "Newcombe":
        difference(m, name, row, "risk_difference", shares)


def of_outcome(m: Meanings, name: str, row: Row) -> None:
    """The tables of estimates: how many had any of the outcome, before or after."""
    groups = (row["group"],) if "group" in row else m.groups
    if "n_with_any" in row and row["outcome"] != "referrals":
        m.count(name, row, "n_with_any", with_any(m, groups, row["outcome"]))
    m.cell(name, row, "n_with_any")
    for column in ("n_children", "n_units"):
        if column in row and row.get("unit") != "family":
            m.count(name, row, column, plus(*(m.size(g) for g in groups)))
        m.cell(name, row, column)
    for side, group in zip(("programme", "comparison"), m.groups, strict=True):
        if f"missing_{side}" in row:
            m.count(name, row, f"n_{side}", m.size(group))
            m.count(name, row, f"missing_{side}", {("missing", group): 1.0})


def costs(m: Meanings, name: str, row: Row) -> None:
    group, period = row["group"], row["period"]
    priced = {r["measure"] for r in m.tables.get("unit_costs_used", [])}
    cost = {("with cost", group, period): 1.0}
    if priced == {"days_cin", "days_cp", "days_cla"}:
        cost = m.joint(group, in_period(period, lambda s: s > 0))
    m.count(name, row, "children", m.size(group))
    m.count(name, row, "children_with_cost", cost, ("children", m.size(group)))


def cost_parts(m: Meanings, name: str, row: Row) -> None:
    group, period, measure = row["group"], row["period"], row["measure"]
    m.count(name, row, "children", with_any(m, (group,), measure, period))
    if measure != "referrals":
        total(m, name, row, "volume", {("volume", group, period, measure): 1.0})


def saving_by_agency(m: Meanings, name: str, row: Row) -> None:
    if row["measure"] != "referrals":
        m.count(name, row, "children", with_any(m, m.groups, row["measure"]))


def with_cost(m: Meanings, name: str, row: Row) -> None:
    """Children of both groups with any cost, before or after."""
    priced = {r["measure"] for r in m.tables.get("unit_costs_used", [])}
    cost = m.both(lambda b, a: bool(b or a)) if priced == {"days_cin", "days_cp", "days_cla"} else {("with cost",): 1.0}
    if name == "net_cost" and row["measure"].startswith("programme_cost"):
        cost = m.both(lambda b, a: True)
    if not number(row.get("children_set_aside")):
        m.count(name, row, "children_with_cost", cost)
    m.cell(name, row, "children_with_cost")
