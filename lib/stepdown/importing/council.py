"""From the returns of a council to the children of a study: reads, joins, matches, derives and groups.

Everything is read and checked before anything is written; every fault is raised at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from stepdown.faults import Fault, Refused, refuse
from stepdown.importing import groups
from stepdown.importing.cells import child_id, list_day, no_day
from stepdown.importing.child import Child, Deriving, Rules
from stepdown.importing.coverage import Covered, covered, find_sources
from stepdown.importing.history import History
from stepdown.importing.rows import RULE, CarePeriod, CareRow, Doubts, Faults, Ledger, Plan
from stepdown.importing.same_child import as_told, propose, without_zeros
from stepdown.importing.settings import ImportSettings
from stepdown.importing.sheets import Matched, Wanted, match, tables
from stepdown.params.written import written_apart

FOUND_SHARE = 0.8
"""Smallest share of the children in care, or on a plan, of one source that the others must have."""

LARGEST_HOUSEHOLD = 15
"""Children in one household beyond which its number is perhaps a stand-in, such as 0 or "unknown"."""


@dataclass
class Imported:
    """What an import comes to, before it is written.

    members: children of the study.  steps: how many could be compared at each step.  counts: by what was counted.
    on_31_march: (year, what) → children.  households: families.  lag_days: of the comparison's clock, None if not used.
    """

    settings: ImportSettings
    covered: Covered
    ledger: Ledger
    doubts: Doubts
    members: list[groups.Member] = field(default_factory=list)
    households: groups.Households = field(default_factory=groups.Households)
    steps: list[tuple[str, int]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    on_31_march: Counter[tuple[int, str]] = field(default_factory=Counter)
    everyone: list[str] = field(default_factory=list)
    lag_days: int | None = None


@dataclass
class _Lists:
    support: list[groups.Support] = field(default_factory=list)
    households: list[tuple[str, str]] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    families: list[tuple[str, str]] = field(default_factory=list)
    file: int = 0
    household_file: int = 0


def bring_in(settings: ImportSettings, root: Path) -> Imported:
    """Return the children of the study that the returns hold; raises Refused with every fault, and writes nothing."""
    faults, ledger, doubts = Faults(), Ledger(), Doubts()
    sources = find_sources(settings, root)
    span = covered(settings, sources)
    history = History(ledger, doubts)
    wrong: list[Fault] = []
    for read in sources.readers(settings, span, ledger, faults):
        try:
            for name, rows in read():
                history.add(rows, name)
        except Refused as refused:
            wrong += refused.faults
    lists = _Lists(families=sources.families)
    for step in (_read_list, _read_households, _read_told):
        try:
            step(settings, root, lists, ledger, faults)
        except Refused as refused:
            wrong += refused.faults
    refuse([*wrong, *faults.all()])
    names = _match_ids(settings, history, lists, doubts, faults)
    _same_ids_system(history, names, span, faults)
    refuse(faults.all())
    history.rename(names)
    propose(history, names, doubts)
    imported = Imported(settings, span, ledger, doubts)
    _derive(imported, history, lists, names)
    _refuse_what_was_asked(imported)
    ledger.lines()
    return imported


def _tabular(root: Path, path: str, columns: Mapping[Any, str], setting: str, needed: tuple[str, ...]) -> Matched:
    file = root / path
    if not file.is_file():
        raise Refused([Fault(path, "no such file", "the file that the settings name", RULE, f"correct {setting}")])
    wanted = [Wanted(name, (columns.get(name, name),), name in needed) for name in columns]
    refusals, found = [], []
    for name, lines in [sheet for sheet in tables(file, path) if sheet[1]] or [("", [])]:
        try:
            found.append(match(lines, wanted, f"{path}, sheet {name!r}" if name else path, f"{setting}.columns"))
        except Refused as refusal:
            refusals.append(refusal)
    if len(found) > 1:
        allowed = "one sheet with these columns"
        raise Refused([Fault(path, f"{len(found)} sheets with these columns", allowed, RULE, "take the older one out")])
    if not found:
        raise refusals[0]
    return found[0]


def _read_list(settings: ImportSettings, root: Path, lists: _Lists, ledger: Ledger, faults: Faults) -> None:
    programme = settings.programme
    lists.file = ledger.file(programme.list)
    strip = settings.ids.stripper("programme")
    matched = _tabular(root, programme.list, {**programme.columns}, "programme", tuple(programme.columns))
    ledger.columns[programme.list] = matched.told
    ledger.leave_out(lists.file, groups.LIST_ROWS, "a total or a note", matched.totals)
    for line, values in matched.cells():
        child = strip(child_id(values["child"]))
        days = {name: list_day(values[name]) if values[name] else 0 for name in ("start", "end")}
        if not values["start"] and not values["end"] and not child:
            ledger.leave_out(lists.file, groups.LIST_ROWS, "a total or a note")
            continue
        ledger.read[lists.file, groups.LIST_ROWS] += 1
        for name, day in days.items():
            if day is None:
                found = no_day(values[name])
                allowed = "day/month/year, year-month-day, or a date of Excel"
                place = f"{programme.list}, column {programme.columns[name]}"  # type: ignore[index]
                faults.row(place, found, allowed, "correct the day in the list", line, values[name])
        for name, text in (("child", child), ("start", values["start"])):
            if not text:
                place = f"{programme.list}, column {programme.columns[name]}"  # type: ignore[index]
                faults.row(place, "a blank", "an id and a first day for every child", "fill it in the list", line)
        lists.support.append(
            groups.Support(child, days["start"] or 0, days["end"] or 0, child_id(values.get("family")))
        )
    _refuse_apart({r.family for r in lists.support if r.family}, f"{programme.list}, the families", faults)


def _read_households(settings: ImportSettings, root: Path, lists: _Lists, ledger: Ledger, faults: Faults) -> None:
    if settings.households is None:
        return
    file, columns = settings.households.file, {**settings.households.columns}
    lists.household_file = ledger.file(file)
    strip = settings.ids.stripper("households")
    matched = _tabular(root, file, columns, "households", ("child", "household"))
    ledger.columns[file] = matched.told
    ledger.leave_out(lists.household_file, groups.HOUSEHOLD_ROWS, "a total or a note", matched.totals)
    for _, values in matched.cells():
        ledger.read[lists.household_file, groups.HOUSEHOLD_ROWS] += 1
        lists.households.append((strip(child_id(values["child"])), child_id(values["household"])))
    _refuse_apart({home for _, home in lists.households if home}, f"{file}, column {columns['household']}", faults)


def _refuse_apart(ids: Iterable[str], place: str, faults: Faults) -> None:
    if apart := written_apart(ids):
        found = f"{len(apart)} ids that differ from another only in capitals, spaces or zeros"
        remedy = "write them in the same way if they are one; if not, make them differ in more than that"
        faults.whole(place, found, "one way of writing each id", remedy, *apart[:4])


def _read_told(settings: ImportSettings, root: Path, lists: _Lists, ledger: Ledger, faults: Faults) -> None:
    if settings.same_child is None:
        return
    strip = settings.ids.stripper("same_child")
    columns = {"old": "old id", "new": "new id"}
    for line, values in _tabular(root, settings.same_child, columns, "same_child", ("old", "new")).cells():
        old, new = strip(child_id(values["old"])), strip(child_id(values["new"]))
        if not old or not new:
            faults.row(settings.same_child, "a blank", "an old and a new id", "fill it, or take the line out", line)
        lists.told.append((old, new))


def _match_ids(
    settings: ImportSettings, history: History, lists: _Lists, doubts: Doubts, faults: Faults
) -> dict[str, str]:
    """Return id → the child's one id, over the returns and the lists."""
    listed = {
        "list": {row.child for row in lists.support},
        "households": {child for child, _ in lists.households if child},
        "same child": {name for pair in lists.told for name in pair},
    }
    zeros = without_zeros({**history.ids, **listed}, doubts)
    if zeros and settings.ids.leading_zeros == "refuse":
        found = f"{len(zeros)} ids that are alike but for leading zeros"
        faults.whole("ids", found, "ids alike in every source", "correct them, or set leading_zeros: ignore")
    lost = set().union(*listed.values()) - {*zeros, *history.rows}
    alike = {text.casefold() for text in lost} & {text.casefold() for text in history.rows}
    _refuse_apart({t for t in (*lost, *history.rows) if t.casefold() in alike}, "ids of the lists", faults)
    pairs = [(zeros.get(old, old), zeros.get(new, new)) for old, new in lists.told]
    told = as_told(pairs, faults, settings.same_child or "same_child")
    return {name: told.get(new, new) for name, new in {**{old: old for old in told}, **zeros}.items()}


def _same_ids_system(history: History, names: dict[str, str], span: Covered, faults: Faults) -> None:
    """Refuse sources whose children in care, or on a plan, are mostly not in the other: two systems' ids."""
    census = _ids(history, names, span.census_names)
    for label, wanted in span.held_against.items():
        ids = {
            names.get(child, child)
            for child, rows in history.rows.items()
            if any(isinstance(row, CareRow | CarePeriod | Plan) and wanted(row) for row in rows)
        }
        found = len(ids & (census | (_ids(history, names, span.care_names) if label == "Annex A" else set())))
        if ids and found < FOUND_SHARE * len(ids):
            share = f"{found} of {len(ids)} children on a plan or in care in the {label} are in the other returns"
            allowed = f"at least {FOUND_SHARE:.0%}: fewer means that the ids are two systems'"
            remedy = "name what stands before the ids under ids.strip_prefix, or export both by the same id"
            faults.whole(f"ids of the {label}", share, allowed, remedy)


def _ids(history: History, names: dict[str, str], sources: set[str]) -> set[str]:
    return {names.get(child, child) for source in sources for child in history.ids.get(source, ())}


def _derive(imported: Imported, history: History, lists: _Lists, names: dict[str, str]) -> None:
    """Derive every child, count over all, and keep those of the list and those in reach of the comparison."""
    settings, span = imported.settings, imported.covered
    support = [groups.Support(names.get(r.child, r.child), r.start, r.end, r.family) for r in lists.support]
    listed = {row.child for row in support}
    if not listed & history.rows.keys():
        remedy = "check the ids of the list against those of the returns (ids.strip_prefix)"
        found = "a list of which no child is in any return"
        raise Refused([Fault(settings.programme.list, found, "ids of the returns", RULE, remedy)])
    deriving = Deriving(_rules(settings, span), imported.ledger, imported.doubts)
    kept: dict[str, Child] = {}
    dated = 0
    for name in sorted(history.rows):
        child = deriving.child(name, history.rows.pop(name))
        imported.everyone.append(f"{child.id}|{child.birth}|{child.sex}")
        _count_31_march(imported, child)
        dated += bool(groups.dated(child, settings))
        if name in listed or groups.in_reach(child, settings):
            kept[name] = child
    imported.counts += deriving.counts
    _join_households(imported, lists, names, support, set(kept))
    helped = groups.programme(support, kept, settings, span.last_day, imported.ledger, imported.doubts, lists.file)
    compared, steps = groups.comparison(kept, listed, imported.households, settings)
    everyone = ("children in the returns", len(imported.everyone))
    imported.steps = [everyone, ("with an assessment authorised in the dates", dated), *steps]
    if settings.comparison.clock == "lag":
        compared, imported.lag_days, fell = groups.lagged(compared, helped, span.last_day)
        imported.steps.append(("with a later clock within the days covered, and under 18", len(compared)))
    imported.members = [*helped, *compared]


def _rules(settings: ImportSettings, span: Covered) -> Rules:
    decisions = settings.decisions
    return Rules(
        in_need=decisions.in_need,
        exclusive=decisions.in_need_days == "exclusive",
        count_v3=decisions.short_breaks == "count",
        vanished_excludes=decisions.vanished == "exclude",
        census=span.census_day,
        newest=span.extract or span.census_day,
        returns=span.care_days,
        last_day=span.last_day,
        extract=span.extract,
    )


def _count_31_march(imported: Imported, child: Child) -> None:
    span = imported.covered
    for year in range(date.fromordinal(span.first_day).year, date.fromordinal(span.last_day).year + 1):
        day = date(year, 3, 31).toordinal()
        if not span.first_day <= day <= span.last_day:
            continue
        need = any(start <= day < end for start, end in child.open_cases)
        imported.on_31_march[year, "in_need"] += need
        for what, status in (("on_plan", "CP"), ("looked_after", "CLA")):
            on = any(s.status == status and s.start <= day < s.end for s in child.whole)
            imported.on_31_march[year, what] += on


def _join_households(
    imported: Imported, lists: _Lists, names: dict[str, str], support: list[groups.Support], kept: set[str]
) -> None:
    fates = imported.ledger.fates
    homes: dict[str, str] = {}
    for child, household in lists.households:
        child = names.get(child, child)
        if not child or not household:
            fates[lists.household_file, groups.HOUSEHOLD_ROWS, "left out: a blank"] += 1
            continue
        if homes.setdefault(child, household) != household:
            imported.doubts.add("child in two households", child, "both are taken as one family")
        imported.households.join(child, "household", household)
        fates[lists.household_file, groups.HOUSEHOLD_ROWS, "used"] += 1
    for household, number in Counter(homes.values()).items():
        if number > LARGEST_HOUSEHOLD:
            for child in (name for name, home in homes.items() if home == household):
                imported.doubts.add("in a very large household", child, f"{number} children: is it a stand-in?")
    for child, family in lists.families:
        homes.setdefault(names.get(child, child), family)
        imported.households.join(names.get(child, child), "ssd family", family)
    for row in support:
        if row.family:
            imported.households.join(row.child, "family", row.family)
    for child in sorted(kept - set(homes)) if homes else ():
        imported.doubts.add("in no household", child, "a family of its own")


def _refuse_what_was_asked(imported: Imported) -> None:
    """Refuse the doubts that the settings ask to refuse."""
    settings, asked = imported.settings, []
    for setting, doubt, wanted in (
        ("decisions.contradictory", "contradictory dates", settings.decisions.contradictory == "refuse"),
        ("programme.two_periods", "two periods on the list", settings.programme.two_periods == "refuse"),
    ):
        number = len(imported.doubts.children(doubt))
        if wanted and number:
            remedy = f"correct them, or set {setting}: exclude (--look lists the children)"
            asked.append(Fault("the returns and lists", f"{doubt}: {number} children", "none", RULE, remedy))
    refuse(asked)
