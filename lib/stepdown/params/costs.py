"""The cost-benefit settings of a study."""

from __future__ import annotations

from stepdown.params.base import Settings


class CostSettings(Settings):
    """The cost-benefit settings of a study."""
