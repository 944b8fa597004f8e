"""Case-file review: draw the sample, write the workbooks, collect the answers, score them, say how reviewers agree.

From settings and answers to aggregate tables; docs/case_file_review.md is the how-to.
"""

from stepdown.review.agreement import SHOWN as AGREEMENT_SHOWN
from stepdown.review.agreement import agreement
from stepdown.review.answers import one_answer_per_file
from stepdown.review.contract import CASE_FILES, audit_tool
from stepdown.review.contrasts import DIFFERENCES_SHOWN, ORDERED_SHOWN, case_file_differences, case_file_ordered
from stepdown.review.grid import SHOWN as GRID_SHOWN
from stepdown.review.grid import framework_grid
from stepdown.review.scores import NO_SIBLINGS, case_file_items
from stepdown.review.scores import SHOWN as ITEMS_SHOWN
