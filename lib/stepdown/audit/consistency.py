"""Can whole numbers give these statistics? GRIM, GRIMMER and DEBIT, each by an exact search over integers.

GRIM: Brown and Heathers (2017), https://doi.org/10.1177/1948550616673876. GRIMMER: Anaya (2016) and Allard (2018).
DEBIT: Heathers and Brown (2019). Standard deviations are sample ones (n - 1), as the R package scrutiny assumes. The
integer search decides: scrutiny 0.6.1 itself warns that its GRIMMER test 3 can call consistent values inconsistent
(https://github.com/lhdjung/scrutiny/issues/80).
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

from stepdown.published import Printed


def whole_numbers(figure: Printed, n: int, items: int = 1) -> list[int]:
    """Return every k for which k / (n items) prints as ``figure`` (times 100 for a per cent); empty: impossible."""
    times = 100 if figure.unit == "%" else 1
    low, high = figure.interval()
    first, last = math.floor(low * n * items / times), math.ceil(high * n * items / times)
    return [k for k in range(first, last + 1) if figure.fits(times * Fraction(k, n * items))]


def grim(figure: Printed, n: int, items: int = 1) -> bool:
    """Say whether a mean or a per cent of ``n`` whole numbers (a mean of ``items`` each) can print as ``figure``."""
    return bool(whole_numbers(figure, n, items))


def share_that_passes(figure: Printed, n: int, items: int = 1) -> Fraction:
    """Return the share of printable values that GRIM lets pass at this n: 1 means that the test cannot fail."""
    times = 100 if figure.unit == "%" else 1
    between = Fraction(times) / figure.step  # printable values between two whole numbers of the mean
    return min(Fraction(1), Fraction(n * items) / between)


def debit(mean: Printed, sd: Printed, n: int) -> bool:
    """Say whether ``n`` values of 0 and 1 can have this mean and this sample standard deviation."""
    return any(
        0 <= k <= n and _sd_fits(sd, Fraction(k * (n - k), n * (n - 1)) * _scale(mean) ** 2)
        for k in whole_numbers(mean, n)
    )


def grimmer(mean: Printed, sd: Printed, n: int, items: int = 1) -> bool:
    """Say whether ``n`` means of ``items`` whole numbers can have this mean and this sample standard deviation.

    Searches the sums S that print as the mean and, for each, the sums of squares Q that print as the standard
    deviation, for n whole numbers that have both. Raises ValueError when n is below 2 (no standard deviation).
    """
    if n < 2:
        raise ValueError("a standard deviation needs n of at least 2")
    for total in whole_numbers(mean, n, items):
        # with values x/items: variance = (Q/items^2 - S^2/(n items^2)) / (n - 1)
        low, high = (max(end, Fraction(0)) ** 2 * (n - 1) * items**2 + Fraction(total**2, n) for end in sd.interval())
        for squares in range(math.ceil(low), math.floor(high) + 1):
            variance = (squares - Fraction(total**2, n)) / (items**2 * (n - 1))
            if _sd_fits(sd, variance) and whole_numbers_exist(n, total, squares):
                return True
    return False


def whole_numbers_exist(n: int, total: int, squares: int) -> bool:
    """Say whether ``n`` whole numbers can have this sum and this sum of squares."""
    floor = total // n
    return _exist(n, total - n * floor, squares - 2 * floor * total + n * floor**2)


@lru_cache(maxsize=500_000)  # the same remainder is met on many ways: without it the search can take for ever
def _exist(n: int, total: int, squares: int) -> bool:
    """Search deviations, the largest first; odd and even must agree, and squares must reach total^2 / n."""
    if squares < 0 or (total - squares) % 2 or total**2 > n * squares:
        return False
    if n == 1:
        return total**2 == squares
    if squares == abs(total) and abs(total) <= n:
        return True
    most = math.isqrt(squares)
    return any(
        _exist(n - 1, total - sign * size, squares - size**2)
        for size in range(most, -1, -1)
        for sign in ((1, -1) if size else (1,))
    )


def _scale(figure: Printed) -> int:
    return 100 if figure.unit == "%" else 1


def _sd_fits(sd: Printed, variance: Fraction) -> bool:
    """Say whether the square root of ``variance`` prints as ``sd`` (exact: squares are compared, never roots)."""
    if variance < 0:
        return False
    root = Fraction(math.isqrt(variance.numerator), math.isqrt(variance.denominator))
    if root**2 == variance:
        return sd.fits(root)
    low, high = sd.interval()
    return max(low, Fraction(0)) ** 2 < variance < high**2
