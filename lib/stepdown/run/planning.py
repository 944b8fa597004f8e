"""What one study's run will do: which notebooks run, which are taken over unchanged, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stepdown.run.fingerprints import digest_file, named_files, notebook_parts, what_changed
from stepdown.run.folders import MANIFEST
from stepdown.run.jobs import Status
from stepdown.run.kinds import Need, Subject
from stepdown.run.parameters import Notebook


@dataclass(frozen=True, slots=True)
class Step:
    """One notebook of a run: RUN it (status None), take it over (UNCHANGED), or leave it (NOT_ASKED, NO_DATA).

    parameters: what is injected, without ``output``.  parts: the hashes that its result depends on.
    reason: why it runs or does not, in words.
    """

    notebook: Notebook
    parameters: dict[str, Any]
    parts: dict[str, str]
    status: Status | None
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps of one study, the hash of each input (by path from the project root), and the last whole run."""

    subject: Subject
    steps: tuple[Step, ...]
    inputs: dict[str, str]
    previous: Path | None
    previous_manifest: dict[str, Any]

    def to_run(self) -> tuple[Step, ...]:
        """Return the steps whose notebook has to run."""
        return tuple(step for step in self.steps if step.status is None)


def read_manifest(run: Path | None) -> dict[str, Any]:
    """Return the manifest of a run; empty without one, or when it cannot be read."""
    if run is None:
        return {}
    try:
        manifest = json.loads((run / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def input_hashes(subject: Subject) -> dict[str, str]:
    """Return the SHA-256 of every file that the parameter file names, by its path from the project root."""
    folder = subject.study.settings.data.folder if subject.study else None
    files = named_files(subject.root, subject.settings, folder)
    return {file.relative_to(subject.root).as_posix(): digest_file(file) for file in files}


def planned(
    subject: Subject,
    notebooks: Sequence[Notebook],
    overrides: Mapping[str, Mapping[str, Any]],
    previous: Path | None,
    *,
    force: bool,
) -> Plan:
    """Return what a run of the subject will do."""
    inputs, manifest = input_hashes(subject), read_manifest(previous)
    before = {entry["name"]: entry for entry in manifest.get("notebooks", [])}
    steps = []
    for notebook in notebooks:
        parameters = {subject.kind.parameter: subject.shown_file(), **overrides.get(notebook.name, {})}
        parts = notebook_parts(notebook, parameters, subject.file, inputs)
        need = subject.kind.needs.get(notebook.name, Need())
        status: Status | None
        if need.section and not subject.settings.get(need.section):
            status, reason = Status.NOT_ASKED, f"the file has no section {need.section!r}"
        else:
            status, reason = _status(before.get(notebook.name), parts, previous, force)
        steps.append(Step(notebook, parameters, parts, status, reason))
    return Plan(subject, tuple(steps), inputs, previous, manifest)


def _status(
    entry: Mapping[str, Any] | None, parts: Mapping[str, str], previous: Path | None, force: bool
) -> tuple[Status | None, str]:
    if entry is None or previous is None:
        return None, "first run"
    if force:
        return None, "--force"
    if entry["status"] == Status.NO_DATA and not what_changed(entry["parts"], parts):
        return Status.NO_DATA, entry["reason"]
    if entry["status"] not in (Status.OK, Status.UNCHANGED):
        return None, "it has no result yet"
    changed = what_changed(entry["parts"], parts)
    if changed:
        return None, changed
    for output in entry["outputs"]:
        file = previous / output["file"]
        if not file.is_file() or digest_file(file) != output["sha256"]:
            return None, "the last run's files were altered"
    return Status.UNCHANGED, f"as in {previous.name}"
