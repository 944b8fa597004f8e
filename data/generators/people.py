"""SYNTHETIC: the people of a made-up domestic abuse service ("Safe at Home"), with what Halton's board paper asks for.

    python data/generators/people.py            rewrites data/halton_like (seed SEED)
    python data/generators/people.py --to DIR   writes it to DIR

    from data.generators import people
    people.scores(seed=3, n=400)    # entry, exit and seen of one made-up scale, for simulations

Planted: everybody has an exit score, whether or not they were seen. On the scale "feeling safe" (0 to 40, higher is
better) the true mean change is CHANGE; who fares worse is seen less often, so that the people who were seen again
changed by more. The share whose true change is at least RELIABLE points (1.96 standard errors of a difference) is
known too.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
SEED, LAST_DATE = 2026, np.datetime64("2025-03-31")
CHANGE, SPREAD = 2.0, 6.0
RELIABLE = 1.96 * 7.0 * np.sqrt(1 - 0.85) * np.sqrt(2)
REVERSED = (7, 11, 14, 21, 25)
SCALES = ((3, 8, 13, 16, 24), (5, 7, 12, 18, 22), (2, 10, 15, 21, 25), (6, 11, 14, 19, 23), (1, 4, 9, 17, 20))
SIZES = {"child": 132, "victim": 85, "perpetrator": 83}
ACTIVITY = {"child": "group_work", "victim": "one_to_one", "perpetrator": "fathers_group"}
STAYS = {"child": 0.68, "victim": 0.72, "perpetrator": 0.45}
STARTS = {"child": 0.9, "victim": 0.86, "perpetrator": 0.75}
REASONS = ("moved_away", "did_not_want", "not_safe_to_see")
Floats = NDArray[np.float64]


def scores(seed: int, n: int) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return entry and exit scores of n people on a scale from 0 to 40, and who was seen again."""
    rng = np.random.default_rng([SEED, seed])
    entry = np.clip(np.round(rng.normal(18, 6, n)), 0, 40)
    exit = np.clip(np.round(entry + rng.normal(CHANGE, SPREAD, n)), 0, 40)
    seen = rng.random(n) < 1 / (1 + np.exp(-(0.5 + 0.22 * (exit - entry - CHANGE))))
    return entry, exit, seen


def _split(rng: np.random.Generator, total: int, items: int, lowest: int, highest: int) -> list[int]:
    """Return answers to so many items that sum to the total."""
    found = np.full(items, lowest)
    while found.sum() < total:
        found[rng.choice(np.flatnonzero(found < highest))] += 1
    return [int(value) for value in found]


def _sdq(rng: np.random.Generator, level: float) -> dict[str, int]:
    answers = {}
    for place, items in enumerate(SCALES):
        mean = level if place < 4 else 10 - level
        for item, value in zip(items, _split(rng, int(np.clip(round(rng.normal(mean, 1.2)), 0, 10)), 5, 0, 2),
                               strict=True):  # fmt: skip
            answers[f"q{item}"] = 2 - value if item in REVERSED else value
    return answers


def _people(rng: np.random.Generator) -> pd.DataFrame:
    """Return one row a person: role, age, dates and why it ended."""
    rows = []
    for role, size in SIZES.items():
        for number in range(size):
            referred = np.datetime64("2023-04-01") + rng.integers(0, 600 if role == "child" else 420)
            started = referred + rng.integers(5, 40) if rng.random() < STARTS[role] else None
            stays = rng.random() < STAYS[role]
            ended = (referred if started is None else started) + rng.integers(10, 40) * (1 if started is None else 5)
            ended = ended if ended <= LAST_DATE else None
            offered = int(rng.integers(8, 13)) if started is not None else None
            attended = int(round(offered * rng.uniform(0.6 if stays else 0.1, 1.0 if stays else 0.6))) if offered else 0
            reason = (
                ("completed" if stays and started is not None else rng.choice(REASONS)) if ended is not None else ""
            )
            age = rng.integers(3, 17) if role == "child" else rng.integers(18, 58)
            rows.append((f"{role[0]}{number + 1:03d}", role, int(age), referred, started, offered,
                         attended if offered else None, ended, reason))  # fmt: skip
    columns = ["person_id", "role", "age", "referred_on", "started_on", "sessions_offered", "sessions_attended"]
    frame = pd.DataFrame(rows, columns=[*columns, "ended_on", "end_reason"])
    return frame.sample(frac=1, random_state=SEED).reset_index(drop=True)


def make(seed: int = SEED) -> tuple[dict[str, pd.DataFrame], dict[str, float]]:
    """Return the tables of the study, and the planted truth of "feeling safe"."""
    rng = np.random.default_rng([SEED, seed])
    people = _people(rng)
    participation = people.assign(activity=people["role"].map(ACTIVITY))
    children = people[(people["role"] == "child") & people["started_on"].notna()].reset_index(drop=True)
    entry, exit, seen = scores(seed, len(children))
    answers, truth = [], []
    for (_, who), first, last, again in zip(children.iterrows(), entry, exit, seen, strict=True):
        due = not pd.isna(who["ended_on"])
        if who["age"] >= 5:
            truth += [(first, last, again)] if due else []
            answers += _both(who, "safe", "self", "1", first, last, again and due, _safe, rng)
        if who["age"] >= 4:
            level = 5 - (first - 18) / 8
            after = level - 0.5 - (last - first) / 9
            answers += _both(who, "sdq", "parent", "4-17", level, after, again and due, _sdq, rng)
    adults = people[(people["role"] == "victim") & people["started_on"].notna()]
    for _, who in adults.iterrows():
        first = float(np.clip(rng.normal(38, 7), 14, 70))
        last = float(np.clip(first + rng.normal(4, 6), 14, 70))
        again = rng.random() < 1 / (1 + np.exp(-(0.3 + 0.1 * (last - first)))) and not pd.isna(who["ended_on"])
        answers += _both(who, "wemwbs", "self", "standard", first, last, again, _wemwbs, rng)
    responses = pd.DataFrame(answers)
    order = ["person_id", "instrument", "informant", "time_point", "date", "version", "age_years"]
    questions = [f"q{i}" for i in range(1, 26)]
    responses = responses.reindex(columns=[*order, *questions, "feeling safe"]).astype(
        dict.fromkeys(questions, "Int64")
    )
    moved = np.array([last - first for first, last, _ in truth])
    was_seen = np.array([again for _, _, again in truth])
    planted = {
        "people": len(moved),
        "change": float(moved.mean()),
        "change_of_those_seen": float(moved[was_seen].mean()),
        "reliably_better": float((moved >= RELIABLE).mean()),
        "reliably_better_of_those_seen": float((moved[was_seen] >= RELIABLE).mean()),
    }
    names = ["person_id", "activity", "role", "referred_on", "started_on", "sessions_offered", "sessions_attended"]
    whole = {"sessions_offered": "Int64", "sessions_attended": "Int64"}
    tables = {
        "responses": responses.astype({"feeling safe": "Int64"}),
        "participation": participation[[*names, "ended_on", "end_reason"]].astype(whole),
        "survey_answers": _survey(rng),
        "log": pd.DataFrame(LOG, columns=LOG_COLUMNS).astype(dict.fromkeys(LOG_COLUMNS[3:7], "Int64")),
    }  # fmt: skip
    return tables, planted


def _both(who, instrument, informant, version, first, last, again, answered, rng) -> list[dict]:
    """Return the form at entry, and the one at exit of somebody who was seen again."""
    form = {"person_id": who["person_id"], "instrument": instrument, "informant": informant, "version": version}
    rows = [form | {"time_point": "entry", "date": who["started_on"], "age_years": who["age"]} | answered(rng, first)]
    if again:
        rows.append(
            form | {"time_point": "exit", "date": who["ended_on"], "age_years": who["age"]} | answered(rng, last)
        )
    return rows


def _safe(rng: np.random.Generator, level: float) -> dict[str, int]:
    return {"feeling safe": int(level), "q1": int(rng.random() < level / 40)}


def _wemwbs(rng: np.random.Generator, level: float) -> dict[str, int]:
    return {f"q{i + 1}": value for i, value in enumerate(_split(rng, int(round(level)), 14, 1, 5))}


def _survey(rng: np.random.Generator) -> pd.DataFrame:
    """Return the answers of 54 of 660 families: all say yes to one question, 40 of 54 to another."""
    rows = []
    for number in range(54):
        rows.append((f"r{number + 1:02d}", f"f{number + 1:02d}", "listened", "agree"))
        answer = "agree" if number < 40 else ("unsure" if number < 48 else "disagree")
        rows.append((f"r{number + 1:02d}", f"f{number + 1:02d}", "safer", answer))
    frame = pd.DataFrame(rows, columns=["respondent_id", "family_id", "question_id", "answer"])
    return frame.assign(survey_id="families")[["survey_id", *frame.columns]].sample(frac=1, random_state=int(SEED))


LOG_COLUMNS = ["kind", "item", "date", "planned", "achieved", "people", "amount_gbp", "reason"]
LOG = [
    ("training", "awareness", "2023-06-12", 2, 2, 23, None, ""),
    ("training", "risk_checklist", "2023-09-18", 1, 1, 6, None, ""),
    ("training", "working_with_fathers", "2023-11-06", 3, 2, 22, None, "trainer_ill"),
    ("training", "childrens_voice", "2024-02-19", 4, 4, 56, None, ""),
    ("training", "safety_planning", "2024-05-13", 4, 3, 32, None, "not_enough_bookings"),
    ("consultation", "interviews_victims", "2024-03-01", 20, 10, None, None, "did_not_want"),
    ("consultation", "interviews_fathers", "2024-03-01", 10, 7, None, None, "not_reached"),
]


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--to", type=Path, default=HERE.parents[1] / "data" / "halton_like")
    folder = parser.parse_args().to
    folder.mkdir(parents=True, exist_ok=True)
    tables, truth = make()
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    sys.stdout.write("".join(f"{name}: {value:.3f}\n" for name, value in truth.items()))


if __name__ == "__main__":
    main()
