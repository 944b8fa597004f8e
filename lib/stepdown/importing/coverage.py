"""Which files there are, which years they cover, and from which day to which day all of them do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from stepdown.faults import Fault, Refused, refuse
from stepdown.importing.annex_a import read_annex_a
from stepdown.importing.cin_census import Census, open_census, read_census
from stepdown.importing.looked_after import CareReturn, return_files
from stepdown.importing.rows import RULE, CarePeriod, CareRow, Faults, Ledger, Plan, Row
from stepdown.importing.settings import ImportSettings
from stepdown.importing.ssd import read_ssd

SSD_YEARS = 6
"""Years of history that the specification of the Standard Safeguarding Dataset asks for."""

Reader = Callable[[], Iterator[tuple[str, Iterable[Row]]]]


@dataclass
class Sources:
    """The files of an import. annex_a: by day of the extract. families: (child, family) of an SSD extract."""

    root: Path
    census: list[Census] = field(default_factory=list)
    care: dict[int, list[tuple[Path, str]]] = field(default_factory=dict)
    annex_a: dict[int, tuple[Path, str]] = field(default_factory=dict)
    families: list[tuple[str, str]] = field(default_factory=list)

    def readers(self, settings: ImportSettings, span: Covered, ledger: Ledger, faults: Faults) -> Iterator[Reader]:
        """Yield one reader for each file or return, in the order of the days that they reach."""
        without = settings.ids.stripper

        def census(file: Census) -> Iterator[tuple[str, Iterable[Row]]]:
            strip = without("cin_census")
            yield file.shown, (row._replace(child=strip(row.child)) for row in read_census(file, ledger, faults))

        def care(year: int) -> Iterator[tuple[str, Iterable[Row]]]:
            one = CareReturn(year, self.care[year], ledger, faults, without("looked_after"))
            yield care_name(year), one.rows()

        def annex_a(day: int) -> Iterator[tuple[str, Iterable[Row]]]:
            path, shown = self.annex_a[day]
            columns = settings.returns.annex_a_columns
            sheets = read_annex_a(path, shown, day, columns, ledger, faults, without("annex_a"))
            for name, rows in sheets:
                if day in span.joined:
                    yield name, rows
                else:
                    for row in rows:
                        ledger.settle(row, "left out: this Annex A is not joined")

        def ssd(day: date, place: str) -> Iterator[tuple[str, Iterable[Row]]]:
            rows, families = read_ssd(place, self.root, day.toordinal(), ledger, faults, without("ssd"))
            self.families += families
            yield "ssd", rows

        for made, place in settings.returns.ssd.items():
            yield lambda made=made, place=place: ssd(made, place)  # type: ignore[misc]
        for file in self.census:
            yield lambda file=file: census(file)  # type: ignore[misc]
        for year in sorted(self.care):
            yield lambda year=year: care(year)  # type: ignore[misc]
        for day in sorted(self.annex_a):
            yield lambda day=day: annex_a(day)  # type: ignore[misc]


@dataclass
class Covered:
    """From which day to which the sources cover every child.

    joined: days of the Annex A extracts that carry the returns on; extract: the last of them, or 0.
    census_names, care_names: which files' ids are of the census and of the care returns.
    """

    first_day: int
    last_day: int
    census_day: int
    care_days: tuple[int, ...]
    extract: int = 0
    joined: tuple[int, ...] = ()
    census_names: set[str] = field(default_factory=set)
    care_names: set[str] = field(default_factory=set)

    @property
    def held_against(self) -> dict[str, Callable[[Any], bool]]:
        """By source, which rows make a child one that the other sources must know."""
        day = self.census_day
        return {
            "looked-after return": lambda row: isinstance(row, CareRow),
            "Annex A": lambda row: (
                bool(self.extract) and isinstance(row, Plan | CarePeriod) and row.day > day and row.start <= day
            ),
        }


def care_name(year: int) -> str:
    """Return the name of a year's looked-after return."""
    return f"looked-after return of {year}"


def find_sources(settings: ImportSettings, root: Path) -> Sources:
    """Return the files that the settings name, opened far enough to know their year."""
    faults: list[Fault] = []
    sources = Sources(root)
    for pattern in settings.returns.cin_census:
        paths = sorted(path for path in root.glob(pattern) if path.is_file())
        if not paths:
            faults.append(_no_file(pattern, "returns.cin_census"))
        for path in paths:
            try:
                sources.census.append(open_census(path, str(path.relative_to(root))))
            except Refused as refused:
                faults += refused.faults
    sources.census.sort(key=lambda census: (census.day, census.shown))
    care = settings.returns.looked_after
    for year, place in sorted(care.items()) if isinstance(care, dict) else ():
        try:
            sources.care[year] = return_files(root / place, root)
        except Refused as refused:
            faults += refused.faults
    for day, place in sorted(settings.returns.annex_a.items()):
        if (root / place).is_file():
            sources.annex_a[day.toordinal()] = (root / place, place)
        else:
            faults.append(_no_file(place, "returns.annex_a"))
    refuse(faults)
    return sources


def covered(settings: ImportSettings, sources: Sources) -> Covered:
    """Return the days that all sources cover; raises Refused where years are missing, double or unlike."""
    if settings.returns.ssd:
        return _extract_covers(settings)
    census = [file.year for file in sources.census]
    care = sorted(sources.care)
    faults = _years("cin_census", census) + _years("looked_after", care)
    apart = bool(care) and not set(care) & set(census)
    if apart or (care and max(care) != max(census) and settings.last_date is None):
        faults.append(_differ(census, care))
    if settings.decisions.in_need == "plan" and min(census) < 2022:
        found = f"a census of {min(census)}"
        allowed = "censuses from 2022 on: earlier ones have no child in need plans"
        faults.append(Fault("decisions.in_need: plan", found, allowed, RULE, "take in_need: assessed"))
    if settings.decisions.in_need == "plan" and sources.annex_a:
        found = "an Annex A, which holds no child in need plans: each one open on 31 March would seem to end"
        faults.append(Fault("decisions.in_need: plan", found, "the returns alone", RULE, "leave annex_a out"))
    refuse(faults)
    first = max(min(years) for years in (census, care) if years)
    last = _march(min(max(years) for years in (census, care) if years))
    joined: list[int] = []
    for day in sorted(sources.annex_a):
        reaches = joined[-1] if joined else last
        if day > reaches and _six_months_before(day) <= reaches + 1 and _march(max(census)) == last:
            joined.append(day)
    last = joined[-1] if joined else last
    if settings.last_date:
        asked = settings.last_date.toordinal()
        if asked > last:
            raise Refused([_beyond(settings.last_date, last)])
        last = asked
    first_day = _march(first - 1) + 1
    return Covered(
        first_day=max(first_day, settings.first_date.toordinal()) if settings.first_date else first_day,
        last_day=last,
        census_day=_march(max(census)),
        care_days=tuple(_march(year) for year in care),
        extract=joined[-1] if joined else 0,
        joined=tuple(joined),
        census_names={file.shown for file in sources.census},
        care_names={care_name(year) for year in care},
    )


def _extract_covers(settings: ImportSettings) -> Covered:
    """An SSD extract covers six years up to its day, unless the user says from when or to when."""
    made = next(iter(settings.returns.ssd))
    if settings.last_date and settings.last_date > made:
        raise Refused([_beyond(settings.last_date, made.toordinal())])
    six = date(made.year - SSD_YEARS, made.month, min(made.day, 28) if made.month == 2 else made.day)
    first, last = settings.first_date or six, settings.last_date or made
    day, names = made.toordinal(), {"ssd"}
    return Covered(first.toordinal(), last.toordinal(), day, (day,), census_names=names, care_names=names)


def _march(year: int) -> int:
    return date(year, 3, 31).toordinal()


def _six_months_before(day: int) -> int:
    """Return the same day six months before, or the last of that month."""
    then = date.fromordinal(day)
    month = then.month - 6 if then.month > 6 else then.month + 6
    year = then.year - (then.month <= 6)
    last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month, min(then.day, last)).toordinal()


def _years(name: str, years: list[int]) -> list[Fault]:
    faults = []
    for year in sorted({year for year in years if years.count(year) > 1}):
        found = f"{years.count(year)} files of the year to 31 March {year}"
        faults.append(Fault(f"returns.{name}", found, "one a year", RULE, "take the older version out"))
    missing = sorted(set(range(min(years), max(years) + 1)) - set(years)) if years else []
    if missing:
        found = "no file of the years to 31 March " + ", ".join(map(str, missing))
        allowed = "every year between the first and the last: a case that ended in a missing year would look open"
        faults.append(Fault(f"returns.{name}", found, allowed, RULE, "add the missing year, or leave the earlier out"))
    return faults


def _differ(census: list[int], care: list[int]) -> Fault:
    found = f"census to 31 March {max(census)}, looked-after return to 31 March {max(care)}"
    remedy = f"add the missing year, or set last_date: {min(max(census), max(care))}-03-31"
    return Fault("returns", found, "sources that end on the same day, or last_date", RULE, remedy)


def _beyond(asked: date, last: int) -> Fault:
    found, allowed = f"{asked}", f"a day up to {date.fromordinal(last)}, which all sources reach"
    return Fault("last_date", found, allowed, RULE, "give an earlier day, or add the later returns")


def _no_file(place: str, setting: str) -> Fault:
    return Fault(place, "no such file", "a file of the council's returns", RULE, f"correct the path under {setting}")
