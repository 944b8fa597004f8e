"""Disclosure control, judged by hand cases, by brute force over whole numbers, and by attack on a release."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from stepdown.disclosure import ClearedTable, audit_release, clear, faults_of, policy_in_words
from stepdown.disclosure.counts import Cell, Relation, counts_of
from stepdown.disclosure.intervals import intervals
from stepdown.disclosure.protecting import exposed, to_hide
from stepdown.faults import Refused
from stepdown.params import DisclosurePolicy
from stepdown.params.disclosure import AlsoHide
from stepdown.tables import AddsUp, AggregateTable, Column, Role

DFE = DisclosurePolicy(method="suppress", threshold=5)
GROUP, KIND = Column("Group", Role.KEY), Column("Kind", Role.KEY)
CHILDREN = Column("Children", Role.COUNT, "children", 0)
SIZE = Column("Children in the group", Role.BASE, "children", 0)
SHARE = Column("Share", Role.DERIVED, "%", 1, ("children", "size"))


def profile(counts, *, adds_up=True, name="profile"):
    """Return one group's counts by kind, with its size and shares, as the profile table has them."""
    size = sum(counts)
    frame = pd.DataFrame(
        {
            "group": "A",
            "kind": [f"k{i}" for i in range(len(counts))],
            "children": counts,
            "percent": [100 * c / size for c in counts],
            "size": size,
        }
    )
    columns = {"group": GROUP, "kind": KIND, "children": CHILDREN, "percent": SHARE, "size": SIZE}
    sums = (AddsUp("children", ("group",), "size"),) if adds_up else ()
    return AggregateTable(name, "kind", frame, columns, sums)


def marks(cleared, column="children"):
    return list(cleared.marks[column])


def hidden(table, policy=DFE):
    cleared = clear(table, policy)
    return {table.name: [(r, c) for c in table.columns for r, m in enumerate(cleared.marks[c]) if m == policy.symbol]}


def test_one_small_count_takes_the_next_smallest_with_it():
    cleared = clear(profile([3, 40, 12, 50]), DFE)
    assert marks(cleared) == ["c", "", "c", ""]
    assert marks(cleared, "percent") == ["c", "", "c", ""]
    assert cleared.frame["children"].tolist()[1] == 40
    assert cleared.frame["children"].isna().tolist() == [True, False, True, False]


def test_zeros_are_shown_and_are_hidden_last():
    assert marks(clear(profile([0, 3, 40, 50]), DFE)) == ["", "c", "c", ""]
    small_group = clear(profile([0, 3]), DFE)
    assert marks(small_group) == ["", "c"]
    assert marks(small_group, "size") == ["c", "c"]


def test_two_small_counts_that_bound_each_other_need_a_third():
    # 1 + 2 = 3 is known: each lies between 1 and 2, which is narrower than 1 to 5
    assert marks(clear(profile([1, 2, 40, 9]), DFE)) == ["c", "c", "", "c"]
    # 5 + 5 = 10: each may be 1 to 9, so no third is needed
    assert marks(clear(profile([5, 5, 40, 9]), DFE)) == ["c", "c", "", ""]


def test_those_who_are_not_in_a_share_are_counted_too():
    # 77 of 78 have it, so 1 has not
    frame = pd.DataFrame({"group": ["A", "B"], "children": [77, 40], "percent": [98.7, 50.0], "size": [78, 80]})
    table = AggregateTable("t", "group", frame, {"group": GROUP, "children": CHILDREN, "percent": SHARE, "size": SIZE})
    cleared = clear(table, DFE)
    assert marks(cleared) == ["c", ""]
    assert marks(cleared, "percent") == ["c", ""]
    assert marks(cleared, "size") == ["", ""]


def test_columns_of_one_row_that_add_up_are_found_without_being_declared():
    frame = pd.DataFrame({"item": ["a", "b"], "files": [30, 30], "yes": [3, 20], "no": [15, 4], "na": [12, 6]})
    part = Column("n", Role.COUNT, "files", 0)
    columns = {"item": KIND, "files": Column("Files", Role.BASE, "files", 0), "yes": part, "no": part, "na": part}
    cleared = clear(AggregateTable("items", "item", frame, columns), DFE)
    assert [marks(cleared, c) for c in ("yes", "no", "na")] == [["c", ""], ["", "c"], ["c", "c"]]


def test_what_rests_on_a_hidden_count_is_hidden_however_far_down():
    frame = pd.DataFrame({"k": ["a", "b"], "children": [3, 30], "days": [90.0, 900.0], "mean": [30.0, 30.0]})
    columns = {
        "k": KIND,
        "children": CHILDREN,
        "days": Column("Days", Role.TOTAL, "days", 0, ("children",)),
        "mean": Column("Mean", Role.DERIVED, "days", 1, ("days",)),
    }
    cleared = clear(AggregateTable("t", "k", frame, columns), DFE)
    assert [marks(cleared, c) for c in ("days", "mean")] == [["c", ""], ["c", ""]]


def test_a_mean_over_a_small_group_and_a_share_that_gives_a_small_count_are_hidden():
    frame = pd.DataFrame(
        {"k": ["a", "b", "c"], "size": [4, 400, 400], "mean": [9.5, 9.5, 9.5], "share": [50.0, 1.0, 40.0]}
    )
    columns = {
        "k": KIND,
        "size": SIZE,
        "mean": Column("Mean age", Role.DERIVED, "years", 1, ("size",)),
        "share": Column("Share", Role.DERIVED, "%", 1, ("size",)),
    }
    cleared = clear(AggregateTable("t", "k", frame, columns), DFE)
    assert marks(cleared, "mean") == ["c", "", ""]
    assert marks(cleared, "share") == ["c", "c", ""]


def test_before_and_after_with_their_change_give_nothing_away():
    frame = pd.DataFrame({"k": ["a", "b"], "before": [30, 20], "after": [3, 25], "change": [-27, 5]})
    n = Column("n", Role.COUNT, "children", 0)
    change = Column("Change", Role.DERIVED, "children", 0, ("before", "after"))
    cleared = clear(AggregateTable("t", "k", frame, {"k": KIND, "before": n, "after": n, "change": change}), DFE)
    assert marks(cleared, "after") == ["c", ""]
    assert marks(cleared, "change") == ["c", ""]


def test_a_total_that_one_contributor_makes_is_hidden_and_takes_a_second_with_it():
    frame = pd.DataFrame({"group": "A", "part": ["x", "y", "z"], "cost": [900.0, 500.0, 4000.0]})
    columns = {"group": GROUP, "part": KIND, "cost": Column("Cost", Role.TOTAL, "£", 0)}
    table = AggregateTable(
        "t", "part", frame, columns, (AddsUp("cost", ("group",)),), largest_percent={"cost": (95.0, 30.0, 20.0)}
    )
    assert marks(clear(table, DFE), "cost") == ["c", "c", ""]


def test_rounding_rounds_counts_half_up_and_leaves_sizes_of_groups():
    policy = DisclosurePolicy(method="suppress", threshold=5, rounding_base=5)
    cleared = clear(profile([12, 13, 40, 0]), policy)
    assert cleared.frame["children"].tolist() == [10, 15, 40, 0]
    assert cleared.frame["size"].tolist() == [65] * 4


def test_a_curve_over_time_is_thinned_to_steps_that_are_not_small():
    frame = pd.DataFrame({"day": [0, 30, 60, 90, 120], "events": [0, 20, 22, 40, 55], "percent": [0, 20.0, 22, 40, 55]})
    columns = {
        "day": Column("Day", Role.KEY),
        "events": Column("Referred again", Role.COUNT, "children", 0),
        "percent": Column("Share", Role.DERIVED, "%", 1, ("events",)),
    }
    cleared = clear(AggregateTable("survival", "day", frame, columns), DFE)
    assert marks(cleared, "events") == ["", "c", "", "", ""]
    assert marks(cleared, "percent") == ["", "c", "", "", ""]


def test_method_none_hides_nothing_and_says_why():
    policy = DisclosurePolicy(method="none", reason="Every figure is already published in RR1038.")
    cleared = clear(profile([1, 2, 3]), policy)
    assert set(marks(cleared)) == {""}
    assert cleared.policy == "No number is hidden, because every figure is already published in RR1038."
    with pytest.raises(ValueError, match="needs a reason"):
        DisclosurePolicy(method="none")


def test_the_policy_is_put_into_words():
    assert "from 1 to 5" in policy_in_words(DFE)


def test_no_cleared_table_is_made_by_hand_or_changed_into_showing_more():
    table = profile([3, 40, 12, 50])
    cleared = clear(table, DFE)
    with pytest.raises(TypeError, match="cannot be made by hand"):
        ClearedTable(
            name="x",
            one_row_is="row",
            frame=table.frame,
            marks=table.frame,
            columns=table.columns,
            symbols={},
            policy="",
            token=object(),
        )
    with pytest.raises(dataclasses.FrozenInstanceError):
        cleared.frame = table.frame
    assert table.frame["children"].tolist() == [3, 40, 12, 50]


def test_a_cleared_table_can_be_cut_ordered_and_spread_and_keeps_its_marks():
    table = AggregateTable(
        "t",
        "group and period",
        pd.DataFrame({"group": ["A", "A", "B", "B"], "period": ["before", "after"] * 2, "children": [3, 40, 50, 60]}),
        {"group": GROUP, "period": Column("Period", Role.KEY), "children": CHILDREN},
    )
    cleared = clear(table, DFE)
    wide = cleared.spread("period", ["children"])
    one = cleared.of(period="before")
    assert "period" not in one.columns
    assert one.frame["children"].tolist() == cleared.where(period="before").frame["children"].tolist()
    assert list(wide.columns) == ["group", "children_before", "children_after"]
    assert wide.marks["children_before"].tolist() == ["c", ""]
    assert np.isnan(cleared.value("children", group="A", period="before"))
    assert cleared.value("children", group="B", period="after") == 60
    assert cleared.in_order("group", ["B", "A"]).frame["group"].tolist() == ["B", "B", "A", "A"]
    with pytest.raises(KeyError):
        cleared.where(children=3)
    with pytest.raises(LookupError):
        cleared.value("children", group="B")


def test_a_setting_that_hides_nothing_is_refused():
    policy = DisclosurePolicy(
        method="suppress", also_hide=(AlsoHide(table="profile", column="children", where={"kind": "?"}),)
    )
    with pytest.raises(Refused, match="also_hide"):
        clear(profile([30, 40]), policy)


def whole_numbers(cells, relations, hidden_places, most):
    """Return, for each hidden count, its least and most by trying every whole number: one axis of a grid a count."""
    places = [p for p in cells if p in hidden_places or not cells[p].shown_anywhere]
    a_zero = any(cells[p].shown_anywhere and cells[p].value == 0 for p in places)  # then any symbol may be one
    lows = [1 if cells[p].shown_anywhere and not a_zero else 0 for p in places]
    grid = np.meshgrid(*(np.arange(low, most + 1) for low in lows), indexing="ij", sparse=True)
    given = {p: c.value for p, c in cells.items()} | dict(zip(places, grid, strict=True))
    fits = np.ones([axis.size for axis in grid], dtype=bool)
    for relation in relations:
        fits &= sum(factor * given[place] for factor, place in relation.terms) == relation.constant
    tried = {place: low + values for place, low, values in zip(places, lows, np.nonzero(fits), strict=True)}
    return {place: (values.min(), values.max()) for place, values in tried.items()}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 6), min_size=2, max_size=3), min_size=2, max_size=2), st.data())
def test_intervals_agree_with_trying_every_whole_number(rows, data):
    assume(len({len(row) for row in rows}) == 1)
    cells, relations = {}, []
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            cells[("t", i, str(j))] = Cell(("t", i, str(j)), value)
        relations.append(Relation(tuple((1, ("t", i, str(j))) for j in range(len(row))), sum(row)))
    for j in range(len(rows[0])):
        relations.append(Relation(tuple((1, ("t", i, str(j))) for i in range(len(rows))), sum(r[j] for r in rows)))
    blank = data.draw(st.sets(st.sampled_from(sorted(cells)), min_size=1, max_size=5))
    slow = whole_numbers(cells, relations, blank, most=18)
    fast = intervals(cells, relations, blank, blank)
    for place in blank:  # a table with margins is totally unimodular: the bounds of real numbers are whole
        assert fast[place] == pytest.approx(slow[place])


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 4).flatmap(
        lambda width: st.lists(st.lists(st.integers(0, 30), min_size=width, max_size=width), min_size=2, max_size=4)
    ),
    st.sampled_from([3, 5, 10]),
)
def test_no_table_with_known_margins_gives_a_small_count_away(rows, threshold):
    frame = pd.DataFrame(
        [(str(i), str(j), value) for i, row in enumerate(rows) for j, value in enumerate(row)],
        columns=["group", "kind", "children"],
    )
    sums = (AddsUp("children", ("group",)), AddsUp("children", ("kind",)))
    table = AggregateTable("t", "cell", frame, {"group": GROUP, "kind": KIND, "children": CHILDREN}, sums)
    cells, relations = counts_of(table)
    blank, given_up = to_hide(cells, relations, threshold, secondary=True)
    left = exposed(cells, relations, blank, threshold)
    assert set(left) == set(given_up)
    for place in left:  # given up only where nothing that is connected is still shown
        near = {p for r in relations if place in {q for _, q in r.terms} for _, p in r.terms}
        assert near <= blank
    shown = {place: cell.value for place, cell in cells.items() if place not in blank}
    assert not any(1 <= value <= threshold for value in shown.values())


def test_the_audit_finds_what_two_tables_give_away_together_and_its_remedy_holds():
    first, second = profile([3, 40, 12, 50]), profile([3, 40, 12, 50], name="again")
    tables = [first, second]
    apart = {**hidden(first), "again": [(0, "children"), (1, "children")]}  # hidden otherwise in the second table
    audit = audit_release(tables, apart, DFE)
    assert {(item.table, item.low, item.high) for item in audit.found} == {("profile", 3, 3), ("again", 3, 3)}
    (fault, *_) = faults_of(audit, "study.yaml")
    assert "also_hide" in fault.remedy
    also = tuple(AlsoHide(table=t, column=c, where=dict(w)) for t, c, w in audit.remedy)
    more = {name: list(places) for name, places in apart.items()}
    for wanted in also:
        rows = first.frame.index[(first.frame[list(wanted.where)] == pd.Series(wanted.where)).all(axis=1)]
        more[wanted.table] += [(int(row), wanted.column) for row in rows]
    assert audit_release(tables, more, DFE).found == ()


def test_the_audit_finds_a_small_count_that_is_printed():
    audit = audit_release([profile([3, 40, 12, 50])], {"profile": []}, DFE)
    assert [(item.low, item.high) for item in audit.found] == [(3, 3)]
    assert audit_release([profile([3, 40])], {"profile": []}, DisclosurePolicy(method="none", reason="x")).found == ()


def test_a_cohort_and_its_subgroup_are_laid_side_by_side():
    """76 of A and 91 of B in one table, and the same children as what is left of a total in another."""

    def table(name, counts, kinds):
        frame = pd.DataFrame(
            [(g, k, n) for g, row in zip("AB", counts, strict=True) for k, n in zip(kinds, row, strict=True)],
            columns=["group", "kind", "children"],
        )
        columns = {"group": GROUP, "kind": KIND, "children": CHILDREN}
        return AggregateTable(name, "cell", frame, columns, (AddsUp("children", ("group",)),) if len(kinds) > 1 else ())

    whole = table("whole", [[73, 3, 24], [87, 4, 9]], ["x", "y", "z"])
    part = table("part", [[76], [91]], ["x or y"])
    blank = {"whole": [(1, "children"), (2, "children"), (4, "children"), (5, "children")], "part": []}
    assert audit_release([whole], blank, DFE).found == ()
    found = audit_release([whole, part], blank, DFE).found
    assert {(item.table, item.low, item.high) for item in found} == {("whole", 3, 3), ("whole", 4, 4)}
