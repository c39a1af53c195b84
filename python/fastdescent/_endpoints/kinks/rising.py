"""Whether f rises around points, and whether its gradient jumps there.

Lengths are in windows.

Example. At 0, |x| + y^2 rises in all directions and has a kink. x^2 + y^2 rises, too, but is smooth. |x| - y has a
kink, but falls along it:

>>> from fastdescent import surface
>>> from fastdescent._endpoints.search.cells import Frame
>>> at, least = np.zeros((1, 2)), np.array([1e-9])
>>> for text in ("abs(x) + y**2", "x**2 + y**2", "abs(x) - y"):
...     s = surface(text, window=(-1, 1))
...     seen = rises(Domain.of(s, Frame.of(s.window), None), at, s(at), least, np.zeros((1, 2, 2)))
...     print(seen.rises.tolist(), seen.is_kink.tolist())
[True] [True]
[True] [False]
[False] [True]

Invariants
----------
- Along each direction, the smallest radius decides at which f changes by more than rounding explains.
- A kink is where gradients at opposite sides differ by about the same amount at three radii, each a tenth of the next.
- A point is compared in 44 directions in two dimensions, and in at most 18 dim in more, at up to 8 radii.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fastdescent._endpoints.kinks.sampled import Domain, Sampled, directions
from fastdescent._endpoints.search.cells import Floats

_COUNT = 1000  # directions that no step takes
_LARGEST_RADIUS, _LARGEST_AT_CUSPS = 1e-2, 1e-3
_SLOPE_TOL = 1e-7  # a slope counts as zero if it is smaller than this part of the largest one
_FLAT = 1e-3  # an axis is along the kink if gradients differ along it by less than this part of the most
_BEND_TOL = 1e-3  # f falls along the kink if its curvature, per window, is below minus this part of the slope
_JUMP = 0.5  # at a kink, gradients differ by at least this part when the radius shrinks to a tenth; smooth ones by 1/10
_CUSP = 1.5  # at a cusp, such as that of sqrt(|x|), by more than this factor
_CUSP_TOL = 1e-7  # Newton's step along a cusp is at most this long at a minimum


@dataclass(frozen=True)
class Rising:
    """What is around m points."""

    rises: npt.NDArray[np.bool_]
    is_kink: npt.NDArray[np.bool_]
    radius: Floats  #: the smallest at which f was compared


def rises(domain: Domain, x: Floats, fun: Floats, least_radius: Floats, curvature: Floats) -> Rising:
    """Looks around x (m, dim), from four times the least radius (m,) upwards.

    `curvature` (m, dim, dim) is that of f along the kink, per window squared. The kink itself may be curved, so that no
    straight direction follows it.
    """
    radius = np.minimum(4 * least_radius, _LARGEST_RADIUS)
    near, *further = (
        domain.sampled(x, directions(x.shape[1], _COUNT) * (factor * radius)[:, np.newaxis, np.newaxis])
        for factor in (1, 10, 100)
    )
    jumps = [_jump(sampled) for sampled in (near, *further)]
    is_kink = (jumps[0] > _JUMP * jumps[1]) & (jumps[1] > _JUMP * jumps[2]) & (jumps[0] > 0)
    is_cusp = is_kink & (jumps[0] > _CUSP * jumps[1])
    spread = near.gradient / near.scale[:, np.newaxis, np.newaxis]
    _, size, axes = np.linalg.svd(spread - spread.mean(axis=1, keepdims=True), full_matrices=False)
    at_first, at_any = _falls(domain, x, fun, radius, near.scale, _stencil(near, axes))
    along = axes * (size < _FLAT * size[:, :1])[..., np.newaxis]  # the axes along the kink, and zeros
    falls = at_first | (is_kink & _bends_down(near, along, curvature))
    falls |= is_cusp & (at_any | _slopes_along_cusp(near, along, curvature))
    return Rising(np.isfinite(fun) & ~falls, is_kink, radius)


def _jump(sampled: Sampled) -> Floats:
    """The largest difference (m,) of gradients at opposite sides of the points."""
    half = sampled.gradient.shape[1] // 2
    difference = np.linalg.norm(sampled.gradient[:, :half] - sampled.gradient[:, half:], axis=-1)
    both = sampled.usable[:, :half] & sampled.usable[:, half:]
    return np.asarray(np.where(both, difference, 0.0).max(axis=1))


def _stencil(near: Sampled, axes: Floats) -> Floats:
    """Directions (m, k, dim): coordinates, generic ones, axes of the kink, downhill ones, and between two of those."""
    m, _, dim = axes.shape
    downhill = _normalized(-near.gradient / near.scale[:, np.newaxis, np.newaxis])
    between = _normalized(downhill + np.roll(downhill, 1, axis=1))
    same = np.concatenate([np.eye(dim), -np.eye(dim), _normalized(directions(dim, _COUNT))])
    return np.concatenate([np.broadcast_to(same, (m, *same.shape)), axes, -axes, downhill, between], axis=1)


def _falls(
    domain: Domain, x: Floats, fun: Floats, radius: Floats, scale: Floats, stencil: Floats
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Whether f falls along one of the directions (m, k, dim): at the first radius that shows a change, and at any.

    At cusps all radii count: f rises there along every line but the cusp's, which no direction meets exactly.
    """
    undecided = np.ones(stencil.shape[:2], np.bool_)
    at_first, at_any = np.zeros(len(x), np.bool_), np.zeros(len(x), np.bool_)
    rounding = domain.rounding(x, fun, scale)
    while np.any(radius <= _LARGEST_RADIUS):
        change = domain.surface(domain.points(x, stencil * radius[:, np.newaxis, np.newaxis])) - fun[:, np.newaxis]
        hidden = (rounding + _SLOPE_TOL * scale * radius)[:, np.newaxis]
        at_first |= np.any(undecided & (change < -hidden), axis=1) & (radius <= _LARGEST_RADIUS)
        at_any |= np.any(change < -hidden, axis=1) & (radius <= _LARGEST_AT_CUSPS)
        undecided &= ~(np.abs(change) > hidden)
        radius = 10 * radius
    return at_first, at_any


def _bends_down(near: Sampled, along: Floats, curvature: Floats) -> npt.NDArray[np.bool_]:
    """Whether f falls along the kink, by its curvature there."""
    curvatures = np.linalg.eigvalsh(along @ curvature @ np.swapaxes(along, -1, -2))
    return np.asarray(curvatures[:, 0] < -_BEND_TOL * near.scale)


def _slopes_along_cusp(near: Sampled, along: Floats, curvature: Floats) -> npt.NDArray[np.bool_]:
    """Whether a minimum along the cusp is elsewhere. Values of f would not tell: f is steep, and rounding of x counts.

    If f has a slope along the cusp, but no curvature, there is no minimum.
    """
    count = np.maximum(near.usable.sum(axis=1), 1)[:, np.newaxis]
    mean = near.gradient.sum(axis=1) / count
    slope = np.abs(np.einsum("mai,mi->ma", along, mean))
    bend = np.abs(np.einsum("mai,mij,maj->ma", along, curvature, along))
    return np.asarray(np.any(slope > _CUSP_TOL * bend + 1e-13 * near.scale[:, np.newaxis], axis=1))


def _normalized(vectors: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0))
