"""How often the months are right: 400 simulated studies of 75 + 113 children in each world of known trends.

.venv/bin/python -m benchmarks.months            # 400 studies a world (a few minutes)
.venv/bin/python -m benchmarks.months 100        # fewer
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from stepdown.months import Smooth, event_study
from stepdown.months.tables import widened
from stepdown.windows import around, close_spells, days_in, merge_spells, month_numbers, observe, positions

from data.generators import trends

PROGRAMME, COMPARISON = 75, 113
NUMBERS = month_numbers()
BEFORE = NUMBERS < 0
REFERENCE = BEFORE & (NUMBERS >= -6)
MONTHS_BEFORE = tuple(range(-6, 0))


@dataclass(frozen=True)
class Drawn:
    """Days on a plan of each child by month, and who is observed."""

    value: np.ndarray
    seen: np.ndarray
    programme: np.ndarray
    family: np.ndarray


@dataclass(frozen=True)
class Judged:
    """One row per study; covered and estimates: a column a month."""

    estimates: np.ndarray
    covered: np.ndarray
    in_band: np.ndarray
    rejected: np.ndarray
    difference_excludes: np.ndarray
    line_holds: np.ndarray
    line_excludes: np.ndarray
    bent_holds: np.ndarray


def drawn(world: str, seed: int) -> Drawn:
    made = trends.make(world, seed, PROGRAMME, COMPARISON)
    children, spells = made["children"], made["spells"]
    plans = spells[spells["status"] == "CP"]
    merged = merge_spells(
        positions(children["child_id"], plans["child_id"]),
        plans["start_date"].to_numpy(),
        close_spells(plans["end_date"].to_numpy(), trends.LAST_DATE),
    )
    period = around(children["start_date"].to_numpy(), children["end_date"].to_numpy())
    seen = observe(period, last_date=trends.LAST_DATE, birth_date=children["birth_date"].to_numpy()).observable
    programme = (children["group"] == trends.PROGRAMME).to_numpy()
    family = np.unique(children["family_id"], return_inverse=True)[1]
    return Drawn(days_in(period, merged).astype(float), seen, programme, family)


def truth(world: str) -> np.ndarray:
    """Return what the event study estimates in each month."""
    return np.array([trends.truth(world, number, MONTHS_BEFORE) for number in NUMBERS.tolist()])


def effect(world: str) -> float:
    """Return the mean effect over the months after."""
    if world not in trends.EFFECT:
        return 0.0
    return float(np.mean([trends.truth(world, number, (-1,)) for number in range(1, 13)]))


def judged(world: str, studies: int) -> Judged:
    true, mean_effect, rows = truth(world), effect(world), []
    for seed in range(studies):
        own = drawn(world, seed)
        found = event_study(own.value, own.seen, own.programme, own.family, REFERENCE)
        low, high = found.intervals()
        band_low, band_high = found.band()
        _, least, most = found.average(~BEFORE)
        smooth = widened(event_study(own.value, own.seen, own.programme, own.family, NUMBERS == -1), BEFORE,
                         trends.SUPPORT_MONTHS)  # fmt: skip
        line, bent = (_interval(smooth, m) for m in (0.0, trends.BEND * trends.MONTH))
        rows.append(
            (
                found.estimate,
                (low <= true) & (true <= high),
                ((band_low <= true) & (true <= band_high)).all(),
                found.joint(BEFORE)[2] < 0.05,
                least > 0 or most < 0,
                line[0] <= mean_effect <= line[1],
                line[0] > 0 or line[1] < 0,
                bent[0] <= mean_effect <= bent[1],
            )
        )
    return Judged(*(np.array(column) for column in zip(*rows, strict=True)))


def _interval(smooth: Smooth | None, m: float) -> tuple[float, float]:
    found = smooth.interval(m) if smooth else None
    return (found.ci_low, found.ci_high) if found else (float("nan"), float("nan"))


def main(studies: int) -> None:
    print(f"{studies} studies of {PROGRAMME} + {COMPARISON} children; per cent of studies (months: mean, least, most)")
    for world in trends.WORLDS:
        found = judged(world, studies)
        months = 100 * found.covered.mean(axis=0)
        print(
            f"   {world:10} month's interval holds {months.mean():.1f} ({months.min():.1f} to {months.max():.1f}); "
            f"band holds all {100 * found.in_band.mean():.1f}; joint test finds {100 * found.rejected.mean():.1f}; "
            f"average excludes nought {100 * found.difference_excludes.mean():.1f}; line that goes on: holds "
            f"{100 * found.line_holds.mean():.1f}, excludes nought {100 * found.line_excludes.mean():.1f}; "
            f"slope changes by {trends.BEND * trends.MONTH:.2f} days: holds {100 * found.bent_holds.mean():.1f}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
