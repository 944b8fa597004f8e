"""What the tables of notebook 9 count: who was measured twice, in which band, who changed, who answered a survey."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stepdown.disclosure.counts import Cell, Place
from stepdown.disclosure.underlying import Definitions, Tables, rows_of

_WHO = ("entries", "both", "lost", "not_due")
_PAIRS = ("both_yes", "no_to_yes", "yes_to_no", "both_no")


def by_people(tables: Tables, found: Definitions) -> None:
    """Say how the counts of people hang together within a questionnaire, a survey and an activity."""
    first: dict[tuple[str, str], Place] = {}
    for name in ("measure_change", "yes_no_change"):
        for row, v in rows_of(tables[name].frame) if name in tables else ():
            place = {column: (name, row, column) for column in (*_WHO, *_PAIRS)}
            found.sums([(1, place["both"]), (1, place["lost"]), (1, place["not_due"]), (-1, place["entries"])])
            if name == "yes_no_change":
                found.sums([*((1, place[pair]) for pair in _PAIRS), (-1, place["both"])])
            _of_the_flow(tables, found, v, place)
            _compared(tables, found, v, place["both"])
            for column in _WHO:
                _same(found, first, _questionnaire(v), column, place[column])
    for name in ("measure_bands", "reliable_change"):
        for row, v in rows_of(tables[name].frame) if name in tables else ():
            _same(found, first, _questionnaire(v), "both", (name, row, "both"))
            for part in ("at_entry", "at_exit", "people"):
                if part in v:
                    found.others((name, row, part), v[part], "both", v["both"])
    _nested_rules(tables, found)
    for row, v in rows_of(tables["reach"].frame) if "reach" in tables else ():
        parts = [(1, ("reach", row, part)) for part in ("seen_at_exit", "not_seen")]
        found.sums([*parts, (-1, ("reach", row, "people"))])
        for part in ("people", "seen"):
            found.others(("reach", row, part), v[part], "referred", v["referred"])
    _surveys(tables, found, first)


def scored_once(tables: Tables, found: Definitions) -> None:
    """Say that children with a score in one period alone are a count too: those with one less those with both."""
    both = {
        (v["measure"], v["group"]): (("score_movement", row, "measured_both"), int(v["measured_both"]))
        for row, v in (rows_of(tables["score_movement"].frame) if "score_movement" in tables else ())
    }
    for row, v in rows_of(tables["scores"].frame) if both and "scores" in tables else ():
        place, number = both[v["measure"], v["group"]]
        rest = ("scores", row, "measured once")
        found.cells[rest] = Cell(rest, int(v["measured"]) - number, shown_anywhere=False)
        found.sums([(1, ("scores", row, "measured")), (-1, place), (-1, rest)])


def _questionnaire(values: Mapping[str, object]) -> str:
    """Return which questionnaire a measure is of: all its scales are of the same people."""
    return str(values["measure"]).partition(": ")[0]


def _same(found: Definitions, first: dict[tuple[str, str], Place], of: str, what: str, place: Place) -> None:
    other = first.setdefault((of, what), place)
    if other != place:
        found.sums([(1, other), (-1, place)])


def _of_the_flow(tables: Tables, found: Definitions, values: Mapping[str, object], place: Mapping[str, Place]) -> None:
    """Say that those measured at entry had started, and that those measured twice were seen at exit."""
    if "reach" not in tables:
        return
    frame = tables["reach"].frame.reset_index(drop=True)
    mine = frame[(frame["activity"] == values["activity"]) & (frame["role"] == values["role"])]
    if len(mine):
        first = int(mine.index[0])
        never = mine.index[mine["fate"].str.startswith(("Did not start", "Waiting to start"))]
        later = [(1, ("reach", int(row), "people")) for row in never]
        found.at_most([(1, place["entries"]), (-1, ("reach", first, "referred")), *later])
        found.at_most([(1, place["both"]), (-1, ("reach", first, "seen"))])


def _compared(tables: Tables, found: Definitions, values: Mapping[str, Any], both: Place) -> None:
    """Say that the children whose score page 3 compares are some of those measured twice; how many more is a count."""
    for row, v in rows_of(tables["effects"].frame) if "effects" in tables else ():
        more = int(values["both"]) - int(v["n_children"])
        if v["outcome"] == values["code"] and more >= 0:
            rest = (*both[:2], "both, not compared")
            found.cells[rest] = Cell(rest, more, shown_anywhere=False)
            found.sums([(1, both), (-1, rest), (-1, ("effects", row, "n_children"))])
            return


def _nested_rules(tables: Tables, found: Definitions) -> None:
    """Say that what one rule counts as changed beyond a stricter one is a count of people too, though not printed."""
    if "reliable_change" not in tables:
        return
    frame = tables["reliable_change"].frame.reset_index(drop=True)
    for _, own in frame.groupby("measure", sort=False):
        for way in ("better", "worse"):
            mine = own[own["direction"].str.startswith(way)]
            rules = [rows for _, rows in mine.groupby("rule", sort=False)]
            if len(rules) == 2:
                loose, strict = sorted(rules, key=lambda rows: float(rows["points"].iloc[0]))
                _beyond(found, strict, loose, way)


def _beyond(found: Definitions, strict: pd.DataFrame, loose: pd.DataFrame, way: str) -> None:
    rest = ("reliable_change", int(loose.index[0]), f"people {way} by one rule alone")
    found.cells[rest] = Cell(rest, int(loose["people"].sum() - strict["people"].sum()), shown_anywhere=False)
    inner = [(1, ("reliable_change", int(row), "people")) for row in strict.index]
    outer = [(-1, ("reliable_change", int(row), "people")) for row in loose.index]
    found.sums([*inner, (1, rest), *outer])


def _surveys(tables: Tables, found: Definitions, first: dict[tuple[str, str], Place]) -> None:
    several: set[str] = set()
    for row, v in rows_of(tables["survey_response"].frame) if "survey_response" in tables else ():
        several |= {str(v["survey"])} if v["several"] == "yes" else set()
        if v["several"] == "no":
            _same(found, first, str(v["survey"]), "respondents", ("survey_response", row, "responded"))
    for row, v in rows_of(tables["survey_items"].frame) if "survey_items" in tables else ():
        place = {column: ("survey_items", row, column) for column in ("yes", "other", "no_answer", "respondents")}
        found.sums([*((1, place[part]) for part in ("yes", "other", "no_answer")), (-1, place["respondents"])])
        _same(found, first, str(v["survey"]), "respondents", place["respondents"])
    for row, v in rows_of(tables["survey_response"].frame) if several else ():
        whole = first.get((str(v["survey"]), "respondents"))
        if v["several"] == "yes" and whole is not None:
            forms = int(tables["survey_items"].frame["respondents"].iloc[whole[1]])
            rest = ("survey_response", row, "responded not")
            found.cells[rest] = Cell(rest, forms - int(v["responded"]), shown_anywhere=False)
            found.sums([(1, ("survey_response", row, "responded")), (1, rest), (-1, whole)])
