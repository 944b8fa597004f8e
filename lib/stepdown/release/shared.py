"""What all pages of a run share: title, notices, the run in words, who is compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from stepdown.params import Study, StudySettings
from stepdown.params.data import SYNTHETIC
from stepdown.release.page import Site


def made_on(facts: Mapping[str, object]) -> datetime:
    """Return the run's start; a fixed date when it is not known."""
    text = str(facts.get("started", ""))
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return datetime(2020, 1, 1, tzinfo=UTC)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)


def site_of(study: Study | None, parts: Sequence[Mapping[str, Any]], facts: Mapping[str, object]) -> Site:
    """Return what all pages of a run share."""
    first = parts[0]
    title = study.settings.title if study else str(facts.get("title") or first["title"])
    code = facts.get("code")
    version = str(code.get("version", "")) if isinstance(code, Mapping) else str(facts.get("version", ""))
    made = made_on(facts)
    date = f"{made.day} {made:%B %Y}" if facts.get("started") else ""
    footer = f"Made with Stepdown {version}".strip() + (f" on {date}" if date else "") + "."
    if facts.get("run_id"):
        footer += f" Run {facts['run_id']}."
    footer += " Figures are rounded one by one, so they may not add up exactly."
    made_up = "synthetic data" if first["notice"].startswith(SYNTHETIC) else ""
    return Site(
        title=title,
        notice=first["notice"],
        footer=footer,
        policy=first["policy"]["in_words"],
        facts=tuple(_rows(study, facts, version, date)),
        programme=_about_groups(study),
        questions=tuple(q if isinstance(q, str) else q.ask for q in study.settings.questions) if study else (),
        limits=study.settings.limits if study else (),
        date=date,
        source=", ".join(filter(None, (title, made_up, date, f"run {facts['run_id']}" if facts.get("run_id") else ""))),
    )


def _about_groups(study: Study | None) -> str:
    if study is None:
        return ""
    if not isinstance(study.settings, StudySettings):
        return f"{study.settings.programme_name}."
    groups = study.settings.groups
    name = study.settings.programme_name
    first = "" if name == groups.programme.label else f"{name}. "
    return (
        f"{first}{groups.programme.label}: {groups.programme.described_as}. "
        f"{groups.comparison.label}: {groups.comparison.described_as}."
    )


_DAYS = {
    "clipped": "only the days inside the window",
    "whole_spell": "every day of a spell that touches the period, also days outside it",
}


def _rows(study: Study | None, facts: Mapping[str, object], version: str, date: str) -> list[tuple[str, str]]:
    """Return the settings and versions that a reader may need, name and value."""
    rows = []
    if study:
        settings = study.settings
        last = settings.data.last_date
        months = "{0} months before and {0} months after"
        rows = [
            ("Study", study.name),
            *(
                [
                    ("Length of each period", months.format(settings.window_months)),
                    ("Days counted", _DAYS[settings.day_count]),
                    ("Ladder of statuses", " → ".join(("none", *settings.ladder))),
                ]
                if isinstance(settings, StudySettings)
                else []
            ),
            ("Published by", getattr(settings, "published_by", "")),
            ("Contact", getattr(settings, "contact", "")),
            ("Next update", getattr(settings, "next_update", "")),
            ("Records reach to", f"{last.day} {last:%B %Y}"),
            ("Records", settings.data.provenance),
            ("Seed of the random numbers", str(settings.seed)),
        ]
    code = facts.get("code")
    commit = str(code.get("commit") or "")[:10] if isinstance(code, Mapping) else ""
    rows += [
        ("Date of the run", date),
        ("Run", str(facts.get("run_id") or "")),
        ("Version of Stepdown", version + (f", commit {commit}" if commit else "")),
    ]
    return [(name, value) for name, value in rows if value]


def about_lines(site: Site) -> list[str]:
    """Return what the cover of the workbook says."""
    lines = [site.notice, site.programme, *(f"Question: {text}" for text in site.questions)]
    lines += [f"Keep in mind: {text}" for text in site.limits]
    return [line for line in (*lines, site.policy, site.footer) if line]
