"""Charts of movement and of effects: from cleared tables only, with words that hold the numbers and no hidden one."""

from dataclasses import replace

import pytest
from stepdown import effects
from stepdown.contracts import read_study
from stepdown.disclosure import clear
from stepdown.outcomes import child_outcomes, statutory_status, transitions
from stepdown.params import DisclosurePolicy, load_study
from stepdown.params.effects import EffectSettings
from stepdown.show import effect_charts, movement_charts

SETTINGS = EffectSettings()
OPEN = DisclosurePolicy(method="none", reason="published already")
CLOSED = DisclosurePolicy(method="suppress", threshold=5)


@pytest.fixture(scope="module")
def found():
    study = load_study("params/slough_ifp.yaml")
    return child_outcomes(study, read_study(study))


def charts(found, policy):
    frame = found.frame
    gate = effects.overlap_gate(frame, SETTINGS)
    return {
        "status_flow": movement_charts.status_flow(clear(transitions(found), policy)),
        "before_after": movement_charts.before_after(clear(statutory_status(found), policy)),
        "bracket": effect_charts.bracket_forest(clear(effects.effects_table(frame, SETTINGS, gate), policy)),
        "again": effect_charts.kaplan_meier(clear(effects.re_referral_survival_table(frame, SETTINGS), policy)),
        "balance": effect_charts.love_plot(clear(effects.balance_table(frame, SETTINGS), policy)),
    }


@pytest.fixture(scope="module")
def drawn(found):
    return charts(found, OPEN)


def test_each_title_says_what_the_chart_shows(drawn):
    titles = {name: chart.title for name, chart in drawn.items()}
    assert titles["status_flow"].startswith("IFP: 49 of 78 children moved down, 0 up")
    assert "fell from 86 to 3 in the IFP group and rose from 3 to 26" in titles["before_after"]
    assert "depends on what would have happened without the programme" in titles["bracket"]
    assert titles["again"] == "0% of the IFP group and 5% of the Comparison group had been referred again by day 183"
    assert "differed before by more than chance" in titles["balance"]


def test_a_title_rounds_half_up_and_claims_no_move_that_its_numbers_do_not_show(found):
    table = statutory_status(found)
    frame = table.frame.copy()
    frame.loc[frame["status"] == "CP", "mean_days_per_child"] = [24.5, 2.5, 25.2, 25.4]
    title = movement_charts.before_after(clear(replace(table, frame=frame), OPEN)).title
    assert title.endswith("fell from 25 to 3 in the IFP group and stayed at 25 in the Comparison group")


def test_each_text_alternative_holds_the_numbers(drawn):
    assert "Comparison, none to CP: 12." in drawn["status_flow"].alt
    assert "Protection plan, IFP: 86.3 before, 3.1 after." in drawn["before_after"].alt
    assert "\N{MINUS SIGN}106.14 days per child (\N{MINUS SIGN}141.62 to \N{MINUS SIGN}70.67)" in drawn["bracket"].alt
    assert "day 183 5.2%" in drawn["again"].alt
    assert "Size of sibling group: 1.14." in drawn["balance"].alt


def test_the_same_numbers_give_the_same_picture(found, drawn):
    again = effect_charts.bracket_forest(
        clear(effects.effects_table(found.frame, SETTINGS, effects.overlap_gate(found.frame, SETTINGS)), OPEN)
    )
    assert again.png(dpi=50) == drawn["bracket"].png(dpi=50)
    assert drawn["bracket"].svg() == again.svg()


def test_hidden_numbers_are_neither_drawn_nor_said(found):
    closed = charts(found, CLOSED)
    assert closed["status_flow"].title == "How children's highest status moved from before to after, by group"
    assert "Comparison, none to CLA: [c]." in closed["status_flow"].alt
    assert "[c]: a number of 5 or fewer" in closed["status_flow"].alt
    assert "86" not in closed["before_after"].title
    assert "Days looked after, if both groups would have changed alike: [c] days" in closed["bracket"].alt
    for chart in closed.values():
        assert "nan" not in chart.alt.lower()
        assert chart.png(dpi=40)


def test_flows_are_not_drawn_where_over_a_third_of_them_is_hidden(found):
    assert set(movement_charts.flow_charts(clear(transitions(found), OPEN))) == {"status_flow"}
    closed = clear(transitions(found), CLOSED)
    hidden = (closed.marks["children"] == "c").sum() / len(closed.marks)
    assert hidden > 1 / 3
    assert movement_charts.flow_charts(closed) == {}


def test_an_uncleared_table_is_refused(found):
    for draw in (movement_charts.status_flow, movement_charts.before_after, effect_charts.love_plot):
        with pytest.raises(TypeError, match="ClearedTable"):
            draw(transitions(found))
