"""How a number is written: thousands separators, a true minus sign, pounds, and rounding half up.

Tables and sentences both write their numbers here, so that a page never rounds one value in two ways.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from stepdown.tables import Column, Role

MINUS = "\N{MINUS SIGN}"

NOT_SHOWN = "a number not shown"
"""What stands in a sentence in place of a number that is missing or hidden."""

WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def as_shown(value: Any, column: Column) -> str:
    """Return a cell's value as a reader sees it; an empty text for a missing one.

    A number gets its column's decimals, a "£" or "%" from its unit, and a minus sign (−£307,335, not £-307,335).
    """
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):
        return "yes" if value else "no"
    if isinstance(value, datetime | date):
        return f"{value.day} {value:%B %Y}"
    if not isinstance(value, Real):
        return as_words(str(value))
    return _number(value, column)


_NAME = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b(?!\.\w)")  # not a file's
_DATE = re.compile(r"\b(\d\d)\.(\d\d)\.(\d{4})\b")
_RANGE = re.compile(r"\d{1,3}-\d{1,3}")
_PAGE = re.compile(r"\bdocs/(\w+)\.md\b")


def as_words(text: str) -> str:
    """Return a text as a reader sees it: names of columns and settings in words, and a dash between two numbers.

    >>> as_words("start_date"), as_words("5-9")
    ('start date', '5–9')
    """
    if _RANGE.fullmatch(text):
        return text.replace("-", "\N{EN DASH}")
    text = _DATE.sub(lambda found: f"{date(int(found[3]), int(found[2]), int(found[1])):%d %B %Y}".lstrip("0"), text)
    return _NAME.sub(lambda found: found[0].replace("_", " "), _PAGE.sub(r"the guide, \1", text))


def _number(value: Any, column: Column) -> str:
    decimals = column.decimals
    if decimals is None or (column.role is Role.OPEN and not column.unit and float(value).is_integer()):
        decimals = 0 if isinstance(value, Integral) or float(value).is_integer() else _needed(float(value))
    elif _is_p_value(column) and 0 <= float(value) < 0.5 * 10.0**-decimals:
        return "<" + _digits(Decimal(1).scaleb(-decimals), decimals)
    text = _digits(Decimal(repr(value.item() if hasattr(value, "item") else value)), decimals)
    sign = MINUS if text.startswith("-") else ""
    text = text.removeprefix("-")
    if column.unit.startswith("£"):
        return f"{sign}£{text}"
    return f"{sign}{text}%" if column.unit == "%" else f"{sign}{text}"


def _is_p_value(column: Column) -> bool:
    return column.unit == "p" or column.label.lower().startswith(("p value", "p-value", "p ("))


def _needed(value: float, most: int = 4) -> int:
    """Return how many decimals a number needs, at most ``most``."""
    text = f"{value:.{most}f}".rstrip("0")
    return len(text.partition(".")[2])


def _digits(value: Decimal, decimals: int) -> str:
    if not value.is_finite():
        return "∞" if value > 0 else "-∞"
    rounded = value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    if rounded == 0:
        rounded = abs(rounded)
    return f"{rounded:,}"


def digits(value: float, decimals: int = 0) -> str:
    """Return a number for a sentence, rounded as a table rounds it: 12.5 → 13, −1,234.25 → −1,234.3 (one decimal).

    A missing one is "a number not shown".
    """
    if pd.isna(value):
        return NOT_SHOWN
    return _digits(Decimal(repr(float(value))), decimals).replace("-", MINUS)


def half_up(value: float, decimals: int) -> float:
    """Return a number rounded as it is written: a tie goes up (2.5 → 3), which Python and pandas round to even."""
    return float(_digits(Decimal(repr(float(value))), decimals).replace(",", "")) if np.isfinite(value) else value


def all_half_up(values: pd.Series, decimals: int) -> pd.Series:
    """Return the numbers of a column, each as :func:`half_up`; those that are no tie by pandas, which is faster."""
    ties = (((values.abs() * 10.0**decimals) % 1 - 0.5).abs() < 1e-6).fillna(False).astype("bool")
    rounded = values.round(decimals)
    if ties.any():
        rounded = rounded.where(~ties, values.map(lambda value: half_up(value, decimals), na_action="ignore"))
    return rounded


def beyond_rounding(spread: float, values: ArrayLike) -> float:
    """Return a standard error or deviation; 0 where it is only what rounding leaves of the values it is made from."""
    return 0.0 if spread <= 1e-9 * float(np.abs(values).max(initial=0.0)) else spread


def signed(value: float, decimals: int = 0) -> str:
    """Return a difference with its sign, rounded as a table rounds it: +13, −2, and 0 without one."""
    text = digits(value, decimals)
    return text if text == NOT_SHOWN or text.startswith(MINUS) or not float(text.replace(",", "")) else f"+{text}"


def whole_percent(value: float) -> str:
    """Return a per cent value without decimals, an empty text for a hidden one; never "0%" for some or "100%" for most.

    >>> whole_percent(0.3), whole_percent(37.5), whole_percent(99.7)
    ('under 1%', '38%', 'over 99%')
    """
    if pd.isna(value):
        return ""
    return "under 1%" if 0 < value < 0.5 else "over 99%" if 99.5 <= value < 100 else f"{digits(value)}%"


def as_pounds(value: float, decimals: int = 0) -> str:
    """Return an amount of money for a sentence: £307,335 or −£307,335; "an amount not shown" when missing."""
    if pd.isna(value):
        return "an amount not shown"
    return as_shown(value, Column("", Role.TOTAL, unit="£", decimals=decimals))


def rounded_pounds(value: float, *beside: float) -> str:
    """Return pounds to the nearest thousand where they, or an amount beside them, are £10,000 or more.

    What an estimate with a wide interval deserves; below £1,000 the pounds stay.
    """
    largest = max((abs(amount) for amount in (value, *beside) if not pd.isna(amount)), default=0.0)
    thousands = largest >= 10_000 and abs(value) >= 1_000
    return as_pounds(1_000 * half_up(value / 1_000, 0) if thousands else value)


def written(value: float, one: str, many: str | None = None, *, decimals: int = 0) -> str:
    """Return a count with its noun for a sentence: "three children", "1 child" → "one child", "116 children".

    A missing number is "a small number of children": the reader must not learn which.
    """
    plural = many if many is not None else f"{one}s"
    if pd.isna(value):
        return f"a small number of {plural}"
    if float(value).is_integer() and 0 <= value < len(WORDS):
        return f"{WORDS[int(value)]} {one if value == 1 else plural}"
    return f"{digits(value, decimals)} {plural}"


def joined(parts: Sequence[str]) -> str:
    """Return a list in words: "a", "a and b", "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + " and " + parts[-1]
