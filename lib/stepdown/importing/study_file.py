"""The parameter files that are written for a user: all that is known filled in, ``???`` where a person writes."""

from __future__ import annotations

import json
import re
from typing import Any

import jinja2

from stepdown.importing import report
from stepdown.importing.cells import ETHNICITIES
from stepdown.importing.council import Imported

_ISSUES = {"drugs": "Drug misuse", "alcohol": "Alcohol misuse"}
_PLAIN = re.compile(r"(?!(true|false|yes|no|on|off|null|y|n)$)[A-Za-z]([\w ./()*+-]*[\w)])?", re.IGNORECASE | re.ASCII)
"""A text that YAML reads as that text also without quotation marks."""
_FAMILIES = "No file of households was given: each child counts as a family of its own, so intervals are too narrow."


def study_file(imported: Imported) -> str:
    """Return the text of the study's parameter file."""
    settings = imported.settings
    factors, (first, last) = ", ".join(settings.comparison.factors), settings.comparison.authorised
    pool = f"an assessment authorised from {first:%-d %B %Y} to {last:%-d %B %Y} with a factor of {factors}"
    reasons = sorted({member.excluded for member in imported.members if member.excluded})
    rules = "; ".join(sentence for setting, sentence in report.rules(imported) if setting != "covered")
    limits = ["Nothing was done to make the two groups alike before they are compared."]
    return filled(
        "study.yaml.j2",
        name=settings.study,
        programme=settings.programme.name,
        comparison=settings.comparison.label,
        compared=f"children with {pool}, not on the programme's list and not in a household of a child on it",
        limits=limits if settings.households or settings.returns.ssd else [*limits, _FAMILIES],
        first=report.day_of(imported.covered.first_day),
        last=report.day_of(imported.covered.last_day),
        synthetic=settings.synthetic,
        provenance=f"Brought in from {'made-up' if settings.synthetic else 'the council’s'} statutory returns.",
        counting=f"How the returns were counted: {rules}.",
        reasons={re.sub(r"[^a-z]+", "_", reason.lower()): reason for reason in reasons},
        in_need=settings.decisions.in_need,
        care=settings.returns.looked_after != "none",
        ethnicities=ETHNICITIES,
        issues={issue: _ISSUES.get(issue, issue.replace("_", " ").capitalize()) for issue in settings.issues},
    )


def filled(template: str, package: str = "stepdown.importing", **values: Any) -> str:
    """Return a template of a parameter file with its values; ``text`` and ``plain`` write what YAML reads as it is."""
    places = jinja2.Environment(
        loader=jinja2.PackageLoader(package),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 (YAML, not a page)
    )
    places.filters["text"] = _quoted
    places.filters["plain"] = lambda text: text if _PLAIN.fullmatch(text) else _quoted(text)
    return places.get_template(template).render(**values)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
