"""What every table of a release says about the children behind it, written from the documents and not from the library.

The unknowns of a group are its children by the set of statuses they had before × the set they had after (8 × 8 cells),
and blocks beside it: ages, ethnic codes, siblings, issues, who is in the analysis, referrals, case files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from attacker import intervals
from attacker.reading import HIDDEN, Row, half_unit, number
from attacker.system import Sum, System, minus, plus

LADDER = ("CIN", "CP", "CLA")
SETS = range(8)
KEYS = ("category", "day", "window_months", "tau_days")
LONGEST = 366.0  # days of a window: no study's is longer
Test = Callable[[int, int], bool]


@dataclass(frozen=True)
class Count:
    """A number of children, files or events that the records have: its name, what it is a sum of, its true value."""

    name: str
    sum: Sum
    value: float | None


def highest(statuses: int) -> int:
    """Return the rung (0 none to 3 CLA) of a set of statuses."""
    return statuses.bit_length()


def rungs(label: str) -> set[int]:
    """Return the rungs that a label names: ``CP``, ``none``, ``CP or CLA``, ``any status``."""
    names = re.split(r" or | and |, ", label)
    return {LADDER.index(n) + 1 if n in LADDER else 0 for n in names}


class Meanings:
    """Reads tables into sums of unknowns; ``counts`` are the numbers of people, files and events that they name."""

    def __init__(self, tables: dict[str, list[Row]], groups: tuple[str, str] | None = None) -> None:
        self.tables, self.system, self.counts = tables, System(), []
        self.groups = groups or find_groups(tables)
        self.bands: dict[str, list[str]] = {}
        self.broad: dict[str, list[str]] = {}  # the ethnic codes of each broad group, as the study's file has them
        self.ungrouped: list[str] = []  # ethnic codes of the study that are in no broad group, such as "Refused"
        self.used: set[tuple[str, str]] = set()
        self.rounded = 1  # what counts are rounded to; a number that is no multiple of it is exact
        self.ratios: list[tuple[str, Sum, Sum, float]] = []

    # what a cell says

    def cell(self, table: str, row: Row, column: str) -> str:
        self.used.add((table, column))
        return row.get(column) or ""

    def count(self, table: str, row: Row, column: str, sum_: Sum, base: tuple[str, Sum] | None = None) -> None:
        """A count, and with ``base`` (a column of the row and its sum) the rest of the base too."""
        text = self.cell(table, row, column)
        value, name = number(text), f"{table}: {column}, {key_of(row)}"
        self.counts.append(Count(name, sum_, value))
        if value is not None:
            loose = self.rounded / 2 if self.rounded > 1 and value % self.rounded == 0 else 0.0
            self.system.hold(sum_, value - loose, value + loose)
        if base:
            whole = number(self.cell(table, row, base[0]))
            rest = None if None in (whole, value) else whole - value
            self.counts.append(Count(f"{name}: the others", minus(base[1], sum_), rest))

    def ratio(self, table: str, row: Row, column: str, above: Sum, below: Sum, factor: float = 100.0) -> None:
        """A share, a mean or a rate as printed: factor × above / below. Told at the end, when all counts are known."""
        text = self.cell(table, row, column)
        if number(text) is not None:
            self.ratios.append((text, above, below, factor))

    def tell_ratios(self) -> None:
        """Hold every printed ratio: between whole numbers where what it is a share of is known."""
        for text, above, below, factor in self.ratios:
            half, shown = half_unit(text) / factor, float(number(text)) / factor  # type: ignore[arg-type]
            size, top = self.system.known(below), self.system.known(above)
            if size is not None and top is not None:
                continue
            loose = self.rounded / 2 if self.rounded > 1 else 0.0
            if size is not None:
                self.system.hold(above, (shown - half) * size - loose, (shown + half) * size + loose)
                continue
            if loose:
                continue
            self.system.hold(minus(above, plus(below, factor=shown - half)), 0.0, float("inf"))
            self.system.hold(minus(above, plus(below, factor=shown + half)), -float("inf"), 0.0)

    def scan(self, row: Row, sum_: Sum, base: str, **columns: Callable[[int, int], float]) -> None:
        """Formulas of one count and a known base: only counts whose formulas print as shown are left."""
        size = None if self.rounded > 1 else number(row.get(base))  # a rounded base gives no formula
        shown = {c: row[c] for c in columns if c in row and number(row[c]) is not None}
        if size is None or not shown:
            return
        left = [k for k in range(int(size) + 1) if all(prints(columns[c](k, int(size)), t) for c, t in shown.items())]
        if left:
            self.system.hold(sum_, left[0], left[-1])

    # unknowns

    def joint(self, group: str, test: Test) -> Sum:
        return {("y", group, b, a): 1.0 for b in SETS for a in SETS if test(b, a)}

    def size(self, group: str) -> Sum:
        return self.joint(group, lambda b, a: True)

    def both(self, test: Test) -> Sum:
        return plus(*(self.joint(g, test) for g in self.groups))

    def block(self, kind: str, group: str, category: Hashable) -> Sum:
        return {(kind, group, category): 1.0}

    def category(self, variable: str, group: str, label: str) -> Sum:
        """Return a category of the profile; "10-14 and over" is all bands from that one on, "White" all its codes."""
        if variable == "ethnicity" and label in self.broad:
            return plus(*(self.block(variable, group, code) for code in self.broad[label]))
        bands = [band for band in self.bands.get(variable, []) if band != "Unknown"]
        first = label.removesuffix(" and over")
        if first == label or label in bands or first not in bands:
            return self.block(variable, group, label)
        return plus(*(self.block(variable, group, band) for band in bands[bands.index(first) :]))


def find_groups(tables: dict[str, list[Row]]) -> tuple[str, str]:
    """Return the labels of the two groups, programme first."""
    for name in ("participant_flow", "statutory_status", "transitions", "profile", "referrals", "movement"):
        labels = list(dict.fromkeys(row["group"] for row in tables.get(name, []) if "group" in row))
        if len(labels) == 2:
            return labels[0], labels[1]
    return "", ""


def key_of(row: Row) -> str:
    """Return the words that name a row."""
    words = [f"{k} {v}" for k, v in row.items() if v and (k in KEYS or number(v) is None) and v not in (*HIDDEN, "z")]
    return "; ".join(words[:5])[:160]


def prints(value: float, text: str) -> bool:
    return abs(value - float(number(text))) <= half_unit(text) + 1e-9


def in_period(period: str, test: Callable[[int], bool]) -> Test:
    return (lambda b, a: test(b)) if period == "before" else (lambda b, a: test(a))


def has(rung: int) -> Callable[[int], bool]:
    return lambda statuses: bool(statuses >> (rung - 1) & 1)


def at(label: str) -> Callable[[int], bool]:
    return lambda statuses: highest(statuses) in rungs(label)


def statutory_status(m: Meanings, name: str, row: Row) -> None:
    group, period, status = row["group"], row["period"], row["status"]
    any_of = [has(r) for r in rungs(status) if r]
    held = m.joint(group, in_period(period, lambda s: any(h(s) for h in any_of)))
    days, clipped = ({(kind, group, period, status): 1.0} for kind in ("days", "clipped"))
    episodes, new = ({(kind, group, period, status): 1.0} for kind in ("episodes", "new"))
    m.count(name, row, "children", m.size(group))
    m.count(name, row, "children_with_status", held, ("children", m.size(group)))
    m.ratio(name, row, "percent_with_status", held, m.size(group))
    for column, kind in (("days", days), ("clipped_days", clipped)):
        total(m, name, row, column, kind)
        mean = f"mean_{column}_per_child"
        m.ratio(name, row, mean, kind, m.size(group), 1.0)
    m.count(name, row, "episodes", episodes)
    m.count(name, row, "new_episodes", new)
    m.system.hold(minus(episodes, held), 0.0, float("inf"))
    m.system.hold(minus(episodes, new), 0.0, float("inf"))
    m.system.hold(minus(clipped, plus(held, factor=LONGEST)), -float("inf"), 0.0)
    m.system.hold(minus(days, clipped), 0.0, float("inf"))


def total(m: Meanings, name: str, row: Row, column: str, sum_: Sum) -> None:
    m.system.real |= set(sum_)
    shown = number(m.cell(name, row, column))
    if shown is not None:
        m.system.hold(sum_, shown - 0.5, shown + 0.5)


def two_part(m: Meanings, name: str, row: Row) -> None:
    group, period, outcome = row["group"], row["period"], row["outcome"]
    size = m.size(group)
    held = with_any(m, (group,), outcome, period)
    days = {("clipped", group, period, outcome.removeprefix("days_").upper()): 1.0}
    m.count(name, row, "n_children", size)
    m.count(name, row, "n_with_any", held, ("n_children", size))
    m.ratio(name, row, "percent_with_any", held, size)
    m.ratio(name, row, "mean_days_per_child", days, size, 1.0)
    m.ratio(name, row, "mean_days_if_any", days, held, 1.0)
    m.system.real |= set(days)
    m.scan(row, held, "n_children", ci_low=intervals.wilson_low, ci_high=intervals.wilson_high)


def with_any(m: Meanings, groups: tuple[str, ...], outcome: str, period: str = "either") -> Sum:
    """Return the children with any of an outcome before, after, or in either period."""
    if outcome == "referrals":
        return plus(*({("referred", g, period): 1.0} for g in groups))
    held = has(LADDER.index(outcome.removeprefix("days_").upper()) + 1)
    test: Test = (lambda b, a: held(b) or held(a)) if period == "either" else in_period(period, held)
    return plus(*(m.joint(g, test) for g in groups))


def transitions(m: Meanings, name: str, row: Row) -> None:
    group, before, after = row["group"], at(row["status_before"]), at(row["status_after"])
    cell = m.joint(group, lambda b, a: before(b) and after(a))
    base = m.joint(group, lambda b, a: before(b))
    m.count(name, row, "children_before", base)
    m.count(name, row, "children", cell, ("children_before", base))
    m.ratio(name, row, "percent_of_row", cell, base)


def movement(m: Meanings, name: str, row: Row) -> None:
    group = row["group"]
    up, down = (
        m.joint(group, lambda b, a: highest(a) > highest(b)),
        m.joint(group, lambda b, a: highest(a) < highest(b)),
    )
    may_up, may_down = m.joint(group, lambda b, a: highest(b) < 3), m.joint(group, lambda b, a: highest(b) > 0)
    m.count(name, row, "n_children", m.size(group))
    m.count(name, row, "at_risk_up", may_up, ("n_children", m.size(group)))
    m.count(name, row, "at_risk_down", may_down, ("n_children", m.size(group)))
    m.count(name, row, "escalated", up, ("at_risk_up", may_up))
    m.count(name, row, "de_escalated", down, ("at_risk_down", may_down))
    m.count(name, row, "same", m.joint(group, lambda b, a: highest(a) == highest(b)))
    m.ratio(name, row, "percent_escalated", up, may_up)
    m.ratio(name, row, "percent_de_escalated", down, may_down)


def like_for_like(m: Meanings, name: str, row: Row) -> None:
    before, higher = at(row["status_before"]), "higher" in row["event"]
    shares = []
    for side, group in zip(("programme", "comparison"), m.groups, strict=True):
        base = m.joint(group, lambda b, a: before(b))
        event = m.joint(
            group, lambda b, a: before(b) and (highest(a) > highest(b) if higher else highest(a) < highest(b))
        )
        m.count(name, row, f"n_{side}", base)
        m.count(name, row, f"events_{side}", event, (f"n_{side}", base))
        m.ratio(name, row, f"percent_{side}", event, base)
        ends = {f"percent_{side}_low": intervals.exact_low, f"percent_{side}_high": intervals.exact_high}
        m.scan(row, event, f"n_{side}", **ends)
        shares.append((event, number(row.get(f"n_{side}"))))
    difference(m, name, row, "difference", shares)


def difference(m: Meanings, name: str, row: Row, column: str, shares: list[tuple[Sum, float | None]]) -> None:
    text = m.cell(name, row, column)
    if m.rounded > 1 or number(text) is None or any(not size for _, size in shares):
        return
    first, second = (plus(sum_, factor=100.0 / size) for sum_, size in shares)  # type: ignore[operator]
    shown, half = float(number(text)), half_unit(text)  # type: ignore[arg-type]
    m.system.hold(minus(first, second), shown - half, shown + half)


def overlap(m: Meanings, name: str, row: Row) -> None:
    before = at(row["status_before"])
    for side, group in zip(("programme", "comparison"), m.groups, strict=True):
        cell = m.joint(group, lambda b, a: before(b))
        m.count(name, row, f"n_{side}", cell)
        m.ratio(name, row, f"percent_{side}", cell, m.size(group))


def overlap_gate(m: Meanings, name: str, row: Row) -> None:
    for side, group in zip(("programme", "comparison"), m.groups, strict=True):
        held = m.joint(group, lambda b, a: b > 0)
        m.count(name, row, f"n_{side}", m.size(group))
        m.count(name, row, f"with_status_{side}", held, (f"n_{side}", m.size(group)))
    m.count(name, row, "unmatched", {("unmatched",): 1.0})


def status_on_date(m: Meanings, name: str, row: Row) -> None:
    group, moment = row["group"], row["moment"]
    cell = m.block(moment, group, frozenset(rungs(row["status"])))
    m.count(name, row, "children_in_group", m.size(group))
    m.count(name, row, "children", cell, ("children_in_group", m.size(group)))
    m.ratio(name, row, "percent", cell, m.size(group))


def status_on_date_sums(m: Meanings) -> None:
    """Of a moment all statuses are the group; nobody's status on a day is above the highest of the period it is in."""
    rows = m.tables.get("status_on_date", [])
    for group, moment in dict.fromkeys((r["group"], r["moment"]) for r in rows):
        labels = [r["status"] for r in rows if (r["group"], r["moment"]) == (group, moment)]
        m.system.equal(minus(plus(*(m.block(moment, group, frozenset(rungs(x))) for x in labels)), m.size(group)), 0.0)
        period = "before" if "before" in moment else "after"
        for rung in (1, 2, 3):
            there = [m.block(moment, group, frozenset(rungs(x))) for x in labels if min(rungs(x)) >= rung]
            if there:
                ever = m.joint(group, in_period(period, lambda s, rung=rung: highest(s) >= rung))
                m.system.hold(minus(ever, plus(*there)), 0.0, float("inf"))
