"""Scoring keys: how a questionnaire's answers become scores, as data with a source, without the items' wording."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from stepdown.params.base import Settings, Text

Range = tuple[float, float]
Norm = tuple[float, Annotated[float, Field(gt=0)]]
"""Mean and standard deviation of a population."""


class Scale(Settings):
    """One scale. items: their numbers; or of: the scales that it sums.

    lowest, highest: the ends of the score.  better: which way is better.  min_items: fewer answered give no score
    (None: all must be).  With some missing, a score is the mean of those answered times the number of items, half up.
    points: answer → points, where they are not the answer itself.  zero_when: item → the answer that makes the score 0.
    converted: raw sum → score.  informants: for whom the scale is (empty: all of the form).
    """

    label: Text
    lowest: float
    highest: float
    better: Literal["higher", "lower"]
    items: tuple[Text, ...] = ()
    of: tuple[Text, ...] = ()
    min_items: int | None = Field(default=None, ge=1)
    points: dict[Text, float] = Field(default_factory=dict)
    zero_when: dict[Text, float] = Field(default_factory=dict)
    converted: dict[Text, float] = Field(default_factory=dict)
    informants: tuple[Text, ...] = ()

    @property
    def is_yes_no(self) -> bool:
        """Whether the scale is one question with the answers 0 and 1."""
        return (self.lowest, self.highest, len(self.items)) == (0, 1, 1)


class Form(Settings):
    """One version of the form: the ages, in completed years, and the informants that it is meant for."""

    ages: Range
    informants: Annotated[tuple[Text, ...], Field(min_length=1)]


class Threshold(Settings):
    """A change in points that matters to a person, of one scale, with where it is published."""

    scale: Text
    points: float = Field(gt=0)
    source: Text


class Reliability(Settings):
    """A published standard deviation and reliability of one scale.

    functional, dysfunctional: norms of people without and with the difficulty, for the cut-off between them.
    """

    scale: Text
    sd: float = Field(gt=0)
    reliability: float = Field(gt=0, lt=1)
    source: Text
    functional: Norm | None = None
    dysfunctional: Norm | None = None


class BandSet(Settings):
    """Bands by informant, scale and label: the lowest and highest score of each."""

    source: Text
    cuts: dict[Text, dict[Text, dict[Text, Range]]]


class ScoringKey(Settings):
    """A scoring key. lowest, highest: ends of an answer.  reverse: items whose answer is turned round.

    version: of this key.  source: where it is published.  terms: who owns the form and on what terms it is used.
    forms: by name, the versions of the form.
    """

    title: Text
    version: Text
    source: Text
    terms: Text
    lowest: float
    highest: float
    reverse: tuple[Text, ...] = ()
    scales: Annotated[dict[Text, Scale], Field(min_length=1)]
    forms: Annotated[dict[Text, Form], Field(min_length=1)]
    bands: dict[Text, BandSet] = Field(default_factory=dict)
    thresholds: dict[Text, Threshold] = Field(default_factory=dict)
    reliabilities: dict[Text, Reliability] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        named = {part for scale in self.scales.values() for part in scale.of}
        named |= {row.scale for rows in (self.thresholds, self.reliabilities) for row in rows.values()}
        named |= {scale for bands in self.bands.values() for cuts in bands.cuts.values() for scale in cuts}
        if unknown := sorted(named - set(self.scales)):
            raise ValueError(f"scales that the key does not have: {', '.join(unknown)}")
        for name, scale in self.scales.items():
            if bool(scale.items) == bool(scale.of):
                raise ValueError(f"{name}: a scale has items, or is the sum of other scales")
            if scale.min_items and scale.min_items > len(scale.items):
                raise ValueError(f"{name}: min_items is more than its items")
        if stray := sorted(set(self.reverse) - set(self.items())):
            raise ValueError(f"reverse names items of no scale: {', '.join(stray)}")
        return self

    def items(self) -> list[str]:
        """Return the numbers of all items, in the order of the scales."""
        return list(dict.fromkeys(item for s in self.scales.values() for item in (*s.items, *s.zero_when)))

    def made_of(self, scale: str) -> list[str]:
        """Return the numbers of the items of a scale, those of the scales that it sums as well."""
        own = self.scales[scale]
        return [*own.items, *(item for part in own.of for item in self.made_of(part))]

    def allowed(self, item: str) -> Range:
        """Return the lowest and highest answer of an item."""
        own = next((s.points for s in self.scales.values() if item in (*s.items, *s.zero_when) and s.points), None)
        return (min(map(float, own)), max(map(float, own))) if own else (self.lowest, self.highest)
