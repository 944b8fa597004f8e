"""The tables of reach and delivery: survey_answers, participation, log."""

from __future__ import annotations

from stepdown.contracts.model import Codes, Contract, Field, Ordered
from stepdown.contracts.registered import register
from stepdown.params import Study

KINDS = ("training", "consultation", "spend")


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


SURVEY_ANSWERS = register(
    Contract(
        table="survey_answers",
        one_row_is="respondent × question of a survey",
        fields=(
            Field("survey_id", "text", "survey, as in the parameter file", required=True, blank=False),
            Field("respondent_id", "text", "pseudonym of the one who answered", required=True, blank=False),
            Field("family_id", "text", "pseudonym of the family, where families are counted"),
            Field("question_id", "text", "question, as in the parameter file", required=True, blank=False),
            Field("answer", "text", "code of the answer, never words; blank: not answered", required=True),
        ),
        unique=("survey_id", "respondent_id", "question_id"),
        needed=lambda settings: bool(settings.surveys),
        codes=_of_surveys,
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
            Field("end_reason", "text", "code of why it ended"),
        ),
        unique=("person_id", "activity"),
        ordered=(
            Ordered("referred_on", "started_on", "nobody starts before the referral"),
            Ordered("referred_on", "ended_on", "nothing ends before the referral"),
            Ordered("started_on", "ended_on", "nothing ends before it starts"),
        ),
        not_after=("referred_on", "started_on", "ended_on"),
        codes=_of_delivery,
    )
)

LOG = register(
    Contract(
        table="log",
        one_row_is="line of the log of training, consultation or spending",
        fields=(
            Field("kind", "text", "what is logged", required=True, blank=False, codes=KINDS),
            Field("item", "text", "code of the course, the consultation or the line of spending", required=True,
                  blank=False),
            Field("date", "date", "day on which it was held or spent, or planned for", required=True),
            Field("planned", "whole number", "how many were planned (courses, conversations)", lowest=0),
            Field("achieved", "whole number", "how many were held", lowest=0),
            Field("people", "whole number", "how many took part; one person may stand in several lines", lowest=0),
            Field("amount_gbp", "number", "amount spent", unit="£"),
            Field("reason", "text", "code of why less was done than planned"),
        ),
        codes=_of_log,
    )
)  # fmt: skip
