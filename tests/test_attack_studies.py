"""Made-up studies, one command each: a release comes out of it and nothing hidden can be told from it.

A few of the thirty, for time; ``python -m benchmarks.disclosure`` takes them all.
"""

import pytest
from attacker.trial import try_study

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("test_attack_studies")]


@pytest.mark.parametrize("name", ["sixty", "made_up_05", "made_up_13", "made_up_22"])
def test_one_command_gives_a_release_of_which_nothing_hidden_can_be_told(name, tmp_path):
    """Judge: integer programmes over all that is in the release's files, and the numbers before suppression."""
    verdict = try_study(name, tmp_path)
    assert verdict.code == 0, verdict.leaks
    assert verdict.leaks == ()
    assert verdict.kept > 10
