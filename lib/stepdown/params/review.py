"""The case-file review of a study."""

from __future__ import annotations

from stepdown.params.base import Settings


class ReviewSettings(Settings):
    """The case-file review of a study."""
