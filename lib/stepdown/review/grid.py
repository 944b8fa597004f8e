"""The evidence grid: each practice feature and outcome of a framework, what evidences it, and what does not."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from stepdown.faults import Fault, nearest, refuse
from stepdown.params.review import AuditTool, OtherEvidence, ReviewSettings
from stepdown.tables import AggregateTable, Column, Role

EVIDENCE = ("case files and other sources", "case files", "other sources", "none")
"""What a cell of the grid can be based on."""

COLUMNS = {
    "framework": Column("Framework", Role.KEY),
    "cell": Column("Feature or outcome", Role.KEY),
    "cell_code": Column("Code", Role.OPEN),
    "items": Column("Audit items", Role.OPEN, about="codes of the audit items that serve it and were answered"),
    "items_number": Column("Number of audit items", Role.OPEN, "items", 0),
    "other_sources": Column("Other sources", Role.OPEN, "sources", 0),
    "evidence": Column("Evidence", Role.OPEN, about="; ".join(EVIDENCE)),
    "source": Column("Where it stands", Role.OPEN),
    "name_source": Column("Where the name stands", Role.OPEN),
}
"""The columns of framework_grid."""

SHOWN = ("framework", "cell", "evidence", "items_number", "source")
"""The columns of framework_grid that a page shows."""


def framework_grid(
    case_files: pd.DataFrame, tool: AuditTool, settings: ReviewSettings, further: Sequence[OtherEvidence] = ()
) -> AggregateTable:
    """Return the grid: one row is a practice feature or outcome of a framework.

    further: evidence from the study's own tables, beside what its file names (``surveys.evidence``).

    It says where evidence was looked for and found, not which way the evidence points. Raises Refused for
    evidence on a cell that the tool does not have.

    >>> print(framework_grid(answers, tool, settings).frame["evidence"].value_counts().to_string())
    evidence
    none                            5
    case files and other sources    5
    case files                      2
    other sources                   2
    """
    elsewhere = (*settings.other_evidence, *further)
    refuse([_unknown(other.serves, tool) for other in elsewhere if other.serves not in tool.cells()])
    answered = set(case_files["item_id"])
    rows = []
    for framework in tool.frameworks:
        for cell in framework.cells:
            items = [i.item_id for i in tool.items if cell.code in i.serves and i.item_id in answered]
            others = [other for other in elsewhere if other.serves == cell.code]
            kind = EVIDENCE[(0 if others else 1) if items else (2 if others else 3)]
            texts = (["case-file review"] if items else []) + [f"{other.says} ({other.source})" for other in others]
            source = "; ".join(texts) or "none found"
            codes = "; ".join(items)
            row = (framework.name, cell.name, cell.code, codes, len(items), len(others), kind, source, cell.source)
            rows.append(row)
    return AggregateTable.of_rows("framework_grid", "practice feature or outcome", COLUMNS, rows)


def _unknown(code: str, tool: AuditTool) -> Fault:
    return Fault(
        "review.other_evidence, or serves of a questionnaire, question or activity",
        f"a framework cell that the audit tool does not have: {code!r}{nearest(code, tool.cells())}",
        ", ".join(tool.cells()),
        "evidence is placed on a practice feature or outcome of the audit tool's frameworks",
        "correct the code",
    )
