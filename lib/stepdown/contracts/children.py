"""Contracts of the tables about children: children, issues, spells, referrals."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from stepdown.contracts.model import UNBORN_DAYS, Codes, Contract, Field, Ordered
from stepdown.contracts.registered import register
from stepdown.contracts.schema import RULE, row_faults
from stepdown.faults import Fault
from stepdown.measures import LADDER, STATUSES
from stepdown.params import Study, StudySettings

OTHER = "other"
"""What an exclusion_reason in free text is read as."""

LARGEST_FAMILY = 20
"""Most children of a family or sibling group."""

CHILD_ID = Field("child_id", "text", "pseudonym of the child, the same in every table", required=True, blank=False)


def _with_children(settings: StudySettings) -> bool:
    return isinstance(settings, StudySettings)


def _codes_of_children(study: Study) -> Codes:
    settings = study.settings
    return {
        "group": settings.groups.labels(),
        "ethnicity_code": settings.profile.ethnicity,
        "exclusion_reason": settings.exclusion_reasons,
    }


def _codes_of_issues(study: Study) -> Codes:
    issues = study.settings.profile.issues
    return {"issue_code": issues} if issues else {}


def _large_families(study: Study, frames: Mapping[str, pd.DataFrame], file: str) -> list[Fault]:
    children = frames["children"]
    large = children.groupby("family_id")["family_id"].transform("size") > LARGEST_FAMILY
    found = f"a family of more than {LARGEST_FAMILY} children: its id is perhaps a stand-in for “not known”, such as 0"
    remedy = "give each family its own id, and a child whose family is not known an id that no other child has"
    rule = RULE.format(table="children", column="family_id") + "; intervals take a family as one"
    allowed = f"up to {LARGEST_FAMILY} children"
    return row_faults(children, f"{file}, column family_id", rule, [(large, found, allowed, remedy)])


CHILDREN = Contract(
    table="children",
    one_row_is="child in the study (including a child later excluded)",
    fields=(
        CHILD_ID,
        Field(
            "family_id",
            "text",
            "pseudonym of the family; children of one family share it, and intervals allow for that",
            required=True,
            blank=False,
        ),
        Field(
            "group",
            "text",
            "label of the child's group, as in the parameter file",
            required=True,
            blank=False,
        ),
        Field("birth_date", "date", "date of birth (or expected, for an unborn child)"),
        Field(
            "age_years",
            "number",
            "age in years at start_date, for a study that has no dates of birth",
            lowest=0,
            highest=25,
            unit="years",
        ),
        Field("sex", "text", "sex as recorded", codes=("female", "male", "unborn", "not stated")),
        Field("ethnicity_code", "text", "ethnic background, a code of the parameter file's profile"),
        Field(
            "sibling_group_size",
            "whole number",
            "number of children in the sibling group, this child included",
            lowest=1,
            highest=LARGEST_FAMILY,
            unit="children",
        ),
        Field(
            "start_date",
            "date",
            "day on which support (or, in a comparison group, the assessment) began",
            required=True,
            blank=False,
        ),
        Field(
            "end_date",
            "date",
            "last day of support (or of the assessment)",
            required=True,
            blank=False,
        ),
        Field(
            "exclusion_reason",
            "text",
            "why the child is left out of the analysis; blank: the child is in it",
            free=True,
            other=OTHER,
        ),
    ),
    unique=("child_id",),
    ordered=(
        Ordered("start_date", "end_date", "support cannot end before it starts"),
        Ordered("birth_date", "start_date", "a child is unborn or up to 25 years old", -UNBORN_DAYS, 26 * 366),
    ),
    not_after=("start_date",),
    needed=_with_children,
    codes=_codes_of_children,
    together=_large_families,
)

ISSUES = Contract(
    table="issues",
    one_row_is="child × issue found at assessment",
    fields=(
        CHILD_ID,
        Field("issue_code", "text", "issue, a code of the parameter file's profile", required=True, blank=False),
        Field(
            "domestic_abuse_factors",
            "whole number",
            "number of domestic-abuse factors, where the issue is domestic abuse and the number is known",
            lowest=0,
            highest=20,
        ),
    ),
    unique=("child_id", "issue_code"),
    belongs_to=(("child_id", "children"),),
    needed=lambda settings: _with_children(settings) and bool(settings.profile.issues),
    codes=_codes_of_issues,
)

SPELLS = Contract(
    table="spells",
    one_row_is="spell of a child at one statutory status",
    fields=(
        CHILD_ID,
        Field(
            "status",
            "text",
            " or ".join(", ".join(f"{code} ({STATUSES[code].name})" for code in LADDER).rsplit(", ", 1)),
            required=True,
            blank=False,
            codes=LADDER,
        ),
        Field("start_date", "date", "first day of the spell", required=True, blank=False),
        Field(
            "end_date",
            "date",
            "day on which the spell ended (not itself counted); blank: still open on the data's last date",
        ),
    ),
    belongs_to=(("child_id", "children"),),
    ordered=(Ordered("start_date", "end_date", "a spell cannot end before it starts"),),
    not_after=("start_date",),
    open_after=("end_date",),
    after_birth=("start_date",),
    one_version=("child_id", "status", "start_date"),
    needed=_with_children,
)

REFERRALS = Contract(
    table="referrals",
    one_row_is="referral of a child",
    fields=(
        CHILD_ID,
        Field("referral_date", "date", "day of the referral", required=True, blank=False),
        Field("is_index", "flag", "true for the referral that led to the support or assessment under study"),
        Field("reason_code", "text", "reason of the referral, as recorded", free=True),
    ),
    belongs_to=(("child_id", "children"),),
    not_after=("referral_date",),
    after_birth=("referral_date",),
    once=("child_id", "referral_date"),
    needed=_with_children,
)

for _contract in (CHILDREN, ISSUES, SPELLS, REFERRALS):
    register(_contract)
