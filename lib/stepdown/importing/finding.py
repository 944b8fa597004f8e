"""Finds a council's returns in a folder by what stands in them; it proposes and decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from stepdown.faults import Refused
from stepdown.importing import cells
from stepdown.importing.annex_a import LISTS, list_sheets
from stepdown.importing.cin_census import children_of, name_of, open_census
from stepdown.importing.rows import shown
from stepdown.importing.sheets import Line, tables

_CHILD = ("child id", "mosaic id", "child", "child unique id", "la child id", "lachildid", "client id", "person id") + (
    *("id", "child ref", "child reference", "child number", "lcs id", "liquidlogic id", "client", "ref", "reference"),
)
_START = ("start", "start date", "started", "started support", "support start", "from", "date started", "begin") + (
    *("began", "date from", "start of support", "support started", "commenced", "first day"),
)
_END = ("end", "end date", "ended", "ended support", "support end", "to", "date ended", "finish") + (
    *("finished", "date to", "end of support", "support ended", "completed", "last day"),
)
_FAMILY = ("family", "family id", "family ref", "family reference", "family number")
_HOME = ("household", "household id", "household number", "address id", "address key", "home", *_FAMILY)


@dataclass
class ListFile:
    """A table with a column of children. columns: field → heading where one goes by a usual name."""

    path: str
    headings: list[str]
    columns: dict[str, str]


@dataclass
class Found:
    """The returns in a folder, paths from the root. care: path → its latest day. annex_a: path → a day in it, or ""."""

    census: list[str] = field(default_factory=list)
    care: dict[str, str] = field(default_factory=dict)
    annex_a: dict[str, str] = field(default_factory=dict)
    programme: list[ListFile] = field(default_factory=list)
    households: list[ListFile] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def find_returns(folder: Path, root: Path) -> Found:
    """Return what the files of a folder, and of the folders in it, are."""
    found = Found()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith((".", "~"))):
        place = str(path.relative_to(root))
        try:
            if path.suffix.lower() == ".xml":
                _xml(path, place, found)
            elif path.suffix.lower() in (".csv", ".xlsx", ".xlsm"):
                _table(path, place, root, found)
        except Refused:
            found.unknown.append(place)
    return found


def _xml(path: Path, place: str, found: Found) -> None:
    element = next(children_of(path, place, ("Header", "CHILD")), None)
    if element is not None and name_of(element.getroottree().getroot()).upper().endswith("SSDA903"):
        days = (
            leaf.text for child in children_of(path, place, ("CHILD",)) for leaf in child.iter("{*}DECOM", "{*}DEC")
        )
        found.care[place] = _latest(days)
        return
    open_census(path, place)
    found.census.append(place)


def _table(path: Path, place: str, root: Path, found: Found) -> None:
    sheets = [(name, lines) for name, lines in tables(path, place) if lines]
    lists = {name for held in list_sheets(sheets).values() for name, _ in held}
    if path.suffix.lower() != ".csv" and LISTS.keys() & list_sheets(sheets).keys():
        texts = (cell for name, lines in sheets if name not in lists for _, row in lines[:5] for cell in row)
        said = {day for text in texts if (day := cells.iso_day(text))}
        found.annex_a[place] = shown(said.pop()) if len(said) == 1 else ""
        return
    headings = {cells.heading(text): text for text in sheets[0][1][0][1] if text} if sheets else {}
    if {"child", "decom", "rne"} <= headings.keys():
        lines = sheets[0][1]
        at = [lines[0][1].index(headings[name]) for name in ("decom", "dec") if name in headings]
        folder = str(path.parent.relative_to(root))
        days = (row[i] for _, row in lines[1:] for i in at if i < len(row))
        found.care[folder] = max(found.care.get(folder, ""), _latest(days))
    elif not {"child", "dob"} <= headings.keys() and not any(_list(place, lines, found) for _, lines in sheets):
        found.unknown.append(place)


def _latest(days: Iterable[str | None]) -> str:
    return shown(max((cells.return_day(text.strip()) or 0 for text in days if text), default=0))


def _list(place: str, lines: list[Line], found: Found) -> bool:
    """Put a sheet among the lists of the programme or the households if it is one; returns whether it is."""
    for _, row in lines[:5]:
        headings = [text for text in row if text]
        child = _named(headings, _CHILD)
        dates = {"start": _named(headings, _START), "end": _named(headings, _END)}
        home = _named(headings, _HOME)
        if child and any(dates.values()):
            columns = {"child": child, **dates, "family": _named(headings, _FAMILY)}
            found.programme.append(ListFile(place, headings, {name: text for name, text in columns.items() if text}))
            return True
        if child and home:
            found.households.append(ListFile(place, headings, {"child": child, "household": home}))
            return True
    return False


def _named(headings: list[str], names: tuple[str, ...]) -> str:
    return next((text for name in names for text in headings if cells.heading(text) == name), "")
