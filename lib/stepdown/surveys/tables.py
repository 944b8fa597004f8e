"""The tables of reach and delivery: fates by activity, survey answers, training and consultation, the logic model;
and the cells of the department's framework that they are evidence for."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from stepdown.contracts import StudyRecords
from stepdown.params import Study
from stepdown.params.people import Delivery, Survey
from stepdown.params.review import OtherEvidence
from stepdown.surveys.contract import NOT_DECLARED
from stepdown.surveys.finite import NAN, finite_interval, reach_bounds
from stepdown.tables import AddsUp, AggregateTable, Column, Role

NOT_STARTED, WAITING, OPEN, COMPLETED, LEFT = "Did not start", "Waiting to start", "Still in it", "Completed", "Left"
"""What became of a referral; a reason follows "Left"."""

ITEMS_SHOWN = ("question", "yes", "other", "no_answer", "percent", "low", "high", "bound_low", "bound_high")
REACH_SHOWN = ("activity", "role", "fate", "people", "seen_at_exit", "not_seen", "percent_attended")


def reach_table(participation: pd.DataFrame, responses: pd.DataFrame, delivery: Delivery) -> AggregateTable:
    """Return ``reach``: one row is an activity × role × fate; who was seen at exit, and the sessions they came to."""
    seen = set(responses.loc[responses["time_point"] == "exit", "person_id"])
    frame = participation.assign(fate=_fates(participation, delivery), seen=participation["person_id"].isin(list(seen)))
    rows = []
    order = {name: i for i, name in enumerate((COMPLETED, LEFT, OPEN, WAITING, NOT_STARTED))}
    pairs = [(activity, role) for activity in delivery.activities for role in delivery.roles]
    for activity, role in pairs:
        mine = frame[(frame["activity"] == activity) & (frame["role"] == role)]
        for fate in sorted(mine["fate"].unique(), key=lambda fate: (order[fate.partition(":")[0]], fate)):
            own = mine[mine["fate"] == fate]
            offered, attended = own["sessions_offered"].sum(), own["sessions_attended"].sum()
            share = 100 * attended / offered if offered else NAN
            people, at_exit = len(own), int(own["seen"].sum())
            whole = delivery.activities[activity], delivery.roles[role], fate, len(mine), int(mine["seen"].sum())
            rows.append((*whole, people, at_exit, people - at_exit, offered, attended, share))
    columns = {
        "activity": Column("Activity", Role.KEY),
        "role": Column("Who", Role.KEY),
        "fate": Column("What became of it", Role.KEY),
        "referred": Column("Referred", Role.COUNT, "people", 0, about="To the activity, in that role."),
        "seen": Column("Seen at exit, of those referred", Role.COUNT, "people", 0),
        "people": Column("People", Role.COUNT, "people", 0),
        "seen_at_exit": Column("Seen at exit", Role.COUNT, "people", 0, about="With any questionnaire at exit."),
        "not_seen": Column("Not seen at exit", Role.COUNT, "people", 0),
        "sessions_offered": Column("Sessions offered", Role.TOTAL, "sessions", 0, ("people",)),
        "sessions_attended": Column("Sessions attended", Role.TOTAL, "sessions", 0, ("people",)),
        "percent_attended": Column("Sessions attended, of those offered", Role.DERIVED, "%", 1, ("people",)),
    }
    of = ("activity", "role")
    sums = AddsUp("people", of, "referred"), AddsUp("seen_at_exit", of, "seen")
    return AggregateTable.of_rows("reach", "activity × role × what became of it", columns, rows, *sums)


def _fates(frame: pd.DataFrame, delivery: Delivery) -> list[str]:
    fates = []
    for started, ended, code in zip(frame["started_on"], frame["ended_on"], frame["end_reason"], strict=True):
        known = not pd.isna(code)
        reason = delivery.end_reasons.get(str(code), NOT_DECLARED) if known else "no reason given"
        if pd.isna(started):
            fates.append(NOT_STARTED if not pd.isna(ended) else WAITING)
        elif pd.isna(ended):
            fates.append(OPEN)
        else:
            fates.append(COMPLETED if known and code in delivery.completed else f"{LEFT}: {reason}")
    return fates


def _units(survey: Survey, answers: pd.DataFrame) -> tuple[pd.DataFrame, int, bool]:
    """Return the survey's answers, how many units of the frame answered, and whether one answered twice."""
    mine = answers[(answers["survey_id"] == survey.id) & answers["answer"].notna()]
    unit = mine["family_id"] if survey.unit == "families" else mine["respondent_id"]
    people = mine.groupby(unit)["respondent_id"].nunique()
    return mine, len(people), bool((people > 1).any())


def response_table(surveys: Sequence[Survey], answers: pd.DataFrame) -> AggregateTable:
    """Return ``survey_response``: one row is a survey; its frame, who was asked and who answered."""
    rows = []
    for survey in surveys:
        _, responded, several = _units(survey, answers)
        asked = survey.invited or survey.frame
        rows.append((survey.label, survey.unit, survey.frame, asked, survey.drawn.replace("_", " "), responded,
                     100 * responded / survey.frame, "yes" if several else "no"))  # fmt: skip
    columns = {
        "survey": Column("Survey", Role.KEY),
        "unit": Column("Counts", Role.OPEN),
        "frame": Column("Could have been asked", Role.OPEN, "", 0),
        "invited": Column("Were asked", Role.OPEN, "", 0),
        "drawn": Column("How they were chosen", Role.OPEN),
        "responded": Column("Answered", Role.COUNT, "people", 0),
        "percent": Column("Answered, of all", Role.DERIVED, "%", 1, ("responded",)),
        "several": Column("Several forms in a family", Role.OPEN),
    }
    return AggregateTable.of_rows("survey_response", "survey", columns, rows)


def items_table(surveys: Sequence[Survey], answers: pd.DataFrame, level: float) -> AggregateTable:
    """Return ``survey_items``: one row is a question; the share with one of its yes answers, and its limits.

    low, high: exact limits for the frame, if those who answered were drawn at random.  bound_low, bound_high: the share
    of the frame if all who did not answer say no, or yes. Neither is given where a family answered several times.
    """
    rows = []
    for survey in surveys:
        mine, responded, several = _units(survey, answers)
        for code, question in survey.questions.items():
            given = mine.loc[mine["question_id"] == code, "answer"]
            yes, n = int(given.isin(question.counts_as_yes).sum()), len(given)
            ends = (NAN,) * 4
            if n and not several:
                exact = finite_interval(yes, n, survey.frame, level)
                ends = (exact.low, exact.high, *reach_bounds(yes, n, survey.frame))
            base, share = mine["respondent_id"].nunique(), yes / n if n else NAN
            counts = (yes, n - yes, base - n, base)
            rows.append((survey.label, question.label, *counts, *(100 * value for value in (share, *ends))))
    rests = ("yes", "other")
    columns = {
        "survey": Column("Survey", Role.KEY),
        "question": Column("Question", Role.KEY),
        "yes": Column("Yes", Role.COUNT, "people", 0, about="One of the answers that the study counts as yes."),
        "other": Column("Another answer", Role.COUNT, "people", 0),
        "no_answer": Column("No answer", Role.COUNT, "people", 0, about="Answered another question of the survey."),
        "respondents": Column("Respondents", Role.COUNT, "people", 0),
        "percent": Column("Yes, of those who answered", Role.DERIVED, "%", 1, rests),
        "low": Column("from", Role.DERIVED, "%", 1, rests, "Of the frame, if drawn at random."),
        "high": Column("to", Role.DERIVED, "%", 1, rests, "Of the frame, if drawn at random."),
        "bound_low": Column("at least", Role.DERIVED, "%", 1, rests, "If all others say no."),
        "bound_high": Column("at most", Role.DERIVED, "%", 1, rests, "If all others say yes."),
    }
    return AggregateTable.of_rows("survey_items", "question of a survey", columns, rows)


def training_table(log: pd.DataFrame, delivery: Delivery) -> AggregateTable:
    """Return ``training``: one row is an item of training or consultation; what was planned, done, and why not more.

    people: attendances of a course, where one person may have come to several; conversations of a consultation.
    """
    mine = log[log["kind"].isin(["training", "consultation"])]
    rows = []
    for (kind, item), own in mine.groupby(["kind", "item"], sort=False):
        reasons = sorted({delivery.reasons.get(str(code), NOT_DECLARED) for code in own["reason"].dropna()})
        planned, done, people = (own[name].sum(min_count=1) for name in ("planned", "achieved", "people"))
        share = 100 * done / planned if pd.notna(done) and pd.notna(planned) and planned else NAN
        held = (NAN, done) if kind == "consultation" else (done, people)
        rows.append((kind, delivery.items.get(item, NOT_DECLARED), planned, *held, share, "; ".join(reasons)))
    columns = {
        "kind": Column("Kind", Role.KEY),
        "item": Column("What", Role.KEY),
        "planned": Column("Planned", Role.OPEN, "", 0),
        "held": Column("Courses held", Role.OPEN, "", 0),
        "people": Column("Attendances, or people consulted", Role.COUNT, "people", 0),
        "percent": Column("Done, of planned", Role.DERIVED, "%", 1, ("people",)),
        "reasons": Column("Why less was done", Role.OPEN),
    }
    return AggregateTable.of_rows("training", "item of training or consultation", columns, rows)


def logic_table(study: Study) -> AggregateTable:
    """Return ``logic_model``: one row is a claim; what it leads to, and what measures it."""
    settings, labels = study.settings, study.settings.measure_names()
    rows = []
    for claim in settings.logic_model:
        measured = "; ".join(labels[name] for name in claim.measured_by)
        rows.append((claim.kind, claim.id, claim.text, ", ".join(claim.leads_to), measured or "nothing"))
    columns = {
        "kind": Column("Column", Role.KEY),
        "id": Column("Row", Role.KEY),
        "claim": Column("What is claimed", Role.OPEN),
        "leads_to": Column("Leads to", Role.OPEN),
        "measured_by": Column("Measured by", Role.OPEN),
    }
    return AggregateTable.of_rows("logic_model", "claim", columns, rows)


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
