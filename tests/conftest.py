"""What test files share: whole runs, made once for all workers and left as they are; and the longest files first."""

import fcntl
import gc
import os
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from fixtures.run_project import GOOD, project, run

gc.set_threshold(100_000, 20, 100)  # as in a run's workers: 4% of the processor time of all tests
collect_ignore_glob = ["*.ipynb"]  # notebooks below tests/ are material; make test compares those in notebooks/ too

LONGEST = (
    "test_pages", "test_run_whole", "test_attack_studies", "test_canary", "test_run_studies", "test_run_status",
    "test_run_same", "test_run_hostile", "test_trials", "test_run_kernels", "test_run_recipes", "test_returns_tutorial",
)  # fmt: skip
"""Files that take longest, in the order in which workers take them (--dist loadfile); the others fill the ends."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places) + (item.path.suffix != ".ipynb")))


def pytest_collection_finish() -> None:
    gc.freeze()  # what is loaded by now stays


def pytest_unconfigure() -> None:
    gc.unfreeze()  # else a library takes what Python does not clear away at its end for a leak


def _bytes_of(folder: Path) -> str:
    found = sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        found.update(f"{file.relative_to(folder)}\0".encode() + sha256(file.read_bytes()).digest())
    return found.hexdigest()


class Store:
    """Folders that are made once, by whichever worker needs one first; a test that writes into one fails its file."""

    def __init__(self, place: Path) -> None:
        self.place, self.used = place, {}

    def get(self, name: str, make: Callable[[Path], object]) -> Path:
        folder = self.place / name
        with (self.place / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            whole = self.place / f"{name}.whole"
            if not whole.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                whole.write_text(_bytes_of(folder))
            self.used[name] = whole.read_text()
        return folder

    def changed(self) -> list[str]:
        return [name for name, digest in self.used.items() if _bytes_of(self.place / name) != digest]


@pytest.fixture(scope="session")
def _store(tmp_path_factory):
    base = tmp_path_factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    place.mkdir(exist_ok=True)
    return Store(place)


@pytest.fixture(scope="module")
def store(_store):
    yield _store
    assert _store.changed() == [], "a test wrote into a run that all share"


@pytest.fixture(scope="module")
def study_run(store) -> Callable[[str], Path]:
    """The folder of a study's whole run, by its name: to be read only."""
    from fixtures.whole_runs import RUNS  # here: the process that only hands out tests would load scipy and pandas too

    return lambda name: (store.get(name, RUNS[name][0]) / RUNS[name][1]).resolve()


def unprepared(folder: Path) -> None:
    """Leave a project as it was made."""


@pytest.fixture
def finished_project(store, tmp_path) -> Callable[..., Path]:
    """A project of the runner's tests, of good notebooks by name, whose first run is done: the test's own copy."""

    def copied(*notebooks: str, prepare: Callable[[Path], None] = unprepared) -> Path:
        def make(folder: Path) -> None:
            prepare(project(folder, *(GOOD / f"{name}.ipynb" for name in notebooks)))
            done = run(folder)
            assert done.returncode == 0, done.stdout + done.stderr

        whole = store.get("-".join((*notebooks, prepare.__name__)), make)
        return shutil.copytree(whole, tmp_path, symlinks=True, dirs_exist_ok=True)

    return copied
