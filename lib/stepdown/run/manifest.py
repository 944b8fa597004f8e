"""manifest.json: what a run was made from, what it did and what came out; docs/manifest.schema.json describes it."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stepdown.run.fingerprints import code_version, digest_file, digest_values, library_digest, packages
from stepdown.run.folders import EVENTS, MANIFEST, WORDS
from stepdown.run.jobs import Outcome
from stepdown.run.planning import Plan, Step

VERSION = 1


def facts_of(
    plan: Plan,
    run_id: str,
    started: str,
    outcomes: Mapping[str, Outcome],
    files: Mapping[str, Sequence[str]],
    staging: Path,
    rows: Mapping[str, int],
) -> dict[str, Any]:
    """Return everything of the manifest that is known before the pages are made.

    outcomes and files: by notebook; files are paths in the run folder.  rows: rows read, by table.
    """
    subject = plan.subject
    return {
        "manifest_version": VERSION,
        "run_id": run_id,
        "study": subject.name,
        "title": subject.title,
        "kind": subject.type.name,
        "started": started,
        "code": {**code_version(subject.root), "library_sha256": library_digest()},
        "parameters": {
            "file": subject.shown_file(),
            "sha256": plan.parameters_sha256,
            "resolved": subject.settings,
        },
        "seed": subject.settings.get("seed"),
        "disclosure": subject.settings.get("disclosure"),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": packages(),
        "inputs": [{"file": file, "sha256": digest, "bytes": plan.sizes[file]} for file, digest in plan.inputs.items()],
        "rows": {table: {"read": count, "refused": 0} for table, count in rows.items()},
        "notebooks": [
            _notebook(step, outcomes[step.notebook.name], files.get(step.notebook.name, ()), staging)
            for step in plan.steps
        ],
        "previous_run": plan.previous.name if plan.previous else None,
    }


def _notebook(step: Step, outcome: Outcome, files: Sequence[str], staging: Path) -> dict[str, Any]:
    return {
        "name": step.notebook.name,
        "status": str(outcome.status),
        "reason": outcome.reason,
        "seconds": outcome.seconds,
        "cell_seconds": list(outcome.cells),
        "ended_in_cell": outcome.cell,
        "trouble": asdict(outcome.trouble) if outcome.trouble else None,
        "parameters": step.parameters,
        "parts": step.parts,
        "outputs": [hashed(staging, file) for file in sorted(files) if (staging / file).is_file()],
    }


def hashed(folder: Path, file: str) -> dict[str, Any]:
    """Return a file of a run with its hash and size."""
    return {"file": file, "sha256": digest_file(folder / file), "bytes": (folder / file).stat().st_size}


def outputs_of(folder: Path) -> list[dict[str, Any]]:
    """Return every file of a run folder with its hash and size, without the manifest and the log."""
    apart = {MANIFEST, f"restricted/{EVENTS}", f"restricted/{WORDS}"}
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return [hashed(folder, name) for name in names if name not in apart]


def digest_for_id(plan: Plan, started: str) -> str:
    """Return the hash that stands in a run's name."""
    return digest_values([plan.subject.settings, plan.inputs, [step.parts for step in plan.steps], started])
