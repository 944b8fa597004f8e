"""Forked kernels give what stock kernels give; the two differ in time only. A cluster gives the same too."""

from __future__ import annotations

import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from fixtures.run_project import GOOD, latest, project, run

linux = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")


def outputs(run_folder, name):
    """Return what each cell showed, without what names an object or a time."""
    cells = json.loads((run_folder / "restricted" / "notebooks" / f"{name}.ipynb").read_text())["cells"]
    shown = [(o.get("text"), o.get("data"), o.get("name")) for c in cells for o in c.get("outputs", [])]
    return re.sub(r"0x[0-9a-f]{6,}", "0x", json.dumps(shown))


def events(run_folder):
    lines = (run_folder / "restricted" / "run.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == "notebook_ended"]


@linux
def test_a_forked_kernel_gives_what_a_stock_kernel_gives(tmp_path):
    folder = project(tmp_path, GOOD / "3_figure.ipynb")
    assert run(folder, "--isolated", "--force").returncode == 0
    stock = latest(folder)
    assert run(folder, "--force").returncode == 0
    forked = latest(folder)
    assert [event["forked"] for event in events(stock)] == [False]
    assert [event["forked"] for event in events(forked)] == [True]
    assert outputs(stock, "3_figure") == outputs(forked, "3_figure")
    assert "image/png" in outputs(forked, "3_figure")  # a preloaded inline backend would lose the figure
    for file in ("line.png", "restricted/tables/line.csv"):
        assert (stock / file).read_bytes() == (forked / file).read_bytes()


@linux
def test_forked_kernels_do_not_share_their_random_numbers(tmp_path):
    folder = project(tmp_path, GOOD / "3_seeds.ipynb", names=("one", "two", "three"))
    assert run(folder, names=("one", "two", "three")).returncode == 0
    numbers = {(latest(folder, name) / "seeds.txt").read_text() for name in ("one", "two", "three")}
    assert len(numbers) == 3


@linux
def test_without_its_server_a_kernel_is_a_stock_one(tmp_path):
    from dataclasses import replace

    from stepdown.run.executing import run_notebook
    from stepdown.run.jobs import Job
    from stepdown.run.workers import LocalProcesses

    folder = project(tmp_path, GOOD / "2_other.ipynb")
    (tmp_path / "s").mkdir()
    job = Job(
        study="one",
        notebook="2_other",
        file=str(folder / "notebooks" / "2_other.ipynb"),
        parameters={"output": str(tmp_path / "out")},
        folder=str(tmp_path / "out"),
        shown_as="outputs/one/x",
        root=str(folder),
        limit_seconds=60.0,
        server="",
        sockets=str(tmp_path / "s"),
    )
    workers = LocalProcesses(1)
    workers.submit("gone", run_notebook, replace(job, server=str(tmp_path / "nobody-listens")), 60.0)
    done = None
    while done is None:
        done = workers.next_done(1.0)
    assert (done[1].status, done[1].forked) == ("ok", False)


def test_the_server_imports_nothing_of_the_project():
    import subprocess

    from stepdown.run.forked import SCRIPT

    code = (
        "import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('server', {str(SCRIPT)!r})\n"
        "module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module); module.warm()\n"
        "print([n for n in sys.modules if n.split('.')[0] == 'stepdown' or n == 'matplotlib_inline.backend_inline'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_kernels_that_start_together_do_not_meet(tmp_path):
    """Eight at once: over TCP a port is taken twice now and then, over plain ipc a socket's name."""
    names = tuple(f"case{number}" for number in range(8))
    folder = project(tmp_path, GOOD / "2_other.ipynb", names=names)
    assert run(folder, "--workers", "8", names=names).returncode == 0


@pytest.mark.slow
def test_a_local_dask_cluster_of_two_workers_gives_the_same_tables(tmp_path):
    distributed = pytest.importorskip("distributed")
    names = ("one", "two")
    folder = project(tmp_path, GOOD / "1_sum.ipynb", GOOD / "2_other.ipynb", names=names)
    assert run(folder, "--isolated", names=names).returncode == 0
    here = {name: latest(folder, name) for name in names}
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, scheduler_port=0
        ) as cluster,
        ThreadPoolExecutor(1) as pool,
    ):
        address = cluster.scheduler_address
        done = pool.submit(run, folder, "--force", "--cluster", address, names=names).result(120)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in names:
        there = latest(folder, name)
        assert there != here[name]
        for file in ("net_cost.csv", "other.csv"):
            table = f"restricted/tables/{file}"
            assert (there / table).read_bytes() == (here[name] / table).read_bytes()


def test_a_cluster_that_does_not_answer_ends_without_a_trace(tmp_path):
    folder = project(tmp_path, GOOD / "2_other.ipynb")
    done = run(folder, "--cluster", "tcp://127.0.0.1:9")
    assert done.returncode == 2
    assert "cluster" in done.stderr
    assert not (folder / "outputs").exists()
