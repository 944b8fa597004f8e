"""What the participant flow counts, and the other tables of who is in the records and who is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from stepdown.disclosure.counts import Cell, Place
from stepdown.disclosure.underlying import Block, Definitions, Tables, rows_of


def who_is_in(tables: Tables, found: Definitions, own: Block, groups: Sequence[str]) -> None:
    """Define the participant flow: who is in the records is who is analysed and who is left out, reason by reason."""
    if "participant_flow" not in tables:
        return
    frame = tables["participant_flow"].frame.reset_index(drop=True)
    for group in groups:
        rows = frame.index[frame["group"] == group]
        steps = {int(row): str(frame["step"][row]) for row in rows}
        place = {row: ("participant_flow", row, "children") for row in steps}
        for row, step in steps.items():
            if step == "Analysed":
                found.sizes.add(place[row])
                found.counts(place[row], own, own.where(group=group))
            found.defined.add(place[row])
        whole = [place[row] for row, step in steps.items() if step == "In the records"]
        parts = [place[row] for row, step in steps.items() if step != "In the records"]
        if whole:
            found.sums([*((1, part) for part in parts), (-1, whole[0])])
        _families(found, steps)
        _seen(tables, found, group, [place[r] for r, step in steps.items() if step in ("Analysed", "Not observable")])
    _in_the_records(tables, found, frame)
    _of_both_groups(tables, found, [int(row) for row in frame.index[frame["step"] == "Analysed"]])


def _families(found: Definitions, steps: Mapping[int, str]) -> None:
    """A family has at least one child of the row; families of the records are at most the sum of the parts."""
    for row in steps:
        families, children = ("participant_flow", row, "families"), ("participant_flow", row, "children")
        found.at_most([(1, families), (-1, children)])
    whole = [("participant_flow", row, "families") for row, step in steps.items() if step == "In the records"]
    parts = [("participant_flow", row, "families") for row, step in steps.items() if step != "In the records"]
    for place in whole:
        found.at_most([(1, place), *((-1, part) for part in parts)])


def _of_both_groups(tables: Tables, found: Definitions, analysed: Sequence[int]) -> None:
    """Say that the families of a comparison are those of both groups (but for a family that stands in both)."""
    whole = sum(int(tables["participant_flow"].frame["families"].iloc[row]) for row in analysed)
    parts = [(1, ("participant_flow", row, "families")) for row in analysed]
    for name, table in tables.items():
        for row, v in rows_of(table.frame) if {"n_families", "n_units"} & set(table.columns) else ():
            column = "n_families" if "n_families" in v else "n_units"
            if v[column] == whole and v.get("unit") != "child":
                found.defined.add((name, row, column))
                found.sums([*parts, (-1, (name, row, column))])


def _seen(tables: Tables, found: Definitions, group: str, parts: Sequence[Place]) -> None:
    """Define the observability of a window: its reasons add up to the children who are not excluded."""
    if "observability" not in tables:
        return
    frame = tables["observability"].frame.reset_index(drop=True)
    for _, rows in frame[frame["group"] == group].groupby("window", sort=False).indices.items():
        at = frame.index[frame["group"] == group][rows]
        places = [("observability", int(row), "children") for row in at]
        found.defined.update(places)
        found.sums([*((1, place) for place in places), *((-1, part) for part in parts)])
    _seen_by_reason(tables, found, group)


def _seen_by_reason(tables: Tables, found: Definitions, group: str) -> None:
    """Say that the flow's reasons for not being observable are those of the study's own period, the first of them."""
    flow = {
        str(v["reason"]): ("participant_flow", row, "children")
        for row, v in rows_of(tables["participant_flow"].frame)
        if v["group"] == group and v["step"] == "Not observable"
    }
    seen = [(row, v) for row, v in rows_of(tables["observability"].frame) if v["group"] == group]
    own = min((int(v["window_months"]) for _, v in seen), default=0)
    before = [(-1, place) for reason, place in flow.items() if reason.endswith("(before)")]
    for row, v in seen:
        counted = flow.get(f"{v['reason']} ({v['period']})")
        if int(v["window_months"]) == own and counted is not None:
            place = ("observability", row, "children")
            if v["period"] == "before":
                found.sums([(1, counted), (-1, place)])
            else:  # a child without a period before is not counted again for the period after
                found.at_most([(1, counted), (-1, place)])
                found.at_most([(1, place), (-1, counted), *before])
    _after_alone(tables, found, group, [(row, v) for row, v in seen if int(v["window_months"]) == own])


def _after_alone(tables: Tables, found: Definitions, group: str, seen: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    """Say that those who have a period after and are not analysed are a count of children too: they lack one before."""
    flow = rows_of(tables["participant_flow"].frame)
    kept = [(row, v) for row, v in flow if (v["group"], v["step"]) == (group, "Analysed")]
    there = [
        (row, v) for row, v in seen if v["period"] == "after" and (v["reason"] == "Observable" or ";" in v["reason"])
    ]
    more = sum(v["children"] for _, v in there) - sum(v["children"] for _, v in kept)
    if there and kept and more >= 0:
        rest = ("observability", there[0][0], "children after alone")
        found.cells[rest] = Cell(rest, int(more), shown_anywhere=False)
        mine = [(-1, ("participant_flow", row, "children")) for row, _ in kept]
        found.sums([*((1, ("observability", row, "children")) for row, _ in there), *mine, (-1, rest)])


def _in_the_records(tables: Tables, found: Definitions, flow: pd.DataFrame) -> None:
    """Define the rows of the table of children in the data-quality table, and its blanks, by group."""
    if "completeness" not in tables:
        return
    whole = [("participant_flow", int(r), "children") for r in flow.index[flow["step"] == "In the records"]]
    kept = [
        ("participant_flow", int(r), "children") for r in flow.index[~flow["step"].isin(["In the records", "Excluded"])]
    ]
    for row, v in rows_of(tables["completeness"].frame):
        if v["table"] != "children":
            continue
        found.sums([*((1, place) for place in whole), (-1, ("completeness", row, "rows"))])
        if v["column"] == "exclusion_reason":
            found.sums([*((1, place) for place in kept), (-1, ("completeness", row, "blank"))])


def not_followed(tables: Tables, found: Definitions, groups: Sequence[str]) -> None:
    """Define the children not followed to the end: the flow counts them too, by reason."""
    if "missing_follow_up" not in tables or "participant_flow" not in tables:
        return
    flow = list(rows_of(tables["participant_flow"].frame))
    for row, _ in rows_of(tables["missing_follow_up"].frame):
        for side, group in zip(("programme", "comparison"), groups, strict=False):
            lost = ("missing_follow_up", row, f"missing_{side}")
            out = [
                (1, ("participant_flow", r, "children"))
                for r, v in flow
                if v["step"] == "Not observable" and v["group"] == group and str(v["reason"]).endswith("(after)")
            ]
            found.defined.add(lost)
            found.sums([*out, (-1, lost)])


def brought_in(tables: Tables, found: Definitions, groups: Sequence[str]) -> None:
    """Say what the tables of an import count of the study's own children."""
    flow = list(rows_of(tables["participant_flow"].frame)) if "participant_flow" in tables else []
    place = {(v["group"], v["step"], str(v["reason"])): ("participant_flow", r, "children") for r, v in flow}
    for row, v in rows_of(tables["import_pool"].frame) if "import_pool" in tables else ():
        whole = [p for (group, step, _), p in place.items() if step == "In the records" and group == groups[-1]]
        if v["reason"] == "Compared" and whole:
            found.sums([(1, whole[0]), (-1, ("import_pool", row, "children"))])
    out = {reason: p for (group, step, reason), p in place.items() if step == "Excluded" and group == groups[0]}
    for row, v in rows_of(tables["import_doubts"].frame) if "import_doubts" in tables else ():
        if str(v["finding"]) in out:
            found.sums([(1, out[str(v["finding"])]), (-1, ("import_doubts", row, "number"))])
    _on_the_list(tables, found, [p for (g, step, _), p in place.items() if step == "Excluded" and g == groups[0]])


def _on_the_list(tables: Tables, found: Definitions, out: Sequence[Place]) -> None:
    """Say that the rows of the programme's list that became excluded children are those of the flow."""
    for row, v in rows_of(tables["import_rows"].frame) if "import_rows" in tables else ():
        if v["kind"] == "rows of the list" and v["fate"] == "used: a child who is then excluded":
            found.sums([*((1, p) for p in out), (-1, ("import_rows", row, "rows"))])
