"""`critical_points`: minima, saddles and maxima, found by Newton's method from random starts.

Lengths are in windows: each coordinate is divided by the window's width.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base import checks
from fastdescent._base.at_top import at_top
from fastdescent._base.status import Form, Outcome
from fastdescent._endpoints.membership.find import MERGE_TOL, POSITION_TOL
from fastdescent._endpoints.search.cells import Floats, Frame
from fastdescent._endpoints.search.landscape import Landscape
from fastdescent._endpoints.search.quadratic import finite_matrices
from fastdescent._endpoints.search.verdict import CLEAN_TOL, Polished, chunks, judged
from fastdescent._endpoints.table.counts import medians, with_counts
from fastdescent._endpoints.table.points import CriticalPoints
from fastdescent._endpoints.table.rows import table_of
from fastdescent._endpoints.table.tabulate import merged
from fastdescent._run.arguments import check_surface
from fastdescent._run.options import checked_starts
from fastdescent._starts.arrays import is_random, uniform
from fastdescent._starts.lazy import flat
from fastdescent._surface.surface import Surface

#: The greatest length of the first step, and of any step, per sqrt(dim): distances of points in a window grow so.
_FIRST_RADIUS, _MAX_RADIUS = 0.02, 0.1
_STEP_TOL = 1e-11  #: a start has arrived if its step is this short


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

    This is Newton's method for g(x) = 0. The damping s keeps a step from being longer than r, and vanishes as g does.
    For a symmetric H the step is the Levenberg-Marquardt step -(H^2 + s^2)^-1 H g. A step is made if |g| falls, be it
    up or down in f; then r doubles. Otherwise r shrinks.

    A start that comes to a point where |g| is least but not 0 has found nothing. Few uniform starts do so in few
    dimensions, and nearly all in many. In many dimensions, give as `x0` the ends of short descents, which are nearer
    to critical points. The longer the descents, the fewer negative eigenvalues the critical points have.

    More starts find more points. Nothing tells when all are found; `unseen` of the table estimates what is missing.

    Parameters
    ----------
    surface : Surface
    window : ((lo, hi), ...), optional
        Where to look; the surface's unless given.
    x0 : array (..., dim), optional
        Starts; by default `n_starts` uniform points of the window.
    n_starts : int
    seed : int
        Of the uniform starts: those of `uniform`.
    max_steps : int
        For each start.
    inside : bool
        False: points outside of the window count, too.
    fmin : float, optional
        The lowest value of f, as in `classify`.

    Returns
    -------
    CriticalPoints
        As `classify` makes it: `n_starts` and `share` tell how many starts led to a point, `nit_median` and `nit_mean`
        in how many steps. `stability` is NaN. Points where an eigenvalue of the Hessian is zero are left out.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    MemoryError
        If a Hessian would not fit.

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
    checks.flag("inside", inside)
    given = None if fmin is None else checks.number("fmin", fmin)
    frame = Frame.of(box)
    ends, nit = _found(surface, points, frame, most)
    counts = (ends.kind != Outcome.UNSETTLED) & (ends.form == Form.REGULAR)
    if inside:
        counts &= _is_inside(ends.x, frame)
    row, best = merged(ends[counts], frame, MERGE_TOL)
    table, k = table_of(ends[counts][best], box, given, surface.fmin, POSITION_TOL), len(best)
    of_row = np.bincount(row, minlength=k)
    return with_counts(
        table, of_row, np.bincount(row, nit[counts], k), len(points), is_random(starts), n_arrived=of_row,
        nit_median=medians([(row, nit[counts])], k, most),
    )  # fmt: skip


def _is_inside(x: Floats, frame: Frame) -> npt.NDArray[np.bool_]:
    """Whether points are in the window. Points on an edge are, up to the error of a position."""
    scaled = (x - frame.low) / frame.width
    return np.asarray(np.all((scaled >= -MERGE_TOL) & (scaled <= 1.0 + MERGE_TOL), axis=-1))


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def _found(surface: Surface, starts: Floats, frame: Frame, most: int) -> tuple[Polished, npt.NDArray[np.int_]]:
    """Where the starts lead, with verdicts, and the steps that each start took."""
    parts, nit, landscape = [], [], Landscape.of(surface)
    for x in chunks(starts, surface.dim):
        ends, is_at_rest, steps = _newton(surface, x, frame, most)
        points = judged(landscape, ends)
        points.kind[~is_at_rest] = Outcome.UNSETTLED
        parts.append(points)
        nit.append(steps)
    return Polished.joined(parts), np.concatenate(nit)


def _newton(
    surface: Surface, starts: Floats, frame: Frame, most: int
) -> tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.int_]]:
    """Damped Newton's method from all starts at once; only points that still move are evaluated.

    Returns the last points, which of them came to rest, and the steps that each start took.
    """
    x, n = starts.copy(), len(starts)
    nit, is_at_rest = np.zeros(n, np.int_), np.zeros(n, np.bool_)
    scale = math.sqrt(surface.dim)
    radius = np.full(n, _FIRST_RADIUS * scale)
    gradient = surface.gradient(x) * frame.width
    slope = np.linalg.norm(gradient, axis=-1)
    is_at_rest[slope == 0] = True
    moving = np.flatnonzero(np.isfinite(slope) & (slope > 0))
    for _ in range(most):
        if not len(moving):
            break
        step = _damped_steps(surface, x[moving], gradient[moving], slope[moving] / (2.0 * radius[moving]), frame)
        trial = x[moving] + step * frame.width
        trial_gradient = surface.gradient(trial) * frame.width
        trial_slope = np.linalg.norm(trial_gradient, axis=-1)
        flatter = trial_slope < slope[moving]
        index = moving[flatter]
        x[index], gradient[index], slope[index] = trial[flatter], trial_gradient[flatter], trial_slope[flatter]
        nit[moving] += 1
        length = np.linalg.norm(step, axis=-1)
        grown = np.minimum(2.0 * radius[moving], _MAX_RADIUS * scale)
        shrunk = np.minimum(radius[moving], length) / 4.0
        radius[moving] = np.where(flatter, grown, shrunk)
        arrived = (length <= _STEP_TOL) | (slope[moving] == 0)
        ended = arrived | (~flatter & (length <= CLEAN_TOL)) | ~np.isfinite(length)
        is_at_rest[moving[ended]] = True
        moving = moving[~ended]
    return x, is_at_rest, nit


def _damped_steps(surface: Surface, x: Floats, gradient: Floats, damping: Floats, frame: Frame) -> Floats:
    """-Re((H + i s)^-1 g). H + i s is regular if s > 0; a floor under s keeps rounding from losing it."""
    hessian, finite = finite_matrices(surface.hessian(x) * np.multiply.outer(frame.width, frame.width))
    rounding = np.finfo(np.float64).eps * np.abs(hessian).max(axis=(-2, -1)) + np.finfo(np.float64).tiny
    s = np.maximum(damping, rounding)
    damped = hessian + 1j * s[:, np.newaxis, np.newaxis] * np.eye(x.shape[1])
    step = np.linalg.solve(damped, -gradient[..., np.newaxis])[..., 0].real
    return np.where(finite[:, np.newaxis], step, np.nan)
