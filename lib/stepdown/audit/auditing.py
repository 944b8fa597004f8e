"""Runs an audit: reads the relations and the figures, makes every check, weighs the findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stepdown.audit import arithmetic, possible, unit_costs
from stepdown.audit.checking import Check, notes, overlaps
from stepdown.audit.figures import Figures, Span, exact
from stepdown.audit.headline import Outcome, check_headline, model_of, sensitivity
from stepdown.audit.reconstruction import Reconstructed, check_reconstruction
from stepdown.audit.relations import AuditSettings, Reconstruction
from stepdown.audit.weight import SEVERITIES, Weight, built_on, weigh
from stepdown.faults import Fault, Refused, refuse
from stepdown.params.loading import find_file, load, project_root
from stepdown.published import Report, parse, read

_CHECKS: dict[str, Callable[..., list[Check]]] = {
    "percent": arithmetic.check_percent,
    "total": arithmetic.check_total,
    "mean": arithmetic.check_mean,
    "change": arithmetic.check_change,
    "percent_change": arithmetic.check_percent_change,
    "scaled": arithmetic.check_scaled,
    "same": arithmetic.check_same,
    "distinct": arithmetic.check_distinct,
    "order": arithmetic.check_order,
    "grim": possible.check_grim,
    "grimmer": possible.check_spread,
    "debit": possible.check_spread,
    "capacity": possible.check_capacity,
    "stated_n": possible.check_stated_n,
    "unit_cost": unit_costs.check_unit_cost,
    "label": possible.check_label,
    "printing": possible.check_printing,
    "categories": arithmetic.check_categories,
}


@dataclass(frozen=True, slots=True)
class Audit:
    """A finished audit.

    name: of the relations file.  checks with their weights, in the order of the file.  outcomes: the sensitivity of
    each headline.  reconstructed: what fits each reading.  settings, reports: what it was made from.
    """

    name: str
    settings: AuditSettings
    reports: dict[str, Report]
    checks: tuple[Check, ...]
    weights: tuple[Weight, ...]
    outcomes: tuple[Outcome, ...]
    reconstructed: tuple[Reconstructed, ...]

    def quote(self, check: Check) -> str:
        """Return the words of the report around the figure of a check, or an empty text when it stands in a table."""
        source, _, claim_id = check.output.partition("|")
        report = self.reports.get(source)
        return report.claims[claim_id].quote if report and claim_id in report.claims else ""

    def findings(self) -> list[tuple[Check, Weight]]:
        """Return the checks that failed and that rounding does not explain, the heaviest first."""
        both = [(c, w) for c, w in zip(self.checks, self.weights, strict=True) if c.is_finding]
        return sorted(both, key=_by_weight)


def _by_weight(pair: tuple[Check, Weight]) -> tuple[int, bool, float, int]:
    """Order findings: severity, single figures before sums, what the headline moves by, what is built on it."""
    check, weight = pair
    return SEVERITIES.index(weight.severity), len(check.about) > 1, -float(weight.moves), -len(weight.reaches)


def run_audit(path: str | Path) -> Audit:
    """Return the audit of the relations file at ``path``; raises Refused with the faults of the file or the figures.

    >>> result = run_audit("params/audit_rr1038.yaml")
    >>> len(result.checks), len(result.findings())
    (668, 30)
    """
    file = find_file(path)
    settings = load(file, AuditSettings)
    return audit(settings, file.stem, project_root(file))


def audit(settings: AuditSettings, name: str, root: Path) -> Audit:
    """Return the audit of ``settings``; folders of figures are relative to ``root``."""
    reports = {source: read(root / folder) for source, folder in settings.sources.items()}
    figures = Figures(settings, reports)
    checks, reconstructed = _all_checks(figures, name)
    models = tuple(model_of(h, figures.at(f"headline {h.name!r}")) for h in settings.headlines)
    checks = explain_copies([*checks, *map(check_headline, models)])
    outcomes = tuple(outcome for model in models for outcome in sensitivity(model, checks, figures))
    graph = built_on(checks)
    material = exact(settings.material_percent)
    weights = tuple(weigh(check, graph, models, outcomes, material) for check in checks)
    return Audit(name, settings, reports, tuple(checks), weights, outcomes, tuple(reconstructed))


def _all_checks(figures: Figures, name: str) -> tuple[list[Check], list[Reconstructed]]:
    """Make the checks of every relation; raises Refused with the faults of all of them."""
    checks: list[Check] = []
    reconstructed: list[Reconstructed] = []
    faults: list[Fault] = []
    for number, relation in enumerate(figures.settings.relations, 1):
        at = figures.at(f"relation {number} ({relation.kind})")
        try:
            for each in at.expanded(relation):
                if isinstance(each, Reconstruction):
                    made, results = check_reconstruction(each, at)
                    reconstructed += results
                else:
                    made = _CHECKS[each.kind](each, at)
                for check in made:
                    asked = each.question and check.family != "presentation"
                    checks.append(
                        replace(
                            check,
                            kind=check.kind or each.kind,
                            relation=at.where,
                            note=notes(each.note, check.note),
                            family="question" if asked else check.family,
                        )
                    )
        except Refused as refused:
            faults += [replace(fault, where=f"{name}.yaml, {fault.where}") for fault in refused.faults]
    refuse(faults)
    return checks, reconstructed


def explain_copies(checks: Sequence[Check]) -> list[Check]:
    """Return the checks, with a copy that differs explained where rounding can have made both figures.

    A figure that is worked out from rounded figures in one place and from unrounded ones in another may be printed
    in two ways. So a copy is explained when the figures behind the original can also come to the copy.
    """
    spans: dict[str, Span] = {}
    for check in checks:
        if check.span is not None:
            low, high = spans.get(check.output, check.span)
            spans[check.output] = (min(low, check.span[0]), max(high, check.span[1]))
    found = []
    for check in checks:
        span = spans.get(check.inputs[0]) if check.kind == "same" and check.is_finding and check.inputs else None
        number = parse(check.published)
        if span is not None and number is not None and number.well_grouped and overlaps(span, number):
            note = notes(check.note, "the figures behind it, before rounding, can give this too")
            check = replace(check, rounded=True, note=note)
        found.append(check)
    return found
