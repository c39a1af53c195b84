"""A walk along the floor of a valley, away from a point where descent came to no rest.

Valleys that fall for ever are seldom straight. The walk makes steps that grow by half. From a point on the floor the
next one is foretold along the floor's direction; from there f is minimized across this direction, by Newton's method,
so that the point is on the floor again. Lengths are in windows.

Example. The floor of (x y - 1)^2 + y^2 is y = x / (1 + x^2), where f = 1 / (1 + x^2). A walk from (1, 1/2) follows it:

>>> from fastdescent import surface
>>> valley = Landscape.of(surface("(x*y - 1)**2 + y**2", window=(-2, 2)))
>>> way = walk(valley, np.array([[1.0, 0.5]]))
>>> x, y = way.last[0]
>>> bool(x > 1e4), bool(abs(x * y - 1) < 1e-4), int(way.n_steps[0])
(True, True, 30)

With a minimum on the floor, at x = 100, the walk ends there, as the slope turns round:

>>> valley = Landscape.of(surface("(x*y - 1)**2 + y**2 + 1e-8*x**2", window=(-2, 2)))
>>> way = walk(valley, np.array([[1.0, 0.5]]))
>>> bool(way.rises[0]), bool(50 < way.last[0, 0] < 150)
(True, True)

Invariants
----------
- f falls from step to step, beyond rounding, and the slope points forwards, until the walk ends.
- A walk ends where f rises, is not finite, changes by no more than its rounding, or where a wall is.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from fastdescent._endpoints.search.cells import Floats
from fastdescent._endpoints.search.landscape import Landscape
from fastdescent._endpoints.search.quadratic import QuadraticModel
from fastdescent._endpoints.search.verdict import chunks, quiet

Bools = npt.NDArray[np.bool_]

N_STEPS = 30  #: so that the last one is 100,000 times as long as the first
_GROWTH = 1.5
_FIRST_STEP, _FIRST_PART = 0.02, 0.1  #: windows, or this part of the distance from the middle of the window
_NEWTON_STEPS, _ON_FLOOR = 16, 1e-9  #: to the floor; shorter ones, as part of the walk's step, are the last
_BEND = 1.0  #: the first step to the floor is at most this part of the walk's step
_FLOOR = 1e-14  #: under curvatures, as part of the largest one
_VALLEY = 0.01  #: of the largest curvature is what a valley has along its floor, or less
_FEW_ULPS = (-9.0, 7.0)
_NOTHING = 1e-60  #: of what f has fallen: f has come to its limit because numbers are no smaller


@dataclass(frozen=True)
class Way:
    """What walks have found, arrays of shape (m, ...)."""

    fun: Floats  #: (m, 1 + N_STEPS): f at the start and after each step; NaN after the end
    n_steps: npt.NDArray[np.int_]  #: (m,), after which f had fallen
    rises: Bools  #: f falls and then rises again: there is a minimum on the way
    is_level: Bools  #: f has come to its limit to rounding; its slope, or all numbers, are not zero there
    falls_to_nothing: Bools  #: f is minus infinity where the walk ended
    last: Floats  #: (m, dim), the last point


@quiet
def walk(landscape: Landscape, x: Floats, rounding: float = 0.0) -> Way:
    """Walks from points (m, dim); changes of f up to `rounding` are none."""
    parts = [_walk(landscape, part, rounding) for part in chunks(x, landscape.surface.dim)]
    return Way(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Way)))


def _walk(landscape: Landscape, start: Floats, rounding: float) -> Way:
    walkers = _Walkers(landscape, start, rounding)
    for k in range(1, N_STEPS + 1):
        walkers.step(k)
    return walkers.way


class _Walkers:
    """Walks that go on together."""

    def __init__(self, landscape: Landscape, start: Floats, rounding: float) -> None:
        self.landscape, self.width, self.rounding = landscape, landscape.frame.width, rounding
        m, middle = len(start), landscape.frame.low + 0.5 * landscape.frame.width
        model = QuadraticModel.at(landscape, start)
        self.x = start.copy()
        self.length = np.maximum(_FIRST_STEP, _FIRST_PART * landscape.frame.distance(start, middle))
        self.ahead = _along_floor(model, _unit(-_gradient(model)))
        self.fun = np.full((m, 1 + N_STEPS), np.nan)
        self.fun[:, 0] = model.fun
        self.goes_on = model.valid & (model.slope > 0)
        self.n_steps = np.zeros(m, np.int_)
        self.rises, self.is_level, self.to_nothing = (np.zeros(m, np.bool_) for _ in range(3))

    @property
    def way(self) -> Way:
        return Way(self.fun, self.n_steps, self.rises, self.is_level, self.to_nothing, self.x)

    def step(self, k: int) -> None:
        """Each walk's next step."""
        index = np.flatnonzero(self.goes_on)
        if not len(index):
            return
        n, length, before = self.ahead[index], self.length[index], self.fun[index, k - 1]
        foretold = self.x[index] + length[:, np.newaxis] * n * self.width
        x, model = _on_floor(self.landscape, foretold, n, length)
        slope = (_gradient(model) * n).sum(axis=-1)
        rounding = np.maximum(self.landscape.rounding(x, model.fun), self.rounding)
        free = (self.landscape.put_inside(foretold) == foretold).all(axis=-1) & (model.held == 0).all(axis=-1)
        falls = model.valid & free & (model.fun < before - rounding)
        uphill = model.valid & free & (slope * length > self.rounding)
        uphill[uphill] = slope[uphill] > _rounding_of_slope(self.landscape, x[uphill], n[uphill])
        level = model.valid & free & ~uphill & (np.abs(model.fun - before) <= rounding)
        self.rises[index] = uphill & (falls | (k > 1))
        self.is_level[index] = level & ((slope != 0) | (before - model.fun <= _NOTHING * (self.fun[index, 0] - before)))
        self.to_nothing[index] = free & np.isneginf(model.fun)
        self.x[index[falls]] = x[falls]
        on = falls & ~uphill
        self.fun[index[on], k], self.n_steps[index[on]] = model.fun[on], k
        self.ahead[index] = _along_floor(model, n)
        self.length[index] *= _GROWTH
        self.goes_on[index] = on


def _gradient(model: QuadraticModel) -> Floats:
    return np.asarray(np.einsum("mki,mi->mk", model.axes, model.along))


def _along_floor(model: QuadraticModel, n: Floats) -> Floats:
    """The direction, (m, dim), of the points that are lowest across n: H^-1 n. Where there is no valley, that of -g."""
    size = np.abs(model.curvatures)
    size = np.maximum(size, _FLOOR * size.max(axis=-1, keepdims=True))
    free = np.where(model.held == 0, n, 0.0)
    along = _unit(np.einsum("mki,mk->mi", model.axes, free) / np.where(size > 0, size, 1.0))
    curvature = (along**2 * model.curvatures).sum(axis=-1)
    is_valley = np.abs(curvature) <= _VALLEY * model.curvatures.max(axis=-1)
    along = np.where(is_valley[:, np.newaxis], along, _unit(-model.along))
    return np.asarray(np.einsum("mki,mi->mk", model.axes, along))


def _unit(v: Floats) -> Floats:
    """Unit vectors; the largest component is made 1 first, as squares of small numbers are 0."""
    v = v / np.maximum(np.abs(v).max(axis=-1, keepdims=True), np.finfo(np.float64).tiny)
    return np.asarray(v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), np.finfo(np.float64).tiny))


def _on_floor(landscape: Landscape, x: Floats, n: Floats, length: Floats) -> tuple[Floats, QuadraticModel]:
    """The points where f is least across unit vectors n, by Newton's steps from x, and f to second order there."""
    width = landscape.frame.width
    model, x = QuadraticModel.at(landscape, x), x.copy()
    radius, moving = _BEND * length, model.valid.copy()
    for _ in range(_NEWTON_STEPS):
        index = np.flatnonzero(moving)
        if not len(index):
            break
        step = _across(model[index], n[index])
        size = np.linalg.norm(step, axis=-1)
        step *= np.divide(radius[index], size, out=np.ones_like(size), where=size > radius[index])[:, np.newaxis]
        trial = x[index] + step * width
        after = QuadraticModel.at(landscape, trial)
        better = after.valid & (after.fun < model.fun[index])
        x[index[better]] = trial[better]
        model.put(index[better], after, better)
        radius[index] = np.where(better, radius[index], np.minimum(radius[index], size) / 8)
        moving[index] = np.minimum(size, radius[index]) > _ON_FLOOR * length[index]
    return x, model


def _across(model: QuadraticModel, n: Floats) -> Floats:
    """Newton's steps among the directions at a right angle to n along which f is convex."""
    hessian = (model.axes * model.curvatures[:, np.newaxis]) @ model.axes.transpose(0, 2, 1)
    across = np.eye(n.shape[1]) - n[:, :, np.newaxis] * n[:, np.newaxis]
    curvatures, axes = np.linalg.eigh(across @ hessian @ across)
    gradient = np.einsum("mik,mk->mi", across, np.einsum("mki,mi->mk", model.axes, model.along))
    is_convex = curvatures > _FLOOR * np.abs(curvatures).max(axis=-1, keepdims=True)
    along = np.einsum("mki,mk->mi", axes, gradient)
    step = np.einsum("mki,mi->mk", axes, np.divide(along, curvatures, out=np.zeros_like(along), where=is_convex))
    return np.asarray(-np.einsum("mik,mk->mi", across, step))


def _rounding_of_slope(landscape: Landscape, x: Floats, n: Floats) -> Floats:
    """(m,): how much the slope along n may be wrong, told by how uneven it is over a few units of rounding."""
    width, ulps = landscape.frame.width, np.finfo(np.float64).eps * np.abs(x)

    def slope(y: Floats) -> Floats:
        return np.asarray((landscape.surface.gradient(y) * width * n).sum(axis=-1))

    here = slope(x)
    return np.asarray(np.max([np.abs(slope(x + k * ulps) - here) for k in _FEW_ULPS], axis=0, initial=0.0))
