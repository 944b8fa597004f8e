"""Between the two passes of a run: all tables are laid side by side, and it is decided what may be shown of them.

The first pass shows everything, to the evaluator alone; its pages are restricted/preview. Its tables, as they are
before disclosure control, give the plan by which the books of the second pass clear theirs.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from stepdown.disclosure import Plan, applied, made_plan
from stepdown.faults import Fault, Refused
from stepdown.params import Study, read_yaml
from stepdown.recording import PLAN_FILE
from stepdown.release.building import build_release, read_parts, read_tables

APPLIED = "restricted/disclosure_applied.yaml"
"""What was hidden, merged and left out; a study file can name it under disclosure.pinned."""


def plan_run(folder: Path, study: Study, facts: Mapping[str, object], previous: Path | None) -> Plan:
    """Make the plan of a run whose first pass is whole, its preview, and room for the second pass.

    folder: the run's, with restricted/parts and restricted/tables of the first pass; these go.  previous: the last
    published run.  Raises Refused when the study asks to see the plan first (finish: ask).
    """
    policy = study.settings.disclosure
    tables, _ = read_tables(folder, read_parts(folder))
    pinned = read_yaml(study.path(policy.pinned)) if policy.pinned else {}
    profile = study.settings.profile
    broad = {name: [profile.ethnicity[code] for code in codes] for name, codes in profile.ethnicity_groups.items()}
    plan = made_plan(tables, policy, pinned=pinned, last=released(previous) if previous else None, broad=broad)
    words = yaml.safe_dump(applied(plan, tables, policy), sort_keys=False, allow_unicode=True, width=110)
    (folder / APPLIED).write_text(words, encoding="utf-8")
    (folder / PLAN_FILE).write_text(json.dumps(plan.written()), encoding="utf-8")
    build_release(folder, study, facts, preview=True)
    if policy.finish == "ask" and not policy.pinned:
        raise Refused([_asked(study)])
    for part in ("tables", "parts", "notebooks"):
        shutil.rmtree(folder / "restricted" / part)
    return plan


def _asked(study: Study) -> Fault:
    return Fault(
        where=f"{study.file.name}, disclosure.finish",
        found="ask, and nothing pinned yet",
        allowed="a plan that was read by the evaluator",
        rule="with finish: ask a release waits for the evaluator (docs/disclosure.md)",
        remedy=f"read {APPLIED} of this run, copy it beside the study's file and name it under disclosure.pinned",
    )


def released(run: Path) -> dict[str, dict[tuple[str, ...], dict[str, str]]]:
    """Return the numbers that a published run printed, as text: by table, values of the key columns, and column."""
    found: dict[str, dict[tuple[str, ...], dict[str, str]]] = {}
    for part in read_parts(run):
        for name, about in part["tables"].items():
            file = run / "release" / "tables" / f"{name}.csv"
            keys = [column for column, meaning in about["columns"].items() if meaning["role"] == "key"]
            if file.is_file():
                with file.open(encoding="utf-8", newline="") as source:
                    found[name] = {tuple(row[k] for k in keys): _numbers(row, keys) for row in csv.DictReader(source)}
    return found


def _numbers(row: Mapping[str, Any], keys: list[str]) -> dict[str, str]:
    return {column: text for column, text in row.items() if column not in keys}
