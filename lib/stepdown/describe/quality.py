"""What the records are like before anything is counted: how full each column is, and what is allowed but odd.

What is wrong was refused by the contracts. What stands here may be right; an evaluator looks at it once.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd

from stepdown.contracts import COUNTED_ONCE, StudyRecords, known_tables
from stepdown.numbers import as_pounds
from stepdown.params import Study
from stepdown.params.data import IN_NEED
from stepdown.tables import AggregateTable, Column, Role
from stepdown.windows import close_spells, merge_spells, positions


def completeness(records: StudyRecords) -> AggregateTable:
    """Return how full each column is: one row is a table × column.

    Columns: table, column, rows, blank, percent_blank, meaning.

    >>> completeness(book.records).frame[["table", "column", "rows", "blank"]].head(2)
          table     column  rows  blank
    0  children   child_id   213      0
    1  children  family_id   213      0
    """
    rows = []
    for table in records.files:
        frame = records.table(table)
        for field in known_tables()[table].fields:
            blank = int(frame[field.name].isna().sum())
            rows.append((table, field.name, len(frame), blank, 100 * blank / len(frame), field.about))
    columns = {
        "table": Column("Table", Role.KEY),
        "column": Column("Column", Role.KEY),
        "rows": Column("Rows", Role.BASE, "rows", 0),
        "blank": Column("Blank", Role.COUNT, "rows", 0),
        "percent_blank": Column("Share blank", Role.DERIVED, "%", 1, ("blank", "rows")),
        "meaning": Column("Holds", Role.OPEN),
    }
    return AggregateTable.of_rows("completeness", "table × column", columns, rows)


def how_read(records: StudyRecords) -> AggregateTable:
    """Return what was not read as it stands in the files: one row is a table × column × what was done.

    >>> len(how_read(book.records).frame)
    0
    """
    rows = [
        (table, column or "all", done, number)
        for table, how in records.how_read.items()
        for (column, done), number in how.items()
    ]
    columns = {
        "table": Column("Table", Role.KEY),
        "column": Column("Column", Role.KEY),
        "done": Column("What was done", Role.KEY),
        "number": Column("Cells or rows", Role.COUNT, "cells", 0),
    }
    return AggregateTable.of_rows("how_read", "table × column × what was done", columns, rows)


def how_read_sentence(records: StudyRecords) -> str:
    """Say by which rule cells were read, and whether any was not read as it stands.

    >>> how_read_sentence(book.records)[:30]
    'Every cell was read as it is. '
    """
    changed = sum(len(how) for how in records.how_read.values())
    rule = (
        "Spaces around a text are left out; a cell of spaces, dashes or a word such as NULL or N/A is blank; a time of "
        "day is left out of a date; a spell that ends after the data's last date is open."
    )
    if not changed:
        return f"Every cell was read as it is. {rule}"
    return f"Some cells were changed when they were read: the table counts them. {rule}"


def together_sentence(study: Study, together: AggregateTable) -> str:
    """Say what a spell of need is in these records, and whether days stand at two statuses.

    >>> together_sentence(book.study, describe.overlaps(book.study, book.records))
    'The study does not say what a spell in need (CIN) is: ... No day is counted at two statuses.'
    """
    need = IN_NEED[study.settings.data.in_need] or (
        "The study does not say what a spell in need (CIN) is: the time from referral to closure, or only a plan."
    )
    if together.frame.empty:
        return f"{need} No day is counted at two statuses."
    return f"{need} Some days are at two statuses: the table lists them and says how they count."


def oddities(study: Study, records: StudyRecords) -> AggregateTable:
    """Return what is allowed but odd: one row is a table × finding, with its number and what is done about it.

    >>> oddities(book.study, book.records).frame[["finding", "number"]].head(2)
                                                finding  number
    0   children of a family that stands in both groups       0
    1  children with neither a date of birth nor an age      11
    """
    found = [*_about_children(study, records), *_about_spells(study, records), *_about_referrals(study, records)]
    found += _about_spending(study, records)
    columns = {
        "table": Column("Table", Role.KEY),
        "finding": Column("What was found", Role.KEY),
        "number": Column("Number", Role.COUNT, "rows", 0),
        "treatment": Column("How it is treated", Role.OPEN),
    }
    return AggregateTable.of_rows("oddities", "table × finding", columns, found)


Oddity = tuple[str, str, int, str]


def _about_children(study: Study, records: StudyRecords) -> list[Oddity]:
    children = records.children
    groups = children.groupby("family_id")["group"].nunique()
    in_both = children["family_id"].isin(groups.index[groups > 1])
    length = (children["end_date"] - children["start_date"]).dt.days
    unborn = children["birth_date"] > children["start_date"]
    return [
        (
            "children",
            "children of a family that stands in both groups",
            int(in_both.sum()),
            "kept; intervals treat the family as one, but such a family cannot show a difference between the groups",
        ),
        (
            "children",
            "children with neither a date of birth nor an age",
            int((children["birth_date"].isna() & children["age_years"].isna()).sum()),
            "age unknown; taken as born and under 18 throughout",
        ),
        (
            "children",
            "children born after their support began",
            int(unborn.sum()),
            "no period before: excluded by hand, or shown as not observable",
        ),
        ("children", "children whose support lasted more than a year", int((length > 365).sum()), "kept as recorded"),
    ]


def _about_spells(study: Study, records: StudyRecords) -> list[Oddity]:
    spells, children = records.spells, records.children
    row = positions(children["child_id"], spells["child_id"])
    start = spells["start_date"].to_numpy()
    end = close_spells(spells["end_date"].to_numpy(), np.datetime64(study.settings.data.last_date))
    merged = sum(
        int(pick.sum()) - len(merge_spells(row[pick], start[pick], end[pick]))
        for status in study.settings.ladder
        for pick in [spells["status"].to_numpy() == status]
    )
    born = children["birth_date"].to_numpy()[row]
    return [
        (
            "spells",
            "spells that overlap or touch another of the same child and status",
            merged,
            "joined into one before anything is counted",
        ),
        (
            "spells",
            "spells that start and end on one day",
            int((spells["start_date"] == spells["end_date"]).sum()),
            "an episode without days",
        ),
        (
            "spells",
            "spells still open on the data's last date",
            int(spells["end_date"].isna().sum()),
            "run to the day after the data's last date",
        ),
        ("spells", "spells that begin before the child was born", int((start < born).sum()), "kept as recorded"),
    ]


def _about_spending(study: Study, records: StudyRecords) -> list[Oddity]:
    """Name the lines of spending that the costs leave out, with their pounds."""
    costs, lines = study.settings.costs, records.programme_costs
    if costs is None or lines.empty:
        return []
    pairs = zip(lines["workstream"], lines["basis"], strict=True)
    counted = [costs.programme.counts(workstream, basis) for workstream, basis in pairs]
    left_out = lines[~pd.Series(counted, index=lines.index)]
    what = "lines of spending of another workstream or on another basis than the study's"
    return [("programme_costs", what, len(left_out), f"not counted: {as_pounds(left_out['amount_gbp'].sum())} in all")]


def _about_referrals(study: Study, records: StudyRecords) -> list[Oddity]:
    referrals, children = records.referrals, records.children
    left_out = records.how_read.get("referrals", Counter())["", COUNTED_ONCE]
    index = referrals[referrals["is_index"].fillna(False)]
    per_child = index.groupby("child_id").size().reindex(children["child_id"], fill_value=0)
    return [
        (
            "referrals",
            "referrals of one child on one day, beyond the first",
            int(referrals.duplicated(["child_id", "referral_date"]).sum()) + left_out,
            "each is counted" if study.settings.repeated_referrals == "each" else "counted once",
        ),
        (
            "referrals",
            "children with no referral marked as the index referral",
            int((per_child == 0).sum()),
            "all their referrals count, with and without the index referral",
        ),
        (
            "referrals",
            "children with more than one index referral",
            int((per_child > 1).sum()),
            "all of them are left out where the index referral is",
        ),
    ]
