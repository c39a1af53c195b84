"""What a drawing program asks of many points: two of their coordinates, and how many there are in each cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base import checks

Array = npt.NDArray[Any]
#: Points that are put into cells at a time, so that intermediate arrays stay in the cache.
_BLOCK = 1 << 14


def checked_plane(plane: Any, dim: int) -> tuple[int, ...]:
    """The coordinates shown: the pair that was asked for, or all where there are at most two."""
    if plane is None:
        if dim > 2:
            raise ValueError(f"plane must say which two of the {dim} coordinates are shown, such as plane=(0, 1)")
        return tuple(range(dim))
    if not isinstance(plane, tuple | list) or len(plane) != 2:
        raise TypeError(f"plane must be (i, j), two coordinates; got {checks.shown(plane)}")
    if dim < 2:
        raise ValueError(f"plane must be None for a surface of one coordinate; got {checks.shown(plane)}")
    i, j = (checks.whole_number(f"plane[{k}]", v, at_least=0, at_most=dim - 1) for k, v in enumerate(plane))
    if i == j:
        raise ValueError(f"plane must name two different coordinates; got {checks.shown(plane)}")
    return i, j


def checked_out(out: Any, shape: tuple[int, ...], dtypes: tuple[type[Any], ...]) -> Array:
    """An array to write to, a new one of the first dtype if there is none."""
    if out is None:
        return np.empty(shape, dtypes[0])
    names = " or ".join(np.dtype(d).name for d in dtypes)
    if not isinstance(out, np.ndarray) or out.dtype not in dtypes:
        raise TypeError(f"out must be an array of {names}; got {_shown(out)}")
    if out.shape != shape:
        raise ValueError(f"out must have shape {shape}; got {_shown(out)}")
    return _writeable(out)


def checked_counts(out: Any) -> Array:
    """An array (ny, nx) of any real kind."""
    if not isinstance(out, np.ndarray) or out.dtype.kind not in "iuf":
        raise TypeError(f"out must be an array of integers or floating numbers; got {_shown(out)}")
    if out.ndim != 2 or out.size == 0:
        raise ValueError(f"out must have shape (ny, nx), at least one cell; got {_shown(out)}")
    return _writeable(out)


def _writeable(out: Array) -> Array:
    if not out.flags.writeable:
        raise ValueError("out must be writeable")
    return out


def _shown(out: Any) -> str:
    return f"an array of {out.dtype}, shape {out.shape}" if isinstance(out, np.ndarray) else checks.shown(out)


def checked_extent(extent: Any) -> tuple[float, ...]:
    """(left, right, bottom, top)."""
    if not isinstance(extent, tuple | list | np.ndarray) or np.shape(extent) != (4,):
        raise TypeError(f"extent must be (left, right, bottom, top); got {checks.shown(extent)}")
    names = ("left", "right", "bottom", "top")
    left, right, bottom, top = (checks.number(f"extent: {k}", v) for k, v in zip(names, extent, strict=True))
    if not (left < right and bottom < top):
        raise ValueError(f"extent must have left < right and bottom < top; got {checks.shown(extent)}")
    return left, right, bottom, top


def filled(out: Array, x: Array, axes: Sequence[int], fun: Array | None = None) -> Array:
    """`out` with those coordinates as its first columns, f, if there is one, as its third, and 0 between."""
    with np.errstate(over="ignore", under="ignore"):
        for column, axis in enumerate(axes):
            out[:, column] = x[:, axis]
        if fun is not None:
            out[:, len(axes) : 2] = 0
            out[:, 2] = fun
    return out


def count_cells(x: Array, y: Array, extent: tuple[float, ...], out: Array) -> Array:
    """Writes the numbers of points in the cells of `extent`; cells have their lower edges, the last ones both."""
    (ny, nx), (left, right, bottom, top) = out.shape, extent
    cell = np.empty(len(x), np.intp)
    with np.errstate(over="ignore"):
        for k in range(0, len(x), _BLOCK):
            part = slice(k, k + _BLOCK)
            column, in_width = _cells(x[part], left, right, nx)
            row, in_height = _cells(y[part], bottom, top, ny)
            cell[part] = np.where(in_width & in_height, row * nx + column, nx * ny)
    counts = np.bincount(cell, minlength=nx * ny + 1)[: nx * ny].reshape(ny, nx)
    most = np.finfo(out.dtype).max if out.dtype.kind == "f" else np.iinfo(out.dtype).max
    np.copyto(out, np.minimum(counts, most), casting="unsafe")
    return out


def _cells(x: Array, low: float, high: float, n: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """The cell of each coordinate, and which coordinates are in one."""
    wide = x.astype(np.float64)
    inside = (wide >= low) & (wide <= high)
    cell = np.where(inside, (wide - low) * (n / (high - low)), 0.0).astype(np.intp)
    return np.minimum(cell, n - 1), inside
