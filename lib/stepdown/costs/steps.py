"""From the plain sum to the net cost that a reader is told: one step at a time, each with what it adds."""

from __future__ import annotations

from stepdown.costs.cases import base_case, plain_case, work_out
from stepdown.costs.inputs import CHILDREN, CostInputs, money
from stepdown.tables import AggregateTable, Column, Role

LEAST = 0.5
"""Pounds that a step must move the net cost by to be told."""


def steps_table(inputs: CostInputs) -> AggregateTable:
    """Return the table ``net_cost_steps``: one row a step from the sum as published (or planned) to both ends.

    The steps: one base of prices (with the study's horizon and corrections), days inside the window, and the other end
    of the bracket. A step that changes nothing is left out.

    >>> print(steps_table(inputs).frame[["step", "change_gbp", "net_cost_gbp"]].round().to_string(index=False))
                step  change_gbp  net_cost_gbp
               start    307335.0      307335.0
              prices     19231.0      326566.0
         days_inside     82769.0      409335.0
    other_comparison     85577.0      494913.0
    """
    start = work_out(plain_case(inputs)).net_cost
    first = "Net cost as the report has it" if inputs.published else "Net cost by the plain sum"
    rows = [("start", first, start, start, inputs.children_with_cost)]
    for step, shown_as, case in (
        ("prices", f"All in {inputs.settings.price_year} prices", base_case(inputs, as_published=True)),
        ("days_inside", "Only days inside the window", base_case(inputs)),
        ("other_comparison", "The other comparison", base_case(inputs, estimator="ancova")),
    ):
        net = work_out(case).net_cost
        change = net - rows[-1][3]
        if abs(change) >= LEAST:
            rows.append((step, shown_as, change, net, inputs.children_with_cost))
    columns = {
        "step": Column("Step", Role.KEY),
        "shown_as": Column("What changes", Role.OPEN),
        "change_gbp": money("Adds", "Pounds that the step adds to the net cost"),
        "net_cost_gbp": money("Net cost after it", "Programme cost minus saving"),
        "children_with_cost": CHILDREN,
    }
    return AggregateTable.of_rows("net_cost_steps", "step from the first sum to the last", columns, rows)
