"""What is measured: one declaration a measure, asked by outcomes, effects, costs, charts, sentences and settings.

A measure is a pair of columns of the child outcomes, ``<name>_before`` and ``<name>_after``; a characteristic is known
at the start only. A room that brings a measure of its own declares it in one line, with the function that counts it::

    declare(Measure("mood", "mood score", "mood", "points", "score", may_be_missing=True), by=mood_columns)

Nowhere else is it written what a measure or a status is called.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

StatusCode = Literal["CIN", "CP", "CLA"]
Kind = Literal["days", "count", "flag", "score", "number", "category", "ladder"]
"""days, count and flag: nought is none of it.  score: a scale, where nought is a value like another.
number, category: a characteristic of the child.  ladder: a place on the ladder of statuses."""

PERIODS = ("before", "after")
"""The two periods of every study, in the order of every table."""


@dataclass(frozen=True, slots=True)
class Status:
    """A rung of the ladder.

    code: as in the records.  name: of the status.  short: on an axis.  state: after "children …" or "were …".
    held: after "days …" or "episodes …".
    """

    code: str
    name: str
    short: str
    state: str
    held: str

    @property
    def in_words(self) -> str:
        """The state with its code, as a sentence has it: "looked after (CLA)"."""
        return f"{self.state} ({self.code})" if self.code in LADDER else self.state


LADDER: tuple[StatusCode, ...] = ("CIN", "CP", "CLA")
"""The statuses from least to most intensive."""

NONE = "none"
"""The rung below the ladder: no statutory status."""

RUNGS = (NONE, *LADDER)
"""The ladder as numbers: highest_before 0 is none, 3 is CLA."""

STATUSES = {
    status.code: status
    for status in (
        Status(NONE, "no statutory status", "None", "with no status", "with no status"),
        Status("CIN", "Child in Need", "In need", "in need", "as a child in need"),
        Status(
            "CP", "Child Protection plan", "Protection plan", "on a child protection plan", "on a child protection plan"
        ),
        Status("CLA", "Child Looked After", "Looked after", "looked after", "looked after"),
    )
}
"""What each rung is called."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that is measured of a child.

    name: stem of its columns.  label: in a sentence ("days looked after").  short: on an axis.
    unit: of a difference: "days", "points", "" ….  kind: see :data:`Kind`.
    status: the rung that it counts ("" for none).  inside: the same counted inside the period only ("" for none).
    priced: whether a unit cost can price it.  may_be_missing: whether a child may be without a value.

    >>> measured("days_cla").title
    'Days looked after'
    """

    name: str
    label: str
    short: str
    unit: str
    kind: Kind
    status: str = ""
    inside: str = ""
    priced: bool = False
    may_be_missing: bool = False

    @property
    def title(self) -> str:
        """The label with a capital first letter, as it stands in a table."""
        return sentence_case(self.label)


def sentence_case(label: str) -> str:
    """Return a label with a capital first letter, as it stands in a table."""
    return label[:1].upper() + label[1:]


def _of_status(status: Status) -> list[Measure]:
    code, rung = status.code.lower(), status.code
    days = f"days {status.held}"
    return [
        Measure(f"days_{code}", days, f"days {status.state}", "days", "days", rung, f"clipped_days_{code}", True),
        Measure(f"clipped_days_{code}", f"{days}, within the period", f"{days} within", "days", "days", rung),
        Measure(f"any_{code}", f"share of children {status.state}", status.state, "share", "flag", rung),
        Measure(
            f"episodes_{code}",
            f"episodes {status.held}",
            f"episodes {status.state}",
            "episodes",
            "count",
            rung,
            "",
            True,
        ),
    ]


Counter = Callable[[Any, Any, Any], Mapping[str, Any]]
"""Counts a measure: from the study, its records and its cohort to columns of the child outcomes, <name>_<period>.

Each column has one value per child of the cohort, in its order. No columns for a study without the table."""

_DECLARED: dict[str, Measure] = {}
_COUNTERS: dict[str, Counter] = {}


def declare(*measures: Measure, by: Counter | None = None, anew: bool = False) -> None:
    """Add measures, and the function that counts them where :mod:`stepdown.outcomes` does not.

    A function alone declares its measures itself, by what the study names; with ``anew``, as another study may name
    them otherwise. Raises ValueError for a name that was declared otherwise before.
    """
    for item in measures:
        if anew:
            _DECLARED[item.name] = item
        if _DECLARED.setdefault(item.name, item) != item:
            raise ValueError(f"the measure {item.name} is declared twice, each time otherwise")
    if by:
        _COUNTERS.update(dict.fromkeys([item.name for item in measures] or [by.__name__], by))


def counters() -> tuple[Counter, ...]:
    """Return the functions that count measures with tables of their own, each once."""
    return tuple(dict.fromkeys(_COUNTERS.values()))


declare(
    *(item for code in LADDER for item in _of_status(STATUSES[code])),
    Measure("referrals", "referrals", "referrals", "referrals", "count", priced=True),
    Measure("any_referral", "share of children referred", "referred", "share", "flag"),
    Measure("highest", "highest status", "status", "", "ladder"),
    Measure("age_years", "age (years)", "age", "years", "number", may_be_missing=True),
    Measure("sibling_group_size", "children in the sibling group", "size of sibling group", "children", "number",
            may_be_missing=True),
    Measure("ethnic_group", "ethnic group", "ethnic group", "", "category", may_be_missing=True),
    Measure("n_issues", "issues at assessment (number)", "number of issues", "", "number", may_be_missing=True),
)  # fmt: skip


def measured(name: str) -> Measure:
    """Return the declaration of a measure; one that is not declared goes by its name, as a count.

    >>> measured("days_cp").label
    'days on a child protection plan'
    >>> measured("visits").title
    'Visits'
    """
    words = name.replace("_", " ")
    return _DECLARED.get(name) or Measure(name, words, words, "", "count")


def declared(*, priced: bool = False) -> tuple[str, ...]:
    """Return the names of all measures, or of those that a unit cost can price."""
    return tuple(name for name, item in _DECLARED.items() if item.priced or not priced)


def of_column(column: str) -> Measure:
    """Return the measure of a column of the child outcomes; a period in its name goes into the label.

    >>> of_column("referrals_before").title
    'Referrals before'
    """
    for period in PERIODS:
        if column.endswith(f"_{period}"):
            found = measured(column.removesuffix(f"_{period}"))
            return replace(found, name=column, label=f"{found.label} {period}")
    return measured(column)


def slug(text: str) -> str:
    """Return a label as the stem of a file's name.

    >>> slug("Open plans, Usual help")
    'open_plans_usual_help'
    >>> slug("Tŷ Gobaith: visits")
    'tŷ_gobaith_visits'
    """
    return re.sub(r"[\W_]+", "_", text.lower()).strip("_")
