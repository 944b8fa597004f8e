"""All notebooks of all default studies: ours against the papermill and nbconvert commands, one after another.

    .venv/bin/python -m benchmarks.notebooks                # every default study
    .venv/bin/python -m benchmarks.notebooks slough_ifp     # some of them

Both make executed notebooks, tables and an HTML page of each notebook, in one run of this script, in turn; the ratio is
steadier than the seconds. Ours also checks every input first, hashes, compares and publishes; the PDF, Word and Excel
files are left out of both (the stock commands make none) and timed apart. The run fails when the tables differ.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from stepdown.run.reporting import Progress
from stepdown.run.running import Request, run

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
DEFAULT = ("slough_ifp", "slough_innovation_hub", "millbrook", "leeds_family_valued", "audit_rr1038")


def plain(names: tuple[str, ...], folder: Path) -> float:
    """Run each notebook with ``papermill`` and ``jupyter nbconvert``; return the seconds."""
    from stepdown.run.planning import plans_of

    plans = plans_of(Request(files=files(names), outputs=folder / "none"))
    started = time.monotonic()
    for plan in plans:
        out = folder / "stock" / plan.subject.name
        out.mkdir(parents=True)
        for step in plan.steps:
            if step.status is not None:
                continue
            executed = out / f"{step.notebook.name}.ipynb"
            words = [f"-p {name} {value}".split(" ", 2) for name, value in {**step.parameters, "output": out}.items()]
            papermill = [BIN / "papermill", "--no-progress-bar", step.notebook.file, executed, *sum(words, [])]
            subprocess.run(papermill, cwd=ROOT, check=True, capture_output=True)
            convert = [BIN / "jupyter", "nbconvert", "--to", "html", "--no-input", executed]
            subprocess.run(convert, cwd=ROOT, check=True, capture_output=True)
    return time.monotonic() - started


def files(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(ROOT / "params" / f"{name}.yaml") for name in names)


def ours(
    names: tuple[str, ...], folder: Path, *, documents: bool, force: bool = False, isolated: bool = False
) -> float:
    """Run ``stepdown run`` in a process of its own; return the seconds, start of Python included."""
    formats = ("html", "xlsx", "pdf", "docx") if documents else ("html",)
    code = (
        "from benchmarks.notebooks import quiet; import sys; "
        f"sys.exit(quiet({files(names)!r}, {str(folder)!r}, {force}, {isolated}, {formats}))"
    )
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


def quiet(names: tuple[str, ...], folder: str, force: bool, isolated: bool, formats: tuple[str, ...]) -> int:
    request = Request(files=names, outputs=Path(folder), force=force, isolated=isolated, formats=formats)
    return int(run(request, Progress()))


def same_tables(names: tuple[str, ...], folder: Path) -> int:
    """Return the number of tables that are the same bytes; raises SystemExit for one that is not."""
    count = 0
    for name in names:
        for table in sorted((folder / "stock" / name / "restricted" / "tables").glob("*.csv")):
            other = folder / "ours" / name / "latest" / "restricted" / "tables" / table.name
            if other.read_bytes() != table.read_bytes():
                raise SystemExit(f"{name}: {table.name} differs between the two ways")
            count += 1
    return count


def main() -> None:
    names = tuple(sys.argv[1:]) or DEFAULT
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        forked = ours(names, folder / "ours", documents=False)
        stock = plain(names, folder)
        print(f"papermill and nbconvert, one after another   {stock:7.1f} s")
        print(f"stepdown run, first time                     {forked:7.1f} s   {forked / stock:.2f} of it")
        print(f"the same tables, byte for byte               {same_tables(names, folder):5d}")
        isolated = ours(names, folder / "ours", documents=False, force=True, isolated=True)
        print(f"stepdown run --force --isolated              {isolated:7.1f} s   {isolated / stock:.2f} of it")
        unchanged = ours(names, folder / "ours", documents=True)
        print(f"stepdown run, nothing changed                {unchanged:7.1f} s")
        whole = ours(names, folder / "whole", documents=True)
        print(f"stepdown run with PDF, Word and Excel        {whole:7.1f} s   (the stock commands make none)")


if __name__ == "__main__":
    main()
