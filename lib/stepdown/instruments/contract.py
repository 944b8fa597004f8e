"""The table of questionnaires: responses."""

from __future__ import annotations

from stepdown.contracts.model import Codes, Contract, Field
from stepdown.contracts.registered import register
from stepdown.params import Study

ENTRY, EXIT = "entry", "exit"
TIMES = (ENTRY, EXIT)
"""The two times that a change is measured between, in the order of every table."""


def _codes(study: Study) -> Codes:
    instruments = study.settings.instruments
    return {"instrument": tuple(dict.fromkeys(item.id for item in instruments))} if instruments else {}


RESPONSES = register(
    Contract(
        table="responses",
        one_row_is="person × instrument × informant × time × item",
        fields=(
            Field("person_id", "text", "pseudonym of the person whom it is about", required=True, blank=False),
            Field("instrument", "text", "questionnaire, as in the parameter file", required=True, blank=False),
            Field("informant", "text", "who filled it in", required=True, blank=False),
            Field("time_point", "text", "entry or exit", required=True, blank=False, codes=TIMES),
            Field("date", "date", "day on which it was filled in", required=True),
            Field("item", "text", "number of the item, or the name of a scale with a ready score", required=True,
                  blank=False),
            Field("response", "number", "the answer's number, or the score; blank: not answered", required=True),
            Field("version", "text", "version of the form"),
            Field("age_years", "number", "age of the person on that day", lowest=0, highest=120, unit="years"),
        ),
        unique=("person_id", "instrument", "informant", "time_point", "item"),
        not_after=("date",),
        needed=lambda settings: bool(settings.instruments),
        codes=_codes,
    )
)  # fmt: skip
