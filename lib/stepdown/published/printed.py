"""A printed number: the text, and exactly what its digits say, with trailing zeros, sign and unit as evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

MAIN, BRACKET = "main", "bracket"

_NUMBER = re.compile(
    r"(?P<sign>[+\-−–])?(?P<pound>£)?(?P<whole>\d+(?:,\d+)*)(?:\.(?P<after>\d+))?\s?(?P<times>k|m|bn)?(?P<percent>%)?"
)
_TWO_PARTS = re.compile(r"(?P<main>[^()]+?)\s*\((?P<bracket>[^()]+)\)")
_BOUND = re.compile(r"[<>≤≥~].*")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})*|\d+")
_TIMES = {"": 1, "k": 10**3, "m": 10**6, "bn": 10**9}
_SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen twenty"""
_WORDS = {"no": 0, "none": 0, "neither": 0} | {word: number for number, word in enumerate(_SMALL.split())}


@dataclass(frozen=True, slots=True)
class Printed:
    """One printed number.

    text: as printed.  value: exactly what the digits say ("30.8%" is 154/5, in per cent; "£2.6m" is 2,600,000).
    decimals: digits after the point (a trailing zero counts).  step: one unit of the last printed place.
    unit: "£", "%" or "".  sign: "+", "-" or "" when none is printed.
    well_grouped: False when the thousands commas are misplaced ("£103,9734").
    """

    text: str
    value: Fraction
    decimals: int = 0
    step: Fraction = Fraction(1)
    unit: str = ""
    sign: str = ""
    well_grouped: bool = True

    @property
    def plain(self) -> str:
        """Return the value as plain text with the printed digits after the point: "24.0", "-0.55", "1/3"."""
        scaled = self.value * 10**self.decimals
        if scaled.denominator != 1:
            return str(self.value)
        return f"{Decimal(scaled.numerator).scaleb(-self.decimals):f}"

    @property
    def number(self) -> float:
        """Return the value as a float, for comparison with computed columns."""
        return float(self.value)

    def fits(self, exact: Fraction | int) -> bool:
        """Say whether ``exact`` rounds to the printed number, half up (away from zero) or half to even."""
        return abs(Fraction(exact) - self.value) < self.step / 2 or self.value in rounded(Fraction(exact), self.step)

    def interval(self) -> tuple[Fraction, Fraction]:
        """Return the lowest and the highest number that can have been rounded to this one (both ends in)."""
        return self.value - self.step / 2, self.value + self.step / 2


def rounded(exact: Fraction, step: Fraction) -> tuple[Fraction, Fraction]:
    """Return ``exact`` rounded to a multiple of ``step``: half away from zero, and half to even."""
    units = exact / step
    half_up = Fraction(int(abs(units) + Fraction(1, 2)))
    return (half_up if units >= 0 else -half_up) * step, Fraction(round(units)) * step


def parse(text: str) -> Printed | None:
    """Return the printed number in ``text``, or None when it is not one number (see :class:`Printed`)."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return _parse_words(text.strip())
    after, times = found["after"] or "", _TIMES[found["times"] or ""]
    step = Fraction(times, 10 ** len(after))
    value = Fraction(int(found["whole"].replace(",", "") + after)) * step
    negative = found["sign"] in ("-", "−", "–")
    return Printed(
        text=text.strip(),
        value=-value if negative else value,
        decimals=len(after) if times == 1 else 0,
        step=step,
        unit="£" if found["pound"] else "%" if found["percent"] else "",
        sign="-" if negative else found["sign"] or "",
        well_grouped=_GROUPED.fullmatch(found["whole"]) is not None,
    )


def _parse_words(text: str) -> Printed | None:
    """Read "Eighteen", "none" and "1 in 3"."""
    share = re.fullmatch(r"(\d+) (?:in|of|out of) (\d+)", text)
    if share and int(share[2]) > 0:
        return Printed(text, Fraction(int(share[1]), int(share[2])), step=Fraction(1, int(share[2])))
    if text.lower() in _WORDS:
        return Printed(text, Fraction(_WORDS[text.lower()]))
    return None


def parts(cell: str) -> dict[str, Printed]:
    """Return the printed numbers of a cell: ``main``, and ``bracket`` for "24.0 (30.8%)" (not "24 (c)"); none for text.

    Raises ValueError when the cell holds digits but is neither a number, two numbers nor a bound such as "<5".
    """
    cell = cell.strip()
    if not any(character.isdigit() for character in cell) or _BOUND.fullmatch(cell):
        return {}
    pair = _TWO_PARTS.fullmatch(cell)
    texts = {MAIN: pair["main"], BRACKET: pair["bracket"]} if pair else {MAIN: cell}
    if pair and not any(character.isdigit() for character in pair["bracket"]):
        del texts[BRACKET]  # "24 (c)": the second number was not printed
    numbers = {part: parse(text) for part, text in texts.items()}
    if None in numbers.values():
        raise ValueError("not a printed number")
    return {part: number for part, number in numbers.items() if number is not None}
