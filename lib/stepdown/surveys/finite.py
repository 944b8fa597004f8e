"""What answers from a finite frame can say: exact intervals, and bounds for those who did not answer."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class FiniteShare:
    """A share of a frame. se: with the finite population correction.  low, high: exact hypergeometric limits."""

    share: float
    se: float
    low: float
    high: float


def finite_interval(yes: int, answered: int, frame: int, level: float) -> FiniteShare:
    """Return the share with its limits, if the answers were drawn at random from a frame of that size.

    The limits hold every number of yes in the frame under which as many or as few in the sample have more than half
    of the error probability (Buonaccorsi 1987, The American Statistician 41:215-218).
    """
    from scipy.stats import hypergeom

    if not answered:
        return FiniteShare(NAN, NAN, NAN, NAN)
    share, small = yes / answered, (1 - level) / 2
    in_frame = np.arange(yes, frame - (answered - yes) + 1)
    low = in_frame[hypergeom.sf(yes - 1, frame, in_frame, answered) > small].min() / frame
    high = in_frame[hypergeom.cdf(yes, frame, in_frame, answered) > small].max() / frame
    left = 1 - answered / frame
    se = sqrt(share * (1 - share) / (answered - 1) * left) if answered > 1 else NAN
    return FiniteShare(share, se, float(low), float(high))


def reach_bounds(yes: int, answered: int, frame: int) -> tuple[float, float]:
    """Return the least and the largest share of the whole frame: all others say no, or all say yes."""
    return yes / frame, (yes + frame - answered) / frame
