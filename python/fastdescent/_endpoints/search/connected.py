"""Whether two points are in one valley: along the way between them, f has no barrier.

`has_no_barrier`: does f only fall on the straight way? `connected` looks at a way that may bend, as valleys do:
points of the segment that are higher than its ends are moved down first, by steps of 2 (f - level) / |g|^2 along the
negative gradient g. On f = d^2, where d is the distance from the valley's floor, one step reaches the floor. The points
must stay near the segment. Between each two of them the same is asked again, so that a way cannot leap from valley to
valley.

Example. On a ring of minima two neighbours are connected, though the segment leaves the ring. Across the hill in the
middle points are not:

>>> from fastdescent import surface
>>> ring = Landscape.of(surface("(x**2 + y**2 - 1)**2", window=(-2, 2)))
>>> a, b = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[0.96, 0.28], [-1.0, 0.0]])
>>> connected(ring, a, b).tolist(), has_no_barrier(ring, a, b).tolist()
([True, False], [False, False])
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from fastdescent._endpoints.search.cells import Floats
from fastdescent._endpoints.search.landscape import Landscape

_STRAIGHT = (0.38, 0.71)  #: of a straight way; no period of f divides both
_BETWEEN = (0.24, 0.51, 0.77)  #: of a way that bends
_LEVELS = 3  #: of asking again between points
_STEPS = 8
_LEFT = 1e-8  #: of a barrier; less is what the steps have left
_LONGEST_GAP, _LARGEST_BEND = (
    0.5,
    0.25,
)  #: from point to point, and from a point to the segment, as parts of the segment
_POINTS_AT_ONCE = 1 << 14  #: so few stay in the processor's cache


def has_no_barrier(landscape: Landscape, a: Floats, b: Floats) -> npt.NDArray[np.bool_]:
    """For each pair of points, (m, dim) both, whether f only falls on the straight way from a to b."""
    parts = (slice(k, k + _POINTS_AT_ONCE) for k in range(0, len(a), _POINTS_AT_ONCE))
    found = [_only_falls(landscape, a[part], b[part]) for part in parts]
    return np.concatenate([np.zeros(0, np.bool_), *found])


def _only_falls(landscape: Landscape, a: Floats, b: Floats) -> npt.NDArray[np.bool_]:
    surface = landscape.surface
    fun = [surface(a), *(surface(a + part * (b - a)) for part in _STRAIGHT), surface(b)]
    rise = np.diff(fun, axis=0).max(axis=0)
    falls = rise <= 4 * np.finfo(np.float64).eps * np.abs(fun[0])
    left = np.flatnonzero(~falls)
    falls[left] = rise[left] <= _allowed(landscape, a[left], fun[0][left], b[left], fun[-1][left])
    return np.asarray(falls)


def _allowed(landscape: Landscape, a: Floats, fun_a: Floats, b: Floats, fun_b: Floats) -> Floats:
    return landscape.rounding(a, fun_a) + landscape.rounding(b, fun_b)


def connected(
    landscape: Landscape, a: Floats, b: Floats, shortest: float = 0.0, levels: int = _LEVELS
) -> npt.NDArray[np.bool_]:
    """For each pair of points, (m, dim) both, whether a way that may bend leads from one to the other.

    Between points less than `shortest` apart, in windows, nothing more is asked.
    """
    surface, frame = landscape.surface, landscape.frame
    fun_a, fun_b = surface(a), surface(b)
    level, allowed = np.maximum(fun_a, fun_b), _allowed(landscape, a, fun_a, b, fun_b)
    length = frame.distance(a, b)
    found, points = np.ones(len(a), np.bool_), [a]
    for part in _BETWEEN:
        on_segment = a + part * (b - a)
        y, height = on_segment.copy(), surface(on_segment) - level
        some = np.flatnonzero(found & ~(height <= allowed))
        if len(some):
            y[some], left = _moved_down(landscape, y[some], level[some], allowed[some])
            found[some] = left <= allowed[some] + _LEFT * height[some]
            found &= frame.distance(y, on_segment) <= _LARGEST_BEND * length
        points.append(y)
    points.append(b)
    for p, q in pairwise(points):
        found &= frame.distance(p, q) <= _LONGEST_GAP * length
    index = np.flatnonzero(found & (_LONGEST_GAP * length > shortest))
    if levels > 1 and len(index):
        starts, ends = (np.concatenate([p[index] for p in some]) for some in (points[:-1], points[1:]))
        found[index] = connected(landscape, starts, ends, shortest, levels - 1).reshape(-1, len(index)).all(axis=0)
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
