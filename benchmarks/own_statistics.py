"""A run over its own statistics: processor time of ``stepdown run``, against that of its notebooks' cells alone.

    .venv/bin/python -m benchmarks.own_statistics     # two studies with page, tables, charts (a minute)

The cells alone: once, in one process, nothing laid out, saved, checked or shown. A run has those, starts and pages
besides, and under ``suppress`` every notebook twice.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
from contextlib import suppress

from benchmarks.growth import seconds_alone
from benchmarks.whole_study import ROOT

STUDIES = ("slough_ifp", "millbrook")
_PR_SET_CHILD_SUBREAPER = 36


def seconds_of_all(words: list[str]) -> float:
    """Return the processor time of a command and of every process that it starts, also of those that outlive it."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = os.times()
    subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
    with suppress(ChildProcessError):
        while True:
            os.wait()
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    for study in STUDIES:
        file = f"params/{study}.yaml"
        alone = seconds_alone(ROOT / file)
        with tempfile.TemporaryDirectory() as outputs:
            words = [sys.executable, "-m", "stepdown.commands.main", "run", file, "--force", "--outputs", outputs]
            whole = seconds_of_all(words)
        print(f"   {study:12} run {whole:6.1f} CPU s; its cells alone {alone:6.1f}; {whole / alone:.1f} times")


if __name__ == "__main__":
    main()
