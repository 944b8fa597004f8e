"""One notebook in a process of its own: a job as JSON on standard input, its outcome as JSON on standard output."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict, replace

from stepdown.run.executing import run_notebook
from stepdown.run.jobs import Job


def main() -> None:
    """Run the job on standard input with a stock kernel."""
    job = Job(**json.load(sys.stdin))
    with tempfile.TemporaryDirectory(prefix="stepdown-") as sockets:
        outcome = run_notebook(replace(job, server="", sockets=sockets))
    sys.stdout.write("\n" + json.dumps(asdict(outcome)) + "\n")


if __name__ == "__main__":
    main()
