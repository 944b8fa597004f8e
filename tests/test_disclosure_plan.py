"""The plan of a release: it always ends, hides what it must and little more, and can be pinned. Judges: hand sums."""

import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from stepdown.disclosure import Last, Plan, applied, clear, made_plan
from stepdown.disclosure.affording import Merge, merged
from stepdown.disclosure.counts import Cell, Relation, row_groups
from stepdown.disclosure.linking import assembled, number_of_counts
from stepdown.disclosure.protecting import Costs, exposed, to_hide
from stepdown.effects import balance_table
from stepdown.params import DisclosurePolicy
from stepdown.params.effects import AFTER_ONLY, DIFFERENCE_IN_DIFFERENCES, LAGGED_OUTCOME, EffectSettings
from stepdown.release import planning
from stepdown.tables import AggregateTable, Column, Role

DFE = DisclosurePolicy(method="suppress", threshold=5)
GROUP = Column("Group", Role.KEY)
CHILDREN = Column("Children", Role.COUNT, "children", 0)
SIZE = Column("Children in the group", Role.BASE, "children", 0)


def profile(counts, *, unknown=()):
    """Return the profile of two groups: the age of their children."""
    bands = ["0-4", "5-9", "10-14", "15-17", *(["Unknown"] if unknown else [])]
    rows = [
        ("age", band, group, n, 100 * n / sum(own), sum(own))
        for group, own in counts.items()
        for band, n in zip(bands, own, strict=True)
    ]
    columns = {
        "variable": Column("Characteristic", Role.KEY),
        "category": Column("Category", Role.KEY),
        "group": GROUP,
        "children": CHILDREN,
        "percent": Column("Share", Role.DERIVED, "%", 1, ("children", "children_in_group")),
        "children_in_group": SIZE,
    }
    return AggregateTable("profile", "category of a group", pd.DataFrame(rows, columns=list(columns)), columns)


def flow(records, excluded):
    rows = []
    for group, whole in records.items():
        rows += [
            (group, "In the records", "", whole, whole),
            (group, "Excluded", "asked", excluded[group], excluded[group]),
        ]
        rows.append((group, "Analysed", "", whole - excluded[group], whole - excluded[group]))
    columns = {
        "group": GROUP,
        "step": Column("Step", Role.KEY),
        "reason": Column("Reason", Role.KEY),
        "children": CHILDREN,
        "families": Column("Families", Role.COUNT, "families", 0),
    }
    return AggregateTable("participant_flow", "step", pd.DataFrame(rows, columns=list(columns)), columns)


def hidden_of(plan, name, column="children"):
    return [row for row, c in plan.hidden.get(name, ()) if c == column]


def test_exclusions_are_not_left_as_the_records_less_those_analysed():
    """3 are excluded: records and exclusions are hidden, those analysed (the size of the group) are shown."""
    plan = made_plan([flow({"A": 403, "B": 450}, {"A": 3, "B": 20})], DFE)
    assert hidden_of(plan, "participant_flow")[:2] == [0, 1]
    assert 2 not in hidden_of(plan, "participant_flow")
    assert hidden_of(plan, "participant_flow", "families")[:2] == [0, 1]


def test_nothing_is_given_away_by_the_tables_together_and_little_is_hidden():
    tables = [profile({"A": [3, 40, 12, 345], "B": [60, 70, 80, 220]}), flow({"A": 400, "B": 430}, {"A": 0, "B": 0})]
    plan = made_plan(tables, DFE)
    cells, relations = assembled(tables)
    hidden = {(name, row, column) for name, at in plan.hidden.items() for row, column in at}
    assert exposed(cells, relations, hidden, 5, whole=True) == {}
    assert [row for row in hidden_of(plan, "profile") if tables[0].frame["children"][row] > 5] == [2]


def test_a_table_cleared_by_a_plan_shows_what_the_plan_shows():
    table = profile({"A": [3, 40, 12, 345], "B": [60, 70, 80, 220]})
    plan = made_plan([table], DFE)
    cleared = clear(table, DFE, plan)
    assert [row for row, mark in enumerate(cleared.marks["children"]) if mark == "c"] == hidden_of(plan, "profile")
    assert clear(table, DFE, Plan(left_out={"profile": "too small"})).frame["children"].isna().all()


def test_categories_that_are_merged_are_added_up_and_their_share_is_worked_out_again():
    table = profile({"A": [10, 20, 30, 40]})
    both = merged(table, Merge("profile", "category", ("10-14", "15-17"), "10-14 and over", "age"))
    assert both.frame["category"].tolist() == ["0-4", "5-9", "10-14 and over"]
    assert both.frame["children"].tolist() == [10, 20, 70]
    assert both.frame["percent"].tolist() == [10, 20, 70]
    assert both.frame["children_in_group"].tolist() == [100] * 3
    assert merged(table, Merge("profile", "category", ("a", "b"), "a and over", "age")) is None


def test_what_was_hidden_last_month_is_hidden_first():
    """Either of 12 and 13 would do; last month it was the 13."""
    table = profile({"A": [3, 13, 12, 372], "B": [60, 70, 80, 220]})
    assert hidden_of(made_plan([table], DFE), "profile") == [0, 2]
    pinned = {"hidden": [{"table": "profile", "column": "children", "where": {"category": "5-9", "group": "A"}}]}
    plan = made_plan([table], DFE, pinned=pinned)
    assert hidden_of(plan, "profile") == [0, 1]
    assert {
        "table": "profile",
        "column": "children",
        "where": pinned["hidden"][0]["where"] | {"variable": "age"},
    } in applied(plan, [table], DFE)["hidden"]


def test_a_count_that_differs_a_little_from_the_last_release_is_hidden():
    table = profile({"A": [30, 42, 56, 272], "B": [60, 70, 80, 220]})
    last = Last({"profile": {("age", "5-9", "A"): {"children": "40"}, ("age", "0-4", "A"): {"children": "30"}}})
    plan = made_plan([table], DisclosurePolicy(method="suppress", between_releases="hide"), last=last)
    assert 1 in hidden_of(plan, "profile")
    assert plan.moved == {"profile": ((1, "children", "40"),)}
    warned = DisclosurePolicy(method="suppress", between_releases="warn")
    assert hidden_of(made_plan([table], warned, last=last), "profile") == []


@pytest.mark.parametrize("counts", [[1, 1, 0, 0], [5, 0, 0, 0], [1, 2, 3, 4]])
def test_it_always_ends(counts):
    plan = made_plan([profile({"A": counts, "B": counts}), flow({"A": 10, "B": 12}, {"A": 1, "B": 2})], DFE)
    assert "shown" in plan.in_words()
    assert Plan.read(plan.written()) == plan


def test_equal_numbers_of_tables_whose_counts_are_defined_are_chance_and_say_nothing():
    """In a study of 28 children half of all numbers are equal; told as links they would hide everything."""
    ages, statuses = profile({"A": [6, 7, 8, 9], "B": [7, 8, 9, 10]}), profile({"A": [6, 7, 8, 9], "B": [7, 8, 9, 10]})
    own = AggregateTable("my_own", "row", statuses.frame, statuses.columns)
    flowing = flow({"A": 30, "B": 34}, {"A": 0, "B": 0})
    _, relations = assembled([ages, flowing, own])
    assert any({"profile", "my_own"} == {place[0] for _, place in relation.terms} for relation in relations)
    issues = AggregateTable("issues", "row", statuses.frame.assign(variable="issue at assessment"), statuses.columns)
    _, relations = assembled([ages, flowing, issues])
    counts = [[place for _, place in relation.terms if place[2] == "children"] for relation in relations]
    assert not any({"profile", "issues"} <= {place[0] for place in places} for places in counts)


def test_a_table_that_is_not_the_one_of_the_plan_is_left_out():
    """A second pass that sorts rows otherwise, or makes a table that no plan foresaw, cannot show a wrong number."""
    table = profile({"A": [3, 40, 12, 345], "B": [60, 70, 80, 220]})
    plan = made_plan([table], DFE)
    assert clear(table, DFE, plan).left_out == ""
    other = AggregateTable("profile", "row", table.frame.sort_values("children"), table.columns)
    assert "cleared together" in clear(other, DFE, plan).left_out
    unforeseen = AggregateTable("my_own", "row", table.frame, table.columns)
    assert clear(unforeseen, DFE, plan).frame["children"].isna().all()


def test_a_plan_that_cannot_be_made_leaves_every_count_out_and_says_so(monkeypatch):
    def fails(self):
        raise ArithmeticError("no answer")

    monkeypatch.setattr("stepdown.disclosure.settling._Work.settle", fails)
    plan = made_plan([profile({"A": [3, 40, 12, 345], "B": [60, 70, 80, 220]})], DFE)
    assert "ArithmeticError" in plan.left_out["profile"]
    assert (plan.shown, plan.counts > 0) == (0, True)


def test_a_small_study_merges_the_upper_bands_only_where_more_children_are_shown_so():
    """2 and 9 of the upper bands are 11 together, which can be shown; 1 and 2 are 3, which cannot."""
    flowing = flow({"A": 100, "B": 100}, {"A": 0, "B": 0})
    plan = made_plan([profile({"A": [50, 39, 2, 9], "B": [30, 40, 10, 20]}), flowing], DFE)
    assert [merge.label for merge in plan.merges] == ["10 and over"]
    assert hidden_of(plan, "profile") == []
    plan = made_plan([profile({"A": [50, 47, 1, 2], "B": [30, 40, 10, 20]}), flowing], DFE)
    assert plan.merges == ()
    large = [profile({"A": [350, 239, 2, 9], "B": [30, 40, 10, 20]}), flow({"A": 600, "B": 100}, {"A": 0, "B": 0})]
    assert made_plan(large, DFE).merges == ()


def test_ethnic_codes_stand_in_broad_groups_where_more_children_are_shown_so():
    table = profile({"A": [3, 4, 43, 50], "B": [20, 30, 30, 20]})
    frame = table.frame.assign(variable="ethnicity").replace({"0-4": "Irish", "5-9": "Other white"})
    tables = [AggregateTable("profile", "row", frame, table.columns), flow({"A": 100, "B": 100}, {"A": 0, "B": 0})]
    plan = made_plan(tables, DFE, broad={"White": ["Irish", "Other white"]})
    assert [merge.label for merge in plan.merges] == ["White"]
    assert "categories were merged into broad ethnic groups." in plan.in_words()
    assert clear(tables[0], DFE, plan).frame["children"].tolist()[0] == 7


def test_of_who_could_be_observed_only_the_study_s_own_period_is_released():
    rows = [("A", f"{m} months before", m, "before", "Observable", 90 - m) for m in (6, 12, 18)]
    names = ["group", "window", "window_months", "period", "reason", "children"]
    keys = {name: Column(name, Role.KEY) for name in names[:-1]}
    columns = {**keys, "children": CHILDREN}
    table = AggregateTable.of_rows("observability", "row", columns, rows)
    plan = made_plan([table], DFE)
    assert clear(table, DFE, plan).frame["window_months"].astype("int64").tolist() == [6]
    assert "only the periods that the study uses" in plan.in_words()


def test_a_row_that_moved_by_few_stands_as_it_was_printed_and_the_next_release_knows_it():
    """40 then, 42 now: 40 stands, with its share; the size of the group moved by 2 too. Judge: the last release."""
    table = profile({"A": [30, 42, 56, 274], "B": [60, 70, 80, 220]})
    then = {"children": "40", "percent": "10.0", "children_in_group": "400"}
    plan = made_plan([table], DFE, last=Last({"profile": {("age", "5-9", "A"): then}}))
    shown = clear(table, DFE, Plan.read(plan.written()))
    assert shown.frame.iloc[1][["children", "percent", "children_in_group"]].tolist() == [40, 10.0, 400]
    assert shown.marks.iloc[1].tolist() == [""] * 6
    assert "are shown as they were printed then" in plan.in_words()
    assert applied(plan, [table], DFE)["moved_by_few_since_the_last_release"][0] == (
        "profile, children, age, 5-9, A: last printed 40"
    )


def test_what_the_last_release_hid_and_that_has_not_moved_is_hidden_again():
    """Shown now, with the same records, it would tell what it was then."""
    table = profile({"A": [3, 40, 12, 345], "B": [60, 70, 80, 220]})
    last = Last(hidden={"profile": {("age", "5-9", "A"): {"children": "40"}, ("age", "0-4", "B"): {"children": "30"}}})
    assert hidden_of(made_plan([table], DFE, last=last), "profile") == [0, 1]
    warned = DisclosurePolicy(method="suppress", between_releases="warn")
    assert hidden_of(made_plan([table], warned, last=last), "profile") == [0, 2]


def test_a_count_that_moved_by_few_can_be_merged_with_its_neighbour():
    """10-14 went from 50 to 53 and 15-17 from 60 to 70: together from 110 to 123, which tells of 13."""
    merging = DisclosurePolicy(method="suppress", between_releases="merge")
    table = profile({"A": [100, 100, 53, 70], "B": [60, 70, 80, 220]})
    then = {("age", "10-14", "A"): {"children": "50"}, ("age", "15-17", "A"): {"children": "60"}}
    plan = made_plan([table], merging, last=Last({"profile": then}))
    assert [merge.label for merge in plan.merges] == ["10 and over"]
    assert (plan.hidden, plan.moved) == ({}, {})


@pytest.mark.parametrize("seed", range(10))
def test_no_more_is_hidden_than_has_to_be(seed):
    """Ten random tables of three by four with their margins. Judge: trying every set of cells, the smallest first."""
    rng = np.random.default_rng(seed)
    values = rng.choice([2, 4, 7, 9, 12, 20, 35, 60], (3, 4), p=[0.1, 0.06, 0.14, 0.14, 0.14, 0.14, 0.14, 0.14])
    values[rng.integers(3), rng.integers(4)] = 3
    cells = {("t", i, f"c{j}"): Cell(("t", i, f"c{j}"), int(values[i, j])) for i in range(3) for j in range(4)}
    lines = [[("t", i, f"c{j}") for j in range(4)] for i in range(3)]
    lines += [[("t", i, f"c{j}") for i in range(3)] for j in range(4)]
    relations = [Relation(tuple((1, p) for p in line), sum(cells[p].value for p in line)) for line in lines]
    hidden, given_up = to_hide(cells, relations, 5, secondary=True, costs=Costs(spare=True))
    assert (given_up, exposed(cells, relations, hidden, 5, whole=True)) == ({}, {})
    small = {place for place, cell in cells.items() if cell.value <= 5}
    others = sorted(set(cells) - small)
    fewer = (small | set(some) for k in range(len(hidden) - len(small)) for some in combinations(others, k))
    assert all(exposed(cells, relations, some, 5, whole=True) for some in fewer)


def test_rows_are_together_by_the_values_of_their_keys_also_where_one_is_missing():
    frame = pd.DataFrame(
        {"a": ["x", None, "y", None, "x"], "b": [1.0, np.nan, 1.0, np.nan, 2.0]}, index=[9, 8, 7, 6, 5]
    )
    assert row_groups(frame, ["a"]) == [[0, 4], [1, 3], [2]]
    assert row_groups(frame, ["a", "b"]) == [[0], [1, 3], [2], [4]]
    assert row_groups(frame, []) == [[0, 1, 2, 3, 4]]


def test_the_plan_counts_what_there_is_to_show():
    tables = [profile({"P": (10, 0, 30, 5), "C": (9, 3, 11, 2)})]
    cells, _ = assembled(tables)
    assert number_of_counts(tables) == sum(c.shown_anywhere and c.value > 0 for c in cells.values()) == 7 + 8


def days_before(programme, comparison):
    """Return the balance of the days on a plan before of two groups."""
    frame = pd.DataFrame({"days_cp_before": [*programme, *comparison]}, dtype="float64")
    frame["in_programme"] = [True] * len(programme) + [False] * len(comparison)
    return balance_table(frame, EffectSettings(balance_variables=("days_cp_before",)))


def test_a_mean_and_spread_of_days_do_not_tell_that_one_child_had_them():
    """52 days of one of 26 children: mean 2.00 and spread 10.20 = 2.00 √26, which no two children have. By hand."""
    many = [30.0 * k for k in range(1, 8)] + [0.0] * 24
    tables = {n: days_before([52.0] + [0.0] * 25, rest) for n, rest in (("many", many), ("none", [0.0] * 31))}
    shown = {n: clear(t, DFE, made_plan([t], DFE)).frame.iloc[0] for n, t in tables.items()}
    levels = ["mean_programme", "sd_programme", "mean_comparison", "sd_comparison", "variance_ratio"]
    assert all(frame[levels].isna().all() for frame in shown.values())
    assert shown["many"]["smd"] == pytest.approx(-0.6, abs=0.1)
    assert pd.isna(shown["none"]["smd"])  # √(2 / 26), whatever the days
    plenty = days_before(many, many)
    assert clear(plenty, DFE, made_plan([plenty], DFE)).frame.iloc[0][levels].notna().all()


def test_who_has_a_period_after_and_is_not_analysed_does_not_follow():
    """59 have a period after, 58 are analysed: 1 was not yet born when the period before began."""
    groups = {"A": (62, 3, 1, 58), "B": (74, 5, 0, 69)}
    steps = ("In the records", "Not observable", "Not observable", "Analysed")
    reasons = ("", "Turned 18 before the period ended (after)", "Not yet born when the period began (before)", "")
    rows = [(g, *at, n, n) for g, own in groups.items() for *at, n in zip(steps, reasons, own, strict=True) if n]
    names = ["group", "step", "reason", "children", "families"]
    left = AggregateTable.of_rows(
        "participant_flow",
        "step",
        {n: Column(n, Role.KEY) for n in names[:3]} | dict.fromkeys(names[3:], CHILDREN),
        rows,
    )
    sights = [
        (g, f"6 months {period}", 6, period, reason, n)
        for g, (whole, old, unborn, _) in groups.items()
        for period, reason, n in (
            ("before", reasons[2].removesuffix(" (before)"), unborn),
            ("before", "Observable", whole - unborn),
            ("after", reasons[1].removesuffix(" (after)"), old),
            ("after", "Observable", whole - old),
        )
        if n
    ]
    names = ["group", "window", "window_months", "period", "reason", "children"]
    seen = AggregateTable.of_rows(
        "observability", "row", {n: Column(n, Role.KEY) for n in names[:-1]} | {"children": CHILDREN}, sights
    )
    cells, relations = assembled([left, seen])
    plan = made_plan([left, seen], DFE)
    hidden = {(name, row, column) for name, at in plan.hidden.items() for row, column in at}
    assert not exposed(cells, relations, hidden, 5)
    assert exposed(cells, relations, hidden - {("observability", 3, "children")}, 5)


def test_few_families_follow_from_no_total_and_no_number_of_ways_to_deal_them_out():
    """4 and 15 families: 19 − 15, and 3,876 ways = 19 · 18 · 17 · 16 / 24. By hand."""
    own = flow({"A": 13, "B": 26}, {"A": 0, "B": 0})
    own.frame["families"] = [4, 0, 4, 15, 0, 15]
    columns = {
        "outcome": Column("Outcome", Role.KEY),
        "n_families": Column("Families", Role.BASE, "families", 0),
        "deals": Column("Deals", Role.OPEN, "", 0),
        "method": Column("Method", Role.OPEN),
        "p_value": Column("p", Role.DERIVED, "p", 3),
        "p_holm": Column("p", Role.DERIVED, "p", 3),
        "n_with_any": CHILDREN,
    }
    rows = [("days_cp", 19, 3876, "all deals counted", 0.62, 1.0, 12)]
    ways = AggregateTable.of_rows("permutation", "outcome", columns, rows)
    plan = made_plan([own, ways], DFE)
    shown = clear(ways, DFE, plan).frame.iloc[0]
    assert shown[["deals", "method", "p_value", "p_holm"]].isna().all()
    families = clear(own, DFE, plan).frame["families"]
    assert pd.isna(families[2])
    assert pd.isna(families[5]) or pd.isna(shown["n_families"])


def test_a_difference_after_of_few_children_is_not_their_sum_of_days():
    """One of 13 had 77 days after and none of 26: 5.92 a child, × 13 is 77. Differences in differences stay."""
    rows = [(g, period, "CLA", n) for g, period, n in (("A", "before", 0), ("A", "after", 1), ("B", "before", 8))]
    keys = {name: Column(name, Role.KEY) for name in ("group", "period", "status")}
    had = AggregateTable.of_rows(
        "statutory_status", "row", keys | {"children_with_status": CHILDREN}, [*rows, ("B", "after", "CLA", 0)]
    )
    columns = {
        "outcome": Column("Outcome", Role.KEY),
        "estimator": Column("Estimator", Role.KEY),
        "estimate": Column("Estimate", Role.DERIVED, "", 2, ("n_with_any",)),
        "n_with_any": CHILDREN,
    }
    ends = [("days_cla", DIFFERENCE_IN_DIFFERENCES, 20.31, 9), ("days_cla", AFTER_ONLY, 5.92, 9)]
    effects = AggregateTable.of_rows("effects", "outcome", columns, [*ends, ("days_cla", LAGGED_OUTCOME, 5.92, 9)])
    shown = clear(effects, DFE, made_plan([had, effects], DFE)).frame["estimate"]
    assert shown.isna().tolist() == [False, True, True]


def test_a_score_of_one_period_alone_does_not_follow_from_those_with_both():
    """40 measured before less 38 measured both times: 2 were not measured after."""
    keys = {name: Column(name, Role.KEY) for name in ("measure", "group")}
    rows = [("W", "A", "before", 50, 40), ("W", "A", "after", 50, 45), ("W", "B", "before", 60, 48)]
    columns = keys | {"period": Column("period", Role.KEY), "children_in_group": SIZE, "measured": CHILDREN}
    scores = AggregateTable.of_rows("scores", "row", columns, [*rows, ("W", "B", "after", 60, 46)])
    columns = keys | {"children_in_group": SIZE, "measured_both": CHILDREN}
    both = AggregateTable.of_rows("score_movement", "row", columns, [("W", "A", 50, 38), ("W", "B", 60, 39)])
    plan = made_plan([scores, both], DFE)
    assert {("scores", 0), ("score_movement", 0)} & {(name, row) for name, at in plan.hidden.items() for row, _ in at}
    assert ("scores", 2) not in {(name, row) for name, at in plan.hidden.items() for row, _ in at}


@pytest.mark.parametrize(("size", "hidden"), [(5, True), (6, False)])
def test_differences_of_a_group_of_few_children_do_not_tell_its_size(size, hidden):
    """0.08 fewer per child, from halves, thirds, quarters … of a count: only groups of 3 and 4 give 0.08."""
    sizes = {
        "n_programme": Column("P", Role.BASE, "children", 0),
        "n_comparison": Column("C", Role.BASE, "children", 0),
    }
    gate = AggregateTable.of_rows(
        "overlap_gate", "study", {"verdict": Column("V", Role.OPEN), **sizes}, [("", size, 60)]
    )
    columns = {
        "outcome": Column("Outcome", Role.KEY),
        "estimate": Column("Estimate", Role.DERIVED, "", 2, ("n_with_any",)),
        "n_with_any": CHILDREN,
    }
    effects = AggregateTable.of_rows("effects", "outcome", columns, [("days_cla", 0.08, 40)])
    shown = clear(effects, DFE, made_plan([gate, effects], DFE)).frame["estimate"]
    assert shown.isna().tolist() == [hidden]


@pytest.mark.parametrize(
    ("then", "other"),
    [
        ("records of the study, 3 months before and after", True),
        ("records of the study (synthetic), 6 months before and after", False),
        ("records of one's own", False),
    ],
)
def test_a_last_release_is_of_other_periods_where_their_length_differs(tmp_path, then, other):
    parts = tmp_path / "restricted" / "parts"
    parts.mkdir(parents=True)
    (parts / "1.json").write_text(json.dumps({"notebook": "1", "source": then}))
    now = [{"notebook": "1", "source": "records of the study, 6 months before and after"}]
    assert planning._other_periods(now, tmp_path) == other
