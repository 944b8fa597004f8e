"""The sentences about money: made from the numbers, honest at the edges, silent where a number is hidden."""

import pandas as pd
import pytest
from stepdown import costs
from stepdown.costs.sentences import HIDDEN, cashable_sentence, chance_words
from stepdown.costs.uncertainty import AS_PUBLISHED, INSIDE
from stepdown.effects.bracketing import FEW_FAMILIES, TOO_FEW_FAMILIES
from stepdown.numbers import as_pounds

NAN = float("nan")
DID, ANCOVA = "difference in differences", "lagged-outcome adjustment"


def net(saving=200.0, cost=500.0):
    return pd.DataFrame(
        {"measure": ["saving", "programme_cost", "net_cost"], "amount_gbp": [saving, cost, cost - saving]}
    )


def uncertain(
    first=(20_000.0, 10_000.0, 30_000.0, 0.0),
    second=(5_000.0, -1_000.0, 9_000.0, 0.1),
    note="",
    days=INSIDE,
    spent=50e3,
):
    rows = [
        (end, days, saving, low, high, spent - saving, pays, note)
        for end, (saving, low, high, pays) in ((DID, first), (ANCOVA, second))
    ]
    names = ["estimator", "days", "saving_gbp", "saving_low_gbp", "saving_high_gbp", "net_cost_gbp", "percent_pays"]
    return pd.DataFrame(rows, columns=[*names, "note"])


def needed(**values):
    rows = [(m, DID, v, s) for m, (v, s) in values.items()]
    return pd.DataFrame(rows, columns=["measure", "estimator", "value", "published_or_observed"])


def test_pounds_have_a_true_minus_and_thousands():
    assert as_pounds(307334.89) == "£307,335"
    assert as_pounds(-1234.5) == "−£1,235"  # half up, as in the tables


def test_the_answer_says_more_or_less():
    assert "cost £300 more than it saved" in costs.report_sentence(net(), published=True)
    assert "cost £100 less than it saved" in costs.report_sentence(net(600.0), published=True)
    assert "nothing was saved (£50 more was spent)" in costs.report_sentence(net(-50.0), published=True)
    assert "report's own method" not in costs.report_sentence(net(), published=False)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "none"),
        (0.001, "fewer than 1 in 200"),
        (0.013, "about 1 in 100"),
        (0.5, "about 50 in 100"),
        (0.995, "about 99 in 100"),
        (0.999, "more than 199 in 200"),
        (NAN, "a share that is not shown"),
    ],
)
def test_chances_in_words_claim_no_more_than_a_simulation_can(share, words):
    assert chance_words(share) == words


def test_few_families_are_told_beside_the_interval_and_the_chance():
    told = costs.bracket_sentence(uncertain(note=FEW_FAMILIES), "2018/19")
    assert "Few families in one of the groups. Intervals are rough then, and the simulated repeats are surer" in told
    without = (20_000.0, NAN, NAN, NAN)
    told = costs.bracket_sentence(uncertain(without, without, TOO_FEW_FAMILIES), "2018/19")
    assert "£20,000 (no interval can be given)" in told
    assert "Fewer than two families in one of the groups" in told
    assert "nan" not in told


def test_both_ends_are_given_each_with_its_interval_and_never_averaged():
    text = costs.bracket_sentence(uncertain(), "2019/20")
    for part in ("£20,000", "£10,000 to £30,000", "£5,000", "−£1,000 to £9,000", "none", "fewer than 1 in 200"):
        assert part in text
    assert "12,500" not in text
    assert "significant" not in text


def test_hidden_numbers_are_not_filled_in():
    hidden = uncertain(first=(NAN, NAN, NAN, NAN))
    assert costs.bracket_sentence(hidden, "2019/20") == HIDDEN
    assert costs.report_sentence(net(NAN), published=True) == HIDDEN
    none = needed(programme_cost_per_child=(NAN, NAN))
    assert costs.break_even_sentence(none, DID) == HIDDEN
    agency = pd.DataFrame({"shown_as": ["Days"], "saving_gbp": [NAN], "cashable": ["in part"]})
    assert "too few" in cashable_sentence(agency)


def test_switching_values_leave_out_what_no_value_would_turn():
    text = costs.break_even_sentence(
        needed(
            months_of_effect=(NAN, 6.0),
            days_looked_after_avoided_per_child=(30.0, -2.0),
            programme_cost_per_child=(-5.0, 100.0),
        ),
        DID,
    )
    assert "months" not in text
    assert "30 fewer days looked after (the estimate is 2 more)" in text
    pays = costs.break_even_sentence(needed(programme_cost_per_child=(200.0, 100.0)), DID)
    assert "pays for itself as it stands" in pays


def test_what_a_budget_could_lose_is_only_the_cashable_part():
    agency = pd.DataFrame(
        {
            "shown_as": ["Days looked after", "Referrals"],
            "saving_gbp": [70.0, 30.0],
            "cashable": ["in part", "no: time"],
        }
    )
    assert "At most £70 of the £100 counted as saved (days looked after)" in cashable_sentence(agency)
    more_time = cashable_sentence(agency.assign(saving_gbp=[70.0, -30.0]))
    assert "At most £70 (days looked after)" in more_time
    assert "£30 more was spent on social workers' time, which leaves £40" in more_time
    assert "nothing was saved" in cashable_sentence(agency.assign(saving_gbp=[-70.0, 30.0]))
    agency["cashable"] = "no: time"
    assert cashable_sentence(agency).startswith("None of it")
    agency["cashable"] = "not known"
    assert "not known" in cashable_sentence(agency)


def test_the_paragraph_for_both_desks_holds_cost_doubt_and_limit():
    agency = pd.DataFrame({"shown_as": ["Referrals"], "saving_gbp": [30.0], "cashable": ["no: time"]})
    turning = needed(months_of_effect=(16.0, 6.0))
    text = costs.both_desks_paragraph(uncertain(), turning, agency, ("Families chose to come.",))
    for part in (
        "£50,000 was spent",
        "not settled",
        "about 16 months",
        "social workers' time",
        "Families chose to come.",
    ):
        assert part in text
    sure = costs.both_desks_paragraph(uncertain(second=(5e3, 1e3, 9e3, 0.0)), turning, agency, ())
    assert "anywhere from £1,000 to £30,000" in sure
    assert "significant" not in text + sure
    worse = costs.both_desks_paragraph(
        uncertain((-9e3, -20e3, -5e3, 0.0), (-5e3, -9e3, -2e3, 0.0)), turning, agency, ()
    )
    assert "cost more than the comparison would suggest" in worse
    assert "anywhere from £2,000 to £20,000" in worse
    inside = uncertain(first=(14e3, 12e3, 18e3, 0.0), second=(900.0, 400.0, 2e3, 0.0))
    both = pd.concat([uncertain(days=AS_PUBLISHED), inside])
    led = costs.both_desks_paragraph(both, turning, agency, ())
    assert "anywhere from just above £0 to £18,000" in led, "the days as published are not in it"
    assert "in fewer than 1 in 200 of the simulated repeats" in text, "none is among them"
    pays = costs.both_desks_paragraph(uncertain(spent=10e3), turning, agency, ())
    assert "months" not in pays.replace("the months that", ""), "it pays for itself already"


@pytest.mark.parametrize(
    ("without", "words"), [(80.0, "One child carries much"), (98.0, "No single child carries much")]
)
def test_the_weight_of_one_child_is_not_overstated(without, words):
    scenarios = pd.DataFrame({"scenario": ["report_method", "without_one_child"], "saving_gbp": [100.0, without]})
    assert costs.one_child_sentence(scenarios).startswith(words)


def test_where_whole_spells_were_counted_days_inside_lead_and_the_published_count_is_named():
    inside = uncertain(first=(11_000.0, 6_000.0, 16_000.0, 0.0), second=(3_000.0, -400.0, 25_000.0, 0.0))
    text = costs.bracket_sentence(pd.concat([uncertain(days=AS_PUBLISHED), inside]), "2019/20", "RR1038")
    assert "95% interval just below £0 to £25,000" in text, "an end that thousands cannot tell from nought"
    assert text.index("£11,000 (95% interval") < text.index("as RR1038 counted, the two are £20,000 and £5,000")


def test_a_saving_below_nought_is_money_spent_and_pounds_stand_beside_pounds_of_one_size():
    text = costs.bracket_sentence(
        uncertain((9_466.0, -293_076.0, 312_009.0, 0.1), (-78_098.0, -321_816.0, 165_620.0, 0.0)), "2022/23"
    )
    assert "is £9,000 (95% interval −£293,000 to £312,000)" in text
    assert "£78,000 more was spent (95% interval of the saving −£322,000 to £166,000)" in text
    assert "−£78,000" not in text
