"""The profile of the cohort: who the children are, group beside group.

Bands, codes and labels come from the study's parameter file; nothing about a place is written here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from stepdown.cohort import Cohort, age_at_start
from stepdown.contracts import StudyRecords
from stepdown.faults import Refused
from stepdown.measures import measured
from stepdown.params import Study
from stepdown.params.study import Band
from stepdown.tables import AddsUp, AggregateTable, Column, Role
from stepdown.windows import positions

AGE, ETHNICITY, SIBLINGS = "age", "ethnicity", "sibling_group_size"


def profile_categories(study: Study, cohort: Cohort) -> pd.DataFrame:
    """Return each child's category in each profile variable: child_id, family_id, group, age, ethnicity, …

    One row is a child who is analysed. Categories are ordered as in the parameter file, unknown last.
    Raises Refused when a known value falls in no band.
    """
    settings, children = study.settings.profile, cohort.children
    age = age_at_start(children)
    codes = children["ethnicity_code"].map(settings.ethnicity)
    known_codes = list(dict.fromkeys(settings.ethnicity.values()))
    categories = [*known_codes, *([] if settings.unknown_label in known_codes else [settings.unknown_label])]
    return pd.DataFrame(
        {
            "child_id": children["child_id"],
            "family_id": children["family_id"],
            "group": children["group"],
            AGE: _banded(study, age, settings.age_bands, "age_bands"),
            ETHNICITY: pd.Categorical(codes.fillna(settings.unknown_label), categories=categories, ordered=True),
            SIBLINGS: _banded(study, children["sibling_group_size"], settings.sibling_bands, "sibling_bands"),
        }
    )


def _banded(study: Study, values: pd.Series, bands: tuple[Band, ...], setting: str) -> pd.Categorical:
    labels = pd.Series(pd.NA, index=values.index, dtype="str")
    for band in bands:
        high = np.inf if band.highest is None else band.highest
        labels = labels.mask((values >= band.lowest) & (values <= high), band.label)
    lost = int((labels.isna() & values.notna()).sum())
    if lost:
        raise Refused.for_one(
            f"{study.file.name}, profile.{setting}",
            f"{lost} children with a known value outside every band",
            f"bands that hold every known value (from {values.min():g} to {values.max():g} in these records)",
            "a child is counted in one category of each variable (docs/methods.md, Profile)",
            "widen a band or add one",
        )
    unknown = study.settings.profile.unknown_label
    return pd.Categorical(labels.fillna(unknown), categories=[*(b.label for b in bands), unknown], ordered=True)


def profile(study: Study, cohort: Cohort) -> AggregateTable:
    """Return the profile: one row is a variable × category × group.

    Columns: variable, category, group, children, percent (of the group), children_in_group. Every category of
    the parameter file stands, also an empty one; "unknown" only where a group has some.

    >>> profile(book.study, cohort).frame[["variable", "category", "group", "children"]].head(2)
      variable category       group  children
    0      age      0-4         IFP        29
    1      age      0-4  Comparison        45
    """
    categories = profile_categories(study, cohort)
    parts = [_counted(study, categories, variable) for variable in (AGE, ETHNICITY, SIBLINGS)]
    return _profile_table("profile", "variable × category × group", pd.concat(parts, ignore_index=True))


def ethnicity_groups(study: Study, cohort: Cohort) -> AggregateTable:
    """Return grouped shares of ethnicity, such as all Asian backgrounds: one row is an ethnic group × group.

    >>> ethnicity_groups(book.study, cohort).frame[["category", "group", "children"]].head(2)
      category       group  children
    0    White         IFP        17
    1    White  Comparison        43
    """
    code = cohort.children["ethnicity_code"]
    rows = []
    for label, codes in study.settings.profile.ethnicity_groups.items():
        for group in study.settings.groups.labels():
            mine = cohort.children["group"] == group
            rows.append(
                _row(
                    measured("ethnic_group").label, label, group, int((mine & code.isin(codes)).sum()), int(mine.sum())
                )
            )
    return _profile_table("ethnicity_groups", "ethnic group × group", _frame(rows), adds_up=False)


def issues(study: Study, cohort: Cohort, records: StudyRecords) -> AggregateTable:
    """Return the issues at assessment: one row is a variable (issue, number of issues) × category × group.

    >>> issues(book.study, cohort, book.records).frame[["category", "group", "children"]].head(2)
             category       group  children
    0  Alcohol misuse         IFP        12
    1  Alcohol misuse  Comparison        31
    """
    child = positions(cohort.children["child_id"], records.issues["child_id"])
    number = np.bincount(child[child >= 0], minlength=len(cohort.children))
    group, codes = cohort.children["group"], records.issues["issue_code"].to_numpy()
    rows = []
    for code, label in study.settings.profile.issues.items():
        having = np.bincount(child[(child >= 0) & (codes == code)], minlength=len(number)) > 0
        for name in study.settings.groups.labels():
            mine = group == name
            rows.append(_row("issue at assessment", label, name, int((mine & having).sum()), int(mine.sum())))
    for name in study.settings.groups.labels():
        mine = (group == name).to_numpy()
        for label, pick in _numbers_of_issues(number):
            rows.append(_row(measured("n_issues").short, label, name, int((mine & pick).sum()), int(mine.sum())))
    return _profile_table("issues", "variable × category × group", _frame(rows), adds_up=False)


def _numbers_of_issues(number: np.ndarray) -> list[tuple[str, np.ndarray]]:
    return [("None", number == 0), ("1 to 4", (number >= 1) & (number <= 4)), ("5 or more", number >= 5)]


def _counted(study: Study, categories: pd.DataFrame, variable: str) -> pd.DataFrame:
    rows = []
    unknown = study.settings.profile.unknown_label
    has_unknown = bool((categories[variable] == unknown).any())
    for category in categories[variable].cat.categories:
        if category == unknown and not has_unknown:
            continue
        for group in study.settings.groups.labels():
            mine = categories["group"] == group
            rows.append(
                _row(variable, category, group, int((mine & (categories[variable] == category)).sum()), int(mine.sum()))
            )
    return _frame(rows)


def _row(variable: str, category: str, group: str, count: int, total: int) -> tuple[str, str, str, int, float, int]:
    return variable, category, group, count, 100 * count / total, total


COLUMNS = {
    "variable": Column("Characteristic", Role.KEY),
    "category": Column("Category", Role.KEY),
    "group": Column("Group", Role.KEY),
    "children": Column("Children", Role.COUNT, "children", 0),
    "percent": Column("Share of the group", Role.DERIVED, "%", 1, ("children", "children_in_group")),
    "children_in_group": Column("Children in the group", Role.BASE, "children", 0),
}


def _frame(rows: list[tuple[str, str, str, int, float, int]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _profile_table(name: str, one_row_is: str, frame: pd.DataFrame, *, adds_up: bool = True) -> AggregateTable:
    sums = (AddsUp("children", ("variable", "group"), "children_in_group"),) if adds_up else ()
    return AggregateTable(name, one_row_is, frame, COLUMNS, sums)
