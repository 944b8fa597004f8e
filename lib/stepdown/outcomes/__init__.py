"""Statutory outcomes: Child in Need (CIN), Child Protection plan (CP), Child Looked After (CLA), and referrals."""

from stepdown.outcomes.children import ChildOutcomes, child_outcomes, is_unknown
from stepdown.outcomes.scores import score_movement, scores
from stepdown.outcomes.sentences import (
    day_rule_sentence,
    impossible_days,
    impossible_days_sentence,
    referral_sentence,
    referral_sentences,
    status_sentence,
    status_sentences,
)
from stepdown.outcomes.tables import referrals, status_on_date, statutory_status, transitions
