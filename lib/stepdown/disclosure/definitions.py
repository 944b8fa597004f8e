"""What every count of the house's tables counts: which cells of the underlying tables of children and files.

A table that stands here is linked with all others by what its counts mean. A table that does not is linked by the
sums that it declares and by numbers that are the same (:mod:`stepdown.disclosure.linking`), which is stricter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from stepdown.disclosure.by_status import BY_STATUS, statuses_in, with_cost
from stepdown.disclosure.counts import Place
from stepdown.disclosure.underlying import Block, Definitions, block, referral_block, rows_of, status_block
from stepdown.measures import measured
from stepdown.tables import AggregateTable

Tables = Mapping[str, AggregateTable]
_MEASURE = {"days_": "", "referrals": "referrals"}


def definitions(tables: Sequence[AggregateTable], broad: Mapping[str, Sequence[str]] | None = None) -> Definitions:
    """Return what the counts of the tables take in; ``sizes`` are those of whole groups, which are always shown.

    broad: the labels of the ethnic codes of each broad ethnic group.
    """
    found = Definitions()
    by_name = {t.name: t for t in tables if set(_NEEDED.get(t.name, ())) <= set(t.columns)}
    groups, ladder = _groups(by_name), _ladder(by_name)
    if groups and ladder:
        joined = "cost_parts" in by_name and "referrals" in set(by_name["cost_parts"].frame["measure"])
        own = found.add(status_block(groups, ladder, referred=joined))
        _sizes(by_name, found, own, groups)
        if not joined:
            _referred_apart(found, own, groups)
        for name, define in BY_STATUS.items():
            if name in by_name:
                define(by_name[name], found, own, groups)
        with_cost(by_name, found, own)
        _who_is_in(by_name, found, own, groups)
        _profile(by_name, found, own, groups)
        _ethnic_groups(by_name, found, broad or {})
        _limits(by_name, found)
        _not_followed(by_name, found)
        found.known |= set(by_name) & set(_UNDERSTOOD)
    if "case_file_items" in by_name:
        _case_files(by_name, found)
        found.known |= {name for name in by_name if name.startswith("case_file_")}
    found.known |= set(by_name) & set(_ALONE)
    _brought_in(by_name, found, groups)
    return found


def _referred_apart(found: Definitions, own: Block, groups: Sequence[str]) -> None:
    """Take in referrals beside the statuses where no count joins the two: far fewer cells say the same."""
    found.referred = found.add(referral_block(groups))
    for group in groups:
        size = found.same_as(own, own.where(group=group))
        if size is not None:
            found.counts_too(size, found.referred, found.referred.where(group=group))


_UNDERSTOOD = (
    *("participant_flow", "profile", "issues", "ethnicity_groups", "observability", "completeness", "oddities"),
    *("status_on_date", "statutory_status", "transitions", "movement", "like_for_like", "overlap", "overlap_gate"),
    *("balance", "referrals", "re_referral", "re_referral_survival", "two_part", "cost_parts", "saving_by_agency"),
    *("effects", "bracket_agreement", "influence", "permutation", "regression_to_the_mean", "missing_follow_up"),
    *("costs", "net_cost", "net_cost_by_months", "cost_scenarios", "cost_uncertainty", "cost_plane", "cost_grid"),
    *("acceptability", "break_even", "saving_bracket", "tornado", "assumptions"),
)
"""Tables of which it is known what they count: that two of their numbers are equal says nothing further."""

_ALONE = ("agreement", "overlaps", "how_read", "import_rows", "import_doubts", "import_pool", "import_31_march")
"""Tables whose counts no other table has in another form, but for what is said of them here."""


_NEEDED = {
    "profile": ("variable", "category", "group", "children_in_group"),
    "issues": ("variable", "category", "group", "children_in_group"),
    "participant_flow": ("group", "step", "children", "families"),
    "statutory_status": ("group", "period", "status", "episodes"),
    "transitions": ("group", "status_before", "status_after", "children_before"),
    "referrals": ("group", "period", "referrals_without_index"),
    "observability": ("group", "window"),
    "case_file_items": ("item_id", "subset", "yes", "partial", "no", "not_applicable"),
}
"""Columns that a table of the house has; another table of the same name is not one of these."""


def _groups(tables: Tables) -> list[str]:
    """Return the labels of the groups, programme first."""
    for name in ("participant_flow", "statutory_status", "transitions", "profile", "referrals"):
        if name in tables and "group" in tables[name].frame:
            return [str(group) for group in dict.fromkeys(tables[name].frame["group"])]
    return []


def _ladder(tables: Tables) -> list[str]:
    """Return the statuses, lowest first; those that a table has merged are told apart here."""
    for name, column in (
        ("statutory_status", "status"),
        ("transitions", "status_before"),
        ("overlap", "status_before"),
    ):
        if name in tables:
            held = [part for status in dict.fromkeys(tables[name].frame[column]) for part in statuses_in(status)]
            return [status for status in dict.fromkeys(held) if status != "none"]
    return ["CIN", "CP", "CLA"] if _groups(tables) else []


_SIZES = {
    "profile": "children_in_group",
    "ethnicity_groups": "children_in_group",
    "issues": "children_in_group",
    "statutory_status": "children",
    "status_on_date": "children_in_group",
    "two_part": "n_children",
    "movement": "n_children",
    "referrals": "children",
    "costs": "children",
    "regression_to_the_mean": "n_children",
}
_SIDES = ("overlap_gate", "missing_follow_up")


def _sizes(tables: Tables, found: Definitions, own: Block, groups: Sequence[str]) -> None:
    for name, column in _SIZES.items():
        for row, values in rows_of(tables[name].frame) if name in tables else ():
            found.counts((name, row, column), own, own.where(group=values["group"]))
    for name in _SIDES:
        for row, _ in rows_of(tables[name].frame) if name in tables else ():
            for side, group in zip(("programme", "comparison"), groups, strict=False):
                found.counts((name, row, f"n_{side}"), own, own.where(group=group))
    for row, _ in rows_of(tables["effects"].frame) if "effects" in tables else ():
        found.counts(("effects", row, "n_children"), own, own.where())
    found.sizes |= found.defined


def _who_is_in(tables: Tables, found: Definitions, own: Block, groups: Sequence[str]) -> None:
    """Define the participant flow: who is in the records is who is analysed and who is left out, reason by reason."""
    if "participant_flow" not in tables:
        return
    frame = tables["participant_flow"].frame.reset_index(drop=True)
    for group in groups:
        rows = frame.index[frame["group"] == group]
        steps = {int(row): str(frame["step"][row]) for row in rows}
        place = {row: ("participant_flow", row, "children") for row in steps}
        for row, step in steps.items():
            if step == "Analysed":
                found.sizes.add(place[row])
                found.counts(place[row], own, own.where(group=group))
            found.defined.add(place[row])
        whole = [place[row] for row, step in steps.items() if step == "In the records"]
        parts = [place[row] for row, step in steps.items() if step != "In the records"]
        if whole:
            found.sums([*((1, part) for part in parts), (-1, whole[0])])
        _families(found, steps)
        _seen(tables, found, group, [place[r] for r, step in steps.items() if step in ("Analysed", "Not observable")])
    _in_the_records(tables, found, frame)


def _families(found: Definitions, steps: Mapping[int, str]) -> None:
    """A family has at least one child of the row; families of the records are at most the sum of the parts."""
    for row in steps:
        families, children = ("participant_flow", row, "families"), ("participant_flow", row, "children")
        found.at_most([(1, families), (-1, children)])


def _seen(tables: Tables, found: Definitions, group: str, parts: Sequence[Place]) -> None:
    """Define the observability of a window: its reasons add up to the children who are not excluded."""
    if "observability" not in tables:
        return
    frame = tables["observability"].frame.reset_index(drop=True)
    for _, rows in frame[frame["group"] == group].groupby("window", sort=False).indices.items():
        at = frame.index[frame["group"] == group][rows]
        places = [("observability", int(row), "children") for row in at]
        found.defined.update(places)
        found.sums([*((1, place) for place in places), *((-1, part) for part in parts)])
    _seen_by_reason(tables, found, group)


def _seen_by_reason(tables: Tables, found: Definitions, group: str) -> None:
    """Say that the flow's reasons for not being observable are those of the study's own period, the first of them."""
    flow = {
        str(v["reason"]): ("participant_flow", row, "children")
        for row, v in rows_of(tables["participant_flow"].frame)
        if v["group"] == group and v["step"] == "Not observable"
    }
    seen = [(row, v) for row, v in rows_of(tables["observability"].frame) if v["group"] == group]
    own = min((int(v["window_months"]) for _, v in seen), default=0)
    before = [(-1, place) for reason, place in flow.items() if reason.endswith("(before)")]
    for row, v in seen:
        counted = flow.get(f"{v['reason']} ({v['period']})")
        if int(v["window_months"]) == own and counted is not None:
            place = ("observability", row, "children")
            if v["period"] == "before":
                found.sums([(1, counted), (-1, place)])
            else:  # a child without a period before is not counted again for the period after
                found.at_most([(1, counted), (-1, place)])
                found.at_most([(1, place), (-1, counted), *before])


def _in_the_records(tables: Tables, found: Definitions, flow: pd.DataFrame) -> None:
    """Define the rows of the table of children in the data-quality table, and its blanks, by group."""
    if "completeness" not in tables:
        return
    whole = [("participant_flow", int(r), "children") for r in flow.index[flow["step"] == "In the records"]]
    kept = [
        ("participant_flow", int(r), "children") for r in flow.index[~flow["step"].isin(["In the records", "Excluded"])]
    ]
    for row, v in rows_of(tables["completeness"].frame):
        if v["table"] != "children":
            continue
        found.sums([*((1, place) for place in whole), (-1, ("completeness", row, "rows"))])
        if v["column"] == "exclusion_reason":
            found.sums([*((1, place) for place in kept), (-1, ("completeness", row, "blank"))])


_BLANK = {"age": "birth_date", "sibling_group_size": "sibling_group_size", "ethnicity": "ethnicity_code"}
_BALANCE = {"age": "age_years", "sibling_group_size": "sibling_group_size"}


def _profile(tables: Tables, found: Definitions, own: Block, groups: Sequence[str]) -> None:
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


def _ethnic_groups(tables: Tables, found: Definitions, broad: Mapping[str, Sequence[str]]) -> None:
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
        elif v["category"] == "Unknown" and (str(v["group"]), "Unknown") in codes:
            found.sums([(1, codes[str(v["group"]), "Unknown"]), (-1, place)])
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


def _limits(tables: Tables, found: Definitions) -> None:
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


def _not_followed(tables: Tables, found: Definitions) -> None:
    """Define the children not followed to the end: the flow counts them too, by reason."""
    if "missing_follow_up" not in tables or "participant_flow" not in tables:
        return
    groups = _groups(tables)
    flow = list(rows_of(tables["participant_flow"].frame))
    for row, _ in rows_of(tables["missing_follow_up"].frame):
        for side, group in zip(("programme", "comparison"), groups, strict=False):
            lost = ("missing_follow_up", row, f"missing_{side}")
            out = [
                (1, ("participant_flow", r, "children"))
                for r, v in flow
                if v["step"] == "Not observable" and v["group"] == group and str(v["reason"]).endswith("(after)")
            ]
            found.defined.add(lost)
            found.sums([*out, (-1, lost)])


def _brought_in(tables: Tables, found: Definitions, groups: Sequence[str]) -> None:
    """Say what the tables of an import count of the study's own children."""
    flow = list(rows_of(tables["participant_flow"].frame)) if "participant_flow" in tables else []
    place = {(v["group"], v["step"], str(v["reason"])): ("participant_flow", r, "children") for r, v in flow}
    for row, v in rows_of(tables["import_pool"].frame) if "import_pool" in tables else ():
        whole = [p for (group, step, _), p in place.items() if step == "In the records" and group == groups[-1]]
        if v["reason"] == "Compared" and whole:
            found.sums([(1, whole[0]), (-1, ("import_pool", row, "children"))])
    out = {reason: p for (group, step, reason), p in place.items() if step == "Excluded" and group == groups[0]}
    for row, v in rows_of(tables["import_doubts"].frame) if "import_doubts" in tables else ():
        if str(v["finding"]) in out:
            found.sums([(1, out[str(v["finding"])]), (-1, ("import_doubts", row, "number"))])
    _on_the_list(tables, found, [p for (g, step, _), p in place.items() if step == "Excluded" and g == groups[0]])


def _on_the_list(tables: Tables, found: Definitions, out: Sequence[Place]) -> None:
    """Say that the rows of the programme's list that became excluded children are those of the flow."""
    for row, v in rows_of(tables["import_rows"].frame) if "import_rows" in tables else ():
        if v["kind"] == "rows of the list" and v["fate"] == "used: a child who is then excluded":
            found.sums([*((1, p) for p in out), (-1, ("import_rows", row, "rows"))])


def _case_files(tables: Tables, found: Definitions) -> None:
    """Define the answers to each item in each set of files, and the contrasts that are made of them."""
    answers = ["yes", "partial", "no", "not_applicable"]
    blocks: dict[tuple[str, str], Block] = {}
    for row, v in rows_of(tables["case_file_items"].frame):
        key = (str(v["item_id"]), str(v["subset"]))
        part = blocks[key] = found.add(block(f"files by {key[0]} in {key[1]}", answer=answers))
        masks = {
            "files": part.where(),
            "yes": part.where(answer="yes"),
            "partial": part.where(answer="partial"),
            "no": part.where(answer="no"),
            "not_applicable": part.where(answer="not_applicable"),
            "applicable": part.where(answer=answers[:3]),
            "any_evidence": part.where(answer=answers[:2]),
        }
        found.sizes.add(("case_file_items", row, "files"))
        for column, mask in masks.items():
            if not pd.isna(v[column]):
                found.counts(("case_file_items", row, column), part, mask)
    _parts_of_sets(blocks, found)
    for name in ("case_file_differences", "case_file_ordered"):
        for row, v in rows_of(tables[name].frame) if name in tables else ():
            for end, subset in (("earlier", v["earlier"]), ("later", v["later"])):
                part_or_none = blocks.get((str(v["item_id"]), str(subset)))
                if part_or_none is None:
                    continue
                found.counts((name, row, f"files_{end}"), part_or_none, part_or_none.where(answer=answers[:3]))
                if f"count_{end}" in v:
                    cut = answers[:1] if v["cut"] == "full" else answers[:2]
                    found.counts((name, row, f"count_{end}"), part_or_none, part_or_none.where(answer=cut))


def _parts_of_sets(blocks: Mapping[tuple[str, str], Block], found: Definitions) -> None:
    """Say that a part of a set of files (during_hub of during) has no more files of any answer."""
    for (item, subset), part in blocks.items():
        whole = blocks.get((item, subset.rsplit("_", 1)[0])) if "_" in subset else None
        for i in range(len(part)) if whole is not None else ():
            found.at_most([(1, (part.name, i, "cell")), (-1, (whole.name, i, "cell"))] if whole else [])
