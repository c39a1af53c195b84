"""Minima at kinks and cones, where f is not smooth and Newton's method has nothing to hold on to.

Gradients are sampled around a point (Burke, Lewis and Overton, SIAM J. Optim. 15, 2005, 751-779). Beside a kink they
differ by a finite amount however small the radius is. Their tangents cut off what lies below f, and the lowest point
of the cuts is the next point: this is the step along the shortest convex combination of the gradients, with a length.
Curvature along a kink enters as the weighted mean of the Hessians of the cuts, as in Newton's method on a Lagrangian.

Lengths are in windows (each coordinate is divided by the window's width), so that nothing depends on units.

Example. f = |x - y| + (x - 1)^2 has a minimum at the kink x = y, at (1, 1). The second function has a kink at 0, too,
but falls along y:

>>> from fastdescent import surface
>>> s = surface("abs(x - y) + (x - 1)**2", window=(-2, 2))
>>> end = polish_at_kinks(s, np.array([[0.9, 0.90001]]), Frame.of(s.window))
>>> end.x.round(9).tolist(), end.is_minimum.tolist(), end.is_kink.tolist()
([[1.0, 1.0]], [True], [True])
>>> s = surface("abs(x) - y**2", window=(-2, 2))
>>> polish_at_kinks(s, np.zeros((1, 2)), Frame.of(s.window)).is_minimum.tolist()
[False]

Invariants
----------
- f never rises, but for rounding. Points stay within the walls.
- The radius shrinks where a step does not lower f, or is short, down to `_LEAST_RADIUS` or what rounding allows.
- The result of a point does not depend on the other points. Directions are the same in every run.
- A point takes at most `_MAX_STEPS` steps. Each takes k gradients, k + 5 values and dim + 1 Hessians, where k is 12 in
  two dimensions and 4 dim in more than four.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from fastdescent._endpoints.cells import Floats, Frame
from fastdescent._endpoints.cuts import Cuts
from fastdescent._endpoints.quadratic import finite_matrices
from fastdescent._endpoints.rising import Sampled, directions, rises, rounding_of
from fastdescent._endpoints.verdict import quiet
from fastdescent._surface.surface import Surface

_MAX_DIM = 64  # in more dimensions points are returned as they are: steps would take too much memory
_MAX_STEPS = 40
_FIRST_RADIUS, _LEAST_RADIUS = 1e-2, 1e-9
_REACH = 0.2  # points go no further than this from their start
_TRUST = 2.0  # a step is at most this many radii long, per coordinate
_STEADY = 0.03
_LENGTHS = (1.0, 0.5, 0.2, 0.05)  # parts of a step that are tried
_STEEPEST_BEND = 2.0  # curvature times radius is at most this part of the slope: kinks outweigh curvature at last
_MOST_HESSIANS = 32  # per step; dim + 1 are enough in theory, but weights spread over cuts that coincide
_NUMBERS_PER_CHUNK = 1 << 21


@dataclass(frozen=True)
class KinkResult:
    """Where points came to, and what is there."""

    x: Floats  #: (m, dim)
    fun: Floats
    is_minimum: npt.NDArray[np.bool_]  #: f rises in all directions that were tried, or stays the same within rounding
    is_kink: npt.NDArray[np.bool_]  #: gradients jump however near the point; where they do not, f is smooth
    radius: Floats  #: windows: the smallest radius at which f was compared

    @classmethod
    def joined(cls, parts: list[KinkResult]) -> KinkResult:
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))


@quiet
def polish_at_kinks(
    surface: Surface, x: Floats, frame: Frame, bounds: tuple[Floats, Floats] | None = None
) -> KinkResult:
    """Takes each point (m, dim) to the minimum near it, which may lie at a kink, and tells what is there.

    `bounds` are two arrays (dim,): points are clipped to them and stay inside. Points that start beyond a minimum's
    basin may descend by up to 0.2 windows. In more than 64 dimensions, nothing is done and nothing is a minimum.
    """
    low, high = (np.full(surface.dim, side * np.inf) for side in (-1, 1)) if bounds is None else bounds
    x = np.clip(np.asarray(x, np.float64), low, high)
    if surface.dim > _MAX_DIM:
        none = np.zeros(len(x), np.bool_)
        return KinkResult(x, surface(x), none, none, np.full(len(x), np.nan))
    per_point = 8 * (surface.dim + 1) * max(surface.dim**2, 16)
    step = max(1, _NUMBERS_PER_CHUNK // per_point)
    starts = [x[k : k + step] for k in range(0, max(len(x), 1), step)]
    return KinkResult.joined([_Descent(surface, part, frame, low, high).run() for part in starts])


class _Descent:
    """Points on their way. Only points that are not at rest are evaluated."""

    def __init__(self, surface: Surface, start: Floats, frame: Frame, low: Floats, high: Floats) -> None:
        m, dim = start.shape
        self.surface, self.frame, self.low, self.high = surface, frame, low, high
        self.start, self.x, self.fun = start, start.copy(), surface(start)
        self.radius = np.full(m, _FIRST_RADIUS)
        self.curvature = np.zeros((m, dim, dim))  # of the cuts, weighted; the change of f per window, squared
        self.at_rest = np.zeros(m, np.bool_)

    def run(self) -> KinkResult:
        for count in range(_MAX_STEPS):
            moving = np.flatnonzero(~self.at_rest)
            if not len(moving):
                break
            self._step(moving, count)
        verified = rises(self.surface, self.x, self.fun, self.radius, self.curvature, self.frame, self.low, self.high)
        left = self.frame.distance(self.x, self.start) > _REACH
        is_minimum = verified.rises & self.at_rest & ~left
        return KinkResult(self.x, self.fun, is_minimum, verified.is_kink, verified.radius)

    def _step(self, moving: npt.NDArray[np.int_], count: int) -> None:
        """One step of each moving point, to the lowest of the points that are tried."""
        x, fun, radius = self.x[moving], self.fun[moving], self.radius[moving]
        offsets = directions(self.surface.dim, count) * radius[:, np.newaxis, np.newaxis]
        sampled = Sampled.at(self.surface, x, offsets, self.frame, self.low, self.high)
        cuts = self._cuts(moving, sampled)
        step, weight = cuts.lowest()
        bent, _ = cuts.seen_from(step, self._turns(sampled, step * radius[:, np.newaxis])).lowest()
        self.curvature[moving] = self._weighted_hessians(sampled, weight)
        lengths = np.array(_LENGTHS)[:, np.newaxis]
        arc = (lengths * step[:, np.newaxis] + lengths**2 * bent[:, np.newaxis]) * radius[:, np.newaxis, np.newaxis]
        tried = x[:, np.newaxis] + arc * self.frame.width
        tried = np.concatenate(
            [np.clip(tried, self.low, self.high), x[:, np.newaxis], sampled.x], axis=1
        )  # in order of preference
        values = np.concatenate([self.surface(tried[:, : len(_LENGTHS)]), fun[:, np.newaxis], sampled.fun], axis=1)
        values = np.where(np.isfinite(values), values, np.inf)
        rounding = rounding_of(fun, x, sampled.scale, self.frame)
        best = np.argmax(values <= (values.min(axis=1) + rounding)[:, np.newaxis], axis=1)
        rows = np.arange(len(moving))
        self.x[moving], self.fun[moving] = tried[rows, best], values[rows, best]
        moved = self.frame.distance(tried[rows, best], x)
        short = (best <= len(_LENGTHS)) & (moved < 0.5 * radius)
        fall = (fun - values[rows, best]) / np.maximum(radius * sampled.scale, 1e-300)
        short &= ~(fall > _STEADY)
        self._adapt_radius(moving, moved, short | ~(values[rows, best] < fun - rounding), sampled)

    def _cuts(self, moving: npt.NDArray[np.int_], sampled: Sampled) -> Cuts:
        """The tangent parabolas at the samples, as seen from the points."""
        x, fun, radius = self.x[moving], self.fun[moving], self.radius[moving]
        unit = (radius * sampled.scale)[:, np.newaxis]  # of f; the radius is the unit of length
        bend = self.curvature[moving] * (radius / sampled.scale)[:, np.newaxis, np.newaxis]
        size, axes = np.linalg.eigh(np.where(np.isfinite(bend), bend, 0.0))
        bend = (axes * np.clip(size, 0.0, _STEEPEST_BEND)[:, np.newaxis]) @ np.swapaxes(axes, -1, -2)
        at_samples = Cuts(
            value=(sampled.fun - fun[:, np.newaxis]) / unit,
            slope=sampled.gradient / sampled.scale[:, np.newaxis, np.newaxis],
            bend=bend,
            low=np.maximum((self.low - x) / (self.frame.width * radius[:, np.newaxis]), -_TRUST),
            high=np.minimum((self.high - x) / (self.frame.width * radius[:, np.newaxis]), _TRUST),
        )
        back = -sampled.offset
        moved = at_samples.seen_from(back / radius[:, np.newaxis, np.newaxis], self._turns(sampled, back))
        return moved.without(~sampled.usable)

    def _turns(self, sampled: Sampled, way: Floats) -> Floats:
        """How the gradients at the samples change along a way in windows, to first order; 0 if not finite."""
        way = way if way.ndim == 3 else np.broadcast_to(way[:, np.newaxis], sampled.x.shape)
        turns = self.surface.hvp(sampled.x, way * self.frame.width) * self.frame.width
        return np.where(np.isfinite(turns), turns, 0.0) / sampled.scale[:, np.newaxis, np.newaxis]

    def _weighted_hessians(self, sampled: Sampled, weight: Floats) -> Floats:
        """The mean of the Hessians (m, dim, dim) of the cuts, by weight, of the heaviest ones."""
        heavy = np.argsort(-weight, axis=1, kind="stable")[:, : max(_MOST_HESSIANS, self.surface.dim + 1)]
        weight = np.take_along_axis(weight, heavy, axis=1)
        at = np.take_along_axis(sampled.x, heavy[..., np.newaxis], axis=1)
        hessians, _ = finite_matrices(self.surface.hessian(at) * np.multiply.outer(self.frame.width, self.frame.width))
        return np.asarray(np.einsum("mk,mkij->mij", weight / weight.sum(axis=1, keepdims=True), hessians))

    def _adapt_radius(
        self, moving: npt.NDArray[np.int_], moved: Floats, short: npt.NDArray[np.bool_], sampled: Sampled
    ) -> None:
        """The radius shrinks after short steps; a long one, or one to a sampled point, doubles it."""
        radius = self.radius[moving]
        least = np.maximum(_LEAST_RADIUS, sampled.least_radius(self.x[moving], self.fun[moving], self.frame))
        shrunk = np.clip(4 * moved, radius / 32, radius / 4)
        self.at_rest[moving] = (short & (radius <= least)) | (sampled.scale == 0) | ~np.isfinite(self.fun[moving])
        self.at_rest[moving] |= self.frame.distance(self.x[moving], self.start[moving]) > _REACH
        grown = np.clip(2 * moved, radius, 2 * radius)
        grown = np.minimum(grown, _FIRST_RADIUS)
        self.radius[moving] = np.maximum(np.where(short, shrunk, grown), np.minimum(least, radius))
