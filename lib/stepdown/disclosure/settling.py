"""How the plan of a release is made.

In the order of what a reader loses: first the tables that a study of this size can afford are chosen; then counts are
hidden; then, where too little of a table would be left or a count still could be worked out, categories are merged;
and last a table is left out. It ends when an outsider can work out nothing that is hidden, at worst with few tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stepdown.disclosure.affording import Merge, fingerprint, merged, merged_keys, merges_for, too_small_for, worth_of
from stepdown.disclosure.by_status import BY_STATUS
from stepdown.disclosure.counts import Cell, Place, Relation
from stepdown.disclosure.definitions import AS_COUNTED
from stepdown.disclosure.hiding import Hidden
from stepdown.disclosure.linking import assembled, number_of_counts
from stepdown.disclosure.plan import Plan, bare
from stepdown.disclosure.protecting import Costs, to_hide
from stepdown.disclosure.resting import also_resting
from stepdown.disclosure.since_last import Last, Printed, hidden_again, since_last, standing
from stepdown.disclosure.system import same_counts
from stepdown.params.disclosure import DisclosurePolicy
from stepdown.tables import AggregateTable

MOSTLY = 0.9
"""A table of whose counts (noughts not counted) more than this share would be hidden is merged or left out."""
_TOLD = "a small number could be worked out with it"
_THIN = "too few of its numbers could be shown"
_WHY = (_TOLD, _THIN)
"""Why a table is left out that could be shown in a study of its size: it stays out in the next release too."""

_FEW = 4
"""A table with fewer counts is never left out for being thin: its sentence says what is not shown."""


def made_plan(
    tables: Sequence[AggregateTable],
    policy: DisclosurePolicy,
    *,
    pinned: Mapping[str, Any] | None = None,
    last: Last | None = None,
    broad: Mapping[str, Sequence[str]] | None = None,
) -> Plan:
    """Return the plan of a run.

    tables: of all notebooks, before disclosure control.  pinned: what an earlier run did (``disclosure_applied.yaml``).
    last: the numbers of the last published release, by table, key values and column.
    broad: the labels of the codes of each broad ethnic group.
    """
    if policy.method == "none":
        return Plan()
    work = _Work.begun(tables, policy, pinned or {}, last or Last(), broad or {})
    try:
        work.settle()
    except Exception as error:  # noqa: BLE001 (a run ends in a release; one without counts gives nothing away)
        return bare(tables, f"what can be shown could not be worked out ({type(error).__name__}); please report it")
    return work.plan()


@dataclass(slots=True)
class _Work:
    """A plan while it is made."""

    given: Sequence[AggregateTable]
    policy: DisclosurePolicy
    tables: dict[str, AggregateTable]
    left_out: dict[str, str]
    merges: list[Merge]
    offered: list[Merge]
    pinned: Mapping[str, Any]
    last: Last
    broad: Mapping[str, Sequence[str]]
    tried: list[list[Merge]] = field(default_factory=list)
    hidden: set[Place] = field(default_factory=set)
    cells: dict[Place, Cell] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)
    ways: set[str] = field(default_factory=set)
    solved: dict[object, Hidden] = field(default_factory=dict)
    moved: dict[Place, str] = field(default_factory=dict)
    out: dict[str, AggregateTable] = field(default_factory=dict)

    @classmethod
    def begun(
        cls,
        tables: Sequence[AggregateTable],
        policy: DisclosurePolicy,
        pinned: Mapping[str, Any],
        last: Last,
        broad: Mapping[str, Sequence[str]],
    ) -> _Work:
        left_out = {table.name: why for table in tables if (why := too_small_for(table.name, tables, policy))}
        before = pinned or (last.applied if policy.between_releases != "warn" else {})
        left_out |= {n: str(why) for n, why in (before.get("left_out") or {}).items() if pinned or why in _WHY}
        offers = merges_for(tables, policy.threshold, broad)
        made = [Merge.read(item) for item in before.get("merged") or ()]
        work = cls(tables, policy, {}, left_out, [], [m for m in offers.later if m not in made], before, last, broad)
        work.tried = [] if before else offers.tried
        work.tables = {table.name: table for table in tables if table.name not in left_out}
        for merge in dict.fromkeys([*offers.now, *made]):
            work.merge(merge)
        return work

    def merge(self, merge: Merge) -> bool:
        """Merge categories of a table; returns whether the table has them."""
        table = self.tables.get(merge.table)
        changed = merged(table, merge) if table is not None else None
        if changed is None:
            return False
        self.tables[merge.table] = changed
        self.merges.append(merge)
        return True

    def settle(self) -> None:
        """Hide, merge and leave out until nothing that is hidden can be worked out."""
        for merges in self.tried:
            self._try(merges)
        if self.policy.between_releases == "merge" and self.last.printed:
            self._merge_what_moved()
        while True:
            exposed = self._hide()
            if exposed:
                self._relieve(self._telling(exposed), _TOLD)
                continue
            thin = self._thin()
            if not thin:
                break
            self._relieve(thin, _THIN)
        self._bring_back()

    def _thin(self) -> set[str]:
        return {name for name in self.tables if self._share_hidden(name) > MOSTLY}

    def _bring_back(self) -> None:
        """Show again the tables that were left out in vain, the most valuable first: others turned out to tell."""
        told = [name for name, why in self.left_out.items() if why == _TOLD]
        worth = worth_of(told)
        for name in sorted(told, key=lambda name: (-worth[name], name)):
            self.tables[name] = self.out.pop(name)
            del self.left_out[name]
            if self._hide() or self._thin():
                self._leave_out(name, _TOLD)
        if told:
            self._hide()

    def _try(self, merges: Sequence[Merge]) -> None:
        """Merge categories of one characteristic where more children are shown so."""
        name, within = merges[0].table, merges[0].within
        if name not in self.tables:
            return
        before = (self.tables[name], list(self.merges))
        self._hide()
        shown = self._children_shown(name, within)
        for merge in merges:
            self.merge(merge)
        self._hide()
        if self._children_shown(name, within) <= shown:
            self.tables[name], self.merges = before

    def _merge_what_moved(self) -> None:
        """Merge the categories of counts that moved by few since the last release, where that is offered."""
        self._hide()
        for name, row, _ in list(self.moved):
            keys = self.tables[name].frame[self.tables[name].keys()].astype("str").iloc[row]
            for merge in [m for m in self.offered if m.table == name]:
                if merged_keys(list(keys.index), list(keys), merge) is not None and self.merge(merge):
                    self.offered.remove(merge)
                    return self._merge_what_moved()
        return None

    def _moved(self) -> dict[str, tuple[Printed, ...]]:
        """Return what moved by few since the last release: rows, columns and the numbers last printed."""
        found: dict[str, list[Printed]] = {}
        for (name, row, column), was in sorted(self.moved.items()):
            if name in self.tables:
                found.setdefault(name, []).append((int(row), column, was))
        return {name: tuple(at) for name, at in found.items()}

    def _stands(self) -> dict[str, tuple[Printed, ...]]:
        if self.policy.between_releases != "keep":
            return {}
        last = self.last.with_merged(self.tables.values(), self.merges)
        return {name: tuple(at) for name, at in standing(self.tables, self.moved, last).items()}

    def _children_shown(self, name: str, variable: str) -> int:
        mine = set(np.flatnonzero(self.tables[name].frame["variable"] == variable))
        own = [c for p, c in self.cells.items() if p[0] == name and p[1] in mine and p not in self.hidden]
        return sum(cell.value for cell in own if cell.place[2] == "children" and cell.shown_anywhere)

    def _zeros(self) -> set[Place]:
        """Return a zero of each table that hides a number: a symbol may be a zero only if some are.

        The first of those that share a sum with a hidden number; without one, the first of the same table.
        """
        found: dict[str, Place] = {}
        for relation in self.relations:
            places = [place for _, place in relation.terms]
            if any(place in self.hidden for place in places):
                for place in places:
                    cell = self.cells[place]
                    if cell.value == 0 and cell.shown_anywhere and not cell.total and place[0] in self.tables:
                        found[place[0]] = min(found.get(place[0], place), place)
        return set(found.values())

    def _hide(self) -> list[Place]:
        """Find what to hide; returns the small counts that cannot be protected so."""
        tables = [self.tables.get(table.name, table) for table in self.given]
        whole = [
            AggregateTable(table.name + AS_COUNTED, table.one_row_is, table.frame, table.columns, table.adds_up)
            for table in self.given
            if table.name in {merge.table for merge in self.merges} & set(BY_STATUS)
        ]
        not_shown = {*self.left_out, *(table.name for table in whole)}
        self.cells, self.relations = assembled([*tables, *whole], not_shown, self.broad)
        relations, asked = self.relations, self._asked()
        last = self.last.with_merged(self.tables.values(), self.merges)
        released = list(self.tables.values())
        cells, more, self.moved = since_last(released, self.cells, last, self.policy.threshold)
        if self.policy.between_releases != "warn":
            self.cells |= cells
            relations = [*relations, *more]
            asked |= hidden_again(released, self.cells, last, self.policy.threshold)
            asked |= same_counts(self.moved, self.cells, relations)
        free = frozenset(self._pinned())
        for zeros in (False, True):  # a zero is hidden only where nothing else protects
            costs = Costs(spare=True, worth=worth_of(self.tables), free=free, zeros_hidden=True, zeros=zeros)
            hidden, given_up = to_hide(
                self.cells,
                relations,
                self.policy.threshold,
                secondary=self.policy.secondary,
                already=asked,
                costs=costs,  # as if no number were rounded: shares, means and intervals tell what it was
                ways=self.ways,
                solved=self.solved,
            )
            if not given_up:
                break
        self.hidden = hidden | asked
        return list(given_up)

    def _telling(self, exposed: Sequence[Place]) -> set[str]:
        """Return the tables that an exposed count is worked out from: those fewest sums away that show a number."""
        near: dict[Place, set[Place]] = {}
        for relation in self.relations:
            places = {place for _, place in relation.terms}
            for place in places:
                near.setdefault(place, set()).update(places)
        reach = set(exposed)
        while True:
            shown = {
                p[0] for p in reach if p[0] in self.tables and not self.cells[p].total and self.cells[p].shown_anywhere
            }
            if shown:
                return shown
            wider = reach.union(*(near.get(place, set()) for place in reach))
            if wider == reach:
                return set(self.tables)
            reach = wider

    def _asked(self) -> set[Place]:
        """Return what is hidden first: the evaluator's wishes."""
        return {p for item in self.policy.also_hide for p in self._found(item.table, item.column, item.where)}

    def _pinned(self) -> set[Place]:
        items = self.pinned.get("hidden") or ()
        return {
            place
            for item in items
            for place in self._found(str(item["table"]), str(item["column"]), dict(item.get("where") or {}))
        }

    def _found(self, name: str, column: str, where: Mapping[str, object]) -> set[Place]:
        table = self.tables.get(name)
        if table is None or column not in table.columns or not set(where) <= set(table.columns):
            return set()
        fits = [True] * len(table.frame)
        for key, value in where.items():
            held = table.frame[key].astype("str")
            fits = [fit and text == str(value) for fit, text in zip(fits, held, strict=True)]
        places = {(name, row, column) for row, fit in enumerate(fits) if fit}
        return {place for place in places if place in self.cells and self.cells[place].value > 0}

    def _share_hidden(self, name: str) -> float:
        own = [p for p, c in self.cells.items() if p[0] == name and c.shown_anywhere and c.value > 0 and not c.total]
        blank = self._blank()
        return sum(place in blank for place in own) / len(own) if len(own) > _FEW else 0.0

    def _blank(self) -> set[Place]:
        """Return what is hidden and does not stand as it was printed last."""
        return self.hidden - set(self.moved) if self.policy.between_releases == "keep" else self.hidden

    def _relieve(self, names: set[str], why: str) -> None:
        """Merge categories of one of the tables where that is offered, or leave out the one that is worth least."""
        for merge in [m for m in self.offered if m.table in names]:
            self.offered.remove(merge)
            if self.merge(merge):
                return
        worth = worth_of(self.tables)
        self._leave_out(min(sorted(names), key=lambda name: worth[name]), why)

    def _leave_out(self, name: str, why: str) -> None:
        self.left_out[name] = why
        self.out[name] = self.tables.pop(name)

    def plan(self) -> Plan:
        """Return the plan as it stands."""
        self.hidden |= self._zeros()
        whole = {table.name: table for table in self.given} | self.tables
        derived = also_resting(whole, self.hidden, self.policy.threshold)
        hidden: dict[str, list[tuple[int, str]]] = {}
        for name, row, column in sorted({*self.hidden, *derived}):
            if name in self.tables:
                hidden.setdefault(name, []).append((int(row), column))
        blank = self._blank()
        shown = [p for p, c in self.cells.items() if c.shown_anywhere and c.value > 0 and p not in blank]
        zeros = any(self.cells[p].value == 0 for p in self.hidden if p in self.cells)
        return Plan(
            {name: tuple(places) for name, places in hidden.items()},
            dict(sorted(self.left_out.items())),
            tuple(self.merges),
            tuple(sorted(self.ways)),
            len(shown),
            number_of_counts(self.given),
            zeros,
            self._moved(),
            self.policy.between_releases,
            self._stands(),
            {table.name: fingerprint(table) for table in self.given},
        )
