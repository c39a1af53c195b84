"""A walk along the floor of a valley, away from a point where descent came to no rest.

Valleys that fall for ever are seldom straight. The walk makes steps that grow by half, or shrink at bends. From a point
on the floor the next one is foretold along the floor's direction; from there f is minimized across this direction, by
Newton's method, so that the point is on the floor again. Lengths are in windows.

Example. The floor of (x y - 1)^2 + y^2 is y = x / (1 + x^2), where f = 1 / (1 + x^2). A walk from (1, 1/2) follows it:

>>> from fastdescent import surface
>>> valley = Landscape.of(surface("(x*y - 1)**2 + y**2", window=(-2, 2)))
>>> way = walk(valley, np.array([[1.0, 0.5]]))
>>> x, y = way.last[0]
>>> bool(way.is_far[0]), bool(x > 1000), bool(abs(x * y - 1) < 1e-4)
(True, True, True)

With a minimum on the floor, at x = 100, the walk ends there, as the slope turns round:

>>> valley = Landscape.of(surface("(x*y - 1)**2 + y**2 + 1e-8*x**2", window=(-2, 2)))
>>> way = walk(valley, np.array([[1.0, 0.5]]))
>>> bool(way.rises[0]), bool(90 < way.last[0, 0] < 110)
(True, True)

Invariants
----------
- f falls from step to step, beyond rounding, and the slope points forwards, until the walk ends.
- A walk ends where f rises, is not finite, changes by no more than its rounding, where a wall is, or far away.
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

_N_STEPS, _N_ATTEMPTS = 192, 384
_FAR = 4000.0  #: times its first distance from the middle: a walk need not go further
_GROWTH, _SHRINK = 1.5, 0.25  #: of steps that are made, and that are tried again
_LEAST_DISTANCE, _FIRST_PART = 0.2, 0.1  #: windows from the middle; this part of the distance is the first step
_SHORTEST = 0.01  #: of the first step; shorter steps are not tried
_NEWTON_STEPS, _ON_FLOOR = 24, 1e-9  #: to the floor; shorter ones, as part of the walk's step, are the last
_BEND = 1.0  #: the first step to the floor is at most this part of the walk's step
_FLOOR = 1e-14  #: under curvatures, as part of the largest one
_VALLEY = 0.01  #: of the largest curvature is what a valley has along its floor, or less
_FEW_ULPS = (-24.0, -9.0, 7.0, 22.0)
_ROUNDINGS = 4.0  #: of f, and of its slope as it is seen; a rise of more is one
_NOTHING = 1e-30  #: of what f has fallen: if it falls by less, it has come to its limit


@dataclass(frozen=True)
class Way:
    """What walks have found, arrays of shape (m, ...)."""

    fun: Floats  #: (m, 1 + _N_STEPS): f at the start and after each step; NaN after the end
    distance: Floats  #: the same shape: from the middle of the window along the way, or an estimate
    n_steps: npt.NDArray[np.int_]  #: (m,), after which f had fallen
    is_far: Bools  #: f has fallen all the way to where walks end
    rises: Bools  #: f falls and then rises again: there is a minimum on the way
    is_level: Bools  #: f has come to its limit to rounding; its slope, or all numbers, are not zero there
    falls_to_nothing: Bools  #: f is minus infinity where the walk ended
    last: Floats  #: (m, dim), the last point


@quiet
def walk(landscape: Landscape, x: Floats, rounding: Floats | None = None) -> Way:
    """Walks from points (m, dim); changes of f up to `rounding` (m,) are none."""
    parts, done = [], 0
    least = np.zeros(len(x)) if rounding is None else rounding
    for part in chunks(x, landscape.surface.dim):
        walkers = _Walkers(landscape, part, least[done : done + len(part)])
        for _ in range(_N_ATTEMPTS):
            walkers.attempt()
        parts.append(walkers.way)
        done += len(part)
    return Way(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Way)))


@dataclass(frozen=True)
class _Attempt:
    """Steps as they were tried, and what f does there, arrays of shape (k, ...)."""

    x: Floats
    model: QuadraticModel
    rounding: Floats  #: of f
    falls: Bools
    rises: Bools
    is_level: Bools
    is_limit: Bools  #: is_level, and f has fallen to nothing, or falls still, by less than its rounding
    falls_to_nothing: Bools


class _Walkers:
    """Walks that go on together."""

    def __init__(self, landscape: Landscape, start: Floats, rounding: Floats) -> None:
        self.landscape, self.width, self.least_rounding = landscape, landscape.frame.width, rounding
        m, middle = len(start), landscape.frame.low + 0.5 * landscape.frame.width
        self.x, self.model = start.copy(), QuadraticModel.at(landscape, start)
        self.rounding = np.maximum(landscape.rounding(start, self.model.fun), rounding)
        self.ahead = _along_floor(self.model, _unit(-_gradient(self.model)))
        self.fun, self.distance = np.full((m, 1 + _N_STEPS), np.nan), np.full((m, 1 + _N_STEPS), np.nan)
        self.fun[:, 0] = self.model.fun
        self.distance[:, 0] = np.maximum(_LEAST_DISTANCE, landscape.frame.distance(start, middle))
        self.length = _FIRST_PART * self.distance[:, 0]
        self.least_length = _SHORTEST * self.length
        self.goes_on = self.model.valid & (self.model.slope > 0)
        self.n_steps = np.zeros(m, np.int_)
        self.is_far, self.rises, self.is_level, self.to_nothing = (np.zeros(m, np.bool_) for _ in range(4))

    @property
    def way(self) -> Way:
        return Way(
            self.fun, self.distance, self.n_steps, self.is_far, self.rises, self.is_level, self.to_nothing, self.x
        )

    def attempt(self) -> None:
        """Each walk's next step is made if f falls, or tried again with a shorter one."""
        index = np.flatnonzero(self.goes_on)
        if not len(index):
            return
        tried = self._tried(index)
        on = tried.falls & ~tried.rises
        again = ~on & ~tried.is_level & ~tried.falls_to_nothing & (self.length[index] > self.least_length[index])
        done, k = index[on], self.n_steps[index[on]] + 1
        self.x[done], self.rounding[done], self.n_steps[done] = tried.x[on], tried.rounding[on], k
        self.fun[done, k], self.distance[done, k] = tried.model.fun[on], self.distance[done, k - 1] + self.length[done]
        self.ahead[done] = _along_floor(tried.model, self.ahead[index])[on]
        self.rises[index] = tried.rises & ~again & (tried.falls | (self.n_steps[index] > 0))
        self.is_level[index], self.to_nothing[index] = tried.is_limit, tried.falls_to_nothing
        self.length[index] *= np.where(on, _GROWTH, _SHRINK)
        self.is_far[done] = self.distance[done, k] >= _FAR * self.distance[done, 0]
        self.goes_on[index] = (on & ~self.is_far[index] & (self.n_steps[index] < _N_STEPS)) | again

    def _tried(self, index: npt.NDArray[np.int_]) -> _Attempt:
        n, length, k, least = self.ahead[index], self.length[index], self.n_steps[index], self.least_rounding[index]
        foretold = self.x[index] + length[:, np.newaxis] * n * self.width
        x, model = _on_floor(self.landscape, foretold, n, length, self.rounding[index])
        free = (self.landscape.put_inside(foretold) == foretold).all(axis=-1) & (model.held == 0).all(axis=-1)
        usable = model.valid & free
        rounding = np.maximum(self.landscape.rounding(x, model.fun), least)
        fall, unsure = self.fun[index, k] - model.fun, rounding + self.rounding[index]
        slope = (_gradient(model) * n).sum(axis=-1)
        uphill = usable & (slope * length > least)
        uphill[uphill] = slope[uphill] > _rounding_of_slope(self.landscape, x[uphill], n[uphill])
        is_nothing = np.abs(fall) <= _NOTHING * (self.fun[index, 0] - self.fun[index, k])
        is_level = usable & ~uphill & (is_nothing | (np.abs(fall) <= unsure))
        is_step = length > self.least_length[index]  # beside a minimum, f is level as steps are short
        return _Attempt(
            x, model, rounding, falls=usable & ~is_level & (fall > unsure), is_level=is_level,
            rises=uphill | (usable & ~is_level & (fall < -_ROUNDINGS * unsure)),
            is_limit=is_level & is_step & (is_nothing | (slope != 0)), falls_to_nothing=free & np.isneginf(model.fun),
        )  # fmt: skip


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


def _on_floor(
    landscape: Landscape, x: Floats, n: Floats, length: Floats, rounding: Floats
) -> tuple[Floats, QuadraticModel]:
    """The points where f is least across unit vectors n, by Newton's steps from x, and f to second order there.

    Where f changes by no more than its rounding, the slope across n shows which point is nearer to the floor.
    """
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
        fall = model.fun[index] - after.fun
        falls = fall > 0
        close = np.flatnonzero(~falls & (-fall <= rounding[index]))
        here, way = model[index[close]], n[index[close]]
        falls[close] = _slope_across(after[close], way) < _slope_across(here, way)
        better = after.valid & falls
        x[index[better]] = trial[better]
        model.put(index[better], after, better)
        radius[index] = np.where(better, radius[index], np.minimum(radius[index], size) / 8)
        moving[index] = np.minimum(size, radius[index]) > _ON_FLOOR * length[index]
    return x, model


def _slope_across(model: QuadraticModel, n: Floats) -> Floats:
    gradient = _gradient(model)
    across = gradient - (gradient * n).sum(axis=-1, keepdims=True) * n
    return np.asarray(np.linalg.norm(across, axis=-1))


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

    here, found = slope(x), np.zeros(len(x))
    for k, by in enumerate(_FEW_ULPS):
        way = np.cos(1.7 * k + 2.4 * np.arange(x.shape[1]))
        found = np.fmax(found, np.abs(slope(x + by * way * ulps) - here))
    return _ROUNDINGS * found
