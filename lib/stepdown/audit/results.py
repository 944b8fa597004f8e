"""The tables of an audit. All their columns are open: every figure in them is published already."""

from __future__ import annotations

from typing import Any

from stepdown.audit.auditing import Audit
from stepdown.audit.checking import Check
from stepdown.audit.sentences import finding
from stepdown.tables import AggregateTable, Column, Role


def _open(label: str, about: str, unit: str = "", decimals: int | None = None) -> Column:
    return Column(label, Role.OPEN, unit, decimals, (), about)


def _key(label: str, about: str) -> Column:
    return Column(label, Role.KEY, about=about)


_PLACE = {
    "table": _open("Where", "The table of the report, or the line of the text."),
    "cell": _open("Figure", "Row and column, or the id of the claim."),
    "published": _open("Printed", "As printed."),
    "recomputed": _open("Comes to", "What the other figures give, or what is possible."),
}
_BUILT_ON = _open("Figures built on it", "Published figures that depend on it.", "", 0)


def _of(check: Check, *names: str) -> dict[str, Any]:
    return {name: getattr(check, name) for name in names}


def checks_table(audit: Audit) -> AggregateTable:
    """Return every check that was made; a row is one check, in the order of the relations file.

    >>> len(checks_table(result).frame)
    668
    """
    columns = {
        "check": _key("Check", "Number of the check."),
        "kind": _open("Kind", "Kind of the relation that it comes from."),
        **_PLACE,
        "holds": _open("Holds", "The printed figure is what the others give, by either rounding rule."),
        "explained_by_rounding": _open("Rounding explains it", "It is not, but some unrounded figures would give it."),
        "severity": _open("Severity", "headline, figure, question, presentation or none (docs/published_figures.md)."),
        "note": _open("Note", "What else the check says."),
        "relation": _open("Relation", "Where the relation is in the file."),
        "figures_built_on_it": _BUILT_ON,
    }
    rows = [
        {
            "check": f"{number:04d}",
            **_of(check, "kind", *_PLACE, "holds", "note", "relation"),
            "explained_by_rounding": check.rounded,
            "severity": weight.severity,
            "figures_built_on_it": len(weight.reaches),
        }
        for number, (check, weight) in enumerate(zip(audit.checks, audit.weights, strict=True), 1)
    ]
    return AggregateTable.of_rows("checks", "check", columns, rows)


def findings_table(audit: Audit) -> AggregateTable:
    """Return the findings, the heaviest first; a row is one figure that cannot be right, or that raises a question.

    >>> findings_table(result).frame["severity"].value_counts().to_dict()
    {'headline': 11, 'presentation': 8, 'question': 6, 'figure': 5}
    """
    columns = {
        "finding": _key("No.", "Rank by weight."),
        "severity": _open("Severity", "headline, figure, question or presentation (docs/published_figures.md)."),
        "kind": _open("Kind", "Kind of check."),
        **_PLACE,
        "explained_by_rounding": _open("Rounding explains it", "Always no: what rounding explains is not a finding."),
        "figures_built_on_it": _BUILT_ON,
        "headlines": _open("Headlines", "Headlines built on it."),
        "headline_moves_gbp": _open(
            "Headline moves by up to", "When this figure alone could be any possible value.", "£", 0
        ),
        "sentence": _open("Finding", "The finding in one sentence."),
    }
    rows = [
        {
            "finding": number,
            "severity": weight.severity,
            **_of(check, "kind", *_PLACE),
            "explained_by_rounding": check.rounded,
            "figures_built_on_it": len(weight.reaches),
            "headlines": "; ".join(weight.headlines),
            "headline_moves_gbp": float(weight.moves) if weight.headlines else None,
            "sentence": finding(check, weight, audit.quote(check)),
        }
        for number, (check, weight) in enumerate(audit.findings(), 1)
    ]
    return AggregateTable.of_rows("findings", "finding", columns, rows)


def summary_table(audit: Audit) -> AggregateTable:
    """Return how many checks held; a row is one kind of check, the last row all of them.

    >>> summary_table(result).frame.iloc[-1].tolist()
    ['all', np.int64(668), np.int64(619), np.int64(19), np.int64(30)]
    """
    columns = {
        "kind": _key("Kind of check", "Kind of check."),
        "checks": _open("Checks", "Checks made.", "checks", 0),
        "held": _open("Held", "The figure is what the others give.", "checks", 0),
        "explained_by_rounding": _open("Explained by rounding", "Not exactly, but rounding explains it.", "checks", 0),
        "findings": _open("Findings", "Rounding does not explain it.", "checks", 0),
    }
    kinds = sorted({check.kind for check in audit.checks})
    rows = []
    for kind in [*kinds, "all"]:
        chosen = [check for check in audit.checks if kind in ("all", check.kind)]
        held, rounded = sum(check.holds for check in chosen), sum(check.rounded for check in chosen)
        rows.append((kind, len(chosen), held, rounded, len(chosen) - held - rounded))
    return AggregateTable.of_rows("check_summary", "kind of check", columns, rows)


def sensitivity_table(audit: Audit) -> AggregateTable:
    """Return the range of each headline; a row is one headline in one scenario, in pounds.

    >>> sensitivity_table(result).frame["scenario"].iloc[0]
    'every figure as published'
    """
    columns = {
        "headline": _key("Headline", "The figure that the report stands on."),
        "scenario": _key("What if", "What is taken otherwise than published."),
        "published_gbp": _open("Printed", "The headline as printed.", "£", 0),
        "lowest_gbp": _open("Lowest", "The lowest that it can be in the scenario.", "£", 0),
        "highest_gbp": _open("Highest", "The highest that it can be in the scenario.", "£", 0),
        "moves_gbp": _open("Moves by up to", "Largest distance from the printed figure.", "£", 0),
        "stands": _open("Stands", "It moves by less than the file's material_percent."),
        "sign_can_change": _open("Sign can change", "The range holds figures on the other side of zero."),
    }
    material = audit.settings.material_percent
    rows = [
        {
            "headline": outcome.headline,
            "scenario": outcome.scenario,
            "published_gbp": float(outcome.published),
            "lowest_gbp": float(outcome.lowest),
            "highest_gbp": float(outcome.highest),
            "moves_gbp": float(outcome.moves()),
            "stands": float(outcome.moves()) * 100 < material * abs(float(outcome.published)),
            "sign_can_change": outcome.lowest * outcome.published < 0 or outcome.highest * outcome.published < 0,
        }
        for outcome in audit.outcomes
    ]
    return AggregateTable.of_rows("headline_sensitivity", "headline in one scenario", columns, rows)


def reconstruction_table(audit: Audit) -> AggregateTable:
    """Return what fits; a row is one cell of one reading: lowest and highest over every table that fits.

    >>> reconstruction_table(result).frame["reconstruction"].nunique()
    4
    """
    columns = {
        "reconstruction": _key("Flow", "Name of the reconstruction."),
        "reading": _key("Reading of the text", "How the words were read."),
        "before": _key("Before", "Row of the table."),
        "after": _key("After", "Column of the table."),
        "lowest": _open("Lowest", "Over every table that fits.", "children", 0),
        "highest": _open("Highest", "Over every table that fits.", "children", 0),
        "tables_that_fit": _open("Tables that fit", "How many tables of whole numbers fit.", "tables", 0),
        "identified": _open("Identified", "Exactly one table fits."),
    }
    rows = [
        {
            "reconstruction": result.name,
            "reading": result.reading,
            "before": before,
            "after": after,
            "lowest": result.lowest[i][j] if result.count else None,
            "highest": result.highest[i][j] if result.count else None,
            "tables_that_fit": result.count,
            "identified": result.identified,
        }
        for result in audit.reconstructed
        for i, before in enumerate(result.labels)
        for j, after in enumerate(result.labels)
    ]
    return AggregateTable.of_rows("reconstruction", "cell of a reading", columns, rows)


def tables(audit: Audit) -> tuple[AggregateTable, ...]:
    """Return every table of the audit, the findings first."""
    return (
        findings_table(audit),
        summary_table(audit),
        checks_table(audit),
        sensitivity_table(audit),
        reconstruction_table(audit),
    )
