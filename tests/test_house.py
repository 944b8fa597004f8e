"""The house keeps its own rules: one-way imports, one lock, no module or notebook that outgrows its purpose."""

import ast
import json
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from importlib import metadata
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
LIB = ROOT / "lib" / "stepdown"
ORDER = [
    ["limits"],
    ["faults"],
    ["tables"],
    ["numbers"],
    ["measures", "proportions"],
    ["params"],
    ["published"],
    ["contracts"],
    ["windows"],
    ["importing"],
    ["statuses"],
    ["cohort"],
    ["describe", "review", "outcomes", "series", "areas", "instruments", "surveys"],
    ["effects"],
    ["months", "trials"],
    ["costs"],
    ["audit"],
    ["disclosure"],
    ["show"],
    ["recording", "exploring"],
    ["workbook"],
    ["sections", "answers"],
    ["release"],
    ["run"],
    ["commands"],
]
LEVEL = {module: level for level, modules in enumerate(ORDER) for module in modules}


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "stepdown":
            parts = node.module.split(".")
            yield from [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            yield from (a.name.split(".")[1] for a in node.names if a.name.startswith("stepdown."))


def modules():
    return sorted(path for path in LIB.rglob("*.py") if path.name != "__init__.py" or path.parent != LIB)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(LIB)))
def test_a_module_imports_only_from_those_above_it(path):
    own = path.relative_to(LIB).parts[0].removesuffix(".py")
    assert own in LEVEL, f"{own} has no place in the order of the house"
    wrong = [name for name in imports_of(path) if name != own and LEVEL.get(name, 99) >= LEVEL[own]]
    assert not wrong, f"{own} imports {wrong}, which do not stand above it"


def stem(path):
    parts = path.relative_to(LIB.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def files_imported(path, known):
    """The single files of the library that a file imports, also inside its functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            full = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in known else node.module for name in full)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_no_file_imports_itself_through_others():
    known = {stem(path): path for path in LIB.rglob("*.py")}
    graph = {name: {n for n in files_imported(path, known) if n in known and n != name} for name, path in known.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {' → '.join(error.args[1])}")


EARNED = {"limits.py", "commands/areas.py"}
"""Modules of fewer than 40 lines: the limits of every file that is read, and a command."""


def test_functions_and_modules_stay_small():
    """At most 60 lines a function, 380 a module: what is longer has more than one purpose. A thin module is folded."""
    long = []
    for path in LIB.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if text.count("\n") < 40 and path.name != "__init__.py" and path.relative_to(LIB).as_posix() not in EARNED:
            long.append(f"{stem(path)}: only {text.count(chr(10))} lines")
        if text.count("\n") > 380:
            long.append(f"{stem(path)}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno >= 60:
                long.append(f"{stem(path)}.{node.name}: {node.end_lineno - node.lineno + 1} lines")
    assert not long


def test_only_show_imports_matplotlib_and_only_effects_fits_models():
    for path in modules():
        text = path.read_text(encoding="utf-8")
        part = path.relative_to(LIB).parts[0]
        if re.search(r"^\s*(import|from) (matplotlib|seaborn)", text, re.M):
            assert part == "show", f"{path} draws"
        if re.search(r"statsmodels\.(formula|api|regression|genmod|duration|miscmodels)", text):
            only_loads_it = path.name == "warm.py"  # the fork server, for the notebooks
            assert part == "effects" or only_loads_it, f"{path} fits a model"


NOT_RESULTS = {"params/loading.py", "contracts/reading.py", "release/word.py", "run/study_run.py", "run/reporting.py"}
"""Sizes of files, widths of columns and seconds: nothing that a table prints too."""


def test_a_result_is_rounded_by_numbers_alone():
    """A format of Python takes ties to the even digit: a sentence would say 12.2 where its table says 12.3."""
    for path in modules():
        if path.relative_to(LIB).as_posix() in NOT_RESULTS:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            spec = ast.unparse(node.format_spec) if isinstance(node, ast.FormattedValue) and node.format_spec else ""
            assert not re.search(r"\.[1-9]f|\.[1-9]%", spec), f"{path}:{node.lineno}"


def test_the_library_has_no_bare_assert_and_no_bare_except():
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.Assert), f"{path}:{node.lineno}"
            assert not (isinstance(node, ast.ExceptHandler) and node.type is None), f"{path}:{node.lineno}"


def test_lock_export_and_environment_agree():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert environment["dependencies"] == ["python=3.11", "pip", {"pip": ["-r requirements.lock"]}]
    locked = set(re.findall(r'\[\[package\]\]\nname = "([^"]+)"\nversion = "([^"]+)"', (ROOT / "uv.lock").read_text()))
    exported = set(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", (ROOT / "requirements.lock").read_text(), re.M))
    assert exported, "the export is empty"
    assert exported <= locked, f"exported but not locked: {sorted(exported - locked)}"
    hashes = (ROOT / "requirements.lock").read_text().count("--hash=sha256:")
    assert hashes >= len(exported)


def test_what_is_installed_is_what_the_lock_says():
    locked = dict(re.findall(r'\[\[package\]\]\nname = "([^"]+)"\nversion = "([^"]+)"', (ROOT / "uv.lock").read_text()))
    for name in ("pandas", "statsmodels", "papermill", "nbconvert", "pydantic", "duckdb"):
        assert metadata.version(name) == locked[name]
    assert metadata.version("pandas").startswith("3.")


def notebooks():
    return sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_a_notebook_tells_and_the_library_computes(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    lines = [[line for line in text.splitlines() if line.strip()] for text in code]
    assert sum(map(len, lines)) <= 60
    assert max(map(len, lines)) <= 15
    for text in code:
        banned = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Try)
        assert not any(isinstance(node, banned) for node in ast.walk(ast.parse(text)))
    prose = [cell for cell in cells if cell["cell_type"] == "markdown"]
    words = sum(len("".join(cell["source"]).split()) for cell in prose)
    assert words >= sum(len(text.split()) for text in code), "as much prose as code"
    assert "?" in "".join(prose[0]["source"]), "a notebook opens with its question"
    assert "not show" in "".join(prose[-1]["source"]).lower(), "and ends with what it does not show"


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_a_committed_notebook_holds_the_outputs_that_nbval_compares(path):
    """A stripped notebook passes nbval, and under --nbval-lax only tagged cells are compared."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    tagged = [c for c in cells if "nbval-check-output" in c["metadata"].get("tags", [])]
    assert len(tagged) >= 2
    assert all(cell["outputs"] for cell in tagged)
    assert all(o["output_type"] != "error" for c in cells if c["cell_type"] == "code" for o in c["outputs"])
    showing = [c for c in cells if c["cell_type"] == "code" and c["outputs"]]
    untagged = [i for i, c in enumerate(showing) if c not in tagged]
    assert not untagged, f"cells that show results but are not compared: {untagged}"
    assert sum(c["cell_type"] == "code" and "parameters" in c["metadata"].get("tags", []) for c in cells) == 1


def test_no_committed_file_names_a_path_of_one_machine():
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    for name in filter(None, files):
        path = ROOT / name
        if path.suffix in {".py", ".md", ".yaml", ".yml", ".ipynb", ".csv", ".json", ".toml", ".R"} and path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            for needle in ("/" + "work/main", "/" + "root/", "/" + "tmp/spec"):
                assert needle not in text, f"{name} names {needle}"


def test_the_command_starts_without_loading_the_numeric_libraries():
    heavy = ("pandas", "papermill", "matplotlib")
    code = f"import sys, stepdown.commands.main; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
