"""Agreement coefficients between reviewers, for any number of reviewers and with gaps (NumPy core).

Ratings are an array of files × reviewers with category numbers 0 … q−1 and −1 for no rating. Every function takes
``times``: an array of draws × files with how often each file counts, so that one call gives the coefficient
(times all 1) or all bootstrap draws. Results have one value a draw; NaN where a coefficient is not defined.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Weights = Literal["identity", "linear", "quadratic"]


def weight_matrix(categories: int, kind: Weights) -> Array:
    """Return q × q agreement weights: 1 on the diagonal, less the further two answers lie apart."""
    place = np.arange(categories, dtype="float64")
    apart = np.abs(place[:, None] - place[None, :]) / max(categories - 1, 1)
    if kind == "identity":
        return np.eye(categories)
    return 1 - (apart if kind == "linear" else apart**2)


def tally(ratings: NDArray[np.int64], categories: int) -> Array:
    """Return files × q: how many reviewers gave each answer."""
    return np.stack([(ratings == k).sum(axis=1) for k in range(categories)], axis=1).astype("float64")


def observed_agreement(counts: Array, weights: Array, times: Array) -> Array:
    """Return the (weighted) share of agreeing pairs of ratings, averaged over files with two ratings or more."""
    raters = counts.sum(axis=1)
    several = raters >= 2
    near = counts @ weights.T
    pairs = (counts * (near - 1)).sum(axis=1)
    each = np.divide(pairs, raters * (raters - 1), out=np.zeros_like(pairs), where=several)
    return _ratio(times @ np.where(several, each, 0.0), times @ several.astype("float64"))


def gwet(counts: Array, weights: Array, times: Array) -> Array:
    """Return Gwet's AC1 (identity weights) or AC2 (other weights).

    Gwet (2008), British Journal of Mathematical and Statistical Psychology 61:29-48; Gwet (2014), Handbook of
    Inter-Rater Reliability, 4th edition, chapter 5.
    """
    q = counts.shape[1]
    if q < 2:
        return np.full(len(times), np.nan)
    p = _prevalence(counts, times)
    chance = weights.sum() / (q * (q - 1)) * (p * (1 - p)).sum(axis=1)
    return _corrected(observed_agreement(counts, weights, times), chance)


def fleiss(counts: Array, weights: Array, times: Array) -> Array:
    """Return Fleiss' kappa, weighted, for any number of reviewers: chance from the answers of all together.

    Fleiss (1971), Psychological Bulletin 76:378-382; for gaps Gwet (2014), chapter 5.
    """
    p = _prevalence(counts, times)
    return _corrected(observed_agreement(counts, weights, times), np.einsum("dk,kl,dl->d", p, weights, p))


def cohen(ratings: NDArray[np.int64], weights: Array, times: Array) -> Array:
    """Return Cohen's kappa, weighted, for two reviewers: chance from the answers of each.

    ratings: files × 2. Files without both ratings are left out. Cohen (1968), Psychological Bulletin 70:213-220.
    """
    both: NDArray[np.bool_] = np.all(ratings >= 0, axis=1)
    q = len(weights)
    one_hot = [np.where(both[:, None], tally(ratings[:, [r]], q), 0.0) for r in (0, 1)]
    files = times @ both.astype("float64")
    shares = [_ratio(times @ hot, files[:, None]) for hot in one_hot]
    agreement = np.einsum("nk,kl,nl->n", one_hot[0], weights, one_hot[1])
    return _corrected(_ratio(times @ agreement, files), np.einsum("dk,kl,dl->d", shares[0], weights, shares[1]))


def krippendorff_alpha(counts: Array, times: Array, metric: Literal["nominal", "ordinal", "interval"]) -> Array:
    """Return Krippendorff's alpha from the coincidences within files that have two ratings or more.

    Krippendorff (2019), Content Analysis, 4th edition, chapter 12. Its ordinal distances depend on how often each
    answer was given, so they differ from the fixed weights of AC2 and kappa.
    """
    raters = counts.sum(axis=1)
    pairable = np.where((raters >= 2)[:, None], counts, 0.0)
    q = counts.shape[1]
    each = pairable[:, :, None] * pairable[:, None, :] - pairable[:, :, None] * np.eye(q)
    each = each / np.maximum(raters - 1, 1)[:, None, None]
    coincidences = np.einsum("dn,nkl->dkl", times, each)
    totals = coincidences.sum(axis=2)
    n = totals.sum(axis=1)
    apart = _squared_distance(totals, metric)
    seen = (coincidences * apart).sum(axis=(1, 2))
    expected = (totals[:, :, None] * totals[:, None, :] * apart).sum(axis=(1, 2))
    return 1 - _ratio((n - 1) * seen, expected)


def _squared_distance(totals: Array, metric: str) -> Array:
    q = totals.shape[1]
    place = np.arange(q, dtype="float64")
    if metric == "nominal":
        return np.broadcast_to(1 - np.eye(q), (len(totals), q, q))
    if metric == "interval":
        return np.broadcast_to((place[:, None] - place[None, :]) ** 2, (len(totals), q, q))
    middle = np.cumsum(totals, axis=1) - totals / 2
    return (middle[:, :, None] - middle[:, None, :]) ** 2


def _prevalence(counts: Array, times: Array) -> Array:
    """Return draws × q: the mean over rated files of the share of ratings in each category."""
    raters = counts.sum(axis=1)
    rated = raters > 0
    shares = np.divide(counts, raters[:, None], out=np.zeros_like(counts), where=rated[:, None])
    return _ratio(times @ shares, (times @ rated.astype("float64"))[:, None])


def _corrected(agreement: Array, chance: Array) -> Array:
    return _ratio(agreement - chance, 1 - chance)


def _ratio(above: Array, below: Array) -> Array:
    """Return above / below, NaN where below is (numerically) nought."""
    below = np.broadcast_to(below, above.shape)
    sound = np.abs(below) > 1e-12
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=sound)
