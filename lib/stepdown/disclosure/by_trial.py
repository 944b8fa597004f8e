"""What the tables of a trial count, and of repeats: children by status and arm, families of the flow, hearings."""

from __future__ import annotations

from collections.abc import Sequence

from stepdown.disclosure.by_status import held_by
from stepdown.disclosure.counts import Cell, Place
from stepdown.disclosure.underlying import Block, Definitions, Tables, rows_of
from stepdown.tables import AggregateTable

_ARMS = ("programme", "comparison")


def of_outcome(table: AggregateTable, found: Definitions, own: Block, groups: Sequence[str]) -> None:
    """Define the children of each arm, those with any of an outcome after, and those who had the programme."""
    for row, v in rows_of(table.frame):
        for arm, group in zip(_ARMS, groups, strict=False):
            found.counts((table.name, row, f"n_{arm}"), own, own.where(group=group))
            held_by(found, own, v["outcome"], ["after"], group, (table.name, row, f"any_{arm}"))


def trial_flow(tables: Tables, found: Definitions) -> None:
    """Say that the units of a trial's flow are those of the participant flow, and that the rest have no records.

    A sum that does not hold of these records (a family of which one child is left out) is none that a reader can use.
    """
    if "trial_flow" not in tables or "participant_flow" not in tables:
        return
    column = "families" if tables["trial_flow"].columns["units"].unit == "families" else "children"
    rows = {("trial_flow", row, "units"): v for row, v in rows_of(tables["trial_flow"].frame)}
    flow = {("participant_flow", row, column): v for row, v in rows_of(tables["participant_flow"].frame)}
    coded: list[Place] = []
    for arm in dict.fromkeys(v["group"] for v in flow.values()):
        mine = {place: v for place, v in flow.items() if v["group"] == arm}
        stage = {place: v for place, v in rows.items() if v["stage"] == arm}
        records = [place for place, v in mine.items() if v["step"] == "In the records"]
        named = {str(v["reason"] or v["step"]): place for place, v in mine.items() if place not in records}
        _if_so(tables, found, records, list(named.values()))
        for place, v in stage.items():
            if str(v["became"]) in named:
                _if_so(tables, found, [place], [named[str(v["became"])]])
        lost = [place for place, v in stage.items() if str(v["became"]) not in named]
        coded += lost
        _if_so(tables, found, [("trial_flow", place[1], "out_of") for place in list(stage)[:1]], [*lost, *records])
    for row, v in rows_of(tables["completeness"].frame) if "completeness" in tables else ():
        if (v["table"], v["column"]) == ("allocation", "lost_reason"):
            _if_so(tables, found, [("completeness", row, "rows")], [*coded, ("completeness", row, "blank")])


def _if_so(tables: Tables, found: Definitions, whole: Sequence[Place], parts: Sequence[Place]) -> None:
    """Say that parts add up to a whole where they do."""
    numbers = [sum(float(tables[t].frame[column].iloc[row]) for t, row, column in side) for side in (whole, parts)]
    if whole and parts and numbers[0] == numbers[1]:
        found.sums([*((1, place) for place in parts), *((-1, place) for place in whole)])


def repeats(tables: Tables, found: Definitions) -> None:
    """Say that hearings beyond each victim's first are events too, which an outsider gets by subtraction."""
    if "repeats" not in tables:
        return
    first: dict[object, int] = {}
    for row, v in rows_of(tables["repeats"].frame):
        victims = first.setdefault(v["period"], row)
        for column in ("index", "repeated", "not_repeated") if victims != row else ():
            more = tables["repeats"].frame[column].iloc[[victims, row]].diff().iloc[1]
            if more >= 0:
                rest = ("repeats", row, f"{column} beyond the first")
                found.cells[rest] = Cell(rest, int(more), shown_anywhere=False)
                found.sums([(1, ("repeats", victims, column)), (1, rest), (-1, ("repeats", row, column))])
