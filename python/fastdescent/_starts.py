"""Where trajectories start: grids, random points, repeats. Every point is a function of its index."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent import _check

Floats = npt.NDArray[np.float64]


#: Functions that only choose or arrange points; what others make of random points is not uniform any more.
_ARRANGING = (np.array_split, np.copy, np.ravel, np.reshape, np.split, np.squeeze, np.swapaxes, np.take)


class RandomStarts(np.ndarray[Any, np.dtype[np.float64]]):
    """An ordinary array that remembers that its points were drawn at random, so that shares get intervals.

    Slices, copies and reshaped views remember it too; results of arithmetic are plain arrays.
    """

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        return array[()] if return_scalar else array.view(np.ndarray)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        result = super().__array_function__(func, types, args, kwargs)
        return result.view(np.ndarray) if isinstance(result, RandomStarts) and func not in _ARRANGING else result

    def dot(self, b: Any, out: Any = None) -> Any:
        return self.view(np.ndarray).dot(b, out)


def is_random(x0: Any) -> bool:
    return isinstance(x0, RandomStarts)


def _window(window: Any) -> npt.NDArray[np.float64]:
    try:
        dim = len(window)
    except TypeError:
        raise TypeError(f"window must be (lo, hi) pairs, one a coordinate; got {_check.shown(window)}") from None
    pair = dim == 2 and np.ndim(window) == 1
    return np.array(_check.intervals("window", window, 1 if pair else dim))


def grid(window: Any, shape: int | tuple[int, ...]) -> Floats:
    """Centres of the cells of a grid over a window.

    Parameters
    ----------
    window : ((lo, hi), ...)
        One pair for each coordinate.
    shape : tuple of int
        Cells, the last coordinate first: (ny, nx) for a window of (x, y).

    Returns
    -------
    array, (*shape, dim)
        Coordinate k of cell i is lo + (i + 1/2) * ((hi - lo) / n).

    Examples
    --------
    >>> import fastdescent as fd
    >>> fd.grid(((0, 4), (0, 2)), (2, 4))[0, :, 0]
    array([0.5, 1.5, 2.5, 3.5])
    """
    box = _window(window)
    given = shape if isinstance(shape, tuple | list) else (shape,)
    counts = tuple(_check.whole_number("shape", n, at_least=1) for n in given)
    if len(counts) != len(box):
        raise ValueError(f"shape must have {len(box)} numbers, one a coordinate (ny, nx for x, y); got {counts}")
    out = np.empty((*counts, len(box)))
    for k, (lo, hi) in enumerate(box):
        n = counts[len(box) - 1 - k]
        centres = lo + (np.arange(n) + 0.5) * ((hi - lo) / n)
        out[..., k] = centres.reshape((-1,) + (1,) * k)
    return out


def uniform(window: Any, n: int, seed: int = 0) -> RandomStarts:
    """Independent uniform points in a window; point i is a function of (seed, i) alone.

    Parameters
    ----------
    window : ((lo, hi), ...)
    n : int
    seed : int
        0 to 2**64 - 1.

    Returns
    -------
    array, (n, dim)
        Coordinates 2j and 2j+1 of point i are lo + (hi - lo) * u for the two 53-bit uniforms u in (0, 1] of the
        Philox4x32-10 block (Salmon et al. 2011) with the seed as key and counter (i low, i high, 0, 2 << 24 | j): of
        its words w0 ... w3, u = ((w1 << 32 | w0) >> 11) + 1 and ((w3 << 32 | w2) >> 11) + 1, each times 2**-53.

    Examples
    --------
    >>> import fastdescent as fd
    >>> fd.uniform(((-1, 1), (0, 10)), 1000, seed=1).shape
    (1000, 2)
    """
    from fastdescent import _core

    box = _window(window)
    count = _check.whole_number("n", n, at_least=0)
    key = _check.whole_number("seed", seed, at_least=0, at_most=2**64 - 1)
    return _core.uniform(box, count, key).view(RandomStarts)


def repeat(x0: npt.ArrayLike, n: int) -> npt.NDArray[Any]:
    """n copies of each start: (n, *x0.shape).

    >>> import fastdescent as fd
    >>> fd.repeat([1.0, 2.0], 3).shape
    (3, 2)
    """
    array = _check.real_array("x0", x0)
    return np.repeat(array[np.newaxis], _check.whole_number("n", n, at_least=0), axis=0)
