"""Proportions of small samples: intervals of Wilson, Clopper and Pearson, and Newcombe; exact tests; Holm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Limits = tuple[float, float]
NONE: Limits = (float("nan"), float("nan"))


def share(count: int, files: int) -> float:
    """Return count / files, NaN for no files."""
    return count / files if files else float("nan")


def wilson(count: int, files: int, confidence: float) -> Limits:
    """Return Wilson's score interval for a proportion, (NaN, NaN) for no files.

    Newcombe (1998a), Statistics in Medicine 17:857-872, method 3.
    """
    from statsmodels.stats.proportion import proportion_confint

    if not files:
        return NONE
    low, high = proportion_confint(count, files, alpha=1 - confidence, method="wilson")
    return max(0.0, float(low)), min(1.0, float(high))


def clopper_pearson(count: float, files: float, confidence: float) -> Limits:
    """Return Clopper and Pearson's exact interval for a proportion (Biometrika 26:404-413, 1934)."""
    from statsmodels.stats.proportion import proportion_confint

    if not files:
        return NONE
    low, high = proportion_confint(count, files, alpha=1 - confidence, method="beta")
    return float(low), float(high)


def newcombe(later: tuple[int, int], earlier: tuple[int, int], confidence: float) -> Limits:
    """Return Newcombe's hybrid score interval for the difference later − earlier, each (count, files).

    Newcombe (1998b), Statistics in Medicine 17:873-890, method 10. statsmodels' "score" interval is not used: it
    fails on small tables (its issue 10269).
    """
    from statsmodels.stats.proportion import confint_proportions_2indep

    if not later[1] or not earlier[1]:
        return NONE
    low, high = confint_proportions_2indep(*later, *earlier, method="newcomb", compare="diff", alpha=1 - confidence)
    return float(low), float(high)


def boschloo(later: tuple[int, int], earlier: tuple[int, int]) -> float:
    """Return the two-sided p value of Boschloo's exact test: twice the smaller one-sided p, at most 1.

    Boschloo (1970), Statistica Neerlandica 24:1-35. Uniformly at least as powerful as Fisher's exact test, whose
    p value is its statistic. NaN for no files; 1 where both samples are all evidence or all none.
    """
    from scipy.stats import boschloo_exact

    (x, n), (y, m) = later, earlier
    if not n or not m:
        return float("nan")
    if x + y in (0, n + m):
        return 1.0
    table = np.array([[x, y], [n - x, m - y]])
    one_sided = [float(boschloo_exact(table, alternative=side).pvalue) for side in ("less", "greater")]
    return min(1.0, 2 * min(one_sided))


def fisher(later: tuple[int, int], earlier: tuple[int, int]) -> float:
    """Return the two-sided p value of Fisher's exact test, as most reports give it; NaN for no files."""
    from scipy.stats import fisher_exact

    (x, n), (y, m) = later, earlier
    return float(fisher_exact(np.array([[x, y], [n - x, m - y]])).pvalue) if n and m else float("nan")


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values corrected for their number by Holm (1979); a NaN stays NaN and is not counted."""
    p = np.asarray(p_values, dtype="float64")
    order = np.argsort(p, kind="stable")[: int((~np.isnan(p)).sum())]  # NaN sort last
    corrected = np.full(p.shape, np.nan)
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)), 1.0)
    return [float(value) for value in corrected]
