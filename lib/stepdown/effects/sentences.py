"""Plain-English sentences from the numbers of this package, each with its condition or its caution.

Every function takes one row (or a few) of a cleared table as a mapping, so a hidden number is pd.NA and is never put
into words. No sentence says that a difference is the programme's effect: it says what would have to be true for that.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from stepdown.effects.bracketing import DIFFERENCE_IN_DIFFERENCES, IN_SHORT, LAGGED_OUTCOME, NOTHING_COUNTED
from stepdown.effects.cautions import e_value_sentence
from stepdown.effects.overlap import PASSED, TOO_FEW
from stepdown.effects.re_referral import CENSORED
from stepdown.effects.wording import (
    HIDDEN,
    Labels,
    Row,
    children,
    count,
    fewer,
    interval,
    joined,
    known,
    of,
    p_value,
    rows,
    sentence,
)
from stepdown.measures import measured
from stepdown.numbers import digits
from stepdown.params.study import Groups

BRACKET_LIMIT = (
    "Which of the two conditions holds, if either; records of two periods cannot say. The two are never averaged."
)
_NO_FURTHER_APART = (
    "the two ends are no further apart than chance can make them, so these data do not show that the answer "
    "depends on which condition holds; that does not prove that it does not"
)
REFERRAL_LIMIT = "A referral that was not made is not always harm that did not happen."


def overlap_sentence(row: Row, labels: Labels) -> str:
    """Return whether the question can be answered by weighting at all; row: the row of ``overlap_gate``.

    >>> gate = effects.overlap_gate_table(effects.overlap_gate(children, options))
    >>> overlap_sentence(book.clear(gate).frame.iloc[0], groups)
    'These two groups are too different for weighting to make them ...'
    """
    programme, comparison = labels
    who = (
        f"before, {of(row['with_status_programme'], row['n_programme'])} children of the {programme} group had any "
        f"status, and {of(row['with_status_comparison'], row['n_comparison'])} of the {comparison} group"
    )
    if row["verdict"] == PASSED:
        return (
            f"These two groups overlap enough for weighting to be tried: {who}. Weighted to look like the "
            f"{programme} group, the "
            f"{comparison} group would still be worth {_size(row['ess_by_status'])} "
            f"(at least {count(row['ess_needed'])} are needed)."
        )
    if row["verdict"] == TOO_FEW:
        return (
            f"These two groups are alike, but too few to compare precisely: {who}. Weighted to look like the "
            f"{programme} group, the {comparison} group would be worth {_size(row['ess_by_status'])} of its "
            f"{count(row['n_comparison'])} (at least {count(row['ess_needed'])} are needed)."
        )
    if known(row["ess_best_case"], row["ess_needed"]) and row["ess_best_case"] >= row["ess_needed"]:
        return (
            f"These two groups overlap only in part: {who}. {sentence(children(row['unmatched']))[:-1]} of the "
            f"{programme} group had a status before that no {comparison} child, or too few of them, had. "
            "The difference is not estimable by weighting."
        )
    return (
        f"These two groups are too different for weighting to make them alike: {who}. Weighted to look like the "
        f"{programme} group, the {comparison} group would be worth {_size(row['ess_best_case'])} "
        f"(at least {count(row['ess_needed'])} are needed). The difference is not estimable by weighting."
    )


def gate_limit(row: Row) -> str:
    """Return what the gate's verdict does not show; row: the row of ``overlap_gate``.

    >>> gate_limit({"verdict": "passed"})
    'Whether the comparison is fair: children who look alike in the records may still differ in other ways.'
    """
    if row["verdict"] == TOO_FEW:
        return "Whether a difference is due to the programme, or to chance that more children would have revealed."
    if row["verdict"] == PASSED:
        return "Whether the comparison is fair: children who look alike in the records may still differ in other ways."
    return "Whether the programme did anything: groups that cannot be compared say nothing either way."


def _size(value: object) -> str:
    if not known(value):
        return "a number of children not shown"
    size = float(str(value))
    return f"{digits(size, 1 if size < 10 else 0)} children"


def bracket_sentence(
    effects: pd.DataFrame,
    outcome: str,
    labels: Labels,
    published: pd.DataFrame | None = None,
    counted_by: str = "",
    *,
    level: float = 0.95,
) -> str:
    """Return both ends of the bracket of one outcome, each with its interval and its condition.

    effects: the frame of the cleared table ``effects``; where the study counts whole spells, of ``effects_inside``.
    published: then the frame of ``effects``, whose count is given as such; counted_by: whose count that is ("RR1038").

    >>> gate = effects.overlap_gate(children, options)
    >>> shown = book.clear(effects.effects_table(children, options, gate)).frame
    >>> bracket_sentence(shown, "days_cp", groups)
    'Days on a child protection plan, IFP against Comparison: 106.1 days fewer per ...'
    """
    name = measured(outcome)
    ends = [rows(effects, outcome=outcome, estimator=which)[0] for which in (DIFFERENCE_IN_DIFFERENCES, LAGGED_OUTCOME)]
    if not all(known(end["estimate"]) for end in ends):
        why = next((str(end["note"]) for end in ends if end["note"]), "it rests on too few children to be shown")
        return sentence(f"{name.label}: no difference is given, because {why}")
    if not any(known(end["se"]) for end in ends) and "nothing to estimate" in str(ends[0]["note"]):
        return sentence(f"{name.label}: {ends[0]['note']}")
    parts = []
    for end in ends:
        reach = interval(end["ci_low"], end["ci_high"], name.unit, level=level)
        parts.append(f"{fewer(end['estimate'], name.unit)} per child {IN_SHORT[str(end['estimator'])]} ({reach})")
    text = f"{sentence(name.label)[:-1]}, {labels[0]} against {labels[1]}: {parts[0]}, but {parts[1]}."
    as_counted = _as_counted(published, outcome, counted_by) if published is not None and name.inside else ""
    return f"{text}{as_counted} {_tests(ends, effects)}{_notes(ends)}"


def _as_counted(published: pd.DataFrame, outcome: str, counted_by: str) -> str:
    """Return what the count of whole spells gives for both ends ("" where it is hidden)."""
    ends = [
        rows(published, outcome=outcome, estimator=which)[0] for which in (DIFFERENCE_IN_DIFFERENCES, LAGGED_OUTCOME)
    ]
    if not all(known(end["estimate"]) for end in ends):
        return ""
    first, second = (fewer(end["estimate"], "days").replace(" days", "") for end in ends)
    how = f"as {counted_by} counted" if counted_by else "counted in whole spells"
    return f" Only days inside the window are counted; {how}: {first} and {second}."


def _tests(ends: Sequence[Row], effects: pd.DataFrame) -> str:
    """Return the p values with the test and the correction that they come from."""
    untold = effects["note"].astype("str").str.contains(NOTHING_COUNTED)  # there is no test of these to correct for
    n_outcomes = effects["outcome"].nunique() - effects.loc[untold, "outcome"].nunique()
    values = [p_value(end["p_holm"]) for end in ends]
    if "no test possible" in values:
        return "No test can be given for at least one end."
    many = f"{n_outcomes} outcome{'s' * (n_outcomes != 1)}"
    return f"t tests clustered on family, corrected for {many} (Holm): {values[0]} and {values[1]}."


def _notes(ends: Sequence[Row]) -> str:
    notes = {str(end["note"]) for end in ends if str(end["note"])}
    return "".join(f" Caution: {note}." for note in sorted(notes))


def agreement_sentence(row: Row, *, level: float = 0.95) -> str:
    """Return whether the two ends of a bracket tell the same story; row: a row of ``bracket_agreement``."""
    name = measured(str(row["outcome"]))
    if not known(row["difference"], row["ci_low"], row["ci_high"]):
        if known(row["difference"]) and abs(row["difference"]) < 1e-9:
            return sentence(f"{name.label}: the two ends are the same")
        return sentence(f"{name.label}: whether the two ends agree cannot be said")
    apart = fewer(-abs(row["difference"]), name.unit).removesuffix(" fewer")
    if not bool(row["ends_differ"]):
        return sentence(f"{name.label}: {_NO_FURTHER_APART}")
    return sentence(
        f"{name.label}: the two ends are {apart} per child apart, more than chance makes ({p_value(row['p_value'])}); "
        "the two conditions cannot both be true, the answer depends on which one is, and these data cannot say"
    )


def agreement_sentences(frame: pd.DataFrame) -> str:
    """Return the agreement of all brackets: those that agree in one sentence, each of the others in its own.

    >>> agreement_sentences(book.clear(effects.bracket_agreement_table(children, options)).frame)
    '- Days as a child in need: the two ends are 46.0 days per ...'
    """
    agree, found = [], []
    for row in rows(frame):
        if known(row["difference"], row["ci_low"], row["ci_high"]) and not bool(row["ends_differ"]):
            agree.append(measured(str(row["outcome"])).label)
        else:
            found.append(f"- {agreement_sentence(row)}")
    if agree:
        names = joined(agree)
        found.append(f"- {sentence(f'{names}: {_NO_FURTHER_APART}')}")
    return "\n".join(found)


def like_for_like_sentence(row: Row, labels: Labels, *, level: float = 0.95) -> str:
    """Return the comparison among children of one status before; row: a row of ``like_for_like``."""
    status = "no status" if row["status_before"] == "none" else f"{row['status_before']} as their highest status"
    text = (
        f"among children with {status} before, {of(row['events_programme'], row['n_programme'])} of the {labels[0]} "
        f"group {row['event']}, against {of(row['events_comparison'], row['n_comparison'])} of the {labels[1]} group"
    )
    points = "percentage points"
    if known(row["difference"], row["ci_low"], row["ci_high"]):
        ends = interval(row["ci_low"], row["ci_high"], points, level=level)
        text += f": {fewer(row['difference'], points)} ({row.get('method', 'Newcombe')} {ends})"
    elif known(row["difference"], row.get("method")):
        text += f": {fewer(row['difference'], points)} ({row['method']})"
    return sentence(text)


def like_for_like_finding(frame: pd.DataFrame, labels: Labels) -> str:
    """Return the comparison among children with no status before; frame: of ``like_for_like``, cleared.

    >>> like_for_like_finding(book.clear(effects.like_for_like_table(children)).frame, groups)
    'Among children with no status before, 0 of 26 of the IFP group moved ...'
    """
    found = rows(frame, status_before="none")
    if not found:
        return "No children with no status before are in both groups, so like cannot be compared with like."
    return like_for_like_sentence(found[0], labels)


def like_for_like_others(frame: pd.DataFrame, labels: Labels, *, fewest: int = 10) -> str:
    """Return the other strata as a list, where each group has at least ``fewest`` children, and the E-value.

    >>> like_for_like_others(book.clear(effects.like_for_like_table(children)).frame, groups).splitlines()[0]
    '- The statuses above none cannot be compared like for ...'
    """
    others = [row for row in rows(frame) if row["status_before"] != "none"]
    enough = [row for row in others if known(row["n_programme"], row["n_comparison"])]
    enough = [row for row in enough if min(row["n_programme"], row["n_comparison"]) >= fewest]
    found = [f"- {like_for_like_sentence(row, labels)}" for row in enough]
    if len(enough) < len(others):
        found.append(
            f"- {'Other statuses' if enough else 'The statuses above none'} cannot be compared like for like: "
            f"at least one of the groups has fewer than {fewest} children there."
        )
    if not others:
        found.append("- No other status is in both groups.")
    alike = rows(frame, status_before="none")
    if alike:
        found.append(f"- Among children with no status before: {e_value_sentence(alike[0])}")
    return "\n".join(found)


def clock_limit(groups: Groups) -> str:
    """Return what a like-for-like comparison does not show, with the clocks of the two groups.

    >>> clock_limit(book.settings.groups)
    'An effect of the programme: it is a contrast between two kinds of children, ...'
    """
    first, second = groups.programme.anchor, groups.comparison.anchor
    text = "An effect of the programme: it is a contrast between two kinds of children"
    if first != second:
        text += f", whose clocks start at the end of {first} and at the end of {second}"
    return f"{text}."


def movement_sentence(row: Row, *, has_comparison: bool = True) -> str:
    """Return movement up and down among those who could; row: a row of ``movement``."""
    up = f"of {count(row['at_risk_up'])} children who could move up, {_who(row['escalated'])} did"
    down = f"of {count(row['at_risk_down'])} who could move down, {_who(row['de_escalated'])} did"
    text = f"In the {row['group']} group, {up}; {down}."
    if not known(row["escalated"]) and not known(row["de_escalated"]):
        return f"In the {row['group']} group, how many moved up or down cannot be shown."
    if known(row["p_direction"]):
        text += f" Exact sign test of direction: {p_value(row['p_direction'])}."
    caution = "Children chosen while they had a status often move down anyway: plans end."
    return f"{text} {caution}" if has_comparison and _mostly_down(row) else text


def movement_sentences(frame: pd.DataFrame) -> str:
    """Return the movement of each group as a list; frame: of ``movement``, cleared.

    >>> movement_sentences(book.clear(effects.movement_table(children)).frame).splitlines()[0]
    '- In the IFP group, of 76 children who could move up, none did; of 52 ...'
    """
    return "\n".join(f"- {movement_sentence(row)}" for row in rows(frame))


def _who(value: object) -> str:
    if not known(value):
        return HIDDEN
    return "none" if int(str(value)) == 0 else f"{int(str(value)):,}"


def _mostly_down(row: Row) -> bool:
    return known(row["escalated"], row["de_escalated"]) and row["de_escalated"] > row["escalated"]


def re_referral_sentence(row: Row, labels: Labels, *, level: float = 0.95) -> str:
    """Return how the groups differ in re-referral; row: the row of ``re_referral``.

    >>> re_referral_sentence(book.clear(effects.re_referral_table(children, options)).frame.iloc[0], groups)
    'Within 183 days of the end, 0 of 78 children of the IFP ...'
    """
    first = f"{of(row['events_programme'], row['n_programme'])} children of the {labels[0]} group were referred again"
    second = f"{of(row['events_comparison'], row['n_comparison'])} of the {labels[1]} group"
    points = "percentage points"
    text = sentence(f"within {count(row['tau_days'])} days of the end, {first}, against {second}")
    if known(row["risk_difference"], row["risk_ci_low"], row["risk_ci_high"]):
        ends = interval(row["risk_ci_low"], row["risk_ci_high"], points, level=level)
        lead = "Allowing for children not followed so long, that" if row["risk_method"] == CENSORED else "That"
        text += f" {lead} is {fewer(row['risk_difference'], points)} ({row['risk_method']}, {ends})."
    elif known(row["risk_difference"]):
        text += f" That is {fewer(row['risk_difference'], points)} ({row['risk_method']})."
    if not known(row["few_events"]) or bool(row["few_events"]):
        return f"{text} There are too few referrals for a model: no hazard ratio is given."
    if known(row["mean_difference"], row["ci_low"], row["ci_high"]):
        longer = "longer" if row["mean_difference"] > 0 else "shorter"
        went = f"{digits(abs(row['mean_difference']), 1)} days {longer}"
        went = "as long as the others" if went.startswith("0.0 ") else went
        ends = interval(row["ci_low"], row["ci_high"], "days", level=level)
        text += (
            f" On average a child of the {labels[0]} group went {went} "
            f"without a referral in that time ({ends}; {p_value(row['p_value'])}, families kept together)."
        )
    return text
