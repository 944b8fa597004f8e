"""Reads one table of a study: its cells, its headings and blanks, its types, and every fault against its contract."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd

from stepdown.contracts.as_held import without_totals
from stepdown.contracts.cleaning import cleaned
from stepdown.contracts.headings import headed, known_headings, other_words
from stepdown.contracts.model import Contract, How
from stepdown.contracts.reading import read_raw
from stepdown.contracts.schema import RULE, check_values, lines_of
from stepdown.contracts.sheets import DAYS_FROM_1904
from stepdown.contracts.typing_cells import AMERICAN_FOUND, no_row, typed, without_rows
from stepdown.contracts.wide import as_long
from stepdown.faults import Fault, Refused, some_rows
from stepdown.limits import YEARS_AFTER, YEARS_BEFORE
from stepdown.params import Study
from stepdown.params.written import NUMBER

COUNTED_ONCE = "rows that repeat an event, counted once"


def read_table(file: Path, contract: Contract, study: Study, sheet: str = "") -> tuple[pd.DataFrame, How, list[Fault]]:
    """Return one table, typed, how it was read, and its faults (an empty frame where its columns are at fault)."""
    shown = str(file.relative_to(study.root)) if file.is_relative_to(study.root) else file.name
    shown += f"#{sheet}" if sheet else ""
    how: How = Counter()
    codes = contract.codes(study)
    try:
        given = study.settings.data.columns.get(contract.table, {})
        raw = without_totals(read_raw(file, how, known_headings(contract, given), sheet), how)
        if contract.table in study.settings.data.wide:
            raw = as_long(raw, study.settings.data.wide[contract.table], contract, shown)
        raw = headed(raw, contract, given, how, shown)
    except Refused as refused:
        return without_rows(contract), how, list(refused.faults)
    mine = study.settings.data.codes.get(contract.table, {})
    words = {field.name: other_words(field.name, mine.get(field.name, {})) for field in contract.fields}
    raw, faults = cleaned(raw, contract, codes, words, how, shown)
    if not len(raw):
        faults.append(no_row(contract, shown))
    if not len(raw) or not set(raw.columns) <= set(contract.names()):
        return without_rows(contract), how, faults
    raw = raw.reindex(columns=contract.names()).astype("str")
    day_first = study.settings.data.dates == "day_first"
    frame, found = typed(raw, contract, shown, day_first=day_first, how=how)
    found += [_from_1904(shown)] if how["", DAYS_FROM_1904] and any(what == NUMBER for _, what in how) else []
    frame = _still_open(frame, contract, study, how)
    faults += found
    if not any(fault.found == AMERICAN_FOUND for fault in found):  # the days that could be read were read wrongly
        faults += check_values(frame, raw, contract, codes, shown)
        faults += _dates_beyond(frame, contract, study, shown)
    if study.settings.repeated_referrals == "once":
        frame = _counted_once(frame, contract, how)
    return frame, how, faults


def _from_1904(shown: str) -> Fault:
    remedy = "give the cells a date format in Excel, or take the 1904 date system off, look at the dates, and save"
    found = f"numbers in a column of dates, in {DAYS_FROM_1904}"
    return Fault(shown, found, "dates, or numbers of days from 1900", "docs/your_own_data.md, the files", remedy)


def _still_open(frame: pd.DataFrame, contract: Contract, study: Study, how: How) -> pd.DataFrame:
    """Return the table with every end after the data's last date blank: what ends later, or in 2099, is open."""
    for column in contract.open_after:
        later = frame[column] > pd.Timestamp(study.settings.data.last_date)
        if later.any():
            how[column, "dates after the data's last date read as still open"] += int(later.sum())
            frame = frame.assign(**{column: frame[column].mask(later)})
    return frame


def _counted_once(frame: pd.DataFrame, contract: Contract, how: How) -> pd.DataFrame:
    """Return the table with the rows that repeat an event left out; the one that stays keeps a flag of any of them."""
    names = list(contract.once)
    repeats = frame.duplicated(names) if names else pd.Series(False, index=frame.index)
    if not repeats.any():
        return frame
    how["", COUNTED_ONCE] += int(repeats.sum())
    frame = frame.copy()
    for field in contract.fields:
        if field.type == "flag":
            marked = frame[frame[field.name].fillna(False)][names].drop_duplicates()
            flagged = pd.MultiIndex.from_frame(frame[names]).isin(pd.MultiIndex.from_frame(marked))
            frame[field.name] = frame[field.name].mask(pd.Series(flagged, index=frame.index), True)
    return frame[~repeats]


def _dates_beyond(frame: pd.DataFrame, contract: Contract, study: Study, shown: str) -> list[Fault]:
    last = pd.Timestamp(study.settings.data.last_date)
    first, end = last - pd.DateOffset(years=YEARS_BEFORE), last + pd.DateOffset(years=YEARS_AFTER)
    covers = f"{study.file.name}, data.last_date: the last day that the extract covers"
    faults = []
    for field in contract.fields:
        if field.type != "date":
            continue
        days = frame[field.name]
        late = days > last if field.name in contract.not_after else days > end
        for wrong, found, allowed, rule, remedy in (
            (
                late,
                "a date after the data's last date",
                f"dates up to {last if field.name in contract.not_after else end:%Y-%m-%d}",
                covers,
                "correct the date, or data.last_date if the extract reaches further",
            ),
            (
                days < first,
                f"a date more than {YEARS_BEFORE} years before the data's last date",
                f"dates from {first:%Y-%m-%d}",
                RULE.format(table=contract.table, column=field.name),
                "correct the date, or leave the cell blank: 1900-01-01 and similar dates mean that the date is "
                "not known",
            ),
        ):
            if wrong.any():
                where = f"{shown}, column {field.name}, {some_rows(lines_of(frame.index[wrong]))}"
                faults.append(Fault(where, found, allowed, rule, remedy))
    return faults
