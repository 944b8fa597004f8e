"""What ``stepdown check`` says of the run to come: what will run, about how long, and what a release can show."""

from __future__ import annotations

from stepdown.contracts import StudyRecords
from stepdown.measures import STATUSES
from stepdown.numbers import as_words, digits, joined, written
from stepdown.params import Study
from stepdown.run.jobs import Status
from stepdown.run.planning import Plan, Request, plans_of
from stepdown.run.subjects import STUDY, Subject

_FIXED_SECONDS, _CHILDREN_A_SECOND = 12, 4_000
"""Processor time of one pass of all notebooks and pages (benchmarks/whole_study.py)."""

FEW_CHILDREN = 10
"""Fewer with a status in a group than this, and a comparison of it says next to nothing."""


def foreseen(subject: Subject, records: StudyRecords | None) -> list[str]:
    """Return what a run of a checked file will do, a line a matter; of records only counts are read."""
    (plan,) = plans_of(Request(files=(str(subject.file),)))
    lines = [_what_runs(plan)]
    if subject.type is STUDY and subject.study is not None and records is not None:
        about = _how_long(plan, subject.study, len(records.children))
        lines += [about, *_what_can_be_shown(subject.study, records)]
    return lines


def _what_runs(plan: Plan) -> str:
    named = [as_words(step.notebook.name.partition("_")[2]) for step in plan.to_run()]
    same = sum(step.status is Status.UNCHANGED for step in plan.steps)
    if not named:
        return "a run would find nothing changed since the last one."
    kept = f"; {written(same, 'notebook')} would be copied from the last run" if same else ""
    return f"a run would make {joined(named)}{kept}."


def _how_long(plan: Plan, study: Study, children: int) -> str:
    before = {each["name"]: each["seconds"] for each in plan.previous_manifest.get("notebooks", ())}
    took = [before.get(step.notebook.name, 0.0) for step in plan.to_run()]
    if took and all(took):
        return f"time: these notebooks took {digits(sum(took))} seconds the last time."
    passes = 1 if study.settings.disclosure.method == "none" else 2
    seconds = passes * (_FIXED_SECONDS + children / _CHILDREN_A_SECOND)
    twice = " (each notebook runs twice, as numbers are hidden)" if passes > 1 else ""
    return f"time: about {digits(-(-seconds // 10) * 10)} seconds of one core{twice}."


def _what_can_be_shown(study: Study, records: StudyRecords) -> list[str]:
    from stepdown.describe import profile
    from stepdown.outcomes import child_outcomes, statutory_status

    outcomes = child_outcomes(study, records)
    statuses, ages = statutory_status(outcomes).frame, profile(study, outcomes.cohort).frame
    sizes = statuses.drop_duplicates("group")
    groups = [f"{n:,} {group}" for group, n in zip(sizes["group"], sizes["children"], strict=True)]
    lines = [f"the release can compare {joined(groups)} children."]
    fewest = statuses.groupby("status", sort=False)["children_with_status"].min()
    thin = [STATUSES[str(code)].state for code, n in fewest.items() if n < FEW_CHILDREN]
    if thin:
        lines.append(
            f"too few to compare precisely: children {joined(thin)} (fewer than {FEW_CHILDREN} in a group and period)."
        )
    policy = study.settings.disclosure
    if policy.method == "none":
        return [*lines, "no number will be hidden."]
    counts = [*statuses["children_with_status"], *ages["children"]]
    small = sum(1 <= count <= policy.threshold for count in counts)
    among = f"of {len(counts)} counts of ages, ethnicity, siblings and statuses"
    hidden = f"{among}, {small} are between 1 and {policy.threshold}"
    if not small:
        return [*lines, f"{hidden}; smaller groups in other tables may be hidden."]
    return [*lines, f"{hidden}: they are hidden, with others that would give them away (docs/disclosure.md)."]
