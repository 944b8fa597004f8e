"""What every parameter file shares: frozen models that refuse the unknown, and values that carry their source."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

STAY_INSIDE = "to keep records on another drive, keep the whole project there: params/, data/ and outputs/"
"""What to do where files lie outside the project."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UNSEEN = {"Cf", "Cc", "Cs", "Co", "Zl", "Zp"}
"""Unicode's categories of letters that cannot be seen."""


def unseen(text: str) -> bool:
    """Say whether a text holds letters that cannot be seen, or that turn the direction of writing."""
    return any(unicodedata.category(letter) in _UNSEEN for letter in set(text) - set("\n\r\t"))


def _seen(text: str) -> str:
    if unseen(text):
        raise ValueError("visible characters: no zero-width, direction or control marks")
    return text


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_seen)]
"""A text that is not empty, and that holds nothing that cannot be seen."""


class Settings(BaseModel):
    """Base of all settings: frozen, typed strictly, an unknown name an error; a day may stand in quotation marks."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True, allow_inf_nan=False
    )

    @model_validator(mode="before")
    @classmethod
    def _quoted_days(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        kinds = {name: (field.annotation, *get_args(field.annotation)) for name, field in cls.model_fields.items()}
        return given | {
            name: _day(given[name]) for name, kind in kinds.items() if {date, Day} & set(kind) and name in given
        }


def _day(value: Any) -> Any:
    if isinstance(value, str) and _DAY.fullmatch(value):
        with suppress(ValueError):
            return date.fromisoformat(value)
    return value


FIRST_DAY, LAST_DAY = date(1950, 1, 1), date(2098, 12, 31)


def _no_stand_in(day: date) -> date:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(f"a day from {FIRST_DAY} to {LAST_DAY}; 1900-01-01 and 2099-12-31 mean “not known”")
    return day


Day = Annotated[date, AfterValidator(_no_stand_in)]
"""A day of the records or of the programme, and no stand-in for one."""


def _inside(path: str) -> str:
    if Path(path).is_absolute() or path.startswith("~"):
        raise ValueError("a path in a parameter file is relative to the project root, so that the file works elsewhere")
    if ".." in path.replace("\\", "/").split("/"):
        raise ValueError(f"a path in a parameter file must stay in the project folder ({STAY_INSIDE})")
    return path


ProjectPath = Annotated[str, StringConstraints(min_length=1), AfterValidator(_inside)]
"""A path relative to the project root (the folder that holds params/), and inside it."""

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
