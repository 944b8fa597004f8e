"""What a notebook uses has an example in its docstring, and the example runs."""

import ast
import doctest
import importlib
import json
from unittest import mock

import pytest
from fixtures.examples import ROOT, ready
from stepdown.workbook import Book

READERS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


def used(notebook):
    """Return what a notebook takes from the library, as objects by their full name; of its book, the attributes."""
    cells = json.loads((ROOT / f"notebooks/{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    tree = ast.parse("\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"))
    names, found = {"book": Book}, {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("stepdown"):
            for alias in node.names:
                module = importlib.import_module(node.module)
                names[alias.name] = getattr(module, alias.name, None) or importlib.import_module(
                    f"{node.module}.{alias.name}"
                )
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names:
            found[f"{node.value.id}.{node.attr}"] = getattr(names[node.value.id], node.attr)
        elif isinstance(node, ast.Name) and node.id in names and callable(names[node.id]) and node.id != "book":
            found[node.id] = names[node.id]
    return found


@pytest.mark.parametrize("notebook", READERS)
def test_what_a_notebook_uses_has_an_example(notebook):
    without = [
        name
        for name, item in used(notebook).items()
        if not isinstance(item, str | tuple | list) and ">>>" not in (item.__doc__ or "")
    ]
    assert not without


def modules():
    files = (
        path for path in sorted((ROOT / "lib/stepdown").rglob("*.py")) if ">>>" in path.read_text(encoding="utf-8")
    )
    return [str(path.relative_to(ROOT / "lib").with_suffix("")).replace("/", ".") for path in files]


@pytest.mark.parametrize("name", modules())
def test_every_example_runs(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    names = ready()

    def display(bundle, **_):
        print(bundle["text/plain"])

    with mock.patch("IPython.display.display", display):
        found = doctest.testmod(importlib.import_module(name), extraglobs=names, optionflags=doctest.ELLIPSIS)
    assert found.attempted
    assert not found.failed
