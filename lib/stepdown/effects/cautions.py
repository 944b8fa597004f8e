"""Sentences on what else could make a difference: one family, chance, the natural course, missing follow-up, imbalance.

As in :mod:`stepdown.effects.sentences`, a hidden number is never put into words.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from stepdown.effects.bracketing import IN_SHORT
from stepdown.effects.wording import (
    Labels,
    Row,
    children,
    decimals_for,
    fewer,
    joined,
    known,
    p_value,
    percent,
    rows,
    sentence,
)
from stepdown.measures import measured
from stepdown.numbers import digits


def smallest_sentence(frame: pd.DataFrame) -> str:
    """Return the smallest true difference that the study would have found, outcome by outcome, at both ends.

    frame: of ``effects``, cleared.

    >>> gate = effects.overlap_gate(children, options)
    >>> smallest_sentence(book.clear(effects.effects_table(children, options, gate)).frame)
    'With 80% power this study would have found a true difference ...'
    """
    parts = []
    for outcome in dict.fromkeys(frame["outcome"]):
        name = measured(str(outcome))
        ends = [rows(frame, outcome=outcome, estimator=which)[0]["smallest_detectable"] for which in IN_SHORT]
        if known(*ends):
            one, other = (digits(end, decimals_for(name.unit)) for end in ends)
            parts.append(f"{name.label} {one} by difference in differences or {other} by lagged-outcome adjustment")
    if not parts:
        return "How small a difference this study could have found cannot be said or shown."
    return (
        "With 80% power this study would have found a true difference per child of at least this: "
        f"{'; '.join(parts)}. A smaller one could have been missed."
    )


def not_estimable_sentence(frame: pd.DataFrame) -> str:
    """Return which estimators give no estimate, and why, in one sentence; frame: of ``effects``, cleared.

    >>> gate = effects.overlap_gate(children, options)
    >>> not_estimable_sentence(book.clear(effects.effects_table(children, options, gate)).frame)[:60]
    'No estimate is given by entropy balancing, doubly robust dif'
    """
    missing = [row for row in rows(frame) if not known(row["estimate"]) and "not estimable" in str(row["note"])]
    if not missing:
        return "Every estimator gives an estimate for every outcome."
    names = list(dict.fromkeys(str(row["estimator"]) for row in missing))
    why = list(dict.fromkeys(str(row["note"]).split("; ")[0].partition(": ")[2] for row in missing))
    listed = " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f"No estimate is given by {listed} for at least one outcome: {'; '.join(filter(None, why))}."


def influence_sentences(frame: pd.DataFrame) -> str:
    """Return one sentence an outcome on the families that carry it; frame: of ``influence``, cleared.

    Where every family is one child the child is named, else the family.

    >>> influence_sentences(book.clear(effects.influence_table(children, options)).frame).splitlines()[0]
    '- Days as a child in need: one child alone makes 7% of the ...'
    """
    found = []
    for outcome in dict.fromkeys(frame["outcome"]):
        mine = rows(frame, outcome=outcome)
        units = {row["unit"]: row["n_units"] for row in mine}
        unit = "child" if units["child"] == units["family"] else "family"
        found.append(f"- {_carried(measured(str(outcome)).label, unit, [r for r in mine if r['unit'] == unit])}")
    return "\n".join(found)


def _carried(label: str, unit: str, ends: Sequence[Row]) -> str:
    if not all(known(row["percent_of_estimate"]) for row in ends):
        return sentence(f"{label}: how much depends on one {unit} cannot be said or shown")
    if not any(bool(row["dominates"]) for row in ends):
        most = max(abs(row["percent_of_estimate"]) for row in ends)
        return sentence(f"{label}: no single {unit} makes more than {percent(max(most, 1.0))} of the difference")
    parts = []
    for row in ends:
        share = row["percent_of_estimate"]
        moved = "more than all" if abs(share) > 100 else percent(share)
        verb = "hides" if share < 0 else "makes"
        parts.append(f"{verb} {moved} of the difference {IN_SHORT[str(row['estimator'])]}")
    return sentence(f"{label}: one {unit} alone {joined(parts)}")


def permutation_sentences(frame: pd.DataFrame) -> str:
    """Return the permutation tests of all outcomes in one sentence; frame: of ``permutation``, cleared.

    >>> permutation_sentences(book.clear(effects.permutation_table(children, options, seed=1)).frame)
    'If whole families had been assigned to the two groups at random, ...'
    """
    told = [row for row in rows(frame) if known(row["p_holm"])]
    if not told:
        return "Families could not be reassigned to the groups, or the numbers are not shown."
    parts = [f"{measured(str(row['outcome'])).label} {p_value(row['p_holm'])}" for row in told]
    return (
        "If whole families had been assigned to the two groups at random, how often would the difference in "
        f"change be at least as large as the one seen? Corrected for {len(frame)} outcomes (Holm): {joined(parts)}. "
        "A small p is evidence only against chance."
    )


def natural_course_sentence(first: Row, second: Row) -> str:
    """Return what regression to the mean alone would do; rows: the two groups of an outcome."""
    name = measured(str(first["outcome"]))
    parts = []
    for row in (first, second):
        if not known(row["expected_change"], row["observed_change"]):
            return sentence(f"{name.label}: the natural course cannot be said or shown")
        parts.append(
            f"{row['group']} {fewer(row['expected_change'], name.unit)} from that alone and "
            f"{fewer(row['observed_change'], name.unit)} seen"
        )
    return sentence(f"{name.label}, change per child: {'; '.join(parts)}")


def natural_course_sentences(frame: pd.DataFrame) -> str:
    """Return the natural course of every outcome as a list; frame: of ``regression_to_the_mean``, cleared.

    >>> natural_course_sentences(book.clear(effects.regression_to_the_mean_table(children, options)).frame)
    'If each group only moved back towards the mean of both, as ...'
    """
    found = ["If each group only moved back towards the mean of both, as groups chosen at an unusual moment do:\n"]
    for outcome in dict.fromkeys(frame["outcome"]):
        first, second = rows(frame, outcome=outcome)
        found.append(f"- {natural_course_sentence(first, second)}")
    return "\n".join(found)


def missing_follow_up_sentence(row: Row, labels: Labels) -> str:
    """Return what missing follow-up could do to the difference after; row: a row of ``missing_follow_up``."""
    name = measured(str(row["outcome"]))
    missing = _missing(row)
    if known(*missing) and sum(missing) == 0:
        return sentence(f"{name.label}: every child of both groups was followed to the end of the period after")
    text = (
        f"{name.label}: the period after is not covered for {children(missing[0])} of the {labels[0]} group and "
        f"{children(missing[1])} of the {labels[1]} group"
    )
    if known(row["bound_low"], row["bound_high"]):
        text += (
            f"; whatever happened to them, the difference after is between {fewer(row['bound_low'], name.unit)} and "
            f"{fewer(row['bound_high'], name.unit)} per child"
        )
    return sentence(text)


def missing_follow_up_sentences(frame: pd.DataFrame, labels: Labels) -> str:
    """Return what missing follow-up could do, all outcomes; one sentence when every child was followed.

    >>> missing_follow_up_sentences(book.clear(effects.missing_follow_up(found, options)).frame, groups)
    'No child was left out because its period after is not covered.'
    """
    found = rows(frame)
    if all(known(*_missing(row)) and sum(_missing(row)) == 0 for row in found):
        return "No child was left out because its period after is not covered."
    return "\n".join(f"- {missing_follow_up_sentence(row, labels)}" for row in found)


def _missing(row: Row) -> tuple[int, int]:
    return row["missing_programme"], row["missing_comparison"]


def e_value_sentence(row: Row) -> str:
    """Return the one line on the E-value; row: a row of ``like_for_like``."""
    if not known(row["e_value"]):
        return "no E-value can be given, because a group has no event or its number is not shown."
    return (
        f"E-value {digits(row['e_value'], 1)}, a property of the estimate, not evidence. An unmeasured cause "
        "that is linked that strongly with both group and outcome would be enough to explain the whole difference."
    )
