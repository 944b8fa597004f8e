"""Small child outcomes frames with the published totals of RR1038, for tests of the money alone."""

import numpy as np
import pandas as pd

MEASURES = ("days_cin", "days_cp", "days_cla", "referrals")

PUBLISHED = {
    "slough_ifp": {
        "n": (78, 116),
        "volumes": ((3761, 6732, 212, 43), (1105, 240, 0, 0), (28, 385, 0, 56), (2040, 3043, 335, 6)),
        "costs": (147448, 12749, 16680, 105261),
        "programme_cost": 501597,
        "saving": 194262,
        "net_cost": 307335,
    },
    "slough_innovation_hub": {
        "n": (228, 64),
        "volumes": ((1440, 76, 823, 138), (4554, 1307, 863, 13), (0, 385, 3, 41), (443, 2478, 544, 3)),
        "costs": (177243, 197388, 13556, 117530),
        "programme_cost": 909730,
        "saving": 350262,
        "net_cost": 559468,
    },
}


def published_frame(study: str) -> pd.DataFrame:
    """One row a child; each group's published totals stand on its first children, one a family."""
    facts = PUBLISHED[study]
    parts = []
    for g, n in enumerate(facts["n"]):
        before, after = facts["volumes"][2 * g], facts["volumes"][2 * g + 1]
        part = pd.DataFrame({"in_programme": np.full(n, g == 0), "family_id": [f"F{g}{i:04d}" for i in range(n)]})
        for k, measure in enumerate(MEASURES):
            for period, total in (("before", before[k]), ("after", after[k])):
                column = np.zeros(n)
                column[k % n] = total
                part[f"{measure}_{period}"] = column
                part[f"clipped_{measure}_{period}"] = np.minimum(column, 184)
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True)
    frame["sibling_group_size"] = np.where(np.arange(len(frame)) % 7 == 0, np.nan, 1 + np.arange(len(frame)) % 3)
    frame["observable_before"] = True
    frame["observable_after"] = True
    return frame


def random_frame(seed: int, families: tuple[int, int] = (40, 50), largest: int = 3) -> pd.DataFrame:
    """One row a child, families of 1 to ``largest`` children, volumes that are often nought."""
    rng = np.random.default_rng(seed)
    parts = []
    for g, count in enumerate(families):
        size = rng.integers(1, largest + 1, count)
        n = int(size.sum())
        part = pd.DataFrame(
            {"in_programme": np.full(n, g == 0), "family_id": np.repeat([f"F{g}{i:05d}" for i in range(count)], size)}
        )
        some = rng.random((n, 4)) < (0.6 - 0.3 * g)
        before = rng.integers(0, 184, (n, 4)) * some
        after = np.clip(before * rng.random((n, 4)) + rng.integers(0, 40, (n, 4)) * (rng.random((n, 4)) < 0.3), 0, 184)
        for k, measure in enumerate(MEASURES):
            part[f"{measure}_before"] = before[:, k].astype(float) if k < 3 else before[:, k] % 3
            part[f"{measure}_after"] = np.floor(after[:, k]) if k < 3 else np.floor(after[:, k]) % 2
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True)
    frame["sibling_group_size"] = 1.0
    return frame
