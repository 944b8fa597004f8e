"""Reads and validates a study's records before any notebook starts."""

from __future__ import annotations

from stepdown.faults import refuse
from stepdown.run.kinds import Need
from stepdown.run.planning import Plan


def rows_and_gaps(plan: Plan) -> tuple[dict[str, int], dict[str, str]]:
    """Return the rows read by table, and the notebooks without data with the reason; raises Refused with every fault.

    Data that are as they were at the last whole run were valid then and are not read again.
    """
    subject = plan.subject
    if subject.study is None:
        return {}, {}
    if not plan.to_run() and plan.previous_manifest.get("rows"):
        rows = {table: int(count["read"]) for table, count in plan.previous_manifest["rows"].items()}
    else:
        from stepdown.contracts import read_study
        from stepdown.costs import cost_faults

        records = read_study(subject.study)
        refuse(cost_faults(subject.study, records.programme_costs))
        rows = dict(records.rows_read)
    gaps = {}
    for step in plan.to_run():
        table = subject.kind.needs.get(step.notebook.name, Need()).table
        if table and not rows.get(table):
            gaps[step.notebook.name] = f"the table {table} has no rows"
    return rows, gaps
