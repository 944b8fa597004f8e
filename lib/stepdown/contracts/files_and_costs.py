"""Contracts of the tables that are not about children's histories: case_files and programme_costs."""

from __future__ import annotations

from stepdown.contracts.model import Contract, Field

CASE_FILES = Contract(
    table="case_files",
    one_row_is="file × audit item × reviewer",
    fields=(
        Field("file_id", "text", "pseudonym of the case file", required=True, blank=False),
        Field(
            "period",
            "text",
            "whether the file is from before the programme or from during it",
            required=True,
            blank=False,
            codes=("before", "during"),
        ),
        Field("in_hub", "flag", "true where the family of the file was supported by the Innovation Hub"),
        Field("item_id", "text", "item of the audit tool", required=True, blank=False),
        Field(
            "response",
            "text",
            "the reviewer's answer",
            required=True,
            blank=False,
            codes=("yes", "partial", "no", "not_applicable"),
        ),
        Field("reviewer_id", "text", "pseudonym of the reviewer", required=True, blank=False),
    ),
    unique=("file_id", "item_id", "reviewer_id"),
)

PROGRAMME_COSTS = Contract(
    table="programme_costs",
    one_row_is="line of spending on the programme",
    fields=(
        Field("workstream", "text", "part of the programme that the money went to", required=True, blank=False),
        Field("item", "text", "what was bought", required=True, blank=False),
        Field(
            "financial_year",
            "text",
            "financial year, such as 2017/18, or a span that the source does not split, 2017/18 to 2018/19",
            required=True,
            blank=False,
            pattern=r"\d{4}/\d{2}( to \d{4}/\d{2})?",
        ),
        Field(
            "amount_gbp",
            "number",
            "amount in the prices of that year",
            required=True,
            blank=False,
            lowest=0,
            unit="£",
        ),
        Field(
            "basis",
            "text",
            "whether the amount was funded, budgeted or actually spent",
            codes=("funded", "budgeted", "actual"),
        ),
    ),
    unique=("workstream", "item", "financial_year", "basis"),
)
