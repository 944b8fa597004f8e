"""Many small studies in one command: on two processes of this machine, and on a Dask cluster that loses a worker.

    .venv/bin/python -m benchmarks.councils          # 150 studies, notebooks 0 and 1 (about fifteen minutes)
    .venv/bin/python -m benchmarks.councils 12       # fewer

Made-up studies of 40 to 1,000 children, each under names of its own. Printed: seconds, and the share of two cores that
was kept busy from first to last. The second run goes to a cluster by its address; one of its two workers is killed
while it works. Ends with 1 when a study is not released, or a table differs by a byte.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from hashlib import sha256
from pathlib import Path

import distributed

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from made_up_studies import write  # noqa: E402

_SUBREAPER = 36
WORKERS, SEEDS, NOTEBOOKS = 2, 5, ("0_data_quality", "1_cohort_profile")


def written(studies: int, root: Path) -> None:
    """Write so many studies: the first few made-up ones again and again, under names of their own."""
    for number in range(studies):
        name, council = f"made_up_{number % SEEDS + 1:02d}", f"council_{number + 1:03d}"
        file = write(name, root)
        shutil.move(root / "data" / name, root / "data" / council)
        file.with_name(f"{council}.yaml").write_text(file.read_text(encoding="utf-8").replace(name, council))
        file.unlink()
    (root / "notebooks").mkdir()
    for notebook in NOTEBOOKS:
        shutil.copyfile(ROOT / "notebooks" / f"{notebook}.ipynb", root / "notebooks" / f"{notebook}.ipynb")


def run(root: Path, *words: str) -> tuple[float, float, int]:
    """Run every study; return seconds, processor seconds and the exit code."""
    files = sorted(file.relative_to(root).as_posix() for file in (root / "params").glob("council_*.yaml"))
    before, started = _used(), time.monotonic()
    command = [Path(sys.executable).with_name("stepdown"), "run", *files, "--workers", str(WORKERS), *words]
    ctypes.CDLL(None).prctl(_SUBREAPER, 1)  # what outlives the command's own processes is counted here too
    done = subprocess.run(command, cwd=root, stdout=subprocess.DEVNULL, check=False)
    with contextlib.suppress(ChildProcessError):
        while "--cluster" not in words:  # a cluster's own processes would never end
            os.wait()
    return time.monotonic() - started, _used() - before, done.returncode


def _used() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def tables(outputs: Path) -> dict[str, str]:
    """Return the hash of every table of every study, by its place without the run's name."""
    return {
        f"{file.parts[-5]}/{file.parts[-3]}/{file.name}": sha256(file.read_bytes()).hexdigest()
        for file in sorted(outputs.glob("*/latest/*/tables/*.csv"))
    }


def main(studies: int) -> int:
    """Run the studies both ways and compare."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        written(studies, root)
        seconds, used, here = run(root, "--outputs", "here")
        print(
            f"{studies} studies on {WORKERS} processes: {seconds:.0f} s, {used / studies:.1f} processor seconds a study"
        )
        print(f"cores busy: {used / seconds / WORKERS:.0%}", flush=True)
        cluster = distributed.LocalCluster(WORKERS, threads_per_worker=1, dashboard_address=None, scheduler_port=0)
        with cluster, distributed.Client(cluster) as client:
            first = next(iter(client.run(os.getpid).values()))
            threading.Timer(seconds / 4, os.kill, (first, signal.SIGKILL)).start()
            seconds, _, there = run(root, "--outputs", "there", "--cluster", cluster.scheduler_address)
        same = tables(root / "here") == tables(root / "there")
        found = len(tables(root / "here"))
    print(f"on a cluster that loses a worker: {seconds:.0f} s; {found} tables {'the same' if same else 'DIFFER'}")
    return int(bool(here or there or not same or not found))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 150))
