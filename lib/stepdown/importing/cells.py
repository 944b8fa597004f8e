"""Reads what stands in a cell: days in the forms that returns and lists hold, ids, flags, sexes and codes."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import lru_cache

from stepdown.params.written import NO_ID, month_first, written_day

ETHNICITIES = {
    "WBRI": "White British",
    "WIRI": "White Irish",
    "WIRT": "Traveller of Irish heritage",
    "WROM": "Gypsy or Roma",
    "WOTH": "Any other White background",
    "MWBC": "White and Black Caribbean",
    "MWBA": "White and Black African",
    "MWAS": "White and Asian",
    "MOTH": "Any other Mixed background",
    "AIND": "Indian",
    "APKN": "Pakistani",
    "ABAN": "Bangladeshi",
    "AOTH": "Any other Asian background",
    "BCRB": "Black Caribbean",
    "BAFR": "Black African",
    "BOTH": "Any other Black background",
    "CHNE": "Chinese",
    "OOTH": "Any other ethnic group",
    "REFU": "Refused",
    "NOBT": "Not yet obtained",
}
NOT_KNOWN = ("REFU", "NOBT", "")
NEEDS = tuple(f"N{number}" for number in range(10))
REASONS = tuple(f"RC{number}" for number in range(1, 10))
AFTER_ASSESSMENT = ("RC8", "RC9")
_ONCE = "7A 8B 8C 8D 8E 8F 9A 10A 11A 12A 13A 14A 15A 16A 17A 18A 18B 18C 19A 19B 19C 20 21 21A 22A 23A 24A"
FACTORS = frozenset([*(f"{number}{letter}" for number in range(1, 7) for letter in "ABC"), *_ONCE.split()])
_LABELS = {
    "case closed after assessment no further action": "RC8",
    "case closed after assessment referred to early help": "RC9",
    "services ceased for any other reason": "RC7",
    "adopted": "RC1",
    "died": "RC2",
    "child arrangements order": "RC3",
    "special guardianship order": "RC4",
    "transferred to services of another local authority": "RC5",
    "transferred to adult social services": "RC6",
}
_SEXES = {"m": "male", "male": "male", "1": "male", "f": "female", "female": "female", "2": "female"}
YEARS = range(1980, 2061)
"""Years that a day may lie in: 1900 and 2099 stand for "not known" or "no end", and would be counted."""

NO_DAY = f"a day that does not exist, not in this form, or not from {YEARS[0]} to {YEARS[-1]}"
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(?:Z|[+-]\d{2}:\d{2})?")
_BRITISH = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?: \d{1,2}:\d{2}(?::\d{2})?)?")


@lru_cache(maxsize=65536)
def iso_day(text: str) -> int | None:
    """Return the day that year-month-day names; None for anything else, also for a day that does not exist."""
    found = _ISO.fullmatch(text)
    return _day(int(found[1]), int(found[2]), int(found[3])) if found else None


@lru_cache(maxsize=65536)
def return_day(text: str) -> int | None:
    """Return the day of a looked-after return: day/month/year with four figures, or year-month-day."""
    found = _BRITISH.fullmatch(text)
    return _day(int(found[3]), int(found[2]), int(found[1])) if found else iso_day(text)


@lru_cache(maxsize=65536)
def list_day(text: str) -> int | None:
    """Return the day in a list as people keep it: day first, year first, 1 March 2024, or Excel's number of a day."""
    found = written_day(text)
    return _day(found.year, found.month, found.day) if found else iso_day(text)


def _day(year: int, month: int, day: int) -> int | None:
    try:
        return date(year, month, day).toordinal() if year in YEARS else None
    except ValueError:
        return None


def no_day(text: str) -> str:
    """Return what is wrong with a text that should be a day."""
    return f"{NO_DAY} (month before day: American order)" if month_first(text) else NO_DAY


def plain(text: str | None) -> str:
    """Return a cell without blanks around it; blank for what programs write in an empty cell (NULL, #N/A, n/a …)."""
    stripped = (text or "").strip(" \t\r\n\u00a0\ufeff\u200b")
    return "" if stripped.upper() in _BLANK else stripped


_NOTHING = "NULL NONE NAN NIL NA N/A - -- #N/A #REF! #VALUE! #NAME? #DIV/0! #NULL!"
_BLANK = {"", *_NOTHING.split()}


def child_id(text: str | None) -> str:
    """Return an id as text, blank for a word such as "unknown"; a whole number written with a point loses it."""
    name = re.sub(r"(?<=\d)\.0+$", "", " ".join(plain(text).split())) if text else ""
    return "" if name.lower() in NO_ID else name


def flag(text: str) -> bool | None:
    """Return a yes or no in any of its usual forms; None for another text."""
    word = without_letter(text).lower()
    if word in ("", "0", "false", "no", "n", "f"):
        return False
    return True if word in ("1", "true", "yes", "y", "t") else None


def without_letter(text: str) -> str:
    """Return a text without the letter that Ofsted's lists put before an answer ("a) Yes")."""
    return re.sub(r"^[a-z]{1,2}\)\s*", "", text.strip(), flags=re.IGNORECASE)


def sex(text: str) -> str:
    """Return male, female or, for anything else, blank."""
    return _SEXES.get(without_letter(text).lower(), "")


def ethnicity(text: str) -> str:
    """Return the four letters of an ethnic background wherever they stand in a text, else blank."""
    return next((word for word in re.findall(r"[A-Z]{4}", text.upper()) if word in ETHNICITIES), "")


def code(text: str, known: tuple[str, ...]) -> str:
    """Return the known code that a text begins with, or whose printed label it is; else blank."""
    bare = without_letter(text)
    first = re.split(r"[\s:\-–,]", bare.upper(), maxsplit=1)[0]
    return first if first in known else next((c for c in (_LABELS.get(heading(bare), ""),) if c in known), "")


def heading(text: str) -> str:
    """Return a heading as it is compared: without capitals, punctuation, underscores and double blanks."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("’", "'").replace("'", "")
    return " ".join(re.sub(r"[^\w]|_", " ", folded).split())


def ages_18(birth: int) -> int:
    """Return the day on which a child turns 18 (29 February: 1 March)."""
    born = date.fromordinal(birth)
    try:
        return born.replace(year=born.year + 18).toordinal()
    except ValueError:
        return date(born.year + 18, 3, 1).toordinal()
