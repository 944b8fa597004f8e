"""Reads the looked-after return (SSDA903) of one year, as CSV files or as one XML file, told apart by their columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from sys import intern
from typing import Any

from stepdown.importing import cells
from stepdown.importing.cin_census import children_of, name_of
from stepdown.importing.rows import CARE, CareRow, Faults, Ledger, Person, Row, row_name
from stepdown.importing.sheets import Line, refused, tables

_LS = "C1 C2 D1 E1 V2 V3 V4 L1 L2 L3 J1 J2 J3"
_REC = "X1 E11 E12 E2 E3 E4 E4A E4B E13 E41 E43 E44 E45 E46 E47 E48 E5 E6 E7 E8 E9 E14 E15 E16 E17"
_KNOWN = {"RNE": frozenset("SLPTBU"), "LS": frozenset(_LS.split()), "REC": frozenset(_REC.split())}
_XML_NAMES = {"PL": "PLACE", "CHILDID": "CHILD"}
_FIX = "correct it in the case system and return it again"


@dataclass
class CareReturn:
    """One year's return. year: the one that ENDS on 31 March (``day``), as the user says."""

    year: int
    paths: list[tuple[Path, str]]
    ledger: Ledger
    faults: Faults
    strip: Callable[[str], str]
    found: set[str] = field(default_factory=set)
    latest: int = 0

    @property
    def day(self) -> int:
        """The last day of the year."""
        return date(self.year, 3, 31).toordinal()

    def rows(self) -> Iterator[Row]:
        """Yield the children and episodes of every file; raises Refused when the return lacks either."""
        for path, shown in self.paths:
            if path.suffix.lower() == ".xml":
                yield from self._counted(self._xml(path, shown))
            else:
                for _, lines in tables(path, shown):
                    yield from self._counted(self._csv(lines, shown))
        where = f"looked-after return of {self.year}"
        for part in sorted({"header", "episodes"} - self.found):
            columns = "CHILD, SEX, DOB" if part == "header" else "CHILD, DECOM, RNE, LS, PLACE, DEC, REC"
            raise refused(
                where, f"no file with the columns of the {part}", columns, "put the file in the return's folder"
            )
        if self.latest and self.latest <= date(self.year - 1, 3, 31).toordinal():
            found = f"no day later than 31 March {self.year - 1}"
            raise refused(where, found, "a return with days of its own year", "give the year that ENDS on 31 March")

    def _counted(self, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            self.ledger.read[row.file, row_name(row)] += 1
            yield row

    def _csv(self, lines: list[Line], shown: str) -> Iterator[Row]:
        names = [name.upper() for name in lines[0][1]] if lines else []
        have = set(names)
        doubled = sorted(name for name in have if name and names.count(name) > 1)
        if doubled:
            raise refused(f"{shown}, headings", f"the heading {doubled[0]} twice", "each once", "repeat the extract")
        at = {name: place for place, name in enumerate(names)}
        rows = (
            (line, {name: row[place] if place < len(row) else "" for name, place in at.items()})
            for line, row in lines[1:]
        )
        if {"CHILD", "DECOM", "RNE", "LS", "DEC", "REC"} <= have:
            number = self._first("episodes", shown)
            yield from (row for line, values in rows if (row := self._episode(values, number, shown, line)))
        elif {"CHILD", "DOB", "SEX", "ETHNIC"} <= have:
            number = self._first("header", shown)
            yield from (who for line, values in rows if (who := self._person(values, number, shown, line)))
        elif {"DECOM", "RNE"} & have:
            missing = ", ".join(sorted({"CHILD", "DECOM", "RNE", "LS", "DEC", "REC"} - have))
            raise refused(
                f"{shown}, headings", f"no column {missing}", "the columns of the episodes", "export it whole"
            )

    def _first(self, part: str, shown: str) -> int:
        """Return the number of the file that holds a part of the return; a second one is refused."""
        if part in self.found:
            found = f"a second file with the {part} of the year to 31 March {self.year}"
            raise refused(shown, found, "one file of each", "take the older version out of the folder")
        self.found.add(part)
        return self.ledger.files.index(shown) if shown in self.ledger.files else self.ledger.file(shown)

    def _xml(self, path: Path, shown: str) -> Iterator[Row]:
        self._first("header", shown)
        number = self._first("episodes", shown)
        root_seen = False
        for element in children_of(path, shown, ("CHILD",)):
            root = name_of(element.getroottree().getroot()).upper()
            if not root_seen and not root.endswith("SSDA903"):
                raise refused(shown, f"XML whose root is {root}", "EXPSSDA903", "name the looked-after return here")
            root_seen = True
            if name_of(element.getparent()).upper() == "HEADER":
                continue
            yield from self._xml_child(element, number, shown)
        if not root_seen:
            raise refused(shown, "no child in the file", "a looked-after return", "name the looked-after return here")

    def _xml_child(self, element: Any, number: int, shown: str) -> Iterator[Row]:
        head: dict[str, str] = {}
        for part in sorted(element, key=lambda part: name_of(part).upper() != "HEADER"):
            values = {name_of(leaf).upper(): cells.plain(leaf.text) for leaf in part if isinstance(leaf.tag, str)}
            values = {_XML_NAMES.get(name, name): text for name, text in values.items()}
            if name_of(part).upper() == "HEADER":
                head = values
                person = self._person(values, number, shown, part.sourceline)
                if person:
                    yield person
            elif name_of(part).upper() == "EPISODE":
                episode = self._episode({**values, "CHILD": head.get("CHILD", "")}, number, shown, part.sourceline)
                if episode:
                    yield episode

    def _person(self, values: dict[str, str], number: int, shown: str, line: int) -> Person | None:
        child = self._child(values, shown, line)
        ethnic = intern(values.get("ETHNIC", "").upper())
        if ethnic and ethnic not in cells.ETHNICITIES:
            self.ledger.unknown[number, "ETHNIC"] += 1
        if not child:
            return None
        return Person(
            child=child,
            source=CARE,
            day=self.day,
            file=number,
            birth=self._day(values, "DOB", shown, line),
            sex=cells.sex(values.get("SEX", "")),
            ethnicity=ethnic if ethnic in cells.ETHNICITIES else "",
            upn=values.get("UPN", ""),
        )

    def _episode(self, values: dict[str, str], number: int, shown: str, line: int) -> CareRow | None:
        child = self._child(values, shown, line)
        start, end = self._day(values, "DECOM", shown, line), self._day(values, "DEC", shown, line)
        if not values.get("DECOM"):
            self.faults.row(f"{shown}, DECOM", "a blank", "the day on which the episode began", _FIX, line)
        for name, day in (("DECOM", start), ("DEC", end)):
            self.latest = max(self.latest, day)
            if day > self.day:
                found = f"a day after 31 March {self.year}"
                remedy = "give the year that ENDS on 31 March under looked_after, or name the right file"
                self.faults.row(f"{shown}, {name}", found, "days up to the year's end", remedy, line, values[name])
        rne, legal, rec, place = (intern(values.get(name, "").upper()) for name in ("RNE", "LS", "REC", "PLACE"))
        for name, code in (("RNE", rne), ("LS", legal), ("REC", rec)):
            if code and code not in _KNOWN[name]:
                self.ledger.unknown[number, name] += 1
        if not child or not start:
            return None
        return CareRow(child, start, self.day, number, end, rne, legal, rec, place, self.day)

    def _child(self, values: dict[str, str], shown: str, line: int) -> str:
        child = self.strip(cells.child_id(values.get("CHILD", "")))
        if not child:
            self.faults.row(f"{shown}, CHILD", "a blank", "the local id of the child", _FIX, line)
        return child

    def _day(self, values: dict[str, str], name: str, shown: str, line: int) -> int:
        text = values.get(name, "")
        day = cells.return_day(text) if text else 0
        if day is None:
            found = cells.no_day(text)
            self.faults.row(f"{shown}, {name}", found, "day/month/year, such as 31/03/2024", _FIX, line, text)
        return day or 0


def return_files(place: Path, root: Path) -> list[tuple[Path, str]]:
    """Return the files of a return: those of a folder, or one file; raises Refused when there is none."""
    shown = str(place.relative_to(root)) if place.is_relative_to(root) else place.name
    if place.is_dir():
        found = sorted(path for path in place.iterdir() if path.suffix.lower() in (".csv", ".xml"))
        if found:
            return [(path, f"{shown}/{path.name}") for path in found]
    elif place.is_file():
        return [(place, shown)]
    raise refused(shown, "no such file, or a folder without CSV or XML", "a looked-after return", "correct the path")
