"""Makes what stakeholders get from a run: pages, spreadsheet, PDF, Word file. Nothing else writes to release/.

Reads restricted/notebooks/*.ipynb (executed) and restricted/parts/*.json (what the books recorded); a run that holds
an output which no book made, or whose tables together give a small number away, gets no release.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from stepdown.disclosure import Plan, audit_release, faults_of
from stepdown.faults import Fault, Refused, refuse
from stepdown.params import DisclosurePolicy, Study
from stepdown.params.runs import FILES, PLAN_FILE, Format
from stepdown.release.answering import Answered, answered, write_findings
from stepdown.release.brief import brief_document
from stepdown.release.exhibits import analysed
from stepdown.release.page import Page, Site, notebook_page, notebook_title, study_page
from stepdown.release.portable import write_documents
from stepdown.release.shared import about_lines, made_on, site_of
from stepdown.release.spreadsheet import Sheet, write_spreadsheet
from stepdown.release.words import titles
from stepdown.tables import AddsUp, AggregateTable, Column, Role
from stepdown.workbook import ANALYSED


def build_release(
    folder: Path,
    study: Study | None,
    facts: Mapping[str, object],
    *,
    preview: bool = False,
    formats: Collection[Format] = tuple(FILES),
    previous: Path | None = None,
) -> list[str]:
    """Make release/ of the run in ``folder``; return messages for the user (what could not be made, and why).

    preview: make restricted/preview instead, of the first pass, in which nothing is hidden: pages only.
    formats: what else to make than the pages.  previous: the folder of the last published run, for what moved.

    folder: holds restricted/notebooks/*.ipynb and restricted/parts/*.json, and release/tables and release/figures as
    the books wrote them.  study: None for a report that is checked.  facts: title, run_id, started, code and the
    like, as in the manifest; what is missing is left out.
    Raises Refused when an output may not be released or a small number could be worked out.
    """
    release = folder / ("restricted/preview" if preview else "release")
    (release / "figures").mkdir(parents=True, exist_ok=True)
    (release / "tables").mkdir(parents=True, exist_ok=True)
    parts = read_parts(folder)
    tables, hidden = read_tables(folder, parts)
    if not preview:
        planned = (folder / PLAN_FILE).is_file()
        refuse(_not_as_planned(folder, hidden) if planned else _given_away(parts, tables, hidden, study))
    made = made_on(facts)
    site = replace(site_of(study, parts, facts), analysed=analysed(release / "tables" / "participant_flow.csv"))
    if preview:
        site = replace(site, title=f"{site.title}: not for release", notice=PREVIEW_NOTICE)
    notebooks = [_notebook(folder, part["notebook"]) for part in parts]
    titles = [notebook_title(nb, part["notebook"]) for nb, part in zip(notebooks, parts, strict=True)]
    links = [("index.html", "Summary"), *((f"{p['notebook']}.html", t) for p, t in zip(parts, titles, strict=True))]
    figures = release / "figures"
    found = answered(release, parts, study, previous)
    first = partial(_first_page, site, found, parts, titles, links)
    shorts = {finding.full: finding.short for finding in found.summary.findings}
    pages = [notebook_page(nb, part, site, links, figures, shorts) for nb, part in zip(notebooks, parts, strict=True)]
    named = zip(parts, titles, strict=True)
    sheets = [sheet for part, title in named for sheet in _sheets(part, title, release / "tables", site.analysed)]
    if preview:
        for page in (first(sheets), *pages):
            (release / page.file).write_text(_watermarked(page.html), encoding="utf-8")
        return []
    if "xlsx" in formats:
        main, about = found.summary.findings, about_lines(site)
        write_spreadsheet(release / FILES["xlsx"], title=site.title, about=about, sheets=sheets, made=made, main=main)
    write_findings(release, found, facts)
    brief = brief_document(site, found, parts, made) if {"pdf", "docx"} & set(formats) else ""
    messages = write_documents(release, site, [first(sheets), *pages], made, formats, brief)
    there = [file for file, _, _ in _OFFERED if (release / file).is_file()]
    for page in (first(sheets, there), *pages):
        (release / page.file).write_text(page.html, encoding="utf-8")
    return messages


PREVIEW_NOTICE = "Not for release. No small number is hidden on these pages; they stay with the evaluator."
_WATERMARK = """<style>body::before{content:"Not for release";position:fixed;inset:0;display:grid;place-items:center;
font-size:12vw;font-weight:700;color:#b00;opacity:.12;transform:rotate(-30deg);pointer-events:none;z-index:9}</style>
</head>"""


def _watermarked(html: str) -> str:
    return html.replace("</head>", _WATERMARK, 1)


def _not_as_planned(folder: Path, hidden: Mapping[str, Sequence[tuple[int, str]]]) -> list[Fault]:
    """Return a fault for each table that shows what the run's plan hides."""
    planned = Plan.read(json.loads((folder / PLAN_FILE).read_text(encoding="utf-8")))
    return [
        Fault(
            where=f"table {name}",
            found="a number hidden by the plan for the run",
            allowed="what the plan for the run shows",
            rule="tables are cleared together (docs/disclosure.md)",
            remedy="run again; if it happens again, report it with the version of Stepdown",
        )
        for name, places in planned.hidden.items()
        if name in hidden and not set(places) <= {*hidden[name], *((r, c) for r, c, _ in planned.stands.get(name, ()))}
    ]


def _given_away(
    parts: Sequence[Mapping[str, Any]],
    tables: Sequence[AggregateTable],
    hidden: Mapping[str, Sequence[tuple[int, str]]],
    study: Study | None,
) -> list[Fault]:
    """Return what tables that were cleared one by one give away together."""
    policy = policy_of(parts)
    return faults_of(audit_release(tables, hidden, policy), study.file.name if study else "the parameter file")


def policy_of(parts: Sequence[Mapping[str, Any]]) -> DisclosurePolicy:
    """Return the policy under which the books of a run cleared their tables."""
    return DisclosurePolicy.model_validate(
        {name: _frozen(value) for name, value in parts[0]["policy"].items() if name != "in_words"}
    )


def read_parts(folder: Path) -> list[dict[str, Any]]:
    """Return what each notebook's book recorded, in the order of the notebooks."""
    files = sorted((folder / "restricted" / "parts").glob("*.json"))
    if not files:
        raise Refused(
            [
                Fault(
                    where="restricted/parts",
                    found="no notebook recorded anything",
                    allowed="at least one notebook that shows its results through a book",
                    rule="only what a book shows is released (docs/disclosure.md, One gate)",
                    remedy="begin the notebook with workbook.begin(study, notebook=…, output=output)",
                )
            ]
        )
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


def read_tables(
    folder: Path, parts: Sequence[Mapping[str, Any]]
) -> tuple[list[AggregateTable], dict[str, list[tuple[int, str]]]]:
    """Return every table of a run as it was before disclosure control, and the (row, column) of what is not printed."""
    tables: dict[str, AggregateTable] = {}
    hidden: dict[str, list[tuple[int, str]]] = {}
    for part in parts:
        symbol = part["policy"]["symbol"]
        for name, about in part["tables"].items():
            columns = {
                n: Column(**{**c, "role": Role(c["role"]), "rests_on": tuple(c["rests_on"])})
                for n, c in about["columns"].items()
            }
            keys = {n: "str" for n, c in columns.items() if c.role is Role.KEY}
            empty = {n: [""] for n in columns if n not in keys}
            source = folder / "restricted" / "tables" / f"{name}.csv"
            frame = pd.read_csv(source, dtype=keys, keep_default_na=False, na_values=empty)
            sums = tuple(AddsUp(s["column"], tuple(s["within"]), s["total"]) for s in about["adds_up"])
            tables[name] = AggregateTable(name, about["one_row_is"], frame, columns, sums)
            hidden[name] = [
                (row, column)
                for row, marks in enumerate(about["marks"])
                for column, mark in zip(columns, marks, strict=True)
                if mark == symbol
            ]
    return list(tables.values()), hidden


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _notebook(folder: Path, name: str) -> Any:
    return json.loads((folder / "restricted" / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))


def _findings(part: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {"sentence": item["sentence"], "limit": item["limit"]} for item in part["shown"] if item["kind"] == "finding"
    ]


_OFFERED = (
    ("brief.pdf", "Two pages to forward, as PDF", "the first page and four charts"),
    ("brief.docx", "Two pages to forward, as Word", "to edit"),
    (FILES["xlsx"], "All tables as a spreadsheet", "Excel, the main figures first"),
    (FILES["pdf"], "The whole report as PDF", "tagged, to read or print"),
    (FILES["docx"], "The whole report as Word", "to edit"),
)


def _first_page(
    site: Site,
    found: Answered,
    parts: Sequence[Mapping[str, Any]],
    titles: Sequence[str],
    links: Sequence[tuple[str, str]],
    sheets: Sequence[Sheet],
    files: Collection[str] = (),
) -> Page:
    """Return the study's first page. files: those of ``_OFFERED`` that it leads to."""
    shown = [
        {"title": title, "href": f"{part['notebook']}.html", "anchor": f"part-{n}", "findings": _findings(part)}
        for n, (part, title) in enumerate(zip(parts, titles, strict=True), 1)
    ]
    downloads = [
        {"href": file, "text": text, "about": f" ({about})"} for file, text, about in _OFFERED if file in files
    ]
    tables = [{"href": f"tables/{sheet.name}.csv", "text": sheet.title} for sheet in sheets]
    return study_page(site, shown, links, downloads, tables, found)


def _sheets(part: Mapping[str, Any], title: str, tables: Path, analysed: str) -> list[Sheet]:
    """Return the tables of one notebook as sheets; a table that two notebooks share stands with the first."""
    source = part.get("source", "").replace(ANALYSED, analysed)
    captions: dict[str, str] = {}
    for item in part["shown"]:
        if item["kind"] == "table":  # one that is shown in parts has a title of its own
            name, caption = item["name"], item["caption"]
            parted = captions.get(name, caption) != caption
            captions[name] = titles().get(name, captions[name]) if parted else caption
    return [
        replace(
            _one_sheet(name, captions.get(name) or _readable(name, table), table, tables / f"{name}.csv"),
            page=title,
            source=source,
        )
        for name, table in part["tables"].items()
        if table["marks"] and (tables / f"{name}.csv").is_file()  # without rows there is nothing to open
    ]


def _readable(name: str, table: Mapping[str, Any]) -> str:
    """Return the title of a table that no page shows; a table of one's own has its name and what a row is."""
    return titles().get(name) or f"{name.replace('_', ' ').capitalize()} (one row: {table['one_row_is']})"


def _one_sheet(name: str, title: str, table: Mapping[str, Any], file: Path) -> Sheet:
    columns = list(table["columns"].values())
    with file.open(encoding="utf-8", newline="") as source:
        _, *raw = csv.reader(source)
    formats = tuple(_format(column) for column in columns)
    rows = tuple(
        tuple(_cell(text, mark, form) for text, mark, form in zip(line, marks, formats, strict=True))
        for line, marks in zip(raw, table["marks"], strict=True)
    )
    return Sheet(
        name=name,
        title=title,
        headings=tuple(_heading(column) for column in columns),
        rows=rows,
        formats=formats,
        symbols=table["symbols"],
        one_row_is=table["one_row_is"],
    )


def _heading(column: Mapping[str, Any]) -> str:
    unit = column["unit"]
    return f"{column['label']} ({unit})" if unit and unit.lower() not in column["label"].lower() else column["label"]


def _format(column: Mapping[str, Any]) -> str:
    if column["role"] == "key" or (column["role"] == "open" and column["decimals"] is None):
        return ""
    decimals = column["decimals"]
    if column["unit"] == "p" or column["label"].lower().startswith("p value"):
        return '[<0.0005]"<0.001";0.000'
    if decimals is None:
        return "General"
    digits = "#,##0" + ("." + "0" * decimals if decimals else "")
    return f"£{digits};−£{digits}" if column["unit"].startswith("£") else f"{digits};−{digits}"


_SAID = {"True": "yes", "False": "no"}
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")


def _cell(text: str, mark: str, form: str) -> Any:
    """Return a cell of the file as a number where its column holds numbers; a symbol in square brackets."""
    if mark:
        return f"[{mark}]"
    if form and _NUMBER.fullmatch(text):
        return float(text) if re.search(r"[.eE]", text) else int(text)
    if text in _SAID:
        return _SAID[text]
    return text[1:] if text.startswith("'") else text  # the apostrophe that keeps a CSV file harmless


def point_to_release(folder: Path) -> None:
    """Where nothing is hidden, let the preview lead to the release, which shows everything."""
    preview = folder / "restricted" / "preview" / "index.html"
    if not preview.is_file():
        preview.parent.mkdir(parents=True, exist_ok=True)
        words = "Nothing is hidden in this study: its release shows everything."
        page = f'<p>{words}</p><p><a href="../../release/index.html">Open the release</a></p>'
        head = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Not for release</title></head>'
        preview.write_text(_watermarked(f"{head}<body>{page}</body></html>"), encoding="utf-8")
