"""Which heading is which column: as the study file says, as the contract writes it, or by a usual other name.

Headings are compared without capitals, blanks, underscores, hyphens and dots. Likeness only proposes: no threshold
tells a start date from an end date. A heading that is no column is not read, and said; a name, an address or a number
that leads to a person is refused, so that it does not lie in the study's folder.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from stepdown.contracts.model import Contract, How
from stepdown.faults import Fault, Refused, shortened, some_names

OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "child_id": ("Child", "Child ref", "Child reference", "Child unique ID", "Child number", "Client ID", "LAchildID")
    + ("LCS ID", "Liquidlogic ID", "Mosaic ID", "Person ID", "Pseudonym"),
    "family_id": ("Family", "Family number", "Family ref", "Family reference", "Household", "Household ID"),
    "group": ("Arm", "Cohort", "Study group"),
    "birth_date": ("Date of birth", "DOB"),
    "age_years": ("Age", "Age at start"),
    "sex": ("Gender",),
    "ethnicity_code": ("Ethnic code", "Ethnic background", "Ethnic group", "Ethnicity"),
    "exclusion_reason": ("Excluded because", "Reason excluded", "Reason for exclusion"),
    "start_date": (
        "Begin",
        "Date from",
        "Date started",
        "From",
        "Start",
        "Started",
        "Started support",
        "Support start",
    ),
    "end_date": ("Date ended", "Date to", "End", "Ended", "Ended support", "Support end", "To"),
    "status": ("LAC status", "Social care status", "Statutory status"),
    "referral_date": ("Date of referral", "Referral", "Referred", "Referred on"),
    "is_index": ("Index", "Index referral"),
    "reason_code": ("Need", "Primary need", "Primary need code", "Reason", "Reason for referral", "Referral reason"),
    "issue_code": ("Factor", "Factor code", "Issue"),
    "domestic_abuse_factors": ("DA factors", "Number of domestic abuse factors"),
    "file_id": ("Case file", "File", "File ID"),
    "amount_gbp": ("Amount", "Amount (£)", "Cost"),
    "financial_year": ("Year",),
}
"""Other names of a column, by the column; docs/your_own_data.md prints them."""

OTHER_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "sex": {
        "female": ("F", "2", "Girl", "Woman"),
        "male": ("M", "1", "Boy", "Man"),
        "not stated": ("U", "Unknown", "Not known", "Indeterminate"),
    },
    "status": {
        "CIN": ("CHIN", "Child in need", "In need"),
        "CP": ("CPP", "Child protection", "Child protection plan", "CP plan", "On a plan"),
        "CLA": ("LAC", "CIC", "Child in care", "Child looked after", "In care", "Looked after", "Looked after child"),
    },
}
"""Other words for a code, by column and code."""

_PRIVATE = re.compile(
    r"(family|child|client|parent|carer|mother|father|worker|social ?worker)?'?s?( \d)? ?names?( \d| \(.*\))?"
    r"|names? of .*|.*\b(fore|sur|first ?|last ?|middle ?|full ?)names?\b.*|.*\baddress(es)?\b.*"
    r"|.*\bpost ?codes?\b.*|.*\be ?mails?\b.*|.*\b(tele)?phones?\b.*"
    r"|.*\bmobile\b.*|nhs ?(no|number|id)?|upn|unique pupil (no|number)|ni ?(no|number)|national insurance.*"
)
"""What leads to a person and no evaluation needs."""


def folded(name: str) -> str:
    """Return a heading or word without capitals, blanks, underscores, hyphens, dots and apostrophes, to be compared."""
    return re.sub(r"[\s_.\-'’?:()]+", "", unicodedata.normalize("NFKC", name)).casefold()


@dataclass
class Headings:
    """The headings of a file, told apart.

    columns: heading → column.  how: heading → "as written", "in other letters", "by another name", "by the study file".
    private: headings that are refused.  ignored: headings that are not read.  doubled: column → its headings.
    absent: columns that the study file names by a heading that is not there.
    """

    columns: dict[str, str] = field(default_factory=dict)
    how: dict[str, str] = field(default_factory=dict)
    private: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    doubled: dict[str, list[str]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)

    def all(self) -> list[str]:
        """Return every heading: those of columns, those not read and those refused."""
        return [*self.columns, *self.ignored, *self.private]

    def by_another_name(self) -> dict[str, str]:
        """Return heading → column where only another name of the column was recognised."""
        return {heading: column for heading, column in self.columns.items() if self.how[heading] == "by another name"}

    def missing(self, contract: Contract) -> list[str]:
        """Return the required columns that no heading is."""
        there = set(self.columns.values())
        return [field.name for field in contract.fields if field.required and field.name not in there]


def told_apart(headings: Sequence[str], contract: Contract, given: Mapping[str, str]) -> Headings:
    """Return which column each heading is; ``given`` (column → heading) is what the study file says and goes first.

    An exact name goes before another name: where a file has both "Start" and "start_date", the first is not read.
    """
    found = Headings()
    by_heading = {folded(heading): column for column, heading in given.items()}
    exact = {folded(name): name for name in contract.names()}
    other = {folded(text): name for name in contract.names() for text in OTHER_NAMES.get(name, ())}
    settled = {by_heading[name] for name in map(folded, headings) if name in by_heading}
    written = {exact[name] for name in map(folded, headings) if name in exact} - settled
    for heading in headings:
        name = folded(heading)
        column, how = by_heading.get(name), "by the study file"
        own = exact.get(name)
        if column is None and own is not None and own not in settled:
            column, how = own, "as written" if heading == own else "in other letters"
        if column is None and name in other and other[name] not in settled | written:
            column, how = other[name], "by another name"
        if column is not None:
            found.columns[heading], found.how[heading] = column, how
        elif _PRIVATE.fullmatch(" ".join(re.sub(r"[_.\-]+", " ", heading).casefold().split())):
            found.private.append(heading)
        else:
            found.ignored.append(heading)
    for column in dict.fromkeys(found.columns.values()):
        same = [heading for heading, other_column in found.columns.items() if other_column == column]
        if len(same) > 1:
            found.doubled[column] = same
    present = set(map(folded, headings))
    found.absent = {column: heading for column, heading in given.items() if folded(heading) not in present}
    return found


def near(column: str, headings: Sequence[str], most: int = 3) -> list[str]:
    """Return the headings most like a column or one of its other names, the likest first."""
    names = [folded(name) for name in (column, *OTHER_NAMES.get(column, ()))]

    def likeness(heading: str) -> float:
        return max(difflib.SequenceMatcher(None, folded(heading), name).ratio() for name in names)

    return sorted(headings, key=likeness, reverse=True)[:most]


def other_words(column: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return word → code of a column, folded: what the study file gives, then the usual other words."""
    usual = {folded(word): code for code, words in OTHER_WORDS.get(column, {}).items() for word in words}
    return usual | {folded(word): code for word, code in given.items()}


def known_headings(contract: Contract, given: Mapping[str, str]) -> frozenset[str]:
    """Return every heading, folded, by which a column of the table is known."""
    names = [text for name in contract.names() for text in (name, *OTHER_NAMES.get(name, ()))]
    return frozenset(map(folded, [*names, *given.values()]))


def headed(raw: pd.DataFrame, contract: Contract, given: Mapping[str, str], how: How, file: str) -> pd.DataFrame:
    """Return the table with its columns as the contract names them, those that are no column left out and counted.

    Raises Refused for a required column that is missing, two headings of one column, a heading that the study file
    names and the file has not, and a column of names or addresses.
    """
    told = told_apart(list(raw.columns), contract, given)
    above = how["", "blank rows above the headings left out"] + how["", "title rows above the headings left out"]
    faults = _heading_faults(told, contract, f"{file}, line {1 + above} (headings)")
    if faults:
        raise Refused(faults)
    for heading, column in told.columns.items():
        if told.how[heading] == "in other letters":
            how[column, "heading in other letters"] += 1
        elif told.how[heading] != "as written":
            how[column, f"read from the heading “{shortened(heading)}”, {told.how[heading]}"] += 1
    for heading in told.ignored:
        how["", f"column “{shortened(heading)}” not read"] += 1
    return raw[list(told.columns)].rename(columns=told.columns)


def _heading_faults(told: Headings, contract: Contract, where: str) -> list[Fault]:
    rule = f"docs/data_dictionary.md, table {contract.table}"
    known = ", ".join(contract.names())
    setting = f"data.columns: {contract.table}"
    faults = [
        Fault(
            where,
            f"more than one column that is {column}: {some_names(same)}",
            "each column once",
            rule,
            f"name the right one under {setting}, or remove the other:  {column}: {same[0]}",
        )
        for column, same in told.doubled.items()
    ]
    faults += [
        Fault(
            where,
            f"no heading {shortened(heading)!r}, which {setting} names for {column}",
            "a heading of the file",
            rule,
            "correct the setting",
        )
        for column, heading in told.absent.items()
    ]
    missing = told.missing(contract)
    if missing:
        likest = near(missing[0], told.ignored)
        found = f"no column {', '.join(missing)}" + (
            f"; headings not used: {some_names(told.ignored)}" if likest else ""
        )
        remedy = (
            f"if one of them is it, add under {setting}:  {missing[0]}: {likest[0]}" if likest else "add the column"
        )
        needed = "the columns " + ", ".join(f.name for f in contract.fields if f.required)
        faults.append(Fault(where, found, f"{needed} (of {known})", rule, remedy))
    if told.private:
        found = f"columns that identify a person: {some_names(told.private)}"
        remedy = "remove them from the file: a study's folder must not have names, addresses or personal numbers"
        faults.append(Fault(where, found, "pseudonyms only", f"{rule}; keep no more than is needed", remedy))
    return faults
