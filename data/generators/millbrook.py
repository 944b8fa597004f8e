"""SYNTHETIC: Millbrook, a made-up authority whose effects are known, and three worlds in which a method fails.

    python data/generators/millbrook.py            rewrites data/millbrook (world "planted", seed SEED)
    python data/generators/millbrook.py --to DIR   writes it to DIR

    from data.generators import millbrook
    tables = millbrook.make("selection_on_past", seed=3, n=900)     # dict of DataFrames, one a table
    effects = millbrook.truth("planted", seed=3, n=900)             # the truth for those same children

Worlds (``WORLDS``). Every child has two histories after the start, one with the programme and one without; the tables
hold the one of the group that the child is in, and the truth is the mean difference between both.

planted            families come to the programme by chance; it shortens or avoids protection plans and halves the rate
                   of re-referral; it does nothing to days in need or in care. Both ends of the bracket hold.
no_effect          the same, but both histories are one.
stable_gap         no effect; the programme's children are at every status more often, before as after (parallel
                   trends). Difference in differences is right; adjusting for the past is wrong.
selection_on_past  no effect; families with more days on a plan before come to the programme more often, and what
                   happens after depends on the child's own past. Adjusting is right; difference in differences is
                   wrong.

All hold for the clipped day rule and windows of six months.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

HERE = Path(__file__).resolve().parent
WORLDS = ("planted", "no_effect", "stable_gap", "selection_on_past")
SEED, CHILDREN = 2029, 900  # the first seed from 2024 whose own truth is within a tenth of the population's
PROGRAMME, COMPARISON = "Families Together", "Usual help"
FIRST_START, LAST_START, LAST_DATE = (np.datetime64(day) for day in ("2021-04-06", "2022-11-30", "2023-12-31"))
WINDOW_MONTHS = 6
STATUSES = np.array(["none", "CIN", "CP", "CLA"])
CP, CLA = 2, 3

# chances of none, CIN, CP, CLA in the window before and after
RANDOMISED = ((0.44, 0.28, 0.24, 0.04), (0.47, 0.25, 0.23, 0.05))
GAP = {True: (0.35, 0.29, 0.31, 0.05), False: (0.60, 0.23, 0.14, 0.03)}
PLAN_AVOIDED, PLAN_SHORTENED_TO = 0.45, 0.65  # planted: chance that a plan is avoided; what is left of the others
REFERRAL_RATE, RATE_WITH_PROGRAMME = 0.36, 0.5  # referrals per child and window; planted: factor on the rate after

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Truth:
    """Mean effect on the children of the programme group whose two windows can be observed.

    days_*: days per child in the window after (clipped).  any_* and re_referral: risk difference (share of children).
    referrals: referrals per child.  children: how many the mean is over.
    """

    days_cin: float
    days_cp: float
    days_cla: float
    any_cin: float
    any_cp: float
    any_cla: float
    re_referral: float
    referrals: float
    children: int


@dataclass(frozen=True, slots=True)
class History:
    """One history after the start, one place a child: status (0 none to 3 CLA), days in the window, referral days.

    referral_days: children × 2, days from the first day after support to each referral.
    """

    status: Ints
    days: Ints
    referral_days: Ints


@dataclass(frozen=True, slots=True)
class Draws:
    """Everything drawn for one world; arrays have one place a child, sorted by family."""

    family: Ints
    family_size: Ints
    treated: Flags
    start: Days
    end: Days
    birth: Days
    before_from: Days
    after_from: Days
    after_to: Days
    before_status: Ints
    before_days: Ints
    before_referral_days: Ints
    without: History
    with_programme: History
    spare: Floats  # children × 12 uniforms for all that bears on no effect


def make(world: str = "planted", seed: int = SEED, n: int = CHILDREN) -> dict[str, pd.DataFrame]:
    """Return the tables children, issues, spells, referrals, case_files and programme_costs of a world.

    Columns and dtypes are those of a study that was read (text ``str``, dates ``datetime64[s]``, flags ``boolean``).
    """
    draws = draw(world, seed, n)
    took = History(
        *(
            np.where(draws.treated if mine.ndim == 1 else draws.treated[:, None], mine, other)
            for mine, other in zip(_fields(draws.with_programme), _fields(draws.without), strict=True)
        )
    )
    tables = {
        "children": children_table(draws),
        "issues": issues_table(draws),
        "spells": spells_table(draws, took),
        "referrals": referrals_table(draws, took),
        "case_files": case_files_table(np.random.default_rng([seed, 7])),
        "programme_costs": programme_costs_table(),
    }
    return {name: frame.reset_index(drop=True) for name, frame in tables.items()}


def truth(world: str = "planted", seed: int = SEED, n: int = CHILDREN) -> Truth:
    """Return the effects on the very children that ``make(world, seed, n)`` returns (large n: on the population)."""
    draws = draw(world, seed, n)
    seen = draws.treated & observable(draws) & ~left_out(draws)
    window = (draws.after_to - draws.after_from).astype(int)[:, None]

    def difference(measure) -> float:  # noqa: ANN001
        return float((measure(draws.with_programme) - measure(draws.without))[seen].mean())

    days = {s: difference(lambda h, s=s: np.where(h.status == s, h.days, 0)) for s in (1, CP, CLA)}
    share = {s: difference(lambda h, s=s: (h.status == s).astype(float)) for s in (1, CP, CLA)}
    referred = difference(lambda h: (h.referral_days < window).any(axis=1).astype(float))
    referrals = difference(lambda h: (h.referral_days < window).sum(axis=1))
    return Truth(days[1], days[CP], days[CLA], share[1], share[CP], share[CLA], referred, referrals, int(seen.sum()))


def observable(draws: Draws) -> Flags:
    """Return who was born before the window before and is under 18 to the end of the window after."""
    return (draws.birth <= draws.before_from) & (add_months(draws.birth, 216) >= draws.after_to)


def left_out(draws: Draws) -> Flags:
    """Return the children with a reason for exclusion (drawn, so the same in every history)."""
    return draws.spare[:, 0] < 0.012


def draw(world: str, seed: int, n: int) -> Draws:
    """Return all draws of a world; what the programme changes uses the same draws as what it leaves."""
    if world not in WORLDS:
        raise ValueError(f"{world!r} is no world; there are {', '.join(WORLDS)}")
    rng = np.random.default_rng([seed, WORLDS.index(world)])
    family, family_size = families(rng, n)
    chance = rng.random(family.max() + 1)
    treated = (chance < 0.45)[family]  # by family; one world draws it again below
    start, end, birth = dates(rng, family)
    edges = (add_months(start, -WINDOW_MONTHS), end + 1, add_months(end + 1, WINDOW_MONTHS))
    length_before, length_after = (start - edges[0]).astype(int), (edges[2] - edges[1]).astype(int)

    level, share_before, level_after, share_after = levels(rng, family)
    past = shares_of_statuses(world, treated)
    before_status = pick(level, past[0])
    before_days = as_days(share_before, length_before, before_status)
    if world == "selection_on_past":
        on_plan = np.where(before_status == CP, before_days / length_before, 0.0)
        family_mean = np.bincount(family, on_plan) / np.bincount(family)
        treated = (chance < 0.20 + 0.75 * family_mean)[family]
        independent = ndtr(correlated(rng, family, 0.3, np.zeros(n)))
        after_status = pick(independent, depends_on_past(before_status, before_days / length_before))
    else:
        after_status = pick(level_after, past[1])
    after_days = as_days(share_after, length_after, after_status)
    uniforms = ndtr(np.stack([correlated(rng, family, 0.4, np.zeros(n)) for _ in range(4)], axis=1))
    rate = REFERRAL_RATE * np.where(treated & (world == "stable_gap"), 1.5, 1.0)
    without = History(after_status, after_days, arrivals(uniforms[:, :2], rate, length_after))
    with_programme = planted(rng, without, uniforms, rate, length_after) if world == "planted" else without
    return Draws(
        *(family, family_size, treated, start, end, birth, *edges, before_status, before_days),
        arrivals(uniforms[:, 2:], rate * 0.7 if world != "stable_gap" else rate, length_before),
        without,
        with_programme,
        np.random.default_rng([seed, 99]).random((n, 12)),
    )


def planted(rng: np.random.Generator, without: History, uniforms: Floats, rate: Floats, window: Ints) -> History:
    """Return the history with the programme: plans avoided or shortened, re-referral at a lower rate."""
    on_plan = without.status == CP
    avoided = on_plan & (rng.random(len(on_plan)) < PLAN_AVOIDED)
    shorter = np.maximum(1, np.round(without.days * PLAN_SHORTENED_TO)).astype(int)
    days = np.where(avoided, 0, np.where(on_plan, shorter, without.days))
    referrals = arrivals(uniforms[:, :2], rate * RATE_WITH_PROGRAMME, window)
    return History(np.where(avoided, 0, without.status), days, referrals)


def families(rng: np.random.Generator, n: int) -> tuple[Ints, Ints]:
    """Return family number and family size of each child; one to five children of a family are in the study."""
    sizes = rng.choice([1, 2, 3, 4, 5], size=n, p=[0.38, 0.31, 0.18, 0.09, 0.04])
    family = np.repeat(np.arange(n), sizes)[:n]
    return family, np.bincount(family)[family]


def dates(rng: np.random.Generator, family: Ints) -> tuple[Days, Days, Days]:
    """Return first and last day of help (the same for siblings) and birth dates (different for siblings)."""
    count = family.max() + 1
    span = (LAST_START - FIRST_START).astype(int)
    start = np.busday_offset(FIRST_START + rng.integers(0, span, count), 0, roll="forward")
    length = np.clip(np.round(rng.gamma(7, 14, count)), 42, 196).astype(int)
    end = np.busday_offset(start + length, 0, roll="backward")
    age_days = np.sort(rng.integers(60, 6540, len(family)))[rng.permutation(len(family))]
    return start[family], end[family], start[family] - age_days


def correlated(rng: np.random.Generator, family: Ints, share: float, past: Floats, keep: float = 0.0) -> Floats:
    """Return standard normal scores, correlated ``share`` within a family and ``keep`` with ``past``."""
    common = rng.standard_normal(family.max() + 1)[family]
    fresh = np.sqrt(share) * common + np.sqrt(1 - share) * rng.standard_normal(len(family))
    return keep * past + np.sqrt(1 - keep**2) * fresh


def levels(rng: np.random.Generator, family: Ints) -> tuple[Floats, Floats, Floats, Floats]:
    """Return uniforms for status and share of the window, before and after; the two periods are exchangeable."""
    nothing = np.zeros(len(family))
    before = correlated(rng, family, 0.35, nothing)
    after = correlated(rng, family, 0.35, before, keep=0.55)
    share_before = correlated(rng, family, 0.2, nothing)
    share_after = correlated(rng, family, 0.2, share_before, keep=0.4)
    return ndtr(before), ndtr(share_before), ndtr(after), ndtr(share_after)


def shares_of_statuses(world: str, treated: Flags) -> tuple[Floats, Floats]:
    """Return the chances of the four statuses before and after, children × 4."""
    if world == "stable_gap":
        gap = np.where(treated[:, None], np.array(GAP[True]), np.array(GAP[False]))
        return gap, gap
    return tuple(np.tile(np.array(chances), (len(treated), 1)) for chances in RANDOMISED)  # type: ignore[return-value]


def depends_on_past(status: Ints, share: Floats) -> Floats:
    """Return chances after that are linear in the child's own days at the same status before (children × 4)."""
    own = [np.where(status == s, share, 0.0) for s in (1, CP, CLA)]
    chances = np.stack([0.20 + 0.25 * own[0], 0.08 + 0.50 * own[1], 0.03 + 0.50 * own[2]], axis=1)
    return np.column_stack([1 - chances.sum(axis=1), chances])


def pick(uniform: Floats, chances: Floats) -> Ints:
    """Return a status per child: the higher the uniform, the higher the rung of the ladder."""
    return (uniform[:, None] > np.cumsum(chances, axis=1)[:, :3]).sum(axis=1)


def as_days(uniform: Floats, length: Ints, status: Ints) -> Ints:
    """Return days in a window: a quarter of the children with a status have it throughout, the others 1 day or more."""
    share = np.where(uniform > 0.75, 1.0, 0.02 + 0.98 * (uniform / 0.75))
    return np.where(status > 0, np.maximum(1, np.round(share * length)), 0).astype(int)


def arrivals(uniforms: Floats, rate: Floats, window: Ints) -> Ints:
    """Return the days on which referrals come (children × 2), at ``rate`` per window; the lower the rate the later."""
    gaps = -np.log1p(-uniforms) / rate[:, None] * window[:, None]
    return np.minimum(np.floor(np.cumsum(gaps, axis=1)), 9999).astype(int)


def add_months(days: Days, months: int) -> Days:
    """Return the days moved by calendar months; a day that the month lacks becomes its last day."""
    month = days.astype("datetime64[M]")
    target = month + months
    last = ((target + 1).astype("datetime64[D]") - target.astype("datetime64[D]")).astype(int) - 1
    return target.astype("datetime64[D]") + np.minimum((days - month.astype("datetime64[D]")).astype(int), last)


def _fields(history: History) -> tuple[NDArray, ...]:
    return history.status, history.days, history.referral_days


def names(prefix: str, numbers: Ints) -> list[str]:
    """Return pseudonyms."""
    return [f"MB-{prefix}{number + 1:05d}" for number in numbers]


def children_table(draws: Draws) -> pd.DataFrame:
    """Return one row a child."""
    n, spare = len(draws.family), draws.spare
    reasons = np.where(spare[:, 1] < 0.5, "moved away before help ended", "asked for their records not to be used")
    codes = np.array(["A1", "A3", "B1", "B3", "C1", "C2", "C3", "D1", "D2", "E2"])
    places = np.searchsorted(np.cumsum([0.55, 0.1, 0.04, 0.04, 0.06, 0.08, 0.03, 0.03, 0.05]), spare[:, 2])
    frame = pd.DataFrame(
        {
            "child_id": names("C", np.arange(n)),
            "family_id": names("F", draws.family),
            "group": np.where(draws.treated, PROGRAMME, COMPARISON),
            "birth_date": draws.birth.astype("datetime64[s]"),
            "age_years": np.full(n, np.nan),
            "sex": np.where(spare[:, 3] < 0.5, "female", "male"),
            "ethnicity_code": codes[places],
            "sibling_group_size": draws.family_size.astype(float),
            "start_date": draws.start.astype("datetime64[s]"),
            "end_date": draws.end.astype("datetime64[s]"),
            "exclusion_reason": reasons,
        }
    )
    frame = frame.astype(dict.fromkeys(("child_id", "family_id", "group", "sex", "ethnicity_code"), "str"))
    frame["exclusion_reason"] = frame["exclusion_reason"].astype("str").where(left_out(draws))
    frame["ethnicity_code"] = frame["ethnicity_code"].where(spare[:, 4] > 0.04)
    return frame


def issues_table(draws: Draws) -> pd.DataFrame:
    """Return one row a child × issue; issues bear on nothing else."""
    shares = {"domestic_abuse": 0.62, "mental_health": 0.45, "alcohol": 0.24, "drugs": 0.22, "neglect": 0.3}
    parts = []
    for column, (issue, share) in enumerate(shares.items(), start=5):
        has = draws.spare[:, column] < share
        factors = np.where(draws.spare[has, column] < share * 0.6, 1.0, 2.0)
        child = np.flatnonzero(has)
        parts.append(
            pd.DataFrame(
                {
                    "child_id": pd.array(names("C", child), dtype="str"),
                    "issue_code": pd.array([issue] * len(child), dtype="str"),
                    "domestic_abuse_factors": factors if issue == "domestic_abuse" else np.full(len(child), np.nan),
                }
            )
        )
    return pd.concat(parts).sort_values("child_id", kind="stable")


def spells_table(draws: Draws, took: History) -> pd.DataFrame:
    """Return one row a spell; inside the windows it has exactly the days drawn, outside it runs on as spells do."""
    support = (draws.after_from - draws.start).astype(int)
    cut = np.floor(draws.spare[:, 10] * support).astype(int)  # a status before may last up to this day of the help
    where, reach = draws.spare[:, 11], (20 + draws.spare[:, 9] * 220).astype(int)
    one_day = np.timedelta64(1, "D")

    length = (draws.start - draws.before_from).astype(int)
    whole = draws.before_days == length
    early, late = where < 0.35, where >= 0.55
    free = np.floor((length - draws.before_days) * draws.spare[:, 9]).astype(int)
    first = np.where(early | whole, draws.before_from - reach * one_day, draws.before_from + free * one_day)
    first = np.where(late & ~whole, draws.start - draws.before_days * one_day, first)
    last = np.where(
        early & ~whole, draws.before_from + draws.before_days * one_day, first + draws.before_days * one_day
    )
    last = np.where(late | whole, draws.start + cut * one_day, last)
    before = _spell_rows(draws, STATUSES[draws.before_status], np.maximum(first, draws.birth), last)

    length = (draws.after_to - draws.after_from).astype(int)
    whole = took.days == length
    early, late = where >= 0.45, where < 0.25
    free = np.floor((length - took.days) * draws.spare[:, 9]).astype(int)
    first = np.where(early | whole, draws.start + cut * one_day, draws.after_from + free * one_day)
    first = np.where(late & ~whole, draws.after_to - took.days * one_day, first)
    last = np.where(early & ~whole, draws.after_from + took.days * one_day, first + took.days * one_day)
    last = np.where(late | whole, draws.after_to + reach * one_day, last)
    after = _spell_rows(draws, STATUSES[took.status], first, np.minimum(last, add_months(draws.birth, 216)))

    spells = pd.concat([before, after]).sort_values(["child_id", "start_date"], kind="stable")
    spells["end_date"] = spells["end_date"].where(spells["end_date"] <= pd.Timestamp(LAST_DATE))
    return spells


def _spell_rows(draws: Draws, status: NDArray, first: Days, last: Days) -> pd.DataFrame:
    kept = np.flatnonzero((status != "none") & (first < last) & (first <= LAST_DATE))
    return pd.DataFrame(
        {
            "child_id": pd.array(names("C", kept), dtype="str"),
            "status": pd.array(status[kept], dtype="str"),
            "start_date": first[kept].astype("datetime64[s]"),
            "end_date": last[kept].astype("datetime64[s]"),
        }
    )


def referrals_table(draws: Draws, took: History) -> pd.DataFrame:
    """Return one row a referral: the index referral up to ten days before the start, others before and after."""
    n = len(draws.family)
    index_day = draws.start - (1 + np.floor(_by_family(draws, 10) * 10).astype(int)) * np.timedelta64(1, "D")
    day_before = draws.start[:, None] - (draws.before_referral_days + 1) * np.timedelta64(1, "D")
    day_after = draws.after_from[:, None] + took.referral_days * np.timedelta64(1, "D")
    of_age = add_months(draws.birth, 216)
    parts = [(np.arange(n), index_day, True)]
    for column in (0, 1):
        old = np.flatnonzero((draws.before_referral_days[:, column] < 900) & (day_before[:, column] > draws.birth))
        new = np.flatnonzero((day_after[:, column] <= LAST_DATE) & (day_after[:, column] < of_age))
        parts += [(old, day_before[old, column], False), (new, day_after[new, column], False)]
    frames = [
        pd.DataFrame(
            {
                "child_id": pd.array(names("C", child), dtype="str"),
                "referral_date": day.astype("datetime64[s]"),
                "is_index": pd.array([index] * len(child), dtype="boolean"),
                "reason_code": pd.array(np.where(draws.spare[child, 5] < 0.62, "domestic_abuse", "other"), dtype="str"),
            }
        )
        for child, day, index in parts
    ]
    return pd.concat(frames).sort_values(["child_id", "referral_date"], kind="stable")


def _by_family(draws: Draws, column: int) -> Floats:
    """Return the eldest sibling's uniform for every child of the family."""
    return draws.spare[np.searchsorted(draws.family, draws.family), column]


def case_files_table(rng: np.random.Generator) -> pd.DataFrame:
    """Return 60 files: 24 before, 36 during (15 of them Hub), 24 read by two reviewers who sometimes differ."""
    items = pd.read_csv(HERE / "slough_items.csv")["item_id"].drop_duplicates()
    items = [item for item in items if not item.startswith(("ifp_", "mother_", "vada_", "recovery_"))]
    easier = dict(zip(items, np.round(rng.normal(0, 0.35, len(items)), 2), strict=True))
    rows = []
    double = set(rng.choice(60, size=24, replace=False).tolist())
    for number in range(60):
        during, hub = number >= 24, 24 <= number < 39
        readers = ["r1", "r2"] if number in double else [str(rng.choice(["r1", "r2"]))]
        quality = rng.normal(0.75 if during else -0.35, 0.8)
        for item in items:
            asked = rng.random() > 0.05
            seen = quality + easier[item] + rng.normal(0, 0.7)
            for reader in readers:  # readers see the same file; one is a little stricter
                judged = seen + rng.normal(0, 0.35) - (0.15 if reader == "r2" else 0.0)
                answer = "yes" if judged > 0.45 else "partial" if judged > -0.25 else "no"
                row = (f"MB-A{number + 1:02d}", "during" if during else "before", hub, item)
                rows.append((*row, answer if asked else "not_applicable", reader))
    frame = pd.DataFrame(rows, columns=["file_id", "period", "in_hub", "item_id", "response", "reviewer_id"])
    return frame.astype({name: "boolean" if name == "in_hub" else "str" for name in frame.columns})


def programme_costs_table() -> pd.DataFrame:
    """Return the spending on the programme: funded, budgeted and actual, by year."""
    lines = {
        "Family workers": ((148_000, 146_500, 151_240), (151_000, 152_300, 149_870)),
        "Domestic abuse specialist": ((44_000, 43_200, 41_905), (45_000, 45_100, 46_212)),
        "Supervision and management": ((30_000, 29_400, 31_180), (30_000, 30_900, 32_044)),
        "Training": ((12_000, 12_000, 9_615), (4_000, 4_000, 5_230)),
        "Premises and travel": ((16_000, 15_800, 14_377), (16_500, 16_200, 17_092)),
        "Setting up": ((18_000, 18_000, 21_430), (0, 0, 0)),
    }
    rows = [
        (PROGRAMME, item, year, float(amount), basis)
        for item, years in lines.items()
        for year, amounts in zip(("2021/22", "2022/23"), years, strict=True)
        for basis, amount in zip(("funded", "budgeted", "actual"), amounts, strict=True)
        if amount
    ]
    columns = ["workstream", "item", "financial_year", "amount_gbp", "basis"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({name: "str" for name in columns if name != "amount_gbp"})


def write(folder: Path) -> None:
    """Write the committed study: the planted world with its seed, some birth dates unknown."""
    tables = make()
    children = tables["children"].drop(columns="age_years")
    unknown = np.random.default_rng(SEED).random(len(children)) < 0.01
    children["birth_date"] = children["birth_date"].where(~unknown)
    children["sibling_group_size"] = children["sibling_group_size"].astype("Int64")
    tables["children"] = children
    tables["issues"]["domestic_abuse_factors"] = tables["issues"]["domestic_abuse_factors"].astype("Int64")
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        for column in frame.select_dtypes("boolean"):
            frame[column] = frame[column].map({True: "true", False: "false"})
        if "amount_gbp" in frame:
            frame["amount_gbp"] = frame["amount_gbp"].astype(int)
        frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n", date_format="%Y-%m-%d")


def main(arguments: list[str]) -> None:
    """Write data/millbrook, or the folder given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=HERE.parent / "millbrook")
    write(parser.parse_args(arguments).to)


if __name__ == "__main__":
    main(sys.argv[1:])
