"""Reach and delivery: who took part, what a survey's answers can say, and what was planned and done."""

from stepdown.surveys.finite import finite_interval, reach_bounds
from stepdown.surveys.tables import evidence, items_table, logic_table, reach_table, response_table, training_table

__all__ = [
    "evidence",
    "finite_interval",
    "items_table",
    "logic_table",
    "reach_bounds",
    "reach_table",
    "response_table",
    "training_table",
]
