"""Unit-cost books: what is refused, what contains what, and how a cost becomes the cost of a day."""

import io
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
from stepdown.contracts import read_study
from stepdown.costs import cost_faults
from stepdown.costs.programme import programme_spend
from stepdown.costs.unit_costs import choose_tariffs, joined_books, read_book
from stepdown.faults import Refused
from stepdown.params import Study, StudySettings, build, load_study, read_yaml
from stepdown.params.costs import CostSettings, ProgrammeCost

ROOT = Path(__file__).resolve().parents[1]
RR1038 = ROOT / "params/unit_costs/rr1038.yaml"
GMCA = ROOT / "params/unit_costs/gmca_v1_4.yaml"


def settings(tariffs, **more):
    given = {
        "unit_costs": "params/unit_costs/rr1038.yaml",
        "tariffs": tariffs,
        "price_year": "2019/20",
        "programme": {"spent_over": "a year", "paid_by": "a council", "source": "made up", "quality": "red"},
    }
    return build(given | more, CostSettings, where="test")


def book_with(tmp_path, **entry):
    good = {
        "describes": "a day",
        "value": 10.0,
        "unit": "per day",
        "price_year": "2019/20",
        "source": "made up, page 1",
        "agency": "Local Authority",
        "kind": "fiscal",
        "quality": "red",
        "range": {"shape": "gamma", "cv": 0.2, "because": "a convention"},
    }
    content = {"title": "t", "as_of": "AS_OF", "source": "s", "licence": "l", "entries": {"day": good | entry}}
    if entry.get("price_year", "") is None:
        del content["entries"]["day"]["price_year"]
    file = tmp_path / "params" / "book.yaml"
    file.parent.mkdir()
    file.write_text(yaml.safe_dump(content).replace("AS_OF", "2020-01-01"), encoding="utf-8")
    return file


def test_the_tariffs_of_rr1038_follow_from_its_annual_figures_within_half_a_penny():
    book = read_book(RR1038, ROOT)
    for name in ("cla_day", "cp_day", "cin_day"):
        cost = book.cost(name)
        assert cost.value == pytest.approx(cost.annual_value / 365, abs=0.005001)
        assert round(cost.value) == cost.printed


def test_a_cost_without_a_price_year_is_refused(tmp_path):
    with pytest.raises(Refused, match="price_year"):
        read_book(book_with(tmp_path, price_year=None), ROOT)


def test_a_part_that_is_not_in_the_book_is_refused(tmp_path):
    with pytest.raises(Refused, match="not in the book"):
        read_book(book_with(tmp_path, contains=["dya"]), ROOT)


def test_a_total_and_its_own_part_are_refused_and_kept_only_with_a_reason():
    both = {"days_cin": "cin_day", "referrals": "referral"}
    with pytest.raises(Refused, match="counted twice"):
        choose_tariffs(read_book(RR1038, ROOT), settings(both))
    kept = settings(both, accepted_double_counts=[{"total": "cin_day", "part": "referral", "reason": "as published"}])
    assert choose_tariffs(read_book(RR1038, ROOT), kept).values == (9.32, 223.0)


@pytest.mark.parametrize(
    ("pair", "refused"),
    [
        (("SS5.0", "SS5.0.1"), True),  # a total and its component
        (("SS1.1", "SS1.1.2"), True),
        (("CR2.0-fiscal", "CR2.0.3"), True),
        (("CR2.0-fiscal", "SS5.0"), True),  # an incident holds the children's services cost
        (("CR2.0-fiscal", "SS5.0.6"), True),  # and so it does any part of that
        (("SS1.0", "SS2.0"), True),  # an average over settings and one of the settings
        (("SS5.0.1", "SS5.0.2"), False),  # two parts of one total
        (("CR2.0-economic", "SS5.0"), False),
        (("SS1.0", "SS5.0"), False),
    ],
)
def test_gmca_costs_that_hold_one_another(pair, refused):
    assert bool(read_book(GMCA, ROOT).double_counts(list(pair))) is refused


def test_gmca_book_holds_every_row_of_the_database_file_in_its_own_price_year():
    book = read_book(GMCA, ROOT)
    rows = (ROOT / "data/reference/gmca_unit_costs_v1.4_children_and_domestic_abuse.csv").read_text().splitlines()
    assert len(book.entries) == len(rows) - 1
    assert (book.cost("SS1.0").value, book.cost("SS1.0").price_year) == (51080.0, "2013/14")
    assert book.licence == "CC BY 4.0"


def test_a_cost_per_year_prices_a_day_and_a_cost_per_process_does_not():
    book = joined_books((read_book(GMCA, ROOT), read_book(RR1038, ROOT)))
    assert choose_tariffs(book, settings({"days_cla": "SS1.0"})).values[0] == pytest.approx(51080 / 365)
    assert choose_tariffs(book, settings({"days_cla": "SS2.0"})).values[0] == pytest.approx(100.0)
    with pytest.raises(Refused, match="per process"):
        choose_tariffs(book, settings({"days_cin": "SS5.0"}))
    with pytest.raises(Refused, match="per day"):
        choose_tariffs(book, settings({"referrals": "cp_day"}))


def test_an_unknown_unit_cost_is_refused_with_the_nearest_name():
    with pytest.raises(Refused, match="did you mean 'cp_day'"):
        choose_tariffs(read_book(RR1038, ROOT), settings({"days_cp": "cp_dya"}))


def test_every_fault_of_the_cost_settings_comes_at_once_and_before_a_run():
    """A tariff that no book has, a price year that the deflator does not cover and an unknown workstream."""
    given = read_yaml(ROOT / "params/slough_ifp.yaml")
    given["costs"]["tariffs"]["days_cp"] = "cp_dya"
    given["costs"]["price_year"] = "1901/02"
    given["costs"]["programme"]["workstreams"] = ["Inspiring Familys"]
    settings = build(given, StudySettings, where="slough_ifp.yaml")
    study = Study(name="slough_ifp", file=ROOT / "params/slough_ifp.yaml", root=ROOT, settings=settings)
    spending = read_study(load_study(ROOT / "params/slough_ifp.yaml")).programme_costs
    found = " ".join(fault.found for fault in cost_faults(study, spending))
    assert "no unit cost 'cp_dya'" in found
    assert "did you mean 'Inspiring Families'" in found
    for change in ("tariffs", "programme"):
        given["costs"][change] = read_yaml(ROOT / "params/slough_ifp.yaml")["costs"][change]
    later = build(given, StudySettings, where="slough_ifp.yaml")
    study = study.model_copy(update={"settings": later})
    assert {fault.found for fault in cost_faults(study, spending)} == {"no price index for 1901/02"}
    assert cost_faults(load_study(ROOT / "params/slough_ifp.yaml"), spending) == []


def test_two_books_with_one_id_are_refused():
    book = read_book(RR1038, ROOT)
    with pytest.raises(Refused, match="another of the study's books"):
        joined_books((book, book))


LINES = """workstream,item,financial_year,amount_gbp,basis
Small Steps,staff,2017/18,40000,actual
Small Steps,premises,2017/18,10000,actual
"""


def spending(*more):
    frame = pd.read_csv(io.StringIO(LINES + "\n".join(more)), dtype={"amount_gbp": float})
    settings = ProgrammeCost(
        workstreams=("Small Steps",),
        basis="actual",
        spent_over="a year",
        paid_by="a council",
        source="made up",
        quality="red",
    )
    return frame, settings


@pytest.mark.parametrize(
    "item", ["Total", "TOTAL", "Sub-total", "Grand total", "total cost", "Total:", "Sum", "Overall"]
)
def test_a_line_that_is_the_total_of_others_is_refused(item):
    frame, settings = spending(f"Small Steps,{item},2017/18,50000,actual")
    with pytest.raises(Refused, match="total of others"):
        programme_spend(frame, settings)


@pytest.mark.parametrize(
    "more",
    [
        ["Small Steps,Programme cost,2017/18,50000,actual"],
        ["Small Steps,All,2017/18,50000.40,actual", "Small Steps,travel,2017/18,3000,actual"],
        ["Small Steps,staff,2018/19,9000,actual", "Small Steps,whole,2018/19,59000,actual"],
        ["Whole,everything,2017/18,50000,actual"],
    ],
)
def test_a_line_that_is_the_sum_of_others_under_another_name_is_asked_about(more):
    frame, settings = spending(*more)
    settings = settings.model_copy(update={"workstreams": ()})
    with pytest.raises(Refused, match="is the sum of other lines"):
        programme_spend(frame, settings)
    kept = settings.model_copy(update={"equal_sums_kept": "the second team cost as much"})
    assert programme_spend(frame, kept).amount_gbp == frame["amount_gbp"].sum()


@pytest.mark.parametrize("item", ["Total Respect training", "All-age mentoring", "Summer scheme"])
def test_an_item_whose_name_only_sounds_like_a_total_is_counted(item):
    frame, settings = spending(f"Small Steps,{item},2017/18,7000,actual")
    assert programme_spend(frame, settings).amount_gbp == 57_000


def test_a_line_of_the_workstream_without_a_basis_is_refused_with_its_pounds():
    frame, settings = spending("Small Steps,travel,2017/18,5000,")
    with pytest.raises(Refused, match="£5,000"):
        programme_spend(frame, settings)
    frame, settings = spending("Other,travel,2017/18,5000,")
    assert programme_spend(frame, settings).amount_gbp == 50_000


@pytest.mark.parametrize("text", [None, "", "code\n", "code,kind\nA,fiscal\n", b"\xff\xfe"])
def test_a_book_without_its_table_is_refused_in_five_parts(tmp_path, text):
    shutil.copytree(ROOT / "params/unit_costs", tmp_path / "params/unit_costs")
    book = next(p for p in (tmp_path / "params/unit_costs").glob("*.yaml") if "table:" in p.read_text(encoding="utf-8"))
    table = tmp_path / re.search(r"^table: *(\S+)", book.read_text(encoding="utf-8"), re.M)[1]
    table.parent.mkdir(parents=True)
    if text is not None:
        table.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(Refused, match="a CSV in UTF-8 with the columns"):
        read_book(book, tmp_path)
