"""Clears one aggregate table under a study's disclosure policy."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stepdown.disclosure import cleared as cleared_module
from stepdown.disclosure.affording import merged
from stepdown.disclosure.cleared import NOT_APPLICABLE, ClearedTable
from stepdown.disclosure.counts import Place, row_groups
from stepdown.disclosure.linking import assembled
from stepdown.disclosure.plan import Plan
from stepdown.disclosure.protecting import to_hide
from stepdown.disclosure.resting import also_resting
from stepdown.faults import Fault, Refused
from stepdown.params.disclosure import AlsoHide, DisclosurePolicy
from stepdown.tables import AggregateTable, Column, Role

Flags = dict[str, NDArray[np.bool_]]
"""By column, which of its cells are suppressed: one a row."""


def clear(table: AggregateTable, policy: DisclosurePolicy, plan: Plan | None = None) -> ClearedTable:
    """Return the table as it may be shown under ``policy``; the table given is not changed.

    plan: what was decided for all tables of the run together; without it, the table is treated by itself.
    """
    why = plan.why_not(table) if plan else ""
    for merge in plan.merges if plan else ():
        table = (merged(table, merge) if merge.table == table.name else None) or table
    hidden = _all_hidden(table) if why else _hidden(table, policy, plan)
    frame = _blanked(table, hidden, policy)
    for name in frame.select_dtypes("boolean") if why else ():
        frame[name] = False  # of a table that is not released: a flag that is not known would end a chart or sentence
    marks = _marks(table, hidden, policy.symbol)
    for row, column, text in plan.stands.get(table.name, ()) if plan and not why else ():
        marks[column][row] = text if text in (policy.symbol, NOT_APPLICABLE) else ""
        frame[column] = _with(frame[column], row, text if marks[column][row] == "" else None)
    used = {mark for own in marks.values() for mark in own}
    symbols = {}
    if policy.symbol in used:
        symbols[policy.symbol] = symbol_in_words(policy, plan)
    if NOT_APPLICABLE in used:
        symbols[NOT_APPLICABLE] = "not applicable, or not known"
    return ClearedTable(
        name=table.name,
        one_row_is=table.one_row_is,
        frame=frame,
        marks=pd.DataFrame(marks, index=frame.index, columns=frame.columns, dtype="str"),
        columns=dict(table.columns),
        symbols=symbols,
        policy=policy_in_words(policy),
        left_out=why,
        token=cleared_module._TOKEN,
    )


def _with(values: pd.Series, row: int, text: str | None) -> pd.Series:
    """Return a column with what was printed before in one of its rows (None: nothing)."""
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        whole = text is None or text.lstrip("-").isdecimal()
        values = values if whole else values.astype("Float64" if isinstance(values.dtype, pd.Int64Dtype) else "float64")
        number = pd.NA if text is None else int(text) if whole else float(text)
        return values.where(values.index != row, number)
    word = text == "True" if pd.api.types.is_bool_dtype(values) and text is not None else text
    return values.where(values.index != row, pd.NA if word is None else word)


def policy_in_words(policy: DisclosurePolicy) -> str:
    """Return one or two plain sentences on how small numbers are treated."""
    if policy.method == "none":
        reason = policy.reason.strip().rstrip(".")
        return f"No number is hidden, because {reason[0].lower()}{reason[1:]}."
    words = [f"Numbers from 1 to {policy.threshold} are replaced by “{policy.symbol}”; zeros are shown."]
    if policy.secondary:
        words.append("Further numbers are replaced where a small number could be worked out from them.")
    if policy.rounding_base > 1:
        words.append(f"All other counts are rounded to the nearest {policy.rounding_base}.")
    words.append(f"A share, average or total based on {policy.threshold} or fewer people is replaced in the same way.")
    return " ".join(words)


def symbol_in_words(policy: DisclosurePolicy, plan: Plan | None = None) -> str:
    """Return what the policy's symbol stands for, as a note below a table."""
    zero = "some are zeros" if plan and plan.zeros_hidden else "but not zero"
    return (
        f"a number of {policy.threshold} or fewer ({zero}), or one that would give such a number away; "
        "hidden to protect children's identities"
    )


def _all_hidden(table: AggregateTable) -> Flags:
    """Return flags that hide everything but what names a row."""
    return {name: np.full(len(table.frame), column.role is not Role.KEY) for name, column in table.columns.items()}


def _hidden(table: AggregateTable, policy: DisclosurePolicy, plan: Plan | None) -> Flags:
    """Return which cells are suppressed."""
    hidden = {name: np.zeros(len(table.frame), dtype=np.bool_) for name in table.columns}
    if policy.method == "none":
        return hidden
    places = (
        hidden_counts(table, policy) if plan is None else {(table.name, *at) for at in plan.hidden.get(table.name, ())}
    )
    for _, row, column in places:
        hidden[column][row] = True
    for name in table.columns:
        hidden[name] |= _given_away(table, name, policy) | _dominated(table, name, policy)
    hidden = _spread_to_derived(table, hidden, policy.threshold)
    if policy.secondary:
        hidden = _spread_to_derived(table, _second_totals(table, hidden), policy.threshold)
    return hidden


def hidden_counts(table: AggregateTable, policy: DisclosurePolicy) -> set[Place]:
    """Return the places hidden in a table by itself: small counts, their protectors, and those asked for."""
    cells, relations = assembled([table])
    hidden, _ = to_hide(
        cells, relations, policy.threshold, secondary=policy.secondary, rounding_base=policy.rounding_base
    )
    asked = {place for wanted in policy.also_hide if wanted.table == table.name for place in _places(table, wanted)}
    hidden |= asked & set(cells)  # hiding more never exposes what is protected
    return hidden | also_resting({table.name: table}, hidden, policy.threshold)


def _places(table: AggregateTable, wanted: AlsoHide) -> list[Place]:
    """Return the places that a setting names; raises Refused when it names nothing."""
    fits = pd.Series(wanted.column in table.columns, index=range(len(table.frame)))
    for key, value in wanted.where.items():
        fits &= (table.frame[key].astype("str").to_numpy() == value) if key in table.columns else False
    if not fits.any():
        raise Refused(
            [
                Fault(
                    where=f"disclosure.also_hide, table {table.name}",
                    found=f"no count in column {wanted.column!r} where {wanted.where}",
                    allowed=f"columns {', '.join(table.columns)} and values that its key columns hold",
                    rule="docs/disclosure.md, How it works",
                    remedy="correct the setting, or take it out",
                )
            ]
        )
    return [(table.name, int(row), wanted.column) for row in np.flatnonzero(fits)]


def _numbers(table: AggregateTable, name: str) -> NDArray[np.float64]:
    return pd.to_numeric(table.frame[name], errors="coerce").to_numpy(dtype="float64", na_value=np.nan)


def _given_away(table: AggregateTable, name: str, policy: DisclosurePolicy) -> NDArray[np.bool_]:
    """Return flags for shares whose number of people, a shown size times the share, is a small one."""
    column = table.columns[name]
    flags = np.zeros(len(table.frame), dtype=np.bool_)
    is_share = column.unit == "%" or "share" in f"{column.label} {column.about}".lower()
    if column.role is not Role.DERIVED or not is_share or not pd.api.types.is_numeric_dtype(table.frame[name]):
        return flags
    share = _numbers(table, name) / (100 if column.unit == "%" else 1)
    for base in (other for other in column.rests_on if table.columns[other].role is Role.BASE):
        size = _numbers(table, base)
        for people in (np.round(share * size), np.round((1 - share) * size)):
            flags |= (people >= 1) & (people <= policy.threshold)
    return flags


def _dominated(table: AggregateTable, name: str, policy: DisclosurePolicy) -> NDArray[np.bool_]:
    """Return flags for totals of which one contributor has more than the policy's share."""
    shares = table.largest_percent.get(name)
    if shares is None:
        return np.zeros(len(table.frame), dtype=np.bool_)
    return np.asarray(shares, dtype="float64") > policy.dominance_percent


def _spread_to_derived(table: AggregateTable, hidden: Flags, threshold: int) -> Flags:
    """Return the flags with every number hidden that rests on a hidden one, however far down.

    An average or a difference that rests on sizes of groups alone stays where such a size is large and hidden only
    because of what it lacks: no count follows from it.
    """
    result = {name: flags.copy() for name, flags in hidden.items()}
    resting = [
        (result[name], result[other], ~_harmless(table, name, other, threshold))
        for name, column in table.columns.items()
        if column.role in (Role.DERIVED, Role.TOTAL)
        for other in column.rests_on
    ]
    changed = True
    while changed:
        changed = False
        for mine, other, tells in resting:
            more = other & tells & ~mine
            mine |= more
            changed |= bool(more.any())
    return result


def _harmless(table: AggregateTable, name: str, other: str, threshold: int) -> NDArray[np.bool_]:
    """Return flags for rows where ``name`` may be shown although ``other``, which it rests on, is hidden."""
    column = table.columns[name]
    on_sizes_alone = all(table.columns[c].role is Role.BASE for c in column.rests_on)
    if column.unit == "%" or not on_sizes_alone or column.role is Role.TOTAL:
        return np.zeros(len(table.frame), dtype=np.bool_)
    return _numbers(table, other) > threshold


def _second_totals(table: AggregateTable, hidden: Flags) -> Flags:
    """Return the flags with a second total hidden wherever one alone would follow from a known sum."""
    result = {name: flags.copy() for name, flags in hidden.items()}
    for sums in table.adds_up:
        if sums.column not in table.columns or table.columns[sums.column].role is not Role.TOTAL:
            continue
        flags, values = result[sums.column], table.frame[sums.column].reset_index(drop=True)
        for rows in row_groups(table.frame, sums.within):
            if flags[rows].sum() == 1:
                others = [row for row in rows if not flags[row]]
                if others:
                    flags[min(others, key=lambda row: (values[row] == 0, abs(values[row])))] = True
    return result


def _blanked(table: AggregateTable, hidden: Flags, policy: DisclosurePolicy) -> pd.DataFrame:
    """Return the values with NA where they are hidden, and no finer than they are shown."""
    columns = {}
    for name, values in table.frame.reset_index(drop=True).items():
        column, flags = table.columns[str(name)], hidden[str(name)]
        if pd.api.types.is_bool_dtype(values) and values.dtype == bool:
            values = values.astype("boolean")
        elif pd.api.types.is_integer_dtype(values):
            values = values.astype("Int64")
        if policy.method == "suppress":
            values = _no_finer(values, column, policy)
        columns[name] = values.mask(flags) if flags.any() else values
    frame = pd.DataFrame(columns)
    return _shares_of_rounded(table, frame) if policy.method == "suppress" and policy.rounding_base > 1 else frame


def _shares_of_rounded(table: AggregateTable, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the values with each share of a count in a size worked out from the count as it is printed."""
    for name, column in table.columns.items():
        counts = [c for c in column.rests_on if table.columns[c].role in (Role.COUNT, Role.BASE)]
        if column.role is Role.DERIVED and column.unit == "%" and len(counts) == 2:
            part, whole = (pd.to_numeric(frame[c], errors="coerce").astype("float64") for c in counts)
            share = (100 * part / whole.where(whole > 0)).clip(upper=100).round(column.decimals or 0)
            frame[name] = share.where(frame[name].notna())
    return frame


def _no_finer(values: pd.Series, column: Column, policy: DisclosurePolicy) -> pd.Series:
    """Return counts rounded to the policy's base, and other numbers to the digits that are shown."""
    if column.role is Role.COUNT and policy.rounding_base > 1:
        base = policy.rounding_base
        return ((values + base / 2) // base * base).astype(values.dtype)
    if pd.api.types.is_float_dtype(values) and column.decimals is not None:
        return values.round(column.decimals)
    return values


def _marks(table: AggregateTable, hidden: Flags, symbol: str) -> dict[str, NDArray[np.object_]]:
    """Return the symbol of each cell: the policy's where hidden, "z" where there is no number, else ""."""
    marks = {}
    for name, column in table.columns.items():
        own = np.full(len(table.frame), "", dtype="object")
        if column.role not in (Role.KEY, Role.OPEN) or pd.api.types.is_numeric_dtype(table.frame[name]):
            own[table.frame[name].isna().to_numpy()] = NOT_APPLICABLE
        own[hidden[name]] = symbol
        marks[name] = own
    return marks
