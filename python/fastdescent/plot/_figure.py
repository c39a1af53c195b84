"""The size of figures: a whole number of pixels per cell of a map, and margins that fit titles, labels and legend."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIDE = 6.0  # inches, the longer side of the axes
_MIN_DPI = 150.0
_MAX_STRETCH = 4.0  # longer windows are not drawn to scale
_CURVE_HEIGHT = 0.55  # height of a curve over its width
_PAD = 0.12  # inches


@dataclass(frozen=True)
class Box:
    """The axes, in pixels."""

    width: int
    height: int
    dpi: float


def box(shape: tuple[int, ...], extent: tuple[float, ...]) -> Box:
    """The axes of a map: at least one pixel per cell, and a whole number of pixels if cells are square.

    >>> box((600, 600), (-5.0, 5.0, -5.0, 5.0))
    Box(width=1200, height=1200, dpi=200.0)
    """
    if len(shape) == 1:
        width = shape[0] * math.ceil(_SIDE * _MIN_DPI / shape[0])
        return Box(width, round(_CURVE_HEIGHT * width), width / _SIDE)
    (ny, nx), stretch = shape, 1.0  # stretch: height of a cell over its width
    if to_scale(extent):
        stretch = ((extent[3] - extent[2]) / ny) / ((extent[1] - extent[0]) / nx)
    across, up = max(1.0, 1.0 / stretch), max(1.0, stretch)
    times = math.ceil(_SIDE * _MIN_DPI / max(nx * across, ny * up))
    width, height = round(times * nx * across), round(times * ny * up)
    return Box(width, height, max(width, height) / _SIDE)


def to_scale(extent: tuple[float, ...]) -> bool:
    """Whether both coordinates are drawn to the same scale."""
    stretch = (extent[3] - extent[2]) / (extent[1] - extent[0])
    return 1 / _MAX_STRETCH <= stretch <= _MAX_STRETCH


def place(figure: Figure, ax: Axes, size: Box) -> None:
    """Gives the axes their size, and the figure the margins that titles, labels and legend need."""
    figure.set_dpi(size.dpi)
    _put(figure, ax, size, (size.dpi, size.dpi, size.dpi, size.dpi))
    figure.draw_without_rendering()
    outer, inner, pad = figure.get_tightbbox(), ax.get_window_extent(), _PAD * size.dpi
    margins = (
        inner.x0 - outer.x0 * size.dpi + pad,
        inner.y0 - outer.y0 * size.dpi + pad,
        outer.x1 * size.dpi - inner.x1 + pad,
        outer.y1 * size.dpi - inner.y1 + pad,
    )
    _put(figure, ax, size, margins)


def _put(figure: Figure, ax: Axes, size: Box, margins: tuple[float, float, float, float]) -> None:
    left, bottom, right, top = (math.ceil(m) for m in margins)
    width, height = left + size.width + right, bottom + size.height + top
    figure.set_size_inches(width / size.dpi, height / size.dpi)
    ax.set_position((left / width, bottom / height, size.width / width, size.height / height))
