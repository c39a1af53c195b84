"""Starts as arrays: grids, random points, repeats. Every point is a function of its index."""

from __future__ import annotations

import math
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt

from fastdescent._base import checks
from fastdescent._base.at_top import at_top
from fastdescent._starts.lazy import LazyStarts
from fastdescent._starts.rules import SOBOL_BITS, Grid, Sobol, Uniform

Floats = npt.NDArray[np.float64]

#: Functions that only choose or arrange points. Results of other functions are not uniform random points.
_ARRANGING = (np.array_split, np.copy, np.ravel, np.reshape, np.split, np.squeeze, np.swapaxes, np.take)


@at_top
class RandomStarts(np.ndarray[Any, np.dtype[np.float64]]):
    """An array that remembers that its points are random, so that tables show intervals of shares.

    Slices, copies and reshaped views are RandomStarts, too; results of arithmetic are ordinary arrays.
    """

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        return array[()] if return_scalar else array.view(np.ndarray)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        result = super().__array_function__(func, types, args, kwargs)
        return result.view(np.ndarray) if isinstance(result, RandomStarts) and func not in _ARRANGING else result

    def dot(self, b: Any, out: Any = None) -> Any:
        return self.view(np.ndarray).dot(b, out)


def is_random(x0: Any) -> bool:
    return isinstance(x0, RandomStarts) or (isinstance(x0, LazyStarts) and isinstance(x0.rule, Uniform))


def _window(window: Any) -> tuple[tuple[float, float], ...]:
    try:
        dim = len(window)
    except TypeError:
        raise TypeError(f"window must be (lo, hi) pairs, one per coordinate; got {checks.shown(window)}") from None
    pair = dim == 2 and np.ndim(window) == 1
    return checks.intervals("window", window, 1 if pair else dim)


@overload
def grid(window: Any, shape: int | tuple[int, ...], *, lazy: Literal[False] = False) -> Floats: ...
@overload
def grid(window: Any, shape: int | tuple[int, ...], *, lazy: Literal[True]) -> LazyStarts: ...
@at_top
def grid(window: Any, shape: int | tuple[int, ...], *, lazy: bool = False) -> Floats | LazyStarts:
    """Centres of the cells of a grid over a window.

    Parameters
    ----------
    window : ((lo, hi), ...)
        One pair per coordinate.
    shape : tuple of int
        Cells, the last coordinate first: (ny, nx) for a window of (x, y).
    lazy : bool
        True: the points take no memory; a run computes them.

    Returns
    -------
    array or LazyStarts, (*shape, dim)
        Coordinate k of cell i is lo + (i + 1/2) * ((hi - lo) / n).

    Examples
    --------
    >>> import fastdescent as fd
    >>> fd.grid(((0, 4), (0, 2)), (2, 4))[0, :, 0]
    array([0.5, 1.5, 2.5, 3.5])
    """
    box = _window(window)
    counts = checked_counts(shape, len(box))
    rule = Grid(box, counts)
    return LazyStarts(rule, counts) if lazy else rule.points(0, math.prod(counts)).reshape(*counts, len(box))


def checked_counts(shape: Any, dim: int) -> tuple[int, ...]:
    """The number of cells of each coordinate, the last coordinate first."""
    given = shape if isinstance(shape, tuple | list) else (shape,)
    counts = tuple(checks.whole_number("shape", n, at_least=1) for n in given)
    if len(counts) != dim:
        raise ValueError(f"shape must have {dim} numbers, one per coordinate (ny, nx for x, y); got {counts}")
    return counts


@overload
def uniform(window: Any, n: int, seed: int = 0, *, lazy: Literal[False] = False) -> RandomStarts: ...
@overload
def uniform(window: Any, n: int, seed: int = 0, *, lazy: Literal[True]) -> LazyStarts: ...
@at_top
def uniform(window: Any, n: int, seed: int = 0, *, lazy: bool = False) -> RandomStarts | LazyStarts:
    """Independent uniform points in a window; point i is a function of (seed, i) alone.

    Parameters
    ----------
    window : ((lo, hi), ...)
    n : int
    seed : int
        0 to 2**64 - 1. The same seed gives the same points in every call.
    lazy : bool
        True: the points take no memory; a run computes them.

    Returns
    -------
    array or LazyStarts, (n, dim)
        The array and its slices remember that they are random, so that tables show intervals of shares.
        Coordinates 2j and 2j+1 of point i are lo + (hi - lo) * u for the two 53-bit uniforms u in (0, 1] of the
        Philox4x32-10 block (Salmon et al. 2011) with the seed as key and counter (i low, i high, 0, 2 << 24 | j): of
        its words w0 ... w3, u = ((w1 << 32 | w0) >> 11) + 1 and ((w3 << 32 | w2) >> 11) + 1, each times 2**-53.

    Examples
    --------
    >>> import fastdescent as fd
    >>> fd.uniform(((-1, 1), (0, 10)), 1000, seed=1).shape
    (1000, 2)
    """
    rule = Uniform(_window(window), _seed(seed))
    count = checks.whole_number("n", n, at_least=0)
    return LazyStarts(rule, (count,)) if lazy else rule.points(0, count).view(RandomStarts)


@overload
def sobol(window: Any, n: int, seed: int = 0, *, lazy: Literal[False] = False) -> Floats: ...
@overload
def sobol(window: Any, n: int, seed: int = 0, *, lazy: Literal[True]) -> LazyStarts: ...
@at_top
def sobol(window: Any, n: int, seed: int = 0, *, lazy: bool = False) -> Floats | LazyStarts:
    """Quasi-random points, which fill a window more evenly than random ones; best with n a power of two.

    Parameters
    ----------
    window : ((lo, hi), ...)
    n : int
        At most 2**32.
    seed : int
        Seed of the digital shift, 0 to 2**64 - 1. The same seed gives the same points in every call.
    lazy : bool
        True: the points take no memory; a run computes them.

    Returns
    -------
    array or LazyStarts, (n, dim)
        Coordinate k of point i is lo + (hi - lo) * ((s xor r) + 1/2) / 2**52, where s / 2**52 is coordinate k of point
        i of the Sobol sequence with the directions of Joe and Kuo (2008), as `scipy.stats.qmc.Sobol` has them, in its
        order, and r = floor(2**52 u) for the number u of `uniform` with index 2**64 - 1.

    Examples
    --------
    >>> import fastdescent as fd
    >>> x = fd.sobol(((0, 1), (0, 1)), 64)
    >>> [int(((x[:, 0] > k / 8) & (x[:, 0] < (k + 1) / 8)).sum()) for k in range(8)]
    [8, 8, 8, 8, 8, 8, 8, 8]
    """
    rule = Sobol(_window(window), _seed(seed))
    count = checks.whole_number("n", n, at_least=0, at_most=2**SOBOL_BITS)
    return LazyStarts(rule, (count,)) if lazy else rule.points(0, count)


def _seed(seed: Any) -> int:
    return checks.whole_number("seed", seed, at_least=0, at_most=2**64 - 1)


@at_top
def repeat(x0: npt.ArrayLike, n: int) -> npt.NDArray[Any]:
    """n copies of each start: (n, *x0.shape).

    >>> import fastdescent as fd
    >>> fd.repeat([1.0, 2.0], 3).shape
    (3, 2)
    """
    array = checks.real_array("x0", x0)
    return np.repeat(array[np.newaxis], checks.whole_number("n", n, at_least=0), axis=0)
