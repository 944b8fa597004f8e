"""What the programme cost: the lines of the programme_costs table that count, in their own and in one price base."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from stepdown.costs.prices import Deflator
from stepdown.faults import Fault, nearest, refuse, some_rows
from stepdown.numbers import as_pounds
from stepdown.params.costs import ProgrammeAmount, ProgrammeCost

RULE = "a programme's cost is the sum of its own workstreams on one basis"


@dataclass(frozen=True, slots=True)
class Spend:
    """What was spent.

    by_year: financial year → £ in the prices of that year.  A span of years that the source does not split
    ("2017/18 to 2018/19") is spread evenly over its years.  basis: of the lines that were added.
    """

    by_year: Mapping[str, float]
    basis: str

    @property
    def amount_gbp(self) -> float:
        """Sum in the prices of the years of spending, as published."""
        return sum(self.by_year.values())

    def in_prices_of(self, year: str, deflator: Deflator) -> float:
        """Return the sum in the prices of ``year``, £."""
        return sum(amount * deflator.factor(spent, year) for spent, amount in self.by_year.items())

    def scaled_to(self, amount_gbp: float) -> Spend:
        """Return the same spread over years with another sum."""
        return Spend({y: a * amount_gbp / self.amount_gbp for y, a in self.by_year.items()}, self.basis)


def years_in(period: str) -> tuple[str, ...]:
    """Return the financial years of "2017/18" or of "2017/18 to 2018/19"; none when there is no such period."""
    given = re.findall(r"(\d{4})/(\d{2})", period)
    if any(int(end) != (int(start) + 1) % 100 for start, end in given):
        return ()
    first, *last = (int(start) for start, _ in given)
    return tuple(f"{y}/{(y + 1) % 100:02d}" for y in range(first, (last[0] if last else first) + 1))


def programme_spend(lines: pd.DataFrame, settings: ProgrammeCost) -> Spend:
    """Return what the study's workstreams cost.

    lines: one row a line of spending (workstream, item, financial_year, amount_gbp, basis).  Raises Refused when a
    workstream has no line, when no line is left, when lines of several bases would be added, when a period is none, or
    when nothing was spent.
    """
    refuse(line_faults(lines, settings))
    chosen = lines
    if settings.basis is not None:
        chosen = chosen[chosen["basis"] == settings.basis]
    known = sorted(set(chosen["workstream"]))
    refuse([_no_workstream(name, known, settings.basis) for name in settings.workstreams if name not in known])
    if settings.workstreams:
        chosen = chosen[chosen["workstream"].isin(settings.workstreams)]
    bases = sorted(set(chosen["basis"].dropna()))
    refuse(_sums_under_another_name(chosen, settings))
    refuse(
        [*_bad_lines(chosen, bases), *(_no_period(str(p)) for p in chosen["financial_year"] if not years_in(str(p)))]
    )
    by_year: dict[str, float] = {}
    for period, amount in zip(chosen["financial_year"], chosen["amount_gbp"], strict=True):
        years = years_in(str(period))
        for year in years:
            by_year[year] = by_year.get(year, 0.0) + float(amount) / len(years)
    return Spend(dict(sorted(by_year.items())), bases[0] if bases else "not stated")


_TOTAL = re.compile(
    r"(?:grand |sub-?\s?)?(?:totals?|sum|overall)(?: (?:costs?|spend(?:ing)?|of .*|amount))?|all (?:costs?|lines|items)"
)
_SUMS = re.compile(r"\b(?:totals?|sub-?totals?|sum|overall|altogether|all)\b")


def line_faults(lines: pd.DataFrame, settings: ProgrammeCost) -> list[Fault]:
    """Return the lines that would be counted twice, or be left out in silence: totals, and lines without a basis."""
    faults = []
    for _, mine in lines.groupby("workstream", sort=False):
        total = _is_total(mine)
        if total.any():
            place = f"programme_costs, column item, {some_rows([int(i) + 2 for i in mine.index[total]])}"
            found = "a line that is the total of others, so that the same money would count twice"
            remedy = "take the total out of the table; Stepdown adds the lines up itself"
            faults.append(Fault(place, found, "lines of spending, each once", RULE, remedy))
    wanted = lines["workstream"].isin(settings.workstreams) | (not settings.workstreams)
    bare = lines[wanted & lines["basis"].isna()]
    if len(bare) and (settings.basis is not None or lines.loc[wanted, "basis"].notna().any()):
        place = f"programme_costs, column basis, {some_rows([int(i) + 2 for i in bare.index])}"
        found = f"a blank basis, which would leave {as_pounds(float(bare['amount_gbp'].sum()))} out or add unlike sums"
        remedy = "write whether the amount was funded, budgeted or actual"
        faults.append(Fault(place, found, "a basis in every line of the workstream", RULE, remedy))
    return faults


def _sums_under_another_name(chosen: pd.DataFrame, settings: ProgrammeCost) -> list[Fault]:
    """Return the lines that would be added and are the sum of two others or more, whatever their name says.

    Of all other lines, or of all lines above: together, within a workstream, or within a year of it.
    """
    if settings.equal_sums_kept is not None:
        return []
    same = pd.Series(data=False, index=chosen.index)
    for keys in ([], ["workstream"], ["workstream", "financial_year"]):
        groups = chosen.groupby(keys, dropna=False) if keys else [((), chosen)]
        for _, mine in groups:
            amounts = mine["amount_gbp"]
            above, others = amounts.cumsum() - amounts, amounts.sum() - amounts
            equal = ((amounts - others).abs() < 1) | (((amounts - above).abs() < 1) & (np.arange(len(mine)) > 1))
            same.loc[mine.index[equal & (amounts > 0) & (len(mine) > 2)]] = True
    if not same.any():
        return []
    rows, pounds = [int(i) + 2 for i in chosen.index[same]], as_pounds(float(chosen.loc[same, "amount_gbp"].sum()))
    return [
        Fault(
            f"programme_costs, column amount_gbp, {some_rows(rows)}",
            f"{pounds}, which is the sum of other lines: if it is their total, the same money would count twice",
            "lines of spending, each once",
            RULE,
            "take the total out; if it is a line of its own, give the reason under costs.programme: equal_sums_kept",
        )
    ]


def _is_total(mine: pd.DataFrame) -> pd.Series:
    """Say of each line of a workstream whether its item names a total, or is the sum of the others and says so."""
    items = mine["item"].str.lower().str.strip(" :.*")
    named = items.str.fullmatch(_TOTAL.pattern)
    sums = mine.groupby(["financial_year", "basis"], dropna=False)["amount_gbp"].transform("sum")
    of_others = [np.isclose(2 * mine["amount_gbp"], whole) for whole in (sums, mine["amount_gbp"].sum())]
    named |= mine["workstream"].str.lower().str.strip(" :.*").str.fullmatch(_TOTAL.pattern)
    return named | (items.str.contains(_SUMS.pattern) & (of_others[0] | of_others[1]) & (len(mine) > 2))


def alternative_spend(spend: Spend, item: ProgrammeAmount, settings: ProgrammeCost) -> Spend:
    """Return the spend under another figure for the programme's cost, spread over the same years.

    A figure for the whole programme counts with the study's share of ``whole_programme``.
    """
    share = 1.0
    if item.covers == "whole_programme" and settings.whole_programme is not None:
        share = spend.amount_gbp / settings.whole_programme.value
    return spend.scaled_to(item.amount.value * share)


def _no_workstream(name: str, known: list[str], basis: str | None) -> Fault:
    return Fault(
        where=f"programme_costs, workstream {name}",
        found=f"no line of that workstream{f' with basis {basis}' if basis else ''}{nearest(name, known)}",
        allowed=", ".join(known) or "workstreams of the table",
        rule=RULE,
        remedy="correct costs.programme.workstreams in the study file, or add the lines",
    )


def _no_period(period: str) -> Fault:
    return Fault(
        where=f"programme_costs, financial_year {period}",
        found="no financial year, or a span that ends before it begins",
        allowed="a year such as 2017/18, or a span such as 2017/18 to 2018/19",
        rule=RULE,
        remedy="correct the year",
    )


def _bad_lines(chosen: pd.DataFrame, bases: list[str]) -> list[Fault]:
    where = "programme_costs"
    if len(chosen) == 0:
        return [Fault(where, "no line of spending", "at least one line", RULE, "add what the programme cost")]
    if len(bases) > 1:
        found = f"lines of several bases ({', '.join(bases)}), which would count the same money twice"
        return [Fault(where, found, "lines of one basis", RULE, "name the basis under costs.programme")]
    if not chosen["amount_gbp"].sum() > 0:
        found = "lines that add up to £0, so that nothing can be set against the saving"
        return [Fault(where, found, "a sum above £0", RULE, "add what the programme cost, or leave out costs")]
    return []
