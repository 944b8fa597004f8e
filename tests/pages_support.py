"""Runs notebooks in this process, without a kernel, and makes the release from what their books show."""

import base64
import json
import os
from pathlib import Path
from unittest import mock

import nbformat
from stepdown.contracts import keep, read_study
from stepdown.params import load_people
from stepdown.params.runs import FILES, PLAN_FILE, RECORDS_FILE
from stepdown.release import building
from stepdown.release.planning import plan_run

ROOT = Path(__file__).resolve().parents[1]
FACTS = {
    "title": "A report that is checked",
    "run_id": "20260102T030405-abcdef",
    "started": "2026-01-02T03:04:05+00:00",
    "code": {"version": "0.1.0", "commit": "0123456789abcdef"},
}
STUDY_NOTEBOOKS = ("0_", "1_", "2_", "3_", "4_")


def execute(notebook, folder, parameter, value, root=ROOT):
    """Run a notebook's code with what it displays caught; write it as executed, as a kernel would."""
    nb = nbformat.read(notebook, as_version=4)
    space = {"__name__": "__main__"}
    caught = []

    def display(bundle, *, raw, metadata):
        assert raw
        data = {kind: base64.b64encode(v).decode() if isinstance(v, bytes) else v for kind, v in bundle.items()}
        caught.append(nbformat.v4.new_output("display_data", data, metadata=metadata))

    before = Path.cwd()
    os.chdir(root)
    try:
        with mock.patch("IPython.display.display", display):
            for cell in nb.cells:
                if cell.cell_type != "code":
                    continue
                caught.clear()
                exec(compile(cell.source, notebook.name, "exec"), space)
                if "parameters" in cell.metadata.get("tags", []):
                    space |= {parameter: value, "output": str(folder)}
                cell.outputs = list(caught)
    finally:
        os.chdir(before)
    target = folder / "restricted" / "notebooks" / notebook.name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(nb), encoding="utf-8")


def run_study(name, folder, root=ROOT, notebooks=None, documents=False, previous=None):
    """Run a study's notebooks and make its release; returns the folder of the release.

    Where numbers are hidden, in two passes as a run does: a plan for all tables is made between them. The records are
    read once, as a run reads them.
    previous: the folder of the last published run.
    """
    params = root / "params" / f"{name}.yaml"
    study = load_people(params)
    every = sorted((ROOT / "notebooks").glob("*.ipynb"))
    chosen = notebooks or [notebook for notebook in every if notebook.name.startswith(STUDY_NOTEBOOKS)]
    (folder / RECORDS_FILE).parent.mkdir(parents=True, exist_ok=True)
    keep(read_study(study), study, folder / RECORDS_FILE)
    if study.settings.disclosure.method != "none":
        (folder / PLAN_FILE).write_text("{}", encoding="utf-8")
        for notebook in chosen:
            execute(notebook, folder, "study", str(params), root)
        plan_run(folder, study, FACTS, previous)
    for notebook in chosen:
        execute(notebook, folder, "study", str(params), root)
    (folder / RECORDS_FILE).unlink()
    build(folder, study, documents)
    return folder / "release"


def build(folder, study, documents=False):
    return building.build_release(folder, study, FACTS, formats=tuple(FILES) if documents else ("html", "xlsx"))
