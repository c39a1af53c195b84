"""`sweep`: the picture of a sweep over one or two axes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.checks import nearest, number, shown
from fastdescent._base.status import MINIMA, Outcome, Status
from fastdescent._endpoints.table.names import letter
from fastdescent._sweep.sweep import Sweep
from fastdescent.plot import _words
from fastdescent.plot._colours import Bytes, StepScale, basin_image, hues, shades
from fastdescent.plot._figure import Box, place
from fastdescent.plot._legend import draw_lines, draw_step_scale
from fastdescent.plot._matplotlib import required
from fastdescent.plot._stability import stability_ratios

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fastdescent._endpoints.classify import Endpoints

_SIDE, _LEAST_PIXELS = 6.0, 900  # inches, pixels
_MOST_LISTED = 10  #: basins in the legend
#: The number of the hue of trajectories by status; others are grey, and black where undefined.
_HUES = {Status.CONVERGED: 0, Status.DIVERGED: 5, Status.STALLED: 2, Status.STOPPED: 3, Status.LEFT_BOX: 1}
_FLAT = {Status.MAX_STEPS: (228, 228, 228), Status.INTERRUPTED: (250, 250, 250), Status.UNDEFINED: (0, 0, 0)}
_SAME_RATIO = 1e-6


def sweep(
    grid: Sweep, ax: Axes | None = None, *, at: Mapping[str, float] | None = None, ends: Endpoints | None = None
) -> Axes:
    """Draws a sweep: how the runs ended, and how fast, for each pair of values.

    Hue says how a run ended: converged, diverged, stopped ...; with `ends` in which basin, as in `basins`. Darker means
    more steps. Cells that made max_steps are light grey. Where the optimizer's stability limit is known, a line says
    where lr * lambda_max reaches it: left of it steps lead to the minimum. lambda_max is that of the minima in `ends`,
    else where runs have converged, else of the surface's known minima. The first axis runs to the right. A
    sweep over one axis is a curve of the steps above a strip. With several starts a cell has the mean of their colours.

    Parameters
    ----------
    grid : Sweep
        From `fastdescent.sweep`.
    ax : matplotlib Axes, optional
        Where to draw; by default on a new pyplot figure with at least one pixel per cell.
    at : mapping, optional
        Values of axes that are not drawn, where there are more than two.
    ends : Endpoints, optional
        ``grid.classify()``, of a sweep without surface parameters.

    Returns
    -------
    matplotlib Axes
        Its data are the values of the axes, on a logarithmic scale where these are geometric.

    Raises
    ------
    ImportError
        If Matplotlib is missing.
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> import numpy as np
    >>> import fastdescent as fd
    >>> over = {"lr": np.geomspace(0.01, 4.0, 64), "momentum": np.linspace(0.0, 0.99, 64)}
    >>> grid = fd.sweep(fd.surface("x**2 + 0.1*y**2"), [1.0, 1.0], fd.SGD(), over=over, max_steps=500)
    >>> ax = fd.plot.sweep(grid)
    """
    checked_sweep(grid)
    index = _index(grid, at)
    if ends is not None and ends.label.shape != grid.shape:
        raise ValueError(f"ends must be grid.classify(), of shape {grid.shape}; got shape {ends.label.shape}")
    required()
    if ax is not None:
        _draw(grid, ax, index, ends)
        return ax
    from matplotlib import pyplot

    return new_sweep_picture(grid, pyplot.figure(), index, ends)


def checked_sweep(grid: Any) -> None:
    """Raises TypeError if grid is not a Sweep."""
    if not isinstance(grid, Sweep):
        raise TypeError(f"grid must be a Sweep, the result of fd.sweep; got {shown(grid)}")


def new_sweep_picture(
    grid: Sweep, figure: Figure, index: Mapping[str, int] | None = None, ends: Endpoints | None = None
) -> Axes:
    """Draws on an empty figure and gives it the size that the sweep needs."""
    index = _index(grid, None) if index is None else index
    counts = [len(v) for name, v in grid.axes.items() if name not in index]
    pixels = [n * math.ceil(_LEAST_PIXELS / n) for n in counts]
    size = Box(pixels[0], pixels[1] if len(pixels) == 2 else round(0.55 * pixels[0]), max(pixels) / _SIDE)
    ax = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    figure.set_dpi(size.dpi)
    figure.set_size_inches(size.width / size.dpi / 0.8, size.height / size.dpi / 0.8)
    _draw(grid, ax, index, ends)
    place(figure, ax, size)
    return ax


def _index(grid: Sweep, at: Mapping[str, float] | None) -> dict[str, int]:
    """The index on each axis that is not drawn: those in `at`, and those of one value."""
    index = {name: 0 for name, values in grid.axes.items() if len(values) == 1}
    for name, value in (at or {}).items():
        if name not in grid.axes:
            raise ValueError(f"at: the sweep has no axis {name!r}{nearest(name, grid.axes)}")
        index[name] = int(np.argmin(np.abs(grid.axes[name] - number(f"at: {name}", value))))
    left = [name for name in grid.axes if name not in index]
    if not left:
        left = [next(iter(grid.axes))]
        index.pop(left[0])
    if len(left) > 2:
        last = f"at={{{left[-1]!r}: {grid.axes[left[-1]][0]:g}}}"
        raise ValueError(f"a picture has two axes, not {', '.join(left)}: choose values of the others, such as {last}")
    return index


def _draw(grid: Sweep, ax: Axes, index: Mapping[str, int], ends: Endpoints | None) -> None:
    names = [name for name in grid.axes if name not in index]
    where = tuple(index.get(name, slice(None)) for name in grid.axes)
    status, nit = grid.status[where], grid.nit[where]
    scale = StepScale.of(nit[status != Status.MAX_STEPS])
    if ends is None:
        image, lines = _by_status(status, nit, scale)
    else:
        image, lines = _by_basin(ends, where, nit, scale)
    image = _mean_of_starts(image, len(names))
    ratios = stability_ratios(grid, names, index, ends)
    if len(names) == 2:
        _draw_map(ax, grid, names, image.swapaxes(0, 1))
        for (x, y), ratio in ratios:
            _draw_limit(ax, x, y, ratio)
    else:
        _draw_strip(ax, grid, names[0], image, nit, status)
        for [x], ratio in ratios:
            for at in _crossings(x, ratio):
                ax.axvline(at, color="0.1", linewidth=1.2, linestyle=(0, (4, 2)))
    lines += [(None, "stability limit")] if ratios else []
    n_lines = draw_lines(ax, lines)
    draw_step_scale(ax, scale, nit[status != Status.MAX_STEPS], n_lines)
    fixed = ", ".join(f"{name}={grid.axes[name][k]:g}" for name, k in index.items())
    ax.set_title(_words.title(grid.surface.name, grid.optimizer) + (f"\n{fixed}" if fixed else ""), loc="left",
                 fontsize=11, pad=8)  # fmt: skip


def _by_status(status: npt.NDArray[np.int8], nit: npt.NDArray[np.int32], scale: StepScale) -> Any:
    """The picture (..., 3), and the lines of its legend."""
    image, lines = np.full((*status.shape, 3), 170, np.uint8), []
    ramps, levels = shades(len(hues(7))), scale.levels(nit)
    for own in Status:
        cells = status == own
        if not cells.any():
            continue
        image[cells] = _FLAT[own] if own in _FLAT else ramps[_HUES[own], levels[cells]]
        colour = np.array(_FLAT[own]) if own in _FLAT else ramps[_HUES[own], int(np.median(levels[cells]))]
        lines.append((tuple((colour / 255).tolist()), f"{own.words}: {_words.percent(float(cells.mean()))}"))
    return image, lines


def _by_basin(ends: Endpoints, where: Any, nit: npt.NDArray[np.int32], scale: StepScale) -> Any:
    """The same with the hues of basins."""
    label, outcome, arrived = ends.label[where], ends.outcome[where], ends.arrived[where]
    is_minimum = np.isin(ends.points.kind, MINIMA)
    image = basin_image(label, outcome, nit, is_minimum, scale, arrived)
    lines: list[Any] = []
    rows, counts = np.unique(label[label >= 0], return_counts=True)
    listed = rows[np.argsort(-counts, kind="stable")][:_MOST_LISTED]
    for row, fun in zip(listed.tolist(), _words.values(ends.points.fun[listed]), strict=True):
        cells = (label == row) & arrived if np.any((label == row) & arrived) else label == row
        colour = np.median(image[cells], axis=0) / 255
        words = f"{letter(row)}  $f$ = {fun}: {_words.percent(float(np.mean(label == row)))}"
        lines.append((tuple(colour.tolist()), words))
    for own in np.unique(outcome[label < 0]):
        named, share = Outcome(own), float(np.mean((outcome == own) & (label < 0)))
        colour = np.array(named.colour) / 255
        lines.append((tuple(colour.tolist()), f"{named.in_legend}: {_words.percent(share)}"))
    return image, lines


def _mean_of_starts(image: Bytes, n_axes: int) -> Bytes:
    """One colour for each cell: the mean over starts, of light."""
    cells = image.shape[:n_axes]
    several = image.reshape(*cells, -1, 3)
    if several.shape[-2] == 1:
        return several[..., 0, :]
    light = np.mean((several / 255.0) ** 2.2, axis=-2)
    return np.asarray(np.rint(255 * light ** (1 / 2.2)), np.uint8)


def is_geometric(values: npt.NDArray[np.float64]) -> bool:
    """Whether the values are positive and their ratios are equal."""
    if len(values) < 3 or not np.all(values > 0):
        return False
    ratios = np.diff(np.log(values))
    return bool(np.ptp(ratios) <= _SAME_RATIO * np.abs(ratios).max() and ratios[0] != 0)


def edges_of(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The edges of cells with these centres, on the scale on which they are equally wide."""
    if is_geometric(values):
        return np.exp(edges_of(np.log(values)))
    if len(values) == 1:
        return np.array([values[0] - 0.5, values[0] + 0.5])
    middle = 0.5 * (values[1:] + values[:-1])
    return np.concatenate([[2 * values[0] - middle[0]], middle, [2 * values[-1] - middle[-1]]])


def _draw_map(ax: Axes, grid: Sweep, names: list[str], image: Bytes) -> None:
    x, y = (grid.axes[name] for name in names)
    ax.pcolormesh(edges_of(x), edges_of(y), image, rasterized=True, antialiased=False, linewidth=0)
    ax.set(xlabel=names[0], ylabel=names[1])
    for values, set_scale in ((x, ax.set_xscale), (y, ax.set_yscale)):
        if is_geometric(values):
            set_scale("log")
    ax.set(xlim=edges_of(x)[[0, -1]], ylim=edges_of(y)[[0, -1]])
    ax.tick_params(direction="out", length=3, labelsize=9)


def _draw_limit(ax: Axes, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], ratio: Any) -> None:
    log = np.log(np.maximum(ratio, 1e-300)).T
    if np.any(log < 0) and np.any(log > 0):
        ax.contour(x, y, log, levels=[0.0], colors="white", linewidths=2.6, linestyles="solid")
        ax.contour(x, y, log, levels=[0.0], colors="black", linewidths=1.2, linestyles=[(0, (4, 2))])


def _crossings(x: npt.NDArray[np.float64], ratio: npt.NDArray[np.float64]) -> Any:
    """Where the ratio passes 1, between the values."""
    log = np.log(np.maximum(ratio, 1e-300))
    at = np.flatnonzero((log[:-1] < 0) != (log[1:] < 0))
    return (x[at] + (x[at + 1] - x[at]) * log[at] / (log[at] - log[at + 1])).tolist()


def _draw_strip(ax: Axes, grid: Sweep, name: str, image: Bytes, nit: Any, status: Any) -> None:
    """Steps by value, in the colours of how the runs ended, above a strip of these colours."""
    x = grid.axes[name]
    steps = np.broadcast_to(x.reshape(-1, *(1,) * (nit.ndim - 1)), nit.shape)
    ax.scatter(steps.reshape(len(x), -1)[:, 0], np.median(nit.reshape(len(x), -1), axis=1), c=image / 255.0, s=9,
               linewidths=0)  # fmt: skip
    ax.set(yscale="log" if nit.min() > 0 and nit.max() > 10 * nit.min() else "linear", ylabel="steps")
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(direction="out", length=3, labelsize=9, labelbottom=False, bottom=False)
    strip = ax.inset_axes((0.0, -0.12, 1.0, 0.09))
    strip.pcolormesh(edges_of(x), [0.0, 1.0], image[np.newaxis], rasterized=True, antialiased=False)
    for axes in (ax, strip):
        if is_geometric(x):
            axes.set_xscale("log")
        axes.set_xlim(*edges_of(x)[[0, -1]])
    strip.set_yticks([])
    strip.set_xlabel(name)
    strip.tick_params(direction="out", length=3, labelsize=9)
