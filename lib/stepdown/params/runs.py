"""What a scheduler needs to know about a study's runs."""

from __future__ import annotations

from stepdown.params.base import Settings


class RunSettings(Settings):
    """What a scheduler needs to know about a study's runs."""
