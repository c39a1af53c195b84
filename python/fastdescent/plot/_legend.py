"""The legend beside a map: a small table of critical points, the meaning of other colours, the scale of steps.

Rows come by their share, the largest first. Points outside of the picture have a line only if starts end there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.status import Outcome
from fastdescent._endpoints.table.names import form_words, kind_words
from fastdescent.plot import _words
from fastdescent.plot._colours import Bytes, StepScale, neutral_shades, typical_colours
from fastdescent.plot._marks import INK, OTHER

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

    from fastdescent._maps.basin_map import BasinMap
    from fastdescent._maps.image import Image

_MIN_ROWS, _MAX_ROWS = 6, 12
_MAX_BEST = 3  #: global minima that are named although their basins are too small for a line
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
    m: BasinMap, ax: Axes, is_minimum: npt.NDArray[np.bool_], visible: npt.NDArray[np.bool_], cells: Image,
    scale: StepScale,
) -> tuple[npt.NDArray[np.int_], int]:  # fmt: skip
    """Draws the legend to the right of the axes; returns the rows that it names and its number of lines.

    `visible` says which rows lie in the picture; `cells` are the cells in the picture, and their steps are on `scale`.
    """
    others, n_hatched = _other_colours(m), np.count_nonzero((m.label >= 0) & ~m.arrived)
    room = int((_size(ax)[1] - _FOOT) / _LINE) - len(others) - (n_hatched > 0) - 2
    worth = np.flatnonzero(visible | (m.points.n_starts > 0))
    worth = worth[np.argsort(-m.points.n_starts[worth], kind="stable")]
    listed = worth[: min(_MAX_ROWS, max(_MIN_ROWS, room))]
    hidden = worth[len(listed) :]
    best = hidden[m.points.kind[hidden] == Outcome.GLOBAL_MINIMUM][:_MAX_BEST]
    line = 0
    if len(listed):
        colours = typical_colours(cells.label, cells.nit, is_minimum, scale, listed)
        _draw_table(ax, _rows(m, is_minimum, listed, colours))
        line = len(listed) + 1
    for text in _hidden_words(m, hidden, best):
        _write(ax, _LEFT, line, text, color=_SOFT)
        line += 1
    for colour, text in others:
        _swatch(ax, line, colour)
        _write(ax, _LEFT + _LINE, line, text)
        line += 1
    if n_hatched:
        _hatched_swatch(ax, line)
        _write(ax, _LEFT + _LINE, line, f"not arrived: {_words.percent(n_hatched / m.label.size)}")
        line += 1
    return np.append(listed, best), line


def _hidden_words(m: BasinMap, hidden: npt.NDArray[np.int_], best: npt.NDArray[np.int_]) -> Iterator[str]:
    """Lines about the rows that have none; the global minima among them are named."""
    if len(hidden):
        yield f"and {len(hidden)} more: {_words.percent(float(m.points.share[hidden].sum()))}"
    if len(best):
        yield f"{', '.join(map(m.points.letter, best.tolist()))} among them: {_standing(m)}"


def _size(ax: Axes) -> tuple[float, float]:
    """Width and height of the axes in points."""
    extent, per_point = ax.get_window_extent(), ax.figure.dpi / 72.0
    return float(extent.width / per_point), float(extent.height / per_point)


def _rows(m: BasinMap, is_minimum: npt.NDArray[np.bool_], listed: npt.NDArray[np.int_], colours: Bytes) -> list[_Row]:
    """The listed rows of the table, with their colours."""
    fun, share = _words.values(m.points.fun[listed]), _words.percents(m.points.share[listed])
    rows = zip(listed.tolist(), (colours / 255.0).tolist(), fun, share, strict=True)
    return [
        _Row(tuple(colour) if is_minimum[row] else None, m.points.letter(row), (f, part), _note(m, row))
        for row, colour, f, part in rows
    ]


def _note(m: BasinMap, row: int) -> str:
    """What is special about a row: global, no minimum, a valley, on a wall, reached by some of its starts only."""
    kind, form, set_dim = (int(column[row]) for column in (m.points.kind, m.points.form, m.points.set_dim))
    if kind == Outcome.GLOBAL_MINIMUM:
        words = [_standing(m), form_words(form, set_dim)]
    elif kind == Outcome.LOCAL_MINIMUM:
        words = [form_words(form, set_dim)]
    else:
        words = [kind_words(kind, form, set_dim)]
    arrived = float(m.points.arrived[row])
    if arrived < 1:
        words.append(f"{_words.percent(arrived)} arrived" if arrived else "none arrived")
    return ", ".join(filter(None, words))


def _standing(m: BasinMap) -> str:
    """What a row is that is as low as the lowest: global, or just the lowest that was found."""
    return "lowest found" if m.points.fmin_source == "found" else "global"


def _other_colours(m: BasinMap) -> list[tuple[Colour, str]]:
    """Colour and share of each outcome of cells that belong to no critical point."""
    found: list[tuple[Colour, str]] = []
    nowhere = m.outcome[m.label < 0]
    for outcome in Outcome:
        share = np.count_nonzero(nowhere == outcome) / m.outcome.size
        if share:
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


def draw_lines(ax: Axes, lines: list[tuple[Colour | None, str]]) -> int:
    """Swatches with words to the right of the axes, dashes for None; returns the number of lines."""
    for line, (colour, text) in enumerate(lines):
        if colour is None:
            _write(ax, _LEFT - 1.0, line, "\u2013 \u2013", weight="bold")
        else:
            _swatch(ax, line, colour)
        _write(ax, _LEFT + _LINE, line, text)
    return len(lines)


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


def _hatched_swatch(ax: Axes, line: int) -> None:
    from matplotlib.patches import Rectangle

    width, height = _size(ax)
    square = Rectangle(
        (1.0 + _LEFT / width, 1.0 - (_LINE * line + 8.8) / height), 9.0 / width, 9.0 / height, transform=ax.transAxes,
        facecolor="0.85", edgecolor="0.45", hatch="\\\\\\\\\\", linewidth=0.0, clip_on=False,
    )  # fmt: skip
    ax.add_patch(square)


def draw_step_scale(ax: Axes, scale: StepScale, nit: npt.NDArray[np.integer], n_lines: int) -> None:
    """A small bar, light to dark, with the numbers of steps at its ends: at the bottom, or below the legend's lines."""
    if not nit.size or nit.min() == nit.max():
        return
    width, height = _size(ax)
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
