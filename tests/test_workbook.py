"""The book of a notebook: what it shows and writes, and what it refuses to show."""

import base64
import json
from unittest import mock

import pandas as pd
import pytest
from pages_support import ROOT
from stepdown import workbook
from stepdown.contracts import keep, read_study
from stepdown.contracts.records import SIX
from stepdown.effects import overlap_gate, overlap_gate_table
from stepdown.faults import Refused
from stepdown.outcomes import statutory_status
from stepdown.params import load_study
from stepdown.params.runs import RECORDS_FILE
from stepdown.recording import mark_of
from stepdown.show import charts

STUDY = str(ROOT / "params" / "slough_ifp.yaml")


@pytest.fixture
def shown():
    caught = []

    def display(bundle, *, raw, metadata):
        caught.append((bundle, metadata))

    with mock.patch("IPython.display.display", display):
        yield caught


def test_a_run_writes_tables_raw_and_cleared_charts_and_what_was_shown(shown, tmp_path):
    book = workbook.begin(STUDY, notebook="n", output=str(tmp_path))
    cleared = book.clear(statutory_status(book.outcomes))
    book.table(cleared, caption="Statuses")
    drawn = charts.bars(cleared.where(period="before"), category="status", value="days", series="group", title="Days")
    book.chart(drawn, name="days")
    book.say("Said & done < 3.")
    book.finding("Found.", limit="Not why.")
    raw = pd.read_csv(tmp_path / "restricted/tables/statutory_status.csv")
    assert raw.shape == cleared.frame.shape
    assert raw["percent_with_status"].tolist() == statutory_status(book.outcomes).frame["percent_with_status"].tolist()
    assert (tmp_path / "release/tables/statutory_status.csv").is_file()
    assert (tmp_path / "release/figures/n_days.svg").read_bytes() == drawn.svg()
    part = json.loads((tmp_path / "restricted/parts/n.json").read_text(encoding="utf-8"))
    assert [item["kind"] for item in part["shown"]] == ["opening", "table", "chart", "text", "finding"]
    assert part["shown"][2]["alt"] == drawn.alt
    assert part["shown"][4]["limit"] == "Not why."
    assert [metadata["stepdown"]["digest"] for _, metadata in shown] == [item["digest"] for item in part["shown"]]
    assert shown[2][1]["image/png"]["alt"] == drawn.alt


def test_a_book_takes_the_records_that_its_run_kept_unless_it_reads_by_other_settings(shown, tmp_path, monkeypatch):
    read = load_study(STUDY)
    records = read_study(read)
    (tmp_path / RECORDS_FILE).parent.mkdir()
    keep(records, read, tmp_path / RECORDS_FILE)
    book, other = (workbook.begin(STUDY, notebook="n", output=str(tmp_path), window_months=months) for months in (0, 3))
    monkeypatch.setattr("stepdown.contracts.records.read_table", mock.Mock(side_effect=AssertionError("read again")))
    for table in SIX:
        pd.testing.assert_frame_equal(book.records.table(table), records.table(table))
    assert book.records.rows_read == records.rows_read
    with pytest.raises(AssertionError, match="read again"):
        _ = other.records


def test_one_call_clears_a_table_says_it_and_shows_it(shown, tmp_path):
    book = workbook.begin(STUDY, notebook="n", output=str(tmp_path))
    table = statutory_status(book.outcomes)
    book.tell(table, lambda frame, what: [f"{len(frame)} {what}", "twice"], "rows", caption="Statuses")
    book.tell(book.clear(table), lambda frame: "Found.", limit=lambda frame: f"Not why, of {len(frame)}.")
    gate = overlap_gate_table(overlap_gate(book.children, book.settings.effects))
    book.tell(gate, lambda row, labels: f"{row['verdict']}: {labels[1]}", ("IFP", "Comparison"))
    plain = [bundle["text/plain"].splitlines() for bundle, _ in shown][1:]
    assert [lines[0] for lines in plain] == [
        "12 rows",
        "twice",
        "Statuses",
        "Found.",
        "not estimable by weighting: Comparison",
    ]
    assert plain[3][1] == "What this does not show: Not why, of 12."
    assert (tmp_path / "restricted/tables/overlap_gate.csv").is_file()


def test_children_are_a_copy_to_explore(shown):
    book = workbook.begin(STUDY, notebook="n")
    mine = book.children
    mine["days_cp_before"] = 0
    assert book.children["days_cp_before"].sum() == 6732 + 385


def test_nothing_is_written_without_an_output_folder(shown, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    book = workbook.begin(STUDY, notebook="n")
    book.clear(statutory_status(book.outcomes))
    book.say("text")
    assert list(tmp_path.iterdir()) == []


def test_records_cannot_be_shown_through_a_book(shown):
    book = workbook.begin(STUDY, notebook="n")
    before = len(shown)
    for wrong in (book.records.children, book.outcomes.frame, statutory_status(book.outcomes), "x", None):
        with pytest.raises(TypeError):
            book.table(wrong, caption="c")
        with pytest.raises(TypeError):
            book.chart(wrong, name="c")
    for wrong in (book.records.children, 3, ["x"]):
        with pytest.raises(TypeError):
            book.say(wrong)
        with pytest.raises(TypeError):
            book.finding(wrong, limit="l")
    with pytest.raises(ValueError, match="limit"):
        book.finding("sentence", limit=" ")
    assert len(shown) == before


def test_html_in_what_is_said_is_not_obeyed(shown):
    workbook.begin(STUDY, notebook="n").say("<img src=x>")
    assert "<img" not in shown[-1][0]["text/markdown"]


def test_the_window_can_be_changed_and_nought_means_as_in_the_file(shown):
    assert workbook.begin(STUDY, notebook="n", window_months=12).settings.window_months == 12
    assert workbook.begin(STUDY, notebook="n", window_months=0).settings.window_months == 6


def test_a_report_that_is_checked_has_no_study(shown):
    book = workbook.begin_audit(str(ROOT / "params" / "audit_rr1038.yaml"), notebook="5")
    assert book.subject.policy.method == "none"
    with pytest.raises(LookupError):
        _ = book.study


def test_a_digest_survives_saving():
    png = b"\x89PNG\r\n"
    saved = {"image/png": base64.b64encode(png).decode() + "\n", "text/plain": "x"}
    assert mark_of({"image/png": png}) == mark_of(saved)
    assert mark_of({"text/html": "a\nb"}) == mark_of({"text/html": ["a\n", "b"]})


def test_a_book_says_how_to_go_on_and_a_data_frame_how_to_be_shown(shown):
    book = workbook.begin(STUDY, notebook="n")
    for way in ("book.children", "book.records", ".frame", "book.table", "use_style"):
        assert way in book._repr_html_()
    with pytest.raises(TypeError, match="that is child level; clear takes an AggregateTable") as wrong:
        book.clear(book.children)
    assert wrong.value._render_traceback_() == [str(wrong.value)], "in JupyterLab it is one line, not a traceback"
    with pytest.raises(Refused) as refused:
        workbook.begin("params/sluogh_ifp.yaml", notebook="n")
    assert refused.value.faults[0].where.startswith("study, in the notebook's first cell")
    assert "slough_ifp" in refused.value.faults[0].found


def test_in_jupyterlab_a_refusal_is_its_faults_alone_and_names_the_cell():
    from stepdown.faults import Refused

    with pytest.raises(Refused) as refused:
        workbook.begin(STUDY, notebook="n", window_months=600)
    lines = refused.value._render_traceback_()
    assert len(lines) <= 8
    assert any("window_months, in the notebook's first cell" in line for line in lines)
    assert any(line.strip() == "allowed: at most 60" for line in lines)


def test_the_try_it_cell_shows_the_children_and_an_own_table_through_the_gate(shown, tmp_path):
    import nbformat

    nb = nbformat.read(ROOT / "notebooks" / "1_cohort_profile.ipynb", as_version=4)
    (cell,) = [cell for cell in nb.cells if "try-it" in cell.metadata.get("tags", [])]
    for output, tables in (("", 1), (str(tmp_path), 0)):
        shown.clear()
        space = {"output": output, "book": workbook.begin(STUDY, notebook="n", output=output)}
        exec(compile(cell.source, "try it", "exec"), space)
        assert [mark["stepdown"]["kind"] for _, mark in shown] == ["opening"] + ["table"] * tables
    assert not list((tmp_path / "release" / "tables").glob("*.csv")), "in a run the cell does nothing"
