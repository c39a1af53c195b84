"""Minima at kinks and cones, where f is not smooth and Newton's method does not converge.

Gradients are sampled around a point (Burke, Lewis and Overton, SIAM J. Optim. 15, 2005, 751-779). At a kink they differ
by a finite amount, however small the radius is. In their method the point descends along the shortest convex
combination of the gradients. Here the step has a length, too: it leads to the lowest point of the model that is the
largest of the tangent parabolas at the samples. At a kink the parabolas are the smooth pieces of f. The curvature of
the model along the kink is the mean of the pieces' Hessians, by weight in the convex combination, as in Newton's
method for a Lagrangian. A second step corrects the first one where the kink is curved.

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
- f never rises, but for rounding. Points stay between the walls.
- The radius of a point shrinks after short steps, down to `_LEAST_RADIUS` or what rounding allows.
- The result of a point does not depend on the other points. Directions are the same in every run.
- A point takes at most `_MAX_STEPS` steps. Each takes k gradients, k + 4 values, 2 k products of a Hessian and a
  vector, and min(k, 32) Hessians, where k is 12 in two dimensions and 4 dim in more than four.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from fastdescent._endpoints.kinks.cuts import Cuts
from fastdescent._endpoints.kinks.rising import rises
from fastdescent._endpoints.kinks.sampled import TINY, Domain, Sampled, directions
from fastdescent._endpoints.search.cells import Floats, Frame
from fastdescent._endpoints.search.quadratic import finite_matrices
from fastdescent._surface.surface import Surface

_MAX_DIM = 40  # in more dimensions points stay where they are: steps take long, and few succeed
_MAX_STEPS = 40
_FIRST_RADIUS, _LARGEST_RADIUS, _LEAST_RADIUS = 1e-3, 1e-2, 1e-9
_REACH = 0.2  # a point that goes further than this has no minimum nearby
_TRUST = 2.0  # a step is at most this many radii long, per coordinate
_LENGTHS = (1.0, 0.5, 0.2, 0.05)  # parts of a step that are tried
_LONG = 0.5  # a step is long if it is at least this many radii long,
_STEEP = 0.03  # or if f falls by this part of the radius times the slope
_LARGEST_BEND = 2.0  # curvature times radius is at most this many times the slope in the model
_MOST_HESSIANS = 32  # per step; dim + 1 would do, but weights spread over parabolas that coincide
_NUMBERS_PER_CHUNK = 1 << 21  # numbers in the arrays of one step: 16 MiB

#: Far away, or at the edge of where f is defined, numbers overflow or are undefined. Such samples are left out.
_quiet = np.errstate(all="ignore")


@dataclass(frozen=True)
class KinkResult:
    """Where points came to, and what is there."""

    x: Floats  #: (m, dim)
    fun: Floats
    is_minimum: npt.NDArray[np.bool_]  #: the point came to rest, and f falls in none of the directions that were tried
    is_kink: npt.NDArray[np.bool_]  #: the gradient jumps; elsewhere f is smooth
    radius: Floats  #: in windows: the smallest radius at which f was compared; NaN in too many dimensions

    @classmethod
    def joined(cls, parts: list[KinkResult]) -> KinkResult:
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))


@_quiet
def polish_at_kinks(
    surface: Surface, x: Floats, frame: Frame, bounds: tuple[Floats, Floats] | None = None
) -> KinkResult:
    """Takes each point (m, dim) to the minimum near it, which may be at a kink, and tells what is there.

    `bounds` are two arrays (dim,): points are clipped to them and stay inside. A point that ends more than 0.2 windows
    from its start is not taken for a minimum. In more than 40 dimensions points stay where they are, and none is a
    minimum.
    """
    domain = Domain.of(surface, frame, bounds)
    x = np.clip(np.asarray(x, np.float64), domain.low, domain.high)
    if surface.dim > _MAX_DIM:
        none = np.zeros(len(x), np.bool_)
        return KinkResult(x, surface(x), none, none, np.full(len(x), np.nan))
    step = max(1, _NUMBERS_PER_CHUNK // (_MOST_HESSIANS * (surface.dim + 4) ** 2))
    parts = [x[k : k + step] for k in range(0, max(len(x), 1), step)]
    return KinkResult.joined([_Descent(domain, part).run() for part in parts])


class _Descent:
    """Points on their way. Only points that are not at rest are evaluated."""

    def __init__(self, domain: Domain, start: Floats) -> None:
        m, dim = start.shape
        self.domain, self.surface, self.width = domain, domain.surface, domain.frame.width
        self.start, self.x, self.fun = start, start.copy(), domain.surface(start)
        self.radius = np.full(m, _FIRST_RADIUS)
        self.least_radius = np.full(m, _FIRST_RADIUS)  # rounding hides what is nearer
        self.last_radius = np.full(m, _FIRST_RADIUS)  # at which some gradient was finite and not 0
        self.curvature = np.zeros((m, dim, dim))  # of f along the kink, per window squared
        self.at_rest = np.zeros(m, np.bool_)

    def run(self) -> KinkResult:
        for count in range(_MAX_STEPS):
            moving = np.flatnonzero(~self.at_rest)
            if not len(moving):
                break
            self._step(moving, count)
        seen = rises(self.domain, self.x, self.fun, self.least_radius, self.curvature)
        near = self.domain.frame.distance(self.x, self.start) <= _REACH
        return KinkResult(self.x, self.fun, seen.rises & self.at_rest & near, seen.is_kink, seen.radius)

    def _step(self, moving: npt.NDArray[np.int_], count: int) -> None:
        """One step of each moving point, to the lowest of the points that are tried."""
        x, fun, radius = self.x[moving], self.fun[moving], self.radius[moving, np.newaxis, np.newaxis]
        sampled = self.domain.sampled(x, directions(self.surface.dim, count) * radius)
        cuts = self._cuts(moving, sampled)
        step, weight = cuts.lowest()
        correction, _ = cuts.seen_from(step, self._turns(sampled, step[:, np.newaxis] * radius)).lowest()
        self.curvature[moving] = self._weighted_hessians(sampled, weight)
        part = np.array(_LENGTHS)[:, np.newaxis]
        tried = self.domain.points(x, (part * step[:, np.newaxis] + part**2 * correction[:, np.newaxis]) * radius)
        points = np.concatenate([tried, x[:, np.newaxis], sampled.x], axis=1)  # in order of preference
        values = np.concatenate([self.surface(tried), fun[:, np.newaxis], sampled.fun], axis=1)
        values = np.where(np.isfinite(values), values, np.inf)
        rounding = self.domain.rounding(x, fun, sampled.scale)
        best = np.argmax(values <= (values.min(axis=1) + rounding)[:, np.newaxis], axis=1)
        rows = np.arange(len(moving))
        self.x[moving], self.fun[moving] = points[rows, best], values[rows, best]
        moved = self.domain.frame.distance(self.x[moving], x)
        fall = fun - self.fun[moving]
        is_long = (moved >= _LONG * radius[:, 0, 0]) | (fall > _STEEP * radius[:, 0, 0] * sampled.scale)
        is_long |= best > len(_LENGTHS)  # a sample was lower: the model is not good yet
        self._adapt_radius(moving, moved, is_long & (fall > rounding), sampled.scale)

    def _cuts(self, moving: npt.NDArray[np.int_], sampled: Sampled) -> Cuts:
        """The tangent parabolas at the samples, as seen from the points. The radius is the unit of length."""
        x, fun, radius = self.x[moving], self.fun[moving], self.radius[moving, np.newaxis]
        scale = sampled.scale[:, np.newaxis]
        bend = self.curvature[moving] * (radius / scale)[..., np.newaxis]
        size, axes = np.linalg.eigh(np.where(np.isfinite(bend), bend, 0.0))
        bend = (axes * np.clip(size, 0.0, _LARGEST_BEND)[:, np.newaxis]) @ np.swapaxes(axes, -1, -2)
        at_samples = Cuts(
            value=(sampled.fun - fun[:, np.newaxis]) / (radius * scale),
            slope=sampled.gradient / scale[..., np.newaxis],
            bend=bend,
            low=np.maximum((self.domain.low - x) / (self.width * radius), -_TRUST),
            high=np.minimum((self.domain.high - x) / (self.width * radius), _TRUST),
        )
        back = -sampled.offset
        return at_samples.seen_from(back / radius[..., np.newaxis], self._turns(sampled, back)).without(~sampled.usable)

    def _turns(self, sampled: Sampled, way: Floats) -> Floats:
        """How slopes at the samples change along a way in windows, to first order; 0 where f has no Hessian."""
        turns = self.surface.hvp(sampled.x, np.broadcast_to(way * self.width, sampled.x.shape)) * self.width
        return np.where(np.isfinite(turns), turns, 0.0) / sampled.scale[:, np.newaxis, np.newaxis]

    def _weighted_hessians(self, sampled: Sampled, weight: Floats) -> Floats:
        """The mean of the Hessians (m, dim, dim) at the samples, by weight."""
        heavy = np.argsort(-weight, axis=1, kind="stable")[:, : max(_MOST_HESSIANS, self.surface.dim + 1)]
        weight = np.take_along_axis(weight, heavy, axis=1)
        at = np.take_along_axis(sampled.x, heavy[..., np.newaxis], axis=1)
        hessians, _ = finite_matrices(self.surface.hessian(at) * np.multiply.outer(self.width, self.width))
        return np.asarray(np.einsum("mk,mkij->mij", weight / weight.sum(axis=1, keepdims=True), hessians))

    def _adapt_radius(
        self, moving: npt.NDArray[np.int_], moved: Floats, is_long: npt.NDArray[np.bool_], scale: Floats
    ) -> None:
        """The radius may grow after long steps and shrinks after others. At the least radius, points come to rest.

        Where no gradient is finite, or all are 0, nothing is to be seen; the radius before was the least one.
        """
        x, radius, has_slope = self.x[moving], self.radius[moving], scale > TINY
        least = np.clip(self.domain.least_radius(x, self.fun[moving], scale), _LEAST_RADIUS, _FIRST_RADIUS)
        too_far = self.domain.frame.distance(x, self.start[moving]) > _REACH
        rests = (~is_long & (radius <= least)) | ~has_slope | too_far | ~np.isfinite(self.fun[moving])
        grown = np.minimum(np.clip(2 * moved, radius, 2 * radius), _LARGEST_RADIUS)
        shrunk = np.clip(4 * moved, radius / 32, radius / 4)
        self.at_rest[moving] = rests
        self.least_radius[moving] = np.where(has_slope, least, self.last_radius[moving])
        self.last_radius[moving] = np.where(has_slope, radius, self.last_radius[moving])
        self.radius[moving] = np.maximum(np.where(is_long, grown, shrunk), least)
