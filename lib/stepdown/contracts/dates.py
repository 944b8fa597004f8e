"""Dates as people write them: year-month-day or 1 March 2018, and what the study's word or the column makes certain.

Day/month/year, years of two figures and Excel's numbers of days are read where the study file says ``dates:
day_first``; without it, day/month/year with four figures where the column can be read in no other way.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stepdown.contracts.model import How
from stepdown.params.written import BY_DAY, Written, swapped, written_day

_MIDNIGHT = re.compile(r".*[T ]0?0:00(:00(\.0+)?)?")


def parse_dates(cells: pd.Series, *, day_first: bool = False, how: How | None = None) -> tuple[pd.Series, pd.Series]:
    """Return the dates (``datetime64[s]``, NaT for blank) and which cells hold text that is not a date.

    A time of day is left out: the day is the one that is written. Day/month/year is read when ``day_first`` says so, or
    when no cell is year-month-day, every cell is a date when read so and one at least is none when read month first;
    else such a cell is no date. In a column whose days and months were swapped no cell is one.
    how: counts the cells that did not stand as year-month-day.
    Each distinct text is parsed once: 5 million cells hold some thousands of days.
    """
    held = pa.array(cells, from_pandas=True)
    coded = pc.dictionary_encode(held if pa.types.is_large_string(held.type) else held.cast(pa.large_string()))
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    texts = coded.dictionary.to_pylist()
    turned = swapped(texts)
    written = [None if turned else written_day(text) for text in texts]
    if not day_first and not _one_way_only(written):
        written = [part if part and part.certain else None for part in written]
    days = pd.to_datetime(pd.Series([_iso(part) for part in written], dtype="str"), format="%Y-%m-%d", errors="coerce")
    known = np.append(days.to_numpy().astype("datetime64[s]"), np.datetime64("NaT", "s"))
    place = coded.indices.fill_null(len(texts)).to_numpy()
    dates = known[place]
    if how is not None:
        times = np.bincount(place, minlength=len(texts) + 1)
        _count(how, str(cells.name), texts, written, times)
    unreadable = np.isnat(dates) & (place < len(texts))
    return pd.Series(dates, index=cells.index, name=cells.name), pd.Series(unreadable, index=cells.index)


def _iso(part: Written | None) -> str | None:
    return None if part is None else f"{part.year:04d}-{part.month:02d}-{part.day:02d}"


def _one_way_only(written: list[Written | None]) -> bool:
    days = [part for part in written if part and part.how == BY_DAY]
    return len(days) == len(written) > 0 and all(p.month <= 12 for p in days) and any(p.day > 12 for p in days)


def _count(how: How, column: str, texts: list[str], written: list[Written | None], times: np.ndarray) -> None:
    for text, part, n in zip(texts, written, times, strict=False):
        if part and part.how:
            how[column, part.how] += int(n)
        if part and ":" in text and not _MIDNIGHT.fullmatch(text):
            how[column, "times of day removed from dates"] += int(n)
