"""The intervals that a share is printed with, from their textbook formulas."""

from __future__ import annotations

from math import sqrt

from scipy.stats import beta

Z = 1.959963984540054


def wilson(count: int, size: int) -> tuple[float, float]:
    """Return Wilson's 95% interval in percent (Newcombe 1998, method 3)."""
    if not size:
        return 0.0, 100.0
    p = count / size
    middle, width = p + Z**2 / (2 * size), Z * sqrt(p * (1 - p) / size + Z**2 / (4 * size**2))
    return 100 * (middle - width) / (1 + Z**2 / size), 100 * (middle + width) / (1 + Z**2 / size)


def wilson_low(count: int, size: int) -> float:
    return wilson(count, size)[0]


def wilson_high(count: int, size: int) -> float:
    return wilson(count, size)[1]


def exact_low(count: int, size: int) -> float:
    """Return the lower end of Clopper and Pearson's 95% interval in percent."""
    return 100 * float(beta.ppf(0.025, count, size - count + 1)) if count else 0.0


def exact_high(count: int, size: int) -> float:
    return 100 * float(beta.ppf(0.975, count + 1, size - count)) if count < size else 100.0
