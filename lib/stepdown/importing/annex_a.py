"""Reads Annex A (Ofsted's lists, Excel): lists 3, 6, 7 and 8, by their titles and headings, never by position."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path

from stepdown.faults import Fault, Refused
from stepdown.importing import cells
from stepdown.importing.rows import (
    ANNEX_A,
    RULE,
    CarePeriod,
    Episode,
    Faults,
    Ledger,
    Person,
    Plan,
    Referral,
    Row,
    row_name,
)
from stepdown.importing.sheets import Line, Matched, Wanted, match, named, tables

LISTS = {3: "referrals", 6: "children in need", 7: "child protection plans", 8: "children in care"}

_EVERY = (
    Wanted(
        "child",
        (
            "Child Unique ID",
            "Child's Unique ID",
            "Child Unique Identifier",
            "Unique Child ID",
            "Unique ID",
            "Child ID",
            "Child Identifier",
            "LA Child ID",
            "LAchildID",
        ),
    ),
    Wanted("sex", ("Gender", "Sex", "Child's Gender", "Child's Sex")),
    Wanted("ethnicity", ("Ethnicity", "Child's Ethnicity", "Ethnic Origin")),
    Wanted("birth", ("Date of Birth", "DOB", "D.O.B.", "Birth Date", "Child's Date of Birth", "Child's DOB")),
)
_COLUMNS = {
    3: (
        Wanted("start", ("Date of referral", "Referral date", "Date of the referral")),
        Wanted("nfa", ("Referral NFA", "NFA", "Referral no further action", "Did the referral result in NFA")),
    ),
    6: (
        Wanted("start", ("CIN Start Date", "Child in Need Start Date", "Start date of CIN", "CIN episode start date")),
        Wanted("need", ("Primary Need Code", "Primary Need", "Primary Category of Need")),
        Wanted("end", ("CIN Closure Date", "CIN End Date", "Child in Need Closure Date", "Closure date of CIN")),
        Wanted("reason", ("Reason for Closure", "CIN Reason for Closure", "Closure Reason", "Reason for CIN Closure")),
    ),
    7: (
        Wanted("start", ("Child Protection Plan Start Date", "CP Plan Start Date", "CPP Start Date", "CP Start Date")),
        Wanted("end", ("Child Protection Plan End Date", "CP Plan End Date", "CPP End Date", "CP End Date")),
    ),
    8: (
        Wanted("start", ("Date Started to be Looked After", "Date started being looked after", "LAC Start Date")),
        Wanted("legal", ("Child's Legal Status", "Legal Status", "Childs current legal status")),
        Wanted("end", ("Date Ceased to be Looked After", "Date ceased being looked after", "LAC End Date")),
    ),
}
_TITLE = re.compile(r"(?<![a-z])list[\s_.:-]*0*(\d{1,2})(?!\d)", re.IGNORECASE)
_FIX = "correct it in the case system and run the lists again"


def read_annex_a(
    path: Path,
    shown: str,
    day: int,
    columns: Mapping[int, Mapping[str, str]],
    ledger: Ledger,
    faults: Faults,
    strip: Callable[[str], str],
) -> list[tuple[str, list[Row]]]:
    """Return the rows of lists 3, 6, 7 and 8, with the name of the sheet that each list is on.

    day: of the extract.  columns: by list, the headings that the user named.  strip: takes a prefix off an id.
    Raises Refused when a list is missing or double, or a needed column is.
    """
    found = _lists(tables(path, shown), shown)
    out: list[tuple[str, list[Row]]] = []
    wrong: list[Fault] = []
    for number, (sheet, lines) in sorted(found.items()):
        place = f"{shown}, sheet {sheet!r}"
        wanted = named([*_EVERY, *_COLUMNS[number]], columns.get(number, {}))
        try:
            matched = match(lines, wanted, place, f"annex_a_columns: {number}")
        except Refused as refused:
            wrong += refused.faults
            continue
        reader = _Sheet(number, place, day, ledger, faults, strip)
        out.append((place, list(reader.rows(matched))))
    if wrong:
        raise Refused(wrong)
    return out


def _lists(sheets: list[tuple[str, list[Line]]], shown: str) -> dict[int, tuple[str, list[Line]]]:
    """Return the one sheet of each list that is read; raises Refused when one is missing or double."""
    found = list_sheets(sheets)
    wrong = []
    for number, name in sorted(LISTS.items()):
        held = found.get(number, [])
        if len(held) > 1:
            names = f"{len(held)} sheets with list {number}: " + " and ".join(repr(sheet) for sheet, _ in held)
            wrong.append(Fault(shown, names, "one sheet for each list", RULE, "take one out, or rename it"))
        elif not held:
            allowed = "lists 3, 6, 7 and 8: without one of them, a case that ended and a case that went on look alike"
            remedy = "run the lists again, or leave annex_a out"
            wrong.append(Fault(shown, f"no sheet with list {number} ({name})", allowed, RULE, remedy))
    if wrong:
        raise Refused(wrong)
    return {number: found[number][0] for number in LISTS}


def list_sheets(sheets: list[tuple[str, list[Line]]]) -> dict[int, list[tuple[str, list[Line]]]]:
    """Return the sheets of each list by its number: by the sheet's name, else by the title above its headings."""
    found: dict[int, list[tuple[str, list[Line]]]] = {}
    for name, lines in sheets:
        if lines and _number(name):
            found.setdefault(_number(name), []).append((name, lines))
    by_name = set(found)
    for name, lines in sheets:
        number = _title_in(lines)
        if not _number(name) and number and number not in by_name:
            found.setdefault(number, []).append((name, lines))
    return found


def _title_in(lines: list[Line]) -> int:
    return next((number for _, row in lines[:5] if (number := _number(" ".join(row[:3])))), 0)


def _number(text: str) -> int:
    title = _TITLE.search(text)
    return int(title[1]) if title else 0


class _Sheet:
    """Turns the rows of one list into rows of the import."""

    def __init__(
        self, number: int, place: str, day: int, ledger: Ledger, faults: Faults, strip: Callable[[str], str]
    ) -> None:
        self.number, self.place, self.day = number, place, day
        self.ledger, self.faults, self.strip = ledger, faults, strip
        self.file = ledger.file(place)

    def rows(self, matched: Matched) -> Iterator[Row]:
        """Yield a person and what the list says of it for every row that is a child's."""
        self.ledger.columns[self.place] = matched.told
        self._aside(matched.totals)
        for line, values in matched.cells():
            others = [text for name, text in values.items() if name != "child"]
            child = self.strip(cells.child_id(values["child"]))
            if not any(others):
                self._aside(1)
            elif not child:
                self.faults.row(f"{self.place}, child", "a blank", "the child's id", _FIX, line)
            else:
                for row in self._of(child, line, values):
                    self.ledger.read[row.file, row_name(row)] += 1
                    yield row

    def _of(self, child: str, line: int, values: dict[str, str]) -> Iterator[Row]:
        start, end = self._day(values, "start", line), self._day(values, "end", line)
        ethnic = cells.ethnicity(values["ethnicity"])
        if values["ethnicity"] and not ethnic:
            self.ledger.unknown[self.file, "Ethnicity"] += 1
        birth = self._day(values, "birth", line)
        yield Person(child, ANNEX_A, self.day, self.file, birth, sex=cells.sex(values["sex"]), ethnicity=ethnic)
        if not values["start"]:
            self.faults.row(f"{self.place}, start", "a blank", "the day on which it began", _FIX, line)
        at = (child, start, self.day, self.file)
        if self.number == 3:
            nfa = cells.flag(values["nfa"])
            if nfa is None:
                self.faults.row(f"{self.place}, nfa", "neither yes nor no", "Yes or No", _FIX, line, values["nfa"])
            yield Referral(*at, nfa=bool(nfa))
        elif self.number == 6:
            reason = self._code(values["reason"], cells.REASONS, "Reason for Closure")
            need = self._code(values["need"], cells.NEEDS, "Primary Need Code")
            yield Episode(*at, end=end, need=need, reason=reason, is_referral=False)
        elif self.number == 7:
            yield Plan(*at, end=end)
        else:
            yield CarePeriod(*at, end=end, legal=cells.without_letter(values["legal"])[:2].upper())

    def _code(self, text: str, known: tuple[str, ...], name: str) -> str:
        found = cells.code(text, known)
        if text and not found:
            self.ledger.unknown[self.file, name] += 1
        return found

    def _day(self, values: dict[str, str], name: str, line: int) -> int:
        text = values.get(name, "")
        day = cells.list_day(text) if text else 0
        if day is None:
            found = cells.no_day(text)
            self.faults.row(f"{self.place}, {name}", found, "a date, or day/month/year", _FIX, line, text)
        elif day > self.day and name != "birth":
            found = f"a day after the extract of {date.fromordinal(self.day)}"
            self.faults.row(f"{self.place}, {name}", found, "days up to it", "correct the date of annex_a", line, text)
        return day or 0

    def _aside(self, number: int) -> None:
        self.ledger.leave_out(self.file, "other rows", "a total or a note under the table", number)
