"""The relations file as a whole: sources, short names, relations, and the headlines that the report stands on."""

from __future__ import annotations

from pydantic import Field

from stepdown.audit.relations import AnyRelation, Figure
from stepdown.params.base import ProjectPath, Settings, Text


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
