"""Every figure of RR1038 that the records can give, against what the library computes from them.

Judge: the report itself, transcribed in data/published/rr1038. A figure agrees when the computed number, at full
precision, rounds to the printed one. The few that cannot agree (the report's own rounding, misprints, wrong headers)
stand in tests/expected/cannot_agree.csv with the reason; an entry there that is not needed fails the test. Sentences
whose numbers no record can give stand in tests/expected/claims_without_records.csv.
"""

from __future__ import annotations

import csv
import re
from fractions import Fraction
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from stepdown import costs, describe, outcomes, published, review
from stepdown.contracts import StudyRecords, read_study
from stepdown.params import Study, load_study
from stepdown.params.loading import load
from stepdown.params.review import AuditTool

ROOT = Path(__file__).resolve().parents[1]
EXPECTED = ROOT / "tests" / "expected"
IFP, HUB = "slough_ifp", "slough_innovation_hub"
PERIODS = ("before", "after")
WITHOUT_RECORDS = ("table_05", "table_26")  # weekly monitoring and the training log: no child-level record
Key = tuple[str, str, str]
Cells = dict[Key, Fraction]


@cache
def report() -> published.Report:
    return published.read(ROOT / "data" / "published" / "rr1038")


@cache
def study(name: str) -> tuple[Study, StudyRecords, outcomes.ChildOutcomes]:
    loaded = load_study(ROOT / "params" / f"{name}.yaml")
    records = read_study(loaded)
    return loaded, records, outcomes.child_outcomes(loaded, records)


def exact(number: float) -> Fraction:
    """The fraction that a float stands for: all here are whole numbers, or counts over at most 228 children."""
    return Fraction(number).limit_denominator(100_000)


def column_name(column: str, part: str) -> str:
    return f"{column} (in brackets)" if part == published.BRACKET else column


def in_order(table: str, row: str, numbers: list[Fraction | int | float | None], part: str = published.MAIN) -> Cells:
    """The numbers under the table's columns, in their order; None leaves a column out."""
    header = report().table(table).header[1:]
    return {
        (table, row, column_name(column, part)): exact(number) if isinstance(number, float) else Fraction(number)
        for column, number in zip(header, numbers, strict=False)
        if number is not None
    }


# --- profile: Tables 8 to 10 and 15 to 17


def profile_cells(table: str, name: str, variable: str) -> Cells:
    loaded, _, found = study(name)
    frame = describe.profile(loaded, found.cohort).frame
    frame = frame[frame["variable"] == variable]
    cells: Cells = {}
    for row in report().table(table).row_names():
        numbers: list[float] = []
        for group in loaded.settings.groups.labels():
            mine = frame[frame["group"] == group]
            picked = mine if "Total" in row else mine[mine["category"].astype(str) == row]
            assert len(picked), f"{table}: the library's profile has no {row!r}"
            numbers += [int(picked["children"].sum()), float(picked["percent"].sum())]
        cells |= in_order(table, row, numbers)
    return cells


# --- statutory status: Tables 1, 2, 13, 14, 20, 21; referrals: Tables 6, 7, 11, 12, 18, 19


def held(name: str, place: int, status: str, column: str) -> list[Fraction]:
    """A column of statutory_status for a group: before, after and the change, unrounded."""
    loaded, _, found = study(name)
    frame = outcomes.statutory_status(found).frame.set_index(["group", "period", "status"])
    before, after = (
        exact(frame.loc[(loaded.settings.groups.labels()[place], period, status), column]) for period in PERIODS
    )
    return [before, after, after - before]


def status_cells(table: str, name: str, place: int) -> Cells:
    cells: Cells = {}
    for row in report().table(table).row_names():
        what, status = re.fullmatch(r"(Episodes of|Days in|Mean days in) (CIN|CP|CLA)", row).groups()
        column = {
            "Episodes of": "children_with_status",
            "Days in": "days",
            "Mean days in": "mean_days_per_child",
        }[what]
        cells |= in_order(table, row, held(name, place, status, column))
        if what == "Episodes of":
            cells |= in_order(table, row, held(name, place, status, "percent_with_status"), published.BRACKET)
    return cells


def mean_day_cells(table: str) -> Cells:
    cells: Cells = {}
    for status in ("CIN", "CP", "CLA"):
        numbers = held(IFP, 0, status, "mean_days_per_child") + held(IFP, 1, status, "mean_days_per_child")
        cells |= in_order(table, status, numbers)
    return cells


def looked_after_cells(table: str) -> Cells:
    cells: Cells = {}
    for place, row in enumerate(report().table(table).row_names()):
        counts, shares = (held(HUB, place, "CLA", c) for c in ("children_with_status", "percent_with_status"))
        cells |= in_order(table, row, [counts[0], shares[0], counts[1], shares[1]])
    return cells


def referral_cells(table: str, name: str, place: int) -> Cells:
    loaded, _, found = study(name)
    frame = outcomes.referrals(found).frame.set_index(["group", "period"])
    cells: Cells = {}
    for row, column in zip(report().table(table).row_names(), ("referrals", "mean_per_child"), strict=True):
        before, after = (exact(frame.loc[(loaded.settings.groups.labels()[place], p), column]) for p in PERIODS)
        cells |= in_order(table, row, [before, after, after - before])
    return cells


# --- costs: Tables 3, 4, 22 to 25


@cache
def cost_inputs(name: str) -> costs.CostInputs:
    loaded, records, found = study(name)
    return costs.cost_inputs(loaded, found.frame, records.programme_costs)


def cost_cells(table: str, name: str) -> Cells:
    loaded, _, _ = study(name)
    programme, comparison = loaded.settings.groups.labels()
    frame = costs.costs_table(cost_inputs(name)).frame.set_index(["group", "period"])
    net = costs.net_cost_table(cost_inputs(name)).frame.set_index("measure")["amount_gbp"]
    before, after = (
        [
            frame.loc[(programme, period), "cost_gbp"],
            frame.loc[(comparison, period), "cost_gbp"],
            frame.loc[(comparison, period), "cost_scaled_gbp"],
        ]
        for period in PERIODS
    )
    change = [net[f"cost_difference_{which}"] for which in ("programme", "comparison", "comparison_scaled")]
    lines = [before, after, change, [net["saving"]], [net["programme_cost"]], [net["net_cost"], *change[1:]]]
    rows = report().table(table).row_names()
    return {
        key: cell
        for row, numbers in zip(rows, lines, strict=True)
        for key, cell in in_order(table, row, [Fraction(float(number)) for number in numbers]).items()
    }


def tariff_cells(table: str) -> Cells:
    book = cost_inputs(IFP).book
    cells: Cells = {}
    entries = ("cla_day", "cp_day", "cin_day", "referral")
    for row, entry in zip(report().table(table).row_names(), entries, strict=True):
        cost = book.cost(entry)
        cells |= in_order(table, row, [cost.annual_value, cost.amount("exact")])
    return cells


def programme_cost_cells(table: str) -> Cells:
    spent = [cost_inputs(name).spend.amount_gbp for name in (IFP, HUB)]
    rows = report().table(table).row_names()
    return {
        key: cell
        for row, amount in zip(rows, [*spent, sum(spent)], strict=True)
        for key, cell in in_order(table, row, [amount]).items()
    }


# --- the sizes of groups in titles and headers


def size_cells(table: str, name: str, place: int | None) -> Cells:
    """Sizes that the title or a header states: of one group (place), or of both in turn."""
    found, loaded = study(name)[2].frame, study(name)[0]
    sizes = [int((found["group"] == label).sum()) for label in loaded.settings.groups.labels()]
    here = report().table(table)
    stated = here.source.stated_n
    cells: Cells = {}
    for number, _ in enumerate(stated):
        size = sizes[place] if place is not None else sizes[number % 2]
        cells[table, "(title)", f"n, number {number + 1}"] = Fraction(size)
    places = [place, place, place] if place is not None else [0, 1, 0]  # cost tables: own, comparison, scaled
    if table in ("table_03", "table_04", "table_24", "table_25"):
        for number, column in enumerate(here.header[1:]):
            cells[table, "(header)", column] = Fraction(sizes[places[number]])
    return cells


def computed_tables() -> Cells:
    cells: Cells = {}
    for number, name, variable in (
        (8, IFP, describe.AGE),
        (9, IFP, describe.ETHNICITY),
        (10, IFP, describe.SIBLINGS),
        (15, HUB, describe.AGE),
        (16, HUB, describe.ETHNICITY),
        (17, HUB, describe.SIBLINGS),
    ):
        cells |= profile_cells(f"table_{number:02d}", name, variable) | size_cells(f"table_{number:02d}", name, None)
    for number, name, place in ((13, IFP, 0), (14, IFP, 1), (20, HUB, 0), (21, HUB, 1)):
        cells |= status_cells(f"table_{number}", name, place) | size_cells(f"table_{number}", name, place)
    for number, name, place in ((6, HUB, 0), (7, HUB, 1), (11, IFP, 0), (12, IFP, 1), (18, HUB, 0), (19, HUB, 1)):
        cells |= referral_cells(f"table_{number:02d}", name, place) | size_cells(f"table_{number:02d}", name, place)
    cells |= mean_day_cells("table_01") | size_cells("table_01", IFP, None)
    cells |= looked_after_cells("table_02") | size_cells("table_02", HUB, None)
    for table, name in (("table_03", IFP), ("table_04", HUB), ("table_24", IFP), ("table_25", HUB)):
        cells |= cost_cells(table, name) | size_cells(table, name, None)
    return cells | tariff_cells("table_22") | programme_cost_cells("table_23")


# --- case files: the counts in the text


@cache
def items() -> pd.DataFrame:
    loaded, records, _ = study(IFP)
    assert loaded.settings.review is not None
    tool = load(loaded.path(loaded.settings.review.audit_tool), AuditTool)
    return review.case_file_items(records.case_files, tool, loaded.settings.review).frame.set_index(
        ["item_id", "subset"]
    )


CLAIMED_ITEMS = {  # claim → item, subset, column; the other case-file claims are named <item>_<subset>_<column>
    "toolkit_referenced": ("recovery_toolkit_referenced", "during", "any_evidence"),
    "toolkit_completed": ("recovery_toolkit_completed", "during", "any_evidence"),
    "vada_used": ("vada_used", "during", "any_evidence"),
    "vada_files": ("vada_used", "during", "files"),
    "mother_more_engaged": ("mother_more_engaged", "during", "any_evidence"),
    "skilled_direct_work_during": ("skilled_direct_work", "during", "yes"),
    "skilled_direct_work_during_partial": ("skilled_direct_work", "during", "partial"),
}
_ITEM_CLAIM = re.compile(r"(?:summary_)?(?P<item>\w+?)_(?P<subset>before|during|hub)(?P<column>_files|_percent)?")


def case_file_cells() -> Cells:
    known = set(items().index.get_level_values("item_id"))
    cells: Cells = {}
    for claim in report().claims:
        place = CLAIMED_ITEMS.get(claim)
        match = _ITEM_CLAIM.fullmatch(claim)
        if place is None and match and match["item"] in known:
            subset = "during_hub" if match["subset"] == "hub" else match["subset"]
            column = {"": "any_evidence", "_files": "files", "_percent": "percent_any"}[match["column"] or ""]
            place = (match["item"], subset, column)
        if place:
            cells["claims", claim, ""] = exact(float(items().loc[place[:2], place[2]]))
    whole = items()["files"].groupby("subset").max()
    readers = study(IFP)[1].case_files["reviewer_id"].nunique()
    sizes = {"before": whole["before"], "during": whole["during"], "hub": whole["during_hub"]}
    sizes["reviewed"] = sizes["before"] + sizes["during"]
    cells |= {("claims", f"files_{name}", ""): Fraction(int(size)) for name, size in sizes.items()}
    return cells | {("claims", "reviewers", ""): Fraction(readers)}


# --- numbers in sentences about the children and the costs


def flow(name: str, place: int) -> dict[tuple[str, str], int]:
    loaded, _, found = study(name)
    frame = outcomes.transitions(found).frame
    mine = frame[frame["group"] == loaded.settings.groups.labels()[place]]
    return dict(zip(zip(mine["status_before"], mine["status_after"], strict=True), mine["children"], strict=True))


def steps(name: str, place: int, step: str, reason: str = "") -> int:
    loaded, _, found = study(name)
    frame = found.cohort.flow.frame
    mine = frame[(frame["group"] == loaded.settings.groups.labels()[place]) & (frame["step"] == step)]
    return int(mine.loc[mine["reason"].str.contains(reason), "children"].sum())


def ethnic_shares(name: str) -> dict[tuple[str, int], float]:
    loaded, _, found = study(name)
    frame = describe.ethnicity_groups(loaded, found.cohort).frame
    labels = loaded.settings.groups.labels()
    return {(row.category, labels.index(row.group)): row.percent for row in frame.itertuples()}


def ethnic_categories(name: str, place: int) -> int:
    loaded, _, found = study(name)
    frame = describe.profile(loaded, found.cohort).frame
    sentence = describe.categories_sentence(frame, describe.ETHNICITY, loaded.settings.groups.labels())
    return int(re.findall(r"(\d+) for", sentence)[place])


def issue_percents(name: str) -> dict[tuple[str, str, int], float]:
    loaded, records, found = study(name)
    frame = describe.issues(loaded, found.cohort, records).frame
    labels = loaded.settings.groups.labels()
    return {(row.variable, row.category, labels.index(row.group)): row.percent for row in frame.itertuples()}


def several_factors(place: int) -> float:
    """Per cent of a Hub study's group with 2 or 3 domestic-abuse factors."""
    loaded, records, found = study(HUB)
    children = found.frame[found.frame["group"] == loaded.settings.groups.labels()[place]]["child_id"]
    mine = records.issues[records.issues["child_id"].isin(children)]
    return 100 * int(mine["domestic_abuse_factors"].isin([2, 3]).sum()) / len(children)


def sentence_cells() -> Cells:
    net = {
        name: costs.net_cost_table(cost_inputs(name)).frame.set_index("measure")["amount_gbp"] for name in (IFP, HUB)
    }
    ifp, comparison = flow(IFP, 0), flow(IFP, 1)
    cla = {place: held(HUB, place, "CLA", "percent_with_status") for place in (0, 1)}
    asian, white = "Asian or Asian British", "White"
    shares, issue = ethnic_shares(IFP), {name: issue_percents(name) for name in (IFP, HUB)}
    abuse = ("issue at assessment", "Domestic abuse")
    began = {status: sum(n for (before, _), n in ifp.items() if before == status) for status in ("CIN", "CP", "CLA")}
    to_cla = {"IFP": 0, "comparison": 0}
    for label, moves in (("IFP", ifp), ("comparison", comparison)):
        to_cla[label] = sum(n for (before, after), n in moves.items() if after == "CLA" and before != "CLA")
    found = {
        "summary_ifp_saving": net[IFP]["saving"],
        "summary_ifp_saving_families": steps(IFP, 0, "Analysed"),
        "summary_ifp_net_cost": net[IFP]["net_cost"],
        "summary_hub_saving": net[HUB]["saving"],
        "summary_hub_saving_families": steps(HUB, 0, "Analysed"),
        "summary_hub_net_cost": net[HUB]["net_cost"],
        "summary_hub_families": steps(HUB, 0, "In the records"),
        "hub_families": steps(HUB, 0, "In the records"),
        "hub_outcomes_recorded": steps(HUB, 0, "In the records"),
        "hub_initial_dataset": steps(HUB, 0, "In the records"),
        "hub_unborn_excluded": steps(HUB, 0, "Excluded", "unborn"),
        "hub_unborn_excluded_note": steps(HUB, 0, "Excluded", "unborn"),
        "hub_unborn_removed": steps(HUB, 0, "Excluded", "unborn"),
        "hub_children_analysed": steps(HUB, 0, "Analysed"),
        "hub_children_appendix": steps(HUB, 0, "Analysed"),
        "hub_comparison_selected": steps(HUB, 1, "In the records"),
        "ifp_children": steps(IFP, 0, "Analysed"),
        "ifp_children_appendix": steps(IFP, 0, "Analysed"),
        "ifp_comparison_selected": steps(IFP, 1, "In the records"),
        "ifp_cla_after": held(IFP, 0, "CLA", "children_with_status")[1],
        "hub_cla_before_percent": cla[0][0],
        "hub_cla_after_percent": cla[0][1],
        "hub_comparison_cla_before_percent": cla[1][0],
        "hub_comparison_cla_after_percent": cla[1][1],
        "ifp_net_cost_text": net[IFP]["net_cost"],
        "hub_net_cost_text": net[HUB]["net_cost"],
        "appendix_ifp_net_cost": net[IFP]["net_cost"],
        "appendix_ifp_net_cost_again": net[IFP]["net_cost"],
        "appendix_hub_net_cost": net[HUB]["net_cost"],
        "appendix_hub_net_cost_again": net[HUB]["net_cost"],
        "appendix_ifp_cost_difference": net[IFP]["cost_difference_programme"],
        "appendix_ifp_comparison_cost_difference": net[IFP]["cost_difference_comparison_scaled"],
        "appendix_hub_cost_difference": net[HUB]["cost_difference_programme"],
        "appendix_hub_comparison_cost_difference": net[HUB]["cost_difference_comparison_scaled"],
        "ifp_no_domestic_abuse_percent": 100 - issue[IFP][*abuse, 0],
        "hub_four_or_fewer_issues_percent": 100 - issue[HUB]["number of issues", "5 or more", 0],
        "hub_no_domestic_abuse_percent": 100 - issue[HUB][*abuse, 0],
        "hub_comparison_no_domestic_abuse_percent": 100 - issue[HUB][*abuse, 1],
        "hub_two_or_three_factors_percent": several_factors(0),
        "hub_comparison_two_or_three_factors_percent": several_factors(1),
        "window_months": study(IFP)[0].settings.window_months,
        "ifp_ethnic_categories": ethnic_categories(IFP, 0),
        "ifp_comparison_ethnic_categories": ethnic_categories(IFP, 1),
        "hub_ethnic_categories": ethnic_categories(HUB, 0),
        "hub_comparison_ethnic_categories": ethnic_categories(HUB, 1),
        "ifp_asian_percent": shares[asian, 0],
        "ifp_comparison_asian_percent": shares[asian, 1],
        "ifp_white_percent": shares[white, 0],
        "ifp_comparison_white_percent": shares[white, 1],
        "ifp_re_referred": int((study(IFP)[2].frame.query("group == 'IFP'")["referrals_after"] > 0).sum()),
        "figure_9_statuses": len(study(IFP)[0].settings.ladder),
        "figure_10_cin_before": began["CIN"],
        "figure_10_cp_before": began["CP"],
        "figure_10_cla_before": began["CLA"],
        "figure_10_cin_to_none": ifp["CIN", "none"],
        "figure_10_cin_to_none_percent": 100 * ifp["CIN", "none"] / began["CIN"],
        "figure_10_cp_to_none": ifp["CP", "none"],
        "figure_10_cp_to_none_percent": 100 * ifp["CP", "none"] / began["CP"],
        "figure_10_cla_to_cla": ifp["CLA", "CLA"],
        "figure_10_cla_to_cin": ifp["CLA", "CIN"],
        "figure_10_cla_to_none": ifp["CLA", "none"],
        "figure_10_escalated_to_cla": to_cla["IFP"],
        "figure_11_escalated_to_cla": to_cla["comparison"],
        "figure_11_none_before": sum(n for (before, _), n in comparison.items() if before == "none"),
        "figure_11_none_to_cin_first": comparison["none", "CIN"],
        "figure_11_none_to_cin_second": comparison["none", "CIN"],
        "figure_11_none_to_cla": comparison["none", "CLA"],
    }
    return {("claims", claim, ""): exact(float(number)) for claim, number in found.items()}


# --- the comparison


def printed() -> dict[Key, published.Printed]:
    """Every printed number that the records can give, by table (or claims), row and column."""
    cells: dict[Key, published.Printed] = {}
    for name, table in report().tables.items():
        if name in WITHOUT_RECORDS:
            continue
        for (row, column, part), number in table.numbers.items():
            cells[name, row, column_name(column, part)] = number
        for number, size in enumerate(table.source.stated_n, start=1):
            cells[name, "(title)", f"n, number {number}"] = published.parse(str(size))
        for column in table.header[1:]:
            stated = re.search(r"\(n=\s*(\d+)\)", column)
            if stated:
                cells[name, "(header)", column] = published.parse(stated[1])
    without = {row["claim_id"] for row in rows_of("claims_without_records.csv")}
    for name, claim in report().claims.items():
        if name not in without:
            cells["claims", name, ""] = claim.printed
    return cells


def rows_of(name: str) -> list[dict[str, str]]:
    with (EXPECTED / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def computed() -> Cells:
    return computed_tables() | case_file_cells() | sentence_cells()


@cache
def cannot_agree() -> dict[Key, dict[str, str]]:
    return {(row["table"], row["row"], row["column"]): row for row in rows_of("cannot_agree.csv")}


def as_printed(number: Fraction, like: published.Printed) -> str:
    """The computed number with as many decimals as the printed one."""
    return f"{float(number):.{like.decimals}f}"


def disagreeing() -> list[tuple[str, str, str, str, str]]:
    return [
        (*key, number.text, as_printed(computed()[key], number))
        for key, number in printed().items()
        if key in computed() and not number.fits(computed()[key])
    ]


def test_every_published_figure_is_computed() -> None:
    assert sorted(set(printed()) - set(computed())) == []
    assert sorted(set(computed()) - set(printed())) == []
    assert len(printed()) > 650


def test_every_published_figure_agrees_or_is_listed_with_its_reason() -> None:
    listed = {(*key, row["published"], row["computed"]) for key, row in cannot_agree().items()}
    assert [row for row in disagreeing() if row not in listed] == []


def test_no_entry_in_the_list_is_without_need() -> None:
    needed = {row[:3] for row in disagreeing()}
    assert [key for key in cannot_agree() if key not in needed] == []
    assert all(len(row["reason"]) > 20 for row in cannot_agree().values())


def test_claims_without_records_are_claims_and_each_says_why() -> None:
    listed = rows_of("claims_without_records.csv")
    assert [row["claim_id"] for row in listed if row["claim_id"] not in report().claims] == []
    assert all(row["why"] for row in listed)
    assert not {("claims", row["claim_id"], "") for row in listed} & set(computed())


@pytest.mark.parametrize(("name", "net"), [(IFP, 307_335), (HUB, 559_468)])
def test_net_cost_is_the_reports_to_the_pound(name: str, net: int) -> None:
    assert round(costs.report_method(cost_inputs(name)).net_cost) == net


def test_text_bounds_hold() -> None:
    """'at least 75%' without alcohol, drugs or mental health; 'less than 20%' of the comparison without the last."""
    issue = issue_percents(HUB)
    for label in ("Alcohol misuse", "Drug misuse", "Mental health"):
        assert 100 - issue["issue at assessment", label, 0] >= 75
    assert 100 - issue["issue at assessment", "Mental health", 1] < 20


def test_the_steps_add_up_from_the_published_net_cost_to_both_ends_of_ours():
    """Hand sum: £307,335 (RR1038, Table 25), prices, days inside the window, the other comparison."""
    steps = costs.steps_table(cost_inputs("slough_ifp")).frame
    assert steps["net_cost_gbp"].round().tolist() == [307_335, 326_566, 409_335, 494_913]
    assert steps["change_gbp"].cumsum().round(6).tolist() == steps["net_cost_gbp"].round(6).tolist()
