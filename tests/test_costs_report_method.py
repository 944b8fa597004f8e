"""The report's own method: the published totals to the pound, and the tariffs that do and do not give them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from costs_support import MEASURES, PUBLISHED, published_frame
from stepdown.costs.analysis import net_cost
from stepdown.costs.unit_costs import read_book
from stepdown.costs.volumes import volumes
from stepdown.faults import Refused

ROOT = Path(__file__).resolve().parents[1]
TARIFFS = ("cin_day", "cp_day", "cla_day", "referral")


def tariffs(precision):
    book = read_book(ROOT / "params/unit_costs/rr1038.yaml", ROOT)
    return np.array([book.cost(name).amount(precision) for name in TARIFFS])


@pytest.mark.parametrize("study", PUBLISHED)
def test_tariffs_with_pence_give_every_published_total_to_the_pound(study):
    facts = PUBLISHED[study]
    result = net_cost(volumes(published_frame(study), MEASURES), tariffs("exact"), facts["programme_cost"])
    assert tuple(np.round(result.costs).ravel().astype(int)) == facts["costs"]
    assert round(result.saving) == facts["saving"]
    assert round(result.net_cost) == facts["net_cost"]


def test_comparison_scaled_as_in_tables_3_and_4():
    scaled = {}
    for study, facts in PUBLISHED.items():
        result = net_cost(volumes(published_frame(study), MEASURES), tariffs("exact"), facts["programme_cost"])
        scaled[study] = tuple(np.round(result.costs[1] * result.scale).astype(int))
    assert scaled == {"slough_ifp": (11216, 70779), "slough_innovation_hub": (48293, 418700)}


def test_printed_whole_pounds_miss_the_published_totals_by_up_to_2558_pounds():
    misses = []
    for study, facts in PUBLISHED.items():
        data = volumes(published_frame(study), MEASURES)
        result = net_cost(data, tariffs("printed"), facts["programme_cost"])
        misses += list(np.abs(np.round(result.costs).ravel() - facts["costs"]))
        assert round(result.net_cost) != facts["net_cost"]
    assert max(misses) == 2558


def test_comparison_scaled_with_the_n_in_the_header_misses_the_saving():
    data = volumes(published_frame("slough_ifp"), MEASURES)
    result = net_cost(data, tariffs("exact"), 501597, comparison_n=135)
    assert round(result.saving) == round(134698.88 + 88581.22 * 78 / 135)


def test_two_families_worked_by_hand():
    # programme: 10 CP days before, none after; comparison: none before, 4 CP days and a referral after; £10 and £200
    frame = pd.DataFrame(
        {
            "in_programme": [True, False],
            "family_id": ["a", "b"],
            "days_cp_before": [10.0, 0.0],
            "days_cp_after": [0.0, 4.0],
            "referrals_before": [1, 0],
            "referrals_after": [0, 1],
        }
    )
    result = net_cost(volumes(frame, ("days_cp", "referrals")), np.array([10.0, 200.0]), 1000.0)
    assert result.costs.tolist() == [[300.0, 0.0], [0.0, 240.0]]
    assert result.saving == 540.0
    assert result.net_cost == 460.0


def test_children_whose_period_cannot_be_observed_are_set_aside_and_not_counted_as_zero():
    frame = published_frame("slough_ifp")
    frame.loc[5, "observable_after"] = False
    data = volumes(frame, MEASURES)
    assert (data.n_programme, data.set_aside) == (77, 1)


def test_a_measure_that_the_outcomes_do_not_have_is_refused():
    with pytest.raises(Refused, match="episodes_cp_before"):
        volumes(published_frame("slough_ifp"), ("episodes_cp",))
