"""docs/assumptions.md says what the parameter files say, with a source and a date for each value."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from stepdown import costs
from stepdown.commands.documents import DOCUMENTS
from stepdown.costs.assumptions import assumptions
from stepdown.params import build, load_study
from stepdown.params.costs import Adjustments

ROOT = Path(__file__).resolve().parents[1]
STUDIES = ("slough_ifp", "slough_innovation_hub", "millbrook")


@cache
def inputs(name):
    return costs.study_inputs(load_study(ROOT / f"params/{name}.yaml"))


def test_the_committed_assumptions_are_up_to_date():
    made = DOCUMENTS["docs/assumptions.md"](ROOT)
    assert (ROOT / "docs/assumptions.md").read_text(encoding="utf-8") == made, "run: make documents"


def test_a_published_case_has_its_assumptions_too():
    case = costs.read_case(ROOT / "params/leeds_family_valued.yaml")
    assert "| Saving per family | £755 per family | 2016/17 |" in costs.assumptions_markdown([case])


@pytest.mark.parametrize("name", STUDIES)
def test_every_assumption_has_a_source_and_a_known_quality(name):
    for item in assumptions(inputs(name)):
        assert item.source.strip()
        assert item.quality in ("green", "amber", "red")
        assert item.impact.strip()


def test_stated_corrections_and_their_grade_are_listed_with_their_source():
    made = inputs("slough_ifp")
    share = {"value": 0.15, "unit": "share", "source": "made up, p. 1", "quality": "red", "impact": "saving"}
    given = {"confidence_grade": "3 of 6", "displacement": share | {"price_year": "2019/20"}}
    adjustments = build(given, Adjustments, where="test")
    settings = made.settings.model_copy(update={"adjustments": adjustments})
    text = costs.assumptions_markdown([replace(made, settings=settings)])
    assert "| Confidence grade | 3 of 6 |" in text
    assert "| Displacement | 0.15 share | 2019/20 | made up, p. 1 |" in text


def test_every_tariff_and_every_programme_figure_is_listed():
    text = costs.assumptions_markdown([inputs("slough_ifp")])
    tariffs = ("£9.32", "£10.21", "£160.72", "£223.00")
    for needed in (*tariffs, "£501,597", "£678,981", "£1,423,500", "£2,041,689", "£2,000,000"):
        assert needed in text, needed
