"""``stepdown check --write-mapping``: writes into the study file which heading is which column.

What is recognised by another name today is then named in the file, and next month's extract needs no hand; what cannot
be told stands there as ``???`` with the likest headings beside it.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from stepdown.contracts import known_tables, sheet_of, table_files
from stepdown.contracts.as_held import without_totals
from stepdown.contracts.headings import Headings, folded, known_headings, near, other_words, told_apart
from stepdown.contracts.model import Contract
from stepdown.contracts.reading import read_raw
from stepdown.faults import Refused
from stepdown.params import Study, load_study, read_yaml
from stepdown.params.written import needs_day_first

REPORT = "match_report.csv"
_MOST_WORDS = 12
_RULE = "docs/your_own_data.md, the files"


def write_mapping(path: str) -> str:
    """Write the proposed lines into a study file and the match report beside its tables; return what was done."""
    study = load_study(path)
    columns: dict[str, list[str]] = {}
    codes: dict[str, list[str]] = {}
    rows: list[tuple[str, str, str, str]] = []
    day_first = False
    for table, file in table_files(study).items():
        contract, given = known_tables()[table], study.settings.data.columns.get(table, {})
        raw = read_raw(file, None, known_headings(contract, given), sheet_of(study, table))
        raw = without_totals(raw, Counter())
        told = told_apart(list(raw.columns), contract, given)
        columns[table] = column_lines(told, contract)
        raw = raw.rename(columns={h: c for h, c in told.columns.items() if c not in told.doubled})
        codes[table] = [line for field in contract.fields for line in _code_lines(raw, field.name, contract, study)]
        dates = [f.name for f in contract.fields if f.type == "date" and f.name in raw]
        day_first |= any(needs_day_first(text) for name in dates for text in raw[name].dropna().unique())
        rows += [(table, heading, told.columns.get(heading, ""), _how(told, heading)) for heading in told.all()]
    lines = ["dates: day_first"] if day_first and study.settings.data.dates != "day_first" else []
    lines += block("columns", columns) + block("codes", codes)
    _write_report(study, rows)
    said = [f"{table}: {heading!r} is {f'{column}, {how}' if column else how}" for table, heading, column, how in rows]
    if not lines:
        return "\n".join([*said, f"{study.name}: nothing to propose: every heading is already named"])
    _insert(study, lines)
    return "\n".join([*said, f"Written into {study.file.name} under data:", *(f"  {line}" for line in lines)])


def column_lines(told: Headings, contract: Contract) -> list[str]:
    """Return the lines of YAML that name the columns of a table that are not written as the contract writes them."""
    named = [f"{column}: {_quoted(heading)}" for heading, column in told.by_another_name().items()]
    others = told.ignored
    return named + [
        f"{column}: ??? # write its heading" + (f"; nearest: {', '.join(near(column, others))}" if others else "")
        for column in told.missing(contract)
    ]


def _code_lines(raw: pd.DataFrame, column: str, contract: Contract, study: Study) -> list[str]:
    """Return the lines that say which code each other word of a column is; ??? where it cannot be told."""
    codes = contract.codes(study).get(column) or contract.field(column).codes
    if not codes or column not in raw or contract.field(column).free:
        return []
    mine = study.settings.data.codes.get(contract.table, {}).get(column, {})
    words = other_words(column, mine)
    labels = codes.values() if isinstance(codes, Mapping) else ()
    known = {folded(text) for text in (*codes, *labels, *mine)}
    odd = [text for text in sorted(raw[column].dropna().unique()) if folded(text) not in known]
    if not odd or len(odd) > _MOST_WORDS:
        return []
    said = [f"  {_quoted(text)}: {words.get(folded(text)) or '???  # one of ' + ', '.join(codes)}" for text in odd]
    return [f"{column}:", *said]


def _how(told: Headings, heading: str) -> str:
    if heading in told.private:
        return "refused: it identifies a person"
    return told.how.get(heading, "not read")


def block(name: str, by_table: dict[str, list[str]]) -> list[str]:
    """Return lines by table as a section of YAML, or nothing."""
    held = {table: lines for table, lines in by_table.items() if lines}
    inner = [line for table, lines in held.items() for line in (f"  {table}:", *(f"    {line}" for line in lines))]
    return [f"{name}:", *inner] if inner else []


def _quoted(text: str) -> str:
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9 ]*[A-Za-z0-9]", text) and text.lower() not in ("true", "false", "null")
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _insert(study: Study, lines: list[str]) -> None:
    """Put the lines at the head of the file's section data; refuse where they cannot be put there without loss."""
    text = study.file.read_text(encoding="utf-8")
    there = read_yaml(study.file)["data"]
    own = [line.partition(":")[0] for line in lines if not line.startswith(" ")]
    head = re.search(r"^data:[ \t]*(#.*)?\n([ ]+)", text, re.MULTILINE)
    double = sorted(set(own) & set(there))
    if head is None or double:
        found = f"data.{double[0]} already" if double else "a section data that is not written line by line"
        remedy = "add these lines by hand:\n" + "\n".join(f"           {line}" for line in lines)
        raise Refused.for_one(study.file.name, found, "a section data that has none of its own", _RULE, remedy)
    proposed = ["# proposed by stepdown check --write-mapping: check each line", *lines]
    inserted = "".join(f"{head[2]}{line}\n" for line in proposed)
    study.file.write_text(text[: head.start(2)] + inserted + text[head.start(2) :], encoding="utf-8")


def _write_report(study: Study, rows: list[tuple[str, str, str, str]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([("table", "heading", "column", "how"), *rows])
    folder: Path = study.path(study.settings.data.folder)
    (folder / REPORT).write_text(out.getvalue(), encoding="utf-8")
