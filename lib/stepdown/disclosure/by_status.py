"""What the counts of the tables of statuses count: cells of group × statuses held before × after × referred."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from stepdown.disclosure.counts import Place
from stepdown.disclosure.underlying import Block, Definitions, Tables, rows_of
from stepdown.tables import AggregateTable

Define = Callable[[AggregateTable, Definitions, Block, Sequence[str]], None]


def _statutory_status(table: AggregateTable, found: Definitions, own: Block, groups: Sequence[str]) -> None:
    for row, v in rows_of(table.frame):
        mask = own.where(**{"group": v["group"], f"{v['status']}_{v['period']}": True})
        found.counts((table.name, row, "children_with_status"), own, mask)
        found.at_most([(1, (table.name, row, "children_with_status")), (-1, (table.name, row, "episodes"))])
        found.at_most([(1, (table.name, row, "new_episodes")), (-1, (table.name, row, "episodes"))])


def _transitions(table: AggregateTable, found: Definitions, own: Block, groups: Sequence[str]) -> None:
    for row, v in rows_of(table.frame):
        before = own.where(group=v["group"], highest_before=statuses_in(v["status_before"]))
        found.counts((table.name, row, "children_before"), own, before)
        found.counts(
            (table.name, row, "children"), own, before & own.where(highest_after=statuses_in(v["status_after"]))
        )
        found.others((table.name, row, "children"), v["children"], "children_before", v["children_before"])


def statuses_in(status: object) -> tuple[str, ...]:
    """Return the statuses that a merged one holds."""
    return tuple(str(status).split(" or "))


def _movement(table: AggregateTable, found: Definitions, own: Block, groups: Sequence[str]) -> None:
    top = next(reversed(own.columns["highest_before"]))
    for row, v in rows_of(table.frame):
        mine = own.where(group=v["group"])
        for column, mask in {
            "escalated": own.where(move=1),
            "de_escalated": own.where(move=-1),
            "same": own.where(move=0),
            "at_risk_up": ~own.where(highest_before=top),
            "at_risk_down": ~own.where(highest_before="none"),
        }.items():
            found.counts((table.name, row, column), own, mine & mask)
        found.others((table.name, row, "escalated"), v["escalated"], "at_risk_up", v["at_risk_up"])
        found.others((table.name, row, "de_escalated"), v["de_escalated"], "at_risk_down", v["at_risk_down"])


def _like_for_like(table: AggregateTable, found: Definitions, own: Block, groups: Sequence[str]) -> None:
    for row, v in rows_of(table.frame):
        move = 1 if "higher" in str(v["event"]) else -1
        for side, group in zip(("programme", "comparison"), groups, strict=False):
            mine = own.where(group=group, highest_before=v["status_before"])
            found.counts((table.name, row, f"n_{side}"), own, mine)
            found.counts((table.name, row, f"events_{side}"), own, mine & own.where(move=move))
            events = (table.name, row, f"events_{side}")
            found.others(events, v[events[2]], f"n_{side}", v[f"n_{side}"])


def _overlap(table: AggregateTable, found: Definitions, own: Block, groups: Sequence[str]) -> None:
    for row, v in rows_of(table.frame):
        for side, group in zip(("programme", "comparison"), groups, strict=False):
            found.counts((table.name, row, f"n_{side}"), own, own.where(group=group, highest_before=v["status_before"]))


def _overlap_gate(table: AggregateTable, found: Definitions, own: Block, groups: Sequence[str]) -> None:
    for side, group in zip(("programme", "comparison"), groups, strict=False):
        mask = own.where(group=group) & ~own.where(highest_before="none")
        found.counts((table.name, 0, f"with_status_{side}"), own, mask)


def _referrals(table: AggregateTable, found: Definitions, own: Block, groups: Sequence[str]) -> None:
    for row, v in rows_of(table.frame):
        held_by(found, own, "referrals", [str(v["period"])], v["group"], (table.name, row, "children_referred"))
        found.at_most([(1, (table.name, row, "children_referred")), (-1, (table.name, row, "referrals"))])
        found.at_most([(1, (table.name, row, "referrals_without_index")), (-1, (table.name, row, "referrals"))])


def _variable(outcome: object) -> str:
    """Return the part of the block's variable that an outcome is about: days_cp → CP, any_referral → referrals."""
    name = str(outcome)
    if name == "any_referral":
        return "referrals"
    return name.rsplit("_", 1)[-1].upper() if name.startswith(("days_", "clipped_days_", "episodes_", "any_")) else name


def held(own: Block, outcome: object, period: str) -> np.ndarray | None:
    """Return the cells of the children with any of an outcome in a period; None when the block does not have it."""
    name = f"{_variable(outcome)}_{period}"
    return own.where(**{name: True}) if name in own.columns else None


def held_by(
    found: Definitions, own: Block, outcome: object, periods: Sequence[str], group: object, place: Place
) -> None:
    """Define the children with any of an outcome in one of the periods, of one group or (None) of all."""
    for part in (own, found.referred):
        ends = [held(part, outcome, period) for period in periods] if part is not None else [None]
        if part is not None and all(mask is not None for mask in ends):
            mine = part.where() if group is None else part.where(group=group)
            found.counts(place, part, mine & np.any([mask for mask in ends if mask is not None], axis=0))
            return


def _two_part(table: AggregateTable, found: Definitions, own: Block, groups: Sequence[str]) -> None:
    for row, v in rows_of(table.frame):
        column = "n_with_any" if "n_with_any" in v else "children"
        outcome = v.get("outcome", v.get("measure"))
        held_by(found, own, outcome, [str(v["period"])], v["group"], (table.name, row, column))


def _any(table: AggregateTable, found: Definitions, own: Block, groups: Sequence[str]) -> None:
    """Define children with any of an outcome, before or after; in one group where the table has groups."""
    for row, v in rows_of(table.frame):
        column = "n_with_any" if "n_with_any" in v else "children"
        outcome = v.get("outcome", v.get("measure"))
        held_by(found, own, outcome, ["before", "after"], v.get("group"), (table.name, row, column))


def _balance(table: AggregateTable, found: Definitions, own: Block, groups: Sequence[str]) -> None:
    """Define those whose value is known, those whose is not, the highest status before, and who had any of a flag."""
    for row, v in rows_of(table.frame):
        for side, group in zip(("programme", "comparison"), groups, strict=False):
            known, lost = (table.name, row, f"n_{side}"), (table.name, row, f"missing_{side}")
            size = found.same_as(own, own.where(group=group))
            if size is not None:
                found.sums([(1, known), (1, lost), (-1, size)])
                found.defined |= {known, lost}
            if v["variable"] == "highest_before" and v[f"children_{side}"] >= 0:
                mask = own.where(group=group, highest_before=statuses_in(v["category"]))
                found.counts((table.name, row, f"children_{side}"), own, mask)
            elif v[f"children_{side}"] >= 0 and not v["category"]:
                name, _, period = str(v["variable"]).rpartition("_")
                held_by(found, own, name, [period], group, (table.name, row, f"children_{side}"))


def _followed(table: AggregateTable, found: Definitions, own: Block, groups: Sequence[str]) -> None:
    """Define the curve of those referred again: who was by one day is not at risk on the next."""
    last: dict[str, Place] = {}
    for row, v in rows_of(table.frame):
        size = found.same_as(own, own.where(group=v["group"]))
        risk, again = (table.name, row, "at_risk"), (table.name, row, "re_referred")
        found.defined |= {risk, again}
        found.curve[str(v["group"]), str(v["day"])] = again
        if size is not None and v["group"] in last:
            found.at_most([(1, risk), (1, last[v["group"]]), (-1, size)])
        last[v["group"]] = again


def _again(table: AggregateTable, found: Definitions, own: Block, groups: Sequence[str]) -> None:
    """Define those referred again by the day to which groups are compared: a point of the curve where it has one."""
    for row, v in rows_of(table.frame):
        for side, group in zip(("programme", "comparison"), groups, strict=False):
            size, events = found.same_as(own, own.where(group=group)), (table.name, row, f"events_{side}")
            if size is not None and v[f"n_{side}"] == v.get(f"n_{side}"):
                found.counts((table.name, row, f"n_{side}"), own, own.where(group=group))
            point = found.curve.get((group, str(v["tau_days"])))
            found.defined.add(events)
            if point is not None:
                found.sums([(1, events), (-1, point)])


def _status_on_date(table: AggregateTable, found: Definitions, own: Block, groups: Sequence[str]) -> None:
    """On the last day before, and on the first day after, a status is never above the highest of that period."""
    periods = {"last day before": "before", "first day after": "after"}
    rows = list(rows_of(table.frame))
    for group, moment in dict.fromkeys((v["group"], v["moment"]) for _, v in rows):
        steps = [
            ((table.name, row, "children"), v["status"])
            for row, v in rows
            if (v["group"], v["moment"]) == (group, moment)
        ]
        found.defined.update(place for place, _ in steps)
        for at in range(1, len(steps)):
            above = [status for _, status in steps[at:]]
            mask = own.where(**{"group": group, f"highest_{periods.get(str(moment), 'before')}": above})
            cells = [(-1, (own.name, int(i), "cell")) for i in np.flatnonzero(mask)]
            found.at_most([*((1, place) for place, _ in steps[at:]), *cells])


def with_cost(tables: Tables, found: Definitions, own: Block) -> None:
    """Define the children with any cost: with any of what is priced, in a group and period or in all."""
    priced = list(dict.fromkeys(tables["cost_parts"].frame["measure"])) if "cost_parts" in tables else []
    any_of = cache(lambda measure, period: held(own, measure, period))
    for name, table in tables.items():
        for row, v in rows_of(table.frame) if priced and "children_with_cost" in table.columns else ():
            if v.get("children_set_aside"):
                continue
            if str(v.get("measure")).startswith("programme_cost"):
                found.counts((name, row, "children_with_cost"), own, own.where())
                continue
            periods = [str(v["period"])] if "period" in v else ["before", "after"]
            masks = [any_of(measure, period) for measure in priced for period in periods]
            if any(mask is None for mask in masks):
                return
            mine = own.where(group=v["group"]) if "group" in v else own.where()
            found.counts(
                (name, row, "children_with_cost"), own, mine & np.any([m for m in masks if m is not None], axis=0)
            )


BY_STATUS: dict[str, Define] = {
    "status_on_date": _status_on_date,
    "statutory_status": _statutory_status,
    "transitions": _transitions,
    "movement": _movement,
    "like_for_like": _like_for_like,
    "overlap": _overlap,
    "overlap_gate": _overlap_gate,
    "referrals": _referrals,
    "balance": _balance,
    "re_referral_survival": _followed,
    "re_referral": _again,
    "two_part": _two_part,
    "cost_parts": _two_part,
    "effects": _any,
    "effects_inside": _any,
    "bracket_agreement": _any,
    "bracket_agreement_inside": _any,
    "influence": _any,
    "permutation": _any,
    "regression_to_the_mean": _any,
    "missing_follow_up": _any,
    "saving_by_agency": _any,
}
