"""What notebook 9's tables tell: people by what became of them, by questionnaire, band and change, and by answer."""

from __future__ import annotations

from attacker.meanings import Count, Meanings
from attacker.reading import Row, number
from attacker.system import Sum, minus, plus

FATES = "fates"


def _one(*name: str) -> Sum:
    return {name: 1.0}


def reach(m: Meanings, name: str, row: Row) -> None:
    """Everybody referred has one fate, and was seen at exit or not."""
    of = (row["activity"], row["role"])
    parts = {kind: _one(FATES, *of, row["fate"], kind) for kind in ("seen_at_exit", "not_seen")}
    people = plus(*parts.values())
    m.count(name, row, "people", people, ("referred", _referred(m, of)))
    for kind, part in parts.items():
        m.count(name, row, kind, part)
    m.count(name, row, "referred", _referred(m, of))
    m.count(name, row, "seen", _seen(m, of), ("referred", _referred(m, of)))


def _fates(m: Meanings, of: tuple[str, str]) -> list[str]:
    return [r["fate"] for r in m.tables["reach"] if (r["activity"], r["role"]) == of]


def _referred(m: Meanings, of: tuple[str, str]) -> Sum:
    return plus(*(_one(FATES, *of, fate, kind) for fate in _fates(m, of) for kind in ("seen_at_exit", "not_seen")))


def _seen(m: Meanings, of: tuple[str, str]) -> Sum:
    return plus(*(_one(FATES, *of, fate, "seen_at_exit") for fate in _fates(m, of)))


def _who(row: Row, kind: str) -> Sum:
    return _one("questionnaire", row["measure"].partition(": ")[0], kind)


def change(m: Meanings, name: str, row: Row) -> None:
    """Those measured at entry were measured again, lost or not due; all had started their activity."""
    parts = {kind: _who(row, kind) for kind in ("both", "lost", "not_due")}
    entries = plus(*parts.values())
    for kind, part in parts.items():
        m.count(name, row, kind, part)
    m.count(name, row, "entries", entries)
    of = (row["activity"], row["role"])
    if of[0] and _fates(m, of):
        never = [f for f in _fates(m, of) if f.startswith(("Did not start", "Waiting to start"))]
        started = minus(
            _referred(m, of), plus(*(_one(FATES, *of, f, k) for f in never for k in ("seen_at_exit", "not_seen")))
        )
        m.system.hold(minus(started, entries), 0.0, float("inf"))
        m.system.hold(minus(_seen(m, of), parts["both"]), 0.0, float("inf"))


def yes_no(m: Meanings, name: str, row: Row) -> None:
    change(m, name, row)
    kinds = ("both_yes", "no_to_yes", "yes_to_no", "both_no")
    pairs = {kind: _one("answers", row["measure"], kind) for kind in kinds}
    for kind, part in pairs.items():
        m.count(name, row, kind, part)
    m.system.equal(minus(plus(*pairs.values()), _who(row, "both")), 0.0)
    for column, kinds in (("percent_entry", ("both_yes", "yes_to_no")), ("percent_exit", ("both_yes", "no_to_yes"))):
        yes = plus(*(pairs[kind] for kind in kinds))
        m.ratio(name, row, column, yes, _who(row, "both"))
        m.counts.append(_named(f"{name}: {column}, {row['measure']}", yes, *(row[kind] for kind in kinds)))
    everybody = plus(_who(row, "both"), _who(row, "lost"))
    at_exit = plus(pairs["both_yes"], pairs["no_to_yes"])
    m.ratio(name, row, "worst", at_exit, everybody)
    m.ratio(name, row, "best", plus(at_exit, _who(row, "lost")), everybody)


def _named(name: str, sum_: Sum, *texts: str) -> Count:
    """A number that is not printed: its true value is the sum of cells that the records' own tables show."""
    values = [number(text) for text in texts]
    return Count(name, sum_, None if None in values else abs(sum(values)))  # type: ignore[arg-type]


def bands(m: Meanings, name: str, row: Row) -> None:
    for column in ("at_entry", "at_exit"):
        part = _one("band", row["measure"], row["band"], column)
        m.count(name, row, column, part, ("both", _who(row, "both")))
        m.ratio(name, row, column.replace("at_", "percent_"), part, _who(row, "both"))
    m.count(name, row, "both", _who(row, "both"))


def reliable(m: Meanings, name: str, row: Row) -> None:
    part = _one("changed", row["measure"], row["rule"], row["direction"])
    m.count(name, row, "people", part, ("both", _who(row, "both")))
    m.count(name, row, "both", _who(row, "both"))
    m.ratio(name, row, "percent", part, _who(row, "both"))


def response(m: Meanings, name: str, row: Row) -> None:
    if row["several"] == "no":
        m.count(name, row, "responded", _one("respondents", row["survey"]))
        m.ratio(name, row, "percent", _one("respondents", row["survey"]), {("frame", row["survey"]): 1.0})
        m.system.equal({("frame", row["survey"]): 1.0}, float(row["frame"]))


def items(m: Meanings, name: str, row: Row) -> None:
    parts = {kind: _one("answer", row["survey"], row["question"], kind) for kind in ("yes", "other", "no_answer")}
    for kind, part in parts.items():
        m.count(name, row, kind, part)
    m.count(name, row, "respondents", _one("respondents", row["survey"]))
    m.system.equal(minus(plus(*parts.values()), _one("respondents", row["survey"])), 0.0)
    m.ratio(name, row, "percent", parts["yes"], plus(parts["yes"], parts["other"]))
    m.ratio(name, row, "bound_low", parts["yes"], {("frame", row["survey"]): 1.0})


def training(m: Meanings, name: str, row: Row) -> None:
    m.count(name, row, "people", _one("took part", row["kind"], row["item"]))
    if row["kind"] == "consultation":
        m.system.equal({("planned", row["item"]): 1.0}, float(row["planned"]))
        m.ratio(name, row, "percent", _one("took part", row["kind"], row["item"]), {("planned", row["item"]): 1.0})


def sums(m: Meanings) -> None:
    """The bands of a questionnaire hold everybody measured twice, at entry and at exit; so do the ways of a rule.

    Of two rules for one scale, the stricter counts a part of those whom the other counts.
    """
    for table, within, parts in (
        (
            "measure_bands",
            ("measure",),
            lambda r: [_one("band", r["measure"], r["band"], c) for c in ("at_entry", "at_exit")],
        ),
        ("reliable_change", ("measure", "rule"), lambda r: [_one("changed", r["measure"], r["rule"], r["direction"])]),
    ):
        groups: dict[tuple[str, ...], list[Row]] = {}
        for row in m.tables.get(table, []):
            groups.setdefault(tuple(row[key] for key in within), []).append(row)
        for rows in groups.values():
            for part in zip(*(parts(row) for row in rows), strict=True):
                m.system.equal(minus(plus(*part), _who(rows[0], "both")), 0.0)
    _rules(m)


def _rules(m: Meanings) -> None:
    by_measure: dict[str, dict[str, list[Row]]] = {}
    for row in m.tables.get("reliable_change", []):
        by_measure.setdefault(row["measure"], {}).setdefault(row["rule"], []).append(row)
    for rules in by_measure.values():
        if len(rules) == 2:
            loose, strict = sorted(rules.values(), key=lambda rows: float(rows[0]["points"]))
            for way in ("better", "worse"):
                inner, outer = (
                    plus(
                        *(
                            _one("changed", r["measure"], r["rule"], r["direction"])
                            for r in rows
                            if r["direction"].startswith(way)
                        )
                    )
                    for rows in (strict, loose)
                )
                m.system.hold(minus(outer, inner), 0.0, float("inf"))
                texts = [r["people"] for r in loose if r["direction"].startswith(way)]
                texts += [f"-{r['people']}" for r in strict if r["direction"].startswith(way)]
                m.counts.append(_named(f"{way} by one rule alone: {strict[0]['measure']}", minus(outer, inner), *texts))
