"""Who is in the study: the programme's list, the pool that may be compared, and whose children live together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median_low

from stepdown.importing.cells import ages_18
from stepdown.importing.child import OLDEST_DAYS, UNBORN_DAYS, Child, unknown_birth
from stepdown.importing.rows import Assessment, Doubts, Ledger
from stepdown.importing.settings import ImportSettings
from stepdown.limits import YEARS_AFTER

LIST_ROWS, HOUSEHOLD_ROWS = "rows of the list", "rows of households"


@dataclass(frozen=True, slots=True)
class Support:
    """One row of the programme's list. end: 0 where support had not ended."""

    child: str
    start: int
    end: int
    family: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """A child of the study. start, end: support or assessment. excluded: why it is not analysed, or blank."""

    child: Child
    programme: bool
    start: int
    end: int
    excluded: str = ""
    assessment: Assessment | None = None
    index_referral: int = 0


@dataclass
class Households:
    """Families: children joined by a household, by the list's family reference, or by both."""

    parent: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def join(self, child: str, kind: str, name: str) -> None:
        """Put a child into a household or family."""
        one, other = self._root(("child", child)), self._root((kind, name))
        if one != other:
            self.parent[max(one, other)] = min(one, other)

    def of(self, child: str) -> tuple[str, str]:
        """Return what stands for the child's family; a child of no household is a family of its own."""
        return self._root(("child", child))

    def _root(self, node: tuple[str, str]) -> tuple[str, str]:
        while (above := self.parent.get(node, node)) != node:
            node = above
        return node


def in_reach(child: Child, settings: ImportSettings) -> Assessment | None:
    """Return the first assessment that makes a child comparable: authorised in the dates, with one of the factors."""
    return next(iter(dated(child, settings, set(settings.comparison.factors))), None)


def dated(child: Child, settings: ImportSettings, factors: set[str] | None = None) -> list[Assessment]:
    """Return the assessments authorised in the comparison's dates (with one of the factors), in order."""
    first, last = (day.toordinal() for day in settings.comparison.authorised)
    found = [a for a in child.assessments if first <= a.end <= last and (factors is None or factors & set(a.factors))]
    return sorted(found, key=lambda a: (a.end, a.start, a.referral))


def programme(
    rows: Sequence[Support],
    children: Mapping[str, Child],
    settings: ImportSettings,
    last_day: int,
    ledger: Ledger,
    doubts: Doubts,
    file: int,
) -> list[Member]:
    """Return the children of the list who are in the returns; a row of the list that is alike another is one."""
    fates: Counter[str] = Counter()
    periods: dict[str, list[Support]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.child, row.start, row.end, row.family)):
        known = [(other.start, other.end) for other in periods[row.child]]
        if (row.start, row.end) in known:
            fates["left out: the same as another row"] += 1
        else:
            periods[row.child].append(row)
    members = []
    for name, supports in sorted(periods.items()):
        child = children.get(name)
        if child is None and settings.programme.unmatched == "no_contact":
            child = Child(name)
        if child is None:
            doubts.add("on the list, in no return", name)
            fates["left out: in no return"] += len(supports)
            continue
        member = _helped(child, supports, last_day, doubts)
        if member is None:
            fates["left out: support begins after the last day covered"] += len(supports)
            continue
        fates["used" if not member.excluded else "used: a child who is then excluded"] += 1
        fates["left out: a further period of the same child"] += len(supports) - 1
        members.append(member)
    for fate, number in fates.items():
        if number:
            ledger.fates[file, LIST_ROWS, fate] += number
    return members


def _helped(child: Child, supports: Sequence[Support], last_day: int, doubts: Doubts) -> Member | None:
    first = supports[0]
    if first.start > last_day:
        return None
    if child.birth and not -UNBORN_DAYS <= first.start - child.birth <= OLDEST_DAYS:
        unknown_birth(child, doubts)
    why = child.excluded
    if len(supports) > 1:
        why = why or "two periods of support"
        doubts.add("two periods on the list", child.id)
    end = first.end
    if first.end and first.end < first.start:
        why, end = "dates on the programme's list contradict each other", first.start
        doubts.add("contradictory dates", child.id, "support that ends before it starts")
    elif not first.end or first.end > last_day + YEARS_AFTER * 365:
        why, end = why or "support not ended", last_day
        doubts.add("support not ended", child.id)
    started = [a for a in child.assessments if a.start <= first.start]
    assessment = max(started, key=lambda a: (a.start, a.end, a.referral), default=None)
    index = max((day for day in child.referrals if day <= first.start), default=0)
    return Member(child, True, first.start, end, why, assessment, index)


def comparison(
    children: Mapping[str, Child], listed: set[str], households: Households, settings: ImportSettings
) -> tuple[list[Member], list[tuple[str, int]]]:
    """Return the children who may be compared, and how many were left at each step."""
    families = {households.of(name) for name in listed}
    factor = [child for _, child in sorted(children.items()) if in_reach(child, settings)]
    off_list = [child for child in factor if child.id not in listed]
    apart = [child for child in off_list if households.of(child.id) not in families]
    members = [_assessed(child, settings) for child in apart]
    young = [m for m in members if not m.child.birth or m.start < ages_18(m.child.birth)]
    steps = [
        ("with one of the factors in such an assessment", len(factor)),
        ("not on the programme's list", len(off_list)),
        ("not in a household of a child on the list", len(apart)),
        ("under 18 at the start", len(young)),
        ("not excluded for contradictory dates", sum(not member.excluded for member in young)),
    ]
    return young, steps


def _assessed(child: Child, settings: ImportSettings) -> Member:
    assessment = in_reach(child, settings)
    if assessment is None:
        raise ValueError("only a child in reach is compared")
    index = assessment.referral if assessment.referral in child.referrals else 0
    return Member(child, False, assessment.start, assessment.end, child.excluded, assessment, index)


def lagged(members: Sequence[Member], helped: Sequence[Member], last_day: int) -> tuple[list[Member], int, int]:
    """Return the comparison members with the clock begun later, the lag in days, and how many fell.

    The lag is the programme's median wait from authorisation to the start of support (the lower of two middle ones, so
    that it is a whole number of days). A child whose clock would begin after the last day covered, or at 18, falls.
    """
    waits = [m.start - m.assessment.end for m in helped if m.assessment and m.assessment.end and not m.excluded]
    lag = max(0, median_low(waits)) if waits else 0
    moved = [replace(m, start=m.assessment.end + lag, end=m.assessment.end + lag) for m in members if m.assessment]
    kept = [m for m in moved if m.start <= last_day and (not m.child.birth or m.start < ages_18(m.child.birth))]
    return kept, lag, len(moved) - len(kept)
