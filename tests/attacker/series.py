"""What the points of monitoring tell: counts by month or quarter, alone, as a part of a whole, and summed."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations

from attacker.meanings import Meanings
from attacker.reading import Row, number
from attacker.system import Sum, minus, plus


def points(m: Meanings, name: str, row: Row) -> None:
    count, whole = _cell("count", row), _cell("out of", row)
    m.count(name, row, "out_of", whole)
    if _is_part(m, row["series"]):
        m.count(name, row, "count", count, ("out_of", whole))
        m.system.hold(minus(whole, count), 0.0, float("inf"))
        m.ratio(name, row, "value", count, whole)
        return
    m.count(name, row, "count", count)
    if _counts_alone(m, row["series"]) and number(row["value"]) is not None:
        m.system.equal(count, float(number(row["value"])))  # type: ignore[arg-type]


def drawn(m: Meanings, name: str, row: Row) -> None:
    """A drawn point is the same number once more."""
    own = [r for r in m.tables["series_points"] if (r["series"], r["first_day"]) == (row["series"], row["first_day"])]
    if own and _counts_alone(m, row["series"]) and number(row["value"]) is not None:
        m.system.equal(_cell("count", own[0]), float(number(row["value"])))  # type: ignore[arg-type]


def _cell(kind: str, row: Row) -> Sum:
    return {(kind, row["series"], row["first_day"], row["last_day"]): 1.0}


def _rows(m: Meanings, series: str) -> list[Row]:
    return [r for r in m.tables["series_points"] if r["series"] == series]


def _is_part(m: Meanings, series: str) -> bool:
    """Say whether a series is of parts of a whole: where both are shown, no part is larger."""
    ends = [(number(r["count"]), number(r["out_of"])) for r in _rows(m, series)]
    both = [(a, b) for a, b in ends if a is not None and b is not None]
    return bool(both) and all(a <= b for a, b in both)


def _counts_alone(m: Meanings, series: str) -> bool:
    return all(number(r["out_of"]) is None for r in _rows(m, series)) and any(
        number(r["count"]) is not None for r in _rows(m, series)
    )


def sums(m: Meanings) -> None:
    """One series is the sum of another where their names say so: repeated referrals are parts of all referrals."""
    rows = m.tables.get("series_points", [])
    names = list(dict.fromkeys(r["series"] for r in rows))
    for part, whole in permutations(names, 2):
        if not (part.lower().startswith("re-referrals") and whole.lower().startswith("referrals")):
            continue
        if part.rpartition(", ")[2] != whole.rpartition(", ")[2]:
            continue
        for row in _rows(m, part):
            inside = [
                r for r in _rows(m, whole) if row["first_day"] <= r["first_day"] and r["last_day"] <= row["last_day"]
            ]
            if inside and sum(map(_days, inside), timedelta()) == _days(row):
                m.system.equal(minus(_cell("out of", row), plus(*(_cell("count", r) for r in inside))), 0.0)


def _days(row: Row) -> timedelta:
    return date.fromisoformat(row["last_day"]) - date.fromisoformat(row["first_day"]) + timedelta(days=1)


def all_of_them(m: Meanings, totals: dict[str, float]) -> None:
    """Hold what somebody may know besides: how many there were in all periods together, by series."""
    for series, total in totals.items():
        m.system.equal(plus(*(_cell("count", r) for r in _rows(m, series))), total)
