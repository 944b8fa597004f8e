"""No set of files takes the review down: every table, sentence and chart of notebook 2, from files that are too few."""

import re
import warnings
from functools import cache

import numpy as np
import pytest
from review_support import answers_frame, small_tool
from stepdown import review
from stepdown.disclosure import clear
from stepdown.params import DisclosurePolicy
from stepdown.params.review import ReviewSettings
from stepdown.review import sentences
from stepdown.show import review_charts

ITEMS = ("safer", "holistic", "attended")
POLICIES = {
    "all shown": DisclosurePolicy(method="none", reason="made up"),
    "small numbers hidden": DisclosurePolicy(method="suppress", threshold=5),
}


def files(before, during, answer, reviewers=("r1",)):
    """Answers of so many files of each period; ``answer`` maps (number of the file, item, reviewer) to a response."""
    return [
        (f"{period}{i}", period, item, given, reviewer)
        for period, n in (("before", before), ("during", during))
        for i in range(n)
        for item in ITEMS
        for reviewer in reviewers
        if (given := answer(i, item, reviewer))
        and (given, item) not in (("partial", "attended"), ("not_applicable", "holistic"))
    ]


def always(response):
    return lambda i, item, reviewer: response


def mixed(i, item, reviewer):
    return ("yes", "no", "partial" if item != "attended" else "no")[(i + ITEMS.index(item)) % 3]


FILES = {
    "one file": files(1, 0, always("yes")),
    "one file each": files(1, 1, mixed),
    "one period": files(0, 9, mixed),
    "two each": files(2, 2, mixed),
    "all yes": files(8, 12, always("yes")),
    "all no": files(8, 12, always("no")),
    "nothing applies": files(8, 12, lambda i, item, r: "not_applicable" if item == "safer" else "no"),
    "one item": files(
        8, 12, lambda i, item, r: "yes" if item == "safer" and i % 2 else "no" if item == "safer" else ""
    ),
    "apart": [*files(8, 0, always("no")), *files(0, 12, always("yes"))],
    "one double-coded": [*files(6, 6, mixed), *files(1, 0, mixed, ("r2",))],
    "reviewers always agree": files(6, 6, mixed, ("r1", "r2")),
    "reviewers agree on one answer": files(6, 6, always("yes"), ("r1", "r2")),
    "reviewers never agree": files(6, 6, lambda i, item, r: "yes" if r == "r1" else "no", ("r1", "r2")),
    "three reviewers": files(5, 5, mixed, ("r1", "r2", "r3")),
    "one hundred": files(40, 60, mixed),
}


DRAWN = ("one file", "one period", "all no", "nothing applies", "one double-coded")


SETTINGS = ReviewSettings(audit_tool="x.yaml", prespecified=("safer", "holistic"), bootstrap_draws=100)


@cache
def tables_of(kind):
    """The five tables, made once for both policies: to be read only."""
    answers, tool = answers_frame(FILES[kind], hub=["during0"]), small_tool()
    return {
        "items": review.case_file_items(answers, tool, SETTINGS),
        "differences": review.case_file_differences(answers, tool, SETTINGS),
        "ordered": review.case_file_ordered(answers, tool, SETTINGS),
        "agreement": review.agreement(answers, tool, SETTINGS, 1),
        "grid": review.framework_grid(answers, tool, SETTINGS),
    }


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("kind", FILES)
def test_every_table_sentence_and_chart_of_the_review(kind, policy):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = tables_of(kind)
        for name, table in made.items():
            sound(name, table.frame, kind)
        items, differences, _, agreement, grid = (clear(table, POLICIES[policy]) for table in made.values())
        told = [
            sentences.difference_summary(differences.frame),
            sentences.difference_list(differences.frame, SETTINGS),
            sentences.agreement_sentence(agreement.frame, SETTINGS),
            sentences.agreement_limit(agreement.frame),
            sentences.grid_sentence(grid.frame),
        ]
        if len(agreement.frame):
            told.append(sentences.parting_sentence(agreement.frame))
        charts = []
        if kind in DRAWN:
            charts = [review_charts.evidence_bars(items, SETTINGS), review_charts.evidence_grid(grid)]
            charts.append(review_charts.differences_forest(differences, SETTINGS))
            charts += [review_charts.agreement_dots(agreement)] if len(agreement.frame) else []
    text = " ".join([*map(str, told), *(chart.alt for chart in charts)])
    assert not re.search(r"\bnan\b|\binf\b|<NA>", text), text


def sound(name, frame, kind):
    numbers = frame.select_dtypes("number").to_numpy(dtype=float)
    assert not np.isinf(numbers).any(), name
    for column in frame.columns:
        if column.startswith("p_"):
            assert frame[column].dropna().between(0, 1).all(), (name, column)
    if name == "agreement":
        lows = [column for column in frame.columns if column.endswith("_low")]
        for low in lows:
            high = low.removesuffix("_low") + "_high"
            certain = (frame[low] == 1) & (frame[high] == 1)
            assert not certain.any(), f"{kind}: {low} is never certain from a sample of files"
