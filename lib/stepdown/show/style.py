"""One style for every chart: colour-blind safe, told apart in grey, legible from 320 to 1280 pixels.

A chart is 5.2 inches wide with type of 11 to 13 points. For a phone it is drawn a second time, 3.3 inches wide with
type of the same size. Groups and periods have fixed colours that differ in lightness as well as in hue.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import partial, wraps
from io import BytesIO
from itertools import pairwise
from typing import Any, TypeVar

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox, blended_transform_factory

WIDTH_INCHES = 5.2
"""Width of every chart; at 160 dots an inch this is 832 pixels."""

DPI = 160
"""Dots an inch, of the layout and of the PNG: type set for other dots has other widths."""

NARROW_INCHES = 3.3
"""Width of the drawing for a phone: at 300 pixels its type of 11 points is 14 pixels high."""

_width: ContextVar[float] = ContextVar("width", default=WIDTH_INCHES)

DARK, MID, LIGHT = "#12436D", "#F46A25", "#9FC3DE"
"""The Government Analysis Function's dark blue and orange, and a pale blue: three steps of lightness."""

SERIES = (DARK, MID, "#28A197", "#801650", "#A285D1", "#3D3D3D")
"""Colours for unordered series (Government Analysis Function palette), programme group first."""

METHODS = ("#1B7F79", "#801650")
"""Colours for two ways of comparing: never those of the groups."""

LADDER = {"none": "#E9EDF2", "CIN": "#9FC3DE", "CP": "#3F7CAC", "CLA": "#0B2540"}
"""Colours for the ladder of statuses: darker is more intensive."""

PERIODS = {"before": LIGHT, "after": DARK, "during": DARK}
"""Colours for periods: pale before, dark after."""

HATCHES = ("", "///", "...", "xxx", "\\\\\\", "++")
"""Hatching beside the colours, for print in grey."""

_SETTINGS: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "text.hinting": "none",  # as in the SVG; to fit letters to pixels takes a tenth of a chart's time
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


def use_style() -> None:
    """Give a notebook's own matplotlib and seaborn charts the house's type, size and colours.

    >>> use_style()
    """
    mpl.rcParams.update(_SETTINGS | {"axes.prop_cycle": mpl.cycler(color=SERIES), "figure.figsize": (6.4, 3.8)})


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart that was drawn from cleared tables.

    fig: the matplotlib figure.  box: what of it is saved.  title: one sentence that says what the chart shows.
    alt: the text alternative: what a reader who cannot see the chart needs, with the numbers that matter.
    again: draws it once more, for another width (None: it cannot be, and has no drawing for a phone).
    Raises ValueError when alt or title is empty: a chart without words is not finished.
    """

    fig: MatplotlibFigure
    alt: str
    title: str
    box: Bbox | None = None
    again: Callable[[], Figure] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("alt", "title"):
            if not getattr(self, name).strip():
                raise ValueError(f"a chart needs its {name}")

    def is_empty(self) -> bool:
        """Say whether nothing is drawn: every number of the chart is hidden."""
        return not any(_drawn(axis) for axis in self.fig.axes)

    def png(self, dpi: int = DPI) -> bytes:
        """Return the chart as PNG; the same numbers give the same bytes."""
        # zlib's level 3 takes two thirds of the time of level 6, for a fiftieth more bytes
        return self._saved("png", dpi=dpi, metadata={"Software": None}, pil_kwargs={"compress_level": 3})

    def svg(self) -> bytes:
        """Return the chart as SVG without date or program name; the same numbers give the same bytes."""
        return self._saved("svg", metadata={"Date": None, "Creator": None, "Title": self.title})

    def narrow_svg(self) -> bytes:
        """Return the chart drawn again for a phone, as SVG; nothing where it cannot be drawn again."""
        if self.again is None:
            return b""
        before = _width.set(NARROW_INCHES)
        try:
            return self.again().svg()
        finally:
            _width.reset(before)

    def _saved(self, kind: str, **how: object) -> bytes:
        target = BytesIO()
        with applied():
            self.fig.savefig(target, format=kind, bbox_inches=self.box, facecolor="white", **how)
        return target.getvalue()


class _Canvas(FigureCanvasAgg):
    """Draws when a chart is saved, and not before: seaborn asks for a drawing only to turn labels that overlap."""

    def draw(self) -> None:
        """Draw nothing yet."""
        self.figure.stale = False


Drawing = TypeVar("Drawing", bound=Callable[..., Figure])


def drawn(draw: Drawing) -> Drawing:
    """Let the charts of a drawing function be drawn again for a phone."""

    @wraps(draw)
    def once(*args: Any, **how: Any) -> Figure:
        return replace(draw(*args, **how), again=partial(draw, *args, **how))

    return once  # type: ignore[return-value]


def new_figure(height: float = 3.4, *, panels: int = 1, **how: Any) -> tuple[MatplotlibFigure, Any]:
    """Return (figure, axes) in the house style: ``panels`` axes below one another (an array when more than one).

    height: inches for the whole figure.  how: passed to matplotlib's ``subplots`` (sharex=True, ncols=2, …).
    Draw inside ``with style.applied():`` so that text added later has the house's type too.
    The figure is not known to pyplot, so nothing is shown twice and nothing needs closing.
    """
    width = _width.get()
    taller = 1 + 0.8 * (1 - width / WIDTH_INCHES)  # words take more lines
    with applied():
        fig = MatplotlibFigure(figsize=(width, height * taller), dpi=DPI)
        _Canvas(fig)  # one renderer for layout and marks: it measures each text once
        axes = fig.subplots(nrows=how.pop("nrows", panels), **how)
    return fig, axes


def finished(fig: MatplotlibFigure, axes: Axes, *, title: str, alt: str) -> Figure:
    """Return the finished chart with its title on it, wrapped, flush left above ``axes``.

    title: what the chart shows ("Fewer children had a plan after the programme").  alt: the text alternative.
    """
    with applied():
        if is_narrow():
            _fewer_words_a_line(fig)
        fig.suptitle(wrapped(title, 50), x=0.01, ha="left", fontsize=12.5, fontweight="bold")
        ConstrainedLayoutEngine().execute(fig)  # the figure keeps no engine: laid out once, for each kind of file
        if is_narrow():
            _numbers_apart(fig)
        box = fig.get_tightbbox(fig.canvas.get_renderer()).padded(0.08)
    return Figure(fig=fig, alt=alt, title=title, box=box)


def _fewer_words_a_line(fig: MatplotlibFigure) -> None:
    """Break the labels of the axes, and set fewer numbers below, so that a narrow drawing holds them."""
    for axes in fig.axes:
        for axis in (axes.xaxis, axes.yaxis):
            axis.label.set_text("\n".join(wrapped(line, 200, narrow=24) for line in axis.label.get_text().split("\n")))
        if isinstance(axes.xaxis.get_major_locator(), MaxNLocator):
            axes.locator_params(axis="x", nbins=4)


def _numbers_apart(fig: MatplotlibFigure) -> None:
    """Set fewer numbers below where two of them would touch."""
    renderer = fig.canvas.get_renderer()
    for axes in fig.axes:
        for nbins in (3, 2, 1) if isinstance(axes.xaxis.get_major_locator(), MaxNLocator) else ():
            boxes = [label.get_window_extent(renderer) for label in axes.get_xticklabels() if label.get_text()]
            if all(one.x1 + 3 <= other.x0 for one, other in pairwise(boxes)):
                break
            axes.locator_params(axis="x", nbins=nbins)


def is_narrow() -> bool:
    """Return whether the chart is being drawn for a phone."""
    return _width.get() < WIDTH_INCHES


def wrapped(text: str, width: int = 24, narrow: int = 0) -> str:
    """Return a label broken into lines of at most ``width`` characters; ``narrow``: in a drawing for a phone."""
    if is_narrow():
        width = narrow or max(round(width * NARROW_INCHES / WIDTH_INCHES), 10)
    return "\n".join(textwrap.wrap(text, width)) or text


def legend_above(axes: Axes, columns: int = 2) -> None:
    """Put the legend above the plot, where it is read before the marks, in at most so many columns as fit.

    A legend wider than the figure would make the layout squeeze the plot to a strip.
    """
    canvas = axes.figure.canvas
    widest = 0.86 * axes.figure.bbox.width  # beside it stand the labels of the vertical axis
    handles, labels = axes.get_legend_handles_labels()
    left = axes.figure.transFigure if is_narrow() else axes.transAxes
    with applied():
        for ncols in range(columns, 0, -1):
            legend = axes.legend(
                handles,
                [wrapped(label, 60, narrow=30) for label in labels],
                loc="lower left",
                bbox_to_anchor=(0, 1.0),
                bbox_transform=blended_transform_factory(left, axes.transAxes),
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
