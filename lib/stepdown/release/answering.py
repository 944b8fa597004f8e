"""The answers of a run, from its released tables: for the first screen, for findings.json, and what moved."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from stepdown.answers import Finding, Summary, Tables, summary_of
from stepdown.numbers import written
from stepdown.params import Study, StudySettings
from stepdown.release.front import FINDINGS, read_findings
from stepdown.release.moved import compared
from stepdown.show.table import anchor_of


@dataclass(frozen=True, slots=True)
class Answered:
    """What a run answers.

    kind: study, check, case, area, monitoring, or "" for none of them.  about: date, children and period in a line.
    moved: how much moved since the last release, in a line.  movements: each main figure that did.
    """

    kind: str = ""
    summary: Summary = Summary()
    about: str = ""
    moved: str = ""
    movements: tuple[str, ...] = ()


NOTHING = Answered()


def answered(
    release: Path,
    parts: Sequence[Mapping[str, Any]],
    study: Study | None,
    previous: Path | None = None,
) -> Answered:
    """Return what a run answers.  release: with its tables.  previous: the folder of the last published run."""
    tables = released_tables(release, parts)
    settings = study.settings if study is not None and isinstance(study.settings, StudySettings) else None
    pages: dict[str, str] = {}
    recorded: dict[str, list[dict[str, str]]] = {}
    for part in parts:
        page = f"{part['notebook']}.html"
        shown = {item["name"] for item in part["shown"] if item["kind"] == "table"}
        places = {table: f"{page}#{anchor_of(table)}" if table in shown else page for table in part["tables"]}
        pages = places | pages
        for item in part["shown"]:
            if item["kind"] == "finding" and item.get("table"):
                said = {"sentence": item["sentence"], "limit": item["limit"], "page": places.get(item["table"], page)}
                recorded.setdefault(item["table"], []).append(said)
    found = summary_of(tables, recorded, pages, settings)
    if not found.kind:  # people who use a service: no one answer, so the first thing that was found
        told = [item["sentence"] for part in parts for item in part["shown"] if item["kind"] == "finding"]
        found = replace(found, sentence=told[0].partition(". ")[0].removesuffix(".") + "." if told else "")
    return Answered(found.kind, found, _about(tables, settings), *_moved(found.findings, release, previous))


def released_tables(release: Path, parts: Sequence[Mapping[str, Any]]) -> Tables:
    """Return the tables as they are released: keys as text, numbers as numbers, NA where a symbol stands."""
    meant = {name: about for part in reversed(parts) for name, about in part["tables"].items()}
    files = {name: release / "tables" / f"{name}.csv" for name in meant}
    return Tables(_Released({name: (file, meant[name]) for name, file in files.items() if file.is_file()}))


class _Released(Mapping[str, pd.DataFrame]):
    """The released tables by name, each read when it is asked for: a first page asks for few of them."""

    def __init__(self, known: Mapping[str, tuple[Path, Mapping[str, Any]]]) -> None:
        self._known = known
        self._read = cache(lambda name: _read(*known[name]))

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self._read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, name: object) -> bool:
        return name in self._known


def _read(file: Path, about: Mapping[str, Any]) -> pd.DataFrame:
    text = pd.read_csv(file, dtype="str", keep_default_na=False)
    marks = pd.DataFrame(about["marks"], columns=list(about["columns"]), dtype="str")
    shown = text.where(marks[list(text.columns)] == "")
    return pd.DataFrame({column: _values(shown[column], meaning) for column, meaning in about["columns"].items()})


def _values(column: pd.Series, meaning: Mapping[str, Any]) -> pd.Series:
    """Return a column of numbers as numbers, one of yes and no as such, and one of text as it is."""
    known = column.dropna()
    if len(known) and known.isin(["True", "False"]).all() and meaning["role"] != "key":
        return column.map({"True": True, "False": False}).astype("boolean")
    if meaning["role"] == "key" or (meaning["role"] == "open" and meaning["decimals"] is None):
        return column.fillna("")
    return pd.to_numeric(column, errors="coerce")


def _about(tables: Tables, settings: StudySettings | None) -> str:
    if settings is None:
        return ""
    sizes = [tables.cell("overlap_gate", f"n_{side}") for side in ("programme", "comparison")]
    children = " and ".join(f"{size.number:,.0f}" for size in sizes if size.known)
    months = settings.window_months
    period = f"{months} month{'s' * (months > 1)} before and after"
    return " · ".join(filter(None, (f"{children} children" if children else "", period)))


def write_findings(release: Path, found: Answered, facts: Mapping[str, Any]) -> None:
    """Write findings.json."""
    content = {
        "title": facts.get("title", ""),
        "run": facts.get("run_id", ""),
        "kind": found.kind,
        "about": found.about,
        "moved": found.moved,
        "movements": list(found.movements),
        "sentence": found.summary.sentence,
        "must_not_be_concluded": list(found.summary.must_not),
        "findings": [finding.written() for finding in found.summary.findings],
    }
    text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    (release / FINDINGS).write_text(text, encoding="utf-8")


def _moved(findings: Sequence[Finding], release: Path, previous: Path | None) -> tuple[str, tuple[str, ...]]:
    """Return in a line how much moved since the last release, and each main figure that did."""
    if previous is None or not (previous / "release" / "tables").is_dir():
        return "first release", ()
    then = {
        _key(value): value["shown"]
        for f in read_findings(previous / "release").get("findings", ())
        for value in f["values"]
    }
    now = {_key(value): value["shown"] for f in findings for value in f.written()["values"]}
    changed = [(key, then[key], shown) for key, shown in now.items() if key in then and then[key] != shown]
    cells = len(compared(previous, release.parent, "release", {}))
    since = f"since the release of {_day(previous)}"
    if not changed and not cells:
        return f"nothing moved {since}", ()
    named = [f"{', '.join(filter(None, key))}: {was} → {shown}" for key, was, shown in changed]
    in_all = f"In all tables, {written(cells, 'number')} moved."
    return f"{written(len(changed), 'main figure')} moved {since}", (*named, in_all)


def _key(value: Mapping[str, Any]) -> tuple[str, str]:
    return str(value["label"]), str(value["condition"])


def _day(run: Path) -> str:
    try:
        day = datetime.strptime(run.name[:8], "%Y%m%d")
    except ValueError:
        return run.name
    return f"{day.day} {day:%B %Y}"
