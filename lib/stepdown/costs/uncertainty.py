"""Intervals, the cost-effectiveness plane and the acceptability curve, as tables, from one simulation."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from stepdown.costs.cases import base_case, work_out
from stepdown.costs.estimators import observed_saving
from stepdown.costs.inputs import CHILDREN, OWN, CostInputs, money
from stepdown.costs.simulation import Simulation, simulate
from stepdown.costs.volumes import Floats
from stepdown.effects.bracketing import FEW_FAMILIES, TOO_FEW_FAMILIES
from stepdown.measures import measured
from stepdown.params.effects import ESTIMATOR_NAMES, Estimator
from stepdown.tables import AggregateTable, Column, Role

ENDS: tuple[Estimator, ...] = ("did", "ancova")
"""The two ends: difference in differences, and adjustment for the period before."""

DAYS_AVOIDED = "Days of statutory care avoided per child"

MIND = Column("Note", Role.OPEN, about="On how few families the interval rests, or why there is none")

POINTS_IN_PLANE = 500
"""Draws shown in the plane, a fixed sample of all of them: more only hide each other."""


@lru_cache(maxsize=4)
def study_simulation(inputs: CostInputs, as_published: bool = False) -> Simulation:
    """Return the study's simulation under both ends of the bracket, on the study's seed (kept: same inputs, same)."""
    settings = inputs.settings.uncertainty
    return simulate(
        base_case(inputs, as_published=as_published),
        inputs.tariffs,
        ENDS,
        settings.draws,
        np.random.default_rng([inputs.seed, 1]),
        counted_up_to=settings.exact_up_to_families,
    )


def acceptability(net_effect: Floats, net_cost: Floats, willingness: Floats) -> Floats:
    """Return for each willingness to pay λ the share of draws with λ × effect − cost > 0.

    net_effect, net_cost: D draws.  willingness: W values, £ per unit of effect.
    """
    return np.asarray([(wtp * net_effect > net_cost).mean() for wtp in willingness])


def monte_carlo_error_of_share(share: float, draws: int) -> float:
    """Return the standard error of a share that is estimated from independent draws."""
    return float(np.sqrt(share * (1 - share) / draws))


def uncertainty_table(inputs: CostInputs, *, as_published: bool = False) -> AggregateTable:
    """Return the table ``cost_uncertainty``: one row an end of the bracket and a measure.

    estimate: in the records themselves.  ci_low, ci_high: from the family jackknife and the unit costs' ranges.
    mean: of the draws.  monte_carlo_error: its standard error from the limited number of draws.  as_published: with the
    study's own day count in the place of days inside the window.

    >>> uncertainty_table(inputs).frame.set_index("measure")["estimate"]["net_cost_gbp"].round().tolist()
    [409335.0, 494913.0]
    """
    simulation = study_simulation(inputs, as_published)
    rows = []
    for estimator in ENDS:
        case = base_case(inputs, estimator=estimator, as_published=as_published)
        result = work_out(case)
        days = np.array([float(measured(m).kind == "days") for m in case.data.measures])
        avoided = observed_saving(case.data, days, estimator)
        saving, reach = simulation.saving[estimator], simulation.saving_reach[estimator]
        days_drawn, days_reach = simulation.days_avoided[estimator], simulation.days_reach[estimator]
        each, spent, pays = case.children, simulation.programme_cost, simulation.probability_pays(estimator)
        measures = [
            ("saving_gbp", "Saving", "£", saving, result.saving, reach),
            ("saving_per_child_gbp", "Saving per child", "£", saving / each, result.saving / each, reach / each),
            ("net_cost_gbp", "Net cost", "£", spent - saving, result.net_cost, reach),
            ("bcr", "Saved per £1 spent", "£", saving / spent, result.bcr, reach / spent),
            ("days_avoided_per_child", DAYS_AVOIDED, "days", days_drawn, avoided, days_reach),
        ]
        rows += [_row(inputs, estimator, item, pays) for item in measures]
    return AggregateTable.of_rows("cost_uncertainty", "end of the bracket and measure", _UNCERTAINTY, rows)


_UNCERTAINTY = {
    "estimator": Column("Comparison", Role.KEY),
    "measure": Column("Measure", Role.KEY),
    "shown_as": Column("What", Role.OPEN),
    "unit": Column("Unit", Role.OPEN),
    "estimate": Column("Estimate", Role.DERIVED, "", 2, OWN, "From the records themselves"),
    "mean": Column("Mean of the draws", Role.DERIVED, "", 2, OWN),
    "ci_low": Column("Low end", Role.DERIVED, "", 2, OWN, "Low end of the interval"),
    "ci_high": Column("High end", Role.DERIVED, "", 2, OWN, "High end of the interval"),
    "probability_pays": Column("Chance that it pays for itself", Role.DERIVED, "", 3, OWN, "Share of draws"),
    "monte_carlo_error": Column("Simulation error of the mean", Role.DERIVED, "", 2, OWN),
    "probability_error": Column("Simulation error of the chance", Role.DERIVED, "", 4, OWN),
    "note": MIND,
    "children_with_cost": CHILDREN,
}


def _row(
    inputs: CostInputs, estimator: Estimator, item: tuple[str, str, str, Floats, float, float], pays: float
) -> tuple[str | float, ...]:
    measure, shown, unit, values, estimate, reach = item
    error = float(values.std(ddof=1) / np.sqrt(len(values)))
    ends = (estimate - reach, estimate + reach)
    drawn = (float(values.mean()), *ends, pays, error, monte_carlo_error_of_share(pays, len(values)))
    told = (ESTIMATOR_NAMES[estimator], measure, shown, unit, estimate)
    return (*told, *drawn, mind_of(inputs, reach), inputs.children_with_cost)


NO_SPREAD = "no interval can be given: no family differs from another, or one alone carries the sum"


def mind_of(inputs: CostInputs, reach: float) -> str:
    """Return why there is no interval, or that it rests on few families ("": on enough), as the effects have it."""
    families = min(inputs.data.families(programme=flag) for flag in (True, False))
    if families < 2:
        return TOO_FEW_FAMILIES
    if np.isnan(reach):
        return NO_SPREAD
    return FEW_FAMILIES if families < inputs.min_families else ""


CONDITIONS = {
    "did": "both groups would have changed by the same amount",
    "ancova": "children with as much care before would have fared alike",
}
"""What must hold for each end to be the programme's saving, in a few words."""


INSIDE, AS_PUBLISHED = "days inside the window", "days as published"
"""What a reader calls the two day counts; the first leads, the second is there under ``whole_spell`` only."""


def saving_bracket_table(inputs: CostInputs) -> AggregateTable:
    """Return the table ``saving_bracket``: one row an end of the bracket and a day count, days inside the window first.

    >>> saving_bracket_table(inputs).frame["days"].tolist()
    ['days inside the window', 'days inside the window', 'days as published', 'days as published']
    """
    rows = []
    for days in (INSIDE,) if inputs.day_count == "clipped" else (INSIDE, AS_PUBLISHED):
        table = uncertainty_table(inputs, as_published=days == AS_PUBLISHED)
        facts = table.frame.set_index(["estimator", "measure"])
        for end in ENDS:
            name = ESTIMATOR_NAMES[end]
            saving, net = (facts.loc[(name, m)] for m in ("saving_gbp", "net_cost_gbp"))
            ends = [row[column] for row in (saving, net) for column in ("estimate", "ci_low", "ci_high")]
            told = (name, days, CONDITIONS[end])
            rows.append((*told, *ends, 100 * saving["probability_pays"], saving["note"], saving["children_with_cost"]))
    columns = {
        "estimator": Column("Comparison", Role.KEY),
        "days": Column("Days", Role.KEY),
        "condition": Column("Right if", Role.OPEN),
        "saving_gbp": money("Saving"),
        "saving_low_gbp": Column("Low end", Role.DERIVED, "£", 0, OWN, "Low end of the saving's interval"),
        "saving_high_gbp": Column("High end", Role.DERIVED, "£", 0, OWN, "High end of the saving's interval"),
        "net_cost_gbp": money("Net cost"),
        "net_low_gbp": Column("Net cost, low end", Role.DERIVED, "£", 0, OWN),
        "net_high_gbp": Column("Net cost, high end", Role.DERIVED, "£", 0, OWN),
        "percent_pays": Column("Repeats that pay", Role.DERIVED, "%", 1, OWN, "Share of simulated repeats"),
        "note": MIND,
        "children_with_cost": CHILDREN,
    }
    return AggregateTable.of_rows("saving_bracket", "end of the bracket and day count", columns, rows)


def plane_table(inputs: CostInputs) -> AggregateTable:
    """Return the table ``cost_plane``: one row an end of the bracket and a draw (a sample of the draws).

    >>> len(plane_table(inputs).frame)
    1000
    """
    simulation = study_simulation(inputs)
    draws = len(simulation.saving[ENDS[0]])
    chosen = np.linspace(0, draws - 1, min(POINTS_IN_PLANE, draws)).astype(int)
    rows = [
        (ESTIMATOR_NAMES[end], draw, days, cost, inputs.children_with_cost)
        for end in ENDS
        for draw, days, cost in zip(
            chosen,
            simulation.days_avoided[end][chosen],
            simulation.net_cost(end)[chosen] / simulation.children,
            strict=True,
        )
    ]
    columns = {
        "estimator": Column("Comparison", Role.KEY),
        "draw": Column("Draw", Role.KEY),
        "days_avoided_per_child": Column(DAYS_AVOIDED, Role.DERIVED, "days", 1, OWN),
        "net_cost_per_child_gbp": Column("Net cost per child", Role.DERIVED, "£", 0, OWN),
        "children_with_cost": CHILDREN,
    }
    return AggregateTable.of_rows("cost_plane", "end of the bracket and draw", columns, rows)


def acceptability_table(inputs: CostInputs) -> AggregateTable:
    """Return the table ``acceptability``: chance that the programme is worth it, by what a day avoided is worth.

    >>> len(acceptability_table(inputs).frame)
    82
    """
    simulation = study_simulation(inputs)
    willingness = np.linspace(0, inputs.settings.uncertainty.willingness_up_to_gbp, 41)
    rows = []
    for estimator in ENDS:
        cost = simulation.net_cost(estimator) / simulation.children
        chances = acceptability(simulation.days_avoided[estimator], cost, willingness)
        name, behind = ESTIMATOR_NAMES[estimator], inputs.children_with_cost
        rows += [(name, worth, chance, behind) for worth, chance in zip(willingness, chances, strict=True)]
    columns = {
        "estimator": Column("Comparison", Role.KEY),
        "willingness_gbp": Column("Worth of a day avoided", Role.KEY, "£", 0),
        "probability_worth_it": Column("Chance that the programme is worth it", Role.DERIVED, "", 3, OWN),
        "children_with_cost": CHILDREN,
    }
    return AggregateTable.of_rows("acceptability", "end of the bracket and worth of a day", columns, rows)
