"""What people write: days in their many forms, rows of totals, ids that a spreadsheet turned into numbers.

Plain Python: the import reads hundreds of megabytes by these rules, within a few of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

TOTAL = re.compile(
    r"(?P<alone>((grand |sub)?totals?|average|mean|median|sum|count)( of [a-z ]+)?[\s:=.\d]*)|(grand |sub)?totals?\b.*",
    re.IGNORECASE,
)
"""The first cell of a row of totals or of averages; ``alone``: that says nothing else."""
FROM_1904 = re.compile(rb'date1904="(1|true)"')
"""Stands in a workbook whose numbers of days count from 1904, as those of old Macs do: read as usual they are wrong."""
NOT_KNOWN = frozenset({"unknown", "not known", "not recorded", "not stated", "n/k", "tbc", "tba", "to be confirmed"})
NO_ID = NOT_KNOWN | {"nk", "-1", "missing", "none recorded", "not applicable", "not available", "no family", "no id"}
"""What stands in place of an id: taken for one, all who have it would be one child or one family."""
TOTAL_ROWS = 3
"""A row of totals stands among the last so many rows."""

_TIME = r"(?:[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?"
_YEAR = "((?!0000)[0-9]{4}|[0-9]{2})"
YEAR_FIRST = re.compile(r"(?!0000)([0-9]{4})-([0-9]{2})-([0-9]{2})" + _TIME)
DAY_FIRST = re.compile(rf"([0-9]{{1,2}})([/.-])([0-9]{{1,2}})\2{_YEAR}{_TIME}")
NAMED = re.compile(rf"([0-9]{{1,2}})(?:st|nd|rd|th)?[ .-]([A-Za-z]{{3,9}})[ .,-]+{_YEAR}{_TIME}")
SERIAL = re.compile(r"([2-6][0-9]{4})(?:\.[0-9]+)?")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october") + (
    "november",
    "december",
)
_CENTURY_FROM = 50
"""Years of two figures: from 50 on of the last century, before of this one."""
_EXCEL_NOUGHT = date(1899, 12, 30)


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
    if part is None or part.certain:
        return False
    try:
        return bool(date(part.year, part.month, part.day))
    except ValueError:
        return False


def is_total(row: Iterable[str | None]) -> bool:
    """Return whether a row at the end of a table is one of totals or averages.

    A whole row that begins with more than the word is none: a workstream may be called Total Respect.
    """
    cells = list(row)
    found = TOTAL.fullmatch(next(filter(None, cells), ""))
    return bool(found and (found["alone"] or not all(cells)))


def month_first(text: str) -> bool:
    """Return whether a text is a day only if the month is read first (American order)."""
    part = written_day(text)
    return part is not None and part.day <= 12 < part.month <= 31


def swapped(texts: Iterable[str]) -> bool:
    """Return whether a program read the days of a column month first where it could, and left the others as text.

    Then every date that stands as a date has a day up to 12, and every day/month/year a day after it; two of each or
    more. Each such date is another day than the one that was typed.
    """
    parts = [part for part in map(written_day, set(texts)) if part]
    dates = [part.day for part in parts if part.how in ("", NUMBER)]
    left = [part.day for part in parts if part.how in (BY_DAY, SHORT)]
    return len(dates) > 1 and len(left) > 1 and max(dates) <= 12 < min(left)


SWAPPED = (
    "dates whose day and month a program has perhaps changed round: those that stand as dates have days up to 12, all "
    "others later ones",
    "dates in one form",
    "extract the table again with its dates as text or year-month-day, and do not open it in a program set to American "
    "dates",
)
"""Found, allowed and remedy of such a column."""


def table_above(rows: Sequence[Sequence[str]], named: Sequence[int], at: int) -> int | None:
    """Return the row of headings of a table of its own above the headings ``at``; None where only titles stand there.

    named: how many columns are known by the cells of each row. Such a row has two or more, no figure, and rows below.
    """
    for i, row in enumerate(rows[: max(at - 1, 0)]):
        if named[i] > 1 and not re.search("[0-9]", "".join(row)) and any("".join(r).strip() for r in rows[i + 1 : at]):
            return i
    return None


def same_but_for_zeros(ids: Mapping[str, Iterable[str]]) -> tuple[dict[str, str], dict[str, str]]:
    """Return id → the child's id for whole numbers that differ in leading zeros (or ".0") alone; and those that clash.

    ids: by file, sheet or table, the ids that stand in it. The longest form is the child's. The second mapping has the
    ids of which one file holds two forms: there it is not known which is meant.
    """
    if not any(text.startswith("0") or text.endswith(".0") for held in ids.values() for text in held):
        return {}, {}
    first: dict[str, str] = {}
    several: dict[str, set[str]] = {}
    for held in ids.values():
        for text in held:
            bare = _bare(text)
            if bare.isdigit() and (other := first.setdefault(bare, text)) != text:
                several.setdefault(bare, {other}).add(text)
    sides = [held if isinstance(held, set) else set(held) for held in ids.values()]
    names: dict[str, str] = {}
    clashes: dict[str, str] = {}
    for texts in several.values():
        longest = max(texts, key=lambda text: ("." not in text, len(text)))
        clash = any(len(texts & held) > 1 for held in sides)
        (clashes if clash else names).update(dict.fromkeys(sorted(texts - {longest}), longest))
    return names, clashes


def written_apart(ids: Iterable[str]) -> list[str]:
    """Return the ids that differ from another only in capitals, blanks or the width of letters, or in zeros in front.

    >>> written_apart(["H1", "h 1", "012", "12", "H2"])
    ['012', '12', 'H1', 'h 1']
    """
    alike: dict[str, set[str]] = {}
    for text in ids:
        folded = "".join(unicodedata.normalize("NFKC", text).split()).casefold()
        alike.setdefault(_bare(folded) if _bare(folded).isdigit() else folded, set()).add(text)
    return sorted(text for same in alike.values() if len(same) > 1 for text in same)


def _bare(text: str) -> str:
    return text.removesuffix(".0").lstrip("0")
