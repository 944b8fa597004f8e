"""Makes the published figures of a made-up country: 150 authorities, one planted change and one planted nothing.

    python -m data.generators.areas data/made_up_country

Each authority has its own level, its own drift and its own noise, as councils have; authorities of one cluster share a
drift, and the nearest ten of a cluster are its statistical neighbours. From 2021 the plans of Authority 001 are lowered
by 30%; its looked-after children are left as they are. Nothing here is about a real place.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 2031
AUTHORITIES, CLUSTERS = 150, 10
YEARS = range(2010, 2025)
FROM, LOWERED_BY = 2021, 0.30
LEVELS = {"cpp_31march": (45.0, 1), "cla_31march": (65.0, 0)}


def main(folder: Path) -> None:
    """Write area_measures.csv, statistical_neighbours.csv and areas.csv."""
    rng = np.random.default_rng(SEED)
    code = [f"M{i + 1:08d}" for i in range(AUTHORITIES)]
    name = [f"Authority {i + 1:03d}" for i in range(AUTHORITIES)]
    population = np.round(np.exp(rng.normal(10.8, 0.5, AUTHORITIES)), -1)
    cluster = np.arange(AUTHORITIES) % CLUSTERS
    rows = [
        (code[i], name[i], year - 1, "population_0_17_mid_year", int(population[i] * 1.004 ** (year - 2010)), "", "")
        for i in range(AUTHORITIES)
        for year in YEARS
    ]
    people = {(row[0], row[2]): row[4] for row in rows}
    for measure, (level, decimals) in LEVELS.items():
        shared = rng.normal(0, 0.035, (CLUSTERS, len(YEARS))).cumsum(axis=1)
        level_of = rng.normal(0, 0.25, (AUTHORITIES, 1))
        level_of[0] = 0.0  # an ordinary authority, so that others can be weighted to look like it
        own = level_of + rng.normal(0, 0.05, (AUTHORITIES, len(YEARS))).cumsum(axis=1) * 0.6
        rate = level * np.exp(own + shared[cluster])
        for i in range(AUTHORITIES):
            for j, year in enumerate(YEARS):
                lowered = 1 - LOWERED_BY if measure == "cpp_31march" and i == 0 and year >= FROM else 1.0
                below = people[code[i], year - 1]
                count = int(rng.poisson(rate[i, j] * lowered * below / 10_000))
                printed = np.floor(count / below * 10_000 * 10**decimals + 0.5) / 10**decimals
                rows.append((code[i], name[i], year, measure, count, f"{printed:.{decimals}f}", "per_10000"))
    rows += _country(rows)
    columns = ["area_code", "area_name", "year", "measure", "count", "rate", "rate_unit"]
    frame = pd.DataFrame(rows, columns=columns).assign(denominator="", symbol="", source="made up")
    order = [
        "area_code",
        "area_name",
        "year",
        "measure",
        "count",
        "denominator",
        "rate",
        "rate_unit",
        "symbol",
        "source",
    ]
    _write(frame[order].sort_values(["measure", "area_code", "year"]), folder / "area_measures.csv")
    _write(_areas(code, name), folder / "areas.csv")
    _write(_neighbours(rng, name, population, cluster), folder / "statistical_neighbours.csv")


def _country(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Return the sums over all authorities, rounded to 10 as the department rounds England's, without a rate."""
    frame = pd.DataFrame([(row[2], row[3], row[4]) for row in rows], columns=["year", "measure", "count"])
    sums = frame.groupby(["measure", "year"])["count"].sum()
    return [
        ("E92000001", "The whole country", year, measure, int(np.floor(count / 10 + 0.5) * 10), "", "")
        for (measure, year), count in sums.items()
    ]


def _areas(code: list[str], name: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame({"area_code": code, "la_code": [each[-3:] for each in code], "area_name": name})
    country = pd.DataFrame({"area_code": ["E92000001"], "la_code": [""], "area_name": ["The whole country"]})
    frame = pd.concat([country.assign(level="england"), frame.assign(level="local_authority")])
    return frame.assign(first_year=YEARS[0], last_year=YEARS[-1])


def _neighbours(rng: np.random.Generator, name: list[str], population: np.ndarray, cluster: np.ndarray) -> pd.DataFrame:
    rows = []
    for model, weight in (("main", 0.0), ("other", 0.6)):
        noise = rng.normal(0, weight, (len(name), len(name))) if weight else np.zeros((len(name), len(name)))
        for i in range(len(name)):
            far = np.abs(np.log(population) - np.log(population[i])) + 3.0 * (cluster != cluster[i]) + np.abs(noise[i])
            far[i] = np.inf
            for rank, j in enumerate(np.argsort(far, kind="stable")[:10], 1):
                rows.append((model, f"{i + 1:03d}", name[i], rank, f"{j + 1:03d}", "Close", name[j]))
    columns = ["model", "la_code", "la_name", "rank", "neighbour_la_code", "closeness", "neighbour_name"]
    return pd.DataFrame(rows, columns=columns)


def _write(frame: pd.DataFrame, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(file, index=False, lineterminator="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
