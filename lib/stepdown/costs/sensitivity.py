"""What moves the answer: scenarios with their reasons, a ranked tornado, and a grid of the two strongest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from stepdown.costs.cases import Case, base_case, scenario_case, without_most_influential_child, work_out
from stepdown.costs.inputs import CostInputs
from stepdown.costs.prices import saving_multiplier
from stepdown.costs.programme import alternative_spend
from stepdown.costs.simulation import simulate
from stepdown.costs.unit_costs import CostRange
from stepdown.measures import measured
from stepdown.params.costs import INTERVAL, Horizon
from stepdown.params.effects import ESTIMATOR_NAMES, Estimator
from stepdown.tables import AggregateTable, Column, Role

LONGEST_MONTHS = 24
"""Right end of the tornado's bar for how long a saving lasts; a switching value stands in break_even."""


def children_with_cost(inputs: CostInputs) -> int:
    """Return how many children have any priced volume: the count behind every pound of a study."""
    return int(((inputs.data.before + inputs.data.after) @ inputs.values > 0).sum())


def count_columns() -> dict[str, Column]:
    """Return the two count columns that the money of a sensitivity table rests on."""
    return {
        "children_with_cost": Column(
            "Children with any cost", Role.COUNT, "children", 0, about="Children whose days and referrals are in it"
        ),
        "children_set_aside": Column(
            "Children set aside", Role.COUNT, "children", 0, about="Children left out to see their weight"
        ),
    }


RESTS = ("children_with_cost", "children_set_aside")


def scenarios_table(inputs: CostInputs) -> AggregateTable:
    """Return the table ``cost_scenarios``: the report's method first, then one row a scenario of the study file."""
    rows = []
    first = "as the report does it" if inputs.published else "the plain sum"
    own = ("report_method", first, 0, base_report_case(inputs))
    others = [(s.name, s.reason, s.leave_out_children, scenario_case(inputs, s)) for s in inputs.settings.scenarios]
    for name, reason, set_aside, case in [own, *others]:
        result = work_out(case)
        rows.append((name, reason, result.saving, result.programme_cost, result.net_cost, result.bcr, set_aside))
    columns = {
        "scenario": Column("Scenario", Role.KEY),
        "reason": Column("Way of doing the sum", Role.OPEN),
        "saving_gbp": Column("Saving", Role.TOTAL, "£", 0, RESTS),
        "programme_cost_gbp": Column("Programme cost", Role.OPEN, "£", 0),
        "net_cost_gbp": Column("Net cost", Role.TOTAL, "£", 0, RESTS, "Programme cost minus saving"),
        "bcr": Column("Saved per £1 spent", Role.DERIVED, "£", 2, RESTS, "Saving ÷ programme cost"),
    }
    columns = {**columns, **count_columns()}
    frame = pd.DataFrame(rows, columns=[*list(columns)[:6], "children_set_aside"])
    frame["children_with_cost"] = children_with_cost(inputs)
    return AggregateTable("cost_scenarios", "scenario", frame[list(columns)], columns)


def base_report_case(inputs: CostInputs) -> Case:
    """Return the report's method as a case: the study's prices, one window, no correction."""
    children = float(inputs.data.n_programme)
    return Case(inputs.data, inputs.values, inputs.programme_cost, children)


@dataclass(frozen=True, slots=True)
class Lever:
    """One input that could be otherwise.

    name: key.  shown_as: what a reader calls it.  points: (label, change) from one end to the other; the change
    gives the case with the input at that value.  settable: whether a user of the analysis can choose it (a grid
    uses only those).  set_aside: children that a point leaves out.
    """

    name: str
    shown_as: str
    points: tuple[tuple[str, Callable[[Case], Case]], ...]
    settable: bool = True
    set_aside: int = 0


def levers(inputs: CostInputs) -> list[Lever]:
    """Return the levers that a study has: estimator, day count, family size, persistence, spending, unit costs."""
    found = [_estimator_lever()]
    if inputs.day_count != "clipped":
        found.append(
            Lever(
                "day_count",
                "Days outside the window counted or not",
                (
                    ("days inside the window only", lambda case: replace(case, data=inputs.clipped)),
                    ("whole spells", lambda case: case),
                ),
            )
        )
    found += _family_lever(inputs) + [_persistence_lever(inputs)] + _programme_lever(inputs) + _tariff_levers(inputs)
    found.append(
        Lever(
            "one_child",
            "One child more or less: the most influential",
            (("kept or set aside", without_most_influential_child), ("kept or set aside", lambda case: case)),
            settable=False,
            set_aside=1,
        )
    )
    return found


def _estimator_lever() -> Lever:
    names: tuple[Estimator, ...] = ("after_only", "ancova", "did")
    points = tuple((ESTIMATOR_NAMES[name], partial(_compared_by, estimator=name)) for name in names)
    return Lever("estimator", "How the groups are compared", points)


def _compared_by(case: Case, estimator: Estimator) -> Case:
    return replace(case, estimator=estimator)


def _family_lever(inputs: CostInputs) -> list[Lever]:
    size = observed_children_per_family(inputs)
    if not inputs.settings.one_child_per_family or not size > 1:
        return []
    values = np.linspace(1.0, size, 5)
    points = tuple((f"{v:.1f} children", lambda case, v=v: replace(case, children=case.children * v)) for v in values)
    return [Lever("children_per_family", "Children in each family who gain as the sampled child did", points)]


def observed_children_per_family(inputs: CostInputs) -> float:
    """Return the mean sibling group size of the programme group's children where it is known (nan: never known)."""
    size = inputs.data.family_size[inputs.data.in_programme]
    known = size[~np.isnan(size)]
    return float(known.mean()) if len(known) else float("nan")


def _persistence_lever(inputs: CostInputs) -> Lever:
    window = inputs.window_months
    longest = max(LONGEST_MONTHS, 2 * window)
    points = []
    for months in np.unique(np.linspace(window, longest, 5).round().astype(int)):
        horizon = Horizon(shape="step", months=int(months), reason="tornado")
        multiplier = saving_multiplier(horizon, window, inputs.rates)
        points.append((f"{months} months", lambda case, m=multiplier: replace(case, multiplier=m)))
    return Lever("months", "How long the saving lasts", tuple(points))


def _programme_lever(inputs: CostInputs) -> list[Lever]:
    settings, year = inputs.settings.programme, inputs.settings.price_year
    spends = {item.name: alternative_spend(inputs.spend, item, settings) for item in settings.alternatives}
    if not spends:
        return []
    priced = {"as recorded": inputs.spend, **spends}
    amounts = {name: spend.in_prices_of(year, inputs.deflator) for name, spend in priced.items()}
    ordered = sorted(amounts.items(), key=lambda item: item[1])
    points = tuple((f"£{a:,.0f}", lambda case, a=a: replace(case, programme_cost=a)) for _, a in ordered)
    return [Lever("programme_cost", "What the programme cost", points)]


def range_ends(value: float, spread: CostRange, width: float) -> tuple[float, float]:
    """Return the ends of a unit cost's central interval of the given width, £ per unit."""
    tail = (1 - width) / 2
    if spread.shape == "gamma" and spread.cv is not None:
        law = stats.gamma(1 / spread.cv**2, scale=value * spread.cv**2)
        return float(law.ppf(tail)), float(law.ppf(1 - tail))
    if spread.shape == "uniform" and spread.low is not None and spread.high is not None:
        reach = spread.high - spread.low
        return spread.low + tail * reach, spread.high - tail * reach
    return value, value


def _tariff_levers(inputs: CostInputs) -> list[Lever]:
    found = []
    base = base_case(inputs).tariffs
    for k, (measure, cost) in enumerate(zip(inputs.tariffs.measures, inputs.tariffs.costs, strict=True)):
        low, high = range_ends(float(base[k]), cost.range, INTERVAL)
        points = tuple(
            (f"£{v:,.2f}", lambda case, k=k, v=v: replace(case, tariffs=_with(case.tariffs, k, v)))
            for v in np.linspace(low, high, 5)
        )
        found.append(Lever(f"unit_cost_{measure}", f"Unit cost: {measured(measure).label}", points))
    return found


def _with(tariffs: np.ndarray, k: int, value: float) -> np.ndarray:
    changed = tariffs.copy()
    changed[k] = value
    return changed


def tornado_table(inputs: CostInputs) -> AggregateTable:
    """Return the table ``tornado``: one row a lever, widest first; the weight of one child last.

    The last, because its place among the others would tell how wide it is where the numbers themselves are hidden.

    Each lever alone is moved from one end to the other; all else stays as in the study's analysis (one price base,
    difference in differences). The sampling of families has a bar of its own, so that it can be compared.
    """
    base = base_case(inputs)
    rows = []
    for lever in levers(inputs):
        nets = [(work_out(change(base)).net_cost, label) for label, change in lever.points]
        (low, low_at), (high, high_at) = min(nets), max(nets)
        rows.append((lever.name, lever.shown_as, low_at, high_at, low, high, lever.set_aside))
    rows.append(_sampling_row(inputs, base))
    frame = pd.DataFrame(
        rows, columns=["lever", "shown_as", "low_at", "high_at", "net_low_gbp", "net_high_gbp", "children_set_aside"]
    )
    frame["base_net_gbp"] = work_out(base).net_cost
    frame["swing_gbp"] = frame["net_high_gbp"] - frame["net_low_gbp"]
    frame["turns_answer"] = (frame["net_low_gbp"] < 0) & (frame["net_high_gbp"] > 0)
    frame["children_with_cost"] = children_with_cost(inputs)
    order = frame.assign(wide=-frame["swing_gbp"]).sort_values(["children_set_aside", "wide"], kind="stable").index
    frame = frame.loc[order].reset_index(drop=True)
    return AggregateTable("tornado", "input that could be otherwise", frame[list(_TORNADO)], _TORNADO)


_TORNADO = {
    "lever": Column("Input", Role.KEY),
    "shown_as": Column("What is changed", Role.OPEN),
    "low_at": Column("Net cost is lowest at", Role.OPEN),
    "high_at": Column("Net cost is highest at", Role.OPEN),
    "net_low_gbp": Column("Lowest net cost", Role.TOTAL, "£", 0, RESTS),
    "net_high_gbp": Column("Highest net cost", Role.TOTAL, "£", 0, RESTS),
    "base_net_gbp": Column("Net cost of the analysis", Role.TOTAL, "£", 0, ("children_with_cost",)),
    "swing_gbp": Column("Range", Role.TOTAL, "£", 0, RESTS, "Highest minus lowest net cost"),
    "turns_answer": Column("Could turn the answer", Role.OPEN, about="The programme pays for itself at one end"),
    **count_columns(),
}


def _sampling_row(inputs: CostInputs, base: Case) -> tuple[str, str, str, str, float, float, int]:
    settings = inputs.settings.uncertainty
    fixed = replace(
        inputs.tariffs,
        costs=tuple(
            cost.model_copy(update={"range": CostRange(shape="fixed", because="held")}) for cost in inputs.tariffs.costs
        ),
    )
    rng = np.random.default_rng([inputs.seed, 2])
    result = simulate(base, fixed, ("did",), settings.draws, rng, counted_up_to=settings.exact_up_to_families).net_cost(
        "did"
    )
    tail = (1 - INTERVAL) / 2
    low, high = np.quantile(result, [tail, 1 - tail])
    percent = f"{INTERVAL:.0%}"
    return (
        "families",
        "Which families happened to be in the study",
        f"favourable end of the {percent} interval",
        f"unfavourable end of the {percent} interval",
        float(low),
        float(high),
        0,
    )


def grid_table(inputs: CostInputs) -> AggregateTable:
    """Return the table ``cost_grid``: net cost for each pair of values of the two strongest settable levers."""
    base = base_case(inputs)
    settable = [lever for lever in levers(inputs) if lever.settable]

    def swing(lever: Lever) -> float:
        nets = [work_out(change(base)).net_cost for _, change in lever.points]
        return max(nets) - min(nets)

    first, second = sorted(settable, key=swing, reverse=True)[:2]
    rows = [
        (first.shown_as, a, second.shown_as, b, work_out(change_b(change_a(base))).net_cost)
        for a, change_a in first.points
        for b, change_b in second.points
    ]
    columns = {
        "row_lever": Column("First input", Role.OPEN),
        "row_value": Column("Its value", Role.KEY),
        "column_lever": Column("Second input", Role.OPEN),
        "column_value": Column("Its value", Role.KEY),
        "net_cost_gbp": Column("Net cost", Role.TOTAL, "£", 0, ("children_with_cost",)),
        "children_with_cost": count_columns()["children_with_cost"],
    }
    frame = pd.DataFrame(rows, columns=list(columns)[:5])
    frame["children_with_cost"] = children_with_cost(inputs)
    return AggregateTable("cost_grid", "pair of values", frame, columns)
