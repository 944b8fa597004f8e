"""The disclosure policy of a study."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from stepdown.params.base import Settings, Text


class DisclosurePolicy(Settings):
    """How small numbers are treated before anything is shown or released.

    method: "suppress" (counts from 1 up to and including ``threshold`` are replaced by ``symbol``, and further
    counts with them where they could be worked out) or "none" (everything is shown; ``reason`` says why).
    """

    method: Literal["suppress", "none"]
    threshold: int = Field(default=5, ge=1)
    secondary: bool = True
    rounding_base: int = Field(default=1, ge=1)
    symbol: Text = "c"
    reason: str = ""

    @model_validator(mode="after")
    def _reason_given(self) -> Self:
        if self.method == "none" and not self.reason.strip():
            raise ValueError("method none needs a reason, such as: every figure is already published in …")
        return self
