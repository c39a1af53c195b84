"""Markers and letters of critical points on a map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fastdescent._maps.basin_map import BasinMap

INK, PAPER = "#101010", "#ffffff"
#: Marker and size (points) of a minimum and of another critical point.
MINIMUM, OTHER = ("o", 5.5), ("X", 6.5)
_SMALL = 0.6  # a marker without a letter has this part of the size
_NEAR_EDGE = 0.06  # nearer to an edge of the axes, as a part of them, there is no room for a letter
_SHIFT_X, _SHIFT_Y = {"right": 5, "left": -5, "centre": 0}, {"above": 4, "below": -4, "under": -7, "over": 7}  # points
_ALIGN: dict[str, Any] = {
    "right": "left", "left": "right", "centre": "center",
    "above": "bottom", "below": "top", "under": "top", "over": "bottom",
}  # fmt: skip


def inside(m: BasinMap, heights: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which rows of the table lie in the picture."""
    across = m.points.x[:, m.plane[0]]
    x_lo, x_hi = m.extent[:2]
    found = (across >= x_lo) & (across <= x_hi) & np.isfinite(heights)
    if len(m.extent) == 4:
        found &= (heights >= m.extent[2]) & (heights <= m.extent[3])
    return np.asarray(found)


def draw_marks(
    m: BasinMap,
    ax: Axes,
    heights: npt.NDArray[np.float64],
    is_minimum: npt.NDArray[np.bool_],
    visible: npt.NDArray[np.bool_],
    listed: npt.NDArray[np.int_],
) -> None:
    """Marks the rows of the table that lie in the picture; those that the legend lists get their letters."""
    across, is_map = m.points.x[:, m.plane[0]], len(m.extent) == 4
    has_letter = np.isin(np.arange(len(visible)), listed)
    for row in np.flatnonzero(visible)[::-1].tolist():
        lettered = bool(has_letter[row])
        marker, size = MINIMUM if is_minimum[row] else OTHER
        ax.plot(
            [across[row]],
            [heights[row]],
            linestyle="none",
            marker=marker,
            markersize=size if lettered else _SMALL * size,
            markerfacecolor=INK,
            markeredgecolor=PAPER,
            markeredgewidth=0.9 if lettered else 0.5,
            zorder=4 if lettered else 3,
            clip_on=False,
        )
        if lettered:
            at = (float(across[row]), float(heights[row]))
            beside = _side(ax, at) if is_map else ("centre", "under" if is_minimum[row] else "over")
            _letter(ax, m.points.letter(row), at, beside)


def _letter(ax: Axes, letter: str, at: tuple[float, float], where: tuple[str, str]) -> None:
    """Writes a letter beside the marker, in the direction `where`: horizontal, vertical."""
    from matplotlib.patheffects import withStroke

    ax.annotate(
        letter,
        at,
        xytext=(_SHIFT_X[where[0]], _SHIFT_Y[where[1]]),
        textcoords="offset points",
        ha=_ALIGN[where[0]],
        va=_ALIGN[where[1]],
        fontsize=12,
        fontweight="bold",
        color=INK,
        path_effects=[withStroke(linewidth=2.6, foreground=PAPER)],
        zorder=5,
    )


def _side(ax: Axes, at: tuple[float, float]) -> tuple[str, str]:
    """The direction in which a letter beside a marker has room on a map."""
    (x_lo, x_hi), (y_lo, y_hi) = ax.get_xlim(), ax.get_ylim()
    right = at[0] < x_hi - _NEAR_EDGE * (x_hi - x_lo)
    above = at[1] < y_hi - _NEAR_EDGE * (y_hi - y_lo)
    return "right" if right else "left", "above" if above else "below"
