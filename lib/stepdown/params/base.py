"""What every parameter file shares: frozen models that refuse the unknown, and values that carry their source."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""A text that is not empty."""


class Settings(BaseModel):
    """Base of all settings: frozen, typed strictly, and an unknown name is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)


def _relative(path: str) -> str:
    if Path(path).is_absolute():
        raise ValueError("a path in a parameter file is relative to the project root, so that the file works elsewhere")
    return path


ProjectPath = Annotated[str, StringConstraints(min_length=1), AfterValidator(_relative)]
"""A path relative to the project root (the folder that holds params/)."""

Quality = Literal["green", "amber", "red"]
"""green: from an official or audited source; amber: indirect or old; red: an assumption."""


class Sourced(Settings):
    """A substantive value with everything that docs/assumptions.md prints about it.

    value: the number.  unit: "£ per day", "% per year", "months".  as_of: the date of the value, or price_year.
    source: document and page or line.  quality: :data:`Quality`.  impact: what it moves.
    """

    value: float
    unit: Text
    source: Text
    quality: Quality
    impact: Text
    as_of: date | None = None
    price_year: str | None = Field(default=None, pattern=r"^\d{4}/\d{2}$")

    @model_validator(mode="after")
    def _dated(self) -> Self:
        if self.as_of is None and self.price_year is None:
            raise ValueError("a value needs its date (as_of) or its price_year")
        return self
