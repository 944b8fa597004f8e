"""Questionnaires: scores, bands, change between entry and exit, and what those not seen again could do to it."""

from stepdown.instruments.changing import bounds, change, cut_offs, reliable_change
from stepdown.instruments.contract import scoring_key
from stepdown.instruments.measured import Measured, measured_people, person_scores
from stepdown.instruments.scoring import band, score
from stepdown.instruments.tables import bands_table, change_table, reliable_table, yes_no_table

__all__ = [
    "Measured",
    "band",
    "bands_table",
    "bounds",
    "change",
    "change_table",
    "cut_offs",
    "measured_people",
    "person_scores",
    "reliable_change",
    "reliable_table",
    "score",
    "scoring_key",
    "yes_no_table",
]
