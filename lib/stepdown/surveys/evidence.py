"""What questionnaires, surveys and activities are evidence for: cells of the department's framework (notebook 2)."""

from __future__ import annotations

from stepdown.contracts import StudyRecords
from stepdown.params import Study
from stepdown.params.people import Delivery
from stepdown.params.review import OtherEvidence


def evidence(study: Study, records: StudyRecords) -> list[OtherEvidence]:
    """Return the evidence on framework cells that the study's own tables hold, where ``serves`` names the cell.

    A questionnaire counts once it was filled in at entry and at exit, a survey's question once it was answered, an
    activity once somebody started it. It says where evidence is, not which way it points.

    >>> evidence(book.study, book.records)
    []
    """
    responses, answers = records.table("responses"), records.table("survey_answers")
    started = records.table("participation").dropna(subset=["started_on"])
    found = []
    for item in study.settings.instruments:
        own = responses[(responses["instrument"] == item.id) & (responses["informant"] == item.informant)]
        if own["time_point"].nunique() == 2:
            found += [(code, f"{item.label}, at entry and exit", "table responses") for code in item.serves]
    for survey in study.settings.surveys:
        asked = set(answers.loc[(answers["survey_id"] == survey.id) & answers["answer"].notna(), "question_id"])
        for name, question in survey.questions.items():
            source = f"table survey_answers, {survey.label}"
            found += [(code, question.label, source) for code in question.serves if name in asked]
    delivery = study.settings.delivery or Delivery()
    for activity, codes in delivery.serves.items():
        if (started["activity"] == activity).any():
            found += [(code, delivery.activities[activity], "table participation") for code in codes]
    return [OtherEvidence(serves=code, says=says, source=source) for code, says, source in found]
