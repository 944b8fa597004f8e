"""Made-up studies, one command each: a release comes out of it and nothing hidden can be told from it.

A few of the thirty, for time; ``python -m benchmarks.disclosure`` takes them all.
"""

import os

import pandas as pd
import pytest
from attacker.reading import read_tables
from attacker.trial import run_and_judge, try_study, try_without_kernels
from attacker.wording import told_by_the_last_release

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("test_attack_studies"),
    pytest.mark.skipif(
        not os.environ.get("STEPDOWN_ATTACK_STUDIES"),
        reason="not held yet: some studies are refused or leak; STEPDOWN_ATTACK_STUDIES=1 tries them",
    ),
]


@pytest.mark.parametrize("name", ["sixty", "made_up_13", "made_up_22"])
def test_of_a_release_nothing_hidden_can_be_told(name, tmp_path):
    """Judge: integer programmes over all that is in the release's files, and the numbers before suppression."""
    verdict = try_without_kernels(name, tmp_path)
    assert verdict.leaks == ()
    assert verdict.kept > 10


def test_a_second_release_of_records_that_differ_by_one_child_does_not_give_the_child_away(tmp_path):
    """Judge: subtraction of every count that both releases show."""
    released = tmp_path / "outputs/made_up_05/latest/release/tables"
    assert try_study("made_up_05", tmp_path).code == 0
    before = read_tables(released)
    records = tmp_path / "data/made_up_05/children.csv"
    children = pd.read_csv(records, dtype="str", keep_default_na=False)
    shown = children["exclusion_reason"] == ""
    children.loc[shown.idxmax(), "exclusion_reason"] = "moved_away"
    children.to_csv(records, index=False)
    again = run_and_judge(tmp_path / "params/made_up_05.yaml")
    assert (again.code, again.leaks) == (0, ())
    assert told_by_the_last_release(before, read_tables(released)) == []
