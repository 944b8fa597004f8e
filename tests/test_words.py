"""Words of docs, notebooks and library: plain and modern, and one thing called by one name everywhere."""

import ast
import re
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from stepdown import sections
from stepdown.params import DisclosurePolicy
from stepdown.release.words import reading_ease

ROOT = Path(__file__).parents[1]
TRANSLATED = re.compile(
    r"\bnoughts?\b|\bhangs? on\b|\bby lot\b|\bdealt (?:out|into|again)\b|\blikest\b|\bstands? (?:twice|nowhere|once)\b"
    r"|\ba child and month\b|\bheld against\b|\bmend\b|\blead(?:s|ing)? to a person\b|\bof one's own\b|\bfate\b"
    r"|\bso far as can be told\b|\bon the same road\b|\bmay hold no\b|\bmust stand\b|\bin the place of\b"
    r"|\b(?:one|two|a) rows? a (?:child|file|month|spell|referral|person|table)\b|\b(?:days|points) a child\b"
    r"|\b(?:fewer|more|less) a child\b",
    re.IGNORECASE,
)
"""Translated, dated or knotted English that an earlier text had."""
OTHER_NAMES = re.compile(
    r"\b(?:control|treatment|treated|intervention) groups?\b"
    r"|\bdays (?:inside|within) the period\b|\bdays within the window\b",
    re.IGNORECASE,
)
"""House words have one form: programme group, comparison group, days inside the window, hidden."""


def prose_of(file):
    if file.suffix == ".ipynb":
        return "\n".join(cell.source for cell in nbformat.read(file, 4).cells if cell.cell_type == "markdown")
    text = file.read_text(encoding="utf-8")
    return re.sub(r"```.*?```", "", text, flags=re.S)


def texts_of(file):
    """The string literals of a module that readers may see: of more than three words, without docstrings."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    own = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and isinstance(node.body[0], ast.Expr)
    }
    own |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    strings = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [node.value for node in strings if id(node) not in own and len(node.value.split()) > 3]


PROSE = [*ROOT.glob("docs/*.md"), *ROOT.glob("*.md"), *ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("notebooks/*.md")]


@pytest.mark.parametrize("file", [file for file in PROSE if file.name != "CHANGELOG.md"], ids=lambda file: file.name)
def test_docs_and_notebooks_are_in_plain_words_and_readable(file, record_property):
    text = prose_of(file)
    ease = reading_ease(re.sub(r"`[^`]*`|\[|\]\([^)]*\)|\|", " ", text))
    record_property(file.name, round(ease))
    assert {found[0] for found in TRANSLATED.finditer(text)} == set()
    assert {found[0] for found in OTHER_NAMES.finditer(text)} == set()
    assert ease > 45, ease


def test_no_text_of_the_library_is_in_dated_words():
    found = {}
    for file in sorted((ROOT / "lib/stepdown").rglob("*.py")):
        for text in texts_of(file):
            words = {match[0] for pattern in (TRANSLATED, OTHER_NAMES) for match in pattern.finditer(text)}
            if words:
                found.setdefault(str(file.relative_to(ROOT)), set()).update(words)
    assert found == {}


@pytest.mark.parametrize("more", [{}, {"rounding_base": 5}], ids=["suppress", "round"])
def test_no_point_a_child_is_drawn_where_numbers_are_hidden(more):
    """The book has nothing but its policy: a read of the children, a table or a chart would be an AttributeError."""
    policy = DisclosurePolicy(method="suppress", threshold=5, **more)
    assert sections.days_of_each_child(SimpleNamespace(settings=SimpleNamespace(disclosure=policy))) is None


def test_no_point_a_child_is_drawn_of_thousands():
    shown = SimpleNamespace(disclosure=DisclosurePolicy(method="none", reason="made up"))
    many = SimpleNamespace(frame=range(sections.MOST_CHILDREN + 1))
    assert sections.days_of_each_child(SimpleNamespace(settings=shown, outcomes=many)) is None
