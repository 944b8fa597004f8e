"""What a notebook's result depends on, as hashes of contents; times and places play no part.

A notebook is not run again while all five parts are as they were: its own cells, the library, the environment, its
parameters and the inputs.
"""

from __future__ import annotations

import hashlib
import json
import platform
import site
import subprocess
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from stepdown.faults import Refused
from stepdown.params import read_yaml
from stepdown.run.parameters import Notebook

_LIBRARY = Path(__file__).parents[1]
_CODE = {".py", ".html", ".j2", ".css", ".js", ".svg", ".yaml", ".yml", ".json", ".mplstyle"}


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


def digest_file(file: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_values(values: Any) -> str:
    """Return the SHA-256 of values in JSON types."""
    return digest_of(json.dumps(values, sort_keys=True, ensure_ascii=False, default=str).encode())


@cache
def library_digest() -> str:
    """Return the hash of the library's code: every source, template and style file below lib/stepdown."""
    files = sorted(path for path in _LIBRARY.rglob("*") if path.suffix in _CODE and "__pycache__" not in path.parts)
    return digest_values([(path.relative_to(_LIBRARY).as_posix(), digest_file(path)) for path in files])


@cache
def packages() -> dict[str, str]:
    """Return the installed packages and their versions, read from the names of their metadata folders."""
    folders = {Path(place) for place in (*site.getsitepackages(), *sys.path) if place and Path(place).is_dir()}
    found: dict[str, str] = {}
    for folder in sorted(folders):
        for info in folder.glob("*.dist-info"):
            name, _, version = info.name.removesuffix(".dist-info").rpartition("-")
            found.setdefault(name.replace("_", "-").lower(), version)
    return dict(sorted(found.items()))


@cache
def environment_digest() -> str:
    """Return the hash of Python's and every package's version."""
    return digest_values([platform.python_version(), platform.machine(), packages()])


@cache
def code_version(root: Path) -> dict[str, Any]:
    """Return the code's version: the package's, the git commit (None without git), and whether the tree was clean."""
    version = packages().get("stepdown", "unknown")
    commit = _git(root, "rev-parse", "HEAD")
    changed = _git(root, "status", "--porcelain", "--", "lib", "notebooks", "params") if commit else None
    return {"version": version, "commit": commit or None, "clean": None if changed is None else changed == ""}


def _git(root: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def named_files(root: Path, settings: Mapping[str, Any], data_folder: str | None = None) -> list[Path]:
    """Return every file that settings name by a path from the project root, and the files that those YAMLs name.

    A folder that is named stands for every file in it. ``data_folder`` is always taken whole.
    """
    found: set[Path] = set()
    waiting = [text for text in _texts(settings) if _like_a_path(text)] + ([data_folder] if data_folder else [])
    while waiting:
        path = (root / waiting.pop()).resolve()
        if not path.is_relative_to(root) or path == root:
            continue
        files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else []
        for file in files:
            if file in found or any(part.startswith(".") for part in file.relative_to(root).parts):
                continue
            found.add(file)
            if file.suffix in {".yaml", ".yml"}:
                waiting += _named_in(file)
    return sorted(found)


def _named_in(file: Path) -> list[str]:
    try:
        return [text for text in _texts(read_yaml(file)) if _like_a_path(text)]
    except Refused:
        return []


def _like_a_path(text: str) -> bool:
    return "/" in text and "\n" not in text and len(text) < 300 and not text.startswith(("/", "http"))


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def notebook_parts(
    notebook: Notebook, parameters: Mapping[str, Any], parameter_file: Path, inputs: Mapping[str, str]
) -> dict[str, str]:
    """Return the five hashes that a notebook's result depends on.

    parameters: what is injected, without the place that it writes to.  inputs: hash by file.
    """
    return {
        "notebook": digest_values(notebook.cells),
        "library": library_digest(),
        "environment": environment_digest(),
        "parameters": digest_values([dict(parameters), digest_file(parameter_file)]),
        "inputs": digest_values(dict(inputs)),
    }


def what_changed(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Word why a notebook has to run again ("" when nothing changed)."""
    words = {
        "notebook": "the notebook",
        "library": "the library",
        "environment": "the installed packages",
        "parameters": "the parameters",
        "inputs": "the inputs",
    }
    changed = [words[part] for part in words if before.get(part) != now.get(part)]
    return f"{' and '.join(changed)} changed" if changed else ""
