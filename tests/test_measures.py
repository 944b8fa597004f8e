"""What is measured is declared once: no label of a measure and no name of a status is written anywhere else."""

import ast
import re
from pathlib import Path

import pytest
from stepdown import measures
from stepdown.faults import Refused
from stepdown.measures import LADDER, PERIODS, RUNGS, STATUSES, Measure, declare, declared, measured, of_column
from stepdown.params import load_study
from stepdown.params.loading import build, read_yaml
from stepdown.params.study import StudySettings

LIB = Path(measures.__file__).parent
SLOUGH = LIB.parents[1] / "params" / "slough_ifp.yaml"


CHARACTERISTICS = ("number", "category", "ladder")


def words_of_measures():
    """Return the labels that must not stand within any text, and the names that must not be a text of their own."""
    statuses = [STATUSES[code] for code in LADDER]
    whole = {name for status in statuses for name in (status.name, status.short, status.state, status.in_words)}
    within = {r"(?<!child )protection plan"}
    for item in map(measured, declared()):
        if item.kind in CHARACTERISTICS:
            whole |= {f"{text} {period}".strip() for text in (item.label, item.short) for period in (*PERIODS, "")}
        else:
            within |= {re.escape(item.label)} if " " in item.label else set()
            whole.add(item.short)
    return within - {re.escape(name) for name in whole}, {text.lower() for text in whole if " " in text}


def texts_of(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    said = {node.value for parent in ast.walk(tree) if isinstance(parent, documented) for node in parent.body
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in said:
            yield node.lineno, node.value


def test_no_label_of_a_measure_and_no_name_of_a_status_is_written_outside_measures():
    within, whole = words_of_measures()
    pattern = re.compile(rf"\b({'|'.join(within)})\b", re.IGNORECASE)
    found = [
        f"{path.relative_to(LIB)}:{line}: {text}"
        for path in sorted(LIB.rglob("*.py"))
        if path != LIB / "measures.py"
        and path.parent.name != "importing"
        and path.name != "headings.py"  # others' words, read
        for line, text in texts_of(path)
        if pattern.search(text) or text.lower() in whole
    ]
    assert not found


def test_every_status_has_its_days_episodes_and_flag():
    for code in LADDER:
        days = measured(f"days_{code.lower()}")
        assert days.kind == "days"
        assert days.unit == "days"
        assert days.status == code
        assert measured(days.inside).inside == ""
        assert STATUSES[code].held in days.label
        assert {f"episodes_{code.lower()}", f"any_{code.lower()}"} <= set(declared())
    assert RUNGS == ("none", "CIN", "CP", "CLA")


def test_only_days_referrals_and_episodes_can_be_priced():
    assert set(declared(priced=True)) == {
        "days_cin", "days_cp", "days_cla", "referrals", "episodes_cin", "episodes_cp", "episodes_cla",
    }  # fmt: skip


def test_a_measure_is_declared_once():
    declare(measured("days_cp"))
    with pytest.raises(ValueError, match="days_cp is declared twice"):
        declare(Measure("days_cp", "days", "days", "days", "days"))


def test_a_column_is_called_as_its_measure_with_its_period():
    assert of_column("days_cp_before").title == "Days on a child protection plan before"
    assert of_column("age_years").title == "Age (years)"
    assert of_column("highest_before").kind == "ladder"


def test_a_measure_that_cannot_be_priced_is_refused_with_the_nearest_that_can():
    settings = read_yaml(SLOUGH)
    settings["costs"]["tariffs"] = {"days_cpp": "cp_day"}
    with pytest.raises(Refused) as refused:
        build(settings, StudySettings, where="study.yaml")
    [fault] = refused.value.faults
    assert "tariffs" in fault.where
    assert "days_cp" in fault.allowed
    assert load_study(SLOUGH).settings.costs is not None
