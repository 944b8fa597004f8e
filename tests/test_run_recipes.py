"""The recipes in docs/recipes, run as far as this machine can run them."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from fixtures.run_project import GOOD, latest, project, whole
from fixtures.whole_runs import DAG
from stepdown.run.jobs import Exit

ROOT = Path(__file__).resolve().parents[1]
RECIPES = ROOT / "docs" / "recipes"


def test_the_cron_line_runs_through_sh(tmp_path):
    folder = project(tmp_path / "a project", GOOD / "2_other.ipynb", names=("slough_ifp",))
    (folder / ".venv" / "bin").mkdir(parents=True)
    command = folder / ".venv" / "bin" / "stepdown"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m stepdown.commands.main "$@" --no-pages --isolated\n')
    command.chmod(0o755)
    (line,) = [text for text in (RECIPES / "crontab").read_text().splitlines() if re.match(r"^[\d*]", text)]
    fields = line.split(None, 5)
    assert fields[:5] == ["15", "6", "2", "*", "*"]
    shell = fields[5].replace(r"\%", "%")  # cron turns an escaped % into %, a bare one into a new line
    assert not re.search(r"(?<!\\)%", fields[5])
    done = subprocess.run(
        ["/bin/sh", "-c", shell],
        cwd="/",
        env={"STEPDOWN_PROJECT": str(folder), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "SHELL": "/bin/sh"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert whole(latest(folder, "slough_ifp"))
    assert (folder / "cron.log").read_text().endswith("exit 0\n")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_finds_no_fault_in_the_units(tmp_path):
    for name in ("stepdown.service", "stepdown.timer"):
        text = (RECIPES / name).read_text().replace("/srv/stepdown/.venv/bin/stepdown", "/bin/true")
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", *(str(tmp_path / name) for name in ("stepdown.service", "stepdown.timer"))],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning"},
    )
    said = [line for line in (done.stdout + done.stderr).splitlines() if "stepdown" in line]
    assert said == []


def test_the_workflow_is_yaml_that_github_would_take_and_its_shell_is_sound():
    workflow = yaml.safe_load((RECIPES / "github-workflow.yml").read_text())
    assert set(workflow) == {"name", True, "permissions", "concurrency", "jobs"}  # YAML 1.1 reads "on" as true
    (job,) = workflow["jobs"].values()
    assert {"runs-on", "timeout-minutes", "steps"} <= set(job)
    for step in job["steps"]:
        assert ("uses" in step) != ("run" in step)
        if "run" in step:
            subprocess.run(["bash", "-n", "-c", step["run"]], check=True)
    (script,) = [step["run"] for step in job["steps"] if step.get("name") == "Run the workbook"]
    for code, ends in ((0, 0), (6, 0), (7, 0), (3, 3), (9, 9)):
        stand_in = re.sub(r"\.venv/bin/stepdown run [^|]+", f"(exit {code})", script)
        done = subprocess.run(["bash", "-e", "-c", stand_in], capture_output=True, text=True, check=False)
        assert done.returncode == ends
        assert ("::warning::" in done.stdout) == (code in (6, 7))


def test_airflow_s_operator_call_works_on_every_notebook_for_a_study(study_run):
    """The operator calls pm.execute_notebook(input, output, parameters=…, progress_bar=False, report_mode=True)."""
    tree = ast.parse(DAG.read_text())
    (operator,) = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "PapermillOperator"
    ]
    assert {keyword.arg for keyword in operator.keywords} == {"task_id", "input_nb", "output_nb", "parameters"}
    run = study_run("slough_innovation_hub")
    tables = {file.name for file in (run / "restricted" / "tables").glob("*.csv")}
    assert {"profile.csv", "referrals.csv", "statutory_status.csv", "transitions.csv", "net_cost.csv"} <= tables


def test_the_table_of_exit_codes_names_every_code():
    text = (ROOT / "docs" / "scheduling.md").read_text()
    first = [line.split("|")[1] for line in text.splitlines() if re.match(r"^\| \d", line)]
    told = {int(number) for cell in first for number in re.findall(r"\d+", cell)}
    assert told == {int(code) for code in Exit}


def test_the_settings_shown_in_the_guide_are_settings():
    from stepdown.params import build
    from stepdown.params.runs import RunSettings

    (block,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "scheduling.md").read_text(), re.DOTALL)
    settings = build(yaml.safe_load(block)["run"], RunSettings, where="docs/scheduling.md")
    assert settings.warn[0].table == settings.headline[0] == "net_cost"
