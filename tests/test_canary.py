"""A study whose ids, names, notes and dates cannot be mistaken: none of them leaves the building, none is in a log."""

import json
import re
import shutil
import zipfile

import nbformat
import pandas as pd
import pytest
from fixtures.canary import FILE_MARK, MARK, canary_run, published_canary
from stepdown.params.loading import read_yaml

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(store):
    """The project with its run, which all share: to be read only."""
    return store.get("millbrook", published_canary)


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
    said = (project / "said.txt").read_text(encoding="utf-8")
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
    no_ids(run, said)


def no_ids(run, said):
    """Assert that no id stands in what the terminal showed, in a log, or in an executed notebook."""
    assert MARK not in said
    assert FILE_MARK not in said
    for file in [*run.rglob("*.log"), *run.rglob("*.jsonl"), *run.rglob("manifest.json"), *run.rglob("*.ipynb")]:
        text = file.read_text(encoding="utf-8")
        assert MARK not in text, file
        assert FILE_MARK not in text or file.name == "manifest.json", file


def test_after_a_run_that_fails_in_every_notebook_there_is_no_release_and_no_id_in_a_log(project, tmp_path):
    project = shutil.copytree(project, tmp_path / "own", symlinks=True)
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for file in sorted((project / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(file, as_version=4)
        notebook.cells.append(nbformat.v4.new_code_cell("raise ValueError(book.records.children.to_string())"))
        nbformat.write(notebook, folder / file.name)
    before = (project / "outputs" / "canary" / "latest").resolve()
    done = canary_run(project, "--notebooks", str(folder), "--force")
    assert done.returncode != 0
    assert MARK not in done.stdout + done.stderr
    outputs = project / "outputs" / "canary"
    assert before.is_dir()
    assert (outputs / "latest").resolve() == before
    for file in sorted(outputs.rglob("*")):
        if file.is_file() and (file.suffix in (".log", ".jsonl") or file.name == "manifest.json"):
            assert MARK not in file.read_text(encoding="utf-8"), file
    for failed in (outputs / "failed").glob("*"):
        assert not (failed / "release").exists()
        for file in failed.rglob("parts/*.json"):
            assert MARK not in json.dumps(json.loads(file.read_text(encoding="utf-8")))
