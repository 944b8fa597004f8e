"""Headings as councils write them: which column each is, what is not read, and what is refused."""

import pytest
from stepdown.contracts.children import CHILDREN, REFERRALS, SPELLS
from stepdown.contracts.headings import OTHER_NAMES, folded, near, other_words, told_apart
from stepdown.contracts.registered import known_tables


def columns(headings, contract=CHILDREN, **given):
    return told_apart(headings, contract, given).columns


def test_capitals_blanks_and_other_names_are_read():
    asked = ["Mosaic ID", "Family Ref", "GROUP", "D.O.B.", "Gender", "Ethnicity", "Start Date", "End_Date"]
    assert list(columns(asked).values()) == [
        "child_id",
        "family_id",
        "group",
        "birth_date",
        "sex",
        "ethnicity_code",
        "start_date",
        "end_date",
    ]
    assert columns(["Child ID", "Status", "From", "To"], SPELLS)["To"] == "end_date"
    assert columns(["child-id", "Date of Referral", "Index?"], REFERRALS)["Index?"] == "is_index"


def test_the_study_file_goes_first_then_the_exact_name_then_another_name():
    assert columns(["start_date", "Start"]) == {"start_date": "start_date"}
    assert columns(["start_date", "Start"], start_date="Start") == {"Start": "start_date"}
    found = told_apart(["Started", "From"], CHILDREN, {})
    assert found.doubled == {"start_date": ["Started", "From"]}
    assert told_apart(["Began"], CHILDREN, {"start_date": "Begun"}).absent == {"start_date": "Begun"}


@pytest.mark.parametrize(
    "heading",
    [
        "Name",
        "Child's name",
        "Forename",
        "Surname of child",
        "Name of child",
        "Child's full name",
        "Parent 1 name",
        "Name (child)",
        "First name",
        "child_last_name",
        "SURNAME",
        "Home address",
        "Post code",
        "NHS Number",
        "UPN",
        "E-mail",
        "Mobile no",
    ],
)
def test_names_and_addresses_are_refused(heading):
    assert told_apart([heading], CHILDREN, {}).private == [heading]


@pytest.mark.parametrize("heading", ["Programme name used", "School name", "Team", "Comments", "Unnamed: 7"])
def test_other_columns_are_not_read(heading):
    assert told_apart([heading], CHILDREN, {}).ignored == [heading]


def test_no_other_name_is_that_of_two_columns_of_a_table():
    for contract in known_tables().values():
        names = {(folded(text), name) for name in contract.names() for text in (name, *OTHER_NAMES.get(name, ()))}
        assert len({text for text, _ in names}) == len(names), contract.table


def test_likeness_only_proposes():
    assert near("birth_date", ["Team", "Date of brith", "Notes"])[0] == "Date of brith"
    assert not columns(["Date of brith"])


def test_words_for_codes_can_be_added_and_turned():
    assert other_words("status", {})[folded("Looked-after")] == "CLA"
    assert other_words("status", {"Tier 4": "CLA", "CIC": "CIN"})[folded("cic")] == "CIN"
