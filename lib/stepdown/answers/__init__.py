"""What a study answers, in short: findings from cleared tables, how sure each is, and one sentence of them all.

finding: the object.  evaluation, others: how each kind of study answers.  certainty: the rules of the mark.
summary: the answers of a run together.
"""

from stepdown.answers.certainty import RULES, certainty_of, rules_for
from stepdown.answers.finding import Cell, Certainty, Finding, MainFigure, Tables
from stepdown.answers.summary import Summary, summary_of

__all__ = [
    "RULES",
    "Cell",
    "Certainty",
    "Finding",
    "MainFigure",
    "Summary",
    "Tables",
    "certainty_of",
    "rules_for",
    "summary_of",
]
