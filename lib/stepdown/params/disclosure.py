"""The disclosure policy of a study."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from stepdown.params.base import Settings, Text


class AlsoHide(Settings):
    """Counts that are hidden besides, because other tables of the study would give a small number away.

    table: its name.  column: of the count.  where: values of key columns; every row that fits is hidden.
    """

    table: Text
    column: Text
    where: dict[str, str] = Field(default_factory=dict)


class DisclosurePolicy(Settings):
    """How small numbers are treated before anything is shown or released.

    method: "suppress" (counts from 1 up to and including ``threshold`` are replaced by ``symbol``, and further
    counts with them where they could be worked out) or "none" (everything is shown).
    reason: why, for method none and for any other setting that hides less than is usual: a threshold below 3,
    secondary false, dominance_percent 100.
    secondary: whether those further counts are hidden.  rounding_base: counts are rounded to it (1: not rounded).
    dominance_percent: a total of days or pounds is hidden when one child (or family) has more than this share of it.
    also_hide: counts that are hidden besides, at the evaluator's wish (docs/disclosure.md).
    finish: "automatic" (a run hides, merges and leaves out until nothing that is hidden can be worked out) or "ask"
    (it prints the list once and stops).  pinned: path of an earlier run's ``disclosure_applied.yaml``; what was hidden
    there is hidden again before anything else.  tables: "by_size" (a small study leaves out tables that would cost
    others too much) or "all".  between_releases: what becomes of a count that differs from the last release's by no
    more than the threshold: "keep" (its row stands as it was printed then), "hide" (it is hidden), "merge" (its
    category is merged with its neighbour where that is offered, and hidden otherwise) or "warn" (it is shown, and the
    run says which). But for "warn", what the last release hid or left out stays so unless it has moved by more.
    """

    method: Literal["suppress", "none"]
    threshold: int = Field(default=5, ge=1)
    secondary: bool = True
    rounding_base: int = Field(default=1, ge=1)
    symbol: Text = "c"
    dominance_percent: float = Field(default=85.0, gt=0, le=100)
    also_hide: tuple[AlsoHide, ...] = ()
    reason: str = ""
    finish: Literal["automatic", "ask"] = "automatic"
    pinned: str = ""
    tables: Literal["by_size", "all"] = "by_size"
    between_releases: Literal["keep", "hide", "merge", "warn"] = "keep"

    @model_validator(mode="after")
    def _reason_given(self) -> Self:
        weakened = {
            "method none": self.method == "none",
            "threshold below 3": self.threshold < 3,
            "secondary false": not self.secondary,
            "dominance_percent 100": self.dominance_percent == 100,
        }
        named = [what for what, so in weakened.items() if so]
        if named and not self.reason.strip():
            raise ValueError(f"{named[0]} needs a reason, such as: every figure is already published in …")
        return self
