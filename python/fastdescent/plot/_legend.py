"""The legend beside a map: a small table of critical points, the meaning of other colours, the scale of steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Outcome
from fastdescent.plot import _words
from fastdescent.plot._colours import Bytes, StepScale, neutral_shades, typical_colours
from fastdescent.plot._marks import INK, OTHER

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

    from fastdescent._maps.basin_map import BasinMap
    from fastdescent._maps.image import Image

_MIN_ROWS, _MAX_ROWS = 6, 12
_FONT, _LINE, _LEFT, _SPACE = 9.0, 14.0, 14.0, 9.0  # points
_FOOT = 56.0  # points at the bottom, for the scale of steps
_SOFT = "0.35"
Colour = tuple[float, float, float]


@dataclass(frozen=True)
class _Row:
    """A line of the legend. A colour is drawn as a square, None as the marker of a saddle or maximum."""

    colour: Colour | None
    letter: str
    cells: tuple[str, str]  #: f and share
    note: str = ""


def draw_legend(
    m: BasinMap, ax: Axes, is_minimum: npt.NDArray[np.bool_], cells: Image, scale: StepScale
) -> tuple[int, int]:
    """Draws the legend to the right of the axes; returns how many rows of the table and how many lines it has.

    `cells` are the cells in the picture; their steps are on `scale`.
    """
    others = _other_colours(m)
    room = int((_height(ax) - _FOOT) / _LINE) - len(others) - 2
    n = min(len(m.points), _MAX_ROWS, max(_MIN_ROWS, room))
    rows = _rows(m, is_minimum, typical_colours(cells.label, cells.nit, is_minimum, scale, n))
    line = 0
    if rows:
        _draw_table(ax, rows)
        line = len(rows) + 1
    if len(rows) < len(m.points):
        rest = _words.percent(float(m.points.share[len(rows) :].sum()))
        _write(ax, _LEFT, line, f"and {len(m.points) - len(rows)} more: {rest}", color=_SOFT)
        line += 1
    for colour, text in others:
        _swatch(ax, line, colour)
        _write(ax, _LEFT + _LINE, line, text)
        line += 1
    return len(rows), line


def _height(ax: Axes) -> float:
    """The height of the axes in points."""
    return float(72.0 * ax.get_window_extent().height / ax.figure.dpi)


def _rows(m: BasinMap, is_minimum: npt.NDArray[np.bool_], colours: Bytes) -> list[_Row]:
    """The first rows of the table, as many as there are colours."""
    n = len(colours)
    fun, share = _words.values(m.points.fun[:n]), _words.percents(m.points.share[:n])
    return [
        _Row(
            colour=tuple(colour) if is_minimum[row] else None,
            letter=m.points.letter(row),
            cells=(fun[row], share[row]),
            note="" if is_minimum[row] else Outcome(int(m.points.kind[row])).words,
        )
        for row, colour in enumerate((colours / 255.0).tolist())
    ]


def _other_colours(m: BasinMap) -> list[tuple[Colour, str]]:
    """Colour and share of each outcome of cells that end at no critical point."""
    found: list[tuple[Colour, str]] = []
    for outcome in Outcome:
        share = np.count_nonzero(m.outcome == outcome) / m.outcome.size
        if share and outcome not in m.points.kind:
            r, g, b = outcome.colour
            found.append(((r / 255, g / 255, b / 255), f"{outcome.in_legend}: {_words.percent(share)}"))
    return found


def _draw_table(ax: Axes, rows: list[_Row]) -> None:
    """Swatch, letter, f and share, in columns under a head."""
    at = _LEFT + _LINE
    for line, row in enumerate(rows, start=1):
        _swatch(ax, line, row.colour)
        _write(ax, at, line, row.letter, weight="bold")
    at += max(_width(row.letter) for row in rows) * 1.15
    for k, head in enumerate(("$f$", "share")):
        at += _SPACE + max(_width(text) for text in [head, *(row.cells[k] for row in rows)])
        _write(ax, at, 0, head, ha="right", color=_SOFT)
        for line, row in enumerate(rows, start=1):
            _write(ax, at, line, row.cells[k], ha="right")
    for line, row in enumerate(rows, start=1):
        if row.note:
            _write(ax, at + _SPACE, line, row.note, color=_SOFT)


def _width(text: str) -> float:
    """The width of a text in points."""
    from matplotlib.textpath import TextPath

    return float(TextPath((0.0, 0.0), text, size=_FONT).get_extents().width)


def _write(ax: Axes, x: float, line: int, text: str, **style: Any) -> Text:
    """Writes a text x points to the right of the axes, on a line counted from the top."""
    return ax.annotate(
        text, (1.0, 1.0), xycoords="axes fraction", xytext=(x, -_LINE * line), textcoords="offset points",
        va="top", fontsize=_FONT, annotation_clip=False, **style,
    )  # fmt: skip


def _swatch(ax: Axes, line: int, colour: Colour | None) -> None:
    from matplotlib.transforms import ScaledTranslation

    x, y = _LEFT + 4.5, -_LINE * line - 4.3
    place = ax.transAxes + ScaledTranslation(x / 72.0, y / 72.0, ax.figure.dpi_scale_trans)
    marker, size, face = (OTHER[0], OTHER[1], INK) if colour is None else ("s", 9.0, colour)
    ax.plot(
        [1.0], [1.0], transform=place, marker=marker, markersize=size, markerfacecolor=face, markeredgewidth=0.0,
        linestyle="none", clip_on=False,
    )  # fmt: skip


def draw_step_scale(ax: Axes, scale: StepScale, nit: npt.NDArray[np.integer], n_lines: int) -> None:
    """A small bar, light to dark, with the numbers of steps at its ends: at the bottom, or below the legend's lines."""
    if not nit.size or nit.min() == nit.max():
        return
    width, height = 72.0 * ax.get_window_extent().width / ax.figure.dpi, _height(ax)
    above_bottom = min(15.0, height + 15.0 - n_lines * _LINE - _FOOT)
    bar = ax.inset_axes((1.0 + _LEFT / width, above_bottom / height, 90.0 / width, 9.0 / height))
    low, high = max(int(nit.min()), round(scale.low)), min(int(nit.max()), round(scale.high))
    steps = np.expm1(np.linspace(np.log1p(low), np.log1p(high), 256))
    bar.imshow(neutral_shades()[scale.levels(steps)][np.newaxis], aspect="auto", extent=(0.0, 1.0, 0.0, 1.0))
    bar.set_yticks([])
    most = f"{high}+" if nit.max() > high else str(high)
    bar.set_xticks([0.0, 1.0], [str(low), most], fontsize=8)
    first, last = bar.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")
    bar.tick_params(length=0, pad=2)
    for spine in bar.spines.values():
        spine.set_linewidth(0.5)
    bar.set_title("steps", fontsize=_FONT, loc="left", pad=3, color=_SOFT)
