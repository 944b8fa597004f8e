"""What the profile counts: ages, ethnic codes and groups, siblings, issues; and where else the same children stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stepdown.disclosure.counts import Place
from stepdown.disclosure.underlying import Block, Definitions, Tables, block, rows_of
from stepdown.measures import measured

_BLANK = {"age": "birth_date", "sibling_group_size": "sibling_group_size", "ethnicity": "ethnicity_code"}
_BALANCE = {"age": "age_years", "sibling_group_size": "sibling_group_size"}


def profile(tables: Tables, found: Definitions, own: Block, groups: Sequence[str]) -> None:
    """Define the profile: each characteristic's categories by group, its unknowns in every table that counts them."""
    if "profile" not in tables:
        return
    frame = tables["profile"].frame.reset_index(drop=True)
    for variable, rows in frame.groupby("variable", sort=False).indices.items():
        labels = list(dict.fromkeys(frame["category"].iloc[rows]))
        part = found.add(block(f"children by {variable}", group=groups, category=[*labels, "(not counted)"]))
        for row in rows:
            mask = part.where(group=frame["group"][row], category=frame["category"][row])
            found.counts(("profile", int(row), "children"), part, mask)
        for group in groups:
            own_rows = [int(row) for row in rows if frame["group"][row] == group]
            terms = [(1, ("profile", row, "children")) for row in own_rows]
            if own_rows:
                found.sums([*terms, (-1, ("profile", own_rows[0], "children_in_group"))])
        _unknown(tables, found, part, str(variable), groups, labels)


def ethnic_groups(tables: Tables, found: Definitions, broad: Mapping[str, Sequence[str]]) -> None:
    """Say that a broad ethnic group is the sum of its codes."""
    if "profile" not in tables or "ethnicity_groups" not in tables:
        return
    codes = {
        (str(v["group"]), str(v["category"])): ("profile", row, "children")
        for row, v in rows_of(tables["profile"].frame)
        if v["variable"] == "ethnicity"
    }
    for row, v in rows_of(tables["ethnicity_groups"].frame):
        parts = [codes.get((str(v["group"]), label)) for label in broad.get(str(v["category"]), ())]
        place = ("ethnicity_groups", row, "children")
        found.defined.add(place)
        if parts and None not in parts:
            found.sums([*((1, part) for part in parts if part), (-1, place)])
        elif (str(v["group"]), str(v["category"])) in codes:  # unknown, or the profile has the broad groups too
            found.sums([(1, codes[str(v["group"]), str(v["category"])]), (-1, place)])
    _ethnic_balance(tables, found)


def _ethnic_balance(tables: Tables, found: Definitions) -> None:
    """Say that the balance table counts the same children by ethnic group."""
    groups = list(dict.fromkeys(tables["ethnicity_groups"].frame["group"]))
    places = {(v["category"], v["group"]): row for row, v in rows_of(tables["ethnicity_groups"].frame)}
    for row, v in rows_of(tables["balance"].frame) if "balance" in tables else ():
        for side, group in zip(("programme", "comparison"), groups, strict=False):
            if v["variable"] == "ethnic_group":
                own = [(1, ("ethnicity_groups", at, "children")) for (_, of), at in places.items() if of == group]
                found.sums([*own, (-1, ("balance", row, f"n_{side}"))])
            other, place = places.get((v["category"], group)), ("balance", row, f"children_{side}")
            if v["variable"] == "ethnic_group" and other is not None:
                found.defined.add(place)
                found.sums([(1, ("ethnicity_groups", other, "children")), (-1, place)])


def _unknown(
    tables: Tables, found: Definitions, part: Block, variable: str, groups: Sequence[str], labels: Sequence[str]
) -> None:
    """Say where else the unknown category of a characteristic is counted: balance, by group; data quality, in all."""
    if "balance" in tables and variable in _BALANCE and "Unknown" in labels:
        for row, v in rows_of(tables["balance"].frame):
            for side, group in zip(("programme", "comparison"), groups, strict=False):
                if v["variable"] == _BALANCE[variable]:
                    found.counts(("balance", row, f"missing_{side}"), part, part.where(group=group, category="Unknown"))
    _blanks(tables, found, variable, labels)


def _blanks(tables: Tables, found: Definitions, variable: str, labels: Sequence[str]) -> None:
    """Say that blanks of the records are the unknown of those analysed and, at most, all of those who are not."""
    frame = tables["profile"].frame.reset_index(drop=True)
    rows = frame.index[(frame["variable"] == variable) & (frame["category"] == labels[-1])]
    unknown = [("profile", int(row), "children") for row in rows]
    out = (
        [
            ("participant_flow", row, "children")
            for row, v in rows_of(tables["participant_flow"].frame)
            if v["step"] not in ("In the records", "Analysed")
        ]
        if "participant_flow" in tables
        else []
    )
    for blank, value in _blank_places(tables, variable):
        least = sum(int(frame["children"][place[1]]) for place in unknown)
        most = least + sum(int(tables["participant_flow"].frame["children"].iloc[place[1]]) for place in out)
        if least <= value <= most:
            found.at_most([*((1, place) for place in unknown), (-1, blank)])
            found.at_most([(1, blank), *((-1, place) for place in [*unknown, *out])])


def _blank_places(tables: Tables, variable: str) -> list[tuple[Place, int]]:
    """Return where the data-quality tables count what is unknown of a characteristic, and the numbers."""
    places: list[tuple[Place, int]] = []
    for row, v in rows_of(tables["completeness"].frame) if "completeness" in tables else ():
        if v["table"] == "children" and v["column"] == _BLANK.get(variable) and variable != "age":
            places.append((("completeness", row, "blank"), int(str(v["blank"]))))
    for row, v in rows_of(tables["oddities"].frame) if "oddities" in tables and variable == "age" else ():
        if "neither a date of birth nor an age" in str(v["finding"]):
            places.append((("oddities", row, "number"), int(str(v["number"]))))
    return places


def number_of_issues(tables: Tables, found: Definitions) -> None:
    """Say what the number of issues of each child has to do with the issues: their sum, group by group."""
    if "issues" not in tables:
        return
    frame = tables["issues"].frame.reset_index(drop=True)
    for group in dict.fromkeys(frame["group"]):
        own = frame[frame["group"] == group]
        counted = own["variable"] == measured("n_issues").short
        number, codes = own[counted], [("issues", int(row), "children") for row in own.index[~counted]]
        if not len(number) or not codes:
            continue
        by = {str(own["category"][row]): ("issues", int(row), "children") for row in number.index}
        found.sums(
            [*((1, place) for place in by.values()), (-1, ("issues", int(number.index[0]), "children_in_group"))]
        )
        some, many = by.get("1 to 4"), by.get("5 or more")
        if some and many:
            found.at_most([(1, some), (5, many), *((-1, code) for code in codes)])
            found.at_most([*((1, code) for code in codes), (-4, some), (-len(codes), many)])
        for code in codes:
            found.at_most([(1, code), *((-1, place) for name, place in by.items() if name != "None")])
    _issues_in_the_records(tables, found)


def _issues_in_the_records(tables: Tables, found: Definitions) -> None:
    """Say that each issue of a child is a row of the table of issues; the other rows are of children left out."""
    frame = tables["issues"].frame.reset_index(drop=True)
    codes = [("issues", int(r), "children") for r in frame.index[frame["variable"] != measured("n_issues").short]]
    found.defined |= {("issues", int(row), "children") for row in frame.index}
    rows = [
        ("completeness", row, "rows")
        for row, v in rows_of(tables["completeness"].frame if "completeness" in tables else frame.iloc[:0])
        if v["table"] == "issues"
    ]
    out = [
        (-len(codes), ("participant_flow", row, "children"))
        for row, v in rows_of(tables["participant_flow"].frame if "participant_flow" in tables else frame.iloc[:0])
        if v["step"] not in ("In the records", "Analysed")
    ]
    for place in rows[:1]:
        found.at_most([*((1, code) for code in codes), (-1, place)])
        found.at_most([(1, place), *((-1, code) for code in codes), *out])
    for place in rows[1:]:
        found.sums([(1, rows[0]), (-1, place)])
