"""Writes effects_children.csv, the made-up children on which R judges stepdown.effects. Run from the project root."""

from pathlib import Path

import numpy as np
import pandas as pd

WINDOW = 183


def children(n_families: int = 70, seed: int = 20260101) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    size = rng.integers(1, 5, n_families)
    family = np.repeat(np.arange(n_families), size)
    n = len(family)
    programme = np.repeat(rng.permutation(np.arange(n_families) % 2 == 0), size)
    shared = np.repeat(rng.normal(size=n_families), size)
    propensity = 1 / (1 + np.exp(-(shared + rng.normal(size=n) + 0.4 * programme - 0.4)))
    before = np.where(rng.random(n) < propensity, np.minimum(rng.gamma(1.5, 60, n).round(), WINDOW), 0)
    still = np.where(rng.random(n) < propensity * np.where(programme, 0.6, 0.85), rng.beta(1, 1.2, n) * WINDOW, 0)
    after = np.round(np.where(rng.random(n) < 0.5, 0.5 * before, 0) * 0.5 + 0.7 * still)
    wait = np.floor(rng.exponential(np.where(programme, 420, 260), n))
    followed = rng.integers(140, 366, n)
    highest_before = np.where(before == 0, 0, rng.choice([1, 2, 3], n, p=[0.5, 0.4, 0.1]))
    highest_after = np.where(after == 0, 0, np.clip(highest_before + rng.choice([-1, 0, 1], n), 1, 3))
    return pd.DataFrame(
        {
            "family_id": family,
            "in_programme": programme.astype(int),
            "days_before": before.astype(int),
            "days_after": after.astype(int),
            "age_years": np.where(rng.random(n) < 0.1, np.nan, rng.integers(0, 18, n)),
            "band": rng.choice(["a", "b", "c", "d"], n, p=[0.4, 0.3, 0.2, 0.1]),
            "highest_before": highest_before,
            "highest_after": highest_after,
            "days_to_referral": np.where(wait < followed, wait, np.nan),
            "follow_up_days": followed,
        }
    )


if __name__ == "__main__":
    children().to_csv(Path(__file__).with_name("effects_children.csv"), index=False)
