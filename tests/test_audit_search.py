"""The exact searches of the audit against slow and obvious ones, and a headline whose formula does not give it."""

import itertools
from fractions import Fraction
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from stepdown import audit
from stepdown.audit.headline import evaluate
from stepdown.audit.possible import most_days
from stepdown.audit.reconstruction import tables_that_fit
from stepdown.params.loading import build
from stepdown.published import parse, parts, rounded

ROOT = Path(__file__).parents[1]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=9, max_size=9), st.sets(st.integers(0, 8), max_size=3))
def test_every_table_that_fits_is_found_once(cells, known):
    """Judge: all 3 x 3 tables of numbers from 0 to the largest margin, tried one by one."""
    grid = [cells[0:3], cells[3:6], cells[6:9]]
    rows = [sum(row) for row in grid]
    columns = [sum(row[j] for row in grid) for j in range(3)]
    fixed = {(place // 3, place % 3): cells[place] for place in known}
    slow = set()
    for a, b, c, d in itertools.product(*(range(min(rows[i], columns[j]) + 1) for i in (0, 1) for j in (0, 1))):
        table = [[a, b, rows[0] - a - b], [c, d, rows[1] - c - d]]
        table.append([columns[j] - table[0][j] - table[1][j] for j in range(3)])
        if all(value >= 0 for row in table for value in row) and all(table[i][j] == n for (i, j), n in fixed.items()):
            slow.add(tuple(map(tuple, table)))
    fast = list(tables_that_fit(rows, columns, fixed, most=10**6))
    assert len(fast) == len(set(fast))
    assert set(fast) == slow


def test_the_search_stops_at_its_limit():
    assert len(list(tables_that_fit([50, 50], [50, 50], {}, most=7))) == 7


numbers = st.integers(-50, 50).map(Fraction)


@given(st.lists(st.tuples(numbers, numbers), min_size=4, max_size=4), st.data())
def test_a_range_holds_every_value_and_reaches_its_ends(pairs, data):
    """Judge: the formula worked out at every corner and at a point inside, in plain arithmetic."""
    spans = {name: tuple(sorted(pair)) for name, pair in zip("abcd", pairs, strict=True)}
    low, high = evaluate("a - b * (c + 2 * d) / 4", spans, "here")
    corners = [a - b * (c + 2 * d) / 4 for a, b, c, d in itertools.product(*spans.values())]
    assert (low, high) == (min(corners), max(corners))
    share = Fraction(data.draw(st.integers(0, 10)), 10)
    a, b, c, d = (s + share * (e - s) for s, e in spans.values())
    assert low <= a - b * (c + 2 * d) / 4 <= high


@given(st.integers(-(10**6), 10**6), st.integers(0, 4))
def test_what_is_printed_fits_what_it_was_printed_from(scaled, decimals):
    """Judge: Python's own decimal formatting of an exact number."""
    step = Fraction(1, 10**decimals)
    text = f"{float(scaled * step):.{decimals}f}" if decimals else str(scaled)
    number = parse(text)
    assert number.value == scaled * step
    assert number.plain == text.replace("+", "") or number.value == 0
    low, high = number.interval()
    for exact in (low, number.value, high):
        assert number.fits(exact) is (number.value in rounded(exact, step))
    assert not number.fits(high + step)


def test_cells_with_two_numbers():
    assert {part: number.plain for part, number in parts("-14.0 (-17.9%)").items()} == {
        "main": "-14.0",
        "bracket": "-17.9",
    }
    assert {part: number.plain for part, number in parts("+14(12.0%)").items()} == {"main": "14", "bracket": "12.0"}
    assert parts("c") == parts("") == parts("<5") == {}


def test_the_longest_windows_in_days():
    """Judge: the calendar. One month 31, six months 184 (July to December), twelve 366."""
    assert [most_days(months) for months in (1, 2, 3, 6, 12)] == [31, 62, 92, 184, 366]


def test_a_headline_that_its_formula_does_not_give_is_a_finding(tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures/source.yaml").write_text(
        "document: d\npublisher: p\ndate: '2020'\nlicence: l\n", encoding="utf-8"
    )
    (tmp_path / "figures/t.csv").write_text("Row,Cost\nProgramme,£100\nSaving,£40\nNet,£70\n", encoding="utf-8")
    headline = {
        "name": "net cost",
        "published": "t | Net | Cost",
        "values": {"programme": "t | Programme | Cost", "saving": "t | Saving | Cost"},
        "formula": "programme - saving",
    }
    content = {
        "title": "t",
        "about": "a",
        "sources": {"s": "figures"},
        "relations": [{"kind": "printing", "table": "t"}],
        "headlines": [headline],
    }
    result = audit.audit(build(content, audit.AuditSettings, where="f.yaml"), "f", tmp_path)
    ((check, weight),) = result.findings()
    assert (check.kind, check.published, check.recomputed, weight.severity) == ("headline", "£70", "£60", "headline")


def test_every_number_of_the_26_tables_is_in_a_check_of_arithmetic():
    """Only the mean counts of assessments in Table 5 stand alone: nothing in the report can be held against them."""
    result = audit.run_audit(ROOT / "params/audit_rr1038.yaml")
    used: set[str] = set()
    for check in result.checks:
        if check.kind != "printing":
            used |= {check.output, *check.inputs, *check.about}
    alone = [
        (table.name, place)
        for table in result.reports["rr1038"].tables.values()
        for place in table.numbers
        if "|".join((table.name, *place, "rr1038")) not in used and table.name != "table_05"
    ]
    assert alone == [("table_04", ("Estimated net cost", "Comparison cost (n=64)", "main"))], (
        "a misprint, so only printing"
    )
