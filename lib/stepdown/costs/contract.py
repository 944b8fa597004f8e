"""The table that the costs read: programme_costs."""

from __future__ import annotations

from stepdown.contracts.model import Contract, Field
from stepdown.contracts.registered import register

PROGRAMME_COSTS = register(
    Contract(
        table="programme_costs",
        one_row_is="line of spending on the programme",
        fields=(
            Field("workstream", "text", "part of the programme that the money went to", required=True, blank=False),
            Field("item", "text", "what was bought", required=True, blank=False, free=True),
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
                highest=1e10,
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
        needed=lambda settings: settings.costs is not None,
    )
)
