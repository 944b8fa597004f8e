"""How a number is written: see :mod:`stepdown.numbers`, which sentences use too."""

from stepdown.numbers import MINUS, as_pounds, as_shown, joined, written

__all__ = ["MINUS", "as_pounds", "as_shown", "joined", "written"]
