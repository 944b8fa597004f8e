"""What the tables of an area page say, in words."""

from __future__ import annotations

import re

import pandas as pd

from stepdown.areas.study import AreaStudy
from stepdown.numbers import digits, joined, written

UNUSUAL = 0.05

FINDING_LIMIT = (
    "It does not show what caused the change. The neighbours may have run programmes of their own, and a council can "
    "change how it records."
)


def finding(frame: pd.DataFrame, council: str) -> str:
    """Return the page's first sentences: moved differently, not, or cannot be said, from the table ``area_change``.

    >>> finding(areas.changes_table(area).frame, council)
    'Authority 001 changed differently from councils like it in child protection plans at ...
    """
    main = frame[frame["main"].astype(bool)]
    ranked = main[main["p"].notna()]
    told = " ".join(f"{row['measure']} {moved_words(row)}." for _, row in main.iterrows())
    apart = [_inner(name) for name in ranked.loc[ranked["p_corrected"] < UNUSUAL, "measure"]]
    if ranked.empty:
        reasons = dict.fromkeys(str(reason) for reason in main["not_given"] if reason)
        why = joined(list(reasons))
        return f"Whether {council} changed differently from councils like it cannot be said yet: {why}. {told}"
    if apart:
        head = f"{council} changed differently from councils like it in {joined(apart)}."
    else:
        head = f"{council} did not change more than authorities often do, compared with councils like it."
    several = f" P values are corrected for {written(len(ranked), 'measure')} (Holm)." if len(ranked) > 1 else ""
    return f"{head} {told}{several}"


def moved_words(row: pd.Series) -> str:
    """Return one measure's comparison: "fell by 16.4 (from 49.4 to 33.0) while the 10 neighbours rose by 2.2 …"."""
    if pd.isna(row["change"]):
        return f"cannot be compared ({row['not_given']})"
    text = f"{_moved(row['change'])} (from {digits(row['before'], 1)} to {_with_unit(row['after'], row['unit'])})"
    if pd.isna(row["difference"]):
        return f"{text}; {row['not_given']}"
    text += f", while the {written(row['n_neighbours'], 'neighbour')} on average {_moved(row['neighbours_change'])}"
    if pd.isna(row["p"]):
        return text
    p = f"p = {digits(row['p'], 3)}"
    if pd.notna(row["p_corrected"]) and row["p_corrected"] != row["p"]:
        p += f", corrected {digits(row['p_corrected'], 3)}"
    return f"{text}: the {_place(int(row['rank']))}largest difference among {int(row['authorities'])} authorities ({p})"


def earlier_sentence(frame: pd.DataFrame) -> str:
    """Return whether the councils moved alike before: the same comparison with a made-up start among those years.

    >>> earlier_sentence(areas.changes_table(area).frame)
    "The same comparison among the years before the programme: child protection plans at 31 ...
    """
    main = frame[frame["main"].astype(bool) & frame["earlier_difference"].notna()]
    if main.empty:
        return ""
    parts = []
    for _, row in main.iterrows():
        p = "" if pd.isna(row["earlier_p"]) else f" (p = {digits(row['earlier_p'], 3)})"
        parts.append(f"{_inner(row['measure'])} {_against(row['earlier_difference'])}{p}")
    return (
        f"The same comparison among the years before the programme: {'; '.join(parts)}. A difference that was "
        "already there cannot be the result of the programme."
    )


def other_choices_sentence(frame: pd.DataFrame) -> str:
    """Return how far the answer depends on the choice of years and of neighbours.

    >>> other_choices_sentence(areas.changes_table(area).frame)
    'Across all choices of years and neighbours, the change compared with neighbours is: ...
    """
    parts = []
    for name, rows in frame.groupby("measure", sort=False):
        given = rows[rows["difference"].notna()]
        if len(given) < 2:
            continue
        low, high = given["difference"].min(), given["difference"].max()
        text = f"{_inner(name)} from {digits(low, 1)} to {digits(high, 1)}"
        if given["p"].notna().any():
            below = int((given["p"] < UNUSUAL).sum())
            text += f", p below 0.05 in {below or 'none'} of {len(given)} choices"
        parts.append(text)
    if not parts:
        return ""
    return f"Across all choices of years and neighbours, the change compared with neighbours is: {'; '.join(parts)}."


def ratio_sentence(frame: pd.DataFrame) -> str:
    """Return the comparison of two years that treats children as independent, with why it is not enough.

    >>> ratio_sentence(areas.area_two_years_table(area).frame)
    'Counted as if each child were independent, in 2023: child protection plans at 31 March ...
    """
    if frame.empty:
        return ""
    parts = [
        f"{_inner(row['measure'])} {digits(row['ratio'], 2)} times the rate of {row['first_year']} "
        f"({digits(row['ratio_low'], 2)} to {digits(row['ratio_high'], 2)}, {_p_of(row['p'])})"
        for _, row in frame.iterrows()
    ]
    return (
        f"Counted as if each child were independent, in {frame['last_year'].iloc[0]}: {'; '.join(parts)}. "
        "Brothers and sisters, thresholds and policy move together, so these intervals are far too narrow. They "
        "show that a figure changed, not that this council changed more than others."
    )


def funnel_sentence(frame: pd.DataFrame, council: str) -> str:
    """Return why limits for chance alone are useless, and where the council stands within the widened ones.

    >>> funnel_sentence(areas.funnel_table(area).frame, council)
    'Child protection plans at 31 March: 80 of 150 authorities lie outside limits for ...
    """
    parts = []
    for _, row in frame.iterrows():
        where = "outside" if row["council_outside"] else "inside"
        parts.append(
            f"{_inner(row['measure'])}: {int(row['outside_plain'])} of {int(row['authorities'])} authorities lie "
            f"outside limits for chance alone, {int(row['outside'])} outside the widened ones; {council} lies {where}"
        )
    return f"{_capital('; '.join(parts))}." if parts else "Not given: these figures do not cover all authorities."


def starts_sentence(frame: pd.DataFrame, study: AreaStudy) -> str:
    """Return what happened where the programme began in other years too ("" unless the file names such councils).

    >>> starts_sentence(areas.starts_table(hertfordshire).frame, hertfordshire)
    'The programme began in Bracknell Forest, Luton, Peterborough and West Berkshire too. ...
    """
    if frame.empty:
        return ""
    parts = []
    for _, row in frame[frame["began"] == "all"].iterrows():
        effect = row["effect"]
        p = "" if pd.isna(row["p"]) else f" (p = {digits(row['p'], 3)}, corrected {digits(row['p_corrected'], 3)})"
        unit = "percentage points" if row["unit"] == "%" else row["unit"]
        side = f"{digits(abs(effect), 1)} {unit} {'above' if effect > 0 else 'below'} theirs{p}"
        parts.append(f"{_inner(row['measure'])} {'is not known' if pd.isna(effect) else side}")
    never = written(frame["never"].iloc[0], "authority", "authorities")
    others = joined([item.area for item in study.settings.also_began])
    return (
        f"The programme began in {others} too. Each council is compared, from the year before it began, with the "
        f"{never} in these figures not known to have begun it. The change "
        f"over the years since, on average: {'; '.join(parts)}. The p value says how often chance gives as much "
        "when the starting years are reassigned among these authorities at random; the correction is for several "
        "measures (Holm)."
    )


def about(study: AreaStudy) -> str:
    """Return what is compared: the council, its programme, the years, the neighbours and who is left out.

    >>> about(area)
    'Authority 001: a made-up programme, from 2020-21. Years ending 31 March, 2018 to 2020, ...
    """
    settings = study.settings
    names = joined([re.sub(r"(.+), ((City|County) of)$", r"\2 \1", study.figures.name_of(code))
                    for code in study.neighbours()]) or "none of these figures"  # fmt: skip
    out = "".join(f" {item.area} is left out: {item.reason.rstrip('.')}." for item in settings.leave_out)
    groups: dict[tuple[int, str], list[str]] = {}
    for item in settings.also_began:
        groups.setdefault((item.year, item.source), []).append(item.area)
    for (year, source), areas in groups.items():
        out += f" {joined(areas)} began the same programme in the year to March {year} ({source})"
        out += " and is no comparison." if len(areas) == 1 else " and are no comparison."
    return (
        f"{settings.council}: {settings.programme}. Years ending 31 March, {settings.periods.words()}. "
        f"Neighbours ({settings.neighbours} model): {names}.{out}"
    )


def claims_list(frame: pd.DataFrame) -> str:
    """Return a Markdown list: each published claim, and what the published figures say of it ("" without claims).

    >>> claims_list(areas.claims_table(hertfordshire).frame)
    'What was claimed, and what the published figures say:\\n\\n- "Savings of £2.6m in the ...
    """
    items = [f'- "{row["claim"]}" ({row["source"]}): {row["figures"]}.' for _, row in frame.iterrows()]
    return "What was claimed, and what the published figures say:\n\n" + "\n".join(items) if items else ""


def synthetic_list(frame: pd.DataFrame) -> str:
    """Return a Markdown list: each measure's synthetic control, or why there is none.

    >>> synthetic_list(areas.synthetic_table(area).frame)
    '- Child protection plans at 31 March: after, the council lies on average 9.0 below the ...
    """
    items = []
    for _, row in frame.iterrows():
        if row["not_given"]:
            items.append(f"- {row['measure']}: not given ({row['not_given']}).")
            continue
        items.append(
            f"- {row['measure']}: after, the council lies on average {digits(abs(row['effect']), 1)} "
            f"{'above' if row['effect'] > 0 else 'below'} the weighted mean of its neighbours ({row['weights']}). "
            f"Before, the two lay {digits(row['rmspe_before'], 1)} apart. By the distance after over that before, the "
            f"council is {int(row['ratio_rank'])} of {int(row['ranked'])}."
        )
    return "\n".join(items)


def breaks_list(frame: pd.DataFrame) -> str:
    """Return a Markdown list of the breaks of the series, declared or found.

    >>> breaks_list(areas.breaks_table(hertfordshire).frame)
    'Breaks of the series:\\n\\n- Hertfordshire, child protection plans at 31 March, 2014 ...
    """
    if frame.empty:
        return "No break is declared, and no count of the council's changes by half or more in a year."
    items = [
        f"- {row['area']}, {_inner(row['measure'])}, {row['years']} ({row['known_by']}): {row['reason']}."
        for _, row in frame.iterrows()
    ]
    return "Breaks of the series:\n\n" + "\n".join(items)


def vintage_sentence(frame: pd.DataFrame, population: str) -> str:
    """Return the population that is used, and the years whose published rates used another.

    >>> vintage_sentence(areas.area_vintage_table(area).frame, area.settings.population)
    'Population: made up.'
    """
    text = f"Population: {population}."
    for name, rows in frame[frame["come_out"] < 0.9 * frame["rates"]].groupby("measure", sort=False):
        years = joined([str(year) for year in rows["year"]])
        text += f" The published rates of {_inner(name)} in {years} are based on another population."
    return text


def lacks_sentence(frame: pd.DataFrame) -> str:
    """Return what the page lacks until the department's files have been added ("" when nothing is lacking).

    >>> lacks_sentence(areas.changes_table(hertfordshire).frame)
    "These figures cover only the council, its neighbours and England. The placebo test ...
    """
    main = frame[frame["main"].astype(bool)]
    if main["p"].notna().any() or main["difference"].isna().all():
        return ""
    return (
        "These figures cover only the council, its neighbours and England. The placebo test across all "
        "authorities and the funnel appear once the department's own files have been added."
    )


def _with_unit(value: float, unit: str) -> str:
    return f"{digits(value, 1)}{'' if unit == '%' else ' '}{unit}"


def _moved(change: float) -> str:
    size = digits(abs(change), 1)
    if float(size) == 0:
        return "stayed as it was"
    return f"{'rose' if change > 0 else 'fell'} by {size}"


def _against(difference: float) -> str:
    size = digits(abs(difference), 1)
    if float(size) == 0:
        return "no difference from the neighbours"
    return f"{size} {'above' if difference > 0 else 'below'} the neighbours' change"


def _p_of(p: float) -> str:
    return "p below 0.001" if p < 0.001 else f"p = {digits(p, 3)}"


def _place(rank: int) -> str:
    ending = "th" if 10 <= rank % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return "" if rank == 1 else f"{rank}{ending} "


def _inner(label: object) -> str:
    text = str(label)
    return text[:1].lower() + text[1:]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
