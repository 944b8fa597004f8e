"""What stands around the comparison: all authorities in one year, a synthetic control, breaks, and the population."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from stepdown.areas.comparing import synthetic_control, why_no_synthetic
from stepdown.areas.figures import vintages
from stepdown.areas.measures import AREA_MEASURES, label
from stepdown.areas.rates import FUNNEL_TAIL, Funnel, funnel
from stepdown.areas.study import AreaStudy
from stepdown.numbers import digits
from stepdown.tables import AggregateTable, Column, Role

JUMP = 1.5
"""A count that is this many times the year before, or less than one over it, looks like a change of recording."""

CLOSE_FIT = 0.10
"""Mean distance before, as a share of the council's mean rate, up to which a synthetic control is given."""


def _funnels(study: AreaStudy) -> dict[str, tuple[Funnel, pd.DataFrame]]:
    """Return, by measure, the funnel of the last year after and its authorities (count, population by code)."""
    year, found = study.settings.periods.after[1], {}
    for name in study.settings.measures:
        if np.isnan(study.placebos(name, study.settings.periods).p(study.place)):
            continue  # a funnel of a few authorities would be taken for one of the country
        counts, below = study.figures.counts(name), study.figures.denominators(name)
        if year in counts and year in below:
            frame = pd.DataFrame({"count": counts[year], "population": below[year]})
            frame = frame.loc[study.figures.authorities].dropna().query("population > 0")
            if study.council in frame.index:
                found[name] = (funnel(frame["count"], frame["population"]), frame)
    return found


def funnel_table(study: AreaStudy) -> AggregateTable:
    """Return the table ``area_funnel``: where the council stands among all authorities in the last year.

    >>> funnel_table(area).frame[["measure", "rate", "outside"]].round(1)
                                  measure  rate  outside
    0  Child protection plans at 31 March  47.0        3
    1   Children looked after at 31 March  66.3        1
    """
    rows = []
    for name, (found, frame) in _funnels(study).items():
        i = int(frame.index.get_loc(study.council))
        rows.append(
            (label(name), str(study.settings.periods.after[1]), len(frame), found.rate * AREA_MEASURES[name].per,
             int(found.outside_plain.sum()), found.dispersion, int(found.outside.sum()),
             found.z[i], found.adjusted[i], bool(found.outside[i]))
        )  # fmt: skip
    columns = {
        "measure": Column("Measure", Role.KEY),
        "year": Column("Year", Role.OPEN),
        "authorities": Column("Authorities", Role.OPEN, decimals=0),
        "rate": Column("Rate of all together", Role.OPEN, decimals=1),
        "outside_plain": Column("Outside limits for chance alone", Role.OPEN, decimals=0),
        "dispersion": Column("Dispersion", Role.OPEN, decimals=1),
        "outside": Column("Outside widened limits", Role.OPEN, decimals=0),
        "z": Column("Council's score, chance alone", Role.OPEN, decimals=1),
        "z_adjusted": Column("Council's score, widened", Role.OPEN, decimals=1),
        "council_outside": Column("Council outside the widened limits", Role.OPEN),
    }
    return AggregateTable.of_rows("area_funnel", "measure", columns, rows)


def funnel_points_table(study: AreaStudy) -> AggregateTable:
    """Return the table ``area_funnel_points``: each authority's rate, with the widened 99.8% limits at its size.

    >>> funnel_points_table(area).frame[["authority", "rate"]].head(2).round(1)
           authority  rate
    0  Authority 106  24.2
    1  Authority 126  52.1
    """
    parts = []
    for name, (found, frame) in _funnels(study).items():
        expected = np.sqrt(found.rate * frame["population"])
        reach = stats.norm.ppf(1 - FUNNEL_TAIL) * np.sqrt(max(found.dispersion, 1.0)) / 2
        per = AREA_MEASURES[name].per / frame["population"]
        parts.append(
            pd.DataFrame(
                {
                    "measure": label(name),
                    "authority": [study.figures.name_of(code) for code in frame.index],
                    "is_council": frame.index == study.council,
                    "population": frame["population"],
                    "rate": frame["count"] * per,
                    "low": np.maximum(expected - reach, 0.0) ** 2 * per,
                    "high": (expected + reach) ** 2 * per,
                }
            ).sort_values("population")
        )
    columns = {
        "measure": Column("Measure", Role.KEY),
        "authority": Column("Authority", Role.KEY),
        "is_council": Column("The council", Role.OPEN),
        "population": Column("Below the line", Role.OPEN, decimals=0),
        "rate": Column("Rate", Role.OPEN, decimals=1),
        "low": Column("Lower limit", Role.OPEN, decimals=1),
        "high": Column("Upper limit", Role.OPEN, decimals=1),
    }
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(columns))
    return AggregateTable("area_funnel_points", "measure × authority", frame, columns)


def synthetic_table(study: AreaStudy) -> AggregateTable:
    """Return the table ``area_synthetic``: a synthetic control for each measure, or why it is not given.

    >>> synthetic_table(area).frame[["measure", "effect"]].round(1)
                                  measure  effect
    0  Child protection plans at 31 March    -9.0
    1   Children looked after at 31 March    -2.0
    """
    rows = [_synthetic_row(study, name) for name in study.settings.measures]
    columns = {
        "measure": Column("Measure", Role.KEY),
        "years_before": Column("Years before", Role.OPEN, decimals=0),
        "donors": Column("Neighbours that can be weighted", Role.OPEN, decimals=0),
        "rmspe_before": Column("Mean distance before", Role.OPEN, decimals=2),
        "effect": Column("Mean difference after", Role.OPEN, decimals=1),
        "ratio_rank": Column("Rank by distance after ÷ before", Role.OPEN, decimals=0),
        "ranked": Column("Authorities ranked", Role.OPEN, decimals=0),
        "weights": Column("Made of", Role.OPEN),
        "not_given": Column("Not given because", Role.OPEN),
    }
    return AggregateTable.of_rows("area_synthetic", "measure", columns, rows)


def _synthetic_row(study: AreaStudy, name: str) -> tuple[object, ...]:
    first_after, last_after = study.settings.periods.after
    table = study.usable_rates[name]
    years = [y for y in table.columns if y < first_after and np.isfinite(table.loc[study.council, y])]
    n_before = len(years)
    years += list(range(first_after, last_after + 1))
    full = table.reindex(columns=years)
    matrix = study.figures.neighbour_matrix(study.settings.neighbours)
    seen = full.notna().all(axis=1).to_numpy() & study.allowed
    donors = matrix[study.place] & seen
    why = why_no_synthetic(n_before, int(donors.sum()))
    if not why and not full.loc[study.council].notna().all():
        why = "the council has no figure in one of the years after"
    if why:
        return (label(name), n_before, int(donors.sum()), np.nan, np.nan, np.nan, np.nan, "", why)
    values = full.to_numpy()
    own = synthetic_control(values[study.place], values[donors].T, n_before)
    if own.rmspe_before > CLOSE_FIT * values[study.place, :n_before].mean():
        why = f"even the best weights miss the council by {digits(own.rmspe_before, 1)} a year before"
        return (label(name), n_before, int(donors.sum()), own.rmspe_before, np.nan, np.nan, np.nan, "", why)
    others = [
        synthetic_control(values[i], values[matrix[i] & seen].T, n_before).ratio
        for i in np.flatnonzero(seen)
        if i != study.place and not why_no_synthetic(n_before, int((matrix[i] & seen).sum()))
    ]
    names = [study.figures.name_of(str(code)) for code in study.figures.authorities[donors]]
    parts = sorted(zip(own.weights, names, strict=True), reverse=True)
    made_of = ", ".join(f"{each} {digits(100 * weight)}%" for weight, each in parts if weight >= 0.005)
    rank = 1 + sum(other >= own.ratio for other in others)
    return (label(name), n_before, int(donors.sum()), own.rmspe_before, own.effect, rank, len(others) + 1, made_of, "")


def breaks_table(study: AreaStudy) -> AggregateTable:
    """Return the table ``area_breaks``: declared breaks, and jumps of the council's figures that nobody declared.

    >>> breaks_table(hertfordshire).frame[["area", "years", "known_by"]].head(2)
                area years    known_by
    0  Hertfordshire  2014  found here
    """
    rows = [
        (item.area, label(item.measure), f"{item.years[0]} to {item.years[1]}", "declared", item.reason)
        for item in study.settings.breaks
    ]
    for name in study.settings.measures:
        for year, ratio in jumps(study.figures.counts(name).loc[study.council]).items():
            inside = any(
                b.measure == name and study.figures.code_of(b.area, "area.breaks") == study.council
                and b.years[0] <= year <= b.years[1] + 1
                for b in study.settings.breaks
            )  # fmt: skip
            if not inside:
                what = f"{digits(ratio, 2)} times the year before: check it before reading a trend across it"
                rows.append((study.settings.council, label(name), str(year), "found here", what))
    columns = {
        "area": Column("Authority", Role.KEY),
        "measure": Column("Measure", Role.KEY),
        "years": Column("Years", Role.KEY),
        "known_by": Column("How known", Role.OPEN),
        "reason": Column("What happened", Role.OPEN),
    }
    return AggregateTable.of_rows("area_breaks", "break of a series", columns, rows)


def jumps(counts: pd.Series) -> dict[int, float]:
    """Return the years whose count is :data:`JUMP` times that of the year before or more, or less than one over it.

    Counts below 50 jump by chance and are passed over; so is a year whose year before has no figure.

    >>> jumps(pd.Series({2016: 2774.0, 2017: 5688.0, 2018: 1591.0}))
    {2017: 2.0504..., 2018: 0.2797...}
    """
    ratio = counts / counts.shift()
    large = (counts >= 50) & (counts.shift() >= 50)
    return {int(y): float(r) for y, r in ratio[large & ((ratio >= JUMP) | (ratio <= 1 / JUMP))].items()}


def area_vintage_table(study: AreaStudy) -> AggregateTable:
    """Return the table ``area_vintage``: whether published rates come out with the population that is used here.

    >>> area_vintage_table(area).frame.head(1)
                                  measure  year  rates  come_out
    0  Child protection plans at 31 March  2010    150       150
    """
    parts = []
    for name in study.settings.measures:
        found = vintages(study.figures, name)
        if len(found):
            parts.append(found.assign(measure=label(name), year=found["year"].astype(str)))
    columns = {
        "measure": Column("Measure", Role.KEY),
        "year": Column("Year", Role.KEY),
        "rates": Column("Published rates", Role.OPEN, decimals=0),
        "come_out": Column("Match to the last digit", Role.OPEN, decimals=0),
    }
    frame = pd.concat(parts)[list(columns)] if parts else pd.DataFrame(columns=list(columns))
    return AggregateTable("area_vintage", "measure × year", frame.reset_index(drop=True), columns)
