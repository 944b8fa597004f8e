"""A forked worker gives what a stock kernel gives; the two differ in time only. A cluster gives the same too."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fixtures.run_project import BROKEN, GOOD, latest, project, run

linux = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")


@pytest.fixture(scope="module", autouse=True)
def unanswered(tmp_path_factory):
    """A run on a cluster that does not answer; it waits ten seconds, while the other tests work."""
    folder = project(tmp_path_factory.mktemp("unanswered"), GOOD / "2_other.ipynb")
    with ThreadPoolExecutor(1) as pool:
        yield folder, pool.submit(run, folder, "--cluster", "tcp://127.0.0.1:9", from_nothing=True)


@pytest.fixture(scope="module")
def cluster():
    """A cluster of two workers on this machine."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, scheduler_port=0
    ) as started:
        yield started


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
    assert run(folder, "--force", from_nothing=True).returncode == 0
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
@pytest.mark.parametrize("seen_late", [0, 3])
def test_without_its_fork_server_a_pool_loses_its_tasks_and_takes_new_ones(tmp_path, monkeypatch, seen_late):
    """seen_late: how often the system still says that the killed server runs."""
    from multiprocessing import forkserver

    from stepdown.run.jobs import Lost
    from stepdown.run.workers import LocalProcesses

    def done(workers):
        until, found = time.monotonic() + 30, None
        while found is None and time.monotonic() < until:
            found = workers.next_done(1.0)
        return found

    waitpid, asked = os.waitpid, []

    def late(pid, options):
        asked.append(pid)
        return (0, 0) if len(asked) <= seen_late else waitpid(pid, options)

    workers = LocalProcesses(1, str(tmp_path), warm=False)
    try:
        workers.submit("gone", time.sleep, 30, 60.0)
        while not workers.running():
            time.sleep(0.05)
        server = forkserver._forkserver._forkserver_pid
        os.kill(server, signal.SIGKILL)
        assert done(workers) == ("gone", Lost(255))
        os.waitid(os.P_PID, server, os.WEXITED | os.WNOWAIT)
        monkeypatch.setattr(forkserver.os, "waitpid", late)
        workers.submit("next", str, 7, 60.0)
        assert len(asked) > seen_late
        monkeypatch.undo()
        assert done(workers) == ("next", "7")
    finally:
        workers.stop()


@linux
def test_what_a_killed_notebook_has_started_ends_with_it(tmp_path):
    import subprocess

    from stepdown.run.jobs import Lost
    from stepdown.run.workers import LocalProcesses

    workers = LocalProcesses(1, str(tmp_path), warm=False)
    words = ["sh", "-c", f"echo $$ > {tmp_path}/child; sleep 60"]
    try:
        workers.submit("late", subprocess.call, words, 1.0)
        found = None
        while found is None:
            found = workers.next_done(1.0)
        assert found == ("late", Lost(None, late=True))
        child, until = int((tmp_path / "child").read_text()), time.monotonic() + 5
        while Path(f"/proc/{child}").exists() and time.monotonic() < until:
            time.sleep(0.05)
        assert not Path(f"/proc/{child}").exists()
    finally:
        workers.stop()


def test_the_fork_server_has_one_thread_and_no_inline_backend():
    import subprocess

    code = (
        "import stepdown.run.warm, sys, threading; "
        "print(threading.active_count(), 'matplotlib_inline.backend_inline' in sys.modules, 'pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1 False True"


def test_kernels_that_start_together_do_not_meet(tmp_path):
    """Eight at once: over TCP a port is taken twice now and then, over plain ipc a socket's name."""
    names = tuple(f"case{number}" for number in range(8))
    folder = project(tmp_path, GOOD / "2_other.ipynb", names=names)
    assert run(folder, "--workers", "8", names=names).returncode == 0


@pytest.mark.slow
def test_a_local_dask_cluster_of_two_workers_gives_the_same_tables(cluster, tmp_path):
    names = ("one", "two")
    folder = project(tmp_path, GOOD / "1_sum.ipynb", GOOD / "2_other.ipynb", names=names)
    assert run(folder, names=names).returncode == 0
    here = {name: latest(folder, name) for name in names}
    done = run(folder, "--force", "--cluster", cluster.scheduler_address, names=names)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in names:
        there = latest(folder, name)
        assert there != here[name]
        for file in ("net_cost.csv", "other.csv"):
            table = f"restricted/tables/{file}"
            assert (there / table).read_bytes() == (here[name] / table).read_bytes()


def ancestors(pid):
    """Yield the processes above one, the nearest first."""
    while pid > 1:
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        yield pid


@linux
@pytest.mark.slow
def test_when_a_worker_of_a_cluster_is_killed_nothing_of_it_goes_on_writing_and_the_run_is_the_same(cluster, tmp_path):
    """The notebook, and a process that it has started, end with the worker; another worker does the notebook again."""
    import distributed

    folder = project(tmp_path, GOOD / "3_goes_on.ipynb", GOOD / "2_other.ipynb")
    assert run(folder).returncode == 0
    here, ticks = latest(folder), folder / "ticks"
    shutil.rmtree(ticks)
    with (
        distributed.Client(cluster) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        workers = set(client.run(os.getpid).values())
        running = pool.submit(run, folder, "--force", "--cluster", cluster.scheduler_address)
        until = time.monotonic() + 60
        while len(list(ticks.glob("*"))) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        files = list(ticks.iterdir())
        pids = [int(file.name.partition("-")[2]) for file in files]
        os.kill(next(pid for pid in ancestors(pids[0]) if pid in workers), signal.SIGKILL)
        until = time.monotonic() + 5
        while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < until:
            time.sleep(0.05)
        sizes = [file.stat().st_size for file in files]
        time.sleep(0.3)
        assert [file.stat().st_size for file in files] == sizes
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
        done = running.result(120)
    assert done.returncode == 0, done.stdout + done.stderr
    there = latest(folder)
    for table in ("slow.csv", "other.csv"):
        file = f"restricted/tables/{table}"
        assert (there / file).read_bytes() == (here / file).read_bytes()


@linux
def test_a_notebook_that_is_killed_on_a_cluster_names_the_signal(tmp_path):
    from stepdown.run.cluster import run_elsewhere

    folder = project(tmp_path, BROKEN / "kills_its_kernel.ipynb")
    values = {
        "study": "one",
        "notebook": "kills_its_kernel",
        "file": str(folder / "notebooks" / "kills_its_kernel.ipynb"),
        "parameters": {"case": "params/one.yaml", "output": str(folder / "run")},
        "folder": str(folder / "run"),
        "shown_as": "outputs/one/run",
        "root": str(folder),
        "limit_seconds": 60.0,
    }
    ended = run_elsewhere(values)
    assert ended["status"] == "kernel died"
    assert "SIGKILL" in ended["trouble"]["message"]
    assert ended["cell"] == 3  # after the parameters and what was given for them


def test_a_cluster_that_does_not_answer_ends_without_a_trace(unanswered):
    folder, run_there = unanswered
    done = run_there.result(120)
    assert done.returncode == 2
    assert "cluster" in done.stderr
    assert not (folder / "outputs").exists()
