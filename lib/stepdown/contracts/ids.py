"""Ids that a spreadsheet turned into numbers: found by matching, said, and joined only where the study file says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from stepdown.contracts.model import How
from stepdown.contracts.registered import known_tables

ZEROS = "ids read as one that differs in leading zeros alone"


def same_but_for_zeros(ids: Mapping[str, Iterable[str]]) -> tuple[dict[str, str], dict[str, str]]:
    """Return id → the child's id for whole numbers that differ in leading zeros (or ".0") alone; and those that clash.

    ids: by file, sheet or table, the ids that stand in it. The longest form is the child's. The second mapping has the
    ids of which one file holds two forms: there it is not known which is meant.
    """
    first: dict[str, str] = {}
    several: dict[str, set[str]] = {}
    for held in ids.values():
        for text in held:
            bare = _bare(text)
            if bare.isdigit() and (other := first.setdefault(bare, text)) != text:
                several.setdefault(bare, {other}).add(text)
    sides = [held if isinstance(held, set) else set(held) for held in ids.values()]
    names: dict[str, str] = {}
    clashes: dict[str, str] = {}
    for texts in several.values():
        longest = max(texts, key=lambda text: ("." not in text, len(text)))
        clash = any(len(texts & held) > 1 for held in sides)
        (clashes if clash else names).update(dict.fromkeys(sorted(texts - {longest}), longest))
    return names, clashes


def _bare(text: str) -> str:
    return text.removesuffix(".0").lstrip("0")


def children_in(frames: Mapping[str, pd.DataFrame]) -> dict[str, set[str]]:
    """Return the ids of children in each table that has them."""
    tables = [t for t, contract in known_tables().items() if "child_id" in contract.names() and t in frames]
    return {table: set(frames[table]["child_id"].dropna()) for table in tables}


def joined_by_zeros(frames: dict[str, pd.DataFrame], how_read: Mapping[str, How]) -> None:
    """Write the child's id in place of each form of it that lost its leading zeros, counted by table."""
    names = same_but_for_zeros(children_in(frames))[0]
    for table in children_in(frames):
        lost = frames[table]["child_id"].isin(list(names))
        if lost.any():
            how_read[table]["child_id", ZEROS] += int(lost.sum())
            whole = frames[table]["child_id"].map(lambda text: names.get(text, text), na_action="ignore")
            frames[table] = frames[table].assign(child_id=whole.astype("str"))
