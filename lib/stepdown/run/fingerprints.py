"""What a notebook's result depends on, as hashes of contents; times and places play no part.

A notebook is not run again while all five parts are as they were: its own cells, the library, the environment, its
parameters and the inputs.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import site
import subprocess
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from stepdown.faults import Fault, Refused, refuse
from stepdown.params import outside, read_yaml
from stepdown.run.parameters import Notebook

_LIBRARY = Path(__file__).parents[1]
_LONGEST = 300
"""A text that is longer names no file."""
_CODE = {".py", ".html", ".j2", ".css", ".js", ".svg", ".yaml", ".yml", ".json", ".mplstyle"}


def _sha256(content: bytes) -> str:
    """Return the SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


def digest_file(file: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_values(values: Any) -> str:
    """Return the SHA-256 of values in JSON types."""
    return _sha256(json.dumps(values, sort_keys=True, ensure_ascii=False, default=str).encode())


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


def named_files(root: Path, settings: Mapping[str, Any], data_folder: str = "") -> list[Path]:
    """Return every file that settings name by a path from the project root, and the files that those YAMLs name.

    A folder that is named stands for every file in it that is not hidden; files of ``data.files`` are looked for in
    ``data_folder`` too, which is always taken whole. Raises Refused for what lies outside the project.
    """
    found: set[Path] = set()
    faults: dict[str, Fault] = {}
    waiting = [*_texts(settings), data_folder, *(f"{data_folder}/{text}" for text in _texts(_data_files(settings)))]
    seen: set[str] = set()
    while waiting:
        text = waiting.pop()
        if text in seen:
            continue
        seen.add(text)
        for file in _files_at(root, text):
            fault = outside(root, file)
            if fault:
                faults[fault.where] = fault
            elif file.is_dir():
                waiting.append(file.resolve().relative_to(root).as_posix() + "/")
            elif file not in found:
                found.add(file)
                waiting += _named_in(file) if file.suffix in {".yaml", ".yml"} else []
    refuse(list(faults.values()))
    return sorted(found)


def _data_files(settings: Mapping[str, Any]) -> Any:
    data = settings.get("data")
    return data.get("files") if isinstance(data, Mapping) else None


def _files_at(root: Path, text: str) -> list[Path]:
    """Return the file that a text names, or the files and links of the folder that it names; none for other texts."""
    if not text.strip() or "\n" in text or len(text) >= _LONGEST or text.startswith(("/", "~", "http")):
        return []
    path = Path(os.path.normpath(root / text))
    try:
        if path.is_file():
            return [path]
        if "/" not in text or path == root or not path.is_dir():
            return []
        inner = [p for p in path.rglob("*") if not any(part.startswith(".") for part in p.relative_to(path).parts)]
    except (OSError, ValueError):
        return []
    return [path] if path.is_symlink() else [p for p in inner if p.is_file() or (p.is_symlink() and p.is_dir())]


def _named_in(file: Path) -> list[str]:
    try:
        return list(_texts(read_yaml(file)))
    except Refused:
        return []


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
