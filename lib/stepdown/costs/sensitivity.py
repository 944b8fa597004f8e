"""What moves the answer: scenarios with their reasons, a ranked tornado, and a grid of the two strongest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from stepdown.costs.cases import (
    NONE_TO_SPARE,
    Case,
    base_case,
    plain_case,
    scenario_case,
    without_most_influential_child,
    work_out,
)
from stepdown.costs.inputs import CHILDREN, CostInputs, money
from stepdown.costs.prices import saving_multiplier
from stepdown.costs.programme import alternative_spend
from stepdown.costs.simulation import interval_reach
from stepdown.costs.unit_costs import CostRange
from stepdown.costs.volumes import family_sums
from stepdown.faults import Refused
from stepdown.measures import measured
from stepdown.numbers import as_pounds, digits
from stepdown.params.costs import INTERVAL, Horizon, Scenario
from stepdown.params.effects import ESTIMATOR_NAMES, Estimator
from stepdown.tables import AggregateTable, Column, Role

LONGEST_MONTHS = 24
"""Right end of the tornado's bar for how long a saving lasts; a switching value stands in break_even."""


SET_ASIDE = Column("Children set aside", Role.COUNT, "children", 0, about="Children left out to see their weight")
RESTS = ("children_with_cost", "children_set_aside")


def scenarios_table(inputs: CostInputs) -> AggregateTable:
    """Return the table ``cost_scenarios``: the report's method first, then one row a scenario of the study file.

    Each is a change of the plain sum (the report's method). Where the analysis counts or prices otherwise, it is the
    second row, and the columns ``…_in_base_gbp`` hold each change made to it; blank where it, or a row before, has it.

    >>> table = scenarios_table(inputs).frame[["scenario", "net_cost_gbp", "net_cost_in_base_gbp"]]
    >>> print(table.head(3).round().to_string(index=False))
               scenario  net_cost_gbp  net_cost_in_base_gbp
          report_method      307335.0                   NaN
          this_analysis      409335.0              409335.0
    whole_pound_tariffs      310234.0              411250.0
    """
    first = "as the report does it" if inputs.published else "the plain sum"
    ways = [Scenario(name="report_method", reason=first), *_this_analysis(inputs), *inputs.settings.scenarios]
    rows: list[tuple[str | float, ...]] = []
    seen: set[str] = set()
    for way in ways:
        case = _case_of(inputs, way)
        none = " (cannot be done: a group would have no child left)" if np.isnan(case.children) else ""
        result = work_out(case)
        pounds = [result.saving, result.programme_cost, result.net_cost, result.bcr]
        if not inputs.plain_is_base:
            based, changed = work_out(_case_of(inputs, way, one_base=True)), _changed(way, inputs.settings.horizon)
            told = way.name != "report_method" and changed not in seen
            pounds += [n if told else np.nan for n in (based.saving, based.programme_cost, based.net_cost)]
            seen |= {changed} if told else set()
        rows.append((way.name, way.reason + none, *pounds, inputs.children_with_cost, way.leave_out_children))
    first = "" if inputs.plain_is_base else ", first sum"
    columns = {
        "scenario": Column("Scenario", Role.KEY),
        "reason": Column("Way of doing the sum", Role.OPEN),
        "saving_gbp": money(f"Saving{first}", rests_on=RESTS),
        "programme_cost_gbp": Column(f"Programme cost{first}", Role.OPEN, "£", 0),
        "net_cost_gbp": money(f"Net cost{first}", "Programme cost minus saving", RESTS),
        "bcr": Column("Saved per £1 spent", Role.DERIVED, "£", 2, RESTS, "Saving ÷ programme cost"),
        **({} if inputs.plain_is_base else _IN_BASE),
        "children_with_cost": CHILDREN,
        "children_set_aside": SET_ASIDE,
    }
    return AggregateTable.of_rows("cost_scenarios", "scenario", columns, rows)


def ways_shown(inputs: CostInputs) -> list[str]:
    """Return the columns of ``cost_scenarios`` that a reader is shown: those of the analysis, then the published.

    >>> ways_shown(inputs)[-2:]
    ['net_cost_in_base_gbp', 'net_cost_gbp']
    """
    if inputs.plain_is_base:
        return ["reason", "saving_gbp", "programme_cost_gbp", "net_cost_gbp", "bcr"]
    return ["reason", *_IN_BASE, "net_cost_gbp"]


_IN_BASE = {
    "saving_in_base_gbp": money("Saving, days inside, one price base", rests_on=RESTS),
    "programme_cost_in_base_gbp": Column("Programme cost, one price base", Role.OPEN, "£", 0),
    "net_cost_in_base_gbp": money("Net cost, days inside, one price base", rests_on=RESTS),
}


def _case_of(inputs: CostInputs, way: Scenario, *, one_base: bool = False) -> Case:
    begin = base_case(inputs) if one_base else plain_case(inputs)
    return _left(lambda _: scenario_case(inputs, way, one_base=one_base), begin)


def _this_analysis(inputs: CostInputs) -> list[Scenario]:
    """Return the analysis as a change of the plain sum (none where both are one)."""
    given = inputs.settings
    why = f"as this page does it: {given.price_year} prices, days inside the window"
    same = Scenario(name="this_analysis", reason=why, day_count="clipped", prices="one_base", adjusted=True,
                    horizon=given.horizon)  # fmt: skip
    return [] if inputs.plain_is_base else [same]


def _changed(way: Scenario, horizon: Horizon) -> str:
    """Return what a scenario changes in the analysis, which has one count of days, base of prices and horizon."""
    whole = way.model_copy(update={"horizon": way.horizon or horizon})
    return whole.model_dump_json(exclude={"name", "reason", "day_count", "prices", "adjusted"})


def _left(change: Callable[[Case], Case], case: Case) -> Case:
    """Return the case with children set aside; where a group has none to spare, one without figures."""
    try:
        return change(case)
    except Refused as refused:
        if refused.faults[0].found != NONE_TO_SPARE:
            raise
        return replace(case, children=float("nan"))


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
    ways: tuple[Estimator, ...] = ("after_only", "ancova", "did")
    by_way = tuple((ESTIMATOR_NAMES[way], lambda case, way=way: replace(case, estimator=way)) for way in ways)
    found = [Lever("estimator", "How the groups are compared", by_way)]
    if inputs.day_count != "clipped":
        whole = ("whole spells, as published", lambda case: replace(case, data=inputs.data))
        days = (("days inside the window only", lambda case: case), whole)
        found.append(Lever("day_count", "Days outside the window counted or not", days))
    found += _family_lever(inputs) + [_persistence_lever(inputs)] + _programme_lever(inputs) + _tariff_levers(inputs)
    kept = "kept or set aside"
    child = ((kept, lambda case: _left(without_most_influential_child, case)), (kept, lambda case: case))
    shown = "One child more or less: the most influential"
    return [*found, Lever("one_child", shown, child, settable=False, set_aside=1)]


def _family_lever(inputs: CostInputs) -> list[Lever]:
    size = observed_children_per_family(inputs)
    if not inputs.settings.one_child_per_family or not size > 1:
        return []
    values = np.linspace(1.0, size, 5)
    points = tuple(
        (f"{digits(v, 1)} children", lambda case, v=v: replace(case, children=case.children * v)) for v in values
    )
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
    points = tuple((as_pounds(a), lambda case, a=a: replace(case, programme_cost=a)) for _, a in ordered)
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
            (as_pounds(v, 2), lambda case, k=k, v=v: replace(case, tariffs=_with(case.tariffs, k, v)))
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

    Each lever alone is moved from one end to the other; all else stays as in the study's analysis (days inside the
    window, one price base, difference in differences). The sampling of families has a bar of its own.

    >>> tornado_table(inputs).frame["lever"].tolist()[:3]
    ['children_per_family', 'months', 'programme_cost']
    """
    base = base_case(inputs)
    rows = []
    for lever in levers(inputs):
        nets = [(work_out(change(base)).net_cost, label) for label, change in lever.points]
        (low, low_at), (high, high_at) = min(nets), max(nets)
        if np.isnan([net for net, _ in nets]).any():
            low = high = float("nan")
        rows.append((lever.name, lever.shown_as, low_at, high_at, low, high, lever.set_aside))
    rows.append(_sampling_row(base))
    frame = pd.DataFrame(
        rows, columns=["lever", "shown_as", "low_at", "high_at", "net_low_gbp", "net_high_gbp", "children_set_aside"]
    )
    frame["base_net_gbp"] = work_out(base).net_cost
    frame["swing_gbp"] = frame["net_high_gbp"] - frame["net_low_gbp"]
    frame["turns_answer"] = (frame["net_low_gbp"] < 0) & (frame["net_high_gbp"] > 0)
    frame["children_with_cost"] = inputs.children_with_cost
    order = frame.assign(wide=-frame["swing_gbp"]).sort_values(["children_set_aside", "wide"], kind="stable").index
    frame = frame.loc[order].reset_index(drop=True)
    return AggregateTable("tornado", "input that could be otherwise", frame[list(_TORNADO)], _TORNADO)


_TORNADO = {
    "lever": Column("Input", Role.KEY),
    "shown_as": Column("What is changed", Role.OPEN),
    "low_at": Column("Net cost is lowest at", Role.OPEN),
    "high_at": Column("Net cost is highest at", Role.OPEN),
    "net_low_gbp": money("Lowest net cost", rests_on=RESTS),
    "net_high_gbp": money("Highest net cost", rests_on=RESTS),
    "base_net_gbp": money("Net cost of the analysis"),
    "swing_gbp": money("Range", "Highest minus lowest net cost", RESTS),
    "turns_answer": Column("Could turn the answer", Role.OPEN, about="The programme pays for itself at one end"),
    "children_with_cost": CHILDREN,
    "children_set_aside": SET_ASIDE,
}


def _sampling_row(base: Case) -> tuple[str, str, str, str, float, float, int]:
    groups = [family_sums(base.data, programme=flag) for flag in (True, False)]
    reach = interval_reach("did", groups, base.tariffs, base.tariffs)
    reach *= base.children * base.multiplier * base.saving_share
    low, high = (work_out(base).net_cost + side * reach for side in (-1, 1))
    ends = [f"{side} end of the {INTERVAL:.0%} interval" for side in ("favourable", "unfavourable")]
    return "families", "Which families happened to be in the study", ends[0], ends[1], low, high, 0


def grid_table(inputs: CostInputs) -> AggregateTable:
    """Return the table ``cost_grid``: net cost for each pair of values of the two strongest settable levers.

    >>> print(grid_table(inputs).frame.iloc[0].to_string())
    row_lever             Children in each family who gain as the sample...
    row_value                                                  1.0 children
    column_lever                                  How long the saving lasts
    column_value                                                   6 months
    net_cost_gbp                                              409335.444254
    children_with_cost                                                  134
    """
    base = base_case(inputs)
    settable = [lever for lever in levers(inputs) if lever.settable]

    def swing(lever: Lever) -> float:
        nets = [work_out(change(base)).net_cost for _, change in lever.points]
        return max(nets) - min(nets)

    first, second = sorted(settable, key=swing, reverse=True)[:2]
    behind = inputs.children_with_cost
    rows = [
        (first.shown_as, a, second.shown_as, b, work_out(change_b(change_a(base))).net_cost, behind)
        for a, change_a in first.points
        for b, change_b in second.points
    ]
    columns = {
        "row_lever": Column("First input", Role.OPEN),
        "row_value": Column("Its value", Role.KEY),
        "column_lever": Column("Second input", Role.OPEN),
        "column_value": Column("Its value", Role.KEY),
        "net_cost_gbp": money("Net cost"),
        "children_with_cost": CHILDREN,
    }
    return AggregateTable.of_rows("cost_grid", "pair of values", columns, rows)
