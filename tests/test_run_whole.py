"""Whole or not at all: runs are killed at random moments, and `latest` must always be a whole run."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from fixtures.loaded import SPARE, Loaded
from fixtures.run_project import GOOD, STEPDOWN, call, latest, manifest, project, run, whole

NAMES = ("one", "two")
KILLS = 50


def start(folder, *words):
    files = [f"params/{name}.yaml" for name in NAMES]
    return subprocess.Popen(
        [*STEPDOWN, "run", *files, "--no-pages", "--force", *words],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def family_of(pid):
    """Return the processes below one, the kernels among them, by walking /proc."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, rest = stat.read_text().split(" (", 1)
        except OSError:
            continue
        parents.setdefault(int(rest.rsplit(")", 1)[1].split()[1]), []).append(int(number))
    found, waiting = [], [pid]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def name_of(pid):
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def check_latest(folder):
    for name in NAMES:
        assert whole(latest(folder, name))
        assert not (latest(folder, name) / ".work").exists()


@pytest.mark.slow
def test_fifty_kills_at_random_moments_leave_latest_whole_and_the_next_run_succeeds(tmp_path):
    folder = project(tmp_path, GOOD / "1_sum.ipynb", names=NAMES)
    process = Loaded()
    words = ("run", *(f"params/{name}.yaml" for name in NAMES), "--no-pages", "--force")
    usual = []
    for more in ([], ["--isolated"]):
        process.start(folder, *words, *more)
        started = time.monotonic()
        assert process.wait(120) == 0
        usual.append(time.monotonic() - started)
    chance = random.Random(7)
    ended = {signal.SIGKILL: {-9}, signal.SIGTERM: {-15, 143}, signal.SIGINT: {-2, 130, 1}}
    for number in range(KILLS):
        isolated = number % 5 == 4
        process.start(folder, *words, *(["--isolated"] if isolated else []))
        time.sleep(chance.uniform(0.05, usual[isolated]))
        kind = chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, "kernel"])
        if kind == "kernel":
            below = [pid for pid in family_of(process.pid) if name_of(pid) not in ("", SPARE)]
            with contextlib.suppress(IndexError, ProcessLookupError):  # none yet, or it has ended since
                os.kill(chance.choice(below), signal.SIGKILL)
            assert process.wait(60) in (0, 1, 5)
        else:
            with contextlib.suppress(ProcessLookupError):  # it has ended already
                os.kill(process.pid, kind)
            assert process.wait(30) in {0} | ended[kind]
        check_latest(folder)
    process.end()
    done = run(folder, "--isolated", "--force", names=NAMES, from_nothing=True)
    assert done.returncode == 0, done.stdout + done.stderr
    check_latest(folder)
    for name in NAMES:
        assert {n["status"] for n in manifest(latest(folder, name))["notebooks"]} == {"ok"}
        assert not list((folder / "outputs" / name).glob(".staging-*"))
        assert not list((folder / "outputs" / name).glob(".latest-*"))


@pytest.mark.parametrize("words", [["--isolated"], []])
def test_no_process_outlives_a_killed_runner(tmp_path, words):
    folder = project(tmp_path, GOOD / "3_slow.ipynb", names=NAMES)
    process = start(folder, *words)
    below, until = [], time.monotonic() + 30
    while len(below) < 3 and time.monotonic() < until:  # a worker, its kernel, and the second worker or the server
        time.sleep(0.02)
        below = family_of(process.pid)
    assert len(below) >= 3
    process.kill()
    process.wait()
    until = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() and running(pid) for pid in below) and time.monotonic() < until:
        time.sleep(0.05)
    assert not [pid for pid in below if running(pid)]


def running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in ("Z", "X")
    except OSError:
        return False


def test_a_second_run_of_a_study_is_refused_with_8_and_names_the_first(tmp_path):
    folder = project(tmp_path, GOOD / "3_slow.ipynb", names=NAMES)
    (folder / "outputs" / "one").mkdir(parents=True)
    import fcntl
    import json

    with (folder / "outputs" / "one" / ".lock").open("w+") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        lock.write(json.dumps({"process": 4242, "host": "elsewhere", "since": "2026-01-01T00:00:00Z"}))
        lock.flush()
        done = run(folder, names=NAMES)
        assert done.returncode == 8
        assert "process 4242 on elsewhere since 2026-01-01" in done.stdout
        assert not (folder / "outputs" / "one" / "latest").exists()
        assert whole(latest(folder, "two"))  # the other study is not held up


def test_a_stale_lock_is_taken_over_and_noted(tmp_path):
    folder = project(tmp_path, GOOD / "2_other.ipynb")
    (folder / "outputs" / "one").mkdir(parents=True)
    (folder / "outputs" / "one" / ".lock").write_text('{"process": 1, "host": "gone", "since": "2020"}')
    assert run(folder).returncode == 0
    assert "stale_lock" in (latest(folder) / "restricted" / "run.jsonl").read_text()


def test_clean_keeps_the_newest_and_never_the_one_in_use_goes(tmp_path):
    folder = project(tmp_path, GOOD / "2_other.ipynb")
    for _ in range(3):
        assert run(folder).returncode == 0
        time.sleep(1 - time.time() % 1)  # names of runs hold the second
    runs = sorted(p.name for p in (folder / "outputs" / "one").iterdir() if (p / "manifest.json").is_file())
    done = call(folder, "clean", "--keep", "1")
    assert done.returncode == 0
    assert "removed 2 runs" in done.stdout
    assert latest(folder).name == runs[-2]  # "latest" sorts last
    assert whole(latest(folder))


def test_a_signal_while_a_run_clears_away_ends_nothing_and_is_heard_again_afterwards(monkeypatch):
    from stepdown.run import running
    from stepdown.run.jobs import Exit

    def ran(plans, request, progress, stack, signals):
        for number in running._ENDING:
            stack.callback(os.kill, os.getpid(), number)
        return Exit.OK

    monkeypatch.setattr(running, "plans_of", lambda request: [])
    monkeypatch.setattr(running, "_run", ran)
    before = [signal.getsignal(number) for number in running._ENDING]
    assert running.run(None, None) == Exit.OK
    assert [signal.getsignal(number) for number in running._ENDING] == before


@contextlib.contextmanager
def _handled(number, how):
    """Hold how a signal is handled: tests may themselves be run by nohup, or behind other work."""
    before = signal.signal(number, how)
    try:
        yield
    finally:
        signal.signal(number, before)


def _dropped(number):
    class Callback:
        def __del__(self):
            os.kill(os.getpid(), number)

    Callback()


def _replaced(number):
    try:
        os.kill(os.getpid(), number)
    except BaseException as error:
        raise ValueError("an error of a library's own") from error


def _taken_for_a_fault(number):
    with contextlib.suppress(Exception):
        os.kill(os.getpid(), number)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("arrives", "number", "code"),
    [
        (_dropped, signal.SIGTERM, 143),
        (_replaced, signal.SIGHUP, 143),
        (_taken_for_a_fault, signal.SIGINT, 130),
    ],
)
def test_a_signal_ends_the_run_wherever_it_arrives(tmp_path, monkeypatch, capsys, arrives, number, code):
    from stepdown.run import running
    from stepdown.run.reporting import Progress

    folder, submit = project(tmp_path, GOOD / "1_sum.ipynb"), running._submit

    def submitted(session):
        arrives(number)
        submit(session)

    monkeypatch.setattr(running, "_submit", submitted)
    request = running.Request(files=(str(folder / "params" / "one.yaml"),), isolated=True, pages=False)
    with _handled(number, signal.SIG_DFL):
        assert running.run(request, Progress()) == code
    assert "Studies not yet published keep their last run." in capsys.readouterr().out
    assert not (folder / "outputs" / "one" / "latest").exists()
    assert not list((folder / "outputs" / "one").glob(".staging-*"))


def test_a_signal_while_a_result_is_taken_is_not_taken_for_a_lost_notebook(tmp_path, monkeypatch):
    from stepdown.run import running, workers
    from stepdown.run.reporting import Progress

    folder = project(tmp_path, GOOD / "1_sum.ipynb")
    monkeypatch.setattr(workers.Future, "result", lambda future: os.kill(os.getpid(), signal.SIGTERM))
    request = running.Request(files=(str(folder / "params" / "one.yaml"),), isolated=True, pages=False)
    with _handled(signal.SIGTERM, signal.SIG_DFL):
        assert running.run(request, Progress()) == 143
    assert not (folder / "outputs" / "one" / "failed").exists()


def test_a_run_that_is_to_outlive_its_terminal_passes_over_the_signal_of_its_end(monkeypatch):
    from stepdown.run import running
    from stepdown.run.jobs import Exit

    def ran(plans, request, progress, stack, signals):
        os.kill(os.getpid(), signal.SIGHUP)
        return Exit.OK

    monkeypatch.setattr(running, "plans_of", lambda request: [])
    monkeypatch.setattr(running, "_run", ran)
    with _handled(signal.SIGHUP, signal.SIG_IGN):  # as nohup does
        assert running.run(None, None) == Exit.OK
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
