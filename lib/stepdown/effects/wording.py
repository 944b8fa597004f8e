"""How numbers of this package are put into a sentence: fewer and more instead of signs, and never a hidden number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from stepdown.numbers import digits

Row = Mapping[str, Any]
"""One row of a cleared table: column → value, pd.NA where it is hidden."""

Labels = tuple[str, str]
"""Labels of the programme group and of the comparison group."""

_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
HIDDEN = "a number not shown"


def rows(frame: pd.DataFrame, **wanted: object) -> list[Row]:
    """Return the rows of a cleared frame that hold the values given, as mappings."""
    kept = frame
    for name, value in wanted.items():
        kept = kept.loc[kept[name] == value]
    return kept.to_dict("records")


def joined(parts: Sequence[str]) -> str:
    """Return a list in words: "a", "a and b", "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def known(*values: Any) -> bool:
    """Return whether all the values are there (not hidden, not missing)."""
    return not any(value is None or bool(pd.isna(value)) for value in values)


def count(value: Any) -> str:
    """Return a count in digits with thousands separators; a hidden one in words."""
    return f"{int(value):,}" if known(value) else HIDDEN


def children(value: Any) -> str:
    """Return "no children", "one child", "27 children"; a hidden one in words."""
    if not known(value):
        return "a number of children not shown"
    number = int(value)
    text = _SMALL[number] if number < len(_SMALL) else f"{number:,}"
    return f"{text} {'child' if number == 1 else 'children'}"


def of(part: Any, whole: Any) -> str:
    """Return "27 of 113", or words where either is hidden."""
    return f"{count(part)} of {count(whole)}" if known(whole) else HIDDEN


def decimals_for(unit: str) -> int:
    """Return how many digits after the point a difference has in a sentence: days one, shares and counts two."""
    return {"days": 1, "percentage points": 0}.get(unit, 2)


def fewer(value: float, unit: str) -> str:
    """Return a difference as "24.6 days fewer", "1.2 days more" or "no difference", rounded for its unit."""
    shown = _rounded(value, unit)
    if float(shown) == 0:
        return "no difference"
    noun = f" {unit.removesuffix('s') if shown == '1' else unit}" if unit else ""
    return f"{shown}{noun} {directions(unit)[int(value > 0)]}"


def directions(unit: str) -> tuple[str, str]:
    """Return what below and above zero are called: things that are counted are fewer, a score is lower."""
    counted = ("", "days", "episodes", "referrals", "share", "percentage points")
    return ("fewer", "more") if unit in counted else ("lower", "higher")


def interval(low: Any, high: Any, unit: str, *, level: float = 0.95) -> str:
    """Return "95% interval from 40.8 fewer to 8.3 fewer"; words where there is none."""
    if not known(low, high):
        return "no interval can be given"
    return f"{level:.0%} interval from {_end(low, unit)} to {_end(high, unit)}"


def p_value(value: Any) -> str:
    """Return "p = 0.013" or "p < 0.001"; words where there is none."""
    if not known(value):
        return "no test possible"
    return "p < 0.001" if float(value) < 0.0005 else f"p = {digits(value, 3)}"


def percent(value: Any) -> str:
    """Return a per cent value as a whole number with its sign."""
    return f"{digits(abs(float(value)))}%" if known(value) else HIDDEN


def sentence(text: str) -> str:
    """Return the text with a capital first letter and a full stop."""
    cleaned = text.strip().rstrip(".")
    return f"{cleaned[0].upper()}{cleaned[1:]}."


def _end(value: float, unit: str) -> str:
    shown = _rounded(value, unit)
    if float(shown) == 0:
        return "none"
    return f"{shown} {directions(unit)[int(value > 0)]}"


def _rounded(value: float, unit: str) -> str:
    return digits(abs(float(value)), decimals_for(unit))
