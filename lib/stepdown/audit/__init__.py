"""Checks published figures against arithmetic and against what is possible (docs/published_figures.md)."""

from stepdown.audit.auditing import Audit, audit, run_audit
from stepdown.audit.checking import Check, Family
from stepdown.audit.consistency import debit, grim, grimmer, whole_numbers
from stepdown.audit.headline import ALL_IMPOSSIBLE, Outcome
from stepdown.audit.possible import most_days
from stepdown.audit.reconstruction import Reconstructed
from stepdown.audit.relations import AuditSettings
from stepdown.audit.results import (
    checks_table,
    findings_table,
    reconstruction_table,
    sensitivity_table,
    summary_table,
    tables,
)
from stepdown.audit.sentences import (
    HEADLINE_LIMIT,
    OVERALL_LIMIT,
    about_headline,
    about_reconstruction,
    finding,
    headline_title,
    overall,
)
from stepdown.audit.weight import SEVERITIES, Weight
