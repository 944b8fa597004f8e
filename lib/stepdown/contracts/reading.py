"""Reads a table of records as text: every cell as it stands in the file, blank where there is nothing.

Types come later (:mod:`stepdown.contracts.typing_cells`), so that an id keeps its leading zeros, and a date that
does not exist is still there to be named.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from stepdown.faults import Fault, Refused


def read_raw(path: Path) -> pd.DataFrame:
    """Return the table in a CSV, Parquet or Excel file with every cell as text (``str``), blank as NA.

    The row labels are 0, 1, 2 …; the line in the file is the label plus 2.
    """
    try:
        return pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""], encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Refused([Fault(path.name, "text that is not UTF-8", "UTF-8", "docs/your_own_data.md", "save as UTF-8")])
    except pd.errors.EmptyDataError:
        raise Refused([Fault(path.name, "an empty file", "a table", "docs/your_own_data.md", "repeat the extract")])


def parse_dates(cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return the dates (``datetime64[s]``, NaT for blank) and which cells hold text that is not an ISO date."""
    dates = pd.to_datetime(cells, format="%Y-%m-%d", errors="coerce").astype("datetime64[s]")
    whole = cells.str.len().eq(10)
    dates = dates.where(whole, np.datetime64("NaT", "s"))
    return dates, dates.isna() & cells.notna()
