"""A finished chart with the words that stand for it."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart that was drawn from cleared tables.

    fig: the matplotlib figure.  title: one sentence that says what the chart shows.
    alt: the text alternative: what a reader who cannot see the chart needs, with the numbers that matter.
    Raises ValueError when alt or title is empty: a chart without words is not finished.
    """

    fig: MatplotlibFigure
    alt: str
    title: str

    def __post_init__(self) -> None:
        for name in ("alt", "title"):
            if not getattr(self, name).strip():
                raise ValueError(f"a chart needs its {name}")

    def png(self, dpi: int = 160) -> bytes:
        """Return the chart as PNG; the same numbers give the same bytes."""
        return self._saved("png", dpi=dpi, metadata={"Software": None})

    def svg(self) -> bytes:
        """Return the chart as SVG without date or program name; the same numbers give the same bytes."""
        return self._saved("svg", metadata={"Date": None, "Creator": None, "Title": self.title})

    def _saved(self, kind: str, **how: object) -> bytes:
        from stepdown.show import style

        target = BytesIO()
        with style.applied():
            self.fig.savefig(target, format=kind, bbox_inches="tight", pad_inches=0.08, facecolor="white", **how)
        return target.getvalue()
