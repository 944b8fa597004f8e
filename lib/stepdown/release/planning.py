"""Between the two passes of a run: all tables are laid side by side, and it is decided what may be shown of them.

The first pass shows everything, to the evaluator alone; its pages are restricted/preview. Its tables, as they are
before disclosure control, give the plan by which the books of the second pass clear theirs.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from stepdown.disclosure import Last, applied, made_plan
from stepdown.disclosure.affording import Merge, merged
from stepdown.faults import Fault, Refused
from stepdown.params import Study, read_yaml
from stepdown.params.runs import PLAN_FILE
from stepdown.release.building import build_release, read_parts, read_tables
from stepdown.tables import Role

Rows = dict[tuple[str, ...], dict[str, str]]

_PERIODS = re.compile(r"\w+ months? before and after")

APPLIED = "restricted/disclosure_applied.yaml"
"""What was hidden, merged and left out; a study file can name it under disclosure.pinned."""


def plan_run(folder: Path, study: Study, facts: Mapping[str, object], previous: Path | None) -> list[str]:
    """Make the plan of a run whose first pass is whole, its preview, and room for the second pass; return it in words.

    folder: the run's, with restricted/parts and restricted/tables of the first pass; these go.  previous: the last
    published run.  Raises Refused when the study asks to see the plan first (finish: ask).
    """
    policy = study.settings.disclosure
    parts = read_parts(folder)
    if policy.between_releases == "keep" and _other_periods(parts, previous):
        policy = policy.model_copy(update={"between_releases": "hide"})  # what was counted then answers nothing now
    tables, _ = read_tables(folder, parts)
    pinned = read_yaml(study.path(policy.pinned)) if policy.pinned else {}
    broad = study.settings.broad_groups()
    plan = made_plan(tables, policy, pinned=pinned, last=last_release(previous), broad=broad)
    done = applied(plan, tables, policy)
    words = yaml.safe_dump(done, sort_keys=False, allow_unicode=True, width=110)
    (folder / APPLIED).write_text(words, encoding="utf-8")
    (folder / PLAN_FILE).write_text(json.dumps(plan.written()), encoding="utf-8")
    build_release(folder, study, facts, preview=True)
    if policy.finish == "ask" and not policy.pinned:
        raise Refused([_asked(study)])
    for part in ("tables", "parts", "notebooks"):
        shutil.rmtree(folder / "restricted" / part)
    moved = done["moved_by_few_since_the_last_release"] if policy.between_releases == "warn" else ()
    return [plan.in_words(), *(f"changed by few children since the last release, and shown: {item}" for item in moved)]


def _other_periods(parts: Sequence[Mapping[str, Any]], previous: Path | None) -> bool:
    """Say whether a notebook of the last run counted other periods; its source line names their length."""
    now, then = (
        {part["notebook"]: found[0] for part in each if (found := _PERIODS.search(part["source"]))}
        for each in (parts, read_parts(previous) if previous else ())
    )
    return any(then.get(notebook, length) != length for notebook, length in now.items())


def _asked(study: Study) -> Fault:
    return Fault(
        where=f"{study.file.name}, disclosure.finish",
        found="ask, and nothing pinned yet",
        allowed="a plan that was read by the evaluator",
        rule="with finish: ask a release waits for the evaluator (docs/disclosure.md)",
        remedy=f"read {APPLIED} of this run, copy it beside the study's file and name it under disclosure.pinned",
    )


def last_release(run: Path | None) -> Last:
    """Return the last published release: what it printed, what it hid and how it was made."""
    if run is None or not (run / "release" / "tables").is_dir():
        return Last()
    parts = read_parts(run)
    applied_then = read_yaml(run / APPLIED) if (run / APPLIED).is_file() else {}
    printed = _released(run, parts)
    return Last(printed, _hidden_then(run, parts, applied_then, printed), applied_then)


def _released(run: Path, parts: Sequence[Mapping[str, Any]]) -> dict[str, Rows]:
    """Return the numbers that a run printed, as text: by table, values of the key columns, and column."""
    found: dict[str, Rows] = {}
    for part in parts:
        for name, about in part["tables"].items():
            file = run / "release" / "tables" / f"{name}.csv"
            keys = [column for column, meaning in about["columns"].items() if meaning["role"] == "key"]
            if file.is_file():
                with file.open(encoding="utf-8", newline="") as source:
                    rows = list(csv.DictReader(source))
                found[name] = {tuple(r[k] for k in keys): {c: t for c, t in r.items() if c not in keys} for r in rows}
    return found


def _hidden_then(
    run: Path, parts: Sequence[Mapping[str, Any]], applied_then: Mapping[str, Any], printed: dict[str, Rows]
) -> dict[str, Rows]:
    """Return what the counts were that a run hid; what had been printed of them before is added to ``printed``."""
    tables = {table.name: table for table in read_tables(run, parts)[0]}
    for item in applied_then.get("merged") or ():
        if changed := merged(tables[item["table"]], Merge.read(item)):
            tables[item["table"]] = changed
    found: dict[str, Rows] = {}
    for name, table in tables.items():
        names = table.keys()
        keys = [tuple(values) for values in table.frame[names].astype("str").itertuples(index=False, name=None)]
        place = {values: row for row, values in enumerate(keys)}
        for item in applied_then.get("hidden") or ():
            values = tuple(str(item["where"].get(key, "")) for key in names)
            then = printed.get(name, {}).get(values, {}).get(item["column"], "")
            if item["table"] != name or values not in place or then.isdecimal():  # what stood again is no symbol
                continue
            number = table.frame[item["column"]].iloc[place[values]]
            if table.columns[item["column"]].role in (Role.COUNT, Role.BASE) and not pd.isna(number):
                found.setdefault(name, {}).setdefault(values, {})[item["column"]] = str(int(number))
            if "last_printed" in item:
                printed.setdefault(name, {}).setdefault(values, {})[item["column"]] = str(item["last_printed"])
    return found
