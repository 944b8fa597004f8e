"""Reads the Children in Need census (XML, one file per year) child by child, so that a file of any size fits in memory.

Nothing but the named elements is read. Refused: a DOCTYPE (with ``resolve_entities=False`` an entity in an id would
silently shorten it), a file that is cut off, another collection, a reference date that is not that of the year.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from sys import intern
from typing import Any

from lxml import etree

from stepdown.importing import cells
from stepdown.importing.rows import CENSUS, Assessment, Episode, Faults, Ledger, Person, Plan, Row, row_name
from stepdown.importing.sheets import refused

LARGEST_FILE = 2_000_000_000
MOST_CHILDREN = 5_000_000
SAFE: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "recover": False,
    "remove_comments": True,
    "remove_pis": True,
}
_FIX = "correct it in the case system and return it again"
_WHOLE = "a whole XML file as it was returned"


@dataclass(frozen=True, slots=True)
class Census:
    """One file of the census. year: the one that ends on ``day``, 31 March."""

    path: Path
    shown: str
    year: int
    day: int


def name_of(element: Any) -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def children_of(path: Path, shown: str, tags: tuple[str, ...]) -> Iterator[Any]:
    """Yield the elements of these names and forget each; raises Refused when the file is not safe or whole."""
    if path.stat().st_size > LARGEST_FILE:
        raise refused(
            shown, "a file of more than 2 GB", "up to 2 GB", "return it in parts, or ask for a smaller extract"
        )
    try:
        for _, element in etree.iterparse(str(path), events=("end",), tag=[f"{{*}}{tag}" for tag in tags], **SAFE):
            info = element.getroottree().docinfo
            if info.doctype or info.internalDTD is not None:
                raise refused(shown, "a DOCTYPE", "XML without one: it can hide or change text", "export it again")
            if len(element):  # a leaf of the same name (an id called CHILD) belongs to the record around it
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        where = f"{shown}, line {error.lineno}"
        raise refused(
            where, "XML that is cut off, not well formed, or too deep or long", _WHOLE, "export it again"
        ) from None
    except OSError as error:
        raise refused(
            shown, f"a file that cannot be opened ({type(error).__name__})", _WHOLE, "close it elsewhere"
        ) from None


def open_census(path: Path, shown: str) -> Census:
    """Return what the head of a census file says; raises Refused when it is not a census of one year to 31 March."""
    head: dict[str, str] = {}
    for element in children_of(path, shown, ("Header", "Child")):
        if name_of(element) == "Header":
            head = {name_of(part): (part.text or "").strip() for part in element.iter() if isinstance(part.tag, str)}
            break
    collection, year, reference = (head.get(name, "") for name in ("Collection", "Year", "ReferenceDate"))
    if collection.upper() != "CIN":
        found = f"the collection {collection or 'of no name'}"
        raise refused(
            f"{shown}, Header", found, "CIN, the Children in Need census", "name the census files under cin_census"
        )
    day = cells.iso_day(reference)
    right = day is not None and year.isdigit() and day == date(int(year), 3, 31).toordinal()
    if not right or day is None:
        found = f"Year {year or '(blank)'} and ReferenceDate {reference or '(blank)'}"
        raise refused(
            f"{shown}, Header", found, "the reference date 31 March of that year", "return or export it again"
        )
    return Census(path, shown, int(year), day)


def read_census(census: Census, ledger: Ledger, faults: Faults) -> Iterator[Row]:
    """Yield every row of a census file: the child, then its cases, assessments and plans."""
    reader = _Reader(census, ledger.file(census.shown), ledger, faults)
    for number, element in enumerate(children_of(census.path, census.shown, ("Child",)), 1):
        if number > MOST_CHILDREN:
            raise refused(census.shown, "more than five million children", "one council's census", "check the file")
        for row in reader.child(element):
            ledger.read[row.file, row_name(row)] += 1
            yield row


class _Reader:
    """Turns one Child element into rows; unknown codes are counted, days that do not exist are faults."""

    def __init__(self, census: Census, file: int, ledger: Ledger, faults: Faults) -> None:
        self.census, self.file, self.ledger, self.faults = census, file, ledger, faults
        self.factors: dict[tuple[str, ...], tuple[str, ...]] = {}

    def child(self, element: Any) -> Iterator[Row]:
        """Yield the rows of one child."""
        parts = [part for part in element if isinstance(part.tag, str)]
        values: dict[str, str] = {}
        for part in parts:
            if name_of(part) in ("ChildIdentifiers", "ChildCharacteristics"):
                values |= self._texts(part)
        child = values.get("LAchildID", "")
        if not child:
            self._fault("LAchildID", "a child without an id", "the local id of the child", element)
            return
        yield self._person(child, values, element)
        for part in parts:
            if name_of(part) == "CINdetails":
                yield from self._case(child, part)

    def _person(self, child: str, values: dict[str, str], element: Any) -> Person:
        said = values.get("Sex") or values.get("GenderCurrent", "")
        ethnic = self._known(values.get("Ethnicity", ""), cells.ETHNICITIES, "Ethnicity")
        if said and not cells.sex(said) and said.upper() not in ("U", "0", "9"):
            self.ledger.unknown[self.file, "Sex or GenderCurrent"] += 1
        return Person(
            child=child,
            source=CENSUS,
            day=self.census.day,
            file=self.file,
            birth=self._day(values, "PersonBirthDate", element),
            expected=self._day(values, "ExpectedPersonBirthDate", element),
            death=self._day(values, "PersonDeathDate", element),
            sex=cells.sex(said),
            ethnicity=ethnic,
            upn=values.get("UPN", ""),
            former_upn=values.get("FormerUPN", ""),
        )

    def _case(self, child: str, element: Any) -> Iterator[Row]:
        values = self._texts(element)
        start = self._day(values, "CINreferralDate", element)
        if not start:
            if not values.get("CINreferralDate"):
                self._fault("CINreferralDate", "a case without a referral date", "year-month-day", element)
            return
        nfa = cells.flag(values.get("ReferralNFA", ""))
        if nfa is None:
            self._fault("ReferralNFA", "neither true nor false", "true, false, 1 or 0", element, values["ReferralNFA"])
        need = self._known(values.get("PrimaryNeedCode", ""), cells.NEEDS, "PrimaryNeedCode")
        reason = self._known(values.get("ReasonForClosure", ""), cells.REASONS, "ReasonForClosure")
        at = (self.census.day, self.file)
        yield Episode(child, start, *at, self._day(values, "CINclosureDate", element), bool(nfa), need, reason)
        for part in element:
            inner = name_of(part) if isinstance(part.tag, str) else ""
            if inner == "Assessments":
                yield from self._assessment(child, start, part)
            elif inner in ("ChildProtectionPlans", "CINPlanDates"):
                yield from self._plan(child, start, part, "CP" if inner == "ChildProtectionPlans" else "CIN")

    def _assessment(self, child: str, referral: int, element: Any) -> Iterator[Row]:
        values = self._texts(element)
        codes = {(leaf.text or "").strip() for leaf in element.iter("{*}AssessmentFactors")}
        known = {self._known(code, cells.FACTORS, "AssessmentFactors") for code in codes} - {""}
        factors = tuple(sorted(known))
        factors = self.factors.setdefault(factors, factors)  # one copy of each combination
        start = self._day(values, "AssessmentActualStartDate", element)
        if start:
            authorised = self._day(values, "AssessmentAuthorisationDate", element)
            yield Assessment(child, start, self.census.day, self.file, authorised, referral, factors)
        elif not values.get("AssessmentActualStartDate"):
            self.ledger.leave_out(self.file, "assessments", "no start date")

    def _plan(self, child: str, referral: int, element: Any, kind: str) -> Iterator[Row]:
        names = ("CPPstartDate", "CPPendDate") if kind == "CP" else ("CINPlanStartDate", "CINPlanEndDate")
        values = self._texts(element)
        start = self._day(values, names[0], element)
        if start:
            yield Plan(child, start, self.census.day, self.file, self._day(values, names[1], element), kind, referral)
        elif not values.get(names[0]) and values.get(names[1]):
            self._fault(names[0], "a plan that ends and does not begin", "year-month-day", element)

    def _texts(self, element: Any) -> dict[str, str]:
        return {name_of(leaf): (leaf.text or "").strip() for leaf in element if isinstance(leaf.tag, str)}

    def _day(self, values: dict[str, str], name: str, element: Any) -> int:
        text = values.get(name, "")
        day = cells.iso_day(text) if text else 0
        if day is None:
            found = cells.NO_DAY
            self._fault(name, found, "year-month-day, such as 2024-03-31", element, text)
        return day or 0

    def _known(self, text: str, known: Any, name: str) -> str:
        """Return a code in capitals, blank for one that is not known, which is counted."""
        code = intern(text.upper())
        if code and code not in known:
            self.ledger.unknown[self.file, name] += 1
        return code if code in known else ""

    def _fault(self, name: str, found: str, allowed: str, element: Any, value: str = "") -> None:
        place = f"{self.census.shown}, {name}"
        self.faults.row(
            place, found, allowed, "correct it in the case system and return it again", element.sourceline, value
        )
