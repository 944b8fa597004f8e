"""How far reviewers agree on the files that more than one of them read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stepdown.params.review import AuditItem, AuditTool, ReviewSettings
from stepdown.proportions import NONE, wilson
from stepdown.review import coefficients as agree
from stepdown.review.answers import check_answers
from stepdown.tables import AggregateTable, Column, Role

FEWEST_FILES = 5
SAME_ANSWERS = "reviewers always agreed: resampling files shows no spread"

_SCALE = ("no", "partial", "yes")
_COEFFICIENTS = {
    "agreement": (
        "Raw agreement",
        "share of pairs of reviewers with the same answer, counting “not applicable” as an answer",
    ),
    "kappa": ("Weighted kappa", "on no < partial < yes; Cohen's for two reviewers in all, Fleiss' for more"),
    "ac1": ("Gwet's AC1", "on all answers that the item offers, none nearer than another"),
    "ac2": ("Gwet's AC2", "on no < partial < yes"),
    "alpha": ("Krippendorff's alpha", "ordinal, on no < partial < yes"),
}

_RESTS = ("files_off_scale", "apart")

COLUMNS = {
    "item_id": Column("Item code", Role.KEY),
    "item": Column("Item", Role.OPEN),
    "raters": Column("Reviewers", Role.OPEN, "reviewers", 0),
    "files": Column("Files read twice", Role.BASE, "files", 0, about="files scored by two or more reviewers"),
    "files_off_scale": Column("Of these off the scale", Role.COUNT, "files", 0, about="fewer than two answers on it"),
    "files_on_scale": Column(
        "Of these on the scale",
        Role.DERIVED,
        "files",
        0,
        ("files_off_scale",),
        "two answers or more of no, partial, yes",
    ),
    **{
        name + part: Column(
            label + called,
            Role.DERIVED,
            "",
            2,
            _RESTS,
            "bootstrap over files, each of another family" if part else about,
        )
        for name, (label, about) in _COEFFICIENTS.items()
        for part, called in (("", ""), ("_low", ": lower limit"), ("_high", ": upper limit"))
    },
    "apart": Column(
        "Files on which answers differ", Role.COUNT, "files", 0, about="files on which reviewers gave different answers"
    ),
    "kappa_of": Column("Kappa of", Role.OPEN),
    "why_no_limits": Column("Why there is no interval", Role.OPEN),
}
"""The columns of agreement. A coefficient gives back the files off the scale."""

SHOWN = ("item", "files", "agreement", "kappa", "ac1", "ac2", "alpha", "alpha_low", "alpha_high")
"""The columns of agreement that a page shows."""


def agreement(case_files: pd.DataFrame, tool: AuditTool, settings: ReviewSettings, seed: int) -> AggregateTable:
    """Return how far reviewers agree: one row is an audit item, those on which they part most first.

    Only files with two answers or more to the item count; answers agreed after discussion are left out.
    …_low and …_high: percentile bootstrap over files (``bootstrap_draws``, ``seed``). A coefficient is blank where
    it is not defined (kappa and alpha, when every answer is the same). Limits are blank with fewer than FEWEST_FILES
    files and where no file differs from another, since resampling then shows no spread; the raw agreement of reviewers
    who never parted has Wilson's limits. ``why_no_limits`` says so.

    >>> len(agreement(answers, tool, settings, seed=1).frame)  # no file of this study was read twice
    0
    """
    check_answers(case_files, tool, settings)
    single = case_files[case_files["reviewer_id"] != (settings.agreed_by or "")]
    pool = single[single.duplicated(["file_id", "item_id"], keep=False)]
    rows = []
    for number, item in enumerate(tool.items):
        mine = pool[pool["item_id"] == item.item_id]
        if len(mine):
            rng = np.random.default_rng([seed, number])
            rows.append({"item_id": item.item_id, "item": item.item, **_item_row(mine, item, settings, rng)})
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame = frame.sort_values(["agreement", "item_id"], kind="stable").reset_index(drop=True)
    return AggregateTable("agreement", "audit item", frame, COLUMNS)


def _item_row(
    answers: pd.DataFrame, item: AuditItem, settings: ReviewSettings, rng: np.random.Generator
) -> dict[str, object]:
    wide = answers.pivot(index="file_id", columns="reviewer_id", values="response")
    scale = [name for name in _SCALE if name in item.answers()]
    places = {name: place for place, name in enumerate([*scale, "not_applicable"])}
    nominal = wide.apply(lambda column: column.map(places)).fillna(-1).to_numpy(dtype="int64")
    ordinal = np.where(nominal >= len(scale), -1, nominal)
    two = ordinal.shape[1] == 2
    few = len(wide) < FEWEST_FILES
    draws = rng.multinomial(len(wide), np.full(len(wide), 1 / len(wide)), size=settings.bootstrap_draws)
    found = _coefficients(nominal, ordinal, len(item.answers()), len(scale), settings.agreement_weights)
    on_scale = int(((ordinal >= 0).sum(axis=1) >= 2).sum())
    tail = (1 - settings.confidence) / 2
    apart = int((answers.groupby("file_id")["response"].nunique() > 1).sum())
    row: dict[str, object] = {
        "raters": wide.shape[1],
        "files": len(wide),
        "files_off_scale": len(wide) - on_scale,
        "files_on_scale": on_scale,
        "apart": apart,
        "kappa_of": "Cohen" if two else "Fleiss",
        "why_no_limits": f"fewer than {FEWEST_FILES} files" if few else "" if apart else SAME_ANSWERS,
    }
    for name, coefficient in found.items():
        row[name] = float(coefficient(np.ones((1, len(wide))))[0])
        found_limits = _limits(coefficient(draws.astype("float64")), row[name], tail)
        row[name + "_low"], row[name + "_high"] = NONE if few else found_limits
    if not apart and not few:
        row["agreement_low"], row["agreement_high"] = wilson(len(wide), len(wide), settings.confidence)
    return row


def _coefficients(
    nominal: NDArray[np.int64], ordinal: NDArray[np.int64], answers: int, steps: int, kind: agree.Weights
) -> dict[str, Callable[[agree.Array], agree.Array]]:
    """Return each coefficient as a function of how often each file counts."""
    given, placed = agree.tally(nominal, answers), agree.tally(ordinal, steps)
    identity, weights = agree.weight_matrix(answers, "identity"), agree.weight_matrix(steps, kind)
    on_scale = np.where((placed.sum(axis=1) >= 2)[:, None], placed, 0.0)

    def kappa(times: agree.Array) -> agree.Array:
        return agree.cohen(ordinal, weights, times) if ordinal.shape[1] == 2 else agree.fleiss(on_scale, weights, times)

    return {
        "agreement": lambda times: agree.observed_agreement(given, identity, times),
        "kappa": kappa,
        "ac1": lambda times: agree.gwet(given, identity, times),
        "ac2": lambda times: agree.gwet(on_scale, weights, times),
        "alpha": lambda times: agree.krippendorff_alpha(on_scale, times, "ordinal"),
    }


def _limits(draws: agree.Array, estimate: object, tail: float) -> tuple[float, float]:
    """Return the percentile interval; blank when the coefficient is, when most draws do not define it or none differs.

    Draws that are all the same show no spread, only that files which differ would have to be drawn first.
    """
    defined = draws[~np.isnan(draws)]
    if estimate != estimate or len(defined) < len(draws) / 2 or np.ptp(defined) < 1e-12:
        return float("nan"), float("nan")
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)
