"""Plain-English sentences from the numbers of this package, each with its condition or its caution.

Every function takes one row (or a few) of a cleared table as a mapping, so a hidden number is pd.NA and is never put
into words. No sentence says that a difference is the programme's effect: it says what would have to be true for that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from stepdown.effects.bracketing import DIFFERENCE_IN_DIFFERENCES, LAGGED_OUTCOME
from stepdown.effects.comparison import outcome_name
from stepdown.effects.wording import (
    Row,
    children,
    count,
    fewer,
    interval,
    known,
    of,
    p_value,
    percent,
    sentence,
)

Labels = tuple[str, str]
"""Labels of the programme group and of the comparison group."""


def rows(frame: pd.DataFrame, **wanted: object) -> list[Row]:
    """Return the rows of a cleared frame that hold the values given, as mappings."""
    kept = frame
    for name, value in wanted.items():
        kept = kept.loc[kept[name] == value]
    return kept.to_dict("records")


def bullets(word: Callable[..., str], frame: pd.DataFrame, *further: object, **named: object) -> str:
    """Return one sentence a row of a cleared frame, as a list; further arguments go to ``word`` after the row."""
    return "\n".join(f"- {word(row, *further, **named)}" for row in rows(frame))


GATE_LIMIT = (
    "Enough overlap makes a comparison possible, not right: children who were alike on paper may differ in what no "
    "record holds."
)
BRACKET_LIMIT = (
    "Which of the two conditions holds, if either; records of two periods cannot say. The two are never averaged."
)
REFERRAL_LIMIT = "A referral that was not made is not always harm that did not happen."


def overlap_sentence(row: Row, labels: Labels) -> str:
    """Return whether the question can be answered by weighting at all; row: the row of ``overlap_gate``."""
    programme, comparison = labels
    who = (
        f"before, {of(row['with_status_programme'], row['n_programme'])} children of the {programme} group had any "
        f"status, and {of(row['with_status_comparison'], row['n_comparison'])} of the {comparison} group"
    )
    if row["verdict"] == "passed":
        return (
            f"These two groups can be compared: {who}. Made to look like the {programme} group by weighting, the "
            f"{comparison} group would still be worth {_size(row['ess_by_status'])} "
            f"(at least {count(row['ess_needed'])} are asked for)."
        )
    if known(row["ess_best_case"], row["ess_needed"]) and row["ess_best_case"] >= row["ess_needed"]:
        return (
            f"These two groups can be compared only in part: {who}. {sentence(children(row['unmatched']))[:-1]} of the "
            f"{programme} group had a status before that no {comparison} child, or too few of them, had. "
            "The difference is not estimable by weighting."
        )
    return (
        f"These two groups are too different for weighting to make them alike: {who}. Made to look like the "
        f"{programme} group, the {comparison} group would be worth {_size(row['ess_best_case'])} "
        f"(at least {count(row['ess_needed'])} are asked for). The difference is not estimable by weighting."
    )


def _size(value: object) -> str:
    if not known(value):
        return "too few children to say"
    return f"{float(str(value)):.1f} children" if float(str(value)) < 10 else f"{float(str(value)):.0f} children"


def bracket_sentence(effects: pd.DataFrame, outcome: str, labels: Labels, *, level: float = 0.95) -> str:
    """Return both ends of the bracket of one outcome, each with its interval and its condition.

    effects: the frame of the cleared table ``effects``.
    """
    name = outcome_name(outcome)
    ends = [rows(effects, outcome=outcome, estimator=which)[0] for which in (DIFFERENCE_IN_DIFFERENCES, LAGGED_OUTCOME)]
    if not all(known(end["estimate"]) for end in ends):
        why = str(ends[0]["note"]).strip() or "it rests on too few children to be shown"
        return sentence(f"{name.label}: no difference is given, because {why}")
    if not any(known(end["se"]) for end in ends) and "nothing to estimate" in str(ends[0]["note"]):
        return sentence(f"{name.label}: {ends[0]['note']}")
    parts = []
    for end in ends:
        reach = interval(end["ci_low"], end["ci_high"], name.unit, level=level)
        parts.append(f"{fewer(end['estimate'], name.unit)} a child ({reach}) if, {end['condition']}")
    text = f"{sentence(name.label)[:-1]}, {labels[0]} against {labels[1]}: {parts[0]}; but {parts[1]}."
    return f"{text} {_tests(ends, effects)}{_notes(ends)}"


def _tests(ends: Sequence[Row], effects: pd.DataFrame) -> str:
    """Return the p values with the test and the correction that they come from."""
    n_outcomes = effects["outcome"].nunique()
    values = [p_value(end["p_holm"]) for end in ends]
    if "no test possible" in values:
        return "No test can be given for at least one end."
    return f"Tests (t, clustered on family, corrected for {n_outcomes} outcomes by Holm): {values[0]} and {values[1]}."


def _notes(ends: Sequence[Row]) -> str:
    notes = {str(end["note"]) for end in ends if str(end["note"])}
    return "".join(f" Caution: {note}." for note in sorted(notes))


def agreement_sentence(row: Row, *, level: float = 0.95) -> str:
    """Return whether the two ends of a bracket tell the same story; row: a row of ``bracket_agreement``."""
    name = outcome_name(str(row["outcome"]))
    if not known(row["difference"], row["ci_low"], row["ci_high"]):
        return sentence(f"{name.label}: whether the two ends agree cannot be said")
    apart = fewer(-abs(row["difference"]), name.unit).removesuffix(" fewer")
    if not bool(row["ends_differ"]):
        return sentence(
            f"{name.label}: the two ends agree within chance, so the answer does not hang on which condition holds"
        )
    return sentence(
        f"{name.label}: the two ends are {apart} a child apart, more than chance makes ({p_value(row['p_value'])}); "
        "the two conditions cannot both be true, the answer hangs on which one is, and these data cannot say"
    )


def like_for_like_sentence(
    row: Row, labels: Labels, *, anchors: Labels = ("support", "support"), level: float = 0.95
) -> str:
    """Return the comparison among children of one status before; row: a row of ``like_for_like``.

    anchors: what the clock of each group runs from (Group.anchor of the study).
    """
    status = "no status" if row["status_before"] == "none" else f"{row['status_before']} as their highest status"
    text = (
        f"among children with {status} before, {of(row['events_programme'], row['n_programme'])} of the {labels[0]} "
        f"group {row['event']}, against {of(row['events_comparison'], row['n_comparison'])} of the {labels[1]} group"
    )
    points = "percentage points"
    if known(row["difference"], row["ci_low"], row["ci_high"]):
        ends = interval(row["ci_low"], row["ci_high"], points, level=level)
        text += f": {fewer(row['difference'], points)} (Newcombe {ends})"
    caution = "This is a contrast between two kinds of children, not an effect"
    if anchors[0] != anchors[1]:
        caution += (
            f": the clock starts at the end of {anchors[0]} for one group and at the end of {anchors[1]} for the other"
        )
    return f"{sentence(text)} {caution}."


def movement_sentence(row: Row, *, has_comparison: bool = True) -> str:
    """Return movement up and down among those who could; row: a row of ``movement``."""
    up = f"of {count(row['at_risk_up'])} children who could move up, {_who(row['escalated'])} did"
    down = f"of {count(row['at_risk_down'])} who could move down, {_who(row['de_escalated'])} did"
    text = f"In the {row['group']} group, {up}; {down}."
    if known(row["p_direction"]):
        text += f" Exact sign test of direction: {p_value(row['p_direction'])}."
    caution = "Moving down is also the natural course of children who were chosen while they had a status: plans end."
    return f"{text} {caution}" if has_comparison and _mostly_down(row) else text


def _who(value: object) -> str:
    if not known(value):
        return "a number too small to show"
    return "none" if int(str(value)) == 0 else f"{int(str(value)):,}"


def _mostly_down(row: Row) -> bool:
    return known(row["escalated"], row["de_escalated"]) and row["de_escalated"] > row["escalated"]


def re_referral_sentence(row: Row, labels: Labels, *, level: float = 0.95) -> str:
    """Return how the groups differ in re-referral; row: the row of ``re_referral``."""
    first = f"{of(row['events_programme'], row['n_programme'])} children of the {labels[0]} group were referred again"
    second = f"{of(row['events_comparison'], row['n_comparison'])} of the {labels[1]} group"
    text = sentence(f"within {count(row['tau_days'])} days of the end, {first}, against {second}")
    if known(row["risk_difference"], row["risk_ci_low"], row["risk_ci_high"]):
        points = "percentage points"
        ends = interval(row["risk_ci_low"], row["risk_ci_high"], points, level=level)
        text += f" That is {fewer(row['risk_difference'], points)} (Newcombe {ends})."
    if not known(row["few_events"]) or bool(row["few_events"]):
        return f"{text} So few referrals cannot carry a model: no hazard ratio is given."
    if known(row["mean_difference"], row["ci_low"], row["ci_high"]):
        longer = "longer" if row["mean_difference"] > 0 else "shorter"
        ends = interval(row["ci_low"], row["ci_high"], "days", level=level)
        text += (
            f" On average a child of the {labels[0]} group went {abs(row['mean_difference']):.1f} days {longer} "
            f"without a referral in that time ({ends}; {p_value(row['p_value'])}, families kept together)."
        )
    return text


def influence_sentence(row: Row) -> str:
    """Return how much of a difference one child or family makes; row: a row of ``influence``."""
    name = outcome_name(str(row["outcome"]))
    share = row["percent_of_estimate"]
    start = f"{name.label} by {row['estimator']}"
    if not known(share):
        return sentence(f"{start}: how much hangs on one {row['unit']} cannot be said or shown")
    if abs(share) > 100:
        return sentence(
            f"{start}: the difference is so small that leaving out one {row['unit']} changes it by more than itself"
        )
    if not bool(row["dominates"]):
        return sentence(f"{start}: no single {row['unit']} makes more than {percent(share)} of the difference")
    verb = "makes" if share > 0 else "hides"
    turned = ", and without it the sign turns" if bool(row["changes_sign"]) else ""
    return sentence(f"{start}: one {row['unit']} alone {verb} {percent(share)} of the difference{turned}")


def permutation_sentence(row: Row) -> str:
    """Return the test that deals families out again; row: a row of ``permutation``."""
    name = outcome_name(str(row["outcome"]))
    if not known(row["p_value"]):
        why = str(row["note"]) or "it rests on too few children to be shown"
        return sentence(f"{name.label}: families could not be dealt out again, because {why}")
    return sentence(
        f"{name.label}: had families been dealt into the two groups by lot, a difference in change this far from none "
        f"would come up with {p_value(row['p_value'])}; unless they really were, this speaks to chance only"
    )


def natural_course_sentence(first: Row, second: Row) -> str:
    """Return what regression to the mean alone would do; rows: the two groups of an outcome."""
    name = outcome_name(str(first["outcome"]))
    parts = []
    for row in (first, second):
        if not known(row["expected_change"], row["observed_change"]):
            return sentence(f"{name.label}: the natural course cannot be said or shown")
        parts.append(
            f"{row['group']}: {fewer(row['expected_change'], name.unit)} expected, "
            f"{fewer(row['observed_change'], name.unit)} seen"
        )
    return sentence(
        f"{name.label}: if each group only went back towards the mean of both, as groups chosen at an unusual moment "
        f"do, change per child would be ({'; '.join(parts)})"
    )


def natural_course_sentences(frame: pd.DataFrame) -> str:
    """Return the natural course of every outcome as a list; frame: of ``regression_to_the_mean``, cleared."""
    found = []
    for outcome in dict.fromkeys(frame["outcome"]):
        first, second = rows(frame, outcome=outcome)
        found.append(f"- {natural_course_sentence(first, second)}")
    return "\n".join(found)


def missing_follow_up_sentence(row: Row, labels: Labels) -> str:
    """Return what missing follow-up could do to the difference after; row: a row of ``missing_follow_up``."""
    name = outcome_name(str(row["outcome"]))
    missing = (row["missing_programme"], row["missing_comparison"])
    if known(*missing) and sum(missing) == 0:
        return sentence(f"{name.label}: every child of both groups was followed to the end of the period after")
    text = (
        f"{name.label}: the period after is not covered for {children(missing[0])} of the {labels[0]} group and "
        f"{children(missing[1])} of the {labels[1]} group"
    )
    if known(row["bound_low"], row["bound_high"]):
        text += (
            f"; whatever they had, the difference after lies between {fewer(row['bound_low'], name.unit)} and "
            f"{fewer(row['bound_high'], name.unit)} a child"
        )
    return sentence(text)


def balance_sentence(balance: pd.DataFrame) -> str:
    """Return how alike the groups were before; balance: the frame of the cleared table ``balance``."""
    whole = balance.loc[balance["category"].isin(["", "all categories"])]
    shown = whole.loc[whole["smd"].notna()]
    apart = shown.loc[shown["smd"].abs() > shown["chance_high"]]
    if shown.empty:
        return "How alike the two groups were before cannot be shown."
    band = float(shown["chance_high"].iloc[0])
    if apart.empty:
        return (
            f"On none of {len(shown)} characteristics did the groups differ by more than chance allows "
            f"(standardised difference within ±{band:.2f})."
        )
    return (
        f"On {len(apart)} of {len(shown)} characteristics the groups differed before by more than chance allows "
        f"(standardised difference beyond ±{band:.2f})."
    )


def e_value_sentence(row: Row) -> str:
    """Return the one line on the E-value; row: a row of ``like_for_like``."""
    if not known(row["e_value"]):
        return "No E-value can be given, because one of the groups has no event or the numbers are too small to show."
    return (
        f"E-value {float(row['e_value']):.1f}: a property of the estimate, not evidence. An unmeasured cause linked "
        "that strongly with both group and outcome would be enough to make the whole difference."
    )
