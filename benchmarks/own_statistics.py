"""A run over its own statistics: processor time of the default run, against that of its notebooks' sums alone.

    .venv/bin/python -m benchmarks.own_statistics     # every study of ``make run`` (three minutes)

The sums alone, as an evaluator's own script would have them: one process a study, which reads the records and does
what the cells of the study's notebooks do, once; nothing is laid out, saved, checked, hidden or shown. Beside it the
time inside the cells alone, without Python's start, the libraries and the settings.
"""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from stepdown.run.planning import Request, plans_of

from benchmarks.cells import ROOT

BEST = {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}  # more threads only wait for one another
_PR_SET_CHILD_SUBREAPER = 36


def seconds_of_all(words: list[str], said: Path) -> float:
    """Return the processor time of a command and of every process that it starts, also of those that outlive it."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = os.times()
    with said.open("w") as out:
        subprocess.Popen([sys.executable, "-m", *words], stdout=out, cwd=ROOT, env={**os.environ, **BEST})
    with suppress(ChildProcessError):
        while True:
            os.wait()
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    files = re.search(r"(?m)^STUDIES \?= (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"))[1].split()
    scripts = cells = 0.0
    with tempfile.TemporaryDirectory() as folder:
        outputs, said = Path(folder) / "outputs", Path(folder) / "said"
        for plan in plans_of(Request(files=tuple(files), outputs=outputs)):
            names = [step.notebook.name for step in plan.to_run()]
            subject = plan.subject
            words = ["benchmarks.cells", subject.shown_file(), subject.type.parameter, *names]
            taken = seconds_of_all(words, said)
            inside = float(said.read_text().splitlines()[-1])
            print(f"   {subject.name:24} script {taken:6.1f} CPU s, of which in its cells {inside:6.1f}", flush=True)
            scripts, cells = scripts + taken, cells + inside
        whole = seconds_of_all(["stepdown.commands.main", "run", *files, "--outputs", str(outputs)], said)
    print(f"   default run {whole:.1f}: {whole / scripts:.1f} times the scripts, {whole / cells:.1f} times their cells")


if __name__ == "__main__":
    main()
