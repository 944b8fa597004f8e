"""SYNTHETIC child-level records that agree with every published margin of RR1038 (the real ones are confidential).

    python data/generators/slough.py            rewrites data/slough_ifp and data/slough_innovation_hub
    python data/generators/slough.py --to DIR   writes both folders under DIR

Seeded, so it writes the same bytes every time. slough_margins.yaml holds the published margins and says what is
made up; slough_items.csv holds the case-file counts. Dates follow the day rule whole_spell: every day of a spell
that touches a window counts, so a spell before may start long before the window but ends before the window after.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

HERE = Path(__file__).resolve().parent
WINDOW_MONTHS = 6
LADDER = ("none", "CIN", "CP", "CLA")
SPELL_DAYS = {"CIN": (40, 330), "CP": (85, 560), "CLA": (70, 400)}  # plausible lengths; made up
OTHER_ISSUES = (
    "neglect",
    "emotional_abuse",
    "physical_abuse",
    "sexual_abuse",
    "learning_disability",
    "physical_disability",
    "young_carer",
    "socially_unacceptable_behaviour",
    "going_missing",
    "self_harm",
    "gangs",
    "other",
)
SUBSTANCE = ("alcohol", "drugs")
REASONS = (
    "domestic_abuse",
    "neglect",
    "emotional_abuse",
    "physical_abuse",
    "family_in_acute_stress",
    "parental_health",
)


@dataclass
class Child:
    """One child while the record is being made; ``before`` and ``after`` are statuses, days as whole spells."""

    group: str
    before: str
    after: str
    days_before: int = 0
    days_after: int = 0
    start: date = date.min
    end: date = date.min
    age: str = "Unknown"
    ethnicity: str = ""
    siblings: str = "Unknown"
    birth: date | None = None
    sex: str = ""
    exclusion: str = ""
    spells: list[tuple[str, date, date]] = field(default_factory=list)
    referrals: list[tuple[date, bool, str]] = field(default_factory=list)
    issues: dict[str, int | None] = field(default_factory=dict)

    @property
    def before_from(self) -> date:
        return add_months(self.start, -WINDOW_MONTHS)

    @property
    def after_from(self) -> date:
        return self.end + timedelta(1)

    @property
    def after_to(self) -> date:
        return add_months(self.after_from, WINDOW_MONTHS)


def add_months(day: date, months: int) -> date:
    """Return the same day of another month, or its last day where the month is shorter."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    for number in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, number))
        except ValueError:
            continue
    raise ValueError(day)


def split_total(rng: np.random.Generator, total: int, parts: int, lowest: int, highest: int) -> list[int]:
    """Return ``parts`` unequal whole numbers between ``lowest`` and ``highest`` that sum to ``total``."""
    if parts == 0:
        return []
    lowest, highest = min(lowest, total // parts), max(highest, -(-total // parts))
    weights = rng.gamma(3.0, size=parts)
    numbers = np.clip(np.round(weights / weights.sum() * total), lowest, highest).astype(int)
    while (gap := total - int(numbers.sum())) != 0:
        step = 1 if gap > 0 else -1
        free = np.flatnonzero((numbers + step >= lowest) & (numbers + step <= highest))
        numbers[rng.choice(free)] += step
    return [int(number) for number in numbers]


def make_children(rng: np.random.Generator, label: str, margins: dict) -> list[Child]:
    """Return the analysed children of a group with status, days and profile, each margin exact."""
    pairs = [tuple(move.split(">")) for move, count in margins["flow"].items() for _ in range(count)]
    children = [Child(label, before, after) for before, after in (pairs[i] for i in rng.permutation(len(pairs)))]
    for status in LADDER[1:]:
        share_days(rng, children, status, margins)
    ages = spread(rng, margins["age"])
    siblings = spread(rng, margins["siblings"])
    if "Unknown" in margins["siblings"]:  # the children whose age is unknown are those whose siblings are unknown
        known = [size for size in siblings if size != "Unknown"]
        siblings = ["Unknown" if age == "Unknown" else known.pop() for age in ages]
    for child, age, size, code in zip(children, ages, siblings, spread(rng, margins["ethnicity"]), strict=True):
        child.age, child.siblings, child.ethnicity = age, size, "" if code == "Unknown" else code
        child.sex = "not stated" if age == "Unknown" and rng.random() < 0.3 else str(rng.choice(["female", "male"]))
    return children


def spread(rng: np.random.Generator, counts: dict) -> list[str]:
    """Return each category as often as its count, in random order."""
    values = [str(category) for category, count in counts.items() for _ in range(count)]
    return [values[i] for i in rng.permutation(len(values))]


def share_days(rng: np.random.Generator, children: list[Child], status: str, margins: dict) -> None:
    """Share the published days among the children; a child at one status in both periods has one spell for both."""
    low, high = SPELL_DAYS[status]
    through = [child for child in children if child.before == child.after == status]
    before = [child for child in children if child.before == status and child.after != status]
    after = [child for child in children if child.after == status and child.before != status]
    total_before, total_after = margins["days_before"][status], margins["days_after"][status]
    if through and not after:
        long_days = split_total(rng, total_after, len(through), low, high)
    else:
        long_days = [int(rng.integers(175, 245)) for _ in through]
    for child, days in zip(through, long_days, strict=True):
        child.days_before = child.days_after = days
    rest_before = split_total(rng, total_before - sum(long_days), len(before), low, high)
    rest_after = split_total(rng, total_after - sum(long_days), len(after), low, high)
    for child, days in zip(before, rest_before, strict=True):
        child.days_before = days
    for child, days in zip(after, rest_after, strict=True):
        child.days_after = days


def support_dates(rng: np.random.Generator, study: dict, *, programme: bool) -> tuple[date, date]:
    """Return first and last day of support (programme) or of an assessment of up to 45 working days (comparison)."""
    first, last = study["first_start"], study["last_end"]
    while True:
        start = first + timedelta(int(rng.integers((last - first).days)))
        if start.weekday() > 4:
            continue
        if not programme:
            working_days = int(np.clip(round(rng.normal(34, 9)), 8, 45))
            end = np.busday_offset(np.datetime64(start), working_days).astype(date)
        elif study["support"] == "course":  # a course of ten weekly evenings, begun every eight weeks on a Tuesday
            start = first + timedelta(56 * int(rng.integers((last - first).days // 56 + 1)))
            end = start + timedelta(63 + 7 * int(rng.choice([0, 0, 0, 1, 1, 2])))
        else:
            end = start + timedelta(int(np.clip(round(rng.gamma(6, 11)), 18, 112)))
            end -= timedelta(max(0, end.weekday() - 4))
        if end <= last:
            return start, end


def place(rng: np.random.Generator, child: Child, study: dict, *, programme: bool) -> None:
    """Give the child dates and spells that hold its statuses and days; dates are drawn again until they fit."""
    for _ in range(5000):
        child.start, child.end = support_dates(rng, study, programme=programme)
        child.spells = draw_spells(rng, child, study["last_date"])
        if fits(child, study["last_date"]):
            return
    raise ValueError(f"no dates fit a child {child.before} then {child.after}, {child.days_before} days")


def draw_spells(rng: np.random.Generator, child: Child, last_date: date) -> list[tuple[str, date, date]]:
    """Return spells (status, first day, day of the end) for one draw of the child's dates."""
    if child.before == child.after != "none":
        first = child.start - timedelta(int(rng.integers(1, max(2, child.days_before - 60))))
        return [(child.before, first, first + timedelta(child.days_before))]
    spells = []
    closing = child.start + timedelta(int(rng.integers(-20, (child.after_from - child.start).days + 1)))
    if child.before != "none":
        if child.days_before < 60:  # a short spell lies inside the window
            closing = child.start - timedelta(int(rng.integers(5, 90)))
        if child.after != "none":  # a child who steps down does so on the day that the other spell ends
            closing = max(closing, child.start, child.after_from - timedelta(child.days_after - 1))
        spells.append((child.before, closing - timedelta(child.days_before), closing))
    if child.after != "none":
        opening = closing
        if child.before == "none" or closing < child.start:
            opening = child.after_from + timedelta(int(rng.integers(-12, 110)))
            open_from = last_date + timedelta(1 - child.days_after)  # a spell from this day is still open at the end
            if abs((open_from - opening).days) < 60:
                opening = open_from
        spells.append((child.after, opening, opening + timedelta(child.days_after)))
    return spells


def fits(child: Child, last_date: date) -> bool:
    """Return whether the spells touch the windows that they are meant for, and no other."""
    if any(end > last_date + timedelta(1) for _, _, end in child.spells) or child.after_to > last_date + timedelta(1):
        return False
    touching_before = [s for s in child.spells if s[1] < child.start and s[2] > child.before_from]
    touching_after = [s for s in child.spells if s[1] < child.after_to and s[2] > child.after_from]
    return [s[0] for s in touching_before] == [child.before] * (child.before != "none") and [
        s[0] for s in touching_after
    ] == [child.after] * (child.after != "none")


def add_history(rng: np.random.Generator, child: Child) -> None:
    """Add what lies outside both windows: a child in need before the plan; two records of one time in care."""
    if not child.spells:
        return
    status, first, last = child.spells[0]
    if status == "CP" and first <= child.before_from and rng.random() < 0.6:
        child.spells.insert(0, ("CIN", first - timedelta(int(rng.integers(30, 120))), first))
    elif status == "CLA" and (last - first).days > 60:  # a change of placement: two records, one spell
        change = first + timedelta(int(rng.integers(20, (last - first).days - 20)))
        child.spells[:1] = [("CLA", first, change), ("CLA", change, last)]


def to_weekdays(child: Child, last_date: date) -> None:
    """Move the child's spells together by up to two days, so that plans begin and end on weekdays where they can.

    Lengths and the windows that are touched stay. Care can begin on any day; a spell still open stays open.
    """
    if any(end > last_date for _, _, end in child.spells):
        return

    def moved(by: int) -> list[tuple[str, date, date]]:
        return [(status, first + timedelta(by), end + timedelta(by)) for status, first, end in child.spells]

    def weekend_days(by: int) -> tuple[int, int]:
        plans = [spell for spell in moved(by) if spell[0] != "CLA"]
        return sum(first.weekday() > 4 for _, first, _ in plans), sum(end.weekday() > 4 for _, _, end in plans)

    as_drawn = child.spells
    for by in sorted((0, 1, -1, 2, -2), key=weekend_days):
        child.spells = moved(by)
        if fits(child, last_date) and (child.birth is None or child.spells[0][1] >= child.birth):
            return
        child.spells = as_drawn


def add_referrals(rng: np.random.Generator, children: list[Child], counts: dict) -> None:
    """Give every child its index referral and the group exactly the published referrals in each window."""
    for child in children:
        child.referrals = [(index_date(rng, child), True, reason(rng, child))]
    movable = [child for child in children if child.before == "none" or not is_course(child)]
    inside = [child for child in children if child.before_from <= child.referrals[0][0] < child.start]
    while len(inside) != counts["index_in_window"]:
        wanted = len(inside) < counts["index_in_window"]
        pool = [child for child in movable if (child in inside) != wanted]
        child = pool[int(rng.integers(len(pool)))]
        child.referrals = [(index_date(rng, child, inside=wanted), True, child.referrals[0][2])]
        inside = [c for c in children if c.before_from <= c.referrals[0][0] < c.start]
    for _ in range(counts["before"] - counts["index_in_window"]):
        child = children[int(rng.integers(len(children)))]
        length = (child.start - child.before_from).days
        child.referrals.append(
            (weekday(child.start - timedelta(int(rng.integers(9, length - 3)))), False, reason(rng, child))
        )
    for i in rng.permutation(len(children))[: counts["after"]]:
        child = children[i]
        length = (child.after_to - child.after_from).days
        day = weekday(child.after_from + timedelta(int(rng.integers(7, length - 3))))
        child.referrals.append((day, False, reason(rng, child)))
    for child in children:
        if rng.random() < 0.18 and child.age not in ("0-4",):  # an older referral, before the window
            first = min([child.before_from] + [day for _, day, _ in child.spells])
            child.referrals.append((weekday(first - timedelta(int(rng.integers(40, 600)))), False, reason(rng, child)))
        child.referrals.sort()


def index_date(rng: np.random.Generator, child: Child, *, inside: bool | None = None) -> date:
    """Return the day of the referral that led to the support or assessment."""
    if is_course(child) and child.before != "none":
        return weekday(min(day for _, day, _ in child.spells) - timedelta(int(rng.integers(3, 46))))
    if inside is False or (inside is None and rng.random() < 0.5):
        return weekday(child.before_from - timedelta(int(rng.integers(5, 80)))) if is_course(child) else child.start
    return weekday(child.start - timedelta(int(rng.integers(21, 150) if is_course(child) else rng.integers(1, 6))))


def is_course(child: Child) -> bool:
    """Return whether the child's group is the one with courses: its referral comes long before the course."""
    return child.group == "IFP"


def weekday(day: date) -> date:
    """Return the day, or the Friday before when it falls on a weekend."""
    return day - timedelta(max(0, day.weekday() - 4))


def reason(rng: np.random.Generator, child: Child) -> str:
    """Return a reason for a referral: mostly domestic abuse where that is among the child's issues."""
    share = 0.7 if "domestic_abuse" in child.issues else 0.05
    return REASONS[0] if rng.random() < share else str(rng.choice(REASONS[1:]))


def add_birth(rng: np.random.Generator, child: Child) -> None:
    """Give a birth date that fits the age band, the history and the whole of both windows."""
    if child.age == "Unknown":
        return
    low, _, high = child.age.partition("-")
    latest = min(
        [add_months(child.start, -12 * int(low)), child.before_from]
        + [first for _, first, _ in child.spells]
        + [day for day, _, _ in child.referrals]
    )
    earliest = add_months(child.start, -12 * (int(high or low) + 1)) + timedelta(1)
    if int(high or low) == 17:  # nobody under 18 comes of age before the window after ends
        earliest = max(earliest, add_months(child.after_to, -12 * 18) + timedelta(1))
    if latest <= earliest:
        raise ValueError(f"no birth date fits {child.age} with {child.spells}")
    while child.birth is None or (child.birth.month, child.birth.day) == (2, 29):
        child.birth = earliest + timedelta(int(rng.integers((latest - earliest).days)))


def add_issues(rng: np.random.Generator, children: list[Child], margins: dict) -> None:
    """Give each child the issues at assessment, with the published shares exact."""
    shares, n = margins["issues"], len(children)
    order = [children[i] for i in rng.permutation(n)]
    numbers = np.zeros(n, dtype=int)
    many = shares["above_four"]
    numbers[n - many :] = rng.choice([5, 6], size=many)
    few = n - many - shares["none"]
    numbers[shares["none"] : n - many] = rng.choice([1, 2, 3, 4], size=few, p=[0.42, 0.3, 0.17, 0.11])
    with_abuse = set(range(n)) - set(without_abuse(rng, shares, numbers))
    with_substance, with_health = substance_and_health(rng, margins, numbers, with_abuse)
    for place_, child in enumerate(order):
        chosen = ["domestic_abuse"] if place_ in with_abuse else []
        if place_ in with_substance:
            room = numbers[place_] - len(chosen) - (place_ in with_health)
            both = room > 1 and rng.random() < 0.4
            chosen += list(SUBSTANCE) if both else [str(rng.choice(SUBSTANCE))]
        chosen += ["mental_health"] if place_ in with_health else []
        others = rng.choice(OTHER_ISSUES, size=max(0, int(numbers[place_]) - len(chosen)), replace=False)
        child.issues = dict.fromkeys(chosen + sorted(str(other) for other in others))
    abused = [child for child in order if "domestic_abuse" in child.issues]
    for rank, i in enumerate(rng.permutation(len(abused))):
        several = rank < margins["two_or_three_factors"]
        abused[i].issues["domestic_abuse"] = int(rng.choice([2, 2, 3])) if several else 1


def without_abuse(rng: np.random.Generator, shares: dict, numbers: np.ndarray) -> list[int]:
    """Return the places of the children without domestic abuse: all without issues, and some of the others."""
    none = list(np.flatnonzero(numbers == 0))
    others = rng.permutation(np.flatnonzero(numbers > 0))[: shares["without_domestic_abuse"] - len(none)]
    return [int(i) for i in [*none, *others]]


def substance_and_health(
    rng: np.random.Generator, margins: dict, numbers: np.ndarray, with_abuse: set[int]
) -> tuple[set[int], set[int]]:
    """Return the places of the children with alcohol or drugs, and of those with mental health, among the issues."""
    room = [i for i in range(len(numbers)) if numbers[i] > (i in with_abuse)]
    room = [int(i) for i in rng.permutation(room)]
    if "without_substance" in margins:
        substance = set(room[: len(numbers) - margins["without_substance"]])
        room = [int(i) for i in rng.permutation(room)]
        return substance, set(room[: len(numbers) - margins["without_mental_health"]])
    either = room[: len(numbers) - margins["without_substance_or_mental_health"]]
    health = {i for i in either if rng.random() < 0.5}
    substance = {i for i in either if i not in health or (numbers[i] - (i in with_abuse) > 1 and rng.random() < 0.4)}
    return substance, health


def make_excluded(rng: np.random.Generator, label: str, margins: dict, study: dict, *, programme: bool) -> list[Child]:
    """Return the children who were selected but not analysed; all but their number and reason is made up."""
    excluded = []
    codes = [code for code in spread(rng, margins["ethnicity"]) if code != "Unknown"]
    for number in range(margins.get("excluded", 0)):
        child = Child(label, "none", "none", exclusion=margins["exclusion_reason"], ethnicity=codes[number])
        place(rng, child, study, programme=programme)
        if "unborn" in child.exclusion:
            child.sex, child.birth = "unborn", child.start + timedelta(int(rng.integers(12, 190)))
            child.issues = {"domestic_abuse": 1} if rng.random() < 0.4 else {"other": None}
        else:
            child.sex, child.age, child.siblings = str(rng.choice(["female", "male"])), "5-9", str(rng.integers(1, 4))
            child.issues = {"domestic_abuse": int(rng.integers(1, 4))}
        child.referrals = [(child.start, True, reason(rng, child))]
        add_birth(rng, child)
        excluded.append(child)
    return excluded


def make_study(name: str, plan: dict, seed: int) -> dict[str, pd.DataFrame]:
    """Return the tables of one study."""
    study = plan["studies"][name]
    rng = np.random.default_rng([seed, sum(map(ord, name))])
    everybody: list[Child] = []
    for position, (label, margins) in enumerate(study["groups"].items()):
        children = make_children(rng, label, margins)
        add_issues(rng, children, margins)
        for child in children:
            place(rng, child, study, programme=position == 0)
            add_history(rng, child)
        add_referrals(rng, children, margins["referrals"])
        for child in children:
            add_birth(rng, child)
            if child.spells:
                to_weekdays(child, study["last_date"])
        everybody += children + make_excluded(rng, label, margins, study, programme=position == 0)
    shuffled = [everybody[i] for i in rng.permutation(len(everybody))]
    tables = child_tables(shuffled, study, rng)
    tables["case_files"] = case_files(rng)
    tables["programme_costs"] = pd.DataFrame(
        [
            (workstream, "Costs, April 2017 to March 2019", "2017/18 to 2018/19", amount, "actual")
            for workstream, amount in plan["programme_costs"].items()
        ],
        columns=["workstream", "item", "financial_year", "amount_gbp", "basis"],
    )
    return tables


def child_tables(children: list[Child], study: dict, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Return children, issues, spells and referrals as they stand in the files."""
    prefix, still_open = study["id_prefix"], study["last_date"] + timedelta(1)
    families = rng.permutation(len(children)) + 1
    rows: dict[str, list] = {"children": [], "issues": [], "spells": [], "referrals": []}
    for number, (child, family) in enumerate(zip(children, families, strict=True), start=1):
        child_id = f"{prefix}-C{number:04d}"
        size = "" if child.siblings == "Unknown" else child.siblings
        rows["children"].append(
            (child_id, f"{prefix}-F{family:04d}", child.group, child.birth, child.sex, child.ethnicity, size)
            + (child.start, child.end, child.exclusion)
        )
        rows["issues"] += [(child_id, issue, factors) for issue, factors in child.issues.items()]
        rows["spells"] += [(child_id, s, first, None if end == still_open else end) for s, first, end in child.spells]
        rows["referrals"] += [(child_id, day, str(index).lower(), why) for day, index, why in child.referrals]
    columns = {
        "children": "child_id family_id group birth_date sex ethnicity_code sibling_group_size start_date end_date"
        " exclusion_reason",
        "issues": "child_id issue_code domestic_abuse_factors",
        "spells": "child_id status start_date end_date",
        "referrals": "child_id referral_date is_index reason_code",
    }
    return {name: pd.DataFrame(rows[name], columns=columns[name].split(), dtype=object) for name in rows}


def case_files(rng: np.random.Generator) -> pd.DataFrame:
    """Return the 30 case files: 10 before, 20 during, of which 14 Hub; two reviewers, each file read by one."""
    names = [f"F{number:02d}" for number in range(1, 31)]
    subsets = {"before": names[:10], "during": names[10:], "hub": names[16:]}
    reviewers = dict(zip(names, spread(rng, {"r1": 15, "r2": 15}), strict=True))
    with (HERE / "slough_items.csv").open(encoding="utf-8", newline="") as file:
        counts = list(csv.DictReader(file))
    answers: dict[tuple[str, str], str] = {}
    attended: list[str] = []
    for line in sorted(counts, key=lambda line: line["subset"] != "hub"):  # hub counts first, then the rest of the 20
        item, files = line["item_id"], subsets[line["subset"]]
        left = {kind: int(line[kind]) for kind in ("yes", "partial", "no", "not_applicable")}
        for name in files:
            if (name, item) in answers:
                left[answers[name, item]] -= 1
        free = [name for name in files if (name, item) not in answers]
        if item == "mother_more_engaged":  # asked only of the files in which a parent attended
            free = attended + [name for name in free if name not in attended]
            drawn = spread(rng, {kind: left[kind] for kind in ("yes", "no")}) + ["not_applicable"] * 15
        else:
            drawn = spread(rng, left)
        answers |= {(name, item): answer for name, answer in zip(free, drawn, strict=True)}
        if item == "ifp_attended":
            attended = [name for name in files if answers[name, item] == "yes"]
    items = list(dict.fromkeys(line["item_id"] for line in counts))
    rows = [
        (name, "before" if name in subsets["before"] else "during", str(name in subsets["hub"]).lower(), item)
        + (answers[name, item], reviewers[name])
        for name in names
        for item in items
        if (name, item) in answers
    ]
    return pd.DataFrame(rows, columns=["file_id", "period", "in_hub", "item_id", "response", "reviewer_id"])


def main() -> None:
    """Write both studies."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=HERE.parent, help="folder that gets the two study folders")
    to = parser.parse_args().to
    plan = yaml.safe_load((HERE / "slough_margins.yaml").read_text(encoding="utf-8"))
    for name in plan["studies"]:
        (to / name).mkdir(parents=True, exist_ok=True)
        for table, frame in make_study(name, plan, plan["seed"]).items():
            frame.to_csv(to / name / f"{table}.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
