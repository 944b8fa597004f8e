"""Which tables a study of a given size can afford, and which categories are merged first.

Many tables print the same small counts. Each of them makes the others' small numbers easier to work out, so that a
small study shows more of what matters when it has fewer tables.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from stepdown.params.disclosure import DisclosurePolicy
from stepdown.tables import AggregateTable, Role

ORDER = (
    "overlap_gate",
    "effects",
    "effects_inside",
    "participant_flow",
    "statutory_status",
    "profile",
    "referrals",
    "re_referral",
    "costs",
    "net_cost",
    "saving_bracket",
    "case_file_items",
    "case_file_differences",
    "issues",
    "transitions",
    "movement",
    "like_for_like",
    "ethnicity_groups",
    "observability",
    "balance",
    "bracket_agreement",
    "bracket_agreement_inside",
    "cost_parts",
    "saving_by_agency",
    "agreement",
    "re_referral_survival",
    "permutation",
    "missing_follow_up",
    "influence",
    "case_file_ordered",
    "completeness",
    "oddities",
    "regression_to_the_mean",
    "status_on_date",
    "two_part",
    "overlap",
)
"""The tables with counts, the most valuable to a reader first; a table that is not named stands in the middle."""

AFFORDED = {
    300: ("two_part", "overlap", "status_on_date", "regression_to_the_mean", "case_file_ordered"),
    150: ("like_for_like", "missing_follow_up", "completeness", "oddities", "cost_parts"),
    80: ("re_referral_survival", "saving_by_agency", "agreement"),
}
"""Tables that a study of fewer children leaves out: others have the same children in a form that shows more."""


def too_small_for(name: str, tables: Sequence[AggregateTable], policy: DisclosurePolicy) -> str:
    """Return why a table is left out of a study of this size before anything is hidden; "" when it is not."""
    size = children_of(tables)
    if policy.tables == "all" or not size:
        return ""
    for fewest, names in AFFORDED.items():
        if size < fewest and name in names:
            return f"a study of fewer than {fewest} children leaves it out, so that other tables can show more"
    return ""


def children_of(tables: Sequence[AggregateTable]) -> int:
    """Return how many children are analysed; 0 when no table says it."""
    for table in tables:
        if table.name == "participant_flow":
            return int(table.frame.loc[table.frame["step"] == "Analysed", "children"].sum())
    return 0


def worth_of(names: Iterable[str]) -> dict[str, float]:
    """Return what a cell of each table is worth: 2 for the most valuable, 0.5 for the least."""
    place = {name: i for i, name in enumerate(ORDER)}
    return {name: 2 - 1.5 * place.get(name, len(ORDER) / 2) / len(ORDER) for name in names}


@dataclass(frozen=True, slots=True)
class Merge:
    """Categories that stand together. table, column: of the key.  values: of it.  label: what they are called.

    label "": their rows are taken out (longer periods that the study does not use).

    within: value of the key column ``variable`` that the rows have ("" where there is none).
    """

    table: str
    column: str
    values: tuple[str, ...]
    label: str
    within: str = ""

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> Merge:
        """Return a merge as ``disclosure_applied.yaml`` has it."""
        values = tuple(str(value) for value in item["values"])
        return cls(str(item["table"]), str(item["column"]), values, str(item["label"]), str(item.get("within", "")))

    def written(self) -> dict[str, object]:
        """Return the merge for ``disclosure_applied.yaml``."""
        return {n: list(v) if isinstance(v := getattr(self, n), tuple) else v for n in self.__slots__}


SMALL_STUDY = 300
"""Children below which categories are merged before anything is hidden."""


@dataclass(frozen=True, slots=True)
class Merges:
    """What a study of this size may merge. now: at once.  tried: sets, each kept where it shows more children.

    later: offered one by one where a table would otherwise be left out.
    """

    now: list[Merge]
    tried: list[list[Merge]]
    later: list[Merge]


def merges_for(tables: Sequence[AggregateTable], threshold: int, broad: Mapping[str, Sequence[str]]) -> Merges:
    """Return the merges of a study of this size, those first that a reader would choose.

    broad: the labels of the codes of each broad ethnic group. In any study the study's own periods stand alone; in a
    small one the two upper statuses stand together, and the two upper bands, or the codes of each broad ethnic group,
    where one of them has few children and more is shown so.
    """
    by_name = {table.name: table for table in tables}
    few = 0 < children_of(tables) < SMALL_STUDY
    found = Merges(_own_periods(by_name.get("observability")), [], [])
    if "profile" in by_name:
        bands = [merge for variable in ("age", "sibling_group_size") for merge in _upper(by_name["profile"], variable)]
        codes = [
            Merge("profile", "category", tuple(labels), group, "ethnicity")
            for group, labels in broad.items()
            if len(labels) > 1
        ]
        sets = [[merge] for merge in bands if len(merge.values) == _TWO] + [codes]
        if few:
            found.tried.extend(s for s in sets if any(_has_few(by_name["profile"], m, threshold) for m in s))
        found.later.extend(bands)
    if "transitions" in by_name:
        ladder = list(dict.fromkeys(by_name["transitions"].frame["status_before"]))
        if len(ladder) == 4:
            upper = tuple(ladder[-2:])
            both = [Merge("transitions", c, upper, " or ".join(upper)) for c in ("status_before", "status_after")]
            (found.now if few else found.later).extend(both)
    return found


_TWO = 2


def _own_periods(table: AggregateTable | None) -> list[Merge]:
    months = [] if table is None else sorted(set(table.frame["window_months"].astype("str")), key=float)
    return [Merge("observability", "window_months", tuple(months[1:]), "")] if len(months) > 1 else []


def _upper(table: AggregateTable, variable: str) -> list[Merge]:
    """Return the merges of the two upper bands of a characteristic, of the three upper ones, and so on."""
    bands = _bands(table, variable)
    tops = [tuple(bands[top:]) for top in range(len(bands) - _TWO, 0, -1)]
    return [Merge("profile", "category", upper, f"{_from(upper[0])} and over", variable) for upper in tops]


def _from(band: str) -> str:
    """Return where a band begins: "10-14" is from 10 on."""
    found = re.match(r"\d+", band)
    return found[0] if found else band


def _has_few(table: AggregateTable, merge: Merge, threshold: int) -> bool:
    """Say whether one of the categories has few children in a group."""
    frame = table.frame
    mine = (frame["variable"] == merge.within) & frame["category"].isin(merge.values)
    return bool(frame["children"][mine].between(1, threshold).any())


def merged_keys(names: Sequence[str], keys: Sequence[str], merge: Merge) -> tuple[str, ...] | None:
    """Return the key values of the merged row that a row is part of; None when it is part of none."""
    row = dict(zip(names, keys, strict=True))
    if row.get(merge.column) not in merge.values or (merge.within and row.get("variable") != merge.within):
        return None
    return tuple(merge.label if name == merge.column else value for name, value in row.items())


def fingerprint(table: AggregateTable) -> str:
    """Return what the rows and counts of a table are known by: a plan holds for the table that it was made for."""
    columns = [n for n, c in table.columns.items() if c.role in (Role.KEY, Role.COUNT, Role.BASE)]
    return hashlib.sha256(table.frame[columns].to_csv(index=False).encode()).hexdigest()[:16]


def _bands(table: AggregateTable, variable: str) -> list[str]:
    """Return the bands of a characteristic, lowest first, without the unknown."""
    own = table.frame[table.frame["variable"] == variable]
    return [str(c) for c in dict.fromkeys(own["category"]) if str(c)[:1].isdigit() or str(c).startswith("Under")]


def merged(table: AggregateTable, merge: Merge) -> AggregateTable | None:
    """Return the table with the rows of some categories added up; None when it does not have them all.

    Counts are added, sizes stay, a share of one count in one size is worked out again; no other number is kept.
    """
    frame = table.frame.reset_index(drop=True)
    if merge.column not in frame or not set(merge.values) <= set(frame[merge.column].astype("str")):
        return None
    mine = frame[merge.column].astype("str").isin(merge.values)
    if not merge.label:
        return AggregateTable(table.name, table.one_row_is, frame[~mine], table.columns, table.adds_up)
    if merge.within:
        mine &= frame["variable"].astype("str") == merge.within
    keys = table.keys()
    changed = frame.astype({merge.column: "object"})
    changed.loc[mine, merge.column] = merge.label
    how = {
        name: "sum"
        if column.role is Role.COUNT
        and name != "children_before"
        or merge.column == "status_before"
        and column.role is Role.COUNT
        else "first"
        for name, column in table.columns.items()
        if name not in keys
    }
    result = changed.groupby(keys, sort=False, dropna=False, as_index=False).agg(how)[list(table.columns)]
    for name, column in table.columns.items():
        counts = [c for c in column.rests_on if table.columns[c].role in (Role.COUNT, Role.BASE)]
        if column.role is Role.DERIVED and column.unit == "%" and len(counts) == 2:
            result[name] = 100 * result[counts[0]] / result[counts[1]].where(result[counts[1]] > 0)
        elif column.role in (Role.DERIVED, Role.TOTAL):
            result[name] = result[name].where(result[merge.column] != merge.label, other=pd.NA)
    result = result.astype({merge.column: "str"})
    return AggregateTable(table.name, table.one_row_is, result, table.columns, table.adds_up)
