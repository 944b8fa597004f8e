"""One style for every chart: colour-blind safe, told apart in grey, legible from 320 to 1280 pixels.

A chart is 5.2 inches wide with type of 11 to 13 points, so that it can be shrunk to a phone's 300 pixels and still
be read. Groups and periods have fixed colours that differ in lightness as well as in hue.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.patches import Patch, Rectangle
from matplotlib.transforms import Bbox

WIDTH_INCHES = 5.2
"""Width of every chart; at 160 dots an inch this is 832 pixels."""

DPI = 160
"""Dots an inch, of the layout and of the PNG: type set for other dots has other widths."""

DARK, MID, LIGHT = "#12436D", "#F46A25", "#9FC3DE"
"""The Government Analysis Function's dark blue and orange, and a pale blue: three steps of lightness."""

SERIES = (DARK, MID, "#28A197", "#801650", "#A285D1", "#3D3D3D")
"""Colours for unordered series (Government Analysis Function palette), programme group first."""

LADDER = {"none": "#E9EDF2", "CIN": "#9FC3DE", "CP": "#3F7CAC", "CLA": "#0B2540"}
"""Colours for the ladder of statuses: darker is more intensive."""

PERIODS = {"before": LIGHT, "after": DARK, "during": DARK}
"""Colours for periods: pale before, dark after."""

HATCHES = ("", "///", "...", "xxx", "\\\\\\", "++")
"""Hatching beside the colours, for print in grey."""

_SETTINGS: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "text.parse_math": False,  # a label is text: two dollar signs in it are no formula
    "font.size": 11,
    "axes.titlesize": 12.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 12,
    "axes.labelsize": 11,
    "axes.edgecolor": "#5A6470",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": False,
    "grid.color": "#DDE2E8",
    "grid.linewidth": 0.8,
    "xtick.labelsize": 10.5,
    "ytick.labelsize": 10.5,
    "text.color": "#1B1F24",
    "axes.labelcolor": "#1B1F24",
    "xtick.color": "#1B1F24",
    "ytick.color": "#1B1F24",
    "legend.frameon": False,
    "legend.fontsize": 10.5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "hatch.linewidth": 0.6,
    "hatch.color": "white",
    "svg.hashsalt": "stepdown",
    "svg.fonttype": "path",
    "path.simplify": True,
}


@contextmanager
def applied() -> Iterator[None]:
    """Hold the house style for as long as the block lasts; matplotlib's own settings come back after it."""
    with mpl.rc_context(_SETTINGS):
        yield


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart that was drawn from cleared tables.

    fig: the matplotlib figure.  box: what of it is saved.  title: one sentence that says what the chart shows.
    alt: the text alternative: what a reader who cannot see the chart needs, with the numbers that matter.
    Raises ValueError when alt or title is empty: a chart without words is not finished.
    """

    fig: MatplotlibFigure
    alt: str
    title: str
    box: Bbox | None = None

    def __post_init__(self) -> None:
        for name in ("alt", "title"):
            if not getattr(self, name).strip():
                raise ValueError(f"a chart needs its {name}")

    def is_empty(self) -> bool:
        """Say whether nothing is drawn: every number of the chart is hidden."""
        return not any(_drawn(axis) for axis in self.fig.axes)

    def png(self, dpi: int = DPI) -> bytes:
        """Return the chart as PNG; the same numbers give the same bytes."""
        return self._saved("png", dpi=dpi, metadata={"Software": None})

    def svg(self) -> bytes:
        """Return the chart as SVG without date or program name; the same numbers give the same bytes."""
        return self._saved("svg", metadata={"Date": None, "Creator": None, "Title": self.title})

    def _saved(self, kind: str, **how: object) -> bytes:
        target = BytesIO()
        with applied():
            self.fig.savefig(target, format=kind, bbox_inches=self.box, facecolor="white", **how)
        return target.getvalue()


def new_figure(height: float = 3.4, *, panels: int = 1, **how: Any) -> tuple[MatplotlibFigure, Any]:
    """Return (figure, axes) in the house style: ``panels`` axes below one another (an array when more than one).

    height: inches for the whole figure.  how: passed to matplotlib's ``subplots`` (sharex=True, ncols=2, …).
    Draw inside ``with style.applied():`` so that text added later has the house's type too.
    The figure is not known to pyplot, so nothing is shown twice and nothing needs closing.
    """
    with applied():
        fig = MatplotlibFigure(figsize=(WIDTH_INCHES, height), dpi=DPI, layout="constrained")
        axes = fig.subplots(nrows=how.pop("nrows", panels), **how)
    return fig, axes


def finished(fig: MatplotlibFigure, axes: Axes, *, title: str, alt: str) -> Figure:
    """Return the finished chart with its title on it, wrapped, flush left above ``axes``.

    title: what the chart shows ("Fewer children had a plan after the programme").  alt: the text alternative.
    """
    with applied():
        fig.suptitle(wrapped(title, 50), x=0.01, ha="left", fontsize=12.5, fontweight="bold")
        for _ in range(2):  # the layout settles in the second pass
            fig.get_layout_engine().execute(fig)
        fig.set_layout_engine("none")  # and stays as it is: laid out once, drawn once for each kind of file
        box = fig.get_tightbbox(FigureCanvasAgg(fig).get_renderer()).padded(0.08)
    return Figure(fig=fig, alt=alt, title=title, box=box)


def wrapped(text: str, width: int = 24) -> str:
    """Return a label broken into lines of at most ``width`` characters."""
    return "\n".join(textwrap.wrap(text, width)) or text


def legend_above(axes: Axes, columns: int = 2) -> None:
    """Put the legend above the plot, where it is read before the marks, in at most so many columns as fit.

    A legend wider than the figure would make the layout squeeze the plot to a strip.
    """
    canvas = FigureCanvasAgg(axes.figure)
    widest = 0.86 * axes.figure.bbox.width  # beside it stand the labels of the vertical axis
    with applied():
        for ncols in range(columns, 0, -1):
            legend = axes.legend(
                loc="lower left",
                bbox_to_anchor=(0, 1.0),
                ncols=ncols,
                borderaxespad=0.2,
                handlelength=1.4,
                columnspacing=1.4,
            )
            if legend.get_window_extent(canvas.get_renderer()).width <= widest:
                break


def colours_for(labels: Sequence[str]) -> dict[str, str]:
    """Return a colour for each label: the fixed ones for periods and statuses, else the series in order."""
    for fixed in (PERIODS, LADDER):
        if all(label in fixed for label in labels):
            return {label: fixed[label] for label in labels}
    return {label: SERIES[i % len(SERIES)] for i, label in enumerate(labels)}


def _drawn(axis: Axes) -> bool:
    """Say whether an axis holds a mark with a place and a size; lines across the whole axis are none."""
    points = [line.get_xydata() for line in axis.lines if line.get_transform() == axis.transData]
    points += [marks.get_offsets() for marks in axis.collections if len(marks.get_offsets()) > 1]
    if any(np.isfinite(np.ma.filled(np.ma.asarray(own, dtype="float64"), np.nan)).all(axis=1).any() for own in points):
        return True
    filled = [marks.get_array() for marks in axis.collections if marks.get_array() is not None]
    if any(np.isfinite(np.ma.filled(np.ma.asarray(own, dtype="float64"), np.nan)).any() for own in filled):
        return True
    return any(_has_size(patch) for patch in axis.patches)


def _has_size(patch: Patch) -> bool:
    corners = patch.get_path().vertices if not isinstance(patch, Rectangle) else patch.get_bbox().get_points()
    return bool(np.isfinite(corners).all() and np.ptp(corners, axis=0).min() > 0)
