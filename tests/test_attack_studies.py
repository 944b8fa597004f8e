"""Made-up studies from records to release: one comes out of each, and nothing hidden can be told from it.

A few, for time; ``python -m benchmarks.disclosure`` takes all of them, with kernels and pages.
"""

import pandas as pd
import pytest
import yaml
from attacker.reading import read_tables
from attacker.trial import judge_without_kernels
from attacker.wording import told_by_the_last_release
from made_up_studies import write

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("test_attack_studies")]


@pytest.mark.parametrize(("name", "books", "least"), [("made_up_03", "013", 20), ("sixty", "2", 20)])
def test_of_a_release_nothing_hidden_can_be_told(name, books, least, tmp_path):
    """Judge: integer programmes over all that is in the release's files, and the numbers before suppression."""
    verdict = judge_without_kernels(write(name, tmp_path), tmp_path / "run", books)
    assert verdict.leaks == ()
    assert verdict.kept > least


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A study of 62 children whose first release stands; afterwards one child's records are not to be used."""
    root = tmp_path_factory.mktemp("two_releases")
    file = write("made_up_05", root)
    assert judge_without_kernels(file, root / "first", "1").leaks == ()
    records = root / "data/made_up_05/children.csv"
    children = pd.read_csv(records, dtype="str", keep_default_na=False)
    children.loc[(children["exclusion_reason"] == "").idxmax(), "exclusion_reason"] = "moved_away"
    children.to_csv(records, index=False)
    return file, root / "first"


@pytest.mark.parametrize(("between", "least"), [("keep", 20), ("hide", 5), ("warn", 20)])
def test_a_second_release_does_not_give_away_the_child_that_left(first, tmp_path, between, least):
    """Judge: subtraction of every count, and of what it leaves of its group, that both releases show."""
    file, released = first
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    settings["disclosure"]["between_releases"] = between
    file.write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), encoding="utf-8")
    verdict = judge_without_kernels(file, tmp_path / "second", "1", previous=released)
    then, now = (read_tables(run / "release/tables") for run in (released, tmp_path / "second"))
    assert verdict.leaks == ()
    assert verdict.kept > least
    assert bool(told_by_the_last_release(then, now)) == (between == "warn")
    listed = yaml.safe_load((tmp_path / "second/restricted/disclosure_applied.yaml").read_text(encoding="utf-8"))
    assert listed["moved_by_few_since_the_last_release"]
    if between == "keep":
        sizes = {row["children"] for row in now["participant_flow"] if row["step"] == "Analysed"}
        assert sizes == {row["children"] for row in then["participant_flow"] if row["step"] == "Analysed"}
