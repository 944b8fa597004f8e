"""Contracts: every broken input is refused with five parts, its rows named by number, and no value in the words."""

import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from stepdown.contracts import Contract, Field, known_tables, needed_tables, read_study, register, registered
from stepdown.contracts.dictionary import dictionary_markdown
from stepdown.contracts.registered import HOMES
from stepdown.faults import Refused
from stepdown.params import load_study

HERE = Path(__file__).parent
SMALL = HERE / "cases" / "small_study"
BROKEN = sorted(path for path in (HERE / "broken" / "records").iterdir() if path.is_dir())
PARTS = ("where:", "found:", "allowed:", "rule:", "to do:")


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(SMALL, tmp_path / "study")
    return tmp_path / "study"


def read(folder):
    return read_study(load_study(folder / "params" / "small.yaml"))


def test_the_small_study_keeps_every_contract():
    records = read(SMALL)
    assert records.rows_read == {"children": 9, "issues": 4, "spells": 8, "referrals": 7}
    assert records.spells["end_date"].isna().sum() == 2
    assert records.children["child_id"].tolist()[0] == "a1"
    assert len(records.case_files) == 0
    assert list(records.case_files.columns) == known_tables()["case_files"].names()


@pytest.mark.parametrize("broken", BROKEN, ids=lambda path: path.name)
def test_a_broken_input_is_refused_in_five_parts(broken, copy):
    for file in broken.iterdir():
        if file.name != "expect.txt":
            shutil.copy(file, copy / "data" / file.name)
    with pytest.raises(Refused) as refused:
        read(copy)
    words = str(refused.value)
    for part in PARTS:
        assert part in words
    for line in (broken / "expect.txt").read_text(encoding="utf-8").strip().splitlines():
        assert line in words
    assert "Traceback" not in words


def test_all_faults_of_all_tables_come_at_once(copy):
    for name in ("unknown_status", "unknown_group", "flag_that_is_neither"):
        for file in (HERE / "broken" / "records" / name).glob("*.csv"):
            shutil.copy(file, copy / "data" / file.name)
    with pytest.raises(Refused) as refused:
        read(copy)
    assert len(refused.value.faults) == 3


def test_the_words_hold_no_value_of_a_record_unless_asked(copy):
    spells = (copy / "data" / "spells.csv").read_text(encoding="utf-8")
    (copy / "data" / "spells.csv").write_text(spells + "SECRET-ID,SECRET-STATUS,9/9/1987,\n", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        read(copy)
    assert "SECRET" not in str(refused.value)
    assert "1987" not in str(refused.value)
    assert "SECRET-STATUS" in refused.value.worded(reveal=True)


def test_a_missing_table_is_named_with_what_it_should_hold(copy):
    (copy / "data" / "spells.csv").unlink()
    with pytest.raises(Refused, match="no file for the table spells"):
        read(copy)


def test_a_missing_book_or_audit_tool_is_refused_before_a_run_begins(tmp_path):
    (tmp_path / "params").mkdir()
    text = (HERE.parent / "params/slough_ifp.yaml").read_text(encoding="utf-8")
    (tmp_path / "params/slough_ifp.yaml").write_text(text, encoding="utf-8")
    shutil.copytree(HERE.parent / "data/slough_ifp", tmp_path / "data/slough_ifp")
    with pytest.raises(Refused) as refused:
        read_study(load_study(tmp_path / "params/slough_ifp.yaml"))
    named = {fault.where.partition(", ")[2] for fault in refused.value.faults}
    assert named == {"costs.unit_costs", "costs.deflator", "costs.discount_rates", "review.audit_tool"}


def test_an_item_that_the_audit_tool_does_not_have_is_refused_with_its_line(tmp_path):
    (tmp_path / "params").symlink_to(HERE.parent / "params", target_is_directory=True)
    shutil.copytree(HERE.parent / "data/slough_ifp", tmp_path / "data/slough_ifp")
    file = tmp_path / "data/slough_ifp/case_files.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("child_safer", "child_saver", 1), encoding="utf-8")
    study = load_study(HERE.parent / "params/slough_ifp.yaml").model_copy(update={"root": tmp_path})
    with pytest.raises(Refused) as refused:
        read_study(study)
    assert "column item_id, 1 row (line " in str(refused.value)
    assert "child_safer" in str(refused.value), "what may stand there"


def name_a_file(study_folder, table, file):
    """Add ``data.files`` with one entry to the study's parameter file."""
    params = study_folder / "params" / "small.yaml"
    text = params.read_text(encoding="utf-8")
    params.write_text(text.replace("data:\n", f"data:\n  files: {{{table}: {file}}}\n", 1), encoding="utf-8")


def test_an_unknown_table_in_data_files_is_refused_with_the_nearest_known_one(copy):
    name_a_file(copy, "referals", "referrals.csv")
    with pytest.raises(Refused, match="unknown table: 'referals'; did you mean 'referrals'"):
        read(copy)


def test_a_table_is_read_under_the_name_that_data_files_gives(copy):
    expected = read(copy).spells
    (copy / "data/spells.csv").rename(copy / "data/extract.csv")
    name_a_file(copy, "spells", "extract.csv")
    records = read(copy)
    pd.testing.assert_frame_equal(records.table("spells"), expected)
    assert records.files["spells"].name == "extract.csv"


def test_every_table_is_registered_by_the_room_that_uses_it():
    tables = known_tables()
    assert list(tables)[: len(HOMES)] == list(HOMES)
    assert all(name == contract.table for name, contract in tables.items())
    assert needed_tables(load_study(SMALL / "params/small.yaml")) == ["children", "issues", "spells", "referrals"]


@pytest.fixture
def scores(monkeypatch):
    """A table of a notebook's own, registered for one test: a score that may be blank."""
    monkeypatch.setattr(registered, "_REGISTERED", dict(registered._REGISTERED))
    fields = (
        Field("child_id", "text", "pseudonym of the child", required=True, blank=False),
        Field("score", "whole number", "sum of the answers; blank: not all were given", lowest=0, highest=30),
        Field("rater", "text", "who answered"),
    )
    return register(
        Contract(
            "scores",
            "child with a questionnaire",
            fields,
            unique=("child_id",),
            belongs_to=(("child_id", "children"),),
            codes=lambda study: {"rater": ("child", "parent")},
        )
    )


def test_a_table_that_is_registered_is_read_by_its_name_and_held_to_its_contract(copy, scores):
    assert read(copy).table("scores").columns.tolist() == ["child_id", "score", "rater"], "no file: empty"
    (copy / "data/scores.csv").write_text("child_id,score,rater\na1,12,child\na2,,parent\n", encoding="utf-8")
    records = read(copy)
    assert records.rows_read["scores"] == 2
    assert records.table("scores")["score"].isna().tolist() == [False, True]
    (copy / "data/scores.csv").write_text("child_id,score,rater\na1,31,chld\nzz,1,child\n", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        read(copy)
    words = str(refused.value)
    for found in ("from 0 to 30", "did you mean 'child'", "a child_id that the table children does not have"):
        assert found in words
    assert "## scores" in dictionary_markdown()
    assert register(scores) is scores


def test_a_table_that_must_be_there_or_has_two_contracts_is_refused(copy, scores):
    with pytest.raises(ValueError, match="two contracts for the table scores"):
        register(Contract("scores", "something else", ()))
    registered._REGISTERED["scores"] = replace(scores, needed=lambda settings: settings.seed == 1)
    with pytest.raises(Refused, match="no file for the table scores"):
        read(copy)


def test_a_table_that_nobody_registered_is_refused_with_the_nearest_known_one():
    with pytest.raises(Refused, match="unknown table: 'spell'; did you mean 'spells'"):
        read(SMALL).table("spell")


def test_two_files_for_one_table_are_refused(copy):
    pd.read_csv(copy / "data" / "spells.csv", dtype=str).to_parquet(copy / "data" / "spells.parquet")
    with pytest.raises(Refused, match="2 files for the table spells"):
        read(copy)


@pytest.mark.parametrize("ending", ["parquet", "xlsx"])
def test_parquet_and_excel_give_the_same_records_as_csv(copy, ending):
    expected = read(copy)
    for table in ("children", "spells", "referrals", "issues"):
        frame = pd.read_csv(copy / "data" / f"{table}.csv", dtype=str)
        (copy / "data" / f"{table}.csv").unlink()
        target = copy / "data" / f"{table}.{ending}"
        frame.to_parquet(target) if ending == "parquet" else frame.to_excel(target, index=False)
    given = read(copy)
    for table in ("children", "spells", "referrals", "issues"):
        pd.testing.assert_frame_equal(getattr(given, table), getattr(expected, table))
