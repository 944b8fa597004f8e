"""How alike the two groups were before: standardised differences, never p values (Austin 2009; Stuart 2010).

One denominator throughout: the pooled standard deviation of the two groups, unweighted, and kept the same when
weights are applied, so that a change in the figure is a change in the means.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from stepdown.effects.comparison import Bools, Floats
from stepdown.effects.estimates import NAN
from stepdown.measures import RUNGS, of_column
from stepdown.params.effects import EffectSettings
from stepdown.tables import AggregateTable, Column, Role

ALL_CATEGORIES = "all categories"


def standardised_difference(values: Floats, programme: Bools, weights: Floats | None = None) -> float:
    """Return the standardised mean difference of a number or a flag among known values, programme minus comparison.

    Divided by the pooled unweighted standard deviation, sqrt((s1² + s0²) / 2); a flag's is sqrt(p (1 - p)).
    0.0 when nothing varies and the means agree; NaN when nothing varies and they do not.
    """
    first, second = _known(values, programme), _known(values, ~programme)
    if len(first) < 2 or len(second) < 2:
        return NAN
    flag = _is_flag(np.concatenate([first, second]))
    pooled = math.sqrt((_variance(first, flag) + _variance(second, flag)) / 2)
    gap = _mean(values, programme, weights) - _mean(values, ~programme, weights)
    if pooled == 0:
        return 0.0 if gap == 0 else NAN
    return gap / pooled


def variance_ratio(values: Floats, programme: Bools) -> float:
    """Return the variance of the programme group over that of the comparison group; NaN for flags and constants."""
    first, second = _known(values, programme), _known(values, ~programme)
    if _is_flag(np.concatenate([first, second])) or min(len(first), len(second)) < 2 or second.var() == 0:
        return NAN
    return float(first.var(ddof=1) / second.var(ddof=1))


def categorical_difference(first: Floats, second: Floats) -> float:
    """Return the standardised difference of a variable with several categories, from counts (Yang & Dalton 2012).

    first, second: counts of each category in the two groups, same shape. Never negative. NaN when a group is empty
    or the categories tell the groups apart completely.
    """
    if first.sum() == 0 or second.sum() == 0:
        return NAN
    used = (first + second) > 0
    p, q = (first / first.sum())[used][1:], (second / second.sum())[used][1:]
    if len(p) == 0:
        return 0.0
    spread = (np.diag(p) - np.outer(p, p) + np.diag(q) - np.outer(q, q)) / 2
    if np.linalg.matrix_rank(spread) < len(p):
        return NAN
    return float(np.sqrt((p - q) @ np.linalg.solve(spread, p - q)))


LOTTERY = "95% of differences if children were allocated at random one by one; with siblings they are larger."


def chance_band(n_programme: int, n_comparison: int, *, level: float = 0.95) -> float:
    """Return how far from zero a standardised difference goes by chance alone, in a perfect lottery of children."""
    return float(stats.norm.ppf(0.5 + level / 2) * math.sqrt(1 / n_programme + 1 / n_comparison))


def wwc_band(difference: float) -> str:
    """Return the What Works Clearinghouse reading of a standardised difference (Standards Handbook 5.0, 2022)."""
    if math.isnan(difference):
        return "not defined"
    if abs(difference) <= 0.05:
        return "alike"
    return "alike only with adjustment" if abs(difference) <= 0.25 else "not alike"


@dataclass(frozen=True, slots=True)
class _Groups:
    programme: Bools
    weights: Floats | None
    band: float


def balance_table(frame: pd.DataFrame, settings: EffectSettings, *, weights: Floats | None = None) -> AggregateTable:
    """Return ``balance``: one row is a variable, or one category of it.

    A text, category or status variable has a row "all categories" (Yang & Dalton's difference among known values)
    and one for each category; a number or a flag has one row, with an empty category. Missing values never make a
    category: ``percent_missing_*`` says how many there are, and ``smd_missing`` whether the groups differ in that.
    weights: one a child (comparison children reweighted), for ``smd_weighted``; without them it is NaN.

    >>> balance_table(children, options).frame[["characteristic", "smd", "reading"]].head(2).round(2)
                      characteristic   smd                     reading
    0                    Age (years) -0.08  alike only with adjustment
    1  Children in the sibling group  1.14                   not alike
    """
    programme = frame["in_programme"].to_numpy(dtype=np.bool_)
    groups = _Groups(programme, weights, chance_band(int(programme.sum()), int((~programme).sum())))
    rows: list[dict[str, object]] = []
    for variable in settings.balance_variables:
        rows += (
            _categories(frame[variable], groups)
            if _is_category(frame[variable])
            else [_number(frame[variable], groups)]
        )
    columns = _columns()
    return AggregateTable.of_rows("balance", "variable, or category of it", columns, rows)


def _is_category(values: pd.Series) -> bool:
    return _is_ladder(values) or not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values))


def _is_ladder(values: pd.Series) -> bool:
    return of_column(str(values.name)).kind == "ladder"


def _number(values: pd.Series, groups: _Groups) -> dict[str, object]:
    numbers = values.astype("float64").to_numpy()
    if values.name == "age_years":
        numbers = np.where(numbers < 0, 0.0, numbers)  # not yet born at the start
    weighted = standardised_difference(numbers, groups.programme, groups.weights) if groups.weights is not None else NAN
    return _row(str(values.name), "", numbers, groups, standardised_difference(numbers, groups.programme), weighted)


def _categories(values: pd.Series, groups: _Groups) -> list[dict[str, object]]:
    if _is_ladder(values):
        values = values.map(dict(enumerate(RUNGS))).astype("str").rename(values.name)
    known = values.notna().to_numpy()
    levels = [s for s in RUNGS if (values == s).any()] if _is_ladder(values) else None
    levels = levels or sorted(str(level) for level in values[known].unique())
    flags = {
        level: np.where(known, (values.astype("str") == level).to_numpy(dtype=np.float64), np.nan) for level in levels
    }
    counts = np.array([[np.nansum(flags[x][arm]) for x in levels] for arm in (groups.programme, ~groups.programme)])
    weighted = NAN
    if groups.weights is not None:
        sums = [
            [np.nansum((flags[x] * groups.weights)[arm]) for x in levels]
            for arm in (groups.programme, ~groups.programme)
        ]
        weighted = categorical_difference(np.array(sums[0]), np.array(sums[1]))
    whole = np.where(known, 1.0, np.nan)
    first = _row(
        str(values.name), ALL_CATEGORIES, whole, groups, categorical_difference(counts[0], counts[1]), weighted
    )
    first |= {"mean_programme": NAN, "mean_comparison": NAN, "sd_programme": NAN, "sd_comparison": NAN}
    return [first] + [
        _row(
            str(values.name),
            level,
            flag,
            groups,
            standardised_difference(flag, groups.programme),
            standardised_difference(flag, groups.programme, groups.weights) if groups.weights is not None else NAN,
        )
        for level, flag in flags.items()
    ]


def _row(
    variable: str, category: str, values: Floats, groups: _Groups, smd: float, weighted: float
) -> dict[str, object]:
    first, second = _known(values, groups.programme), _known(values, ~groups.programme)
    missing = np.isnan(values).astype(np.float64)
    flag = _is_flag(np.concatenate([first, second]))
    counted = flag and category != ALL_CATEGORIES
    return {
        "variable": variable,
        "characteristic": of_column(variable).title,
        "category": category,
        "children_programme": first.sum() if counted else NAN,
        "children_comparison": second.sum() if counted else NAN,
        "smd": smd,
        "smd_weighted": weighted,
        "chance_low": -groups.band,
        "chance_high": groups.band,
        "reading": wwc_band(smd),
        "variance_ratio": variance_ratio(values, groups.programme),
        "mean_programme": first.mean() if len(first) else NAN,
        "sd_programme": math.sqrt(_variance(first, flag)) if len(first) > 1 else NAN,
        "mean_comparison": second.mean() if len(second) else NAN,
        "sd_comparison": math.sqrt(_variance(second, flag)) if len(second) > 1 else NAN,
        "n_programme": len(first),
        "n_comparison": len(second),
        "missing_programme": int(missing[groups.programme].sum()),
        "missing_comparison": int(missing[~groups.programme].sum()),
        "smd_missing": standardised_difference(missing, groups.programme),
    }


def _known(values: Floats, arm: Bools) -> Floats:
    mine = values[arm]
    return mine[~np.isnan(mine)]


def _is_flag(values: Floats) -> bool:
    return bool(np.isin(values, (0.0, 1.0)).all())


def _variance(values: Floats, flag: bool) -> float:
    share = float(values.mean())
    return share * (1 - share) if flag else float(values.var(ddof=1))


def _mean(values: Floats, arm: Bools, weights: Floats | None) -> float:
    mine = values[arm]
    known = ~np.isnan(mine)
    return float(np.average(mine[known], weights=None if weights is None else weights[arm][known]))


def _columns() -> dict[str, Column]:
    both = ("children_programme", "children_comparison", "n_programme", "n_comparison")
    lost = ("missing_programme", "missing_comparison")
    return {
        "variable": Column("Variable", Role.KEY, about="What is compared: a column of the child outcomes."),
        "characteristic": Column("Characteristic", Role.KEY, about="The same in words."),
        "category": Column("Category", Role.KEY, about="Empty for a number."),
        "children_programme": Column(
            "Programme, children in the category", Role.COUNT, "children", 0, about="Empty for a number."
        ),
        "children_comparison": Column(
            "Comparison, children in the category", Role.COUNT, "children", 0, about="Empty for a number."
        ),
        "smd": Column(
            "Standardised difference", Role.DERIVED, "", 2, both, "Programme minus comparison, known values."
        ),
        "smd_weighted": Column("After weighting", Role.DERIVED, "", 2, both, "Same denominator; empty: no weights."),
        "chance_low": Column("Chance, from", Role.DERIVED, "", 2, both, LOTTERY),
        "chance_high": Column("Chance, to", Role.DERIVED, "", 2, both, LOTTERY),
        "reading": Column("Reading", Role.DERIVED, "", None, both, "What Works Clearinghouse bands."),
        "variance_ratio": Column("Variance ratio", Role.DERIVED, "", 2, both, "Programme over comparison."),
        "mean_programme": Column("Programme, mean", Role.DERIVED, "", 2, both, "Mean, or share of a category."),
        "sd_programme": Column("Programme, SD", Role.DERIVED, "", 2, both, "Standard deviation."),
        "mean_comparison": Column("Comparison, mean", Role.DERIVED, "", 2, both, "Mean, or share of a category."),
        "sd_comparison": Column("Comparison, SD", Role.DERIVED, "", 2, both, "Standard deviation."),
        "n_programme": Column("Programme, known", Role.BASE, "children", 0, about="Children with a known value."),
        "n_comparison": Column("Comparison, known", Role.BASE, "children", 0, about="Children with a known value."),
        "missing_programme": Column("Programme, unknown", Role.COUNT, "children", 0, about="Value unknown."),
        "missing_comparison": Column("Comparison, unknown", Role.COUNT, "children", 0, about="Value unknown."),
        "smd_missing": Column("Difference in unknowns", Role.DERIVED, "", 2, lost, "Of the share unknown."),
    }
