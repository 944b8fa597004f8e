"""What the joined rows of one child come to: facts, spells, referrals and assessments, with the fate of every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from stepdown.importing.care_spells import OPEN, Care, Spell, care_of
from stepdown.importing.cells import AFTER_ASSESSMENT, NOT_KNOWN
from stepdown.importing.rows import (
    FIRST_WORD,
    SHORT_BREAKS,
    Assessment,
    CarePeriod,
    CareRow,
    Doubts,
    Episode,
    Ledger,
    Person,
    Plan,
    Referral,
    Row,
    row_name,
    shown,
)
from stepdown.importing.statuses import cut_at_death, days_together, exclusive, joined

CONTRADICT = "left out: dates contradict each other"
NO_SPELL = "used: referral only, "
WEEKS_40 = 280
UNBORN_DAYS, OLDEST_DAYS = 300, 26 * 366
"""Days before a birth at which a record can begin, and after it at which support can, as the contracts have it."""
BORN_WRONG = "date of birth contradicts the records"


@dataclass(frozen=True)
class Rules:
    """What decides how rows are read: the user's decisions and the last days that the sources cover.

    census: last day of the newest census.  newest: last day of the newest file that would hold an open case.
    returns: last day of each looked-after return.  last_day: the last day that all sources cover.
    extract: day of the Annex A that carries the returns on (0: none).
    """

    in_need: str
    exclusive: bool
    count_v3: bool
    vanished_excludes: bool
    census: int
    newest: int
    returns: tuple[int, ...]
    last_day: int
    extract: int = 0


@dataclass
class Child:
    """A child as the import knows it.

    excluded: why it cannot be analysed, or blank.  carried_on: on a plan or in care still, by lists 7 and 8 of Annex A.
    """

    id: str
    birth: int = 0
    sex: str = "not stated"
    ethnicity: str = ""
    spells: list[Spell] = field(default_factory=list)
    referrals: dict[int, str] = field(default_factory=dict)
    assessments: list[Assessment] = field(default_factory=list)
    excluded: str = ""
    open_cases: list[tuple[int, int]] = field(default_factory=list)
    whole: list[Spell] = field(default_factory=list)
    death: int = 0
    carried_on: bool = False


def unknown_birth(child: Child, doubts: Doubts) -> None:
    """Take a birth that contradicts the child's records as not known, and the child out of the analysis."""
    doubts.add(BORN_WRONG, child.id, shown(child.birth))
    child.birth, child.excluded = 0, child.excluded or BORN_WRONG


class Deriving:
    """Derives children one by one; counts and doubts are gathered over all."""

    def __init__(self, rules: Rules, ledger: Ledger, doubts: Doubts) -> None:
        self.rules, self.ledger, self.doubts = rules, ledger, doubts
        self.counts: Counter[str] = Counter()

    def child(self, name: str, rows: Iterable[Row]) -> Child:
        """Return one child; settles each of its rows in the ledger."""
        child = Child(name)
        by_kind: dict[type, list[Any]] = {}
        for row in rows:
            if not isinstance(row, Person) and row.start > self.rules.last_day:
                self.ledger.settle(row, "left out: begins after the last day covered")
                continue
            if not isinstance(row, Person) and row.start > row.day:
                self.doubts.add("begins after the last day of its file", name, f"{row_name(row)}: {shown(row.start)}")
            by_kind.setdefault(type(row), []).append(row)
        self._facts(child, by_kind.get(Person, []))
        lists = [*by_kind.get(Plan, []), *by_kind.get(CarePeriod, [])]
        child.carried_on = any(row.day > self.rules.census and not row.end for row in lists)
        cases = self._cases(child, by_kind.get(Episode, []))
        self._referrals(child, by_kind)
        self._assessments(child, by_kind.get(Assessment, []))
        plans = self._plans(child, by_kind.get(Plan, []), by_kind.get(Episode, []))
        care = self._care(child, by_kind)
        need = plans["CIN"] if self.rules.in_need == "plan" else cases
        self._statuses(child, need, plans["CP"], care)
        starts = [*child.referrals, *(s.start for s in child.spells), *(a.start for a in child.assessments)]
        if child.birth and starts and min(starts) < child.birth - UNBORN_DAYS:
            unknown_birth(child, self.doubts)
        return child

    def _facts(self, child: Child, people: Sequence[Person]) -> None:
        ranked = sorted(people, key=lambda person: (FIRST_WORD[person.source], person.day, person), reverse=True)
        for person in people:
            self.ledger.settle(person, "used")
        self.counts["children in " + " and ".join(sorted({person.source for person in people})) or "nowhere"] += 1
        births = sorted({person.birth for person in people if person.birth})
        if len(births) > 1:
            self.doubts.add("births that differ", child.id, " and ".join(shown(day) for day in births))
        child.birth = next((p.birth for p in ranked if p.birth), 0) or next(
            (p.expected for p in ranked if p.expected), 0
        )
        unborn = not births and any(person.expected > person.day for person in ranked[:1])
        child.sex = next((p.sex for p in ranked if p.sex), "unborn" if unborn else "not stated")
        said = [person.ethnicity for person in ranked]
        child.ethnicity = next((e for e in said if e not in NOT_KNOWN), next((e for e in said if e), ""))
        child.death = max((person.death for person in people), default=0)

    def _cases(self, child: Child, episodes: Sequence[Episode]) -> list[Spell]:
        spells = []
        for case in episodes:
            closed_after = case.reason in AFTER_ASSESSMENT and case.end
            if case.nfa:
                self.counts["referrals without further action"] += 1
                self.ledger.settle(case, NO_SPELL + "no further action")
                continue
            self.counts["cases whose need is “not in need” (N9), kept"] += case.need == "N9"
            if case.end and case.end < case.start:
                self._contradict(child, "case closed before its referral")
                self.ledger.settle(case, NO_SPELL + "dates contradict each other")
                continue
            end = self._end(child, case, "case")
            child.open_cases.append((case.start, min(end, child.death or end)))
            if closed_after:
                self.counts[f"cases closed after assessment ({case.reason})"] += 1
            if closed_after and self.rules.in_need != "episode":
                self.ledger.settle(case, NO_SPELL + f"closed after assessment ({case.reason})")
                continue
            used = "referral only, need is counted by plans" if self.rules.in_need == "plan" else "a case of need"
            self.ledger.settle(case, f"used: {used}")
            spells.append(Spell(case.start, end, "CIN"))
        return spells

    def _end(self, child: Child, row: Episode | Plan | CarePeriod, what: str) -> int:
        """Return the end of a row: as recorded; open in the newest file; or the day after the last file that has it."""
        rules = self.rules
        if row.end:
            if row.end > row.day:
                self.doubts.add("ends after the last day of its file", child.id, f"{what}: {shown(row.end)}")
            return row.end
        still = what == "case" and rules.extract and row.day == rules.census and child.carried_on
        if row.day >= rules.newest or still or 0 < child.death <= row.day:
            return OPEN
        self._vanish(child, f"{what} open on {shown(row.day)}, in no later file")
        return row.day + 1

    def _referrals(self, child: Child, by_kind: dict[type, list[Any]]) -> None:
        episodes = by_kind.get(Episode, [])
        needs = {case.start: "" if case.nfa else case.need for case in episodes}
        child.referrals = {case.start: needs[case.start] for case in episodes if case.is_referral}
        for referral in by_kind.get(Referral, []):
            known = referral.start in child.referrals
            self.counts["referrals without further action"] += referral.nfa and not known
            self.ledger.settle(referral, "left out: in the returns already" if known else "used: a further referral")
            child.referrals.setdefault(referral.start, "" if referral.nfa else needs.get(referral.start, ""))
        if child.birth and child.referrals and child.birth > min(child.referrals) + WEEKS_40:
            self.doubts.add("birth more than 40 weeks after a referral", child.id)

    def _assessments(self, child: Child, assessments: Sequence[Assessment]) -> None:
        for row in sorted(assessments):
            if row.end and row.end < row.start:
                self._contradict(child, "assessment authorised before it began")
                self.ledger.settle(row, CONTRADICT)
            else:
                child.assessments.append(row)
                self.ledger.settle(row, "used: for its dates and factors")

    def _plans(self, child: Child, plans: Sequence[Plan], episodes: Sequence[Episode]) -> dict[str, list[Spell]]:
        ends = {case.start: case.end for case in episodes if case.end >= case.start}
        spells: dict[str, list[Spell]] = {"CP": [], "CIN": []}
        for plan in sorted(plans):
            name = "protection plan" if plan.kind == "CP" else "child in need plan"
            if plan.kind == "CIN" and self.rules.in_need != "plan":
                self.ledger.settle(plan, "left out: need is counted by cases, not by plans")
                continue
            if plan.end and plan.end < plan.start:
                self._contradict(child, f"{name} that ends before it begins")
                self.ledger.settle(plan, CONTRADICT)
                continue
            end, closed = plan.end and self._end(child, plan, name), ends.get(plan.referral, 0)
            if not end:
                end = self._end(child, plan, name) if closed == 0 or closed > plan.day else OPEN
                if plan.start <= closed < end:
                    self.doubts.add("plan open in a closed case", child.id, f"{name} ends with it on {shown(closed)}")
                    end = closed
            if plan.start < plan.referral:
                self.doubts.add("plan before its referral", child.id, name)
            self.ledger.settle(plan, f"used: {name}")
            spells[plan.kind].append(Spell(plan.start, end, "CP" if plan.kind == "CP" else "CIN"))
        return spells

    def _care(self, child: Child, by_kind: dict[type, list[Any]]) -> list[Spell]:
        care = care_of(by_kind.get(CareRow, []), self.rules.returns, self.rules.count_v3)
        for row, fate in care.fates:
            self.ledger.settle(row, fate)
            self.counts["short breaks (V3, V4) left out"] += fate.startswith("left out: short break")
        for doubt, detail in care.doubts:
            if doubt == "vanished":
                self._vanish(child, detail)
            else:
                self.doubts.add(doubt, child.id, detail)
        self.counts["days of gaps in care that were bridged"] += care.gap_days
        if care.contradictory:
            child.excluded = "dates in the returns contradict each other"
        periods = self._periods(child, by_kind.get(CarePeriod, []))
        return self._carried_on(child, care, periods) if self.rules.extract else care.spells

    def _periods(self, child: Child, rows: Sequence[CarePeriod]) -> dict[int, int]:
        periods = {}
        for row in rows:
            if not self.rules.returns:
                self.ledger.settle(row, "left out: there is no looked-after return")
            elif row.legal in SHORT_BREAKS:
                self.ledger.settle(row, f"left out: short break ({row.legal})")
            elif row.end and row.end < row.start:
                self._contradict(child, "period of care that ends before it begins")
                self.ledger.settle(row, CONTRADICT)
            else:
                self.ledger.settle(row, "used: care")
                periods[row.start] = row.end or self._end(child, row, "care")
        return periods

    def _carried_on(self, child: Child, care: Care, periods: dict[int, int]) -> list[Spell]:
        """Return the spells of the returns with the ends that list 8 gives, and its new ones.

        A period that began before the returns' last day is the one that was open then, also where its start differs:
        the return of a year has the last episode of a long period, list 8 the period's own beginning.
        """
        spells, returned = [], self.rules.returns[-1] if self.rules.returns else 0
        for spell in care.spells:
            same = [end for start, end in sorted(periods.items()) if start <= returned]
            if spell.start in periods:
                spell = spell._replace(end=periods.pop(spell.start))
            elif spell.end == OPEN and same:
                spell = spell._replace(end=same[-1])
            elif spell.end == OPEN:
                self._vanish(child, f"care open on {shown(returned)}, not in list 8")
                spell = spell._replace(end=returned + 1)
            spells.append(spell)
        return [*spells, *(Spell(start, end, "CLA") for start, end in periods.items())]

    def _vanish(self, child: Child, detail: str) -> None:
        self.doubts.add("vanished", child.id, detail)
        if self.rules.vanished_excludes:
            child.excluded = child.excluded or "open in one return and in no later one"

    def _contradict(self, child: Child, detail: str) -> None:
        self.doubts.add("contradictory dates", child.id, detail)
        child.excluded = "dates in the returns contradict each other"

    def _statuses(self, child: Child, need: list[Spell], plans: list[Spell], care: list[Spell]) -> None:
        if child.death:
            self.counts["children who died"] += 1
            need, plans, care = (cut_at_death(spells, child.death) for spells in (need, plans, care))
        for spells, doubt in ((need, "overlapping cases, taken as one"), (plans, "overlapping plans, taken as one")):
            if len(joined(spells)) < len(spells):
                self.doubts.add(doubt, child.id)
        need, plans, care = joined(need), joined(plans), joined(care)
        child.whole = [*need, *plans, *care]
        together = days_together(plans, care, self.rules.last_day + 1)
        if together:
            self.counts["children on a plan and in care on the same days"] += 1
            self.counts["days both on a plan and in care"] += together
        if self.rules.exclusive or self.rules.in_need == "plan":
            need = exclusive(need, [*plans, *care] if self.rules.exclusive else plans)
        child.spells = sorted(spell for spell in (*need, *plans, *care) if spell.start <= self.rules.last_day)
