"""Judges of the money, apart from stepdown: writes costs_children.csv and costs_scipy.json beside itself.

    python tests/oracles/costs.py

costs_children.csv: one row a made-up child (seeded), families of one to three.  costs_scipy.json: the family bootstrap
of the saving per child by scipy.stats.bootstrap on family numbers, fixed unit costs; and the acceptability curve of a
bivariate normal in closed form.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import scipy
from scipy import stats

HERE = Path(__file__).parent
TARIFFS = {"days_cin": 9.32, "days_cp": 10.21, "days_cla": 160.72, "referrals": 223.0}


def made_up_children(seed=11):
    rng = np.random.default_rng(seed)
    rows = []
    for group, families in ((1, 70), (0, 90)):
        for family in range(families):
            shared = rng.random()
            for _ in range(rng.integers(1, 4)):
                some = rng.random(4) < 0.25 + 0.5 * shared
                before = rng.integers(0, 185, 4) * some
                keep = rng.random(4) * (0.8 if group else 1.0)
                after = np.floor(before * keep + rng.integers(0, 60, 4) * (rng.random(4) < 0.3))
                before[3], after[3] = before[3] % 3, after[3] % 2
                before[2], after[2] = before[2] // 6, after[2] // 6
                rows.append((group, f"{group}{family:03d}", *before, *after))
    names = [f"{m}_{p}" for p in ("before", "after") for m in TARIFFS]
    return pd.DataFrame(rows, columns=["in_programme", "family_id", *names])


def scipy_bootstrap(children):
    cost = {p: sum(t * children[f"{m}_{p}"] for m, t in TARIFFS.items()) for p in ("before", "after")}
    frame = children.assign(x=cost["before"], y=cost["after"])
    frame = frame.assign(n=1.0, xx=frame.x**2, xy=frame.x * frame.y)
    sums = {
        g: frame[frame.in_programme == g].groupby("family_id")[["n", "x", "y", "xx", "xy"]].sum().to_numpy()
        for g in (1, 0)
    }

    def did(a, b, axis=-1):
        one, nil = sums[1][a].sum(axis=axis - 1), sums[0][b].sum(axis=axis - 1)
        return (nil[..., 2] - nil[..., 1]) / nil[..., 0] - (one[..., 2] - one[..., 1]) / one[..., 0]

    def ancova(a, b, axis=-1):
        one, nil = sums[1][a].sum(axis=axis - 1), sums[0][b].sum(axis=axis - 1)
        sxx = sum(g[..., 3] - g[..., 1] ** 2 / g[..., 0] for g in (one, nil))
        sxy = sum(g[..., 4] - g[..., 1] * g[..., 2] / g[..., 0] for g in (one, nil))
        gap = nil[..., 2] / nil[..., 0] - one[..., 2] / one[..., 0]
        return gap - sxy / sxx * (nil[..., 1] / nil[..., 0] - one[..., 1] / one[..., 0])

    families = (np.arange(len(sums[1])), np.arange(len(sums[0])))
    result = {}
    for name, statistic in (("did", did), ("ancova", ancova)):
        found = stats.bootstrap(
            families, statistic, n_resamples=20_000, vectorized=True, method="percentile", rng=np.random.default_rng(5)
        )
        result[name] = {
            "estimate": float(statistic(*families)),
            "se": float(found.standard_error),
            "ci": [float(found.confidence_interval.low), float(found.confidence_interval.high)],
        }
    return result


def normal_acceptability():
    """P(wtp × effect − cost > 0) for (effect, cost) bivariate normal: Φ of mean over standard deviation."""
    mean, sd, rho = (20.0, 900.0), (8.0, 400.0), -0.4
    curve = {}
    for wtp in (0, 10, 25, 45, 60, 100, 200):
        middle = wtp * mean[0] - mean[1]
        spread = np.sqrt((wtp * sd[0]) ** 2 + sd[1] ** 2 - 2 * wtp * rho * sd[0] * sd[1])
        curve[str(wtp)] = float(stats.norm.cdf(middle / spread))
    return {"mean": mean, "sd": sd, "rho": rho, "curve": curve}


if __name__ == "__main__":
    children = made_up_children()
    children.to_csv(HERE / "costs_children.csv", index=False, lineterminator="\n")
    answer = {
        "scipy": scipy.__version__,
        "numpy": np.__version__,
        "bootstrap": scipy_bootstrap(children),
        "normal": normal_acceptability(),
    }
    (HERE / "costs_scipy.json").write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")
