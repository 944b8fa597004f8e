"""Dates as people write them: year-month-day, or day/month/year where the column can be read in one way only."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stepdown.contracts.model import How

_TIME = r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?"
YEAR_FIRST = re.compile(r"(?!0000)([0-9]{4})-([0-9]{2})-([0-9]{2})" + _TIME)
DAY_FIRST = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2((?!0000)[0-9]{4})" + _TIME)
_MIDNIGHT = re.compile(r".*[T ]00:00(:00(\.0+)?)?")


def parse_dates(cells: pd.Series, *, day_first: bool = False, how: How | None = None) -> tuple[pd.Series, pd.Series]:
    """Return the dates (``datetime64[s]``, NaT for blank) and which cells hold text that is not a date.

    A time of day is left out: the day is the one that is written. Day/month/year is read when ``day_first`` says so, or
    when no cell is year-month-day, every cell is a date when read so and one at least is none when read month first;
    else such a cell is no date. how: counts the cells that did not stand as year-month-day.
    Each distinct text is parsed once: 5 million cells hold some thousands of days.
    """
    held = pa.array(cells, from_pandas=True)
    coded = pc.dictionary_encode(held if pa.types.is_large_string(held.type) else held.cast(pa.large_string()))
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    texts = coded.dictionary.to_pylist()
    written = [_parts(text) for text in texts]
    by_day = [part[1:] for part in written if part and part[0]]
    if by_day and not (day_first or _one_way_only(by_day, len(written))):
        written = [None if part and part[0] else part for part in written]
    days = pd.to_datetime(pd.Series([_iso(part) for part in written], dtype="str"), format="%Y-%m-%d", errors="coerce")
    known = np.append(days.to_numpy().astype("datetime64[s]"), np.datetime64("NaT", "s"))
    place = coded.indices.fill_null(len(texts)).to_numpy()
    dates = known[place]
    if how is not None:
        times = np.bincount(place, minlength=len(texts) + 1)
        _count(how, str(cells.name), texts, written, times)
    unreadable = np.isnat(dates) & (place < len(texts))
    return pd.Series(dates, index=cells.index, name=cells.name), pd.Series(unreadable, index=cells.index)


def is_day_first(text: str) -> bool:
    """Return whether a text is a day that exists when it is read day/month/year."""
    part = _parts(text)
    return (
        part is not None and part[0] and bool(pd.notna(pd.to_datetime(_iso(part), format="%Y-%m-%d", errors="coerce")))
    )


Parts = tuple[bool, int, int, int]
"""Whether the day is written first; year, month, day."""


def _parts(text: str) -> Parts | None:
    if found := YEAR_FIRST.fullmatch(text):
        return False, int(found[1]), int(found[2]), int(found[3])
    if found := DAY_FIRST.fullmatch(text):
        return True, int(found[4]), int(found[3]), int(found[1])
    return None


def _iso(part: Parts | None) -> str | None:
    return None if part is None else f"{part[1]:04d}-{part[2]:02d}-{part[3]:02d}"


def _one_way_only(by_day: list[tuple[int, int, int]], n_texts: int) -> bool:
    return len(by_day) == n_texts and all(m <= 12 for _, m, _ in by_day) and any(d > 12 for *_, d in by_day)


def _count(how: How, column: str, texts: list[str], written: list[Parts | None], times: np.ndarray) -> None:
    for text, part, n in zip(texts, written, times, strict=False):
        if part and part[0]:
            how[column, "dates written day/month/year"] += int(n)
        if part and ":" in text and not _MIDNIGHT.fullmatch(text):
            how[column, "times of day left out of a date"] += int(n)
