"""What a study holds beside children's records: questionnaires, surveys, who took part, and the logic model.

The parts stand in a study's file, or in a file without groups and spells (:class:`PeopleFile`): who was reached and
what they said is asked of programmes that have no children's records too. A part that is absent is not run.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from stepdown.faults import nearest
from stepdown.params.base import ProjectPath, Settings, Text
from stepdown.params.data import DataSettings
from stepdown.params.disclosure import DisclosurePolicy
from stepdown.params.runs import RunSettings
from stepdown.params.trials import Repeats, Spending, TimeUse, TrialSettings

Share = Annotated[float, Field(gt=0, le=1)]
Labels = dict[str, Text]
"""Code → label; only labels are ever shown."""


class Instrument(Settings):
    """One questionnaire, as one kind of informant filled it in, at entry and at exit.

    id: as in the column instrument of the table responses.  name: of its measures ("sdq" gives sdq_total …).
    key: its scoring key.  informant, version: those whose rows are read; the key says which there are.
    scales: those shown, of the key; the first one leads.  bands: a set of bands of the key ("": none).
    threshold, reliability: the name of a change that matters, and of a published reliability, of the key ("": none).
    serves: codes of the framework's cells that it is evidence for.
    """

    id: Text
    name: Text
    label: Text
    key: ProjectPath
    informant: Text
    version: Text
    scales: Annotated[tuple[Text, ...], Field(min_length=1)]
    bands: str = ""
    threshold: str = ""
    reliability: str = ""
    serves: tuple[Text, ...] = ()


class Question(Settings):
    """One question of a survey.

    answers: code → label.  counts_as_yes: the codes whose share is shown.  serves: as of an instrument.
    """

    label: Text
    answers: Labels
    counts_as_yes: Annotated[tuple[Text, ...], Field(min_length=1)]
    serves: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _known(self) -> Self:
        if unknown := set(self.counts_as_yes) - set(self.answers):
            raise ValueError(f"counts_as_yes names codes that answers does not have: {', '.join(sorted(unknown))}")
        return self


class Survey(Settings):
    """One survey.

    id: as in the table survey_answers.  frame: how many could have been asked (the list that it was sent to or drawn
    from).  invited: how many were asked (None: all of the frame).  unit: what the frame counts.
    drawn: how those asked were chosen; only of a random sample can the frame be inferred.
    """

    id: Text
    label: Text
    frame: int = Field(ge=1)
    invited: int | None = Field(default=None, ge=1)
    unit: Literal["families", "people"]
    drawn: Literal["all", "at_random", "by_hand"]
    questions: Annotated[dict[str, Question], Field(min_length=1)]

    @model_validator(mode="after")
    def _inside(self) -> Self:
        if self.invited and self.invited > self.frame:
            raise ValueError(f"invited ({self.invited}) is more than the frame ({self.frame})")
        return self


class Delivery(Settings):
    """Who took part, and what was planned and done.

    activities, roles, end_reasons: code → label, of the table participation.  completed: the reasons that mean the
    activity was completed.  items, reasons: code → label, of the table log.  serves: activity → codes of the framework.
    """

    activities: Labels = Field(default_factory=dict)
    roles: Labels = Field(default_factory=dict)
    end_reasons: Labels = Field(default_factory=dict)
    completed: tuple[Text, ...] = ()
    items: Labels = Field(default_factory=dict)
    reasons: Labels = Field(default_factory=dict)
    serves: dict[str, tuple[Text, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self) -> Self:
        if unknown := set(self.completed) - set(self.end_reasons):
            raise ValueError(f"completed names codes that end_reasons does not have: {', '.join(sorted(unknown))}")
        if unknown := set(self.serves) - set(self.activities):
            raise ValueError(f"serves names codes that activities does not have: {', '.join(sorted(unknown))}")
        return self


class Claim(Settings):
    """One row of the logic model.

    kind: its column.  leads_to: ids of other rows.  measured_by: names of measures (docs/people.md says which).
    """

    id: Text
    kind: Literal["input", "activity", "output", "outcome", "impact"]
    text: Text
    leads_to: tuple[Text, ...] = ()
    measured_by: tuple[Text, ...] = ()


class PeopleSettings(Settings):
    """The parts of a study that are not children's records; each is shown in notebook 9 where it is there."""

    instruments: tuple[Instrument, ...] = ()
    surveys: tuple[Survey, ...] = ()
    delivery: Delivery | None = None
    logic_model: tuple[Claim, ...] = ()
    trial: TrialSettings | None = None
    time_use: TimeUse | None = None
    repeats: Repeats | None = None
    spending: Spending | None = None

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        for part, names in (
            ("instruments", [item.name for item in self.instruments]),
            ("surveys", [item.id for item in self.surveys]),
            ("logic_model", [item.id for item in self.logic_model]),
        ):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"{part}: named twice: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _claims_lead_somewhere(self) -> Self:
        ids, measures = [claim.id for claim in self.logic_model], list(self.measure_names())
        for claim in self.logic_model:
            for name, known in ((n, k) for names, k in ((claim.leads_to, ids), (claim.measured_by, measures))
                                for n in names if n not in k):  # fmt: skip
                allowed = ", ".join(known) or "nothing"
                raise ValueError(f"logic_model, {claim.id}: {name!r} is none of {allowed}{nearest(name, known)}")
        return self

    def measure_names(self) -> dict[str, str]:
        """Return what a claim can be measured by, name → label, and the names of the other parts of the file.

        <instrument>_<scale>, <survey>.<question>, activity.<code>, log.<code>.
        """
        delivery = self.delivery or Delivery()
        others = [name for name in PARTS if name not in _APART and getattr(self, name)]
        return {
            **{f"{each.name}_{scale}": f"{each.label} ({scale})" for each in self.instruments for scale in each.scales},
            **{f"{each.id}.{name}": q.label for each in self.surveys for name, q in each.questions.items()},
            **{f"activity.{code}": label for code, label in delivery.activities.items()},
            **{f"log.{code}": label for code, label in delivery.items.items()},
            **{name: name.replace("_", " ") for name in others},
        }


LEVEL = 0.95
"""Confidence level of the intervals of notebook 9."""

_APART = ("instruments", "surveys", "delivery", "logic_model")
PARTS = tuple(PeopleSettings.model_fields)
"""The names of the parts."""


class PeopleFile(PeopleSettings):
    """The parameter file of a study that has no children's records."""

    title: Text
    programme_name: Text
    questions: tuple[Text, ...] = ()
    limits: tuple[Text, ...] = ()
    data: DataSettings
    disclosure: DisclosurePolicy
    seed: int = Field(ge=0)
    run: RunSettings = Field(default_factory=RunSettings)
    repeated_referrals: Literal["each"] = "each"
    review: None = None
    costs: None = None

    @model_validator(mode="after")
    def _no_trial(self) -> Self:
        if self.trial:
            raise ValueError("trial: a trial's arms are the groups of a study with children's records (docs/trials.md)")
        return self

    def broad_groups(self) -> dict[str, list[str]]:
        """Return no broad ethnic groups: nothing is known of ethnicity here."""
        return {}
