"""`critical_points`: minima, saddles and maxima, found by Newton's method from random starts.

Lengths are in windows, as where endpoints are polished.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base import checks
from fastdescent._base.at_top import at_top
from fastdescent._endpoints.cells import Floats, Frame
from fastdescent._endpoints.membership import FINE
from fastdescent._endpoints.points import CriticalPoints, merged, table_of, with_counts
from fastdescent._endpoints.polish import CLOSE, Polished, State, finite_parts, in_parts, judged, unpolished
from fastdescent._run.arguments import check_surface
from fastdescent._run.options import checked_starts
from fastdescent._starts.arrays import is_random, uniform
from fastdescent._starts.lazy import flat
from fastdescent._surface.surface import Surface

#: Times sqrt(dim), as distances of points in a window grow: the greatest length of the first step, and of any.
_FIRST, _LONGEST = 0.02, 0.1
_EXACT = 1e-11  #: a step this short changes nothing any more


@at_top
def critical_points(
    surface: Surface,
    window: Any = None,
    *,
    x0: Any = None,
    n_starts: int = 1000,
    seed: int = 0,
    max_steps: int = 500,
    inside: bool = True,
    fmin: float | None = None,
) -> CriticalPoints:
    """Looks for all points of a window where the gradient vanishes: minima, saddles of every index, maxima.

    x <- x - Re((H(x) + i s)^-1 g(x)), s = |g(x)| / (2 r)

    Newton's method for g(x) = 0, where s keeps a step from being longer than r, and vanishes as g does. It is the
    Levenberg-Marquardt step -(H^2 + s^2)^-1 H g of a symmetric H. A step is made where |g| falls, be it up or down;
    then r doubles, and shrinks elsewhere. A start that comes to where |g| is least but not 0 has found nothing. Of
    uniform starts that are few in few dimensions, and nearly all in many. There, give as `x0` the ends of short
    descents: they are nearer to critical points; the longer the descents, the fewer negative eigenvalues these have.

    More starts find more points; nothing tells when these are all.

    Parameters
    ----------
    surface : Surface
    window : ((lo, hi), ...), optional
        Where to look; the surface's unless given.
    x0 : array (..., dim), optional
        Starts; else there are `n_starts`, uniform in the window.
    n_starts : int
    seed : int
        Of the uniform starts: those of `uniform`.
    max_steps : int
        For each start.
    inside : bool
        False: what was found outside of the window counts, too.
    fmin : float, optional
        The lowest value of f, as in `classify`.

    Returns
    -------
    CriticalPoints
        As `classify` makes it: `n_starts` and `share` tell how many starts led to a point, `nit_mean` in how many
        steps; `stability` is NaN. Points where an eigenvalue of the Hessian is zero are not in it.

    Raises
    ------
    TypeError, ValueError
        Where an argument is not as described.
    MemoryError
        Where a Hessian would not fit.

    Notes
    -----
    A step takes dim^2 numbers and dim^3 operations for each start. Fan and Yuan, On the quadratic convergence of the
    Levenberg-Marquardt method without nonsingularity assumption, Computing 74, 2005; from descents to saddles: Dauphin
    et al., Identifying and attacking the saddle point problem in high-dimensional non-convex optimization, NIPS 27,
    2014.

    Examples
    --------
    >>> import fastdescent as fd
    >>> fd.critical_points(fd.surfaces.himmelblau()).morse_index
    array([0, 0, 0, 0, 1, 1, 1, 1, 2])
    """
    check_surface(surface)
    box = surface.window if window is None else checks.intervals("window", window, surface.dim)
    starts = uniform(box, checks.whole_number("n_starts", n_starts, at_least=1), seed) if x0 is None else x0
    points = flat(checked_starts(starts, surface.dim, np.float64))
    most = checks.whole_number("max_steps", max_steps, at_least=1)
    if not isinstance(inside, bool):
        raise TypeError(f"inside must be True or False; got {checks.shown(inside)}")
    given = None if fmin is None else checks.number("fmin", fmin)
    frame = Frame.of(box)
    ends, nit = _found(surface, points, frame, most)
    counts = ends.state == State.SETTLED
    if inside:
        counts &= _is_inside(ends.x, frame)
    row, best = merged(ends[counts], frame, FINE)
    table, k = table_of(ends[counts][best], box, given, surface.fmin, FINE), len(best)
    n_starts_of, nit_of = np.bincount(row, minlength=k), np.bincount(row, nit[counts], k)
    return with_counts(table, n_starts_of, nit_of, len(points), is_random(starts))


def _is_inside(x: Floats, frame: Frame) -> npt.NDArray[np.bool_]:
    """Those on an edge, within what is known of a position, count."""
    scaled = (x - frame.low) / frame.width
    return np.asarray(np.all((scaled >= -FINE) & (scaled <= 1.0 + FINE), axis=-1))


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def _found(surface: Surface, starts: Floats, frame: Frame, most: int) -> tuple[Polished, npt.NDArray[np.int_]]:
    """Where the starts lead, judged, and the steps that each took."""
    parts = []
    nit = []
    for x in in_parts(starts, surface.dim):
        ends, steps = _sought(surface, x, frame, most)
        parts.append(judged(surface, ends, frame, CLOSE))
        nit.append(steps)
    return Polished.joined(parts), np.concatenate(nit)


def _sought(surface: Surface, starts: Floats, frame: Frame, most: int) -> tuple[Polished, npt.NDArray[np.int_]]:
    """Newton's method, all points at once; only those that still move are evaluated."""
    x, n = starts.copy(), len(starts)
    nit, state = np.zeros(n, np.int_), np.full(n, State.LOST, np.int8)
    size = math.sqrt(surface.dim)
    radius = np.full(n, _FIRST * size)
    gradient = surface.gradient(x) * frame.width
    slope = np.linalg.norm(gradient, axis=-1)
    state[slope == 0] = State.ACTIVE
    moving = np.flatnonzero(np.isfinite(slope) & (slope > 0))
    for _ in range(most):
        if not len(moving):
            break
        step = _steps(surface, x[moving], gradient[moving], slope[moving] / (2.0 * radius[moving]), frame)
        trial = x[moving] + step * frame.width
        there = surface.gradient(trial) * frame.width
        slope_there = np.linalg.norm(there, axis=-1)
        flatter = slope_there < slope[moving]
        goes = moving[flatter]
        x[goes], gradient[goes], slope[goes] = trial[flatter], there[flatter], slope_there[flatter]
        nit[moving] += 1
        length = np.linalg.norm(step, axis=-1)
        grown, shrunk = np.minimum(2.0 * radius[moving], _LONGEST * size), np.minimum(radius[moving], length) / 4.0
        radius[moving] = np.where(flatter, grown, shrunk)
        arrived = (length <= _EXACT) | (slope[moving] == 0)
        ended = arrived | (~flatter & (length <= CLOSE)) | ~np.isfinite(length)
        state[moving[ended]] = State.ACTIVE
        moving = moving[~ended]
    return replace(unpolished(x), state=state), nit


def _steps(surface: Surface, x: Floats, gradient: Floats, damping: Floats, frame: Frame) -> Floats:
    """-Re((H + i s)^-1 g): H + i s is regular for every s > 0 that is not lost in rounding."""
    hessian, finite = finite_parts(surface.hessian(x) * np.multiply.outer(frame.width, frame.width))
    rounding = np.finfo(np.float64).eps * np.abs(hessian).max(axis=(-2, -1)) + np.finfo(np.float64).tiny
    s = np.maximum(damping, rounding)
    damped = hessian + 1j * s[:, np.newaxis, np.newaxis] * np.eye(x.shape[1])
    step = np.linalg.solve(damped, -gradient[..., np.newaxis])[..., 0].real
    return np.where(finite[:, np.newaxis], step, np.nan)
