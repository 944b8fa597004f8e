"""Where runs live: built in a hidden sibling, renamed when whole, and ``latest`` switched in one step.

outputs/<study>/<run_id>/        whole runs, named by UTC time
outputs/<study>/latest           points to the last whole run; nothing ever removes or half-writes what it points to
outputs/<study>/failed/<run_id>/ what a failed run left for the evaluator, the last few
outputs/<study>/.staging-…       a run that is being built; one that a killed runner left is removed by the next run
outputs/<study>/.lock            held by the operating system for as long as the runner lives
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
EVENTS = "run.jsonl"
WORDS = "run.log"
_STAGING = ".staging-"
_PATIENCE_SECONDS = 3.0
FAILED_KEPT = 3


class Locked(Exception):
    """Another run of the study is working; says which."""


def run_id_now(sha256: str) -> str:
    """Return the name of a run: UTC time, so that names sort by age, and six digits of a hash that tell two apart."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{sha256[:6]}"


@contextlib.contextmanager
def held(folder: Path) -> Iterator[str]:
    """Hold the study's lock; yields who left a stale one ("" when nobody did). Raises Locked.

    The operating system frees the lock when the process that holds it ends, however it ends. So the rule for a stale
    lock is: a lock file whose lock nobody holds is stale, and is taken over.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _take(descriptor, folder)
        left = os.pread(descriptor, 4096, 0).decode(errors="replace").strip()
        mine = {
            "process": os.getpid(),
            "host": socket.gethostname(),
            "since": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        }
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(mine).encode(), 0)
        yield left
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _take(descriptor: int, folder: Path) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except (BlockingIOError, PermissionError):
            if time.monotonic() > until:
                raise Locked(_holder(descriptor, folder.name)) from None
            time.sleep(0.05)


def _holder(descriptor: int, study: str) -> str:
    try:
        holder = json.loads(os.pread(descriptor, 4096, 0))
        who = f"process {holder['process']} on {holder['host']} since {holder['since']}"
    except (ValueError, KeyError, TypeError):
        who = "a process that is just starting"
    return (
        f"another run of {study} is in progress: {who}. Nothing was changed. Wait until it ends, or end that "
        "process; this removes the lock."
    )


def stage(folder: Path, run_id: str) -> Path:
    """Return a new empty staging folder; what killed runs left beside it is removed. Call with the lock held."""
    for left in folder.glob(f"{_STAGING}*"):
        shutil.rmtree(left, ignore_errors=True)
    for left in folder.glob(".latest-*"):
        left.unlink(missing_ok=True)
    staging = folder / f"{_STAGING}{run_id}"
    try:
        for part in ("restricted", "release"):
            (staging / part).mkdir(parents=True)
    except OSError:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return staging


def publish(staging: Path, folder: Path, run_id: str) -> Path:
    """Give a whole run its name and point ``latest`` to it; returns its folder.

    Every file and folder is on the disk before the name appears, and the name before ``latest`` points to it.
    """
    synced(staging)
    final = folder / run_id
    os.rename(staging, final)
    _sync(folder)
    link = folder / f".latest-{run_id}"
    link.symlink_to(run_id)
    os.replace(link, folder / "latest")
    _sync(folder)
    return final


def synced(folder: Path) -> None:
    """Wait until every file below a folder is on the disk."""
    for place, _, names in os.walk(folder, topdown=False):
        for name in names:
            _sync(Path(place) / name)
        _sync(Path(place))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def keep_failed(staging: Path, folder: Path, run_id: str) -> Path:
    """Move a run that is not whole to ``failed/``, where the evaluator finds its notebooks; keeps the last few."""
    shutil.rmtree(staging / "release", ignore_errors=True)
    kept = folder / "failed"
    kept.mkdir(exist_ok=True)
    os.rename(staging, kept / run_id)
    for old in sorted(path for path in kept.iterdir() if path.is_dir())[:-FAILED_KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return kept / run_id


def whole_runs(folder: Path) -> list[Path]:
    """Return the whole runs of a study, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if not path.is_symlink() and not path.name.startswith(".") and (path / MANIFEST).is_file()
    )


def latest_run(folder: Path) -> Path | None:
    """Return the whole run that ``latest`` points to, or None."""
    latest = folder / "latest"
    return latest.resolve() if (latest / MANIFEST).is_file() else None


def cleaned(folder: Path, keep: int) -> list[str]:
    """Remove all but the newest ``keep`` runs of a study, never the one that ``latest`` points to; returns their names.

    Call with the lock held. A run goes under a hidden name first, so that half a run is never seen.
    """
    runs, current = whole_runs(folder), latest_run(folder)
    old = [run for run in runs[: max(len(runs) - keep, 0)] if current is None or run.name != current.name]
    for run in old:
        hidden = folder / f"{_STAGING}old-{run.name}"
        os.rename(run, hidden)
        shutil.rmtree(hidden, ignore_errors=True)
    return [run.name for run in old]


def write_text(file: Path, text: str) -> None:
    """Write a text beside its place and rename it there: a reader sees the old file or the new one."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(beside, file)
    finally:
        beside.unlink(missing_ok=True)


def write_json(file: Path, values: Any) -> None:
    """Write JSON types, readable."""
    write_text(file, json.dumps(values, ensure_ascii=False, indent=1, default=str) + "\n")
