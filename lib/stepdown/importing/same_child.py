"""Which ids are one child: alike as text, after a prefix, without leading zeros where that is unique, or as told.

Nothing is matched by a name or a birth date alone: twins share it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stepdown.importing.history import History
from stepdown.importing.rows import Doubts, Faults, Person
from stepdown.params.written import same_but_for_zeros


def without_zeros(ids: Mapping[str, Iterable[str]], doubts: Doubts) -> dict[str, str]:
    """Return id → id for whole numbers that differ in leading zeros alone, where no file or sheet holds two of them.

    ids: by file or sheet, the ids that stand in it. The longest form is the child's.
    """
    names, clashes = same_but_for_zeros(ids)
    for text, longest in names.items():
        doubts.add("id matched without leading zeros", longest, f"as {text}")
    for text, longest in clashes.items():
        doubts.add("ids alike but for leading zeros, in one file", longest, f"and {text}")
    return names


def as_told(pairs: Iterable[tuple[str, str]], faults: Faults, shown: str) -> dict[str, str]:
    """Return old id → newest id from the user's pairs; a circle or two new ids for one old one is a fault."""
    told: dict[str, str] = {}
    for old, new in pairs:
        if told.get(old, new) != new:
            faults.whole(shown, "an old id with two new ids", "one new id for each old one", "take one line out")
        if old != new:
            told[old] = new
    names = {}
    for old in told:
        new, steps = told[old], 0
        while new in told and steps <= len(told):
            new, steps = told[new], steps + 1
        if steps > len(told):
            faults.whole(shown, "ids that lead to each other in a circle", "old id, new id", "take one line out")
            return {}
        names[old] = new
    return names


def propose(history: History, names: Mapping[str, str], doubts: Doubts) -> None:
    """List children who are perhaps one: same UPN or former UPN, birth and sex, ids never in one file."""
    first: dict[str, str] = {}
    several: dict[str, set[str]] = {}
    for child, rows in history.rows.items():
        for row in rows:
            if isinstance(row, Person):
                for upn in (row.upn, row.former_upn):
                    if upn and not upn.startswith("UN") and first.setdefault(upn, child) != child:
                        several.setdefault(upn, {first[upn]}).add(child)
    for children in several.values():
        for one in sorted(children):
            for other in sorted(children):
                if one < other and _alike(history, one, other) and not _together(history, names, one, other):
                    doubts.add("perhaps one child", one, f"and {other}: same UPN, birth and sex")


def _alike(history: History, one: str, other: str) -> bool:
    facts = [
        {(row.birth, row.sex) for row in history.rows[child] if isinstance(row, Person) and row.birth and row.sex}
        for child in (one, other)
    ]
    return bool(facts[0] & facts[1])


def _together(history: History, names: Mapping[str, str], one: str, other: str) -> bool:
    return any({one, other} <= {names.get(text, text) for text in held} for held in history.ids.values())
