"""Reading: cells as they stand, the true line in every fault, and five parts in each of them.

The judge is the file itself: Python's own csv module and dates worked one by one.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date, datetime

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stepdown.contracts.dates import parse_dates
from stepdown.contracts.reading import read_raw
from stepdown.faults import Refused

PLAIN = "child_id,status,start_date,end_date\n007,CP,2018-01-31,\n0070,CLA,2018-02-30,2018-03-01\n"


def written(folder, content, name="spells.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def cells(frame):
    return [[None if pd.isna(cell) else cell for cell in row] for row in frame.itertuples(index=False)]


def lines(frame):
    return [label + 2 for label in frame.index]


def refused(path):
    with pytest.raises(Refused) as caught:
        read_raw(path)
    (fault,) = caught.value.faults
    assert all((fault.where, fault.found, fault.allowed, fault.rule, fault.remedy))
    assert path.name in fault.where
    return fault


def test_cells_stay_as_they_stand(tmp_path):
    frame = read_raw(written(tmp_path, PLAIN))
    assert cells(frame) == [["007", "CP", "2018-01-31", None], ["0070", "CLA", "2018-02-30", "2018-03-01"]]
    assert [str(dtype) for dtype in frame.dtypes] == ["str"] * 4
    assert isinstance(frame.index, pd.RangeIndex)


def test_words_that_other_readers_take_for_blank_stay_words(tmp_path):
    frame = read_raw(written(tmp_path, 'a,b\nNA,None\nNaN,null\n"",x\n'))
    assert cells(frame) == [["NA", "None"], ["NaN", "null"], [None, "x"]]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("tail", ["", "\n", "\n\n\n"])
def test_line_endings_byte_order_mark_and_blank_tail_make_no_difference(tmp_path, ending, mark, tail):
    content = mark + (PLAIN.rstrip("\n") + tail).replace("\n", ending).encode()
    frame = read_raw(written(tmp_path, content))
    assert list(frame.columns) == ["child_id", "status", "start_date", "end_date"]
    assert lines(frame) == [2, 3]
    assert frame["child_id"].tolist() == ["007", "0070"]


def test_line_numbers_are_those_of_an_editor(tmp_path):
    content = 'a,b\n1,"two\nlines"\n\n2,x\n,\n3,"with ""quotes"", and a comma"\n'
    frame = read_raw(written(tmp_path, content))
    assert cells(frame) == [["1", "two\nlines"], ["2", "x"], ["3", 'with "quotes", and a comma']]
    assert lines(frame) == [2, 5, 7]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_blank_lines_keep_the_lines_of_the_rows_below_them(tmp_path, ending):
    content = "a,b\n\n1,2\n3,4\n\n\n5,6".replace("\n", ending)
    frame = read_raw(written(tmp_path, content))
    assert cells(frame) == [["1", "2"], ["3", "4"], ["5", "6"]]
    assert lines(frame) == [3, 4, 7]


def test_line_is_right_with_a_blank_line_inside_a_cell(tmp_path):
    frame = read_raw(written(tmp_path, 'a,b\n1,"x\n\ny"\n\n2,"z\n"\n3,w\n'))
    assert cells(frame) == [["1", "x\n\ny"], ["2", "z\n"], ["3", "w"]]
    assert lines(frame) == [2, 6, 8]


def test_headings_alone_give_no_rows(tmp_path):
    frame = read_raw(written(tmp_path, "child_id,status\n"))
    assert list(frame.columns) == ["child_id", "status"]
    assert len(frame) == 0


@pytest.mark.parametrize(
    ("content", "where", "found"),
    [
        (b"", "spells.csv", "empty file"),
        (b"\xef\xbb\xbf \n", "spells.csv", "empty file"),
        (b"a,b\n1,2\n3,Zo\x81\n", "line 3", "not UTF-8"),
        (b"a,Zo\x81\n1,2\n", "line 1", "not UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "spells.csv", "UTF-16"),
        (b"a,a\n1,2\n", "line 1", "heading a more than once"),
        (b",a\n0,2\n", "line 1", "column 1 without heading"),
        (b"a,b\n1,2\n3\n4,5\n6,7,8\n", "2 rows (lines 3, 5)", "more or fewer cells"),
        (b'a,b\n1,2\n3,"open\n4,5\n', "line 3", "quotation mark"),
    ],
)
def test_file_that_is_no_table_is_refused_where_it_fails(tmp_path, content, where, found):
    fault = refused(written(tmp_path, content))
    assert where in fault.where
    assert found in fault.found


def test_missing_file_other_ending_and_broken_containers_are_refused(tmp_path):
    assert "cannot be opened" in refused(tmp_path / "absent.csv").found
    assert "ending .xls" in refused(written(tmp_path, b"x", "spells.xls")).found
    assert "not an Excel workbook" in refused(written(tmp_path, b"x", "spells.xlsx")).found
    assert "not Parquet" in refused(written(tmp_path, b"x", "spells.parquet")).found


@pytest.mark.parametrize(
    ("content", "done"),
    [
        ("a,b\n1,2\n3,Zoë’s\n".encode("cp1252"), "a file in Windows-1252, as Excel saves plain CSV"),
        ("a;b\n1;2\n3;Zoë’s\n".encode(), "columns separated by ';'"),
        ("a\tb\n1\t2\n3\tZoë’s\n".encode(), "columns separated by tabs"),
    ],
)
def test_what_excel_saves_is_read_and_counted(tmp_path, content, done):
    how = Counter()
    assert cells(read_raw(written(tmp_path, content), how)) == [["1", "2"], ["3", "Zoë’s"]]
    assert how["", done] == 1


def test_faults_hold_no_value_of_a_record(tmp_path):
    for content in (b"id,b\nSECRET,2,3\n", b'id,b\nSECRET,"2\n', b"id,b\nSECRET,\x81\n"):
        assert "SECRET" not in refused(written(tmp_path, content)).worded()


any_cell = st.text(st.sampled_from("aé0,\"\n ;'-"), max_size=6)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(any_cell, any_cell, any_cell), max_size=12), st.sampled_from(["\n", "\r\n"]))
def test_agrees_with_the_csv_module_on_any_cells(tmp_path_factory, rows, ending):
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=ending).writerows([("a", "b", "c"), *rows])
    frame = read_raw(written(tmp_path_factory.mktemp("any"), text.getvalue()))
    assert cells(frame) == [[cell or None for cell in row] for row in rows if any(row)]


def test_csv_parquet_and_excel_give_the_same(tmp_path):
    """Typed cells in Parquet and Excel come as the text that the CSV has."""
    texts = "child_id,when,number,flag\n007,2018-01-31,3,true\n008,,2,false\n009,2016-02-29,,true\n"
    want = cells(read_raw(written(tmp_path, texts)))
    typed = pa.table(
        {
            "child_id": pa.array(["007", "008", "009"]).dictionary_encode(),
            "when": pa.array([date(2018, 1, 31), None, date(2016, 2, 29)]),
            "number": pa.array([3.0, 2.0, None]),
            "flag": pa.array([True, False, True]),
        }
    )
    pq.write_table(typed, tmp_path / "spells.parquet")
    stamped = typed.set_column(1, "when", typed["when"].cast(pa.timestamp("ns")))
    pq.write_table(stamped, tmp_path / "stamped.parquet")
    book = openpyxl.Workbook()
    book.active.append(["child_id", "when", "number", "flag"])
    book.active.append(["007", datetime(2018, 1, 31), 3, True])
    book.active.append([])
    book.active.append(["008", None, 2.0, False])
    book.active.append(["009", date(2016, 2, 29), None, True, None])
    book.save(tmp_path / "spells.xlsx")
    assert cells(read_raw(tmp_path / "spells.parquet")) == want
    assert cells(read_raw(tmp_path / "stamped.parquet")) == want
    excel = read_raw(tmp_path / "spells.xlsx")
    assert cells(excel) == want
    assert lines(excel) == [2, 4, 5]


def test_parquet_keeps_text_numbers_and_times_of_day(tmp_path):
    frame = pd.DataFrame(
        {
            "child_id": pd.Series(["007", "", None], dtype="str"),
            "cost": [1.25, float("nan"), 100.0],
            "seen": pd.to_datetime(["2018-01-31 10:30", None, "2018-02-01 10:30"]),
            "many": np.array([12345678901, 2, 3]),
        }
    ).set_axis([5, 6, 7], axis=0)
    frame.to_parquet(tmp_path / "spells.parquet")
    assert cells(read_raw(tmp_path / "spells.parquet")) == [
        ["007", "1.25", "2018-01-31 10:30:00", "12345678901"],
        [None, None, None, "2"],
        [None, "100", "2018-02-01 10:30:00", "3"],
    ]
    pq.write_table(pa.table({"a": [[1], [2]]}), tmp_path / "nested.parquet")
    assert "type list" in refused(tmp_path / "nested.parquet").found


def test_sheet_is_the_one_named_like_the_file_or_the_only_one(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["about this file"])
    sheet = book.create_sheet("spells")
    sheet.append(["child_id"])
    sheet.append([7])
    book.save(tmp_path / "spells.xlsx")
    book.save(tmp_path / "other.xlsx")
    openpyxl.Workbook().save(tmp_path / "empty.xlsx")
    assert cells(read_raw(tmp_path / "spells.xlsx")) == [["7"]]
    assert "2 sheets" in refused(tmp_path / "other.xlsx").found
    assert "empty workbook" in refused(tmp_path / "empty.xlsx").found


def as_text(values):
    return pd.Series(values, dtype="str", name="end_date")


def test_blank_end_date_is_unknown_and_never_the_word_none(tmp_path):
    csv_frame = read_raw(written(tmp_path, PLAIN))
    csv_frame.to_parquet(tmp_path / "spells.parquet")
    for frame in (csv_frame, read_raw(tmp_path / "spells.parquet")):
        dates, unreadable = parse_dates(frame["end_date"])
        assert dates.isna().tolist() == [True, False]
        assert not unreadable.any()
    dates, unreadable = parse_dates(as_text(["None", "NaT", "nan", None]))
    assert dates.isna().all()
    assert unreadable.tolist() == [True, True, True, False]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2018-02-28", "2018-02-28"),
        ("2016-02-29", "2016-02-29"),
        ("2018-02-28T00:00:00", "2018-02-28"),
        ("2018-02-28 00:00:00.000", "2018-02-28"),
        ("1899-12-31", "1899-12-31"),
        ("9999-12-31", "9999-12-31"),
        ("2018-02-29", None),
        ("31/02/2018", None),
        ("28/02/2018", None),
        ("2018-2-28", None),
        ("20180228", None),
        ("2018-02", None),
        ("2018-02-28 10:30", "2018-02-28"),
        ("2018-13-01", None),
        ("0000-01-01", None),
        ("43159", None),
        (" ", None),
        ("２０１８-02-28", None),
        ("2018-02-28\n", None),
    ],
)
def test_date_case(text, day):
    dates, unreadable = parse_dates(as_text([None, text, "2018-01-01", text]))
    assert str(dates.dtype) == "datetime64[s]"
    assert dates.name == "end_date"
    assert dates.isna().tolist() == [True, day is None, False, day is None]
    assert unreadable.tolist() == [False, day is None, False, day is None]
    if day:
        assert dates[1] == pd.Timestamp(day)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.none() | st.dates(), max_size=20))
def test_every_date_comes_back(days):
    texts = pd.Series([day and day.isoformat() for day in days], dtype="str", index=range(5, 5 + len(days)))
    dates, unreadable = parse_dates(texts)
    assert not unreadable.any()
    assert [None if pd.isna(d) else d.date() for d in dates] == days
    assert dates.index.equals(texts.index)
