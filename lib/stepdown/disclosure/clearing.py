"""Clears one aggregate table under a study's disclosure policy."""

from __future__ import annotations

import pandas as pd

from stepdown.disclosure import cleared as cleared_module
from stepdown.disclosure.cleared import NOT_APPLICABLE, ClearedTable
from stepdown.params.disclosure import DisclosurePolicy
from stepdown.tables import AggregateTable, Column, Role


def clear(table: AggregateTable, policy: DisclosurePolicy) -> ClearedTable:
    """Return the table as it may be shown under ``policy``; the table given is not changed."""
    hidden = _hidden(table, policy)
    frame = _blanked(table, hidden, policy)
    marks = _marks(table, hidden, policy.symbol)
    symbols = {}
    if hidden.to_numpy().any():
        symbols[policy.symbol] = symbol_in_words(policy)
    if (marks == NOT_APPLICABLE).to_numpy().any():
        symbols[NOT_APPLICABLE] = "not applicable, or not known"
    return ClearedTable(
        name=table.name,
        one_row_is=table.one_row_is,
        frame=frame,
        marks=marks,
        columns=dict(table.columns),
        symbols=symbols,
        policy=policy_in_words(policy),
        token=cleared_module._TOKEN,
    )


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
    words.append(
        f"A share, average or total that rests on {policy.threshold} or fewer people is replaced in the same way."
    )
    return " ".join(words)


def symbol_in_words(policy: DisclosurePolicy) -> str:
    """Return what the policy's symbol stands for, as a note below a table."""
    return (
        f"a number of {policy.threshold} or fewer (but not zero), or one that would give such a number away; "
        "hidden to protect children's identities"
    )


def _hidden(table: AggregateTable, policy: DisclosurePolicy) -> pd.DataFrame:
    """Return a frame of flags: which cells are suppressed."""
    hidden = pd.DataFrame(False, index=table.frame.index, columns=table.frame.columns)
    if policy.method == "none":
        return hidden
    for name, column in table.columns.items():
        if column.role in (Role.COUNT, Role.BASE):
            values = pd.to_numeric(table.frame[name], errors="coerce")
            hidden[name] = (values >= 1) & (values <= policy.threshold)
    return _spread_to_derived(table, hidden, policy)


def _spread_to_derived(table: AggregateTable, hidden: pd.DataFrame, policy: DisclosurePolicy) -> pd.DataFrame:
    """Return the flags with every derived number hidden that rests on a hidden or a small one."""
    result = hidden.copy()
    changed = True
    while changed:
        changed = False
        for name, column in table.columns.items():
            if column.role not in (Role.DERIVED, Role.TOTAL):
                continue
            wanted = result[name].copy()
            for other in column.rests_on:
                wanted |= result[other]
            if not wanted.equals(result[name]):
                result[name] = wanted
                changed = True
    return result


def _blanked(table: AggregateTable, hidden: pd.DataFrame, policy: DisclosurePolicy) -> pd.DataFrame:
    """Return the values with NA where they are hidden, and no finer than they are shown."""
    frame = pd.DataFrame(index=range(len(table.frame)))
    for name, column in table.columns.items():
        values = table.frame[name].reset_index(drop=True)
        flags = hidden[name].reset_index(drop=True)
        if pd.api.types.is_bool_dtype(values) and values.dtype == bool:
            values = values.astype("boolean")
        elif pd.api.types.is_integer_dtype(values):
            values = values.astype("Int64")
        if policy.method == "suppress":
            values = _no_finer(values, column, policy)
        frame[name] = values.mask(flags) if flags.any() else values
    return frame


def _no_finer(values: pd.Series, column: Column, policy: DisclosurePolicy) -> pd.Series:
    """Return counts rounded to the policy's base, and other numbers to the digits that are shown."""
    if column.role is Role.COUNT and policy.rounding_base > 1:
        base = policy.rounding_base
        return ((values + base / 2) // base * base).astype(values.dtype)
    if pd.api.types.is_float_dtype(values) and column.decimals is not None and column.role is not Role.OPEN:
        return values.round(column.decimals)
    return values


def _marks(table: AggregateTable, hidden: pd.DataFrame, symbol: str) -> pd.DataFrame:
    """Return the symbol of each cell: the policy's where hidden, "z" where there is no number, else ""."""
    marks = pd.DataFrame("", index=table.frame.index, columns=table.frame.columns, dtype="str")
    for name, column in table.columns.items():
        if column.role in (Role.KEY, Role.OPEN) and not pd.api.types.is_numeric_dtype(table.frame[name]):
            continue
        marks.loc[table.frame[name].isna(), name] = NOT_APPLICABLE
        marks.loc[hidden[name], name] = symbol
    return marks.reset_index(drop=True)
