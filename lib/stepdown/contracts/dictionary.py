"""Words the contracts as the data dictionary (docs/data_dictionary.md is generated from here)."""

from __future__ import annotations

from stepdown.contracts.model import Contract, Field
from stepdown.contracts.records import CONTRACTS

HEAD = """# Data dictionary: the tables that come in

Generated from the contracts in lib/stepdown/contracts by `make documents`; do not edit it here.

One file a table, as CSV (UTF-8, with a line of headings), Parquet or Excel (first sheet). Ids are text: `007` stays
`007`. Dates are year-month-day (2018-02-28). A blank cell means unknown, never nought. A column that is not listed
is refused: no more about a child is read than the evaluation needs.
"""


def dictionary_markdown() -> str:
    """Return the data dictionary as Markdown, one section a table."""
    return "\n".join([HEAD, *(_section(contract) for contract in CONTRACTS.values())])


def _section(contract: Contract) -> str:
    lines = [
        f"## {contract.table}",
        "",
        f"One row is a {contract.one_row_is}.",
        "",
        "| Column | Must stand | May be blank | Holds | Meaning |",
        "|---|---|---|---|---|",
    ]
    for field in contract.fields:
        must, blank = ("yes" if field.required else "no"), ("yes" if field.blank else "no")
        lines.append(f"| {field.name} | {must} | {blank} | {_holds(field)} | {field.about} |")
    rules = []
    if contract.unique:
        rules.append(f"{' and '.join(contract.unique)}: together once only.")
    rules += [f"{column}: must stand in the table {parent}." for column, parent in contract.belongs_to]
    rules += [f"{rule.later} on or after {rule.earlier}: {rule.because}." for rule in contract.ordered]
    rules += [f"{column}: not after data.last_date of the parameter file." for column in contract.not_after]
    return "\n".join([*lines, "", *(f"- {rule}" for rule in rules), ""])


def _holds(field: Field) -> str:
    if field.codes:
        return ", ".join(field.codes)
    if field.lowest is not None and field.highest is not None:
        return f"{field.kind}, {field.lowest:g} to {field.highest:g}"
    if field.lowest is not None:
        return f"{field.kind}, {field.lowest:g} or more"
    return {"flag": "true or false", "date": "date"}.get(field.kind, field.kind)
