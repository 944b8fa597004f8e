"""What the money says, in sentences made from the numbers of cleared tables; a hidden number (NA) is not filled in."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from stepdown.costs.estimators import ESTIMATOR_WORDS
from stepdown.costs.uncertainty import AS_PUBLISHED, INSIDE
from stepdown.effects.bracketing import FEW_FAMILIES
from stepdown.measures import measured
from stepdown.numbers import as_pounds, digits, rounded_pounds

HIDDEN = "The amounts rest on too few children to be shown."
"""What stands in the place of a sentence whose numbers are hidden."""

BRACKET_LIMIT = "It does not show which comparison is right, nor money that could be taken out of a budget."
BREAK_EVEN_LIMIT = "These values would turn the sum. They are not forecasts, and nothing here says how likely they are."


def _value(frame: pd.DataFrame, column: str, **keys: str) -> float:
    rows = frame
    for name, wanted in keys.items():
        rows = rows[rows[name] == wanted]
    found = rows[column].iloc[0] if len(rows) else float("nan")
    return float("nan") if pd.isna(found) else float(found)


def report_sentence(net: pd.DataFrame, published: bool) -> str:
    """Return the answer by the report's method.  net: table net_cost.  published: the study reproduces a report.

    >>> report_sentence(costs.net_cost_table(inputs).frame, published=True)[-53:]
    ' it saved: £501,597 was spent and £194,262 was saved.'
    """
    saving, cost, balance = (_value(net, "amount_gbp", measure=m) for m in ("saving", "programme_cost", "net_cost"))
    if pd.isna(saving) or pd.isna(balance):
        return HIDDEN
    method = (
        "the report's own method, count of days and prices" if published else "the plain sum (volumes times unit costs)"
    )
    more = "more" if balance >= 0 else "less"
    amounts = (abs(balance), cost, abs(saving))
    balance_, spent, saved = (as_pounds(a) if published else rounded_pounds(a, *amounts) for a in amounts)
    lost = f"{saved} was saved" if saving >= 0 else f"nothing was saved ({saved} more was spent)"
    return f"By {method}, the programme cost {balance_} {more} than it saved: {spent} was spent and {lost}."


def chance_words(share: float) -> str:
    """Return a share of simulated repeats in words that do not claim more than a simulation can."""
    if pd.isna(share):
        return "a share that is not shown"
    if share <= 0:
        return "none"
    if share < 0.005:
        return "fewer than 1 in 200"
    if share > 0.995:
        return "more than 199 in 200"
    return f"about {min(max(int(digits(share * 100)), 1), 99)} in 100"


def bracket_sentence(bracket: pd.DataFrame, price_year: str, counted_by: str = "") -> str:
    """Return both ends of the bracket with intervals and chances; days inside the window lead.

    bracket: table saving_bracket.  counted_by: whose count ("RR1038") the days as published are, where it holds them.

    >>> bracket_sentence(costs.saving_bracket_table(inputs).frame, "2018/19")[:50]
    'Comparing the changes, the saving in 2018/19 price'
    """
    parts: list[str] = []
    led, published = inside(bracket), inside(bracket, AS_PUBLISHED)
    if led["saving_gbp"].isna().any():
        return HIDDEN
    for _, row in led.iterrows():
        what = "it is" if parts else f"the saving in {price_year} prices is"
        amounts = (float(row[f"saving_{end}gbp"]) for end in ("", "low_", "high_"))
        parts.append(f"{_start(row['estimator'])} {_saved(what, *amounts)}.")
    covered = " and in ".join(dict.fromkeys(chance_words(percent / 100) for percent in led["percent_pays"]))
    parts.append(f"It covers what was spent in {covered} of the simulated repeats.")
    parts += few_families_sentences(led)
    if len(published) and not published["saving_gbp"].isna().any():
        both = " and ".join(rounded_pounds(end, *published["saving_gbp"]) for end in published["saving_gbp"])
        how = f"as {counted_by} counted" if counted_by else "counted in whole spells"
        parts.append(f"Only days inside the window are counted; {how}, the two are {both}.")
    parts.append(
        "These data cannot show which of the two is nearer the truth: each is right only if its own condition holds."
    )
    return " ".join(parts)


def inside(bracket: pd.DataFrame, days: str = INSIDE) -> pd.DataFrame:
    """Return the rows of the table saving_bracket with one day count, the leading one if none is named."""
    rows = bracket[bracket["days"] == days]
    return rows.assign(**rows.filter(regex="_gbp$|^percent_").astype("float64"))


def interval_end(amount: float, *beside: float) -> str:
    """Return an end of an interval; one that thousands of pounds cannot tell from nought in words."""
    if 0 < abs(amount) < 1_000 and max(map(abs, beside)) >= 10_000:
        return "just above £0" if amount > 0 else "just below £0"
    return rounded_pounds(amount, *beside)


def _saved(what: str, estimate: float, low: float, high: float) -> str:
    """Return a saving with its interval; one below nought as so much more spent."""
    one = rounded_pounds(abs(estimate), estimate, low, high)
    start, end = (interval_end(amount, estimate, low, high) for amount in (low, high))
    said = f"{what} {one}" if estimate >= 0 else f"{one} more was spent"
    interval = f"95% interval {'' if estimate >= 0 else 'of the saving '}{start} to {end}"
    return f"{said} ({'no interval can be given' if pd.isna(low) else interval})"


def few_families_sentences(bracket: pd.DataFrame) -> list[str]:
    """Return on how few families the intervals and the chances rest (none where there are enough)."""
    notes = [note for note in bracket["note"].unique() if note]
    surer = "Intervals are rough then, and the simulated repeats are surer than they should be."
    return [f"{note[0].upper()}{note[1:]}. {surer if note == FEW_FAMILIES else ''}".rstrip() for note in notes]


def break_even_sentence(break_even: pd.DataFrame, estimator: str) -> str:
    """Return what would have to be true under one end of the bracket.  break_even: table break_even.

    >>> break_even_sentence(costs.break_even_table(inputs).frame, costs.BRACKET[0])[:66]
    'Comparing the changes, the programme would pay for itself if one o'
    """
    rows = break_even[break_even["estimator"] == estimator]
    needed = {m: _value(rows, "value", measure=m) for m in rows["measure"]}
    seen = {m: _value(rows, "published_or_observed", measure=m) for m in rows["measure"]}
    if pd.isna(needed.get("programme_cost_per_child", float("nan"))):
        return HIDDEN
    if needed["programme_cost_per_child"] >= seen["programme_cost_per_child"]:
        return f"{_start(estimator)} the programme pays for itself as it stands."
    ways = _ways(needed, seen)
    start = "if one of these were true: " if len(ways) > 1 else "if "
    return (
        f"{_start(estimator)} the programme would pay for itself {start}{'; or '.join(ways)}."
        if ways
        else f"{_start(estimator)} there is no saving that could grow into the programme's cost."
    )


def _start(estimator: str) -> str:
    words = ESTIMATOR_WORDS[estimator]
    return f"{words[0].upper()}{words[1:]},"


def _ways(needed: dict[str, float], seen: dict[str, float]) -> list[str]:
    found = []
    months, each = needed.get("months_of_effect"), needed.get("children_per_family")
    days = needed.get("days_looked_after_avoided_per_child")
    if months is not None and not pd.isna(months):
        window = seen["months_of_effect"]
        found.append(f"the saving lasted about {digits(months)} months, not only the {digits(window)} observed")
    if each is not None and not pd.isna(each):
        size = seen["children_per_family"]
        families = f" (the families have {digits(size, 1)} on average)" if not pd.isna(size) else ""
        found.append(f"{digits(each, 1)} children of each family gained as the sampled child did{families}")
    if days is not None and not pd.isna(days):
        seen_days = seen["days_looked_after_avoided_per_child"]
        estimate = f"{digits(abs(seen_days))} {'fewer' if seen_days >= 0 else 'more'}"
        found.append(f"each child spent {digits(days)} fewer {measured('days_cla').label} (the estimate is {estimate})")
    return found


def strongest_sentence(tornado: pd.DataFrame) -> str:
    """Return which input moves the answer most and which could turn it.  tornado: table tornado.

    >>> strongest_sentence(costs.tornado_table(inputs).frame)[:66]
    'What moves the answer most is “children in each family who gain as'
    """
    rows = tornado[tornado["swing_gbp"].notna()].sort_values("swing_gbp", ascending=False, kind="stable")
    if rows.empty:
        return HIDDEN
    first = rows.iloc[0]
    turning = [str(name) for name in rows.loc[rows["turns_answer"].astype(bool), "shown_as"]]
    start = (
        f"What moves the answer most is “{_low(first['shown_as'])}”: the net cost runs from "
        f"{rounded_pounds(first['net_low_gbp'])} ({first['low_at']}) to {rounded_pounds(first['net_high_gbp'])} "
        f"({first['high_at']})."
    )
    if not turning:
        return f"{start} No single input, moved alone within its range, turns the answer."
    names = " and ".join(f"“{_low(name)}”" for name in turning)
    return f"{start} Moved alone, only {names} could turn the answer." if len(turning) < len(rows) else start


def _low(text: object) -> str:
    words = str(text)
    return words[0].lower() + words[1:]


def grid_sentence(grid: pd.DataFrame) -> str:
    """Return what the rows and columns of the two-way grid are.  grid: table cost_grid.

    >>> grid_sentence(costs.grid_table(inputs).frame)[:64]
    'Rows: children in each family who gain as the sampled child did.'
    """
    first = grid.iloc[0]
    return f"Rows: {_low(first['row_lever'])}. Columns: {_low(first['column_lever'])}. All else as in the analysis."


def simulation_sentence(uncertainty: pd.DataFrame, draws: int) -> str:
    """Return how the simulation was done and how far its own chance matters.  uncertainty: cost_uncertainty.

    >>> simulation_sentence(costs.uncertainty_table(inputs).frame, 10_000)[:45]
    'Intervals are from leaving out each family in'
    """
    errors = uncertainty.loc[uncertainty["measure"] == "saving_gbp", "monte_carlo_error"]
    error = (
        "" if errors.isna().any() else f" The simulation's own error in the mean saving is {as_pounds(errors.max())}."
    )
    return (
        "Intervals are from leaving out each family in turn, and from the unit costs' ranges. The share that pays is "
        f"from {draws:,} simulated repeats: each draws whole families anew within each group, and each unit cost from "
        f"its range.{error}"
    )


def one_child_sentence(scenarios: pd.DataFrame) -> str:
    """Return how much of the saving rests on one child ("" without such a scenario).  scenarios: cost_scenarios.

    >>> one_child_sentence(costs.scenarios_table(inputs).frame)
    'One child carries much: without the most influential one the saving is £15,000 less (13% of it).'
    """
    whole, column = "report_method", "saving_gbp"
    if "saving_in_base_gbp" in scenarios:
        whole, column = "this_analysis", "saving_in_base_gbp"
    base, without = (_value(scenarios, column, scenario=name) for name in (whole, "without_one_child"))
    if pd.isna(base) or pd.isna(without) or base == 0:
        return ""
    change = without - base
    verb = "less" if change < 0 else "more"
    start = "One child carries much" if abs(change / base) >= 0.1 else "No single child carries much"
    return (
        f"{start}: without the most influential one the saving is {rounded_pounds(abs(change))} {verb} "
        f"({digits(100 * abs(change / base))}% of it)."
    )


def printed_tariffs_sentence(scenarios: pd.DataFrame) -> str:
    """Return what the tariffs as printed would give ("" without such a scenario).

    >>> printed_tariffs_sentence(costs.scenarios_table(inputs).frame)[-44:]
    'he net cost would be £310,234, not £307,335.'
    """
    base = _value(scenarios, "net_cost_gbp", scenario="report_method")
    printed = _value(scenarios, "net_cost_gbp", scenario="whole_pound_tariffs")
    if pd.isna(base) or pd.isna(printed):
        return ""
    return (
        f"The published totals need the tariffs with pence; with the whole pounds that the report prints, the net cost "
        f"would be {as_pounds(printed)}, not {as_pounds(base)}."
    )


def both_desks_paragraph(
    bracket: pd.DataFrame, break_even: pd.DataFrame, by_agency: pd.DataFrame, limits: Sequence[str]
) -> str:
    """Return one paragraph that a finance director and a practitioner would both accept.

    It says what was spent and saved, how sure that is, what a budget holder could and could not take out, what would
    turn the answer, and what is not in the sum, all with days inside the window.  bracket: table saving_bracket.
    by_agency: table saving_by_agency.  limits: the study's own, of which the first is quoted.

    >>> tables = costs.saving_bracket_table, costs.break_even_table, costs.savings_by_agency_table
    >>> both_desks_paragraph(*(table(inputs).frame for table in tables), limits=())[:38]
    '£521,000 was spent on the programme. I'
    """
    ends = inside(bracket)
    saving, net = ends["saving_gbp"], ends["net_cost_gbp"]
    if saving.isna().any() or net.isna().any():
        return HIDDEN
    low, high = float(ends["saving_low_gbp"].min()), float(ends["saving_high_gbp"].max())
    words = [chance_words(percent / 100) for percent in sorted(ends["percent_pays"])]
    few = words[-1] in (words[0], "fewer than 1 in 200")  # which none is among
    chance = words[-1] if few else f"{words[0]} to {words[-1]}"
    months = _value(break_even, "value", measure="months_of_effect", estimator=str(ends["estimator"].iloc[0]))
    way, (least, most) = ("more", (-high, -low)) if high < 0 else ("less", (low, high))
    anywhere = f"anywhere from {interval_end(least, most)} to {interval_end(most, least)}"
    parts = [f"{rounded_pounds(saving.iloc[0] + net.iloc[0])} was spent on the programme."]
    if pd.isna(low):
        parts.append("How sure the saving is cannot be said: a group is one family, or its families do not differ.")
    elif least > 0:
        parts.append(
            f"In the months that were followed, social care for its children cost {way} than the comparison would "
            f"suggest, by an amount that these data put {anywhere}."
        )
    else:
        unsettled = "Whether social care for its children then cost less is not settled"
        parts.append(f"{unsettled}: the data allow anything{anywhere.removeprefix('anywhere')} saved.")
    parts.append(f"The saving covers the spending in {chance} of the simulated repeats.")
    parts += few_families_sentences(ends)
    if not pd.isna(months) and net.iloc[0] > 0:
        lasting = f"By one comparison it would if it went on for about {digits(months)} months"
        parts.append(f"{lasting}; whether it did was not followed.")
    parts.append(cashable_sentence(by_agency))
    parts.append(
        "A child's safety, health and schooling, and costs to the police, health and housing, are not in the sum."
    )
    return " ".join([*parts, *(f"Mind: {limit}" for limit in limits[:1])])


def cashable_sentence(by_agency: pd.DataFrame) -> str:
    """Return how much of the saving a budget holder could take out at most.  by_agency: table saving_by_agency."""
    if by_agency["saving_gbp"].isna().any():
        return "How much of it could be taken out of a budget rests on too few children to be shown."
    cash = by_agency[by_agency["cashable"].str.startswith(("yes", "in part"))]
    total, most = float(by_agency["saving_gbp"].sum()), float(cash["saving_gbp"].sum())
    if (by_agency["cashable"] == "not known").any() and most <= 0:
        return "How much of it could be taken out of a budget is not known."
    if total <= 0:
        return "Comparing the changes, nothing was saved that could be taken out of a budget."
    if most <= 0:
        return "None of it could be taken out of a budget: what is freed is social workers' time."
    names = " and ".join(_low(name) for name in cash["shown_as"])
    part, of_all = rounded_pounds(most, total), rounded_pounds(total, most)
    if most > total:
        return (
            f"At most {part} ({names}) could be taken out of a budget; {rounded_pounds(most - total, most)} more was "
            f"spent on social workers' time, which leaves {of_all} counted as saved."
        )
    return (
        f"At most {part} of the {of_all} counted as saved ({names}) could be taken out of a budget; the rest is social "
        "workers' time, which goes to other families."
    )
