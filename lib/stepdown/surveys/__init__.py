"""Reach and delivery: who took part, what a survey's answers can say, and what was planned and done."""
