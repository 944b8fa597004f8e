"""Questionnaires: scores, bands, change between entry and exit, and what those not seen again could do to it."""
