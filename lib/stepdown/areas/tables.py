"""The tables of an area page. Every figure in them is published already, so nothing is hidden."""

from __future__ import annotations

import numpy as np
import pandas as pd

from stepdown.areas.comparing import (
    FEWEST_AUTHORITIES,
    FEWEST_NEIGHBOURS,
    Placebos,
    group_time_effects,
    group_time_p,
)
from stepdown.areas.figures import ENGLAND
from stepdown.areas.measures import AREA_MEASURES, label
from stepdown.areas.rates import count_interval, ratio_of_years
from stepdown.areas.sentences import moved_words
from stepdown.areas.settings import Periods
from stepdown.areas.study import AreaStudy
from stepdown.proportions import holm
from stepdown.tables import AggregateTable, Column, Role

MAIN_COLUMNS = ["measure", "before", "after", "change", "neighbours_change", "difference", "rank", "p_corrected"]
STARTS_COLUMNS = ["began", "year", "councils", "effect"]
INDEPENDENT = "as if each child were independent: too narrow, since siblings, thresholds and policy move together"
CHOICE_COLUMNS = ["neighbours", "years", "change", "difference", "rank", "authorities", "p"]


RATE_COLUMNS = ["year", "count", "rate", "rate_low", "rate_high", "neighbours", "n_neighbours", "england"]


def rates_table(study: AreaStudy) -> AggregateTable:
    """Return the table ``area_rates``: the council, its neighbours' mean and England, by measure and year.

    >>> rates_table(area).frame[["year", "rate", "neighbours"]].head(2).round(1)
       year  rate  neighbours
    0  2010  47.8        49.8
    1  2011  46.8        51.3
    """
    rows = [
        _rate_row(study, name, year)
        for name in study.settings.measures
        for year in study.figures.rates(name).columns
        if year <= study.last_year
    ]
    columns = {
        "measure": Column("Measure", Role.KEY),
        "year": Column("Year ending 31 March", Role.KEY),
        "count": Column("Count", Role.OPEN, decimals=0),
        "rate": Column("Rate", Role.OPEN, decimals=1),
        "rate_low": Column("Lowest (95%)", Role.OPEN, decimals=1, about=INDEPENDENT),
        "rate_high": Column("Highest (95%)", Role.OPEN, decimals=1, about=INDEPENDENT),
        "neighbours": Column("Neighbours' mean", Role.OPEN, decimals=1),
        "n_neighbours": Column("Neighbours with figures", Role.OPEN, decimals=0),
        "england": Column(study.country, Role.OPEN, decimals=1),
    }
    frame = pd.DataFrame(rows, columns=list(columns)).dropna(subset=["rate", "neighbours", "england"], how="all")
    return AggregateTable("area_rates", "measure × year", frame.reset_index(drop=True), columns)


def _rate_row(study: AreaStudy, name: str, year: int) -> dict[str, object]:
    rates, code = study.figures.rates(name)[year], study.council
    count = float(study.figures.counts(name).loc[code, year])
    below = study.figures.denominators(name).reindex(columns=[year]).loc[code, year]
    low, high = (float(limit[0]) / below * AREA_MEASURES[name].per
                 for limit in count_interval([count], study.settings.interval))  # fmt: skip
    near = rates.loc[study.neighbours()]
    return {
        "measure": label(name),
        "year": str(year),
        "count": count,
        "rate": rates.loc[code],
        "rate_low": low,
        "rate_high": high,
        "neighbours": near.mean(),
        "n_neighbours": int(near.notna().sum()),
        "england": rates.get(ENGLAND, np.nan),
    }


def neighbour_rates_table(study: AreaStudy) -> AggregateTable:
    """Return the table ``area_neighbours``: the rate of each neighbour, by measure and year, for the picture.

    >>> neighbour_rates_table(area).frame[["authority", "year", "rate"]].head(2).round(1)
           authority  year  rate
    0  Authority 011  2010  48.0
    1  Authority 011  2011  52.9
    """
    rows = [
        (label(name), study.figures.name_of(code), str(year), float(rate))
        for name in study.settings.measures
        for code in study.neighbours()
        for year, rate in study.figures.rates(name).loc[code].dropna().items()
        if year <= study.last_year
    ]
    columns = {
        "measure": Column("Measure", Role.KEY),
        "authority": Column("Neighbour", Role.KEY),
        "year": Column("Year ending 31 March", Role.KEY),
        "rate": Column("Rate", Role.OPEN, decimals=1),
    }
    return AggregateTable.of_rows("area_neighbours", "measure × neighbour × year", columns, rows)


def changes_table(study: AreaStudy) -> AggregateTable:
    """Return the table ``area_change``: the council's change against its neighbours, by measure, years and neighbours.

    The first row of each measure is the main choice. p_corrected: Holm over the measures of the main choice.

    >>> changes_table(area).frame[["measure", "change", "difference", "rank"]].head(1).round(1)
                                  measure  change  difference  rank
    0  Child protection plans at 31 March   -16.1       -12.1     1
    """
    rows = []
    for name in study.settings.measures:
        for model in study.settings.all_models():
            for periods in study.settings.all_periods():
                rows.append(_change_row(study, name, model, periods))
    columns = {
        "measure": Column("Measure", Role.KEY),
        "neighbours": Column("Neighbours of", Role.KEY),
        "years": Column("Years", Role.KEY),
        "main": Column("Main choice", Role.KEY),
        "unit": Column("Unit", Role.OPEN),
        "before": Column("Rate before", Role.OPEN, decimals=1),
        "after": Column("Rate after", Role.OPEN, decimals=1),
        "change": Column("Change", Role.OPEN, decimals=1),
        "neighbours_change": Column("Neighbours' change", Role.OPEN, decimals=1),
        "difference": Column("Change against neighbours", Role.OPEN, decimals=1),
        "n_neighbours": Column("Neighbours with figures", Role.OPEN, decimals=0),
        "rank": Column("Rank by size", Role.OPEN, decimals=0),
        "authorities": Column("Authorities ranked", Role.OPEN, decimals=0),
        "p": Column("p value (rank ÷ number)", Role.OPEN, "p", 3),
        "p_corrected": Column("p value, corrected for several measures (Holm)", Role.OPEN, "p", 3),
        "earlier_difference": Column("The same among the years before", Role.OPEN, decimals=1),
        "earlier_p": Column("its p value", Role.OPEN, "p", 3),
        "not_given": Column("Not given because", Role.OPEN),
    }
    frame = pd.DataFrame(rows, columns=[c for c in columns if c != "p_corrected"])
    frame.insert(list(columns).index("p_corrected"), "p_corrected", holm(frame["p"].where(frame["main"])))
    frame["measure"] = frame["measure"].map(label)
    return AggregateTable("area_change", "measure × neighbour model × choice of years", frame, columns)


def _change_row(study: AreaStudy, name: str, model: str, periods: Periods) -> dict[str, object]:
    found, i = study.placebos(name, periods, model), study.place
    earlier = _earlier(study, name, model, periods)
    ranked = bool(np.isfinite(found.p(i)))
    return {
        "measure": name,
        "neighbours": f"{model} model",
        "years": periods.words(),
        "main": model == study.settings.neighbours and periods == study.settings.periods,
        "unit": AREA_MEASURES[name].unit,
        "before": study.rates(name, periods.before)[i].mean(),
        "after": study.rates(name, periods.after)[i].mean(),
        "change": found.change[i],
        "neighbours_change": found.neighbours[i],
        "difference": found.difference[i],
        "n_neighbours": int(found.n_neighbours[i]),
        "rank": found.rank(i) if ranked else np.nan,
        "authorities": found.units if ranked else np.nan,
        "p": found.p(i),
        "earlier_difference": earlier.difference[i] if earlier else np.nan,
        "earlier_p": earlier.p(i) if earlier else np.nan,
        "not_given": _why_not(study, found, name, periods),
    }


def _earlier(study: AreaStudy, name: str, model: str, periods: Periods) -> Placebos | None:
    """Return the same comparison with a made-up start among the years before (None with a single year)."""
    first, last = periods.before
    if first == last:
        return None
    middle = (first + last) // 2
    return study.placebos(name, Periods(before=(first, middle), after=(middle + 1, last)), model)


def _why_not(study: AreaStudy, found: Placebos, name: str, periods: Periods) -> str:
    i = study.place
    if not np.isfinite(found.change[i]):
        gaps = np.isnan(np.hstack([study.rates(name, periods.before)[i], study.rates(name, periods.after)[i]]))
        years = [*range(periods.before[0], periods.before[1] + 1), *range(periods.after[0], periods.after[1] + 1)]
        missing = ", ".join(str(year) for year, gap in zip(years, gaps, strict=True) if gap)
        return f"no usable figure for {study.settings.council} in {missing}"
    if not np.isfinite(found.neighbours[i]):
        return (
            f"only {found.n_neighbours[i]} neighbours have figures in every year, and {FEWEST_NEIGHBOURS} are asked for"
        )
    if not np.isfinite(found.p(i)):
        return f"a rank needs {FEWEST_AUTHORITIES} authorities, and these figures allow {found.units}"
    return ""


def placebo_table(study: AreaStudy) -> AggregateTable:
    """Return the table ``area_placebo``: every authority's change against its own neighbours, main choice.

    >>> placebo_table(area).frame[["authority", "difference"]].head(2).round(1)
           authority  difference
    0  Authority 001       -12.1
    1  Authority 002         3.4
    """
    rows = []
    for name in study.settings.measures:
        found = study.placebos(name, study.settings.periods)
        if np.isfinite(found.p(study.place)):
            for i in np.flatnonzero(np.isfinite(found.difference)):
                code = str(study.figures.authorities[i])
                rows.append((label(name), study.figures.name_of(code), i == study.place, found.difference[i]))
    columns = {
        "measure": Column("Measure", Role.KEY),
        "authority": Column("Authority", Role.KEY),
        "is_council": Column("The council", Role.OPEN),
        "difference": Column("Change against its own neighbours", Role.OPEN, decimals=1),
    }
    return AggregateTable.of_rows("area_placebo", "measure × authority", columns, rows)


def starts_table(study: AreaStudy) -> AggregateTable:
    """Return the table ``area_starts``: change since the year before councils began, by the year in which they began.

    The last row of a measure is the mean over all of them since each began. No rows unless the file names other
    councils with the same programme.

    >>> starts_table(hertfordshire).frame[["began", "year", "councils", "effect"]].head(2).round(1)
      began  year  councils  effect
    0  2016  2016         1   -10.4
    1  2016  2017         1   -17.4
    """
    rows: list[tuple[object, ...]] = []
    began = study.began.copy()
    began[study.place] = study.settings.periods.before[1] + 1
    used = study.allowed | np.isfinite(began)
    for name in study.settings.measures if study.settings.also_began else ():
        rates = study.usable_rates[name].loc[:, : study.last_year]
        given = rates.to_numpy()[used], rates.columns.to_numpy(), began[used]
        found, about = group_time_effects(*given), (label(name), AREA_MEASURES[name].unit)
        for group, year, councils, effect in zip(found.began, found.year, found.councils, found.effect, strict=True):
            if year >= group:
                rows.append((*about, str(group), str(year), councils, found.never, effect, np.nan))
        total = int(np.isfinite(given[2]).sum())
        rows.append((*about, "all", "since each began", total, found.never, found.mean, group_time_p(*given)))
    columns = {
        "measure": Column("Measure", Role.KEY),
        "unit": Column("Unit", Role.OPEN),
        "began": Column("Began in", Role.KEY),
        "year": Column("Year ending 31 March", Role.KEY),
        "councils": Column("Councils with figures", Role.OPEN, decimals=0),
        "never": Column("Authorities that did not begin", Role.OPEN, decimals=0),
        "effect": Column("Change against authorities that did not begin", Role.OPEN, decimals=1),
        "p": Column("p value (starting years reassigned at random)", Role.OPEN, "p", 3),
        "p_corrected": Column("p value, corrected for several measures (Holm)", Role.OPEN, "p", 3),
    }
    frame = pd.DataFrame(rows, columns=[name for name in columns if name != "p_corrected"])
    frame = frame.assign(p_corrected=holm(frame["p"]))
    return AggregateTable("area_starts", "measure × starting year × year", frame, columns)


def area_two_years_table(study: AreaStudy) -> AggregateTable:
    """Return the table ``area_two_years``: last year against first, as if children were independent.

    >>> area_two_years_table(area).frame[["measure", "ratio"]].round(2)
                                  measure  ratio
    0  Child protection plans at 31 March   0.72
    1   Children looked after at 31 March   0.98
    """
    first, last = study.settings.periods.before[0], study.settings.periods.after[1]
    rows = []
    for name in study.settings.measures:
        counts, below = study.figures.counts(name), study.figures.denominators(name)
        pairs = [
            (counts.get(y, {}).get(study.council, np.nan), below.get(y, {}).get(study.council, np.nan))
            for y in (first, last)
        ]
        usable = study.usable_rates[name].reindex(columns=[first, last]).loc[study.council].notna().all()
        if usable and np.isfinite(pairs).all() and sum(x for x, _ in pairs) > 0:
            found = ratio_of_years(*pairs)
            rows.append((label(name), str(first), str(last), found.ratio, found.low, found.high, found.p))
    columns = {
        "measure": Column("Measure", Role.KEY),
        "first_year": Column("From", Role.OPEN),
        "last_year": Column("To", Role.OPEN),
        "ratio": Column("Rate, later ÷ earlier", Role.OPEN, decimals=3),
        "ratio_low": Column("Lowest (95%)", Role.OPEN, decimals=3, about=INDEPENDENT),
        "ratio_high": Column("Highest (95%)", Role.OPEN, decimals=3, about=INDEPENDENT),
        "p": Column("p value", Role.OPEN, "p", 4, about=INDEPENDENT),
    }
    return AggregateTable.of_rows("area_two_years", "measure", columns, rows)


def claims_table(study: AreaStudy) -> AggregateTable:
    """Return the table ``area_claims``: what was claimed of the council, and what the published figures say.

    >>> claims_table(hertfordshire).frame["figures"].iloc[0]
    'cannot be checked: what social care, police and health spent on these families is not published'
    """
    changes = changes_table(study).frame
    main = changes[changes["main"]].set_index("measure")
    rows = []
    for claim in study.settings.claims:
        said = f"cannot be checked: {claim.why_not}"
        if claim.measure and label(claim.measure) in main.index:
            said = moved_words(main.loc[label(claim.measure)])
        elif claim.measure:
            said = "not compared: the measure is not in area.measures"
        rows.append((claim.says, claim.source, said))
    columns = {
        "claim": Column("What was claimed", Role.KEY),
        "source": Column("Where", Role.OPEN),
        "figures": Column("What the published figures say", Role.OPEN),
    }
    return AggregateTable.of_rows("area_claims", "published claim", columns, rows)
