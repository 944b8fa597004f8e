"""The audit of RR1038. Judges: the worked figures of the methods notes (section 8) and sums done by hand."""

from fractions import Fraction
from pathlib import Path

import pytest
from stepdown import audit
from stepdown.audit.unit_costs import CostEquation, tariffs_that_fit
from stepdown.published import read
from stepdown.tables import Role

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def result() -> audit.Audit:
    return audit.run_audit(ROOT / "params/audit_rr1038.yaml")


def found(result, kind, severity=None):
    pairs = [(c, w) for c, w in result.findings() if c.kind == kind and (severity is None or w.severity == severity)]
    return [(c.table, c.cell) for c, _ in pairs]


def test_nine_of_21_day_totals_are_impossible_in_184_days(result):
    """Judge: methods notes 8.1; every total that is not 0, by hand (6,732 over 26 is 259 each)."""
    single = [c for c in result.checks if c.kind == "capacity" and len(c.about) == 1]
    days = [c for c in single if not c.published.startswith("0")]
    assert audit.most_days(6) == 184
    assert len(single) == 24
    assert len(days) == 21
    assert {(c.table, c.cell) for c in days if c.is_finding} == {
        ("Table 13", "Days in CP | before"),
        ("Table 13", "Days in CP | after"),
        ("Table 14", "Days in CP | before"),
        ("Table 14", "Days in CP | after"),
        ("Table 14", "Days in CLA | after"),
        ("Table 20", "Days in CP | after"),
        ("Table 20", "Days in CLA | after"),
        ("Table 21", "Days in CP | before"),
        ("Table 21", "Days in CP | after"),
    }


def test_headings_whose_n_is_not_the_n_of_the_figures(result):
    """Judge: methods notes 8.2: Table 21 needs 64, not 68; Tables 3 and 24 were scaled with 116, not 135."""
    headings = {(c.table, c.published, c.recomputed) for c in result.checks if c.kind == "stated_n" and c.is_finding}
    assert headings == {("Table 21", "68", "64"), ("Table 3", "135", "116"), ("Table 24", "135", "116")}


def test_only_these_tariffs_give_all_eight_totals_to_the_pound(result):
    """Judge: methods notes, section 7, by linear programming: £9.32, £10.21, £160.72 and £223.00 and no others."""
    search = next(c for c in result.checks if c.kind == "unit_cost_search")
    assert search.recomputed == "CIN £9.32, CP £10.21, CLA £160.72, referral £223"
    assert search.note.startswith("the only tariffs in steps of £0.01 that give all 8 totals")
    printed = [c for c in result.checks if c.kind == "unit_cost"]
    assert len(printed) == 8
    assert all(c.rounded for c in printed), "the printed £9, £10, £161 miss, and rounding explains it"
    worst = max(abs(c.difference) for c in printed)
    assert worst == 2558


def test_tariffs_that_fit_is_exhaustive():
    """Judge: every pair of tariffs to the penny, tried one by one."""
    report = read(ROOT / "data/published/rr1038")
    from stepdown.audit.figures import Quantity

    total = report.cell(24, "Cost six months after", "Inspiring Families cost (n= 78)")
    quantity = Quantity("t", "Table 24", "c", total.value, total)
    equation = CostEquation(quantity, {"cin": Fraction(1105), "cp": Fraction(240)}, ())
    ranges = {"cin": (Fraction(17, 2), Fraction(19, 2)), "cp": (Fraction(19, 2), Fraction(21, 2))}
    slow = [
        (Fraction(cin, 100), Fraction(cp, 100))
        for cin in range(850, 951)
        for cp in range(950, 1051)
        if total.fits(Fraction(1105 * cin + 240 * cp, 100))
    ]
    fast = tariffs_that_fit([equation], ranges, Fraction(1, 100), most=10_000)
    assert sorted((each["cin"], each["cp"]) for each in fast) == sorted(slow)


def test_flows_two_tables_fit_for_each_ifp_figure_and_the_hub_is_not_identified(result):
    """Judge: methods notes 8.3 and a sum by hand: a + b = 9 with a at most 2 and b at most 8 has two answers."""
    fitting = {(r.name.split(",")[0], r.reading): r.count for r in result.reconstructed}
    assert fitting["Figure 10", "the text, one status a child (the highest)"] == 2
    assert fitting["Figure 11", "12 to CIN and 14 to CIN, as the sentence says"] == 0
    assert fitting["Figure 11", "12 to CIN and 14 to CP"] == 0
    assert fitting["Figure 11", "14 to CIN and 12 to CP"] == 2
    ifp = next(r for r in result.reconstructed if r.name.startswith("Figure 10"))
    flows = {(table[1][1], table[2][1]) for table in ifp.tables}
    assert flows == {(2, 7), (1, 8)}
    assert all(sum(map(sum, table)) == 78 for table in ifp.tables)
    for hub in ("Figure 12", "Figure 13"):
        reading = "margins only, one status a child (the highest)"
        assert fitting[hub, reading] > 30
    assert not any(r.identified for r in result.reconstructed)


def test_what_rounding_explains_is_not_a_finding(result):
    """Judge: by hand. 2,656/78 = 34.05: -34.1 unrounded, 48.2 - 14.2 = 34.0 rounded; both stand in the report."""
    explained = {(c.table, c.cell) for c in result.checks if c.rounded}
    assert ("Table 1", "CIN | IFP change") in explained
    assert ("Table 1", "CIN | comparison change") in explained
    assert ("text, line 208", "summary hub net cost") in explained
    assert not any(c.rounded for c, _ in result.findings())


def test_the_report_says_which_changes_come_from_rounded_figures(result):
    """Judge: by hand, 10/64 = 15.625%, but 18.8 - 3.1 = 15.7; 14/78 = 17.95%, but 30.8 - 12.8 = 18.0."""
    notes = {(c.table, c.cell): c.note for c in result.checks if c.kind == "change"}
    assert notes["Table 13", "Episodes of CIN | change (in brackets)"] == "worked out from the unrounded figures"
    assert notes["Table 13", "Mean days in CIN | change"] == "worked out from the unrounded figures"
    assert notes["Table 1", "CIN | IFP change"] == "worked out from the rounded figures"
    assert notes["Table 21", "Episodes of CP | change (in brackets)"] == "worked out from the rounded figures"
    assert notes["Table 14", "Episodes of CIN | change (in brackets)"] == "worked out from the rounded figures"
    assert notes["Table 14", "Mean days in CIN | change"] == "worked out from the unrounded figures"


def test_misprints_and_labels(result):
    assert found(result, "sign") == [("Table 19", "Referrals | change")]
    assert found(result, "printing") == [("Table 4", "Estimated net cost | Comparison cost (n=64)")]
    assert found(result, "label") == [("Table 1", "CIN | IFP before and 11 more")]
    assert found(result, "scaled") == [("Table 24", "Cost six months before | scaled")]
    assert found(result, "percent", "question") == [("halton, line 84", "safe children percent")]
    assert found(result, "grim") == [("learning summary, line 103", "leeds helped percent")]


def test_every_finding_was_looked_at_by_hand(result):
    """The whole list, read against the text of the report. A new finding must be looked at before it joins it."""
    kinds = sorted((w.severity, c.kind, c.table) for c, w in result.findings())
    assert kinds == sorted(
        [("headline", "capacity", f"Table {n}") for n in (13, 14, 14, 20, 20, 21, 21)]
        + [("headline", "capacity", f"Table {n}") for n in (13, 14, 20, 21)]  # all statuses together
        + [("figure", "capacity", "Table 13"), ("figure", "capacity", "Table 14")]
        + [("figure", "categories", "text, line 1131"), ("figure", "categories", "text, line 1287")]
        + [("figure", "grim", "learning summary, line 103")]
        + [("question", "distinct", "Table 21"), ("question", "distinct", "text, line 1030")]
        + [("question", "order", "text, line 229"), ("question", "percent", "halton, line 84")]
        + [("question", "same", "text, line 1113"), ("question", "same", "learning summary, line 103")]
        + [("presentation", "label", "Table 1"), ("presentation", "printing", "Table 4")]
        + [("presentation", "scaled", "Table 24"), ("presentation", "sign", "Table 19")]
        + [("presentation", "stated_n", f"Table {n}") for n in (3, 21, 24)]
        + [("presentation", "reconstruction", "Figure 11, flow of the IFP comparison cohort")]
    )


def test_categories_by_hand(result):
    """Judge: a count by eye of the rows that are not 0: 14 and 15 (IFP), 19 and 15 (Hub)."""
    categories = {c.cell: c.recomputed for c in result.checks if c.kind == "categories"}
    assert categories["ifp ethnic categories"] == "14"
    assert categories["ifp comparison ethnic categories"] == "15"
    assert categories["hub ethnic categories"] == "19"
    assert categories["hub comparison ethnic categories"] == "15"


def test_the_headline_and_its_range(result):
    """Judge: the report (£307,335 and £559,468) and a sum by hand of the range."""
    outcomes = {(o.headline, o.scenario): o for o in result.outcomes}
    ifp = outcomes["IFP net cost", "every figure as published"]
    assert round(ifp.lowest) == 307_335 == ifp.published
    assert round(outcomes["Innovation Hub net cost", "every figure as published"].lowest) == 559_468
    whole = outcomes["IFP net cost", "every impossible total at any possible value"]
    cp, cla, ratio = Fraction("10.21"), Fraction("160.72"), Fraction(78, 116)
    # cohort CP before 6,732 -> 26..4,784 and after 240 -> 1..184; comparison CP 385 -> 2..368 and 3,043 -> 12..2,208,
    # CLA after 335 -> 1..184; a lower before and a higher after raise the cohort's cost change
    lowest = (
        ifp.lowest
        + cp * (6732 - 4784)
        - cp * (240 - 1)
        - ratio * (cp * (385 - 2) - cp * (3043 - 2208) - cla * (335 - 184))
    )
    highest = (
        ifp.lowest
        + cp * (6732 - 26)
        - cp * (240 - 184)
        - ratio * (cp * (385 - 368) - cp * (3043 - 12) - cla * (335 - 1))
    )
    assert (whole.lowest, whole.highest) == (lowest, highest)
    assert whole.lowest > 0, "the programme costs more than it saves whatever the impossible totals were"


def test_what_is_built_on_an_impossible_total(result):
    """Judge: by hand. CP days before feed the mean, two changes, Table 1, the cost, the saving and the net cost."""
    weight = next(w for c, w in result.findings() if (c.table, c.cell) == ("Table 13", "Days in CP | before"))
    for place in ("table_13|Mean days in CP|", "table_01|CP|IFP count before", "table_24|Estimated net cost|"):
        assert any(key.startswith(place) for key in weight.reaches)
    assert "rr1038|summary_ifp_net_cost" in weight.reaches
    assert not any(key.startswith("table_25") for key in weight.reaches)
    assert weight.headlines == ("IFP net cost",)


def test_most_checks_hold(result):
    held = sum(c.holds for c in result.checks)
    assert (len(result.checks), held, sum(c.rounded for c in result.checks)) == (668, 619, 19)


def test_every_published_table_is_looked_at(result):
    checked = {c.table for c in result.checks}
    assert {f"Table {n}" for n in range(1, 27)} <= checked


def test_tables_have_the_promised_columns_and_tell_nothing_about_a_person(result):
    tables = {table.name: table for table in audit.tables(result)}
    promised = ["table", "cell", "published", "recomputed", "holds", "explained_by_rounding", "severity", "note"]
    assert [c for c in tables["checks"].frame.columns if c in ("check", *promised)] == ["check", *promised]
    for table in tables.values():
        assert {column.role for column in table.columns.values()} <= {Role.KEY, Role.OPEN}
    assert len(tables["findings"].frame) == len(result.findings())
    assert list(tables["check_summary"].frame["checks"])[-1] == len(result.checks)


def test_findings_read_as_one_sentence(result):
    sentences = list(audit.findings_table(result).frame["sentence"])
    assert sentences[0].count(". ") == 0
    assert all(sentence.endswith(".") and " | " not in sentence for sentence in sentences)
    text = next(s for s in sentences if s.startswith("Table 13, Days in CP, before"))
    assert "printed as 6732.0" in text
    assert "at most 4,784 (26 x 184)" in text
    assert "rounding does not explain it" in text
    assert "the IFP net cost" in text


def test_the_same_file_gives_the_same_tables(result):
    again = audit.run_audit(ROOT / "params/audit_rr1038.yaml")
    for first, second in zip(audit.tables(result), audit.tables(again), strict=True):
        assert first.frame.to_csv() == second.frame.to_csv()


def test_the_chart_says_in_words_what_it_shows(result):
    from stepdown.disclosure import clear
    from stepdown.params import DisclosurePolicy
    from stepdown.show.charts import headline_ranges

    policy = DisclosurePolicy(method="none", reason="every figure is already published")
    table = clear(audit.sensitivity_table(result), policy)
    figure = headline_ranges(table, headline="IFP net cost", title=audit.headline_title(result, "IFP net cost"))
    assert figure.title == "IFP net cost: printed £307,335; possible £344,206 to £432,019"
    assert "Printed: £307,335" in figure.alt
    assert "every impossible total at any possible value: £344,206 to £432,019" in figure.alt
    with pytest.raises(TypeError, match="ClearedTable"):
        headline_ranges(audit.sensitivity_table(result), headline="IFP net cost", title="t")


def test_sentences_for_readers(result):
    """Judge: the counts above and the range worked out by hand above."""
    assert audit.overall(result).startswith(
        "619 of 668 checks held. 19 more are explained by rounding. 30 are findings"
    )
    sentence = audit.about_headline(result, "IFP net cost")
    assert "5 of the totals behind it are impossible" in sentence
    assert "between £344,206 and £432,019" in sentence
    assert "outside that range. It is a net cost throughout." in sentence
    flows = [audit.about_reconstruction(each) for each in result.reconstructed]
    assert flows[0].endswith("2 tables fit, so the flow is not identified.")
    assert flows[1].endswith("no table of whole numbers fits.")
