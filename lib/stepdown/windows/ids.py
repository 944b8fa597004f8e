"""From ids to row numbers: the one step in which text is looked at."""

from __future__ import annotations

from typing import Any

import pandas as pd

from stepdown.windows.dates import Whole


def positions(children: Any, records: Any) -> Whole:
    """Return the row number in ``children`` of each record's child; -1 where ``children`` does not have it.

    children: the ids of the children, each once.  records: the id of the child of each record.
    Raises ValueError when a child's id stands twice.
    """
    index = pd.Index(children)
    if not index.is_unique:
        raise ValueError("positions: a child's id stands twice among the children")
    return index.get_indexer(pd.Index(records)).astype("int64", copy=False)
