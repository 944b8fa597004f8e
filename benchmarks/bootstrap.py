"""The family bootstrap of the saving, side by side with scipy's and with the naive loop, and at a million children.

    python benchmarks/bootstrap.py            all of it (about a minute on two cores)
    python benchmarks/bootstrap.py --quick    10,000 draws at the size of Slough, and a quarter of a million children

All run in one process on the same made-up data. Ratios are steadier than seconds. The naive loop is timed on fewer
draws and scaled up; its result is compared on those.
"""

import argparse
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
from scipy import stats

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "lib"), str(ROOT / "tests")]

from costs_support import MEASURES, random_frame  # noqa: E402
from stepdown.costs.cases import Case  # noqa: E402
from stepdown.costs.simulation import simulate  # noqa: E402
from stepdown.costs.unit_costs import CostRange, Tariffs, read_book  # noqa: E402
from stepdown.costs.volumes import Volumes, volumes  # noqa: E402

DRAWS = 10_000
IDS = ("cin_day", "cp_day", "cla_day", "referral")


def tariffs(spread=None):
    book = read_book(ROOT / "params/unit_costs/rr1038.yaml", ROOT)
    costs = tuple(book.cost(name) for name in IDS)
    if spread is not None:
        costs = tuple(cost.model_copy(update={"range": spread}) for cost in costs)
    return Tariffs(MEASURES, IDS, costs, tuple(cost.value for cost in costs))


def best_of(times, work):
    found = []
    for _ in range(times):
        start = time.perf_counter()
        result = work()
        found.append(time.perf_counter() - start)
    return min(found), result


def in_turn(times, *works):
    """Return (best seconds, last result) of each, run in turn so that a busy machine treats them alike."""
    best = [(np.inf, None)] * len(works)
    for _ in range(times):
        for i, work in enumerate(works):
            seconds, result = best_of(1, work)
            best[i] = (min(best[i][0], seconds), result)
    return best


def slough_size():
    """One child a family, 78 and 116 of them, difference in differences, fixed unit costs: what scipy can do too."""
    frame = random_frame(1, (78, 116), largest=1)
    data = volumes(frame, MEASURES)
    fixed = tariffs(CostRange(shape="fixed", because="benchmark"))
    prices = np.array(fixed.values)
    case = Case(data, prices, 501_597.0, 1.0)
    change = (data.after - data.before) @ prices
    groups = (change[~data.in_programme], change[data.in_programme])

    def ours():
        return simulate(case, fixed, ("did",), DRAWS, np.random.default_rng(1)).saving["did"]

    def everything():
        return simulate(case, tariffs(), ("did", "ancova"), DRAWS, np.random.default_rng(1)).saving["did"]

    def scipys():
        return stats.bootstrap(
            groups,
            lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis),
            n_resamples=DRAWS,
            vectorized=True,
            method="percentile",
            rng=np.random.default_rng(1),
        ).bootstrap_distribution

    days = (data.after - data.before)[:, :3].sum(axis=1)
    both = [np.array([change[flag], days[flag]]) for flag in (~data.in_programme, data.in_programme)]
    rows = tuple(np.arange(flag.sum()) for flag in (~data.in_programme, data.in_programme))

    def scipys_same():
        return stats.bootstrap(
            rows,
            lambda a, b, axis: both[0][:, a].mean(axis=axis) - both[1][:, b].mean(axis=axis),
            n_resamples=DRAWS,
            vectorized=True,
            method="percentile",
            rng=np.random.default_rng(1),
        ).bootstrap_distribution

    def naive(draws=200):
        rng = np.random.default_rng(1)
        found = []
        one, nil = frame[frame["in_programme"]], frame[~frame["in_programme"]]
        for _ in range(draws):
            means = []
            for group in (nil, one):
                drawn = group.sample(len(group), replace=True, random_state=rng)
                cost = sum(
                    p * (drawn[f"{m}_after"] - drawn[f"{m}_before"]) for m, p in zip(MEASURES, prices, strict=True)
                )
                means.append(cost.mean())
            found.append(means[0] - means[1])
        return np.array(found)

    (ours_s, a), (all_s, _), (scipy_s, b), (same_s, c2) = in_turn(15, ours, everything, scipys, scipys_same)
    naive_s, c = best_of(1, naive)
    naive_s *= DRAWS / len(c)
    se = a.std()
    agree = abs(a.mean() - b.mean()) < 5 * se * np.sqrt(2 / DRAWS) and abs(a.std() / b.std() - 1) < 0.05
    assert abs(c2[0].mean() - a.mean()) < 5 * se * np.sqrt(2 / DRAWS)
    assert agree, "ours and scipy's do not agree"
    assert abs(a.mean() - c.mean()) < 5 * se / np.sqrt(len(c)), "ours and the loop do not agree"
    return {
        "draws": DRAWS,
        "children": len(frame),
        "ours_saving_and_days_s": round(ours_s, 4),
        "ours_both_ends_and_random_unit_costs_s": round(all_s, 4),
        "scipy_saving_only_s": round(scipy_s, 4),
        "scipy_saving_and_days_s": round(same_s, 4),
        "naive_loop_s": round(naive_s, 1),
        "scipy_same_work_over_ours": round(same_s / ours_s, 2),
        "scipy_saving_only_over_ours": round(scipy_s / ours_s, 2),
        "loop_over_ours": round(naive_s / ours_s),
    }


def whole(rng, families):
    """Whole families of both groups, without a frame."""
    members = rng.integers(1, 4, families)
    family = np.repeat(np.arange(families), members)
    n = len(family)
    in_programme = family % 2 == 0
    some = rng.random((n, 4)) < 0.2
    before = rng.integers(0, 184, (n, 4)) * some
    after = np.floor(before * rng.random((n, 4)) + rng.integers(0, 40, (n, 4)) * (rng.random((n, 4)) < 0.2))
    return Volumes(MEASURES, before.astype(float), after, in_programme, family, np.ones(n), np.full(n, np.nan))


def large(children):
    prices = tariffs()
    case = Case(whole(np.random.default_rng(3), children // 2), np.array(prices.values), 1e6, float(children))
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    result = simulate(case, prices, ("did", "ancova"), DRAWS, np.random.default_rng(1))
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "children": children,
        "seconds": round(seconds, 2),
        "more_peak_memory_mb": round((peak - rss) / 1024),
        "saving_per_child_mean": {e: round(float(v.mean()) / children, 3) for e, v in result.saving.items()},
        "saving_per_child_sd": {e: round(float(v.std()) / children, 4) for e, v in result.saving.items()},
    }


def agreement(children=20_000):
    """The normal form against the counted one on the same data, where both can be done."""
    prices = tariffs()
    data = whole(np.random.default_rng(3), children // 2)
    case = Case(data, np.array(prices.values), 1e6, float(len(data.weight)))
    rows = {}
    for name, limit in (("counted", 10**9), ("normal", 2)):
        seconds, run = best_of(
            1,
            lambda limit=limit: simulate(
                case, prices, ("did", "ancova"), 2_000, np.random.default_rng(5), counted_up_to=limit
            ),
        )
        rows[name] = {"seconds": round(seconds, 3)} | {
            e: [round(float(x)) for x in (v.mean(), v.std(), *np.quantile(v, [0.025, 0.975]))]
            for e, v in run.saving.items()
        }
    return {"children": len(data.weight), "mean, sd, low, high of the saving": rows}


if __name__ == "__main__":
    quick = argparse.ArgumentParser()
    quick.add_argument("--quick", action="store_true")
    sizes = (250_000,) if quick.parse_args().quick else (250_000, 1_000_000)
    report = {
        "size_of_slough": slough_size(),
        "forms_agree": agreement(),
        "large": [large(children) for children in sizes],
    }
    print(json.dumps(report, indent=1))
