"""The table of questionnaires, responses, and what its rows show only together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pandas as pd

from stepdown.contracts.model import Codes, Contract, Field
from stepdown.contracts.registered import register
from stepdown.contracts.schema import Finding, row_faults
from stepdown.faults import Fault, Refused, nearest
from stepdown.params import Study, load
from stepdown.params.people import Instrument
from stepdown.params.scoring import ScoringKey
from stepdown.params.written import written_apart
from stepdown.windows.dates import age_on

ENTRY, EXIT = "entry", "exit"
TIMES = (ENTRY, EXIT)
"""The two times that a change is measured between, in the order of every table."""


def scoring_key(study: Study, instrument: Instrument) -> ScoringKey:
    """Return the scoring key of an instrument; raises Refused with every fault of its file."""
    return load(study.path(instrument.key), ScoringKey)


def _codes(study: Study) -> Codes:
    instruments = study.settings.instruments
    return {"instrument": tuple(dict.fromkeys(item.id for item in instruments))} if instruments else {}


def _of_one_person(frames: Mapping[str, pd.DataFrame], file: str) -> list[Fault]:
    """Return the fault of a person who goes by another spelling of the id where it is said who took part."""
    others = [frames[t][c] for t, c in (("participation", "person_id"), ("children", "child_id")) if t in frames]
    people = frames["responses"]["person_id"]
    known = set(pd.concat(others)) if others else set()
    apart = people.isin(written_apart({*people[~people.isin(known)].dropna(), *known})) & ~people.isin(known)
    found = "ids that differ from one in participation or children only in capitals, spaces, width of letters or zeros"
    remedy = "write each person's id in the same way in every table"
    rule = "docs/people.md: who took part, who was seen again"
    finding = (apart, found, "one way of writing each id", remedy)
    return row_faults(frames["responses"], f"{file}, column person_id", rule, [finding])


def _together(study: Study, frames: Mapping[str, pd.DataFrame], file: str) -> list[Fault]:
    """Return the faults of the answers against the scoring keys, and between entry and exit."""
    faults = _of_one_person(frames, file)
    frame = with_age(frames["responses"], frames.get("children"))
    for instrument in study.settings.instruments:
        if not study.path(instrument.key).is_file():
            continue  # named with the study's other files
        try:
            key = scoring_key(study, instrument)
        except Refused as refused:
            faults += refused.faults
            continue
        unknown = _settings_faults(study, instrument, key)
        faults += unknown
        all_informants = (frame["instrument"] == instrument.id).to_numpy()
        own = all_informants & (frame["informant"] == instrument.informant).to_numpy()
        rule = "docs/people.md: what a questionnaire must keep"
        faults += row_faults(frame, f"{file}, {instrument.id}", rule, _changed(frame, all_informants))
        if not unknown:
            own_rows = _of_answers(frame, own, instrument, key)
            faults += row_faults(frame, f"{file}, {instrument.name}", rule, own_rows)
    return list(dict.fromkeys(faults))


def with_age(frame: pd.DataFrame, children: pd.DataFrame | None) -> pd.DataFrame:
    """Return the rows with the age of the person where the table or the children's dates of birth give it."""
    if children is None or children.empty:
        return frame
    born = frame["person_id"].map(children.drop_duplicates("child_id").set_index("child_id")["birth_date"])
    known = born.notna() & frame["date"].notna()
    age = pd.Series(age_on(born.to_numpy(), frame["date"].to_numpy()), index=frame.index, dtype="float64")
    return frame.assign(age_years=frame["age_years"].fillna(age.where(known)))


def _settings_faults(study: Study, instrument: Instrument, key: ScoringKey) -> list[Fault]:
    """Return what the study names of a scoring key that the key does not have."""
    form = key.forms.get(instrument.version)
    named: list[tuple[str, tuple[str, ...], Iterable[str]]] = [
        ("version", (instrument.version,), key.forms), ("scales", instrument.scales, key.scales)
    ]  # fmt: skip
    named += [("informant", (instrument.informant,), form.informants if form else (instrument.informant,))]
    named += [("bands", (instrument.bands,), ("", *key.bands)), ("threshold", (instrument.threshold,),
              ("", *key.thresholds)), ("reliability", (instrument.reliability,), ("", *key.reliabilities))]  # fmt: skip
    found = [(setting, name, list(known)) for setting, names, known in named for name in names if name not in known]
    for_others = [s for s in instrument.scales if s in key.scales and key.scales[s].informants]
    found += [("scales", s, [n for n, each in key.scales.items() if instrument.informant in
               (each.informants or (instrument.informant,))]) for s in for_others
              if instrument.informant not in key.scales[s].informants]  # fmt: skip
    if instrument.bands in key.bands and instrument.informant not in key.bands[instrument.bands].cuts:
        found.append(("bands", f"{instrument.bands} for {instrument.informant}", list(key.bands)))
    rule = "bands, thresholds and reliability stand in the scoring key with their source; nothing is assumed"
    return [
        Fault(f"{study.file.name}, instruments, {instrument.name}, {setting}",
              f"a name that the scoring key {instrument.key} does not have: {name!r}{nearest(name, known)}",
              ", ".join(filter(None, known)) or "none: leave the setting out", rule,
              "correct the name, or add it to a copy of the key, with its source")
        for setting, name, known in found
    ]  # fmt: skip


def _changed(frame: pd.DataFrame, rows: np.ndarray) -> Iterator[Finding]:
    """Yield the rows of people whose informant or version is not the same at entry and at exit, or whose exit is first.

    Two informants may both answer, each at both times; one who answers at one time only, and another at the other, is
    a change of informant.
    """
    own = frame[rows]
    times = own.groupby(["person_id", "informant"])["time_point"].agg(frozenset)
    whole = times.map(len).groupby(level=0).max()
    seen = times.groupby(level=0).agg(lambda sets: len(frozenset().union(*sets)))
    changed = set(seen.index[(seen == 2) & (whole == 1)])
    yield (rows & frame["person_id"].isin(changed).to_numpy(), "another informant at exit than at entry",
           "the same informant both times", "find the same informant's form, or remove the exit form: "
           "a new informant is not a change in the person")  # fmt: skip
    versions = own.groupby(["person_id", "informant"])["version"].nunique()
    mixed = versions.index[versions > 1]
    pairs = pd.MultiIndex.from_frame(frame[["person_id", "informant"]])
    yield (rows & pairs.isin(mixed), "more than one version of the form for one person",
           "one version at both times", "score each version as a separate instrument")  # fmt: skip
    first = {time: own[own["time_point"] == time].groupby(["person_id", "informant"])["date"].min() for time in TIMES}
    early = first[EXIT] < first[ENTRY].reindex(first[EXIT].index)
    wrong = early.index[early.to_numpy()]
    yield (rows & pairs.isin(wrong), "an exit before the entry", "an exit on or after the day of the entry",
           "correct the date or the time_point")  # fmt: skip


def _of_answers(frame: pd.DataFrame, rows: np.ndarray, instrument: Instrument, key: ScoringKey) -> Iterator[Finding]:
    form, items = key.forms[instrument.version], key.items()
    other = frame["version"].notna() & (frame["version"] != instrument.version)
    yield (rows & other.to_numpy(), "a version of the form that the study does not name", instrument.version,
           "correct the version, or name it as a separate instrument")  # fmt: skip
    age = np.floor(frame["age_years"].astype("float64"))
    outside = ((age < form.ages[0]) | (age > form.ages[1])).to_numpy()
    yield (rows & outside, "a person outside the ages that the form is for",
           f"{form.ages[0]:g} to {form.ages[1]:g} years",
           "correct the age, or score the form for that age separately")  # fmt: skip
    known = frame["item"].isin([*items, *key.scales]).to_numpy()
    yield (rows & ~known, "an item or scale that the scoring key does not have", ", ".join([*items, *key.scales]),
           "correct the item, or map its heading under data.wide or data.codes")  # fmt: skip
    ends = {item: key.allowed(item) for item in items} | {n: (s.lowest, s.highest) for n, s in key.scales.items()}
    value = frame["response"].astype("float64")
    low, high = (frame["item"].map({name: pair[i] for name, pair in ends.items()}) for i in (0, 1))
    part = frame["item"].isin(items).to_numpy() & (value % 1 > 0).to_numpy()
    yield (rows & (((value < low) | (value > high)).to_numpy() | part), "an impossible answer or score",
           "; ".join(f"{n}: {a:g} to {b:g}" for n, (a, b) in list(ends.items())[:6]),
           "correct it at its source")  # fmt: skip
    place = pd.MultiIndex.from_frame(frame[["person_id", "time_point"]])
    twice = np.zeros(len(frame), dtype=bool)
    for name in key.scales:
        made_of = frame["item"].isin(key.made_of(name)).to_numpy()
        ready = (frame["item"] == name).to_numpy()
        twice |= rows & ready & place.isin(place[rows & made_of])
    yield (twice, "a total score beside its items", "one of the two",
           "leave out the total score: it is calculated from the items")  # fmt: skip


RESPONSES = register(
    Contract(
        table="responses",
        one_row_is="person × instrument × informant × time × item",
        fields=(
            Field("person_id", "text", "pseudonym of the person it is about", required=True, blank=False),
            Field("instrument", "text", "questionnaire, as in the parameter file", required=True, blank=False),
            Field("informant", "text", "who filled it in", required=True, blank=False),
            Field("time_point", "text", "entry or exit", required=True, blank=False, codes=TIMES),
            Field("date", "date", "day on which it was filled in", required=True),
            Field("item", "text", "number of the item, or the name of a scale with a total score", required=True,
                  blank=False),
            Field("response", "number", "the answer's number, or the score; blank: not answered", required=True),
            Field("version", "text", "version of the form"),
            Field("age_years", "number", "age of the person on that day", lowest=0, highest=120, unit="years"),
        ),
        unique=("person_id", "instrument", "informant", "time_point", "item"),
        not_after=("date",),
        needed=lambda settings: bool(settings.instruments),
        codes=_codes,
        together=_together,
    )
)  # fmt: skip
