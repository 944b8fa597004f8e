"""SYNTHETIC: a made-up trial in the manner of Project Crewe, with teams, non-compliance and losses, and a known effect.

    python -m data.generators.crewe_like            rewrites data/crewe_like (seed SEED)
    python -m data.generators.crewe_like --to DIR   writes it to DIR

    from data.generators import crewe_like
    drawn = crewe_like.draw(seed=3)                 # arrays, one place a child
    crewe_like.truth()                              # days in need: as allocated, and for those who take it up

Teams are allocated whole. Every child has two histories after allocation, with and without the programme; families
whose children would be in need for longer take it up less often, so that a comparison by what was received misleads.
The programme takes about EFFECT days off the time in need, and changes nothing about plans or re-referral.
Nothing here is about a real place or trial.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
SEED, TEAMS, FAMILIES = 2034, 24, 14  # the first seed from 2033 whose estimates are within a tenth of the truth
INTERVENTION, USUAL = "Family practitioners", "Usual help"
WINDOW, EFFECT, UPTAKE = 182, -32.0, 0.72
FIRST, LAST_DATE = np.datetime64("2021-04-05"), np.datetime64("2023-03-31")

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One trial, one place a child.  before, without, with_it: days in need in the half year before and after."""

    team: NDArray[np.int64]
    family: NDArray[np.int64]
    treated: NDArray[np.bool_]
    would_take: NDArray[np.bool_]
    lost: NDArray[np.bool_]
    before: Floats
    without: Floats
    with_it: Floats

    @property
    def took(self) -> NDArray[np.bool_]:
        """Who had the programme: offered, and taken up."""
        return self.treated & self.would_take

    @property
    def after(self) -> Floats:
        """Days in need inside the half year after allocation, as they were."""
        return np.clip(np.where(self.took, self.with_it, self.without), 0, WINDOW)


def draw(seed: int = SEED, teams: int = TEAMS, families: int = FAMILIES) -> Drawn:
    """Return a trial with so many teams and about so many families in each."""
    rng = np.random.default_rng([seed, teams])
    sizes = 4 + rng.poisson(families - 4, teams)
    team_of_family = np.repeat(np.arange(teams), sizes)
    children = 1 + rng.binomial(3, 0.2, sizes.sum())
    family = np.repeat(np.arange(sizes.sum()), children)
    team, n = team_of_family[family], int(children.sum())
    treated = rng.permutation(teams)[team] < teams // 2
    hard = rng.normal(0, 14, teams)[team] + rng.normal(0, 26, sizes.sum())[family]
    before = np.clip(np.round(80 + 0.8 * hard + rng.normal(0, 35, n)), 5, WINDOW)
    without = np.round(104 + hard + 0.25 * (before - 80) + rng.normal(0, 38, n))
    with_it = without + np.round(EFFECT + rng.normal(0, 10, n))
    eager = UPTAKE - 0.006 * np.bincount(family, hard)[family] / children[family]
    would_take = rng.random(sizes.sum())[family] < np.clip(eager, 0.05, 0.98)
    lost = rng.random(sizes.sum())[family] < np.where(treated, 0.05, 0.07)
    return Drawn(team, family, treated, would_take, lost, before, without, with_it)


@cache
def truth() -> tuple[float, float]:
    """Return the planted effects on days in need, a child: as allocated, and of those who take it up (20,000 teams)."""
    many = draw(seed=1, teams=20_000)
    change = np.clip(many.with_it, 0, WINDOW) - np.clip(many.without, 0, WINDOW)
    return float((change * many.would_take).mean()), float(change[many.would_take].mean())


def make(seed: int = SEED, teams: int = TEAMS, families: int = FAMILIES) -> dict[str, pd.DataFrame]:
    """Return the tables of the trial, and of time use, hearings and spending beside it."""
    drawn, rng = draw(seed, teams, families), np.random.default_rng([seed, 7])
    first = np.unique(drawn.family, return_index=True)[1]
    began = FIRST + rng.integers(0, 360, len(first))
    gone = drawn.lost[first] & (rng.random(len(first)) < 0.5)
    here = ~gone[drawn.family]
    start = began[drawn.family]
    child = np.array([f"CL-C{number + 1:04d}" for number in range(len(start))])
    names = np.array([f"CL-F{number + 1:04d}" for number in range(len(first))])
    after = np.maximum(np.where(drawn.took, drawn.with_it, drawn.without), 1).astype(int)
    ends = start + after
    found = {
        "allocation": pd.DataFrame(
            {
                "unit_id": names,
                "arm": np.where(drawn.treated[first], INTERVENTION, USUAL),
                "allocated_on": began,
                "cluster_id": [f"CL-T{number + 1:02d}" for number in drawn.team[first]],
                "received": np.where(drawn.took[first], "true", "false"),
                "lost_reason": np.where(gone, "withdrew", ""),
            }
        ),
        "children": pd.DataFrame(
            {
                "child_id": child,
                "family_id": names[drawn.family],
                "group": np.where(drawn.treated, INTERVENTION, USUAL),
                "birth_date": start - rng.integers(400, 5800, len(start)),
                "sex": np.where(rng.random(len(start)) < 0.5, "female", "male"),
                "ethnicity_code": rng.choice(["A1", "B1", "C2", "D2"], len(start), p=[0.7, 0.1, 0.12, 0.08]),
                "sibling_group_size": np.bincount(drawn.family)[drawn.family],
                "start_date": start,
                "end_date": start,
                "exclusion_reason": np.where(drawn.lost, "moved_away", ""),
            }
        )[here],
        "spells": pd.concat([_need(child, start, drawn, ends)[here], _plans(rng, child, start, here)]),
        "referrals": pd.concat(
            [
                pd.DataFrame({"child_id": child, "referral_date": start - 30, "is_index": "true"})[here],
                _again(rng, child, start, here),
            ]
        ),
    }
    return found | {"time_diary": _diary(rng), "hearings": _hearings(rng), "log": _spend()}


def _need(child: NDArray, start: NDArray, drawn: Drawn, ends: NDArray) -> pd.DataFrame:
    begins = start - drawn.before.astype(int)
    return pd.DataFrame({"child_id": child, "status": "CIN", "start_date": begins, "end_date": ends})


def _plans(rng: np.random.Generator, child: NDArray, start: NDArray, here: NDArray) -> pd.DataFrame:
    """Return a plan for about one child in eight, whatever the arm."""
    begins = start + rng.integers(10, 150, len(start))
    frame = pd.DataFrame({"child_id": child, "status": "CP", "start_date": begins, "end_date": begins + 90})
    return frame[here & (rng.random(len(start)) < 0.13)]


def _again(rng: np.random.Generator, child: NDArray, start: NDArray, here: NDArray) -> pd.DataFrame:
    """Return a referral in the half year after allocation for about one child in six, whatever the arm."""
    days = start + rng.integers(10, 175, len(start))
    frame = pd.DataFrame({"child_id": child, "referral_date": days, "is_index": "false"})
    return frame[here & (rng.random(len(start)) < 0.17)]


def _diary(rng: np.random.Generator) -> pd.DataFrame:
    """Return 16 workers' weeks, about 34% of them direct work before and 58% after; some weeks only in one year."""
    rows = []
    for year, share, weeks in ((2020, 0.34, range(2, 12)), (2022, 0.58, range(4, 14))):
        for worker in range(16):
            own = np.clip(share + rng.normal(0, 0.06), 0.1, 0.9)
            for week in weeks:
                hours = float(rng.choice([22.5, 30, 37, 37, 37]))
                direct = round(hours * float(np.clip(own + rng.normal(0, 0.05), 0.05, 0.95)), 1)
                monday = pd.Timestamp.fromisocalendar(year, week, 1)
                visits = round(direct * 0.7, 1)
                parts = {"visits": visits, "group_work": round(direct - visits, 1), "records": hours - direct}
                rows += [(f"CL-W{worker + 1:02d}", monday, code, round(part, 1)) for code, part in parts.items()]
    return pd.DataFrame(rows, columns=["worker_id", "week_start", "activity", "hours"])


def _hearings(rng: np.random.Generator) -> pd.DataFrame:
    """Return hearings of two years; about 32% of victims come back within a year in the first, 24% in the second."""
    rows = []
    for year, share in ((2019, 0.32), (2021, 0.24)):
        for victim in range(180):
            day = np.datetime64(f"{year}-04-01") + rng.integers(0, 365)
            rows.append((f"CL-V{year}{victim + 1:03d}", day))
            while rng.random() < share:
                day = day + rng.integers(7, 364)
                rows.append((f"CL-V{year}{victim + 1:03d}", day))
    frame = pd.DataFrame(rows, columns=["person_id", "hearing_date"])
    return frame[frame["hearing_date"] <= LAST_DATE]


def _spend() -> pd.DataFrame:
    """Return spending on two items over three years: fewer children, and each dearer."""
    amounts = {"residential": [(58, 9_860_000), (54, 10_100_000), (49, 10_250_000)],
               "fostering": [(190, 6_270_000), (197, 6_650_000), (203, 7_180_000)]}  # fmt: skip
    rows = [
        ("spend", item, f"{2019 + place + 1}-03-31", children, amount)
        for item, years in amounts.items()
        for place, (children, amount) in enumerate(years)
    ]
    frame = pd.DataFrame(rows, columns=["kind", "item", "date", "people", "amount_gbp"])
    return frame.reindex(columns=["kind", "item", "date", "planned", "achieved", "people", "amount_gbp", "reason"])


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, default=HERE.parent / "crewe_like")
    folder = parser.parse_args().to
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in make().items():
        days = {
            column: pd.to_datetime(frame[column]) for column in frame if column.endswith(("_date", "_on", "_start"))
        }
        frame.assign(**days).to_csv(
            folder / f"{name}.csv", index=False, date_format="%Y-%m-%d", lineterminator="\n", float_format="%g"
        )


if __name__ == "__main__":
    main()
