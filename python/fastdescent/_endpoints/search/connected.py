"""Whether two points are in one valley: along the segment between them, f has no barrier that it could not go around.

Points of the segment that are higher than its ends are moved down first, as valleys bend. They go by steps of
2 (f - level) / |g|^2 along the negative gradient g. On f = d^2, where d is the distance from the valley's floor, one
step reaches the floor. The points must not part: the way from each to the next is at most half of the segment.

Example. On a ring of minima two neighbours are connected, though the segment leaves the ring. Across the hill in the
middle points are not:

>>> from fastdescent import surface
>>> ring = Landscape.of(surface("(x**2 + y**2 - 1)**2", window=(-2, 2)))
>>> a = np.array([[1.0, 0.0], [1.0, 0.0]])
>>> connected(ring, a, np.array([[0.96, 0.28], [-1.0, 0.0]])).tolist()
[True, False]
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from fastdescent._endpoints.search.cells import Floats
from fastdescent._endpoints.search.landscape import Landscape

_MIDDLE, _BETWEEN = (0.5,), (0.5, 0.25, 0.75)
_STEPS = 8
_LEFT = 1e-8  #: of a barrier; less is what the steps have left
_LONGEST_GAP = 0.5  #: of the segment, where points between stand at its quarters
_POINTS_AT_ONCE = 1 << 14  #: so few stay in the processor's cache


def connected(landscape: Landscape, a: Floats, b: Floats, levels: int = 1) -> npt.NDArray[np.bool_]:
    """For each pair of points, (m, dim) both, whether they are in one valley.

    With level 0 only the middle is looked at, between points that are known to be near. With more levels, each piece
    of the way between is looked at in the same manner.
    """
    cuts = range(0, len(a), _POINTS_AT_ONCE)
    parts = (slice(k, k + _POINTS_AT_ONCE) for k in cuts)
    found = [_connected(landscape, a[part], b[part], levels) for part in parts]
    return np.concatenate([np.zeros(0, np.bool_), *found])


def _connected(landscape: Landscape, a: Floats, b: Floats, levels: int) -> npt.NDArray[np.bool_]:
    """First with the least rounding that f has in any case. Where this does not do, rounding is looked at."""
    surface = landscape.surface
    fun_a, fun_b = surface(a), surface(b)
    level = np.maximum(fun_a, fun_b)
    found = _has_way(landscape, a, b, level, 4 * np.finfo(np.float64).eps * np.abs(level), levels)
    left = np.flatnonzero(~found)
    if len(left):
        allowed = landscape.rounding(a[left], fun_a[left]) + landscape.rounding(b[left], fun_b[left])
        found[left] = _has_way(landscape, a[left], b[left], level[left], allowed, levels)
    return found


def _has_way(
    landscape: Landscape, a: Floats, b: Floats, level: Floats, allowed: Floats, levels: int
) -> npt.NDArray[np.bool_]:
    surface, frame = landscape.surface, landscape.frame
    found, way = np.ones(len(a), np.bool_), {0.0: a, 1.0: b}
    for part in _BETWEEN if levels else _MIDDLE:
        y = a + part * (b - a)
        height = surface(y) - level
        some = np.flatnonzero(found & ~(height <= allowed))
        if len(some):
            y[some], left = _moved_down(landscape, y[some], level[some], allowed[some])
            found[some] = left <= allowed[some] + _LEFT * height[some]
        way[part] = y
    points = [way[part] for part in sorted(way)]
    most = (_LONGEST_GAP if levels else 1.5 * _LONGEST_GAP) * frame.distance(a, b)
    for p, q in pairwise(points):
        found &= frame.distance(p, q) <= most
    if levels > 1 and found.any():
        index = np.flatnonzero(found)
        for p, q in pairwise(points):
            found[index] &= connected(landscape, p[index], q[index], levels - 1)
    return found


def _moved_down(landscape: Landscape, start: Floats, level: Floats, allowed: Floats) -> tuple[Floats, Floats]:
    """The points after the steps, and how far f is above the level there."""
    width, surface = landscape.frame.width, landscape.surface
    y, factor = start.copy(), np.full(len(start), 2.0)
    left = surface(y) - level
    for _ in range(_STEPS):
        above = np.flatnonzero(left > allowed)
        if not len(above):
            break
        gradient = surface.gradient(y[above]) * width
        steepness = np.einsum("mk,mk->m", gradient, gradient)
        length = np.divide(factor[above] * left[above], steepness, out=np.zeros_like(steepness), where=steepness > 0)
        trial = landscape.put_inside(y[above] - length[:, np.newaxis] * gradient * width)
        lower = surface(trial) - level[above]
        better = lower < left[above]
        y[above[better]], left[above[better]] = trial[better], lower[better]
        factor[above[~better]] /= 2
    return y, left
