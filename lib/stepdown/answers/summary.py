"""The answers of a run together: one sentence, at most five findings with their marks, what must not be concluded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stepdown.answers.certainty import certainty_of, rules_for
from stepdown.answers.evaluation import Evaluation
from stepdown.answers.finding import Finding, Tables
from stepdown.answers.others import area_sentence, of_area, of_case, of_checks, of_monitoring
from stepdown.effects.overlap import PASSED
from stepdown.params.study import StudySettings

MOST = 5
"""Headline findings of a study at most."""

Recorded = Mapping[str, Sequence[Mapping[str, str]]]
"""What the notebooks' books said as findings, by the table that each is about: sentence, limit, page."""

NOT_ANSWERED = "This run does not answer it: a part was not run, or its numbers are too small to show."

_TABLE_OF = {
    "comparable": "overlap_gate",
    "referred_again": "re_referral",
    "net_cost": "saving_bracket",
    "case_files": "case_file_differences",
    "trends": "trends",
    "checks": "check_summary",
    "headline": "headline_sensitivity",
    "published_case": "published_saving",
    "moved": "area_change",
    **dict.fromkeys(("targets", "chance", "level"), "series_summary"),
}
"""The table that a topic is about; an outcome's is effects_inside or effects."""

_MUST_NOT = {
    "check": (
        "Do not say which of two figures is right, or that anyone meant to mislead: only the records could show that.",
    ),
    "case": ("Do not quote the saving as shown: nobody outside can rebuild it.",),
    "area": ("Do not say that a programme caused the change: a council does many things in the same years.",),
    "monitoring": ("Do not say that the programme changed a series: other things happened in the same months.",),
}
_NOT_THE_CAUSE = (
    "Do not say that the programme caused a difference: children who look alike in the records may differ in "
    "other ways."
)
_NEITHER = "Do not say that the programme worked, or that it failed: nobody knows what would have happened without it."
_ELSEWHERE = (
    "Do not say that the programme would do the same elsewhere, or for those who did not take it up. Do not "
    "compare those who took it up with those who did not: they are different families."
)
_NO_CASH = "Do not treat a saving as money to spend: most of it is staff time."


@dataclass(frozen=True, slots=True)
class Summary:
    """What the first screen says.

    kind: study, check, case, area or monitoring.  sentence: all in one.  answers: to the study's questions, with a
    picture each.  others: the further headline findings; with the answers at most five.  unanswered: questions that no
    finding answers.  must_not: what must not be concluded.  records: how the records are, in a line.  rules: the rules
    of the marks that are given, and what each is worth.
    """

    kind: str = ""
    sentence: str = ""
    answers: tuple[Finding, ...] = ()
    others: tuple[Finding, ...] = ()
    unanswered: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    records: str = ""
    rules: tuple[tuple[str, str], ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All headline findings."""
        return (*self.answers, *self.others)


def summary_of(tables: Tables, recorded: Recorded, pages: Mapping[str, str], settings: StudySettings | None) -> Summary:
    """Return the summary of a run from its released tables.

    recorded: see :data:`Recorded`.  pages: table → file of the page that shows it.  settings: None unless it is a study
    of children's records.
    """
    unanswered: tuple[str, ...] = ()
    if settings is not None:
        found, unanswered = _of_study(tables, settings)
        kind = "study"
    else:
        kind, found = _of_other(tables)
    told = [_told(finding, recorded, pages) for finding in found[:MOST]]
    told = [replace(f, figures=tuple(figure for figure in f.figures if figure.cell.known)) for f in told]
    marked = [replace(f, certainty=None if f.evidence == "none" else certainty_of(f, tables)) for f in told]
    asked = _asked(settings) if settings else {f.topic for f in marked}
    answers = tuple(f for f in marked if f.topic in asked)[:3]
    others = tuple(f for f in marked if f not in answers)
    return Summary(
        kind=kind,
        sentence=_sentence(kind, tables, (*answers, *others)),
        answers=answers,
        others=others,
        unanswered=unanswered,
        must_not=_must_not(kind, tables, marked),
        records=_records(tables),
        rules=tuple(rules_for({finding.evidence for finding in marked})),
    )


def _of_study(tables: Tables, settings: StudySettings) -> tuple[list[Finding], tuple[str, ...]]:
    """Return the findings of an evaluation, those that its questions ask for first; and questions without an answer."""
    study = Evaluation(tables, settings)
    found: dict[str, Finding] = {}
    for question in settings.questions:
        if question.about:
            finding = study.finding(question.about) or _not_answered(question.about)
            found.setdefault(question.about, replace(finding, question=question.ask))
    for topic in ("comparable", settings.effects.headline, "referred_again", "net_cost", "case_files"):
        further = study.finding(topic) if topic not in found else None
        if further is not None:
            found[topic] = further
    return list(found.values()), tuple(q.ask for q in settings.questions if not q.about)


def _asked(settings: StudySettings) -> set[str]:
    """Return what the study's questions are about; where none says, what most ask."""
    asked = {question.about for question in settings.questions if question.about}
    return asked or {settings.effects.headline, "referred_again", "net_cost"}


def _not_answered(topic: str) -> Finding:
    limit = "Anything, either way."
    return Finding(topic, "none", "", "Not answered", NOT_ANSWERED, NOT_ANSWERED, limit)


def _of_other(tables: Tables) -> tuple[str, list[Finding]]:
    if "check_summary" in tables:
        return "check", of_checks(tables)
    if "published_saving" in tables:
        return "case", of_case(tables)
    if "area_change" in tables:
        return "area", of_area(tables)
    if "series_summary" in tables:
        return "monitoring", of_monitoring(tables)
    return "", []


def _told(finding: Finding, recorded: Recorded, pages: Mapping[str, str]) -> Finding:
    """Return the finding with its sentence and limit as the page has them, where a book said it."""
    first = finding.topic.split()[0]
    cells = [figure.cell.table for figure in finding.figures]
    table = _TABLE_OF.get(first) or next(iter(cells), "")
    placed = replace(finding, page=pages.get(table, finding.page))
    said = recorded.get(table, ())
    if first == "headline":
        return placed.told(
            next((item for item in said if finding.topic.removeprefix("headline ") in item["sentence"]), None)
        )
    if table in ("effects", "effects_inside", "trial_effect"):
        said = [item for item in said if item["sentence"] == finding.full]
    return placed.told(said[0] if said else None)


def _sentence(kind: str, tables: Tables, findings: Sequence[Finding]) -> str:
    by_topic = {finding.topic: finding.clause for finding in findings if finding.clause}
    parts = list(by_topic.values())
    if kind == "study":
        passed = tables.text("overlap_gate", "verdict") == PASSED
        kinds = {"trial", "difference"} if passed else {"trial"}
        first = [f.clause for f in findings if f.evidence in kinds and f.clause][:1]
        last = [] if passed else [by_topic.get("comparable", "")]
        roads = by_topic.get("trends", "") if "net_cost" not in by_topic else ""
        parts = [part for part in (*first, by_topic.get("net_cost", ""), *last, roads) if part]
    if kind == "area":
        parts = [sentence] if (sentence := area_sentence(tables, findings)) else []
    if not parts:
        return findings[0].short if findings else ""
    text = ", and ".join(parts[:2])
    return f"{text[0].upper()}{text[1:]}."


def _must_not(kind: str, tables: Tables, findings: Sequence[Finding]) -> tuple[str, ...]:
    if kind != "study":
        return _MUST_NOT.get(kind, ())
    if any(finding.evidence == "trial" for finding in findings):
        return (_ELSEWHERE,)
    first = _NOT_THE_CAUSE if tables.text("overlap_gate", "verdict") == PASSED else _NEITHER
    money = (_NO_CASH,) if any(f.topic == "net_cost" and f.evidence != "none" for f in findings) else ()
    return (first, *money)


def _records(tables: Tables) -> str:
    rows = tables.rows("completeness")
    if rows.empty:
        return ""
    blank = int((rows["blank"].isna() | (rows["blank"] > 0)).sum())
    return f"Records: all rules were met; {blank} of {len(rows)} columns have blank cells."
