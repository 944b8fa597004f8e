"""Millbrook's records hold what was drawn, and each world has the flaw that its name says.

Judges: a slow count of days in plain Python; and least squares written out, in place of the library's estimators.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.generators import millbrook

ROOT = Path(__file__).resolve().parents[1]


@cache
def drawn(world: str, seed: int) -> millbrook.Draws:
    return millbrook.draw(world, seed, 400)


@cache
def tables(world: str, seed: int) -> dict[str, pd.DataFrame]:
    return millbrook.make(world, seed, 400)


def days_one_by_one(spells: list[tuple[str, date, date | None]], first: date, last: date) -> Counter:
    """Days at each status from ``first`` to before ``last``: each day asked of each spell."""
    found = Counter()
    day = first
    while day < last:
        found.update({status for status, start, end in spells if start <= day and (end is None or day < end)})
        day += timedelta(1)
    return found


@pytest.mark.parametrize("world", millbrook.WORLDS)
def test_spells_hold_the_days_drawn_inside_the_windows(world: str) -> None:
    draws, made = drawn(world, 5), tables(world, 5)
    seen = millbrook.observable(draws)
    took = [draws.with_programme if t else draws.without for t in draws.treated]
    spells = defaultdict(list)
    for row in made["spells"].itertuples():
        end = None if pd.isna(row.end_date) else row.end_date.date()
        spells[row.child_id].append((row.status, row.start_date.date(), end))
    for i in np.flatnonzero(seen):
        child = made["children"].child_id[i]
        edges = [day[i].astype(date) for day in (draws.before_from, draws.start, draws.after_from, draws.after_to)]
        before = days_one_by_one(spells[child], edges[0], edges[1])
        after = days_one_by_one(spells[child], edges[2], edges[3])
        status, after_status = (millbrook.STATUSES[s] for s in (draws.before_status[i], took[i].status[i]))
        assert before == ({status: draws.before_days[i]} if status != "none" else {}), child
        assert after == ({after_status: took[i].days[i]} if after_status != "none" else {}), child


@pytest.mark.parametrize("world", millbrook.WORLDS)
def test_one_status_at_a_time(world: str) -> None:
    spells = tables(world, 5)["spells"].fillna({"end_date": pd.Timestamp(millbrook.LAST_DATE) + timedelta(1)})
    for _, mine in spells.sort_values("start_date").groupby("child_id"):
        assert (mine.start_date.to_numpy()[1:] >= mine.end_date.to_numpy()[:-1]).all()


def test_truth_is_the_difference_between_the_two_histories_of_the_same_children() -> None:
    draws = drawn("planted", 5)
    seen = draws.treated & millbrook.observable(draws) & ~millbrook.left_out(draws)
    by_hand = [
        (draws.with_programme.days[i] if draws.with_programme.status[i] == millbrook.CP else 0)
        - (draws.without.days[i] if draws.without.status[i] == millbrook.CP else 0)
        for i in np.flatnonzero(seen)
    ]
    truth = millbrook.truth("planted", 5, 400)
    assert truth.days_cp == pytest.approx(sum(by_hand) / len(by_hand))
    assert truth.days_cp < -8
    assert truth.re_referral < -0.05
    assert truth.days_cla == truth.days_cin == truth.any_cla == 0


@pytest.mark.parametrize("world", ["no_effect", "stable_gap", "selection_on_past"])
def test_nothing_is_planted_in_the_other_worlds(world: str) -> None:
    truth = millbrook.truth(world, 5, 400)
    assert {truth.days_cin, truth.days_cp, truth.days_cla, truth.re_referral, truth.referrals} == {0.0}


def cp_days(world: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draws = millbrook.draw(world, seed, 900)
    keep = millbrook.observable(draws) & ~millbrook.left_out(draws)
    took = np.where(draws.treated, draws.with_programme.status == 2, draws.without.status == 2)
    days = np.where(draws.treated, draws.with_programme.days, draws.without.days)
    before = np.where(draws.before_status == 2, draws.before_days, 0)
    return before[keep], np.where(took, days, 0)[keep], draws.treated[keep]


def mean_bias(world: str, repeats: int = 40) -> tuple[float, float]:
    """Mean of (difference in differences, lagged-outcome adjustment) less the truth, over repeats."""
    errors = []
    for seed in range(repeats):
        before, after, treated = cp_days(world, seed)
        change = after - before
        did = change[treated].mean() - change[~treated].mean()
        columns = np.column_stack([np.ones(len(before)), before, treated])
        adjusted = np.linalg.lstsq(columns, after, rcond=None)[0][2]
        true = millbrook.truth(world, seed, 900).days_cp
        errors.append((did - true, adjusted - true))
    return tuple(np.mean(errors, axis=0))


@pytest.mark.parametrize(
    ("world", "did_is_right", "adjusting_is_right"),
    [
        ("planted", True, True),
        ("no_effect", True, True),
        ("stable_gap", True, False),
        ("selection_on_past", False, True),
    ],
)
def test_each_world_breaks_the_method_that_its_name_says(
    world: str, did_is_right: bool, adjusting_is_right: bool
) -> None:
    did, adjusted = mean_bias(world)
    assert (abs(did) < 3) == did_is_right, did  # Monte Carlo error of these means is about 0.8 days
    assert (abs(adjusted) < 3) == adjusting_is_right, adjusted


def test_groups_overlap_and_families_have_siblings() -> None:
    made = millbrook.make()
    children = made["children"]
    assert len(children) == 900
    assert 300 < (children.group == millbrook.PROGRAMME).sum() < 600
    sizes = children.groupby("family_id").size()
    assert (sizes > 1).mean() > 0.5
    assert (children.groupby("family_id").group.nunique() == 1).all()
    assert (sizes.loc[children.family_id].to_numpy() == children.sibling_group_size).all()


def test_two_reviewers_read_at_least_twenty_files_and_differ_sometimes() -> None:
    files = millbrook.make()["case_files"]
    assert files.file_id.nunique() == 60
    wide = files.pivot(index=["file_id", "item_id"], columns="reviewer_id", values="response").dropna()
    assert wide.index.get_level_values("file_id").nunique() >= 20
    agreement = (wide.r1 == wide.r2).mean()
    assert 0.6 < agreement < 0.95
    opposite = wide[(wide.r1 == "yes") & (wide.r2 == "no") | (wide.r1 == "no") & (wide.r2 == "yes")]
    assert len(opposite) < 0.05 * len(wide)


def test_dates_are_possible() -> None:
    made = millbrook.make()
    children = made["children"].set_index("child_id")
    last = pd.Timestamp(millbrook.LAST_DATE)
    assert (children.start_date <= children.end_date).all()
    assert (children.end_date + pd.DateOffset(months=6) <= last).all()
    for table, column in (("spells", "start_date"), ("referrals", "referral_date")):
        frame = made[table].join(children.birth_date, on="child_id")
        assert (frame[column] >= frame.birth_date).all()
        assert (frame[column] <= last).all()
    assert made["spells"].end_date.isna().any()
    assert (made["spells"].end_date.dropna() <= last).all()


def test_generator_writes_the_same_bytes_again(tmp_path: Path) -> None:
    script = ROOT / "data" / "generators" / "millbrook.py"
    subprocess.run([sys.executable, str(script), "--to", str(tmp_path)], check=True)
    for file in sorted(tmp_path.iterdir()):
        assert file.read_bytes() == (ROOT / "data" / "millbrook" / file.name).read_bytes(), file.name


def test_the_committed_study_is_a_typical_draw_of_its_world() -> None:
    own, population = millbrook.truth(), millbrook.truth("planted", 1, 100_000)
    for name in ("days_cp", "re_referral"):
        assert getattr(own, name) == pytest.approx(getattr(population, name), rel=0.12), name
