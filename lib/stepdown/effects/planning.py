"""Before there is data: how small a difference an evaluation with so many families could find.

The outcome is whether a child has a status in the period; support keeps some of those children from it who would have
had it. The variance is that of the two groups' own shares, with children of one family alike and the period after like
the one before; the smallest difference is where (t for the test + t for the power) × standard error reaches it (Bloom
1995, doi 10.1177/0193841X9501900504; cluster sizes: Eldridge et al. 2006, doi 10.1093/ije/dyl129). A small simulation
with the workbook's own estimators says whether so many studies find it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import Field
from scipy import optimize, stats

from stepdown.effects.bracketing import estimated
from stepdown.effects.comparison import Comparison, compare
from stepdown.effects.estimates import NAN, POWER
from stepdown.params import find_file, read_yaml
from stepdown.params.base import Settings, Text
from stepdown.params.effects import BRACKET, DIFFERENCE_IN_DIFFERENCES
from stepdown.params.loading import build


class PlanFamilies(Settings):
    """Families in each group."""

    programme: int = Field(ge=2)
    comparison: int = Field(ge=2)


class PlanSettings(Settings):
    """What is known or supposed before an evaluation (``params/plan.yaml``).

    families: in each group.  children_per_family: mean number of children of a family in the study.
    share_with_status: of the children, in the period, without the programme.
    alike_in_family: correlation of the status between two children of one family (0: none).
    alike_before_after: correlation of a child's status before and after.
    power: share of studies that are to find the difference.  simulated_studies: for the check.
    """

    title: Text
    families: PlanFamilies
    children_per_family: float = Field(default=1.5, ge=1, le=10)
    share_with_status: float = Field(gt=0, lt=1)
    alike_in_family: float = Field(default=0.3, ge=0, lt=1)
    alike_before_after: float = Field(default=0.5, ge=0, lt=1)
    power: float = Field(default=POWER, gt=0.5, lt=1)
    confidence_level: float = Field(default=0.95, gt=0.5, lt=1)
    simulated_studies: int = Field(default=400, ge=50, le=20_000)
    seed: int = Field(default=1, ge=0)


@dataclass(frozen=True, slots=True)
class Planned:
    """The smallest difference of one estimator.

    difference: in the share of children with the status, as a positive number; NaN where even no child left with it
    would not be found.  found: share of the simulated studies that found it (NaN: not simulated).
    """

    estimator: str
    difference: float
    found: float = NAN


def load_plan(path: str | Path) -> PlanSettings:
    """Return the plan in a file; raises Refused with every fault of it."""
    file = find_file(path, what="plan")
    return build(read_yaml(file), PlanSettings, where=file.name)


def smallest_difference(plan: PlanSettings, estimator: str, *, times: float = 1.0) -> float:
    """Return the smallest difference with ``times`` the families; NaN where there is none."""
    df = times * (plan.families.programme + plan.families.comparison) - 1
    reach = float(stats.t.ppf(0.5 + plan.confidence_level / 2, df) + stats.t.ppf(plan.power, df))
    most = plan.share_with_status * (1 - 1e-9)

    def lacking(difference: float) -> float:
        return difference - reach * standard_error(plan, estimator, difference, times=times)

    if lacking(most) < 0:
        return NAN
    return float(optimize.brentq(lacking, 0.0, most))


def standard_error(plan: PlanSettings, estimator: str, difference: float, *, times: float = 1.0) -> float:
    """Return the standard error of an estimator when support takes ``difference`` off the share."""
    share, alike, same = plan.share_with_status, plan.alike_in_family, plan.alike_before_after
    spread, left = share * (1 - share), 1 - difference / share
    own = plan.families
    slope = 1.0
    if estimator != DIFFERENCE_IN_DIFFERENCES:
        slope = same * (own.programme * left + own.comparison) / (own.programme + own.comparison)
    more = (plan.children_per_family - 1) / plan.children_per_family + plan.children_per_family - 1
    variance = 0.0
    for families, kept in ((own.programme, left), (own.comparison, 1.0)):
        after = share * kept * (1 - share * kept)
        one = after - 2 * slope * kept * same * spread + slope**2 * spread
        pair = alike * spread * (kept**2 - 2 * slope * kept * same + slope**2)
        variance += (one + pair * more) / (times * families * plan.children_per_family)
    return float(np.sqrt(variance))


def simulated(plan: PlanSettings, difference: float, rng: np.random.Generator) -> Comparison:
    """Return one study in which support takes ``difference`` off the share of its children with the status.

    Sizes of families are 1 and a Poisson number more. A family has one coin, children their own; a child takes the
    family's with the square root of their likeness; the period after copies the one before, family by family, with
    their likeness.
    """
    own = plan.families
    programme_family = np.arange(own.programme + own.comparison) < own.programme
    sizes = 1 + rng.poisson(plan.children_per_family - 1, programme_family.size)
    family = np.repeat(np.arange(sizes.size), sizes)
    before, fresh = (_status(plan, family, sizes.size, rng) for _ in range(2))
    after = np.where((rng.random(sizes.size) < plan.alike_before_after)[family], before, fresh)
    kept_from_it = programme_family[family] & (rng.random(family.size) < difference / plan.share_with_status)
    return compare(before, np.where(kept_from_it, 0.0, after), programme_family[family], family)


def planned(plan: PlanSettings) -> list[Planned]:
    """Return the smallest difference of both ends of the bracket, each with the share of studies that found it."""
    rng, result = np.random.default_rng(plan.seed), []
    for estimator in BRACKET:
        difference = smallest_difference(plan, estimator)
        if np.isnan(difference):
            result.append(Planned(estimator, difference))
            continue
        studies = (simulated(plan, difference, rng) for _ in range(plan.simulated_studies))
        found = [estimated(study, estimator, level=plan.confidence_level) for study in studies]
        told = [item.ci_high < 0 or item.ci_low > 0 for item in found]
        result.append(Planned(estimator, difference, float(np.mean(told))))
    return result


def _status(plan: PlanSettings, family: np.ndarray, n_families: int, rng: np.random.Generator) -> np.ndarray:
    shared = rng.random(family.size) < np.sqrt(plan.alike_in_family)
    coin = rng.random(n_families) < plan.share_with_status
    return np.where(shared, coin[family], rng.random(family.size) < plan.share_with_status).astype(np.float64)
