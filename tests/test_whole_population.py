"""``python -m stepdown.outcomes``: the windows of a study from Parquet, in memory and by DuckDB on disk.

Judges: the NumPy core (windows.observe) and, for a whole study, what notebook 3 works from (child_outcomes).
"""

import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from stepdown.commands.windows import windows_command
from stepdown.contracts import read_study
from stepdown.outcomes import child_outcomes
from stepdown.params import load_study
from stepdown.windows import after, before, observe
from stepdown.windows.in_one_call import tally, tally_columns
from stepdown.windows.on_disk import Reach, seen_tally_files

from benchmarks.records import awkward_records

ROOT = Path(__file__).resolve().parents[1]
LAST, FIRST = date(2019, 12, 31), date(2017, 6, 1)


@pytest.fixture(params=["in memory", "on disk"])
def way(request, monkeypatch):
    if request.param == "on disk":
        monkeypatch.setattr("stepdown.windows.on_disk.ROWS_IN_MEMORY", 10)


def births(children):
    """Unknown, unborn at the start, 18 in a window, born on 29 February, and none of these."""
    start, end = children["start_date"], children["end_date"]
    choices = [
        pd.Series(pd.NaT, index=children.index, dtype="datetime64[s]"),
        start - pd.DateOffset(months=2),
        end - pd.DateOffset(years=18) + pd.DateOffset(months=3),
        pd.Series(pd.Timestamp("2000-02-29"), index=children.index),
        start - pd.DateOffset(years=5),
    ]
    pick = np.arange(len(children)) % len(choices)
    picked = [choice.to_numpy().astype("datetime64[s]") for choice in choices]
    return pd.Series(np.choose(pick, picked))


@pytest.mark.parametrize("first", [None, FIRST])
@pytest.mark.parametrize("months", [1, 6, 12, 18, 24])
def test_no_period_that_cannot_be_seen_is_a_zero(tmp_path, way, months, first):
    children, spells, referrals = awkward_records(text_ids=True)
    children = children.reset_index(drop=True).assign(birth_date=lambda frame: births(frame))
    paths = [tmp_path / f"{name}.parquet" for name in ("children", "spells", "referrals")]
    for path, frame in zip(paths, (children, spells, referrals), strict=True):
        frame.to_parquet(path, index=False)
    rows = seen_tally_files(*paths, tmp_path / "seen.parquet", months=months, reach=Reach(first, LAST))
    got = pd.read_parquet(tmp_path / "seen.parquet")
    assert rows == len(got) == len(children)
    counted = tally(children, spells, referrals, months=months, last_date=LAST)
    for period, periods in {
        "before": before(children["start_date"], months),
        "after": after(children["end_date"], months),
    }.items():
        seen = observe(periods, last_date=LAST, first_date=first, birth_date=children["birth_date"])
        assert got[f"seen_{period}"].tolist() == seen.reason.tolist()
        for name in (name for name in tally_columns() if name.endswith(period)):
            assert got[name].isna().tolist() == (~seen.observable).tolist()
            assert (got.loc[seen.observable, name].to_numpy() == counted[name][seen.observable]).all(), name
    assert got["seen_after"].nunique() > 2


@pytest.fixture
def parquet_study(tmp_path):
    """Millbrook with its three tables as typed Parquet files, in a project of its own."""
    shutil.copytree(ROOT / "params", tmp_path / "params")
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    settings = yaml.safe_load((ROOT / "params" / "millbrook.yaml").read_text(encoding="utf-8"))
    records = read_study(load_study(ROOT / "params" / "millbrook.yaml"))
    folder = tmp_path / settings["data"]["folder"]
    folder.mkdir(parents=True)
    for table in ("children", "spells", "referrals"):
        getattr(records, table).to_parquet(folder / f"{table}.parquet", index=False)
    return tmp_path / "params" / "millbrook.yaml", folder


def test_a_study_gives_the_same_as_the_notebooks_work_from(way, parquet_study, tmp_path):
    """Judge: child_outcomes of Millbrook, from CSV and by the other route."""
    params, _ = parquet_study
    done = CliRunner().invoke(windows_command, [str(params), str(tmp_path / "windows.parquet")])
    assert done.exit_code == 0, done.output
    assert "restricted" in done.output
    study = load_study(ROOT / "params" / "millbrook.yaml")
    wanted = child_outcomes(study, read_study(study)).frame.set_index("child_id")
    got = pd.read_parquet(tmp_path / "windows.parquet").set_index("child_id").loc[wanted.index]
    assert len(wanted) > 800
    assert (got[["seen_before", "seen_after"]] == "observable").all(axis=None)
    for period in ("before", "after"):
        for name in (f"days_cin_{period}", f"days_cp_{period}", f"days_cla_{period}", f"highest_{period}"):
            assert (got[name] == wanted[name]).all(), name
        assert (got[f"referrals_{period}"] == wanted[f"referrals_without_index_{period}"]).all()
        episodes = sum(wanted[f"episodes_{status}_{period}"] for status in ("cin", "cp", "cla"))
        assert (got[f"episodes_{period}"] == episodes).all()


def test_a_referral_that_is_not_known_to_be_the_index_counts_both_ways(way, parquet_study, tmp_path):
    params, folder = parquet_study
    referrals = pd.read_parquet(folder / "referrals.parquet")
    referrals.assign(is_index=pd.array([None] * len(referrals), dtype="boolean")).to_parquet(
        folder / "referrals.parquet", index=False
    )
    assert CliRunner().invoke(windows_command, [str(params), str(tmp_path / "w.parquet")]).exit_code == 0
    got = pd.read_parquet(tmp_path / "w.parquet")
    study = load_study(ROOT / "params" / "millbrook.yaml")
    wanted = child_outcomes(study, read_study(study)).frame.set_index("child_id")
    assert (got.set_index("child_id").loc[wanted.index, "referrals_before"] == wanted["referrals_before"]).all()


@pytest.mark.parametrize(
    ("table", "change", "says"),
    [
        ("spells", lambda frame: frame.assign(start_date=frame["start_date"].astype("str")), "column start_date"),
        ("referrals", lambda frame: frame.drop(columns="is_index"), "column is_index"),
        ("spells", lambda frame: frame.assign(status="LAC"), "not on the ladder"),
        ("children", lambda frame: frame.iloc[:10], "not among the children"),
    ],
)
def test_tables_that_do_not_fit_are_refused_and_nothing_is_written(parquet_study, tmp_path, way, table, change, says):
    params, folder = parquet_study
    file = folder / f"{table}.parquet"
    change(pd.read_parquet(file)).to_parquet(file, index=False)
    done = CliRunner().invoke(windows_command, [str(params), str(tmp_path / "w.parquet")])
    assert done.exit_code == 2
    assert says in " ".join(done.output.split()).replace("a status is not on", "not on")
    assert not (tmp_path / "w.parquet").exists()


def test_a_study_in_csv_is_told_what_to_do(tmp_path):
    done = CliRunner().invoke(windows_command, [str(ROOT / "params" / "millbrook.yaml"), str(tmp_path / "w.parquet")])
    assert done.exit_code == 2
    assert "write the table as Parquet" in done.output


@pytest.mark.parametrize(("counts", "more"), [("once", 0), ("each", 2)])
def test_repeated_referrals_count_as_the_study_says_here_too(way, parquet_study, tmp_path, counts, more):
    params, folder = parquet_study
    given = yaml.safe_load(params.read_text(encoding="utf-8")) | {"repeated_referrals": counts}
    params.write_text(yaml.safe_dump(given), encoding="utf-8")
    file = folder / "referrals.parquet"
    referrals = pd.read_parquet(file).drop_duplicates(["child_id", "referral_date"])
    children = pd.read_parquet(folder / "children.parquet").set_index("child_id")
    ends = referrals["child_id"].map(children["end_date"])
    soon = (referrals["referral_date"] - ends).dt.days.between(2, 150)
    one = referrals[soon & ~referrals["is_index"].astype("bool")].head(1)
    later = one.assign(referral_date=one["referral_date"] + pd.Timedelta(hours=9))
    pd.concat([referrals, one, later]).to_parquet(file, index=False)
    assert CliRunner().invoke(windows_command, [str(params), str(tmp_path / "w.parquet")]).exit_code == 0
    got = pd.read_parquet(tmp_path / "w.parquet").set_index("child_id")["referrals_after"]
    alone = tmp_path / "alone.parquet"
    referrals.to_parquet(file, index=False)
    assert CliRunner().invoke(windows_command, [str(params), str(alone)]).exit_code == 0
    difference = got - pd.read_parquet(alone).set_index("child_id")["referrals_after"]
    assert difference.sum() == difference[one["child_id"].iloc[0]] == more
