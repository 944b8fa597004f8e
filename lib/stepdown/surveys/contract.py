"""The tables of reach and delivery: survey_answers, participation, log; and what their rows show only together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from stepdown.contracts.model import Codes, Contract, Field, Ordered
from stepdown.contracts.registered import register
from stepdown.contracts.schema import Finding, row_faults
from stepdown.faults import Fault
from stepdown.params import Study
from stepdown.params.people import Survey

KINDS = ("training", "consultation", "spend")
NOT_DECLARED = "other"
"""What a reason is read as where the study declares none: a person's words are never shown."""


def _of_surveys(study: Study) -> Codes:
    surveys = study.settings.surveys
    codes = dict.fromkeys(code for item in surveys for question in item.questions.values() for code in question.answers)
    questions = dict.fromkeys(question for item in surveys for question in item.questions)
    found = {"survey_id": tuple(item.id for item in surveys), "question_id": tuple(questions), "answer": tuple(codes)}
    return found if surveys else {}


def _of_delivery(study: Study) -> Codes:
    given = study.settings.delivery
    return {"activity": given.activities, "role": given.roles, "end_reason": given.end_reasons} if given else {}


def _of_log(study: Study) -> Codes:
    given = study.settings.delivery
    return {"item": given.items, "reason": given.reasons} if given else {}


def _surveys_together(study: Study, frames: Mapping[str, pd.DataFrame], file: str) -> list[Fault]:
    frame, faults = frames["survey_answers"], []
    for survey in study.settings.surveys:
        rule = "docs/people.md: a survey is a frame, who was asked, who answered"
        own = _answers_that_cannot_be(frame, survey)
        faults += row_faults(frame, f"{file}, {survey.id}", rule, own)
    return faults


def _answers_that_cannot_be(frame: pd.DataFrame, survey: Survey) -> Iterator[Finding]:
    mine = (frame["survey_id"] == survey.id).to_numpy()
    question = frame["question_id"]
    yield (mine & ~question.isin(survey.questions).to_numpy(), "a question of another survey",
           ", ".join(survey.questions), "correct the survey_id or the question_id")  # fmt: skip
    asked = [(question == name).to_numpy() & frame["answer"].notna().to_numpy()
             & ~frame["answer"].isin(each.answers).to_numpy() for name, each in survey.questions.items()]  # fmt: skip
    yield (mine & np.any(asked, axis=0), "an answer that is a code of another question",
           "the codes that the question has in the parameter file", "correct the code, or declare it")  # fmt: skip
    unit = "family_id" if survey.unit == "families" else "respondent_id"
    yield (mine & frame[unit].isna().to_numpy(), f"no {unit}, in a survey whose frame counts {survey.unit}",
           f"a {unit}", "fill the column, or state the frame in people")  # fmt: skip
    most, answered = survey.invited or survey.frame, frame.loc[mine, unit].nunique()
    yield (mine if answered > most else np.zeros(len(frame), dtype=bool),
           f"more {survey.unit} who answered ({answered}) than were asked ({most})", f"at most {most}",
           "correct invited or frame, or remove repeated forms")  # fmt: skip


def _flow_together(study: Study, frames: Mapping[str, pd.DataFrame], file: str) -> list[Fault]:
    if study.settings.delivery is None:
        return []
    rule = "docs/people.md: referred, started, ended, each within the one before"
    frame, completed = frames["participation"], study.settings.delivery.completed
    return row_faults(frame, file, rule, _flow_that_does_not_add_up(frame, completed))


def _flow_that_does_not_add_up(frame: pd.DataFrame, completed: tuple[str, ...]) -> Iterator[Finding]:
    started, ended = frame["started_on"].notna().to_numpy(), frame["ended_on"].notna().to_numpy()
    offered, attended = (frame[f"sessions_{name}"].astype("float64") for name in ("offered", "attended"))
    yield ((attended > offered).to_numpy(), "more sessions attended than offered", "at most as many as were offered",
           "correct one of the two")  # fmt: skip
    yield (~started & (attended > 0).to_numpy(), "sessions attended by someone who did not start",
           "a started_on, or no session", "fill started_on, or correct the sessions")  # fmt: skip
    yield (~ended & frame["end_reason"].notna().to_numpy(), "a reason for ending without a date",
           "ended_on beside each end_reason", "fill ended_on, or remove the reason")  # fmt: skip
    yield (~started & frame["end_reason"].isin(completed).to_numpy(), "someone who completed but did not start",
           "a started_on", "fill started_on, or correct the reason")  # fmt: skip


SURVEY_ANSWERS = register(
    Contract(
        table="survey_answers",
        one_row_is="respondent × question of a survey",
        fields=(
            Field("survey_id", "text", "survey, as in the parameter file", required=True, blank=False),
            Field("respondent_id", "text", "pseudonym of the person who answered", required=True, blank=False),
            Field("family_id", "text", "pseudonym of the family, where families are counted"),
            Field("question_id", "text", "question, as in the parameter file", required=True, blank=False),
            Field("answer", "text", "code of the answer, never free text; blank: not answered", required=True),
        ),
        unique=("survey_id", "respondent_id", "question_id"),
        needed=lambda settings: bool(settings.surveys),
        codes=_of_surveys,
        together=_surveys_together,
    )
)

PARTICIPATION = register(
    Contract(
        table="participation",
        one_row_is="person × activity",
        fields=(
            Field("person_id", "text", "pseudonym of the person", required=True, blank=False),
            Field("activity", "text", "code of the activity", required=True, blank=False),
            Field("role", "text", "code of the person's role", required=True, blank=False),
            Field("referred_on", "date", "day of the referral", required=True, blank=False),
            Field("started_on", "date", "first day; blank: did not start"),
            Field("sessions_offered", "whole number", "sessions offered", lowest=0),
            Field("sessions_attended", "whole number", "sessions attended", lowest=0),
            Field("ended_on", "date", "last day; blank: still open"),
            Field("end_reason", "text", "code of why it ended, also before a start", free=True, other=NOT_DECLARED),
        ),
        unique=("person_id", "activity"),
        ordered=(
            Ordered("referred_on", "started_on", "nobody starts before the referral"),
            Ordered("referred_on", "ended_on", "nothing ends before the referral"),
            Ordered("started_on", "ended_on", "nothing ends before it starts"),
        ),
        not_after=("referred_on", "started_on"),
        open_after=("ended_on",),
        needed=lambda settings: settings.delivery is not None and bool(settings.delivery.activities),
        codes=_of_delivery,
        together=_flow_together,
    )
)

LOG = register(
    Contract(
        table="log",
        one_row_is="entry in the log of training, consultation or spending",
        fields=(
            Field("kind", "text", "what is logged", required=True, blank=False, codes=KINDS),
            Field(
                "item",
                "text",
                "code of the course, the consultation or the line of spending",
                required=True,
                blank=False,
            ),
            Field("date", "date", "day on which it was held or spent, or planned for", required=True),
            Field("planned", "whole number", "how many were planned (courses, conversations)", lowest=0),
            Field("achieved", "whole number", "how many were held", lowest=0),
            Field("people", "whole number", "how many took part; one person may be in several lines", lowest=0),
            Field("amount_gbp", "number", "amount spent", unit="£"),
            Field("reason", "text", "code of why less was done than planned", free=True, other=NOT_DECLARED),
        ),
        needed=lambda settings: settings.delivery is not None and bool(settings.delivery.items),
        codes=_of_log,
    )
)
