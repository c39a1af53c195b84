"""What f does around and beyond points that are no critical points: whether it is constant, or falls for ever.

Example. exp(-x) falls towards a limit, also where its valley is bent; -x^2 falls ever faster; from x = 14, x^2 falls to
a minimum:

>>> from fastdescent import surface
>>> for text in ("exp(-x) + 0*y", "exp(-x) + (y - x**2)**2", "-x**2 + 0*y", "x**2 + 0*y"):
...     beyond = beyond_points(Landscape.of(surface(text, window=(-2, 2))), np.array([[14.0, 196.0]]))
...     print(Beyond(beyond[0]).name)
INFIMUM
INFIMUM
NO_LOWER_BOUND
MINIMUM
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from fastdescent._endpoints.arrival.walk import Way, walk
from fastdescent._endpoints.search.cells import Floats
from fastdescent._endpoints.search.connected import connected
from fastdescent._endpoints.search.landscape import Landscape
from fastdescent._endpoints.search.verdict import quiet

#: Over the last half of a walk f = limit + c / distance^power. Above the first power f has a limit at infinity, below
#: the second one it has none; the logarithm has 0.
_HAS_LIMIT, _HAS_NONE = 0.07, 0.02
_MOST_WALKS, _MOST_WALKS_DIM3, _LEAST_WALKS = 2000, 20_000_000, 16
_AROUND = (2e-3, 0.03)  #: windows: where f is looked at around a point
_ROUNDINGS = 4.0


class Beyond(IntEnum):
    """What lies beyond a point."""

    UNKNOWN = 0
    INFIMUM = 1  #: f falls towards a limit at infinity
    NO_LOWER_BOUND = 2  #: f falls without end
    MINIMUM = 3  #: f falls, and then rises


@quiet
def is_constant(landscape: Landscape, x: Floats, spread: Floats) -> npt.NDArray[np.bool_]:
    """Whether f is constant around points (m, dim), to the rounding of numbers as large as `spread` (m,)."""
    surface, width, dim = landscape.surface, landscape.frame.width, x.shape[1]
    fun = surface(x)
    generic = np.cos(1.0 + 2.4 * np.arange(2 * dim)).reshape(2, dim)
    ways = np.concatenate([np.eye(dim), generic / np.linalg.norm(generic, axis=1, keepdims=True)])
    found = np.isfinite(fun)
    for way in np.concatenate([ways, -ways]):
        for distance in _AROUND:
            some = np.flatnonzero(found)
            change = surface(landscape.put_inside(x[some] + distance * way * width)) - fun[some]
            found[some] = np.abs(change) <= _ROUNDINGS * np.finfo(np.float64).eps * spread[some]
    return found


def beyond_points(landscape: Landscape, x: Floats, spread: Floats | None = None) -> npt.NDArray[np.int8]:
    """For each point (m, dim) a value of `Beyond`; changes of f below the rounding of `spread` (m,) are none.

    So many walks are made, evenly spread over the points. Others get the verdict of a neighbour, if the two are in one
    valley.
    """
    m, dim = x.shape
    most = min(_MOST_WALKS, max(_LEAST_WALKS, _MOST_WALKS_DIM3 // dim**3))
    chosen = np.linspace(0, m - 1, min(m, most)).astype(np.int_)
    found = np.full(m, Beyond.UNKNOWN, np.int8)
    rounding = None if spread is None else _ROUNDINGS * np.finfo(np.float64).eps * spread[chosen]
    found[chosen] = _verdict(walk(landscape, x[chosen], rounding))
    others = np.setdiff1d(np.arange(m), chosen)
    neighbour = chosen[np.minimum(np.searchsorted(chosen, others), len(chosen) - 1)]
    is_same = connected(landscape, x[others], x[neighbour])
    found[others[is_same]] = found[neighbour[is_same]]
    return found


@quiet
def _verdict(way: Way) -> npt.NDArray[np.int8]:
    m, n = np.arange(len(way.n_steps)), way.n_steps
    size = np.log(way.distance)
    falls = np.full(way.fun.shape, np.nan)
    falls[:, 1:] = np.log(-np.diff(way.fun, axis=1) / np.diff(size, axis=1))
    before = n - np.maximum(n // 2, 1)
    power = -(falls[m, n] - falls[m, before]) / (size[m, n] - size[m, before])
    has_limit = (way.is_far & (power > _HAS_LIMIT)) | (way.is_level & ((n == 1) | (power > _HAS_LIMIT)))
    return np.select(
        [way.rises, way.falls_to_nothing | (way.is_far & (power < _HAS_NONE)), has_limit],
        [np.int8(Beyond.MINIMUM), np.int8(Beyond.NO_LOWER_BOUND), np.int8(Beyond.INFIMUM)], np.int8(Beyond.UNKNOWN),
    )  # fmt: skip
