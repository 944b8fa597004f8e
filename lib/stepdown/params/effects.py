"""How differences between groups are estimated."""

from __future__ import annotations

from stepdown.params.base import Settings


class EffectSettings(Settings):
    """How differences between groups are estimated."""
