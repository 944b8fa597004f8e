"""What a check of published figures, a published case, an area and a monitoring study answer, from their tables."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from stepdown.answers.finding import Bar, Finding, MainFigure, Tables, rounded_pounds
from stepdown.areas.sentences import FINDING_LIMIT as AREA_LIMIT
from stepdown.audit.headline import ALL_IMPOSSIBLE, AS_PUBLISHED
from stepdown.audit.sentences import HEADLINE_LIMIT, OVERALL_LIMIT
from stepdown.numbers import as_pounds, digits, joined, written
from stepdown.series.sentences import FINDING_LIMIT as SERIES_LIMIT

MOST_MEASURES = 3
"""Measures, series and headlines that get a card of their own."""


def of_checks(tables: Tables) -> list[Finding]:
    """Return the findings of a check of published figures: all checks together, then each headline."""
    parts = ("checks", "held", "explained_by_rounding", "findings")
    cells = {name: tables.cell("check_summary", name, kind="all") for name in parts}
    checks, held, rounded, found = (cells[name].number for name in parts)
    if not all(cell.known for cell in cells.values()):
        return []
    short = (
        f"{digits(found)} of {digits(checks)} checks of the printed figures fail, and rounding does not explain why."
        if found
        else f"All {digits(checks)} checks of the printed figures hold."
    )
    overall = Finding(
        topic="checks",
        evidence="arithmetic",
        question="Do the printed figures agree?",
        number=f"{digits(found)} of {digits(checks)} fail",
        short=short,
        full=short,
        limit=OVERALL_LIMIT,
        clause=f"{digits(found)} of {digits(checks)} checks of the printed figures fail",
        figures=tuple(
            MainFigure(f"Checks of printed figures: {name}", cell, "checks")
            for name, cell in zip(("made", "held", "explained by rounding", "failed"), cells.values(), strict=True)
        ),
        bars=(
            Bar("Held", held, digits(held)),
            Bar("Explained by rounding", rounded, digits(rounded), pale=True),
            Bar("Failed", found, digits(found), 1),
        ),
        picture="Checks",
    )
    names = (
        tables.rows("headline_sensitivity")["headline"].drop_duplicates() if "headline_sensitivity" in tables else ()
    )
    return [overall, *(_headline(tables, str(name)) for name in list(names)[: MOST_MEASURES - 1])]


def _headline(tables: Tables, name: str) -> Finding:
    printed = tables.cell("headline_sensitivity", "published_gbp", headline=name, scenario=AS_PUBLISHED)
    ends = [
        tables.cell("headline_sensitivity", f"{side}_gbp", headline=name, scenario=ALL_IMPOSSIBLE)
        for side in ("lowest", "highest")
    ]
    if not all(end.known for end in ends):
        number, short, clause = as_pounds(printed.number), f"No impossible total is behind the {name}.", ""
        bars = []
    else:
        low, high = (rounded_pounds(end.number) for end in ends)
        number = f"{low} to {high}"
        inside = ends[0].number <= printed.number <= ends[1].number
        verdict = "can be right" if inside else "cannot be right"
        short = f"The printed {as_pounds(printed.number)} {verdict}: anything from {low} to {high} is possible."
        clause = "" if inside else f"the {name} cannot be the printed {as_pounds(printed.number)}"
        shown = (("Printed", printed, 1), ("Lowest possible", ends[0], 2), ("Highest possible", ends[1], 2))
        bars = [Bar(label, cell.number, as_pounds(cell.number), series) for label, cell, series in shown]
    figures = [MainFigure(f"{name}, as printed", printed, "£", exact=True)]
    if bars:
        what = f"{name}, if each impossible total could be any possible value"
        figures += [
            MainFigure(f"{what}: {side}", end, "£") for side, end in zip(("lowest", "highest"), ends, strict=True)
        ]
    return Finding(
        topic=f"headline {name}",
        evidence="headline",
        question=f"Can the printed {name} be right?",
        number=number,
        short=short,
        full=short,
        limit=HEADLINE_LIMIT,
        clause=clause,
        figures=tuple(figures),
        bars=tuple(bars),
        picture=name,
    )


def of_case(tables: Tables) -> list[Finding]:
    """Return the one finding of a published figure without its working."""
    each, families, total = (
        tables.cell("published_saving", "value", measure=measure)
        for measure in ("saving_per_family", "families", "total_saving")
    )
    short = (
        f"{as_pounds(each.number)} saved for each of {digits(families.number)} families was published, "
        f"{rounded_pounds(total.number)} in all; no working is public."
    )
    return [
        Finding(
            topic="published_case",
            evidence="published",
            question="What is known about the published saving?",
            number=f"{as_pounds(each.number)} a family, not checked",
            short=short,
            full=short,
            limit="The figure is as published: nothing here adds to its evidence.",
            clause=f"the published saving of {as_pounds(each.number)} a family cannot be checked: no working is public",
            figures=(
                MainFigure("Published saving for each family", each, "£"),
                MainFigure("Families, as published", families, "families"),
                MainFigure("The two multiplied: saving, all families together", total, "£"),
            ),
            bars=tuple(
                Bar(label, cell.number, rounded_pounds(cell.number))
                for label, measure in (
                    ("With the number of families published", "total_saving"),
                    ("With the number of families in another source", "total_saving_other_count"),
                )
                if (cell := tables.cell("published_saving", "value", measure=measure)).known
            ),
            picture="Saving, all families together",
        )
    ]


def of_area(tables: Tables) -> list[Finding]:
    """Return one finding a measure: the council's change against its neighbours'."""
    main = tables.rows("area_change", main="True")
    return [_of_measure(tables, row) for _, row in main.head(MOST_MEASURES).iterrows()]


def area_sentence(tables: Tables, findings: Sequence[Finding]) -> str:
    """Return how far each measure moved, and whether by more than councils often do, those alike together."""
    told: dict[str, list[str]] = {}
    for finding in findings:
        p = tables.cell("area_change", "p_corrected", measure=finding.topic.removeprefix("moved "), main="True")
        p = p if p.known else tables.cell("area_change", "p", **p.where)
        verdict = "more than councils often do" if p.number < 0.05 else "no more than councils often do"
        verdict = verdict if p.known else "and whether that is more than councils often do is not known"
        told.setdefault(verdict, []).extend([finding.clause] if finding.clause else [])
    units = {str(unit).replace("10,000", "ten thousand") for unit in tables.rows("area_change", main="True")["unit"]}
    moved = "; ".join(f"{joined(moved)}, {verdict}" for verdict, moved in told.items() if moved)
    return f"{units.pop()}, {moved}" if len(units) == 1 and moved else moved


def _of_measure(tables: Tables, row: pd.Series) -> Finding:
    name, where = str(row["measure"]), {"measure": str(row["measure"]), "main": "True"}
    before, after, change, near = (
        tables.cell("area_change", column, **where) for column in ("before", "after", "change", "neighbours_change")
    )
    short, number, clause, bars = f"{name}: the figures do not allow a comparison.", "not comparable", "", []
    if all(cell.known for cell in (before, after, change, near)):
        moved, beside = _moved(change.number), _moved(near.number)
        number = f"{digits(before.number, 1)} to {digits(after.number, 1)}"
        held = name.replace(" at 31 March", "")
        short = f"{held} {moved} {row['unit'].replace('10,000', 'ten thousand')}; the neighbours' mean {beside}."
        clause = f"{held[0].lower()}{held[1:]} {moved}"
        bars = [
            Bar("The council", abs(change.number), moved, 0),
            Bar("Its neighbours' mean", abs(near.number), beside, 1),
        ]
    unit, less = str(row["unit"]), tables.cell("area_change", "difference", **where)
    figures = (
        MainFigure(f"{name}: council before", before, unit),
        MainFigure(f"{name}: council after", after, unit),
        MainFigure(f"{name}: change of the council less its neighbours'", less, unit),
    )
    return Finding(
        topic=f"moved {name}",
        evidence="area",
        question=f"{name}: different from councils like it?",
        number=number,
        short=short,
        full=short,
        limit=AREA_LIMIT,
        clause=clause,
        figures=figures,
        bars=tuple(bars),
        picture=f"Change, {row['unit']}",
    )


def _moved(change: float) -> str:
    if pd.isna(change):
        return "moved by a number not shown"
    return (
        "did not change" if round(change, 1) == 0 else f"{'fell' if change < 0 else 'rose'} by {digits(abs(change), 1)}"
    )


def of_monitoring(tables: Tables) -> list[Finding]:
    """Return the findings of a monitoring study: targets, what is more than chance, the level when it began."""
    found = []
    targets, summary, level = (tables.rows(name) for name in ("target_status", "series_summary", "level_change"))
    if len(targets):
        found.append(_targets(tables, targets))
    limited = summary[summary["not_given"].fillna("") == ""]
    special = limited[~limited["latest_says"].astype("str").str.contains("common cause")]["series"].tolist()
    names = f": {joined(special)}" if 0 < len(special) <= 2 else ""
    of_all = (
        f"{len(special) or 'None'} of the {len(limited)} series with limits"
        if len(limited) > 1
        else "The one series with limits"
    )
    shows = "does not show" if len(limited) == 1 and not special else _shows(len(special))
    short = f"{of_all} {shows} more than chance now{names}."
    if limited.empty:
        short = "No series has enough comparable periods to say what is more than chance."
    found.append(
        Finding(
            topic="chance",
            evidence="series",
            question="Is the latest month more than chance?",
            number=f"{len(special)} of {len(limited)}" if len(limited) else "cannot be said",
            short=short,
            full=short,
            limit=SERIES_LIMIT,
            clause=""
            if limited.empty
            else f"{written(len(special), 'series', 'series')} {_shows(len(special))} more than chance now",
            bars=(
                Bar("More than chance", len(special), digits(len(special)), 1),
                Bar("Within chance", len(limited) - len(special), digits(len(limited) - len(special))),
                Bar("Too few periods", len(summary) - len(limited), digits(len(summary) - len(limited)), pale=True),
            ),
            picture="Series",
        )
    )
    return [*found, _level(level)]


def _shows(count: int) -> str:
    return "shows" if count <= 1 else "show"


def _targets(tables: Tables, targets: pd.DataFrame) -> Finding:
    first = targets["status"].astype("str").str.split(":").str[0]
    met, open_ = int((first == "met").sum()), int((first == "cannot be said").sum())
    rest = len(targets) - met - open_
    said = f"{met or 'none'} of the {len(targets)} targets {'is' if met <= 1 else 'are'} met"
    short = f"{said}; {open_} cannot be answered." if open_ else f"{said}."
    if open_ == len(targets):
        said = f"whether the {written(open_, 'target')} {'is' if open_ == 1 else 'are'} met cannot be said yet"
        short = f"{said}: too few periods in a row are known."
    return Finding(
        topic="targets",
        evidence="targets",
        question="Are the targets met?",
        number=f"{met} of {len(targets)} met" if open_ < len(targets) else "cannot be said",
        short=f"{short[0].upper()}{short[1:]}",
        full=short,
        limit=SERIES_LIMIT,
        clause=said,
        figures=tuple(
            MainFigure(
                f"{row['series']}: mean of the last three periods (target {digits(row['target'], 1)})",
                tables.cell("target_status", "last_three", series=str(row["series"])),
                str(row["unit"]),
            )
            for _, row in targets.iterrows()
        ),
        bars=(
            Bar("Met", met, digits(met), 0),
            Bar("Not met", rest, digits(rest), 1),
            Bar("Cannot be said", open_, digits(open_), pale=True),
        ),
        picture="Targets",
    )


def _level(level: pd.DataFrame) -> Finding:
    modelled = level[level["not_given"].fillna("") == ""]
    nought = modelled["model"].astype("str").str.contains("Poisson").astype("float64")  # a ratio; else a difference
    apart = modelled[(modelled["low"].astype("float64") > nought) | (modelled["high"].astype("float64") < nought)]
    of_all = f"{len(apart) or 'none'} of {len(modelled)}"
    short = f"The level of {of_all} series changed by more than chance when the programme began."
    if modelled.empty:
        short = "No series has enough periods before and after to say whether its level changed."
    return Finding(
        topic="level",
        evidence="series",
        question="Did the level change when the programme began?",
        number=f"{len(apart)} of {len(modelled)}" if len(modelled) else "cannot be said",
        short=short,
        full=short,
        limit=SERIES_LIMIT,
        bars=(
            Bar("Changed", len(apart), digits(len(apart)), 1),
            Bar("Within chance", len(modelled) - len(apart), digits(len(modelled) - len(apart))),
            Bar("Too few periods", len(level) - len(modelled), digits(len(level) - len(modelled)), pale=True),
        ),
        picture="Series",
    )
