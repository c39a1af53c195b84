"""Arrival: whether the run's own step keeps an endpoint at the critical point that it is said to sit at.

A trajectory that is displaced a little from a minimum comes back, or at least gets no farther away. With too large a
step, or with noise, it leaves.

Example. f = x^2 has curvature 2, so that gradient descent needs a learning rate of at most 1:

>>> from fastdescent import GD, descend, surface
>>> run = descend(surface("x**2"), [[0.5], [0.5]], GD([0.99, 1.01]), max_steps=100)
>>> index, at_minimum, no_kink = np.arange(2), np.ones(2, bool), np.zeros(2, bool)
>>> stays(run, index, np.zeros((2, 1)), at_minimum, no_kink).tolist()
[True, False]

The first trajectory is displaced by a millionth of the window, 2e-6. Its distance shrinks by 0.98 in each step, that of
the second one grows by 1.02. The largest distances, in windows, of the first 256 steps and of the last 128:

>>> start = _displaced(run.surface, np.zeros((2, 1)), None)
>>> way = _distances(run, index, np.zeros((2, 1)), start, gtol=None)
>>> [f"{distance:.0e}" for distance in way.parts[:, [0, -1]].ravel()]
['1e-06', '1e-14', '1e-04', '6e+02']

What stays
----------
- At a minimum: what comes back after a small displacement. Momentum may swing. Adam, with no state yet, begins with a
  jump of its learning rate, and comes back; RMSprop jumps, may come back and then jitters. What has jumped is displaced
  once more, and in a valley of minima it may come back to another point of the valley.
- At a saddle or a maximum: what starts at the endpoint and is within tens of steps not several times farther away. If
  it jumps for lack of a state, it may come back in the end.
- At a kink: what starts at the endpoint and keeps within twice the distances of its first steps: steps are as long as
  lr * slope, wherever the trajectory is.

Invariants
----------
- Distances are in windows: results do not depend on units.
- With random steps the noise is the run's; a run that came without it out of a pickle stays nowhere.
- A trajectory that diverges or leaves its box does not stay. One whose f is undefined stays where that happened.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastdescent._base.status import Status
from fastdescent._endpoints.arrival.onwards import Bools, Index, Onwards, has_state, knows_noise, together
from fastdescent._endpoints.search.cells import Floats, Frame
from fastdescent._endpoints.search.quadratic import finite_matrices
from fastdescent._endpoints.search.verdict import chunks, quiet
from fastdescent._run.descent import Descent
from fastdescent._surface.surface import Surface

_DISPLACEMENT = 1e-6  #: in windows
_STEPS = 1024
_PARTS = (256, 512, 768, 896, _STEPS)  #: where the parts of the way end
_SOON = 32  #: steps in which a saddle repels, and a kink shows its amplitude
_KICK, _BACK = 768, 0.7  #: when it is displaced once more, and by which part, the other way: jitter may rest by luck
_NEAR = 2.0  #: displacements: what is so near has come back, or slides along a valley of minima
_SWING = 20.0  #: displacements: how far momentum may swing
_SETTLES, _SHRINKS = 0.75, 0.5  #: from part to part: after the second displacement, and before, after a jump
_FLAT = 1e-3  #: f along a valley, as part of f across
_LONGEST_JUMP = 0.25  #: in windows
_GROWTH = 4.0  #: of the distance from a saddle
_AMPLITUDES = 2.0  #: a step across a kink of length a leaves a distance of at least a/2 before or after it
_GAPS = (7, 13, 5, 9, 11, 3, 6, 6)  #: between looks
_ROUNDING = 1e-12  #: in windows; nearer is at the point


def stays(
    run: Descent, index: Index, x_star: Floats, is_minimum: Bools, is_kink: Bools, gtol: float | None = None
) -> Bools:
    """Whether trajectories, by index in C order, are kept at x_star (m, dim) by the run's step.

    `is_minimum` and `is_kink` (m,) tell what is there: a kink is tested as one, whatever `is_minimum` says. With
    `gtol`, trajectories stop where the gradient is as small as that, as the run's own do: beside a singular minimum
    the slope is smaller than any other.
    """
    found = np.zeros(len(index), np.bool_)
    if not knows_noise(run):
        return found
    displaced = is_minimum & ~is_kink
    box = run._inside.get("bounds")
    for some in chunks(np.flatnonzero(displaced), run.surface.dim):
        if len(some):
            start = _displaced(run.surface, x_star[some], box)
            found[some] = _comes_back(_distances(run, index[some], x_star[some], start, gtol))
    others = np.flatnonzero(~displaced)
    for part in together(run, index[others]):
        some = others[part]
        way, fresh = _distances(run, index[some], x_star[some], None, gtol), ~has_state(run)[index[some]]
        found[some] = np.where(is_kink[some], _keeps_amplitude(way), _is_not_repelled(way, fresh))
    return found


@dataclass(frozen=True)
class _Way:
    """Largest distances from x_star, in windows, (m,); infinite after an escape."""

    start: Floats
    soon: Floats  #: of the first steps
    parts: Floats  #: (m, 5), of the parts of the way
    #: (m, 5), after the second displacement, from where a jump has led along a valley; infinite: none; 0 before
    from_rest: Floats

    @classmethod
    def begun(cls, distance: Floats) -> _Way:
        parts = np.zeros((2, len(distance), len(_PARTS)))
        parts[0, :, 0] = distance
        return cls(distance, distance.copy(), *parts)


def _comes_back(way: _Way) -> Bools:
    near = _NEAR * _DISPLACEMENT
    last, kicked, before = way.parts[:, -1], way.parts[:, -2], way.parts[:, :-2]
    settles = (last <= near) | ((last <= _SETTLES * kicked) & (last < before[:, 0]))
    returns = settles & (np.maximum(kicked, last) <= _SWING * _DISPLACEMENT)
    shrinks = (before[:, 1:] <= _SHRINKS * before[:, :-1]).all(axis=1) & (kicked <= _SETTLES * before[:, -1] + near)
    rests = (way.from_rest[:, -1] <= near) & (way.from_rest[:, -2] <= _SWING * _DISPLACEMENT)
    return np.asarray(returns | (shrinks & settles) | rests)


def _is_not_repelled(way: _Way, fresh: Bools) -> Bools:
    soon = way.soon <= _GROWTH * np.maximum(way.start, _ROUNDING)
    return np.asarray(soon | (fresh & (way.parts[:, -1] <= _NEAR * _DISPLACEMENT)))


def _keeps_amplitude(way: _Way) -> Bools:
    return np.asarray(way.parts.max(axis=1) <= _AMPLITUDES * np.maximum(way.soon, _ROUNDING))


def _distances(run: Descent, index: Index, x_star: Floats, start: Floats | None, gtol: float | None) -> _Way:
    """Of trajectories from their endpoints with their states, or from `start` with fresh ones."""
    frame, onwards = Frame.of(run.surface.window), Onwards(run, index, _STEPS, start=start, with_noise=True, gtol=gtol)

    def distance(point: Floats) -> Floats:
        found = frame.distance(onwards.x, point)
        status = onwards.status
        found[(status == Status.DIVERGED) | (status == Status.LEFT_BOX) | np.isnan(found)] = np.inf
        return found

    way = _Way.begun(distance(x_star))
    rest = np.full_like(x_star, np.nan)
    for k in _looks():
        onwards.advance(k)
        now, part = distance(x_star), bisect_left(_PARTS, k)
        if k <= _SOON:
            np.maximum(way.soon, now, out=way.soon)
        np.maximum(way.parts[:, part], now, out=way.parts[:, part])
        if k > _KICK:
            np.maximum(way.from_rest[:, part], distance(rest), out=way.from_rest[:, part])
        if start is not None and k == _KICK:
            jumped = way.soon > _SWING * _DISPLACEMENT
            first = jumped & (way.soon >= way.parts[:, :-2].max(axis=1)) & (way.soon <= _LONGEST_JUMP)
            rest = np.where(_in_valley(run.surface, x_star, start, onwards.x, first), onwards.x, np.nan)
            onwards.move(jumped, _BACK * (x_star - start))
    return way


@quiet
def _in_valley(surface: Surface, x_star: Floats, start: Floats, x: Floats, jumped: Bools) -> Bools:
    """(m, 1): where the first jump has led to another point of the valley of minima in which x_star lies.

    In a valley f hardly rises from x_star to x: by far less than as far away in the displacement's direction.
    """
    if not jumped.any():
        return jumped[:, np.newaxis]
    way, d = x - x_star, start - x_star
    across = d * (np.linalg.norm(way, axis=1) / np.linalg.norm(d, axis=1))[:, np.newaxis]
    bottom = surface(x_star)
    along = np.max([surface(x_star + part * way) for part in (0.25, 0.5, 0.75, 1.0)], axis=0)
    return np.asarray(jumped & (along - bottom <= _FLAT * (surface(x_star + across) - bottom)))[:, np.newaxis]


def _looks() -> Iterator[int]:
    """Each of the first steps; then now and then, so that no short period hides what lies between the looks.

    >>> list(_looks())[30:36], len(list(_looks()))
    ([31, 32, 39, 52, 57, 66], 165)
    """
    yield from range(1, _SOON + 1)
    rounds = range(_SOON, _STEPS, sum(_GAPS))
    later = (k + gap for k in rounds for gap in np.cumsum(_GAPS).tolist())
    yield from sorted({_KICK, _STEPS, *(k for k in later if k < _STEPS)})


def _displaced(surface: Surface, x_star: Floats, box: Any) -> Floats:
    """Points beside x_star, into the box: in the steepest direction and in a generic one, which no symmetry favours."""
    frame = Frame.of(surface.window)
    low, high = (np.asarray(box, np.float64) if box is not None else np.array([[-np.inf, np.inf]])).T
    on_wall = (x_star <= low) | (x_star >= high)
    generic = np.cos(1.0 + 2.4 * np.arange(surface.dim))
    way = _steepest(surface, x_star, frame, on_wall)
    way += np.where((way @ generic)[:, np.newaxis] < 0, -generic, generic) / np.linalg.norm(generic)
    step = frame.width * way * (_DISPLACEMENT / np.linalg.norm(way, axis=1, keepdims=True))
    outside = (x_star + step < low) | (x_star + step > high)
    return np.asarray(x_star + np.where(outside, -step, step))


def _steepest(surface: Surface, x: Floats, frame: Frame, on_wall: Bools) -> Floats:
    """The eigenvectors of the Hessians' largest eigenvalues, with coordinates on walls held; 0 where none is finite."""
    hessian, finite = finite_matrices(surface.hessian(x) * np.multiply.outer(frame.width, frame.width))
    free = ~on_wall
    hessian *= free[:, :, np.newaxis] & free[:, np.newaxis]
    return np.asarray(np.linalg.eigh(hessian)[1][:, :, -1] * finite[:, np.newaxis])
