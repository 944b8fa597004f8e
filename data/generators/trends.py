"""SYNTHETIC: Ferndale, a made-up authority whose trends are known month by month, and other worlds of trends.

    python data/generators/trends.py            rewrites data/ferndale (world "diverging", seed SEED)
    python data/generators/trends.py --to DIR   writes it to DIR

    from data.generators import trends
    tables = trends.make("dip", seed=3, programme=75, comparison=113)   # dict of DataFrames, one a table
    trends.truth("fading", 4)          # programme minus comparison in month 4, in days a child on a protection plan

A child's place on the ladder follows a normal score (its own and its family's) that holds for 90 days and then moves;
the share of a group on a protection plan on any day is exactly what the world says:

like        both groups fall alike; support takes 14 points off the share at once, and it lasts
diverging   no effect; the programme's group had been falling faster before, and goes on so (a straight line)
dip         no effect; the programme's group was chosen at its worst: its share rises in the three months before start
            and is back where it was when support ends (Ashenfelter's dip, upside down)
fading      as like before; an effect of 14 points in month 1 that fades to nothing in month 12
bent        no effect; as diverging, but the slope of the difference changes by BEND at the start
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
from data.generators.millbrook import correlated, families  # noqa: E402

WORLDS = ("like", "diverging", "dip", "fading", "bent")
SEED, PROGRAMME_SIZE, COMPARISON_SIZE = 2031, 240, 320
PROGRAMME, COMPARISON = "Family Group Work", "Usual help"
FIRST_START, LAST_START, LAST_DATE = (np.datetime64(day) for day in ("2019-04-01", "2021-03-31", "2023-06-30"))
MONTH, BLOCK, HELD, AHEAD, BEYOND = 30.4375, 10, 9, 400, 780
"""Days of a month; days of a block; blocks for which a score holds; days before start and after end that are made."""
CLA, CIN = 0.06, 0.26
GAP, SLOPE, BEND = 0.06, -0.006, 0.004
"""Points between the groups at the start; how much the difference falls a month; how much that slope changes."""
EFFECT = {"like": -0.14, "fading": -0.14}

Floats = NDArray[np.float64]


def difference(world: str, month: Floats) -> Floats:
    """Return programme minus comparison, share on a plan, so many months before start (below 0) or after the end."""
    month = np.asarray(month, dtype=np.float64)
    if world in ("diverging", "bent"):
        bend = BEND if world == "bent" else 0.0
        return GAP + SLOPE * month + bend * np.maximum(month, 0.0)
    if world == "dip":
        return GAP + 0.22 * np.where(month < 0, np.maximum(1 + month / 3, 0.0), 0.0)
    effect = EFFECT[world] * (np.clip(1 - (month - 0.5) / 11.5, 0, 1) if world == "fading" else 1.0)
    return GAP + np.where(month > 0, effect, 0.0)


def truth(world: str, month: int, reference: tuple[int, ...] = ()) -> float:
    """Return programme minus comparison in a month (none is 0), days a child, less its mean in the reference months."""
    own = float(difference(world, np.array(_middle(month, world))))
    base = np.mean([difference(world, np.array(_middle(other, world))) for other in reference]) if reference else 0.0
    return MONTH * (own - float(base))


SUPPORT_MONTHS = 3
"""Months of support in every world: the same for all children, so that a line through it is a line."""


def _middle(month: int, world: str) -> float:
    """Return where the middle of a month lies on the line; in worlds with a line support takes its time on it."""
    if month < 0:
        return month + 0.5
    return month - 0.5 + (SUPPORT_MONTHS if world in ("diverging", "bent") else 0)


def make(
    world: str = "diverging", seed: int = SEED, programme: int = PROGRAMME_SIZE, comparison: int = COMPARISON_SIZE
) -> dict[str, pd.DataFrame]:
    """Return the tables children, spells and referrals of a world."""
    rng = np.random.default_rng([seed, WORLDS.index(world)])
    n = programme + comparison
    parts = [families(rng, size)[0] for size in (programme, comparison)]
    family = np.concatenate([parts[0], parts[1] + parts[0].max() + 1])
    treated = np.arange(n) < programme
    count = family.max() + 1
    start = (FIRST_START + rng.integers(0, (LAST_START - FIRST_START).astype(int), count))[family]
    end = start + int(SUPPORT_MONTHS * MONTH) - 1
    birth = start - rng.integers(200, 6300, n)
    blocks = np.arange(-AHEAD, (end - start).astype(int).max() + BEYOND, BLOCK)
    state = states(world, rng, family, treated, (end - start).astype(int), blocks)
    return {
        "children": _children(rng, family, treated, start, end, birth),
        "spells": _spells(state, blocks, start, birth),
        "referrals": _referrals(rng, start, birth),
    }


def states(
    world: str, rng: np.random.Generator, family: NDArray, treated: NDArray, support: NDArray, blocks: NDArray
) -> NDArray:
    """Return the rung (0 none to 3 CLA) of each child in each block of days, (children, blocks)."""
    scores = [correlated(rng, family, 0.3, np.zeros(len(family)))]
    for _ in range(len(blocks) // HELD + 1):
        scores.append(correlated(rng, family, 0.3, scores[-1], keep=0.8))
    turn = rng.integers(0, HELD, family.max() + 1)[family]
    which = (np.arange(len(blocks))[None, :] + turn[:, None]) // HELD
    chance = ndtr(np.array(scores))[which, np.arange(len(family))[:, None]]
    middle = blocks + BLOCK / 2
    before, after = np.minimum(middle, 0) / MONTH, (middle[None, :] - support[:, None] - 1) / MONTH
    month = np.where(after > 0, after, before[None, :])
    line = np.where(after > 0, after + SUPPORT_MONTHS, middle[None, :] / MONTH)
    common = 0.24 - 0.003 * np.clip(line, -12, 27)
    apart = difference(world, line if world in ("diverging", "bent") else month)
    plan = common + np.where(treated[:, None], apart, 0.0)
    return (chance > 1 - CLA - plan - CIN).astype(int) + (chance > 1 - CLA - plan) + (chance > 1 - CLA)


def _children(rng, family, treated, start, end, birth) -> pd.DataFrame:  # noqa: ANN001
    n = len(family)
    codes = np.array(["A1", "A3", "B1", "C2", "D2"])
    frame = pd.DataFrame(
        {
            "child_id": [f"FD-C{number + 1:05d}" for number in range(n)],
            "family_id": [f"FD-F{number + 1:05d}" for number in family],
            "group": np.where(treated, PROGRAMME, COMPARISON),
            "birth_date": birth.astype("datetime64[s]"),
            "sex": np.where(rng.random(n) < 0.5, "female", "male"),
            "ethnicity_code": codes[np.searchsorted([0.6, 0.75, 0.85, 0.93], rng.random(n))],
            "sibling_group_size": np.bincount(family)[family].astype(float),
            "start_date": start.astype("datetime64[s]"),
            "end_date": end.astype("datetime64[s]"),
            "exclusion_reason": pd.array([None] * n, dtype="str"),
            "age_years": np.full(n, np.nan),
        }
    )
    return frame.astype(dict.fromkeys(("child_id", "family_id", "group", "sex", "ethnicity_code"), "str"))


def _spells(state: NDArray, blocks: NDArray, start: NDArray, birth: NDArray) -> pd.DataFrame:
    changed = np.diff(state, axis=1, prepend=-1) != 0
    child, first = np.nonzero(changed)
    status = state[child, first]
    last = np.append(first[1:], 0)
    last[np.append(child[1:] != child[:-1], True)] = len(blocks)
    begins = np.maximum(start[child] + blocks[first], birth[child])
    ends = start[child] + np.append(blocks, blocks[-1] + BLOCK)[last]
    kept = (status > 0) & (begins < ends) & (begins <= LAST_DATE)
    frame = pd.DataFrame(
        {
            "child_id": pd.array([f"FD-C{number + 1:05d}" for number in child[kept]], dtype="str"),
            "status": pd.array(np.array(["none", "CIN", "CP", "CLA"])[status[kept]], dtype="str"),
            "start_date": begins[kept].astype("datetime64[s]"),
            "end_date": ends[kept].astype("datetime64[s]"),
        }
    )
    frame["end_date"] = frame["end_date"].where(frame["end_date"] <= pd.Timestamp(LAST_DATE))
    return frame


def _referrals(rng: np.random.Generator, start: NDArray, birth: NDArray) -> pd.DataFrame:
    n = len(start)
    index = pd.DataFrame({"child": np.arange(n), "day": start - rng.integers(1, 11, n), "is_index": True})
    who = rng.integers(0, n, n)
    other = pd.DataFrame({"child": who, "day": start[who] + rng.integers(-AHEAD, BEYOND, n), "is_index": False})
    both = pd.concat([index, other], ignore_index=True)
    both = both[(both["day"].to_numpy() > birth[both["child"]]) & (both["day"].to_numpy() <= LAST_DATE)]
    both = both.sort_values(["child", "day"], kind="stable")
    return pd.DataFrame(
        {
            "child_id": pd.array([f"FD-C{number + 1:05d}" for number in both["child"]], dtype="str"),
            "referral_date": both["day"].to_numpy().astype("datetime64[s]"),
            "is_index": pd.array(both["is_index"].tolist(), dtype="boolean"),
            "reason_code": pd.array(["other"] * len(both), dtype="str"),
        }
    ).reset_index(drop=True)


def write(folder: Path) -> None:
    """Write the committed study."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = make()
    tables["children"] = tables["children"].drop(columns="age_years").astype({"sibling_group_size": "Int64"})
    tables["referrals"]["is_index"] = tables["referrals"]["is_index"].map({True: "true", False: "false"})
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n", date_format="%Y-%m-%d")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=HERE.parent / "ferndale")
    write(parser.parse_args().to)
