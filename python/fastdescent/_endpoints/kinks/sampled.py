"""Values and gradients sampled around points, as the method of sampled gradients needs them.

Lengths are in windows (each coordinate is divided by the window's width), so that nothing depends on units.

Example. The gradients of |x| at both sides of 0 are -1 and 1. Per window, which is 4 wide, they are -4 and 4:

>>> from fastdescent import surface
>>> s = surface("abs(x)", window=(-2, 2))
>>> domain = Domain.of(s, Frame.of(s.window), None)
>>> around = domain.sampled(np.zeros((1, 1)), np.array([[[-0.1], [0.1]]]))
>>> around.x[0, :, 0].tolist(), around.gradient[0, :, 0].tolist(), around.scale.tolist()
([-0.4, 0.4], [-4.0, 4.0], [4.0])
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from fastdescent._endpoints.search.cells import Floats, Frame
from fastdescent._surface.surface import Surface

TINY = 1e-250  # stands for a gradient of zero, by which nothing can be divided
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Sampled:
    """Values and gradients at k points around each of m points."""

    x: Floats  #: (m, k, dim)
    offset: Floats  #: (m, k, dim), in windows, from the points
    fun: Floats  #: (m, k)
    gradient: Floats  #: (m, k, dim), per window; 0 where not usable
    usable: npt.NDArray[np.bool_]  #: (m, k), where the value and the gradient are finite
    scale: Floats  #: (m,), the norm of the largest gradient, at least TINY


@dataclass(frozen=True)
class Domain:
    """A surface, its window as the unit of length, and the walls (dim,) that points stay between."""

    surface: Surface
    frame: Frame
    low: Floats
    high: Floats

    @classmethod
    def of(cls, surface: Surface, frame: Frame, bounds: tuple[Floats, Floats] | None) -> Domain:
        """Without bounds, the walls are infinitely far away."""
        low, high = bounds or (np.full(surface.dim, -np.inf), np.full(surface.dim, np.inf))
        return cls(surface, frame, np.asarray(low, np.float64), np.asarray(high, np.float64))

    def points(self, x: Floats, offset: Floats) -> Floats:
        """x + offset, (m, k, dim), clipped to the walls."""
        return np.clip(x[:, np.newaxis] + offset * self.frame.width, self.low, self.high)

    def sampled(self, x: Floats, offset: Floats) -> Sampled:
        """Samples at the points x + offset, (m, k, dim), clipped to the walls."""
        points = self.points(x, offset)
        fun, gradient = self.surface(points), self.surface.gradient(points) * self.frame.width
        usable = np.isfinite(fun) & np.isfinite(gradient).all(axis=-1)
        gradient = np.where(usable[..., np.newaxis], gradient, 0.0)
        scale = np.maximum(np.linalg.norm(gradient, axis=-1).max(axis=-1), TINY)
        return Sampled(points, (points - x[:, np.newaxis]) / self.frame.width, fun, gradient, usable, scale)

    def rounding(self, x: Floats, fun: Floats, scale: Floats) -> Floats:
        """By how much (m,) rounding of f, and of x where gradients are `scale`, may change f."""
        return np.asarray(4 * _EPS * (np.abs(fun) + scale * self._size(x)))

    def least_radius(self, x: Floats, fun: Floats, scale: Floats) -> Floats:
        """The radius (m,) below which rounding hides how f changes."""
        return np.maximum(64 * _EPS * self._size(x), 8 * self.rounding(x, fun, scale) / scale)

    def _size(self, x: Floats) -> Floats:
        return np.asarray(np.abs(x / self.frame.width).max(axis=-1))


@cache
def directions(dim: int, count: int) -> Floats:
    """(k, dim): some orthogonal frames, and their opposites. The first frame has length 1, the others less.

    k is 6 dim up to four dimensions, else 4 dim. Frames spread evenly. Each `count` has frames of its own.
    """
    n_frames = 3 if dim <= 4 else 2
    normal = np.random.default_rng([dim, count]).normal(size=(n_frames, dim, dim))
    frames = np.linalg.qr(normal)[0] * 0.6 ** np.arange(n_frames)[:, np.newaxis, np.newaxis]
    rows = frames.reshape(-1, dim)
    return np.concatenate([rows, -rows])
