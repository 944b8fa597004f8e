"""Scores of a questionnaire by its scoring key: prorated sums, sums of scales, bands."""

from __future__ import annotations

import numpy as np
import pandas as pd

from stepdown.params.scoring import ScoringKey


def score(answers: pd.DataFrame, key: ScoringKey) -> pd.DataFrame:
    """Return one column per scale of the key, one row per row of ``answers`` (NaN: too few answers for a score).

    answers: one column per item, NaN where it was not answered; an item that is no column was answered by nobody.
    A score with some answers missing is the mean of those given times the number of items, rounded half up.

    >>> from stepdown.params import load
    >>> sdq = load("params/instruments/sdq.yaml", ScoringKey)
    >>> score(pd.DataFrame({"5": [1], "7": [1], "12": [0], "18": [0]}), sdq)["conduct"].tolist()
    [3.0]
    """
    found: dict[str, pd.Series] = {}
    for name, scale in key.scales.items():
        if scale.of:
            continue
        given = answers.reindex(columns=list(scale.items)).astype("float64")
        for item in set(scale.items) & set(key.reverse):
            given[item] = key.lowest + key.highest - given[item]
        if scale.points:
            given = given.apply(
                lambda column, points=scale.points: column.map({float(k): v for k, v in points.items()})
            )
        n, whole = given.notna().sum(axis=1), len(scale.items)
        raw = (2 * whole * given.sum(axis=1) + n) // (2 * n.where(n > 0))
        own = raw.where(n >= (scale.min_items or whole))
        if scale.converted:
            own = own.map({float(sum_): value for sum_, value in scale.converted.items()})
        for item, nothing in scale.zero_when.items():
            own = own.mask(answers.reindex(columns=[item])[item].astype("float64") == nothing, 0.0)
        found[name] = own
    for name, scale in key.scales.items():
        if scale.of:
            found[name] = pd.DataFrame({part: found[part] for part in scale.of}).sum(axis=1, min_count=len(scale.of))
    return pd.DataFrame(found, index=answers.index)[list(key.scales)].astype("float64")


def band(scores: pd.Series, key: ScoringKey, bands: str, informant: str, scale: str) -> pd.Series:
    """Return the label of the band of each score ("" for none): bands depend on the set and on the informant.

    Raises LookupError where the key has no such bands.
    """
    cuts = key.bands[bands].cuts[informant][scale]
    values = scores.to_numpy(dtype="float64")
    which = [(values >= low) & (values <= high) for low, high in cuts.values()]
    return pd.Series(np.select(which, list(cuts), default=""), index=scores.index, dtype="str")
