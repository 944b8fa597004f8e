"""The relations file: what the rows and columns of a published report are to each other (docs/your_own_data.md),
and the headlines that the report stands on.

A figure is named in text: ``table | row | column`` (and ``| bracket`` for the number in brackets), or
``source | claim_id`` for a number that stands in a sentence. A plain number stands for itself.
``{name}`` in any text is filled in from ``each``: one relation then makes one check for every value.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from stepdown.params.base import ProjectPath, Settings, Text

Figure = Annotated[str | int | float, Field(union_mode="left_to_right")]
"""One figure by name, or a number."""

Figures = Annotated[str | int | float | tuple[str | int | float, ...], Field(union_mode="left_to_right")]
"""One figure, or several to be added up; ``table | * | column`` stands for all rows, ``* except A; B`` for the rest."""


class Relation(Settings):
    """What every relation has.

    each: placeholder → its values, or "rows of <table>" (with "except A; B").  note: goes beside each check.
    question: a difference is something to ask the authors, not an error that the figures prove.
    """

    each: dict[str, Text | tuple[Text, ...]] = Field(default_factory=dict)
    note: str = ""
    question: bool = False


class Percent(Relation):
    """``percent`` is ``count`` as a percentage of ``base``."""

    kind: Literal["percent"]
    count: Figures
    base: Figures
    percent: Text


class Total(Relation):
    """``total`` is the sum of ``parts``, with ``less`` taken off; ``rounded``: the parts were rounded first."""

    kind: Literal["total"]
    total: Text
    parts: Figures
    less: Figures = ()
    rounded: bool = False


class Mean(Relation):
    """``mean`` is ``total`` divided by ``n``."""

    kind: Literal["mean"]
    mean: Text
    total: Figures
    n: Figures


class Change(Relation):
    """``change`` is ``after`` less ``before``.

    rounded: before and after were rounded before printing (means, per cents, pounds), so the change may have been
    worked out from rounded or from unrounded figures.  exact_before, exact_after, n: counts or totals that give the
    unrounded ones (over n; times 100 for a per cent), to tell which of the two the report used.
    """

    kind: Literal["change"]
    before: Text
    after: Text
    change: Text
    exact_before: Text | None = None
    exact_after: Text | None = None
    n: Figure | None = None
    rounded: bool = False


class PercentChange(Relation):
    """``percent`` is the change from ``before`` to ``after``; ``rounded_to``: both were rounded to a multiple of it."""

    kind: Literal["percent_change"]
    before: Text
    after: Text
    percent: Text
    rounded_to: int | float | None = None
    sign: Literal[-1, 1] = 1


class Grim(Relation):
    """``figure`` (a mean or a per cent) is some whole number out of ``n`` (times ``items``)."""

    kind: Literal["grim"]
    figure: Text
    n: Figure
    items: int = Field(default=1, ge=1)


class Grimmer(Relation):
    """``mean`` and ``sd`` (sample) can both come from ``n`` whole numbers."""

    kind: Literal["grimmer"]
    mean: Text
    sd: Text
    n: Figure
    items: int = Field(default=1, ge=1)


class Debit(Relation):
    """``mean`` and ``sd`` (sample) can both come from ``n`` values of 0 and 1."""

    kind: Literal["debit"]
    mean: Text
    sd: Text
    n: Figure


class Capacity(Relation):
    """``total`` over ``units`` is at most ``most`` each (or the days of ``months`` months) and at least ``least``."""

    kind: Literal["capacity"]
    total: Figures
    units: Figures
    most: int | None = Field(default=None, ge=1)
    months: int | None = Field(default=None, ge=1, le=60)
    least: int = Field(default=1, ge=0)

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if (self.most is None) == (self.months is None):
            raise ValueError("capacity needs either most or months")
        return self


class StatedN(Relation):
    """The ``n`` of a heading gives the printed figures; if not, every n from 2 to ``up_to`` is tried.

    shares: (count, per cent).  means: (total, mean).  scaled: (figure, figure scaled from n to ``to_n``).
    """

    kind: Literal["stated_n"]
    table: Text
    n: int = Field(ge=1)
    shares: tuple[tuple[Text, Text], ...] = ()
    means: tuple[tuple[Text, Text], ...] = ()
    scaled: tuple[tuple[Text, Text], ...] = ()
    to_n: int | None = Field(default=None, ge=1)
    up_to: int = Field(default=1000, ge=2)

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.shares or self.means or self.scaled) or (self.scaled and self.to_n is None):
            raise ValueError("stated_n needs shares, means or scaled (scaled needs to_n)")
        return self


class Scaled(Relation):
    """``scaled`` is ``figure`` times ``to_n`` / ``from_n``."""

    kind: Literal["scaled"]
    figure: Text
    scaled: Text
    from_n: int = Field(ge=1)
    to_n: int = Field(ge=1)


class Equation(Settings):
    """One published total and the volumes that make it up (name of the tariff → figure)."""

    total: Text
    volumes: dict[str, Figure]


class UnitCost(Relation):
    """Each total is the sum of volume times tariff.

    printed: the tariffs as printed.  annual: the same for a year.  step: the finer tariffs that are searched.
    """

    kind: Literal["unit_cost"]
    printed: dict[str, Text]
    annual: dict[str, Text] = Field(default_factory=dict)
    equations: tuple[Equation, ...]
    step: str = Field(default="0.01", pattern=r"^(0\.0*1|1)$")

    @model_validator(mode="after")
    def _tariffs_known(self) -> Self:
        unknown = {name for each in self.equations for name in each.volumes} - set(self.printed)
        if unknown:
            raise ValueError(f"volumes without a tariff under printed: {sorted(unknown)}")
        return self


class Same(Relation):
    """The ``figures`` are one quantity in several places; the first is where the others come from."""

    kind: Literal["same"]
    figures: tuple[Text | int | float, ...] = Field(min_length=2)


class Distinct(Relation):
    """``first`` and ``second`` describe different things and should not agree in every figure."""

    kind: Literal["distinct"]
    first: tuple[Text, ...] = Field(min_length=1)
    second: tuple[Text, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _as_many(self) -> Self:
        if len(self.first) != len(self.second):
            raise ValueError("first and second need as many figures each")
        return self


class Label(Relation):
    """What a heading calls ``figures``: a count is a whole number, a per cent is printed with its sign."""

    kind: Literal["label"]
    figures: tuple[Text, ...]
    called: Literal["count", "percent"]


class Categories(Relation):
    """``figure`` counts the rows of ``rows`` that are not zero (``table | * except Total; Unknown | column``)."""

    kind: Literal["categories"]
    figure: Text
    rows: Text


class Order(Relation):
    """``lower`` is less than ``higher``: a comparison that a sentence makes (``strict: false`` allows equality)."""

    kind: Literal["order"]
    lower: Figures
    higher: Figures
    strict: bool = True


class Printing(Relation):
    """Every number of ``table`` is printed as a number is (thousands commas in their places)."""

    kind: Literal["printing"]
    table: Text


class CellIs(Settings):
    """A cell of a reconstructed table whose number the text gives."""

    row: Text
    column: Text
    count: Figure


class Reading(Settings):
    """One way to read the text: the cells that it fixes.  as_printed: this is what the words say as they stand."""

    name: Text
    as_printed: bool = False
    cells: tuple[CellIs, ...] = ()


class Reconstruction(Relation):
    """The tables of whole numbers that fit the margins and a reading of the text.

    labels: of rows (before) and columns (after).  The label that has no margin is what is left of ``total``.
    """

    kind: Literal["reconstruction"]
    name: Text
    labels: tuple[Text, ...] = Field(min_length=2, max_length=6)
    total: Figure
    before: dict[str, Figure]
    after: dict[str, Figure]
    readings: tuple[Reading, ...] = Field(min_length=1)
    most: int = Field(default=500_000, ge=1)


AnyRelation = Annotated[
    Percent
    | Total
    | Mean
    | Change
    | PercentChange
    | Grim
    | Grimmer
    | Debit
    | Capacity
    | StatedN
    | Scaled
    | UnitCost
    | Same
    | Distinct
    | Label
    | Categories
    | Order
    | Printing
    | Reconstruction,
    Field(discriminator="kind"),
]


class Scenario(Settings):
    """The headline with some of its values replaced."""

    name: Text
    replace: dict[str, Figure]


class Headline(Settings):
    """A figure that the report stands on, and how it is worked out.

    published: the figure.  values: name → figure, number, or "= formula of the names before it".
    formula: + - * / and brackets over the names.  scenarios: what if some values were others.
    """

    name: Text
    published: Text
    values: dict[str, Figure]
    formula: Text
    scenarios: tuple[Scenario, ...] = ()


class AuditTable(Settings):
    """A short name for a table: its file ("rr1038/table_13" with several sources) and short names for columns."""

    file: Text
    columns: dict[str, Text] = Field(default_factory=dict)


class AuditSettings(Settings):
    """A relations file.

    sources: short name → folder of published figures.  material_percent: a headline that moves by less than this
    share of itself is said to stand.  run: a settings block for schedulers, not used here.
    """

    title: Text
    about: Text
    sources: dict[str, ProjectPath] = Field(min_length=1)
    tables: dict[str, AuditTable] = Field(default_factory=dict)
    relations: tuple[AnyRelation, ...] = Field(min_length=1)
    headlines: tuple[Headline, ...] = ()
    material_percent: float = Field(default=1.0, gt=0)
    limits: tuple[Text, ...] = ()
