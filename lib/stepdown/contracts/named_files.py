"""The files that a study's settings name besides its tables: each must be there, the audit tool also in order."""

from __future__ import annotations

from stepdown.faults import Fault, Refused, nearest
from stepdown.params import Study, load
from stepdown.params.review import AuditTool


def named_file_faults(study: Study) -> list[Fault]:
    """Return a fault for each file that the settings name and that is not there, and each fault of the audit tool."""
    faults = [_missing(study, setting, path) for setting, path in _named(study) if not study.path(path).is_file()]
    review = study.settings.review
    if review is not None and study.path(review.audit_tool).is_file():
        try:
            load(study.path(review.audit_tool), AuditTool)
        except Refused as refused:
            faults += refused.faults
    return faults


def _named(study: Study) -> list[tuple[str, str]]:
    """Return (setting, path) for each file that the settings name."""
    costs, review = study.settings.costs, study.settings.review
    named = []
    if costs is not None:
        books = (costs.unit_costs,) if isinstance(costs.unit_costs, str) else costs.unit_costs
        named += [("costs.unit_costs", book) for book in books]
        named += [("costs.deflator", costs.deflator), ("costs.discount_rates", costs.discount_rates)]
    if study.settings.spending is not None:
        named.append(("spending.deflator", study.settings.spending.deflator))
    if review is not None:
        named.append(("review.audit_tool", review.audit_tool))
    named += [(f"instruments, {item.name}, key", item.key) for item in study.settings.instruments]
    return named


def _missing(study: Study, setting: str, path: str) -> Fault:
    folder = study.path(path).parent
    there = sorted(p.name for p in folder.glob("*.y*ml")) if folder.is_dir() else []
    return Fault(
        where=f"{study.file.name}, {setting}",
        found=f"no such file: {path}{nearest(study.path(path).name, there)}",
        allowed="an existing file, given from the project root",
        rule="unit costs, deflator, discount rates, audit tool and scoring keys are files with a source and a date",
        remedy="correct the path, or add the file",
    )
