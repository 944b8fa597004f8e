"""Makes the monitoring series of a made-up authority: a planted change, a planted nothing, a share and a rare event.

    python -m data.generators.series data/made_up_series

Sixty months from April 2019. From April 2022 (month 37) assessments take six days less; the visits are left as they
are. Nothing here is about a real place.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

SEED, MONTHS, CHANGE = 2032, 60, 36
SHORTER_BY = 6.0


def main(folder: Path) -> None:
    """Write series.csv, one row a period × series."""
    rng = np.random.default_rng(SEED)
    start = pd.period_range("2019-04", periods=MONTHS, freq="M")
    after = np.arange(MONTHS) >= CHANGE
    open_cases = rng.integers(180, 260, MONTHS)
    values: dict[str, dict[str, np.ndarray]] = {
        "assessment_days": {"value": np.round(38 + rng.normal(0, 2.2, MONTHS) - SHORTER_BY * after, 1)},
        "visits": {"value": rng.poisson(140, MONTHS)},
        "neighbour_visits": {"value": rng.poisson(400, MONTHS)},
        "seen_in_time": {"numerator": rng.binomial(open_cases, 0.83), "denominator": open_cases},
        "missing_episodes": {"value": rng.poisson(2.2, MONTHS)},
    }
    columns = ["series_id", "period_start", "period_end", "value", "numerator", "denominator"]
    parts = [
        pd.DataFrame({"series_id": name, "period_start": start.start_time, "period_end": start.end_time, **cells})
        for name, cells in values.items()
    ]
    frame = pd.concat(parts).reindex(columns=columns)
    for name in ("period_start", "period_end"):
        frame[name] = frame[name].dt.strftime("%Y-%m-%d")
    frame = frame.astype("object").where(frame.notna(), "")
    whole = frame["series_id"] != "assessment_days"
    for name in ("value", "numerator", "denominator"):
        frame.loc[whole, name] = [str(int(cell)) if cell != "" else "" for cell in frame.loc[whole, name]]
    folder.mkdir(parents=True, exist_ok=True)
    frame.to_csv(folder / "series.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
