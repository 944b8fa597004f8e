"""The sample of case files: drawn by chance and seed, shared evenly, some files read twice."""

from collections import Counter

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stepdown.faults import Refused
from stepdown.params import build
from stepdown.params.review import SamplePlan
from stepdown.review.sampling import draw


def plan(reviewers=("r1", "r2", "r3"), before=(6, 2), during=(9, 3)):
    settings_given = {
        "register_file": "data/register.csv",
        "folder": "review",
        "reviewers": list(reviewers),
        "strata": [
            {"name": "Before", "where": {"period": "before"}, "files": before[0], "double_coded": before[1]},
            {"name": "During", "where": {"period": "during"}, "files": during[0], "double_coded": during[1]},
        ],
    }
    return build(settings_given, SamplePlan, where="plan")


def register(before=20, during=30):
    rows = [(f"F{i:03d}", "before" if i < before else "during") for i in range(before + during)]
    return pd.DataFrame(rows, columns=["file_id", "period"], dtype="str")


def test_each_stratum_gives_its_number_of_files_and_its_number_read_twice():
    frame = draw(register(), plan(), 1).frame
    readings = frame.groupby("file_id").size()
    by_stratum = frame.drop_duplicates("file_id").set_index("file_id")["stratum"]
    assert Counter(by_stratum) == {"Before": 6, "During": 9}
    assert Counter(by_stratum[readings[readings == 2].index]) == {"Before": 2, "During": 3}
    assert not frame.duplicated(["file_id", "reviewer_id"]).any(), "nobody reads a file twice"


def test_the_same_seed_draws_the_same_and_another_seed_another():
    first, again, other = (draw(register(), plan(), seed).frame for seed in (5, 5, 6))
    pd.testing.assert_frame_equal(first, again)
    assert set(first["file_id"]) != set(other["file_id"])


def test_the_order_of_the_register_does_not_matter():
    shuffled = register().sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(draw(register(), plan(), 5).frame, draw(shuffled, plan(), 5).frame)


def test_files_are_met_in_random_order_so_that_periods_are_mixed():
    sample = draw(register(), plan(reviewers=["r1"], before=(10, 0), during=(10, 0)), 2)
    period = dict(zip(sample.frame["file_id"], sample.frame["period"], strict=True))
    order = [period[file] for file in sample.files_of("r1")]
    assert sum(a != b for a, b in zip(order, order[1:], strict=False)) > 3
    assert sorted(sample.frame["place_in_workbook"]) == list(range(1, 21))


@given(st.integers(1, 4), st.integers(1, 12), st.integers(0, 12), st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_reviewers_get_nearly_the_same_number_of_files(reviewers, files, double, seed):
    double = min(double, files) if reviewers > 1 else 0
    asked = plan(reviewers=[f"r{i}" for i in range(reviewers)], before=(files, double), during=(1, 0))
    frame = draw(register(), asked, seed).frame
    load = Counter(frame["reviewer_id"])
    assert sum(load.values()) == files + double + 1
    assert max(load.values()) - min(load.get(f"r{i}", 0) for i in range(reviewers)) <= 1


def test_every_file_of_a_stratum_can_be_drawn():
    drawn = Counter(
        file
        for seed in range(200)
        for file in set(draw(register(5, 5), plan(before=(2, 0), during=(2, 0)), seed).frame["file_id"])
    )
    assert len(drawn) == 10
    assert min(drawn.values()) > 45, "each of 5 files in 200 draws of 2: 80 expected"


@pytest.mark.parametrize(
    ("alter", "match"),
    [
        (lambda frame: frame.drop(columns="period"), "no column period"),
        (lambda frame: pd.concat([frame, frame.head(1)], ignore_index=True), r"appears twice"),
        (lambda frame: frame.assign(period="later"), "unknown period"),
        (lambda frame: frame.assign(in_hub="maybe"), "unknown flag"),
        (lambda frame: frame.assign(file_id=""), "a blank"),
        (lambda frame: frame.head(3), r"3 file\(s\) in the register, 6 to be drawn"),
    ],
)
def test_a_register_that_does_not_hold_together_is_refused(alter, match):
    with pytest.raises(Refused, match=match):
        draw(alter(register()), plan(), 1)


def test_strata_that_share_files_are_refused():
    overlapping = plan().model_copy(update={"strata": (*plan().strata, plan().strata[0])})
    with pytest.raises(Refused, match="belong to two strata"):
        draw(register(), overlapping, 1)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"reviewers": ("r1",)}, "two reviewers"),
        ({"before": (2, 3)}, "double-coded of 2"),
        ({"reviewers": ("r1", "r1")}, "once"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(change, match):
    with pytest.raises(Refused, match=match):
        plan(**change)
