"""`basin_map`: where the starts of a window end, as an image."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base import checks
from fastdescent._base.at_top import at_top
from fastdescent._base.markup import paragraph
from fastdescent._endpoints.report import report
from fastdescent._endpoints.table.names import outcome_words
from fastdescent._endpoints.table.points import CriticalPoints, check_table
from fastdescent._maps.bands import run_in_bands
from fastdescent._maps.image import Image
from fastdescent._run.arguments import check_optimizer, check_surface
from fastdescent._run.descent import descend
from fastdescent._run.hyperparameters import for_pickle
from fastdescent._starts.arrays import checked_counts
from fastdescent._starts.rules import Grid
from fastdescent._surface.known import Window
from fastdescent._surface.surface import Surface, widened
from fastdescent.optimizers import Optimizer, default_optimizer

_DEFAULT_SIDE = 1024
_NOT_FOR_MAPS = ("surface", "x0", "optimizer", "record", "reduce", "keep_state", "average")


@at_top
@dataclass(frozen=True, eq=False, repr=False)
class BasinMap:
    """Where the starts of a window's cells end. Row 0 is at the bottom: ``imshow(m.label, origin="lower")``.

    Attributes
    ----------
    label : int32 array, (ny, nx), or (nx,) for surfaces of one coordinate
        Row of `points`, or -1.
    outcome : int8 array, the same shape
        Values of `Outcome`.
    arrived : bool array, the same shape
        Whether the trajectory sits at the point that `label` names. Else it circles, jitters or was cut off on the way.
    nit : int32 array, the same shape
        Steps.
    fun : array, the same shape
        f at the end.
    status : int8 array, the same shape
        Values of `Status`.
    points : CriticalPoints
    gradient : str
        "exact", or what is random in the gradients.
    window : ((lo, hi), ...)
        The intervals of the coordinates shown.
    extent : (x_lo, x_hi, y_lo, y_hi), or (x_lo, x_hi)
        Outer edges of the cells, as imshow takes them.
    plane : (i, j)
        Which coordinates are shown.
    base : array, (dim,)
        The other coordinates of every start.
    n_reasons : int array or None
        How many cells have each `Reason`, by its number; None: not known.
    """

    points: CriticalPoints
    window: Window
    plane: tuple[int, ...]
    base: npt.NDArray[np.float64]
    surface: Surface
    optimizer: Optimizer
    gradient: str  #: "exact", or what is random in the gradients
    image: Image  #: the cells in narrow types; the arrays above are made from it when they are asked for
    n_reasons: npt.NDArray[np.int64] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.image.shape

    @cached_property
    def label(self) -> npt.NDArray[np.int32]:
        return np.asarray(self.image.label, np.int32)

    @property
    def outcome(self) -> npt.NDArray[np.int8]:
        return self.image.outcome

    @property
    def arrived(self) -> npt.NDArray[np.bool_]:
        return self.image.arrived

    @cached_property
    def nit(self) -> npt.NDArray[np.int32]:
        return np.asarray(self.image.nit, np.int32)

    @property
    def fun(self) -> npt.NDArray[Any]:
        return self.image.fun

    @property
    def status(self) -> npt.NDArray[np.int8]:
        return self.image.status

    @property
    def extent(self) -> tuple[float, ...]:
        return tuple(v for pair in self.window for v in pair)

    @property
    def centers(self) -> tuple[npt.NDArray[np.float64], ...]:
        """The centres of the cells, an array per axis, x first: ``contour(*m.centers, m.fun)``."""
        sides = zip(self.window, reversed(self.shape), strict=True)
        return tuple(np.asarray(lo + (np.arange(n) + 0.5) * ((hi - lo) / n), np.float64) for (lo, hi), n in sides)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "optimizer": for_pickle(self.optimizer, int(self.image.nit.max(initial=0)))}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Earlier pickles may hold outcomes that were made from the image."""
        self.__dict__.update({name: value for name, value in state.items() if name != "outcome"})
        self.image.put_kinds(self.points.kind)

    def rgba(self) -> npt.NDArray[np.uint8]:
        """The cells in colours, (ny, nx, 4) or (nx, 4), as `plot.basins` draws them, without marks and legend.

        Hue says which minimum, darker means more steps, hatched cells have not arrived. Row 0 is at the bottom.
        """
        import fastdescent

        return fastdescent.map_rgba(self)

    def __repr__(self) -> str:
        size = " x ".join(map(str, reversed(self.shape)))
        return f"<BasinMap {size} of {self.surface.name} by {self.optimizer.words}: {len(self.points)} critical points>"

    def _repr_html_(self) -> str:
        """The table, and above it a small picture if Matplotlib is installed."""
        title = paragraph(
            f"{self.surface.name} by {self.optimizer.words}. {outcome_words(self.outcome, self.points.fmin_source)}."
        )
        import fastdescent

        try:
            picture = fastdescent.html_image(self)
        except ImportError:
            picture = ""
        return title + picture + self.points._repr_html_()

    def __str__(self) -> str:
        return self.report()

    def report(self) -> str:
        """The table of critical points with shares, counts of outcomes, and a hint if many starts do not arrive."""
        names = [self.surface.variables[k] for k in self.plane]
        where = ", ".join(f"{n} in [{lo:g}, {hi:g}]" for n, (lo, hi) in zip(names, self.window, strict=True))
        about = [f"starts: {where}"]
        return report(
            self.surface, self.optimizer, about, self.status, self.outcome, self.points, self.gradient, fun=self.fun,
            n_reasons=self.n_reasons,
        )  # fmt: skip


@at_top
def basin_map(
    surface: Surface,
    optimizer: Optimizer | None = None,
    *,
    window: Any = None,
    shape: int | tuple[int, ...] | None = None,
    plane: tuple[Any, ...] | None = None,
    points: CriticalPoints | None = None,
    **options: Any,
) -> BasinMap:
    """Runs the optimizer from the centre of every cell of a window and classifies the ends.

    Parameters
    ----------
    surface : Surface
    optimizer : Optimizer, optional
        By default GradientFlow(), and LineSearch() for surfaces of more than two coordinates.
    window : ((lo, hi), (lo, hi)), optional
        Intervals of the coordinates shown, x first; by default the surface's.
    shape : (ny, nx), optional
        Cells; by default (1024, 1024), or (1024,) for surfaces of one coordinate. One number makes a square.
    plane : (i, j) or (i, j, base), optional
        Which coordinates are x and y, and the point that gives the other ones (by default the window's centre). Needed
        for surfaces of more than two coordinates: the starts lie in a plane, the descents do not.
    points : CriticalPoints, optional
        A table to use, as in `classify`: labels are its rows, and the same as in another map that uses it. Cells that
        belong to none of its rows have label -1.
    **options
        Keyword options of `descend`, except `record`, `reduce`, `keep_state` and `average`.

    Returns
    -------
    BasinMap
        Maps of many millions of cells are run band by band, and take about 14 bytes per cell.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or `descend` has no such option.

    Examples
    --------
    >>> import fastdescent as fd
    >>> m = fd.basin_map(fd.surface("x**4 - x**2 + y**2", window=(-2, 2)), shape=(32, 32))
    >>> m.label.shape, m.extent, m.points.n_starts
    ((32, 32), (-2.0, 2.0, -2.0, 2.0), array([512, 512]))
    """
    if isinstance(optimizer, Surface):
        raise TypeError("the order of arguments is (surface, optimizer): they are swapped")
    check_surface(surface)
    rule = default_optimizer(surface.dim) if optimizer is None else optimizer
    check_optimizer(rule)
    _check_options(options)
    axes, base = _plane(surface, plane)
    shown = _window(surface, window, axes)
    starts = Grid(shown, checked_counts(_shape(shape, len(axes)), len(axes)), tuple(base.tolist()), axes)
    if points is not None:
        check_table(points, surface.dim)
    ended = run_in_bands(_covering(surface, shown, axes), rule, starts, points, options)
    return BasinMap(
        ended.points, shown, axes, base, surface, rule, ended.gradient, ended.image, ended.n_reasons
    )  # fmt: skip


def _check_options(options: dict[str, Any]) -> None:
    known = [name for name in inspect.signature(descend).parameters if name not in _NOT_FOR_MAPS]
    for name in options:
        if name not in known:
            raise TypeError(f"basin_map has no option {name!r}{checks.nearest(name, known)}; "
                            f"those of descend: {', '.join(known)}")  # fmt: skip


def _plane(surface: Surface, plane: Any) -> tuple[tuple[int, ...], npt.NDArray[np.float64]]:
    """The coordinates shown, and the point that gives the other ones."""
    dim = surface.dim
    centre = (0.5 * np.array(surface.window)).sum(axis=1)
    if plane is None:
        if dim > 2:
            raise ValueError(f"plane must say which two of the {dim} coordinates are shown, such as plane=(0, 1)")
        return tuple(range(dim)), centre
    if not isinstance(plane, tuple | list) or len(plane) not in (2, 3):
        raise TypeError(f"plane must be (i, j) or (i, j, base point); got {checks.shown(plane)}")
    if dim < 2:
        raise ValueError(f"plane must be None for a surface of one coordinate; got {checks.shown(plane)}")
    i, j = (checks.whole_number(f"plane[{k}]", v, at_least=0, at_most=dim - 1) for k, v in enumerate(plane[:2]))
    if i == j:
        raise ValueError(f"plane must name two different coordinates; got {checks.shown(plane)}")
    if len(plane) == 2:
        return (i, j), centre
    base = checks.real_array("plane: the base point", plane[2]).astype(np.float64)
    if base.shape != (dim,) or not np.isfinite(base).all():
        raise ValueError(f"plane: the base point must be {dim} finite numbers; got {checks.shown(plane[2])}")
    return (i, j), base


def _window(surface: Surface, window: Any, axes: tuple[int, ...]) -> Window:
    if window is None:
        return tuple(surface.window[k] for k in axes)
    return checks.intervals("window", window, len(axes))


def _covering(surface: Surface, shown: Window, axes: tuple[int, ...]) -> Surface:
    """The surface with a window that covers the picture."""
    window = list(surface.window)
    for k, pair in zip(axes, shown, strict=True):
        window[k] = pair
    return widened(surface, tuple(window))


def _shape(shape: Any, n: int) -> tuple[int, ...]:
    if shape is None:
        return (_DEFAULT_SIDE,) * n
    return tuple(shape) if isinstance(shape, tuple | list) else (shape,) * n
