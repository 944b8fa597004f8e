"""The runner's truth: each way a notebook can end has its status and exit code, tested by ending one so."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest
from fixtures.run_project import BROKEN, GOOD, latest, manifest, project, run, whole


def failed_notebook(folder, name):
    kept = sorted((folder / "outputs" / "one" / "failed").iterdir())[-1]
    return json.loads((kept / "restricted" / "notebooks" / f"{name}.ipynb").read_text())


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("raises", 3, "raises, code cell 5: KeyError"),
        ("misses_a_name", 3, "NameError: name 'not_defined_anywhere' is not defined"),
        ("ends_early", 3, "SystemExit"),
        ("kills_its_kernel", 5, "SIGKILL"),
        ("crashes", 5, "exit code 7"),
        ("writes_the_same_file", 3, "another notebook had written restricted/tables/net_cost.csv"),
    ],
)
def test_a_notebook_that_does_not_end_well_has_its_exit_code_and_leaves_latest(finished_project, name, code, said):
    folder = finished_project("1_sum")
    before = latest(folder)
    shutil.copyfile(BROKEN / f"{name}.ipynb", folder / "notebooks" / f"{name}.ipynb")
    done = run(folder, "--force", *(["--isolated"] if code == 5 else []))  # a kernel that dies has to be a kernel
    assert done.returncode == code
    assert name in done.stdout
    assert said in done.stdout or name == "writes_the_same_file"
    assert len(done.stdout.splitlines()) < 40
    assert latest(folder) == before
    assert whole(before)
    kept = failed_notebook(folder, name)
    if code == 5:  # papermill alone would leave "completed" in every cell and no error anywhere
        assert any(o["output_type"] == "error" for c in kept["cells"] for o in c["outputs"])
    (folder / "notebooks" / f"{name}.ipynb").unlink()
    assert run(folder).returncode == 0


def test_no_value_of_a_record_reaches_a_log_or_the_terminal(tmp_path):
    folder = project(tmp_path, BROKEN / "raises.ipynb")
    done = run(folder)
    kept = sorted((folder / "outputs" / "one" / "failed").iterdir())[-1]
    logs = "".join((kept / "restricted" / name).read_text() for name in ("run.log", "run.jsonl"))
    assert "KeyError" in logs
    assert "CANARY" not in done.stdout + done.stderr + logs + (kept / "failed.json").read_text()
    for line in (kept / "restricted" / "run.jsonl").read_text().splitlines():
        assert {"time", "study", "event"} <= set(json.loads(line))


@pytest.mark.parametrize("isolated", [True, False])
def test_a_cell_that_never_ends_is_ended_at_the_time_limit(tmp_path, monkeypatch, isolated):
    from stepdown.params.runs import RunSettings
    from stepdown.run import subjects
    from stepdown.run.reporting import Progress
    from stepdown.run.running import Request
    from stepdown.run.running import run as run_all

    folder = project(tmp_path, BROKEN / "endless.ipynb")
    monkeypatch.setattr(subjects, "RunSettings", lambda: RunSettings(notebook_minutes=(4 if isolated else 1) / 60))
    request = Request(files=(str(folder / "params" / "one.yaml"),), isolated=isolated, pages=False)
    assert run_all(request, Progress()) == 4


def test_a_kernel_past_its_memory_limit_ends_in_the_cell_and_names_it(tmp_path, monkeypatch, capsys):
    from stepdown.params.runs import RunSettings
    from stepdown.run import subjects
    from stepdown.run.reporting import Progress
    from stepdown.run.running import Request
    from stepdown.run.running import run as run_all

    folder = project(tmp_path, BROKEN / "takes_all_memory.ipynb")
    monkeypatch.setattr(subjects, "RunSettings", lambda: RunSettings(memory_gb=2.0))
    request = Request(files=(str(folder / "params" / "one.yaml"),), isolated=True, pages=False)
    assert run_all(request, Progress()) in (3, 5)
    assert "takes_all_memory, code cell 3" in capsys.readouterr().out


def test_a_full_disk_ends_with_9_and_leaves_latest(tmp_path):
    folder = project(tmp_path, GOOD / "1_sum.ipynb")
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("needs the right to mount a small file system")
    try:
        assert run(folder, "--outputs", str(small)).returncode == 0
        before = (small / "one" / "latest").resolve()
        shutil.copyfile(BROKEN / "fills_the_disk.ipynb", folder / "notebooks" / "fills_the_disk.ipynb")
        done = run(folder, "--outputs", str(small))
        assert done.returncode == 9
        assert "No space left on device" in done.stdout
        assert (small / "one" / "latest").resolve() == before
        assert whole(before)
    finally:
        subprocess.run(["umount", "-l", small], check=True)


def test_a_folder_that_may_not_be_written_ends_with_9(tmp_path):
    folder = project(tmp_path, GOOD / "1_sum.ipynb")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    mounted = os.getuid() == 0  # root may write everywhere but on a read-only file system
    if mounted:
        words = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", closed]
        if subprocess.run(words, capture_output=True, check=False).returncode != 0:
            pytest.skip("needs the right to mount a read-only file system")
    try:
        done = run(folder, "--outputs", str(closed))
        assert done.returncode == 9
        assert "Cannot write" in done.stdout
        assert list(closed.iterdir()) == []
    finally:
        if mounted:
            subprocess.run(["umount", "-l", closed], check=True)


def test_the_executed_notebook_and_the_manifest_name_no_place_on_this_machine(tmp_path):
    folder = project(tmp_path, GOOD / "1_sum.ipynb", GOOD / "2_other.ipynb")
    assert run(folder).returncode == 0
    for file in latest(folder).rglob("*"):
        if file.is_file():
            assert str(folder).encode() not in file.read_bytes(), file.name
    facts = manifest(latest(folder))
    assert {n["name"]: n["status"] for n in facts["notebooks"]} == {"1_sum": "ok", "2_other": "ok"}
