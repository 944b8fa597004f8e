"""Every authority as a placebo: the library's one call against a loop over statsmodels, side by side in one run.

    python -m benchmarks.areas

The made-up country of 150 authorities. The rival fits, for each authority, the difference in differences of the
council and its neighbours by least squares, as an analyst would with a formula.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from stepdown.areas.comparing import placebos
from stepdown.areas.figures import read_folder

ROOT = Path(__file__).resolve().parents[1]
BEFORE, AFTER = range(2018, 2021), range(2021, 2024)


def ours(figures) -> dict[str, np.ndarray]:
    near = figures.neighbour_matrix("main")
    return {
        name: placebos(rates[BEFORE].to_numpy(), rates[AFTER].to_numpy(), near).difference
        for name, rates in (
            (name, figures.rates(name).loc[figures.authorities]) for name in ("cpp_31march", "cla_31march")
        )
    }


def loop(figures) -> dict[str, np.ndarray]:
    near, found = figures.neighbour_matrix("main"), {}
    for name in ("cpp_31march", "cla_31march"):
        rates = figures.rates(name).loc[figures.authorities, [*BEFORE, *AFTER]]
        long = rates.reset_index().melt("area_code", var_name="year", value_name="rate")
        long["after"] = long["year"].isin(AFTER).astype(int)
        effects = []
        for i, code in enumerate(figures.authorities):
            rows = long[long["area_code"].isin([code, *figures.authorities[near[i]]])]
            rows = rows.assign(council=(rows["area_code"] == code).astype(int))
            effects.append(smf.ols("rate ~ council * after", rows).fit().params["council:after"])
        found[name] = np.array(effects)
    return found


def timed(what, figures) -> tuple[float, dict[str, np.ndarray]]:
    start = time.perf_counter()
    result = what(figures)
    return time.perf_counter() - start, result


def main() -> None:
    figures = read_folder(ROOT / "data/made_up_country")
    figures.rates("cpp_31march")  # both ways find the table ready
    ratios = []
    for _ in range(3):
        (mine, a), (theirs, b) = timed(ours, figures), timed(loop, figures)
        ratios.append(mine / theirs)
        print(pd.Series({"one call": mine, "loop over statsmodels": theirs, "ratio": mine / theirs}).round(4).to_dict())
        assert all(np.allclose(a[name], b[name]) for name in a), "both ways must give the same differences"
    print(f"median ratio {np.median(ratios):.4f} (2 measures × {len(figures.authorities)} authorities)")


if __name__ == "__main__":
    main()
