"""SYNTHETIC studies of many sizes for the tests of disclosure: written as a project that ``stepdown run`` can take.

    from made_up_studies import NAMES, write
    params = write("made_up_07", root)        # root/params/made_up_07.yaml, root/data/made_up_07/*.csv

    python tests/made_up_studies.py ROOT [NAME …]     the same from a shell; without names all of them

``sixty`` is a plain study of 60 children, ``rr1038_suppressed`` RR1038's own study under ``suppress, 5``,
``millbrook_plain`` Millbrook without a line of ``also_hide``. ``made_up_01`` to ``made_up_30`` hold 40 to 1,000
children and differ in all that bears on small counts: how alike the groups are, families, rare issues and ethnic codes,
unknown ages, exclusions, several statuses in one window, whether there are case files and costs. A name is a seed: the
same name is always the same study.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from data.generators import millbrook  # noqa: E402

SIZES = np.round(np.geomspace(40, 1000, 30)).astype(int)
NAMES = ("sixty", "rr1038_suppressed", "millbrook_plain", *(f"made_up_{number:02d}" for number in range(1, 31)))
SUPPRESS = {"method": "suppress", "threshold": 5, "secondary": True}
RARE_ISSUES = ("gangs", "self_harm", "young_carer", "going_missing", "learning_disability", "physical_abuse")
RARE_CODES = {"A2": "White Irish", "B4": "Any other mixed background", "C4": "Any other Asian background"}
REASONS = ("moved_away", "records_not_to_be_used", "support_not_taken_up")
AGES = {
    5: [("Under 1", 0, 0), ("1-4", 1, 4), ("5-9", 5, 9), ("10-15", 10, 15), ("16-17", 16, 17)],
    4: [("0-4", 0, 4), ("5-9", 5, 9), ("10-15", 10, 15), ("16-17", 16, 17)],
    3: [("0-4", 0, 4), ("5-11", 5, 11), ("12-17", 12, 17)],
}


def write(name: str, root: Path) -> Path:
    """Write a study's parameter file and records under ``root``, with the books it names; returns the file."""
    folder = root / "data" / name
    folder.mkdir(parents=True, exist_ok=True)
    (root / "params").mkdir(exist_ok=True)
    for shared in ("params/unit_costs", "data/reference", "data/published/rr1038"):
        shutil.copytree(ROOT / shared, root / shared, dirs_exist_ok=True)
    for book in ("audit_tool_daarr", "deflator", "discount_rates"):
        shutil.copy(ROOT / f"params/{book}.yaml", root / "params")
    if name in ("rr1038_suppressed", "millbrook_plain"):
        settings = _as_committed({"rr1038_suppressed": "slough_ifp"}.get(name, "millbrook"), folder)
    else:
        settings = _made_up(name, folder)
    settings["data"] |= {"folder": f"data/{name}"}
    settings["disclosure"] = dict(SUPPRESS)
    file = root / "params" / f"{name}.yaml"
    file.write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return file


def _as_committed(study: str, folder: Path) -> dict:
    shutil.copytree(ROOT / "data" / study, folder, dirs_exist_ok=True)
    return yaml.safe_load((ROOT / f"params/{study}.yaml").read_text(encoding="utf-8"))


def _made_up(name: str, folder: Path) -> dict:
    number = 0 if name == "sixty" else int(name.rsplit("_", 1)[1])
    rng = np.random.default_rng([2026, number])
    size = 60 if number == 0 else int(SIZES[number - 1])
    world = millbrook.WORLDS[number % len(millbrook.WORLDS)]
    tables = millbrook.make(world, seed=100 + number, n=size)
    tables["children"] = _children(tables["children"], rng)
    tables["issues"] = _issues(tables["issues"], tables["children"], rng)
    tables["spells"] = _spells(tables["spells"], tables["children"], rng)
    settings = _settings(name, size, rng)
    for part, table in (("review", "case_files"), ("costs", "programme_costs")):
        if rng.random() < 0.5:
            tables.pop(table)
            settings.pop(part)
    if rng.random() < 0.2:
        tables.pop("issues")
        settings["profile"].pop("issues")
    _save(tables, folder)
    return settings


def _children(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    frame = frame.drop(columns="age_years")
    count = len(frame)
    frame["birth_date"] = frame["birth_date"].where(rng.random(count) > rng.choice([0, 0.01, 0.03]))
    rare = rng.random(count) < 0.03
    frame["ethnicity_code"] = frame["ethnicity_code"].mask(rare, rng.choice(list(RARE_CODES), count))
    unknown = rng.random(count) < rng.choice([0, 0.02, 0.06])
    frame["ethnicity_code"] = frame["ethnicity_code"].mask(unknown)
    reasons = pd.Series(rng.choice(REASONS[: rng.integers(1, 4)], count), dtype="str")
    frame["exclusion_reason"] = reasons.where(rng.random(count) < rng.choice([0, 0.015, 0.05]))
    frame["sibling_group_size"] = frame["sibling_group_size"].astype("Int64")
    return frame


def _issues(frame: pd.DataFrame, children: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    parts = [frame]
    for issue in RARE_ISSUES[: rng.integers(0, len(RARE_ISSUES) + 1)]:
        has = children["child_id"][rng.random(len(children)) < rng.choice([0.01, 0.04, 0.1])]
        parts.append(pd.DataFrame({"child_id": has, "issue_code": issue}))
    frame = pd.concat(parts, ignore_index=True)
    frame["domestic_abuse_factors"] = frame["domestic_abuse_factors"].astype("Int64")
    return frame


def _spells(frame: pd.DataFrame, children: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Give some children a second status in a window, so that the statuses in it no longer add up to the children."""
    some = children[rng.random(len(children)) < rng.choice([0, 0.1, 0.25])]
    start = some["start_date"] + pd.to_timedelta(rng.integers(-150, 360, len(some)), unit="D")
    status = rng.choice(["CIN", "CP", "CLA"], len(some), p=[0.6, 0.3, 0.1])
    end = start + pd.to_timedelta(rng.integers(1, 200, len(some)), unit="D")
    more = pd.DataFrame({"child_id": some["child_id"], "status": status, "start_date": start, "end_date": end})
    more = more[more["start_date"] <= pd.Timestamp(millbrook.LAST_DATE)]
    more["end_date"] = more["end_date"].where(more["end_date"] <= pd.Timestamp(millbrook.LAST_DATE))
    spells = pd.concat([frame, more], ignore_index=True)
    return spells.drop_duplicates(["child_id", "status", "start_date"], ignore_index=True)


def _settings(name: str, size: int, rng: np.random.Generator) -> dict:
    settings = _as_committed_settings()
    settings |= {"title": f"Made-up study {name} ({size} children)", "programme_name": "Made-up programme"}
    settings["window_months"] = int(rng.choice([3, 6, 6]))
    settings["exclusion_reasons"] = {code: code.replace("_", " ") for code in REASONS}
    profile = settings["profile"]
    bands = AGES[int(rng.integers(3, 6))]
    profile["age_bands"] = [{"label": label, "lowest": low, "highest": high} for label, low, high in bands]
    top = int(rng.integers(3, 6))
    profile["sibling_bands"] = [{"label": str(k), "lowest": k, "highest": k} for k in range(1, top)]
    profile["sibling_bands"].append({"label": f"{top} or more", "lowest": top})
    profile["ethnicity"] |= RARE_CODES
    for group, code in (("White", "A2"), ("Mixed", "B4"), ("Asian or Asian British", "C4")):
        profile["ethnicity_groups"][group].append(code)
    profile["issues"] |= {code: code.replace("_", " ").capitalize() for code in RARE_ISSUES}
    return settings


def _as_committed_settings() -> dict:
    return yaml.safe_load((ROOT / "params/millbrook.yaml").read_text(encoding="utf-8"))


def _save(tables: dict[str, pd.DataFrame], folder: Path) -> None:
    for table, frame in tables.items():
        frame = frame.copy()
        for column in frame.select_dtypes("boolean"):
            frame[column] = frame[column].map({True: "true", False: "false"})
        frame.to_csv(folder / f"{table}.csv", index=False, date_format="%Y-%m-%d")


if __name__ == "__main__":
    for each in sys.argv[2:] or NAMES:
        print(write(each, Path(sys.argv[1])))
