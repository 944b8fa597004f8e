"""What the tables of a trial, of time use, of repeats and of spending tell of the unknowns."""

from __future__ import annotations

from attacker.meanings import Count, Meanings, difference, with_any
from attacker.reading import Row, number
from attacker.system import Sum, minus, plus

SIDES = ("programme", "comparison")


def flow(m: Meanings, name: str, row: Row) -> None:
    """Families of an arm: those analysed or excluded stand in the participant flow, the others have no records."""
    m.count(name, row, "units", _became(m, row["stage"], row["became"]))
    m.count(name, row, "out_of", {("allocated", row["stage"]): 1.0})


def _became(m: Meanings, stage: str, became: str) -> Sum:
    for other in m.tables.get("participant_flow", []):
        if other["group"] == stage and became in (other["step"], other["reason"]):
            return _units(m, other)
    return m.block("trial", stage, became)


def _units(m: Meanings, row: Row) -> Sum:
    """Families or children of a step of the participant flow, whichever the trial allocated (its file says which)."""
    if not _by_child(m):
        return m.block("families", row["group"], (row["step"], row["reason"]))
    return (
        m.size(row["group"])
        if row["step"] == "Analysed"
        else m.block("flow", row["group"], (row["step"], row["reason"]))
    )


def _by_child(m: Meanings) -> bool:
    """Whether as many units are analysed as children: then the trial allocated children."""
    units = [number(row["units"]) for row in m.tables["trial_flow"] if row["became"] == "Analysed"]
    first = m.tables.get("trial_effect", [{}])[0]
    return units == [number(first.get(f"n_{side}")) for side in SIDES]


def flow_sums(m: Meanings) -> None:
    """Each stage adds up; families of the records are those of its steps; who is lost beside has no records."""
    rows = m.tables.get("trial_flow", [])
    lost: Sum = {}
    for stage in dict.fromkeys(row["stage"] for row in rows):
        parts = plus(*(_became(m, stage, row["became"]) for row in rows if row["stage"] == stage))
        m.system.equal(minus(parts, {("allocated", stage): 1.0}), 0.0)
        steps = [r for r in m.tables.get("participant_flow", []) if r["group"] == stage]
        if steps:
            there = [_units(m, r) for r in steps]
            m.system.equal(minus(there[0], plus(*there[1:])), 0.0)
            own = minus(parts, plus(*there[1:]))
            lost = plus(lost, own)
    for row in m.tables.get("completeness", []):
        ends = number(row["rows"]), number(row["blank"])
        if (row["table"], row["column"]) == ("allocation", "lost_reason") and lost and None not in ends:
            m.system.equal(lost, ends[0] - ends[1])  # type: ignore[operator]


def of_outcome(m: Meanings, name: str, row: Row) -> None:
    """Children of each arm, those with any of an outcome after and those without, those who had the programme."""
    outcome, shares = row["outcome"], []
    for side, group in zip(SIDES, m.groups, strict=True):
        size = (f"n_{side}", m.size(group))
        m.count(name, row, f"n_{side}", m.size(group))
        known = "referrals" if outcome == "any_referral" else outcome.replace("any_", "days_")
        any_after = with_any(m, (group,), known, "after")
        m.count(name, row, f"any_{side}", any_after, size)
        if f"had_{side}" in row:
            m.count(name, row, f"had_{side}", m.block("had", group, "it"), size)
        if outcome.startswith("any_"):
            m.ratio(name, row, f"mean_{side}", any_after, m.size(group))
        shares.append((any_after, number(row[f"n_{side}"])))
    if outcome.startswith("any_") and name == "trial_effect" and "each by itself" in row["method"]:
        difference(m, name, row, "estimate", shares)


def subgroups(m: Meanings, name: str, row: Row) -> None:
    for side, group in zip(SIDES, m.groups, strict=True):
        part = m.block(row["subgroup"], group, row["part"])
        m.count(name, row, f"n_{side}", part, (f"all_{side}", m.size(group)))
        m.count(name, row, f"all_{side}", m.size(group))


def subgroup_sums(m: Meanings) -> None:
    for label in dict.fromkeys(row["subgroup"] for row in m.tables.get("trial_subgroups", [])):
        for group in m.groups:
            parts = (m.block(label, group, part) for part in ("in it", "not in it"))
            m.system.equal(minus(plus(*parts), m.size(group)), 0.0)


def hours(m: Meanings, name: str, row: Row) -> None:
    for period in ("before", "after"):
        m.count(name, row, f"workers_{period}", {("workers", period): 1.0})


def repeats(m: Meanings, name: str, row: Row) -> None:
    """Victims or hearings: those with a repeat and those without are all; hearings less victims are further ones."""
    cells = [{(column, row["period"], row["counted"]): 1.0} for column in ("index", "repeated", "not_repeated")]
    for column, cell in zip(("index", "repeated", "not_repeated"), cells, strict=True):
        m.count(name, row, column, cell)
        if row["counted"] == "hearings":
            victims: Sum = {(column, row["period"], "victims"): 1.0}
            further, both = minus(cell, victims), _two(m, row, column)
            m.system.hold(further, 0.0, float("inf"))
            m.counts.append(Count(f"{name}: further {column}, {row['period']}", further, both))
    m.system.equal(minus(cells[0], plus(*cells[1:])), 0.0)
    m.ratio(name, row, "percent", cells[1], cells[0])


def _two(m: Meanings, row: Row, column: str) -> float | None:
    own = [number(r[column]) for r in m.tables["repeats"] if r["period"] == row["period"]]
    return None if None in own else own[1] - own[0]  # type: ignore[operator]


def spending(m: Meanings, name: str, row: Row) -> None:
    """Children whom money was for; the row before says its number once more."""
    m.count(name, row, "children", {("spent on", row["item"], row["financial_year"]): 1.0})
    own = [r for r in m.tables[name] if r["item"] == row["item"]]
    place = own.index(row)
    if place:
        before: Sum = {("spent on", row["item"], own[place - 1]["financial_year"]): 1.0}
        m.count(name, row, "children_before", before)
    if number(row["real"]) and number(row["per_child"]):
        cell: Sum = {("spent on", row["item"], row["financial_year"]): 1.0}
        m.system.equal(cell, round(number(row["real"]) / number(row["per_child"])))  # type: ignore[operator]
