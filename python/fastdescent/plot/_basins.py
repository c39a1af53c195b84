"""`basins`: the picture of a basin map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.checks import shown
from fastdescent._base.status import MINIMA
from fastdescent._maps.basin_map import BasinMap
from fastdescent.plot import _words
from fastdescent.plot._colours import StepScale, basin_image
from fastdescent.plot._figure import box, place, to_scale
from fastdescent.plot._legend import draw_legend, draw_step_scale
from fastdescent.plot._marks import draw_marks, inside
from fastdescent.plot._matplotlib import required

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_CELLS = 4096  #: drawn along a side; of larger maps every second, third ... cell
_STRIP, _GAP = 0.09, 0.03  # heights, as parts of the height of the axes


def basins(m: BasinMap, ax: Axes | None = None) -> Axes:
    """Draws a basin map: where descent ends, from every cell of a window.

    Hue says which minimum, in the order of f, so that colours do not change from map to map. Darker means more steps,
    and edges between basins are dark. Hatched cells belong to a basin but have not arrived. White cells end at a saddle
    or maximum, black ones escape, and the ends of grey ones are not known. The legend lists the largest basins first.
    For a surface of one coordinate, f is drawn above a strip of its basins.

    Parameters
    ----------
    m : BasinMap
        From `fastdescent.basin_map`.
    ax : matplotlib Axes, optional
        Where to draw; by default on a new pyplot figure with at least one pixel per cell. Of maps with more than 4096
        cells along a side only every second, third ... cell is drawn.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ImportError
        If Matplotlib is missing.
    TypeError
        If m is not a BasinMap.

    Examples
    --------
    >>> import fastdescent as fd
    >>> m = fd.basin_map(fd.surface("x**4 - x**2 + y**2"), shape=(64, 64))
    >>> ax = fd.plot.basins(m)
    """
    checked(m)
    required()
    if ax is not None:
        draw(m, ax)
        return ax
    from matplotlib import pyplot

    return new_picture(m, pyplot.figure())


def checked(m: Any) -> None:
    """Raises TypeError if m is not a BasinMap."""
    if not isinstance(m, BasinMap):
        raise TypeError(f"m must be a BasinMap, the result of fd.basin_map; got {shown(m)}")


def new_picture(m: BasinMap, figure: Figure) -> Axes:
    """Draws on an empty figure and gives it the size that the map needs."""
    ax = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    size = box(m.image.thinned(MAX_CELLS).shape, m.extent)
    figure.set_dpi(size.dpi)
    figure.set_size_inches(size.width / size.dpi / 0.8, size.height / size.dpi / 0.8)
    draw(m, ax)
    place(figure, ax, size)
    return ax


def draw(m: BasinMap, ax: Axes) -> None:
    """Draws the map, its marks, labels and legend on given axes."""
    is_minimum = np.isin(m.points.kind, MINIMA)
    cells = m.image.thinned(MAX_CELLS)
    nit = cells.nit[np.append(is_minimum, False)[cells.label]]
    scale = StepScale.of(nit)
    image = basin_image(cells.label, cells.outcome, cells.nit, is_minimum, scale, cells.arrived)
    names = [_words.variable(m.surface.variables[k]) for k in m.plane]
    if len(m.shape) == 1:
        no_steps = np.zeros_like(cells.nit)
        flat = basin_image(cells.label, cells.outcome, no_steps, is_minimum, arrived=cells.arrived)
        heights = _draw_curve(m, ax, image, flat, names[0])
    else:
        heights = m.points.x[:, m.plane[1]]
        _draw_map(m, ax, image, names)
    visible = inside(m, heights)
    listed, n_lines = draw_legend(m, ax, is_minimum, visible, cells, scale)
    draw_marks(m, ax, heights, is_minimum, visible, listed)
    draw_step_scale(ax, scale, nit, n_lines)
    ax.set_title(_words.title(m.surface.name, m.optimizer), loc="left", fontsize=11, pad=8)


def _draw_map(m: BasinMap, ax: Axes, image: npt.NDArray[np.uint8], names: list[str]) -> None:
    x_lo, x_hi, y_lo, y_hi = m.extent
    ax.imshow(
        image,
        origin="lower",
        extent=(x_lo, x_hi, y_lo, y_hi),
        interpolation="nearest",
        aspect="equal" if to_scale(m.extent) else "auto",
    )
    ax.set_xlim(x_lo, x_hi)
    ax.set_ylim(y_lo, y_hi)
    ax.set_xlabel(names[0])
    ax.set_ylabel(names[1], rotation=0, labelpad=10)
    ax.tick_params(direction="out", length=3, labelsize=9)


def _draw_curve(
    m: BasinMap, ax: Axes, image: npt.NDArray[np.uint8], flat: npt.NDArray[np.uint8], name: str
) -> npt.NDArray[np.float64]:
    """Draws f above a strip of its basins, and colours the area under it; returns the heights of the marks."""
    lo, hi = m.extent
    x = m.centers[0]
    f = np.asarray(m.surface(x[:, np.newaxis]), dtype=np.float64)
    f = np.where(np.isfinite(f), f, np.nan)
    ax.plot(x, f, color="0.15", linewidth=1.6, solid_capstyle="round")
    ax.set_xlim(lo, hi)
    ax.margins(y=0.12)
    _colour_area(ax, x, f, flat)
    argument = name.strip("$")
    ax.set_ylabel(f"$f({argument})$" if argument != name else f"f({name})", rotation=0, labelpad=18)
    ax.tick_params(direction="out", length=3, labelsize=9, labelbottom=False, bottom=False)
    ax.spines[["top", "right"]].set_visible(False)
    strip = ax.inset_axes((0.0, -_GAP - _STRIP, 1.0, _STRIP))
    strip.imshow(image[np.newaxis], extent=(lo, hi, 0.0, 1.0), interpolation="nearest", aspect="auto")
    strip.set_yticks([])
    strip.set_xlabel(name)
    strip.tick_params(direction="out", length=3, labelsize=9)
    return np.asarray(m.points.fun)


def _colour_area(ax: Axes, x: npt.NDArray[np.float64], f: npt.NDArray[np.float64], flat: npt.NDArray[np.uint8]) -> None:
    """Draws the basins in pale colours between the curve and the bottom of the axes."""
    bottom, top = ax.get_ylim()
    under = ax.fill_between(x, f, bottom, visible=False)
    (lo, hi), paths = ax.get_xlim(), under.get_paths()
    if not paths:
        return
    from matplotlib.path import Path

    area = ax.imshow(flat[np.newaxis], extent=(lo, hi, bottom, top), aspect="auto", interpolation="nearest", alpha=0.3)
    area.set_clip_path(Path.make_compound_path(*paths), ax.transData)
    ax.set_ylim(bottom, top)
