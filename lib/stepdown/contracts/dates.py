"""Dates as people write them: year-month-day or 1 March 2018, and what the study's word or the column makes certain.

Day/month/year, years of two figures and Excel's numbers of days are read where the study file says ``dates:
day_first``; without it, day/month/year with four figures where the column can be read in no other way.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stepdown.contracts.model import How

_TIME = r"(?:[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?"
_YEAR = "((?!0000)[0-9]{4}|[0-9]{2})"
YEAR_FIRST = re.compile(r"(?!0000)([0-9]{4})-([0-9]{2})-([0-9]{2})" + _TIME)
DAY_FIRST = re.compile(rf"([0-9]{{1,2}})([/.-])([0-9]{{1,2}})\2{_YEAR}{_TIME}")
NAMED = re.compile(rf"([0-9]{{1,2}})(?:st|nd|rd|th)?[ .-]([A-Za-z]{{3,9}})[ .,-]+{_YEAR}{_TIME}")
SERIAL = re.compile(r"([2-6][0-9]{4})(?:\.[0-9]+)?")
_MIDNIGHT = re.compile(r".*[T ]0?0:00(:00(\.0+)?)?")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october") + (
    "november",
    "december",
)
_CENTURY_FROM = 50
"""Years of two figures: from 50 on of the last century, before of this one."""
_EXCEL_NOUGHT = date(1899, 12, 30)


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
    written = [written_day(text) for text in texts]
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


class Written(NamedTuple):
    """A day as it is written. how: the form, as the count says it, or "". certain: whether it can be no other day."""

    year: int
    month: int
    day: int
    how: str = ""
    certain: bool = True


BY_DAY, SHORT, BY_NAME, NUMBER = (
    "dates written day/month/year",
    "dates with a year of two figures",
    "dates with the month as a word",
    "days as Excel's numbers",
)


def written_day(text: str) -> Written | None:
    """Return the day that a text names when it is read day first; None for anything else (it may not exist)."""
    if found := YEAR_FIRST.fullmatch(text):
        return Written(int(found[1]), int(found[2]), int(found[3]))
    if found := DAY_FIRST.fullmatch(text):
        return _with_year(found[4], int(found[3]), int(found[1]), BY_DAY, False)
    if found := NAMED.fullmatch(text):
        word = found[2].lower()
        month = next((at for at, name in enumerate(_MONTHS, 1) if name.startswith(word)), 0)
        return _with_year(found[3], month, int(found[1]), BY_NAME, True) if month else None
    if found := SERIAL.fullmatch(text):
        then = _EXCEL_NOUGHT + timedelta(days=int(found[1]))
        return Written(then.year, then.month, then.day, NUMBER, False)
    return None


def _with_year(year: str, month: int, day: int, how: str, certain: bool) -> Written:
    if len(year) == 4:
        return Written(int(year), month, day, how, certain)
    return Written(int(year) + (1900 if int(year) >= _CENTURY_FROM else 2000), month, day, SHORT, False)


def needs_day_first(text: str) -> bool:
    """Return whether a text is a day that exists when it is read day first, and only the study can say that it is."""
    part = written_day(text)
    return (
        part is not None
        and not part.certain
        and pd.notna(pd.to_datetime(_iso(part), format="%Y-%m-%d", errors="coerce"))
    )


def month_first(text: str) -> bool:
    """Return whether a text is a day only if the month is read first (American order)."""
    part = written_day(text)
    return part is not None and part.day <= 12 < part.month <= 31


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
            how[column, "times of day left out of a date"] += int(n)
