"""How far the groups differ, and what would have to be true for the difference to be the programme's doing.

The only package that fits models. Everything works on the child outcomes frame (one row per child who is analysed).
"""

from stepdown.effects.balance import balance_table
from stepdown.effects.bounded_days import TWO_PART_COLUMNS, fractional_logit, two_part_table
from stepdown.effects.bracketing import BRACKET, DIFFERENCE_IN_DIFFERENCES, IN_SHORT, LAGGED_OUTCOME, bracket, estimated
from stepdown.effects.checks import (
    missing_follow_up,
    missing_follow_up_table,
    not_followed,
    permutation_table,
    regression_to_the_mean_table,
)
from stepdown.effects.comparison import Comparison, compare, comparison_of
from stepdown.effects.estimates import Estimate, e_value, holm
from stepdown.effects.family_shares import family_risk_difference, risk_difference
from stepdown.effects.leverage import influence, influence_table
from stepdown.effects.like_for_like import like_for_like_table
from stepdown.effects.movement import movement_table, stuart_maxwell
from stepdown.effects.overlap import OverlapGate, overlap_gate, overlap_gate_table, overlap_table
from stepdown.effects.permutation import family_permutations
from stepdown.effects.re_referral import re_referral_survival_table, re_referral_table
from stepdown.effects.table import (
    bracket_agreement_inside_table,
    bracket_agreement_table,
    effects,
    effects_inside_table,
    effects_table,
    inside_only,
)
