"""Newton's method on a few points at once: from where a descent stopped to the critical point beside it.

Lengths are in windows (each coordinate divided by the window's width), so that nothing depends on units.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._endpoints.cells import Floats, Frame
from fastdescent._surface.surface import Surface

#: A curvature smaller than this part of the largest counts as none.
RESOLVED = 1e-9
#: Polishing goes no further than this from where it began: basins are wider, or there is nothing to tell apart.
REACH = 1e-3
_MOST_STEPS, _MOST_APPROACHING = 40, 8
_NUMBERS_AT_ONCE = 1 << 21  # of Hessians: 16 MiB
_EXACT = 1e-12  # Newton's step has nothing left to improve
CLOSE = 1e-8  # ... or not more than rounding allows
_PROBE = 1e-6  # distance at which a clean critical point must still look the same


class State(IntEnum):
    """What became of a point."""

    ACTIVE = 0
    SETTLED = 1  #: a clean critical point: a small Newton step, every curvature resolved
    DEGENERATE = 2  #: at rest where some curvature vanishes
    LOST = 3  #: no critical point within reach


@dataclass(frozen=True)
class Polished:
    """Points after polishing. `state` says whether the others mean anything."""

    x: Floats  #: (m, dim)
    fun: Floats
    grad_norm: Floats
    eigenvalues: Floats  #: (m, dim), of the Hessian, ascending
    state: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, which: npt.NDArray[np.bool_ | np.int_]) -> Polished:
        return Polished(*(getattr(self, f.name)[which] for f in fields(self)))

    @classmethod
    def joined(cls, parts: list[Polished]) -> Polished:
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))


#: Far away, or in windows near the largest float, numbers overflow; what is not finite is LOST.
_quiet = np.errstate(over="ignore", invalid="ignore")


@_quiet
def polish(surface: Surface, start: Floats, frame: Frame, tiny: float) -> Polished:
    """Takes each point (m, dim) to the critical point beside it, if that is within REACH.

    Where the Newton step is at most `tiny` the point already sits at a critical point, saddles and maxima included, and
    goes there. Elsewhere it descends: steps of Newton's method with the curvatures' absolute values, which saddles
    repel (Dauphin et al. 2014), in a trust region, f falling with every step.
    """
    parts = []
    for x in in_parts(start, surface.dim):
        descent = _Descent(surface, x, frame, tiny)
        parts.append(_judged(surface, descent.run(), descent.model, frame, CLOSE))
    return Polished.joined(parts)


@_quiet
def judged(surface: Surface, points: Polished, frame: Frame, close: float) -> Polished:
    """With eigenvalues, and SETTLED where the point is a clean critical point with a Newton step of at most `close`."""
    parts = [points[index] for index in in_parts(np.arange(len(points)), surface.dim)]
    return Polished.joined([_judged(surface, p, _Model.at(surface, p.x, frame), frame, close) for p in parts])


def _judged(surface: Surface, points: Polished, here: _Model, frame: Frame, close: float) -> Polished:
    """As `judged`; `here` is the model at the points."""
    clean = here.resolved & (here.newton_length <= close) & _same_nearby(surface, points.x, frame, here)
    state = points.state.copy()
    at_rest = here.newton_length_of_resolved <= close
    state[here.valid & at_rest & ~clean & (state == State.ACTIVE)] = State.DEGENERATE
    state[clean & (state == State.ACTIVE)] = State.SETTLED
    state[state == State.ACTIVE] = State.LOST
    return Polished(points.x, here.fun, here.grad_norm, _eigenvalues(surface, points.x, frame, here), state)


def _eigenvalues(surface: Surface, x: Floats, frame: Frame, here: _Model) -> Floats:
    """In the surface's own units; the curvatures serve where all coordinates have the same unit."""
    if np.ptp(frame.width) == 0:
        return np.asarray(here.curvatures / frame.width[0] ** 2)
    return np.asarray(np.linalg.eigvalsh(finite_parts(surface.hessian(x))[0]), np.float64)


def unpolished(x: Floats) -> Polished:
    """The points as they are."""
    m, dim = x.shape
    return Polished(x, np.zeros(m), np.zeros(m), np.zeros((m, dim)), np.zeros(m, np.int8))


def in_parts(x: npt.NDArray[Any], dim: int) -> Iterator[npt.NDArray[Any]]:
    """Parts whose Hessians fit in a little memory; at least one, were it empty."""
    step = max(1, _NUMBERS_AT_ONCE // dim**2)
    yield from (x[k : k + step] for k in range(0, max(len(x), 1), step))


def finite_parts(matrices: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """With zeros for matrices that are not finite; which are."""
    finite = np.asarray(np.isfinite(matrices).all(axis=(-2, -1)))
    return np.where(finite[..., np.newaxis, np.newaxis], matrices, 0.0), finite


@dataclass
class _Model:
    """f to second order at points, in windows."""

    fun: Floats
    grad_norm: Floats  #: in the surface's own units
    slope: Floats  #: (m,), in windows
    along: Floats  #: the gradient along the axes of curvature, (m, dim)
    curvatures: Floats  #: (m, dim), ascending
    axes: Floats  #: (m, dim, dim), columns
    valid: npt.NDArray[np.bool_]  #: all of it finite

    @classmethod
    def at(cls, surface: Surface, x: Floats, frame: Frame) -> _Model:
        gradient, fun = surface.gradient(x), surface(x)
        hessian, finite = finite_parts(surface.hessian(x) * np.multiply.outer(frame.width, frame.width))
        curvatures, axes = np.linalg.eigh(hessian)
        valid = finite & np.isfinite(fun) & np.isfinite(gradient).all(axis=-1)
        scaled = np.where(valid[:, np.newaxis], gradient, 0.0) * frame.width
        along = np.einsum("mki,mk->mi", axes, scaled)
        norms = np.linalg.norm(gradient, axis=-1)
        return cls(fun, norms, np.linalg.norm(scaled, axis=-1), along, curvatures, axes, valid)

    @property
    def is_resolved(self) -> npt.NDArray[np.bool_]:
        """(m, dim): which curvatures are not zero."""
        size = np.abs(self.curvatures)
        return np.asarray((size > RESOLVED * size.max(axis=-1, keepdims=True)) & (size > 0))

    @property
    def resolved(self) -> npt.NDArray[np.bool_]:
        return self.valid & self.is_resolved.all(axis=-1)

    @property
    def newton_steps(self) -> Floats:
        """-H^-1 g along the axes of curvature; 0 where there is none."""
        return -np.divide(self.along, self.curvatures, out=np.zeros_like(self.along), where=self.is_resolved)

    @property
    def newton_length_of_resolved(self) -> Floats:
        return np.asarray(np.linalg.norm(self.newton_steps, axis=-1))

    @property
    def newton_length(self) -> Floats:
        return np.where(self.resolved, self.newton_length_of_resolved, np.inf)

    def descending_steps(self, radius: Floats) -> Floats:
        """-|H|^-1 g along the axes, no longer than the radius; where there is no curvature, along -g."""
        size = np.abs(self.curvatures)
        floor = np.maximum(RESOLVED * size.max(axis=-1), 1e-3 * self.slope) + np.finfo(np.float64).tiny
        steps = -self.along / np.maximum(size, floor[:, np.newaxis])
        length = np.linalg.norm(steps, axis=-1)
        shrink = np.divide(radius, length, out=np.ones_like(length), where=length > radius)
        return np.asarray(steps * shrink[:, np.newaxis])

    def put(self, where: npt.NDArray[np.int_], other: _Model, which: npt.NDArray[np.bool_]) -> None:
        for f in fields(self):
            getattr(self, f.name)[where] = getattr(other, f.name)[which]

    def __getitem__(self, which: npt.NDArray[np.int_]) -> _Model:
        return _Model(*(getattr(self, f.name)[which] for f in fields(self)))


class _Descent:
    """Points on their way. Only those still ACTIVE are evaluated."""

    def __init__(self, surface: Surface, start: Floats, frame: Frame, tiny: float) -> None:
        self.surface, self.frame, self.tiny = surface, frame, tiny
        self.start, self.x = start, start.copy()
        self.state = np.full(len(start), State.ACTIVE, np.int8)
        self.at_rest = np.zeros(len(start), np.bool_)
        self.may_seek = np.ones(len(start), np.bool_)
        self.radius = np.full(len(start), REACH / 2)
        self.model = _Model.at(surface, self.x, frame)

    def run(self) -> Polished:
        self.state[~self.model.valid] = State.LOST
        self._approach()
        for _ in range(_MOST_STEPS):
            moving = np.flatnonzero((self.state == State.ACTIVE) & ~self.at_rest)
            if not len(moving):
                break
            self._step(moving)
        # What ran out of steps converges too slowly for a clean critical point.
        self.state[(self.state == State.ACTIVE) & ~self.at_rest] = State.DEGENERATE
        return replace(unpolished(self.x), state=self.state)

    def _approach(self) -> None:
        """Points beside a critical point go there on the curvatures of where they began, which a gradient a step costs.

        That is nearly all of them, and of their way; Hessians are diagonalized where it begins and where it ends.
        """
        near = np.flatnonzero((self.state == State.ACTIVE) & (self.model.newton_length <= self.tiny))
        if not len(near):
            return
        here, x = self.model[near], self.x[near]
        moving = np.ones(len(near), np.bool_)
        for _ in range(_MOST_APPROACHING):
            trial = x + np.einsum("mik,mk->mi", here.axes, here.newton_steps) * self.frame.width
            gradient = self.surface.gradient(trial) * self.frame.width
            slope = np.linalg.norm(gradient, axis=-1)
            moving &= slope < here.slope
            if not moving.any():
                break
            x[moving], here.slope[moving] = trial[moving], slope[moving]
            here.along[moving] = np.einsum("mki,mk->mi", here.axes[moving], gradient[moving])
        self.x[near] = x
        self.model.put(near, _Model.at(self.surface, x, self.frame), np.ones(len(near), np.bool_))
        self._judge(near, ~moving & (self.model[near].newton_length <= CLOSE))

    def _step(self, moving: npt.NDArray[np.int_]) -> None:
        here, radius = self.model[moving], self.radius[moving]
        seeking = self.may_seek[moving] & (here.newton_length <= self.tiny)
        steps = np.where(seeking[:, np.newaxis], here.newton_steps, here.descending_steps(radius))
        trial = self.x[moving] + np.einsum("mik,mk->mi", here.axes, steps) * self.frame.width
        there = _Model.at(self.surface, trial, self.frame)
        flatter = there.slope < here.slope
        with np.errstate(invalid="ignore"):
            change = there.fun - here.fun
        noise = 4 * np.finfo(np.float64).eps * np.abs(here.fun)
        accepted = there.valid & np.where(seeking, flatter, (change < -noise) | ((change <= noise) & flatter))
        goes = moving[accepted]
        self.x[goes] = trial[accepted]
        self.model.put(goes, there, accepted)
        self.radius[moving] = np.where(accepted, np.minimum(2 * radius, REACH / 2), radius / 4)
        self._judge(moving, seeking & ~accepted)

    def _judge(self, moving: npt.NDArray[np.int_], stuck: npt.NDArray[np.bool_]) -> None:
        here = self.model[moving]
        length = here.newton_length
        exact = (length <= _EXACT) | (stuck & (length <= CLOSE)) | (here.slope == 0)
        flat = ~here.resolved & (here.newton_length_of_resolved <= self.tiny)
        gone = self.frame.distance(self.x[moving], self.start[moving]) > REACH
        self.at_rest[moving[exact]] = True
        self.may_seek[moving[stuck]] = False
        self.state[moving[flat]] = State.DEGENERATE
        self.state[moving[gone | (self.radius[moving] < _EXACT)]] = State.LOST


def _same_nearby(surface: Surface, x: Floats, frame: Frame, here: _Model) -> npt.NDArray[np.bool_]:
    """Whether every curvature keeps sign and size a little way off.

    At a degenerate point such as the centre of x**4 Newton's method never quite arrives, and there the curvatures are
    small but not zero; they change out of recognition within a distance at which a clean point's hardly change. No
    curvature changes by more than the norm of the Hessian's change (Weyl), which mostly tells without another one.
    """
    dim, size = x.shape[1], np.abs(here.curvatures)
    generic = np.cos(1.0 + 2.4 * np.arange(dim))  # no symmetric surface has this direction
    generic *= _PROBE / np.linalg.norm(generic)
    scale = np.multiply.outer(frame.width, frame.width)
    at = (here.axes * here.curvatures[:, np.newaxis]) @ here.axes.transpose(0, 2, 1)
    same = here.valid
    for side in (-1.0, 1.0):
        there, finite = finite_parts(surface.hessian(x + side * generic * frame.width) * scale)
        same = same & finite
        change = np.linalg.norm(there - at, axis=(-2, -1))
        unsure = np.flatnonzero(same & (change > 0.5 * size.min(axis=-1)))
        if len(unsure):
            change_of_each = np.abs(np.linalg.eigvalsh(there[unsure]) - here.curvatures[unsure])
            same[unsure] = np.all(change_of_each <= 0.5 * size[unsure], axis=-1)
    return same
