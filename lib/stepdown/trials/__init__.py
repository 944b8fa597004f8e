"""A randomised trial as allocated; how workers' time was spent; how many victims came back.

    from stepdown import trials
    trial = trials.trial_of(study, records, outcomes)
    trials.trial_effect_table(trial)

What a child received never makes an arm: children are compared as they were allocated, and the effect on those who took
the programme up is derived from that.
"""

from stepdown.trials.analysis import Arms, Effect, compliers, intention_to_treat, interaction
from stepdown.trials.repeats import followed, repeats_table
from stepdown.trials.tables import (
    Trial,
    trial_compliers_table,
    trial_effect_table,
    trial_flow_table,
    trial_of,
    trial_subgroups_table,
)
from stepdown.trials.time_use import change_of_ratio, ratio_of_sums, time_use_table
