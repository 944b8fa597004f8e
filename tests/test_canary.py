"""A study whose ids, names, notes and dates cannot be mistaken: none of them leaves the building, none is in a log."""

import json
import re
import shutil
import zipfile
from pathlib import Path

import nbformat
import pandas as pd
import pytest
import yaml
from fixtures.run_project import call
from stepdown.params.loading import read_yaml

ROOT = Path(__file__).resolve().parents[1]
MARK = "ZQCANARYX"
FILE_MARK = "ZQFILEX"
"""Stands in the files' names, which the study's settings give: the manifest has them, and nothing that leaves."""
TEXTS = {
    "child_id": "child",
    "family_id": "family",
    "file_id": "file",
    "reviewer_id": "reviewer",
    "exclusion_reason": "reason in free text",
    "reason_code": "reason of a referral",
    "item": "what was bought",
}
"""Every column whose words come from a record; all others hold codes of the study's file, and others are refused."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with Millbrook's records under ids that are canaries."""
    root = tmp_path_factory.mktemp("canary")
    shutil.copytree(ROOT / "params", root / "params")
    shutil.copytree(ROOT / "data", root / "data", ignore=shutil.ignore_patterns("published", "generators", "slough*"))
    shutil.copytree(ROOT / "notebooks", root / "notebooks", ignore=shutil.ignore_patterns("5_*", "6_*", ".*"))
    shutil.move(root / "data" / "millbrook", root / "data" / "canary")
    for file in (root / "data" / "canary").glob("*.csv"):
        frame = pd.read_csv(file, dtype="str", keep_default_na=False)
        for column, kind in TEXTS.items():
            if column in frame:
                frame[column] = [f"{MARK}-{kind}-{value}" if value else "" for value in frame[column]]
        frame.to_csv(file, index=False)
    settings = read_yaml(root / "params" / "millbrook.yaml")
    settings["data"]["folder"] = "data/canary"
    settings["data"]["files"] = {}
    for file in sorted((root / "data" / "canary").glob("*.csv")):
        settings["data"]["files"][file.stem] = f"{FILE_MARK} {file.name}"
        file.rename(file.with_name(f"{FILE_MARK} {file.name}"))
    settings.pop("exclusion_reasons")
    text = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
    (root / "params" / "canary.yaml").write_text(text, encoding="utf-8")
    return root


def stepdown(project, *words):
    return call(project, "run", "params/canary.yaml", "--outputs", "outputs", *words, timeout=600)


def bytes_of(file):
    """Yield (name, bytes) of a file, of each part of a zip in it, and of the text of a PDF."""
    content = file.read_bytes()
    yield file.name, content
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as parts:
            for name in parts.namelist():
                yield f"{file.name}/{name}", parts.read(name)
    if file.suffix == ".pdf":
        from pypdf import PdfReader

        for page in PdfReader(file).pages:
            yield f"{file.name} text", page.extract_text().encode()


def record_dates(project):
    """Return the dates of the records, but not those that the study's file names."""
    dates = set()
    for file in (project / "data" / "canary").glob("*.csv"):
        frame = pd.read_csv(file, dtype="str", keep_default_na=False)
        for column in frame.columns[frame.columns.str.endswith("_date")]:
            dates |= set(frame[column]) - {""}
    settings = read_yaml(project / "params" / "canary.yaml")
    return dates - {str(settings["data"].get(name)) for name in ("last_date", "first_date")}


def test_after_a_run_no_canary_is_in_any_byte_of_the_release_or_of_a_log(project):
    done = stepdown(project, "--formats", "html,xlsx,pdf,docx")
    assert done.returncode == 0, done.stdout + done.stderr
    run = project / "outputs" / "canary" / "latest"
    dates = {date.encode() for date in record_dates(project)}
    found_files = 0
    for file in sorted((run / "release").rglob("*")):
        if file.is_file():
            for name, content in bytes_of(file):
                found_files += 1
                assert MARK.encode() not in content, name
                assert FILE_MARK.encode() not in content, name
                text = content if file.suffix in (".html", ".csv", ".svg") or "/" in name or "text" in name else b""
                told = set(re.findall(rb"\b\d{4}-\d{2}-\d{2}\b", text)) & dates
                assert not told, (name, told)
    assert found_files > 30
    no_ids(project, run, done)


def no_ids(project, run, done):
    """Assert that no id stands in what the terminal showed, in a log, or in an executed notebook."""
    assert MARK not in done.stdout + done.stderr
    assert FILE_MARK not in done.stdout + done.stderr
    for file in [*run.rglob("*.log"), *run.rglob("*.jsonl"), *run.rglob("manifest.json"), *run.rglob("*.ipynb")]:
        text = file.read_text(encoding="utf-8")
        assert MARK not in text, file
        assert FILE_MARK not in text or file.name == "manifest.json", file


def test_after_a_run_that_fails_in_every_notebook_there_is_no_release_and_no_id_in_a_log(project, tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for file in sorted((project / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(file, as_version=4)
        notebook.cells.append(nbformat.v4.new_code_cell("raise ValueError(book.records.children.to_string())"))
        nbformat.write(notebook, folder / file.name)
    before = (project / "outputs" / "canary" / "latest").resolve() if (project / "outputs").exists() else None
    done = stepdown(project, "--notebooks", str(folder), "--force")
    assert done.returncode != 0
    assert MARK not in done.stdout + done.stderr
    outputs = project / "outputs" / "canary"
    assert before is None or (outputs / "latest").resolve() == before
    for file in sorted(outputs.rglob("*")):
        if file.is_file() and (file.suffix in (".log", ".jsonl") or file.name == "manifest.json"):
            assert MARK not in file.read_text(encoding="utf-8"), file
    for failed in (outputs / "failed").glob("*"):
        assert not (failed / "release").exists()
        for file in failed.rglob("parts/*.json"):
            assert MARK not in json.dumps(json.loads(file.read_text(encoding="utf-8")))
