"""A whole study by size: notebooks 0, 1, 3 and 4, the plan of what is hidden, and the pages, for n children.

    .venv/bin/python -m benchmarks.whole_study 100000 400000 1000000

The made-up records of Millbrook are repeated with new ids (SYNTHETIC). Each step is done in a process of its own, whose
processor time and most memory are those that the operating system gives: what a run does, one step after another.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as the workers of a run have it, before numpy is loaded

import pandas as pd
from stepdown.run import warm  # noqa: F401 (as the workers of a run have it)
from stepdown.run.executing import run_notebook
from stepdown.run.finishing import make_pages, make_plan
from stepdown.run.planning import Request, plans_of, rows_and_gaps
from stepdown.run.running import pages_task
from stepdown.run.study_run import StudyRun

from benchmarks.cells import NOTEBOOKS, ROOT

IDS = ("child_id", "family_id", "referral_id")


def study_of(children: int, root: Path) -> Path:
    """Write Millbrook's records, repeated until there are so many children, and its parameter file; return that."""
    shutil.copytree(ROOT / "params", root / "params")
    for folder in ("millbrook", "reference"):
        shutil.copytree(ROOT / "data" / folder, root / "data" / folder)
    times = -(-children // len(pd.read_csv(ROOT / "data/millbrook/children.csv")))
    for file in (root / "data" / "millbrook").glob("*.csv"):
        table = pd.read_csv(file, dtype="str", keep_default_na=False)
        if "child_id" not in table:
            continue
        ids = [name for name in IDS if name in table]
        copies = [table.assign(**{name: f"{n}-" + table[name] for name in ids}) for n in range(times)]
        pd.concat(copies).to_csv(file, index=False)
    (root / "notebooks").mkdir()
    for name in NOTEBOOKS:
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", root / "notebooks")
    return root / "params" / "millbrook.yaml"


def measured(name: str, work: Callable[[], object]) -> None:
    """Do a step in a process of its own and print what it took."""
    pid = os.fork()
    if not pid:
        done = work()
        trouble = getattr(done, "trouble", None)
        if trouble:
            print(f"{name}: {trouble}", file=sys.stderr)
        os._exit(1 if trouble else 0)
    _, status, used = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"{name} failed")
    seconds = used.ru_utime + used.ru_stime
    TAKEN.append((seconds, used.ru_maxrss / 1024))
    print(f"  {name:<40} {seconds:7.1f} CPU s {used.ru_maxrss / 1024:8.0f} MB", flush=True)


TAKEN: list[tuple[float, float]] = []


def main(sizes: list[int]) -> None:
    for children in sizes:
        TAKEN.clear()
        print(f"{children:,} children")
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (plan,) = plans_of(Request(files=(str(study_of(children, root)),), outputs=root / "outputs"))
            private = root / "private"
            private.mkdir()
            before = resource.getrusage(resource.RUSAGE_SELF)
            study = StudyRun(plan, root / "outputs" / "millbrook", *rows_and_gaps(plan))
            after = resource.getrusage(resource.RUSAGE_SELF)
            reading = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            TAKEN.append((reading, after.ru_maxrss / 1024))
            print(f"  {'reading, checking and keeping':<40} {reading:7.1f} CPU s {after.ru_maxrss / 1024:8.0f} MB")
            study.begin("")
            for number, steps in enumerate((study.to_run, study.second_pass), 1):
                for step in steps():
                    job = study.job(step, isolated=False, private=str(private))
                    measured(f"{step.notebook.name}, pass {number}", lambda job=job: run_notebook(job))
                    from stepdown.run.jobs import Outcome, Status

                    study.ended(Outcome(study.name, step.notebook.name, Status.OK))
                task = pages_task(study, Request(files=()))
                if number == 1:
                    measured("plan of what is hidden, preview", lambda task=task: make_plan(task))
            measured("pages and spreadsheet", lambda task=task: make_pages(task))
        print(f"  {'all':<40} {sum(t for t, _ in TAKEN):7.1f} CPU s {max(m for _, m in TAKEN):8.0f} MB at most")


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [100_000])
