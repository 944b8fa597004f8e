"""The table that the case-file review reads: case_files."""

from __future__ import annotations

from stepdown.contracts.model import Codes, Contract, Field
from stepdown.contracts.registered import register
from stepdown.faults import Refused
from stepdown.params import Study, load
from stepdown.params.review import AuditTool


def audit_tool(study: Study) -> AuditTool:
    """Return the audit tool that a study's files were read with; raises Refused with every fault of its file.

    >>> from stepdown.params import load_study
    >>> audit_tool(load_study("params/slough_ifp.yaml")).item_ids()[:2]
    ['witnessed_less_domestic_abuse', 'child_happier']
    """
    review = study.settings.review
    if review is None:
        raise LookupError(f"{study.name} has no case-file review")
    return load(study.path(review.audit_tool), AuditTool)


def _codes(study: Study) -> Codes:
    """Return the items of the study's audit tool; a tool that is not there or at fault is named with the settings."""
    if study.settings.review is None:
        return {}
    try:
        return {"item_id": tuple(audit_tool(study).item_ids())}
    except Refused:
        return {}


CASE_FILES = register(
    Contract(
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
        needed=lambda settings: settings.review is not None,
        codes=_codes,
    )
)
