"""Whether f rises around points, and whether its gradient jumps there: comparisons, without a model of f.

Lengths are in windows.

Example. At 0, |x| + y^2 rises in all directions and has a kink. x^2 + y^2 rises, too, but is smooth:

>>> from fastdescent import surface
>>> at, least, wall = np.zeros((1, 2)), np.array([1e-9]), np.full(2, np.inf)
>>> for text in ("abs(x) + y**2", "x**2 + y**2", "abs(x) - y"):
...     s = surface(text, window=(-1, 1))
...     seen = rises(s, at, s(at), least, np.zeros((1, 2, 2)), Frame.of(s.window), -wall, wall)
...     print(seen.rises.tolist(), seen.is_kink.tolist())
[True] [True]
[True] [False]
[False] [True]

Invariants
----------
- Along each direction, the smallest radius decides at which f changes by more than rounding explains.
- A point is compared at about 50 dim points at most, per radius; there are at most 8 radii.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from fastdescent._endpoints.cells import Floats, Frame
from fastdescent._surface.surface import Surface

_EPS = float(np.finfo(np.float64).eps)
_LARGEST_RADIUS = 1e-2
_SLOPE_TOL = 1e-7  # a slope counts as zero if it is smaller than this part of the largest one
_FLAT = 1e-3  # gradients that differ by less than this part of the most along an axis: the axis is along the kink
_JUMP = 0.5  # a gradient's jump keeps this part of its size when the radius shrinks to a tenth; it would lose 9/10


@dataclass(frozen=True)
class Sampled:
    """Values and gradients at k points around each of m points."""

    x: Floats  #: (m, k, dim)
    offset: Floats  #: (m, k, dim), in windows, from the points
    fun: Floats  #: (m, k)
    gradient: Floats  #: (m, k, dim), per window
    usable: npt.NDArray[np.bool_]  #: (m, k), where the value and the gradient are finite
    scale: Floats  #: (m,), the norm of the largest gradient

    @classmethod
    def at(cls, surface: Surface, x: Floats, offset: Floats, frame: Frame, low: Floats, high: Floats) -> Sampled:
        """Samples at x + offset, clipped to the walls."""
        points = np.clip(x[:, np.newaxis] + offset * frame.width, low, high)
        fun, gradient = surface(points), surface.gradient(points) * frame.width
        usable = np.isfinite(fun) & np.isfinite(gradient).all(axis=-1)
        scale = np.linalg.norm(np.where(usable[..., np.newaxis], gradient, 0.0), axis=-1).max(axis=-1)
        return cls(points, (points - x[:, np.newaxis]) / frame.width, fun, gradient, usable, scale)

    def least_radius(self, x: Floats, fun: Floats, frame: Frame) -> Floats:
        """The radius (m,) below which rounding of x or f hides what is sampled."""
        of_x = 64 * _EPS * np.abs(x / frame.width).max(axis=-1)
        return np.maximum(of_x, 8 * rounding_of(fun, x, self.scale, frame) / np.maximum(self.scale, 1e-300))


@dataclass(frozen=True)
class Rising:
    """What is around m points."""

    rises: npt.NDArray[np.bool_]
    is_kink: npt.NDArray[np.bool_]
    radius: Floats  #: the smallest at which f was compared


def rounding_of(fun: Floats, x: Floats, scale: Floats, frame: Frame) -> Floats:
    """By how much (m,) rounding of f, and of x where gradients are `scale`, may change f."""
    return np.asarray(4 * _EPS * (np.abs(fun) + scale * np.abs(x / frame.width).max(axis=-1)))


@cache
def directions(dim: int, count: int) -> Floats:
    """(k, dim), k = 12 in two dimensions: some orthogonal frames, both ways. The first one has length 1, others less.

    Frames spread evenly, and a direction's opposite is among them. Each `count` has frames of its own.
    """
    n_frames = 3 if dim <= 4 else 2
    normal = np.random.default_rng([dim, count]).normal(size=(n_frames, dim, dim))
    frames = np.linalg.qr(normal)[0] * 0.6 ** np.arange(n_frames)[:, np.newaxis, np.newaxis]
    rows = frames.reshape(-1, dim)
    return np.concatenate([rows, -rows])


def rises(
    surface: Surface, x: Floats, fun: Floats, radius: Floats, curvature: Floats, frame: Frame, low: Floats, high: Floats
) -> Rising:
    """Compares f around x (m, dim), from four times `radius` (m,) upwards.

    `curvature` (m, dim, dim) is that of f along the kink, per window squared. The kink itself may be curved, so that no
    straight direction follows it.
    """
    radius = np.minimum(4 * radius, _LARGEST_RADIUS)
    near, jumps = _gradients_nearby(surface, x, radius, frame, low, high)
    scale = np.maximum(near.scale, 1e-300)
    spread = np.where(near.usable[..., np.newaxis], near.gradient, 0.0)
    spread = spread - spread.mean(axis=1, keepdims=True)
    _, size, axes = np.linalg.svd(spread / scale[:, np.newaxis, np.newaxis], full_matrices=False)
    downhill = -np.where(near.usable[..., np.newaxis], near.gradient, 0.0) / scale[:, np.newaxis, np.newaxis]
    bisectors = _normalized(_normalized(downhill) + _normalized(np.roll(downhill, 1, axis=1)))
    same = (np.concatenate([s * np.eye(surface.dim) for s in (1, -1)]), _normalized(directions(surface.dim, 1000)))
    stencil = [np.broadcast_to(rows, (len(x), *rows.shape)) for rows in same]
    stencil += [axes, -axes, _normalized(downhill), bisectors]
    falls = _falls(surface, x, fun, radius, near.scale, np.concatenate(stencil, axis=1), frame, low, high)
    along = axes * (size < _FLAT * size[:, :1])[..., np.newaxis]
    bent = np.linalg.eigvalsh(along @ curvature @ np.swapaxes(along, -1, -2))[:, 0]
    is_kink = (jumps[0] > _JUMP * jumps[1]) & (jumps[1] > _JUMP * jumps[2]) & (jumps[0] > 0)
    return Rising(np.isfinite(fun) & ~falls & ~(is_kink & (bent < -1e-3 * near.scale)), is_kink, radius)


def _gradients_nearby(
    surface: Surface, x: Floats, radius: Floats, frame: Frame, low: Floats, high: Floats
) -> tuple[Sampled, list[Floats]]:
    """Samples at the radius, and the largest differences of opposite gradients at 1, 10 and 100 times the radius."""
    jumps, samples = [], []
    for factor in (1, 10, 100):
        offsets = directions(surface.dim, 1000) * (factor * radius)[:, np.newaxis, np.newaxis]
        sampled = Sampled.at(surface, x, offsets, frame, low, high)
        half = sampled.gradient.shape[1] // 2
        difference = np.linalg.norm(sampled.gradient[:, :half] - sampled.gradient[:, half:], axis=-1)
        jumps.append(np.where(np.isfinite(difference), difference, 0.0).max(axis=1))
        samples.append(sampled)
    return samples[0], jumps


def _falls(
    surface: Surface, x: Floats, fun: Floats, radius: Floats, scale: Floats, stencil: Floats, frame: Frame, low: Floats,
    high: Floats,
) -> npt.NDArray[np.bool_]:  # fmt: skip
    """Whether f falls along one of the directions (m, k, dim), where the smallest radius decides that shows."""
    open_ = np.ones(stencil.shape[:2], np.bool_)
    falls = np.zeros(len(x), np.bool_)
    rounding = rounding_of(fun, x, scale, frame)
    at = radius
    while np.any(at <= _LARGEST_RADIUS):
        points = np.clip(x[:, np.newaxis] + stencil * at[:, np.newaxis, np.newaxis] * frame.width, low, high)
        change = surface(points) - fun[:, np.newaxis]
        hidden = (rounding + _SLOPE_TOL * scale * at)[:, np.newaxis]
        within = (at <= _LARGEST_RADIUS)[:, np.newaxis]
        falls |= np.any(open_ & within & (change < -hidden), axis=1)
        open_ &= ~(np.abs(change) > hidden)
        at = 10 * at
    return falls


def _normalized(vectors: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
