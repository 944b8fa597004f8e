"""One study from its records to a verdict: written, run with one command, its release attacked in every way."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import yaml
from attacker.attacking import attack
from attacker.reading import HIDDEN, number, read_release, read_tables
from attacker.wording import texts_of_records, told_by_another_format, told_in_words, told_of_records
from made_up_studies import ROOT, write
from pages_support import run_study


@dataclass(frozen=True)
class Verdict:
    """code: exit code of the run.  kept: percent of the numbers of the run's tables that the release shows."""

    name: str
    children: int
    code: int
    seconds: float
    kept: float
    tables: str
    leaks: tuple[str, ...]

    def __str__(self) -> str:
        cells = f"{self.name:18} {self.children:5} children  exit {self.code}  {self.seconds:6.0f} s"
        return f"{cells}  kept {self.kept:5.1f}% of numbers, {self.tables} tables  leaks {len(self.leaks)}"


def try_study(name: str, root: Path, *words: str) -> Verdict:
    """Return the verdict on a made-up study, run as a user does; ``words`` go to ``stepdown run``."""
    return run_and_judge(write(name, root), *words)


def run_and_judge(file: Path, *words: str) -> Verdict:
    """Return the verdict on the study of a parameter file in ``params/``, as its records now are."""
    began = time.monotonic()
    command = [sys.executable, "-m", "stepdown.commands.main", "run", str(file), "--outputs", "outputs", *words]
    command += ["--notebooks", str(ROOT / "notebooks")]
    done = subprocess.run(command, cwd=file.parent.parent, capture_output=True, text=True, timeout=1800, check=False)
    said = tuple((done.stdout + done.stderr)[-600:].splitlines())
    return _verdict(file, file.parent.parent / "outputs" / file.stem / "latest", done.returncode, began, said)


def try_without_kernels(name: str, root: Path) -> Verdict:
    """Return the verdict on a made-up study whose notebooks run in this process: the same release, sooner."""
    return judge_without_kernels(write(name, root), root / "runs" / name)


def judge_without_kernels(file: Path, run: Path, books: str = "01234", previous: Path | None = None) -> Verdict:
    """Return the verdict on the study of a parameter file as its records now are; ``books``: numbers of notebooks."""
    settings, began = yaml.safe_load(file.read_text(encoding="utf-8")), time.monotonic()
    there = "013" + "".join(n for n, part in (("2", "review"), ("4", "costs"), ("9", "trial")) if part in settings)
    notebooks = [n for n in sorted((ROOT / "notebooks").glob("*.ipynb")) if n.name[0] in there and n.name[0] in books]
    run_study(file.stem, run, file.parent.parent, notebooks, previous=previous)
    return _verdict(file, run, 0, began, ())


def _verdict(file: Path, run: Path, code: int, began: float, said: tuple[str, ...]) -> Verdict:
    seconds, data = time.monotonic() - began, file.parent.parent / "data" / file.stem
    children = (data / "children.csv").read_text(encoding="utf-8").count("\n") - 1
    if not (run / "release").is_dir():
        return Verdict(file.stem, children, code, seconds, 0.0, "0", said)
    return Verdict(file.stem, children, code, seconds, *kept(run), judge(run, file))


def judge(run: Path, params: Path) -> tuple[str, ...]:
    """Return everything that a run's release tells that it should not."""
    settings = yaml.safe_load(params.read_text(encoding="utf-8"))
    profile = settings["profile"]
    codes = {
        broad: [profile["ethnicity"][code] for code in codes]
        for broad, codes in profile.get("ethnicity_groups", {}).items()
    }
    restricted = run / "restricted" / "tables"
    release, truth = read_release(run / "release"), read_tables(restricted)
    books = [*(params.parent).glob("*.yaml"), *(params.parent / "unit_costs").glob("*.yaml")]
    known = "".join(book.read_text(encoding="utf-8") for book in books) + (ROOT / "docs/data_dictionary.md").read_text()
    texts = texts_of_records(params.parent.parent / settings["data"]["folder"], known)
    policy = settings["disclosure"]
    limits = policy.get("threshold", 5), policy.get("rounding_base", 1)
    leaks = [str(leak) for leak in attack(run / "release" / "tables", restricted, codes, *limits)]
    leaks += told_in_words(release, truth) + told_by_another_format(release)
    return tuple(leaks + [f"text of a record: {text}" for text in told_of_records(release, texts)])


def kept(run: Path) -> tuple[float, str]:
    """Return the percent of numbers that are shown, and how many tables of how many."""
    truth, told = read_tables(run / "restricted" / "tables"), read_tables(run / "release" / "tables")
    there = sum(number(v) is not None for rows in truth.values() for row in rows for v in row.values())
    shown = sum(
        number(v) is not None and v not in HIDDEN for rows in told.values() for row in rows for v in row.values()
    )
    return 100 * shown / max(there, 1), f"{len(told)} of {len(truth)}"
